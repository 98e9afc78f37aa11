//! Invented patients for the tests of whatever shows a list. Not part of the product.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "fixed values, used by tests alone")]

use super::{CareList, ListInput, ListKind};
use crate::care::{Act, Amount, CareReceipt, CareSetting, CountUnit, Medication, Prescriber};
use crate::certificate::Certificate;
use crate::code::CertificateKind;
use crate::consent::Scope;
use crate::coverage::{Coverage, Relation};
use crate::day::{Day, Month, Timestamp};
use crate::id::{CoverageId, PersonId, PrescriptionId, ReceiptId};
use crate::institution::InstitutionCode;
use crate::insurance::InsuranceNumbers;
use crate::person::{Particulars, Person, Sex};
use crate::prescription::{Dispensing, Place, Prescription};
use crate::release::{Period, ReleaseRule};

/// A hospital, the one that looks.
pub const HOSPITAL: &str = "1310000017";
/// Another clinic.
pub const CLINIC: &str = "1312345678";
/// A pharmacy.
pub const PHARMACY: &str = "1340000014";

/// Everything that a list is composed of, to be changed field by field.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The list that is asked for.
    pub kind: ListKind,
    /// What is covered.
    pub covered: Scope,
    /// Whose list.
    pub person: Person,
    /// Coverage of today.
    pub coverage: Option<Coverage>,
    /// The care.
    pub receipts: Vec<CareReceipt>,
    /// 処方・調剤情報; `None` when they are left out.
    pub prescriptions: Option<Vec<Prescription>>,
    /// The months asked for.
    pub asked: Period,
    /// 作成日時.
    pub now: Timestamp,
}

impl Sample {
    /// A person without any care, on 2023-03-27, asked for 直近6ヵ月.
    #[must_use]
    pub fn nobody() -> Self {
        let now = day(20_230_327).midnight().plus_seconds(10 * 3_600 + 5 * 60);
        let id = PersonId::new(now, [1; 10]);
        let person = Person {
            id,
            name: "診療　太郎".to_owned(),
            kana: "シンリョウ　タロウ".to_owned(),
            sex: Sex::Male,
            birthdate: day(19_620_521),
            died_on: None,
            particulars: Particulars::default(),
        };
        let coverage = Coverage {
            person: id,
            id: CoverageId::new(now, [2; 10]),
            numbers: InsuranceNumbers::parse("01130012", "1234567", "12345", "00").unwrap(),
            insurer_name: "全国健康保険協会東京都支部".to_owned(),
            relation: Relation::Insured,
            kind: CertificateKind::General,
            valid_from: day(20_200_401),
            valid_to: None,
            loss: None,
            patient_share_percent: Some(30),
            certificate: Certificate::default(),
        };
        let asked = Period { from: month(202_210), to: month(202_303) };
        Self {
            kind: ListKind::Care,
            covered: Scope::FULL,
            person,
            coverage: Some(coverage),
            receipts: vec![],
            prescriptions: None,
            asked,
            now,
        }
    }

    /// A chronic patient: a clinic, its pharmacy and one operation at the hospital.
    #[must_use]
    pub fn chronic() -> Self {
        let mut sample = Self::nobody();
        for number in [202_212, 202_301, 202_302] {
            sample.receipts.push(clinic_receipt(month(number), 10));
            sample.receipts.push(pharmacy_receipt(month(number), 10));
        }
        sample.receipts.push(hospital_receipt(month(202_211)));
        sample
    }

    /// The chronic patient with what the e-prescription service knows beside the receipts: dispensed this month, and
    /// prescribed today at the own hospital.
    #[must_use]
    pub fn prescribed() -> Self {
        let told_by_receipt = dispensed(CLINIC, day(20_230_210), day(20_230_210));
        let prescriptions = vec![
            prescribed(HOSPITAL, day(20_230_327)),
            prescribed(CLINIC, day(20_230_310)),
            dispensed(CLINIC, day(20_230_310), day(20_230_311)),
            told_by_receipt,
        ];
        Self { prescriptions: Some(prescriptions), ..Self::chronic() }
    }

    /// So many rows of care, spread over days and months.
    #[must_use]
    pub fn long(rows: usize) -> Self {
        let mut sample = Self::nobody();
        let months = [202_302, 202_301, 202_212, 202_211, 202_210];
        let mut made = 0;
        for (number, of_month) in months.iter().cycle().zip(0..) {
            let first_day = u8::try_from(of_month / months.len() % 28 + 1).unwrap();
            for receipt in [pharmacy_receipt(month(*number), first_day), clinic_receipt(month(*number), first_day)] {
                made += receipt.medications.len() + receipt.acts.len();
                sample.receipts.push(receipt);
            }
            if made >= rows {
                return sample;
            }
        }
        sample
    }

