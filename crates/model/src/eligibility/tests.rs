//! The whole table of grades, of matching and of what a row tells, each with its neighbours.

use super::*;
use crate::certificate::{Certificate, DiseaseCertificate, ElderlyCertificate, LimitCertificate};
use crate::code::{
    CertificateKind, Code, Combination, DiseaseCategory, IncomeClass, LimitKind, RecordConsent, TicketKind,
    TreatmentKind,
};
use crate::consent::{CONSENT_SECONDS, Grant, InformationKind, Scope};
use crate::coverage::{Coverage, ReasonOfLoss, Relation};
use crate::day::Month;
use crate::id::{ConsentId, CoverageId, PersonId, TicketId};
use crate::institution::InstitutionCode;
use crate::person::{Particulars, Person, PostalCode, Sex};
use crate::ticket::{MedicalTicket, Prescriber};

const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);
const FROM: i64 = 20_240_401;
const TO: i64 = 20_260_331;

fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

fn person_id(number: u8) -> PersonId {
    PersonId::new(NOW, [number; 10])
}

fn coverage_id(number: u8) -> CoverageId {
    CoverageId::new(NOW, [number; 10])
}

fn here() -> InstitutionCode {
    InstitutionCode::parse("1319999991").unwrap()
}

fn elsewhere() -> InstitutionCode {
    InstitutionCode::parse("1312345678").unwrap()
}

fn coverage(number: u8, kind: CertificateKind, from: i64, to: Option<i64>) -> Coverage {
    Coverage {
        person: person_id(1),
        id: coverage_id(number),
        numbers: InsuranceNumbers::parse("138057", "国12", "7001", "01").unwrap(),
        insurer_name: "架空区国民健康保険".to_owned(),
        relation: Relation::Dependant,
        kind,
        valid_from: day(from),
        valid_to: to.map(day),
        loss: to.map(|_| ReasonOfLoss::OtherCoverage),
        patient_share_percent: Some(30),
        certificate: Certificate::default(),
    }
}

fn health(number: u8, from: i64, to: Option<i64>) -> Coverage {
    coverage(number, CertificateKind::General, from, to)
}

fn assistance(number: u8, from: i64, to: Option<i64>) -> Coverage {
    coverage(number, CertificateKind::MedicalAssistance, from, to)
}

fn told(verdict: &Verdict<'_>) -> (Validity, Vec<CoverageId>) {
    (verdict.validity, verdict.coverages.iter().map(|coverage| coverage.id).collect())
}

#[track_caller]
fn check_numbers(all: &[Coverage], asked: &[u8], on: i64, ticket: Presence, expected: (Validity, &[u8])) {
    let asked: Vec<_> = asked.iter().map(|number| coverage_id(*number)).collect();
    let expected = (expected.0, expected.1.iter().map(|number| coverage_id(*number)).collect());
    assert_eq!(told(&by_numbers(&asked, all, day(on), ticket)), expected);
}

#[track_caller]
fn check_card(all: &[Coverage], on: i64, ticket: Presence, expected: (Validity, &[u8])) {
    let expected = (expected.0, expected.1.iter().map(|number| coverage_id(*number)).collect());
    assert_eq!(told(&by_card(all, day(on), ticket)), expected);
}

#[test]
fn a_coverage_holds_from_its_first_to_its_last_day() {
    use Validity::{Invalid, None as Unknown, Valid};
    let all = [health(1, FROM, Some(TO))];
    for (on, validity, rows) in [
        (20_240_331, Unknown, &[][..]),
        (FROM, Valid, &[1]),
        (20_250_101, Valid, &[1]),
        (TO, Valid, &[1]),
        (20_260_401, Invalid, &[1]),
        (20_990_101, Invalid, &[1]),
    ] {
        check_numbers(&all, &[1], on, Presence::Missing, (validity, rows));
        check_card(&all, on, Presence::Missing, (validity, rows));
    }
    check_numbers(&[health(1, FROM, None)], &[1], 20_990_101, Presence::Missing, (Valid, &[1]));
    check_numbers(&all, &[], FROM, Presence::Missing, (Unknown, &[]));
    check_numbers(&[], &[1], FROM, Presence::Missing, (Unknown, &[]));
    check_card(&[], FROM, Presence::Missing, (Unknown, &[]));
}

