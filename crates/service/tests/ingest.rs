//! Taking in claims, insured persons, masters and withdrawals: whole, once, and never to the wrong person.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::claim::{Body, Category, Claim, Item, ItemKind, Patient as Named, Payer, PayerKind};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::id::PersonId;
use madoguchi_model::person::Sex;
use madoguchi_service::ingest::{ClaimsOptions, ClaimsReport, ClaimsSource, FileOutcome, Reported, person_id};
use madoguchi_service::on_every_engine;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, Patient, World, code, day};
use madoguchi_wire::claims::{ClaimsWriter, Header, PointTable};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

on_every_engine!(
    a_receipt_finds_the_right_twin_or_nobody,
    the_same_file_again_changes_nothing,
    a_corrected_file_replaces_its_receipts,
    a_later_version_replaces_an_earlier_one_whichever_comes_first,
    a_waiting_receipt_is_attached_when_its_person_is_registered,
    of_two_versions_the_one_taken_last_counts_whichever_is_attached_last,
    a_receipt_that_few_lines_make_endless_is_refused,
    a_receipt_waits_for_thirteen_months,
    a_waiting_receipt_can_be_withdrawn,
    a_withdrawn_receipt_is_in_force_no_more,
    an_older_version_stays_out_once_the_newer_one_was_withdrawn,
    care_after_the_request_is_refused,
    a_correction_is_not_overtaken_by_what_it_corrects,
    a_refused_file_leaves_nothing_but_its_audit_entry,
    a_long_file_that_breaks_off_leaves_nothing,
    masters_are_kept_in_generations,
    enrolment_registers_whom_the_file_names_once,
);

/// A receipt of the second twin, for September 2026.
fn receipt(number: &str) -> Claim {
    let act = Item {
        line: 0,
        kind: ItemKind::Act,
        class: 13,
        unit: 1,
        code: "120002370".to_owned(),
        quantity: None,
        text: String::new(),
        comments: Vec::new(),
        additions: Vec::new(),
        times: Some(1),
        days: vec![(4, 1)],
    };
    Claim {
        number: number.to_owned(),
        line: 0,
        category: Category::parse("1116").unwrap(),
        month: Month::from_number(202_609).unwrap(),
        patient: Named {
            name: "双葉　二郎".to_owned(),
            kana: String::new(),
            sex: Sex::Male,
            birthdate: day(20_100_303),
        },
        payers: vec![Payer {
            kind: PayerKind::Insurance,
            insurer: "01130012".to_owned(),
            symbol: "33100045".to_owned(),
            number: "12".to_owned(),
            branch: "02".to_owned(),
            points: Some(100),
            confirmation: "01".to_owned(),
        }],
        visit_days: Vec::new(),
        search_number: None,
        body: Body::Medical(vec![act]),
    }
}

fn file(request_month: i64, claims: &[Claim]) -> Vec<u8> {
    let header = Header {
        table: PointTable::Medical,
        reviewer: "1".to_owned(),
        institution: code(CLINIC),
        name: "見本診療所".to_owned(),
        request_month: Month::from_number(request_month).unwrap(),
        volume: "00".to_owned(),
    };
    let mut writer = ClaimsWriter::begin(Vec::new(), &header).unwrap();
    claims.iter().for_each(|claim| writer.claim(claim).unwrap());
    writer.finish().unwrap()
}

async fn take(world: &World, bytes: Vec<u8>) -> ClaimsReport {
    world.service.ingest_claims(bytes, ClaimsOptions::default()).await.unwrap()
}

/// レセプト番号 of the receipts in force of September 2026.
async fn in_force(world: &World, person: PersonId) -> Vec<String> {
    let month = Month::from_number(202_609).unwrap();
    let stored = world.service.store().read().receipts_of_month(person, month, &code(CLINIC)).await.unwrap();
    let mut numbers: Vec<_> = stored.into_iter().map(|receipt| receipt.receipt_number).collect();
    numbers.sort();
    numbers
}

