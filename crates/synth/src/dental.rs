//! What happens at the dentist's: who comes when, and what is done.
//!
//! Codes are those of the 歯科診療行為 master, points of the 2024-06 revision.

use crate::bill::{Line, Unit};
use crate::chart::{Chart, is_sunday};
use crate::dice::{Dice, Stream};
use crate::health::Health;
use crate::medicine::{Medicine, list, medicine_points};
use crate::person::Inhabitant;
use madoguchi_model::day::{Day, Month};

/// Months a year with a dental receipt, divided by twelve, of someone with average habits and age.
const RECEIPTS_A_MONTH: f64 = 0.168;
/// Visits of a month beside the first.
const FURTHER_VISITS: f64 = 0.7;
const VISITS_MAX: u32 = 5;
/// After so many months without a visit the patient is new again.
const MONTHS_OF_TREATMENT: i32 = 3;

/// An act (歯科診療行為).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DentalAct {
    /// 診療識別.
    pub(crate) class: u8,
    pub(crate) code: &'static str,
    /// 数量データ１; 0 where the act has none.
    pub(crate) quantity: u32,
    /// 加算コード.
    pub(crate) additions: &'static [&'static str],
    /// Points with the quantity and the additions.
    pub(crate) points: u32,
}

/// A disease of a tooth or of the mouth (傷病名部位).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DentalDisease {
    pub(crate) code: &'static str,
    /// The name, where it is not coded.
    pub(crate) name: &'static str,
    /// 歯式: six digits a tooth.
    pub(crate) teeth: &'static str,
}

/// One 歯科 receipt in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DentalReceipt {
    /// Index of the dental clinic.
    pub(crate) institution: usize,
    pub(crate) coverage: usize,
    /// 診療開始日.
    pub(crate) started: Day,
    pub(crate) disease: DentalDisease,
    /// Acts with their counts on the days of the month.
    pub(crate) acts: Vec<(DentalAct, [u16; 31])>,
    /// Medicines, as on 医科 receipts.
    pub(crate) medicines: Vec<Unit>,
    /// 医科診療行為 done at the dentist's.
    pub(crate) medical_acts: Vec<Unit>,
    pub(crate) visited: [bool; 31],
}

/// What brings someone to the dentist.
struct Reason {
    disease: DentalDisease,
    ages: (i32, i32),
    weight: u32,
    /// At the first visit of the month, and at each further one.
    first: &'static [DentalAct],
    further: &'static [DentalAct],
    medicines: &'static [Medicine],
}

const fn dental(class: u8, code: &'static str, points: u32) -> DentalAct {
    DentalAct { class, code, quantity: 0, additions: &[], points }
}

const FIRST_VISIT: DentalAct = dental(11, "301000110", 267);
const FIRST_VISIT_CHILD: DentalAct = DentalAct { additions: &["301000370"], ..dental(11, "301000110", 307) };
const FOLLOW_UP: DentalAct = dental(12, "301001610", 58);
const CARE: DentalAct = DentalAct { additions: &["302008470"], ..dental(13, "302000110", 110) };
const TEACHING: DentalAct = dental(13, "302000610", 80);
const X_RAY: DentalAct = dental(31, "305000110", 160);
const GUM_TEST: DentalAct = dental(31, "304000510", 110);
const SCALING: DentalAct = dental(41, "309004810", 72);
const CLEANING: DentalAct = dental(41, "309011410", 72);
const NERVE: DentalAct = dental(41, "309002110", 234);
const PULL_MILK: DentalAct = dental(43, "310000110", 130);
const PULL_FRONT: DentalAct = dental(43, "310000210", 160);
const PULL_MOLAR: DentalAct = dental(43, "310000310", 270);
const PULL_HARD: DentalAct = DentalAct { additions: &["310034470"], ..dental(43, "310000310", 500) };
const PULL_BURIED: DentalAct = dental(43, "310000510", 1_080);

const fn tooth(code: &'static str, name: &'static str, teeth: &'static str) -> DentalDisease {
    DentalDisease { code, name, teeth }
}

/// Drawn for everyone whose reasons are many: the blood of older people before a tooth is pulled.
const BLOOD_COUNT: (&str, u32) = ("160008010", 21);

#[rustfmt::skip]
const REASONS: [Reason; 9] = [
    Reason { disease: tooth("0000999", "乳歯う蝕", "107400"), ages: (0, 5), weight: 20, first: &[CARE], further: &[CLEANING], medicines: &[] },
    Reason { disease: tooth("5234016", "", "101600101700104600"), ages: (20, 110), weight: 44, first: &[CARE, GUM_TEST, SCALING, TEACHING], further: &[SCALING, CLEANING], medicines: &[] },
    Reason { disease: tooth("8843836", "", "103600"), ages: (6, 90), weight: 26, first: &[CARE, X_RAY], further: &[CLEANING], medicines: &[] },
    Reason { disease: tooth("0000999", "急性歯髄炎", "104600"), ages: (8, 85), weight: 10, first: &[X_RAY, NERVE], further: &[NERVE], medicines: &[list::LOXOPROFEN_NEEDED] },
    Reason { disease: tooth("0000999", "歯の動揺", "103100"), ages: (55, 110), weight: 4, first: &[X_RAY, PULL_FRONT], further: &[CARE], medicines: &[list::AMOXICILLIN] },
    Reason { disease: tooth("8843836", "", "102600"), ages: (25, 100), weight: 7, first: &[CARE, X_RAY, PULL_MOLAR], further: &[CLEANING], medicines: &[list::AMOXICILLIN, list::LOXOPROFEN_NEEDED] },
    Reason { disease: tooth("0000999", "残根", "104700"), ages: (35, 105), weight: 3, first: &[X_RAY, PULL_HARD], further: &[CARE], medicines: &[list::AMOXICILLIN, list::LOXOPROFEN_NEEDED] },
    Reason { disease: tooth("0000999", "下顎埋伏智歯", "104800"), ages: (18, 45), weight: 4, first: &[X_RAY, PULL_BURIED], further: &[CARE], medicines: &[list::AMOXICILLIN, list::LOXOPROFEN_NEEDED] },
    Reason { disease: tooth("0000999", "乳歯晩期残存", "107100"), ages: (5, 12), weight: 22, first: &[CARE, PULL_MILK], further: &[CLEANING], medicines: &[] },
];

