//! Answers of the model become the messages of the golden files.

use madoguchi_model::care::{Act, Amount, CareSetting, CountUnit, Medication, Prescriber};
use madoguchi_model::certificate::{DiseaseCertificate, ElderlyCertificate, LimitCertificate};
use madoguchi_model::checkup::{Category, Checkup, CheckupResult, Performer, Program, ResultValue};
use madoguchi_model::code::{
    CertificateKind, Combination, DiseaseCategory, IncomeClass, LimitKind, PrescriptionForm, QualificationValidity,
    RecordConsent, ReferenceClassification, TicketKind, TreatmentKind,
};
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::eligibility::{Answer, AnswerConsent, Consents, KindConsent, Notice, Row, TicketLine};
use madoguchi_model::id::{CheckupId, CoverageId, PersonId, TicketId};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{Particulars, Person, PostalCode, Sex};
use madoguchi_model::prescription::Place;
use madoguchi_model::records::{
    Origin, Origins, PersonHead, PrescriptionDay, PrescriptionMonth, ReceiptDay, ReceiptMonth, Records,
};
use madoguchi_model::ticket::{self, MedicalTicket};
use madoguchi_wire::message::eligibility::{self, Addressee};
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::{CharacterCode, Role, checkup, records};

fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

fn at(day_number: i64, clock: i64) -> Timestamp {
    day(day_number).midnight().plus_seconds(clock / 10_000 * 3_600 + clock / 100 % 100 * 60 + clock % 100)
}

fn clinic() -> InstitutionCode {
    InstitutionCode::parse("1319999991").unwrap()
}

fn pharmacy() -> InstitutionCode {
    InstitutionCode::parse("1349999992").unwrap()
}

const ORIGIN: Timestamp = Timestamp::from_micros(0);

/// The person of the published example.
fn hanako() -> Row {
    Row {
        person: PersonId::new(ORIGIN, [1; 10]),
        coverage: CoverageId::new(ORIGIN, [1; 10]),
        kind: CertificateKind::General,
        numbers: InsuranceNumbers::parse("139999", "99-12", "700123", "2").unwrap(),
        relation: Some(Relation::Dependant),
        insured_name: Some("見本　太郎".to_owned()),
        name: "見本　花子".to_owned(),
        other_name: None,
        kana: "ミホン　ハナコ".to_owned(),
        other_kana: None,
        sex: Sex::Female,
        printed_sex: None,
        birthdate: day(19_840_709),
        address: Some("東京都架空区見本町１－２－３".to_owned()),
        postal_code: Some(PostalCode::parse("1000000").unwrap()),
        qualified_on: day(20_240_401),
        lost_on: None,
        issued_on: Some(day(20_240_401)),
        certificate_from: Some(day(20_240_401)),
        certificate_to: Some(day(20_270_731)),
        share_percent: Some(30),
        preschool: false,
        loss: None,
        insurer_name: "架空区国民健康保険".to_owned(),
        elderly: None,
        limit_consent: Some(AnswerConsent::Given(at(20_261_122, 90_103))),
        limit: Some(LimitCertificate {
            kind: LimitKind::Limit,
            class: IncomeClass::A03,
            issued_on: None,
            valid_from: day(20_260_801),
            valid_to: Some(day(20_270_731)),
            long_term_on: None,
        }),
        disease_consent: None,
        diseases: Vec::new(),
        tickets: Vec::new(),
        consents: None,
        reference_number: Some("0012345".to_owned()),
    }
}

#[track_caller]
fn assert_file(bytes: &[u8], file: &str) {
    assert_eq!(String::from_utf8_lossy(bytes), file);
}

