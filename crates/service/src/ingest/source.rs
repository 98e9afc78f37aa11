//! A claims file as bytes: hashed before it is read, so that it is known by its content from its first receipt on.

use madoguchi_wire::Issue;
use madoguchi_wire::claims::PackedFile;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read, Seek};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a claims file at most; the largest hospitals send about 100 MB a month.
const FILE_BYTES_MAX: u64 = 1 << 32;
/// Files up to this size are read into memory once; larger ones are read twice.
const MEMORY_BYTES_MAX: u64 = 1 << 24;
/// Bytes that are read at once.
const BUFFER_BYTES: usize = 1 << 17;

/// A claims file to take.
#[derive(Debug)]
pub enum ClaimsSource {
    /// All of it.
    Bytes(Vec<u8>),
    /// A file that is open for reading. A large one is read twice, so a pipe has to be shorter than 16 MiB.
    File(File),
    /// A file in a ZIP, which was checked whole before.
    Packed(File, PackedFile),
    /// A file that is known to be unreadable, such as a damaged ZIP: it is refused for this.
    Refused(Issue),
}

impl From<Vec<u8>> for ClaimsSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// A hashed file on its way to the reader.
pub(super) struct Hashed {
    pub(super) sha256: [u8; 32],
    reader: BufReader<Box<dyn Read + Send>>,
    /// The hash of what passes the reader, of a file that is read a second time.
    again: Option<Arc<Mutex<Sha256>>>,
}

impl ClaimsSource {
    /// Reads the file to its end for its hash.
    pub(super) fn hashed(self) -> Result<Hashed, Issue> {
        match self {
            Self::Bytes(bytes) => Ok(Hashed::in_memory(bytes)),
            Self::File(mut file) if file.metadata().is_ok_and(|about| about.len() > MEMORY_BYTES_MAX) => {
                let (sha256, length) = hash_of(&mut file).map_err(unreadable)?;
                file.rewind().map_err(unreadable)?;
                Ok(Hashed::read_again(sha256, file.take(length)))
            }
            Self::File(file) => {
                let mut bytes = Vec::new();
                file.take(MEMORY_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
                match bytes.len() as u64 <= MEMORY_BYTES_MAX {
                    true => Ok(Hashed::in_memory(bytes)),
                    // A pipe, or a file that grows.
                    false => Err(unreadable(ErrorKind::FileTooLarge.into())),
                }
            }
            Self::Packed(mut file, packed) if packed.bytes <= MEMORY_BYTES_MAX => {
                let mut bytes = Vec::new();
                packed.open(&mut file).and_then(|mut inside| inside.read_to_end(&mut bytes)).map_err(unreadable)?;
                Ok(Hashed::in_memory(bytes))
            }
            Self::Packed(mut file, packed) => {
                let (sha256, _) = packed.open(&mut file).and_then(hash_of).map_err(unreadable)?;
                Ok(Hashed::read_again(sha256, packed.open(file).map_err(unreadable)?))
            }
            Self::Refused(issue) => Err(issue),
        }
    }
}

/// The hash of all bytes, and how many there are.
fn hash_of(mut source: impl Read) -> io::Result<([u8; 32], u64)> {
    let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; BUFFER_BYTES], 0);
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => return Ok((hash.finalize().into(), length)),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..read]);
        length += read as u64;
        if length > FILE_BYTES_MAX {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
}

impl Hashed {
    fn in_memory(bytes: Vec<u8>) -> Self {
        let sha256 = Sha256::digest(&bytes).into();
        Self { sha256, reader: BufReader::with_capacity(BUFFER_BYTES, Box::new(Cursor::new(bytes))), again: None }
    }

    /// The second reading of a file.
    fn read_again(sha256: [u8; 32], source: impl Read + Send + 'static) -> Self {
        let again = Arc::new(Mutex::new(Sha256::new()));
        let watched = Watched { source: Box::new(source), hash: Arc::clone(&again) };
        let reader = BufReader::with_capacity(BUFFER_BYTES, Box::new(watched) as Box<dyn Read + Send>);
        Self { sha256, reader, again: Some(again) }
    }

    /// Whether a file that was read twice is still the one that was hashed. What is left is read first.
    pub(super) fn came_unchanged(mut self) -> Result<bool, Issue> {
        let Some(again) = self.again else { return Ok(true) };
        io::copy(&mut self.reader, &mut io::sink()).map_err(unreadable)?;
        let hash = again.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(<[u8; 32]>::from(hash.finalize()) == self.sha256)
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl BufRead for Hashed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

/// Hashes what passes through.
struct Watched {
    source: Box<dyn Read + Send>,
    hash: Arc<Mutex<Sha256>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hash.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..read]);
        Ok(read)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: io::Error) -> Issue {
    Issue::unreadable(0, &error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_large_file_is_read_twice_and_a_change_is_noticed() {
        let line = b"RE,1,1112,202610\r\n";
        let lines = usize::try_from(MEMORY_BYTES_MAX).unwrap() / line.len() + 1;
        for changed in [false, true] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), line.repeat(lines)).unwrap();
            let mut hashed = ClaimsSource::File(file.reopen().unwrap()).hashed().unwrap();
            let mut first = [0; 5];
            hashed.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"RE,1,");
            if changed {
                let mut other = File::options().write(true).open(file.path()).unwrap();
                other.seek(io::SeekFrom::End(-1)).unwrap();
                other.write_all(b"X").unwrap();
            }
            assert_eq!(hashed.came_unchanged().unwrap(), !changed);
        }
    }
}
