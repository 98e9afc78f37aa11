//! 資格確認 by numbers: grades, neighbours of each number, lists, reference numbers, and what is on record.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind as Kind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::certificate::{Certificate, LimitCertificate};
use madoguchi_model::code::{CertificateKind, Code, Combination, IncomeClass, LimitKind, TicketKind, TreatmentKind};
use madoguchi_model::coverage::{Coverage, Relation};
use madoguchi_model::eligibility::{Answer, AnswerConsent, Query, Registration, Validity};
use madoguchi_model::id::{CheckId, CoverageId, TicketId};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::ticket::MedicalTicket;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, Patient, World, day, later, reason};
use madoguchi_service::{Reason, Session, on_every_engine};

on_every_engine!(
    every_grade_by_numbers,
    each_neighbour_of_the_numbers_is_unknown,
    a_wrong_birthdate_is_answered_like_an_unknown_number,
    the_limit_is_told_with_consent_only,
    assistance_without_its_ticket_is_not_registered,
    every_kind_of_account_has_its_right,
    every_answer_leaves_its_entry,
    without_an_audit_entry_nothing_is_answered,
    checks_at_screens_are_listed_for_the_day,
    a_reference_number_comes_back,
    a_reference_number_is_refused,
);

/// 窓口　花子: lost on 2026-06-15, and what she has since.
const FORMER: [&str; 4] = ["01130012", "21700023", "45", "01"];
const CURRENT: [&str; 4] = ["138057", "", "7001234", ""];
const BORN: i64 = 19_620_521;
const TODAY: i64 = 20_261_123;

fn numbers([insurer, symbol, number, branch]: [&str; 4]) -> InsuranceNumbers {
    InsuranceNumbers::parse(insurer, symbol, number, branch).unwrap()
}

fn query(asked: [&str; 4], birthdate: i64, on: i64) -> Query {
    Query { numbers: numbers(asked), birthdate: day(birthdate), limit_consent: false, day: day(on) }
}

async fn answer(world: &World, query: &Query) -> Answer {
    let session = world.session(HOSPITAL, Kind::Agent, NOW).await;
    world.service.check_eligibility(&session, query).await.unwrap()
}

#[track_caller]
fn check(answer: &Answer, validity: Validity, coverage: Option<[&str; 4]>) {
    assert_eq!(answer.validity, validity, "{answer:?}");
    let told: Vec<_> = answer.rows.iter().map(|row| row.numbers.clone()).collect();
    assert_eq!(told, coverage.map(numbers).into_iter().collect::<Vec<_>>());
}

async fn every_grade_by_numbers(world: World) {
    for (asked, birthdate, on, validity, told) in [
        (CURRENT, BORN, TODAY, Validity::Valid, Some(CURRENT)),
        (CURRENT, BORN, 20_260_616, Validity::Valid, Some(CURRENT)),
        (CURRENT, BORN, 20_260_615, Validity::None, None),
        (FORMER, BORN, 20_260_615, Validity::Valid, Some(FORMER)),
        (FORMER, BORN, 20_260_616, Validity::Replaced, Some(FORMER)),
        (["138057", "", "8009999", ""], 19_750_707, 20_261_031, Validity::Valid, Some(["138057", "", "8009999", ""])),
        (["138057", "", "8009999", ""], 19_750_707, 20_261_101, Validity::Invalid, Some(["138057", "", "8009999", ""])),
        (
            ["01130012", "33100045", "12", "01"],
            20_100_303,
            TODAY,
            Validity::Valid,
            Some(["01130012", "33100045", "12", "01"]),
        ),
        (["01130012", "33100045", "12", ""], 20_100_303, TODAY, Validity::Several, None),
    ] {
        check(&answer(&world, &query(asked, birthdate, on)).await, validity, told);
    }
    let rare = answer(&world, &query(["138057", "", "9000003", ""], 19_750_707, TODAY)).await;
    assert_eq!(rare.rows[0].name, "山●　太郎");
    assert_eq!((rare.rows[0].consents, rare.rows[0].disease_consent), (None, None), "numbers tell no consent");
}

