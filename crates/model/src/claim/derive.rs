//! From a claim to the rows that are shown: 診療情報, 薬剤情報, 手術情報 (claims.md 4 to 7 and 10.2).
//!
//! Pure: the same claim with the same masters gives the same rows, so rows can be derived again
//! from the stored bytes when a master was mended. What is shown at all is the master's word
//! ([`Procedure::shown`]); here are dates, amounts, counts and usages.

use super::masters::Masters;
use super::{Body, Claim, DispensedDrug, Dispensing, Item, ItemKind, Prescription};
use crate::care::{Act, CountUnit, Medication};
use crate::day::{Day, Month};
use crate::master::{Procedure, Shown, UNKNOWN_NAME};
use crate::usage::usage;
use std::collections::{BTreeMap, BTreeSet};

/// コメントコード of free text, the only one that carries a usage.
pub const FREE_COMMENT: &str = "810000001";
/// 診療識別 of operations.
const SURGERY: u8 = 50;
/// 診療識別 of 処置・手術 in 歯科, 41 to 44.
const DENTAL_SURGERY_FIRST: u8 = 41;
const DENTAL_SURGERY_LAST: u8 = 44;
/// Entries that one record makes at most: 31 days, each with at most 99 times.
const OCCURRENCES_MAX: u32 = 99;
/// Bytes that the rows of one receipt come to at most; the largest real ones have some thousands of rows.
const ROWS_BYTES_MAX: usize = 1 << 24;
/// What a row comes to beside its usage; a good deal more than it does.
const ROW_BYTES: usize = 512;

/// The rows of one receipt; the parts of a [`crate::care::CareReceipt`] that need the masters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// 受診日.
    pub visit_days: Vec<Day>,
    /// 診療情報.
    pub acts: Vec<Act>,
    /// 薬剤情報.
    pub medications: Vec<Medication>,
    /// 手術情報.
    pub operations: Vec<Act>,
    /// Codes of drugs and procedures that no master has.
    pub unknown_codes: BTreeSet<String>,
    /// Whether rows were left out because there were more than any receipt has. Few lines can mean very many rows (each
    /// drug of a prescription at each of its dispensings); such a receipt is refused.
    pub cut_off: bool,
    bytes: usize,
}

/// Derives the rows of a claim.
#[must_use]
pub fn derive(claim: &Claim, masters: &Masters) -> Derived {
    let mut derived = Derived { visit_days: visit_days(claim), ..Derived::default() };
    match &claim.body {
        Body::Medical(items) | Body::Dental(items) => care(claim, items, masters, &mut derived),
        Body::Dpc(dpc) => {
            care(claim, &dpc.charged, masters, &mut derived);
            let [mut bundled, mut related] = [Derived::default(), Derived::default()];
            care(claim, &dpc.bundled, masters, &mut bundled);
            derived.unite(bundled);
            care(claim, &dpc.related, masters, &mut related);
            // SK names operations; whatever else it names is told by SI and CD.
            related.acts.clear();
            derived.unite(related);
        }
        Body::Pharmacy { prescriptions, .. } => {
            for prescription in prescriptions {
                pharmacy(claim, prescription, masters, &mut derived);
            }
        }
    }
    derived
}

fn care(claim: &Claim, items: &[Item], masters: &Masters, derived: &mut Derived) {
    let dental = matches!(claim.body, Body::Dental(_));
    let receipt = Care { claim, masters, dental, days: unit_days(items), usages: unit_usages(items, dental) };
    for item in items {
        if derived.cut_off {
            return;
        }
        match item.kind {
            ItemKind::Act => receipt.act(item, derived),
            ItemKind::Drug => receipt.drug(item, derived),
            ItemKind::Material | ItemKind::Comment => {}
        }
    }
}

impl Derived {
    /// Adds what further records of the same receipt tell. An operation that was told of the same day is the same one
    /// (claims.md 4.4): what was charged wins over what was only named.
    fn unite(&mut self, further: Self) {
        self.bytes = self.bytes.saturating_add(further.bytes);
        self.cut_off |= further.cut_off || self.bytes > ROWS_BYTES_MAX;
        let told: BTreeSet<_> = self.operations.iter().map(|act| (act.code.clone(), act.day)).collect();
        let new = further.operations.into_iter().filter(|act| !told.contains(&(act.code.clone(), act.day)));
        self.operations.extend(new);
        self.acts.extend(further.acts);
        self.medications.extend(further.medications);
        self.unknown_codes.extend(further.unknown_codes);
    }

