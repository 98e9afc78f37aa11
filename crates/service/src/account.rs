//! Accounts (アカウント管理): the master manages 管理アカウント, an administrator the rest, and the
//! reset account with its secret number resets the master.
//!
//! Nobody ever reads a password here: it is issued once, and changed by its owner.

use crate::login::{MustChange, with_password};
use crate::operation::{Operation, Service, Session};
use crate::password;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::{AccountKind, Right, UserId};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_model::field::FieldError;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::login::Tries;
use madoguchi_store::account::Account as StoredAccount;

/// Accounts of one institution at most.
pub const ACCOUNTS_MAX: usize = 500;
/// Characters of a secret number that are looked at.
const SECRET_CHARACTERS_MAX: usize = 64;

/// An account as its manager sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// ユーザID.
    pub user: UserId,
    /// Kind.
    pub kind: AccountKind,
    /// 停止中.
    pub stopped: bool,
    /// Locked until this instant.
    pub locked_until: Option<Timestamp>,
    /// The issued password was not changed yet.
    pub must_change: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A password that was just issued; it is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// ユーザID.
    pub user: UserId,
    /// The password.
    pub password: String,
}

/// What a manager changes about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Stop,
    Start,
    Unlock,
}

impl Service {
    /// The accounts that this session's account manages.
    ///
    /// # Errors
    /// [`Reason::NoRight`] for kinds that manage none.
    pub async fn accounts(&self, session: &Session) -> Result<Vec<Account>, Refusal> {
        self.require(session, managing_right(session.kind)).await?;
        let accounts = self.0.store.read().accounts(&session.institution.code).await?;
        let managed = accounts.into_iter().filter(|account| account.kind.managed_by() == Some(session.kind));
        Ok(managed.map(|account| listed(account, session.now())).collect())
    }

    /// Creates an account with an issued password.
    ///
    /// # Errors
    /// [`Reason::NoRight`] for a kind that this account does not manage; [`Reason::Invalid`] for a
    /// wrong or used user ID.
    pub async fn create_account(&self, session: &Session, kind: AccountKind, user: &str) -> Result<Issued, Refusal> {
        let result = self.make_account(session, kind, user).await;
        self.written_down(session, Action::CreateAccount, result).await
    }