#[test]
fn a_lost_coverage_tells_only_that_there_is_a_newer_one() {
    use Validity::{Invalid, Replaced, Valid};
    let missing = Presence::Missing;
    let newer = [health(1, FROM, Some(TO)), health(2, 20_260_501, None)];
    // The gap of April: the newer coverage does not hold yet.
    check_numbers(&newer, &[1], 20_260_430, missing, (Invalid, &[1]));
    check_numbers(&newer, &[1], 20_260_501, missing, (Replaced, &[1]));
    check_numbers(&newer, &[2], 20_260_501, missing, (Valid, &[2]));
    check_card(&newer, 20_260_430, missing, (Invalid, &[1]));
    check_card(&newer, 20_260_501, missing, (Valid, &[2]));
    // The newer one has ended as well.
    let ended = [health(1, FROM, Some(TO)), health(2, 20_260_401, Some(20_260_430))];
    check_numbers(&ended, &[1], 20_260_430, missing, (Replaced, &[1]));
    check_numbers(&ended, &[1], 20_260_501, missing, (Invalid, &[1]));
    check_card(&ended, 20_260_501, missing, (Invalid, &[2]));
    // An older one that lasts is not newer.
    let older = [health(1, FROM, Some(TO)), health(2, 20_230_401, None)];
    check_numbers(&older, &[1], 20_260_401, missing, (Invalid, &[1]));
    // 医療扶助 that began since is newer too.
    let assisted = [health(1, FROM, Some(TO)), assistance(2, 20_260_401, None)];
    check_numbers(&assisted, &[1], 20_260_401, missing, (Replaced, &[1]));
}

#[test]
fn several_periods_under_the_same_numbers_are_one_coverage() {
    let all = [health(1, FROM, Some(TO)), health(2, 20_260_501, None)];
    let asked: &[u8] = &[1, 2];
    check_numbers(&all, asked, TO, Presence::Missing, (Validity::Valid, &[1]));
    check_numbers(&all, asked, 20_260_430, Presence::Missing, (Validity::Invalid, &[1]));
    check_numbers(&all, asked, 20_260_501, Presence::Missing, (Validity::Valid, &[2]));
}

#[test]
fn a_card_shows_several_only_where_they_hold_at_once() {
    use Validity::{NotRegistered, Several, Valid};
    let two = [health(1, FROM, Some(TO)), health(2, 20_260_301, None)];
    check_card(&two, 20_260_228, Presence::Missing, (Valid, &[1]));
    check_card(&two, 20_260_301, Presence::Missing, (Several, &[2, 1]));
    check_card(&two, TO, Presence::Missing, (Several, &[2, 1]));
    check_card(&two, 20_260_401, Presence::Missing, (Valid, &[2]));
    // Combined use: insurance and 医療扶助 are no several.
    let combined = [assistance(3, FROM, None), health(1, FROM, Some(TO))];
    for ticket in [Presence::Missing, Presence::Registered] {
        check_card(&combined, TO, ticket, (Valid, &[1, 3]));
    }
    check_card(&combined, 20_260_401, Presence::Missing, (NotRegistered, &[3]));
    check_card(&combined, 20_260_401, Presence::Registered, (Valid, &[3]));
    let moved = [assistance(3, FROM, None), assistance(4, 20_250_401, None)];
    check_card(&moved, TO, Presence::Registered, (Valid, &[4]));
}

#[test]
fn a_ticket_matters_for_assistance_that_holds_only() {
    use Validity::{Invalid, NotRegistered, Valid};
    let all = [assistance(1, FROM, Some(TO)), health(2, FROM, None)];
    check_numbers(&all, &[1], TO, Presence::Missing, (NotRegistered, &[1]));
    check_numbers(&all, &[1], TO, Presence::Registered, (Valid, &[1]));
    check_numbers(&all, &[1], 20_260_401, Presence::Missing, (Invalid, &[1]));
    check_numbers(&all, &[1], 20_260_401, Presence::Registered, (Invalid, &[1]));
    check_numbers(&all, &[2], TO, Presence::Missing, (Valid, &[2]));
}

fn holder(person: u8, number: &str, branch: &str, birthdate: i64) -> Holder {
    Holder {
        person: person_id(person),
        coverage: coverage_id(person),
        number: number.to_owned(),
        branch: branch.to_owned(),
        birthdate: day(birthdate),
    }
}

