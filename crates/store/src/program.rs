//! Refresh tokens of Web API accounts (トークンの更新). The store knows only their hashes.
//!
//! One renews one log-in, once: its successor takes its place and the beginning of the log-in along.

use madoguchi_model::{account::UserId, day::Timestamp, institution::InstitutionCode};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// A refresh token as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose log-in.
    pub institution: InstitutionCode,
    /// Of which account.
    pub user: UserId,
    /// Serial of the client certificate that logged in.
    pub certificate_serial: String,
    /// When the password was given.
    pub logged_in_at: Timestamp,
    /// When this token was made.
    pub issued_at: Timestamp,
}

impl Tx {
    /// The refresh token of this hash at this institution, also one that has ended by time.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn refresh_token(
        &mut self,
        institution: &InstitutionCode,
        token_hash: &[u8; 32],
    ) -> Result<Option<StoredRefreshToken>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, token_hash, user_id, certificate_serial, logged_in_at, issued_at
             FROM refresh_tokens WHERE institution_code = $1 AND token_hash = $2",
        );
        self.row(SQL, &values![institution, *token_hash], refresh_token).await
    }

    /// Keeps a refresh token.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] when the token exists.
    pub async fn insert_refresh_token(&mut self, token: &StoredRefreshToken) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO refresh_tokens (institution_code, token_hash, user_id, certificate_serial, logged_in_at,
                 issued_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let parameters = values![
            &token.institution,
            token.token_hash,
            &token.user,
            &token.certificate_serial,
            token.logged_in_at,
            token.issued_at,
        ];
        self.execute(SQL, &parameters).await?;
        Ok(())
    }

    /// Uses a refresh token up; whether it was there.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn end_refresh_token(&mut self, institution: &InstitutionCode, token_hash: &[u8; 32]) -> Result<bool> {
        const SQL: Sql = Sql::by_key("DELETE FROM refresh_tokens WHERE institution_code = $1 AND token_hash = $2");
        Ok(self.execute(SQL, &values![institution, *token_hash]).await? > 0)
    }

    /// Ends the oldest log-ins of an account, so that at most `kept` stay; how many ended.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn keep_newest_refresh_tokens(
        &mut self,
        institution: &InstitutionCode,
        user: &UserId,
        kept: u32,
    ) -> Result<u64> {
        const SQL: Sql = Sql::by_key(
            "DELETE FROM refresh_tokens WHERE institution_code = $1 AND user_id = $2 AND token_hash NOT IN (
                 SELECT token_hash FROM refresh_tokens WHERE institution_code = $1 AND user_id = $2
                 ORDER BY issued_at DESC, token_hash LIMIT $3)",
        );
        self.execute(SQL, &values![institution, user, i64::from(kept)]).await
    }

    pub(crate) async fn end_refresh_tokens_of(&mut self, institution: &InstitutionCode, user: &UserId) -> Result<u64> {
        const SQL: Sql = Sql::by_key("DELETE FROM refresh_tokens WHERE institution_code = $1 AND user_id = $2");
        self.execute(SQL, &values![institution, user]).await
    }
}

fn refresh_token(row: &Row<'_>) -> Result<StoredRefreshToken> {
    Ok(StoredRefreshToken {
        institution: row.institution(0)?,
        token_hash: row.hash(1)?,
        user: row.user(2)?,
        certificate_serial: row.string(3)?,
        logged_in_at: row.instant(4)?,
        issued_at: row.instant(5)?,
    })
}
