//! Counting a world's people and care.

use super::Comparison;
use super::published as known;
use crate::chart::Chart;
use crate::insurer::Scheme;
use crate::medicine::Form;
use crate::person::Inhabitant;
use crate::prefecture::prefectures;
use crate::world::World;
use madoguchi_model::institution::InstitutionKind;
use madoguchi_model::person::Sex;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of receipts, in the order of the published figures.
const OUTPATIENT: usize = 0;
const INPATIENT: usize = 1;
const DENTAL: usize = 2;
const PHARMACY: usize = 3;

/// Counts, which add up in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// The living: men and women by five years of age.
    men: [u64; 20],
    women: [u64; 20],
    prefectures: BTreeMap<u8, u64>,
    schemes: [u64; 5],
    /// Months of living people by age class, and their receipts by kind.
    months: [u64; 9],
    receipts: [[u64; 4]; 9],
    /// Days or prescriptions, by kind.
    days: [u64; 4],
    dpc: u64,
    /// Internal medicines on prescriptions, and those prescriptions.
    medicines: u64,
    prescriptions: u64,
    supplies: [u64; 6],
    institutions: [u64; 4],
    chronic: [[u64; 4]; 8],
    chronic_people: [u64; 4],
    /// People under 65, years that they were looked at, and their changes of insurer.
    young_years: f64,
    changes: u64,
}

/// The same as shares, rates and means.
#[derive(Debug, Clone)]
pub(super) struct Figures(Vec<Comparison>);

impl Counts {
    pub(super) fn add_world(&mut self, world: &World) {
        for institution in world.institutions() {
            let place = match institution.kind() {
                InstitutionKind::Medical => usize::from(!institution.hospital),
                InstitutionKind::Dental => 2,
                InstitutionKind::Pharmacy => 3,
                InstitutionKind::HomeNursing => continue,
            };
            self.institutions[place] += 1;
        }
        for person in world.people() {
            self.add_person(world, person);
            for month in world.care_months() {
                let lives = person.birthdate <= month.last_day() && person.coverage_on(month.first_day()).is_some();
                if lives {
                    let class = known::use_class(person.birthdate.age_on(month.last_day()));
                    self.months[class] += 1;
                    self.add_chart(class, &world.chart(person, month));
                }
            }
        }
    }

    fn add_person(&mut self, world: &World, person: &Inhabitant) {
        let today = world.today();
        let Some((_, coverage)) = person.coverage_on(today) else { return };
        let age = person.birthdate.age_on(today);
        let class = (age / 5).clamp(0, 19) as usize;
        let side = if person.sex == Sex::Female { &mut self.women } else { &mut self.men };
        side[class] += 1;
        *self.prefectures.entry(person.prefecture).or_default() += 1;
        let scheme = match coverage.numbers.insurer.scheme().as_deref() {
            Some("01") => Scheme::Association,
            Some("06") => Scheme::Society,
            Some("39") => Scheme::LateElderly,
            Some(_) => Scheme::MutualAid,
            None => Scheme::National,
        };
        let schemes = [Scheme::Association, Scheme::Society, Scheme::MutualAid, Scheme::National, Scheme::LateElderly];
        self.schemes[schemes.iter().position(|known| *known == scheme).unwrap_or(0)] += 1;
        if let Some(class) = known::chronic_class(age) {
            self.chronic_people[class] += 1;
            let chronic = &world.health(person).chronic;
            for (place, (_, codes, _)) in known::CHRONIC.iter().enumerate() {
                let has = chronic.iter().any(|one| codes.contains(&one.condition.disease.code));
                self.chronic[place][class] += u64::from(has);
            }
        }
        if age < 65 {
            let months = today.month().months_since(world.care_period().from).max(0);
            self.young_years += f64::from(months) / 12.0;
            self.changes += person.coverages.len() as u64 - 1;
        }
    }

