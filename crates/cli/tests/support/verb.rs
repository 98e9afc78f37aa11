//! Other verbs of the binary beside a demo, and what its store holds.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use super::command;
use madoguchi_store::DatabaseUrl;
use madoguchi_store::test_support::row_counts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

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

/// The same with one file, and the largest resident size in kB, as `/proc` tells it until the end.
pub fn run_measured(directory: &Path, verb: &[&str], file: &Path) -> (Ran, u64) {
    // What it prints goes to files: a pipe that nobody reads while we look at its size could stop it.
    let [mut out, mut err] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    let mut child = command()
        .args(verb)
        .args(["--dir".as_ref(), directory.as_os_str(), file.as_os_str()])
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(err.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(peak > 0, "/proc told nothing");
    let mut printed = [String::new(), String::new()];
    for (file, text) in [&mut out, &mut err].into_iter().zip(&mut printed) {
        file.rewind().unwrap();
        file.read_to_string(text).unwrap();
    }
    let [out, err] = printed;
    (Ran { code: status.code(), out, err }, peak)
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
