//! Bulk messages: what is answered, written down and kept, also when a server stops in the middle.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::bulk::{
    BulkKind, BulkStatus, Progress, Question, ReceptionNumber, Record, RequestId, Search, Unit, Upload,
};
use madoguchi_model::certificate::Certificate;
use madoguchi_model::code::{CertificateKind, Combination, RecordConsent, TicketKind, TreatmentKind};
use madoguchi_model::coverage::{Coverage, Relation};
use madoguchi_model::day::Timestamp;
use madoguchi_model::eligibility::{Query, Registration, Validity};
use madoguchi_model::id::{CoverageId, TicketId};
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::ticket::MedicalTicket;
use madoguchi_service::bulk::{Fetched, Reception, UNFINISHED_MAX};
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PROCESS, Patient, World, code, day, later, reason};
use madoguchi_service::{Reason, Service, Session, on_every_engine};
use madoguchi_store::ProcessName;
use tokio::sync::watch;

on_every_engine! {
    each_record_is_answered_and_written_down,
    a_bulk_row_tells_only_what_the_certificate_says,
    the_same_request_is_accepted_once,
    five_thousand_records_and_no_more,
    results_belong_to_their_institution_and_kind,
    results_go_after_seven_days,
    a_stop_in_the_middle_changes_nothing,
    a_lease_that_is_over_is_taken_over,
    two_processes_answer_each_record_once,
    what_cannot_be_answered_is_given_up,
    nothing_is_answered_that_cannot_be_written_down,
    numbers_are_registered_in_their_order,
    a_question_that_finds_nobody_has_an_empty_result,
    the_entrusted_of_a_month_are_told_with_their_tickets,
    only_some_accounts_may_and_not_without_end,
}

const SEVEN_DAYS: i64 = 7 * 86_400;

fn numbers([insurer, symbol, number, branch]: [&str; 4]) -> InsuranceNumbers {
    InsuranceNumbers::parse(insurer, symbol, number, branch).unwrap()
}

fn search(of: [&str; 4], birthdate: i64, identifier: &str) -> Record {
    let query = Query { numbers: numbers(of), birthdate: day(birthdate), limit_consent: true, day: day(20_261_123) };
    Record::Search(Search { query, identifier: Some(identifier.to_owned()) })
}

const NEW: [&str; 4] = ["138057", "", "7001234", ""];
const OLD: [&str; 4] = ["01130012", "21700023", "45", "01"];
const UNCOVERED: [&str; 4] = ["138057", "", "8009999", ""];
const TWINS: [&str; 4] = ["01130012", "33100045", "12", ""];

/// One record of each grade, and how it is graded.
fn every_grade() -> Vec<(Record, Validity)> {
    vec![
        (search(NEW, 19_620_521, "a"), Validity::Valid),
        (search(OLD, 19_620_521, "b"), Validity::Replaced),
        (search(UNCOVERED, 19_750_707, "c"), Validity::Invalid),
        (search(TWINS, 20_100_303, "d"), Validity::Several),
        (search(NEW, 19_620_522, "e"), Validity::None),
        (search(["138057", "", "5555555", ""], 19_620_521, "f"), Validity::None),
    ]
}

/// So many records, of all grades by turns.
fn records(count: usize) -> Vec<Record> {
    every_grade().into_iter().map(|(record, _)| record).cycle().take(count).collect()
}

fn upload(records: Vec<Record>) -> Upload {
    Upload { tag: Some("夜間".to_owned()), question: Question::Eligibility(day(20_261_123)), records }
}

fn request(number: u8) -> RequestId {
    RequestId::from_bytes([number; 16])
}

async fn general(world: &World, institution: &str) -> Session {
    world.session(institution, AccountKind::General, NOW).await
}

async fn accept(service: &Service, session: &Session, number: u8, upload: Upload) -> Reception {
    service.accept_bulk(session, request(number), upload).await.unwrap()
}

async fn work_off(service: &Service) -> usize {
    let (_running, stopped) = watch::channel(false);
    service.work_bulk_off(&stopped).await.unwrap()
}

