//! A demo that runs: the server, a terminal for each institution, the start page, and `demo.json`.
//!
//! Server and terminals share the process, but every byte between them crosses mTLS. New
//! institutions and cards that `ingest claims --enrol` adds are taken up while the demo runs.

use crate::demo::secrets::{AGENT_USER, READER_USER};
use crate::demo::setup::{TERMINAL_LABEL, VIEWER_LABEL};
use crate::demo::state::{DEMO_FILE, DemoDocument, DemoInstitution, DocumentInstitution, State};
use crate::failure::{Failure, Outcome};
use crate::json_file::write_json;
use crate::verb::audit::head_signer;
use crate::verb::{StopSignals, database_url, keep_tidy, open_service};
use madoguchi_model::account::AccountKind;
use madoguchi_model::day::Day;
use madoguchi_model::institution::InstitutionKind;
use madoguchi_model::release::ReleaseRule;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::Service;
use madoguchi_service::audit::{HeadSigner, SIGN_SECONDS};
use madoguchi_store::{Error, ProcessName, Store};
use madoguchi_terminal::{FolderConfig, MachineAccount, RunningTerminal, Terminal, TerminalConfig};
use madoguchi_trust::card_trust::CardTrust;
use madoguchi_web::home::{Home, HomePage};
use madoguchi_web::inspector::Exchanges;
use madoguchi_web::{RateLimits, RunningServer, Server, ServerParts};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::warn;

/// Name of the audit chain of the demo's server.
const PROCESS: &str = "server-1";
/// How often the directory is looked at for new institutions and cards.
const LOOK: Duration = Duration::from_secs(1);

/// Ports in a row from a first one; taken ones are left to whoever has them.
#[derive(Debug)]
pub(crate) struct Ports(u16);

impl From<u16> for Ports {
    fn from(first: u16) -> Self {
        Self(first)
    }
}

impl Ports {
    /// The next address on loopback that nobody listens on.
    fn next(&mut self) -> SocketAddr {
        while self.0 != 0 {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.0));
            self.0 = self.0.checked_add(1).unwrap_or(0);
            if std::net::TcpListener::bind(address).is_ok() {
                return address;
            }
        }
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }
}

/// Everything that runs.
pub(crate) struct Running {
    directory: PathBuf,
    state: State,
    ports: Ports,
    service: Service,
    signer: HeadSigner,
    server: RunningServer,
    home: Home,
    terminals: Vec<InstitutionTerminals>,
    signals: StopSignals,
}

struct InstitutionTerminals {
    terminal: RunningTerminal,
    viewer: Option<RunningTerminal>,
}

impl Running {
    /// Starts everything and writes `demo.json` once all of it answers.
    pub(crate) async fn start(directory: &Path, state: State, mut ports: Ports, rates: RateLimits) -> Outcome<Self> {
        let directory = fs::canonicalize(directory)?;
        // Refused while another demo runs here, whose document stays.
        let store = match Store::open(&database_url(&state.database)?, ProcessName::parse(PROCESS)?).await {
            Err(Error::Locked(_)) => return Err(running_already(&directory)),
            opened => opened?,
        };
        remove_document(&directory)?;
        let service =
            open_service(store, &directory.join("cards-ca"), state.offset_micros, ReleaseRule::default()).await?;
        service.note_start().await?;
        let signer = head_signer(&directory.join("audit"))?;
        let exchanges = Exchanges::default();
        let home = Home::start(ports.next(), exchanges.clone()).await.map_err(Failure::new)?;
        let parts = ServerParts {
            service: service.clone(),
            reports: Reports::new(&FontChoice::system()),
            exchanges: Some(exchanges),
            certificates: directory.join("certificates"),
            people: ports.next(),
            machine: ports.next(),
            rates,
        };
        let server = Server::start(parts).await.map_err(Failure::new)?;
        let mut running = Self {
            directory,
            state: State { institutions: Vec::new(), ..state.clone() },
            ports,
            service,
            signer,
            server,
            home,
            terminals: Vec::new(),
            signals: StopSignals::listen()?,
        };
        running.take_up(state).await?;
        Ok(running)
    }

