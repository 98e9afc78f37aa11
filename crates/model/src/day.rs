//! Days, months and instants, with the Japanese era.
//!
//! A [`Day`] is a calendar day in Japan, a [`Month`] a calendar month, a [`Timestamp`] an instant in
//! microseconds UTC. All three are plain numbers on the wire and in the store (20260401, 202604).
//! Claims of before 2020 write eras (GYYMMDD, GYYMM); both forms are read by length.

use crate::field::FieldError;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Microseconds in a day.
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Japan is nine hours ahead of UTC, without summer time.
const JST_OFFSET_MICROS: i64 = 9 * 3_600_000_000;

/// A calendar day in Japan, kept as the number 20260401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Day(i32);

/// A calendar month, kept as the number 202604.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Month(i32);

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// An era (元号) of the Japanese calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 明治, from 1868.
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    const NEWEST_FIRST: [(Era, i32, &'static str, i16); 5] = [
        (Era::Reiwa, 20_190_501, "令和", 2019),
        (Era::Heisei, 19_890_108, "平成", 1989),
        (Era::Showa, 19_261_225, "昭和", 1926),
        (Era::Taisho, 19_120_730, "大正", 1912),
        (Era::Meiji, 18_680_125, "明治", 1868),
    ];

    /// The first year of the era with this code on claims (1 明治 … 5 令和).
    fn first_year_of_code(code: i32) -> Option<i32> {
        match code {
            1 => Some(1868),
            2 => Some(1912),
            3 => Some(1926),
            4 => Some(1989),
            5 => Some(2019),
            _ => None,
        }
    }
}

impl Day {
    /// The day of this number (20260401); `None` when the calendar has no such day or the year is
    /// not between 1868 and 2199.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let number = i32::try_from(number).ok()?;
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        if !(1868..=2199).contains(&year) {
            return None;
        }
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self(number))
    }

    /// The day of year, month and day of the month.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        Self::from_number(i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day))
    }

    /// Reads `YYYYMMDD` or, as older claims write, `GYYMMDD` (G: 1 明治 … 5 令和).
    ///
    /// # Errors
    /// Anything else, and days that the calendar lacks.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, FieldError> {
        let wrong = FieldError::new(field, "年月日（YYYYMMDD）");
        let number: i64 = digits(text).ok_or_else(|| wrong.clone())?;
        match text.len() {
            8 => Self::from_number(number).ok_or(wrong),
            7 => era_number(number, 1_000_000, 10_000).and_then(Self::from_number).ok_or(wrong),
            _ => Err(wrong),
        }
    }

    /// The number 20260401.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Year of the common era.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0 / 10_000
    }

    /// Day of the month, from 1.
    #[must_use]
    pub fn day_of_month(self) -> u8 {
        u8::try_from(self.0 % 100).unwrap_or(1)
    }

    /// The month that the day is in.
    #[must_use]
    pub const fn month(self) -> Month {
        Month(self.0 / 100)
    }

    /// So many days later (or earlier); stays at the calendar's end.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.date().checked_add(days.days()).ok().map_or(self, Self::from_date)
    }

    /// So many months later (or earlier); the 31st becomes the month's last day.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        self.date().checked_add(months.months()).ok().map_or(self, Self::from_date)
    }

    /// So many years later; 29 February becomes 28 February.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        self.date().checked_add(years.years()).ok().map_or(self, Self::from_date)
    }

    /// Completed years of age on `today` of a person born on this day. The law counts a year as
    /// completed on the birthday itself for our purposes; 29 February completes on 1 March.
    #[must_use]
    pub const fn age_on(self, today: Day) -> i32 {
        let years = today.year() - self.year();
        if today.0 % 10_000 < self.0 % 10_000 { years - 1 } else { years }
    }

    /// Midnight in Japan at the beginning of the day.
    #[must_use]
    pub fn midnight(self) -> Timestamp {
        let days = Date::constant(1970, 1, 1).until(self.date()).map_or(0, |span| i64::from(span.get_days()));
        Timestamp(days * MICROS_PER_DAY - JST_OFFSET_MICROS)
    }

    /// `2023年3月27日`.
    #[must_use]
    pub fn japanese(self) -> String {
        format!("{}年{}月{}日", self.year(), self.0 / 100 % 100, self.0 % 100)
    }

    /// `昭和25年1月2日`, the first year of an era being 元年.
    #[must_use]
    pub fn era(self) -> String {
        let (name, year) = era_year(self.0);
        format!("{name}{year}年{}月{}日", self.0 / 100 % 100, self.0 % 100)
    }

    /// `1980/04/01`, as the settings screen prints days.
    #[must_use]
    pub fn slashed(self) -> String {
        format!("{:04}/{:02}/{:02}", self.year(), self.0 / 100 % 100, self.0 % 100)
    }

    fn date(self) -> Date {
        let year = i16::try_from(self.year()).unwrap_or(1970);
        let month = i8::try_from(self.0 / 100 % 100).unwrap_or(1);
        let day = i8::try_from(self.0 % 100).unwrap_or(1);
        Date::new(year, month, day).unwrap_or(Date::constant(1970, 1, 1))
    }

    fn from_date(date: Date) -> Self {
        Self(i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day()))
    }
}