async fn results(service: &Service, session: &Session, number: &ReceptionNumber) -> (BulkStatus, Vec<(Record, Unit)>) {
    let Fetched::Done(mut results) = service.fetch_bulk(session, None, number).await.unwrap() else {
        panic!("not done")
    };
    let mut all = Vec::new();
    while let Some(chunk) = results.next().await.unwrap() {
        all.extend(chunk);
    }
    (results.status, all)
}

async fn each_record_is_answered_and_written_down(world: World) {
    let session = general(&world, HOSPITAL).await;
    let (asked, grades): (Vec<_>, Vec<_>) = every_grade().into_iter().unzip();
    let reception = accept(&world.service, &session, 1, upload(asked.clone())).await;
    assert!(reception.number.as_str().starts_with("20261123"));
    let accepted = world.last_entry().await.draft;
    assert_eq!((accepted.action, accepted.outcome), (Action::AcceptBulk, Outcome::Done));
    assert_eq!(accepted.detail, format!("reception={} kind=eligibility records=6", reception.number));
    let Fetched::Working(status) = world.service.fetch_bulk(&session, None, &reception.number).await.unwrap() else {
        panic!("nobody has worked yet")
    };
    assert_eq!((status.records, status.normal, status.progress), (6, 0, Progress::Working));

    assert_eq!(work_off(&world.service).await, 1);
    let (status, units) = results(&world.service, &session, &reception.number).await;
    assert_eq!((status.records, status.normal, status.wrong), (6, 6, 0));
    assert_eq!(status.tag.as_deref(), Some("夜間"));
    let (echo, units): (Vec<_>, Vec<_>) = units.into_iter().unzip();
    assert_eq!(echo, asked);
    assert_eq!(units.iter().map(|unit| unit.validity.unwrap()).collect::<Vec<_>>(), grades);
    assert_eq!(units.iter().map(|unit| unit.rows.len()).collect::<Vec<_>>(), [1, 1, 1, 0, 0, 0]);
    let codes: Vec<_> = units.iter().map(|unit| unit.result.as_ref().map_or("", |result| &result.0)).collect();
    assert_eq!(codes, ["", "", "", "P0002", "P0001", "P0001"]);

    let entries = world.audit().await;
    let checks: Vec<_> = entries.iter().filter(|entry| entry.draft.action == Action::CheckEligibility).collect();
    assert_eq!(checks.len(), 6);
    for entry in &checks {
        assert!(entry.draft.detail.starts_with(&format!("reception={} ", reception.number)), "{}", entry.draft.detail);
        assert_eq!((entry.draft.user.as_str(), entry.draft.institution.as_str()), ("general01", HOSPITAL));
    }
    assert_eq!(checks[0].draft.subject, Patient::Ordinary.id().to_hex());
    let fetched = &entries.last().unwrap().draft;
    assert_eq!((fetched.action, fetched.outcome), (Action::FetchBulk, Outcome::Done));
}

async fn a_bulk_row_tells_only_what_the_certificate_says(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let session = general(&world, HOSPITAL).await;
    let reception = accept(&world.service, &session, 1, upload(vec![search(NEW, 19_620_521, "a")])).await;
    work_off(&world.service).await;
    let (_, units) = results(&world.service, &session, &reception.number).await;
    let told = &units[0].1.rows[0];
    assert_eq!((told.row.name.as_str(), told.row.numbers.number.as_str()), ("窓口　花子", "7001234"));
    assert_eq!((told.row.limit_consent, &told.row.limit, told.row.consents), (None, &None, None));
    assert_eq!(told.limit_changed, Some(false));
    // The first coverage of this insurer began in June: in that month nothing can be compared.
    let mut asked = search(NEW, 19_620_521, "a");
    if let Record::Search(search) = &mut asked {
        search.query.day = day(20_260_620);
    }
    let upload = Upload { tag: None, question: Question::Eligibility(day(20_260_620)), records: vec![asked] };
    let reception = accept(&world.service, &session, 2, upload).await;
    work_off(&world.service).await;
    let (_, units) = results(&world.service, &session, &reception.number).await;
    assert_eq!(units[0].1.rows[0].limit_changed, Some(true));
}