    fn add_chart(&mut self, class: usize, chart: &Chart<'_>) {
        let days = |visited: &[bool; 31]| visited.iter().filter(|visited| **visited).count() as u64;
        for receipt in &chart.medical {
            let kind = if receipt.admitted.is_some() { INPATIENT } else { OUTPATIENT };
            self.receipts[class][kind] += 1;
            self.days[kind] += days(&receipt.visited);
            self.dpc += u64::from(receipt.dpc.is_some());
        }
        for receipt in &chart.dental {
            self.receipts[class][DENTAL] += 1;
            self.days[DENTAL] += days(&receipt.visited);
        }
        for receipt in &chart.pharmacy {
            self.receipts[class][PHARMACY] += 1;
            let mut prescribed = BTreeSet::new();
            let mut with_internal = BTreeSet::new();
            for dispensing in &receipt.dispensings {
                let internal =
                    dispensing.medicines.iter().filter(|medicine| matches!(medicine.form, Form::Internal(_)));
                let internal = internal.count() as u64;
                for (day, _, quantity) in &dispensing.supplies {
                    prescribed.insert(*day);
                    if internal > 0 {
                        with_internal.insert(*day);
                        self.medicines += internal;
                        let class = known::SUPPLY_DAYS.iter().position(|(_, most, _)| quantity <= most).unwrap_or(5);
                        self.supplies[class] += internal;
                    }
                }
            }
            self.days[PHARMACY] += prescribed.len() as u64;
            self.prescriptions += with_internal.len() as u64;
        }
    }

    /// Adds what another thread has counted.
    pub(super) fn add(&mut self, other: &Self) {
        add(&mut self.men, &other.men);
        add(&mut self.women, &other.women);
        for (prefecture, people) in &other.prefectures {
            *self.prefectures.entry(*prefecture).or_default() += people;
        }
        add(&mut self.schemes, &other.schemes);
        add(&mut self.months, &other.months);
        self.receipts.iter_mut().zip(&other.receipts).for_each(|(own, more)| add(own, more));
        add(&mut self.days, &other.days);
        self.dpc += other.dpc;
        self.medicines += other.medicines;
        self.prescriptions += other.prescriptions;
        add(&mut self.supplies, &other.supplies);
        add(&mut self.institutions, &other.institutions);
        self.chronic.iter_mut().zip(&other.chronic).for_each(|(own, more)| add(own, more));
        add(&mut self.chronic_people, &other.chronic_people);
        self.young_years += other.young_years;
        self.changes += other.changes;
    }

    fn people(&self) -> u64 {
        self.men.iter().chain(&self.women).sum()
    }

    fn of_kind(&self, kind: usize) -> u64 {
        self.receipts.iter().map(|receipts| receipts[kind]).sum()
    }
}

fn add<const N: usize>(own: &mut [u64; N], more: &[u64; N]) {
    own.iter_mut().zip(more).for_each(|(own, more)| *own += more);
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * ratio(part, whole)
}

/// Rows of one subject in the making.
struct Table<'a> {
    subject: &'static str,
    unit: &'static str,
    rows: &'a mut Vec<Comparison>,
}

impl Table<'_> {
    fn row(&mut self, what: impl Into<String>, published: f64, generated: f64, tolerance: f64) {
        let Self { subject, unit, .. } = *self;
        self.rows.push(Comparison { subject, what: what.into(), unit, published, generated, tolerance });
    }
}

impl Figures {
    pub(super) fn of(counts: &Counts) -> Self {
        let mut rows = Vec::new();
        ages(counts, &mut rows);
        insurance(counts, &mut rows);
        receipts(counts, &mut rows);
        receipts_by_age(counts, &mut rows);
        medicines(counts, &mut rows);
        chronic(counts, &mut rows);
        places(counts, &mut rows);
        Self(rows)
    }

    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        self.0.clone()
    }
}

fn ages(counts: &Counts, rows: &mut Vec<Comparison>) {
    let (people, total) = (counts.people(), known::PYRAMID.iter().sum::<f64>());
    for (subject, sex) in [("年齢（男）", Sex::Male), ("年齢（女）", Sex::Female)] {
        let mut table = Table { subject, unit: "％（全人口に対する割合）", rows };
        for (class, thousands) in known::PYRAMID.iter().enumerate() {
            let women = known::women(class);
            let (share, count) = match sex {
                Sex::Female => (women, counts.women[class]),
                _ => (1.0 - women, counts.men[class]),
            };
            let what =
                if class == 19 { "95歳以上".to_owned() } else { format!("{}～{}歳", class * 5, class * 5 + 4) };
            table.row(what, 100.0 * thousands / total * share, percent(count, people), 0.35);
        }
    }
}

fn insurance(counts: &Counts, rows: &mut Vec<Comparison>) {
    let (people, total) = (counts.people(), known::SCHEMES.iter().map(|scheme| scheme.1).sum::<f64>());
    let mut table = Table { subject: "保険", unit: "％（加入者の割合）", rows };
    for ((name, thousands), count) in known::SCHEMES.iter().zip(counts.schemes) {
        table.row(*name, 100.0 * thousands / total, percent(count, people), 3.0);
    }
    let mut table = Table { subject: "保険者の異動", unit: "％（65歳未満、1年あたり）", rows };
    table.row("保険者が変わった人", 6.0, 100.0 * counts.changes as f64 / counts.young_years.max(1.0), 1.5);
}

