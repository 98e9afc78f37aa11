//! `ingest checkups` at a demo's directory: the demo's own files again change nothing, a newer document replaces, a
//! broken one is refused with its line, and nothing of a patient is told.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use madoguchi_wire::checkup::read_file;
use serde_json::Value;
use std::path::{Path, PathBuf};
use support::verb::{run, verify};
use support::{Demo, command};

const WORLD: [&str; 6] = ["--today", "20261123", "--persons", "60", "--seed", "7"];

fn report(directory: &Path, file: &Path, code: i32) -> Value {
    let ran = run(directory, &["ingest", "checkups"], &["--json", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(code), "{}", ran.text());
    ran.json()
}

/// The first document of a package with one piece of its text replaced, as a file of its own.
fn document(package: &Path, folder: &Path, from: &str, to: &str) -> PathBuf {
    let mut first = Vec::new();
    read_file(std::fs::File::open(package).unwrap(), |_, bytes, _| {
        if first.is_empty() {
            first = bytes;
        }
    })
    .unwrap();
    let text = String::from_utf8(first).unwrap();
    assert!(text.contains(from), "{from}");
    let file = folder.join("document.xml");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    file
}

#[test]
fn checkups_are_taken_once_replaced_and_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, files) = (folder.path().join("demo"), folder.path().join("files"));
    Demo::start(&directory, &WORLD).stop();
    let made = command().arg("synth").arg(&files).args(WORLD).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let packages = std::fs::read_dir(files.join("checkups")).unwrap().map(|entry| entry.unwrap().path());
    let package = packages.max().unwrap();

    let again = report(&directory, &package, 0);
    assert_eq!((&again["outcome"], &again["taken"]), (&"taken_before".into(), &0.into()));
    let newer =
        document(&package, folder.path(), "<effectiveTime value=\"2", "<effectiveTime value=\"20261123\"/><x value=\"");
    let newer = report(&directory, &newer, 0);
    assert_eq!((&newer["outcome"], &newer["taken"], &newer["replaced"]), (&"taken".into(), &1.into(), &1.into()));
    let broken = document(&package, folder.path(), "<code code=\"10\"", "<code code=\"99\"");
    let ran = run(&directory, &["ingest", "checkups"], &[broken.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    for part in ["受け付けられません", "行目", "報告区分"] {
        assert!(ran.text().contains(part), "{part}: {}", ran.text());
    }
    let nonsense = folder.path().join("nonsense.zip");
    std::fs::write(&nonsense, b"PK\x03\x04 nothing").unwrap();
    assert!(report(&directory, &nonsense, 3)["findings"]["issues"][0]["message"].as_str().unwrap().contains("ZIP"));
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}
