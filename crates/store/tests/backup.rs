//! A backup is a moment: taken while others write it is whole, it never begins anew, and it goes back only into an empty place.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use madoguchi_store::{
    DatabaseUrl, Error, ProcessName, Store, Tx,
    backup::{BackupFault, Contents, Progress, Taken, put_back, take},
    test_support,
};
use support::{NOW, draft};

/// Entries before the backup: some megabytes, so that it takes many steps.
const ENTRIES: usize = 8_000;

fn quiet() -> Progress {
    Arc::new(|_, _| ())
}

async fn contents(url: &DatabaseUrl) -> Contents {
    let store = Store::open_to_read(url).await.unwrap();
    store.scan(async |tx: &mut Tx| tx.contents().await).await.unwrap()
}

/// Fills a store and takes a backup of it while two processes go on writing; the store's contents before and after.
async fn while_written(url: &DatabaseUrl, file: &Path, pace: Option<u64>) -> (Contents, Taken, Contents, u64) {
    Store::migrate(url, NOW).await.unwrap();
    let store = Store::open(url, ProcessName::parse("server-1").unwrap()).await.unwrap();
    let fill = async |tx: &mut Tx| -> madoguchi_store::Result<()> {
        tx.audit_each((0..ENTRIES).map(|number| draft(format!("{number} {}", "x".repeat(600)))).collect()).await
    };
    store.write("fill", fill).await.unwrap();
    let before = contents(url).await;
    let stop = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicU64::new(0));
    let writer = {
        // Another process: its commits are those of another connection.
        let (store, stop, written) =
            (Store::open(url, ProcessName::parse("server-2").unwrap()).await.unwrap(), stop.clone(), written.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                store.append(draft("meanwhile".to_owned())).await.unwrap();
                written.fetch_add(1, Ordering::Relaxed);
            }
            store.close().await;
        })
    };
    let steps = Arc::new(AtomicU64::new(0));
    let far = Arc::new(AtomicU64::new(0));
    let (count, furthest) = (steps.clone(), far.clone());
    let progress: Progress = Arc::new(move |done, _| {
        count.fetch_add(1, Ordering::Relaxed);
        // A copy that began anew would go back.
        assert!(furthest.fetch_max(done, Ordering::Relaxed) <= done);
    });
    let taken = take(url, file, pace, progress).await.unwrap();
    let during = written.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    store.close().await;
    assert!(steps.load(Ordering::Relaxed) > 3);
    (before, taken, contents(url).await, during)
}

async fn check(url: &DatabaseUrl, empty: &DatabaseUrl, directory: &Path) {
    let file = directory.join("copy");
    // A second and a half at least, whatever the disk.
    let (before, taken, after, during) = while_written(url, &file, url.is_sqlite().then_some(4_000_000)).await;
    assert!(during > 3 || !url.is_sqlite(), "only {during} entries were written meanwhile");
    let rows = |contents: &Contents| contents.tables["audit_entries"];
    assert!(rows(&before) <= rows(&taken.contents) && rows(&taken.contents) <= rows(&after));
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
    assert_eq!(mode & 0o777, 0o600);

    // Not into a place that has something.
    let refused = put_back(url, &file, taken.bytes, &taken.sha256, quiet()).await;
    assert!(matches!(refused, Err(BackupFault::NotEmpty(_))), "{refused:?}");
    // One bit, and the end.
    let bytes = std::fs::read(&file).unwrap();
    for spoilt in [
        bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == bytes.len() / 2)).collect::<Vec<u8>>(),
        bytes[..bytes.len() - 1].to_vec(),
    ] {
        let other = directory.join("spoilt");
        std::fs::write(&other, spoilt).unwrap();
        let refused = put_back(empty, &other, taken.bytes, &taken.sha256, quiet()).await;
        assert!(matches!(refused, Err(BackupFault::Damaged { .. })), "{refused:?}");
        assert_eq!(Store::schema_version(empty).await.unwrap(), 0, "something was left");
    }

    // Thrown away, it leaves an empty place again; kept, it is the moment of the backup.
    let restoring = put_back(empty, &file, taken.bytes, &taken.sha256, quiet()).await.unwrap();
    restoring.discard().await.unwrap();
    let restoring = put_back(empty, &file, taken.bytes, &taken.sha256, quiet()).await.unwrap();
    assert_eq!(contents(restoring.url()).await, taken.contents);
    restoring.keep().await.unwrap();
    assert_eq!(contents(empty).await, taken.contents);
    let store = Store::open(empty, ProcessName::parse("server-1").unwrap()).await.unwrap();
    let next = store.append(draft("after".to_owned())).await.unwrap();
    assert_eq!(next.sequence, i64::try_from(ENTRIES).unwrap() + 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_store_is_copied_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let url = |name: &str| DatabaseUrl::sqlite(directory.path().join(name));
    check(&url("store.db"), &url("empty.db"), directory.path()).await;
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name.to_string_lossy().contains("restoring"));
    assert!(names.is_empty(), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_store_is_dumped_while_it_is_written() {
    let Some(cluster) = test_support::cluster() else { return };
    let directory = tempfile::tempdir().unwrap();
    check(&cluster.database().unwrap(), &cluster.database().unwrap(), directory.path()).await;
}

#[tokio::test]
async fn what_a_killed_restore_left_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
    Store::migrate(&url, NOW).await.unwrap();
    let file = directory.path().join("copy");
    let taken = take(&url, &file, None, quiet()).await.unwrap();
    std::fs::write(directory.path().join("empty.db.restoring"), "half").unwrap();
    let empty = DatabaseUrl::sqlite(directory.path().join("empty.db"));
    let restoring = put_back(&empty, &file, taken.bytes, &taken.sha256, quiet()).await.unwrap();
    restoring.keep().await.unwrap();
    assert_eq!(contents(&empty).await, taken.contents);
    // A second copy does not replace the first.
    assert!(matches!(take(&url, &file, None, quiet()).await, Err(BackupFault::NotEmpty(_))));
    assert_eq!(std::fs::metadata(&file).unwrap().len(), taken.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_restored_database_is_opened_by_nobody() {
    let Some(cluster) = test_support::cluster() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (url, empty) = (cluster.database().unwrap(), cluster.database().unwrap());
    Store::migrate(&url, NOW).await.unwrap();
    let file = directory.path().join("copy");
    let taken = take(&url, &file, None, quiet()).await.unwrap();

    let restoring = put_back(&empty, &file, taken.bytes, &taken.sha256, quiet()).await.unwrap();
    assert!(matches!(Store::open_to_read(&empty).await, Err(Error::RestoredHalf)));
    assert!(matches!(Store::migrate(&empty, NOW).await, Err(Error::RestoredHalf)));
    let beside = put_back(&empty, &file, taken.bytes, &taken.sha256, quiet()).await;
    assert!(matches!(beside, Err(BackupFault::Restoring(_))), "two restores at once");

    // Its process dies before it has proved anything: its connection ends, and with it nothing but its claim.
    drop(restoring);
    let again = put_back(&empty, &file, taken.bytes, &taken.sha256, quiet()).await.unwrap();
    again.keep().await.unwrap();
    assert_eq!(contents(&empty).await, taken.contents);
}
