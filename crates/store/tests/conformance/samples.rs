//! Invented people and institutions for the suite.

use madoguchi_model::{
    account::UserId,
    care::{Act, Amount, CareReceipt, CareSetting, CountUnit, Medication},
    certificate::Certificate,
    code::CertificateKind,
    coverage::{Coverage, Relation},
    day::{Day, Month},
    id::{CoverageId, FileId, PersonId, ReceiptId},
    institution::{Institution, InstitutionCode},
    insurance::InsuranceNumbers,
    person::{Particulars, Person, Sex},
};
use madoguchi_store::receipt::NewReceipt;

use crate::NOW;

pub(crate) fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).unwrap()
}

pub(crate) fn hospital() -> InstitutionCode {
    code("1312345678")
}

pub(crate) fn pharmacy() -> InstitutionCode {
    code("1342345678")
}

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

pub(crate) fn month(number: i64) -> Month {
    Month::from_number(number).unwrap()
}

pub(crate) fn person_id(number: u8) -> PersonId {
    PersonId::new(NOW, [number; 10])
}

pub(crate) fn institution(code: InstitutionCode) -> Institution {
    Institution {
        code, name: "資格クリニック".into(), hospital: true, opened_on: day(19_800_401), abolished_on: None
    }
}

pub(crate) fn person(number: u8) -> Person {
    Person {
        id: person_id(number),
        name: format!("山\u{e001}　太郎{number}"),
        kana: "ヤマダ　タロウ".into(),
        sex: Sex::Male,
        birthdate: day(19_500_102),
        died_on: None,
        particulars: Particulars::default(),
    }
}

pub(crate) fn coverage(number: u8, person: u8, certificate: &str) -> Coverage {
    Coverage {
        person: person_id(person),
        id: CoverageId::new(NOW, [number; 10]),
        numbers: InsuranceNumbers::parse("01130012", "1234", certificate, "00").unwrap(),
        insurer_name: "全国健康保険協会東京支部".into(),
        relation: Relation::Insured,
        kind: CertificateKind::General,
        valid_from: day(20_200_401),
        valid_to: None,
        loss: None,
        patient_share_percent: Some(30),
        certificate: Certificate::default(),
    }
}

pub(crate) fn act(code: &str, name: &str) -> Act {
    Act {
        day: Some(day(20_220_719)),
        class: 13,
        code: code.into(),
        name: name.into(),
        section: "B011-3".into(),
        quantity: Amount::parse("2").map(|amount| (amount, "回".to_owned())),
        count: 1,
    }
}

pub(crate) fn medication(name: &str) -> Medication {
    Medication {
        day: None,
        prescribed_on: Some(day(20_220_719)),
        class: 21,
        code: "620004625".into(),
        name: name.into(),
        ingredient: Some("アムロジピンベシル酸塩".into()),
        amount: Amount::parse("1.5"),
        unit: "錠".into(),
        count: 28,
        count_unit: CountUnit::Days,
        usage: Some("１日１回朝食後".into()),
        dose: None,
        instruction: None,
        in_house: false,
    }
}

/// A receipt with one row of each kind.
pub(crate) fn receipt(number: u8, person: u8, care_month: i64) -> NewReceipt {
    NewReceipt {
        person: person_id(person),
        file: FileId::new(NOW, [1; 10]),
        request_month: month(care_month).plus_months(1),
        category: "1112".into(),
        receipt_number: number.to_string(),
        search_number: Some(format!("{number:030}")),
        care: CareReceipt {
            receipt: ReceiptId::new(NOW, [number; 10]),
            month: month(care_month),
            setting: CareSetting::Outpatient,
            institution: hospital(),
            institution_name: "資格クリニック".into(),
            prescriber: None,
            visit_days: vec![month(care_month).first_day()],
            acts: vec![act("120002370", "薬剤情報提供料")],
            medications: vec![medication("アムロジピン錠５ｍｇ")],
            operations: vec![act("150253010", "内視鏡的大腸ポリープ切除術")],
        },
        source: format!("RE,{number}").into_bytes(),
    }
}
