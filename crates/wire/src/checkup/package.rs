//! A file of check-ups: one document, or a package (ZIP) with `DATA/h….xml` for each person beside the
//! index `ix08_V08.xml`. What else a package holds (summary, settlement, schemas) is not read.
//!
//! Nothing of a package is written anywhere, so a path in it can do no harm; everything is bounded.

use super::tree::parse;
use super::{CheckupDocument, DOCUMENT_BYTES_MAX, read};
use crate::issue::Issue;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use zip::write::SimpleFileOptions;

/// Bytes of a file at most, packed.
const FILE_BYTES_MAX: u64 = 536_870_912;
/// Bytes of all documents of a package at most, unpacked: they are held in memory. About 10,000 persons.
pub const PACKAGE_BYTES_MAX: u64 = 536_870_912;
/// Entries of a package at most.
const ENTRIES_MAX: usize = 100_000;
/// Characters of a document's name that are shown.
const NAME_CHARACTERS_MAX: usize = 60;
/// The first bytes of a ZIP file.
const ZIP: &[u8] = b"PK\x03\x04";

/// What a file was, apart from its documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether it was a package.
    pub package: bool,
    /// Documents in it.
    pub documents: u64,
    /// Documents that its index states.
    pub stated: Option<u64>,
    /// Findings about the package.
    pub issues: Vec<Issue>,
}

/// What becomes of one document: its bytes, and what was read of them.
type Taken = Result<CheckupDocument, Vec<Issue>>;

/// Reads a file; each document is given to `take` with its name in the package (empty for a file that is
/// itself a document) and its bytes.
///
/// # Errors
/// Why nothing of the file can be read.
pub fn read_file(mut source: impl Read + Seek, mut take: impl FnMut(&str, Vec<u8>, Taken)) -> Result<Summary, Issue> {
    let unreadable = |error: std::io::Error| Issue::unreadable(0, &error);
    let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    if length > FILE_BYTES_MAX {
        return Err(Issue::unreadable(0, &std::io::ErrorKind::FileTooLarge.into()));
    }
    source.rewind().map_err(unreadable)?;
    let mut head = Vec::new();
    source.by_ref().take(ZIP.len() as u64).read_to_end(&mut head).map_err(unreadable)?;
    source.rewind().map_err(unreadable)?;
    if head == ZIP {
        return package(source, PACKAGE_BYTES_MAX, &mut take);
    }
    let mut bytes = Vec::new();
    source.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let taken = read(&bytes);
    take("", bytes, taken);
    Ok(Summary { documents: 1, ..Summary::default() })
}

/// Packs files, named by their paths, into a package. The same files give the same bytes.
///
/// # Errors
/// When a path is none, or there are too many files.
pub fn pack<'a>(files: impl IntoIterator<Item = (String, &'a [u8])>) -> std::io::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (path, bytes) in files {
        archive.start_file(path, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// `room` is how many bytes of documents there may be, unpacked.
fn package(
    source: impl Read + Seek,
    mut room: u64,
    take: &mut impl FnMut(&str, Vec<u8>, Taken),
) -> Result<Summary, Issue> {
    let broken = || Issue::file(0, "ファイル", "ZIPとして読めません。途中で切れていないか確認してください");
    let mut archive = zip::ZipArchive::new(source).map_err(|_| broken())?;
    if archive.len() > ENTRIES_MAX {
        let message = format!("ZIPの中のファイルが{ENTRIES_MAX}件を超えています。分けて取り込んでください");
        return Err(Issue::file(0, "ファイル", message));
    }
    let mut summary = Summary { package: true, ..Summary::default() };
    let mut index = None;
    for number in 0..archive.len() {
        let name = archive.name_for_index(number).unwrap_or_default().to_owned();
        let is_index = file_name(&name).eq_ignore_ascii_case("ix08_V08.xml");
        if !is_index && !is_document(&name) {
            continue;
        }
        let bytes = unpacked(&mut archive, number);
        if is_index {
            index = Some(bytes.and_then(|bytes| stated_documents(&bytes)));
            continue;
        }
        summary.documents += 1;
        let shown = shown_name(&name, summary.documents);
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(issue) => {
                take(&shown, Vec::new(), Err(vec![issue]));
                continue;
            }
        };
        room = room.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Issue::file(0, "ファイル", "ZIPを展開した大きさが上限（512MiB）を超えています。分けて取り込んでください")
        })?;
        let taken = read(&bytes);
        take(&shown, bytes, taken);
    }
    if summary.documents == 0 {
        let message = "ZIPの中にDATA/h*.xml（健診結果）がありません。特定健診のファイルか確認してください";
        return Err(Issue::file(0, "ファイル", message));
    }
    match index {
        None => summary.issues.push(Issue::warning(0, "索引", "ix08_V08.xmlがありません。件数を照合していません")),
        Some(Err(_)) => {
            summary.issues.push(Issue::warning(0, "索引", "ix08_V08.xmlの件数を読めません。照合していません"))
        }
        Some(Ok(stated)) => {
            summary.stated = Some(stated);
            if stated != summary.documents {
                let message =
                    format!("索引の件数（{stated}件）と、健診結果の件数（{}件）が一致しません", summary.documents);
                summary.issues.push(Issue::warning(0, "索引", message));
            }
        }
    }
    Ok(summary)
}

/// One entry, bounded while it is unpacked.
fn unpacked<R: Read + Seek>(archive: &mut zip::ZipArchive<R>, number: usize) -> Result<Vec<u8>, Issue> {
    let broken = || Issue::row(0, "ファイル", "ZIPの中のこのファイルを読めません（破損または暗号化）");
    let entry = archive.by_index(number).map_err(|_| broken())?;
    let mut bytes = Vec::new();
    entry.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|_| broken())?;
    Ok(bytes)
}

/// 総件数 of the index.
fn stated_documents(bytes: &[u8]) -> Result<u64, Issue> {
    let bytes = if bytes.len() > DOCUMENT_BYTES_MAX { &[] } else { bytes };
    let root = parse(bytes, "index", false)?;
    let count = root.child("totalRecordCount");
    let stated = count.attribute("value").parse();
    stated.map_err(|_| Issue::row(count.line, "総件数", "数字ではありません"))
}

fn is_document(name: &str) -> bool {
    let mut segments = name.rsplit(['/', '\\']);
    let file = segments.next().unwrap_or_default();
    let folder = segments.next().unwrap_or_default();
    let ends = file.get(file.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".xml"));
    folder.eq_ignore_ascii_case("DATA") && file.starts_with(['h', 'H']) && ends
}

fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The name of a document as a report shows it: names of the standard have digits only behind the h.
fn shown_name(name: &str, number: u64) -> String {
    let file = file_name(name);
    let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if plain && file.len() <= NAME_CHARACTERS_MAX { file.to_owned() } else { format!("{number}番目の文書") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_refused_before_it_fills_the_memory() {
        let blanks = vec![b' '; DOCUMENT_BYTES_MAX * 4];
        let files = (0..4).map(|number| (format!("x/DATA/h{number}.xml"), blanks.as_slice()));
        let packed = pack(files).unwrap();
        let mut held = 0;
        let refusal = package(Cursor::new(packed), 5_000_000, &mut |_: &str, bytes: Vec<u8>, taken: Taken| {
            assert!(taken.is_err() && bytes.len() == DOCUMENT_BYTES_MAX + 1, "no document is unpacked further");
            held += 1;
        });
        assert!(refusal.unwrap_err().message.contains("512MiB"));
        assert_eq!(held, 2);
    }
}
