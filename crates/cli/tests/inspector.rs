//! The demo's inspector: what a vendor dropped into the folder is shown beside its answer, with the rule that it breaks.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{Browser, Demo, text};

fn request(institution: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>\
         <MedicalInstitutionCode>{institution}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>desk1</ArbitraryFileIdentifier></MessageHeader><MessageBody/></XmlMsg>\n"
    )
}

/// Drops a request and waits for its answer.
fn answered(folders: &Path, part: &str, content: &str) -> String {
    let hidden = folders.join("req").join(format!(".{part}"));
    fs::write(&hidden, content).unwrap();
    fs::rename(hidden, folders.join("req").join(format!("OQSsiinq01req_{part}.xml"))).unwrap();
    let answer = folders.join("res").join(format!("OQSsiinq01res_{part}.xml"));
    let begun = Instant::now();
    while !answer.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no answer to {part}");
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::read_to_string(answer).unwrap()
}

fn line<'a>(side: &'a Value, element: &str) -> &'a Value {
    let lines = side["explained"]["lines"].as_array().unwrap();
    lines.iter().find(|line| line["element"] == element).unwrap()
}

#[test]
fn exchanges_are_shown_with_the_rules_that_they_break() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(directory.path(), &["--persons", "60", "--today", "20260615", "--seed", "7"]);
    let document = demo.document();
    let institution = &document["institutions"][0];
    let (code, folders) = (text(&institution["code"]), PathBuf::from(institution["folders"].as_str().unwrap()));
    assert!(answered(&folders, "good", &request(&code)).contains("<SegmentOfResult>1</SegmentOfResult>"));
    assert!(answered(&folders, "bad", &request(&code[1..])).contains("E0002"));
    assert!(answered(&folders, "empty", "").contains("E0001"));

    let mut home = Browser::new(&text(&document["home"]));
    let list: Value = serde_json::from_str(&home.get("/inspector.json").unwrap().body).unwrap();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|row| row["request"].as_str().unwrap()).collect();
    assert_eq!(names, ["OQSsiinq01req_empty.xml", "OQSsiinq01req_bad.xml", "OQSsiinq01req_good.xml"]);
    let told = |row: &Value| (row["code"].as_str().unwrap().to_owned(), row["broken"] == true, row["failed"] == true);
    let told: Vec<_> = list.as_array().unwrap().iter().map(told).collect();
    assert_eq!(told[0], ("E0001".to_owned(), false, true));
    assert_eq!(told[1], ("E0002".to_owned(), true, true));
    assert_eq!(told[2], (String::new(), false, false));
    let failures = home.get("/inspector?broken=1").unwrap();
    assert_eq!(failures.body.matches("href=\"/inspector/").count(), 2);

    let number = &list[1]["number"];
    let one: Value = serde_json::from_str(&home.get(&format!("/inspector/{number}.json")).unwrap().body).unwrap();
    assert!(line(&one["request"], "MedicalInstitutionCode")["broken"].as_str().unwrap().contains("数字10桁"));
    assert_eq!(line(&one["request"], "ArbitraryFileIdentifier")["broken"], Value::Null);
    assert_eq!(line(&one["answer"], "ErrorCode")["value"], "E0002");
    assert_eq!(line(&one["answer"], "SegmentOfResult")["meaning"], "異常終了");

    let page = home.get(&format!("/inspector/{number}")).unwrap();
    assert!(page.body.contains("class=\"broken\"") && page.body.contains("医療機関コード"), "{}", page.body);
    let found = home.get("/inspector?words=good").unwrap();
    assert!(found.body.contains("OQSsiinq01req_good.xml") && !found.body.contains("OQSsiinq01req_bad.xml"));
    assert_eq!(
        home.get(&format!("/inspector?institution={code}0")).unwrap().body.matches("href=\"/inspector/").count(),
        0
    );
    assert_eq!(home.get("/inspector/99").unwrap().status, 404);
    assert_eq!(demo.stop(), Some(0));
}
