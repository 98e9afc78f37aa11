//! A disk without space: every refusal is said in Japanese, nothing acknowledged is lost, and when there is space
//! again the same process works on.
//!
//! A file-size limit stands for the full disk: a write then fails in the same way, and the limit can be set and lifted
//! from outside while the demo runs. Its signal is ignored, as a full disk sends none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_model::settings::{Setting, USED};
use std::path::Path;
use std::process::{Command, Stdio};
use support::verb::{Ran, audit_entries, rows, verify};
use support::walk::{logged_in, passed, patient, place, press, records, switch};
use support::{Answer, Browser, Demo, account, text};

/// Bytes: less than the first page of any write-ahead log.
const NO_SPACE: &str = "1024";

#[test]
fn a_full_disk_is_said_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let options = ["--today", "20240520", "--persons", "60", "--seed", "7"];
    // The log is on the same disk.
    let log = folder.path().join("demo.log");
    std::fs::write(&log, " ".repeat(4_096)).unwrap();
    let mut command = without_signal();
    command.stderr(std::fs::File::options().append(true).open(&log).unwrap());
    let mut demo = Demo::start_with(command, &directory, &options);
    let document = demo.document();
    let (institution, card) = (&document["institutions"][0], &document["cards"][0]);
    let name = text(&card["name"]);
    switch(institution, &[(Setting::MedicalCare.code(), USED), (Setting::Surgery.code(), USED)]);
    passed(institution, card, Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    let found = patient(&mut viewer, &name).unwrap();
    let list = records(&found, "care", 202_404, 202_404);
    assert_eq!(viewer.get(&list).unwrap().status, 200);
    let before = rows(&directory);

    limit(&demo, NO_SPACE);
    refused_without_space(&directory, &document, &mut viewer, &list);
    limit(&demo, "unlimited");

    assert_eq!(rows(&directory), before, "something was half written");
    let again = viewer.get(&list).unwrap();
    assert_eq!(again.status, 200, "the same log-in works on: {}", again.body);
    logged_in(institution, "general");
    passed(institution, &document["cards"][1], Answer::Agree);
    assert!(patient(&mut viewer, &text(&document["cards"][1]["name"])).is_some());
    assert_eq!(demo.stop(), Some(0));
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
    let granted = audit_entries(&directory).iter().filter(|entry| entry["action"] == "grant_consent").count();
    assert_eq!(granted, 2);
}

/// Every door while nothing can be written.
fn refused_without_space(directory: &Path, document: &serde_json::Value, viewer: &mut Browser, list: &str) {
    let (institution, card) = (&document["institutions"][0], &document["cards"][1]);
    let (user, password) = account(institution, "general");
    let log_in = Browser::new(&text(&institution["terminal"])).log_in(&user, &password).unwrap();
    assert_eq!((log_in.status, log_in.body.contains("E0099")), (503, true), "{}", log_in.body);
    assert!(log_in.body.contains("ディスクに空きがないため"), "{}", log_in.body);

    let view = viewer.get(list).unwrap();
    assert_eq!((view.status, view.body.contains("E0099")), (503, true), "records without audit entry: {}", view.body);

    let mut kiosk = Browser::new(&text(&institution["kiosk"]));
    let page = place(&mut kiosk, &text(&card["id"]));
    let page = press(&mut kiosk, &page, "pin", "");
    let page = press(&mut kiosk, &page, "confirm", &text(&card["pin"]));
    assert!(page.body.contains("コード"), "{}", page.body);
    assert!(page.body.contains("E0099") || page.body.contains("001"), "{}", page.body);

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/data/RECEIPTC.UKE");
    let taken: Ran = shell("ulimit -S -f 1; ")
        .args(["ingest", "claims", "--enrol", "--dir"])
        .args([directory, &file])
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into();
    assert_eq!(taken.code, Some(1), "{}", taken.text());
    assert!(taken.err.contains("空き"), "{}", taken.err);
}

fn limit(demo: &Demo, bytes: &str) {
    let size = format!("--fsize={bytes}:unlimited");
    let set = Command::new("prlimit").args([&size, "--pid", &demo.process().to_string()]).status();
    assert!(set.expect("prlimit of util-linux is needed").success());
}

/// The binary, started so that a write beyond the limit fails instead of ending it.
fn without_signal() -> Command {
    shell("")
}

fn shell(before: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; {before}exec \"$@\"",), "sh", env!("CARGO_BIN_EXE_madoguchi")]);
    command
}
