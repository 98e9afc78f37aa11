//! The files of a nation, written by several threads, district by district.
//!
//! A file depends on the plan and its own name alone, so that neither the number of threads nor a
//! stop in the middle changes a byte. `progress/` tells what is finished; whoever runs the same plan again goes on
//! there, whether or not the files have been taken away meanwhile.

use crate::export::{ExportError, INSTITUTION_COLUMNS, institution_line};
use crate::file::{directory, write_lines, write_whole};
use crate::journal::Journal;
use crate::nation::Nation;
use crate::world::World;
use crate::{coverage, encode::encode};
use madoguchi_model::day::Month;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

/// Districts whose coverages stand in one file: about 50,000 lines.
const DISTRICTS_A_COVERAGE_FILE: u32 = 3;
/// Threads at most: each holds a district with a month's files, some 60 MB.
pub const THREADS_MAX: usize = 256;

/// What can be made alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `institutions.csv`.
    Institutions,
    /// `coverage-00001.csv` and on.
    Coverage,
    /// `tickets.csv`: medical tickets of the named patients.
    Tickets,
    /// `claims/YYYYMM/`: all files of a request month.
    Claims(Month),
    /// `checkups/`.
    Checkups,
    /// `prescriptions-00001.csv` and on, one a district.
    Prescriptions,
}

/// How far a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pieces that are finished, those of earlier runs too.
    pub done: u32,
    /// Pieces in all.
    pub pieces: u32,
}

/// What a run has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// A nation on its way into a directory.
#[derive(Debug)]
pub struct Generation<'a> {
    nation: &'a Nation,
    target: &'a Path,
    threads: usize,
}

/// What the threads of a run share.
#[derive(Debug, Default)]
struct Shared {
    next: AtomicU32,
    failed: AtomicBool,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Part {
    /// The name of the part's note of progress.
    fn name(self) -> String {
        match self {
            Self::Institutions => "institutions".to_owned(),
            Self::Coverage => "coverage".to_owned(),
            Self::Tickets => "tickets".to_owned(),
            Self::Claims(month) => format!("claims-{month}"),
            Self::Checkups => "checkups".to_owned(),
            Self::Prescriptions => "prescriptions".to_owned(),
        }
    }
}

impl<'a> Generation<'a> {
    /// Prepares writing into a directory with so many threads, 1 to [`THREADS_MAX`].
    #[must_use]
    pub fn new(nation: &'a Nation, target: &'a Path, threads: usize) -> Self {
        Self { nation, target, threads: threads.clamp(1, THREADS_MAX) }
    }

    /// Makes a part, or what an earlier run has left of it. `told` hears of every finished piece, from any thread.
    ///
    /// # Errors
    /// The first file that could not be written, or that the directory belongs to another plan.
    pub fn make(&self, part: Part, told: &(dyn Fn(Progress) + Sync)) -> Result<Written, ExportError> {
        let pieces = self.pieces(part);
        let notes = self.target.join("progress");
        directory(&notes)?;
        if let Some(folder) = self.folder(part) {
            directory(&folder)?;
        }
        let journal = Journal::open(&notes.join(format!("{}.txt", part.name())), &self.nation.plan_line())?;
        told(Progress { done: journal.finished(), pieces });
        let shared = Shared::default();
        let work = || self.work(part, pieces, &journal, &shared, told);
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (1..self.threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            threads.into_iter().map(|thread| thread.join().expect("the work does not panic")).chain([own]).collect()
        });
        results.into_iter().collect::<Result<(), _>>()?;
        let count = |number: AtomicU64| number.into_inner();
        Ok(Written { files: count(shared.files), bytes: count(shared.bytes) })
    }

    fn pieces(&self, part: Part) -> u32 {
        match part {
            Part::Institutions | Part::Tickets => 1,
            Part::Coverage => self.nation.districts().div_ceil(DISTRICTS_A_COVERAGE_FILE),
            Part::Claims(_) | Part::Checkups | Part::Prescriptions => self.nation.districts(),
        }
    }

