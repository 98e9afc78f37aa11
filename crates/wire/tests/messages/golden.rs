//! Golden files of every message: each is read and written again to the same bytes, in both character sets and as JSON.
//!
//! `tests/data/messages/<id><req|res>_<case>.xml` is UTF-8 and written by hand or by a sample; its neighbours
//! `.sjis.xml` and `.json` are made of it. `MADOGUCHI_BLESS=1` writes the neighbours anew.

use madoguchi_wire::message::catalogue::{CATALOGUE, Entry};
use madoguchi_wire::message::{CharacterCode, MessageId, failure, is_complete};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/messages")
}

/// The UTF-8 files with their messages.
fn files() -> Vec<(&'static Entry, PathBuf)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".xml") && !name.ends_with(".sjis.xml")
    });
    paths.sort();
    paths.into_iter().map(|path| (entry_of(&path), path)).collect()
}

fn entry_of(path: &Path) -> &'static Entry {
    let name = path.file_name().unwrap().to_string_lossy();
    let (id, _) = name.split_once('_').unwrap();
    CATALOGUE.iter().find(|entry| entry.name == id).unwrap_or_else(|| panic!("no message is called {id}"))
}

#[test]
fn every_golden_file_is_written_again_as_it_was_read() {
    for (entry, path) in files() {
        let utf8 = std::fs::read(&path).unwrap();
        let message = (entry.from_xml)(&utf8).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        assert_same(&path, &message.to_xml(CharacterCode::Utf8));
        neighbour(&path, "sjis.xml", &message.to_xml(CharacterCode::ShiftJis), |bytes| {
            (entry.from_xml)(bytes).unwrap().to_xml(CharacterCode::ShiftJis)
        });
        neighbour(&path, "json", &message.to_json(), |bytes| (entry.from_json)(bytes).unwrap().to_json());
    }
}

#[test]
fn every_message_has_a_golden_file() {
    let files = files();
    for entry in CATALOGUE {
        assert!(files.iter().any(|(of, _)| of.name == entry.name), "{} has no golden file", entry.name);
    }
}

/// The file beside the UTF-8 one holds these bytes, and they are written again as they are read.
fn neighbour(path: &Path, extension: &str, bytes: &[u8], rewritten: impl Fn(&[u8]) -> Vec<u8>) {
    let path = path.with_extension(extension);
    if std::env::var_os("MADOGUCHI_BLESS").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert_same(&path, bytes);
    assert_same(&path, &rewritten(bytes));
}

#[track_caller]
fn assert_same(path: &Path, bytes: &[u8]) {
    let expected = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let same = expected == bytes;
    assert!(same, "{} differs:\n{}", path.display(), String::from_utf8_lossy(bytes));
}

#[test]
fn a_failure_is_the_published_tree() {
    let text = "要求項目に誤りがあります。(Birthdate)";
    let bytes =
        failure(MessageId::Eligibility, "1319999991", "E0002", text, "20261122090200", CharacterCode::Utf8, b"");
    assert_same(&folder().join("OQSsiquc01res_failure.xml"), &bytes);
}

#[test]
fn every_message_can_fail_in_both_character_sets() {
    for id in MessageId::ALL {
        for code in [CharacterCode::Utf8, CharacterCode::ShiftJis] {
            let bytes = failure(*id, "1319999991", "E0099", "通信に失敗しました。", "20261122090200", code, b"");
            assert!(is_complete(&bytes), "{id:?}");
            let declared = format!("<?xml version=\"1.0\" encoding=\"{}\" standalone=\"no\"?>\n", code.label());
            assert!(bytes.starts_with(declared.as_bytes()));
        }
    }
}
