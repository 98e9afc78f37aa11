//! One person's month of care in the making: visits, prescriptions, stays, and the receipts that
//! come of them.
//!
//! A chart keeps what belongs together: a prescription filled outside is at once a fee on the
//! receipt of the prescriber and a receipt of the pharmacy.

use crate::act;
use crate::bill::{Act, Disease, MedicalReceipt, PharmacyReceipt};
use crate::dental::{DentalDisease, DentalReceipt};
use crate::dpc::{DpcStay, Group};
use crate::medicine::{Form, Medicine};
use crate::operation::Operation;
use crate::person::Inhabitant;
use crate::places::Places;
use crate::share::is_before_school;
use madoguchi_model::day::{Day, Month};

/// All care of a person in a month.
#[derive(Debug)]
pub(crate) struct Chart<'world> {
    pub(crate) person: &'world Inhabitant,
    pub(crate) places: &'world Places,
    pub(crate) month: Month,
    pub(crate) medical: Vec<MedicalReceipt>,
    pub(crate) dental: Vec<DentalReceipt>,
    pub(crate) pharmacy: Vec<PharmacyReceipt>,
}

/// Whether the patient comes with something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisitKind {
    First,
    FollowUp,
}

/// Where the medicines of a prescription come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Supply {
    /// 院内処方.
    InHouse,
    /// 院外処方: which pharmacy, and how many days later.
    Pharmacy(usize, i64),
}

/// A stay in hospital; the days may lie in several months.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stay {
    pub(crate) institution: usize,
    pub(crate) admitted: Day,
    pub(crate) discharged: Day,
    pub(crate) disease: Disease,
    /// The operation and its day.
    pub(crate) operation: Option<(&'static Operation, Day)>,
    pub(crate) drips: &'static [Medicine],
    /// 入院料 of a day.
    pub(crate) bed: Act,
    /// Whether the hospital is paid by DPC for it, where the disease has a group.
    pub(crate) dpc: bool,
}

/// A visit that has been billed: where the rest of it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    receipt: usize,
    day: Day,
}

impl<'world> Chart<'world> {
    pub(crate) fn new(person: &'world Inhabitant, places: &'world Places, month: Month) -> Self {
        Self { person, places, month, medical: Vec::new(), dental: Vec::new(), pharmacy: Vec::new() }
    }

    /// A visit with its basic fee; `None` where the person is not insured on that day.
    pub(crate) fn visit(
        &mut self,
        institution: usize,
        day: Day,
        kind: VisitKind,
        disease: Disease,
        since: Day,
    ) -> Option<Visit> {
        let receipt = self.receipt(institution, day, None)?;
        let bill = &mut self.medical[receipt];
        let again = bill.visited[usize::from(day.day_of_month()) - 1];
        bill.visit(day);
        bill.diagnose(disease, since);
        let visit = Visit { receipt, day };
        if !again {
            self.basic_fee(visit, institution, kind);
        }
        Some(visit)
    }

    fn basic_fee(&mut self, visit: Visit, institution: usize, kind: VisitKind) {
        let hospital = self.places.is_hospital(institution);
        let small_child = is_before_school(self.person.birthdate, visit.day);
        let fee = match kind {
            VisitKind::First if small_child && !hospital => act::CHILD_FIRST,
            VisitKind::FollowUp if small_child && !hospital => act::CHILD_FOLLOW_UP,
            VisitKind::First => act::first_visit(self.month),
            VisitKind::FollowUp if hospital => act::FOLLOW_UP_HOSPITAL,
            VisitKind::FollowUp => act::follow_up(self.month),
        };
        self.act(visit, &fee);
    }

    /// Bills an act of a visit.
    pub(crate) fn act(&mut self, visit: Visit, act: &Act) {
        self.medical[visit.receipt].act(act, visit.day);
    }

    /// Bills an act that is counted once a month.
    pub(crate) fn monthly_act(&mut self, visit: Visit, act: &Act) {
        let code = crate::bill::Line::Act(act.code);
        if self.medical[visit.receipt].units.iter().all(|unit| !unit.lines.contains(&code)) {
            self.act(visit, act);
        }
    }

    pub(crate) fn diagnose(&mut self, visit: Visit, disease: Disease, since: Day) {
        self.medical[visit.receipt].diagnose(disease, since);
    }

    /// An injection or drip given at the visit.
    pub(crate) fn inject(&mut self, visit: Visit, medicines: &[Medicine]) {
        let Some(Form::Injection(class)) = medicines.first().map(|medicine| medicine.form) else { return };
        let fee = match class {
            31 => Some(act::INJECT_MUSCLE),
            32 => Some(act::INJECT_VEIN),
            33 => Some(act::DRIP),
            _ => None,
        };
        if let Some(fee) = fee {
            self.act(visit, &fee);
        }
        self.medical[visit.receipt].medicines(class, medicines, visit.day, 1, false);
    }

