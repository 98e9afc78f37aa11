//! Who passes the card reader appears in the folder `face`: at once, once, and only at this institution.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::walk::passed;
use support::{Answer, Demo, text};

/// Rung by the kiosk the agent looks at once; by itself it would after more than twenty seconds.
const AT_ONCE: Duration = Duration::from_secs(20);

#[test]
fn a_result_of_the_reader_appears_once() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let mut demo = Demo::start(&directory, &["--persons", "60", "--seed", "7"]);
    let document = demo.document();
    let (here, there) = (faces(&document["institutions"][0]), faces(&document["institutions"][1]));
    let card = &document["cards"][0];
    passed(&document["institutions"][0], card, Answer::Agree);
    let [file] = appeared(&here).try_into().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let code = text(&document["institutions"][0]["code"]);
    let (key, time) = name
        .strip_prefix(&format!("OQSsiquc01res_face_{code}"))
        .and_then(|rest| rest.strip_suffix(".xml")?.split_once('_'))
        .unwrap_or_else(|| panic!("{name}"));
    assert!(key.len() == 20 && time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    let result = fs::read_to_string(&file).unwrap();
    for part in [
        "<SegmentOfResult>1</SegmentOfResult>".to_owned(),
        format!("<MedicalInstitutionCode>{code}</MedicalInstitutionCode>"),
        format!("<Birthdate>{}</Birthdate>", text(&card["birthdate"])),
        format!("<InsuredIdentificationNumber>{}</InsuredIdentificationNumber>", text(&card["number"])),
    ] {
        assert!(result.contains(&part), "{part} is missing in {result}");
    }

    // Taken away by the program, it does not come again, neither now nor after a kill.
    fs::remove_file(&file).unwrap();
    passed(&document["institutions"][0], &document["cards"][1], Answer::Refuse);
    let [second] = appeared(&here).try_into().unwrap();
    assert_ne!(second, file);
    fs::remove_file(second).unwrap();
    demo.kill();
    let demo = Demo::start(&directory, &[]);
    passed(&demo.document()["institutions"][0], card, Answer::Agree);
    assert_eq!(appeared(&here).len(), 1);
    assert!(names(&there).is_empty(), "another institution's folder");
}

fn faces(institution: &Value) -> PathBuf {
    Path::new(&text(&institution["folders"])).join("face")
}

/// Waits for a result.
fn appeared(folder: &Path) -> Vec<PathBuf> {
    let begun = Instant::now();
    while names(folder).is_empty() {
        assert!(begun.elapsed() < AT_ONCE, "nothing in {}", folder.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("after {:?}", begun.elapsed());
    names(folder)
}

/// Whole files: a name with a dot in front is on its way.
fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).map(|entry| entry.path()).collect()
}
