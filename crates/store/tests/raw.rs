//! The raw limits do what their names say, on both engines.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::time::Duration;

use madoguchi_model::{day::Timestamp, insurance::InsuranceNumbers};
use madoguchi_store::{DatabaseUrl, Store, raw, test_support};

const TIME: Duration = Duration::from_millis(50);

fn check(url: &DatabaseUrl) {
    let key = InsuranceNumbers::parse("01130012", "12", "700123", "01").unwrap().key();
    assert!(raw::look_ups(url, &[key], 2, TIME).unwrap() > 100.0);
    assert!(raw::look_ups(url, &[], 2, TIME).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let mut urls = vec![DatabaseUrl::sqlite(directory.path().join("store.db"))];
    urls.extend(test_support::cluster().map(|cluster| cluster.database().unwrap()));
    for url in urls {
        Store::migrate(&url, Timestamp::from_micros(0)).await.unwrap();
        tokio::task::spawn_blocking(move || check(&url)).await.unwrap();
    }
}

#[test]
fn durable_rows_leave_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert!(raw::durable_rows(directory.path(), 32, TIME).unwrap() > 32.0);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
