//! 特定健診: documents taken in, shown with their consent only, replaced, deleted, waiting, fetched by programs.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::checkup::Query;
use madoguchi_model::checkup::sheet::CheckupSheet;
use madoguchi_model::consent::{CONSENT_SECONDS, InformationKind};
use madoguchi_model::decision::Denial;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::kiosk::ConsentPage as Page;
use madoguchi_model::records::Treatment;
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::ingest::{CheckupsReport, FileOutcome};
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, Patient, World, day, later, reason};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Reason, Session, on_every_engine};
use madoguchi_wire::checkup::pack;

on_every_engine!(
    a_document_is_shown_to_who_has_the_consent,
    every_way_without_consent_is_refused_and_written_down,
    the_newest_five_of_five_years_are_shown,
    the_newest_document_counts_in_any_order,
    a_deletion_leaves_nothing_and_an_old_document_does_not_come_back,
    a_package_takes_what_is_sound_and_says_what_is_not,
    a_document_waits_for_its_person,
    programs_fetch_by_the_numbers_on_a_certificate,
    without_an_audit_entry_nothing_is_answered,
);

/// The numbers of the ordinary patient: insurer, symbol, number, branch.
const FORMER: [&str; 4] = ["01130012", "21700023", "45", "01"];
const PRESENT: [&str; 4] = ["00138057", "", "7001234", ""];
const TWINS: [&str; 4] = ["01130012", "33100045", "12", ""];

/// A document in the making.
#[derive(Clone, Copy)]
struct Draft {
    category: &'static str,
    created_on: i64,
    day: i64,
    numbers: [&'static str; 4],
    kana: &'static str,
    sex: u8,
    birthdate: i64,
    waist: &'static str,
}

/// Of the ordinary patient, in June 2026.
const DRAFT: Draft = Draft {
    category: "10",
    created_on: 20_260_701,
    day: 20_260_610,
    numbers: FORMER,
    kana: "マドグチ　ハナコ",
    sex: 2,
    birthdate: 19_620_521,
    waist: "91.5",
};

impl Draft {
    fn bytes(&self) -> Vec<u8> {
        let Self { category, created_on, day, numbers, kana, sex, birthdate, waist } = self;
        let ids: String = numbers
            .iter()
            .zip([101, 204, 205, 211])
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, suffix)| format!("<id extension=\"{text}\" root=\"1.2.392.200119.6.{suffix}\"/>"))
            .collect();
        let text = format!(
            "<ClinicalDocument xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">
             <code code=\"{category}\"/><effectiveTime value=\"{created_on}\"/>
             <recordTarget><patientRole>{ids}<patient><name>{kana}</name><administrativeGenderCode code=\"{sex}\"/>
             <birthTime value=\"{birthdate}\"/></patient></patientRole></recordTarget>
             <author><assignedAuthor><representedOrganization><id extension=\"1310000017\"
             root=\"1.2.392.200119.6.102\"/><name>みなと健診センター</name></representedOrganization></assignedAuthor></author>
             <documentationOf><serviceEvent><code code=\"010\"/><effectiveTime value=\"{day}\"/></serviceEvent>
             </documentationOf><component><structuredBody><component><section><code code=\"01010\"/><text/>
             <entry><observation><code code=\"9N016160100000001\"/><value xsi:type=\"PQ\" value=\"{waist}\" unit=\"cm\"/>
             </observation></entry>
             <entry><observation><code code=\"9C310000000000001\" displayName=\"％肺活量\"/><value xsi:type=\"PQ\"
             value=\"92\" unit=\"%\"/></observation></entry>
             </section></component></structuredBody></component></ClinicalDocument>"
        );
        text.into_bytes()
    }
}

async fn take(world: &World, bytes: Vec<u8>) -> CheckupsReport {
    world.service.ingest_checkups(bytes).await.unwrap()
}

async fn viewer(world: &World) -> Session {
    world.session(HOSPITAL, AccountKind::Viewer, NOW).await
}

async fn view(world: &World, viewer: &Session) -> Result<CheckupSheet, Reason> {
    let sheet = world.service.checkups(viewer, Patient::Ordinary.id(), Purpose::View).await;
    sheet.map_err(|refusal| refusal.reason)
}

/// The waists of the sheet, the newest first.
async fn waists(world: &World) -> String {
    let sheet = view(world, &viewer(world).await).await.unwrap();
    let row = sheet.blocks.iter().flat_map(|block| &block.rows).find(|row| row.name == "腹囲");
    let cells = row.map_or(&[][..], |row| &row.cells);
    cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" ")
}

