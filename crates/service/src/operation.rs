//! Who asks, and when: the values that every use-case takes.

use crate::clock::Clock;
use crate::ingest::Turns;
use crate::password::Passwords;
use crate::refusal::{Reason, Refusal};
use crate::seat::Seats;
use madoguchi_model::account::{AccountKind, Right, UserId};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::release::ReleaseRule;
use madoguchi_model::settings::Settings;
use madoguchi_store::Store;
use madoguchi_trust::card_trust::CardTrust;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::sync::{Arc, RwLock};

/// What a [`Service`] is made of.
pub struct ServiceParts {
    /// The store, migrated.
    pub store: Store,
    /// The product's clock.
    pub clock: Clock,
    /// The card authority whose cards are accepted.
    pub cards: CardTrust,
    /// The operator's release rule.
    pub release: ReleaseRule,
}

/// The use-cases of one process. Cheap to clone.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) cards: RwLock<CardTrust>,
    pub(crate) release: ReleaseRule,
    pub(crate) passwords: Passwords,
    pub(crate) random: SystemRandom,
    pub(crate) seats: Seats,
    pub(crate) turns: Turns,
    /// Woken when a bulk upload was accepted.
    pub(crate) bulk_waits: tokio::sync::Notify,
}

/// The asking machine, read from its client certificate (資格確認端末 or another of the institution).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// 医療機関コード in the certificate.
    pub institution: InstitutionCode,
    /// Serial of the certificate, hexadecimal.
    pub serial: String,
}

/// One request: which terminal asks, and the instant that counts for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The asking machine.
    pub terminal: Terminal,
    /// The instant of the request.
    pub now: Timestamp,
}

/// A logged-in account, for one request.
#[derive(Debug, Clone)]
pub struct Session {
    /// The request.
    pub operation: Operation,
    /// The institution as registered.
    pub institution: Institution,
    /// ユーザID.
    pub user: UserId,
    /// Kind of account.
    pub kind: AccountKind,
    /// Settings when the log-in began; 利用する counts only from here.
    pub settings_at_login: Settings,
    /// Token that every form of this session carries.
    pub form_token: String,
    /// Whether nothing but a password change is open.
    pub must_change_password: bool,
    /// Hash of the session's token: its key in the store.
    pub(crate) token_hash: [u8; 32],
}

impl Service {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            clock: parts.clock,
            cards: RwLock::new(parts.cards),
            release: parts.release,
            passwords: Passwords::default(),
            random: SystemRandom::new(),
            seats: Seats::default(),
            turns: Turns::default(),
            bulk_waits: tokio::sync::Notify::new(),
        }))
    }

    /// A request of this terminal, now.
    #[must_use]
    pub fn operation(&self, terminal: Terminal) -> Operation {
        Operation { terminal, now: self.0.clock.now() }
    }

    /// The present moment of the product's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The operator's release rule.
    #[must_use]
    pub fn release(&self) -> ReleaseRule {
        self.0.release
    }

    /// The store, for verbs of the operator that have no use-case of their own.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Takes a new card authority state (after a revocation) without a restart.
    pub fn replace_cards(&self, cards: CardTrust) {
        *self.0.cards.write().unwrap_or_else(std::sync::PoisonError::into_inner) = cards;
    }

    /// Random bytes of the operating system.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        let mut bytes = [0_u8; N];
        match self.0.random.fill(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(_) => Err(Refusal::new(Reason::Unavailable, "the operating system gives no random bytes")),
        }
    }

    /// Several random values at once, for ids that a write needs.
    pub(crate) fn random_each<const N: usize, const M: usize>(&self) -> Result<[[u8; N]; M], Refusal> {
        let mut values = [[0_u8; N]; M];
        for value in &mut values {
            *value = self.random()?;
        }
        Ok(values)
    }

    /// Checks a right; a refusal is written into the audit log before it is answered.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::MustChangePassword`].
    pub async fn require(&self, session: &Session, right: Right) -> Result<(), Refusal> {
        if session.must_change_password {
            return Err(Reason::MustChangePassword.into());
        }
        self.require_kind(session, right).await
    }

    /// Checks a right also while the password must be changed: for that change itself.
    pub(crate) async fn require_kind(&self, session: &Session, right: Right) -> Result<(), Refusal> {
        if session.kind.may(right) {
            return Ok(());
        }
        let detail = format!("right={right:?} kind={}", session.kind.code());
        self.0.store.append(session.draft(Action::Refuse, Outcome::Refused, "", detail)).await?;
        Err(Reason::NoRight(right).into())
    }

    /// Writes down that the edge refused a request of this session, such as a form of another log-in.
    ///
    /// # Errors
    /// Only when it cannot be written.
    pub async fn note_refusal(&self, session: &Session, word: &'static str) -> Result<(), Refusal> {
        self.0.store.append(session.draft(Action::Refuse, Outcome::Refused, "", word)).await?;
        Ok(())
    }

    /// Writes the refusal of a use-case down before it is answered, unless it is written already (rights, decisions,
    /// cards) or nothing can be written at all.
    pub(crate) async fn written_down<T>(
        &self,
        session: &Session,
        action: Action,
        result: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Err(refusal) = &result else { return result };
        let reason = &refusal.reason;
        let written = matches!(reason, Reason::NoRight(_) | Reason::Denied { .. } | Reason::Card(_));
        let writable = !matches!(reason, Reason::Busy | Reason::Unavailable | Reason::OutcomeUnknown);
        if writable && !written {
            let detail = format!("code={}", reason.code());
            self.0.store.append(session.draft(action, Outcome::Refused, "", detail)).await?;
        }
        result
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Service")
    }
}

impl Operation {
    /// An audit draft of this request by somebody who is not (yet) logged in.
    #[must_use]
    pub(crate) fn draft(
        &self,
        user: &str,
        action: Action,
        outcome: Outcome,
        subject: &str,
        detail: impl Into<String>,
    ) -> Draft {
        Draft {
            at: self.now,
            institution: self.terminal.institution.as_str().to_owned(),
            user: user.to_owned(),
            terminal: self.terminal.serial.clone(),
            action,
            outcome,
            subject: subject.to_owned(),
            detail: detail.into(),
        }
    }
}

impl Session {
    /// The instant of the request.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.operation.now
    }

    /// An audit draft of this session.
    #[must_use]
    pub(crate) fn draft(&self, action: Action, outcome: Outcome, subject: &str, detail: impl Into<String>) -> Draft {
        self.operation.draft(self.user.as_str(), action, outcome, subject, detail)
    }
}
