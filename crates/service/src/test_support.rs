//! A small world for tests of this crate and of its users: four institutions, all eight kinds of
//! accounts at each, some persons with cards, coverages and receipts.
//!
//! Everything stands on a fixed date ([`NOW`]) and is synthetic. Deliberately not here: anything that
//! a product may call; the feature `test-support` is only named by tests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a world that cannot be made must fail its test loudly")]

mod people;

pub use people::{CARD_LAST_SECOND, Patient};

use crate::audit::HeadSigner;
use crate::login::LoggedIn;
use crate::password;
use crate::reader::{Answered, Pass, Presented};
use crate::{Clock, Operation, Reason, Refusal, Service, ServiceParts, Session, Terminal};
use madoguchi_model::account::{AccountKind, UserId};
use madoguchi_model::audit::Entry;
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::id::PassId;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_model::login::Tries;
use madoguchi_model::release::{Period, ReleaseRule};
use madoguchi_model::settings::Setting;
use madoguchi_store::account::Account;
use madoguchi_store::{DatabaseUrl, Limits, ProcessName, Store, test_support as database};
use madoguchi_trust::{CardAuthority, CardTrust, NoteSigner, NoteVerifier, UnlockedCard};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// 2026-11-23 13:00:00 in Japan, a Monday: the newest month that can be seen is 2026-10.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_406_400_000_000);
/// The password of every account of the world.
pub const PASSWORD: &str = "Tsuki-no-hikari7";
/// 秘密番号 of every reset account of the world.
pub const SECRET_NUMBER: &str = "314159265358";
/// 病院.
pub const HOSPITAL: &str = "1310000001";
/// 診療所.
pub const CLINIC: &str = "1310000002";
/// 薬局.
pub const PHARMACY: &str = "1340000003";
/// 診療所 that was open from [`CLOSED_FROM`] to [`CLOSED_TO`] only.
pub const CLOSED: &str = "1310000004";
/// First day of [`CLOSED`].
pub const CLOSED_FROM: i64 = 20_200_401;
/// Last day of [`CLOSED`].
pub const CLOSED_TO: i64 = 20_260_930;
/// The name under which the world's service writes its audit chain.
pub const PROCESS: &str = "server-1";

/// A service with what stands in its store, and what its tests need beside it.
pub struct World {
    /// The service; its own clock runs on from [`NOW`].
    pub service: Service,
    /// Where its store is.
    pub url: DatabaseUrl,
    /// The demo's card CA.
    pub cards: CardAuthority,
    people: people::People,
    signer: OnceLock<NoteVerifier>,
    directory: tempfile::TempDir,
}

