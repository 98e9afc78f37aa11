//! A 医科 receipt as records: RE, HO, KO, SN, JD, SY, then SI, IY and CO in the order of 診療識別.

use crate::act::meal;
use crate::bill::{Line, MedicalReceipt, Unit};
use crate::payer::{Totals, payers, public_expense, receipt_kind, visit_days};
use crate::person::Inhabitant;
use crate::uke::{Records, claim_name, date, decimal};
use madoguchi_model::day::Month;

/// コメントコード of free text.
const FREE_TEXT: &str = "810000001";

/// What a receipt adds to GO.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Added {
    /// Payers: HO and KO.
    pub(crate) payers: u32,
    pub(crate) points: u32,
}

/// What a receipt gets from the file that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// レセプト番号.
    pub(crate) number: u32,
    /// 検索番号.
    pub(crate) search_number: String,
}

/// Writes the receipt.
pub(crate) fn write(
    records: &mut Records,
    sheet: &Sheet,
    person: &Inhabitant,
    month: Month,
    receipt: &MedicalReceipt,
) -> Added {
    let coverage = &person.coverages[receipt.coverage];
    let public = public_expense(person, month);
    let inpatient = receipt.admitted.is_some();
    let kind = receipt_kind('1', person, coverage, month.last_day(), inpatient, public.is_some());
    common(records, sheet, &kind, person, month, receipt, "");
    let days = receipt.visited.iter().filter(|visited| **visited).count() as u32;
    let points = receipt.points();
    payers(records, coverage, public.as_ref(), Totals { days, points, meals: meals(receipt, month) });
    visit_days(records, &receipt.visited);
    for (place, (disease, since)) in receipt.diseases.iter().enumerate() {
        let main = if place == 0 { "01" } else { "" };
        records.add(&["SY", disease.code, &date(*since), "1", "", disease.name, main]);
    }
    let burden = if public.is_some() { "2" } else { "1" };
    units(records, burden, receipt.units.iter().collect());
    Added { payers: 1 + u32::from(public.is_some()), points }
}

/// Number and price of the meals, of inpatients.
pub(crate) fn meals(receipt: &MedicalReceipt, month: Month) -> Option<(u32, u32)> {
    (receipt.meals > 0).then_some((receipt.meals, receipt.meals * meal(month).points))
}

/// RE; `summary` is the 総括区分 of DPC.
pub(crate) fn common(
    records: &mut Records,
    sheet: &Sheet,
    kind: &str,
    person: &Inhabitant,
    month: Month,
    receipt: &MedicalReceipt,
    summary: &str,
) {
    let (number, month, birthdate) = (sheet.number.to_string(), month.to_string(), date(person.birthdate));
    let (name, kana) = (claim_name(&person.name), person.kana.replace('　', ""));
    let (sex, admitted) = (person.sex.number().to_string(), receipt.admitted.map_or_else(String::new, date));
    let chart_number = format!("{:05}", 10_000 + person.serial);
    let mut fields = [""; 37];
    fields[0] = "RE";
    fields[1] = &number;
    fields[2] = kind;
    fields[3] = &month;
    fields[4] = &name;
    fields[5] = &sex;
    fields[6] = &birthdate;
    fields[8] = &admitted;
    fields[13] = &chart_number;
    fields[16] = summary;
    fields[18] = &sheet.search_number;
    fields[36] = &kana;
    records.add(&fields);
}

/// The units in the order of 診療識別.
pub(crate) fn units(records: &mut Records, burden: &str, mut units: Vec<&Unit>) {
    units.sort_by_key(|unit| unit.class);
    for unit in units {
        write_unit(records, burden, unit);
    }
}

/// Only the first line carries the 診療識別, only the last one the points.
fn write_unit(records: &mut Records, burden: &str, unit: &Unit) {
    let (class, count, points) = (unit.class.to_string(), unit.count().to_string(), unit.points.to_string());
    for (place, line) in unit.lines.iter().enumerate() {
        let class = if place == 0 { class.as_str() } else { "" };
        let points = if place + 1 == unit.lines.len() { points.as_str() } else { "" };
        match line {
            Line::Comment(text) => records.add(&["CO", class, burden, FREE_TEXT, text]),
            Line::Act(code) => records
                .add_with_days(&["SI", class, burden, code, "", points, &count, "", "", "", "", "", ""], &unit.days),
            Line::Medicine(code, amount) => records.add_with_days(
                &["IY", class, burden, code, &decimal(*amount), points, &count, "", "", "", "", "", ""],
                &unit.days,
            ),
        }
    }
}
