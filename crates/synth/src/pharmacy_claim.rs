//! A 調剤 receipt as records: RE with the prescriber, HO, KO, SN, JD, then SH, CZ and IY for each
//! usage, KI for each prescription.
//!
//! Fees carry points but no codes: the 調剤行為 master is not part of the built-in masters.

use crate::bill::{Dispensing, PharmacyReceipt};
use crate::medical_claim::{Added, Sheet};
use crate::medicine::{Form, Medicine, medicine_points, times_a_day};
use crate::payer::{Totals, payers, public_expense, receipt_kind, visit_days};
use crate::person::Inhabitant;
use crate::prefecture::prefecture_name;
use crate::uke::{Records, claim_name, date, decimal};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::Institution;
use std::collections::BTreeMap;

/// 調剤基本料 of a prescription.
const BASIC_FEE: u32 = 45;
/// 服薬管理指導料 of a prescription.
const GUIDANCE_FEE: u32 = 45;

/// Writes the receipt.
pub(crate) fn write(
    records: &mut Records,
    sheet: &Sheet,
    person: &Inhabitant,
    month: Month,
    receipt: &PharmacyReceipt,
    prescriber: &Institution,
) -> Added {
    let coverage = &person.coverages[receipt.coverage];
    let public = public_expense(person, month);
    let kind = receipt_kind('4', person, coverage, month.last_day(), false, public.is_some());
    common(records, sheet, &kind, person, month, prescriber);
    let prescriptions = prescriptions(receipt);
    let points = prescriptions.len() as u32 * (BASIC_FEE + GUIDANCE_FEE)
        + receipt.dispensings.iter().map(dispensing_points).sum::<u32>();
    let totals = Totals { days: prescriptions.len() as u32, points, meals: None };
    payers(records, coverage, public.as_ref(), totals);
    let mut visited = [false; 31];
    for dispensed in prescriptions.values() {
        visited[usize::from(dispensed.day_of_month()) - 1] = true;
    }
    visit_days(records, &visited);
    let burden = if public.is_some() { "2" } else { "1" };
    for (place, dispensing) in receipt.dispensings.iter().enumerate() {
        write_dispensing(records, burden, place + 1, dispensing, &prescriptions);
    }
    for (reception, dispensed) in prescriptions.values().enumerate() {
        let (day, reception) = (date(*dispensed), (reception + 1).to_string());
        let (basic, guidance) = (BASIC_FEE.to_string(), GUIDANCE_FEE.to_string());
        records.add(&["KI", &day, &reception, burden, "", &basic, "", burden, "", "1", &guidance]);
    }
    Added { payers: 1 + u32::from(public.is_some()), points }
}

/// The prescriptions of the month in order: the day of each with the day on which it was filled.
fn prescriptions(receipt: &PharmacyReceipt) -> BTreeMap<Day, Day> {
    let supplies = receipt.dispensings.iter().flat_map(|dispensing| &dispensing.supplies);
    supplies.map(|(prescribed, dispensed, _)| (*prescribed, *dispensed)).collect()
}

fn common(
    records: &mut Records,
    sheet: &Sheet,
    kind: &str,
    person: &Inhabitant,
    month: Month,
    prescriber: &Institution,
) {
    let (number, month, birthdate) = (sheet.number.to_string(), month.to_string(), date(person.birthdate));
    let (name, kana) = (claim_name(&person.name), person.kana.replace('　', ""));
    let sex = person.sex.number().to_string();
    let (prefecture, rest) = prescriber.code.as_str().split_at(2);
    let (point_table, code) = rest.split_at(1);
    let address = format!("{}窓野市", prefecture_name(prefecture.parse().unwrap_or_default()));
    let record_number = format!("{:05}", 20_000 + person.serial);
    let mut fields = [""; 42];
    fields[0] = "RE";
    fields[1] = &number;
    fields[2] = kind;
    fields[3] = &month;
    fields[4] = &name;
    fields[5] = &sex;
    fields[6] = &birthdate;
    fields[9] = prefecture;
    fields[10] = point_table;
    fields[11] = code;
    fields[12] = &prescriber.name;
    fields[13] = &address;
    fields[14] = "医師　一郎";
    fields[35] = &record_number;
    fields[37] = &sheet.search_number;
    fields[41] = &kana;
    records.add(&fields);
}