    /// What `demo.json` says now.
    pub(crate) fn document(&self) -> DemoDocument {
        let institutions = self.state.institutions.iter().zip(&self.terminals);
        DemoDocument {
            server: format!("https://localhost:{}", self.server.people.port()),
            api: format!("https://localhost:{}", self.server.machine.port()),
            ca: self.directory.join("certificates").join("ca.pem"),
            home: self.home.url(),
            today: self.service.now().day().to_string(),
            institutions: institutions.map(|(institution, terminals)| self.entry(institution, terminals)).collect(),
            cards: self.state.cards.clone(),
        }
    }

    /// Runs until a signal comes, then stops in order: no new requests, last entry, signed head.
    pub(crate) async fn until_told_to_stop(mut self) -> Outcome<()> {
        let mut look = tokio::time::interval(LOOK);
        let mut sign = tokio::time::interval(Duration::from_secs(SIGN_SECONDS));
        let service = self.service.clone();
        let mut tidying = std::pin::pin!(keep_tidy(&service));
        loop {
            tokio::select! {
                () = self.signals.told() => break,
                _ = sign.tick() => {
                    if let Err(refusal) = self.service.sign_head(&self.signer).await {
                        warn!(code = refusal.reason.code(), detail = refusal.detail, "the audit head was not signed");
                    }
                }
                never = &mut tidying => match never {},
                _ = look.tick() => {
                    if let Err(failure) = self.look().await {
                        warn!(message = failure.message, "the demo directory could not be taken up");
                    }
                }
            }
        }
        self.stop().await
    }

    async fn stop(self) -> Outcome<()> {
        remove_document(&self.directory)?;
        for terminals in self.terminals {
            terminals.terminal.shutdown().await;
            if let Some(viewer) = terminals.viewer {
                viewer.shutdown().await;
            }
        }
        self.home.shutdown().await;
        self.server.shutdown().await;
        Ok(self.service.stop(Some(&self.signer)).await?)
    }

    /// Takes up what was added to the directory.
    async fn look(&mut self) -> Outcome<()> {
        let cards = CardTrust::load(&self.directory.join("cards-ca")).map_err(Failure::new)?;
        self.service.replace_cards(cards);
        match State::load(&self.directory)? {
            Some(state) if self.differs(&state) => self.take_up(state).await,
            _ => Ok(()),
        }
    }

    fn differs(&self, state: &State) -> bool {
        state.institutions.len() != self.state.institutions.len() || state.cards.len() != self.state.cards.len()
    }

    async fn take_up(&mut self, state: State) -> Outcome<()> {
        for institution in &state.institutions[self.state.institutions.len().min(state.institutions.len())..] {
            let terminals = self.start_terminals(institution).await?;
            self.terminals.push(terminals);
            self.state.institutions.push(institution.clone());
        }
        self.state.cards = state.cards;
        let document = self.document();
        self.home.show(home_page(&document));
        write_json(&self.directory.join(DEMO_FILE), &document)
    }

    async fn start_terminals(&mut self, institution: &DemoInstitution) -> Outcome<InstitutionTerminals> {
        let terminal = Terminal::start(self.terminal_config(institution, TERMINAL_LABEL)).await;
        let viewer = match institution.viewer {
            true => Some(Terminal::start(self.terminal_config(institution, VIEWER_LABEL)).await.map_err(Failure::new)?),
            false => None,
        };
        Ok(InstitutionTerminals { terminal: terminal.map_err(Failure::new)?, viewer })
    }

