//! A vendor's own claims file: taken into a running demo, its institution and persons can be clicked on
//! at once, and its records are on the screen after consent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_model::settings::{Setting, USED};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::verb::{rows, run, verify};
use support::walk::{logged_in, passed, patient, plain, records, switch};
use support::{Answer, Demo, account, text};

/// A claims file and what it must come to.
struct Sample {
    today: &'static str,
    masters: Vec<PathBuf>,
    file: PathBuf,
    institution: &'static str,
    receipts: u64,
    payers: u64,
    points: u64,
    persons: usize,
    /// Somebody in the file.
    person: &'static str,
    month: u32,
    /// What the records say, in this order.
    shown: &'static [&'static str],
}

#[test]
fn a_small_file() {
    check(&Sample {
        today: "20240501",
        masters: Vec::new(),
        file: Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/data/RECEIPTC.UKE"),
        institution: "1310000001",
        receipts: 1,
        payers: 1,
        points: 1234,
        persons: 1,
        person: "見本　花子",
        month: 202_403,
        shown: &["水晶体再建術", "１日３回食後", "7日分"],
    });
}

#[test]
fn the_public_sample() {
    let Some(data) = std::env::var_os("MADOGUCHI_SHARED_DATA").map(PathBuf::from) else {
        println!("SKIPPED: MADOGUCHI_SHARED_DATA names no folder with the public sample of claims and the masters");
        return;
    };
    let masters = std::fs::read_dir(data.join("masters")).unwrap().map(|entry| entry.unwrap().path());
    check(&Sample {
        today: "20211201",
        masters: masters.filter(|path| path.extension().is_some_and(|extension| extension == "zip")).collect(),
        file: data.join("claims/RECEIPTC_GAIRAI_SAMPLE.UKE"),
        institution: "1210000000",
        receipts: 75,
        payers: 140,
        points: 86_392,
        persons: 75,
        person: "テスト　汎用",
        month: 202_110,
        shown: &["水晶体再建術"],
    });
}

fn check(sample: &Sample) {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let demo = Demo::start(&directory, &["--today", sample.today, "--persons", "60", "--seed", "7"]);
    let before = demo.document();
    let file = sample.file.to_str().unwrap();
    if !sample.masters.is_empty() {
        let masters: Vec<&str> = sample.masters.iter().map(|path| path.to_str().unwrap()).collect();
        let taken = run(&directory, &["ingest", "masters"], &masters);
        assert_eq!(taken.code, Some(0), "{}", taken.text());
    }

    let taken = run(&directory, &["ingest", "claims"], &["--enrol", "--json", file]);
    assert_eq!(taken.code, Some(0), "{}", taken.text());
    let report = taken.json();
    let expected = json!({
        "outcome": "taken", "institution": sample.institution,
        "receipts": sample.receipts, "taken": sample.receipts, "refused": 0, "unattached": 0,
        "persons_enrolled": sample.persons, "institution_enrolled": true,
        "totals": {
            "payers_stated": sample.payers, "payers_counted": sample.payers,
            "points_stated": sample.points, "points_counted": sample.points, "agree": true,
        },
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&report[field], value, "{field}: {report:#}");
    }

    let document = taken_up(&demo, &before, sample.persons);
    let institutions = document["institutions"].as_array().unwrap();
    let institution = institutions.iter().find(|entry| entry["code"] == sample.institution).unwrap();
    assert_eq!(institution["accounts"].as_array().unwrap().len(), 8, "{institution:#}");
    again_changes_nothing(&directory, file, &document, &demo);
    assert_shown(sample, institution, &document, &directory);
    neighbour_sees_nothing(&institutions[0], sample.person);
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

/// `demo.json` of the running demo once it has the new cards.
fn taken_up(demo: &Demo, before: &Value, persons: usize) -> Value {
    let cards = |document: &Value| document["cards"].as_array().unwrap().len();
    let begun = Instant::now();
    loop {
        let document = demo.document();
        if cards(&document) == cards(before) + persons {
            return document;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{} cards", cards(&document));
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn again_changes_nothing(directory: &Path, file: &str, document: &Value, demo: &Demo) {
    let stored = rows(directory);
    for options in [&["--enrol", "--json", file][..], &["--json", file]] {
        let again = run(directory, &["ingest", "claims"], options);
        assert_eq!(again.code, Some(0), "{}", again.text());
        let report = again.json();
        assert_eq!((&report["outcome"], &report["taken"]), (&json!("taken_before"), &json!(0)), "{report:#}");
        assert_eq!(rows(directory), stored);
    }
    assert_eq!(&demo.document(), document);
}

fn assert_shown(sample: &Sample, institution: &Value, document: &Value, directory: &Path) {
    switch(institution, &[(Setting::MedicalCare.code(), USED), (Setting::Surgery.code(), USED)]);
    let cards = document["cards"].as_array().unwrap();
    let card = cards.iter().find(|card| card["name"] == sample.person).unwrap();
    let file = sample.file.file_name().unwrap().to_str().unwrap();
    assert!(text(&card["story"]).contains(file), "{card}");
    passed(institution, card, Answer::Agree);

    let mut viewer = logged_in(institution, "viewer");
    let patient = patient(&mut viewer, sample.person).unwrap();
    let list = viewer.get(&records(&patient, "care", sample.month, sample.month)).unwrap();
    assert_eq!(list.status, 200, "{}", list.body);
    let shown = plain(&list);
    let mut rest = shown.as_str();
    for expected in sample.shown {
        let place = rest.find(expected).unwrap_or_else(|| panic!("{expected} is not in {shown}"));
        rest = &rest[place..];
    }
    let elsewhere = viewer.get(&records(&patient, "care", sample.month - 1, sample.month - 1)).unwrap();
    assert!(!plain(&elsewhere).contains(sample.shown[0]), "a month without care shows it");
    let pdf = viewer.get(&records(&patient, "care", sample.month, sample.month).replace("records?", "records.pdf?"));
    assert!(pdf.unwrap().body.starts_with("%PDF"));
    let entries = support::verb::audit_entries(directory);
    let views = entries.iter().filter(|entry| entry["institution"] == sample.institution);
    assert!(views.filter(|entry| text(&entry["action"]).starts_with("view")).count() >= 2, "{entries:#?}");
}

/// Another institution's viewer doesn't find the patient.
fn neighbour_sees_nothing(institution: &Value, person: &str) {
    assert!(!account(institution, "viewer").0.is_empty());
    assert_eq!(patient(&mut logged_in(institution, "viewer"), person), None);
}