async fn the_same_request_is_accepted_once(world: World) {
    let session = general(&world, HOSPITAL).await;
    let first = accept(&world.service, &session, 1, upload(records(3))).await;
    let again = later(&session, NOW.plus_seconds(30));
    assert_eq!(accept(&world.service, &again, 1, upload(records(2))).await, first);
    let other = accept(&world.service, &again, 2, upload(records(3))).await;
    assert_ne!(other.number, first.number);
    let clinic = general(&world, CLINIC).await;
    assert_ne!(accept(&world.service, &clinic, 1, upload(records(1))).await.number, first.number);
    assert_eq!(world.service.bulk_uploads(&session).await.unwrap().len(), 2);
}

async fn five_thousand_records_and_no_more(world: World) {
    let session = general(&world, HOSPITAL).await;
    let refused = reason(world.service.accept_bulk(&session, request(1), upload(records(5_001))).await);
    assert_eq!((refused.code(), refused), ("E0005", Reason::TooManyRecords { max: 5_000 }));
    assert_eq!(world.last_entry().await.draft.outcome, Outcome::Refused);
    let reception = accept(&world.service, &session, 1, upload(records(5_000))).await;
    work_off(&world.service).await;
    let (status, units) = results(&world.service, &session, &reception.number).await;
    assert_eq!((status.records, status.normal, units.len()), (5_000, 5_000, 5_000));
    let wrong = reason(world.service.accept_bulk(&session, request(2), upload(Vec::new())).await);
    assert_eq!(wrong.code(), "E0002");
}

async fn results_belong_to_their_institution_and_kind(world: World) {
    let session = general(&world, HOSPITAL).await;
    let number = accept(&world.service, &session, 1, upload(records(1))).await.number;
    work_off(&world.service).await;
    let clinic = general(&world, CLINIC).await;
    let unknown = ReceptionNumber::parse("20261123000000000").unwrap();
    for (session, kind, number) in
        [(&clinic, None, &number), (&session, Some(BulkKind::ReferenceNumbers), &number), (&session, None, &unknown)]
    {
        let refused = reason(world.service.fetch_bulk(session, kind, number).await.map(drop));
        assert_eq!((refused.code(), refused), ("E0006", Reason::UnknownReception));
        let written = world.last_entry().await.draft;
        assert_eq!((written.action, written.detail.as_str()), (Action::FetchBulk, "code=E0006"));
    }
    assert!(world.service.fetch_bulk(&session, Some(BulkKind::Eligibility), &number).await.is_ok());
}

async fn results_go_after_seven_days(world: World) {
    let session = general(&world, HOSPITAL).await;
    let number = accept(&world.service, &session, 1, upload(records(1))).await.number;
    work_off(&world.service).await;
    let last = later(&session, NOW.plus_seconds(SEVEN_DAYS - 1));
    assert!(world.service.fetch_bulk(&last, None, &number).await.is_ok());
    let over = later(&session, NOW.plus_seconds(SEVEN_DAYS));
    assert_eq!(reason(world.service.fetch_bulk(&over, None, &number).await.map(drop)), Reason::UnknownReception);
    assert_eq!(world.service_at(NOW.plus_seconds(SEVEN_DAYS - 3_600)).remove_old_bulk().await.unwrap(), 0);
    assert_eq!(world.service_at(NOW.plus_seconds(SEVEN_DAYS)).remove_old_bulk().await.unwrap(), 1);
    assert_eq!(reason(world.service.fetch_bulk(&session, None, &number).await.map(drop)), Reason::UnknownReception);
    assert_eq!(world.service.bulk_uploads(&session).await.unwrap(), []);
}

/// What an undisturbed server answers, without what only this run has.
async fn undisturbed(world: &World, session: &Session, records: &[Record]) -> Vec<(Record, Unit)> {
    let number = accept(&world.service, session, 200, upload(records.to_vec())).await.number;
    work_off(&world.service).await;
    results(&world.service, session, &number).await.1
}

async fn checks_of(world: &World, number: &ReceptionNumber) -> usize {
    let prefix = format!("reception={number} ");
    let mut found = 0;
    for process in world.service.store().read().audit_processes().await.unwrap() {
        let entries = world.service.store().read().audit_entries(&process.name, 1, 100_000).await.unwrap();
        let checks = entries.iter().filter(|entry| entry.draft.action == Action::CheckEligibility);
        found += checks.filter(|entry| entry.draft.detail.starts_with(&prefix)).count();
    }
    found
}