async fn each_neighbour_of_the_numbers_is_unknown(world: World) {
    for (asked, known) in [
        (FORMER, true),
        (["01130012", "", "45", "01"], true),
        (["01130012", "", "45", ""], true),
        (["01130012", "２１７－０００２３", "０４５", "1"], true),
        (["01130012", "21700024", "45", "01"], false),
        (["01130012", "21700023", "46", "01"], false),
        (["01130012", "21700023", "45", "02"], false),
        (["01130012", "21700023", "145", "01"], false),
        (["01130013", "21700023", "45", "01"], false),
        (["01130012", "", "46", ""], false),
    ] {
        let answer = answer(&world, &query(asked, BORN, 20_260_615)).await;
        if known {
            check(&answer, Validity::Valid, Some(FORMER));
        } else {
            check(&answer, Validity::None, None);
        }
    }
}

async fn a_wrong_birthdate_is_answered_like_an_unknown_number(world: World) {
    for symbol in ["21700023", ""] {
        let asked = ["01130012", symbol, "45", "01"];
        let known = answer(&world, &query(asked, BORN + 1, TODAY)).await;
        let known_entry = world.last_entry().await.draft;
        let unknown = answer(&world, &query(["01130012", symbol, "46", "01"], BORN + 1, TODAY)).await;
        let unknown_entry = world.last_entry().await.draft;
        assert_eq!(known, unknown);
        assert_eq!(known.notices[0].code(), "P0001");
        assert_eq!(known_entry.detail, "validity=4 day=20261123 code=P0003");
        assert_eq!(unknown_entry.detail, "validity=4 day=20261123 code=P0001");
        for entry in [&known_entry, &unknown_entry] {
            assert_eq!((entry.action, entry.outcome), (Action::CheckEligibility, Outcome::Done));
            assert_eq!(entry.subject.len(), 64);
        }
        assert_ne!(known_entry.subject, unknown_entry.subject);
    }
}

async fn put(world: &World, coverage: Coverage, tickets: Vec<MedicalTicket>) {
    let person = world.service.store().read().person(coverage.person).await.unwrap().unwrap();
    let write = async move |tx: &mut madoguchi_store::Tx| {
        tx.put_coverage(&coverage, &person).await?;
        tx.put_tickets(&tickets).await
    };
    world.service.store().write("test", write).await.unwrap();
}

fn coverage(kind: CertificateKind, own: [&str; 4]) -> Coverage {
    Coverage {
        person: Patient::Ordinary.id(),
        id: CoverageId::new(NOW, [99; 10]),
        numbers: numbers(own),
        insurer_name: "架空区福祉事務所".to_owned(),
        relation: Relation::Insured,
        kind,
        valid_from: day(20_261_001),
        valid_to: None,
        loss: None,
        patient_share_percent: None,
        certificate: Certificate::default(),
    }
}

async fn the_limit_is_told_with_consent_only(world: World) {
    const OWN: [&str; 4] = ["138016", "", "5", ""];
    let mut limited = coverage(CertificateKind::General, OWN);
    limited.certificate.limits = vec![LimitCertificate {
        kind: LimitKind::Limit,
        class: IncomeClass::A03,
        issued_on: None,
        valid_from: day(20_261_001),
        valid_to: Some(day(TODAY)),
        long_term_on: None,
    }];
    put(&world, limited, vec![]).await;
    for (on, consent, told) in [(TODAY, true, true), (TODAY, false, false), (TODAY + 1, true, false)] {
        let asked = Query { limit_consent: consent, ..query(OWN, BORN, on) };
        let answer = answer(&world, &asked).await;
        let row = &answer.rows[0];
        assert_eq!(row.limit.as_ref().map(|limit| limit.class), told.then_some(IncomeClass::A03), "{on} {consent}");
        let expected = if consent { AnswerConsent::Given(NOW) } else { AnswerConsent::Refused };
        assert_eq!(row.limit_consent, Some(expected));
    }
}

fn ticket(institution: &str, in_month: i64) -> MedicalTicket {
    let month = day(in_month * 100 + 1).month();
    MedicalTicket {
        person: Patient::Ordinary.id(),
        id: TicketId::new(NOW, [institution.as_bytes()[9]; 10]),
        kind: TicketKind::Medical,
        month,
        valid_from: month.first_day(),
        valid_to: month.last_day(),
        issue_number: "1".to_owned(),
        institution: InstitutionCode::parse(institution).unwrap(),
        institution_name: "架空診療所".to_owned(),
        prescriber: None,
        injuries: vec!["高血圧症".to_owned()],
        treatment: TreatmentKind::Outpatient,
        self_pay_yen: None,
        district_contact: String::new(),
        handling_contact: String::new(),
        combination: Combination::Single,
        social_insurance: None,
        inconsistent: false,
        infection: None,
        elderly_care: None,
        prefectural_expenses: None,
        remarks: vec![],
    }
}