    /// About how many bytes its rows come to, rather more than less.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.bytes
    }

    /// Whether there is room for so many more rows, each with so long a text.
    fn has_room(&mut self, rows: usize, text: usize) -> bool {
        self.bytes = self.bytes.saturating_add(rows.saturating_mul(ROW_BYTES.saturating_add(text)));
        self.cut_off |= self.bytes > ROWS_BYTES_MAX;
        !self.cut_off
    }
}

/// Items of a receipt with what their calculation units have in common.
struct Care<'a> {
    claim: &'a Claim,
    masters: &'a Masters,
    /// Whether 診療識別 is that of 歯科.
    dental: bool,
    days: BTreeMap<u32, &'a [(u8, u32)]>,
    usages: BTreeMap<u32, String>,
}

impl Care<'_> {
    fn act(&self, item: &Item, derived: &mut Derived) {
        let dates = self.dates(item);
        let known = self.masters.procedure(&item.code, care_day(dates.first(), self.claim.month));
        if known.is_none() {
            derived.unknown_codes.insert(item.code.clone());
        }
        match known.map_or_else(|| self.shown_by_class(item), |procedure| self.shown(procedure, item)) {
            Shown::MedicalCare if derived.has_room(dates.len(), 0) => {
                derived.acts.extend(dates.iter().map(|date| act(item, known, *date)));
            }
            Shown::Surgery => {
                for (day, count) in dates {
                    let times = usize::try_from(count.clamp(1, OCCURRENCES_MAX)).unwrap_or(1);
                    if !derived.has_room(times, 0) {
                        return;
                    }
                    derived.operations.extend(std::iter::repeat_n(act(item, known, (day, 1)), times));
                }
            }
            Shown::MedicalCare | Shown::Hidden => {}
        }
    }

    fn drug(&self, item: &Item, derived: &mut Derived) {
        let dates = supply(item, self.dates(item));
        let known = self.masters.drug(&item.code, care_day(dates.first(), self.claim.month));
        if known.is_none() {
            derived.unknown_codes.insert(item.code.clone());
        }
        let usage = if has_usage(item.class, self.dental) { usage_of(item, self.usages.get(&item.unit)) } else { None };
        if !derived.has_room(dates.len(), usage.as_ref().map_or(0, String::len)) {
            return;
        }
        derived.medications.extend(dates.into_iter().map(|(day, count)| Medication {
            day,
            prescribed_on: None,
            class: item.class,
            code: item.code.clone(),
            name: known.map_or(UNKNOWN_NAME, |drug| &drug.name).to_owned(),
            ingredient: known.and_then(|drug| drug.ingredient.clone()),
            amount: item.quantity,
            unit: known.map(|drug| drug.unit.clone()).unwrap_or_default(),
            count,
            count_unit: count_unit(item.class),
            usage: usage.clone(),
            dose: None,
            instruction: None,
            in_house: true,
        }));
    }

    fn shown(&self, procedure: &Procedure, item: &Item) -> Shown {
        match procedure.shown() {
            // An operation is what was charged as one (claims.md 4.4).
            Shown::Surgery if procedure.is_operation() && !self.charged_as_surgery(item) => Shown::Hidden,
            decided => decided,
        }
    }

    /// Where an act of unknown code belongs: nobody may see an operation without that consent, and what is never shown
    /// of a known code is not shown of an unknown one. In 歯科 one 診療識別 has several chapters, so the code's range
    /// counts too.
    fn shown_by_class(&self, item: &Item) -> Shown {
        let range = item.code.get(..3).unwrap_or_default();
        match (item.class, range) {
            (_, "150" | "310") if self.charged_as_surgery(item) => Shown::Surgery,
            (13, "302") | (31, "305") if self.dental => Shown::MedicalCare,
            (13 | 70, _) if !self.dental => Shown::MedicalCare,
            _ => Shown::Hidden,
        }
    }

    fn charged_as_surgery(&self, item: &Item) -> bool {
        if self.dental {
            matches!(item.class, DENTAL_SURGERY_FIRST..=DENTAL_SURGERY_LAST)
        } else {
            item.class == SURGERY
        }
    }

    /// Days and counts of an item: its own, else those of its unit, else those of the visits as far
    /// as they leave no choice, else the month alone (claims.md 4.2).
    fn dates(&self, item: &Item) -> Vec<(Option<Day>, u32)> {
        let month = self.claim.month;
        let own: &[(u8, u32)] = &item.days;
        let days = if own.is_empty() { self.days.get(&item.unit).copied().unwrap_or(own) } else { own };
        let mut dates: Vec<_> = days.iter().filter_map(|(day, count)| Some((Some(month.day(*day)?), *count))).collect();
        if dates.is_empty() {
            dates = self.dates_of_visits(item);
        }
        dates
    }

    fn dates_of_visits(&self, item: &Item) -> Vec<(Option<Day>, u32)> {
        let times = item.times.unwrap_or(1).max(1);
        let visits: Vec<_> = self.claim.visit_days.iter().filter_map(|day| self.claim.month.day(*day)).collect();
        match visits.as_slice() {
            [only] => vec![(Some(*only), times)],
            several if u32::try_from(several.len()).is_ok_and(|visits| visits == times) => {
                several.iter().map(|day| (Some(*day), 1)).collect()
            }
            _ => vec![(None, times)],
        }
    }
}

