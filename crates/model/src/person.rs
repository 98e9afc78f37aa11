//! Insured persons (個人・被保険者).

use crate::day::Day;
use crate::field::FieldError;
use crate::id::PersonId;
use crate::shown::shown;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Characters of a name at most.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// Characters of an address at most.
pub const ADDRESS_CHARACTERS_MAX: usize = 200;

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
    /// Other names and where the person lives.
    pub particulars: Particulars,
}

/// What is registered about a person beside the name (通称・住所), all of it optional.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Particulars {
    /// 氏名（その他）: the other name under which the person is known, such as a 通称.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_name: Option<String>,
    /// 氏名（その他）カナ, full-width katakana.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_kana: Option<String>,
    /// 住所.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// 郵便番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
}

/// 郵便番号, kept as `123-4567`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalCode(String);

impl PostalCode {
    /// Reads seven digits, with or without the hyphen after the third.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let digits: String = text.nfkc().filter(|character| !matches!(character, '-' | '‐' | '−' | 'ー')).collect();
        if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldError::new("郵便番号", "7桁の数字（例 123-4567）"));
        }
        Ok(Self(format!("{}-{}", &digits[..3], &digits[3..])))
    }

    /// `123-4567`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PostalCode {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<PostalCode> for String {
    fn from(code: PostalCode) -> Self {
        code.0
    }
}

impl Person {
    /// Whether the person is 未就学児 on this day: up to 31 March after the sixth year of age is completed, which the law
    /// counts as completed on the eve of the birthday.
    #[must_use]
    pub fn is_preschool(&self, day: Day) -> bool {
        let years = if self.birthdate.number() % 10_000 <= 401 { 6 } else { 7 };
        let last = Day::from_number((i64::from(self.birthdate.year()) + years) * 10_000 + 331);
        last.is_some_and(|last| day <= last)
    }

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

    #[test]
    fn preschool_ends_with_march_after_the_sixth_year() {
        for (birthdate, day, expected) in [
            (20_200_401, 20_260_331, true),
            (20_200_401, 20_260_401, false),
            (20_200_402, 20_260_401, true),
            (20_200_402, 20_270_331, true),
            (20_200_402, 20_270_401, false),
            (20_191_231, 20_260_331, true),
            (20_191_231, 20_260_401, false),
            (20_260_401, 20_260_401, true),
        ] {
            let person = Person {
                id: PersonId::from_bytes(&[1; 16]).unwrap(),
                name: "見本　太郎".to_owned(),
                kana: "ミホン　タロウ".to_owned(),
                sex: Sex::Male,
                birthdate: Day::from_number(birthdate).unwrap(),
                died_on: None,
                particulars: Particulars::default(),
            };
            assert_eq!(person.is_preschool(Day::from_number(day).unwrap()), expected, "{birthdate} {day}");
        }
    }

    #[test]
    fn postal_codes() {
        for (text, expected) in [
            ("1234567", Some("123-4567")),
            ("123-4567", Some("123-4567")),
            ("１２３－４５６７", Some("123-4567")),
            ("123456", None),
            ("12345678", None),
            ("123-456a", None),
            ("", None),
        ] {
            assert_eq!(PostalCode::parse(text).ok().as_ref().map(PostalCode::as_str), expected, "{text}");
        }
    }
}