async fn assistance_without_its_ticket_is_not_registered(world: World) {
    const OWN: [&str; 4] = ["12137018", "", "6132013", ""];
    put(&world, coverage(CertificateKind::MedicalAssistance, OWN), vec![ticket(CLINIC, 202_611)]).await;
    let here = answer(&world, &query(OWN, BORN, TODAY)).await;
    check(&here, Validity::NotRegistered, Some(OWN));
    assert!(!here.rows[0].tickets[0].entrusted_here);
    assert!(here.rows[0].tickets[0].ticket.injuries.is_empty(), "what another institution treats is not told");
    let clinic = world.session(CLINIC, Kind::Agent, NOW).await;
    for (on, validity, tickets) in [
        (TODAY, Validity::Valid, 1),
        (20_261_031, Validity::NotRegistered, 0),
        (20_261_201, Validity::NotRegistered, 0),
    ] {
        let answer = world.service.check_eligibility(&clinic, &query(OWN, BORN, on)).await.unwrap();
        check(&answer, validity, Some(OWN));
        assert_eq!(answer.rows[0].tickets.len(), tickets);
        assert!(answer.rows[0].tickets.iter().all(|line| line.entrusted_here && !line.ticket.injuries.is_empty()));
    }
}

async fn every_kind_of_account_has_its_right(world: World) {
    for kind in Kind::ALL {
        let session = world.session(HOSPITAL, kind, NOW).await;
        let result = world.service.check_eligibility(&session, &query(CURRENT, BORN, TODAY)).await;
        let may = matches!(kind, Kind::Administrator | Kind::Viewer | Kind::General | Kind::Agent | Kind::Api);
        assert_eq!(result.is_ok(), may, "{kind:?}");
        let entry = world.last_entry().await.draft;
        let expected = if may { Action::CheckEligibility } else { Action::Refuse };
        assert_eq!(entry.action, expected, "{kind:?}");
    }
}

async fn every_answer_leaves_its_entry(world: World) {
    for kind in [Kind::Agent, Kind::General] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        let before = world.audit().await.len();
        world.service.check_eligibility(&session, &query(CURRENT, BORN, TODAY)).await.unwrap();
        let entries = world.audit().await;
        assert_eq!(entries.len(), before + 1);
        let entry = &entries.last().unwrap().draft;
        assert_eq!((entry.action, entry.outcome), (Action::CheckEligibility, Outcome::Done));
        assert_eq!(entry.subject, Patient::Ordinary.id().to_hex());
        assert_eq!(entry.detail, "validity=1 day=20261123");
    }
}

async fn without_an_audit_entry_nothing_is_answered(world: World) {
    for kind in [Kind::Agent, Kind::General] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        world.refuse_audit_entries();
        let refused = world.service.check_eligibility(&session, &query(CURRENT, BORN, TODAY)).await;
        assert_eq!(reason(refused), Reason::Unavailable, "{kind:?}");
        world.take_audit_entries();
        assert!(
            world.service.checks_today(&world.session(HOSPITAL, Kind::General, NOW).await).await.unwrap().is_empty()
        );
    }
}

async fn checks_at_screens_are_listed_for_the_day(world: World) {
    let clerk = world.session(HOSPITAL, Kind::General, NOW).await;
    let agent = world.session(HOSPITAL, Kind::Agent, NOW).await;
    world.service.check_eligibility(&clerk, &query(FORMER, BORN, TODAY)).await.unwrap();
    world.service.check_eligibility(&agent, &query(CURRENT, BORN, TODAY)).await.unwrap();
    let next = later(&clerk, NOW.plus_seconds(1));
    world.service.check_eligibility(&next, &query(["138057", "", "1", ""], BORN, TODAY)).await.unwrap();
    let listed = world.service.checks_today(&next).await.unwrap();
    let grades: Vec<_> = listed.iter().map(|(_, check)| check.answer.validity).collect();
    assert_eq!(grades, [Validity::None, Validity::Replaced], "a program's checks are not in the list");
    assert_eq!(world.last_entry().await.draft.detail, "rows=2");
    let (id, first) = &listed[1];
    assert_eq!(first.query, Some(query(FORMER, BORN, TODAY)));
    assert_eq!(&world.service.check_of_today(&next, *id).await.unwrap(), first);
    assert_eq!(world.last_entry().await.draft.subject, Patient::Ordinary.id().to_hex());

    let elsewhere = world.session(CLINIC, Kind::General, NOW).await;
    assert!(world.service.checks_today(&elsewhere).await.unwrap().is_empty());
    let missed = world.service.check_of_today(&elsewhere, *id).await;
    assert_eq!(reason(missed), Reason::NotFound("この資格確認結果"));
    let tomorrow = later(&clerk, NOW.plus_seconds(12 * 3_600));
    assert!(world.service.checks_today(&tomorrow).await.unwrap().is_empty());
    assert_eq!(reason(world.service.check_of_today(&tomorrow, *id).await), Reason::NotFound("この資格確認結果"));
    let unknown = CheckId::new(NOW, [7; 10]);
    assert_eq!(reason(world.service.check_of_today(&clerk, unknown).await), Reason::NotFound("この資格確認結果"));
    assert_eq!(
        reason(world.service.checks_today(&world.session(HOSPITAL, Kind::Reader, NOW).await).await).code(),
        "E0011"
    );
}