fn write_dispensing(
    records: &mut Records,
    burden: &str,
    number: usize,
    dispensing: &Dispensing,
    prescriptions: &BTreeMap<Day, Day>,
) {
    let (form, usage, text) = form_and_usage(&dispensing.medicines[0]);
    let unit_points = medicine_points(&dispensing.medicines);
    let (number, unit) = (format!("{number:02}"), unit_points.to_string());
    records.add(&["SH", &number, form, usage, text, &unit]);
    for (prescribed, dispensed, quantity) in &dispensing.supplies {
        let reception = prescriptions.keys().take_while(|day| *day < prescribed).count() + 1;
        write_supply(records, burden, dispensing, (*prescribed, *dispensed, *quantity), reception);
    }
    for medicine in &dispensing.medicines {
        let (amount, dose) = (decimal(medicine.amount), dose(medicine));
        records.add(&["IY", burden, medicine.code, &amount, "", "", "", "", "", &dose]);
    }
}

fn write_supply(
    records: &mut Records,
    burden: &str,
    dispensing: &Dispensing,
    (prescribed, dispensed, quantity): (Day, Day, u32),
    reception: usize,
) {
    let medicine_points = medicine_points(&dispensing.medicines) * quantity;
    let (preparation, management) = (preparation_fee(dispensing), management_fee(dispensing, quantity));
    let texts = [date(prescribed), date(dispensed), reception.to_string(), quantity.to_string()];
    let (preparation, management) = (preparation.to_string(), management.to_string());
    let medicine_points = medicine_points.to_string();
    let mut fields = [""; 71];
    fields[0] = "CZ";
    fields[1] = "1";
    for (place, text) in texts.iter().enumerate() {
        fields[2 + place] = text;
    }
    fields[6] = burden;
    fields[10] = &preparation;
    fields[13] = &medicine_points;
    fields[57] = burden;
    fields[61] = &management;
    records.add(&fields);
}

/// 剤形, 用法コード and the text where the usage has no code.
fn form_and_usage(medicine: &Medicine) -> (&'static str, &'static str, &'static str) {
    match medicine.form {
        Form::Internal(code) => ("1", code, ""),
        Form::AsNeeded(_, text) => ("3", "900", text),
        Form::External(text) => ("5", "900", text),
        Form::Injection(_) | Form::SelfInjection => ("4", "900", "医師の指示通り"),
    }
}

/// １回用量 where a day's amount can be divided.
pub(crate) fn dose(medicine: &Medicine) -> String {
    match medicine.form {
        Form::Internal(code) if medicine.amount.is_multiple_of(times_a_day(code)) => {
            decimal(medicine.amount / times_a_day(code))
        }
        _ => String::new(),
    }
}

fn dispensing_points(dispensing: &Dispensing) -> u32 {
    let unit_points = medicine_points(&dispensing.medicines);
    let supply =
        |quantity: u32| unit_points * quantity + preparation_fee(dispensing) + management_fee(dispensing, quantity);
    dispensing.supplies.iter().map(|(_, _, quantity)| supply(*quantity)).sum()
}

/// 薬剤調製料.
fn preparation_fee(dispensing: &Dispensing) -> u32 {
    match dispensing.medicines[0].form {
        Form::Internal(_) => 24,
        Form::AsNeeded(..) => 21,
        _ => 10,
    }
}

/// 調剤管理料, of 内服 by the days.
fn management_fee(dispensing: &Dispensing, days: u32) -> u32 {
    match (dispensing.medicines[0].is_internal(), days) {
        (false, _) | (true, ..8) => 4,
        (true, 8..15) => 28,
        (true, 15..29) => 50,
        (true, _) => 60,
    }
}