async fn agree(world: &World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
}

async fn a_document_is_shown_to_who_has_the_consent(world: World) {
    let report = take(&world, DRAFT.bytes()).await;
    assert_eq!((report.outcome, report.taken, report.results), (FileOutcome::Taken, 1, 2));
    assert_eq!(report.unknown_items.get("9C310000000000001"), Some(&1));
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::IngestCheckups, Outcome::Done));
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("ハナコ") && !text.contains("21700023") && !entry.detail.contains("21700023"));

    agree(&world).await;
    let viewer = viewer(&world).await;
    let sheet = view(&world, &viewer).await.unwrap();
    assert_eq!((sheet.columns.len(), sheet.row_count()), (1, 2));
    assert_eq!(sheet.columns[0].day, "2026年6月10日");
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::ViewRecords, Outcome::Done));
    assert_eq!(entry.subject, Patient::Ordinary.id().to_hex());
    assert!(entry.detail.ends_with("kinds=健 checkups=1"), "{}", entry.detail);
    world.service.checkups(&viewer, Patient::Ordinary.id(), Purpose::Print).await.unwrap();
    assert_eq!(world.last_entry().await.draft.action, Action::PrintRecords);
}

async fn every_way_without_consent_is_refused_and_written_down(world: World) {
    take(&world, DRAFT.bytes()).await;
    let kind = InformationKind::Checkup;
    let refused = async |session: &Session, denial: Denial| {
        assert_eq!(view(&world, session).await.err(), Some(Reason::Denied { kind, denial }), "{denial:?}");
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.outcome), (Action::ViewRecords, Outcome::Refused), "{denial:?}");
        assert_eq!(entry.detail, format!("kind=健 denial={}", denial.word()));
    };
    let viewer = viewer(&world).await;
    refused(&viewer, Denial::NoConsent).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page != Page::Checkup).await.unwrap();
    refused(&viewer, Denial::NotAgreed).await;
    agree(&world).await;
    assert!(view(&world, &viewer).await.is_ok());
    refused(&later(&viewer, NOW.plus_seconds(CONSENT_SECONDS)), Denial::ConsentLapsed).await;
    assert!(view(&world, &later(&viewer, NOW.plus_seconds(CONSENT_SECONDS - 1))).await.is_ok());
    refused(&world.session(CLINIC, AccountKind::Viewer, NOW).await, Denial::NoConsent).await;
    world.set(HOSPITAL, &[(Setting::Checkup, NOT_USED)], NOW).await;
    refused(&viewer, Denial::NotUsed).await;
    let off = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    world.set(HOSPITAL, &[(Setting::Checkup, USED)], NOW).await;
    refused(&off, Denial::UsedSinceNextLogin).await;
    world.service.withdraw_consent(&viewer, Patient::Ordinary.id()).await.unwrap();
    refused(&viewer, Denial::ConsentWithdrawn).await;
    let general = world.session(HOSPITAL, AccountKind::General, NOW).await;
    assert!(matches!(view(&world, &general).await, Err(Reason::NoRight(_))));
    assert_eq!(world.last_entry().await.draft.action, Action::Refuse);
}

async fn the_newest_five_of_five_years_are_shown(world: World) {
    agree(&world).await;
    assert_eq!(waists(&world).await, "", "nothing is no refusal on the screen");
    for (on, waist) in [
        (20_211_122, "80"),
        (20_211_123, "81"),
        (20_220_610, "82"),
        (20_230_610, "83"),
        (20_240_610, "84"),
        (20_250_610, "85"),
    ] {
        take(&world, Draft { day: on, created_on: on, waist, ..DRAFT }.bytes()).await;
    }
    assert_eq!(waists(&world).await, "85 84 83 82 81");
    take(&world, DRAFT.bytes()).await;
    let sheet = view(&world, &viewer(&world).await).await.unwrap();
    assert_eq!((sheet.columns.len(), sheet.notes.len()), (5, 1), "one more is said to exist");
    assert_eq!(waists(&world).await, "91.5 85 84 83 82");
    let to_come = take(&world, Draft { day: 20_261_124, created_on: 20_261_125, ..DRAFT }.bytes()).await;
    assert_eq!((to_come.outcome, to_come.refused), (FileOutcome::Refused, 1));
    let made_later = take(&world, Draft { created_on: 20_261_124, ..DRAFT }.bytes()).await;
    assert_eq!(made_later.findings.issues[0].field, "作成年月日");
    assert_eq!(world.last_entry().await.draft.outcome, Outcome::Refused);
}