#[track_caller]
fn check_matching(number: &str, branch: &str, birthdate: i64, holders: &[Holder], expected: Found) {
    let numbers = InsuranceNumbers::parse("138057", "国12", number, branch).unwrap();
    let query = Query { numbers, birthdate: day(birthdate), limit_consent: false, day: day(TO) };
    assert_eq!(matching(&query, holders), expected, "{number} {branch} {birthdate}");
}

#[test]
fn numbers_name_one_person_or_nobody() {
    let family =
        [holder(1, "7001", "01", 19_840_709), holder(2, "7001", "02", 20_100_303), holder(3, "7001", "03", 20_100_303)];
    let one = |number: u8| Found::Person(person_id(number), vec![coverage_id(number)]);
    for (number, branch, birthdate, expected) in [
        ("7001", "01", 19_840_709, one(1)),
        ("7001", "", 19_840_709, one(1)),
        ("７００１", "1", 19_840_709, one(1)),
        ("07001", "01", 19_840_709, one(1)),
        ("7001", "02", 20_100_303, one(2)),
        ("7001", "03", 20_100_303, one(3)),
        ("7001", "", 20_100_303, Found::Several),
        ("7001", "", 20_100_304, Found::OtherBirthdate),
        ("7001", "01", 20_100_303, Found::OtherBirthdate),
        ("7001", "04", 20_100_303, Found::Nobody),
    ] {
        check_matching(number, branch, birthdate, &family, expected);
    }
    check_matching("7001", "01", 19_840_709, &[], Found::Nobody);
}

#[test]
fn an_equal_number_counts_before_one_without_its_zeros() {
    let both = [holder(1, "0012", "", 19_840_709), holder(2, "12", "", 19_840_709)];
    check_matching("0012", "", 19_840_709, &both, Found::Person(person_id(1), vec![coverage_id(1)]));
    check_matching("12", "", 19_840_709, &both, Found::Person(person_id(2), vec![coverage_id(2)]));
    check_matching("012", "", 19_840_709, &both, Found::Several);
    let born_apart = [holder(1, "0012", "", 19_840_709), holder(2, "12", "", 19_900_101)];
    check_matching("0012", "", 19_900_101, &born_apart, Found::Person(person_id(2), vec![coverage_id(2)]));
    check_matching("0012", "", 19_900_102, &born_apart, Found::OtherBirthdate);
}

#[test]
fn several_coverages_of_one_person_are_that_person() {
    let mut second = holder(1, "7001", "01", 19_840_709);
    second.coverage = coverage_id(9);
    let holders = [holder(1, "7001", "01", 19_840_709), second];
    let expected = Found::Person(person_id(1), vec![coverage_id(1), coverage_id(9)]);
    check_matching("7001", "01", 19_840_709, &holders, expected);
}

fn person() -> Person {
    Person {
        id: person_id(1),
        name: "山\u{E001}　花子".to_owned(),
        kana: "ヤマダ　ハナコ".to_owned(),
        sex: Sex::Female,
        birthdate: day(20_200_402),
        died_on: None,
        particulars: Particulars {
            other_name: Some("見本　花子".to_owned()),
            other_kana: Some("ミホン　ハナコ".to_owned()),
            address: Some("東京都架空区見本町１－２－３".to_owned()),
            postal_code: Some(PostalCode::parse("1000000").unwrap()),
        },
    }
}

fn certificate() -> Certificate {
    let (from, to) = (day(20_250_801), Some(day(20_260_731)));
    Certificate {
        insured_name: Some("山\u{E001}　太郎".to_owned()),
        sex: Some(Sex::Unset),
        issued_on: Some(day(20_250_715)),
        valid_from: Some(from),
        valid_to: to,
        elderly: vec![ElderlyCertificate { issued_on: None, valid_from: from, valid_to: to, share_percent: 20 }],
        limits: vec![LimitCertificate {
            kind: LimitKind::Limit,
            class: IncomeClass::A03,
            issued_on: None,
            valid_from: from,
            valid_to: to,
            long_term_on: None,
        }],
        diseases: vec![DiseaseCertificate {
            category: DiseaseCategory::KidneyFailure,
            issued_on: None,
            valid_from: from,
            valid_to: to,
            self_pay_yen: 10_000,
        }],
    }
}

