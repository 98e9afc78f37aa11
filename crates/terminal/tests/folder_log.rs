//! What the folder agent says in its log: the trouble and what to look at, but no name of a file and nothing of its content.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::office::{Office, message, until};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_trouble_is_said_once_and_without_what_belongs_to_a_patient() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process: the agent has threads of its own.
    tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).init();
    let mut office = Office::open().await;

    office.put("patient-4711.txt", message("山田 太郎"));
    until(|| !office.names("err").is_empty()).await;
    fs::rename(office.path("res"), office.path("away")).unwrap();
    office.put("YZKsiquc01req_4711.xml", message("山田 太郎"));
    until(|| log.text().contains("answers cannot be put into the folder res")).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    fs::rename(office.path("away"), office.path("res")).unwrap();
    until(|| log.text().contains("answers can be put into the folder res again")).await;
    office.settled().await;

    fs::rename(office.path("req"), office.path("away")).unwrap();
    until(|| log.text().contains("the folder req cannot be read")).await;
    fs::rename(office.path("away"), office.path("req")).unwrap();
    office.stop().await;
    office.desk().log_in = 403;
    office.start().await;
    office.put("YZKsiquc01req_4711.xml", message("山田 太郎"));
    until(|| log.text().contains("refuses the folder agent's account")).await;
    office.settled().await;

    let text = log.text();
    for line in
        ["moved to the folder err", "answers cannot be put into the folder res", "the folder req cannot be read"]
    {
        assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
    }
    for secret in ["4711", "山田", "secret", "Bearer"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
