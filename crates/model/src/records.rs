//! Past care as data for programs (薬剤・診療・手術情報のファイル, YZKsiquc01), below the wire.
//!
//! Built from the same receipts and prescriptions as the lists on the screen, but nothing is merged:
//! the receipts (A), the dispensings (B) and the prescriptions (C) stand beside each other, and the
//! program that reads them chooses. Names of elements and their text belong to `madoguchi-wire`.

use crate::care::{Act, CareReceipt, CareSetting, Medication, Prescriber};
use crate::consent::{InformationKind, Scope};
use crate::day::{Day, Month};
use crate::institution::InstitutionCode;
use crate::insurance::InsuranceNumbers;
use crate::listing::{CareList, ListKind};
use crate::person::{Person, Sex};
use crate::prescription::{Dispensing, Place, Prescription};
use crate::release::Period;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// 診療識別 under which operations are sent.
pub const OPERATION_CLASS: u8 = 50;

/// What a program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Whose records: the numbers, without a birthdate.
    pub numbers: InsuranceNumbers,
    /// StartDate and EndDate.
    pub period: Period,
    /// FileCategory.
    pub category: Category,
    /// PrDiInfClassification.
    pub prescriptions: Prescriptions,
    /// MedicalTreatmentFlag.
    pub treatment: Treatment,
}

/// FileCategory of a YZK request: which kinds, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// 1: 薬剤情報 as PDF.
    MedicationPdf,
    /// 2: 薬剤情報 as data.
    MedicationData,
    /// 3: 診療・薬剤情報, and 手術情報 where agreed to, as PDF.
    CarePdf,
    /// 4: the same as data.
    CareData,
}

/// Whether the records of the e-prescription service are wanted too (PrDiInfClassification, OQSCD030).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prescriptions {
    /// 0 表示しない.
    #[default]
    LeftOut,
    /// 1 表示する.
    Included,
}

/// For which kind of care the consent was given (MedicalTreatmentFlag, OQSCD028).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Treatment {
    /// 1 外来.
    #[default]
    Outpatient,
    /// 2 訪問診療等.
    HomeVisit,
    /// 3 オンライン診療等.
    Online,
    /// 4 救急時.
    Emergency,
}

/// The answer in the form that the category names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Categories 2 and 4.
    Data(Box<Records>),
    /// Categories 1 and 3: the same list as on the screen, to be set as PDF.
    List(Box<CareList>),
}

/// Past care as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// QuaInf.
    pub person: PersonHead,
    /// Block A: what receipts tell, the newest month first.
    pub receipts: Vec<ReceiptMonth>,
    /// Block B: 調剤情報 of the e-prescription service, the newest month first.
    pub dispensings: Vec<PrescriptionMonth>,
    /// Block C: 処方情報 of the e-prescription service, the newest month first.
    pub prescriptions: Vec<PrescriptionMonth>,
}

/// Whose records (QuaInf).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonHead {
    /// 氏名 as registered.
    pub name: String,
    /// 氏名カナ, full width as registered.
    pub kana: String,
    /// 生年月日.
    pub birthdate: Day,
    /// 性別.
    pub sex: Sex,
}

/// Whether an institution is the one that asks (DiOrg, PrIsOrg and their like).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// 1: its own.
    Own,
    /// 2: another's.
    Other,
}

/// What one institution's receipts of a month tell (MeTrMonthInf).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptMonth {
    /// Who treated or dispensed.
    pub institution: Place,
    /// Who prescribed, of a pharmacy's receipt; its code as written.
    pub prescriber: Option<Prescriber>,
    /// 診療年月.
    pub month: Month,
    /// 入外.
    pub setting: CareSetting,
    /// Own or other; `None` in category 4, whose files lack both marks.
    pub origins: Option<Origins>,
    /// The days, newest first; none when the receipt tells only of the visit.
    pub days: Vec<ReceiptDay>,
}

/// Own or other, of both institutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origins {
    /// Of who treated or dispensed (DiOrg).
    pub institution: Origin,
    /// Of who prescribed (PrIsOrg), where somebody else did.
    pub prescriber: Option<Origin>,
}

/// One day of a receipt (DiDateInf).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptDay {
    /// Day of the care or supply; `None` when the claim gives only the month.
    pub day: Option<Day>,
    /// 処方日 of a pharmacy's drugs.
    pub prescribed_on: Option<Day>,
    /// 薬剤情報 of the day.
    pub drugs: Vec<Medication>,
    /// 診療情報 of the day, then operations with [`OPERATION_CLASS`].
    pub acts: Vec<Act>,
}