async fn a_receipt_finds_the_right_twin_or_nobody(world: World) {
    let by_branch = receipt("1");
    let mut by_name = receipt("2");
    by_name.payers[0].branch.clear();
    let mut contradictory = receipt("3");
    contradictory.patient.name = "双葉　一郎".to_owned();
    let mut nameless = receipt("4");
    nameless.payers[0].branch.clear();
    nameless.patient.name = "双葉　？郎".to_owned();
    let before = in_force(&world, Patient::FirstTwin.id()).await;
    let report = take(&world, file(202_610, &[by_branch, by_name, contradictory, nameless])).await;
    assert_eq!((report.outcome, report.taken, report.unattached), (FileOutcome::Taken, 2, 2));
    assert_eq!(report.unattached_reasons.get("ambiguous"), Some(&2));
    let lines: Vec<_> =
        report.findings.issues.iter().filter(|issue| issue.field == "個人の特定").map(|it| it.line).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| *line > 1));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1", "2"]);
    assert_eq!(in_force(&world, Patient::FirstTwin.id()).await, before);
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("双葉") && !text.contains("33100045"));
}

async fn the_same_file_again_changes_nothing(world: World) {
    let bytes = file(202_610, &[receipt("1")]);
    assert_eq!(take(&world, bytes.clone()).await.taken, 1);
    let (receipts, entries) = (world.service.store().read().count_receipts().await.unwrap(), world.audit().await.len());
    let again = take(&world, bytes.clone()).await;
    assert_eq!((again.outcome, again.taken, again.replaced), (FileOutcome::TakenBefore, 0, 0));
    assert_eq!(world.service.store().read().count_receipts().await.unwrap(), receipts);
    assert_eq!(world.audit().await.len(), entries);
}

async fn a_corrected_file_replaces_its_receipts(world: World) {
    take(&world, file(202_610, &[receipt("1"), receipt("2")])).await;
    let mut corrected = receipt("1");
    corrected.payers[0].points = Some(200);
    let report = take(&world, file(202_610, &[corrected])).await;
    assert_eq!((report.taken, report.replaced), (1, 1));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1", "2"]);
    // The next month's receipts have the same numbers and are others.
    let next = take(&world, file(202_611, &[receipt("1")])).await;
    assert_eq!((next.taken, next.replaced), (1, 0));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await.len(), 3);
}

async fn a_later_version_replaces_an_earlier_one_whichever_comes_first(world: World) {
    let searched = |number: &str, search: &str| Claim { search_number: Some(search.to_owned()), ..receipt(number) };
    take(&world, file(202_610, &[searched("1", "A")])).await;
    let later = take(&world, file(202_611, &[searched("9", "A"), searched("8", "B")])).await;
    assert_eq!((later.taken, later.replaced), (2, 1));
    let late = take(&world, file(202_610, &[searched("7", "A"), searched("6", "B"), searched("5", "C")])).await;
    assert_eq!((late.taken, late.replaced, late.outdated), (1, 0, 2));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["5", "8", "9"]);
}

const COVERAGE: &str =
    "person_key,name,kana,sex,birthdate,insurer_number,symbol,number,branch,valid_from,card_serial\n";

async fn a_waiting_receipt_is_attached_when_its_person_is_registered(world: World) {
    let mut stranger = receipt("1");
    stranger.payers[0].number = "0099".to_owned();
    stranger.patient.name = "新顔　三子".to_owned();
    let mut sibling = stranger.clone();
    sibling.number = "2".to_owned();
    sibling.payers[0].branch = "03".to_owned();
    sibling.patient.name = "新顔　四子".to_owned();
    let report = take(&world, file(202_610, &[stranger, sibling])).await;
    assert_eq!((report.taken, report.unattached_reasons.get("number_unknown")), (0, Some(&2)));
    let line = "k1,新顔　三子,シンガオ　ミツコ,1,20100303,01130012,33100045,0099,02,20260101,\n";
    let list = format!("{COVERAGE}{line}").into_bytes();
    let coverage = world.service.ingest_coverage(list.clone()).await.unwrap();
    assert_eq!((coverage.outcome, coverage.attached), (FileOutcome::Taken, 1));
    assert_eq!(in_force(&world, person_id("k1")).await, ["1"]);
    assert_eq!(world.service.store().read().count_receipts().await.unwrap().1, 1);
    let again = world.service.ingest_coverage(list).await.unwrap();
    assert_eq!((again.persons, again.attached), (1, 0));
    assert_eq!(world.service.store().read().coverages_of(person_id("k1")).await.unwrap().len(), 1);
}

