//! A 歯科 receipt as records: RE, HO, KO, SN, JD, HS, then SS, SI and IY. The fields are elsewhere than in 医科.

use crate::bill::{Line, Unit};
use crate::dental::{DentalAct, DentalReceipt};
use crate::medical_claim::{Added, Sheet};
use crate::payer::{Totals, dental_payers, public_expense, receipt_kind, visit_days};
use crate::person::Inhabitant;
use crate::uke::{Records, claim_name, date, decimal};
use madoguchi_model::day::Month;

/// Fields of SS before its days: codes with 35 additions, points and count.
const SS_FIELDS: usize = 78;

/// Writes the receipt.
pub(crate) fn write(
    records: &mut Records,
    sheet: &Sheet,
    person: &Inhabitant,
    month: Month,
    receipt: &DentalReceipt,
) -> Added {
    let coverage = &person.coverages[receipt.coverage];
    let public = public_expense(person, month);
    let kind = receipt_kind('3', person, coverage, month.last_day(), false, public.is_some());
    common(records, sheet, &kind, person, month, receipt);
    let days = receipt.visited.iter().filter(|visited| **visited).count() as u32;
    let points = receipt.points();
    dental_payers(records, coverage, public.as_ref(), Totals { days, points, meals: None });
    visit_days(records, &receipt.visited);
    let disease = &receipt.disease;
    records.add(&["HS", &date(receipt.started), "1", disease.teeth, disease.code, "", disease.name, "", "", "01"]);
    let burden = if public.is_some() { "2" } else { "1" };
    let mut acts: Vec<_> = receipt.acts.iter().collect();
    acts.sort_by_key(|(act, _)| act.class);
    acts.into_iter().for_each(|(act, days)| write_act(records, burden, act, days));
    receipt.medical_acts.iter().chain(&receipt.medicines).for_each(|unit| write_unit(records, burden, unit));
    Added { payers: 1 + u32::from(public.is_some()), points }
}

fn common(
    records: &mut Records,
    sheet: &Sheet,
    kind: &str,
    person: &Inhabitant,
    month: Month,
    receipt: &DentalReceipt,
) {
    let (number, month, birthdate) = (sheet.number.to_string(), month.to_string(), date(person.birthdate));
    let (name, kana) = (claim_name(&person.name), person.kana.replace('　', ""));
    let (sex, started) = (person.sex.number().to_string(), date(receipt.started));
    let chart_number = format!("{:05}", 30_000 + person.serial);
    let mut fields = [""; 26];
    fields[0] = "RE";
    fields[1] = &number;
    fields[2] = kind;
    fields[3] = &month;
    fields[4] = &name;
    fields[5] = &sex;
    fields[6] = &birthdate;
    fields[9] = &started;
    fields[15] = &chart_number;
    fields[19] = &sheet.search_number;
    fields[25] = &kana;
    records.add(&fields);
}

/// SS: each act is a unit of its own, with its additions.
fn write_act(records: &mut Records, burden: &str, act: &DentalAct, days: &[u16; 31]) {
    let (class, points) = (act.class.to_string(), act.points.to_string());
    let count: u32 = days.iter().map(|count| u32::from(*count)).sum();
    let (count, quantity) = (count.to_string(), act.quantity.to_string());
    let mut fields = [""; SS_FIELDS];
    fields[0] = "SS";
    fields[1] = &class;
    fields[2] = burden;
    fields[3] = act.code;
    fields[4] = if act.quantity > 0 { &quantity } else { "" };
    for (place, addition) in act.additions.iter().enumerate() {
        fields[6 + 2 * place] = addition;
    }
    fields[76] = &points;
    fields[77] = &count;
    records.add_with_days(&fields, days);
}

/// SI and IY: only the first line of a unit carries the 診療識別, only the last one the points.
fn write_unit(records: &mut Records, burden: &str, unit: &Unit) {
    let (class, count, points) = (unit.class.to_string(), unit.count().to_string(), unit.points.to_string());
    for (place, line) in unit.lines.iter().enumerate() {
        let class = if place == 0 { class.as_str() } else { "" };
        let points = if place + 1 == unit.lines.len() { points.as_str() } else { "" };
        match line {
            Line::Comment(_) => {}
            Line::Act(code) => records.add_with_days(&["SI", class, burden, code, "", points, &count], &unit.days),
            Line::Medicine(code, amount) => {
                records.add_with_days(&["IY", class, burden, code, &decimal(*amount), points, &count, ""], &unit.days)
            }
        }
    }
}
