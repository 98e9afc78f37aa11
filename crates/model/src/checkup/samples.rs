//! Invented check-ups for the tests of whatever keeps or shows them. Not part of the product.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "fixed values, used by tests alone")]

use super::sheet::{CheckupSheet, SheetInput};
use super::{
    Absence, Category, Checkup, CheckupResult, Interpretation, Performer, Program, ReferenceRange, ResultValue,
    SYSTEM_ROOT,
};
use crate::day::Day;
use crate::id::CheckupId;
use crate::listing::samples::Sample;

/// Values of the years, the newest first: waist, systolic, triglycerides, HbA1c, creatinine.
const YEARS: [(i64, [&str; 5]); 5] = [
    (20_221_012, ["88.5", "142", "185", "6.1", "0.82"]),
    (20_211_006, ["87.0", "138", "162", "5.9", "0.80"]),
    (20_201_014, ["86.2", "131", "149", "5.6", "0.80"]),
    (20_191_009, ["84.9", "129", "120", "5.5", "0.79"]),
    (20_181_010, ["83.0", "126", "98", "5.4", "0.78"]),
];

/// Five yearly check-ups of one man, the newest first; the two oldest lie before what can be shown.
#[must_use]
pub fn checkups() -> Vec<Checkup> {
    YEARS.iter().zip(1..).map(|((number, values), serial)| checkup(serial, *number, *values)).collect()
}

/// The sheet of these check-ups, for the man of the sample lists on 2023-03-27.
#[must_use]
pub fn sheet(checkups: &[Checkup], more: usize) -> CheckupSheet {
    let Sample { person, coverage, now, .. } = Sample::nobody();
    CheckupSheet::compose(&SheetInput { person: &person, coverage: coverage.as_ref(), checkups, more, now })
}

/// A number in its unit, without interpretation and range.
#[must_use]
pub fn quantity(code: &str, number: &str, unit: &str) -> CheckupResult {
    result(code, ResultValue::Quantity { number: number.to_owned(), unit: unit.to_owned() })
}

/// A code of a system of the standard.
#[must_use]
pub fn coded(code: &str, value: &str, system: &str) -> CheckupResult {
    let (code_of_value, system) = (value.to_owned(), format!("{SYSTEM_ROOT}{system}"));
    result(code, ResultValue::Code { ordered: false, code: code_of_value, system, sent_name: String::new() })
}

/// A text.
#[must_use]
pub fn text(code: &str, text: &str) -> CheckupResult {
    result(code, ResultValue::Text(text.to_owned()))
}

/// Any value.
#[must_use]
pub fn result(code: &str, value: ResultValue) -> CheckupResult {
    CheckupResult { code: code.to_owned(), sent_name: String::new(), value, interpretation: None, reference: None }
}

fn checkup(serial: u8, number: i64, [waist, systolic, triglycerides, hba1c, creatinine]: [&str; 5]) -> Checkup {
    let day = Day::from_number(number).unwrap();
    let newest = serial == 1;
    // The methods of two laboratories mean the same items.
    let (triglycerides_code, waist_code) = match serial {
        2 => ("3F015000002327201", "9N016160200000001"),
        _ => ("3F015000002327101", "9N016160100000001"),
    };
    let range = |low: &str, high: &str| ReferenceRange { low: Some(low.to_owned()), high: Some(high.to_owned()) };
    let mut results = vec![
        quantity("9N001000000000001", "168.2", "cm"),
        quantity("9N006000000000001", "71.4", "kg"),
        quantity("9N011000000000001", "25.2", "kg/m2"),
        quantity(waist_code, waist, "cm"),
        quantity("9A751000000000001", systolic, "mm[Hg]"),
        quantity("9A761000000000001", "84", "mm[Hg]"),
        CheckupResult { reference: Some(range("30", "149")), ..quantity(triglycerides_code, triglycerides, "mg/dL") },
        CheckupResult {
            interpretation: newest.then_some(Interpretation::Low),
            ..quantity("3F070000002327101", "38", "mg/dL")
        },
        quantity("3F077000002327101", "118", "mg/dL"),
        quantity("3B035000002327201", "24", "U/L"),
        quantity("3B045000002327201", "31", "U/L"),
        quantity("3B090000002327101", "47", "U/L"),
        quantity("3D046000001920402", hba1c, "%"),
        coded("1A020000000190111", "1", "2102"),
        coded("1A010000000190111", if newest { "3" } else { "1" }, "2102"),
        quantity("3C015000002327101", creatinine, "mg/dL"),
        coded("9A110160700000011", "2", "2002"),
        coded("9N501000000000011", if newest { "1" } else { "3" }, "1008"),
        coded("9N506000000000011", if newest { "2" } else { "3" }, "3001"),
        text("9N511000000000049", "血圧・脂質を再検査してください。"),
        text("9N516000000000049", "健診　医師"),
        coded("9N701000000000011", "2", "2003"),
        coded("9N736000000000011", "2", "24060"),
    ];
    if newest {
        results.push(result("9E100166000000011", ResultValue::Absent(Absence::NotDone)));
        results.push(CheckupResult {
            sent_name: "肺機能検査（％肺活量）".to_owned(),
            ..quantity("9C310000000000001", "92.4", "%")
        });
    }
    Checkup {
        id: CheckupId::new(day.midnight(), [serial; 10]),
        day,
        category: Category::Specific,
        program: Program::Specific,
        performer: Performer { code: "1310000017".to_owned(), name: "みなと健診センター".to_owned() },
        results,
    }
}
