//! The folder agent is killed between any two of its steps: each request has exactly one answer all the same. Where it was
//! killed is what lies in `.work`.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use support::office::{Office, id, message, until};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn after_taking_the_request_is_asked_again_with_its_id() {
    let mut office = Office::closed().await;
    let id = id(Duration::from_secs(5), 1);
    fs::write(office.path(&format!(".work/taken/{id}__OQSsiquc01req_1.xml")), message("1")).unwrap();
    office.start().await;
    assert_eq!(office.fetch("OQSsiquc01res_1.xml").await, format!("answer to {}", message("1")));
    office.settled().await;
    let [asked] = office.asked("OQSsiquc01req_1.xml").try_into().unwrap();
    assert_eq!(asked.id, id);
    assert!(office.names("res").is_empty());
}

#[tokio::test]
async fn while_the_answer_is_written_the_request_is_asked_again() {
    let mut office = Office::closed().await;
    let id = id(Duration::from_secs(5), 1);
    fs::write(office.path(&format!(".work/taken/{id}__OQSsiurl01req_1.xml")), message("1")).unwrap();
    // The file that goes beside it is whole, the answer is not: nothing is recorded.
    fs::write(office.path(&format!(".work/ready/{id}_1__OQSsiurl01res_1.pdf")), "old").unwrap();
    fs::write(office.path(&format!(".work/ready/{id}_0__OQSsiurl01res_1.xml.part")), "half").unwrap();
    office.start().await;
    assert_eq!(office.fetch("OQSsiurl01res_1.xml").await, format!("answer to {}", message("1")));
    office.settled().await;
    assert!(office.names(".work/ready").is_empty() && office.names("res").is_empty());
}

#[tokio::test]
async fn a_recorded_answer_is_delivered_and_not_asked_again() {
    let mut office = Office::closed().await;
    let (one, two) = (id(MINUTE, 1), id(MINUTE, 2));
    // Killed before and after the taken request was removed.
    fs::write(office.path(&format!(".work/taken/{one}__OQSsiquc01req_1.xml")), message("1")).unwrap();
    fs::write(office.path(&format!(".work/ready/{one}_0__OQSsiquc01res_1.xml")), "recorded 1").unwrap();
    fs::write(office.path(&format!(".work/ready/{two}_0__OQSsiurl01res_2.xml")), "recorded 2").unwrap();
    fs::write(office.path(&format!(".work/ready/{two}_1__OQSsiurl01res_2.pdf")), "pdf").unwrap();
    office.start().await;
    assert_eq!(office.fetch("OQSsiquc01res_1.xml").await, "recorded 1");
    assert_eq!(office.fetch("OQSsiurl01res_2.xml").await, "recorded 2");
    assert_eq!(office.fetch("OQSsiurl01res_2.pdf").await, "pdf");
    office.settled().await;
    assert!(office.desk().asked.is_empty());
    // What the client has taken away never comes back.
    office.stop().await;
    office.start().await;
    office.settled().await;
    assert!(office.names("res").is_empty() && office.desk().asked.is_empty());
}

#[tokio::test]
async fn answers_of_one_name_keep_their_order_across_a_restart() {
    let mut office = Office::closed().await;
    let (older, newer) = (id(MINUTE, 1), id(Duration::from_secs(1), 2));
    fs::write(office.path(&format!(".work/ready/{older}_0__OQSsiquc01res_1.xml")), "older").unwrap();
    fs::write(office.path(&format!(".work/taken/{newer}__OQSsiquc01req_1.xml")), message("newer")).unwrap();
    office.start().await;
    office.settled().await;
    assert_eq!(office.fetch("OQSsiquc01res_1.xml").await, format!("answer to {}", message("newer")));
}

#[tokio::test]
async fn a_stop_in_the_middle_loses_nothing() {
    let mut office = Office::open().await;
    for number in 0..60 {
        let name = format!("OQSsiquc01req_{number}.xml");
        office.desk().slow.insert(name.clone(), Duration::from_millis(200));
        office.put(&name, message(&number.to_string()));
    }
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        office.stop().await;
        office.start().await;
    }
    until(|| office.names("res").len() == 60).await;
    office.settled().await;
    for number in 0..60 {
        let answer = office.fetch(&format!("OQSsiquc01res_{number}.xml")).await;
        assert_eq!(answer, format!("answer to {}", message(&number.to_string())));
    }
}

#[tokio::test]
async fn a_server_that_stays_away_is_answered_for_when_the_minute_is_over() {
    let mut office = Office::closed().await;
    office.desk().exchange = 503;
    let (old, new) = (id(55 * MINUTE, 1), id(Duration::from_secs(45), 2));
    fs::write(office.path(&format!(".work/taken/{old}__OQSsiquc01req_1.xml")), message("1")).unwrap();
    fs::write(office.path(&format!(".work/taken/{new}__YZKsiquc01req_1.xml")), message("1")).unwrap();
    office.start().await;
    let begun = Instant::now();
    let answer = office.fetch("OQSsiquc01res_1.xml").await;
    assert!(answer.contains("E0099") && answer.contains("<SegmentOfResult>9<"), "{answer}");
    assert!(begun.elapsed() >= Duration::from_secs(9), "it is tried: {:?}", begun.elapsed());
    let answer = office.fetch("YZKsiquc01res_1.xml").await;
    assert!(answer.contains("通信に失敗しました"), "{answer}");
    assert!(begun.elapsed() >= Duration::from_secs(14), "its own minute: {:?}", begun.elapsed());
    office.desk().exchange = 0;
    office.settled().await;
    assert!(office.names("res").is_empty());
}

#[tokio::test]
async fn a_folder_of_answers_that_cannot_be_written_holds_the_answers_until_it_can() {
    let office = Office::open().await;
    // A folder of the answer's name stands in its way; others go on.
    fs::create_dir(office.path("res/OQSsiquc01res_1.xml")).unwrap();
    office.put("OQSsiquc01req_1.xml", message("1"));
    office.put("OQSsiquc01req_2.xml", message("2"));
    office.fetch("OQSsiquc01res_2.xml").await;
    until(|| office.names(".work/ready").len() == 1).await;
    fs::remove_dir(office.path("res/OQSsiquc01res_1.xml")).unwrap();
    assert_eq!(office.fetch("OQSsiquc01res_1.xml").await, format!("answer to {}", message("1")));

    // The share is away.
    fs::rename(office.path("res"), office.path("res-away")).unwrap();
    for number in 1..=3 {
        office.put(&format!("OQSsiquc01req_{number}.xml"), message("3"));
    }
    until(|| office.names(".work/ready").len() == 3).await;
    fs::rename(office.path("res-away"), office.path("res")).unwrap();
    for number in 1..=3 {
        office.fetch(&format!("OQSsiquc01res_{number}.xml")).await;
    }
    office.settled().await;
    assert_eq!(office.desk().asked.len(), 5);
}

#[tokio::test]
async fn a_working_folder_that_is_away_leaves_the_requests_where_they_are() {
    let office = Office::open().await;
    fs::rename(office.path(".work/taken"), office.path(".work/away")).unwrap();
    office.put("OQSsiquc01req_1.xml", message("1"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(office.names("req"), ["OQSsiquc01req_1.xml"]);
    fs::rename(office.path(".work/away"), office.path(".work/taken")).unwrap();
    office.fetch("OQSsiquc01res_1.xml").await;
}
