//! Text of claims files as Shift_JIS, quickly: each character is encoded once.

use madoguchi_wire::claims::shift_jis;
use std::sync::atomic::{AtomicU16, Ordering};

/// Codes of the characters of the basic plane that were met; 0 until then.
static CODES: [AtomicU16; 0x1_0000] = [const { AtomicU16::new(0) }; 0x1_0000];

/// Adds the text's bytes. What Shift_JIS has no code for becomes the full-width question mark, as `shift_jis` does it.
pub(crate) fn encode(text: &str, bytes: &mut Vec<u8>) {
    bytes.reserve(text.len());
    let mut rest = text;
    while let Some(start) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let (plain, other) = rest.split_at(start);
        bytes.extend_from_slice(plain.as_bytes());
        let Some(character) = other.chars().next() else { return };
        add(character, bytes);
        rest = &other[character.len_utf8()..];
    }
    bytes.extend_from_slice(rest.as_bytes());
}

fn add(character: char, bytes: &mut Vec<u8>) {
    let Some(known) = CODES.get(character as usize) else {
        bytes.extend(shift_jis(character.encode_utf8(&mut [0; 4])));
        return;
    };
    let mut code = known.load(Ordering::Relaxed);
    if code == 0 {
        code =
            shift_jis(character.encode_utf8(&mut [0; 4])).into_iter().fold(0, |code, byte| code << 8 | u16::from(byte));
        known.store(code, Ordering::Relaxed);
    }
    let [high, low] = code.to_be_bytes();
    if high > 0 {
        bytes.push(high);
    }
    bytes.push(low);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_slow_way() {
        for text in ["", "RE,1,1112", "渡？　和夫,ワタナベ\r\n\u{1A}", "ｱ①髙𠮷é", "　,窓・１２"] {
            for _ in 0..2 {
                let mut bytes = vec![b'x'];
                encode(text, &mut bytes);
                assert_eq!(bytes[1..], shift_jis(text), "{text}");
            }
        }
    }
}
