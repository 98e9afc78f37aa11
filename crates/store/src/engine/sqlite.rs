//! SQLite: a connection per thread that reads inline, and one connection that writes.
//!
//! A point read takes some microseconds, less than handing it to another thread would: so it runs where it is asked
//! for. The file is in WAL mode, so readers never wait for the writer.

mod log;
mod reading;

use std::{
    cell::RefCell,
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, backup::StepResult, config::DbConfig, ffi};

#[cfg(test)]
pub(crate) use self::reading::connections_of_this_thread;
pub(crate) use self::{
    log::{Keeper, LONG, Log},
    reading::{Database, at_one_moment, see_anew},
};
use super::Limits;
use crate::{
    Error, Result,
    sql::{Sql, for_sqlite},
    value::{Cells, Row, Value},
};

/// A connection that knows its statements' rewritten texts and stops what takes too long.
pub(crate) struct Session {
    connection: Connection,
    /// Rewritten text by the address of the static original.
    texts: RefCell<HashMap<(usize, usize), Arc<str>>>,
    deadline: Arc<Stopwatch>,
}

/// The virtual machine asks this often whether time is up; 10,000 steps take well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;
/// Pages that a copy takes at a time: a megabyte.
const PAGES_A_STEP: i32 = 256;
/// Statements kept prepared by each connection: more than the crate has.
const STATEMENTS_KEPT: usize = 256;

