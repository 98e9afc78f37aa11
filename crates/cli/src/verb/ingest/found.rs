//! The claims files that paths name: files, those in directories, and those in ZIPs.

use super::{file_name, open};
use crate::failure::{Failure, Outcome};
use crate::output;
use madoguchi_service::ingest::{ClaimsReport, ClaimsSource};
use madoguchi_wire::Issue;
use madoguchi_wire::claims::{Packed, PackedFile, is_packed, packed_files};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Whether it is in a ZIP with other things than claims.
    beside_others: bool,
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

/// ZIPs that are to be removed, with how many of their files are not taken yet.
pub(super) struct TakenZips(BTreeMap<PathBuf, usize>);

/// Whether nothing of a file is lost when it is removed.
pub(super) fn may_go(report: &ClaimsReport) -> bool {
    !report.is_refused() && report.refused == 0
}

impl TakenZips {
    /// All ZIPs, if they are to be removed at all.
    pub(super) fn new(files: &[Found], remove: bool) -> Self {
        let mut zips = Self(BTreeMap::new());
        for file in files.iter().filter(|file| remove && file.is_packed()) {
            // What is no claims file is never taken: for it, a ZIP stays.
            *zips.0.entry(file.path.clone()).or_insert_with(|| usize::from(file.beside_others)) += 1;
        }
        zips
    }

    /// A ZIP stays for each of its files that was not taken whole.
    pub(super) fn note(&mut self, file: &Found, report: &ClaimsReport) {
        if let Some(left) = self.0.get_mut(&file.path).filter(|_| may_go(report)) {
            *left = left.saturating_sub(1);
        }
    }

    /// Removes those of which all files were taken.
    pub(super) fn remove(self) -> Outcome<()> {
        let mut all_taken = self.0.iter().filter(|(_, left)| **left == 0).map(|(path, _)| path);
        all_taken.try_for_each(|path| fs::remove_file(path).map_err(|error| Failure::io(path, &error)))
    }
}

/// The files in the order of their names.
pub(super) fn all(paths: &[PathBuf]) -> Outcome<Vec<Found>> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    paths.iter().try_for_each(|path| find(path, DEPTH_MAX, &mut seen, &mut files))?;
    Ok(files)
}

/// What is named twice, or by two names, is found once.
fn find(path: &Path, depth: usize, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<Found>) -> Outcome<()> {
    let metadata = fs::metadata(path).map_err(|error| Failure::io(path, &error))?;
    if !metadata.is_dir() {
        return match seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())) {
            true => find_inside(path, &metadata, files),
            false => Ok(()),
        };
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
    inside.iter().try_for_each(|path| find(path, depth - 1, seen, files))
}

/// A file, or the files in a ZIP. What is no file of its own, such as a pipe, is not looked into: it can be read once only.
fn find_inside(path: &Path, metadata: &fs::Metadata, files: &mut Vec<Found>) -> Outcome<()> {
    let found = |bytes, form, beside_others| Found { path: path.to_owned(), bytes, form, beside_others };
    if metadata.is_file() {
        let (mut file, _) = open(path)?;
        if is_packed(&mut file).map_err(|error| Failure::io(path, &error))? {
            match packed_files(file) {
                Ok(Packed { files: inside, others }) => {
                    tell_of_others(path, &others);
                    let beside = !others.is_empty();
                    files.extend(inside.into_iter().map(|file| found(file.bytes, Form::Packed(file), beside)));
                }
                Err(issue) => files.push(found(metadata.len(), Form::Damaged(issue), false)),
            }
            return Ok(());
        }
    }
    files.push(found(metadata.len(), Form::Plain, false));
    Ok(())
}

/// Somebody may have put claims into the ZIP under a name that is none of a claims file, or a ZIP into it.
fn tell_of_others(zip: &Path, others: &[String]) {
    let Some(first) = others.first() else { return };
    let more = if others.len() > 1 { format!("など{}個", others.len()) } else { String::new() };
    let zip = file_name(zip);
    output::note(format!(
        "{zip}の中の{first}{more}は請求ファイルではないため、取り込みません。必要なら取り出してください。"
    ));
}
