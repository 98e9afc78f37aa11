//! A DPC receipt as records: RE with 総括区分, HO, KO, SN, JD, then the group (BU), diseases (SB), basics (KK),
//! operation (SK), absences (GA), what is paid for by the day (HH, GT), the acts that are paid for on top (SI, IY) and
//! what the days hold (CD).

use crate::bill::{Line, MedicalReceipt, Unit};
use crate::chart::day_number;
use crate::dpc::{DpcStay, POINTS, section};
use crate::medical_claim::{Added, Sheet, common, meals, units};
use crate::payer::{Totals, payers, public_expense, receipt_kind, visit_days};
use crate::person::Inhabitant;
use crate::uke::{Records, date, decimal};
use madoguchi_model::day::{Day, Month};

/// 総括区分 of a receipt that is DPC alone.
const ALONE: &str = "0";
/// 医療機関別係数 in ten-thousandths.
const COEFFICIENT: u32 = 14_236;
/// 請求調整区分: asked for this month.
const THIS_MONTH: &str = "2";
/// 自他保険の別: the patient's own.
const OWN_INSURANCE: &str = "1";

/// Writes the receipt.
pub(crate) fn write(
    records: &mut Records,
    sheet: &Sheet,
    person: &Inhabitant,
    month: Month,
    receipt: &MedicalReceipt,
    stay: &DpcStay,
) -> Added {
    let coverage = &person.coverages[receipt.coverage];
    let public = public_expense(person, month);
    let kind = receipt_kind('1', person, coverage, month.last_day(), true, public.is_some());
    common(records, sheet, &kind, person, month, receipt, ALONE);
    let burden = if public.is_some() { "2" } else { "1" };
    let (on_top, inside): (Vec<&Unit>, Vec<&Unit>) = receipt.units.iter().partition(|unit| is_on_top(unit.class));
    let days: Vec<Day> =
        (1..).zip(receipt.visited).filter(|(_, here)| *here).filter_map(|(n, _)| month.day(n)).collect();
    let bundle = Bundle::of(stay, &days);
    let extra: u32 = on_top.iter().filter(|unit| unit.class != 97).map(|unit| unit.points * unit.count()).sum();
    let totals = Totals { days: days.len() as u32, points: bundle.points + extra, meals: meals(receipt, month) };
    payers(records, coverage, public.as_ref(), totals);
    visit_days(records, &receipt.visited);
    group(records, person, month, stay);
    bundle.write(records, month, stay, burden);
    units(records, burden, on_top);
    coding(records, month, inside);
    Added { payers: 1 + u32::from(public.is_some()), points: bundle.points + extra }
}

/// 医学管理, 手術, 麻酔, リハビリテーション and meals are paid for beside the days.
const fn is_on_top(class: u8) -> bool {
    matches!(class, 13 | 50 | 54 | 80 | 97)
}

/// BU, SB, KK and, in its month, SK.
fn group(records: &mut Records, person: &Inhabitant, month: Month, stay: &DpcStay) {
    let DpcStay { group, admitted, discharged, operation } = *stay;
    let here_until = if discharged.month() == month { date(discharged) } else { String::new() };
    let outcome = if here_until.is_empty() { "" } else { "2" };
    records.add(&["BU", group.code(operation.is_some()), &date(admitted), &here_until, outcome]);
    let (code, name) = group.disease();
    for class in ["01", "11", "21"] {
        records.add(&["SB", code, "", name, group.icd10, class]);
    }
    let (urgency, age) = (if operation.is_some() { "1" } else { "3" }, person.birthdate.age_on(admitted).to_string());
    records.add(&["KK", "", "", urgency, "", "", &age]);
    if let Some((operation, day)) = operation.filter(|(_, day)| day.month() == month) {
        records.add(&["SK", operation.act.code, section(operation), &date(day)]);
    }
}

/// What the days of a month come to.
struct Bundle {
    /// Days in each 入院期間.
    days: [u32; 3],
    /// 小計 of all, before the institution's coefficient.
    sum: u32,
    /// 今月包括合計.
    points: u32,
}

impl Bundle {
    fn of(stay: &DpcStay, days: &[Day]) -> Self {
        let mut counts = [0; 3];
        for day in days {
            counts[stay.group.period(day_number(*day) - day_number(stay.admitted))] += 1;
        }
        let sum = counts.iter().zip(POINTS).map(|(count, points)| count * points).sum();
        Self { days: counts, sum, points: (sum * COEFFICIENT + 5_000) / 10_000 }
    }

    /// GA, HH and GT.
    fn write(&self, records: &mut Records, month: Month, stay: &DpcStay, burden: &str) {
        let month = month.to_string();
        let (nobody_left, coefficient) =
            ("0".repeat(31), format!("{}.{:04}", COEFFICIENT / 10_000, COEFFICIENT % 10_000));
        let code = stay.group.code(stay.operation.is_some());
        records.add(&["GA", &month, THIS_MONTH, &nobody_left, code, &coefficient]);
        for (period, count) in self.days.iter().enumerate().filter(|(_, count)| **count > 0) {
            let number = (period + 1).to_string();
            let [points, days, sum] = [POINTS[period], *count, POINTS[period] * count].map(|number| number.to_string());
            records.add(&["HH", &month, THIS_MONTH, OWN_INSURANCE, burden, &number, &points, &days, &sum]);
        }
        let (sum, points) = (self.sum.to_string(), self.points.to_string());
        records.add(&["GT", &month, THIS_MONTH, OWN_INSURANCE, burden, &sum, &points, "0", &points, "93"]);
    }
}

/// CD: what the days hold, day by day; a unit of a day is one order.
fn coding(records: &mut Records, month: Month, inside: Vec<&Unit>) {
    let mut orders: Vec<(u8, u8, &Unit, u16)> = Vec::new();
    for unit in inside {
        let marked = (1..).zip(unit.days).filter(|(_, count)| *count > 0);
        orders.extend(marked.map(|(day, count)| (day, unit.class, unit, count)));
    }
    orders.sort_by_key(|(day, class, ..)| (*day, *class));
    for (order, (day, class, unit, count)) in (1_u32..).zip(orders) {
        let Some(day) = month.day(day) else { continue };
        let (day, class, order, count) = (date(day), class.to_string(), format!("{order:04}"), count.to_string());
        for (detail, line) in (1_u32..).zip(&unit.lines) {
            let (code, amount) = match line {
                Line::Act(code) => (*code, String::new()),
                Line::Medicine(code, amount) => (*code, decimal(*amount)),
                Line::Comment(_) => continue,
            };
            records.add(&["CD", &day, &class, &order, &format!("{detail:03}"), code, &amount, "", "", &count]);
        }
    }
}
