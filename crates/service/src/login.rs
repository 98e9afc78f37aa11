//! Log-in, sessions, log-out and the own password (ログイン).
//!
//! A session belongs to one account and to one client certificate: its token is useless at another
//! terminal. An account has one session at a time; those of programs have several, see [`login::sessions_max`].

use crate::operation::{Operation, Service, Session};
use crate::refusal::{Reason, Refusal};
use crate::seat::Seat;
use futures_util::future::join;
use madoguchi_model::account::{AccountKind, Right, UserId};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_model::field::FieldError;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::login::{self, FORMER_PASSWORDS_KEPT, PASSWORD_CHARACTERS_MAX, Tries};
use madoguchi_model::settings::Settings;
use madoguchi_store::account::{Account, AccountStanding};
use madoguchi_store::program::StoredRefreshToken;
use madoguchi_store::session::StoredSession;
use madoguchi_store::{Result as StoreResult, Tx};
use sha2::{Digest, Sha256};

/// Seconds after which a session's last request is written again: not every click needs a write.
const TOUCH_SECONDS: i64 = 60;
/// Characters of a session's token: 32 random bytes in hexadecimal.
pub(crate) const TOKEN_CHARACTERS: usize = 64;

/// Times that a log-in or a wrong try is written anew because other processes change the account at the same moment.
pub(crate) const ACCOUNT_ATTEMPTS_MAX: usize = 32;

/// A wrong password or secret number that is to be counted.
#[derive(Clone)]
struct WrongTry {
    institution: InstitutionCode,
    user: UserId,
    /// The session that ends when this try locks the account.
    session: Option<[u8; 32]>,
    draft: Draft,
}

/// A fresh log-in.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// Secret of the session, for the cookie or the bearer header.
    pub token: String,
    /// The session.
    pub session: Session,
}

impl Service {
    /// The institution of the asking terminal.
    ///
    /// # Errors
    /// [`Reason::UnknownInstitution`], [`Reason::ClosedInstitution`].
    pub async fn institution(&self, operation: &Operation) -> Result<Institution, Refusal> {
        open_institution(operation, self.0.store.read().institution(&operation.terminal.institution).await?)
    }

    /// Logs a person in at the screens.
    ///
    /// # Errors
    /// [`Reason::WrongPassword`] (also for unknown users and for accounts of programs),
    /// [`Reason::Locked`], [`Reason::Stopped`], and what [`Service::institution`] refuses.
    pub async fn log_in(&self, operation: &Operation, user: &str, password: &str) -> Result<LoggedIn, Refusal> {
        self.enter(operation, user, password, AccountKind::uses_screens).await
    }

    /// Logs a card reader in (顔認証用アカウント).
    ///
    /// # Errors
    /// As [`Service::log_in`].
    pub async fn log_in_reader(&self, operation: &Operation, user: &str, password: &str) -> Result<LoggedIn, Refusal> {
        self.enter(operation, user, password, |kind| kind == AccountKind::Reader).await
    }

    pub(crate) async fn enter(
        &self,
        operation: &Operation,
        user: &str,
        password: &str,
        kind_may: fn(AccountKind) -> bool,
    ) -> Result<LoggedIn, Refusal> {
        let (institution, account) = self.verified(operation, user, password, kind_may).await?;
        self.begin_session(operation, institution, account, None).await
    }

