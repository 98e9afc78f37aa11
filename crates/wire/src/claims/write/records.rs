//! The records of one claim, with their fields where [`layout`] says.

use super::Record;
use crate::claims::PointTable;
use crate::claims::layout::{self, PART_WRITTEN};
use madoguchi_model::claim::{Body, Claim, Dpc, Item, ItemKind, Payer, PayerKind, Prescription};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::person::Sex;

/// All records from RE on.
pub(super) fn of(claim: &Claim, table: PointTable) -> Vec<Record> {
    let mut records = vec![common(claim, table)];
    records.extend(claim.payers.iter().map(|payer| payer_record(payer, table)));
    records.extend(claim.payers.iter().filter_map(confirmation));
    if !claim.visit_days.is_empty() {
        let visits = Record::new("JD", 32).set(1, "1");
        records.push(claim.visit_days.iter().fold(visits, |record, day| record.set(1 + usize::from(*day), "1")));
    }
    match &claim.body {
        Body::Medical(items) | Body::Dental(items) => records.extend(item_records(items, table)),
        Body::Dpc(dpc) => records.extend(dpc_records(dpc, claim.month)),
        Body::Pharmacy { prescriptions, .. } => {
            for (place, prescription) in prescriptions.iter().enumerate() {
                records.extend(prescription_records(place + 1, prescription));
            }
        }
    }
    records
}

fn common(claim: &Claim, table: PointTable) -> Record {
    let places = layout::common(table);
    let sex = if claim.patient.sex == Sex::Unset { String::new() } else { claim.patient.sex.number().to_string() };
    let mut record = Record::new("RE", places.last)
        .set(1, &claim.number)
        .set(2, claim.category)
        .set(3, claim.month)
        .set(4, &claim.patient.name)
        .set(5, sex)
        .set(6, claim.patient.birthdate)
        .set(places.search_number, claim.search_number.as_deref().unwrap_or_default())
        .set(places.kana, &claim.patient.kana);
    if let Body::Dpc(_) = claim.body {
        record = record.set(PART_WRITTEN, "0");
    }
    if let Some(prescriber) = claim.prescriber() {
        let part = |from: usize, to: usize| prescriber.code.get(from..to).unwrap_or_default();
        record = record.set(9, part(0, 2)).set(10, part(2, 3)).set(11, part(3, 10)).set(12, &prescriber.name);
    }
    record
}

fn payer_record(payer: &Payer, table: PointTable) -> Record {
    let points = payer.points.map(|points| points.to_string()).unwrap_or_default();
    let insurance = payer.kind == PayerKind::Insurance;
    let record = Record::new(if insurance { "HO" } else { "KO" }, layout::payer_last(table, insurance));
    let record =
        if insurance { record.set(2, &payer.symbol).set(3, &payer.number) } else { record.set(2, &payer.number) };
    record.set(1, &payer.insurer).set(5, points)
}

fn confirmation(payer: &Payer) -> Option<Record> {
    let place = match payer.kind {
        PayerKind::Insurance => 1,
        PayerKind::PublicExpense(number) => number + 1,
    };
    let said = !payer.confirmation.is_empty() || !payer.branch.is_empty();
    said.then(|| Record::new("SN", 8).set(1, place).set(2, &payer.confirmation).set(6, &payer.branch))
}

fn item_records(items: &[Item], table: PointTable) -> Vec<Record> {
    let ends_unit = |place: usize| items[place + 1..].iter().find(|item| item.kind != ItemKind::Comment);
    let mut records = Vec::with_capacity(items.len());
    let mut before: Option<&Item> = None;
    for (place, item) in items.iter().enumerate() {
        let inherited = before.is_some_and(|before| before.unit == item.unit);
        let last = ends_unit(place).is_none_or(|next| next.unit != item.unit);
        records.extend(item_record(item, table, inherited, last));
        before = Some(item);
    }
    records
}

