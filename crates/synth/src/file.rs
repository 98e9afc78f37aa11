//! Files that are there whole or not at all: written under another name, then renamed.

use crate::export::ExportError;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Makes a directory and those above it, where they are missing.
pub(crate) fn directory(path: &Path) -> Result<(), ExportError> {
    fs::create_dir_all(path).map_err(|source| ExportError::Write { path: path.to_owned(), source })
}

/// Writes a file whose bytes are known.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    replaced(path, |partial| fs::write(partial, bytes))
}

/// Writes a file piece by piece.
pub(crate) fn write_lines(path: &Path, pieces: impl Iterator<Item = String>) -> Result<(), ExportError> {
    replaced(path, |partial| {
        let mut file = BufWriter::new(File::create(partial)?);
        let mut pieces = pieces;
        pieces.try_for_each(|piece| file.write_all(piece.as_bytes()))?;
        file.flush()
    })
}

/// Whoever looks meanwhile sees no file, or the one that was there. After a failure nothing is left of the new one.
fn replaced(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), ExportError> {
    let partial = partial(path);
    let written = write(&partial).and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // What can't be removed either is the same trouble, which is reported.
        let _same_trouble = fs::remove_file(&partial);
        ExportError::Write { path: path.to_owned(), source }
    })
}

/// A hidden name beside the file, so that no pattern of names takes it.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.part"))
}
