//! What is the same promise of both engines below the level of questions: deadlines, and a transaction that is void
//! after its first failure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use madoguchi_model::day::Timestamp;

use super::{Limits, sqlite};
use crate::{DatabaseUrl, Error, ProcessName, Store, sql::Sql, test_support, tx::Tx, value::values};

const NOW: Timestamp = Timestamp::from_micros(0);
const SHORT: Limits = Limits {
    read_deadline: Duration::from_millis(50),
    long_deadline: Duration::from_millis(200),
    lock_wait: Duration::from_secs(10),
    queue_writes_max: 100,
    batch_writes_max: 100,
    writer_cache_mib: 8,
    postgres_connections: 1,
    reads_max: 100,
    scans_max: 1,
    gives_way: false,
};

async fn stores() -> Vec<(Store, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = DatabaseUrl::sqlite(directory.path().join("store.db"));
    let mut places = vec![(sqlite, Some(directory))];
    places.extend(test_support::cluster().map(|cluster| (cluster.database().unwrap(), None)));
    let mut stores = Vec::new();
    for (url, directory) in places {
        Store::migrate(&url, NOW).await.unwrap();
        let process = ProcessName::parse("server-1").unwrap();
        stores.push((Store::open_with(&url, process, SHORT).await.unwrap(), directory));
    }
    stores
}

async fn endless(tx: &mut Tx) -> Result<i64, Error> {
    const SQL: Sql = Sql::report(
        "WITH RECURSIVE numbers(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers)
         SELECT max(n) FROM numbers WHERE n > $1",
    );
    Ok(tx.row(SQL, &values![0], |row| row.int(0)).await?.unwrap_or(0))
}

#[tokio::test]
async fn what_takes_too_long_is_stopped_and_the_next_goes_on() {
    for (store, _directory) in stores().await {
        let begun = Instant::now();
        assert!(matches!(endless(&mut store.read()).await, Err(Error::Deadline(_))));
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(matches!(store.scan(endless).await, Err(Error::Deadline(_))));
        assert!(matches!(store.write("endless", endless).await, Err(Error::Deadline(_))));
        assert_eq!(store.write("next", async |tx| tx.count_persons().await).await.unwrap(), 0);
        assert_eq!(store.read().count_persons().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn nothing_of_a_write_with_a_failed_statement_stays() {
    for (store, _directory) in stores().await {
        let outcome: Result<(), Error> = store
            .write("careless", async |tx| {
                tx.mark("one").await?;
                assert!(matches!(tx.mark("one").await, Err(Error::Conflict(_))));
                // The job goes on as if nothing had happened.
                assert!(matches!(tx.mark("two").await, Err(Error::Conflict(_))));
                Ok(())
            })
            .await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert_eq!(store.read().person_by_card("one").await.unwrap(), None);
        store.write("next", async |tx| tx.mark("one").await).await.unwrap();
        assert!(store.read().person_by_card("one").await.unwrap().is_some());
    }
}

/// A read may wait on any thread of the server, so its future has to be able to move.
#[tokio::test]
async fn reads_can_be_spawned() {
    for (store, _directory) in stores().await {
        let asked = tokio::spawn(async move {
            let mut tx = store.read();
            let first = tx.persons_after(None, 1).await?;
            Ok::<_, Error>(first.len() + tx.institutions().await?.len())
        });
        assert_eq!(asked.await.unwrap().unwrap(), 0);
    }
}

/// What a request asks without waiting is of one moment on SQLite, so that a list and its rows fit; but it never misses what
/// it wrote itself, and nothing stays open behind it.
#[tokio::test]
async fn a_request_asks_at_one_moment_until_it_waits_or_writes() {
    for (store, directory) in stores().await {
        let Some(directory) = directory else { continue };
        let other = rusqlite::Connection::open(directory.path().join("store.db")).unwrap();
        let insert = "INSERT INTO card_certificates (serial, person_id, registered_at) VALUES (?1, zeroblob(16), 0)";
        let others_write = |serial: &str| assert_eq!(other.execute(insert, [serial]).unwrap(), 1);
        let seen = async |serial: &str| store.read().person_by_card(serial).await.unwrap().is_some();
        let request = async {
            assert!(!seen("one").await);
            others_write("one");
            // Inside of a moment another one is the same.
            assert!(!store.at_one_moment(seen("one")).await);
            tokio::task::yield_now().await;
            assert!(seen("one").await, "after a wait");
            assert!(!seen("two").await);
            store.write("own", async |tx| tx.mark("two").await).await.unwrap();
            assert!(seen("two").await, "after a write");
            others_write("three");
            let _ = store.writes();
            assert!(seen("three").await, "who asks for a number of writes reads what they wrote");
        };
        store.at_one_moment(request).await;
        assert!(!seen("four").await);
        others_write("four");
        assert!(seen("four").await, "each read stands alone outside of a request");
        let broken_off = store.at_one_moment(async {
            assert!(seen("four").await);
            std::future::pending::<()>().await;
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), broken_off).await.is_err());
        let busy: i64 = other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0, "nobody reads any more");
    }
}

/// A primary that became a standby keeps its connections and refuses every write: they are given up.
#[tokio::test]
async fn a_server_that_refuses_writes_is_left() {
    const PID: Sql =
        Sql::report("SELECT CAST(pg_backend_pid() AS BIGINT) FROM persons RIGHT JOIN (SELECT 1) AS one ON 1 = 1");
    for (store, directory) in stores().await {
        if directory.is_some() {
            continue;
        }
        let pid = async |tx: &mut Tx| tx.row(PID, &[], |row| row.int(0)).await;
        let before = store.write("before", pid).await.unwrap();
        let refused = store.write("refused", async |tx| {
            tx.become_standby().await?;
            tx.mark("one").await
        });
        assert!(matches!(refused.await, Err(Error::Unavailable(_))));
        let until = Instant::now() + Duration::from_secs(5);
        let after = loop {
            match store.write("after", pid).await {
                Err(Error::Unavailable(_) | Error::Locked(_)) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                after => break after.unwrap(),
            }
        };
        assert_ne!(before, after);
    }
}

impl Tx {
    async fn become_standby(&mut self) -> Result<(), Error> {
        self.postgres().expect("PostgreSQL").command("SET TRANSACTION READ ONLY").await
    }

    async fn mark(&mut self, serial: &str) -> Result<(), Error> {
        const SQL: Sql =
            Sql::by_key("INSERT INTO card_certificates (serial, person_id, registered_at) VALUES ($1, $2, 0)");
        self.execute(SQL, &values![serial, [0_u8; 16]]).await.map(drop)
    }
}

/// A thread's connection goes with its store, or every test of a long process would keep a file open.
#[test]
fn connections_of_closed_stores_are_closed() {
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let path = directory.path().join(name);
        sqlite::Session::to_write(&path, &SHORT, true).unwrap();
        let database = sqlite::Database::new(&path, SHORT);
        database.with_session(|session| session.set("SELECT 1")).unwrap();
        database
    };
    let first = open("first.db");
    let second = open("second.db");
    assert_eq!(sqlite::connections_of_this_thread(), 2);
    assert_eq!(Arc::weak_count(&first), 1);
    drop(first);
    second.with_session(|session| session.set("SELECT 1")).unwrap();
    assert_eq!(sqlite::connections_of_this_thread(), 1);
}
