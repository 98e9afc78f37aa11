//! What lies beside a backup and says what it is: `manifest.json`, written last, so that half a backup has none.

use crate::failure::{Failure, Outcome};
use crate::json_file::write_json;
use madoguchi_store::backup::{Contents, Taken};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the file.
pub(crate) const MANIFEST_FILE: &str = "manifest.json";
/// The form of this version.
const FORM: &str = "madoguchi-backup-1";
/// A hundred tables and thousands of chains.
const MANIFEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    form: String,
    /// Version of the program that took it.
    pub(crate) program: String,
    /// When, as seconds since 1970.
    pub(crate) taken_at: i64,
    /// The engine that it can be restored to.
    pub(crate) engine: Engine,
    /// Name of the copy beside this file.
    pub(crate) file: String,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// Version of the schema.
    pub(crate) schema_version: i64,
    /// Rows of every table.
    pub(crate) tables: BTreeMap<String, i64>,
    /// Heads of the audit chains.
    pub(crate) chains: Vec<Chain>,
    /// The public key of the signed heads, where the deployment's directory had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verifier_key: Option<String>,
}

/// An audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// Its process.
    pub(crate) process: String,
    /// Its last entry.
    pub(crate) sequence: i64,
    /// The last entry's hash, hexadecimal.
    pub(crate) hash: String,
}

/// Where a copy can be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// A SQLite file.
    Sqlite,
    /// A dump of PostgreSQL's `pg_dump`.
    Postgresql,
}

impl Engine {
    /// Name of the copy.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "madoguchi.db",
            Self::Postgresql => "madoguchi.dump",
        }
    }
}

impl Manifest {
    /// Of a copy that was taken.
    pub(crate) fn of(taken: &Taken, engine: Engine, taken_at: i64, verifier_key: Option<String>) -> Self {
        Self {
            form: FORM.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
            engine,
            file: engine.file().to_owned(),
            bytes: taken.bytes,
            sha256: taken.sha256.clone(),
            schema_version: taken.contents.schema_version,
            tables: taken.contents.tables.clone(),
            chains: chains(&taken.contents),
            verifier_key,
        }
    }

    /// Reads the manifest of a backup.
    pub(crate) fn load(backup: &Path) -> Outcome<Self> {
        let path = backup.join(MANIFEST_FILE);
        let length = fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::file(backup, "manifest.jsonがありません。途中で終わったバックアップか、別のディレクトリです")
            }
            _ => Failure::file(&path, error),
        })?;
        if length.len() > MANIFEST_BYTES_MAX {
            return Err(Failure::file(&path, format!("{MANIFEST_BYTES_MAX}バイトを超えています")));
        }
        let text = fs::read(&path).map_err(|error| Failure::file(&path, error))?;
        let wrong = |problem: String| Failure::file(&path, format!("バックアップの説明として読めません（{problem}）"));
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if manifest.form != FORM {
            return Err(wrong(format!("form：{FORM}ではありません")));
        }
        // The name must not lead elsewhere.
        if manifest.file != manifest.engine.file() {
            return Err(wrong(format!("file：{}ではありません", manifest.engine.file())));
        }
        Ok(manifest)
    }

    /// Writes it, durable, as the last of a backup.
    pub(crate) fn save(&self, backup: &Path) -> Outcome<()> {
        write_json(&backup.join(MANIFEST_FILE), self)
    }

    /// What differs from it in a store, one line each.
    pub(crate) fn differences(&self, contents: &Contents) -> Vec<String> {
        let mut found = Vec::new();
        let names = self.tables.keys().chain(contents.tables.keys().filter(|name| !self.tables.contains_key(*name)));
        for name in names {
            let (expected, there) = (self.tables.get(name), contents.tables.get(name));
            if expected != there {
                let shown = |count: Option<&i64>| count.map_or("なし".to_owned(), i64::to_string);
                found.push(format!("{name}：{}行のはずが{}行です", shown(expected), shown(there)));
            }
        }
        if self.schema_version != contents.schema_version {
            found.push(format!("スキーマ：{}のはずが{}です", self.schema_version, contents.schema_version));
        }
        if self.chains != chains(contents) {
            found.push("監査ログの先頭がmanifest.jsonと違います".to_owned());
        }
        found
    }
}

/// The copy of a backup.
pub(crate) fn copy_of(backup: &Path, manifest: &Manifest) -> PathBuf {
    backup.join(&manifest.file)
}

fn chains(contents: &Contents) -> Vec<Chain> {
    let chain = |process: &madoguchi_store::audit::Process| Chain {
        process: process.name.clone(),
        sequence: process.head.sequence,
        hash: process.head.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    contents.chains.iter().map(chain).collect()
}
