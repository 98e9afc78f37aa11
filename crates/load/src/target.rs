//! What is under load: the server's two ports, and the institutions that may ask, from a `demo.json` or a file of that form.

use crate::fault::LoadFault;
use madoguchi_model::day::Day;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Ten thousand institutions with eight accounts each.
const TARGET_BYTES_MAX: u64 = 64 * 1024 * 1024;
const INSTITUTIONS_MAX: usize = 10_000;
/// The file in a demo's directory.
const DEMO_FILE: &str = "demo.json";

/// A server and who may ask it. What else stands in the file is passed over.
#[derive(Clone, Deserialize)]
pub struct Target {
    /// URL for people, `https://HOST:PORT`.
    pub(crate) server: String,
    /// URL for machines.
    pub(crate) api: String,
    /// Certificate of the server's authority (PEM).
    pub(crate) ca: PathBuf,
    /// The server's day, YYYYMMDD.
    today: String,
    /// Institutions.
    pub(crate) institutions: Vec<Institution>,
    /// Cards with the numbers of their holders.
    #[serde(default)]
    pub(crate) cards: Vec<Card>,
    /// Where the file was: cards lie in `cards/` beside it.
    #[serde(skip)]
    pub(crate) directory: PathBuf,
}

/// An institution that asks.
#[derive(Clone, Deserialize)]
pub(crate) struct Institution {
    /// 医療機関コード.
    pub(crate) code: String,
    /// Certificate (PEM).
    pub(crate) client_cert: PathBuf,
    /// Its key (PEM).
    pub(crate) client_key: PathBuf,
    #[serde(default)]
    accounts: Vec<Account>,
}

/// An account of an institution.
#[derive(Clone, Deserialize)]
pub(crate) struct Account {
    kind: String,
    pub(crate) user_id: String,
    pub(crate) password: String,
}

/// A card of the target.
#[derive(Clone, Deserialize)]
pub(crate) struct Card {
    /// The card file's name.
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) insurer_number: String,
    #[serde(default)]
    pub(crate) symbol: String,
    #[serde(default)]
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) branch: String,
    #[serde(default)]
    pub(crate) birthdate: String,
}

impl Target {
    /// Reads the file, or the `demo.json` of a directory.
    ///
    /// # Errors
    /// The file, or what is missing in it.
    pub fn load(path: &Path) -> Result<Self, LoadFault> {
        let file = if path.is_dir() { path.join(DEMO_FILE) } else { path.to_owned() };
        let length = std::fs::metadata(&file).map(|metadata| metadata.len());
        let length =
            length.map_err(|error| LoadFault::file(&file, format!("{error}。デモを起動しているか確認してください")))?;
        if length > TARGET_BYTES_MAX {
            return Err(LoadFault::file(&file, format!("{TARGET_BYTES_MAX}バイト以内にしてください")));
        }
        let text = std::fs::read(&file).map_err(|error| LoadFault::file(&file, error))?;
        let target: Self = serde_json::from_slice(&text).map_err(|error| LoadFault::file(&file, error))?;
        let directory = file.parent().unwrap_or(Path::new(".")).to_owned();
        Self { directory, ..target }.checked().map_err(|problem| LoadFault::file(&file, problem))
    }

    /// The server's day.
    ///
    /// # Errors
    /// None after [`Target::load`], which has read it.
    pub fn today(&self) -> Result<Day, LoadFault> {
        Day::parse(&self.today, "today").map_err(|error| LoadFault::plan("today", error.to_string()))
    }

    /// The directory with the server's certificate and key, beside its authority.
    pub(crate) fn certificates(&self) -> &Path {
        self.ca.parent().unwrap_or(Path::new("."))
    }

    fn checked(self) -> Result<Self, String> {
        if self.institutions.is_empty() || self.institutions.len() > INSTITUTIONS_MAX {
            return Err(format!("institutions：1から{INSTITUTIONS_MAX}の医療機関等が必要です"));
        }
        for (name, url) in [("server", &self.server), ("api", &self.api)] {
            authority(url).ok_or_else(|| format!("{name}：https://ホスト:ポート の形で指定してください"))?;
        }
        Day::parse(&self.today, "today").map_err(|error| error.to_string())?;
        Ok(self)
    }
}

impl Institution {
    /// The account of a kind, by the model's word for it.
    pub(crate) fn account(&self, kind: &'static str) -> Result<&Account, LoadFault> {
        self.accounts.iter().find(|account| account.kind == kind).ok_or_else(|| LoadFault::Prepare {
            institution: self.code.clone(),
            step: "アカウントが指定されていません",
            problem: kind.to_owned(),
        })
    }
}

/// Host and port of `https://HOST:PORT`.
pub(crate) fn authority(url: &str) -> Option<(&str, u16)> {
    let (host, port) = url.strip_prefix("https://")?.trim_end_matches('/').rsplit_once(':')?;
    Some((host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (url, expected) in [
            ("https://localhost:8443", Some(("localhost", 8443))),
            ("https://[::1]:8443/", Some(("::1", 8443))),
            ("https://localhost", None),
            ("http://localhost:80", None),
            ("https://:80", None),
        ] {
            assert_eq!(authority(url), expected, "{url}");
        }
    }

    #[test]
    fn a_file_without_institutions_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"server":"https://a:1","api":"https://a:2","ca":"ca.pem","today":"20260401","institutions":[]}"#;
        std::fs::write(folder.path().join("demo.json"), text).unwrap();
        let fault = Target::load(folder.path()).err().unwrap().to_string();
        assert!(fault.contains("institutions"), "{fault}");
    }
}
