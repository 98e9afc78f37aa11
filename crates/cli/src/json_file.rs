//! JSON files of the program's own: whole or not there at all.

use crate::failure::{Failure, Outcome};
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes JSON beside its place, makes it durable and renames it there; only the owner can read it.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Outcome<()> {
    let temporary = path.with_extension("json.new");
    let write = || -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        serde_json::to_writer_pretty(&mut file, value)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        // The new name is durable with its directory.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(directory)?.sync_all()
    };
    write().map_err(|error| Failure::file(path, error))
}