    /// Injections for home with their guidance.
    pub(crate) fn take_home(&mut self, visit: Visit, medicines: &[Medicine]) {
        self.monthly_act(visit, &act::SELF_INJECTION);
        self.medical[visit.receipt].medicines(14, medicines, visit.day, 1, false);
    }

    /// Prescribes medicines; those for injection are left out. 内服 are for `days`.
    pub(crate) fn prescribe(&mut self, visit: Visit, medicines: &[Medicine], days: u16, supply: Supply) {
        let medicines: Vec<_> = medicines.iter().copied().filter(Medicine::is_dispensed).collect();
        if medicines.is_empty() {
            return;
        }
        match supply {
            Supply::InHouse => self.supply_in_house(visit, &medicines, days),
            Supply::Pharmacy(pharmacy, delay) => self.supply_outside(visit, &medicines, days, pharmacy, delay),
        }
    }

    fn supply_in_house(&mut self, visit: Visit, medicines: &[Medicine], days: u16) {
        let bill = &mut self.medical[visit.receipt];
        let hospital = self.places.is_hospital(bill.institution);
        for group in by_usage(medicines) {
            let (class, count) = in_house_class(&group[0], days);
            bill.medicines(class, &group, visit.day, count, hospital);
        }
        if medicines.iter().any(Medicine::is_internal) {
            bill.act(&act::DISPENSE_INTERNAL, visit.day);
        }
        if medicines.iter().any(|medicine| matches!(medicine.form, Form::External(_))) {
            bill.act(&act::DISPENSE_EXTERNAL, visit.day);
        }
        bill.act(&act::PRESCRIBE, visit.day);
        self.monthly_act(visit, &act::MEDICINE_NOTE);
    }

    fn supply_outside(&mut self, visit: Visit, medicines: &[Medicine], days: u16, pharmacy: usize, delay: i64) {
        let bill = &mut self.medical[visit.receipt];
        let (prescriber, coverage) = (bill.institution, bill.coverage);
        let internal = medicines.iter().filter(|medicine| medicine.is_internal()).count();
        if !bill.units.iter().any(|unit| unit.class == 13 && is_child_fee(unit)) {
            bill.act(
                if internal >= 7 { &act::OUTSIDE_PRESCRIPTION_MANY } else { &act::OUTSIDE_PRESCRIPTION },
                visit.day,
            );
            bill.act(&act::GENERIC_NAMES, visit.day);
        }
        let dispensed = self.dispensing_day(visit.day, delay, coverage);
        let receipt = self.pharmacy_receipt(pharmacy, prescriber, coverage);
        for group in by_usage(medicines) {
            let quantity = match group[0].form {
                Form::Internal(_) => u32::from(days),
                Form::AsNeeded(doses, _) => doses,
                _ => 1,
            };
            receipt.supply(&group, visit.day, dispensed, quantity);
        }
    }

    /// Up to three days later, still in the month and under the same coverage.
    fn dispensing_day(&self, prescribed: Day, delay: i64, coverage: usize) -> Day {
        let later = prescribed.plus_days(delay);
        let fits = later.month() == self.month && self.person.coverages[coverage].covers(later);
        if fits { later } else { prescribed }
    }

    fn pharmacy_receipt(&mut self, pharmacy: usize, prescriber: usize, coverage: usize) -> &mut PharmacyReceipt {
        let same = |receipt: &PharmacyReceipt| {
            receipt.pharmacy == pharmacy && receipt.prescriber == prescriber && receipt.coverage == coverage
        };
        let place = self.pharmacy.iter().position(same).unwrap_or_else(|| {
            self.pharmacy.push(PharmacyReceipt { pharmacy, prescriber, coverage, dispensings: Vec::new() });
            self.pharmacy.len() - 1
        });
        &mut self.pharmacy[place]
    }

    /// An operation with what it needs; imaging and pathology come with it.
    pub(crate) fn operate(&mut self, visit: Visit, operation: &Operation) {
        let bill = &mut self.medical[visit.receipt];
        bill.diagnose(operation.disease, visit.day);
        bill.act(&operation.act, visit.day);
        bill.medicines(50, operation.medicines, visit.day, 1, false);
        for anaesthesia in operation.anaesthesia {
            bill.act(anaesthesia, visit.day);
        }
        bill.medicines(54, operation.anaesthetics, visit.day, 1, false);
        for around in operation.around {
            bill.act(around, visit.day);
        }
    }

