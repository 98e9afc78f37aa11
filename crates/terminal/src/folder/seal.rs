//! Encrypted files (`e` in `encrypt.conf`): the body is a zip archive of one entry, AES-256 with the site's pass phrase.
//!
//! The file's name stays as it is. It deliberately looks into no message.

use std::fmt;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipArchive, ZipWriter};

use super::FILE_BYTES_MAX;
use super::property::{Prefixes, Properties};

/// The site's pass phrase (OQS_CRYPT_PASS). It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct PassPhrase(String);

impl PassPhrase {
    /// `None` for an empty text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for PassPhrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PassPhrase(…)")
    }
}

/// A file could not be decrypted: no archive, another pass phrase, or too large.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotOpened;

/// Which files are encrypted, and with what.
pub(super) struct Seal {
    files: Prefixes,
    faces: Prefixes,
    pass_phrase: Option<PassPhrase>,
}

impl Seal {
    /// `None` when files are to be encrypted and nobody said with what.
    pub(super) fn new(properties: &Properties, pass_phrase: Option<PassPhrase>) -> Option<Self> {
        let (files, faces) = (properties.encrypted.clone(), properties.encrypted_faces.clone());
        let is_whole = pass_phrase.is_some() || !(files.any() || faces.any());
        is_whole.then_some(Self { files, faces, pass_phrase })
    }

    /// Whether the request or answer of this name is encrypted.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.files.contain(name)
    }

    /// Whether an encrypted file seems to be there whole.
    pub(super) fn is_whole(bytes: &[u8]) -> bool {
        ZipArchive::new(Cursor::new(bytes)).is_ok()
    }

    /// The body of a request as the server reads it.
    pub(super) fn open(&self, name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, NotOpened> {
        match &self.pass_phrase {
            Some(pass_phrase) if self.files.contain(name) => opened(&bytes, pass_phrase).ok_or(NotOpened),
            _ => Ok(bytes),
        }
    }

    /// The body of an answer as the client reads it.
    pub(super) fn close(&self, name: &str, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        self.closed(&self.files, name, bytes)
    }

    /// The body of a result of the reader as the client reads it.
    pub(super) fn close_face(&self, name: &str, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        self.closed(&self.faces, name, bytes)
    }

    fn closed(&self, prefixes: &Prefixes, name: &str, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match &self.pass_phrase {
            Some(pass_phrase) if prefixes.contain(name) => closed(name, &bytes, pass_phrase),
            _ => Ok(bytes),
        }
    }
}

fn opened(bytes: &[u8], pass_phrase: &PassPhrase) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    if archive.len() != 1 {
        return None;
    }
    // An entry that is not encrypted would be read with any pass phrase, one of the old cipher with one in 256.
    let encryption = archive.get_aes_verification_key_and_salt(0).ok()??;
    if !matches!(encryption.aes_mode, AesMode::Aes256) {
        return None;
    }
    let entry = archive.by_index_decrypt(0, pass_phrase.0.as_bytes()).ok()?;
    let mut body = Vec::new();
    entry.take(FILE_BYTES_MAX + 1).read_to_end(&mut body).ok()?;
    (body.len() as u64 <= FILE_BYTES_MAX).then_some(body)
}

fn closed(name: &str, bytes: &[u8], pass_phrase: &PassPhrase) -> std::io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .with_aes_encryption(AesMode::Aes256, &pass_phrase.0);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, options).map_err(std::io::Error::other)?;
    archive.write_all(bytes)?;
    Ok(archive.finish().map_err(std::io::Error::other)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(text: &str) -> PassPhrase {
        PassPhrase::new(text).unwrap()
    }

    #[test]
    fn what_is_closed_opens_with_the_same_pass_phrase_only() {
        let archive = closed("a.xml", b"<a/>", &phrase("合言葉")).unwrap();
        assert!(Seal::is_whole(&archive) && !archive.windows(4).any(|bytes| bytes == b"<a/>"));
        assert_eq!(opened(&archive, &phrase("合言葉")).as_deref(), Some(b"<a/>".as_slice()));
        assert_eq!(opened(&archive, &phrase("合い言葉")), None);
        assert!(!Seal::is_whole(&archive[..archive.len() - 1]));
    }

    #[test]
    fn what_is_not_an_encrypted_archive_of_one_file_does_not_open() {
        let mut plain = ZipWriter::new(Cursor::new(Vec::new()));
        plain.start_file("a.xml", SimpleFileOptions::default()).unwrap();
        plain.write_all(b"<a/>").unwrap();
        let plain = plain.finish().unwrap().into_inner();
        for bytes in [b"<a/>".as_slice(), b"", &plain] {
            assert_eq!(opened(bytes, &phrase("x")), None);
        }
    }

    #[test]
    fn an_archive_that_swells_beyond_the_limit_does_not_open() {
        let large = vec![b' '; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
        let archive = closed("a.xml", &large, &phrase("x")).unwrap();
        assert!(archive.len() < 1_000_000);
        assert_eq!(opened(&archive, &phrase("x")), None);
    }
}
