//! Who pays for a receipt: the records HO, KO, SN and JD, and the kind of the receipt (レセプト種別).

use crate::person::{CoverageSpan, Inhabitant};
use crate::share::is_before_school;
use crate::uke::{Records, one_mode};
use madoguchi_model::check_digit::check_digit;
use madoguchi_model::coverage::Relation;
use madoguchi_model::day::{Day, Month};

/// A public expense (公費) beside the insurance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicExpense {
    /// 公費負担者番号.
    payer: String,
    /// 公費受給者番号.
    recipient: String,
}

/// Local help for small children (法別 88).
const CHILDREN: (&str, &str) = ("88", "951");
/// 難病 (法別 54).
const RARE_DISEASE: (&str, &str) = ("54", "601");

/// The public expense of a person in a month: for one small child in three and a few others.
pub(crate) fn public_expense(person: &Inhabitant, month: Month) -> Option<PublicExpense> {
    let payer = if person.plays_a_case() {
        return None;
    } else if is_before_school(person.birthdate, month.last_day()) && person.serial.is_multiple_of(3) {
        CHILDREN
    } else if person.serial.is_multiple_of(83) {
        RARE_DISEASE
    } else {
        return None;
    };
    let payer = format!("{}{:02}{}", payer.0, person.prefecture, payer.1);
    Some(PublicExpense { payer: with_check_digit(&payer), recipient: with_check_digit(&recipient(person.serial)) })
}

fn recipient(serial: u64) -> String {
    format!("{:06}", 100_000 + serial % 900_000)
}

fn with_check_digit(body: &str) -> String {
    let check = check_digit(body).expect("the body is digits");
    format!("{body}{check}")
}

/// レセプト種別: point table, insurance, number of payers, person with in- or outpatient.
pub(crate) fn receipt_kind(
    point_table: char,
    person: &Inhabitant,
    coverage: &CoverageSpan,
    day: Day,
    inpatient: bool,
    public: bool,
) -> String {
    let elderly = coverage.numbers.insurer.scheme().as_deref() == Some("39");
    let insurance = if elderly { '3' } else { '1' };
    let payers = if public { '2' } else { '1' };
    let age = person.birthdate.age_on(day);
    let outpatient_digit = match coverage.patient_share_percent {
        30 if elderly || age >= 70 => 0,
        _ if elderly || age >= 70 => 8,
        _ if is_before_school(person.birthdate, day) => 4,
        _ if coverage.relation == Relation::Insured => 2,
        _ => 6,
    };
    let digit = match (inpatient, outpatient_digit) {
        (false, digit) => digit,
        (true, 0) => 9,
        (true, digit) => digit - 1,
    };
    format!("{point_table}{insurance}{payers}{digit}")
}

/// What is counted on HO and KO.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    /// 診療実日数 or 処方箋受付回数.
    pub(crate) days: u32,
    pub(crate) points: u32,
    /// Number of meals and their price in yen, of inpatients.
    pub(crate) meals: Option<(u32, u32)>,
}

/// HO, KO and SN of a receipt.
pub(crate) fn payers(records: &mut Records, coverage: &CoverageSpan, public: Option<&PublicExpense>, totals: Totals) {
    write_payers(records, coverage, public, totals, &[""]);
}

/// Likewise in 歯科, whose HO has no reserve field.
pub(crate) fn dental_payers(
    records: &mut Records,
    coverage: &CoverageSpan,
    public: Option<&PublicExpense>,
    totals: Totals,
) {
    write_payers(records, coverage, public, totals, &[]);
}

fn write_payers(
    records: &mut Records,
    coverage: &CoverageSpan,
    public: Option<&PublicExpense>,
    totals: Totals,
    reserve: &[&str],
) {
    let numbers = &coverage.numbers;
    let (days, points) = (totals.days.to_string(), totals.points.to_string());
    let (meals, price) =
        totals.meals.map_or_else(Default::default, |(count, yen)| (count.to_string(), yen.to_string()));
    let (symbol, number) = (one_mode(&numbers.symbol), one_mode(&numbers.number));
    let insurer = numbers.insurer.spaced();
    let head = ["HO", insurer.as_str(), &symbol, &number, &days, &points];
    records.add(&[&head[..], reserve, &[&meals, &price]].concat());
    if let Some(public) = public {
        records.add(&["KO", &public.payer, &public.recipient, "", &days, &points]);
    }
    records.add(&["SN", "1", "01", "", "", "", &numbers.branch]);
}

/// 受診日: the days of visits.
pub(crate) fn visit_days(records: &mut Records, visited: &[bool; 31]) {
    records.add_with_days(&["JD", "1"], &visited.map(u16::from));
}