    /// The account, when the password is its own and its kind may use this door.
    pub(crate) async fn verified(
        &self,
        operation: &Operation,
        user: &str,
        password: &str,
        kind_may: fn(AccountKind) -> bool,
    ) -> Result<(Institution, Account), Refusal> {
        let institution = match self.institution(operation).await {
            Ok(institution) => institution,
            Err(Refusal { reason: reason @ (Reason::UnknownInstitution | Reason::ClosedInstitution), .. }) => {
                return Err(self.refuse_log_in(operation, "", reason).await);
            }
            Err(refusal) => return Err(refusal),
        };
        let Ok(user) = UserId::parse(user) else {
            return Err(self.refuse_log_in(operation, "", Reason::WrongPassword).await);
        };
        let account = self.0.store.read().account(&institution.code, &user).await?;
        if let Some(until) = locked_until(account.as_ref(), operation) {
            return Err(self.refuse_log_in(operation, user.as_str(), Reason::Locked { until }).await);
        }
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let acceptable = password.chars().count() <= PASSWORD_CHARACTERS_MAX;
        let given = if acceptable { password.to_owned() } else { String::new() };
        let fits = self.0.passwords.verify(given, hash).await?;
        let Some(account) = account else {
            return Err(self.refuse_log_in(operation, user.as_str(), Reason::WrongPassword).await);
        };
        if !kind_may(account.kind) {
            // Whatever the password: this door tells nothing about it, and cannot lock a program out.
            return Err(self.refuse_log_in(operation, user.as_str(), Reason::WrongPassword).await);
        }
        if !fits {
            return Err(self.refuse_wrong_password(operation, account).await);
        }
        if account.stopped {
            return Err(self.refuse_log_in(operation, user.as_str(), Reason::Stopped).await);
        }
        Ok((institution, account))
    }

    pub(crate) async fn refuse_log_in(&self, operation: &Operation, user: &str, reason: Reason) -> Refusal {
        let detail = format!("code={}", reason.code());
        let draft = operation.draft(user, Action::LogIn, Outcome::Refused, "", detail);
        match self.0.store.append(draft).await {
            Ok(_) => reason.into(),
            Err(error) => error.into(),
        }
    }

    async fn refuse_wrong_password(&self, operation: &Operation, account: Account) -> Refusal {
        let detail = format!("code={} kind={}", Reason::WrongPassword.code(), account.kind.code());
        let draft = operation.draft(account.user.as_str(), Action::LogIn, Outcome::Refused, "", detail);
        let Account { institution, user, .. } = account;
        match self.count_wrong_try(WrongTry { institution, user, session: None, draft }).await {
            Ok(Tries { locked_until: Some(until), .. }) => Reason::Locked { until }.into(),
            Ok(_) => Reason::WrongPassword.into(),
            Err(refusal) => refusal,
        }
    }