impl Month {
    /// The month of this number (202604).
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Day::from_number(number.checked_mul(100)?.checked_add(1)?).map(Day::month)
    }

    /// The month of a year and a month of the year (1-12).
    #[must_use]
    pub fn new(year: i32, month: u8) -> Option<Self> {
        Self::from_number(i64::from(year) * 100 + i64::from(month))
    }

    /// Reads `YYYYMM` or `GYYMM`.
    ///
    /// # Errors
    /// Anything else, and months that do not exist.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, FieldError> {
        let wrong = FieldError::new(field, "年月（YYYYMM）");
        let number: i64 = digits(text).ok_or_else(|| wrong.clone())?;
        match text.len() {
            6 => Self::from_number(number).ok_or(wrong),
            5 => era_number(number, 10_000, 100).and_then(Self::from_number).ok_or(wrong),
            _ => Err(wrong),
        }
    }

    /// The number 202604.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0 as i64
    }

    /// Year of the common era.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0 / 100
    }

    /// Month of the year, 1-12.
    #[must_use]
    pub fn month_of_year(self) -> u8 {
        u8::try_from(self.0 % 100).unwrap_or(1)
    }

    /// So many months later (or earlier).
    #[must_use]
    pub const fn plus_months(self, months: i32) -> Self {
        let index = self.year() * 12 + self.0 % 100 - 1 + months;
        Self(index.div_euclid(12) * 100 + index.rem_euclid(12) + 1)
    }

    /// Months from `earlier` to this one; negative when `earlier` is later.
    #[must_use]
    pub const fn months_since(self, earlier: Month) -> i32 {
        (self.year() - earlier.year()) * 12 + self.0 % 100 - earlier.0 % 100
    }

    /// The first day of the month.
    #[must_use]
    pub const fn first_day(self) -> Day {
        Day(self.0 * 100 + 1)
    }

    /// The last day of the month.
    #[must_use]
    pub fn last_day(self) -> Day {
        self.plus_months(1).first_day().plus_days(-1)
    }

    /// The n-th day of the month, if the month has it.
    #[must_use]
    pub fn day(self, day_of_month: u8) -> Option<Day> {
        Day::from_number(self.number() * 100 + i64::from(day_of_month))
    }

    /// `2023年2月`.
    #[must_use]
    pub fn japanese(self) -> String {
        format!("{}年{}月", self.year(), self.0 % 100)
    }

    /// `22年7月`, as the report prints a month of care.
    #[must_use]
    pub fn short(self) -> String {
        format!("{:02}年{}月", self.year() % 100, self.0 % 100)
    }

    /// `令和5年2月`.
    #[must_use]
    pub fn era(self) -> String {
        let (name, year) = era_year(self.last_day().0);
        format!("{name}{year}年{}月", self.0 % 100)
    }
}

impl Timestamp {
    /// From microseconds UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The day in Japan at this instant.
    #[must_use]
    pub fn day(self) -> Day {
        Day::from_date(self.jst().date())
    }

    /// So many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The same instant without its fraction of a second.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1_000_000) * 1_000_000)
    }

    /// `YYYYMMDDhhmmss` in Japan, the form of the wire.
    #[must_use]
    pub fn wire(self) -> String {
        let local = self.jst();
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        )
    }

    /// `2026年11月23日 9時05分` in Japan, the form of the screens.
    #[must_use]
    pub fn japanese(self) -> String {
        let local = self.jst();
        format!("{} {}時{:02}分", self.day().japanese(), local.hour(), local.minute())
    }

    fn jst(self) -> DateTime {
        let seconds = (self.0 + JST_OFFSET_MICROS).div_euclid(1_000_000);
        let base = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        base.checked_add(seconds.seconds()).unwrap_or(base)
    }
}