/// Adds what the dentist did in the month, if the person came.
pub(crate) fn visit_dentist(seed: u64, chart: &mut Chart<'_>, health: &Health) {
    let (person, month) = (chart.person, chart.month);
    let Some(mut dice) = comes(seed, person, month, health) else { return };
    let age = person.birthdate.age_on(month.last_day());
    let reasons: Vec<_> = REASONS
        .iter()
        .map(|reason| (reason, if (reason.ages.0..=reason.ages.1).contains(&age) { reason.weight } else { 0 }))
        .collect();
    if reasons.iter().all(|(_, weight)| *weight == 0) {
        return;
    }
    let reason = *dice.weighted(&reasons);
    let known = (1..=MONTHS_OF_TREATMENT).any(|ago| comes(seed, person, month.plus_months(-ago), health).is_some());
    let visits = 1 + dice.poisson(FURTHER_VISITS).min(VISITS_MAX - 1);
    let mut day = month.day(1 + dice.below(20) as u8);
    for visit in 0..visits {
        let Some(today) = day.filter(|day| day.month() == month) else { break };
        let today = if is_sunday(today) { today.plus_days(1) } else { today };
        if today.month() == month {
            let basic = match (visit, known) {
                (0, false) if age < 6 => FIRST_VISIT_CHILD,
                (0, false) => FIRST_VISIT,
                _ => FOLLOW_UP,
            };
            treat(&mut dice, chart, health.dentist, reason, today, visit == 0, basic);
        }
        day = Some(today.plus_days(dice.between(6, 9)));
    }
}

/// The month's chance, if the person comes in this month.
fn comes(seed: u64, person: &Inhabitant, month: Month, health: &Health) -> Option<Dice> {
    let mut dice = Dice::new(seed, Stream::Dental, person.serial, month.number() as u64);
    let age = person.birthdate.age_on(month.last_day());
    dice.chance((RECEIPTS_A_MONTH * dental_use(age) * health.dental_habit).min(0.95)).then_some(dice)
}

fn treat(
    dice: &mut Dice,
    chart: &mut Chart<'_>,
    dentist: usize,
    reason: &Reason,
    day: Day,
    first: bool,
    basic: DentalAct,
) {
    let age = chart.person.birthdate.age_on(day);
    let Some(receipt) = chart.dental_receipt(dentist, day, reason.disease) else { return };
    receipt.visited[place(day)] = true;
    receipt.act(basic, day);
    let acts = if first { reason.first } else { reason.further };
    for act in acts {
        // The jaw is cleaned in six parts.
        let parts = if act.code == SCALING.code { 3 + dice.below(4) as u32 } else { 0 };
        let act = if parts > 0 { DentalAct { quantity: parts, points: act.points * parts, ..*act } } else { *act };
        receipt.act(act, day);
    }
    if first && age >= 70 && !reason.medicines.is_empty() {
        let (code, points) = BLOOD_COUNT;
        receipt.medical_acts.push(unit(31, vec![Line::Act(code)], points, day, 1));
    }
    for medicine in reason.medicines.iter().filter(|_| first) {
        let (class, count) = if medicine.is_internal() { (21, 3) } else { (22, 5) };
        let lines = vec![Line::Medicine(medicine.code, medicine.amount)];
        receipt.medicines.push(unit(class, lines, medicine_points(&[*medicine]), day, count));
    }
}

fn unit(class: u8, lines: Vec<Line>, points: u32, day: Day, count: u16) -> Unit {
    let mut days = [0; 31];
    days[place(day)] = count;
    Unit { class, lines, points, days }
}

fn place(day: Day) -> usize {
    usize::from(day.day_of_month()) - 1
}

impl DentalReceipt {
    pub(crate) fn new(institution: usize, coverage: usize, started: Day, disease: DentalDisease) -> Self {
        Self {
            institution,
            coverage,
            started,
            disease,
            acts: Vec::new(),
            medicines: Vec::new(),
            medical_acts: Vec::new(),
            visited: [false; 31],
        }
    }

    fn act(&mut self, act: DentalAct, day: Day) {
        match self.acts.iter_mut().find(|(known, _)| *known == act) {
            Some((_, days)) => days[place(day)] += 1,
            None => {
                let mut days = [0; 31];
                days[place(day)] = 1;
                self.acts.push((act, days));
            }
        }
    }

    /// 合計点数.
    pub(crate) fn points(&self) -> u32 {
        let acts = self.acts.iter().map(|(act, days)| act.points * days.iter().map(|n| u32::from(*n)).sum::<u32>());
        let units = self.medicines.iter().chain(&self.medical_acts).map(|unit| unit.points * unit.count());
        acts.chain(units).sum()
    }
}

/// Use of dental care by age, 1 on average.
fn dental_use(age: i32) -> f64 {
    match age {
        ..5 => 0.3,
        5..15 => 0.7,
        15..25 => 0.5,
        25..40 => 0.7,
        40..55 => 0.9,
        55..65 => 1.1,
        65..85 => 1.5,
        _ => 1.1,
    }
}
