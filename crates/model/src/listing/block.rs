//! The three blocks of a list: 受診歴, 手術情報 and 診療／薬剤実績, with their order and their amounts.

use super::{
    EntryGroup, ListInput, NO_VALUE, Operation, PRESCRIBED_ONLY, Row, Usage, Visit, clean, own_mark, some_text,
    with_prescriptions,
};
use crate::care::{Act, Amount, CareReceipt, CareSetting, Medication};
use crate::consent::{InformationKind, Scope};
use crate::day::{Day, Month};
use crate::institution::{InstitutionCode, InstitutionKind};
use crate::prescription::{Prescription, added_to};
use std::cmp::Reverse;
use unicode_normalization::UnicodeNormalization;

/// 受診歴: each institution that was visited with its months, the most recent visit first.
/// A pharmacy is not visited for care; it stands in the entries.
pub(super) fn visits(input: &ListInput<'_>) -> Vec<Visit> {
    let mut receipts: Vec<_> =
        input.receipts.iter().filter(|receipt| receipt.setting != CareSetting::Pharmacy).collect();
    receipts.sort_by_key(|receipt| (Reverse(receipt.month), &receipt.institution));
    let mut visits: Vec<(&CareReceipt, Vec<Month>)> = Vec::new();
    for receipt in receipts {
        match visits.iter_mut().find(|(first, _)| first.institution == receipt.institution) {
            Some((_, months)) if months.contains(&receipt.month) => {}
            Some((_, months)) => months.push(receipt.month),
            None => visits.push((receipt, vec![receipt.month])),
        }
    }
    let visit = |(receipt, months): (&CareReceipt, Vec<Month>)| Visit {
        institution: clean(&receipt.institution_name),
        own_mark: own_mark(receipt.institution.as_str(), input.own),
        months: months.into_iter().map(Month::short).collect(),
    };
    visits.into_iter().map(visit).collect()
}

/// 手術情報, newest first; operations of an unknown day stand after the known days of their month.
pub(super) fn operations(input: &ListInput<'_>) -> Vec<Operation> {
    let mut found: Vec<(&CareReceipt, &Act)> = input
        .receipts
        .iter()
        .flat_map(|receipt| receipt.operations.iter().map(move |operation| (receipt, operation)))
        .collect();
    found.sort_by_key(|(receipt, operation)| {
        (Reverse(month_of(operation.day, receipt)), Reverse(operation.day), &receipt.institution)
    });
    let operation = |(receipt, act): (&CareReceipt, &Act)| Operation {
        performed_on: act.day.map_or_else(|| receipt.month.japanese(), Day::japanese),
        institution: clean(&receipt.institution_name),
        own_mark: own_mark(receipt.institution.as_str(), input.own),
        setting: receipt.setting.label(),
        name: clean(&act.name),
        section: some_text(Some(&act.section)),
        count: format!("{}回", act.count),
    };
    found.into_iter().map(operation).collect()
}

/// 診療／薬剤実績: grouped by month, day and institution, newest first, unknown days last in their month. What the
/// e-prescription service alone knows stands among the rows of the receipts.
pub(super) fn entries(input: &ListInput<'_>, shown: Scope) -> Vec<EntryGroup> {
    let mut found: Vec<Entry<'_>> = input.receipts.iter().flat_map(|receipt| entries_of(receipt, shown)).collect();
    if let (true, Some(records)) = (with_prescriptions(input, shown), input.prescriptions) {
        let added = added_to(input.receipts, records).into_iter().filter(|record| record.is_within(input.asked));
        found.extend(added.flat_map(entries_of_prescription));
    }
    // Stable: within a group the order of the claims remains.
    found.sort_by(|left, right| left.key().cmp(&right.key()));
    found.chunk_by(|left, right| left.key() == right.key()).map(|entries| group(entries, input)).collect()
}

/// One act or drug with what it comes from.
struct Entry<'a> {
    source: Source<'a>,
    item: Item<'a>,
}

/// The receipt, dispensing or prescription that tells of an act or drug.
#[derive(Clone, Copy)]
struct Source<'a> {
    month: Month,
    institution: &'a InstitutionCode,
    institution_name: &'a str,
    setting: CareSetting,
    /// Code and name.
    prescriber: Option<(&'a str, &'a str)>,
    /// Nothing was dispensed yet.
    prescribed_only: bool,
}

enum Item<'a> {
    Act(&'a Act),
    Drug(&'a Medication),
}

/// What makes a group, in the order in which groups stand.
type GroupKey<'a> = (
    Reverse<Month>,
    Reverse<Option<Day>>,
    &'a str,
    CareSetting,
    bool,
    Option<(&'a str, &'a str)>,
    Reverse<Option<Day>>,
);

impl<'a> Entry<'a> {
    fn day(&self) -> Option<Day> {
        match self.item {
            Item::Act(act) => act.day,
            Item::Drug(drug) => drug.day,
        }
    }

    /// A row stands in the month of its day; without a day in the month of its receipt.
    fn month(&self) -> Month {
        self.day().map_or(self.source.month, Day::month)
    }

    fn prescribed_on(&self) -> Option<Day> {
        match self.item {
            Item::Act(_) => None,
            Item::Drug(drug) => drug.prescribed_on,
        }
    }

    fn key(&self) -> GroupKey<'a> {
        let Source { institution, setting, prescriber, prescribed_only, .. } = self.source;
        (
            Reverse(self.month()),
            Reverse(self.day()),
            institution.as_str(),
            setting,
            prescribed_only,
            prescriber,
            Reverse(self.prescribed_on()),
        )
    }
}

