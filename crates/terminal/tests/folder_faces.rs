//! Results of the reader into the folder `face`: each once, across restarts.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::fs;
use std::time::Duration;

use madoguchi_terminal::{FolderConfig, PassPhrase};
use support::CODE;
use support::office::{Office, until};

fn face(number: u32) -> (String, String, Vec<u8>) {
    let name = format!("OQSsiquc01res_face_{CODE}{number:020x}_20260401120000.xml");
    (format!("{number:032x}"), name, format!("result {number}").into_bytes())
}

/// A mark lets the agent visit the server at its start instead of half a minute later.
fn ring(office: &Office) {
    let (id, name, _) = face(999);
    fs::write(office.path(&format!(".work/face/{id}__{name}")), "").unwrap();
}

#[tokio::test]
async fn each_result_appears_once_and_the_server_is_told() {
    let mut office = Office::closed().await;
    office.desk().faces = (1..=3).map(face).collect();
    ring(&office);
    office.start().await;
    until(|| office.desk().faces.is_empty()).await;
    until(|| office.names(".work/face").is_empty()).await;
    let names: Vec<String> = (1..=3).map(|number| face(number).1).collect();
    assert_eq!(office.names("face"), names);
    assert_eq!(fs::read(office.path("face").join(&names[1])).unwrap(), b"result 2");
}

#[tokio::test]
async fn a_result_whose_delivery_was_not_heard_of_is_not_delivered_again() {
    let mut office = Office::closed().await;
    office.desk().faces = vec![face(1)];
    office.desk().face_taken = 503;
    ring(&office);
    office.start().await;
    // The mark of the bell is in the way first: the server does not hear of that one either.
    tokio::time::sleep(Duration::from_millis(500)).await;
    office.stop().await;
    office.desk().face_taken = 0;
    office.start().await;
    let name = face(1).1;
    assert_eq!(office.read(&format!("face/{name}")).await, b"result 1");
    until(|| office.names(".work/face").is_empty()).await;

    // Delivered, taken away by the client, but the server never heard of it.
    office.stop().await;
    fs::remove_file(office.path("face").join(&name)).unwrap();
    office.desk().faces = vec![face(1), face(2)];
    fs::write(office.path(&format!(".work/face/{}__{name}", face(1).0)), "").unwrap();
    office.start().await;
    until(|| office.desk().faces.is_empty()).await;
    assert_eq!(office.names("face"), [face(2).1]);
}

#[tokio::test]
async fn between_mark_and_place_the_result_is_not_lost() {
    let mut office = Office::closed().await;
    let ((id, name, _), (half, _, _)) = (face(1), face(2));
    office.desk().faces = vec![face(1), face(2)];
    fs::write(office.path(&format!("face/.{id}.part")), "result 1").unwrap();
    fs::write(office.path(&format!(".work/face/{id}__{name}")), "").unwrap();
    // Half written: there is no mark yet.
    fs::write(office.path(&format!("face/.{half}.part")), "resu").unwrap();
    office.start().await;
    until(|| office.desk().faces.is_empty()).await;
    assert_eq!(office.names("face"), [name, face(2).1.clone()]);
    assert_eq!(fs::read(office.path("face").join(face(2).1)).unwrap(), b"result 2");
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_not_written() {
    for (id, name) in [
        ("../../x", face(1).1),
        (face(1).0.as_str(), "../outside.xml".into()),
        (face(1).0.as_str(), "OQSsiquc01res_face_/../../outside_20260401120000.xml".into()),
    ] {
        let mut office = Office::closed().await;
        office.desk().faces = vec![(id.to_owned(), name, b"x".to_vec())];
        ring(&office);
        office.start().await;
        until(|| office.names(".work/face").is_empty()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(office.names("face").is_empty() && !office.path("outside.xml").exists());
    }
}

#[tokio::test]
async fn the_setting_files_say_where_results_go_and_whether() {
    let mut office = Office::closed().await;
    fs::write(office.path("conf/UserDefinitionForFace.property"), "FaceDataDir=elsewhere\nOutputFlg=true\n").unwrap();
    fs::write(office.path("conf/encrypt_face.conf"), "OQSsiquc01=e\n").unwrap();
    office.desk().faces = vec![face(1)];
    ring(&office);
    let config = FolderConfig { pass_phrase: PassPhrase::new("合言葉"), ..office.config() };
    office.try_start(config.clone()).await.unwrap();
    let bytes = office.read(&format!("elsewhere/{}", face(1).1)).await;
    assert!(bytes.starts_with(b"PK") && office.names("face").is_empty());

    office.stop().await;
    fs::write(office.path("conf/UserDefinitionForFace.property"), "OutputFlg=false\n").unwrap();
    office.desk().faces = vec![face(2)];
    ring(&office);
    office.try_start(config).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(office.desk().faces.len(), 1, "nobody writes it, so nobody takes it");
    assert!(office.names("face").is_empty());
}
