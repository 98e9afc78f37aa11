//! Our own CSV lists: UTF-8 with a header line, bounded, with the line of every wrong field.

use crate::issue::Issue;
use csv::StringRecord;
use std::io::{self, Read};

/// Bytes of one line at most.
const LINE_BYTES_MAX: usize = 16_384;
/// Bytes of a list at most: about half a million lines.
pub(crate) const LIST_BYTES_MAX: u64 = 134_217_728;
/// Findings that are listed of one file.
pub(crate) const ISSUES_MAX: usize = 1_000;

/// A list with its columns found.
pub(crate) struct Table<R> {
    reader: csv::Reader<LineLimit<io::Take<R>>>,
    columns: Vec<Option<usize>>,
    names: &'static [&'static str],
    record: StringRecord,
}

/// One line of a list.
pub(crate) struct Row<'a> {
    pub(crate) line: u64,
    record: &'a StringRecord,
    columns: &'a [Option<usize>],
    names: &'static [&'static str],
}

impl<R: Read> Table<R> {
    /// Reads the header. `required` are the names that must be there, `names` all that are known.
    pub(crate) fn open(
        source: R,
        names: &'static [&'static str],
        required: &[&str],
    ) -> Result<(Self, Vec<Issue>), Issue> {
        let limited = LineLimit { source: source.take(LIST_BYTES_MAX), in_line: 0, total: 0 };
        let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(limited);
        let header = reader.headers().map_err(|error| broken(&error))?.clone();
        let heads: Vec<&str> = header.iter().map(|head| head.trim_start_matches('\u{feff}').trim()).collect();
        let columns: Vec<_> = names.iter().map(|name| heads.iter().position(|head| head == name)).collect();
        let missing: Vec<&str> = required.iter().copied().filter(|name| !heads.contains(name)).collect();
        if !missing.is_empty() {
            return Err(Issue::file(1, "見出し行", format!("列 {} がありません", missing.join("、"))));
        }
        let unknown = heads.iter().filter(|head| !names.contains(head));
        let issues =
            unknown.map(|_| Issue::warning(1, "見出し行", "知らない列があります。使用しません")).take(1).collect();
        Ok((Self { reader, columns, names, record: StringRecord::new() }, issues))
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Issue> {
        if !self.reader.read_record(&mut self.record).map_err(|error| broken(&error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        Ok(Some(Row { line, record: &self.record, columns: &self.columns, names: self.names }))
    }
}

impl<'a> Row<'a> {
    /// The field of this column without blanks around it; empty when the list has no such column.
    pub(crate) fn field(&self, name: &str) -> &'a str {
        let place = self.names.iter().position(|known| *known == name);
        let column = place.and_then(|place| self.columns.get(place).copied().flatten());
        column.and_then(|column| self.record.get(column)).unwrap_or_default().trim()
    }

    /// The field, or `None` when empty.
    pub(crate) fn some(&self, name: &str) -> Option<&'a str> {
        Some(self.field(name)).filter(|text| !text.is_empty())
    }

    /// A finding about a field of this line.
    pub(crate) fn wrong(&self, name: &str, expected: impl std::fmt::Display) -> Issue {
        Issue::row(self.line, name, expected.to_string())
    }
}

fn broken(error: &csv::Error) -> Issue {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            Issue::file(line, "文字コード", "UTF-8として読めない文字があります。UTF-8で保存したCSVを取り込んでください")
        }
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Issue::file(line, "ファイル", "1行またはファイル全体が長すぎます。1件を1行に書いたCSVか確認してください")
        }
        _ => Issue::file(line, "ファイル", "CSVとして読めません"),
    }
}

/// Refuses to read on when a line or the whole is too long, so that no buffer grows without end.
/// Drops CR: the csv crate counts a line before the LF of a CR LF, and we want our line numbers.
struct LineLimit<R> {
    source: R,
    in_line: usize,
    total: u64,
}

impl<R: Read> Read for LineLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.source.read(buffer)?;
            self.total += read as u64;
            if self.total >= LIST_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let kept = self.keep(&mut buffer[..read])?;
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

impl<R> LineLimit<R> {
    fn keep(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut kept = 0;
        for place in 0..bytes.len() {
            let byte = bytes[place];
            self.in_line = if byte == b'\n' { 0 } else { self.in_line + 1 };
            if self.in_line > LINE_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if byte != b'\r' {
                bytes[kept] = byte;
                kept += 1;
            }
        }
        Ok(kept)
    }
}
