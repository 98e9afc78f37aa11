//! What happens to an ordinary person in a month: regular visits, acute illness, stays in hospital.
//!
//! Everything follows from the person's number and the month, so that any month can be told without
//! the ones before it. A stay that reaches into the next month is told in both.

use crate::act;
use crate::bill::{Disease, disease};
use crate::chart::{Chart, Stay, Supply, Visit, VisitKind, is_sunday};
use crate::condition::{Guidance, Keeper};
use crate::dice::{Dice, Stream};
use crate::health::{Chronic, Health};
use crate::illness::{ADMISSIONS, ILLNESSES, Illness};
use crate::medicine::{Form, Medicine};
use crate::operation::{INPATIENT, OUTPATIENT, Operation};
use crate::person::Inhabitant;
use crate::places::Places;
use madoguchi_model::day::{Day, Month};

/// Acute visits a month of someone with average frailty and age.
const ACUTE_VISITS: f64 = 0.54;
/// Admissions a month, likewise.
const ADMISSIONS_A_MONTH: f64 = 0.010_3;
/// Share of visits whose prescription is filled outside.
const OUTSIDE_SHARE: f64 = 0.78;
/// Share of acute visits that prescribe.
const PRESCRIBING_SHARE: f64 = 0.62;
/// Share of stays with an operation.
const OPERATION_SHARE: f64 = 0.35;
/// Share of acute visits that come to a small operation.
const MINOR_OPERATION_SHARE: f64 = 0.006;
/// Percent of acute visits to the own clinic; up to the second number, to another one.
const OWN_CLINIC_PERCENT: usize = 42;
const CLINICS_PERCENT: usize = 82;
/// Kinds of medicine on one prescription at most.
const MEDICINES_MAX: usize = 15;
/// Why people are in long-term wards: 統合失調症, アルツハイマー型認知症.
const PSYCHIATRIC: Disease = disease("8841702");
const OF_OLD_AGE: Disease = disease("8842549");
/// The longest stay.
const STAY_DAYS_MAX: i64 = 45;

/// Fills the chart of an ordinary person.
pub(crate) fn live(seed: u64, chart: &mut Chart<'_>, health: &Health) {
    let month = chart.month;
    let mut dice = Dice::new(seed, Stream::Outpatient, chart.person.serial, month.number() as u64);
    let away = away_in_hospital(seed, chart, health);
    for keeper in [Keeper::Clinic, Keeper::Hospital] {
        let kept = health.kept_by(keeper);
        if !kept.is_empty() {
            regular_visits(&mut dice, chart, health, keeper, &kept, &away);
        }
    }
    let age = chart.person.birthdate.age_on(month.last_day());
    let mean = ACUTE_VISITS * health.frailty * outpatient_use(age) * busy_season(month);
    for _ in 0..dice.poisson(mean).min(4) {
        acute_visit(&mut dice, chart, health, age, &away);
    }
}

/// Tells the stays of this month and gives them back, so that nobody visits a clinic meanwhile.
fn away_in_hospital(seed: u64, chart: &mut Chart<'_>, health: &Health) -> Vec<Stay> {
    if let Some(stay) = long_stay(chart, health) {
        chart.stay(&stay);
        return vec![stay];
    }
    let months = [chart.month.plus_months(-1), chart.month];
    let stays: Vec<_> = months.into_iter().filter_map(|month| stay(seed, chart, health, month)).collect();
    for stay in &stays {
        chart.stay(stay);
    }
    stays
}

/// The stay of someone in a long-term ward, which does not end in this world.
fn long_stay(chart: &Chart<'_>, health: &Health) -> Option<Stay> {
    let admitted = health.in_ward_since?;
    let disease = if chart.person.birthdate.age_on(admitted) < 65 { PSYCHIATRIC } else { OF_OLD_AGE };
    let discharged = chart.month.last_day().plus_days(1);
    let (operation, drips, bed) = (None, &[][..], act::LONG_TERM_BED);
    Some(Stay { institution: health.hospital, admitted, discharged, disease, operation, drips, bed, dpc: false })
}

/// The stay that begins in a month, if one does and the person is not still in hospital.
fn stay(seed: u64, chart: &Chart<'_>, health: &Health, month: Month) -> Option<Stay> {
    let stay = drawn_stay(seed, chart.places, chart.person, health, month)?;
    let before = drawn_stay(seed, chart.places, chart.person, health, month.plus_months(-1));
    before.is_none_or(|before| before.discharged < stay.admitted).then_some(stay)
}

