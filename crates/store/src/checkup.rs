//! Check-ups (特定健診): their results packed for each check-up, and the documents that they came in.
//!
//! For viewing they are read with a [`Consent`] that covers them only. Deliberately not here: which of them
//! can be seen (`madoguchi_model::checkup::release`); the caller gives the days.

use madoguchi_model::{
    checkup::{Category, Checkup, Performer, Program, release::Window},
    consent::InformationKind,
    day::{Day, Timestamp},
    id::{CheckupId, FileId, PersonId},
    insurance::NumberKey,
};

use crate::{
    Consent, Error, Result, Tx,
    sql::Sql,
    value::{Row, Value, values},
};

/// Check-ups of one person that are read at most: one a month for five years, several times over.
pub const CHECKUPS_READ_MAX: u32 = 200;

/// A check-up as it is taken from a document.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCheckup {
    /// Whose it is.
    pub person: PersonId,
    /// What it shows.
    pub checkup: Checkup,
    /// The file that it came in.
    pub file: FileId,
    /// 作成年月日 of the document.
    pub created_on: Day,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The document's bytes.
    pub source: Vec<u8>,
}

/// What is stored under the id of a check-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckupVersion {
    /// 作成年月日 of the newest document about it.
    pub created_on: Day,
    /// Whether that document asked to delete it.
    pub deleted: bool,
}

/// A document whose person could not be told; kept until the insurer registers the person.
#[derive(Clone, PartialEq, Eq)]
pub struct UnattachedCheckup {
    /// Key of the numbers on it.
    pub number_key: String,
    /// Identity of the check-up; it stays when the person is found.
    pub id: CheckupId,
    /// The file that it came in.
    pub file: FileId,
    /// Why it is not attached, as a word.
    pub reason: String,
    /// 作成年月日 of the document.
    pub created_on: Day,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The document's bytes.
    pub source: Vec<u8>,
}

/// A file of check-ups that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckupFile {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Identity.
    pub id: FileId,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// What was taken, warned and refused, as JSON.
    pub report: String,
}

impl Tx {
    /// The person's check-ups of these days, the newest first; none when the consent does not cover them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a stored check-up can't be read.
    pub async fn checkups(&mut self, consent: &Consent, window: Window) -> Result<Vec<Checkup>> {
        const SQL: Sql = Sql::by_person(
            "SELECT checkup_id, checkup_day, category, program, performer_code, performer_name, results
             FROM checkups WHERE person_id = $1 AND checkup_day BETWEEN $2 AND $3 AND deleted_at IS NULL
             ORDER BY checkup_day DESC, checkup_id LIMIT $4",
        );
        if !consent.covers(InformationKind::Checkup) {
            return Ok(Vec::new());
        }
        self.rows(SQL, &values![consent.person(), window.from, window.to, CHECKUPS_READ_MAX], checkup).await
    }

