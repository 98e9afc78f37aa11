//! Files that survive a crash: bounded reads, atomic writes, locks between processes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};

use crate::TrustError;

/// Who may read a written file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone (0644): certificates, revocation lists.
    Public,
    /// The owner only (0600): private keys, key stores, cards.
    Private,
}

/// Reads a whole file that must not be larger than `bytes_max`.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, TrustError> {
    let read_error = |source| TrustError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read_error)?;
    let mut content = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut content).map_err(read_error)?;
    if content.len() as u64 > bytes_max {
        return Err(TrustError::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(content)
}

/// Reads a whole UTF-8 file that must not be larger than `bytes_max`.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, TrustError> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|_| TrustError::content(path, "UTF-8の文字として読めません。正しいファイルか確認してください"))
}

/// Replaces a file so that a reader, or a crash at any moment, sees the old content or the new, never a part.
pub(crate) fn write(path: &Path, content: &[u8], access: Access) -> Result<(), TrustError> {
    let write_error = |source| TrustError::Write { path: path.to_owned(), source };
    let temporary = temporary_beside(path)?;
    let written = write_synced(&temporary, content, access).and_then(|()| fs::rename(&temporary, path));
    if let Err(source) = written {
        // The first error is the one to report; a leftover temporary file does no harm.
        let _ = fs::remove_file(&temporary);
        return Err(write_error(source));
    }
    sync_directory(path).map_err(write_error)
}

/// Makes a directory and its parents; one that exists is fine.
pub(crate) fn create_directory(path: &Path) -> Result<(), TrustError> {
    fs::create_dir_all(path).map_err(|source| TrustError::Write { path: path.to_owned(), source })
}

/// Takes the lock file at `path`, waiting for other holders; dropping the handle gives it back.
pub(crate) fn lock(path: &Path) -> Result<File, TrustError> {
    let lock_error = |source| TrustError::Write { path: path.to_owned(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(lock_error)?;
    file.lock().map_err(lock_error)?;
    Ok(file)
}

/// Fills a new array from the operating system's random source.
pub(crate) fn random_bytes<const LENGTH: usize>() -> Result<[u8; LENGTH], TrustError> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|error| TrustError::crypto("乱数の取得", error))?;
    Ok(bytes)
}

fn temporary_beside(path: &Path) -> Result<PathBuf, TrustError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let suffix = hex::encode(random_bytes::<6>()?);
    Ok(path.with_file_name(format!(".{name}.{suffix}.tmp")))
}

fn write_synced(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, access);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, access: Access) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(match access {
        Access::Public => 0o644,
        Access::Private => 0o600,
    });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _access: Access) {}

/// Makes the rename itself durable. Only Unix lets a directory be opened for that.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}
