//! Raw limits: what the bare engine does of the product's work. An aid to measuring (`madoguchi load --limits`) that no
//! other part of the product calls, and the only code here that goes past the store's own sessions.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use madoguchi_model::insurance::NumberKey;
use rusqlite::{Connection, OpenFlags};

use crate::{
    DatabaseUrl, Error, Result,
    sql::{Sql, for_sqlite},
    url::{Address, Server},
};

const LOOK_UP: Sql = Sql::by_key("SELECT person_id, coverage_id FROM number_keys WHERE number_key = $1");
const ROWS: &str = "CREATE TABLE rows (
    process TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
    previous BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (process, sequence)) WITHOUT ROWID";
/// Bytes of what an audit entry says, beside its two hashes.
const TEXT_BYTES: usize = 120;
/// A look at the clock costs as much as a look-up.
const LOOKS_BETWEEN: u64 = 64;

/// Prepared look-ups by number a second, on so many threads, each with its own connection and one question after the
/// other. Blocks for `time`.
///
/// # Errors
/// When the database can't be asked.
pub fn look_ups(url: &DatabaseUrl, keys: &[NumberKey], threads: usize, time: Duration) -> Result<f64> {
    if keys.is_empty() {
        return Err(Error::unavailable("there is nothing to look up"));
    }
    std::thread::scope(|scope| {
        let part = |thread: usize| {
            let begin = keys.len() * thread / threads.max(1);
            scope.spawn(move || match &url.0 {
                Address::Sqlite(path) => on_sqlite(path, keys, begin, time),
                Address::Postgres(server) => on_postgres(server, keys, begin, time),
            })
        };
        let running: Vec<_> = (0..threads.max(1)).map(part).collect();
        let rates =
            running.into_iter().map(|thread| thread.join().unwrap_or(Err(Error::unavailable("a thread ended"))));
        rates.sum()
    })
}

/// Durable rows of an audit entry's size a second in a new SQLite file in this directory, so many a commit: what the disk
/// gives a writer that does nothing else. Blocks for `time`; the file is removed.
///
/// # Errors
/// When the file can't be written.
pub fn durable_rows(directory: &Path, rows_a_commit: u32, time: Duration) -> Result<f64> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("raw-{}-{}.db", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = directory.join(name);
    let measured = write_rows(&path, rows_a_commit.max(1), time).map_err(|error| Error::unavailable(error.to_string()));
    for end in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        // What was never made is not there.
        let _may_be_missing = std::fs::remove_file(file);
    }
    measured
}

fn on_sqlite(path: &Path, keys: &[NumberKey], begin: usize, time: Duration) -> Result<f64> {
    let look = || -> rusqlite::Result<f64> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = connection.prepare(&for_sqlite(LOOK_UP.text))?;
        let (begun, mut count) = (Instant::now(), 0_u64);
        for key in keys.iter().cycle().skip(begin) {
            let mut rows = statement.query([key.as_str()])?;
            while let Some(row) = rows.next()? {
                std::hint::black_box(row.get_ref(1)?);
            }
            count += 1;
            if count.is_multiple_of(LOOKS_BETWEEN) && begun.elapsed() >= time {
                break;
            }
        }
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    };
    look().map_err(|error| Error::unavailable(error.to_string()))
}

fn on_postgres(server: &Server, keys: &[NumberKey], begin: usize, time: Duration) -> Result<f64> {
    let tls = server.trust.tls()?;
    let look = async {
        let (client, connection) = server.config.connect(tls).await?;
        let driver = tokio::spawn(connection);
        let statement = client.prepare(LOOK_UP.text).await?;
        let (begun, mut count) = (Instant::now(), 0_u64);
        for key in keys.iter().cycle().skip(begin) {
            std::hint::black_box(client.query(&statement, &[&key.as_str()]).await?);
            count += 1;
            if begun.elapsed() >= time {
                break;
            }
        }
        driver.abort();
        Ok::<f64, tokio_postgres::Error>(count as f64 / begun.elapsed().as_secs_f64())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::unavailable(error.to_string()))?;
    // The driver's own words may quote what was asked for.
    runtime.block_on(look).map_err(|_| Error::unavailable("the bare look-up failed"))
}

fn write_rows(path: &Path, rows_a_commit: u32, time: Duration) -> rusqlite::Result<f64> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768")?;
    connection.execute_batch(ROWS)?;
    let (text, hash) = ("x".repeat(TEXT_BYTES), [7_u8; 32]);
    let (begun, mut count) = (Instant::now(), 0_i64);
    while begun.elapsed() < time {
        let commit = connection.transaction()?;
        {
            let mut insert = commit.prepare_cached("INSERT INTO rows VALUES ('raw', ?1, ?1, ?2, ?3, ?3)")?;
            for _ in 0..rows_a_commit {
                count += 1;
                insert.execute((count, &text, &hash))?;
            }
        }
        commit.commit()?;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}