fn registration(number: &str, of: [&str; 4]) -> Registration {
    Registration { reference_number: number.to_owned(), numbers: numbers(of) }
}

async fn a_reference_number_comes_back(world: World) {
    let agent = world.session(HOSPITAL, Kind::Agent, NOW).await;
    let register = async |session: &Session, number: &str, of| {
        world.service.register_reference_number(session, &registration(number, of)).await
    };
    let told = async |institution: &str, asked: [&str; 4]| {
        let session = world.session(institution, Kind::Api, NOW).await;
        let answer = world.service.check_eligibility(&session, &query(asked, BORN, TODAY)).await.unwrap();
        answer.rows[0].reference_number.clone()
    };
    register(&agent, "0012345", FORMER).await.unwrap();
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::RegisterReferenceNumber, Outcome::Done));
    assert_eq!((entry.subject, entry.detail.as_str()), (Patient::Ordinary.id().to_hex(), ""));
    assert_eq!(told(HOSPITAL, CURRENT).await.as_deref(), Some("0012345"), "it survives a change of insurer");
    assert_eq!(told(CLINIC, CURRENT).await, None, "another institution has its own");
    register(&agent, "0012346", CURRENT).await.unwrap();
    assert_eq!(told(HOSPITAL, FORMER).await.as_deref(), Some("0012346"));
    register(&agent, &"番".repeat(50), CURRENT).await.unwrap();
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, Kind::Viewer, NOW).await;
    let listed = world.service.consented_patients(&viewer, &Default::default()).await.unwrap();
    assert_eq!(listed[0].reference_number.as_deref(), Some("番".repeat(50).as_str()));
    register(&agent, "7", CURRENT).await.unwrap();
    let listed = world.service.consented_patients(&viewer, &Default::default()).await.unwrap();
    assert_eq!(listed[0].reference_number.as_deref(), Some("7"), "the list tells the newest");
}

async fn a_reference_number_is_refused(world: World) {
    const OTHER: [&str; 4] = ["138057", "", "8009999", ""];
    let agent = world.session(HOSPITAL, Kind::Agent, NOW).await;
    world.service.register_reference_number(&agent, &registration("1", CURRENT)).await.unwrap();
    for (number, of, code) in [
        ("1", OTHER, "P0030"),
        ("", CURRENT, "E0002"),
        ("  ", CURRENT, "E0002"),
        ("a\u{7}", CURRENT, "E0002"),
        (&*"1".repeat(51), CURRENT, "E0002"),
        ("2", ["138057", "", "7001235", ""], "P0001"),
        ("2", ["01130012", "33100045", "12", ""], "P0002"),
    ] {
        let refused = world.service.register_reference_number(&agent, &registration(number, of)).await;
        assert_eq!(reason(refused).code(), code, "{number}");
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.outcome), (Action::RegisterReferenceNumber, Outcome::Refused));
        assert!(entry.detail.contains(code), "{}", entry.detail);
    }
    let clinic = world.session(CLINIC, Kind::Agent, NOW).await;
    world.service.register_reference_number(&clinic, &registration("1", OTHER)).await.unwrap();
    let reader = world.session(HOSPITAL, Kind::Reader, NOW).await;
    let refused = world.service.register_reference_number(&reader, &registration("3", CURRENT)).await;
    assert_eq!(reason(refused).code(), "E0011");
    assert_eq!(Validity::Valid.code(), "1");
}