async fn of_two_versions_the_one_taken_last_counts_whichever_is_attached_last(world: World) {
    let stranger = |number: &str, insured: &str, points: i64| {
        let mut claim = receipt(number);
        claim.patient.name = "新顔　三子".to_owned();
        claim.payers[0].number = insured.to_owned();
        claim.payers[0].points = Some(points);
        claim
    };
    // Receipt 1 waits twice under the right number; receipt 2 waits under a mistaken one, its correction has the right one.
    let files = [
        (1, file(202_610, &[stranger("1", "0099", 100), stranger("2", "0098", 100)])),
        (2, file(202_610, &[stranger("1", "0099", 200), stranger("2", "0099", 200)])),
    ];
    for (seconds, bytes) in files {
        let service = world.service_at(NOW.plus_seconds(seconds));
        assert_eq!(service.ingest_claims(bytes, ClaimsOptions::default()).await.unwrap().unattached, 2);
    }
    let line =
        |number: &str| format!("k1,新顔　三子,シンガオ　ミツコ,1,20100303,01130012,33100045,{number},02,20260101,\n");
    let service = world.service_at(NOW.plus_seconds(3));
    let right = service.ingest_coverage(format!("{COVERAGE}{}", line("0099")).into_bytes()).await.unwrap();
    assert_eq!(right.attached, 3);
    let month = Month::from_number(202_609).unwrap();
    let stored = || async {
        let person = person_id("k1");
        world.service.store().read().receipts_of_month(person, month, &code(CLINIC)).await.unwrap()
    };
    let last = stored().await;
    assert_eq!(last.len(), 2, "the later version of each");
    let mistaken = service.ingest_coverage(format!("{COVERAGE}{}", line("0098")).into_bytes()).await.unwrap();
    assert_eq!((mistaken.attached, stored().await), (0, last));
}

async fn a_receipt_that_few_lines_make_endless_is_refused(world: World) {
    let mut endless = receipt("1");
    let Body::Medical(items) = &mut endless.body else { panic!("医科") };
    items[0] = Item {
        class: 50,
        code: "150999999".to_owned(),
        days: (1..=30).map(|day| (day, 99)).collect(),
        ..items[0].clone()
    };
    items.extend(vec![Item { days: Vec::new(), ..items[0].clone() }; 2_000]);
    let report = take(&world, file(202_610, &[endless, receipt("2")])).await;
    assert_eq!((report.outcome, report.taken, report.refused), (FileOutcome::Taken, 1, 1));
    assert_eq!((report.findings.issues[0].line, report.findings.issues[0].field.as_str()), (2, "レセプト"));
}

async fn a_waiting_receipt_can_be_withdrawn(world: World) {
    let mut stranger = receipt("1");
    stranger.payers[0].number = "0099".to_owned();
    let other = Claim { number: "2".to_owned(), ..stranger.clone() };
    assert_eq!(take(&world, file(202_610, &[stranger, other])).await.unattached, 2);
    let list = format!(
        "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n\
         {CLINIC},202609,01130012,33100045,0099,,202610,1\n"
    );
    let report = world.service.withdraw_claims(list.into_bytes()).await.unwrap();
    assert_eq!((report.withdrawn, report.findings.issues.len()), (1, 0));
    assert_eq!(world.service.store().read().count_receipts().await.unwrap().1, 1, "the other one waits on");
}

async fn a_receipt_waits_for_thirteen_months(world: World) {
    let mut stranger = receipt("1");
    stranger.payers[0].number = "0099".to_owned();
    assert_eq!(take(&world, file(202_610, &[stranger])).await.unattached, 1);
    let line = "k1,新顔　三子,シンガオ　ミツコ,1,20100303,01130012,33100045,0098,02,20260101,\n";
    for (today, kept) in [(20_271_231, 1), (20_280_102, 0)] {
        let service = world.service_at(day(today).midnight());
        let report = service.ingest_coverage(format!("{COVERAGE}{line}").into_bytes()).await.unwrap();
        assert_eq!(report.attached, 0, "{today}");
        service.remove_over().await.unwrap();
        assert_eq!(world.service.store().read().count_receipts().await.unwrap().1, kept, "{today}");
    }
}