fn receipts(counts: &Counts, rows: &mut Vec<Comparison>) {
    let months: u64 = counts.months.iter().sum();
    let mut table = Table { subject: "レセプトの件数", unit: "件（1人1か月あたり）", rows };
    for (kind, (name, published)) in known::RECEIPTS.iter().enumerate() {
        table.row(*name, *published, ratio(counts.of_kind(kind), months), 0.06 * published);
    }
    let mut table = Table { subject: "1件あたりの日数", unit: "日（調剤は処方箋の枚数）", rows };
    for (kind, (name, _)) in known::RECEIPTS.iter().enumerate() {
        let published = known::DAYS[kind];
        table.row(*name, published, ratio(counts.days[kind], counts.of_kind(kind)), 0.08 * published);
    }
    let mut table = Table { subject: "DPC", unit: "％（入院のレセプトに対する割合）", rows };
    table.row("DPC", known::DPC_PERCENT, percent(counts.dpc, counts.of_kind(INPATIENT)), 8.0);
}

fn receipts_by_age(counts: &Counts, rows: &mut Vec<Comparison>) {
    let months: u64 = counts.months.iter().sum();
    let subjects =
        ["年齢別の件数（医科入院外）", "年齢別の件数（医科入院・DPC）", "年齢別の件数（歯科）", "年齢別の件数（調剤）"];
    for (kind, subject) in subjects.into_iter().enumerate() {
        let mean = ratio(counts.of_kind(kind), months).max(f64::EPSILON);
        // The published shape, so that its mean over these people is one.
        let weighted: f64 =
            known::USE.iter().zip(counts.months).map(|((_, shape), months)| shape[kind] * months as f64).sum();
        let norm = weighted / (months as f64).max(1.0);
        let mut table = Table { subject, unit: "倍（全年齢の平均を1とする）", rows };
        for (class, (name, shape)) in known::USE.iter().enumerate() {
            let published = shape[kind] / norm.max(f64::EPSILON);
            let generated = ratio(counts.receipts[class][kind], counts.months[class]) / mean;
            table.row(*name, published, generated, (0.25 * published).max(0.15));
        }
    }
}

fn medicines(counts: &Counts, rows: &mut Vec<Comparison>) {
    let mut table = Table { subject: "薬の種類", unit: "種類（処方箋1枚の内服薬）", rows };
    table.row("内服薬", known::MEDICINES, ratio(counts.medicines, counts.prescriptions), 0.2);
    let all: u64 = counts.supplies.iter().sum();
    let mut table = Table { subject: "薬の日数", unit: "％（内服薬の数に対する割合）", rows };
    for ((name, _, published), count) in known::SUPPLY_DAYS.iter().zip(counts.supplies) {
        table.row(*name, *published, percent(count, all), 3.0);
    }
}

fn chronic(counts: &Counts, rows: &mut Vec<Comparison>) {
    for (age, subject) in known::CHRONIC_SUBJECTS.into_iter().enumerate() {
        let mut table = Table { subject, unit: "％（その年齢の人に対する割合）", rows };
        for (place, (disease, _, published)) in known::CHRONIC.iter().enumerate() {
            table.row(*disease, published[age], percent(counts.chronic[place][age], counts.chronic_people[age]), 1.5);
        }
    }
}

fn places(counts: &Counts, rows: &mut Vec<Comparison>) {
    let people = counts.people();
    let mut table = Table { subject: "医療機関等", unit: "施設（人口10万人あたり）", rows };
    for ((name, published), count) in known::INSTITUTIONS.iter().zip(counts.institutions) {
        let (generated, least) = (1e5 * ratio(count, people), 47.0 * 1e5 / (people as f64).max(1.0));
        // Every district has at least one of each, which counts in small nations.
        table.row(*name, *published, generated, 0.1 * published + least);
    }
    let total: f64 = prefectures().map(|prefecture| f64::from(prefecture.thousands)).sum();
    let mut table = Table { subject: "都道府県", unit: "％（全人口に対する割合）", rows };
    let mut all: Vec<_> = prefectures().collect();
    all.sort_by_key(|prefecture| prefecture.number);
    for prefecture in all {
        let published = 100.0 * f64::from(prefecture.thousands) / total;
        let generated = percent(counts.prefectures.get(&prefecture.number).copied().unwrap_or(0), people);
        table.row(prefecture.name, published, generated, 0.1);
    }
}
