//! Why a message can't be taken, as the codes of a message-level failure say it.

use crate::message::field::WrongElement;
use std::fmt;

/// Elements that a text names at most.
const NAMED_MAX: usize = 20;

/// Why a message can't be taken (電文レベルのエラー).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// E0001: no well-formed XML or JSON, a wrong character set, or out of bounds. Says which.
    Form(&'static str),
    /// E0002: these elements are missing, stand twice, are too long or have a value that they don't take.
    Elements(Vec<WrongElement>),
    /// E0005: more elements than the records that a message may have.
    TooMany,
    /// E0004: another message than the name of the file says.
    Kind,
}

impl Problem {
    /// The code of the failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "E0001",
            Self::Elements(_) => "E0002",
            Self::TooMany => "E0005",
            Self::Kind => "E0004",
        }
    }

    /// What the code's text says in addition: the elements, or what is wrong with the form. Never a value.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Form(reason) => (*reason).to_owned(),
            Self::Elements(wrong) => elements(wrong),
            Self::TooMany | Self::Kind => String::new(),
        }
    }
}

fn elements(wrong: &[WrongElement]) -> String {
    let mut names: Vec<String> = wrong.iter().take(NAMED_MAX).map(WrongElement::to_string).collect();
    if wrong.len() > NAMED_MAX {
        names.push("ほか".to_owned());
    }
    names.join("、")
}

impl fmt::Display for WrongElement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(formatter, "{}：{record}件目", self.element),
            None => formatter.write_str(self.element),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(reason) => write!(formatter, "要求ファイルの形式が正しくありません。({reason})"),
            Self::Elements(wrong) => write!(formatter, "要求項目に誤りがあります。({})", elements(wrong)),
            Self::TooMany => formatter.write_str("件数が上限を超えています。"),
            Self::Kind => formatter.write_str("電文種別が判別できません。"),
        }
    }
}

impl std::error::Error for Problem {}
