//! The claims files that paths name: files, those in directories, and those in ZIPs.

use super::open;
use crate::failure::{Failure, Outcome};
use madoguchi_service::ingest::{ClaimsReport, ClaimsSource};
use madoguchi_wire::Issue;
use madoguchi_wire::claims::{PackedFile, is_packed, packed_files};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Directories inside directories.
const DEPTH_MAX: usize = 8;

/// One claims file.
pub(super) struct Found {
    /// The file, or the ZIP that it is in.
    pub(super) path: PathBuf,
    /// Its bytes, unpacked.
    pub(super) bytes: u64,
    form: Form,
}

enum Form {
    Plain,
    Packed(PackedFile),
    /// A ZIP of which nothing can be taken.
    Damaged(Issue),
}

impl Found {
    /// Opens it.
    pub(super) fn source(&self) -> Outcome<ClaimsSource> {
        Ok(match &self.form {
            Form::Plain => ClaimsSource::File(open(&self.path)?.0),
            Form::Packed(inside) => ClaimsSource::Packed(open(&self.path)?.0, inside.clone()),
            Form::Damaged(issue) => ClaimsSource::Refused(issue.clone()),
        })
    }

    /// Its path as people are told; a file in a ZIP stands behind the ZIP's.
    pub(super) fn shown(&self) -> PathBuf {
        match &self.form {
            Form::Packed(inside) => self.path.join(&inside.name),
            Form::Plain | Form::Damaged(_) => self.path.clone(),
        }
    }

    /// Whether it is in a ZIP.
    pub(super) const fn is_packed(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }
}

/// ZIPs of which all files were taken, to remove them.
pub(super) struct TakenZips(BTreeSet<PathBuf>);

impl TakenZips {
    /// All ZIPs, if they are to be removed at all.
    pub(super) fn new(files: &[Found], remove: bool) -> Self {
        Self(files.iter().filter(|file| remove && file.is_packed()).map(|file| file.path.clone()).collect())
    }

    /// A ZIP of which a file was refused stays.
    pub(super) fn note(&mut self, file: &Found, report: &ClaimsReport) {
        if report.is_refused() {
            self.0.remove(&file.path);
        }
    }

    /// Removes those that are left.
    pub(super) fn remove(self) -> Outcome<()> {
        self.0.iter().try_for_each(|path| fs::remove_file(path).map_err(|error| Failure::io(path, &error)))
    }
}

/// The files in the order of their names.
pub(super) fn all(paths: &[PathBuf]) -> Outcome<Vec<Found>> {
    let mut files = Vec::new();
    paths.iter().try_for_each(|path| find(path, DEPTH_MAX, &mut files))?;
    Ok(files)
}

fn find(path: &Path, depth: usize, files: &mut Vec<Found>) -> Outcome<()> {
    let metadata = fs::metadata(path).map_err(|error| Failure::io(path, &error))?;
    if !metadata.is_dir() {
        return find_inside(path, &metadata, files);
    }
    if depth == 0 {
        return Err(Failure::file(path, "ディレクトリの階層が深すぎます"));
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| Failure::io(path, &error))?;
    let mut inside: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    // Files that are being written have such names.
    inside.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    inside.sort();
    inside.iter().try_for_each(|path| find(path, depth - 1, files))
}

/// A file, or the files in a ZIP. What is no file of its own, such as a pipe, is not looked into: it can be read once only.
fn find_inside(path: &Path, metadata: &fs::Metadata, files: &mut Vec<Found>) -> Outcome<()> {
    let found = |bytes, form| Found { path: path.to_owned(), bytes, form };
    if metadata.is_file() {
        let (mut file, _) = open(path)?;
        if is_packed(&mut file).map_err(|error| Failure::io(path, &error))? {
            match packed_files(file) {
                Ok(inside) => files.extend(inside.into_iter().map(|file| found(file.bytes, Form::Packed(file)))),
                Err(issue) => files.push(found(metadata.len(), Form::Damaged(issue))),
            }
            return Ok(());
        }
    }
    files.push(found(metadata.len(), Form::Plain));
    Ok(())
}