fn ticket(number: u8, institution: InstitutionCode, from: i64, to: i64) -> MedicalTicket {
    MedicalTicket {
        person: person_id(1),
        id: TicketId::new(NOW, [number; 10]),
        kind: TicketKind::Medical,
        month: day(from).month(),
        valid_from: day(from),
        valid_to: day(to),
        issue_number: "1".to_owned(),
        institution,
        institution_name: "架空診療所".to_owned(),
        prescriber: Some(Prescriber { code: elsewhere(), name: "別の診療所".to_owned() }),
        injuries: vec!["高血圧症".to_owned()],
        treatment: TreatmentKind::Outpatient,
        self_pay_yen: Some(500),
        district_contact: "地区".to_owned(),
        handling_contact: "取扱".to_owned(),
        combination: Combination::Single,
        social_insurance: Some(false),
        inconsistent: false,
        infection: Some(false),
        elderly_care: Some(false),
        prefectural_expenses: Some(false),
        remarks: vec!["備考".to_owned()],
    }
}

fn known<'a>(person: &'a Person, institution: &'a InstitutionCode, on: i64) -> Known<'a> {
    Known {
        person,
        tickets: &[],
        told: Told::OfDay,
        reference_number: Some("0012345"),
        institution,
        day: day(on),
        limit_consent: None,
        disease_consent: None,
        consents: None,
    }
}

fn certified() -> Coverage {
    Coverage { certificate: certificate(), ..health(1, FROM, Some(20_261_031)) }
}

#[test]
fn a_row_tells_the_certificate_and_shows_rare_characters() {
    let (person, here) = (person(), here());
    let row = row(&known(&person, &here, 20_260_401), &certified());
    assert_eq!((row.name.as_str(), row.insured_name.as_deref()), ("山●　花子", Some("山●　太郎")));
    assert_eq!((row.other_name.as_deref(), row.printed_sex), (Some("見本　花子"), Some(Sex::Unset)));
    assert_eq!((row.qualified_on, row.lost_on), (day(FROM), Some(day(20_261_101))));
    assert_eq!((row.preschool, row.relation), (true, Some(Relation::Dependant)));
    assert_eq!(row.reference_number.as_deref(), Some("0012345"));
    assert_eq!((row.limit, row.limit_consent, row.diseases.len(), row.consents), (None, None, 0, None));
    let packed = serde_json::to_string(&super::row(&known(&person, &here, 20_260_401), &certified())).unwrap();
    let back: Row = serde_json::from_str(&packed).unwrap();
    assert_eq!(back.numbers.symbol, "国12");
    assert_eq!(serde_json::to_string(&back).unwrap(), packed);
}

#[test]
fn certificates_count_on_their_days_only() {
    let (person, here) = (person(), here());
    let given = Some(AnswerConsent::Given(NOW));
    for (on, holds) in [(20_250_731, false), (20_250_801, true), (20_260_731, true), (20_260_801, false)] {
        let known = Known { limit_consent: given, disease_consent: given, ..known(&person, &here, on) };
        let row = row(&known, &certified());
        assert_eq!(
            (row.elderly.is_some(), row.limit.is_some(), row.diseases.len() == 1),
            (holds, holds, holds),
            "{on}"
        );
    }
}

#[test]
fn limits_and_diseases_are_told_with_consent_only() {
    let (person, here) = (person(), here());
    for limit in [None, Some(AnswerConsent::Refused), Some(AnswerConsent::Given(NOW))] {
        for disease in [None, Some(AnswerConsent::Refused), Some(AnswerConsent::Given(NOW))] {
            let known = Known { limit_consent: limit, disease_consent: disease, ..known(&person, &here, TO) };
            let row = row(&known, &certified());
            assert_eq!((row.limit_consent, row.disease_consent), (limit, disease));
            assert_eq!(row.limit.is_some(), limit == Some(AnswerConsent::Given(NOW)));
            assert_eq!(row.diseases.len() == 1, disease == Some(AnswerConsent::Given(NOW)));
            // 医療扶助 has none of them.
            let assisted = Coverage { kind: CertificateKind::MedicalAssistance, ..certified() };
            let row = super::row(&known, &assisted);
            assert_eq!((row.limit_consent, row.disease_consent, row.relation), (None, None, None));
        }
    }
}

