//! Whether a value is marked (H, L), and which range stands beside it (基準値).
//!
//! First counts what the sender says about the value, then the sender's own range, and only when there
//! is neither the limit of the standard (保健指導判定値). Values that are no numbers are never marked.

use super::item::{Item, Limit};
use super::{CheckupResult, Interpretation, ReferenceRange};
use crate::care::Amount;
use crate::person::Sex;
use serde::Serialize;

/// H or L beside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Mark {
    /// Higher than the range.
    #[serde(rename = "H")]
    High,
    /// Lower than the range.
    #[serde(rename = "L")]
    Low,
}

impl Mark {
    /// H or L.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::High => "H",
            Self::Low => "L",
        }
    }

    /// For those who hear it read out.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::High => "基準値より高い",
            Self::Low => "基準値より低い",
        }
    }
}

/// The mark of a result of somebody of this sex.
#[must_use]
pub fn mark(result: &CheckupResult, sex: Sex) -> Option<Mark> {
    match result.interpretation {
        Some(Interpretation::Normal) => return None,
        Some(Interpretation::High | Interpretation::AboveMeasurable) => return Some(Mark::High),
        Some(Interpretation::Low | Interpretation::BelowMeasurable) => return Some(Mark::Low),
        None => {}
    }
    let number = result.number()?;
    match &result.reference {
        Some(range) => outside(number, range),
        None => beyond(number, result.item()?.limit(sex)?),
    }
}

/// The range as text: the sender's, such as `40～119`.
#[must_use]
pub fn range_text(range: &ReferenceRange) -> String {
    format!("{}～{}", range.low.as_deref().unwrap_or_default(), range.high.as_deref().unwrap_or_default())
}

/// The limit of the standard as text, such as `150未満` or `40以上`.
#[must_use]
pub fn limit_text(item: &Item, sex: Sex) -> Option<String> {
    item.limit(sex).map(|limit| match limit {
        Limit::HighFrom(from) => format!("{from}未満"),
        Limit::LowBelow(below) => format!("{below}以上"),
    })
}

fn outside(number: Amount, range: &ReferenceRange) -> Option<Mark> {
    let end = |text: &Option<String>| text.as_deref().and_then(Amount::parse);
    match (end(&range.low), end(&range.high)) {
        (Some(low), _) if number.raw() < low.raw() => Some(Mark::Low),
        (_, Some(high)) if number.raw() > high.raw() => Some(Mark::High),
        _ => None,
    }
}

fn beyond(number: Amount, limit: Limit) -> Option<Mark> {
    match limit {
        Limit::HighFrom(from) => Amount::parse(from).filter(|from| number.raw() >= from.raw()).map(|_| Mark::High),
        Limit::LowBelow(below) => Amount::parse(below).filter(|below| number.raw() < below.raw()).map(|_| Mark::Low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::ResultValue;

    fn check(
        number: &str,
        interpretation: Option<Interpretation>,
        range: Option<(&str, &str)>,
        sex: Sex,
        code: &str,
    ) -> String {
        let end = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let result = CheckupResult {
            code: code.to_owned(),
            sent_name: String::new(),
            value: ResultValue::Quantity { number: number.to_owned(), unit: String::new() },
            interpretation,
            reference: range.map(|(low, high)| ReferenceRange { low: end(low), high: end(high) }),
        };
        mark(&result, sex).map_or_else(String::new, |mark| mark.letter().to_owned())
    }

    const HDL: &str = "3F070000002327101";
    const WAIST: &str = "9N016160100000001";
    const HEIGHT: &str = "9N001000000000001";

    #[test]
    fn the_sender_counts_before_its_range_and_its_range_before_the_standard() {
        use Interpretation as I;
        let own = Some(("30", "90"));
        for (number, interpretation, range, expected) in [
            ("39", Some(I::Normal), own, ""),
            ("50", Some(I::High), own, "H"),
            ("50", Some(I::Low), None, "L"),
            ("50", Some(I::AboveMeasurable), None, "H"),
            ("50", Some(I::BelowMeasurable), None, "L"),
            ("30", None, own, ""),
            ("29.9", None, own, "L"),
            ("90", None, own, ""),
            ("90.1", None, own, "H"),
            ("29", None, Some(("", "90")), ""),
            ("91", None, Some(("30", "")), ""),
            ("39", None, None, "L"),
            ("40", None, None, ""),
            ("over", None, None, ""),
        ] {
            let found = check(number, interpretation, range, Sex::Male, HDL);
            assert_eq!(found, expected, "{number} {interpretation:?} {range:?}");
        }
    }

    #[test]
    fn the_limit_itself_is_marked_by_sex() {
        for (number, sex, code, expected) in [
            ("84.9", Sex::Male, WAIST, ""),
            ("85", Sex::Male, WAIST, "H"),
            ("85.0", Sex::Female, WAIST, ""),
            ("90.0", Sex::Female, WAIST, "H"),
            ("120", Sex::Unset, WAIST, ""),
            ("210", Sex::Male, HEIGHT, ""),
            ("210", Sex::Male, "ZZZZZ000000000001", ""),
        ] {
            assert_eq!(check(number, None, None, sex, code), expected, "{number} {sex:?} {code}");
        }
    }
}
