//! The write-ahead log of a SQLite file: made durable by who commits, brought into the file by a thread of its own.
//!
//! SQLite does both inside of a commit: it waits for the disk while nobody else may write, and every thousand pages it
//! copies them into the file and waits for the disk twice more. Here a commit only writes: the lock is free while the disk
//! is waited for, and no commit meets a copy. Deliberately not here: when to commit, which the writer knows.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use super::{Session, broken};
use crate::{Error, Limits, Result};

/// So many pages that are only in the log are brought into the file (16 MB).
const SHORT: i64 = 4_096;
/// The same for long work that is alone (64 MB): it changes the same pages again and again.
pub(crate) const LONG: i64 = 16_384;
/// A log that has so many pages more than that begins anew, for which nobody may write for a moment.
const MORE: i64 = 8_192;
/// The log is looked at so often.
const EVERY: Duration = Duration::from_millis(100);
/// So long a log that should begin anew waits for the writer's lock and for readers that still need it.
const WAIT_FOR_READERS: Duration = Duration::from_millis(5);

/// The log as the one who commits sees it.
pub(crate) struct Log(Waited);

/// A file of SQLite's, for nothing but to wait until the disk has what was written to it. It is opened when it is first
/// waited for.
struct Waited {
    path: PathBuf,
    file: Option<File>,
    lost: Lost,
}

impl Waited {
    fn sync(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::options().write(true).open(&self.path)?,
        };
        self.file.insert(file).sync_data().map_err(|error| self.lost.set(error))
    }
}

/// Whether the disk once failed to keep what it had been given. The system then forgets which bytes these were, and a
/// second try would seem to go well: nothing may be written after that.
#[derive(Clone, Default)]
struct Lost(Arc<AtomicBool>);

impl Lost {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, error: io::Error) -> io::Error {
        tracing::error!(%error, "the disk failed to keep a write: nothing more is written until the machine was restarted");
        self.0.store(true, Ordering::Relaxed);
        error
    }
}

impl Log {
    pub(crate) fn new(database: &Path) -> Self {
        let mut path = database.canonicalize().unwrap_or_else(|_| database.to_owned()).into_os_string();
        path.push("-wal");
        Self(Waited { path: path.into(), file: None, lost: Lost::default() })
    }

    /// Refuses what could not be made durable any more.
    pub(crate) fn holds(&self) -> Result<()> {
        match self.0.lost.is_set() {
            true => Err(Error::NotWritable("the disk failed to keep a write: look after it and restart the machine")),
            false => Ok(()),
        }
    }

    /// A log that can't be made durable.
    #[cfg(test)]
    pub(crate) fn failing() -> Self {
        // What is no file can't be waited for.
        Self(Waited { path: "/dev/null".into(), file: None, lost: Lost::default() })
    }

    /// Waits until all that was committed is on the disk.
    pub(crate) fn sync(&mut self) -> Result<()> {
        let unknown = |error| Error::OutcomeUnknown(format!("the log was not made durable: {error}").into());
        self.0.sync().map_err(unknown)
    }
}

/// Keeps a log short while the writer goes on; dropped, it ends.
pub(crate) struct Keeper {
    pages: Arc<AtomicI64>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn start(path: &Path, limits: &Limits, log: &Log) -> Result<Self> {
        let session = Session::to_write(path, limits, false)?;
        session.connection.busy_timeout(WAIT_FOR_READERS).map_err(|error| broken("the log", &error))?;
        let pages = Arc::new(AtomicI64::new(SHORT));
        let file = Unclosed(Waited { path: path.to_owned(), file: None, lost: log.0.lost.clone() });
        let mut keeping = Keeping { session, file, pages: Arc::clone(&pages), failed: false };
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("store-log".into()).spawn(move || keeping.run(&stopped));
        let thread = thread.map_err(|error| Error::unavailable(error.to_string()))?;
        Ok(Self { pages, stop: Some(stop), thread: Some(thread) })
    }

    /// So many pages may be only in the log from now on.
    pub(crate) fn keep(&self, pages: i64) {
        self.pages.store(pages, Ordering::Relaxed);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper of the log had ended, the log was not brought into the file");
        }
    }
}

/// What the thread has.
struct Keeping {
    session: Session,
    file: Unclosed,
    pages: Arc<AtomicI64>,
    /// The last time failed, and was told.
    failed: bool,
}

