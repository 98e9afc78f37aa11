//! The catalogue of codes (結果コード一覧): every code that the product says, with its cause and the next steps.
//!
//! The official list is not public. Ours is one table, so that a real one can take its place; whoever says a
//! code says one of the table, which a test holds against all sources. The texts that carry a detail of the moment (a
//! time, the name of an element) are made where they are said; the table has what is always true.

mod messages;
mod screens;

use std::fmt;

/// Where a code is said (区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// In an answer, for the message as a whole (電文).
    Message,
    /// In an answer, for one record (レコード).
    Record,
    /// On a screen, and in the JSON of programs (画面・通信).
    Screen,
    /// At the card reader (カードリーダー).
    Reader,
    /// In the log only (ログ).
    Log,
}

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// Where it is said.
    pub level: Level,
    /// What it says (メッセージ).
    pub text: &'static str,
    /// Why (原因).
    pub cause: &'static str,
    /// What the clerk does next (職員の対応).
    pub clerk: &'static str,
    /// What the vendor or operator does next (ベンダーの対応).
    pub vendor: &'static str,
    /// Whether this version says it; else the number is kept free for it.
    pub standing: Standing,
}

/// Whether this version says a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    InUse,
    /// It does not: kept free (予約).
    Reserved,
}

/// All codes in the order of the list.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    messages::MESSAGES.iter().chain(screens::SCREENS)
}

/// Code, level, text, cause, what the clerk does, what the vendor does.
const fn said(code: &'static str, level: Level, words: [&'static str; 4]) -> Entry {
    let [text, cause, clerk, vendor] = words;
    Entry { code, level, text, cause, clerk, vendor, standing: Standing::InUse }
}

/// A number that is kept free for what this version does not say.
const fn reserved(code: &'static str, level: Level, words: [&'static str; 4]) -> Entry {
    Entry { standing: Standing::Reserved, ..said(code, level, words) }
}

/// The entry of a code.
#[must_use]
pub fn entry(code: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.code == code)
}

/// What a code says; the code itself when the table lacks it.
#[must_use]
pub fn text(code: &'static str) -> &'static str {
    entry(code).map_or(code, |entry| entry.text)
}

impl Level {
    /// All levels in the order of the list.
    pub const ALL: [Self; 5] = [Self::Message, Self::Record, Self::Screen, Self::Reader, Self::Log];

    /// The Japanese name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Message => "電文",
            Self::Record => "レコード",
            Self::Screen => "画面・通信",
            Self::Reader => "カードリーダー",
            Self::Log => "ログ",
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn entries_are_complete_and_stand_once() {
        let codes: BTreeSet<_> = entries().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), entries().count());
        for entry in entries() {
            for text in [entry.text, entry.cause, entry.clerk, entry.vendor] {
                assert!(text.ends_with('。') || text.ends_with('）'), "{}: {text}", entry.code);
            }
        }
        assert_eq!(text("E0003"), "医療機関コードが一致しません。");
        assert_eq!(entry("E9999"), None);
    }
}
