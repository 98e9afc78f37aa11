//! What can stand as text in an element: bounded texts, numbers, days, months, instants and codes.

use crate::message::field::Role;
use madoguchi_model::code::{Code, Coded};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::insurance::InsurerNumber;
use std::borrow::Cow;

/// Text with a format.
pub trait Leaf: Sized {
    /// The format, for the documents.
    fn format() -> Format;
    /// Reads the text of an element; `None` when it does not fit.
    fn parse(text: &str, role: Role) -> Option<Self>;
    /// The text of the element.
    fn text(&self) -> Cow<'_, str>;
}

/// The format of a text, for the documents.
#[derive(Debug, Clone, Default)]
pub struct Format {
    /// In Japanese.
    pub text: String,
    /// Regular expression of an XSD.
    pub pattern: Option<String>,
    /// Characters at most.
    pub characters_max: Option<usize>,
    /// Code table, if the text is a code.
    pub table: Option<&'static str>,
    /// What the table is about.
    pub subject: &'static str,
    /// The codes with their labels.
    pub choices: &'static [(&'static str, &'static str)],
    /// Whether a text fits; [`Leaf::parse`] of the type.
    pub(crate) check: Option<fn(&str, Role) -> bool>,
}

impl Format {
    /// Whether the text of an element fits.
    #[must_use]
    pub fn accepts(&self, text: &str, role: Role) -> bool {
        self.check.is_none_or(|check| check(text, role))
    }
}

/// Text of 1 to `MAX` characters, not only blanks, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

/// Exactly `N` digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits<const N: usize>(String);

/// 枝番: two digits; one is read with a zero before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(String);

/// A share in percent, written with three digits: `030` is 3割.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

/// A number that is not negative: yen, or how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

/// The greatest [`Count`]: ten digits.
const COUNT_MAX: u64 = 9_999_999_999;

impl<const MAX: usize> Text<MAX> {
    /// The text with blanks for control characters, cut at the greatest length; `None` when only blanks are left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain = |character: char| if character.is_control() { ' ' } else { character };
        let text: String = text.chars().take(MAX).map(plain).collect();
        (!text.trim().is_empty()).then_some(Self(text))
    }

    /// The text, for an element that must stand; 不明 when there is none.
    #[must_use]
    pub fn or_unknown(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|| Self("不明".to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> Digits<N> {
    /// Reads exactly so many ASCII digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        is_digits(text, N).then(|| Self(text.to_owned()))
    }

    /// Zeros only, where a number has to stand and none is known.
    #[must_use]
    pub fn zeros() -> Self {
        Self("0".repeat(N))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Branch {
    /// Reads one or two ASCII digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (is_digits(text, 1) || is_digits(text, 2)).then(|| Self(format!("{text:0>2}")))
    }

    /// The two digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Percent {
    /// 0 to 100.
    #[must_use]
    pub fn new(percent: i64) -> Option<Self> {
        u8::try_from(percent).ok().filter(|percent| *percent <= 100).map(Self)
    }

    /// The percent.
    #[must_use]
    pub fn percent(self) -> i64 {
        i64::from(self.0)
    }
}

impl Count {
    /// 0 to ten digits; more is kept as the greatest, less than 0 as 0.
    #[must_use]
    pub fn new(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or(0).min(COUNT_MAX))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl<const MAX: usize> Leaf for Text<MAX> {
    fn format() -> Format {
        Format { text: format!("文字列（{MAX}文字以内）"), characters_max: Some(MAX), ..Format::default() }
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        let fits = text.chars().take(MAX + 1).count() <= MAX && !text.chars().any(char::is_control);
        (fits && !text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl<const N: usize> Leaf for Digits<N> {
    fn format() -> Format {
        digits_format(format!("数字{N}桁"), format!("[0-9]{{{N}}}"))
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        Self::new(text.trim())
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl Leaf for Branch {
    fn format() -> Format {
        digits_format("数字2桁", "[0-9]{2}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        Self::new(text.trim())
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl Leaf for Percent {
    fn format() -> Format {
        digits_format("数字3桁（010＝1割）", "0[0-9]{2}|100")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        let text = text.trim();
        is_digits(text, 3).then(|| text.parse().ok()).flatten().and_then(Self::new)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{:03}", self.0))
    }
}

impl Leaf for Count {
    fn format() -> Format {
        digits_format("整数（10桁以内）", "[0-9]{1,10}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        let text = text.trim();
        let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }
}

impl Leaf for InsurerNumber {
    fn format() -> Format {
        digits_format("8文字（前を空白で埋める。読み取りは前のゼロも可）", "[ 0-9]{5,8}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        Self::parse(text).ok()
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.spaced())
    }
}

impl Leaf for Day {
    fn format() -> Format {
        digits_format("年月日（YYYYMMDD）", "[0-9]{8}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        let text = text.trim();
        is_digits(text, 8).then(|| text.parse().ok()).flatten().and_then(Self::from_number)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl Leaf for Month {
    fn format() -> Format {
        digits_format("年月（YYYYMM）", "[0-9]{6}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        let text = text.trim();
        is_digits(text, 6).then(|| text.parse().ok()).flatten().and_then(Self::from_number)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl Leaf for Timestamp {
    fn format() -> Format {
        digits_format("年月日時分秒（YYYYMMDDhhmmss、日本時間）", "[0-9]{14}")
    }

    fn parse(text: &str, _role: Role) -> Option<Self> {
        instant(text.trim())
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.wire())
    }
}

impl<E: Code> Leaf for Coded<E> {
    fn format() -> Format {
        let codes: Vec<&str> = E::CHOICES.iter().map(|(code, _)| *code).collect();
        Format {
            text: codes.join("、"),
            pattern: None,
            characters_max: None,
            table: Some(E::TABLE),
            subject: E::SUBJECT,
            choices: E::CHOICES,
            check: None,
        }
    }

    fn parse(text: &str, role: Role) -> Option<Self> {
        Coded::parse(text.trim()).filter(|code| role == Role::Answer || code.known().is_some())
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.code())
    }
}

/// `YYYYMMDDhhmmss` of Japan.
fn instant(text: &str) -> Option<Timestamp> {
    if !is_digits(text, 14) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let day = Day::from_number(part(0, 8)?)?;
    let fits = hour < 24 && minute < 60 && second < 60;
    fits.then(|| day.midnight().plus_seconds(hour * 3_600 + minute * 60 + second))
}

fn digits_format(text: impl Into<String>, pattern: impl Into<String>) -> Format {
    Format { text: text.into(), pattern: Some(pattern.into()), ..Format::default() }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}
