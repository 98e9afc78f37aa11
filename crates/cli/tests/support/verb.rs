//! Other verbs of the binary beside a demo, and what its store holds.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use super::command;
use madoguchi_store::DatabaseUrl;
use madoguchi_store::test_support::row_counts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Output, Stdio};

/// How a verb ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Everything that it printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// What it printed as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a verb, such as `["ingest", "claims"]`, on a demo's directory.
pub fn run(directory: &Path, verb: &[&str], rest: &[&str]) -> Ran {
    let output = command()
        .args(verb)
        .args(["--dir".as_ref(), directory.as_os_str()])
        .args(rest)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    output.into()
}

/// `audit verify`: what it finds.
pub fn verify(directory: &Path) -> Ran {
    run(directory, &["audit", "verify"], &[])
}

/// The entries of the audit log, as `audit export` prints them.
pub fn audit_entries(directory: &Path) -> Vec<Value> {
    let exported = run(directory, &["audit", "export"], &[]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    exported.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The database of a demo's directory.
pub fn database(directory: &Path) -> DatabaseUrl {
    DatabaseUrl::sqlite(directory.canonicalize().unwrap().join("madoguchi.db"))
}

/// Rows by table, without the audit log, what log-ins leave, and what the folder agent takes away by itself.
pub fn rows(directory: &Path) -> BTreeMap<String, i64> {
    let mut rows = row_counts(&database(directory));
    rows.retain(|table, _| {
        !table.starts_with("audit_") && !["sessions", "passes", "face_results"].contains(&table.as_str())
    });
    rows
}