impl Keeping {
    fn run(&mut self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            match self.keep() {
                Ok(()) => self.failed = false,
                Err(error) if !self.failed => {
                    self.failed = true;
                    tracing::warn!(%error, "the log is not brought into the file at the moment and grows");
                }
                Err(_) => {}
            }
        }
    }

    fn keep(&mut self) -> Result<()> {
        if self.file.0.lost.is_set() {
            return Ok(());
        }
        let pages = self.pages.load(Ordering::Relaxed);
        let state = self.session.checkpoint(Checkpoint::Look)?;
        let begins_anew = state.logged >= pages + MORE && state.only_logged() > 0;
        if state.only_logged() < pages && !begins_anew {
            return Ok(());
        }
        let state = self.copy()?;
        if !begins_anew || state.only_logged() >= pages {
            // Long reading keeps the log as it is: nobody needs to wait for that.
            return Ok(());
        }
        self.copy()?;
        self.session.checkpoint(Checkpoint::BeginAnew).map(drop)
    }

    /// Under a writer SQLite leaves the copied pages to the system. They would all be waited for at once, with the writers,
    /// when the log begins anew: so they are flushed here.
    fn copy(&mut self) -> Result<State> {
        let state = self.session.checkpoint(Checkpoint::Copy)?;
        let unavailable = |error| Error::unavailable(format!("the file was not made durable: {error}"));
        self.file.0.sync().map_err(unavailable)?;
        Ok(state)
    }
}

/// The database file. It is never closed: with the first closing of a file, by whomever, a process loses all locks that it
/// has on it (POSIX), SQLite's too. One handle a store that has grown large, so it is no matter.
struct Unclosed(Waited);

impl Drop for Unclosed {
    fn drop(&mut self) {
        std::mem::forget(self.0.file.take());
    }
}

/// What is done with the log.
#[derive(Clone, Copy)]
enum Checkpoint {
    Look,
    Copy,
    BeginAnew,
}

/// Pages of the log, and how many of them are in the file.
#[derive(Debug)]
struct State {
    logged: i64,
    copied: i64,
}

impl State {
    fn only_logged(&self) -> i64 {
        self.logged - self.copied
    }
}

impl Session {
    fn checkpoint(&self, what: Checkpoint) -> Result<State> {
        let ask = match what {
            Checkpoint::Look => "PRAGMA wal_checkpoint(NOOP)",
            Checkpoint::Copy => "PRAGMA wal_checkpoint(PASSIVE)",
            Checkpoint::BeginAnew => "PRAGMA wal_checkpoint(RESTART)",
        };
        self.deadline.start();
        let answer = self.connection.query_row(ask, [], |row| Ok(State { logged: row.get(1)?, copied: row.get(2)? }));
        answer.map_err(|error| broken("the log", &error))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn store(directory: &tempfile::TempDir) -> (PathBuf, Session) {
        let path = directory.path().join("store.db");
        Session::to_write(&path, &Limits::default(), true).unwrap();
        let session = Session::to_commit(&path, &Limits::default()).unwrap();
        session.set("CREATE TABLE numbers (number INTEGER PRIMARY KEY, text TEXT)").unwrap();
        (path, session)
    }

    fn write(session: &Session) {
        session.set("INSERT INTO numbers (text) VALUES (hex(randomblob(3000)))").unwrap();
    }

    #[test]
    fn a_log_is_kept_short_while_somebody_reads_and_writes() {
        let directory = tempfile::tempdir().unwrap();
        let (path, session) = store(&directory);
        let mut log = Log::new(&path);
        let keeper = Keeper::start(&path, &Limits::default(), &log).unwrap();
        keeper.keep(10);
        let (mut written, mut most) = (0, 0);
        let until = Instant::now() + Duration::from_secs(60);
        // A page of the table, one of its tree, one of the rest of the text: three in the log for each.
        while written < 4 * MORE && Instant::now() < until {
            write(&session);
            let reading = Session::to_read(&path, &Limits::default()).unwrap();
            assert_ne!(reading.number("SELECT max(number) FROM numbers").unwrap(), 0);
            let state = session.checkpoint(Checkpoint::Look).unwrap();
            (written, most) = (written + 3, most.max(state.logged));
        }
        log.sync().unwrap();
        assert!(written >= 4 * MORE, "so slow a disk shows nothing");
        assert!(most < 3 * MORE, "{most} pages of at least {written}");
        drop(keeper);
    }

    #[test]
    fn without_a_keeper_nothing_is_copied() {
        let directory = tempfile::tempdir().unwrap();
        let (_, session) = store(&directory);
        (0..1_500).for_each(|_| write(&session));
        let state = session.checkpoint(Checkpoint::Look).unwrap();
        assert!(state.logged > 1_000 && state.copied == 0, "{state:?}");
    }

    #[test]
    fn after_a_lost_sync_nothing_more_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let mut missing = Log::new(&directory.path().join("missing.db"));
        assert!(matches!(missing.sync(), Err(Error::OutcomeUnknown(_))));
        missing.holds().unwrap();
        let mut log = Log::failing();
        log.holds().unwrap();
        assert!(matches!(log.sync(), Err(Error::OutcomeUnknown(_))));
        assert!(matches!(log.holds(), Err(Error::NotWritable(_))));
        let mut file = Waited { path: "/dev/null".into(), file: None, lost: Lost::default() };
        assert!(file.sync().is_err() && file.lost.is_set());
    }
}