async fn a_withdrawn_receipt_is_in_force_no_more(world: World) {
    take(&world, file(202_610, &[receipt("1"), receipt("2")])).await;
    let head = "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n";
    let list = format!(
        "{head}{CLINIC},202609,01130012,33100045,12,,202610,2\n{HOSPITAL},202609,01130012,33100045,12,,202610,1\n"
    );
    let report = world.service.withdraw_claims(list.into_bytes()).await.unwrap();
    assert_eq!((report.outcome, report.lines, report.withdrawn), (FileOutcome::Taken, 2, 1));
    assert_eq!(report.findings.issues[0].line, 3);
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1"]);
    let wrong = world.service.withdraw_claims(format!("{head}1,2,3,4,5,6,7,8\n").into_bytes()).await.unwrap();
    assert_eq!(wrong.outcome, FileOutcome::Refused);
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1"]);
}

async fn an_older_version_stays_out_once_the_newer_one_was_withdrawn(world: World) {
    let version = |number: &str| Claim { search_number: Some("A1".to_owned()), ..receipt(number) };
    take(&world, file(202_611, &[version("5")])).await;
    let head = "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n";
    let list = format!("{head}{CLINIC},202609,01130012,33100045,12,A1,,\n");
    assert_eq!(world.service.withdraw_claims(list.clone().into_bytes()).await.unwrap().withdrawn, 1);
    let late = take(&world, file(202_610, &[version("3")])).await;
    assert_eq!((late.taken, late.outdated), (0, 1));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, Vec::<String>::new());
    // Sent again after it was taken back, it counts; what was taken back is no longer there to be replaced.
    let month = Month::from_number(202_612).unwrap();
    let later = world.service_at(month.first_day().midnight());
    let again = later.ingest_claims(file(202_612, &[version("1")]), ClaimsOptions::default()).await.unwrap();
    assert_eq!((again.taken, again.replaced, again.outdated), (1, 0, 0));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1"]);
}

async fn care_after_the_request_is_refused(world: World) {
    let to_come = Claim { month: Month::from_number(202_611).unwrap(), ..receipt("1") };
    let same = Claim { month: Month::from_number(202_610).unwrap(), ..receipt("2") };
    let report = take(&world, file(202_610, &[to_come, same, receipt("3")])).await;
    assert_eq!((report.outcome, report.taken, report.refused), (FileOutcome::Taken, 2, 1));
    let refusal = report.findings.refusals().next().unwrap();
    assert_eq!((refusal.line, refusal.field.as_str()), (2, "診療年月"));
    assert!(refusal.message.contains("2026年11月") && refusal.message.contains("2026年10月"), "{refusal}");
}

/// Both are given together; the first takes long to arrive, as a large one does to be read for its hash.
async fn a_correction_is_not_overtaken_by_what_it_corrects(world: World) {
    let corrected = Claim { visit_days: vec![7], ..receipt("1") };
    let (original, correction) = (file(202_610, &[receipt("1"), receipt("2")]), file(202_610, &[corrected]));
    let (slow, mut into) = std::io::pipe().unwrap();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        into.write_all(&original).unwrap();
    });
    let slow = ClaimsSource::File(std::fs::File::from(std::os::fd::OwnedFd::from(slow)));
    let mut files = vec![("original", slow), ("correction", ClaimsSource::from(correction))].into_iter();
    let mut told = Vec::new();
    let report = |file: Reported<&'static str>| {
        let report = file.report.unwrap();
        told.push((file.key, report.taken, report.replaced));
    };
    let options = ClaimsOptions::default();
    world.service.ingest_claims_files(move || files.next(), options, 2, || (), report).await.unwrap();
    writer.join().unwrap();
    assert_eq!(told, [("original", 2, 0), ("correction", 1, 1)]);
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await, ["1", "2"]);
}

