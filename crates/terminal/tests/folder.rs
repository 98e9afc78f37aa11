//! The folder agent from a file in `req` to its answer in `res`, against a stand-in for the server's machine port.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use support::office::{Office, answer_name, message, until};

const NAME: &str = "OQSsiquc01req_202604010001.xml";
const ANSWER: &str = "OQSsiquc01res_202604010001.xml";

#[tokio::test]
async fn a_request_disappears_at_once_and_its_bytes_pass_as_they_are() {
    let office = Office::open().await;
    office.desk().slow.insert(NAME.into(), Duration::from_millis(800));
    // Shift_JIS for 「東京」 in a file that says so.
    let body = [
        b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><XmlMsg><MessageHeader>".as_slice(),
        &[0x93, 0x8c, 0x8b, 0x9e],
        b"</MessageHeader></XmlMsg>",
    ]
    .concat();
    office.put(NAME, &body);
    until(|| office.names("req").is_empty()).await;
    assert!(office.names("res").is_empty(), "answered before the server did");
    assert_eq!(office.read(&format!("res/{ANSWER}")).await, [b"answer to ".as_slice(), &body].concat());
    office.settled().await;
    let [asked] = office.asked(NAME).try_into().unwrap();
    assert_eq!(asked.body, body);
    assert_eq!((office.names("res").len(), office.desk().log_ins), (1, 1));
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_not_taken() {
    let office = Office::open().await;
    let text = message(&"x".repeat(3_000));
    let mut file = fs::File::create(office.path("req").join(NAME)).unwrap();
    for part in text.as_bytes().chunks(text.len() / 6 + 1) {
        file.write_all(part).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    drop(file);
    assert_eq!(office.fetch(ANSWER).await, format!("answer to {text}"));
    // Half of it, a pause in which a hasty agent would take it, and the rest.
    let (first, rest) = text.split_at(text.len() / 2);
    fs::write(office.path("req").join(NAME), first).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(office.names("req"), [NAME]);
    fs::File::options().append(true).open(office.path("req").join(NAME)).unwrap().write_all(rest.as_bytes()).unwrap();
    assert_eq!(office.fetch(ANSWER).await, format!("answer to {text}"));
    office.settled().await;
    assert_eq!(office.asked(NAME).len(), 2);
}

#[tokio::test]
async fn garbage_is_answered_five_seconds_after_its_last_change() {
    let office = Office::open().await;
    let begun = Instant::now();
    for (name, garbage) in [
        ("OQSsiquc01req_cut.xml", "<XmlMsg><MessageHeader>"),
        ("OQSsiquc01req_empty.xml", ""),
        ("YZKsiquc01req_text.xml", "no message at all"),
    ] {
        fs::write(office.path("req").join(name), garbage).unwrap();
    }
    // The server sees what was there: it is the one that says what is wrong with it.
    for name in ["OQSsiquc01req_cut.xml", "OQSsiquc01req_empty.xml", "YZKsiquc01req_text.xml"] {
        let answer = office.fetch(&answer_name(name)).await;
        assert!(answer.starts_with("answer to"), "{answer}");
    }
    assert!(begun.elapsed() >= Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(office.names("err").is_empty());
}

#[tokio::test]
async fn what_cannot_be_answered_goes_to_err_beside_its_reason() {
    let office = Office::open().await;
    let long = format!("OQSsiquc01req_{}.xml", "a".repeat(101));
    let names = ["memo.txt", "OQSnothing01req_1.xml", "OQSsiquc01res_1.xml", "OQSsiquc01req_患者.xml", &long];
    for name in names {
        office.put(name, message("1"));
    }
    fs::write(office.path("secret"), "秘密").unwrap();
    std::os::unix::fs::symlink(office.path("secret"), office.path("req").join(NAME)).unwrap();
    fs::create_dir(office.path("req/folder")).unwrap();
    let hidden = [".hidden.xml", "OQSsiquc01req_2.xml.tmp", "OQSsiquc01req_3.xml~", "~OQSsiquc01req_4.xml"];
    for name in hidden {
        fs::write(office.path("req").join(name), message("1")).unwrap();
    }
    let begun = Instant::now();
    until(|| office.names("err").len() == 12).await;
    assert!(begun.elapsed() >= Duration::from_secs(4), "a client may be about to rename it: {:?}", begun.elapsed());
    for name in names {
        assert_eq!(fs::read_to_string(office.path("err").join(name)).unwrap(), message("1"), "{name}");
        let reason = fs::read_to_string(office.path("err").join(format!("{name}.txt"))).unwrap();
        assert!(reason.contains("電文種別が判別できません"), "{reason}");
    }
    let reason = fs::read_to_string(office.path(&format!("err/{NAME}.txt"))).unwrap();
    assert!(reason.contains("シンボリックリンク"), "{reason}");
    assert!(fs::symlink_metadata(office.path("err").join(NAME)).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(office.path("secret")).unwrap(), "秘密");

    office.put("memo.txt", "again");
    until(|| office.path("err/2_memo.txt").exists()).await;
    assert_eq!(fs::read_to_string(office.path("err/memo.txt")).unwrap(), message("1"));
    let left: Vec<String> = office.names("req");
    assert!(hidden.iter().all(|name| left.contains(&(*name).to_owned())) && left.len() == 5, "{left:?}");
    assert!(office.desk().asked.is_empty() && office.names("res").is_empty());
}

#[tokio::test]
async fn the_same_name_again_is_a_new_request_and_the_later_answer_stands() {
    let office = Office::open().await;
    office.desk().slow.insert(NAME.into(), Duration::from_millis(700));
    for text in ["first", "second", "third"] {
        until(|| office.names("req").is_empty()).await;
        office.put(NAME, message(text));
    }
    // Another name is not held up.
    office.put("OQSsiquc01req_other.xml", message("other"));
    assert_eq!(office.fetch("OQSsiquc01res_other.xml").await, format!("answer to {}", message("other")));
    office.settled().await;
    let bodies: Vec<_> = office.asked(NAME).into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, ["first", "second", "third"].map(|text| message(text).into_bytes()));
    let mut ids: Vec<_> = office.asked(NAME).into_iter().map(|asked| asked.id).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!(office.fetch(ANSWER).await, format!("answer to {}", message("third")));
}

#[tokio::test]
async fn a_session_that_ended_is_renewed_and_a_busy_server_asked_again_with_the_same_id() {
    let office = Office::open().await;
    office.desk().expired = 1;
    office.put(NAME, message("1"));
    office.fetch(ANSWER).await;
    assert_eq!((office.asked(NAME).len(), office.desk().log_ins), (1, 2));

    office.desk().exchange = 503;
    office.put(NAME, message("2"));
    until(|| office.asked(NAME).len() > 3).await;
    office.desk().exchange = 0;
    assert_eq!(office.fetch(ANSWER).await, format!("answer to {}", message("2")));
    let mut ids: Vec<_> = office.asked(NAME).into_iter().map(|asked| asked.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 2, "one request, one id");
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let mut office = Office::closed().await;
    // Long over its minute: but the server is there, and says when to come back.
    let id = support::office::id(Duration::from_secs(600), 1);
    fs::write(office.path(&format!(".work/taken/{id}__{NAME}")), message("1")).unwrap();
    office.desk().exchange = 429;
    office.start().await;
    until(|| office.asked(NAME).len() >= 3).await;
    assert!(office.names("res").is_empty());
    office.desk().exchange = 0;
    assert_eq!(office.fetch(ANSWER).await, format!("answer to {}", message("1")));
}

#[tokio::test]
async fn a_wrong_account_is_said_in_each_answer_and_not_tried_until_it_locks() {
    let office = Office::closed().await;
    office.desk().log_in = 403;
    let mut office = office;
    office.start().await;
    for number in 1..=5 {
        office.put(&format!("OQSsiquc01req_{number}.xml"), message("1"));
        let answer = office.fetch(&format!("OQSsiquc01res_{number}.xml")).await;
        assert!(answer.contains("E0010") && answer.contains("認証に失敗しました"), "{answer}");
    }
    office.put("YZKsiquc01req_1.xml", message("1"));
    let answer = office.fetch("YZKsiquc01res_1.xml").await;
    assert!(answer.contains("ResultCode") && answer.contains("認証に失敗しました"), "{answer}");
    assert_eq!(office.desk().log_ins, 1);
}

#[tokio::test]
async fn an_answer_of_several_files_arrives_whole_and_only_under_names_of_its_own() {
    let office = Office::open().await;
    let (xml, pdf) = ("OQSsiurl01res_1.xml".to_owned(), "OQSsiurl01res_1.pdf".to_owned());
    let files = vec![(xml.clone(), b"<a/>".to_vec()), (pdf, vec![0, 159, 146, 150])];
    office.desk().files.insert("OQSsiurl01req_1.xml".into(), files);
    office.put("OQSsiurl01req_1.xml", message("1"));
    office.read("res/OQSsiurl01res_1.xml").await;
    assert_eq!(fs::read(office.path("res/OQSsiurl01res_1.pdf")).unwrap(), [0, 159, 146, 150], "beside the answer");
    // A later answer of the name without a report: the former one does not stay beside it.
    office.desk().files.insert("OQSsiurl01req_1.xml".into(), vec![(xml, b"<b/>".to_vec())]);
    office.put("OQSsiurl01req_1.xml", message("2"));
    until(|| fs::read(office.path("res/OQSsiurl01res_1.xml")).unwrap() == b"<b/>").await;
    assert!(!office.path("res/OQSsiurl01res_1.pdf").exists(), "of the former answer");

    for (number, trick) in ["../outside.xml", "/tmp/x.xml", "OQSsiquc01res_other.xml", "", ".xml"].iter().enumerate() {
        let name = format!("OQSsiquc01req_t{number}.xml");
        office.desk().files.insert(name.clone(), vec![((*trick).to_owned(), b"x".to_vec())]);
        office.put(&name, message("1"));
        let answer = office.fetch(&answer_name(&name)).await;
        assert!(answer.contains("E0099"), "{trick}: {answer}");
    }
    assert!(!office.path("outside.xml").exists() && !office.path("res/OQSsiquc01res_other.xml").exists());
}

#[tokio::test]
async fn what_the_server_does_not_take_is_answered_with_its_reason() {
    let office = Office::open().await;
    office.put("OQSsiquc01req_gone_1.xml", message("1"));
    let answer = office.fetch("OQSsiquc01res_gone_1.xml").await;
    assert!(answer.contains("E0004") && answer.contains("理由E0004"), "{answer}");

    let large = fs::File::create(office.path("req").join(NAME)).unwrap();
    large.set_len(30 * 1024 * 1024 + 1).unwrap();
    let answer = office.fetch(ANSWER).await;
    assert!(answer.contains("E0005") && answer.contains("30メガバイト"), "{answer}");
    assert!(office.asked(NAME).is_empty());
}

#[tokio::test]
async fn own_failures_are_in_the_character_code_that_the_server_told_last() {
    let mut office = Office::open().await;
    office.desk().character_code = Some("1");
    office.put(NAME, message("1"));
    office.fetch(ANSWER).await;
    office.stop().await;
    office.desk().log_in = 403;
    office.start().await;
    office.put(NAME, message("1"));
    let answer = office.read(&format!("res/{ANSWER}")).await;
    // 「認証」 in Shift_JIS.
    assert!(answer.windows(4).any(|bytes| bytes == [0x94, 0x46, 0x8f, 0xd8]), "{}", String::from_utf8_lossy(&answer));
    assert!(String::from_utf8_lossy(&answer).contains("Shift_JIS"));
}

#[tokio::test]
async fn many_requests_at_once_flow_and_each_is_asked_once() {
    let office = Office::open().await;
    for number in 0..600 {
        office.put(&format!("OQSsiquc01req_{number:05}.xml"), message(&number.to_string()));
    }
    until(|| office.names("res").len() == 600).await;
    for number in 0..600 {
        let answer = office.fetch(&format!("OQSsiquc01res_{number:05}.xml")).await;
        assert_eq!(answer, format!("answer to {}", message(&number.to_string())));
    }
    office.settled().await;
    assert_eq!(office.desk().asked.len(), 600);
    assert!(office.names("res").is_empty(), "an answer was delivered again");
}
