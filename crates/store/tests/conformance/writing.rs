//! Who may write, and what happens to the others when one write goes wrong.

use madoguchi_store::{Error, Limits, Migrated, Store};

use super::chain::{draft, verified};
use crate::{NOW, Place, process};

pub(crate) async fn a_name_is_taken_once(place: &Place) {
    let second = Store::open(&place.url, process("server-1")).await;
    assert!(matches!(second.map(drop), Err(Error::Locked(_))));
    place.store.close().await;
    Store::open(&place.url, process("server-1")).await.unwrap();
}

pub(crate) async fn another_name_writes_beside(place: &Place) {
    let ingest = Store::open(&place.url, process("ingest")).await.unwrap();
    for _ in 0..20 {
        let (one, other) = tokio::join!(place.store.append(draft("server")), ingest.append(draft("ingest")));
        one.unwrap();
        other.unwrap();
    }
    assert_eq!(verified(&place.store, "server-1").await.len(), 20);
    assert_eq!(verified(&place.store, "ingest").await.len(), 20);
}

pub(crate) async fn a_panic_stops_nothing(place: &Place) {
    let broken: Result<(), Error> = place
        .store
        .write("broken", async |tx| {
            tx.audit(draft("never")).await?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(broken, Err(Error::Refused { .. })));
    place.store.append(draft("kept")).await.unwrap();
    assert_eq!(verified(&place.store, "server-1").await.len(), 1);
}

pub(crate) async fn a_closed_store_only_reads(place: &Place) {
    let waiting: Vec<_> = (0..50).map(|_| place.store.append(draft("in time"))).collect();
    let store = place.store.clone();
    let (answers, ()) = tokio::join!(futures_util::future::join_all(waiting), store.close());
    assert!(answers.iter().all(Result::is_ok));
    assert!(matches!(store.append(draft("too late")).await, Err(Error::NotWritable(_))));
    assert_eq!(verified(&store, "server-1").await.len(), 50);
}

pub(crate) async fn a_reader_writes_nothing(place: &Place) {
    let reader = Store::open_to_read(&place.url).await.unwrap();
    assert!(matches!(reader.append(draft("never")).await, Err(Error::NotWritable(_))));
    place.store.append(draft("kept")).await.unwrap();
    let seen = reader.scan(async |tx| tx.audit_entries("server-1", 1, 10).await).await.unwrap();
    assert_eq!(seen.len(), 1);
}

pub(crate) async fn a_read_changes_nothing(place: &Place) {
    assert!(matches!(place.store.read().audit(draft("never")).await, Err(Error::NotWritable(_))));
    let scanned = place.store.scan(async |tx| tx.audit(draft("never")).await).await;
    assert!(matches!(scanned, Err(Error::NotWritable(_))));
    assert_eq!(verified(&place.store, "server-1").await.len(), 0);
}

pub(crate) async fn a_full_queue_is_busy(place: &Place) {
    let limits = Limits { queue_writes_max: 2, batch_writes_max: 1, ..Limits::default() };
    let store = Store::open_with(&place.url, process("small"), limits).await.unwrap();
    let writes: Vec<_> = (0..200).map(|_| store.append(draft("many"))).collect();
    let answers = futures_util::future::join_all(writes).await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((2..200).contains(&done), "{done} of 200 were taken");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(Error::Busy(_)))));
    assert_eq!(verified(&store, "small").await.len(), done);
}

pub(crate) async fn migrating_again_changes_nothing(place: &Place) {
    let version = Store::schema_version(&place.url).await.unwrap();
    assert_eq!(version, Store::schema_version_expected());
    let again = Store::migrate(&place.url, NOW).await.unwrap();
    assert_eq!(again, Migrated { from: version, to: version });
}
