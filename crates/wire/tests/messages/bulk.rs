//! Bulk messages become uploads, and what became of their records becomes messages.

use madoguchi_model::bulk::{BulkStatus, OnlineDay, Progress, Question, ReceptionNumber, Record, Unit, Upload};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::eligibility::Validity;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_wire::message::bulk::{
    AssistanceRequest, BulkResult, EligibilityRequest, EligibilityResult, HomeVisitsRequest, OnlineCareRequest,
    Receipt, ReferenceRequest,
};
use madoguchi_wire::message::catalogue::Document;
use madoguchi_wire::message::eligibility::Addressee;
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::{CharacterCode, Role};

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../data/messages/", $name))
    };
}

macro_rules! request {
    ($message:ty, $name:literal) => {
        <$message>::from_xml(file!($name).as_bytes(), Role::Request).unwrap()
    };
}

fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

/// 2026-11-22 20:01:03, when the golden files were written.
fn now() -> Timestamp {
    day(20_261_122).midnight().plus_seconds(20 * 3_600 + 63)
}

fn number() -> ReceptionNumber {
    ReceptionNumber::parse("20261122000000017").unwrap()
}

fn check_result(expected: &str, make: impl FnOnce(&Addressee<'_>) -> BulkResult) {
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let to = Addressee { institution: &institution, identifier: None, character_code: CharacterCode::Utf8 };
    let bytes = make(&to).to_xml(CharacterCode::Utf8);
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

fn status(question: Question, progress: Progress) -> BulkStatus {
    BulkStatus {
        number: number(),
        received_at: now().plus_seconds(-63),
        kept_until: now(),
        question,
        tag: Some("night".to_owned()),
        user: "agent01".to_owned(),
        progress,
        records: 2,
        normal: 1,
        wrong: 1,
    }
}

fn ended(normal: bool, code: &str, text: &str) -> Unit {
    let result = (!code.is_empty()).then(|| (code.to_owned(), text.to_owned()));
    Unit { normal, result, validity: None, rows: Vec::new() }
}

#[test]
fn requests_become_uploads() {
    let Upload { tag, question, records } = request!(EligibilityRequest, "OQSmuquc01req_two.xml").upload();
    assert_eq!((tag.as_deref(), question, records.len()), (Some("night"), Question::Eligibility(day(20_261_123)), 2));
    let Record::Search(second) = &records[1] else { panic!("no search") };
    assert_eq!((second.identifier.as_deref(), second.query.limit_consent), (Some("row-2"), false));
    assert_eq!((second.query.numbers.number.as_str(), second.query.day), ("00012345", day(20_261_123)));

    let upload = request!(ReferenceRequest, "OQSmuimm01req_two.xml").upload();
    assert_eq!(upload.question, Question::ReferenceNumbers);
    let Record::Registration(first) = &upload.records[0] else { panic!("no registration") };
    assert_eq!((first.reference_number.as_str(), first.numbers.branch.as_str()), ("0012345", "02"));

    let (from, to) = (day(20_261_101), day(20_261_122));
    let asked = request!(AssistanceRequest, "OQSmutic01req_month.xml").upload().question;
    assert!(matches!(asked, Question::Entrusted(month) if month >= Month::from_number(202_601).unwrap()));
    let asked = request!(HomeVisitsRequest, "OQSmuhvq01req_days.xml").upload().unwrap().question;
    assert_eq!(asked, Question::HomeVisits(from, to));
    let asked = request!(OnlineCareRequest, "OQSmuonq01req_consent.xml").upload().unwrap().question;
    assert_eq!(asked, Question::Online(OnlineDay::Consent, from, to));
    let asked = request!(OnlineCareRequest, "OQSmuonq01req_examination.xml").upload().unwrap().question;
    assert_eq!(asked, Question::Online(OnlineDay::Examination, from, to));
}

#[test]
fn days_that_do_not_fit_together_are_wrong_elements() {
    let check = |change: fn(&mut OnlineCareRequest), expected: &[&str]| {
        let mut message = request!(OnlineCareRequest, "OQSmuonq01req_consent.xml");
        change(&mut message);
        assert_eq!(message.upload().unwrap_err(), expected);
    };
    check(|message| message.body.search.consent_from = None, &["ConsentDateFrom"]);
    check(|message| message.body.search.consent_to = None, &["ConsentDateTo"]);
    check(|message| message.body.search.consent_to = Some(day(20_261_031)), &["ConsentDateTo"]);
    check(
        |message| (message.body.search.consent_from, message.body.search.consent_to) = (None, None),
        &["ConsentDateFrom", "ExaminationDateFrom"],
    );
    check(
        |message| {
            message.body.search.examination_from = message.body.search.consent_from;
            message.body.search.examination_to = message.body.search.consent_to;
        },
        &["ConsentDateFrom", "ExaminationDateFrom"],
    );
    let text = file!("OQSmuhvq01req_days.xml").replace("MedicalTreatmentFlag>2<", "MedicalTreatmentFlag>3<");
    let message = HomeVisitsRequest::from_xml(text.as_bytes(), Role::Request).unwrap();
    assert_eq!(message.upload().unwrap_err(), ["MedicalTreatmentFlag"]);
}

#[test]
fn an_acceptance_is_the_golden_file() {
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let to = Addressee {
        institution: &institution,
        identifier: Text::new("desk1-0001"),
        character_code: CharacterCode::Utf8,
    };
    let receipt = Receipt::accepted(&to, now(), &number(), now().plus_seconds(-63));
    let bytes = receipt.to_xml(CharacterCode::Utf8);
    assert_eq!(String::from_utf8_lossy(&bytes), file!("OQSmuimm01res_accepted.xml"));
}

#[test]
fn results_are_the_golden_files() {
    let question = Question::Eligibility(day(20_261_123));
    check_result(file!("OQSmuquc02res_working.xml"), |to| {
        BulkResult::working(to, now(), &status(question, Progress::Working))
    });
    check_result(file!("OQSmuimm02res_done.xml"), |to| {
        let record = request!(ReferenceRequest, "OQSmuimm01req_two.xml").upload().records.remove(0);
        let mut result = BulkResult::done(to, now(), &status(Question::ReferenceNumbers, Progress::Done));
        result.push(&record, &ended(true, "", ""));
        result.push(&record, &ended(false, "P0030", "照会番号が重複しています。"));
        result
    });
}

#[test]
fn what_was_asked_comes_back_beside_its_answer() {
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let to = Addressee { institution: &institution, identifier: None, character_code: CharacterCode::ShiftJis };
    let request = request!(EligibilityRequest, "OQSmuquc01req_two.xml");
    let upload = request.upload();
    let mut result = BulkResult::done(&to, now(), &status(upload.question, Progress::Done));
    for record in &upload.records {
        let unit = ended(true, "P0001", "該当する資格がありません。");
        result.push(record, &Unit { validity: Some(Validity::None), ..unit });
    }
    let bytes = result.to_xml(CharacterCode::ShiftJis);
    let read = EligibilityResult::from_xml(&bytes, Role::Answer).unwrap();
    let echoes: Vec<_> = read.body.units.iter().map(|unit| unit.search.clone()).collect();
    assert_eq!(echoes, request.body.searches.all());
    assert_eq!(read.body.units[1].validity, Some(Validity::None.into()));
    assert_eq!(read.header.identifier, Text::new("night"));
}

#[test]
fn a_failure_says_so_in_header_and_body() {
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let to = Addressee { institution: &institution, identifier: None, character_code: CharacterCode::Utf8 };
    let question = Question::Entrusted(day(20_261_101).month());
    let failed = BulkResult::failed(&to, now(), &status(question, Progress::Failed), "E0099", "通信に失敗しました。");
    let text = String::from_utf8(failed.to_xml(CharacterCode::Utf8)).unwrap();
    for part in [
        "<SegmentOfResult>9</SegmentOfResult>",
        "<ErrorCode>E0099</ErrorCode>",
        "<ProcessingResultStatus>2</ProcessingResultStatus>",
        "<ProcessingResultCode>E0099</ProcessingResultCode>",
    ] {
        assert!(text.contains(part), "{part} {text}");
    }
}