#[test]
fn a_check_by_numbers_is_the_published_example() {
    let file = include_str!("../data/messages/OQSsiquc01req_number.xml");
    let request = eligibility::Request::from_xml(file.as_bytes(), Role::Request).unwrap();
    let query = request.query();
    assert_eq!((query.day, query.birthdate, query.limit_consent), (day(20_261_122), day(19_840_709), true));
    assert_eq!(query.numbers, InsuranceNumbers::parse("139999", "99-12", "700123", "02").unwrap());
    let answer = Answer::to_numbers(&query, at(20_261_122, 90_103), QualificationValidity::Valid, vec![hanako()]);
    let institution = clinic();
    let to = Addressee {
        institution: &institution,
        identifier: request.header.identifier.clone(),
        character_code: CharacterCode::Utf8,
    };
    let message = eligibility::Answer::telling(&answer, &to, Some(request.body.search));
    assert_file(&message.to_xml(CharacterCode::Utf8), include_str!("../data/messages/OQSsiquc01res_number.xml"));
}

#[test]
fn a_pass_at_the_reader_is_the_face_file() {
    let now = at(20_261_122, 91_500);
    let until = at(20_261_123, 91_500);
    let yes = KindConsent { mark: RecordConsent::Yes, times: Some((now, until)) };
    let no = KindConsent { mark: RecordConsent::No, times: None };
    let insured = Row {
        numbers: InsuranceNumbers::parse("139999", "９９－１２", "700123", "02").unwrap(),
        name: "髙見　花子".to_owned(),
        other_name: Some("ＭＩＨＯＮ　ＨＡＮＡＫＯ".to_owned()),
        kana: "タカミ　ハナコ".to_owned(),
        other_kana: Some("ミホン　ハナコ".to_owned()),
        printed_sex: Some(Sex::Unset),
        birthdate: day(19_520_709),
        address: Some("東京都架空区見本町１－２－３　Ａ＆Ｂ館".to_owned()),
        lost_on: Some(day(20_261_101)),
        preschool: true,
        loss: Some(ReasonOfLoss::OtherCoverage),
        elderly: Some(ElderlyCertificate {
            issued_on: Some(day(20_260_701)),
            valid_from: day(20_260_801),
            valid_to: Some(day(20_270_731)),
            share_percent: 20,
        }),
        limit_consent: Some(AnswerConsent::Given(now)),
        limit: Some(LimitCertificate {
            kind: LimitKind::LimitAndReduction,
            class: IncomeClass::B05,
            issued_on: Some(day(20_260_715)),
            valid_from: day(20_260_801),
            valid_to: Some(day(20_270_731)),
            long_term_on: Some(day(20_261_001)),
        }),
        disease_consent: Some(AnswerConsent::Given(now)),
        diseases: vec![disease(DiseaseCategory::KidneyFailure, 20_000), disease(DiseaseCategory::Hiv, 10_000)],
        consents: Some(Consents { checkup: yes, medication: yes, medical_care: no, surgery: no }),
        ..hanako()
    };
    let answer = Answer {
        day: day(20_261_122),
        at: now,
        means: ReferenceClassification::Card,
        validity: QualificationValidity::Valid,
        notices: vec![Notice::CertificateEnds],
        prescription: Some(PrescriptionForm::Electronic),
        rows: vec![insured, assisted(Consents { checkup: no, medication: no, medical_care: yes, surgery: yes })],
    };
    let institution = clinic();
    let identifier = Text::new("c2FtcGxlLXNhbXBsZQ=");
    let to = Addressee { institution: &institution, identifier, character_code: CharacterCode::Utf8 };
    let mut message = eligibility::Answer::telling(&answer, &to, None);
    message.body.results.0[0].key = Text::new("3f2a9c");
    assert_file(&message.to_xml(CharacterCode::Utf8), include_str!("../data/messages/OQSsiquc01res_face.xml"));
}

fn disease(category: DiseaseCategory, self_pay_yen: i64) -> DiseaseCertificate {
    DiseaseCertificate {
        category,
        issued_on: Some(day(20_250_401)),
        valid_from: day(20_250_401),
        valid_to: Some(day(20_270_331)),
        self_pay_yen,
    }
}

