//! Claims files in a ZIP: checked whole before any of them is read, then read one by one.
//!
//! Nothing of a ZIP is written anywhere, so a path in it can do no harm; number, size and ratio of its files are bounded,
//! so that a bomb is refused.

use crate::issue::Issue;
use flate2::read::DeflateDecoder;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

/// Files in a ZIP at most: a month of a prefecture's institutions.
const PACKED_FILES_MAX: usize = 10_000;
/// Bytes of one file at most, unpacked.
const PACKED_FILE_BYTES_MAX: u64 = 4_294_967_296;
/// Bytes of all files at most, unpacked.
const PACKED_BYTES_MAX: u64 = 68_719_476_736;
/// A claims file packs to a tenth or, with many empty fields, to a fiftieth of its size.
const RATIO_MAX: u64 = 500;
/// Below this size the ratio says nothing.
const RATIO_BYTES_MIN: u64 = 1_048_576;
/// The first bytes of a ZIP.
const ZIP: &[u8] = b"PK\x03\x04";
/// Characters of a file's name that are shown.
const NAME_CHARACTERS_MAX: usize = 60;
/// Bytes that are unpacked at once while a file is checked.
const BUFFER_BYTES: usize = 65_536;

/// What is in a ZIP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// The claims files, in the order of their names.
    pub files: Vec<PackedFile>,
    /// Names, as they may be shown, of files that are no claims files: nothing is read of them.
    pub others: Vec<String>,
}

/// One claims file in a ZIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedFile {
    /// Its name as it may be shown.
    pub name: String,
    /// Its bytes, unpacked.
    pub bytes: u64,
    start: u64,
    packed_bytes: u64,
    deflated: bool,
}

/// Whether it is a ZIP; leaves it at its beginning.
///
/// # Errors
/// When it can't be read.
pub fn is_packed(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    source.rewind()?;
    let mut head = Vec::new();
    source.by_ref().take(ZIP.len() as u64).read_to_end(&mut head)?;
    source.rewind()?;
    Ok(head == ZIP)
}

/// The claims files in a ZIP, after all of them were unpacked once and agreed with their sums.
///
/// # Errors
/// Why nothing of it can be taken.
pub fn packed_files(source: impl Read + Seek) -> Result<Packed, Issue> {
    let mut archive = ZipArchive::new(source).map_err(|_| damaged())?;
    if archive.len() > PACKED_FILES_MAX {
        return Err(refused(format!("中のファイルが{PACKED_FILES_MAX}個を超えています。分けて取り込んでください")));
    }
    let (mut files, mut others) = (BTreeMap::new(), Vec::new());
    let mut room = PACKED_BYTES_MAX;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|_| damaged())?;
        if entry.is_dir() || is_hidden(entry.name()) {
            continue;
        }
        if !is_claims(entry.name()) {
            others.push(shown_name(entry.name(), place + 1));
            continue;
        }
        let deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => return Err(refused("この圧縮方式には対応していません。通常の方式（Deflate）で作り直してください")),
        };
        let (name, path) = (shown_name(entry.name(), place + 1), entry.name().to_owned());
        let (start, packed_bytes) = (entry.data_start(), entry.compressed_size());
        let limit = limit(packed_bytes).min(room);
        let bytes = checked(entry, limit)?;
        room -= bytes;
        files.insert((path, place), PackedFile { name, bytes, start, packed_bytes, deflated });
    }
    if files.is_empty() {
        return Err(refused(
            "中に請求ファイル（.UKE、.CYO、.HEN、.CSV）がありません。正しいファイルか確認してください",
        ));
    }
    Ok(Packed { files: files.into_values().collect(), others })
}

impl PackedFile {
    /// Its bytes, unpacked, from the ZIP in which it was found.
    ///
    /// # Errors
    /// When the ZIP can't be read.
    pub fn open<R: Read + Seek>(&self, mut source: R) -> io::Result<impl Read + use<R>> {
        source.seek(SeekFrom::Start(self.start))?;
        let packed = source.take(self.packed_bytes);
        let unpacked: Unpacked<_> =
            if self.deflated { Unpacked::Deflated(DeflateDecoder::new(packed)) } else { Unpacked::Stored(packed) };
        // What grew since it was checked is not read further.
        Ok(unpacked.take(self.bytes))
    }
}

enum Unpacked<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(source) => source.read(buffer),
            Self::Deflated(source) => source.read(buffer),
        }
    }
}