    /// Names with 外字 and rare characters, and names as long as they can be.
    #[must_use]
    pub fn hard_characters() -> Self {
        let mut sample = Self::chronic();
        sample.person.name = "髙﨑　𠮷辻\u{E0100}\u{E001}".to_owned();
        sample.person.kana = "ﾀｶｻｷ　ﾖｼﾂｼﾞ".to_owned();
        for receipt in &mut sample.receipts {
            receipt.institution_name = format!("㈱{}", "長い名前の医療機関".repeat(6));
            for drug in &mut receipt.medications {
                drug.name = format!("{}{}", drug.name, "配合口腔内崩壊錠".repeat(10));
                drug.instruction = Some("粉砕し、ｶﾌﾟｾﾙに入れて服用。#set page(width: 1cm) $x$ *太字*".to_owned());
            }
        }
        sample
    }

    /// Each sample under a name.
    #[must_use]
    pub fn all() -> Vec<(&'static str, Self)> {
        let medication = Self { kind: ListKind::Medication, ..Self::chronic() };
        let surgery = Self { kind: ListKind::Surgery, ..Self::chronic() };
        vec![
            ("nobody", Self::nobody()),
            ("chronic", Self::chronic()),
            ("medication", medication),
            ("surgery", surgery),
            ("prescribed", Self::prescribed()),
            ("long", Self::long(60)),
            ("hard_characters", Self::hard_characters()),
        ]
    }

    /// The composed list.
    #[must_use]
    pub fn list(&self) -> CareList {
        CareList::compose(&ListInput {
            kind: self.kind,
            covered: self.covered,
            person: &self.person,
            coverage: self.coverage.as_ref(),
            receipts: &self.receipts,
            prescriptions: self.prescriptions.as_deref(),
            asked: self.asked,
            rule: ReleaseRule::default(),
            now: self.now,
            own: &code(HOSPITAL),
        })
    }
}

/// A month at the clinic with two acts and an ointment that it supplied itself.
#[must_use]
pub fn clinic_receipt(month: Month, day_of_month: u8) -> CareReceipt {
    let on = month.day(day_of_month);
    CareReceipt {
        acts: vec![act("薬剤情報提供料", "B011-3", on), act("特定疾患療養管理料（診療所）", "B000", on)],
        medications: vec![Medication {
            ingredient: Some("ゲンタマイシン硫酸塩".to_owned()),
            unit: "ｇ".to_owned(),
            usage: Some("１日２回　患部に塗布".to_owned()),
            dose: None,
            in_house: true,
            ..drug("ゲンタマイシン硫酸塩軟膏０．１％「イワキ」１ｍｇ", 23, "10", 1, CountUnit::Dispensings, on)
        }],
        visit_days: on.into_iter().collect(),
        ..receipt(CLINIC, "資格クリニック", CareSetting::Outpatient, month)
    }
}

/// A month at the pharmacy with the clinic's prescription of three drugs.
#[must_use]
pub fn pharmacy_receipt(month: Month, day_of_month: u8) -> CareReceipt {
    let on = month.day(day_of_month);
    let of_prescription = |medication: Medication| Medication { prescribed_on: on, ..medication };
    let amlodipine = Medication {
        ingredient: Some("アムロジピンベシル酸塩".to_owned()),
        usage: Some("１日１回朝食後服用".to_owned()),
        dose: Amount::parse("1"),
        ..drug("アムロジピンＯＤ錠５ｍｇ「トーワ」", 21, "1", 28, CountUnit::Days, on)
    };
    let rebamipide = Medication {
        ingredient: Some("レバミピド".to_owned()),
        usage: Some("１日３回食後服用".to_owned()),
        dose: Amount::parse("1"),
        instruction: Some("胃部不快時は中止".to_owned()),
        ..drug("レバミピド錠１００ｍｇ「ＥＭＥＣ」", 21, "3", 28, CountUnit::Days, on)
    };
    let loxoprofen = Medication {
        ingredient: Some("ロキソプロフェンナトリウム水和物".to_owned()),
        usage: Some("疼痛時".to_owned()),
        dose: Amount::parse("1"),
        ..drug("ロキソプロフェンＮａ錠６０ｍｇ「サワイ」", 22, "1", 10, CountUnit::Doses, on)
    };
    CareReceipt {
        prescriber: Some(Prescriber { code: CLINIC.to_owned(), name: "資格クリニック".to_owned() }),
        medications: [amlodipine, rebamipide, loxoprofen].map(of_prescription).into(),
        ..receipt(PHARMACY, "みどり調剤薬局", CareSetting::Pharmacy, month)
    }
}