async fn a_stop_in_the_middle_changes_nothing(mut world: World) {
    let session = general(&world, HOSPITAL).await;
    let asked = records(2_100);
    let expected = undisturbed(&world, &session, &asked).await;
    let number = accept(&world.service, &session, 1, upload(asked)).await.number;
    world.service.give_bulk_a_turn().await.unwrap();
    // The next turn had begun: its lease lies in the store, and nobody will give it back.
    lease_for_nothing(&world, PROCESS).await;
    world.restart().await;
    let Fetched::Working(half) = world.service.fetch_bulk(&session, None, &number).await.unwrap() else {
        panic!("it stopped in the middle")
    };
    assert_eq!(half.normal, 1_000);
    let workers = world.service.start_bulk_workers();
    until_done(&world.service, &session, &number).await;
    workers.stop().await;
    assert_eq!(results(&world.service, &session, &number).await.1, expected);
    assert_eq!(checks_of(&world, &number).await, 2_100);
}

/// A process takes a lease and is never heard of again.
async fn lease_for_nothing(world: &World, process: &str) -> Timestamp {
    let seen = world.service.store().read().open_bulk_work(NOW.plus_seconds(30), 10).await.unwrap().remove(0);
    let (process, until) = (ProcessName::parse(process).unwrap(), NOW.plus_seconds(600));
    let lease = async move |tx: &mut madoguchi_store::Tx| tx.lease_bulk_work(&seen, &process, until).await;
    assert!(world.service.store().write("test.lease", lease).await.unwrap());
    until
}

