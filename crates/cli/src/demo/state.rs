//! What a demo directory remembers between starts (`state.json`), and the file that people and
//! programs read while it runs (`demo.json`).
//!
//! The state holds passwords and PINs in the clear: a demo has synthetic people only, and `serve`
//! refuses such a directory.

use crate::failure::{Failure, Outcome};
use madoguchi_model::institution::InstitutionCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Name of the state file; its presence marks a demo directory.
pub const STATE_FILE: &str = "state.json";
/// Name of the file that is there only while the demo answers.
pub const DEMO_FILE: &str = "demo.json";

/// The state of a demo directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Seed of the synthetic world.
    pub seed: u64,
    /// Persons in it.
    pub persons: usize,
    /// What the demo's clock is ahead of the machine's, in microseconds.
    pub offset_micros: i64,
    /// Where the records are: `sqlite:…` or `postgres://…`.
    pub database: String,
    /// Institutions that have a terminal.
    pub institutions: Vec<DemoInstitution>,
    /// Virtual cards.
    pub cards: Vec<DemoCard>,
}

/// An institution of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoInstitution {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// Name.
    pub name: String,
    /// Its accounts with their passwords.
    pub accounts: Vec<DemoAccount>,
    /// Password of its PKCS#12 file.
    pub p12_password: String,
    /// Whether it has a viewer terminal beside its terminal.
    pub viewer: bool,
}

/// An account of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Kind, as the model's code.
    pub kind: String,
    /// ユーザID.
    pub user_id: String,
    /// Password.
    pub password: String,
    /// 秘密番号 of the reset account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_number: Option<String>,
}

/// A virtual card of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoCard {
    /// Identity: the card file's name.
    pub id: String,
    /// Whose card.
    pub name: String,
    /// 暗証番号.
    pub pin: String,
    /// The case that the person plays.
    pub story: String,
    /// 保険者番号 of the present coverage.
    pub insurer_number: String,
    /// 記号.
    pub symbol: String,
    /// 番号.
    pub number: String,
    /// 枝番.
    pub branch: String,
    /// 生年月日, YYYYMMDD.
    pub birthdate: String,
}

/// `demo.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoDocument {
    /// URL for people.
    pub server: String,
    /// URL for machines.
    pub api: String,
    /// Path of the certificate authority (PEM).
    pub ca: PathBuf,
    /// Start page.
    pub home: String,
    /// The demo's date, YYYYMMDD.
    pub today: String,
    /// Institutions.
    pub institutions: Vec<DocumentInstitution>,
    /// Cards: the named patients first.
    pub cards: Vec<DemoCard>,
}

/// An institution in `demo.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DocumentInstitution {
    /// 医療機関コード.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind, as the model's code.
    pub kind: String,
    /// URL of its terminal.
    pub terminal: String,
    /// URL of its card reader page.
    pub kiosk: String,
    /// URL of its viewer terminal, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer: Option<String>,
    /// Path of its client certificate (PEM).
    pub client_cert: PathBuf,
    /// Path of its key (PEM).
    pub client_key: PathBuf,
    /// Path of both for browsers (PKCS#12).
    pub client_p12: PathBuf,
    /// Password of the PKCS#12 file.
    pub client_p12_password: String,
    /// Its accounts.
    pub accounts: Vec<DemoAccount>,
}

impl State {
    /// The state of a directory; `None` when it has none yet.
    pub fn load(directory: &Path) -> Outcome<Option<Self>> {
        let path = directory.join(STATE_FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Failure::file(&path, error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&path, error)),
        }
    }

    /// Writes the state, whole or not at all.
    pub fn save(&self, directory: &Path) -> Outcome<()> {
        write_json(&directory.join(STATE_FILE), self)
    }
}

/// Writes JSON beside its place, syncs it and renames it there; only the owner can read it.
pub fn write_json(path: &Path, value: &impl Serialize) -> Outcome<()> {
    let temporary = path.with_extension("json.new");
    let write = || -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        serde_json::to_writer_pretty(&mut file, value)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| Failure::file(path, error))
}