impl World {
    /// The world on a new SQLite file.
    pub async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
        Self::build(url, directory).await
    }

    /// The world in a new database of the throw-away PostgreSQL; `None` where that was left out on purpose.
    pub async fn on_postgres() -> Option<Self> {
        let url = database::cluster()?.database().unwrap();
        Some(Self::build(url, tempfile::tempdir().unwrap()).await)
    }

    async fn build(url: DatabaseUrl, directory: tempfile::TempDir) -> Self {
        Store::migrate(&url, NOW).await.unwrap();
        let store = Store::open(&url, ProcessName::parse(PROCESS).unwrap()).await.unwrap();
        let (cards, people) = people::People::issue(directory.path());
        let service = service(store, &cards_directory(directory.path()), NOW);
        for institution in institutions() {
            service.put_institution(&institution).await.unwrap();
            put_accounts(&service, &institution.code).await;
        }
        people.store(&service).await;
        Self { service, url, cards, people, signer: OnceLock::new(), directory }
    }

    /// A directory of this world that goes with it.
    #[must_use]
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Another service on the same store, whose clock begins at `now` (for callers that bring no time of their own).
    #[must_use]
    pub fn service_at(&self, now: Timestamp) -> Service {
        service(self.service.store().clone(), &cards_directory(self.directory()), now)
    }

    /// Another process on the same store, with a name and a chain of its own; not on SQLite files that are in use.
    pub async fn another_process(&self, name: &str) -> Service {
        self.another_process_at(name, NOW).await
    }

    /// [`World::another_process`], whose clock begins at `now`.
    pub async fn another_process_at(&self, name: &str, now: Timestamp) -> Service {
        let store = Store::open(&self.url, ProcessName::parse(name).unwrap()).await.unwrap();
        service(store, &cards_directory(self.directory()), now)
    }

    /// Another process on the same SQLite file, which gives way to this one, as an ingestion does.
    pub async fn process_that_gives_way(&self) -> Service {
        let limits = Limits { gives_way: true, ..Limits::default() };
        let store = Store::open_with(&self.url, ProcessName::parse("ingest").unwrap(), limits).await.unwrap();
        assert!(store.gives_way(), "this process is seen");
        service(store, &cards_directory(self.directory()), NOW)
    }

    /// Stops the process without a last word and starts it again on the same store.
    pub async fn restart(&mut self) {
        self.service.store().close().await;
        let store = Store::open(&self.url, ProcessName::parse(PROCESS).unwrap()).await.unwrap();
        self.service = service(store, &cards_directory(self.directory()), NOW);
    }

    /// Lets the service see what was revoked.
    pub fn load_cards(&self) {
        self.service.replace_cards(CardTrust::load(&cards_directory(self.directory())).unwrap());
    }

    /// A request from the first terminal of an institution at this instant.
    #[must_use]
    pub fn at(&self, institution: &str, now: Timestamp) -> Operation {
        Operation { terminal: terminal(institution, 1), now }
    }

    /// Logs an account of the world in, at the door of its kind.
    pub async fn log_in(&self, institution: &str, kind: AccountKind, now: Timestamp) -> LoggedIn {
        let operation = self.at(institution, now);
        let user = user(kind);
        match kind {
            AccountKind::Reader => self.service.log_in_reader(&operation, user.as_str(), PASSWORD).await.unwrap(),
            AccountKind::Agent => self.service.log_in_agent(&operation, user.as_str(), PASSWORD).await.unwrap(),
            AccountKind::Api => self.service.log_in_api(&operation, user.as_str(), PASSWORD).await.unwrap().entered,
            _ => self.service.log_in(&operation, user.as_str(), PASSWORD).await.unwrap(),
        }
    }

    /// The session of [`World::log_in`].
    pub async fn session(&self, institution: &str, kind: AccountKind, now: Timestamp) -> Session {
        Box::pin(self.log_in(institution, kind, now)).await.session
    }

    /// Stores values of settings as an administrator does on the screen.
    pub async fn set(&self, institution: &str, values: &[(Setting, &str)], now: Timestamp) {
        let session = self.session(institution, AccountKind::Administrator, now).await;
        let sheet = self.service.settings(&session).await.unwrap();
        let mut new = sheet.settings.clone();
        for (setting, value) in values {
            new.set(*setting, value).unwrap();
        }
        self.service.update_settings(&session, &new, sheet.version).await.unwrap();
    }

    /// Everything about past care switched to 利用する.
    pub async fn use_all(&self, institution: &str, now: Timestamp) {
        let kinds = [Setting::Surgery, Setting::MedicalCare, Setting::Medication, Setting::Checkup];
        self.set(institution, &kinds.map(|setting| (setting, "1")), now).await;
    }

    /// The patient's card on the reader.
    #[must_use]
    pub fn card(&self, patient: Patient) -> UnlockedCard {
        self.people.card(patient).open_by_reader().unwrap()
    }

    /// A card as it stands in its file.
    #[must_use]
    pub fn card_file(&self, patient: Patient) -> &madoguchi_trust::VirtualCard {
        self.people.card(patient)
    }

    /// Signs the pass with the patient's card and presents it.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn present(&self, reader: &Session, pass: &Pass, patient: Patient) -> Result<Presented, Refusal> {
        let card = self.card(patient);
        let signature = card.sign(&pass.challenge).unwrap();
        self.service.present_card(reader, pass.id, card.certificate_der(), &signature).await
    }

    /// An account as it is stored.
    pub async fn account(&self, institution: &str, user: &str) -> Account {
        let user = UserId::parse(user).unwrap();
        self.service.store().read().account(&code(institution), &user).await.unwrap().unwrap()
    }

    /// A whole pass at the institution's reader: begins, presents, and answers every page as `agrees` says.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn pass(
        &self,
        institution: &str,
        patient: Patient,
        now: Timestamp,
        agrees: impl Fn(ConsentPage) -> bool,
    ) -> Result<Answered, Refusal> {
        let reader = self.session(institution, AccountKind::Reader, now).await;
        let (pass, pages) = self.identified(&reader, patient).await?;
        let answers: Vec<_> = pages.into_iter().map(|page| (page, agrees(page))).collect();
        self.service.answer_pass(&reader, pass, &answers).await
    }

    /// A pass up to the consent pages.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn identified(&self, reader: &Session, patient: Patient) -> Result<(PassId, Vec<ConsentPage>), Refusal> {
        let pass = self.service.begin_pass(reader).await?;
        let presented = self.present(reader, &pass, patient).await?;
        Ok((pass.id, presented.pages))
    }

    /// All entries of the audit chain, in order.
    pub async fn audit(&self) -> Vec<Entry> {
        self.service.store().read().audit_entries(PROCESS, 1, 100_000).await.unwrap()
    }

    /// The newest entry of the audit chain.
    pub async fn last_entry(&self) -> Entry {
        self.audit().await.pop().unwrap()
    }

    /// Signs heads into [`World::heads`] with a key of this world.
    pub fn signer(&self) -> HeadSigner {
        let path = self.directory().join("audit.key");
        let signer = match self.signer.get() {
            None => NoteSigner::generate(&path, "audit.example").unwrap(),
            Some(_) => NoteSigner::load(&path).unwrap(),
        };
        self.signer.get_or_init(|| signer.verifier());
        HeadSigner::new(signer, self.heads())
    }

    /// The key that verifies the heads of [`World::signer`].
    pub fn verifier(&self) -> NoteVerifier {
        drop(self.signer());
        self.signer.get().unwrap().clone()
    }

    /// Where the head files are.
    #[must_use]
    pub fn heads(&self) -> PathBuf {
        self.directory().join("heads")
    }

    /// Runs SQL text in the database, beside the program.
    pub fn tamper(&self, text: &str) {
        database::tamper(&self.url, text);
    }

    /// From now on the database takes no audit entry, as on a full disk; reading goes on.
    pub fn refuse_audit_entries(&self) {
        self.tamper(if self.url.is_sqlite() {
            "CREATE TRIGGER audit_refused BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END"
        } else {
            "ALTER TABLE audit_entries ADD CONSTRAINT audit_refused CHECK (sequence < 0) NOT VALID"
        });
    }

    /// The end of [`World::refuse_audit_entries`].
    pub fn take_audit_entries(&self) {
        self.tamper(if self.url.is_sqlite() {
            "DROP TRIGGER audit_refused"
        } else {
            "ALTER TABLE audit_entries DROP CONSTRAINT audit_refused"
        });
    }
}

