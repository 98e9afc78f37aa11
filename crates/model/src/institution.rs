//! Medical institutions (医療機関等): hospitals, clinics, dental clinics, pharmacies, home nursing.

use crate::check_digit;
use crate::day::Day;
use crate::field::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The ten digits of an institution (医療機関コード): prefecture 2, point table 1, then 7 digits with
/// a check digit at the end. A wrong check digit is accepted: public samples carry wrong ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstitutionCode(String);

/// What an institution is, told by the third digit of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionKind {
    /// 医科: hospitals and clinics (1).
    Medical,
    /// 歯科 (3).
    Dental,
    /// 調剤: pharmacies (4).
    Pharmacy,
    /// 訪問看護 (6).
    HomeNursing,
}

/// An institution as registered (医療機関等).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// 医療機関名, at most 40 characters.
    pub name: String,
    /// Whether it is a hospital (病院): only hospitals have 救急時医療情報閲覧.
    pub hospital: bool,
    /// 開設年月日.
    pub opened_on: Day,
    /// 廃止年月日, the last day of work; nobody logs in after it.
    pub abolished_on: Option<Day>,
}

impl InstitutionCode {
    /// Reads ten digits whose third names a kind we know.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let wrong = FieldError::new("医療機関コード", "都道府県2桁・点数表1桁（1、3、4、6）・番号7桁の数字10桁");
        if text.len() != 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong);
        }
        let prefecture: u8 = text[..2].parse().map_err(|_| wrong.clone())?;
        if !(1..=47).contains(&prefecture) || kind_of_digit(&text[2..3]).is_none() {
            return Err(wrong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The ten digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind in the third digit.
    #[must_use]
    pub fn kind(&self) -> InstitutionKind {
        kind_of_digit(&self.0[2..3]).unwrap_or(InstitutionKind::Medical)
    }

    /// Whether the check digit is right.
    #[must_use]
    pub fn has_valid_check_digit(&self) -> bool {
        check_digit::is_valid(&self.0)
    }
}

impl InstitutionKind {
    /// All kinds in the order of their digits.
    pub const ALL: [Self; 4] = [Self::Medical, Self::Dental, Self::Pharmacy, Self::HomeNursing];

    /// The Japanese name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Medical => "医科",
            Self::Dental => "歯科",
            Self::Pharmacy => "薬局",
            Self::HomeNursing => "訪問看護",
        }
    }

    /// The word in files and in demo.json.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Dental => "dental",
            Self::Pharmacy => "pharmacy",
            Self::HomeNursing => "home_nursing",
        }
    }

    /// From [`InstitutionKind::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The digit of the point table (点数表).
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Medical => '1',
            Self::Dental => '3',
            Self::Pharmacy => '4',
            Self::HomeNursing => '6',
        }
    }
}

impl Institution {
    /// 医科, 歯科, 薬局 or 訪問看護.
    #[must_use]
    pub fn kind(&self) -> InstitutionKind {
        self.code.kind()
    }

    /// Whether the institution is open on this day.
    #[must_use]
    pub fn is_open_on(&self, day: Day) -> bool {
        self.opened_on <= day && self.abolished_on.is_none_or(|last| day <= last)
    }
}

fn kind_of_digit(digit: &str) -> Option<InstitutionKind> {
    InstitutionKind::ALL.into_iter().find(|kind| digit.starts_with(kind.digit()))
}

impl fmt::Display for InstitutionCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for InstitutionCode {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<InstitutionCode> for String {
    fn from(code: InstitutionCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_digit_names_the_kind() {
        for (text, kind) in [
            ("1312345678", Some(InstitutionKind::Medical)),
            ("1332345678", Some(InstitutionKind::Dental)),
            ("1342345678", Some(InstitutionKind::Pharmacy)),
            ("1362345678", Some(InstitutionKind::HomeNursing)),
            ("1322345678", None),
            ("4812345678", None),
            ("0012345678", None),
            ("131234567", None),
            ("13123456７8", None),
        ] {
            assert_eq!(InstitutionCode::parse(text).ok().map(|code| code.kind()), kind, "{text}");
        }
    }

    #[test]
    fn a_printed_sample_with_a_wrong_check_digit_is_accepted() {
        assert!(!InstitutionCode::parse("1710110216").unwrap().has_valid_check_digit());
        assert!(InstitutionCode::parse("1510110016").unwrap().has_valid_check_digit());
    }
}
