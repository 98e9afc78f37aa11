//! The folder agent's settings: the real agent's files, encrypted files, what was left behind, and refusals to start.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::time::{Duration, SystemTime};

use madoguchi_terminal::{ConfigFault, FolderConfig, FolderFault, PassPhrase};
use support::office::{Office, message, until};
use zip::write::SimpleFileOptions;
use zip::{AesMode, ZipArchive, ZipWriter};

const PASS_PHRASE: &str = "合言葉123";

fn sealed(text: &str, pass_phrase: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("request.xml", SimpleFileOptions::default().with_aes_encryption(AesMode::Aes256, pass_phrase))
        .unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

fn unsealed(bytes: &[u8]) -> (String, String) {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert!(archive.by_index(0).is_err(), "not encrypted");
    let mut file = archive.by_index_decrypt(0, PASS_PHRASE.as_bytes()).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    (file.name().to_owned(), text)
}

#[tokio::test]
async fn encrypted_requests_have_encrypted_answers_and_the_server_sees_neither() {
    let mut office = Office::closed().await;
    fs::write(office.path("conf/encrypt.conf"), "OQS=e\nOQSmu=n\n").unwrap();
    let config = FolderConfig { pass_phrase: PassPhrase::new(PASS_PHRASE), ..office.config() };
    office.try_start(config).await.unwrap();
    office.put("OQSsiquc01req_1.xml", sealed(&message("1"), PASS_PHRASE));
    let answer = office.read("res/OQSsiquc01res_1.xml").await;
    assert_eq!(unsealed(&answer), ("OQSsiquc01res_1.xml".into(), format!("answer to {}", message("1"))));
    assert_eq!(office.asked("OQSsiquc01req_1.xml")[0].body, message("1").into_bytes());

    // Neighbours that are not to be encrypted are not.
    for name in ["OQSmuquc01req_1.xml", "YZKsiquc01req_1.xml"] {
        office.put(name, message("2"));
        assert_eq!(office.fetch(&name.replace("req", "res")).await, format!("answer to {}", message("2")));
    }
    for (number, wrong) in
        [sealed(&message("3"), "another"), message("3").into_bytes(), b"PK\x03\x04".to_vec()].into_iter().enumerate()
    {
        office.put(&format!("OQSsiquc01req_w{number}.xml"), wrong);
        let answer = office.read(&format!("res/OQSsiquc01res_w{number}.xml")).await;
        let (_, text) = unsealed(&answer);
        assert!(text.contains("E0007") && text.contains("復号に失敗しました"), "{text}");
    }
    assert_eq!(office.desk().asked.len(), 3);
}

#[tokio::test]
async fn what_nobody_fetched_is_removed_after_its_time() {
    let mut office = Office::closed().await;
    fs::write(office.path("conf/UserDefinition.property"), "ResponseFileStayTime=30\n").unwrap();
    let put = |path: &str, minutes: u64| {
        let file = fs::File::create(office.path(path)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(minutes * 60)).unwrap();
    };
    let face = |key: &str| format!("face/OQSsiquc01res_face_{key}_20260401120000.xml");
    put("res/OQSsiquc01res_old.xml", 31);
    put("res/OQSsiquc01res_new.xml", 29);
    put("res/of-the-client.txt", 3_000);
    put("err/old.xml", 31);
    put(&face("old"), 24 * 60 + 1);
    put(&face("new"), 24 * 60 - 1);
    office.start().await;
    until(|| !office.path(&face("old")).exists()).await;
    assert_eq!(office.names("res"), ["OQSsiquc01res_new.xml", "of-the-client.txt"]);
    assert!(office.names("err").is_empty());
    assert_eq!(office.names("face").len(), 1);
}

#[tokio::test]
async fn what_cannot_work_is_refused_at_the_start() {
    let mut office = Office::closed().await;
    fs::write(office.path("conf/encrypt.conf"), "OQS=e\n").unwrap();
    let fault = office.try_start(office.config()).await.unwrap_err();
    assert!(matches!(fault, ConfigFault::Folder(FolderFault::NoPassPhrase)), "{fault}");

    fs::write(office.path("conf/encrypt.conf"), "OQS=x\n").unwrap();
    let fault = office.try_start(office.config()).await.unwrap_err().to_string();
    assert!(fault.contains("encrypt.conf：1行目のOQS"), "{fault}");

    fs::remove_file(office.path("conf/encrypt.conf")).unwrap();
    let missing = FolderConfig { encryption: Some(office.path("nowhere.conf")), ..office.config() };
    let fault = office.try_start(missing).await.unwrap_err().to_string();
    assert!(fault.contains("nowhere.conf"), "{fault}");

    let often = FolderConfig { poll: Duration::from_millis(1), ..office.config() };
    let fault = office.try_start(often).await.unwrap_err().to_string();
    assert!(fault.contains("1ミリ秒") && fault.contains("20から10000"), "{fault}");

    fs::write(office.path("file"), "").unwrap();
    let no_folder = FolderConfig { root: office.path("file"), ..office.config() };
    let fault = office.try_start(no_folder).await.unwrap_err().to_string();
    assert!(fault.contains("連携フォルダで使えません"), "{fault}");

    office.start().await;
    let busy = office.config();
    let running = std::mem::replace(&mut office, Office::closed().await);
    let fault = office.try_start(busy).await.unwrap_err();
    assert!(matches!(fault, ConfigFault::Folder(FolderFault::Busy(_))), "{fault}");
    drop(running);
}
