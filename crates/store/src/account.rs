//! Accounts (アカウント) of an institution: who may log in, and how the last tries went.

use madoguchi_model::{
    account::{AccountKind, UserId},
    day::Timestamp,
    institution::InstitutionCode,
    login::Tries,
};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// An account as stored. Hashes are PHC strings; `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose account.
    pub institution: InstitutionCode,
    /// ユーザID.
    pub user: UserId,
    /// Counted up at every change; [`Tx::update_account`] compares it.
    pub version: i64,
    /// Kind.
    pub kind: AccountKind,
    /// 停止.
    pub stopped: bool,
    /// Hash of the password.
    pub password_hash: String,
    /// Hash of the secret number, of a マスタアカウントリセット用アカウント only.
    pub secret_hash: Option<String>,
    /// The password was issued or initialised: nothing else may be done before it is changed.
    pub must_change_password: bool,
    /// Wrong tries and lock.
    pub tries: Tries,
    /// Hashes of former passwords, newest first.
    pub former_hashes: Vec<String>,
    /// 救急時閲覧権限.
    pub emergency_viewing: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What of an account decides about each of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountStanding {
    /// Kind.
    pub kind: AccountKind,
    /// 停止.
    pub stopped: bool,
    /// The password was issued or initialised: nothing else may be done before it is changed.
    pub must_change_password: bool,
}

impl Account {
    /// As [`Tx::account_standing`] reads it.
    #[must_use]
    pub const fn standing(&self) -> AccountStanding {
        AccountStanding { kind: self.kind, stopped: self.stopped, must_change_password: self.must_change_password }
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Account")
            .field("institution", &self.institution)
            .field("user", &self.user)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Tx {
    /// The account of this user at this institution.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn account(&mut self, institution: &InstitutionCode, user: &UserId) -> Result<Option<Account>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, user_id, version, kind, stopped, password_hash, secret_hash, must_change,
                 failed_count, locked_until, former_hashes, emergency_viewing, created_at
             FROM accounts WHERE institution_code = $1 AND user_id = $2",
        );
        self.row(SQL, &values![institution, user], account).await
    }

    /// What of an account decides about each of its requests. Reads no password.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn account_standing(
        &mut self,
        institution: &InstitutionCode,
        user: &UserId,
    ) -> Result<Option<AccountStanding>> {
        const SQL: Sql =
            Sql::by_key("SELECT kind, stopped, must_change FROM accounts WHERE institution_code = $1 AND user_id = $2");
        let standing = |row: &Row<'_>| {
            Ok(AccountStanding {
                kind: row.known(0, AccountKind::from_code(row.text(0)?))?,
                stopped: row.truth(1)?,
                must_change_password: row.truth(2)?,
            })
        };
        self.row(SQL, &values![institution, user], standing).await
    }

    /// All accounts of an institution by user ID.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn accounts(&mut self, institution: &InstitutionCode) -> Result<Vec<Account>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, user_id, version, kind, stopped, password_hash, secret_hash, must_change,
                 failed_count, locked_until, former_hashes, emergency_viewing, created_at
             FROM accounts WHERE institution_code = $1 ORDER BY user_id",
        );
        self.rows(SQL, &values![institution], account).await
    }

    /// Makes an account; its version becomes 1 whatever `account` says.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the institution has this user ID already.
    pub async fn insert_account(&mut self, account: &Account) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO accounts (institution_code, user_id, version, kind, stopped, password_hash, secret_hash,
                 must_change, failed_count, locked_until, former_hashes, emergency_viewing, created_at)
             VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (institution_code, user_id)
             DO NOTHING",
        );
        let parameters = values![
            &account.institution,
            &account.user,
            account.kind.code(),
            account.stopped,
            &account.password_hash,
            account.secret_hash.as_ref(),
            account.must_change_password,
            account.tries.failed,
            account.tries.locked_until,
            packed(&account.former_hashes)?,
            account.emergency_viewing,
            account.created_at,
        ];
        match self.execute(SQL, &parameters).await? {
            0 => Err(Error::Conflict("the user ID is taken".into())),
            _ => Ok(()),
        }
    }

    /// Writes everything of an account that was read before; its version goes up by one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody changed it since it was read.
    pub async fn update_account(&mut self, account: &Account) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "UPDATE accounts SET version = version + 1, kind = $1, stopped = $2, password_hash = $3, secret_hash = $4,
                 must_change = $5, failed_count = $6, locked_until = $7, former_hashes = $8, emergency_viewing = $9
             WHERE institution_code = $10 AND user_id = $11 AND version = $12",
        );
        let parameters = values![
            account.kind.code(),
            account.stopped,
            &account.password_hash,
            account.secret_hash.as_ref(),
            account.must_change_password,
            account.tries.failed,
            account.tries.locked_until,
            packed(&account.former_hashes)?,
            account.emergency_viewing,
            &account.institution,
            &account.user,
            account.version,
        ];
        match self.execute(SQL, &parameters).await? {
            0 => Err(Error::Conflict("the account was changed in the meantime".into())),
            _ => Ok(()),
        }
    }
}

fn packed(former_hashes: &[String]) -> Result<String> {
    serde_json::to_string(former_hashes)
        .map_err(|error| Error::corrupt("accounts", "former_hashes", "of a new row", error))
}

fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        institution: row.institution(0)?,
        user: row.user(1)?,
        version: row.int(2)?,
        kind: row.known(3, AccountKind::from_code(row.text(3)?))?,
        stopped: row.truth(4)?,
        password_hash: row.string(5)?,
        secret_hash: row.opt_string(6)?,
        must_change_password: row.truth(7)?,
        tries: Tries { failed: row.int(8)?, locked_until: row.opt_instant(9)? },
        former_hashes: row.json(10)?,
        emergency_viewing: row.truth(11)?,
        created_at: row.instant(12)?,
    })
}