fn entries_of(receipt: &CareReceipt, shown: Scope) -> impl Iterator<Item = Entry<'_>> {
    let source = Source {
        month: receipt.month,
        institution: &receipt.institution,
        institution_name: &receipt.institution_name,
        setting: receipt.setting,
        prescriber: receipt.prescriber.as_ref().map(|prescriber| (prescriber.code.as_str(), prescriber.name.as_str())),
        prescribed_only: false,
    };
    let acts = if shown.contains(InformationKind::MedicalCare) { receipt.acts.as_slice() } else { &[] };
    let drugs = if shown.contains(InformationKind::Medication) { receipt.medications.as_slice() } else { &[] };
    let items = acts.iter().map(Item::Act).chain(drugs.iter().map(Item::Drug));
    items.map(move |item| Entry { source, item })
}

/// A dispensing stands at its pharmacy, a prescription at the institution that wrote it.
fn entries_of_prescription(record: &Prescription) -> impl Iterator<Item = Entry<'_>> {
    let Prescription { prescriber, dispensing, drugs, .. } = record;
    let place = dispensing.as_ref().map_or(prescriber, |dispensing| &dispensing.pharmacy);
    let source = Source {
        month: record.month(),
        institution: &place.code,
        institution_name: &place.name,
        setting: if dispensing.is_some() { CareSetting::Pharmacy } else { CareSetting::Outpatient },
        prescriber: dispensing.as_ref().map(|_| (prescriber.code.as_str(), prescriber.name.as_str())),
        prescribed_only: dispensing.is_none(),
    };
    drugs.iter().map(move |drug| Entry { source, item: Item::Drug(drug) })
}

fn group(entries: &[Entry<'_>], input: &ListInput<'_>) -> EntryGroup {
    let first = &entries[0];
    let (source, day) = (first.source, first.day());
    // Acts before drugs, also when two receipts of one month meet in a group.
    let (acts, drugs): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| matches!(entry.item, Item::Act(_)));
    let month = first.month().short();
    let day_of_month = day.map(|day| format!("{}日", day.day_of_month()));
    let dental = source.institution.kind() == InstitutionKind::Dental;
    let rows = acts.into_iter().chain(drugs).zip(1..).map(|(entry, number)| row(&entry.item, number, dental));
    EntryGroup {
        supplied_on: format!("{month}{}", day_of_month.as_deref().unwrap_or_default()),
        month,
        day: day_of_month.unwrap_or_else(|| NO_VALUE.to_owned()),
        setting: source.setting.label(),
        source_mark: source.prescribed_only.then_some(PRESCRIBED_ONLY),
        institution: clean(source.institution_name),
        own_mark: own_mark(source.institution.as_str(), input.own),
        prescriber: source.prescriber.and_then(|(_, name)| some_text(Some(name))),
        prescriber_own_mark: source.prescriber.and_then(|(code, _)| own_mark(code, input.own)),
        prescribed_on: first.prescribed_on().map(month_and_day),
        rows: rows.collect(),
    }
}

fn row(item: &Item<'_>, number: usize, dental: bool) -> Row {
    match item {
        Item::Act(act) => Row {
            label: "診療",
            number,
            name: clean(&act.name),
            ingredient: None,
            section: some_text(Some(&act.section)),
            quantity: act.quantity.as_ref().map_or_else(String::new, |(amount, unit)| with_unit(*amount, unit)),
            count: format!("{}回", act.count),
            usage: None,
        },
        Item::Drug(drug) => Row {
            label: if dental { dental_drug_label(drug.class) } else { drug_label(drug.class) },
            number,
            name: clean(&drug.name),
            ingredient: some_text(drug.ingredient.as_deref()),
            section: None,
            quantity: drug.amount.map_or_else(String::new, |amount| with_unit(amount, &drug.unit)),
            count: format!("{}{}", drug.count, drug.count_unit.label()),
            usage: usage(drug),
        },
    }
}

/// 区分 of a drug by its 診療識別 (claims.md §4.3, §8.3).
const fn drug_label(class: u8) -> &'static str {
    match class {
        14 => "在宅",
        21 => "内服",
        22 => "頓服",
        23 => "外用",
        31..=33 => "注射",
        40 => "処置",
        50 => "手術",
        54 => "麻酔",
        60 => "検査",
        70 => "画像",
        _ => "薬剤",
    }
}

/// 区分 of a drug by the 診療識別 of 歯科, whose table is another one from 31 on (claims.md §6).
const fn dental_drug_label(class: u8) -> &'static str {
    match class {
        14 | 21..=23 | 54 => drug_label(class),
        31 => "検査",
        41..=44 => "処置",
        _ => "薬剤",
    }
}

fn usage(drug: &Medication) -> Option<Usage> {
    let usage = some_text(drug.usage.as_deref());
    let dose = drug.dose.map(|dose| with_unit(dose, &drug.unit));
    let instruction = some_text(drug.instruction.as_deref());
    let parts = [
        usage.as_ref().map(|text| format!("【用法】{text}")),
        dose.as_ref().map(|text| format!("＜1回用量＞{text}")),
        instruction.as_ref().map(|text| format!("【用法等の特別指示】{text}")),
    ];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join("　");
    (!line.is_empty()).then_some(Usage { usage, dose, instruction, line })
}

/// The masters write units in full width (ｇ, ｍＬ); the list writes them as a doctor does.
fn with_unit(amount: Amount, unit: &str) -> String {
    let unit: String = clean(unit).nfkc().collect();
    format!("{amount}{}", unit.trim())
}

/// An operation stands in the month of its day; without a day in the month of its receipt.
fn month_of(day: Option<Day>, receipt: &CareReceipt) -> Month {
    day.map_or(receipt.month, Day::month)
}

fn month_and_day(day: Day) -> String {
    format!("{}月{}日", day.month().month_of_year(), day.day_of_month())
}
