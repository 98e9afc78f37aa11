//! Log-ins of programs (連携アプリ用アカウント, Web API用アカウント).
//!
//! The folder agent has a session like a person's, and several of them: an institution may run it at more than one
//! terminal. A Web API account gets a token for an hour and a refresh token, which renews the log-in once, for twelve
//! hours after the password was given. Several processes of an EHR log in with the same account; beyond
//! [`PROGRAM_LOG_INS_MAX`](madoguchi_model::login::PROGRAM_LOG_INS_MAX) the oldest token ends. All tokens belong to the
//! client certificate that asked for them.

use crate::login::{ACCOUNT_ATTEMPTS_MAX, LoggedIn, TOKEN_CHARACTERS, session, token_hash};
use crate::operation::{Operation, Service};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::login;
use madoguchi_store::account::Account;
use madoguchi_store::program::StoredRefreshToken;
use madoguchi_store::session::StoredSession;
use madoguchi_store::{Result as StoreResult, Tx};

/// What a Web API account works with.
#[derive(Debug, Clone)]
pub struct ApiLogIn {
    /// The token and its session.
    pub entered: LoggedIn,
    /// Renews the log-in, once.
    pub refresh_token: String,
}

/// A renewal as it will be written.
#[derive(Clone)]
struct Renewal {
    used: [u8; 32],
    session: StoredSession,
    refresh_token: StoredRefreshToken,
    draft: Draft,
}

impl Service {
    /// Logs a folder agent in (連携アプリ用アカウント).
    ///
    /// # Errors
    /// As [`Service::log_in`].
    pub async fn log_in_agent(&self, operation: &Operation, user: &str, password: &str) -> Result<LoggedIn, Refusal> {
        self.enter(operation, user, password, |kind| kind == AccountKind::Agent).await
    }

    /// Logs a program in at the Web API (Web API用アカウント). The settings of this moment bind its token.
    ///
    /// # Errors
    /// As [`Service::log_in`].
    pub async fn log_in_api(&self, operation: &Operation, user: &str, password: &str) -> Result<ApiLogIn, Refusal> {
        let (institution, account) = self.verified(operation, user, password, |kind| kind == AccountKind::Api).await?;
        let (refresh_token, stored) = self.new_refresh_token(operation, account.user.clone())?;
        let entered = self.begin_session(operation, institution, account, Some(stored)).await?;
        Ok(ApiLogIn { entered, refresh_token })
    }

    /// Renews the log-in of a Web API account: a new token under the settings of this moment. The former token keeps
    /// its own hour, so that requests under way are not cut off; the refresh token is used up.
    ///
    /// # Errors
    /// [`Reason::NotLoggedIn`] for a refresh token that is unknown, used, of another terminal or past its twelve hours,
    /// and when the account was stopped; what [`Service::institution`] refuses.
    pub async fn refresh_api(&self, operation: &Operation, refresh_token: &str) -> Result<ApiLogIn, Refusal> {
        let institution = self.institution(operation).await?;
        let used = token_hash(refresh_token);
        let known = match refresh_token.len() {
            TOKEN_CHARACTERS => self.0.store.read().refresh_token(&institution.code, &used).await?,
            _ => None,
        };
        let Some(known) = known else {
            return Err(self.refuse_log_in(operation, "", Reason::NotLoggedIn).await);
        };
        let user = known.user.as_str();
        if known.certificate_serial != operation.terminal.serial
            || login::log_in_has_ended(known.logged_in_at, operation.now)
        {
            return Err(self.refuse_log_in(operation, user, Reason::NotLoggedIn).await);
        }
        let (fresh, mut stored) = self.new_refresh_token(operation, known.user.clone())?;
        stored.logged_in_at = known.logged_in_at;
        let (token, begun) = self.new_session(operation, &known.user)?;
        let draft = operation.draft(user, Action::LogIn, Outcome::Done, "", "kind=api renewed");
        let renewal = Renewal { used, session: begun, refresh_token: stored, draft };
        match self.renew(renewal).await? {
            Some((stored, account)) => {
                let session = session(operation, institution, account.standing(), stored);
                Ok(ApiLogIn { entered: LoggedIn { token, session }, refresh_token: fresh })
            }
            None => Err(self.refuse_log_in(operation, user, Reason::NotLoggedIn).await),
        }
    }

    async fn renew(&self, renewal: Renewal) -> Result<Option<(StoredSession, Account)>, Refusal> {
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            let renewal = renewal.clone();
            match self.0.store.write_or_repeat("log_in.renew", async move |tx| renewed(tx, renewal).await).await {
                Err(madoguchi_store::Error::Conflict(_)) => {}
                renewed => return Ok(renewed?),
            }
        }
        Err(Reason::Busy.into())
    }

    fn new_refresh_token(
        &self,
        operation: &Operation,
        user: madoguchi_model::account::UserId,
    ) -> Result<(String, StoredRefreshToken), Refusal> {
        let token = hex::encode(self.random::<32>()?);
        let stored = StoredRefreshToken {
            token_hash: token_hash(&token),
            institution: operation.terminal.institution.clone(),
            user,
            certificate_serial: operation.terminal.serial.clone(),
            logged_in_at: operation.now,
            issued_at: operation.now,
        };
        Ok((token, stored))
    }
}

/// Uses the refresh token up and begins the next session; `None` when it was used meanwhile or the account was stopped.
async fn renewed(tx: &mut Tx, renewal: Renewal) -> StoreResult<Option<(StoredSession, Account)>> {
    let Renewal { used, mut session, refresh_token, draft } = renewal;
    let (institution, user) = (session.institution.clone(), session.user.clone());
    let account = tx.account(&institution, &user).await?;
    let Some(account) = account.filter(|account| !account.stopped && account.kind == AccountKind::Api) else {
        return Ok(None);
    };
    if !tx.end_refresh_token(&institution, &used).await? {
        return Ok(None);
    }
    session.settings = tx.settings(&institution).await?;
    tx.keep_newest_sessions(&institution, &user, login::sessions_max(account.kind) - 1).await?;
    tx.insert_session(&session).await?;
    tx.insert_refresh_token(&refresh_token).await?;
    tx.audit(draft).await?;
    Ok(Some((session, account)))
}