async fn the_newest_document_counts_in_any_order(world: World) {
    agree(&world).await;
    let of = |created_on, waist| Draft { created_on, waist, ..DRAFT }.bytes();
    let first = of(20_260_701, "91.5");
    assert_eq!(take(&world, first.clone()).await.replaced, 0);
    let again = take(&world, first.clone()).await;
    assert_eq!((again.outcome, again.taken), (FileOutcome::TakenBefore, 0));
    let corrected = take(&world, of(20_260_703, "90.5")).await;
    assert_eq!((corrected.taken, corrected.replaced), (1, 1));
    let between = take(&world, of(20_260_702, "99.9")).await;
    assert_eq!((between.taken, between.outdated), (0, 1));
    assert_eq!(waists(&world).await, "90.5");
    // Another institution, category or number is another check-up.
    let sent = Draft { category: "40", waist: "70", ..DRAFT };
    assert_eq!(take(&world, sent.bytes()).await.replaced, 0);
    assert_eq!(waists(&world).await.split(' ').count(), 2);
}

async fn a_deletion_leaves_nothing_and_an_old_document_does_not_come_back(world: World) {
    agree(&world).await;
    take(&world, DRAFT.bytes()).await;
    take(&world, Draft { category: "41", day: 20_260_611, waist: "70", ..DRAFT }.bytes()).await;
    let deletion = |category, day, created_on| Draft { category, day, created_on, ..DRAFT }.bytes();
    for (category, on, created_on, deleted) in [
        ("19", 20_260_609, 20_260_801, 0),
        ("49", 20_260_610, 20_260_801, 0),
        ("19", 20_260_610, 20_260_630, 0),
        ("19", 20_260_610, 20_260_801, 1),
        ("19", 20_260_610, 20_260_802, 0),
        ("49", 20_260_611, 20_260_801, 1),
    ] {
        let report = take(&world, deletion(category, on, created_on)).await;
        assert_eq!((report.deleted, report.nothing_to_delete), (deleted, 1 - deleted), "{category} {on} {created_on}");
    }
    assert_eq!(waists(&world).await, "");
    let late = take(&world, Draft { created_on: 20_260_731, ..DRAFT }.bytes()).await;
    assert_eq!((late.taken, late.outdated), (0, 1));
    let anew = take(&world, Draft { created_on: 20_260_805, waist: "88", ..DRAFT }.bytes()).await;
    assert_eq!((anew.taken, anew.replaced), (1, 0));
    assert_eq!(waists(&world).await, "88");
}

async fn a_package_takes_what_is_sound_and_says_what_is_not(world: World) {
    agree(&world).await;
    let second = Draft { day: 20_250_610, created_on: 20_250_701, waist: "85", ..DRAFT }.bytes();
    let files = [
        ("x/DATA/h1.xml", DRAFT.bytes()),
        ("x/DATA/h2.xml", b"<ClinicalDocument".to_vec()),
        ("x/DATA/h3.xml", second),
        ("x/DATA/h4.xml", Draft { kana: "ベツ　ジン", numbers: TWINS, ..DRAFT }.bytes()),
    ];
    let packed = pack(files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.as_slice()))).unwrap();
    let report = take(&world, packed).await;
    assert_eq!((report.documents, report.taken, report.refused, report.unattached), (4, 2, 1, 1));
    let fields: Vec<_> = report.findings.issues.iter().map(|issue| issue.field.as_str()).collect();
    assert_eq!(fields, ["h2.xml XML", "索引", "h4.xml 個人の特定"]);
    assert_eq!(waists(&world).await, "91.5 85");
    let nothing = take(&world, b"PK\x03\x04nonsense".to_vec()).await;
    assert!(nothing.is_refused() && nothing.documents == 0);
}

