//! Insurer numbers, symbols, numbers and branches (保険者番号・記号・番号・枝番) and how they compare.
//!
//! What was issued is kept for the screens; what is compared is a normal form: NFKC, no blanks, no
//! hyphens, upper case. Number and symbol have leading zeros that mean something, so an equal
//! number counts before one that is equal only without them.

use crate::check_digit;
use crate::field::FieldError;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Characters of a symbol or number at most.
pub const NUMBER_CHARACTERS_MAX: usize = 20;

/// 保険者番号 (or 公費負担者番号): 8 digits, or 6 for 国保; kept as the significant digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InsurerNumber(String);

/// The numbers on a certificate (資格情報), as issued.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InsuranceNumbers {
    /// 保険者番号.
    pub insurer: InsurerNumber,
    /// 記号; none for 後期高齢者.
    pub symbol: String,
    /// 番号.
    pub number: String,
    /// 枝番, two digits or empty.
    pub branch: String,
}

impl InsurerNumber {
    /// Reads 5 to 8 digits after leading blanks and zeros have been dropped.
    ///
    /// # Errors
    /// Anything else than digits, more than 8 of them, or fewer than 5 significant ones.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let narrow: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
        let significant = narrow.trim_start_matches('0');
        let digits_only = significant.bytes().all(|byte| byte.is_ascii_digit());
        if !digits_only || narrow.len() > 8 || !(5..=8).contains(&significant.len()) {
            return Err(FieldError::new("保険者番号", "6桁または8桁の数字"));
        }
        Ok(Self(significant.to_owned()))
    }

    /// Zeros in front up to the 8 digits of APIs and of the normal form.
    #[must_use]
    pub fn padded(&self) -> String {
        format!("{:0>8}", self.0)
    }

    /// As printed: 8 digits for employees' insurance (with its zeros), 6 for 国保.
    #[must_use]
    pub fn printed(&self) -> String {
        if self.0.len() <= 6 { format!("{:0>6}", self.0) } else { self.padded() }
    }

    /// Blanks in front up to 8 characters, the form of results on the wire.
    #[must_use]
    pub fn spaced(&self) -> String {
        format!("{:>8}", self.printed())
    }

    /// 法別番号 of an eight-digit number; `None` for 国保.
    #[must_use]
    pub fn scheme(&self) -> Option<String> {
        (self.0.len() > 6).then(|| self.padded()[..2].to_owned())
    }

    /// Whether the check digit is right.
    #[must_use]
    pub fn has_valid_check_digit(&self) -> bool {
        check_digit::is_valid(&self.printed())
    }
}

impl InsuranceNumbers {
    /// Reads the four fields together.
    ///
    /// # Errors
    /// All wrong fields at once.
    pub fn parse(insurer: &str, symbol: &str, number: &str, branch: &str) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let insurer = InsurerNumber::parse(insurer).map_err(|error| wrong.push(error)).ok();
        let symbol = symbol.trim();
        let number = number.trim();
        if symbol.chars().count() > NUMBER_CHARACTERS_MAX {
            wrong.push(FieldError::new("被保険者証等記号", "20文字以内"));
        }
        if number.is_empty() || number.chars().count() > NUMBER_CHARACTERS_MAX {
            wrong.push(FieldError::new("被保険者証等番号", "1文字以上20文字以内"));
        }
        let branch = branch_form(branch).map_err(|error| wrong.push(error)).ok();
        match (insurer, branch) {
            (Some(insurer), Some(branch)) if wrong.is_empty() => {
                Ok(Self { insurer, symbol: symbol.to_owned(), number: number.to_owned(), branch })
            }
            _ => Err(wrong),
        }
    }

    /// The key under which everyone with this insurer, symbol and number is found (a household or a
    /// person): the branch is compared afterwards, leading zeros of the number are dropped.
    #[must_use]
    pub fn key(&self) -> NumberKey {
        NumberKey::new(&self.insurer, &self.symbol, &self.number)
    }

    /// The key under which everyone with this insurer and number is found, whatever the symbol.
    #[must_use]
    pub fn bare_key(&self) -> BareNumberKey {
        let number = normal(&self.number);
        BareNumberKey(format!("{}|{}", self.insurer.padded(), number.trim_start_matches('0')))
    }
}

/// Look-up key of insurer and number, for questions that leave the symbol out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BareNumberKey(String);

impl BareNumberKey {
    /// The stored text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Look-up key of insurer, symbol and number in their normal forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberKey(String);

impl NumberKey {
    /// Builds the key from the three parts.
    #[must_use]
    pub fn new(insurer: &InsurerNumber, symbol: &str, number: &str) -> Self {
        let number = normal(number);
        Self(format!("{}|{}|{}", insurer.padded(), normal(symbol), number.trim_start_matches('0')))
    }

    /// The stored text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The normal form of a symbol or number: NFKC, without blanks, hyphens and middle dots, upper case.
#[must_use]
pub fn normal(text: &str) -> String {
    text.nfkc()
        .filter(|character| {
            !character.is_whitespace() && !matches!(character, '-' | '‐' | '－' | 'ー' | '−' | '・' | '･')
        })
        .flat_map(char::to_uppercase)
        .collect()
}

fn branch_form(text: &str) -> Result<String, FieldError> {
    let narrow: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
    match narrow.len() {
        0 => Ok(String::new()),
        1 | 2 if narrow.bytes().all(|byte| byte.is_ascii_digit()) => Ok(format!("{narrow:0>2}")),
        _ => Err(FieldError::new("枝番", "2桁の数字（ない場合は空欄）")),
    }
}

impl TryFrom<String> for InsurerNumber {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<InsurerNumber> for String {
    fn from(number: InsurerNumber) -> Self {
        number.padded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insurer_numbers_of_both_widths() {
        for (text, padded, spaced) in [
            ("01130012", "01130012", "01130012"),
            ("  138057", "00138057", "  138057"),
            ("00138057", "00138057", "  138057"),
            ("013805", "00013805", "  013805"),
            ("１３８０５７", "00138057", "  138057"),
        ] {
            let number = InsurerNumber::parse(text).unwrap();
            assert_eq!((number.padded().as_str(), number.spaced().as_str()), (padded, spaced), "{text}");
        }
        for text in ["", "123", "123456789", "12345a", "001380570"] {
            assert!(InsurerNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_ignore_width_hyphens_and_leading_zeros() {
        let key = |symbol, number| InsuranceNumbers::parse("138057", symbol, number, "").unwrap().key();
        assert_eq!(key("国・12", "００７００１２３"), key("国12", "700123"));
        assert_eq!(key("99-12", "7"), key("９９－１２", "7"));
        assert_ne!(key("99-12", "7"), key("99-13", "7"));
        assert_ne!(key("", "7"), key("", "70"));
    }

    #[test]
    fn all_wrong_fields_are_named() {
        let wrong = InsuranceNumbers::parse("x", &"あ".repeat(21), "", "123").unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["保険者番号", "被保険者証等記号", "被保険者証等番号", "枝番"]);
    }
}