/// Records of the e-prescription service of a month (CzDiMonthInf, ShPrMonthInf).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrescriptionMonth {
    /// 調剤年月 or 処方年月.
    pub month: Month,
    /// Who prescribed.
    pub prescriber: Place,
    /// Whether that is the one that asks.
    pub prescriber_origin: Origin,
    /// Who dispensed; `None` in block C.
    pub pharmacy: Option<Place>,
    /// Whether that is the one that asks.
    pub pharmacy_origin: Option<Origin>,
    /// The slips, newest first.
    pub days: Vec<PrescriptionDay>,
}

/// One slip (CzDiDateInf, ShPrDateInf).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrescriptionDay {
    /// 調剤年月日; `None` in block C.
    pub dispensed_on: Option<Day>,
    /// 処方年月日.
    pub prescribed_on: Day,
    /// The drugs. Their 剤形 is [`crate::prescription::DrugForm::of_class`].
    pub drugs: Vec<Medication>,
}

impl Query {
    /// The kinds of information that the category asks for, as the list of the same name does.
    #[must_use]
    pub fn asks_for(&self) -> Scope {
        self.category.list().asks_for()
    }
}

impl Category {
    /// All categories in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::MedicationPdf, Self::MedicationData, Self::CarePdf, Self::CareData];

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::MedicationPdf => 1,
            Self::MedicationData => 2,
            Self::CarePdf => 3,
            Self::CareData => 4,
        }
    }

    /// From [`Category::number`].
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.number() == number)
    }

    /// The list of the screens that shows the same.
    #[must_use]
    pub const fn list(self) -> ListKind {
        match self {
            Self::MedicationPdf | Self::MedicationData => ListKind::Medication,
            Self::CarePdf | Self::CareData => ListKind::Care,
        }
    }

    /// Whether the answer is a PDF.
    #[must_use]
    pub const fn is_pdf(self) -> bool {
        matches!(self, Self::MedicationPdf | Self::CarePdf)
    }
}

impl Treatment {
    /// All values in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Outpatient, Self::HomeVisit, Self::Online, Self::Emergency];

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Outpatient => 1,
            Self::HomeVisit => 2,
            Self::Online => 3,
            Self::Emergency => 4,
        }
    }

    /// From [`Treatment::number`].
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|treatment| treatment.number() == number)
    }
}

/// What records are composed of, limited by consent, settings and release; the receipts by the period too.
#[derive(Debug, Clone, Copy)]
pub struct RecordsInput<'a> {
    /// Categories 2 or 4.
    pub category: Category,
    /// The kinds of information that consent and settings cover.
    pub covered: Scope,
    /// Whose.
    pub person: &'a Person,
    /// What was found, in any order.
    pub receipts: &'a [CareReceipt],
    /// What the e-prescription service has, in any order; nothing when it is not wanted.
    pub prescriptions: &'a [Prescription],
    /// StartDate and EndDate.
    pub period: Period,
    /// The institution that asks.
    pub own: &'a InstitutionCode,
}

impl Records {
    /// Composes the records.
    #[must_use]
    pub fn compose(input: &RecordsInput<'_>) -> Self {
        let shown = input.category.list().asks_for().and(input.covered);
        let mut receipts: Vec<_> =
            input.receipts.iter().filter_map(|receipt| receipt_month(receipt, shown, input)).collect();
        receipts.sort_by(|left, right| receipt_order(left).cmp(&receipt_order(right)));
        let slips = if shown.contains(InformationKind::Medication) { input.prescriptions } else { &[] };
        let slips = slips.iter().filter(|slip| slip.is_within(input.period));
        let (dispensings, prescriptions): (Vec<_>, Vec<_>) = slips.partition(|slip| slip.dispensing.is_some());
        let Person { name, kana, birthdate, sex, .. } = input.person;
        Self {
            person: PersonHead { name: name.clone(), kana: kana.clone(), birthdate: *birthdate, sex: *sex },
            receipts,
            dispensings: prescription_months(&dispensings, input.own),
            prescriptions: prescription_months(&prescriptions, input.own),
        }
    }

