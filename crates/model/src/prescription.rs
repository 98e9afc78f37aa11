//! Prescriptions and dispensings of the e-prescription service (処方情報・調剤情報, 電子処方箋管理サービス).
//!
//! They can be seen from their registration on for 100 days, long before the receipts of the month,
//! and need the consent to 薬剤情報. Which of the three sources a report shows for the same supply is
//! decided here too: the receipt before the dispensing before the prescription. Deliberately not
//! here: リフィル and 分割 as such (each dispensing stands for itself) and the slip's 引換番号.

use crate::care::{CareReceipt, CareSetting, CountUnit, Medication};
use crate::day::{Day, Month};
use crate::id::PrescriptionId;
use crate::institution::InstitutionCode;
use crate::release::Period;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Days before today whose prescriptions and dispensings can be seen.
pub const VISIBLE_DAYS: i64 = 100;
/// Drugs of one prescription at most.
pub const DRUGS_MAX: usize = 200;

/// A prescription as it was written, or one dispensing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prescription {
    /// Identity of this record.
    pub id: PrescriptionId,
    /// 処方した医療機関.
    pub prescriber: Place,
    /// 処方年月日.
    pub prescribed_on: Day,
    /// What the pharmacy did; `None` is the prescription itself (処方情報), else 調剤情報.
    pub dispensing: Option<Dispensing>,
    /// The drugs as prescribed or as dispensed, in the order of the slip.
    pub drugs: Vec<Medication>,
}

/// An institution with the name that the record gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// Name.
    pub name: String,
}

/// Who dispensed, and when (調剤結果).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispensing {
    /// 調剤した薬局.
    pub pharmacy: Place,
    /// 調剤年月日.
    pub on: Day,
}

/// How a drug is given on a prescription (剤形区分), with the numbers of the prescription record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrugForm {
    /// 内服 (1).
    Internal,
    /// 頓服 (2).
    AsNeeded,
    /// 外用 (3).
    External,
    /// 注射 (5).
    Injection,
    /// その他 (9).
    Other,
}

/// The days whose records can be seen, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleDays {
    /// The oldest.
    pub from: Day,
    /// The newest: today.
    pub to: Day,
}

impl Prescription {
    /// The day on which the record stands: 調剤年月日 of a dispensing, else 処方年月日.
    #[must_use]
    pub fn day(&self) -> Day {
        self.dispensing.as_ref().map_or(self.prescribed_on, |dispensing| dispensing.on)
    }

    /// The month of [`Prescription::day`].
    #[must_use]
    pub fn month(&self) -> Month {
        self.day().month()
    }

    /// Whether its day lies in the months.
    #[must_use]
    pub fn is_within(&self, period: Period) -> bool {
        (period.from..=period.to).contains(&self.month())
    }
}

impl VisibleDays {
    /// Of this day: today and the hundred days before.
    #[must_use]
    pub fn on(today: Day) -> Self {
        Self { from: today.plus_days(-VISIBLE_DAYS), to: today }
    }
}

impl DrugForm {
    /// All forms in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Internal, Self::AsNeeded, Self::External, Self::Injection, Self::Other];

    /// 1, 2, 3, 5 or 9.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::AsNeeded => 2,
            Self::External => 3,
            Self::Injection => 5,
            Self::Other => 9,
        }
    }

    /// From [`DrugForm::number`].
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.number() == number)
    }

    /// 診療識別 of a drug of this form, as a receipt would have it.
    #[must_use]
    pub const fn class(self) -> u8 {
        match self {
            Self::Internal => 21,
            Self::AsNeeded => 22,
            Self::External => 23,
            Self::Injection => 33,
            Self::Other => 28,
        }
    }

    /// The form of a drug of this 診療識別.
    #[must_use]
    pub fn of_class(class: u8) -> Self {
        Self::ALL.into_iter().find(|form| form.class() == class).unwrap_or(Self::Other)
    }

    /// What the count of such a drug counts.
    #[must_use]
    pub const fn count_unit(self) -> CountUnit {
        match self {
            Self::Internal => CountUnit::Days,
            Self::AsNeeded => CountUnit::Doses,
            Self::External => CountUnit::Dispensings,
            Self::Injection | Self::Other => CountUnit::Times,
        }
    }
}

/// What a report adds to the receipts: the records that no better source tells.
///
/// Records are compared by prescribing institution and day. A dispensing gives way to a receipt with
/// the same day of supply; a prescription gives way to any receipt or dispensing with its day of
/// prescription. A row of a receipt without a day hides nothing: shown twice is better than hidden.
#[must_use]
pub fn added_to<'a>(receipts: &[CareReceipt], records: &'a [Prescription]) -> Vec<&'a Prescription> {
    let rows = || receipts.iter().flat_map(|receipt| receipt.medications.iter().filter_map(|drug| row(receipt, drug)));
    let supplied: HashSet<(&str, Day)> = rows().filter_map(|row| Some((row.prescriber, row.supplied_on?))).collect();
    let mut prescribed: HashSet<(&str, Day)> =
        rows().filter_map(|row| Some((row.prescriber, row.prescribed_on?))).collect();
    let dispensed = records.iter().filter(|record| record.dispensing.is_some());
    prescribed.extend(dispensed.map(|record| (record.prescriber.code.as_str(), record.prescribed_on)));
    let told = |record: &&Prescription| {
        let prescriber = record.prescriber.code.as_str();
        match &record.dispensing {
            Some(dispensing) => supplied.contains(&(prescriber, dispensing.on)),
            None => prescribed.contains(&(prescriber, record.prescribed_on)),
        }
    };
    records.iter().filter(|record| !told(record)).collect()
}

/// One drug of a receipt as it is compared.
struct ReceiptRow<'a> {
    prescriber: &'a str,
    supplied_on: Option<Day>,
    prescribed_on: Option<Day>,
}