async fn until_done(service: &Service, session: &Session, number: &ReceptionNumber) {
    while matches!(service.fetch_bulk(session, None, number).await.unwrap(), Fetched::Working(_)) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn a_lease_that_is_over_is_taken_over(world: World) {
    let session = general(&world, HOSPITAL).await;
    accept(&world.service, &session, 1, upload(records(1))).await;
    let lease = lease_for_nothing(&world, "server-2").await;
    assert_eq!(work_off(&world.service).await, 0);
    assert_eq!(work_off(&world.service_at(lease.plus_seconds(-1))).await, 0);
    assert_eq!(work_off(&world.service_at(lease.plus_seconds(1))).await, 1);
}

async fn two_processes_answer_each_record_once(world: World) {
    let session = general(&world, HOSPITAL).await;
    let asked = records(1_500);
    let expected = undisturbed(&world, &session, &asked).await;
    let number = accept(&world.service, &session, 1, upload(asked)).await.number;
    // The second one's clock is so far ahead that every lease of the first is over: both work on the same chunks.
    let other = world.another_process_at("server-2", NOW.plus_seconds(600)).await;
    let (one, two) = tokio::join!(work_off(&world.service), work_off(&other));
    assert_eq!(one + two, 6, "{one} and {two} chunks");
    assert_eq!(results(&other, &session, &number).await.1, expected);
    assert_eq!(checks_of(&world, &number).await, 1_500);
}

async fn what_cannot_be_answered_is_given_up(world: World) {
    let session = general(&world, HOSPITAL).await;
    let broken = accept(&world.service, &session, 1, upload(records(2))).await.number;
    world.tamper(&format!("UPDATE bulk_chunks SET questions = '[1]' WHERE reception_number = '{broken}'"));
    let sound = accept(&world.service, &session, 2, upload(records(2))).await.number;
    for attempt in 0..6 {
        work_off(&world.service_at(NOW.plus_seconds(attempt * 70))).await;
    }
    assert!(matches!(world.service.fetch_bulk(&session, None, &broken).await.unwrap(), Fetched::Failed(_)));
    assert!(matches!(world.service.fetch_bulk(&session, None, &sound).await.unwrap(), Fetched::Done(_)));
    let given_up = world.audit().await.into_iter().filter(|entry| entry.draft.action == Action::AnswerBulk).count();
    assert_eq!(given_up, 1);
}

async fn nothing_is_answered_that_cannot_be_written_down(world: World) {
    let session = general(&world, HOSPITAL).await;
    let number = accept(&world.service, &session, 1, upload(records(2))).await.number;
    world.refuse_audit_entries();
    let (_running, stopped) = watch::channel(false);
    let _ = world.service.work_bulk_off(&stopped).await;
    let refused = reason(world.service.accept_bulk(&session, request(2), upload(records(1))).await);
    assert_eq!(refused.code(), "E0099");
    world.take_audit_entries();
    assert!(matches!(world.service.fetch_bulk(&session, None, &number).await.unwrap(), Fetched::Working(_)));
    work_off(&world.service_at(NOW.plus_seconds(120))).await;
    world.refuse_audit_entries();
    assert_eq!(reason(world.service.fetch_bulk(&session, None, &number).await.map(drop)).code(), "E0099");
    world.take_audit_entries();
    assert_eq!(results(&world.service, &session, &number).await.1.len(), 2);
}

fn registration(reference_number: &str, of: [&str; 4]) -> Record {
    Record::Registration(Registration { reference_number: reference_number.to_owned(), numbers: numbers(of) })
}

async fn numbers_are_registered_in_their_order(world: World) {
    let session = general(&world, HOSPITAL).await;
    let records = vec![
        registration("0001", NEW),
        registration("0001", UNCOVERED),
        registration("0002", NEW),
        registration("0001", UNCOVERED),
        registration("0003", ["138057", "", "5555555", ""]),
    ];
    let upload = Upload { tag: None, question: Question::ReferenceNumbers, records };
    let number = accept(&world.service, &session, 1, upload).await.number;
    work_off(&world.service).await;
    let (status, units) = results(&world.service, &session, &number).await;
    let codes: Vec<_> = units.iter().map(|(_, unit)| unit.result.as_ref().map_or("", |result| &result.0)).collect();
    assert_eq!(codes, ["", "P0030", "", "", "P0001"]);
    assert_eq!((status.normal, status.wrong), (3, 2));
    let mut tx = world.service.store().read();
    for (patient, expected) in [(Patient::Ordinary, "0002"), (Patient::Uncovered, "0001")] {
        let found = tx.reference_number(patient.id(), &session.institution.code).await.unwrap();
        assert_eq!(found.as_deref(), Some(expected));
    }
    let written = world.audit().await;
    let registered = written.iter().filter(|entry| entry.draft.action == Action::RegisterReferenceNumber);
    let outcomes: Vec<_> = registered.map(|entry| entry.draft.outcome).collect();
    use Outcome::{Done, Refused};
    assert_eq!(outcomes, [Done, Refused, Done, Done, Refused]);
}

async fn a_question_that_finds_nobody_has_an_empty_result(world: World) {
    let session = general(&world, HOSPITAL).await;
    let question = Question::HomeVisits(day(20_261_101), day(20_261_123));
    let upload = Upload { tag: None, question, records: Vec::new() };
    let number = accept(&world.service, &session, 1, upload).await.number;
    let (status, units) = results(&world.service, &session, &number).await;
    assert_eq!((status.records, status.progress, units.len()), (0, Progress::Done, 0));
    let backwards = Question::HomeVisits(day(20_261_123), day(20_261_101));
    let backwards = Upload { tag: None, question: backwards, records: Vec::new() };
    assert_eq!(reason(world.service.accept_bulk(&session, request(2), backwards).await).code(), "E0002");
}

fn assistance() -> Coverage {
    Coverage {
        person: Patient::Ordinary.id(),
        id: CoverageId::new(NOW, [99; 10]),
        numbers: numbers(["12137018", "", "6132013", ""]),
        insurer_name: "架空区福祉事務所".to_owned(),
        relation: Relation::Insured,
        kind: CertificateKind::MedicalAssistance,
        valid_from: day(20_261_001),
        valid_to: None,
        loss: None,
        patient_share_percent: None,
        certificate: Certificate::default(),
    }
}

fn ticket(institution: &str, number: u8, month: i64) -> MedicalTicket {
    let month = day(month * 100 + 1).month();
    MedicalTicket {
        person: Patient::Ordinary.id(),
        id: TicketId::new(NOW, [number; 10]),
        kind: TicketKind::Medical,
        month,
        valid_from: month.first_day(),
        valid_to: month.last_day(),
        issue_number: number.to_string(),
        institution: code(institution),
        institution_name: "架空診療所".to_owned(),
        prescriber: None,
        injuries: vec!["高血圧症".to_owned()],
        treatment: TreatmentKind::Outpatient,
        self_pay_yen: None,
        district_contact: String::new(),
        handling_contact: String::new(),
        combination: Combination::Combined,
        social_insurance: None,
        inconsistent: false,
        infection: None,
        elderly_care: None,
        prefectural_expenses: None,
        remarks: vec![],
    }
}

async fn the_entrusted_of_a_month_are_told_with_their_tickets(world: World) {
    // The first is over on the day of the request, which asks for the whole month.
    let over = MedicalTicket { valid_to: day(20_261_115), ..ticket(HOSPITAL, 1, 202_611) };
    let tickets = [over, ticket(CLINIC, 2, 202_611), ticket(HOSPITAL, 3, 202_610)];
    let put = async move |tx: &mut madoguchi_store::Tx| -> madoguchi_store::Result<()> {
        let person = tx.person(Patient::Ordinary.id()).await?.unwrap();
        tx.put_coverage(&assistance(), &person).await?;
        tx.put_tickets(&tickets).await
    };
    world.service.store().write("test.tickets", put).await.unwrap();
    world.use_all(HOSPITAL, NOW).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW.plus_seconds(-60), |_| true).await.unwrap();
    let session = general(&world, HOSPITAL).await;
    for (request, month, entrusted) in [(1, 202_611, 1), (2, 202_610, 1), (3, 202_609, 0)] {
        let question = Question::Entrusted(day(month * 100 + 1).month());
        let upload = Upload { tag: None, question, records: Vec::new() };
        let number = accept(&world.service, &session, request, upload).await.number;
        work_off(&world.service).await;
        let (status, units) = results(&world.service, &session, &number).await;
        assert_eq!((status.records, units.len()), (entrusted, usize::try_from(entrusted).unwrap()), "{month}");
        let Some((_, unit)) = units.first() else { continue };
        assert_eq!(unit.validity, Some(Validity::Valid));
        let kinds: Vec<_> = unit.rows.iter().map(|row| row.row.kind).collect();
        assert_eq!(kinds, [CertificateKind::General, CertificateKind::MedicalAssistance]);
        let told: Vec<_> = unit.rows[1].row.tickets.iter().map(|line| line.entrusted_here).collect();
        assert_eq!(told, if month == 202_611 { vec![true, false] } else { vec![true] });
        let consents = unit.rows[0].row.consents.unwrap();
        assert_eq!((consents.medication.mark, unit.rows[0].limit_changed), (RecordConsent::Yes, None));
        let entry = world.audit().await.into_iter().rev().find(|entry| entry.draft.action == Action::CheckEligibility);
        assert_eq!(entry.unwrap().draft.subject, Patient::Ordinary.id().to_hex());
    }
}

async fn only_some_accounts_may_and_not_without_end(world: World) {
    for kind in AccountKind::ALL.into_iter().filter(|kind| kind.uses_screens() || *kind == AccountKind::Agent) {
        let may = matches!(kind, AccountKind::Administrator | AccountKind::General | AccountKind::Agent);
        let session = world.session(CLINIC, kind, NOW).await;
        let answer = world.service.accept_bulk(&session, request(kind as u8), upload(records(1))).await;
        assert_eq!(answer.is_ok(), may, "{kind:?}");
        if !may && kind != AccountKind::MasterReset {
            assert_eq!(reason(answer).code(), "E0011", "{kind:?}");
        }
    }
    let session = general(&world, HOSPITAL).await;
    for number in 0..u8::try_from(UNFINISHED_MAX).unwrap() {
        accept(&world.service, &session, number, upload(records(1))).await;
    }
    assert_eq!(reason(world.service.accept_bulk(&session, request(99), upload(records(1))).await), Reason::Busy);
    work_off(&world.service).await;
    accept(&world.service, &session, 99, upload(records(1))).await;
}