    /// Drugs, acts and operations, and receipts that tell only of the visit.
    #[must_use]
    pub fn row_count(&self) -> usize {
        let receipt = |month: &ReceiptMonth| {
            let rows: usize = month.days.iter().map(|day| day.drugs.len() + day.acts.len()).sum();
            rows.max(1)
        };
        let slips = |months: &[PrescriptionMonth]| -> usize {
            months.iter().flat_map(|month| &month.days).map(|day| day.drugs.len()).sum()
        };
        let receipts: usize = self.receipts.iter().map(receipt).sum();
        receipts + slips(&self.dispensings) + slips(&self.prescriptions)
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.row_count() == 0
    }
}

/// `None` when the receipt tells nothing of what is shown; with 診療情報 the visit itself is told.
fn receipt_month(receipt: &CareReceipt, shown: Scope, input: &RecordsInput<'_>) -> Option<ReceiptMonth> {
    let days = receipt_days(receipt, shown);
    let visited = shown.contains(InformationKind::MedicalCare) && receipt.setting != CareSetting::Pharmacy;
    if days.is_empty() && !visited {
        return None;
    }
    let origin = |code: &str| origin(code, input.own);
    let origins = || Origins {
        institution: origin(receipt.institution.as_str()),
        prescriber: receipt.prescriber.as_ref().map(|prescriber| origin(&prescriber.code)),
    };
    Some(ReceiptMonth {
        institution: Place { code: receipt.institution.clone(), name: receipt.institution_name.clone() },
        prescriber: receipt.prescriber.clone(),
        month: receipt.month,
        setting: receipt.setting,
        origins: (input.category.list() == ListKind::Medication).then(origins),
        days,
    })
}

/// The rows by day and day of prescription, newest first, a day that nobody knows last.
fn receipt_days(receipt: &CareReceipt, shown: Scope) -> Vec<ReceiptDay> {
    let mut days = Days::default();
    if shown.contains(InformationKind::Medication) {
        for drug in &receipt.medications {
            days.at(drug.day, drug.prescribed_on).drugs.push(drug.clone());
        }
    }
    if shown.contains(InformationKind::MedicalCare) {
        for act in &receipt.acts {
            days.at(act.day, None).acts.push(act.clone());
        }
    }
    if shown.contains(InformationKind::Surgery) {
        for act in &receipt.operations {
            days.at(act.day, None).acts.push(Act { class: OPERATION_CLASS, ..act.clone() });
        }
    }
    days.0.into_values().collect()
}

#[derive(Default)]
struct Days(BTreeMap<DayKey, ReceiptDay>);

/// Day and day of prescription, newest first, none last.
type DayKey = (Reverse<Option<Day>>, Reverse<Option<Day>>);

impl Days {
    fn at(&mut self, day: Option<Day>, prescribed_on: Option<Day>) -> &mut ReceiptDay {
        let empty = ReceiptDay { day, prescribed_on, drugs: Vec::new(), acts: Vec::new() };
        self.0.entry((Reverse(day), Reverse(prescribed_on))).or_insert(empty)
    }
}

fn receipt_order(month: &ReceiptMonth) -> impl Ord + '_ {
    let prescriber = month.prescriber.as_ref().map(|prescriber| prescriber.code.as_str());
    (Reverse(month.month), month.institution.code.as_str(), month.setting, prescriber)
}

/// The slips by month, prescriber and pharmacy.
fn prescription_months(slips: &[&Prescription], own: &InstitutionCode) -> Vec<PrescriptionMonth> {
    type Key<'a> = (Reverse<Month>, &'a str, Option<&'a str>);
    let mut months: BTreeMap<Key<'_>, Vec<&Prescription>> = BTreeMap::new();
    for slip in slips {
        let pharmacy = slip.dispensing.as_ref().map(|dispensing| dispensing.pharmacy.code.as_str());
        months.entry((Reverse(slip.month()), slip.prescriber.code.as_str(), pharmacy)).or_default().push(slip);
    }
    months.into_values().filter_map(|slips| prescription_month(slips, own)).collect()
}