/// The last record of a unit carries points; what they are is not known to the model, so 0. `None` for an item that the
/// table has no record for.
fn item_record(item: &Item, table: PointTable, inherited: bool, last: bool) -> Option<Record> {
    let name = match item.kind {
        ItemKind::Act if table == PointTable::Dental && item.code.starts_with('3') => "SS",
        ItemKind::Act => "SI",
        ItemKind::Drug => "IY",
        ItemKind::Material => "TO",
        ItemKind::Comment => "CO",
    };
    let layout = layout::items(table).iter().find(|layout| layout.name == name)?;
    let quantity = item.quantity.map(|amount| amount.to_string()).unwrap_or_default();
    let mut record = Record::new(name, layout.last)
        .set(1, if inherited { String::new() } else { format!("{:02}", item.class) })
        .set(2, "1")
        .set(3, &item.code)
        .set(layout.quantity, if item.kind == ItemKind::Comment { &item.text } else { &quantity });
    if let Some(counted) = layout.counted {
        record = record
            .set(counted.points, if last { "0" } else { "" })
            .set(counted.times, item.times.map(|times| times.to_string()).unwrap_or_default());
        for (day, count) in &item.days {
            record = record.set(counted.days + usize::from(*day) - 1, count);
        }
    }
    if let Some(first) = layout.comments {
        for (place, (code, text)) in item.comments.iter().take(3).enumerate() {
            record = record.set(first + 2 * place, code).set(first + 2 * place + 1, text);
        }
    }
    if let Some((first, count)) = layout.additions {
        for (place, addition) in item.additions.iter().take(count).enumerate() {
            let quantity = addition.quantity.map(|amount| amount.to_string()).unwrap_or_default();
            record = record.set(first + 2 * place, &addition.code).set(first + 2 * place + 1, quantity);
        }
    }
    Some(record)
}

/// BU without its diagnosis group, which the model does not keep; then SK, what was charged, and CD.
fn dpc_records(dpc: &Dpc, month: Month) -> Vec<Record> {
    let mut records = vec![Record::new("BU", 5)];
    let day = |item: &Item| {
        let day = item.days.first().and_then(|(day, _)| month.day(*day));
        day.map(|day| day.to_string()).unwrap_or_default()
    };
    records.extend(dpc.related.iter().map(|item| Record::new("SK", 6).set(1, &item.code).set(3, day(item))));
    records.extend(item_records(&dpc.charged, PointTable::Medical));
    for (place, item) in dpc.bundled.iter().enumerate() {
        let amount = item.quantity.map(|amount| amount.to_string()).unwrap_or_default();
        let record = Record::new("CD", 10)
            .set(1, day(item))
            .set(2, format!("{:02}", item.class))
            .set(3, format!("{:04}", item.unit))
            .set(4, format!("{:03}", place + 1))
            .set(5, &item.code)
            .set(if item.kind == ItemKind::Act { 7 } else { 6 }, amount)
            .set(9, item.times.map(|times| times.to_string()).unwrap_or_default());
        records.push(record);
    }
    records
}

fn prescription_records(number: usize, prescription: &Prescription) -> Vec<Record> {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let amount = |amount: Option<madoguchi_model::care::Amount>| amount.map(|it| it.to_string()).unwrap_or_default();
    let mut records = vec![
        Record::new("SH", 9)
            .set(1, format!("{number:02}"))
            .set(2, prescription.form)
            .set(3, &prescription.usage_code)
            .set(4, &prescription.instruction),
    ];
    for dispensing in &prescription.dispensings {
        let record = Record::new("CZ", 70)
            .set(1, "1")
            .set(2, day(dispensing.prescribed_on))
            .set(3, day(dispensing.dispensed_on))
            .set(4, "1")
            .set(5, dispensing.count);
        records.push(record);
    }
    for drug in &prescription.drugs {
        let record = Record::new("IY", 9).set(1, "1").set(2, &drug.code).set(3, amount(drug.quantity));
        records.push(record.set(9, amount(drug.dose)));
    }
    records
}