/// The same person's 医療扶助.
fn assisted(consents: Consents) -> Row {
    Row {
        kind: CertificateKind::MedicalAssistance,
        numbers: InsuranceNumbers::parse("12139999", "", "0012345", "").unwrap(),
        relation: Some(Relation::Insured),
        insured_name: None,
        name: "髙見　花子".to_owned(),
        kana: "タカミ　ハナコ".to_owned(),
        birthdate: day(19_520_709),
        address: None,
        postal_code: None,
        qualified_on: day(20_260_401),
        issued_on: None,
        certificate_from: None,
        certificate_to: None,
        share_percent: None,
        insurer_name: "架空区福祉事務所".to_owned(),
        limit_consent: None,
        limit: None,
        tickets: vec![TicketLine { ticket: ticket(), entrusted_here: false }],
        consents: Some(consents),
        reference_number: None,
        ..hanako()
    }
}

fn ticket() -> MedicalTicket {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    MedicalTicket {
        person: PersonId::new(ORIGIN, [1; 10]),
        id: TicketId::new(ORIGIN, [1; 10]),
        kind: TicketKind::Dispensing,
        month: Month::from_number(202_611).unwrap(),
        valid_from: day(20_261_101),
        valid_to: day(20_261_130),
        issue_number: "26110001".to_owned(),
        institution: pharmacy(),
        institution_name: "架空薬局".to_owned(),
        prescriber: Some(ticket::Prescriber { code: clinic(), name: "架空診療所".to_owned() }),
        injuries: texts(&["高血圧症", "糖尿病", "腰痛症"]),
        treatment: TreatmentKind::Dispensing,
        self_pay_yen: Some(0),
        district_contact: "見本一郎".to_owned(),
        handling_contact: "見本二郎".to_owned(),
        combination: Combination::Combined,
        social_insurance: Some(true),
        inconsistent: true,
        infection: Some(false),
        elderly_care: Some(false),
        prefectural_expenses: Some(false),
        remarks: texts(&["備考その１", "備考その２", "備考その３"]),
    }
}

fn drug(count: u32, prescribed_on: Day) -> Medication {
    Medication {
        day: None,
        prescribed_on: Some(prescribed_on),
        class: 21,
        code: "610000000".to_owned(),
        name: "見本錠５ｍｇ".to_owned(),
        ingredient: Some("見本成分".to_owned()),
        amount: Amount::parse("1"),
        unit: "錠".to_owned(),
        count,
        count_unit: CountUnit::Days,
        usage: Some("１日１回朝食後".to_owned()),
        dose: None,
        instruction: Some("粉砕".to_owned()),
        in_house: false,
    }
}

fn act(class: u8, code: &str, name: &str, quantity: Option<(&str, &str)>) -> Act {
    let quantity = quantity.map(|(amount, unit)| (Amount::parse(amount).unwrap(), unit.to_owned()));
    let (code, name, section) = (code.to_owned(), name.to_owned(), String::new());
    Act { day: None, class, code, name, section, quantity, count: 1 }
}

fn receipts(origins: Option<Origins>, acts: Vec<Act>) -> ReceiptMonth {
    let prescribed_on = day(20_260_914);
    ReceiptMonth {
        institution: Place { code: pharmacy(), name: "架空薬局".to_owned() },
        prescriber: Some(Prescriber { code: "1319999991".to_owned(), name: "架空診療所".to_owned() }),
        month: Month::from_number(202_609).unwrap(),
        setting: CareSetting::Pharmacy,
        origins,
        days: vec![ReceiptDay {
            day: Some(day(20_260_915)),
            prescribed_on: Some(prescribed_on),
            drugs: vec![drug(28, prescribed_on); 2],
            acts,
        }],
    }
}

fn slips(dispensed_on: Option<Day>) -> PrescriptionMonth {
    let prescribed_on = day(20_261_119);
    PrescriptionMonth {
        month: Month::from_number(202_611).unwrap(),
        prescriber: Place { code: clinic(), name: "架空診療所".to_owned() },
        prescriber_origin: Origin::Own,
        pharmacy: dispensed_on.map(|_| Place { code: pharmacy(), name: "架空薬局".to_owned() }),
        pharmacy_origin: dispensed_on.map(|_| Origin::Other),
        days: vec![PrescriptionDay { dispensed_on, prescribed_on, drugs: vec![drug(14, prescribed_on)] }],
    }
}