/// 受診日: those of JD; without JD, the days on which 初診, 再診 or 入院 was charged.
fn visit_days(claim: &Claim) -> Vec<Day> {
    let mut days: BTreeSet<u8> = claim.visit_days.iter().copied().collect();
    if days.is_empty() {
        let visit = |item: &&Item| matches!(item.class, 11 | 12 | 90 | 92) && item.kind == ItemKind::Act;
        let lists: [&[Item]; 2] = match &claim.body {
            Body::Medical(items) | Body::Dental(items) => [items, &[]],
            Body::Dpc(dpc) => [&dpc.charged, &dpc.bundled],
            Body::Pharmacy { .. } => [&[], &[]],
        };
        let charged = lists.into_iter().flatten().filter(visit);
        days.extend(charged.flat_map(|item| item.days.iter().map(|(day, _)| *day)));
    }
    if let Body::Pharmacy { prescriptions, .. } = &claim.body
        && days.is_empty()
    {
        let dispensed = prescriptions.iter().flat_map(|prescription| &prescription.dispensings);
        let days: BTreeSet<Day> = dispensed.filter_map(|dispensing| dispensing.dispensed_on).collect();
        return days.into_iter().collect();
    }
    days.into_iter().filter_map(|day| claim.month.day(day)).collect()
}

/// The first marked days in each calculation unit: all its records carry the same.
fn unit_days(items: &[Item]) -> BTreeMap<u32, &[(u8, u32)]> {
    let mut days: BTreeMap<u32, &[(u8, u32)]> = BTreeMap::new();
    for item in items.iter().filter(|item| !item.days.is_empty()) {
        days.entry(item.unit).or_insert(&item.days);
    }
    days
}

/// The free comments of each calculation unit, joined.
fn unit_usages(items: &[Item], dental: bool) -> BTreeMap<u32, String> {
    let mut usages: BTreeMap<u32, String> = BTreeMap::new();
    for item in items {
        if item.kind == ItemKind::Comment && item.code == FREE_COMMENT && has_usage(item.class, dental) {
            join(usages.entry(item.unit).or_default(), &item.text);
        }
    }
    usages
}

/// The usage of a drug: the free comments of its unit and its own embedded ones.
fn usage_of(item: &Item, of_unit: Option<&String>) -> Option<String> {
    let mut text = of_unit.cloned().unwrap_or_default();
    for (_, own) in item.comments.iter().filter(|(code, _)| code == FREE_COMMENT) {
        join(&mut text, own);
    }
    (!text.is_empty()).then_some(text)
}