/// Beside a server on the same file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_of_insured_persons_is_taken_in_pieces() {
    let world = World::on_sqlite().await;
    let mut stranger = receipt("1");
    stranger.payers[0].number = "900".to_owned();
    stranger.patient.name = "長蛇　百".to_owned();
    assert_eq!(take(&world, file(202_610, &[stranger])).await.unattached, 1);
    let line = |number: u32| {
        let card = if number.is_multiple_of(50) { format!("{number:04x}") } else { String::new() };
        format!("long{number},長蛇　百,チョウダ　ヒャク,1,20100303,01130012,33100045,{number},02,20260101,{card}\n")
    };
    let lines: String = (801..=950).map(line).collect();
    let before = world.service.store().read().count_persons().await.unwrap();
    let ingestion = world.process_that_gives_way().await;
    let list = format!("{COVERAGE}{lines}");
    for attached in [1, 0] {
        let report = ingestion.ingest_coverage(list.clone().into_bytes()).await.unwrap();
        assert_eq!((report.persons, report.coverages, report.cards, report.attached), (150, 150, 3, attached));
    }
    assert_eq!(world.service.store().read().count_persons().await.unwrap(), before + 150);
    assert_eq!(in_force(&world, person_id("long900")).await, ["1"]);
    assert_eq!(world.service.store().read().person_by_card("0384").await.unwrap(), Some(person_id("long900")));
}

async fn a_refused_file_leaves_nothing_but_its_audit_entry(world: World) {
    let whole = file(202_610, &[receipt("1"), receipt("2")]);
    let go = whole.windows(3).rposition(|window| window == b"GO,").unwrap();
    let mut foreign = whole.clone();
    let place = foreign.windows(7).position(|window| window == &CLINIC.as_bytes()[3..]).unwrap();
    foreign[place + 5] = b'9';
    let before = world.service.store().read().count_receipts().await.unwrap();
    for (bytes, line, field) in [
        (whole[..go].to_vec(), 10, "診療報酬請求書レコード（GO）"),
        (foreign, 1, "医療機関コード"),
        (Vec::new(), 1, "ファイルの先頭"),
    ] {
        let report = take(&world, bytes).await;
        assert!(report.is_refused());
        let issue = &report.findings.issues[0];
        assert_eq!((issue.line, issue.field.as_str()), (line, field));
        let entry = world.last_entry().await;
        assert_eq!((entry.draft.action, entry.draft.outcome), (Action::IngestClaims, Outcome::Refused));
    }
    assert_eq!(world.service.store().read().count_receipts().await.unwrap(), before);
}

async fn masters_are_kept_in_generations(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    world.service.ingest_builtin_masters().await.unwrap();
    let own = world.service.store().read().procedure_generations("120002370").await.unwrap();
    assert_eq!(own.len(), 1);
    let refused = world.service.ingest_master(b"no master".to_vec()).await.unwrap();
    assert_eq!((refused.outcome, refused.rows), (FileOutcome::Refused, 0));
    assert_eq!(world.last_entry().await.draft.outcome, Outcome::Refused);
    let report = take(&world, file(202_610, &[receipt("1")])).await;
    assert_eq!((report.rows.acts, report.unknown_codes.len()), (1, 0));
}

async fn enrolment_registers_whom_the_file_names_once(world: World) {
    let stranger = |number: &str, name: &str| {
        let mut claim = receipt(number);
        claim.payers[0].number = "500".to_owned();
        claim.payers[0].branch.clear();
        claim.patient.name = name.to_owned();
        claim
    };
    let claims = [stranger("1", "見知　一"), stranger("2", "見知　一"), stranger("3", "見知　二"), receipt("4")];
    let options = ClaimsOptions { enrol: true, ..ClaimsOptions::default() };
    let report = world.service.ingest_claims(file(202_610, &claims), options.clone()).await.unwrap();
    assert_eq!((report.taken, report.persons_enrolled, report.institution_enrolled), (4, 2, false));
    assert_eq!(in_force(&world, report.enrolled[0].person.id).await, ["1", "2"]);
    let next = world.service.ingest_claims(file(202_611, &claims), options).await.unwrap();
    assert_eq!((next.taken, next.persons_enrolled), (4, 0));
}