    async fn make_account(&self, session: &Session, kind: AccountKind, user: &str) -> Result<Issued, Refusal> {
        self.require_managing(session, kind).await?;
        let user = UserId::parse(user)?;
        let account = self.new_account(&session.institution.code, kind, user, session.now()).await?;
        let (account, issued) = account;
        let detail = format!("account={} kind={}", issued.user, kind.code());
        let draft = session.draft(Action::CreateAccount, Outcome::Done, "", detail);
        let created = self.0.store.write_or_repeat("account.create", async move |tx| -> Result<(), Refusal> {
            let existing = tx.accounts(&account.institution).await?;
            if existing.iter().any(|other| other.user == account.user) {
                return Err(FieldError::new("ユーザID", "まだ使われていないユーザID").into());
            }
            if existing.len() >= ACCOUNTS_MAX {
                return Err(FieldError::new("アカウント", "医療機関等ごとに500以内").into());
            }
            tx.insert_account(&account).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        created.await?;
        Ok(issued)
    }

    /// パスワード初期化: issues a new password that its owner must change; open sessions end.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::NotFound`].
    pub async fn initialise_password(&self, session: &Session, user: &str) -> Result<Issued, Refusal> {
        let account = self.managed_account(session, user).await;
        let account = self.written_down(session, Action::InitialisePassword, account).await?;
        self.issue_password(&session.operation, session.user.as_str(), Action::InitialisePassword, account).await
    }

    /// Stops an account; its sessions end at once.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::NotFound`].
    pub async fn stop_account(&self, session: &Session, user: &str) -> Result<(), Refusal> {
        self.change_account(session, user, Change::Stop).await
    }

    /// Lets a stopped account work again.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::NotFound`].
    pub async fn start_account(&self, session: &Session, user: &str) -> Result<(), Refusal> {
        self.change_account(session, user, Change::Start).await
    }

    /// Opens an account that wrong passwords have locked.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::NotFound`].
    pub async fn unlock_account(&self, session: &Session, user: &str) -> Result<(), Refusal> {
        self.change_account(session, user, Change::Unlock).await
    }

    /// Resets the master's password with the secret number (マスタアカウントリセット).
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Invalid`] for a wrong number, which counts as a wrong try until
    /// [`Reason::Locked`].
    pub async fn reset_master(&self, session: &Session, secret_number: &str) -> Result<Issued, Refusal> {
        self.require(session, Right::ResetMaster).await?;
        let own = self.own_account(session).await?;
        let given: String = secret_number.chars().take(SECRET_CHARACTERS_MAX).collect();
        if !self.fits_alone(session, &own, given, own.secret_hash.clone()).await? {
            self.count_wrong_secret(session, session.draft(Action::ResetMaster, Outcome::Refused, "", "")).await?;
            return Err(FieldError::new("秘密番号", "通知書に書かれた秘密番号").into());
        }
        if own.tries != Tries::default() {
            self.forget_tries(own).await?;
        }
        let accounts = self.0.store.read().accounts(&session.institution.code).await?;
        let master = accounts.into_iter().find(|account| account.kind == AccountKind::Master);
        let master = master.ok_or(Reason::NotFound("マスタアカウント"))?;
        self.issue_password(&session.operation, session.user.as_str(), Action::ResetMaster, master).await
    }

    async fn forget_tries(&self, account: StoredAccount) -> Result<(), Refusal> {
        let account = StoredAccount { tries: Tries::default(), ..account };
        Ok(self
            .0
            .store
            .write_or_repeat("account.forget_tries", async move |tx| tx.update_account(&account).await)
            .await?)
    }

    async fn require_managing(&self, session: &Session, kind: AccountKind) -> Result<(), Refusal> {
        let right = managing_right(session.kind);
        self.require(session, right).await?;
        if kind.managed_by() == Some(session.kind) {
            return Ok(());
        }
        let detail = format!("kind={}", kind.code());
        self.0.store.append(session.draft(Action::Refuse, Outcome::Refused, "", detail)).await?;
        Err(Reason::NoRight(right).into())
    }

    async fn managed_account(&self, session: &Session, user: &str) -> Result<StoredAccount, Refusal> {
        self.require(session, managing_right(session.kind)).await?;
        let user = UserId::parse(user)?;
        let account = self.0.store.read().account(&session.institution.code, &user).await?;
        let managed = account.filter(|account| account.kind.managed_by() == Some(session.kind));
        managed.ok_or_else(|| Reason::NotFound("このアカウント").into())
    }

    async fn change_account(&self, session: &Session, user: &str, change: Change) -> Result<(), Refusal> {
        let account = self.managed_account(session, user).await;
        let mut account = self.written_down(session, Action::ChangeAccount, account).await?;
        let detail = format!("account={} change={change:?}", account.user);
        let draft = session.draft(Action::ChangeAccount, Outcome::Done, "", detail);
        match change {
            Change::Stop => account.stopped = true,
            Change::Start => account.stopped = false,
            Change::Unlock => account.tries = Tries::default(),
        }
        let changed = self.0.store.write_or_repeat("account.change", async move |tx| -> Result<(), Refusal> {
            tx.update_account(&account).await?;
            if account.stopped {
                tx.end_sessions_of(&account.institution, &account.user).await?;
            }
            tx.audit(draft).await?;
            Ok(())
        });
        changed.await
    }

    async fn issue_password(
        &self,
        operation: &Operation,
        by: &str,
        action: Action,
        account: StoredAccount,
    ) -> Result<Issued, Refusal> {
        let password = password::issued(self.random()?);
        let hash = self.0.passwords.hash(password.clone()).await?;
        let issued = Issued { user: account.user.clone(), password };
        let draft = operation.draft(by, action, Outcome::Done, "", format!("account={}", account.user));
        let written = self.0.store.write_or_repeat("account.issue_password", async move |tx| -> Result<(), Refusal> {
            let must_change = must_change(account.kind);
            tx.end_sessions_of(&account.institution, &account.user).await?;
            tx.update_account(&with_password(account, hash, must_change)).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        written.await?;
        Ok(issued)
    }

    /// An account with an issued password, not stored yet.
    pub(crate) async fn new_account(
        &self,
        institution: &InstitutionCode,
        kind: AccountKind,
        user: UserId,
        now: Timestamp,
    ) -> Result<(StoredAccount, Issued), Refusal> {
        let password = password::issued(self.random()?);
        let account = self.account_with(institution, kind, user.clone(), password.clone(), now).await?;
        Ok((account, Issued { user, password }))
    }

    /// An account with this password, not stored yet.
    pub(crate) async fn account_with(
        &self,
        institution: &InstitutionCode,
        kind: AccountKind,
        user: UserId,
        password: String,
        now: Timestamp,
    ) -> Result<StoredAccount, Refusal> {
        Ok(StoredAccount {
            institution: institution.clone(),
            user,
            version: 1,
            kind,
            stopped: false,
            password_hash: self.0.passwords.hash(password).await?,
            secret_hash: None,
            must_change_password: must_change(kind) == MustChange::Yes,
            tries: Tries::default(),
            former_hashes: Vec::new(),
            emergency_viewing: false,
            created_at: now,
        })
    }
}

/// Programs cannot change their password at a log-in; people must. The reset account is only used
/// with the secret number, and has no screen for a password of its own.
const fn must_change(kind: AccountKind) -> MustChange {
    if kind.uses_screens() && !matches!(kind, AccountKind::MasterReset) { MustChange::Yes } else { MustChange::No }
}

const fn managing_right(kind: AccountKind) -> Right {
    match kind {
        AccountKind::Master => Right::ManageAdministrators,
        _ => Right::ManageAccounts,
    }
}

fn listed(account: StoredAccount, now: Timestamp) -> Account {
    Account {
        user: account.user,
        kind: account.kind,
        stopped: account.stopped,
        locked_until: account.tries.locked_until.filter(|until| now < *until),
        must_change: account.must_change_password,
        created_at: account.created_at,
    }
}
