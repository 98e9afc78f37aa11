//! What goes wrong with a PostgreSQL server short of its loss: deadlocks, no room for a connection, a process that hangs,
//! too much asked at once.

use std::{process::Command, time::Duration};

use futures_util::future::join_all;
use madoguchi_model::day::Timestamp;

use crate::{
    DatabaseUrl, Error, Limits, ProcessName, Result, Store,
    engine::postgres::{Purpose, Session},
    sql::Sql,
    test_support,
    test_support::ThrowAwayCluster,
    tx::Tx,
    url::Address,
    value::values,
};

const NOW: Timestamp = Timestamp::from_micros(0);

async fn migrated(cluster: &ThrowAwayCluster) -> DatabaseUrl {
    let url = cluster.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    url
}

async fn opened(url: &DatabaseUrl, name: &str, limits: Limits) -> Store {
    Store::open_with(url, ProcessName::parse(name).unwrap(), limits).await.unwrap()
}

impl Tx {
    async fn insert_count(&mut self, name: &str) -> Result<()> {
        const SQL: Sql =
            Sql::by_key("INSERT INTO card_certificates (serial, person_id, registered_at) VALUES ($1, $2, 0)");
        self.execute(SQL, &values![name, [0_u8; 16]]).await.map(drop)
    }

    async fn count_up(&mut self, name: &str) -> Result<()> {
        const SQL: Sql =
            Sql::by_key("UPDATE card_certificates SET registered_at = registered_at + 1 WHERE serial = $1");
        self.execute(SQL, &values![name]).await.map(drop)
    }

    async fn count(&mut self, name: &str) -> Result<Option<i64>> {
        const SQL: Sql = Sql::by_key("SELECT registered_at FROM card_certificates WHERE serial = $1");
        self.row(SQL, &values![name], |row| row.int(0)).await
    }

    async fn server_process(&mut self) -> Result<i64> {
        const SQL: Sql =
            Sql::report("SELECT CAST(pg_backend_pid() AS BIGINT) FROM persons RIGHT JOIN (SELECT 1) AS one ON 1 = 1");
        Ok(self.row(SQL, &[], |row| row.int(0)).await?.unwrap_or(0))
    }
}

/// Counts both up with a pause in between, in which the other process counts up the second one.
async fn both(tx: &mut Tx, names: [&'static str; 2]) -> Result<()> {
    tx.count_up(names[0]).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    tx.count_up(names[1]).await
}

#[tokio::test]
async fn a_write_that_gave_way_is_repeated() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = migrated(cluster).await;
    let first = opened(&url, "server-1", Limits::default()).await;
    let second = opened(&url, "server-2", Limits::default()).await;
    let begin = async |tx: &mut Tx| {
        tx.insert_count("a").await?;
        tx.insert_count("b").await
    };
    first.write("begin", begin).await.unwrap();

    let outcomes = tokio::join!(
        first.write("ab", async |tx| both(tx, ["a", "b"]).await),
        second.write("ba", async |tx| both(tx, ["b", "a"]).await),
    );
    let outcomes: [Result<()>; 2] = outcomes.into();
    let gave_way = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Contended(_)))).count();
    assert_eq!((gave_way, outcomes.iter().filter(|outcome| outcome.is_ok()).count()), (1, 1), "{outcomes:?}");

    let outcomes = tokio::join!(
        first.write_or_repeat("ab", async |tx: &mut Tx| both(tx, ["a", "b"]).await),
        second.write_or_repeat("ba", async |tx: &mut Tx| both(tx, ["b", "a"]).await),
    );
    assert!(matches!(outcomes, (Ok(()), Ok(()))), "{outcomes:?}");
    for name in ["a", "b"] {
        assert_eq!(first.read().count(name).await.unwrap(), Some(3));
    }
}

/// The server lets the process have one connection for reads: the places without one read through it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_room_is_read_over_what_there_is() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = migrated(cluster).await;
    let clerk = "CREATE ROLE clerk LOGIN CONNECTION LIMIT 2; GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk";
    cluster.run(&url, clerk).unwrap();
    let database = url.to_string().rsplit('/').next().unwrap().to_owned();
    let url: DatabaseUrl = format!("postgres://clerk@{}/{database}", cluster.host()).parse().unwrap();
    let store = opened(&url, "server-1", Limits { postgres_connections: 4, ..Limits::default() }).await;
    assert!(store.read().count_persons().await.is_ok());
    let reads = join_all((0..40).map(|_| async { store.read().count_persons().await })).await;
    assert!(reads.iter().all(Result::is_ok), "{reads:?}");
    // A scan has a connection of its own, and says why it gets none.
    let scan = store.scan(async |tx: &mut Tx| tx.count_persons().await).await;
    assert!(matches!(&scan, Err(Error::Unavailable(why)) if why.contains("53300")), "{scan:?}");
}

#[tokio::test]
async fn a_server_process_that_hangs_is_left() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = migrated(cluster).await;
    let limits = Limits { postgres_connections: 1, read_deadline: Duration::from_millis(100), ..Limits::default() };
    let store = opened(&url, "server-1", limits).await;
    let before = store.read().server_process().await.unwrap();
    let signal = |signal: &str| {
        let sent = Command::new("kill").args([signal, &before.to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    let after = tokio::time::timeout(Duration::from_secs(10), async { store.read().server_process().await }).await;
    signal("-CONT");
    let after = after.expect("a read must not hang").unwrap();
    assert_ne!(before, after);
}

#[tokio::test]
async fn more_reads_than_may_wait_are_refused() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = migrated(cluster).await;
    let store = opened(&url, "server-1", Limits { reads_max: 2, ..Limits::default() }).await;
    let slow = async || {
        const SQL: Sql = Sql::report("SELECT CAST(1 AS BIGINT) FROM (SELECT pg_sleep(0.3)) AS slept");
        store.read().row(SQL, &[], |row| row.int(0)).await
    };
    let answers: [Result<Option<i64>>; 3] = tokio::join!(slow(), slow(), slow()).into();
    assert!(answers[..2].iter().all(|answer| matches!(answer, Ok(Some(1)))), "{answers:?}");
    assert!(matches!(answers[2], Err(Error::Busy(_))), "{answers:?}");
    assert!(slow().await.is_ok());
}

/// A server that could not reach another node says so like this (Citus); one that shuts down ends the connection.
#[tokio::test]
async fn a_node_that_is_lost_elsewhere_costs_no_connection() {
    let Some(cluster) = test_support::cluster() else { return };
    let DatabaseUrl(Address::Postgres(server)) = cluster.database().unwrap() else { panic!("no server") };
    let session = Session::open(&server, &Limits::default(), Purpose::Read).await.unwrap();
    let elsewhere =
        "DO $$ BEGIN RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = '08006'; END $$";
    for _ in 0..2 {
        assert!(matches!(session.command(elsewhere).await, Err(Error::Unavailable(_))));
        assert!(!session.is_lost());
    }
    assert_eq!(session.number("SELECT CAST(1 AS BIGINT)").await.unwrap(), 1);
    let ended = session.number("SELECT CAST(CAST(pg_terminate_backend(pg_backend_pid()) AS INTEGER) AS BIGINT)").await;
    assert!(ended.is_err());
    assert!(session.command("SELECT 1").await.is_err() && session.is_lost());
}
