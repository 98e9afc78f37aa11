//! What is kept for a time only, and how it goes: a few rows at a time, so that nobody waits long for the store.

use madoguchi_model::{day::Timestamp, institution::InstitutionCode};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, Value, values},
};

/// What is kept for a day only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// Results of the reader (顔認証の結果) that nobody took, by when they were made.
    Faces,
    /// Lists of checks (資格確認結果一覧), by their day.
    Checks,
    /// Passes at the reader, by when they began.
    Passes,
    /// Lines of 同意取得済み患者一覧, by the end of the consent.
    Listed,
}

impl Passing {
    /// All of it.
    pub const ALL: [Self; 4] = [Self::Faces, Self::Checks, Self::Passes, Self::Listed];

    /// The column with its age is a day or an instant.
    fn before(self, instant: Timestamp) -> Value {
        match self {
            Self::Checks => instant.day().into(),
            Self::Faces | Self::Passes | Self::Listed => instant.into(),
        }
    }
}

/// What is kept for longer, but not for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Prescriptions and dispensings (処方・調剤情報), by their day.
    Prescriptions,
    /// Receipts whose persons are not known, by when they were taken.
    WaitingReceipts,
    /// Check-ups whose persons are not known, likewise.
    WaitingCheckups,
}

impl Kept {
    /// All of it.
    pub const ALL: [Self; 3] = [Self::Prescriptions, Self::WaitingReceipts, Self::WaitingCheckups];

    /// What finds the keys of rows from before a time, and what removes one of them.
    const fn statements(self) -> (Sql, Sql) {
        const PRESCRIPTIONS: Sql = Sql::report(
            "SELECT person_id, day, prescription_id FROM prescriptions WHERE day < $1 ORDER BY day LIMIT $2",
        );
        const PRESCRIPTION: Sql =
            Sql::by_person("DELETE FROM prescriptions WHERE person_id = $1 AND day = $2 AND prescription_id = $3");
        const RECEIPTS: Sql = Sql::report(
            "SELECT institution_code, receipt_id FROM unattached_receipts WHERE taken_at < $1
             ORDER BY taken_at LIMIT $2",
        );
        const RECEIPT: Sql = Sql::by_key(
            "DELETE FROM unattached_receipts WHERE institution_code = $1 AND receipt_id = $2 AND taken_at < $3",
        );
        const CHECKUPS: Sql = Sql::report(
            "SELECT number_key, checkup_id FROM unattached_checkups WHERE taken_at < $1 ORDER BY taken_at LIMIT $2",
        );
        const CHECKUP: Sql =
            Sql::by_key("DELETE FROM unattached_checkups WHERE number_key = $1 AND checkup_id = $2 AND taken_at < $3");
        match self {
            Self::Prescriptions => (PRESCRIPTIONS, PRESCRIPTION),
            Self::WaitingReceipts => (RECEIPTS, RECEIPT),
            Self::WaitingCheckups => (CHECKUPS, CHECKUP),
        }
    }

    /// What removes the row. A document that came anew in the meantime waits from then on, so its age is asked twice.
    fn key(self, row: &Row<'_>, before: Timestamp) -> Result<Vec<Value>> {
        Ok(match self {
            Self::Prescriptions => values![row.blob(0)?, row.int(1)?, row.blob(2)?].into(),
            Self::WaitingReceipts | Self::WaitingCheckups => values![row.text(0)?, row.blob(1)?, before].into(),
        })
    }
}

impl Tx {
    /// Removes up to `limit` rows of it that are from before this instant (from days before its day); how many.
    ///
    /// # Errors
    /// When they can't be removed.
    pub async fn remove_kept_before(&mut self, what: Kept, before: Timestamp, limit: u32) -> Result<u64> {
        let (old, remove) = what.statements();
        let age: Value = if what == Kept::Prescriptions { before.day().into() } else { before.into() };
        let keys = self.rows(old, &values![age, limit], |row| what.key(row, before)).await?;
        self.execute_each(remove, &keys).await
    }

    /// The institutions that have some of it from before this instant. For a [`crate::Store::scan`].
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn institutions_with_old(&mut self, what: Passing, before: Timestamp) -> Result<Vec<InstitutionCode>> {
        const FACES: Sql = Sql::report("SELECT DISTINCT institution_code FROM face_results WHERE made_at < $1");
        const CHECKS: Sql = Sql::report("SELECT DISTINCT institution_code FROM checks WHERE day < $1");
        const PASSES: Sql = Sql::report("SELECT DISTINCT institution_code FROM passes WHERE begun_at < $1");
        const LISTED: Sql = Sql::report("SELECT DISTINCT institution_code FROM consent_list WHERE valid_until < $1");
        let sql = match what {
            Passing::Faces => FACES,
            Passing::Checks => CHECKS,
            Passing::Passes => PASSES,
            Passing::Listed => LISTED,
        };
        self.rows(sql, &values![what.before(before)], |row| row.institution(0)).await
    }

    /// Removes up to `limit` rows of it at an institution that are from before this instant; how many. The age is asked twice:
    /// a line that is renewed while PostgreSQL waits for its row is looked at again, and then only by the outer condition.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_old(
        &mut self,
        what: Passing,
        institution: &InstitutionCode,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        const FACES: Sql = Sql::by_key(
            "DELETE FROM face_results WHERE institution_code = $1 AND made_at < $2 AND face_id IN (
                 SELECT face_id FROM face_results WHERE institution_code = $1 AND made_at < $2
                 ORDER BY made_at, face_id LIMIT $3)",
        );
        const CHECKS: Sql = Sql::by_key(
            "DELETE FROM checks WHERE institution_code = $1 AND day < $2 AND (day, check_id) IN (
                 SELECT day, check_id FROM checks WHERE institution_code = $1 AND day < $2
                 ORDER BY day, check_id LIMIT $3)",
        );
        // Their ids begin with the time.
        const PASSES: Sql = Sql::by_key(
            "DELETE FROM passes WHERE institution_code = $1 AND begun_at < $2 AND pass_id IN (
                 SELECT pass_id FROM passes WHERE institution_code = $1 AND begun_at < $2
                 ORDER BY pass_id LIMIT $3)",
        );
        const LISTED: Sql = Sql::by_key(
            "DELETE FROM consent_list WHERE institution_code = $1 AND valid_until < $2 AND person_id IN (
                 SELECT person_id FROM consent_list WHERE institution_code = $1 AND valid_until < $2
                 ORDER BY valid_until LIMIT $3)",
        );
        let sql = match what {
            Passing::Faces => FACES,
            Passing::Checks => CHECKS,
            Passing::Passes => PASSES,
            Passing::Listed => LISTED,
        };
        self.execute(sql, &values![institution, what.before(before), limit]).await
    }
}
