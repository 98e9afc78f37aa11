//! Files of a backup: streamed, hashed on the way, durable before they count.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{BackupFault, Progress};

/// Bytes that are in memory at a time.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// Ends of a SQLite store's files.
const ENDS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// A new file that is nobody else's to read.
pub(super) fn create(path: &Path) -> Result<File, BackupFault> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(at(path))
}

pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> BackupFault + '_ {
    |source| BackupFault::File { path: path.to_owned(), source }
}

/// Bytes and SHA-256 of a file that was just written, which becomes durable here.
pub(super) fn hash(path: &Path) -> Result<(u64, String), BackupFault> {
    let mut file = File::open(path).map_err(at(path))?;
    file.sync_all().map_err(at(path))?;
    sync_directory(path)?;
    let (mut piece, mut hash, mut bytes) = (vec![0; PIECE_BYTES], Sha256::new(), 0);
    loop {
        match file.read(&mut piece).map_err(at(path))? {
            0 => return Ok((bytes, hex::encode(hash.finalize()))),
            read => {
                hash.update(&piece[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// Holds a file to its length and hash, and copies it on the way where a target is given. Of a wrong one nothing is left.
pub(super) fn checked(
    source: &Path,
    target: Option<&Path>,
    bytes: u64,
    sha256: &str,
    progress: &Progress,
) -> Result<(), BackupFault> {
    let damaged = |problem| BackupFault::Damaged { path: source.to_owned(), problem };
    if fs::metadata(source).map_err(at(source))?.len() != bytes {
        return Err(damaged("大きさがmanifest.jsonと違います"));
    }
    let copied = copied(source, target, bytes, progress);
    let outcome = match copied {
        Ok(found) if found == sha256 => return Ok(()),
        Ok(_) => Err(damaged("SHA-256がmanifest.jsonと違います")),
        Err(fault) => Err(fault),
    };
    if let Some(target) = target {
        remove(target)?;
    }
    outcome
}

fn copied(source: &Path, target: Option<&Path>, bytes: u64, progress: &Progress) -> Result<String, BackupFault> {
    let mut file = File::open(source).map_err(at(source))?;
    let mut copy = target.map(|target| Ok::<_, BackupFault>((target, create(target)?))).transpose()?;
    let (mut piece, mut hash, mut done) = (vec![0; PIECE_BYTES], Sha256::new(), 0);
    loop {
        let read = file.read(&mut piece).map_err(at(source))?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        if let Some((target, copy)) = &mut copy {
            copy.write_all(&piece[..read]).map_err(at(target))?;
        }
        done += read as u64;
        progress(done, Some(bytes));
    }
    if let Some((target, copy)) = &copy {
        copy.sync_all().map_err(at(target))?;
    }
    Ok(hex::encode(hash.finalize()))
}

/// Where a restored SQLite file waits. What a killed restore left there goes; what is in the place itself stays.
pub(super) fn beside(path: &Path) -> Result<PathBuf, BackupFault> {
    if ENDS.iter().any(|end| with_end(path, end).exists()) {
        return Err(BackupFault::NotEmpty(path.display().to_string()));
    }
    let temporary = with_end(path, ".restoring");
    remove(&temporary)?;
    Ok(temporary)
}

/// The rename is the moment at which the store is there.
pub(super) fn put_in_place(temporary: &Path, path: &Path) -> Result<(), BackupFault> {
    if path.exists() {
        remove(temporary)?;
        return Err(BackupFault::NotEmpty(path.display().to_string()));
    }
    fs::rename(temporary, path).map_err(at(path))?;
    sync_directory(path)?;
    // What looking at it has left beside the former name.
    remove(temporary)
}

/// Removes a SQLite file with everything beside it.
pub(super) fn remove(path: &Path) -> Result<(), BackupFault> {
    for end in ENDS {
        let path = with_end(path, end);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
            _ => {}
        }
    }
    Ok(())
}

fn sync_directory(path: &Path) -> Result<(), BackupFault> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(at(directory))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