/// `None` for what was never on a prescription: injections and the like that an institution gave itself.
fn row<'a>(receipt: &'a CareReceipt, drug: &Medication) -> Option<ReceiptRow<'a>> {
    let of_pharmacy = receipt.setting == CareSetting::Pharmacy;
    if !of_pharmacy && !(21..=28).contains(&drug.class) {
        return None;
    }
    let prescriber = match &receipt.prescriber {
        Some(prescriber) => prescriber.code.as_str(),
        None if of_pharmacy => return None,
        None => receipt.institution.as_str(),
    };
    Some(ReceiptRow { prescriber, supplied_on: drug.day, prescribed_on: drug.prescribed_on.or(drug.day) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::samples::{CLINIC, HOSPITAL, dispensed, drug, month, prescribed, receipt};

    const PHARMACY: &str = crate::listing::samples::PHARMACY;

    fn on(day_of_month: u8) -> Option<Day> {
        month(202_302).day(day_of_month)
    }

    /// A pharmacy's receipt: prescribed by the clinic on one day, supplied on another.
    fn from_pharmacy(prescribed_on: u8, supplied_on: u8) -> CareReceipt {
        let mut receipt = receipt(PHARMACY, "薬局", CareSetting::Pharmacy, month(202_302));
        receipt.prescriber = Some(crate::care::Prescriber { code: CLINIC.to_owned(), name: String::new() });
        let drug = drug("薬", 21, "1", 7, CountUnit::Days, on(supplied_on));
        receipt.medications = vec![Medication { prescribed_on: on(prescribed_on), ..drug }];
        receipt
    }

    /// The clinic's own receipt with a drug of this class on a day.
    fn from_clinic(class: u8, day: Option<Day>) -> CareReceipt {
        let mut receipt = receipt(CLINIC, "診療所", CareSetting::Outpatient, month(202_302));
        receipt.medications = vec![drug("薬", class, "1", 7, CountUnit::Days, day)];
        receipt
    }

    /// Which of the sources is shown beside the receipts: `処` the prescription, `調` the dispensing.
    fn check(receipts: &[CareReceipt], records: &[Prescription], expected: &str) {
        let shown = added_to(receipts, records);
        let marks: String = shown.iter().map(|record| if record.dispensing.is_some() { '調' } else { '処' }).collect();
        assert_eq!(marks, expected);
    }

    /// Every set of the three sources for one supply, prescribed on the 3rd and supplied on the 4th.
    #[test]
    fn the_receipt_wins_over_the_dispensing_over_the_prescription() {
        for (receipt, dispensing, prescription, expected) in [
            (false, false, false, ""),
            (false, false, true, "処"),
            (false, true, false, "調"),
            (false, true, true, "調"),
            (true, false, false, ""),
            (true, false, true, ""),
            (true, true, false, ""),
            (true, true, true, ""),
        ] {
            let receipts: Vec<_> = receipt.then(|| from_pharmacy(3, 4)).into_iter().collect();
            let mut records = Vec::new();
            records.extend(prescription.then(|| prescribed(CLINIC, on(3).unwrap())));
            records.extend(dispensing.then(|| dispensed(CLINIC, on(3).unwrap(), on(4).unwrap())));
            check(&receipts, &records, expected);
        }
    }

    #[test]
    fn another_day_or_another_institution_is_another_supply() {
        let clinic = prescribed(CLINIC, on(3).unwrap());
        check(&[from_pharmacy(2, 3)], std::slice::from_ref(&clinic), "処");
        check(&[from_pharmacy(4, 4)], std::slice::from_ref(&clinic), "処");
        check(&[from_pharmacy(3, 4)], &[prescribed(HOSPITAL, on(3).unwrap())], "処");
        check(&[], &[clinic.clone(), dispensed(HOSPITAL, on(3).unwrap(), on(3).unwrap())], "処調");
        check(&[], &[clinic, dispensed(CLINIC, on(2).unwrap(), on(3).unwrap())], "処調");
    }

    #[test]
    fn each_dispensing_of_a_refill_stands_for_itself() {
        let refill = [
            prescribed(CLINIC, on(1).unwrap()),
            dispensed(CLINIC, on(1).unwrap(), on(1).unwrap()),
            dispensed(CLINIC, on(1).unwrap(), on(28).unwrap()),
        ];
        check(&[], &refill, "調調");
        check(&[from_pharmacy(1, 1)], &refill, "調");
    }

    #[test]
    fn only_what_was_prescribed_counts_on_an_institutions_own_receipt() {
        let records = [prescribed(CLINIC, on(3).unwrap())];
        for (class, expected) in [(14, "処"), (21, ""), (22, ""), (23, ""), (31, "処"), (40, "処"), (50, "処")] {
            check(&[from_clinic(class, on(3))], &records, expected);
        }
        check(&[from_clinic(21, None)], &records, "処");
        let mut nameless = from_pharmacy(3, 3);
        nameless.prescriber = None;
        check(&[nameless], &records, "処");
    }

    #[test]
    fn a_hundred_days_before_today_can_be_seen() {
        let today = Day::from_number(20_261_123).unwrap();
        assert_eq!(VisibleDays::on(today), VisibleDays { from: today.plus_days(-100), to: today });
        assert_eq!(VisibleDays::on(today).from.number(), 20_260_815);
    }

    #[test]
    fn forms_and_classes_fit_each_other() {
        for form in DrugForm::ALL {
            assert_eq!(DrugForm::from_number(form.number()), Some(form));
            assert_eq!(DrugForm::of_class(form.class()), form);
        }
        assert_eq!((DrugForm::from_number(4), DrugForm::of_class(99)), (None, DrugForm::Other));
    }
}