fn drawn_stay(seed: u64, places: &Places, person: &Inhabitant, health: &Health, month: Month) -> Option<Stay> {
    let mut dice = Dice::new(seed, Stream::Admission, person.serial, month.number() as u64);
    let age = person.birthdate.age_on(month.last_day());
    if !dice.chance(ADMISSIONS_A_MONTH * inpatient_use(age) * (0.5 + 0.5 * health.frailty)) {
        return None;
    }
    let admitted = month.day(1 + dice.below(28) as u8)?;
    person.coverage_on(admitted)?;
    let dpc = dice.below(100) < places.dpc_percent(health.hospital);
    let suitable: Vec<_> =
        INPATIENT.iter().filter(|(operation, _)| operation.suits(age, person.sex)).copied().collect();
    if !suitable.is_empty() && dice.chance(OPERATION_SHARE) {
        return Some(Stay { dpc, ..stay_for_operation(&mut dice, health, &suitable, admitted) });
    }
    let causes: Vec<_> = ADMISSIONS.iter().filter(|cause| cause.1 <= age).map(|cause| (cause, cause.3)).collect();
    let (disease, _, drips, _) = **dice.weighted(&causes);
    let days = (9.0_f64.ln() + 0.9 * dice.normal()).exp().round() as i64;
    let discharged = admitted.plus_days(days.clamp(2, STAY_DAYS_MAX));
    Some(Stay {
        institution: health.hospital,
        admitted,
        discharged,
        disease,
        operation: None,
        drips,
        bed: act::BED,
        dpc,
    })
}

fn stay_for_operation(dice: &mut Dice, health: &Health, suitable: &[(Operation, u32)], admitted: Day) -> Stay {
    let chosen = *dice.weighted(suitable);
    let operation = INPATIENT.iter().map(|(operation, _)| operation).find(|operation| **operation == chosen);
    let days = dice.between(chosen.stay.0, chosen.stay.1);
    Stay {
        institution: health.hospital,
        admitted,
        discharged: admitted.plus_days(days),
        disease: chosen.disease,
        operation: operation.map(|operation| (operation, admitted.plus_days(1))),
        drips: &[],
        bed: act::BED,
        dpc: false,
    }
}

/// The visits for chronic conditions at one institution.
fn regular_visits(
    dice: &mut Dice,
    chart: &mut Chart<'_>,
    health: &Health,
    keeper: Keeper,
    kept: &[Chronic],
    away: &[Stay],
) {
    let rhythm = health.rhythm;
    let index = chart.month.number() / 100 * 12 + chart.month.number() % 100;
    if !(index as u32 + rhythm.phase).is_multiple_of(rhythm.months) || dice.chance(0.04) {
        return;
    }
    let late = if keeper == Keeper::Hospital { 3 } else { 0 };
    for visit in 0..rhythm.visits {
        let day = rhythm.day + late + 14 * visit as u8 + dice.below(3) as u8;
        if let Some(day) = open_day(chart.month, day, away) {
            regular_visit(dice, chart, health, keeper, kept, day, visit == 0);
        }
    }
}

fn regular_visit(
    dice: &mut Dice,
    chart: &mut Chart<'_>,
    health: &Health,
    keeper: Keeper,
    kept: &[Chronic],
    day: Day,
    first_of_month: bool,
) {
    let institution = health.keeper(keeper);
    let (disease, since) = (kept[0].condition.disease, kept[0].since);
    let Some(visit) = chart.visit(institution, day, VisitKind::FollowUp, disease, since) else { return };
    for chronic in kept {
        chart.diagnose(visit, chronic.condition.disease, chronic.since);
        if first_of_month {
            guide_and_test(dice, chart, visit, chronic);
        }
    }
    let medicines: Vec<_> = kept.iter().flat_map(|chronic| chronic.medicines).copied().collect::<Vec<_>>();
    let companions = if keeper == Keeper::Clinic { &health.companions[..] } else { &[] };
    let medicines = without_repeats(&[&medicines, companions].concat());
    give_injections(chart, visit, &medicines, first_of_month);
    chart.prescribe(visit, &medicines, health.rhythm.days, supply(dice, health));
    if keeper == Keeper::Clinic && dice.chance(0.4) {
        chart.act(visit, &act::OUTPATIENT_CARE);
    }
}

fn guide_and_test(dice: &mut Dice, chart: &mut Chart<'_>, visit: Visit, chronic: &Chronic) {
    match chronic.condition.guidance {
        Guidance::None => {}
        Guidance::Lifestyle => chart.monthly_act(visit, &act::lifestyle_guidance(chart.month)),
        Guidance::Chronic => chart.monthly_act(visit, &act::CHRONIC_GUIDANCE),
        Guidance::Other(guidance) => chart.monthly_act(visit, &guidance),
    }
    if !chronic.condition.tests.is_empty() && dice.chance(0.28) {
        chronic.condition.tests.iter().for_each(|test| chart.monthly_act(visit, test));
    }
}

fn give_injections(chart: &mut Chart<'_>, visit: Visit, medicines: &[Medicine], first_of_month: bool) {
    for medicine in medicines {
        match medicine.form {
            Form::Injection(_) if first_of_month => chart.inject(visit, &[*medicine]),
            Form::SelfInjection if first_of_month => chart.take_home(visit, &[*medicine]),
            _ => {}
        }
    }
}