    /// The try is counted in the write that also keeps its audit entry. When another process counts one at the same
    /// moment, this one is counted after it: tries spread over many processes must not be lost.
    async fn count_wrong_try(&self, wrong: WrongTry) -> Result<Tries, Refusal> {
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            let WrongTry { institution, user, session, draft } = wrong.clone();
            let counted =
                self.0.store.write_or_repeat("log_in.count_wrong_try", async move |tx| -> StoreResult<Tries> {
                    let mut tries = Tries::default();
                    if let Some(mut account) = tx.account(&institution, &user).await? {
                        tries = account.tries.after_wrong(draft.at);
                        account.tries = tries;
                        tx.update_account(&account).await?;
                    }
                    if let Some(token_hash) = session.filter(|_| tries.is_locked(draft.at)) {
                        tx.end_session(&institution, &token_hash).await?;
                    }
                    tx.audit(draft).await?;
                    Ok(tries)
                });
            match counted.await {
                Err(madoguchi_store::Error::Conflict(_)) => {}
                counted => return Ok(counted?),
            }
        }
        Err(Reason::Busy.into())
    }

    /// Begins a session; `renewal` is kept beside it, so that the program can renew it without its password.
    pub(crate) async fn begin_session(
        &self,
        operation: &Operation,
        institution: Institution,
        account: Account,
        renewal: Option<StoredRefreshToken>,
    ) -> Result<LoggedIn, Refusal> {
        let (token, stored) = self.new_session(operation, &account.user)?;
        let detail = format!("kind={}", account.kind.code());
        let draft = operation.draft(account.user.as_str(), Action::LogIn, Outcome::Done, "", detail);
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            let (account, stored, renewal, draft) = (account.clone(), stored.clone(), renewal.clone(), draft.clone());
            let begin = async move |tx: &mut Tx| begin_session(tx, &account, stored, renewal, draft).await;
            match self.0.store.write_or_repeat("log_in", begin).await {
                Err(madoguchi_store::Error::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(None) => return Err(Reason::WrongPassword.into()),
                Ok(Some((stored, account))) => {
                    return Ok(LoggedIn {
                        token,
                        session: session(operation, institution, account.standing(), stored),
                    });
                }
            }
        }
        Err(Reason::Busy.into())
    }

    /// A fresh token, and the session as it will be stored; its settings are read in the write that stores it.
    pub(crate) fn new_session(&self, operation: &Operation, user: &UserId) -> Result<(String, StoredSession), Refusal> {
        let token = hex::encode(self.random::<32>()?);
        let stored = StoredSession {
            token_hash: token_hash(&token),
            institution: operation.terminal.institution.clone(),
            user: user.clone(),
            certificate_serial: operation.terminal.serial.clone(),
            form_token: hex::encode(self.random::<16>()?),
            settings: Settings::default(),
            created_at: operation.now,
            last_seen_at: operation.now,
        };
        Ok((token, stored))
    }

    /// The session of this token, at this terminal.
    ///
    /// # Errors
    /// [`Reason::NotLoggedIn`] when there is none, it has ended, or it belongs to another terminal.
    pub async fn session(&self, operation: &Operation, token: &str) -> Result<Session, Refusal> {
        if token.len() != TOKEN_CHARACTERS {
            return Err(Reason::NotLoggedIn.into());
        }
        let hash = token_hash(token);
        let Seat { institution, session: mut stored, account } = self.seat(operation, &hash).await?;
        if stored.certificate_serial != operation.terminal.serial {
            let draft =
                operation.draft(stored.user.as_str(), Action::Refuse, Outcome::Refused, "", "token=other_terminal");
            self.0.store.append(draft).await?;
            return Err(Reason::NotLoggedIn.into());
        }
        if account.stopped {
            return Err(Reason::NotLoggedIn.into());
        }
        if login::session_has_ended(account.kind, stored.created_at, stored.last_seen_at, operation.now) {
            return Err(Reason::NotLoggedIn.into());
        }
        if account.kind == AccountKind::Agent {
            // 利用する binds the folder agent at its next request: it has no log-in that somebody could repeat.
            stored.settings = self.0.store.read().settings(&institution.code).await?;
        }
        let has_its_hour = account.kind == AccountKind::Api;
        if !has_its_hour && stored.last_seen_at.plus_seconds(TOUCH_SECONDS) <= operation.now {
            let (code, now) = (institution.code.clone(), operation.now);
            self.0
                .store
                .write_or_repeat("session.touch", async move |tx| tx.touch_session(&code, &hash, now).await)
                .await?;
        }
        Ok(session(operation, institution, account, stored))
    }

    /// The log-in of this token at an open institution, also one that has ended by time.
    async fn seat(&self, operation: &Operation, token_hash: &[u8; 32]) -> Result<Seat, Refusal> {
        let code = &operation.terminal.institution;
        // Looked up first: a write that comes after makes what is read now count no more.
        let writes = self.0.store.writes();
        if let Some(seat) = self.0.seats.find(writes, code.as_str(), token_hash) {
            let institution = open_institution(operation, Some(seat.institution))?;
            return Ok(Seat { institution, ..seat });
        }
        let [mut tx, mut other] = self.0.store.reads();
        let (found, stored) = join(tx.institution(code), other.session(code, token_hash)).await;
        let institution = open_institution(operation, found?)?;
        let session = stored?.ok_or(Reason::NotLoggedIn)?;
        let account = tx.account_standing(code, &session.user).await?.ok_or(Reason::NotLoggedIn)?;
        let seat = Seat { institution, session, account };
        self.0.seats.keep(writes, &seat);
        Ok(seat)
    }

    /// Ends the session.
    ///
    /// # Errors
    /// Only when it cannot be written.
    pub async fn log_out(&self, session: &Session) -> Result<(), Refusal> {
        let draft = session.draft(Action::LogOut, Outcome::Done, "", "");
        let (code, hash) = (session.institution.code.clone(), session.token_hash);
        let ended = self.0.store.write_or_repeat("log_out", async move |tx| -> StoreResult<()> {
            tx.end_session(&code, &hash).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        Ok(ended.await?)
    }

    /// Changes the own password; the former ones may not come back.
    ///
    /// # Errors
    /// [`Reason::Invalid`] names every wrong field; a wrong current password counts as a wrong try and may lock
    /// ([`Reason::Locked`]). [`Reason::NoRight`] for the reset account, which has no password of its own to change.
    pub async fn change_password(
        &self,
        session: &Session,
        current: &str,
        new: &str,
        repeated: &str,
    ) -> Result<(), Refusal> {
        self.require_kind(session, Right::UseOwnAccount).await?;
        let account = self.own_account(session).await?;
        let mut wrong = Vec::new();
        let given: String = current.chars().take(PASSWORD_CHARACTERS_MAX + 1).collect();
        let fits = self.fits_alone(session, &account, given, Some(account.password_hash.clone())).await?;
        if !fits {
            wrong.push(FieldError::new("現在のパスワード", "現在使っているパスワード"));
        }
        if let Err(error) = login::check_password(new, &session.user, &session.institution) {
            wrong.push(error);
        } else if self.was_used(new, &account).await? {
            wrong.push(FieldError::new("新しいパスワード", "これまでの3回と異なるパスワード"));
        }
        if new != repeated {
            wrong.push(FieldError::new("新しいパスワード（確認）", "新しいパスワードと同じ文字"));
        }
        if !wrong.is_empty() {
            let detail = format!("fields={}", wrong.len());
            let draft = session.draft(Action::ChangePassword, Outcome::Refused, "", detail);
            if fits {
                self.0.store.append(draft).await?;
            } else {
                self.count_wrong_secret(session, draft).await?;
            }
            return Err(Reason::Invalid(wrong).into());
        }
        let hash = self.0.passwords.hash(new.to_owned()).await?;
        let draft = session.draft(Action::ChangePassword, Outcome::Done, "", "");
        let changed = self.0.store.write_or_repeat("password.change", async move |tx| -> StoreResult<()> {
            tx.update_account(&with_password(account, hash, MustChange::No)).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        Ok(changed.await?)
    }

    /// The account of the session, unless wrong tries have locked it meanwhile.
    pub(crate) async fn own_account(&self, session: &Session) -> Result<Account, Refusal> {
        let account = self.0.store.read().account(&session.institution.code, &session.user).await?;
        match account {
            None => Err(Reason::NotLoggedIn.into()),
            Some(account) => match account.tries.locked_until.filter(|until| session.now() < *until) {
                Some(until) => Err(Reason::Locked { until }.into()),
                None => Ok(account),
            },
        }
    }

    /// Whether a secret fits, and nobody's try was counted while it was checked: many tries sent at once must not tell
    /// which of them was right.
    pub(crate) async fn fits_alone(
        &self,
        session: &Session,
        account: &Account,
        secret: String,
        hash: Option<String>,
    ) -> Result<bool, Refusal> {
        let fits = self.0.passwords.verify(secret, hash).await?;
        // The check may have been ready at once, and then it was no wait.
        self.0.store.see_anew();
        Ok(fits && self.own_account(session).await?.version == account.version)
    }

    /// Counts a wrong password or secret number that was tried inside a session, with its audit entry. The try that
    /// locks the account also ends the session: an unattended screen is no place to go on guessing.
    pub(crate) async fn count_wrong_secret(&self, session: &Session, draft: Draft) -> Result<(), Refusal> {
        let (institution, user) = (session.institution.code.clone(), session.user.clone());
        let wrong = WrongTry { institution, user, session: Some(session.token_hash), draft };
        match self.count_wrong_try(wrong).await?.locked_until {
            Some(until) => Err(Reason::Locked { until }.into()),
            None => Ok(()),
        }
    }

    async fn was_used(&self, new: &str, account: &Account) -> Result<bool, Refusal> {
        for hash in std::iter::once(&account.password_hash).chain(&account.former_hashes).take(FORMER_PASSWORDS_KEPT) {
            if self.fits(new, hash).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn fits(&self, password: &str, hash: &str) -> Result<bool, Refusal> {
        if password.chars().count() > PASSWORD_CHARACTERS_MAX {
            return Ok(false);
        }
        self.0.passwords.verify(password.to_owned(), Some(hash.to_owned())).await
    }
}

/// Whether the next log-in must change the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MustChange {
    /// It was issued or initialised.
    Yes,
    /// Its owner chose it, or a program uses it.
    No,
}

/// The account with another password; the old hash joins the former ones.
pub(crate) fn with_password(mut account: Account, hash: String, must_change: MustChange) -> Account {
    let old = std::mem::replace(&mut account.password_hash, hash);
    account.former_hashes.insert(0, old);
    account.former_hashes.truncate(FORMER_PASSWORDS_KEPT);
    account.must_change_password = must_change == MustChange::Yes;
    account.tries = Tries::default();
    account
}

/// Ends the former sessions of the account, or of a program's the oldest, and begins this one; `None` when the account was changed since it was
/// verified. The account is written first, always: the same log-in at another process waits for that row, and so sees
/// this session and ends it.
async fn begin_session(
    tx: &mut Tx,
    verified: &Account,
    mut stored: StoredSession,
    renewal: Option<StoredRefreshToken>,
    draft: Draft,
) -> StoreResult<Option<(StoredSession, Account)>> {
    let Some(mut current) = still_usable(tx, verified, stored.created_at).await? else { return Ok(None) };
    // The tries of the reset account are those of its secret number, which a log-in does not prove.
    if current.kind != AccountKind::MasterReset {
        current.tries = Tries::default();
    }
    tx.update_account(&current).await?;
    stored.settings = tx.settings(&stored.institution).await?;
    match login::sessions_max(current.kind) {
        1 => drop(tx.end_sessions_of(&stored.institution, &stored.user).await?),
        most => drop(tx.keep_newest_sessions(&stored.institution, &stored.user, most - 1).await?),
    }
    tx.insert_session(&stored).await?;
    if let Some(renewal) = renewal {
        let most = login::sessions_max(current.kind);
        tx.keep_newest_refresh_tokens(&stored.institution, &stored.user, most - 1).await?;
        tx.insert_refresh_token(&renewal).await?;
    }
    tx.audit(draft).await?;
    Ok(Some((stored, current)))
}

/// The account as it is now, unless its password or state changed since it was verified, also by wrong tries at the
/// same time.
async fn still_usable(tx: &mut Tx, verified: &Account, now: Timestamp) -> StoreResult<Option<Account>> {
    let current = tx.account(&verified.institution, &verified.user).await?;
    Ok(current.filter(|current| {
        !current.stopped && !current.tries.is_locked(now) && current.password_hash == verified.password_hash
    }))
}

fn locked_until(account: Option<&Account>, operation: &Operation) -> Option<Timestamp> {
    account.filter(|account| account.tries.is_locked(operation.now)).and_then(|account| account.tries.locked_until)
}

fn open_institution(operation: &Operation, found: Option<Institution>) -> Result<Institution, Refusal> {
    let institution = found.ok_or(Reason::UnknownInstitution)?;
    if !institution.is_open_on(operation.now.day()) {
        return Err(Reason::ClosedInstitution.into());
    }
    Ok(institution)
}

pub(crate) fn session(
    operation: &Operation,
    institution: Institution,
    account: AccountStanding,
    stored: StoredSession,
) -> Session {
    Session {
        operation: operation.clone(),
        institution,
        user: stored.user,
        kind: account.kind,
        settings_at_login: stored.settings,
        form_token: stored.form_token,
        must_change_password: account.must_change_password,
        token_hash: stored.token_hash,
    }
}

pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