/// Beside a server a file is stored in small pieces. Receipts of two names with the same numbers would be one person's if the
/// first was looked up again for the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enrolment_registers_the_same_persons_beside_a_server() {
    let world = World::on_sqlite().await;
    let stranger = |number: &str, name: &str| {
        let mut claim = receipt(number);
        claim.payers[0].number = "500".to_owned();
        claim.payers[0].branch = "01".to_owned();
        claim.patient.name = name.to_owned();
        claim
    };
    let mut claims: Vec<_> = (1..=150).map(|number| receipt(&number.to_string())).collect();
    claims[0] = stranger("1", "見知　一");
    claims[149] = stranger("150", "見知　二");
    let options = ClaimsOptions { enrol: true, ..ClaimsOptions::default() };
    let ingestion = world.process_that_gives_way().await;
    let report = ingestion.ingest_claims(file(202_610, &claims), options).await.unwrap();
    assert_eq!((report.taken, report.persons_enrolled), (150, 2));
    let unnamed = ingestion.ingest_claims(file(202_611, &claims[1..149]), ClaimsOptions::default()).await.unwrap();
    assert_eq!((unnamed.outcome, unnamed.taken, unnamed.unattached), (FileOutcome::Taken, 148, 0), "in pieces");
}

/// Longer than one write takes.
async fn a_long_file_that_breaks_off_leaves_nothing(world: World) {
    let mut claims: Vec<_> = (1..=4_100).map(|number| receipt(&number.to_string())).collect();
    claims[4_050].payers[0].number = "999".to_owned();
    let whole = file(202_610, &claims);
    let broken_off = whole[..whole.len() - 20].to_vec();
    let before = world.service.store().read().count_receipts().await.unwrap();
    let report = take(&world, broken_off).await;
    assert_eq!((report.outcome, report.taken), (FileOutcome::Refused, 0));
    let left = world.service.store().read().count_receipts().await.unwrap();
    assert_eq!(left, before, "in force, waiting");
    assert_eq!(world.service.take_back_broken_off().await.unwrap(), 0);
    let report = take(&world, whole.clone()).await;
    assert_eq!((report.outcome, report.taken, report.unattached), (FileOutcome::Taken, 4_099, 1));
    assert_eq!(in_force(&world, Patient::SecondTwin.id()).await.len(), 4_099);
    assert_eq!(take(&world, whole).await.outcome, FileOutcome::TakenBefore);
}

/// The public sample with the published masters, as a vendor would try it in a demonstration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_sample_is_taken_whole() {
    let Some(folder) = std::env::var_os("MADOGUCHI_SHARED_DATA").map(std::path::PathBuf::from) else {
        eprintln!("SKIPPED the public sample: MADOGUCHI_SHARED_DATA names no folder of claims and masters");
        return;
    };
    let world = World::on_sqlite().await;
    let december = Day::from_number(20_211_201).unwrap().midnight();
    let service = world.service_at(Timestamp::from_micros(december.micros().max(NOW.micros())));
    for (name, rows) in [("y_ALL20240321.zip", 19_686), ("s_20240531.zip", 10_133)] {
        let bytes = std::fs::read(folder.join("masters").join(name)).unwrap();
        let report = service.ingest_master(bytes).await.unwrap();
        assert_eq!((report.rows, report.findings.issues.len()), (rows, 0));
    }
    let bytes = std::fs::read(folder.join("claims/RECEIPTC_GAIRAI_SAMPLE.UKE")).unwrap();
    let size = bytes.len() as u64;
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let options = ClaimsOptions {
        enrol: true,
        masters: Some(service.load_masters().await.unwrap()),
        progress: Some(Arc::new(move |read| {
            counter.fetch_add(read, Ordering::SeqCst);
        })),
    };
    let report = service.ingest_claims(bytes.clone(), options).await.unwrap();
    let seen = seen.load(Ordering::SeqCst);
    assert!(seen <= size && seen > size * 9 / 10, "{seen} of {size} bytes; the head and the end are not counted");
    assert_eq!((report.receipts, report.taken, report.refused, report.unattached), (75, 75, 0, 0));
    assert_eq!((report.persons_enrolled, report.institution_enrolled), (75, true));
    let totals = report.totals.unwrap();
    assert_eq!((totals.payers_counted, totals.points_counted, totals.agree), (140, 86_392, true));
    assert_eq!(report.rows.medications, 32);
    assert!(report.rows.operations > 0);
    let again = service.ingest_claims(bytes, ClaimsOptions::default()).await.unwrap();
    assert_eq!(again.outcome, FileOutcome::TakenBefore);
}