    fn folder(&self, part: Part) -> Option<PathBuf> {
        match part {
            Part::Claims(month) => Some(self.target.join("claims").join(month.to_string())),
            Part::Checkups => Some(self.target.join("checkups")),
            _ => None,
        }
    }

    /// One thread: takes the next piece until there is none or another thread has failed.
    fn work(
        &self,
        part: Part,
        pieces: u32,
        journal: &Journal,
        shared: &Shared,
        told: &(dyn Fn(Progress) + Sync),
    ) -> Result<(), ExportError> {
        let mut buffer = Vec::new();
        while !shared.failed.load(Ordering::Relaxed) {
            let piece = shared.next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                break;
            }
            if journal.has(piece) {
                continue;
            }
            let finished = self.piece(part, piece, &mut buffer, shared).and_then(|()| journal.finish(piece));
            match finished {
                Ok(done) => told(Progress { done, pieces }),
                Err(error) => {
                    shared.failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn piece(&self, part: Part, piece: u32, buffer: &mut Vec<u8>, shared: &Shared) -> Result<(), ExportError> {
        match part {
            Part::Institutions => self.institutions(shared),
            Part::Tickets => {
                let text = self.nation.district(0).map_or_else(String::new, |world| world.ticket_csv());
                self.whole(&self.target.join("tickets.csv"), text.as_bytes(), shared)
            }
            Part::Coverage => self.coverage(piece, shared),
            Part::Claims(month) => self.with(piece, |world| self.claims(world, month, buffer, shared)),
            Part::Checkups => self.with(piece, |world| {
                let folder = self.target.join("checkups");
                world
                    .checkup_packages()
                    .try_for_each(|package| self.whole(&folder.join(&package.file_name), &package.bytes, shared))
            }),
            Part::Prescriptions => self.with(piece, |world| {
                let text = world.prescription_csv();
                let path = self.target.join(format!("prescriptions-{:05}.csv", piece + 1));
                self.whole(&path, text.as_bytes(), shared)
            }),
        }
    }

    fn with(&self, district: u32, write: impl FnOnce(&World) -> Result<(), ExportError>) -> Result<(), ExportError> {
        self.nation.district(district).map_or(Ok(()), |world| write(&world))
    }

    fn institutions(&self, shared: &Shared) -> Result<(), ExportError> {
        let districts = (0..self.nation.districts()).map(|number| {
            let lines: String = self.nation.institutions(number).iter().map(institution_line).collect();
            shared.bytes.fetch_add(lines.len() as u64, Ordering::Relaxed);
            lines
        });
        shared.files.fetch_add(1, Ordering::Relaxed);
        let lines = std::iter::once(INSTITUTION_COLUMNS.to_owned()).chain(districts);
        write_lines(&self.target.join("institutions.csv"), lines)
    }

    fn coverage(&self, piece: u32, shared: &Shared) -> Result<(), ExportError> {
        let mut text = coverage::heading();
        let first = piece * DISTRICTS_A_COVERAGE_FILE;
        for number in first..(first + DISTRICTS_A_COVERAGE_FILE).min(self.nation.districts()) {
            self.with(number, |world| {
                world.add_coverage_lines(&mut text, |_| String::new());
                Ok(())
            })?;
        }
        self.whole(&self.target.join(format!("coverage-{:05}.csv", piece + 1)), text.as_bytes(), shared)
    }

    fn claims(&self, world: &World, month: Month, buffer: &mut Vec<u8>, shared: &Shared) -> Result<(), ExportError> {
        let folder = self.target.join("claims").join(month.to_string());
        for file in world.claim_texts_of(month) {
            buffer.clear();
            encode(&file.text, buffer);
            self.whole(&folder.join(&file.file_name), buffer, shared)?;
        }
        Ok(())
    }

    fn whole(&self, path: &Path, bytes: &[u8], shared: &Shared) -> Result<(), ExportError> {
        write_whole(path, bytes)?;
        shared.files.fetch_add(1, Ordering::Relaxed);
        shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
