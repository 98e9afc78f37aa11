//! The bare engine: what SQLite itself takes for as many durable rows, with the settings that the store uses.

use rusqlite::Connection;
use std::path::Path;

/// An audit entry's size.
pub(crate) const ENTRY_BYTES: usize = 270;

/// A connection of its own to a file of its own, as the store's writer has it.
pub(crate) fn writer(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    let set = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
        CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT NOT NULL)";
    connection.execute_batch(set).unwrap();
    connection
}

/// Rows of this many bytes in one durable commit.
pub(crate) fn commit(connection: &Connection, rows: usize, bytes: usize) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut insert = connection.prepare_cached("INSERT INTO rows (text) VALUES (?1)").unwrap();
    let text = "x".repeat(bytes);
    for _ in 0..rows {
        insert.execute([&text]).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}
