//! Lines of a claims file: bounded, decoded from CP932, with their bytes as read.

use super::LINE_BYTES_MAX;
use crate::issue::Issue;
use std::borrow::Cow;
use std::io::BufRead;

/// The end byte that may follow the last line.
const END: u8 = 0x1A;
const UTF8: &str = "文字コードがUTF-8です。レセプト電算処理の仕様どおりShift_JISで出力したファイルを取り込んでください";

const PACKED: &str = "ZIPファイルです。展開してから、中のファイル（.UKEなど）を取り込んでください";

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    raw: Vec<u8>,
    number: u64,
    ended: bool,
}

/// One line.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// As read, with its terminator.
    pub(super) raw: &'a [u8],
    /// Decoded, without terminator and end byte.
    pub(super) text: Cow<'a, str>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, raw: Vec::new(), number: 0, ended: false }
    }

    pub(super) fn into_inner(self) -> R {
        self.reader
    }

    /// The number of the line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not empty, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Issue> {
        loop {
            if self.ended {
                return Ok(None);
            }
            self.read_raw()?;
            if !content(&self.raw).is_empty() {
                break;
            }
        }
        if self.number == 1 && self.raw.starts_with(b"PK\x03\x04") {
            return Err(Issue::file(0, "ファイル", PACKED));
        }
        let text = decode(content(&self.raw), self.number)?;
        Ok(Some(Line { number: self.number, raw: &self.raw, text }))
    }

    /// Fills `raw` up to the next line feed. Never holds more than a line's limit.
    fn read_raw(&mut self) -> Result<(), Issue> {
        self.raw.clear();
        self.number += 1;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Issue::unreadable(self.number, &error));
                }
            };
            if available.is_empty() {
                self.ended = true;
                return Ok(());
            }
            let (used, done) = match available.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (available.len(), false),
            };
            if self.raw.len() + used > LINE_BYTES_MAX {
                return Err(too_long(self.number));
            }
            self.raw.extend_from_slice(&available[..used]);
            self.reader.consume(used);
            if self.raw.first() == Some(&END) {
                self.ended = true;
                self.raw.clear();
                return Ok(());
            }
            if done {
                return Ok(());
            }
        }
    }
}

fn too_long(number: u64) -> Issue {
    let kibibytes = LINE_BYTES_MAX / 1024;
    Issue::file(
        number,
        "改行",
        format!("1行が{kibibytes}KiBを超えています。レコードごとに改行（CR LF）したファイルか確認してください"),
    )
}

/// The line without its terminator and the end byte.
fn content(raw: &[u8]) -> &[u8] {
    let mut line = raw;
    while let [rest @ .., b'\n' | b'\r' | END | b' '] = line {
        line = rest;
    }
    line
}

fn decode(line: &[u8], number: u64) -> Result<Cow<'_, str>, Issue> {
    if line.is_ascii() {
        return Ok(String::from_utf8_lossy(line));
    }
    if is_utf8(line) {
        return Err(Issue::file(number, "文字コード", UTF8));
    }
    match encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line) {
        Some(text) => Ok(text),
        None => Err(Issue::file(
            number,
            "文字コード",
            "Shift_JISとして読めない文字があります。ファイルが壊れていないか確認し、出力し直してください",
        )),
    }
}

/// Japanese text in UTF-8, also amid lines of Shift_JIS, where it would be taken for other characters: a byte order mark, or a line that is UTF-8 throughout with a character
/// of three bytes. Half-width kana of Shift_JIS can look like UTF-8 of two bytes, never of three
/// throughout a line of text.
fn is_utf8(line: &[u8]) -> bool {
    line.starts_with(b"\xEF\xBB\xBF")
        || std::str::from_utf8(line).is_ok_and(|text| text.chars().any(|character| character.len_utf8() >= 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &[&str]) {
        let mut lines = Lines::new(bytes);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(line.text.into_owned());
        }
        assert_eq!(found, expected);
    }

    fn refused(bytes: &[u8]) -> Issue {
        let mut lines = Lines::new(bytes);
        loop {
            match lines.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("not refused"),
                Err(issue) => return issue,
            }
        }
    }

    #[test]
    fn line_ends_and_the_end_byte() {
        check(b"IR,1\r\nGO,1\r\n\x1a", &["IR,1", "GO,1"]);
        check(b"IR,1\nGO,1\n\x1a\r\n", &["IR,1", "GO,1"]);
        check(b"IR,1\r\n\r\nGO,1\x1a", &["IR,1", "GO,1"]);
        check(b"GO,1", &["GO,1"]);
        check(b"RE,\x87\x40\xFB\xFC\r\n", &["RE,①髙"]);
        check(b"RE,\x83\x5c,\xC3\xA5\xC3\xA5", &["RE,ソ,ﾃ･ﾃ･"]);
        check(b"", &[]);
        check(b"\x1aRE,1", &[]);
    }

    #[test]
    fn what_is_not_shift_jis_is_refused_with_its_line() {
        let utf8 = refused("IR,1\r\nRE,山田　太郎\r\n".as_bytes());
        assert_eq!((utf8.line, utf8.message.as_str()), (2, UTF8));
        assert_eq!(refused(b"\xEF\xBB\xBFIR,1").message, UTF8);
        let mixed = [b"IR,\x8e\x52\x93\x63\r\n", "CO,１日３回\r\n".as_bytes()].concat();
        assert_eq!((refused(&mixed).line, refused(&mixed).message.as_str()), (2, UTF8));
        assert_eq!(refused(b"PK\x03\x04\x14\0").message, PACKED);
        let broken = refused(b"IR,1\r\nRE,\x82\r\n");
        assert_eq!(broken.line, 2);
        assert!(broken.message.contains("Shift_JISとして読めない"));
    }

    /// A reader without end that counts what was taken from it.
    struct Endless(usize);

    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'1');
            self.0 += buffer.len();
            Ok(buffer.len())
        }
    }

    #[test]
    fn an_endless_line_is_given_up_at_its_limit() {
        let mut lines = Lines::new(std::io::BufReader::with_capacity(8192, Endless(0)));
        let issue = lines.next().err().unwrap();
        assert!(issue.message.contains("64KiB"));
        assert!(lines.raw.capacity() <= 2 * LINE_BYTES_MAX);
        assert!(lines.reader.get_ref().0 <= LINE_BYTES_MAX + 8192);
    }
}