#[test]
fn tickets_of_the_month_are_told_and_those_of_others_without_care() {
    let (person, here) = (person(), here());
    let tickets = [
        ticket(1, elsewhere(), 20_260_301, 20_260_331),
        ticket(2, here.clone(), 20_260_301, 20_260_315),
        ticket(3, here.clone(), 20_260_201, 20_260_228),
    ];
    let assisted = assistance(1, FROM, None);
    for (on, registered, lines) in [
        (20_260_228, Presence::Registered, vec![(3, true)]),
        (20_260_301, Presence::Registered, vec![(2, true), (1, false)]),
        (20_260_315, Presence::Registered, vec![(2, true), (1, false)]),
        (20_260_316, Presence::Missing, vec![(1, false)]),
        (20_260_401, Presence::Missing, vec![]),
    ] {
        assert_eq!(Presence::of(&tickets, &here, day(on), Told::OfDay), registered, "{on}");
        let known = Known { tickets: &tickets, ..known(&person, &here, on) };
        let row = row(&known, &assisted);
        let found: Vec<_> = row.tickets.iter().map(|line| (line.ticket.id, line.entrusted_here)).collect();
        let expected: Vec<_> = lines.iter().map(|(id, ours)| (TicketId::new(NOW, [*id; 10]), *ours)).collect();
        assert_eq!(found, expected, "{on}");
        for line in &row.tickets {
            assert_eq!(line.ticket.injuries.is_empty(), !line.entrusted_here);
            assert_eq!(line.ticket.remarks.is_empty(), !line.entrusted_here);
        }
        assert_eq!(super::row(&known, &health(2, FROM, None)).tickets, []);
    }
    assert_eq!(day(TO).month(), Month::from_number(202_603).unwrap());
}

#[test]
fn consents_have_times_only_where_something_was_agreed_to() {
    let scope = Scope::of(&[InformationKind::Medication, InformationKind::Checkup]);
    let id = ConsentId::new(NOW, [1; 10]);
    let grant = Grant::new(id, person_id(1), here(), Scope::FULL, scope, NOW);
    let start = NOW.whole_second();
    let (no, lapsed) = (KindConsent { mark: RecordConsent::No, times: None }, start.plus_seconds(CONSENT_SECONDS));
    let yes = KindConsent { mark: RecordConsent::Yes, times: Some((start, lapsed)) };
    let all = |agreed, others| Consents { checkup: agreed, medication: agreed, medical_care: others, surgery: others };
    assert_eq!(Consents::of(Some(&grant), NOW), all(yes, no));
    assert_eq!(Consents::of(Some(&grant), lapsed.plus_seconds(-1)), all(yes, no));
    assert_eq!(Consents::of(Some(&grant), lapsed), all(no, no));
    assert_eq!(Consents::of(None, NOW), all(no, no));
    let withdrawn = Grant { withdrawn_at: Some(NOW), ..grant };
    assert_eq!(Consents::of(Some(&withdrawn), NOW), all(no, no));
}

#[test]
fn grades_carry_their_notices() {
    for (validity, notices) in [
        (Validity::Valid, vec![]),
        (Validity::Invalid, vec![]),
        (Validity::Replaced, vec![]),
        (Validity::None, vec![Notice::NobodyFits]),
        (Validity::Several, vec![Notice::SeveralFit]),
        (Validity::NotRegistered, vec![]),
    ] {
        let answer = Answer::to_card(NOW, validity, vec![Notice::CardEnds], Vec::new());
        assert_eq!(answer.notices, [notices, vec![Notice::CardEnds]].concat());
        assert_eq!(Validity::from_code(validity.code()), Some(validity));
        let packed = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&packed).unwrap(), answer);
    }
}

#[test]
fn a_renewed_certificate_keeps_former_periods_once() {
    let former = certificate();
    let mut newer = certificate();
    newer.limits[0].class = IncomeClass::A04;
    newer.elderly[0].valid_from = day(20_260_801);
    let renewed = newer.renewed(former);
    assert_eq!(renewed.limits.len(), 1);
    assert_eq!(renewed.limits[0].class, IncomeClass::A04);
    let starts: Vec<_> = renewed.elderly.iter().map(|one| one.valid_from.number()).collect();
    assert_eq!(starts, [20_260_801, 20_250_801]);
    assert_eq!(renewed.diseases.len(), 1);
}