async fn a_document_waits_for_its_person(world: World) {
    let numbers = ["00138057", "", "5550001", ""];
    let waiting = Draft { numbers, kana: "マツ　カオル", birthdate: 19_700_101, sex: 1, ..DRAFT };
    assert_eq!(take(&world, waiting.bytes()).await.unattached_reasons.get("number_unknown"), Some(&1));
    let gone = Draft { day: 20_250_610, created_on: 20_250_701, ..waiting };
    take(&world, gone.bytes()).await;
    assert_eq!(take(&world, Draft { category: "19", ..gone }.bytes()).await.deleted, 1, "also what still waits");
    let csv = "person_key,name,kana,sex,birthdate,insurer_number,number,valid_from\n\
               k1,松　薫,マツ　カオル,1,19700101,138057,5550001,20200401\n";
    let report = world.service.ingest_coverage(csv.as_bytes().to_vec()).await.unwrap();
    assert_eq!((report.outcome, report.attached_checkups), (FileOutcome::Taken, 1), "{:?}", report.findings);
    let again = world.service.ingest_coverage(csv.as_bytes().to_vec()).await.unwrap();
    assert_eq!(again.attached_checkups, 0);
    assert_eq!(world.service.store().read().count_checkups().await.unwrap(), (1, 0));
}

async fn programs_fetch_by_the_numbers_on_a_certificate(world: World) {
    let query = |numbers: [&str; 4], treatment| Query {
        numbers: InsuranceNumbers::parse(numbers[0], numbers[1], numbers[2], numbers[3]).unwrap(),
        treatment,
    };
    let out = Treatment::Outpatient;
    agree(&world).await;
    for kind in [AccountKind::Agent, AccountKind::Api] {
        let program = world.session(HOSPITAL, kind, NOW).await;
        let fetch = async |numbers, treatment| world.service.fetch_checkups(&program, &query(numbers, treatment)).await;
        if kind == AccountKind::Agent {
            assert_eq!(reason(fetch(PRESENT, out).await), Reason::NoRecords);
            let entry = world.last_entry().await.draft;
            assert_eq!((entry.action, entry.outcome), (Action::FetchRecords, Outcome::Refused));
            take(&world, DRAFT.bytes()).await;
        }
        for numbers in [PRESENT, FORMER] {
            let fetched = fetch(numbers, out).await.unwrap();
            assert_eq!((fetched.person.id, fetched.checkups.len()), (Patient::Ordinary.id(), 1));
            assert_eq!((fetched.checkups[0].day, fetched.sheet.columns.len()), (day(20_260_610), 1));
            let entry = world.last_entry().await.draft;
            assert_eq!((entry.action, entry.outcome), (Action::FetchRecords, Outcome::Done));
        }
        assert_eq!(reason(fetch(["138057", "", "9999999", ""], out).await), Reason::NoPerson);
        assert_eq!(reason(fetch(TWINS, out).await), Reason::SeveralPersons, "a household shares them");
        let twin = fetch([TWINS[0], TWINS[1], TWINS[2], "02"], out).await;
        assert!(matches!(reason(twin), Reason::Denied { denial: Denial::NoConsent, .. }));
        let visiting = fetch(PRESENT, Treatment::HomeVisit).await;
        assert!(matches!(reason(visiting), Reason::Denied { denial: Denial::NoConsent, .. }));
    }
    let viewer = viewer(&world).await;
    assert!(matches!(reason(world.service.fetch_checkups(&viewer, &query(PRESENT, out)).await), Reason::NoRight(_)));
    world.set(HOSPITAL, &[(Setting::Checkup, NOT_USED)], NOW).await;
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let off = world.service.fetch_checkups(&agent, &query(PRESENT, out)).await;
    assert!(matches!(reason(off), Reason::Denied { denial: Denial::NotUsed, .. }));
}

async fn without_an_audit_entry_nothing_is_answered(world: World) {
    agree(&world).await;
    take(&world, DRAFT.bytes()).await;
    let (viewer, agent) = (viewer(&world).await, world.session(HOSPITAL, AccountKind::Agent, NOW).await);
    let query = Query {
        numbers: InsuranceNumbers::parse("138057", "", "7001234", "").unwrap(),
        treatment: Treatment::Outpatient,
    };
    world.refuse_audit_entries();
    for purpose in [Purpose::View, Purpose::Print] {
        assert!(world.service.checkups(&viewer, Patient::Ordinary.id(), purpose).await.is_err());
    }
    assert!(world.service.fetch_checkups(&agent, &query).await.is_err());
    let newer = Draft { created_on: 20_260_801, waist: "77", ..DRAFT }.bytes();
    assert!(world.service.ingest_checkups(newer).await.is_err());
    world.take_audit_entries();
    assert_eq!(waists(&world).await, "91.5", "the file left nothing");
}
