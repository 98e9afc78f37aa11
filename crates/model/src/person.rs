//! Insured persons (個人・被保険者).

use crate::day::Day;
use crate::field::FieldError;
use crate::id::PersonId;
use crate::shown::shown;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Characters of a name at most.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// 性別: 1 男, 2 女, 3 未設定 (OQSCD007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Sex {
    /// 男 (1).
    Male,
    /// 女 (2).
    Female,
    /// 未設定 (3).
    Unset,
}

/// A person as registered (個人).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identity across all insurers.
    pub id: PersonId,
    /// 氏名, as registered: family name, full-width space, given name; may hold 外字.
    pub name: String,
    /// 氏名カナ, full-width katakana with a full-width space.
    pub kana: String,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
    /// The day of death, if known.
    pub died_on: Option<Day>,
}

impl Person {
    /// The name that a screen can show (外字 → ●).
    #[must_use]
    pub fn shown_name(&self) -> String {
        shown(&self.name)
    }
}

impl Sex {
    /// From the digit of the wire and of claims.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            3 => Some(Self::Unset),
            _ => None,
        }
    }

    /// The digit of the wire.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
            Self::Unset => 3,
        }
    }

    /// 男, 女 or 未設定.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
            Self::Unset => "未設定",
        }
    }
}

impl TryFrom<i64> for Sex {
    type Error = FieldError;
    fn try_from(number: i64) -> Result<Self, FieldError> {
        Self::from_number(number).ok_or_else(|| FieldError::new("性別", "1（男）、2（女）または3（未設定）"))
    }
}

impl From<Sex> for i64 {
    fn from(sex: Sex) -> Self {
        sex.number()
    }
}

/// The form in which names are compared: NFKC without blanks, small kana enlarged, long marks dropped.
#[must_use]
pub fn comparable_name(name: &str) -> String {
    name.nfkc()
        .filter(|character| !character.is_whitespace() && *character != 'ー')
        .map(large_kana)
        .flat_map(char::to_uppercase)
        .collect()
}

fn large_kana(character: char) -> char {
    match character {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_width_blanks_and_small_kana() {
        for (left, right) in
            [("ｷｮｳｺ", "キヨウコ"), ("山田　太郎", "山田太郎"), ("ソーダ", "ソダ"), ("ｌｉ　ｎａ", "LINA")]
        {
            assert_eq!(comparable_name(left), comparable_name(right));
        }
        assert_ne!(comparable_name("カキ"), comparable_name("ガキ"));
    }
}