fn join(text: &mut String, more: &str) {
    let more = more.trim();
    if !text.is_empty() && !more.is_empty() {
        text.push('　');
    }
    text.push_str(more);
}

/// Whether free comments of this 診療識別 are usages: 在宅, 投薬 and 注射 (in 歯科 all of 21-28, 31 being Ｘ線・検査).
/// Elsewhere they explain care, which is not shown.
const fn has_usage(class: u8, dental: bool) -> bool {
    matches!(class, 14 | 21..=28) || (!dental && matches!(class, 31..=33))
}

/// Supplies of a drug. One supply day of 内服 or 屯服 has all days or doses of 回数, whatever the day
/// field says; several supply days have their own counts (claims.md 4.3).
fn supply(item: &Item, mut dates: Vec<(Option<Day>, u32)>) -> Vec<(Option<Day>, u32)> {
    if let ([(_, count)], Some(times), 21 | 22) = (dates.as_mut_slice(), item.times, item.class) {
        *count = times.max(*count);
    }
    dates
}

fn act(item: &Item, known: Option<&Procedure>, (day, count): (Option<Day>, u32)) -> Act {
    Act {
        day,
        class: item.class,
        code: item.code.clone(),
        name: known.map_or(UNKNOWN_NAME, |procedure| &procedure.name).to_owned(),
        section: known.map(Procedure::section_code).unwrap_or_default(),
        quantity: item.quantity.map(|amount| (amount, known.map(|act| act.unit.clone()).unwrap_or_default())),
        count,
    }
}

/// The day whose master counts: that of the care, else the last of the month.
fn care_day(first: Option<&(Option<Day>, u32)>, month: Month) -> Day {
    first.and_then(|(day, _)| *day).unwrap_or_else(|| month.last_day())
}

const fn count_unit(class: u8) -> CountUnit {
    match class {
        21 => CountUnit::Days,
        22 => CountUnit::Doses,
        23 => CountUnit::Dispensings,
        _ => CountUnit::Times,
    }
}

fn pharmacy(claim: &Claim, prescription: &Prescription, masters: &Masters, derived: &mut Derived) {
    for dispensing in &prescription.dispensings {
        for drug in &prescription.drugs {
            if !derived.has_room(1, prescription.instruction.len()) {
                return;
            }
            derived.medications.push(dispensed(claim, prescription, dispensing, drug, masters));
            if masters.drug(&drug.code, claim.month.last_day()).is_none() {
                derived.unknown_codes.insert(drug.code.clone());
            }
        }
    }
}

fn dispensed(
    claim: &Claim,
    prescription: &Prescription,
    dispensing: &Dispensing,
    drug: &DispensedDrug,
    masters: &Masters,
) -> Medication {
    let day = dispensing.dispensed_on;
    let known = masters.drug(&drug.code, day.unwrap_or_else(|| claim.month.last_day()));
    let class = class_of_form(prescription.form);
    let coded = usage(&prescription.usage_code);
    let written = (!prescription.instruction.is_empty()).then(|| prescription.instruction.clone());
    // Code 900 and codes that we do not know are written out in 特別指示.
    let written_out = coded.is_none();
    let divided = || coded.filter(|_| class == 21)?.dose(drug.quantity?);
    Medication {
        day,
        prescribed_on: dispensing.prescribed_on,
        class,
        code: drug.code.clone(),
        name: known.map_or(UNKNOWN_NAME, |drug| &drug.name).to_owned(),
        ingredient: known.and_then(|drug| drug.ingredient.clone()),
        amount: drug.quantity,
        unit: known.map(|drug| drug.unit.clone()).unwrap_or_default(),
        count: dispensing.count,
        count_unit: count_unit(class),
        usage: coded.map(|usage| usage.text.to_owned()).or_else(|| written_out.then(|| written.clone())?),
        dose: drug.dose.or_else(divided),
        instruction: if written_out { None } else { written },
        in_house: false,
    }
}

/// 診療識別 of a 剤形 (claims.md 11, view row).
const fn class_of_form(form: u8) -> u8 {
    match form {
        1 | 6 | 7 => 21,
        2 | 5 => 23,
        3 => 22,
        4 => 33,
        _ => 28,
    }
}