#[track_caller]
fn check_records(receipts: Vec<ReceiptMonth>, slips: [Vec<PrescriptionMonth>; 2], file: &str) {
    let [dispensings, prescriptions] = slips;
    let records = Records {
        person: PersonHead {
            name: "見本　花子".to_owned(),
            kana: "ミホン　ハナコ".to_owned(),
            birthdate: day(19_840_709),
            sex: Sex::Female,
        },
        receipts,
        dispensings,
        prescriptions,
    };
    let message = records::Answer::telling(&records, "1319999991", Text::new("0012345"), at(20_261_122, 200_103));
    assert_file(&message.to_xml(CharacterCode::Utf8), file);
}

#[test]
fn records_of_each_category_are_the_files() {
    let acts =
        vec![act(13, "120002370", "薬剤情報提供料", None), act(50, "150000000", "見本切除術", Some(("1.5", "ｃｍ")))];
    check_records(
        vec![receipts(None, acts), receipts(None, Vec::new())],
        [vec![slips(Some(day(20_261_120)))], vec![slips(None)]],
        include_str!("../data/messages/YZKsiquc01res_care.xml"),
    );
    let origins = Origins { institution: Origin::Other, prescriber: Some(Origin::Own) };
    check_records(
        vec![receipts(Some(origins), Vec::new())],
        [Vec::new(), Vec::new()],
        include_str!("../data/messages/YZKsiquc01res_medication.xml"),
    );
}

#[test]
fn months_in_the_wrong_order_are_a_wrong_element() {
    let file = include_str!("../data/messages/YZKsiquc01req_care.xml");
    let query = |file: &str| records::Request::from_xml(file.as_bytes(), Role::Request).unwrap().query();
    assert_eq!(query(file).unwrap().numbers.branch, "02");
    let turned = file.replace("<EndDate>202611", "<EndDate>202605");
    assert_eq!(query(&turned).unwrap_err().detail(), "EndDate");
}

#[test]
fn check_ups_are_the_file() {
    let result = |code: &str, value| CheckupResult {
        code: code.to_owned(),
        sent_name: String::new(),
        value,
        interpretation: None,
        reference: None,
    };
    let protein = ResultValue::Code {
        ordered: true,
        code: "1".to_owned(),
        system: "1.2.392.200119.6.2102".to_owned(),
        sent_name: "－".to_owned(),
    };
    let checkups = [Checkup {
        id: CheckupId::new(ORIGIN, [1; 10]),
        day: day(20_260_610),
        category: Category::Specific,
        program: Program::Specific,
        performer: Performer { code: "1312345678".to_owned(), name: "架空健診機関".to_owned() },
        results: vec![
            result("9N001000000000001", ResultValue::Quantity { number: "158.2".to_owned(), unit: "cm".to_owned() }),
            result("1A010000000190111", protein),
            result("9A110160800000049", ResultValue::Text("正常範囲".to_owned())),
        ],
    }];
    let person = Person {
        id: PersonId::new(ORIGIN, [1; 10]),
        name: "見本　花子".to_owned(),
        kana: "ミホン　ハナコ".to_owned(),
        sex: Sex::Female,
        birthdate: day(19_840_709),
        died_on: None,
        particulars: Particulars::default(),
    };
    let now = at(20_261_122, 200_103);
    let message = checkup::Answer::telling(&person, &checkups, "1319999991", Text::new("0012345"), now);
    assert_file(&message.to_xml(CharacterCode::Utf8), include_str!("../data/messages/TKKsiquc01res_data.xml"));
    let request = include_str!("../data/messages/TKKsiquc01req_data.xml");
    let query = checkup::Request::from_xml(request.as_bytes(), Role::Request).unwrap().query();
    assert_eq!(query.numbers, InsuranceNumbers::parse("139999", "99-12", "700123", "02").unwrap());
}
