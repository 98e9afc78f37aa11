//! Who else writes to the same SQLite file: each process that does holds a lock file of its name beside it.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::ProcessName;

/// The answer of a look holds so long.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The other processes that write to a SQLite file.
pub(crate) struct Neighbours {
    database: PathBuf,
    own: PathBuf,
    /// When it was looked last, and whether somebody was there.
    looked: Mutex<Option<(Instant, bool)>>,
}

/// The file that a process locks as long as it writes.
pub(crate) fn lock_file(database: &Path, process: &ProcessName) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{}.lock", process.as_str()));
    path.into()
}

impl Neighbours {
    pub(crate) fn new(database: &Path, process: &ProcessName) -> Self {
        Self { database: database.to_owned(), own: lock_file(database, process), looked: Mutex::default() }
    }

    /// Whether another process writes, as of the last second.
    pub(crate) fn write(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        match *looked {
            Some((at, found)) if at.elapsed() < LOOK_EVERY => found,
            _ => {
                let found = self.look();
                *looked = Some((Instant::now(), found));
                found
            }
        }
    }

    fn look(&self) -> bool {
        let Some((directory, name)) = self.database.parent().zip(self.database.file_name()) else { return false };
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let Ok(files) = std::fs::read_dir(directory) else { return false };
        let begin = format!("{}.", name.to_string_lossy());
        files.flatten().map(|file| file.path()).any(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            name.starts_with(&begin) && name.ends_with(".lock") && path != self.own && is_held(&path)
        })
    }
}

fn is_held(path: &Path) -> bool {
    // The shared lock is let go of with the file.
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_writes_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("store.db");
        let [own, other] = ["ingest", "server-1"].map(|name| ProcessName::parse(name).unwrap());
        let neighbours = || Neighbours::new(&database, &own);
        assert!(!neighbours().write(), "nobody");
        let mine = File::create(lock_file(&database, &own)).unwrap();
        mine.lock().unwrap();
        let theirs = File::create(lock_file(&database, &other)).unwrap();
        assert!(!neighbours().write(), "only this process, and a file that nobody holds");
        theirs.lock().unwrap();
        assert!(neighbours().write());
        drop(theirs);
        assert!(!neighbours().write());
    }
}