/// A number of ASCII digits only.
fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Turns GYY… into YYYY…: `scale` is the place of G, `year_scale` the place of the year's last digit.
fn era_number(number: i64, scale: i64, year_scale: i64) -> Option<i64> {
    let first_year = i64::from(Era::first_year_of_code(i32::try_from(number / scale).ok()?)?);
    let year = number % scale / year_scale;
    (year >= 1).then(|| (first_year + year - 1) * year_scale + number % year_scale)
}

fn era_year(number: i32) -> (&'static str, String) {
    for (_, first_day, name, first_year) in Era::NEWEST_FIRST {
        if number >= first_day {
            let year = number / 10_000 - i32::from(first_year) + 1;
            return (name, if year == 1 { "元".to_owned() } else { year.to_string() });
        }
    }
    ("西暦", (number / 10_000).to_string())
}

impl TryFrom<i64> for Day {
    type Error = &'static str;
    fn try_from(number: i64) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or("a day like 20260401")
    }
}

impl From<Day> for i64 {
    fn from(day: Day) -> Self {
        day.number()
    }
}

impl TryFrom<i64> for Month {
    type Error = &'static str;
    fn try_from(number: i64) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or("a month like 202604")
    }
}

impl From<Month> for i64 {
    fn from(month: Month) -> Self {
        month.number()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Day {
        Day::from_number(number).unwrap()
    }

    #[test]
    fn both_date_forms_are_read_by_length() {
        for (text, expected) in [
            ("20260401", Some(20_260_401)),
            ("5080401", Some(20_260_401)),
            ("4310430", Some(20_190_430)),
            ("3250102", Some(19_500_102)),
            ("20260230", None),
            ("6010101", None),
            ("5000101", None),
            ("2026040", None),
            ("２０２６０４０１", None),
            ("", None),
        ] {
            assert_eq!(Day::parse(text, "生年月日").ok().map(Day::number), expected, "{text}");
        }
        assert_eq!(Month::parse("50404", "診療年月").unwrap().number(), 202_204);
        assert_eq!(Month::parse("202113", "診療年月").ok(), None);
    }

    #[test]
    fn eras_change_on_their_day() {
        for (number, expected) in [
            (20_190_430, "平成31年4月30日"),
            (20_190_501, "令和元年5月1日"),
            (19_500_102, "昭和25年1月2日"),
            (19_890_107, "昭和64年1月7日"),
            (19_890_108, "平成元年1月8日"),
            (19_120_729, "明治45年7月29日"),
        ] {
            assert_eq!(day(number).era(), expected);
        }
        assert_eq!(Month::from_number(201_905).unwrap().era(), "令和元年5月");
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let born = day(19_510_401);
        assert_eq!(born.age_on(day(20_260_331)), 74);
        assert_eq!(born.age_on(day(20_260_401)), 75);
        assert_eq!(day(20_040_229).age_on(day(20_260_228)), 21);
        assert_eq!(day(20_040_229).age_on(day(20_260_301)), 22);
    }

    #[test]
    fn instants_are_read_in_japan() {
        let new_year = day(20_260_101).midnight();
        assert_eq!(new_year.day(), day(20_260_101));
        assert_eq!(Timestamp::from_micros(new_year.micros() - 1).day(), day(20_251_231));
        assert_eq!(new_year.plus_seconds(3_723).wire(), "20260101010203");
        assert_eq!(new_year.plus_seconds(3_723).japanese(), "2026年1月1日 1時02分");
        assert_eq!(day(19_700_101).midnight().micros(), -JST_OFFSET_MICROS);
    }

    #[test]
    fn months_count_over_the_year() {
        let month = Month::from_number(202_601).unwrap();
        assert_eq!(month.plus_months(-1).number(), 202_512);
        assert_eq!(month.plus_months(14).number(), 202_703);
        assert_eq!(month.months_since(Month::from_number(202_109).unwrap()), 52);
        assert_eq!(Month::from_number(202_402).unwrap().last_day(), day(20_240_229));
        assert_eq!(month.short(), "26年1月");
        assert_eq!(day(20_261_130).plus_months(3), day(20_270_228));
        assert_eq!(day(20_270_228).plus_months(-3), day(20_261_128));
    }
}
