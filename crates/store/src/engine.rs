//! The engines behind the store: an enum, no trait, because there are two and they must not drift apart.
//!
//! Deliberately not here: any question about the domain. An engine knows statements, values and transactions only.

pub(crate) mod postgres;
pub(crate) mod sqlite;
#[cfg(all(test, feature = "test-support"))]
mod tests;

use std::time::Duration;

/// Bounds of the store; the defaults suit a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A short read is stopped after this time.
    pub read_deadline: Duration,
    /// A statement inside a write or a scan is stopped after this time.
    pub long_deadline: Duration,
    /// A write waits so long for a row that another session of PostgreSQL holds; for another process that is writing to
    /// the same SQLite file it waits ten seconds.
    pub lock_wait: Duration,
    /// So many writes may wait for the writer; more are refused as busy.
    pub queue_writes_max: usize,
    /// So many writes share one commit at most.
    pub batch_writes_max: usize,
    /// Connections for short reads to a PostgreSQL server, one more than this machine has cores: each carries many reads
    /// at a time, and more of them only divide what could have crossed together.
    pub postgres_connections: usize,
    /// So many short reads of a PostgreSQL server may be under way; more are refused as busy.
    pub reads_max: usize,
    /// So many scans may run at a time.
    pub scans_max: usize,
    /// While another process writes to the same SQLite file, write little at a time and pause in between: for long work
    /// such as ingestion beside a server.
    pub gives_way: bool,
    /// Mebibytes of pages that the writer of a SQLite file keeps: long work changes the same ones again and again.
    pub writer_cache_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_deadline: Duration::from_secs(5),
            long_deadline: Duration::from_secs(60),
            lock_wait: Duration::from_secs(10),
            // About a second's work of a slow disk.
            queue_writes_max: 8192,
            // Measured: beyond a thousand rows a commit the disk is no longer what takes the time.
            batch_writes_max: 1024,
            postgres_connections: std::thread::available_parallelism()
                .map_or(2, |cores| (cores.get() + 1).clamp(2, 16)),
            // More than a server answers in a second.
            reads_max: 8192,
            scans_max: 4,
            gives_way: false,
            writer_cache_mib: 32,
        }
    }
}