/// A stay at the hospital with an operation, an injection and an image.
#[must_use]
pub fn hospital_receipt(month: Month) -> CareReceipt {
    let on = month.day(19);
    CareReceipt {
        acts: vec![act("コンピューター断層撮影（ＣＴ撮影）（６４列以上マルチスライス型機器）", "E200", on)],
        medications: vec![Medication {
            unit: "瓶".to_owned(),
            ..drug("セファゾリンＮａ注射用１ｇ「オーツカ」", 33, "2", 1, CountUnit::Times, on)
        }],
        operations: vec![act("腹腔鏡下胆嚢摘出術", "K672-2", on)],
        visit_days: on.into_iter().collect(),
        ..receipt(HOSPITAL, "窓口総合病院", CareSetting::Inpatient, month)
    }
}

/// A prescription of one drug, not dispensed yet.
#[must_use]
pub fn prescribed(prescriber: &str, prescribed_on: Day) -> Prescription {
    let random = [prescribed_on.day_of_month(); 10];
    let name = if prescriber == HOSPITAL { "窓口総合病院" } else { "資格クリニック" };
    let drug = Medication {
        ingredient: Some("レボフロキサシン水和物".to_owned()),
        usage: Some("１日１回夕食後服用".to_owned()),
        ..drug("レボフロキサシン錠５００ｍｇ「トーワ」", 21, "1", 5, CountUnit::Days, Some(prescribed_on))
    };
    Prescription {
        id: PrescriptionId::new(prescribed_on.midnight(), random),
        prescriber: Place { code: code(prescriber), name: name.to_owned() },
        prescribed_on,
        dispensing: None,
        drugs: vec![drug],
    }
}

/// The same prescription as a pharmacy dispensed it.
#[must_use]
pub fn dispensed(prescriber: &str, prescribed_on: Day, on: Day) -> Prescription {
    let mut slip = prescribed(prescriber, prescribed_on);
    for drug in &mut slip.drugs {
        (drug.day, drug.prescribed_on) = (Some(on), Some(prescribed_on));
    }
    let pharmacy = Place { code: code(PHARMACY), name: "みどり調剤薬局".to_owned() };
    let random = [on.day_of_month() + 100; 10];
    Prescription {
        id: PrescriptionId::new(on.midnight(), random),
        dispensing: Some(Dispensing { pharmacy, on }),
        ..slip
    }
}

/// A receipt without content.
#[must_use]
pub fn receipt(institution: &str, name: &str, setting: CareSetting, month: Month) -> CareReceipt {
    CareReceipt {
        receipt: ReceiptId::new(month.first_day().midnight(), [0; 10]),
        month,
        setting,
        institution: code(institution),
        institution_name: name.to_owned(),
        prescriber: None,
        visit_days: vec![],
        acts: vec![],
        medications: vec![],
        operations: vec![],
    }
}

/// An act done once.
#[must_use]
pub fn act(name: &str, section: &str, day: Option<Day>) -> Act {
    let class = 13;
    Act {
        day,
        class,
        code: "120002370".to_owned(),
        name: name.to_owned(),
        section: section.to_owned(),
        quantity: None,
        count: 1,
    }
}

/// A drug in tablets without usage.
#[must_use]
pub fn drug(name: &str, class: u8, amount: &str, count: u32, count_unit: CountUnit, day: Option<Day>) -> Medication {
    Medication {
        day,
        prescribed_on: None,
        class,
        code: "620007870".to_owned(),
        name: name.to_owned(),
        ingredient: None,
        amount: Amount::parse(amount),
        unit: "錠".to_owned(),
        count,
        count_unit,
        usage: None,
        dose: None,
        instruction: None,
        in_house: false,
    }
}

/// The day of this number.
#[must_use]
pub fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

/// The month of this number.
#[must_use]
pub fn month(number: i64) -> Month {
    Month::from_number(number).unwrap()
}

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).unwrap()
}