impl Session {
    fn to_read(path: &Path, limits: &Limits) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let session = Self::open(path, flags, limits)?;
        // Not mapped into memory: every commit of the writer would make each reader give its whole map back.
        session.set("PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -8192")?;
        Ok(session)
    }

    /// A connection whose statements all see the file as it is now.
    pub(crate) fn to_scan(path: &Path, limits: &Limits) -> Result<Self> {
        let session = Self::to_read(path, limits)?;
        session.deadline.set(limits.long_deadline);
        session.set("BEGIN")?;
        Ok(session)
    }

    /// The connection of the writer. `create` makes the file when it is missing.
    pub(crate) fn to_write(path: &Path, limits: &Limits, create: bool) -> Result<Self> {
        if create {
            create_for_the_owner(path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let session = Self::open(path, flags, limits)?;
        session.set("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
        session.set(&format!("PRAGMA cache_size = -{}", u64::from(limits.writer_cache_mib.max(1)) * 1024))?;
        session.set("PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = ON")?;
        session.deadline.set(limits.long_deadline);
        Ok(session)
    }

    /// The connection of a writer that makes its commits durable itself ([`Log`]) and has a [`Keeper`].
    pub(crate) fn to_commit(path: &Path, limits: &Limits) -> Result<Self> {
        let session = Self::to_write(path, limits, false)?;
        session.set("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0")?;
        Ok(session)
    }

    fn open(path: &Path, flags: OpenFlags, limits: &Limits) -> Result<Self> {
        let fail = |error| broken("the file", &error);
        let mut connection = Connection::open_with_flags(path, flags)
            .map_err(|error| Error::unavailable(format!("{}: {error}", path.display())))?;
        connection.busy_handler(Some(wait_for_the_lock)).map_err(fail)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A plan does not depend on the values that are bound, so a LIMIT does not make a statement be prepared each time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fail)?;
        let deadline = Arc::new(Stopwatch::new(limits.read_deadline));
        let watched = Arc::clone(&deadline);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.is_over())).map_err(fail)?;
        let session = Self { connection, texts: RefCell::default(), deadline };
        session.set("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY")?;
        Ok(session)
    }

    /// Pragmas and the like: statements without parameters whose answers don't matter.
    pub(crate) fn set(&self, text: &str) -> Result<()> {
        self.deadline.start();
        self.connection.execute_batch(text).map_err(|error| broken("the whole", &error))
    }

    /// Begins a transaction that reads: all it asks is of the moment of its first question.
    fn begin(&self) -> Result<()> {
        self.command("BEGIN")
    }

    /// Ends a transaction that only read. If that fails, the connection must not be used any more: its next question would
    /// be of an old moment.
    fn end(&self) -> Result<()> {
        self.command("COMMIT")
    }

    /// As [`Session::set`] for one statement, which is kept prepared.
    fn command(&self, text: &'static str) -> Result<()> {
        let fail = |error: rusqlite::Error| broken("the whole", &error);
        self.deadline.start();
        self.connection.prepare_cached(text).map_err(fail)?.execute([]).map_err(fail).map(drop)
    }

    /// Statements inside this session may take so long from now on.
    pub(crate) fn allow(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    /// Whether a transaction is open. A full disk may have ended it behind our back.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(crate) fn rows<T>(
        &self,
        sql: Sql,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let fail = |error: rusqlite::Error| broken(sql.table(), &error);
        self.deadline.start();
        let mut statement = self.connection.prepare_cached(&self.text(sql)).map_err(fail)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(fail)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            answer.push(read(&Row { sql, number: answer.len(), cells: Cells::Sqlite(row) })?);
        }
        Ok(answer)
    }

    /// Rows of many sets of parameters, all of the same moment. Between statements of their own, each commit of a writer
    /// would make every page be read anew.
    pub(crate) fn rows_each<T>(
        &self,
        sql: Sql,
        sets: &[Vec<Value>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<Vec<T>>> {
        let own = sets.len() > 1 && !self.in_transaction();
        if own {
            self.begin()?;
        }
        let answers = sets.iter().map(|set| self.rows(sql, set, &read)).collect();
        if own && let Err(error) = self.end() {
            self.set("ROLLBACK")?;
            return Err(error);
        }
        answers
    }

    pub(crate) fn execute(&self, sql: Sql, parameters: &[Value]) -> Result<u64> {
        let fail = |error: rusqlite::Error| broken(sql.table(), &error);
        self.deadline.start();
        let mut statement = self.connection.prepare_cached(&self.text(sql)).map_err(fail)?;
        let changed = statement.execute(rusqlite::params_from_iter(parameters)).map_err(fail)?;
        Ok(changed as u64)
    }

    /// Whether the statement can be prepared.
    #[cfg(test)]
    pub(crate) fn understands(&self, sql: Sql) -> Result<()> {
        self.connection.prepare(&for_sqlite(sql.text)).map(drop).map_err(|error| broken(sql.table(), &error))
    }

    /// How it would find the rows of this statement, a line a step.
    #[cfg(test)]
    pub(crate) fn plan(&self, sql: Sql) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", for_sqlite(sql.text)))?;
        let parameters = vec![Value::Null; statement.parameter_count()];
        let steps = statement.query_map(rusqlite::params_from_iter(&parameters), |row| row.get("detail"))?;
        steps.collect()
    }

    fn text(&self, sql: Sql) -> Arc<str> {
        let mut texts = self.texts.borrow_mut();
        Arc::clone(texts.entry(sql.key()).or_insert_with(|| for_sqlite(sql.text).into()))
    }

    /// The only number that answers a question without parameters.
    pub(crate) fn number(&self, text: &str) -> Result<i64> {
        self.deadline.start();
        self.connection.query_row(text, [], |row| row.get(0)).map_err(|error| broken("the whole", &error))
    }

    /// Copies the whole store, as this session's transaction sees it, into a new file; readers and the writer go on. The
    /// transaction must have read something: a copy that held no moment of its own would begin anew at each commit of
    /// another connection. `step` is told the bytes that are done and all, and may wait. The caller makes the file durable.
    pub(crate) fn copy_to(&self, target: &Path, step: impl Fn(u64, u64)) -> Result<()> {
        let fail = |error: rusqlite::Error| broken("the copy", &error);
        if target.exists() {
            return Err(Error::Conflict("the target file exists".into()));
        }
        create_for_the_owner(target)?;
        let mut copy = Connection::open(target).map_err(fail)?;
        // Nobody needs the file before it is whole.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(fail)?;
        let backup = rusqlite::backup::Backup::new(&self.connection, &mut copy).map_err(fail)?;
        let page_bytes = u64::try_from(self.number("PRAGMA page_size")?).unwrap_or(0);
        loop {
            let outcome = backup.step(PAGES_A_STEP).map_err(fail)?;
            let progress = backup.progress();
            let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * page_bytes;
            step(bytes(progress.pagecount - progress.remaining), bytes(progress.pagecount));
            match outcome {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// Another process writes, usually for a millisecond or two: look again soon, for ten seconds at most. SQLite's own pauses
/// grow to a tenth of a second, in which a process that writes all the time is never met between two transactions.
fn wait_for_the_lock(looks: i32) -> bool {
    const SOON: Duration = Duration::from_micros(200);
    const LATER: Duration = Duration::from_millis(1);
    /// Ten milliseconds of the short pauses.
    const SOON_AT_MOST: i32 = 50;
    /// Ten seconds of the long ones; a pause takes a little longer than it should.
    const LOOKS_MAX: i32 = 9_000;
    std::thread::sleep(if looks < SOON_AT_MOST { SOON } else { LATER });
    looks < LOOKS_MAX
}

/// Records of care are nobody else's to read; SQLite gives its other files the same rights. A file that is there is not
/// opened: with its closing this process would lose the locks that SQLite has on it (POSIX).
fn create_for_the_owner(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::unavailable(format!("{}: {error}", path.display()))),
    }
}

/// The writer's session, shared with the jobs that run one after the other on the writer's thread.
pub(crate) struct Writing(Mutex<Session>);

impl Writing {
    pub(crate) fn new(session: Session) -> Arc<Self> {
        Arc::new(Self(Mutex::new(session)))
    }

    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells when a statement has run too long.
struct Stopwatch {
    zero: Instant,
    /// Milliseconds after `zero` at which the running statement is over.
    over_at: AtomicU64,
    allowed: AtomicU64,
}

impl Stopwatch {
    fn new(allowed: Duration) -> Self {
        let watch = Self { zero: Instant::now(), over_at: AtomicU64::new(u64::MAX), allowed: AtomicU64::new(0) };
        watch.set(allowed);
        watch
    }

    fn set(&self, allowed: Duration) {
        self.allowed.store(milliseconds(allowed), Ordering::Relaxed);
    }

    fn start(&self) {
        let now = milliseconds(self.zero.elapsed());
        self.over_at.store(now.saturating_add(self.allowed.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        milliseconds(self.zero.elapsed()) > self.over_at.load(Ordering::Relaxed)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a failure means to the caller. SQLite's messages name tables and columns, never values.
fn broken(table: &str, error: &rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return Error::Refused { table: table.into(), detail: error.to_string().into() };
    };
    let detail = message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::DiskFull => Error::DiskFull(detail.into()),
        ErrorCode::SystemIoFailure if is_a_failed_write(failure.extended_code) => Error::DiskFull(detail.into()),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy("another process is writing"),
        ErrorCode::OperationInterrupted => Error::Deadline(table.into()),
        ErrorCode::ConstraintViolation if is_a_taken_key(failure.extended_code) => Error::Conflict(detail.into()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::corrupt(table, "*", "unknown", detail),
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::unavailable(detail)
        }
        _ => Error::Refused { table: table.into(), detail: detail.into() },
    }
}

/// A file-size limit or a quota shows as a failed write, not as a full disk.
fn is_a_failed_write(code: i32) -> bool {
    matches!(
        code,
        ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_SHMSIZE
            | ffi::SQLITE_IOERR_SHMMAP
    )
}

fn is_a_taken_key(code: i32) -> bool {
    matches!(code, ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_ROWID)
}
