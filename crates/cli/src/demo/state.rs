//! What a demo directory remembers between starts (`state.json`), and the file that people and
//! programs read while it runs (`demo.json`).
//!
//! The state holds passwords and PINs in the clear: a demo has synthetic people only, and `serve`
//! refuses such a directory.

use crate::failure::{Failure, Outcome};
use crate::json_file::write_json;
use madoguchi_model::institution::InstitutionCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the state file; its presence marks a demo directory.
pub(crate) const STATE_FILE: &str = "state.json";
/// Name of the file that is there only while the demo answers.
pub(crate) const DEMO_FILE: &str = "demo.json";

/// The state of a demo directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// Seed of the synthetic world.
    pub(crate) seed: u64,
    /// Persons in it.
    pub(crate) persons: u32,
    /// What the demo's clock is ahead of the machine's, in microseconds.
    pub(crate) offset_micros: i64,
    /// Where the records are: `sqlite:…` or `postgres://…`.
    pub(crate) database: String,
    /// Institutions that have a terminal.
    pub(crate) institutions: Vec<DemoInstitution>,
    /// Virtual cards.
    pub(crate) cards: Vec<DemoCard>,
}

/// An institution of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoInstitution {
    /// 医療機関コード.
    pub(crate) code: InstitutionCode,
    /// Name.
    pub(crate) name: String,
    /// Its accounts with their passwords.
    pub(crate) accounts: Vec<DemoAccount>,
    /// Password of its PKCS#12 file.
    pub(crate) p12_password: String,
    /// Whether it has a viewer terminal beside its terminal.
    pub(crate) viewer: bool,
}

/// An account of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoAccount {
    /// Kind, as the model's code.
    pub(crate) kind: String,
    /// ユーザID.
    pub(crate) user_id: String,
    /// Password.
    pub(crate) password: String,
    /// 秘密番号 of the reset account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret_number: Option<String>,
}

/// A virtual card of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoCard {
    /// Identity: the card file's name.
    pub(crate) id: String,
    /// Whose card.
    pub(crate) name: String,
    /// 暗証番号.
    pub(crate) pin: String,
    /// The case that the person plays.
    pub(crate) story: String,
    /// 保険者番号 of the present coverage.
    pub(crate) insurer_number: String,
    /// 記号.
    pub(crate) symbol: String,
    /// 番号.
    pub(crate) number: String,
    /// 枝番.
    pub(crate) branch: String,
    /// 生年月日, YYYYMMDD.
    pub(crate) birthdate: String,
}

/// `demo.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoDocument {
    /// URL for people.
    pub(crate) server: String,
    /// URL for machines.
    pub(crate) api: String,
    /// Path of the certificate authority (PEM).
    pub(crate) ca: PathBuf,
    /// Start page.
    pub(crate) home: String,
    /// The demo's date, YYYYMMDD.
    pub(crate) today: String,
    /// Institutions.
    pub(crate) institutions: Vec<DocumentInstitution>,
    /// Cards: the named patients first.
    pub(crate) cards: Vec<DemoCard>,
}

/// An institution in `demo.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DocumentInstitution {
    /// 医療機関コード.
    pub(crate) code: String,
    /// Name.
    pub(crate) name: String,
    /// Kind, as the model's code.
    pub(crate) kind: String,
    /// URL of its terminal.
    pub(crate) terminal: String,
    /// URL of its card reader page.
    pub(crate) kiosk: String,
    /// URL of its viewer terminal, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) viewer: Option<String>,
    /// Root of its `req`, `res`, `face` and `err`.
    pub(crate) folders: PathBuf,
    /// Path of its client certificate (PEM).
    pub(crate) client_cert: PathBuf,
    /// Path of its key (PEM).
    pub(crate) client_key: PathBuf,
    /// Path of both for browsers (PKCS#12).
    pub(crate) client_p12: PathBuf,
    /// Password of the PKCS#12 file.
    pub(crate) client_p12_password: String,
    /// Its accounts.
    pub(crate) accounts: Vec<DemoAccount>,
}

impl State {
    /// The state of a directory; `None` when it has none yet.
    pub(crate) fn load(directory: &Path) -> Outcome<Option<Self>> {
        let path = directory.join(STATE_FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Failure::file(&path, error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&path, error)),
        }
    }

    /// Writes the state, whole or not at all.
    pub(crate) fn save(&self, directory: &Path) -> Outcome<()> {
        write_json(&directory.join(STATE_FILE), self)
    }
}