    /// What is stored under this id: to tell a later document from an earlier one.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn checkup_version(
        &mut self,
        person: PersonId,
        day: Day,
        id: CheckupId,
    ) -> Result<Option<CheckupVersion>> {
        const SQL: Sql = Sql::by_person(
            "SELECT created_on, deleted_at FROM checkups
             WHERE person_id = $1 AND checkup_day = $2 AND checkup_id = $3",
        );
        let version =
            |row: &Row<'_>| Ok(CheckupVersion { created_on: row.day(0)?, deleted: row.opt_instant(1)?.is_some() });
        self.row(SQL, &values![person, day, id], version).await
    }

    /// Stores a check-up with its document; it takes the place of an earlier one with its id. Two statements.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_checkup(&mut self, new: &NewCheckup) -> Result<()> {
        const CHECKUP: Sql = Sql::by_person(
            "INSERT INTO checkups (person_id, checkup_day, checkup_id, category, program, performer_code,
                 performer_name, file_id, created_on, taken_at, deleted_at, results)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11)
             ON CONFLICT (person_id, checkup_day, checkup_id) DO UPDATE SET category = excluded.category,
                 program = excluded.program, performer_code = excluded.performer_code,
                 performer_name = excluded.performer_name, file_id = excluded.file_id,
                 created_on = excluded.created_on, taken_at = excluded.taken_at, deleted_at = NULL,
                 results = excluded.results",
        );
        const SOURCE: Sql = Sql::by_person(
            "INSERT INTO checkup_sources (person_id, checkup_day, checkup_id, source) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id, checkup_day, checkup_id) DO UPDATE SET source = excluded.source",
        );
        let NewCheckup { person, checkup, file, created_on, taken_at, source } = new;
        let results = serde_json::to_string(&checkup.results)
            .map_err(|error| Error::corrupt("checkups", "results", "of a new row", error))?;
        let parameters = values![
            *person,
            checkup.day,
            checkup.id,
            checkup.category.code(),
            checkup.program.code(),
            &checkup.performer.code,
            &checkup.performer.name,
            *file,
            *created_on,
            *taken_at,
            results,
        ];
        self.execute(CHECKUP, &parameters).await?;
        self.execute(SOURCE, &values![*person, checkup.day, checkup.id, source.as_slice()]).await?;
        Ok(())
    }

    /// Deletes what a check-up showed and its document, at the request of a document of this day; `false` when there is
    /// nothing to delete. Two statements.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn delete_checkup(
        &mut self,
        person: PersonId,
        day: Day,
        id: CheckupId,
        created_on: Day,
        now: Timestamp,
    ) -> Result<bool> {
        const CHECKUP: Sql = Sql::by_person(
            "UPDATE checkups SET deleted_at = $1, created_on = $2, results = '[]'
             WHERE person_id = $3 AND checkup_day = $4 AND checkup_id = $5 AND deleted_at IS NULL",
        );
        const SOURCE: Sql =
            Sql::by_person("DELETE FROM checkup_sources WHERE person_id = $1 AND checkup_day = $2 AND checkup_id = $3");
        let deleted = self.execute(CHECKUP, &values![now, created_on, person, day, id]).await? > 0;
        self.execute(SOURCE, &values![person, day, id]).await?;
        Ok(deleted)
    }

    /// The document of a check-up, for reading it again. Never for a request of an institution.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn checkup_source(&mut self, person: PersonId, day: Day, id: CheckupId) -> Result<Option<Vec<u8>>> {
        const SQL: Sql = Sql::by_person(
            "SELECT source FROM checkup_sources WHERE person_id = $1 AND checkup_day = $2 AND checkup_id = $3",
        );
        self.row(SQL, &values![person, day, id], |row| Ok(row.blob(0)?.to_vec())).await
    }

    /// Removes all check-ups before this day, with their documents: their time is over. How many.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_checkups_before(&mut self, day: Day) -> Result<u64> {
        const CHECKUPS: Sql = Sql::report("DELETE FROM checkups WHERE checkup_day < $1");
        const SOURCES: Sql = Sql::report("DELETE FROM checkup_sources WHERE checkup_day < $1");
        self.execute(SOURCES, &values![day]).await?;
        self.execute(CHECKUPS, &values![day]).await
    }

    /// Keeps a document whose person could not be told; it takes the place of an earlier one about the same check-up,
    /// unless that is newer.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_unattached_checkup(&mut self, waiting: &UnattachedCheckup) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO unattached_checkups (number_key, checkup_id, file_id, reason, created_on, taken_at, source)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (number_key, checkup_id) DO UPDATE SET file_id = excluded.file_id, reason = excluded.reason,
                 created_on = excluded.created_on, taken_at = excluded.taken_at, source = excluded.source
             WHERE unattached_checkups.created_on <= excluded.created_on",
        );
        let UnattachedCheckup { number_key, id, file, reason, created_on, taken_at, source } = waiting;
        let parameters = values![number_key, *id, *file, reason, *created_on, *taken_at, source.as_slice()];
        self.execute(SQL, &parameters).await?;
        Ok(())
    }

    /// Documents that wait for these numbers.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn unattached_checkups(&mut self, keys: &[NumberKey], limit: u32) -> Result<Vec<UnattachedCheckup>> {
        const SQL: Sql = Sql::by_key(
            "SELECT number_key, checkup_id, file_id, reason, created_on, taken_at, source
             FROM unattached_checkups WHERE number_key = $1 ORDER BY checkup_id LIMIT $2",
        );
        let sets: Vec<Vec<Value>> = keys.iter().map(|key| values![key.as_str(), limit].into()).collect();
        Ok(self.rows_each(SQL, &sets, unattached).await?.into_iter().flatten().collect())
    }

    /// Removes a waiting document that was made on `created_on` or before: its person was found, or it was asked to be
    /// deleted. `false` when there is none.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_unattached_checkup(
        &mut self,
        number_key: &str,
        id: CheckupId,
        created_on: Day,
    ) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "DELETE FROM unattached_checkups WHERE number_key = $1 AND checkup_id = $2 AND created_on <= $3",
        );
        Ok(self.execute(SQL, &values![number_key, id, created_on]).await? > 0)
    }

    /// The file with these bytes, if it was taken before.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn checkup_file(&mut self, sha256: &[u8; 32]) -> Result<Option<CheckupFile>> {
        const SQL: Sql = Sql::by_key("SELECT sha256, file_id, taken_at, report FROM checkup_files WHERE sha256 = $1");
        let file = |row: &Row<'_>| {
            Ok(CheckupFile {
                sha256: row.hash(0)?,
                id: row.id(1, FileId::from_bytes)?,
                taken_at: row.instant(2)?,
                report: row.string(3)?,
            })
        };
        self.row(SQL, &values![*sha256], file).await
    }

    /// Notes that a file was taken.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it was taken before.
    pub async fn insert_checkup_file(&mut self, file: &CheckupFile) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO checkup_files (sha256, file_id, taken_at, report) VALUES ($1, $2, $3, $4)
             ON CONFLICT (sha256) DO NOTHING",
        );
        let CheckupFile { sha256, id, taken_at, report } = file;
        match self.execute(SQL, &values![*sha256, *id, *taken_at, report]).await? {
            0 => Err(Error::Conflict("the file of check-ups was taken before".into())),
            _ => Ok(()),
        }
    }

    /// How many check-ups can be shown, and how many documents wait. Reads everything: for operators.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn count_checkups(&mut self) -> Result<(i64, i64)> {
        const STORED: Sql = Sql::report("SELECT count(*) FROM checkups WHERE deleted_at IS NULL");
        const UNATTACHED: Sql = Sql::report("SELECT count(*) FROM unattached_checkups");
        let stored = self.row(STORED, &[], |row| row.int(0)).await?;
        let unattached = self.row(UNATTACHED, &[], |row| row.int(0)).await?;
        Ok((stored.unwrap_or(0), unattached.unwrap_or(0)))
    }
}

fn checkup(row: &Row<'_>) -> Result<Checkup> {
    Ok(Checkup {
        id: row.id(0, CheckupId::from_bytes)?,
        day: row.day(1)?,
        category: row.known(2, Category::from_code(row.text(2)?))?,
        program: row.known(3, Program::from_code(row.text(3)?))?,
        performer: Performer { code: row.string(4)?, name: row.string(5)? },
        results: row.json(6)?,
    })
}

fn unattached(row: &Row<'_>) -> Result<UnattachedCheckup> {
    Ok(UnattachedCheckup {
        number_key: row.string(0)?,
        id: row.id(1, CheckupId::from_bytes)?,
        file: row.id(2, FileId::from_bytes)?,
        reason: row.string(3)?,
        created_on: row.day(4)?,
        taken_at: row.instant(5)?,
        source: row.blob(6)?.to_vec(),
    })
}