fn acute_visit(dice: &mut Dice, chart: &mut Chart<'_>, health: &Health, age: i32, away: &[Stay]) {
    let month = chart.month;
    let days = usize::from(month.last_day().day_of_month());
    let Some(day) = open_day(month, 1 + dice.below(days) as u8, away) else { return };
    let institution = match dice.below(100) {
        ..OWN_CLINIC_PERCENT => health.clinic,
        OWN_CLINIC_PERCENT..CLINICS_PERCENT => health.other_clinic,
        _ => health.hospital,
    };
    if dice.chance(MINOR_OPERATION_SHARE) && minor_operation(dice, chart, health, day, age) {
        return;
    }
    let Some(illness) = illness(dice, month.month_of_year(), age) else { return };
    let Some(visit) = chart.visit(institution, day, VisitKind::First, illness.disease, day) else { return };
    if dice.chance(0.5) {
        illness.acts.iter().for_each(|act| chart.act(visit, act));
    }
    if institution == health.clinic && dice.chance(0.03) {
        chart.act(visit, &act::REFERRAL);
    }
    if dice.chance(PRESCRIBING_SHARE) {
        let mut medicines = illness.medicines.to_vec();
        medicines.extend(illness.extra.iter().filter(|_| dice.chance(0.45)));
        chart.prescribe(visit, &medicines, illness.days, supply(dice, health));
    }
    if dice.chance(0.25) {
        let again = day.plus_days(dice.between(4, 9));
        if again.month() == month && !is_sunday(again) && !away.iter().any(|stay| in_stay(stay, again)) {
            chart.visit(institution, again, VisitKind::FollowUp, illness.disease, day);
        }
    }
}

fn minor_operation(dice: &mut Dice, chart: &mut Chart<'_>, health: &Health, day: Day, age: i32) -> bool {
    let sex = chart.person.sex;
    let suitable: Vec<_> = OUTPATIENT.iter().filter(|(operation, _)| operation.suits(age, sex)).copied().collect();
    if suitable.is_empty() {
        return false;
    }
    let operation = *dice.weighted(&suitable);
    let Some(visit) = chart.visit(health.hospital, day, VisitKind::First, operation.disease, day) else { return false };
    chart.operate(visit, &operation);
    if let Some(check) = open_day(chart.month, day.day_of_month() + 7, &[]) {
        let after = chart.visit(health.hospital, check, VisitKind::FollowUp, operation.disease, day);
        after.into_iter().for_each(|visit| chart.act(visit, &act::WOUND_CARE));
    }
    true
}

fn illness(dice: &mut Dice, month_of_year: u8, age: i32) -> Option<&'static Illness> {
    let all: Vec<_> = ILLNESSES.iter().map(|illness| (illness, illness.weight_in(month_of_year, age))).collect();
    all.iter().any(|(_, weight)| *weight > 0).then(|| *dice.weighted(&all))
}

fn supply(dice: &mut Dice, health: &Health) -> Supply {
    if !dice.chance(OUTSIDE_SHARE) {
        return Supply::InHouse;
    }
    let delay = if dice.chance(0.92) { 0 } else { dice.between(1, 3) };
    Supply::Pharmacy(health.pharmacy, delay)
}

/// The day of the month, or the Monday after a Sunday, if the person is not in hospital then.
fn open_day(month: Month, day_of_month: u8, away: &[Stay]) -> Option<Day> {
    let day = month.day(day_of_month)?;
    let day = if is_sunday(day) { day.plus_days(1) } else { day };
    (day.month() == month && !away.iter().any(|stay| in_stay(stay, day))).then_some(day)
}

fn in_stay(stay: &Stay, day: Day) -> bool {
    stay.admitted <= day && day <= stay.discharged
}

fn without_repeats(medicines: &[Medicine]) -> Vec<Medicine> {
    let mut kept: Vec<Medicine> = Vec::new();
    for medicine in medicines {
        if kept.len() < MEDICINES_MAX && !kept.contains(medicine) {
            kept.push(*medicine);
        }
    }
    kept
}

/// Use of outpatient care by age, 1 on average; those of middle and old age come for their chronic
/// conditions besides.
fn outpatient_use(age: i32) -> f64 {
    match age {
        ..5 => 3.4,
        5..15 => 2.0,
        15..25 => 0.4,
        25..40 => 0.62,
        40..55 => 0.5,
        55..65 => 0.85,
        65..75 => 1.4,
        75..85 => 2.1,
        _ => 1.8,
    }
}

pub(crate) fn inpatient_use(age: i32) -> f64 {
    match age {
        ..5 => 0.5,
        5..15 => 0.15,
        15..25 => 0.2,
        25..40 => 0.4,
        40..55 => 0.45,
        55..65 => 0.8,
        65..75 => 1.5,
        75..85 => 2.9,
        _ => 5.0,
    }
}

/// More colds from December to March, more hay fever from February to April.
fn busy_season(month: Month) -> f64 {
    match month.month_of_year() {
        12 | 1 => 1.15,
        2 | 3 => 1.25,
        4 => 1.1,
        _ => 0.93,
    }
}
