//! Character sets: UTF-8 and Shift_JIS (CP932), strictly read and written without loss of place: what a set lacks
//! becomes ●, one for one.

use encoding_rs::{EncoderResult, Encoding, SHIFT_JIS, UTF_8};
use madoguchi_model::code::CharacterCode;
use std::borrow::Cow;

/// What stands for a character that can't be shown.
const REPLACEMENT: char = '●';
/// A declaration ends within so many bytes.
const DECLARATION_BYTES_MAX: usize = 200;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of an XML file in its declared character set; UTF-8 when none is declared.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    let (bytes, marked) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let encoding = match declared(bytes)? {
        Some(encoding) if marked && encoding != UTF_8 => {
            return Err("文字コードの宣言とファイルの先頭の印（BOM）が異なります");
        }
        declared => declared.unwrap_or(UTF_8),
    };
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or("宣言された文字コードとして読めません")
}

/// The encoding in the XML declaration, if there is one.
fn declared(bytes: &[u8]) -> Result<Option<&'static Encoding>, &'static str> {
    let Some(rest) = bytes.strip_prefix(b"<?xml") else {
        return Ok(None);
    };
    let rest = &rest[..rest.len().min(DECLARATION_BYTES_MAX)];
    let end = rest.windows(2).position(|pair| pair == b"?>").ok_or("XML宣言が終わっていません")?;
    let declaration = std::str::from_utf8(&rest[..end]).map_err(|_| "XML宣言に読めない文字があります")?;
    let Some((_, value)) = declaration.split_once("encoding") else {
        return Ok(None);
    };
    let value = value.trim_start().strip_prefix('=').unwrap_or_default().trim_start();
    let label = value.split(['"', '\'']).nth(1).unwrap_or_default();
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 || encoding == SHIFT_JIS => Ok(Some(encoding)),
        _ if label.eq_ignore_ascii_case("cp932") => Ok(Some(SHIFT_JIS)),
        _ => Err("文字コードはUTF-8またはShift_JISで宣言してください"),
    }
}

/// The text as bytes of this character set.
pub(crate) fn encode(text: String, code: CharacterCode) -> Vec<u8> {
    match code {
        CharacterCode::Utf8 => text.into_bytes(),
        CharacterCode::ShiftJis => shift_jis(&text),
    }
}

fn shift_jis(text: &str) -> Vec<u8> {
    let mut encoder = SHIFT_JIS.new_encoder();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        bytes.reserve(rest.len() + 16);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => bytes.extend_from_slice(&double_byte(character)),
        }
    }
}

/// The bytes for a character that the tables of encoding_rs lack: its double in CP932, which several systems write
/// with another code point, or ●.
fn double_byte(character: char) -> [u8; 2] {
    match character {
        '〜' => [0x81, 0x60],
        '‖' => [0x81, 0x61],
        '—' => [0x81, 0x5c],
        '¢' => [0x81, 0x91],
        '£' => [0x81, 0x92],
        '¬' => [0x81, 0xca],
        '¦' => [0xfa, 0x55],
        _ => [0x81, 0x9c],
    }
}

/// The character as it can be shown: 外字 (private use) and what XML does not allow become ●.
pub(crate) fn shown(character: char) -> char {
    match u32::from(character) {
        0xE000..=0xF8FF | 0xFFFD..=0xFFFF | 0xF_0000.. => REPLACEMENT,
        0..=0x1F | 0x7F..=0x9F => REPLACEMENT,
        _ => character,
    }
}

/// Whether the text is written as it stands, in XML and in JSON: most are codes, numbers and days.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shift_jis_lacks_becomes_a_black_circle() {
        for (text, expected) in
            [("髙﨑①ﾐﾎﾝ～", "髙﨑①ﾐﾎﾝ～"), ("𠮷田", "●田"), ("〜‖—", "～∥―"), ("−", "－"), ("é😀", "●●")]
        {
            let bytes = encode(text.to_owned(), CharacterCode::ShiftJis);
            let (read, _, broken) = SHIFT_JIS.decode(&bytes);
            assert_eq!((read.as_ref(), broken), (expected, false), "{text}");
            assert_eq!(encode(text.to_owned(), CharacterCode::Utf8), text.as_bytes());
        }
    }

    #[test]
    fn the_declaration_counts() {
        let file = |encoding: &str, body: &[u8]| {
            [format!("<?xml version='1.0' encoding='{encoding}'?>").as_bytes(), body].concat()
        };
        for (encoding, body, expected) in [
            ("UTF-8", "山".as_bytes(), Some("山")),
            ("utf-8", b"\x8e\x52", None),
            ("Shift_JIS", b"\x8e\x52", Some("山")),
            ("Windows-31J", b"\x8e\x52", Some("山")),
            ("CP932", b"\xfb\xfc", Some("髙")),
            ("Shift_JIS", b"\x8e", None),
            ("UTF-16", b"x", None),
            ("EUC-JP", b"x", None),
            ("", b"x", None),
        ] {
            let file = file(encoding, body);
            assert_eq!(decode(&file).ok().map(|text| text.ends_with(expected.unwrap_or("?>"))), expected.map(|_| true));
        }
        assert_eq!(decode(b"\xef\xbb\xbf<a/>").unwrap(), "<a/>");
        assert!(decode(&[BYTE_ORDER_MARK, &file("Shift_JIS", b"")].concat()).is_err());
        assert!(decode(b"\xff\xfe<\0a\0").is_err());
        assert!(decode(b"<?xml version='1.0'").is_err());
    }
}