fn prescription_month(mut slips: Vec<&Prescription>, own: &InstitutionCode) -> Option<PrescriptionMonth> {
    slips.sort_by_key(|slip| (Reverse(slip.day()), Reverse(slip.prescribed_on), slip.id));
    let first = slips.first()?;
    let pharmacy = first.dispensing.as_ref().map(|dispensing| dispensing.pharmacy.clone());
    Some(PrescriptionMonth {
        month: first.month(),
        prescriber: first.prescriber.clone(),
        prescriber_origin: origin(first.prescriber.code.as_str(), own),
        pharmacy_origin: pharmacy.as_ref().map(|pharmacy| origin(pharmacy.code.as_str(), own)),
        pharmacy,
        days: slips.iter().map(|slip| prescription_day(slip)).collect(),
    })
}

fn prescription_day(slip: &Prescription) -> PrescriptionDay {
    let dispensed_on = slip.dispensing.as_ref().map(|Dispensing { on, .. }| *on);
    PrescriptionDay { dispensed_on, prescribed_on: slip.prescribed_on, drugs: slip.drugs.clone() }
}

fn origin(code: &str, own: &InstitutionCode) -> Origin {
    if code == own.as_str() { Origin::Own } else { Origin::Other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::samples::{
        CLINIC, HOSPITAL, PHARMACY, Sample, clinic_receipt, day, dispensed, hospital_receipt, month, pharmacy_receipt,
        prescribed,
    };

    fn compose(category: Category, covered: Scope, own: &str) -> Records {
        let sample = Sample::nobody();
        let on = |number| day(number);
        Records::compose(&RecordsInput {
            category,
            covered,
            person: &sample.person,
            receipts: &[
                hospital_receipt(month(202_211)),
                clinic_receipt(month(202_302), 10),
                pharmacy_receipt(month(202_302), 10),
            ],
            prescriptions: &[
                prescribed(CLINIC, on(20_230_310)),
                prescribed(CLINIC, on(20_230_327)),
                dispensed(CLINIC, on(20_230_310), on(20_230_311)),
                dispensed(HOSPITAL, on(20_230_227), on(20_230_301)),
                dispensed(HOSPITAL, on(20_220_927), on(20_220_930)),
                prescribed(CLINIC, on(20_230_401)),
            ],
            period: sample.asked,
            own: &InstitutionCode::parse(own).unwrap(),
        })
    }

    fn kinds(kinds: &[InformationKind]) -> Scope {
        Scope::of(kinds)
    }

    /// Every month of block A as `月 機関: 日 …` with what each day holds.
    fn block_a(records: &Records) -> Vec<String> {
        let day = |day: &ReceiptDay| {
            let classes = day.acts.iter().map(|act| act.class.to_string()).collect::<Vec<_>>().join(",");
            let number = day.day.map_or(0, |day| day.day_of_month());
            format!("{number}日 薬{} 行為[{classes}]", day.drugs.len())
        };
        let line = |month: &ReceiptMonth| {
            let days = month.days.iter().map(day).collect::<Vec<_>>().join(" ");
            format!("{} {}: {days}", month.month, month.institution.code)
        };
        records.receipts.iter().map(line).collect()
    }

    #[test]
    fn the_whole_care_stands_by_month_institution_and_day() {
        let records = compose(Category::CareData, Scope::FULL, HOSPITAL);
        assert_eq!(
            block_a(&records),
            [
                format!("202302 {CLINIC}: 10日 薬1 行為[13,13]"),
                format!("202302 {PHARMACY}: 10日 薬3 行為[]"),
                format!("202211 {HOSPITAL}: 19日 薬1 行為[13,50]"),
            ]
        );
        let pharmacy = &records.receipts[1];
        assert_eq!(pharmacy.prescriber.as_ref().map(|prescriber| prescriber.code.as_str()), Some(CLINIC));
        assert_eq!(pharmacy.days[0].prescribed_on, pharmacy.days[0].day);
        assert_eq!(records.person.birthdate, day(19_620_521));
        assert_eq!(records.row_count(), 9 + 4);
    }

    #[test]
    fn each_category_tells_of_its_kinds_as_far_as_covered() {
        use InformationKind::{MedicalCare, Medication, Surgery};
        let (clinic, pharmacy, hospital) =
            (format!("202302 {CLINIC}: "), format!("202302 {PHARMACY}: "), format!("202211 {HOSPITAL}: "));
        let drugs = [
            format!("{clinic}10日 薬1 行為[]"),
            format!("{pharmacy}10日 薬3 行為[]"),
            format!("{hospital}19日 薬1 行為[]"),
        ];
        let acts = [format!("{clinic}10日 薬0 行為[13,13]"), format!("{hospital}19日 薬0 行為[13]")];
        let operation = [format!("{hospital}19日 薬0 行為[50]")];
        for (category, covered, expected) in [
            (Category::MedicationData, Scope::FULL, drugs.as_slice()),
            (Category::MedicationData, kinds(&[Surgery, MedicalCare]), &[]),
            (Category::CareData, kinds(&[Medication]), &drugs),
            (Category::CareData, kinds(&[MedicalCare]), &acts),
            (Category::CareData, kinds(&[Surgery]), &operation),
            (Category::CareData, kinds(&[InformationKind::Checkup]), &[]),
        ] {
            let records = compose(category, covered, HOSPITAL);
            assert_eq!(block_a(&records), expected, "{category:?} {covered:?}");
            let slips = records.dispensings.len() + records.prescriptions.len();
            assert_eq!(slips > 0, covered.contains(Medication), "{category:?} {covered:?}");
        }
    }

    #[test]
    fn own_and_other_stand_in_category_2_alone() {
        let marks = |own: &str| -> Vec<_> {
            let records = compose(Category::MedicationData, Scope::FULL, own);
            let pair = |month: &ReceiptMonth| month.origins.map(|origins| (origins.institution, origins.prescriber));
            records.receipts.iter().map(pair).collect()
        };
        let (own, other) = (Origin::Own, Origin::Other);
        assert_eq!(marks(CLINIC), [Some((own, None)), Some((other, Some(own))), Some((other, None))]);
        assert_eq!(marks(PHARMACY), [Some((other, None)), Some((own, Some(other))), Some((other, None))]);
        let care = compose(Category::CareData, Scope::FULL, CLINIC);
        assert!(care.receipts.iter().all(|month| month.origins.is_none()));
        assert_eq!(care.prescriptions[0].prescriber_origin, own, "blocks B and C have them in every category");
    }

    #[test]
    fn dispensings_and_prescriptions_stand_beside_the_receipts_unmerged() {
        let records = compose(Category::CareData, Scope::FULL, CLINIC);
        let line = |months: &[PrescriptionMonth]| -> Vec<_> {
            let slip = |slip: &PrescriptionDay| (slip.dispensed_on.map(Day::number), slip.prescribed_on.number());
            let month = |month: &PrescriptionMonth| {
                (month.month.number(), month.prescriber.code.to_string(), month.days.iter().map(slip).collect())
            };
            months.iter().map(month).collect::<Vec<(i64, String, Vec<_>)>>()
        };
        assert_eq!(
            line(&records.prescriptions),
            [(202_303, CLINIC.to_owned(), vec![(None, 20_230_327), (None, 20_230_310)])]
        );
        assert_eq!(
            line(&records.dispensings),
            [
                (202_303, HOSPITAL.to_owned(), vec![(Some(20_230_301), 20_230_227)]),
                (202_303, CLINIC.to_owned(), vec![(Some(20_230_311), 20_230_310)]),
            ]
        );
        assert_eq!(records.dispensings[0].pharmacy.as_ref().unwrap().code.as_str(), PHARMACY);
        assert_eq!(records.prescriptions[0].pharmacy, None);
    }

    #[test]
    fn a_visit_without_rows_is_told_with_medical_care_alone() {
        let sample = Sample::nobody();
        let mut visit = clinic_receipt(month(202_302), 10);
        (visit.acts, visit.medications) = (vec![], vec![]);
        let own = InstitutionCode::parse(HOSPITAL).unwrap();
        for (category, count) in [(Category::CareData, 1), (Category::MedicationData, 0)] {
            let records = Records::compose(&RecordsInput {
                category,
                covered: Scope::FULL,
                person: &sample.person,
                receipts: std::slice::from_ref(&visit),
                prescriptions: &[],
                period: sample.asked,
                own: &own,
            });
            assert_eq!((records.receipts.len(), records.row_count()), (count, count));
            assert!(records.receipts.iter().all(|month| month.days.is_empty()));
        }
    }

    #[test]
    fn numbers_come_back() {
        for category in Category::ALL {
            assert_eq!(Category::from_number(category.number()), Some(category));
        }
        for treatment in Treatment::ALL {
            assert_eq!(Treatment::from_number(treatment.number()), Some(treatment));
        }
        assert_eq!((Category::from_number(5), Treatment::from_number(0)), (None, None));
    }
}