    /// The part of a stay that lies in this month.
    pub(crate) fn stay(&mut self, stay: &Stay) {
        let (first, last) = (stay.admitted.max(self.month.first_day()), stay.discharged.min(self.month.last_day()));
        let mut day = first;
        while day <= last {
            self.day_in_hospital(stay, day);
            day = day.plus_days(1);
        }
    }

    fn day_in_hospital(&mut self, stay: &Stay, day: Day) {
        let Some(receipt) = self.receipt(stay.institution, day, Some(stay.admitted)) else { return };
        let visit = Visit { receipt, day };
        let bill = &mut self.medical[receipt];
        bill.dpc = stay.dpc.then(|| Group::of(&stay.disease)).flatten().map(|group| DpcStay {
            group,
            admitted: stay.admitted,
            discharged: stay.discharged,
            operation: stay.operation,
        });
        bill.visit(day);
        bill.diagnose(stay.disease, stay.admitted);
        bill.act(&stay.bed, day);
        let fasting = stay.operation.is_some_and(|(_, operated)| operated == day);
        if !fasting {
            (0..3).for_each(|_| bill.act(&act::meal(self.month), day));
            bill.meals += 3;
        }
        if day == stay.admitted {
            for act in [act::BLOOD_COUNT, act::CRP, act::AST, act::ECG, act::X_RAY, act::X_RAY_READING] {
                self.act(visit, &act);
            }
        }
        let since_admission = day_number(day) - day_number(stay.admitted);
        if !stay.drips.is_empty() && since_admission < 7 {
            self.inject(visit, stay.drips);
        }
        if let Some((operation, _)) = stay.operation.filter(|(_, operated)| *operated == day) {
            self.operate(visit, operation);
        }
        if day == stay.discharged {
            self.act(visit, &act::PHARMACIST_ADVICE);
            self.act(visit, &act::DISCHARGE_MEDICINE);
        }
    }

    /// The receipt of this dental clinic for the coverage of that day; `None` where there is none.
    pub(crate) fn dental_receipt(
        &mut self,
        dentist: usize,
        day: Day,
        disease: DentalDisease,
    ) -> Option<&mut DentalReceipt> {
        let (coverage, _) = self.person.coverage_on(day)?;
        let place = self.dental.iter().position(|receipt| receipt.coverage == coverage).unwrap_or_else(|| {
            self.dental.push(DentalReceipt::new(dentist, coverage, day, disease));
            self.dental.len() - 1
        });
        self.dental.get_mut(place)
    }

    /// The receipt of this institution for the coverage of that day.
    fn receipt(&mut self, institution: usize, day: Day, admitted: Option<Day>) -> Option<usize> {
        let (coverage, _) = self.person.coverage_on(day)?;
        let same = |receipt: &MedicalReceipt| {
            receipt.institution == institution && receipt.coverage == coverage && receipt.admitted == admitted
        };
        Some(self.medical.iter().position(same).unwrap_or_else(|| {
            self.medical.push(MedicalReceipt::new(institution, coverage, admitted));
            self.medical.len() - 1
        }))
    }
}

/// Medicines of one usage are counted together; 屯服 and 外用 each alone.
fn by_usage(medicines: &[Medicine]) -> Vec<Vec<Medicine>> {
    let mut groups: Vec<Vec<Medicine>> = Vec::new();
    for medicine in medicines {
        match groups.iter_mut().find(|group| medicine.is_internal() && group[0].form == medicine.form) {
            Some(group) => group.push(*medicine),
            None => groups.push(vec![*medicine]),
        }
    }
    groups
}

fn in_house_class(medicine: &Medicine, days: u16) -> (u8, u16) {
    match medicine.form {
        Form::Internal(_) => (21, days),
        Form::AsNeeded(doses, _) => (22, u16::try_from(doses).unwrap_or(1)),
        _ => (23, 1),
    }
}

/// 小児科外来診療料 holds the prescription fee in it.
fn is_child_fee(unit: &crate::bill::Unit) -> bool {
    [act::CHILD_FIRST, act::CHILD_FOLLOW_UP].iter().any(|fee| unit.lines.contains(&crate::bill::Line::Act(fee.code)))
}

/// Days since 1970-01-01.
pub(crate) fn day_number(day: Day) -> i64 {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    (day.midnight().micros() + MICROS_PER_DAY / 2).div_euclid(MICROS_PER_DAY)
}

/// Whether it is a Sunday, when outpatient clinics are closed.
pub(crate) fn is_sunday(day: Day) -> bool {
    // 1970-01-01 was a Thursday.
    (day_number(day) + 4).rem_euclid(7) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sundays() {
        for (number, sunday) in [(20_261_122, true), (20_261_123, false), (20_240_225, true), (20_210_905, true)] {
            assert_eq!(is_sunday(Day::from_number(number).unwrap()), sunday, "{number}");
        }
    }
}
