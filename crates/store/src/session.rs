//! Sessions of logged-in accounts. The store knows only the hash of a session's token.
//!
//! A session is found by the institution of the asking certificate and the hash: so another institution's token leads
//! nowhere.

use madoguchi_model::{account::UserId, day::Timestamp, institution::InstitutionCode, settings::Settings};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the token in the cookie or header.
    pub token_hash: [u8; 32],
    /// Whose session.
    pub institution: InstitutionCode,
    /// Of which account.
    pub user: UserId,
    /// Serial of the client certificate that logged in.
    pub certificate_serial: String,
    /// Token that every form of the session carries.
    pub form_token: String,
    /// Settings when the log-in began.
    pub settings: Settings,
    /// When the log-in was.
    pub created_at: Timestamp,
    /// When the last request was.
    pub last_seen_at: Timestamp,
}

impl Tx {
    /// The session of this token at this institution, also one that has ended by time.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn session(
        &mut self,
        institution: &InstitutionCode,
        token_hash: &[u8; 32],
    ) -> Result<Option<StoredSession>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, token_hash, user_id, certificate_serial, form_token, settings, created_at,
                 last_seen_at
             FROM sessions WHERE institution_code = $1 AND token_hash = $2",
        );
        self.row(SQL, &values![institution, *token_hash], session).await
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the token exists.
    pub async fn insert_session(&mut self, session: &StoredSession) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO sessions (institution_code, token_hash, user_id, certificate_serial, form_token, settings,
                 created_at, last_seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        let settings = serde_json::to_string(&session.settings);
        let settings = settings.map_err(|error| Error::corrupt("sessions", "settings", "of a new row", error))?;
        let parameters = values![
            &session.institution,
            session.token_hash,
            &session.user,
            &session.certificate_serial,
            &session.form_token,
            settings,
            session.created_at,
            session.last_seen_at,
        ];
        self.execute(SQL, &parameters).await?;
        Ok(())
    }

    /// Notes that a request of the session came at `now`; a clock that stepped back changes nothing.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn touch_session(
        &mut self,
        institution: &InstitutionCode,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "UPDATE sessions SET last_seen_at = $1
             WHERE institution_code = $2 AND token_hash = $3 AND last_seen_at < $1",
        );
        self.execute(SQL, &values![now, institution, *token_hash]).await?;
        Ok(())
    }

    /// Ends one session; whether there was one.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn end_session(&mut self, institution: &InstitutionCode, token_hash: &[u8; 32]) -> Result<bool> {
        const SQL: Sql = Sql::by_key("DELETE FROM sessions WHERE institution_code = $1 AND token_hash = $2");
        Ok(self.execute(SQL, &values![institution, *token_hash]).await? > 0)
    }

    /// Ends all sessions of an account, and what could renew them; how many sessions there were.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn end_sessions_of(&mut self, institution: &InstitutionCode, user: &UserId) -> Result<u64> {
        const SQL: Sql = Sql::by_key("DELETE FROM sessions WHERE institution_code = $1 AND user_id = $2");
        self.end_refresh_tokens_of(institution, user).await?;
        self.execute(SQL, &values![institution, user]).await
    }

    /// Ends the oldest sessions of an account, so that at most `kept` stay; how many ended.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn keep_newest_sessions(
        &mut self,
        institution: &InstitutionCode,
        user: &UserId,
        kept: u32,
    ) -> Result<u64> {
        const SQL: Sql = Sql::by_key(
            "DELETE FROM sessions WHERE institution_code = $1 AND user_id = $2 AND token_hash NOT IN (
                 SELECT token_hash FROM sessions WHERE institution_code = $1 AND user_id = $2
                 ORDER BY created_at DESC, token_hash LIMIT $3)",
        );
        self.execute(SQL, &values![institution, user, i64::from(kept)]).await
    }

    /// Removes sessions that were last seen, or begun, before these instants; how many.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_old_sessions(&mut self, seen_before: Timestamp, created_before: Timestamp) -> Result<u64> {
        const SQL: Sql = Sql::report("DELETE FROM sessions WHERE last_seen_at < $1 OR created_at < $2");
        self.execute(SQL, &values![seen_before, created_before]).await
    }
}

fn session(row: &Row<'_>) -> Result<StoredSession> {
    Ok(StoredSession {
        institution: row.institution(0)?,
        token_hash: row.hash(1)?,
        user: row.user(2)?,
        certificate_serial: row.string(3)?,
        form_token: row.string(4)?,
        settings: row.json(5)?,
        created_at: row.instant(6)?,
        last_seen_at: row.instant(7)?,
    })
}
