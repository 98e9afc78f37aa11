//! What is finished of a part: a file with the plan in its first line and one line for each piece.

use crate::export::ExportError;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ends every line of a finished piece; a line that was cut off lacks it.
const DONE: &str = " done";

/// The note of what is finished.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    before: HashSet<u32>,
    now: Mutex<(File, u32)>,
}

impl Journal {
    /// Opens the note of a part, which is made if it is missing.
    pub(crate) fn open(path: &Path, plan: &str) -> Result<Self, ExportError> {
        let failed = |source| ExportError::Write { path: path.to_owned(), source };
        let open = || -> io::Result<(File, String)> {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok((file, text))
        };
        let (mut file, text) = open().map_err(failed)?;
        let mut lines = text.lines();
        let known = lines.next().filter(|_| text.contains('\n'));
        if let Some(other) = known.filter(|line| *line != plan) {
            return Err(ExportError::OtherPlan { path: path.to_owned(), found: other.to_owned() });
        }
        let before: HashSet<u32> = lines.filter_map(|line| line.strip_suffix(DONE)?.parse().ok()).collect();
        // A head that was cut off is written anew; after a line that was cut off a new one begins.
        let (start, text) = match known {
            None => (SeekFrom::Start(0), format!("{plan}\n")),
            Some(_) if text.ends_with('\n') => (SeekFrom::End(0), String::new()),
            Some(_) => (SeekFrom::End(0), "\n".to_owned()),
        };
        file.seek(start).and_then(|_| file.write_all(text.as_bytes())).map_err(failed)?;
        let finished = before.len() as u32;
        Ok(Self { path: path.to_owned(), before, now: Mutex::new((file, finished)) })
    }

    /// Whether an earlier run has finished the piece.
    pub(crate) fn has(&self, piece: u32) -> bool {
        self.before.contains(&piece)
    }

    /// How many pieces are finished.
    pub(crate) fn finished(&self) -> u32 {
        self.lock().1
    }

    /// Notes that a piece is finished; says how many are.
    pub(crate) fn finish(&self, piece: u32) -> Result<u32, ExportError> {
        let mut now = self.lock();
        let line = format!("{piece}{DONE}\n");
        now.0.write_all(line.as_bytes()).map_err(|source| ExportError::Write { path: self.path.clone(), source })?;
        now.1 += 1;
        Ok(now.1)
    }

    fn lock(&self) -> MutexGuard<'_, (File, u32)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_was_cut_off_tells_only_what_is_certain() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("claims.txt");
        for (text, finished) in [
            ("", &[][..]),
            ("seed=1", &[]),
            ("seed=1\n", &[]),
            ("seed=1\n3 done\n12", &[3]),
            ("seed=1\n3 done\n12 done", &[3, 12]),
            ("seed=1\n3 done\n12 done\n", &[3, 12]),
        ] {
            std::fs::write(&path, text).unwrap();
            let journal = Journal::open(&path, "seed=1").unwrap();
            let known: Vec<_> = (0..20).filter(|piece| journal.has(*piece)).collect();
            assert_eq!(known, finished, "{text:?}");
            journal.finish(7).unwrap();
            let again = Journal::open(&path, "seed=1").unwrap();
            assert!(again.has(7) && again.finished() as usize == finished.len() + 1, "{text:?}");
            assert!(!again.has(1), "{text:?}");
        }
        let error = Journal::open(&path, "seed=2").unwrap_err();
        assert!(error.to_string().contains("seed=1"), "{error}");
    }
}