/// Bytes that a file of so many packed bytes may have.
fn limit(packed_bytes: u64) -> u64 {
    packed_bytes.saturating_mul(RATIO_MAX).clamp(RATIO_BYTES_MIN, PACKED_FILE_BYTES_MAX)
}

/// Unpacks a file to nowhere; its bytes. The reader compares its checksum at the end.
fn checked(entry: impl Read, limit: u64) -> Result<u64, Issue> {
    let mut entry = entry.take(limit + 1);
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes += read as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(damaged()),
        }
        if bytes > limit {
            return Err(refused("展開した大きさが上限を超えています。ファイルを分けて取り込んでください"));
        }
    }
}

fn damaged() -> Issue {
    refused(
        "途中で切れているか、壊れているか、暗号化されています。何も取り込んでいません。もう一度作成または受信してください",
    )
}

fn refused(message: impl Into<String>) -> Issue {
    Issue::file(0, "ZIPファイル", message)
}

/// What systems leave in a ZIP beside the files that somebody put in.
fn is_hidden(name: &str) -> bool {
    file_name(name).starts_with('.')
}

fn is_claims(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "uke" | "cyo" | "hen" | "csv" | "txt")
}

fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The name as a report shows it: those of claims files are plain.
fn shown_name(name: &str, number: usize) -> String {
    let file = file_name(name);
    let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if plain && file.len() <= NAME_CHARACTERS_MAX { file.to_owned() } else { format!("{number}番目のファイル") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn pack(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn content(number: u32) -> Vec<u8> {
        (0..2_000 * number).flat_map(|line| format!("RE,{line},{}\r\n", line * line % 997).into_bytes()).collect()
    }

    #[test]
    fn the_files_are_read_one_by_one() {
        let (one, two) = (content(1), content(3));
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let files =
                [("a/RECEIPTC.UKE", one.as_slice()), ("読んで.pdf", b"%PDF"), ("見本.csv", &two), (".x.uke", b"")];
            let zip = pack(&files, method);
            assert!(is_packed(&mut Cursor::new(&zip)).unwrap());
            let Packed { files: found, others } = packed_files(Cursor::new(&zip)).unwrap();
            assert_eq!(others, ["2番目のファイル"]);
            let names: Vec<_> = found.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
            assert_eq!(names, [("RECEIPTC.UKE", one.len() as u64), ("3番目のファイル", two.len() as u64)]);
            for (file, expected) in found.iter().zip([&one, &two]) {
                let mut read = Vec::new();
                file.open(Cursor::new(&zip)).unwrap().read_to_end(&mut read).unwrap();
                assert!(&read == expected);
            }
        }
        assert!(!is_packed(&mut Cursor::new(b"IR,1")).unwrap());
    }

    #[test]
    fn the_files_come_in_the_order_of_their_names() {
        let zip = pack(
            &[("2/a.UKE", b"3"), ("1/RECEIPTC_fix.UKE", b"2"), ("1/RECEIPTC.UKE", b"1")],
            CompressionMethod::Stored,
        );
        let names: Vec<_> = packed_files(Cursor::new(zip)).unwrap().files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["RECEIPTC.UKE", "RECEIPTC_fix.UKE", "a.UKE"]);
    }

    #[test]
    fn a_cut_or_damaged_zip_gives_nothing() {
        let zip = pack(&[("a.UKE", &content(2)), ("b.UKE", &content(2))], CompressionMethod::Deflated);
        for part in 1..40 {
            let cut = &zip[..zip.len() * part / 40];
            assert!(packed_files(Cursor::new(cut)).is_err(), "{part}/40");
        }
        for part in 1..40 {
            let mut damaged = zip.clone();
            let place = damaged.len() * part / 50;
            damaged[place] ^= 0x55;
            let found = packed_files(Cursor::new(&damaged));
            // A flip of what is no content, such as a date, may do no harm: then both files are whole.
            if let Ok(packed) = found {
                assert_eq!(packed.files.iter().map(|file| file.bytes).sum::<u64>(), 2 * content(2).len() as u64);
            }
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let zip = pack(&[("bomb.UKE", &vec![b'1'; 40_000_000])], CompressionMethod::Deflated);
        assert!(zip.len() < 60_000);
        assert!(packed_files(Cursor::new(zip)).unwrap_err().message.contains("上限"));
        let others = pack(&[("a.pdf", b"x")], CompressionMethod::Stored);
        assert!(packed_files(Cursor::new(others)).unwrap_err().message.contains("請求ファイル"));
    }
}