/// One of several terminals (資格確認端末) of an institution: each has its own certificate.
#[must_use]
pub fn terminal(institution: &str, number: u32) -> Terminal {
    Terminal { institution: code(institution), serial: format!("{institution}{number:02}") }
}

/// Makes each of these functions of a [`World`] a test on SQLite and a test on PostgreSQL.
#[macro_export]
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::test_support::World::on_sqlite().await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(world) = $crate::test_support::World::on_postgres().await else { return };
                super::$test(world).await;
            })+
        }
    };
}

/// The reason of a refusal.
///
/// # Panics
/// When nothing was refused.
#[must_use]
pub fn reason<T>(result: Result<T, Refusal>) -> Reason {
    match result {
        Err(refusal) => refusal.reason,
        Ok(_) => panic!("this was not refused"),
    }
}

/// The same session at another instant.
#[must_use]
pub fn later(session: &Session, now: Timestamp) -> Session {
    let operation = Operation { now, ..session.operation.clone() };
    Session { operation, ..session.clone() }
}

/// The code of an institution of the world.
#[must_use]
pub fn code(institution: &str) -> InstitutionCode {
    InstitutionCode::parse(institution).unwrap()
}

/// The account of this kind that every institution of the world has: `administrator01`, `master-reset01`.
#[must_use]
pub fn user(kind: AccountKind) -> UserId {
    UserId::parse(&format!("{}01", kind.code().replace('_', "-"))).unwrap()
}

/// The day of this number.
#[must_use]
pub fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

/// The months from and to, both included.
#[must_use]
pub fn months(from: i64, to: i64) -> Period {
    Period { from: Month::from_number(from).unwrap(), to: Month::from_number(to).unwrap() }
}

/// The institutions of the world.
#[must_use]
pub fn institutions() -> [Institution; 4] {
    let institution = |number: &str, name: &str, opened_on| Institution {
        code: code(number),
        name: name.to_owned(),
        hospital: number == HOSPITAL,
        opened_on: day(opened_on),
        abolished_on: (number == CLOSED).then(|| day(CLOSED_TO)),
    };
    [
        institution(HOSPITAL, "みなと病院", 19_800_401),
        institution(CLINIC, "さくら診療所", 20_050_601),
        institution(PHARMACY, "かえで薬局", 20_150_401),
        institution(CLOSED, "もみじ診療所", CLOSED_FROM),
    ]
}

fn service(store: Store, cards: &std::path::Path, now: Timestamp) -> Service {
    let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let offset = now.micros() - i64::try_from(system.as_micros()).unwrap();
    Service::new(ServiceParts {
        store,
        clock: Clock::new(offset, None),
        cards: CardTrust::load(cards).unwrap(),
        release: ReleaseRule::default(),
    })
}

fn cards_directory(directory: &std::path::Path) -> PathBuf {
    directory.join("cards-ca")
}

/// Argon2 is slow on purpose; one hash of each secret serves every account of a test process.
fn hash(secret: &'static str) -> String {
    static PASSWORD_HASH: OnceLock<String> = OnceLock::new();
    static SECRET_HASH: OnceLock<String> = OnceLock::new();
    let kept = if secret == PASSWORD { &PASSWORD_HASH } else { &SECRET_HASH };
    kept.get_or_init(|| password::hash(secret).unwrap()).clone()
}

async fn put_accounts(service: &Service, institution: &InstitutionCode) {
    let account = |kind| Account {
        institution: institution.clone(),
        user: user(kind),
        version: 1,
        kind,
        stopped: false,
        password_hash: hash(PASSWORD),
        secret_hash: (kind == AccountKind::MasterReset).then(|| hash(SECRET_NUMBER)),
        must_change_password: false,
        tries: Tries::default(),
        former_hashes: Vec::new(),
        emergency_viewing: false,
        created_at: NOW,
    };
    let accounts = AccountKind::ALL.map(account);
    let put = service.store().write("test.accounts", async move |tx| -> madoguchi_store::Result<()> {
        for account in &accounts {
            tx.insert_account(account).await?;
        }
        Ok(())
    });
    put.await.unwrap();
}