    fn terminal_config(&mut self, institution: &DemoInstitution, label: &str) -> TerminalConfig {
        let viewer = label == VIEWER_LABEL;
        let account = |user: &str| {
            let account = institution.accounts.iter().find(|account| account.user_id == user && !viewer)?;
            Some(MachineAccount { user_id: user.to_owned(), password: account.password.clone() })
        };
        TerminalConfig {
            institution: institution.code.as_str().to_owned(),
            listen: self.ports.next(),
            server: format!("localhost:{}", self.server.people.port()),
            api: format!("localhost:{}", self.server.machine.port()),
            ca: self.directory.join("certificates").join("ca.pem"),
            client_certificate: self.client_file(institution, label, "pem"),
            client_key: self.client_file(institution, label, "key"),
            viewer,
            cards: (!viewer).then(|| self.directory.join("cards")),
            reader: account(READER_USER),
            folders: account(AGENT_USER).map(|account| FolderConfig::new(self.folders(institution), account)),
        }
    }

    /// Where an institution's programs drop requests and find answers.
    fn folders(&self, institution: &DemoInstitution) -> PathBuf {
        self.directory.join("folders").join(institution.code.as_str())
    }

    fn client_file(&self, institution: &DemoInstitution, label: &str, extension: &str) -> PathBuf {
        let name = format!("{}-{label}.{extension}", institution.code);
        self.directory.join("certificates").join("clients").join(name)
    }

    fn entry(&self, institution: &DemoInstitution, terminals: &InstitutionTerminals) -> DocumentInstitution {
        DocumentInstitution {
            code: institution.code.as_str().to_owned(),
            name: institution.name.clone(),
            kind: institution.code.kind().code().to_owned(),
            terminal: terminals.terminal.url(),
            kiosk: terminals.terminal.kiosk_url().unwrap_or_default(),
            viewer: terminals.viewer.as_ref().map(RunningTerminal::url),
            folders: self.folders(institution),
            client_cert: self.client_file(institution, TERMINAL_LABEL, "pem"),
            client_key: self.client_file(institution, TERMINAL_LABEL, "key"),
            client_p12: self.client_file(institution, TERMINAL_LABEL, "p12"),
            client_p12_password: institution.p12_password.clone(),
            accounts: institution.accounts.clone(),
        }
    }
}

fn home_page(document: &DemoDocument) -> HomePage {
    use madoguchi_web::home::{HomeAccount, HomeCard, HomeInstitution};
    let account = |account: &crate::demo::state::DemoAccount| HomeAccount {
        kind: AccountKind::from_code(&account.kind).map_or("", AccountKind::label),
        user_id: account.user_id.clone(),
        password: account.password.clone(),
        secret_number: account.secret_number.clone(),
    };
    let institution = |institution: &DocumentInstitution| HomeInstitution {
        code: institution.code.clone(),
        name: institution.name.clone(),
        kind: InstitutionKind::from_code(&institution.kind).map_or("", InstitutionKind::label),
        terminal: institution.terminal.clone(),
        kiosk: institution.kiosk.clone(),
        viewer: institution.viewer.clone(),
        folders: institution.folders.display().to_string(),
        client_p12: institution.client_p12.display().to_string(),
        client_p12_password: institution.client_p12_password.clone(),
        accounts: institution.accounts.iter().map(account).collect(),
    };
    let card = |card: &crate::demo::state::DemoCard| HomeCard {
        name: card.name.clone(),
        pin: card.pin.clone(),
        story: card.story.clone(),
        birthdate: shown_day(&card.birthdate),
        numbers: [&card.insurer_number, &card.symbol, &card.number, &card.branch]
            .into_iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join("・"),
    };
    HomePage {
        today: shown_day(&document.today),
        server: document.server.clone(),
        api: document.api.clone(),
        institutions: document.institutions.iter().map(institution).collect(),
        cards: document.cards.iter().map(card).collect(),
    }
}

/// A day of `demo.json` as people write it.
fn shown_day(number: &str) -> String {
    Day::parse(number, "日付").map_or_else(|_| number.to_owned(), Day::japanese)
}

fn running_already(directory: &Path) -> Failure {
    Failure::new(format!(
        "{}：このディレクトリのデモはすでに動いています。そのデモを停止するか、別の--dirを指定してください",
        directory.display()
    ))
}

fn remove_document(directory: &Path) -> Outcome<()> {
    let path = directory.join(DEMO_FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file(&path, error)),
        _ => Ok(()),
    }
}
