//! What a receipt does to an earlier one: replace it, yield to it, or stand beside it.
//!
//! The rule (claims.md 11.3; no public document has one): two receipts of the same person, 診療年月,
//! institution and 入外等 are versions of one receipt when
//!
//! * both carry the same 検索番号: the one with the later 請求年月 counts, whichever arrived first; or
//! * they came in files of the same 請求年月 and the same reviewing body and have the same
//!   レセプト番号, and not two different 検索番号: the sender corrected the file before its closing day, and the one taken
//!   last counts.
//!
//! Otherwise both stand: one patient may have several receipts in a month, for example when the
//! insurer changed. A claims file has no field that says "this is a resubmission", so nothing else
//! is concluded. A withdrawal (取下げ) comes as a list of its own, since no record of a claims file
//! says it: a line names the person's numbers, the care month and the institution as the paper form
//! does, and the 検索番号, or 請求年月 with レセプト番号.

use crate::care::CareSetting;
use crate::day::Month;

/// What tells versions of a receipt of one person at one institution apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// 診療年月.
    pub care_month: Month,
    /// 入外等.
    pub setting: CareSetting,
    /// 請求年月 of the file.
    pub request_month: Month,
    /// レセプト番号.
    pub number: &'a str,
    /// 検索番号; `None` when empty.
    pub search_number: Option<&'a str>,
}

/// What becomes of two receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// The new one replaces the old one.
    Replaces,
    /// The new one is an older version that arrived late: the stored one stays, the new one is not taken.
    Outdated,
    /// Both stand.
    Independent,
}

/// Compares a new receipt with a stored one of the same person and institution. `same_series` says
/// whether both came in files of the same 請求年月 and reviewing body.
#[must_use]
pub fn replacement(new: Version<'_>, stored: Version<'_>, same_series: bool) -> Replacement {
    if new.care_month != stored.care_month || new.setting != stored.setting {
        return Replacement::Independent;
    }
    let same_search_number = new.search_number.is_some() && new.search_number == stored.search_number;
    if same_search_number && new.request_month > stored.request_month {
        return Replacement::Replaces;
    }
    if same_search_number && new.request_month < stored.request_month {
        return Replacement::Outdated;
    }
    // Files of 医科 and DPC of one hospital are of one series and count from 1 each; two 検索番号 are two receipts.
    let told_apart = !same_search_number && new.search_number.is_some() && stored.search_number.is_some();
    let same_receipt =
        same_series && !told_apart && new.request_month == stored.request_month && new.number == stored.number;
    if same_receipt { Replacement::Replaces } else { Replacement::Independent }
}

/// One line of a withdrawal list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// 診療年月.
    pub care_month: Month,
    /// 検索番号; alone it is enough.
    pub search_number: Option<String>,
    /// 請求年月 of the file that the receipt came in.
    pub request_month: Option<Month>,
    /// レセプト番号 in that file.
    pub number: Option<String>,
}

impl Withdrawal {
    /// Whether the line means this receipt. A line without 検索番号 and without 請求年月 and
    /// レセプト番号 means none.
    #[must_use]
    pub fn means(&self, stored: Version<'_>) -> bool {
        if self.care_month != stored.care_month {
            return false;
        }
        match (&self.search_number, self.request_month, &self.number) {
            (Some(search_number), ..) => stored.search_number == Some(search_number),
            (None, Some(month), Some(number)) => stored.request_month == month && stored.number == number,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Replacement::{Independent, Outdated, Replaces};

    fn month(number: i64) -> Month {
        Month::from_number(number).unwrap()
    }

    fn version(request_month: i64, number: &'static str, search_number: Option<&'static str>) -> Version<'static> {
        Version {
            care_month: month(202_403),
            setting: CareSetting::Outpatient,
            request_month: month(request_month),
            number,
            search_number,
        }
    }

    #[test]
    fn only_a_version_of_the_same_receipt_replaces() {
        let stored = version(202_404, "7", Some("A1"));
        for (new, same_series, expected) in [
            (version(202_405, "3", Some("A1")), false, Replaces),
            (version(202_403, "3", Some("A1")), false, Outdated),
            (version(202_405, "7", Some("A2")), false, Independent),
            (version(202_405, "7", None), false, Independent),
            (version(202_404, "7", None), true, Replaces),
            (version(202_404, "7", Some("A1")), true, Replaces),
            (version(202_404, "7", Some("A2")), true, Independent),
            (version(202_404, "7", None), false, Independent),
            (version(202_404, "8", None), true, Independent),
            (version(202_405, "7", None), true, Independent),
        ] {
            assert_eq!(replacement(new, stored, same_series), expected, "{new:?}");
        }
        let nameless = version(202_404, "7", None);
        assert_eq!(replacement(version(202_405, "7", None), nameless, false), Independent);
        let inpatient = Version { setting: CareSetting::Inpatient, ..version(202_405, "7", Some("A1")) };
        assert_eq!(replacement(inpatient, stored, true), Independent);
        let other_month = Version { care_month: month(202_402), ..version(202_405, "7", Some("A1")) };
        assert_eq!(replacement(other_month, stored, true), Independent);
    }

    #[test]
    fn a_withdrawal_names_its_receipt() {
        let stored = version(202_404, "7", Some("A1"));
        let line = |search: Option<&str>, request: Option<i64>, number: Option<&str>| Withdrawal {
            care_month: month(202_403),
            search_number: search.map(str::to_owned),
            request_month: request.map(month),
            number: number.map(str::to_owned),
        };
        for (withdrawal, expected) in [
            (line(Some("A1"), None, None), true),
            (line(Some("A2"), Some(202_404), Some("7")), false),
            (line(None, Some(202_404), Some("7")), true),
            (line(None, Some(202_405), Some("7")), false),
            (line(None, None, Some("7")), false),
            (line(None, None, None), false),
        ] {
            assert_eq!(withdrawal.means(stored), expected, "{withdrawal:?}");
        }
        let other_month = Withdrawal { care_month: month(202_402), ..line(Some("A1"), None, None) };
        assert!(!other_month.means(stored));
    }
}
