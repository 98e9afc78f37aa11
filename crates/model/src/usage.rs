//! 用法コード of 調剤 claims (SH, three digits): the Japanese text and the times a day.
//!
//! 001-048 are the standard times of taking (claims.md 7.1); 900 is not coded, its text stands in
//! 特別指示. Codes that are not in the table have no text here; what the claim wrote is shown.

use crate::care::Amount;

/// One usage of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Three digits.
    pub code: &'static str,
    /// As a patient reads it.
    pub text: &'static str,
    /// Times a day where that is one number.
    pub times_a_day: Option<u8>,
}

/// The usage of this code.
#[must_use]
pub fn usage(code: &str) -> Option<&'static Usage> {
    USAGES.iter().find(|usage| usage.code == code)
}

impl Usage {
    /// 1回用量 from the amount of one day, where it divides to at most three places.
    #[must_use]
    pub fn dose(&self, a_day: Amount) -> Option<Amount> {
        a_day.divided(i64::from(self.times_a_day?))
    }
}

/// All usages in the order of their codes.
pub const USAGES: [Usage; 48] = [
    row("001", "１日３回食前服用", 3),
    row("002", "１日３回食間服用", 3),
    row("003", "１日３回食後服用", 3),
    row("004", "１日１回朝服用", 1),
    row("005", "１日１回朝食前服用", 1),
    row("006", "１日１回朝食後服用", 1),
    row("007", "１日１回昼服用", 1),
    row("008", "１日１回昼食前服用", 1),
    row("009", "１日１回昼食後服用", 1),
    row("010", "１日１回夕服用", 1),
    row("011", "１日１回夕食前服用", 1),
    row("012", "１日１回夕食後服用", 1),
    row("013", "１日１回就寝前服用", 1),
    row("014", "哺乳時服用", 0),
    row("015", "１日２回朝昼食前服用", 2),
    row("016", "１日２回朝昼食後服用", 2),
    row("017", "１日２回朝夕食前服用", 2),
    row("018", "１日２回朝夕食後服用", 2),
    row("019", "１日２回昼夕食前服用", 2),
    row("020", "１日２回昼夕食後服用", 2),
    row("021", "１日４回食後寝前服用", 4),
    row("022", "毎１時間服用", 24),
    row("023", "毎２時間服用", 12),
    row("024", "毎３時間服用", 8),
    row("025", "毎４時間服用", 6),
    row("026", "毎５時間服用", 0),
    row("027", "毎６時間服用", 4),
    row("028", "毎７時間服用", 0),
    row("029", "毎８時間服用", 3),
    row("030", "毎９時間服用", 0),
    row("031", "毎１０時間服用", 0),
    row("032", "毎１１時間服用", 0),
    row("033", "毎１２時間服用", 2),
    row("034", "毎２４時間服用", 1),
    row("035", "１日２回朝食前寝前服用", 2),
    row("036", "１日２回朝食後寝前服用", 2),
    row("037", "１日２回昼食前寝前服用", 2),
    row("038", "１日２回昼食後寝前服用", 2),
    row("039", "１日２回夕食前寝前服用", 2),
    row("040", "１日２回夕食後寝前服用", 2),
    row("041", "１日３回朝昼食前寝前服用", 3),
    row("042", "１日３回朝昼食後寝前服用", 3),
    row("043", "１日３回朝夕食前寝前服用", 3),
    row("044", "１日３回朝夕食後寝前服用", 3),
    row("045", "１日３回昼夕食前寝前服用", 3),
    row("046", "１日３回昼夕食後寝前服用", 3),
    row("047", "１日４回食前寝前服用", 4),
    row("048", "起床時服用", 1),
];

/// A row of the table; 0 stands for no single number of times.
const fn row(code: &'static str, text: &'static str, times: u8) -> Usage {
    Usage { code, text, times_a_day: if times == 0 { None } else { Some(times) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_in_order() {
        for (place, usage) in USAGES.iter().enumerate() {
            assert_eq!(usage.code, format!("{:03}", place + 1));
            assert!(!usage.text.is_empty());
        }
        for code in ["000", "049", "900", "3", ""] {
            assert_eq!(usage(code), None, "{code}");
        }
    }

    #[test]
    fn the_number_in_the_text_is_the_times_a_day() {
        for usage in &USAGES {
            let Some(rest) = usage.text.strip_prefix("１日") else { continue };
            let digit = rest.chars().next().map(|digit| u32::from(digit) - u32::from('０')).unwrap();
            assert_eq!(usage.times_a_day.map(u32::from), Some(digit), "{}", usage.text);
        }
    }

    #[test]
    fn doses_divide_or_are_not_told() {
        for (code, a_day, expected) in [
            ("003", "3", Some("1")),
            ("018", "1", Some("0.5")),
            ("003", "4", None),
            ("014", "3", None),
            ("026", "5", None),
        ] {
            let dose = usage(code).unwrap().dose(Amount::parse(a_day).unwrap());
            assert_eq!(dose.map(|dose| dose.to_string()).as_deref(), expected, "{code}");
        }
    }
}
