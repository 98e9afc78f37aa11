//! Past care for programs: whom the numbers mean, what the consent opens, and that every answer and refusal is on record.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::CONSENT_SECONDS;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::kiosk::ConsentPage as Page;
use madoguchi_model::listing::CareList;
use madoguchi_model::records::{Answer, Category, Prescriptions, Query, Records, Treatment};
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, Patient, World, later, months};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Session, on_every_engine};

on_every_engine!(
    every_refusal_has_its_code_and_its_entry,
    numbers_that_fit_several_are_refused_although_one_agreed,
    numbers_mean_whom_a_check_by_them_means,
    what_is_used_binds_each_program_in_its_own_time,
    programs_get_what_the_screens_show,
    a_refused_kind_is_left_out_and_a_refused_category_is_refused,
    every_answer_leaves_its_entry,
    without_an_audit_entry_nothing_is_fetched,
);

/// 窓口　花子 by the numbers of today.
const ORDINARY: [&str; 4] = ["138057", "", "7001234", ""];

fn query(category: Category) -> Query {
    Query {
        numbers: numbers(ORDINARY),
        period: months(202_108, 202_611),
        category,
        prescriptions: Prescriptions::Included,
        treatment: Treatment::Outpatient,
    }
}

fn numbers([insurer, symbol, number, branch]: [&str; 4]) -> InsuranceNumbers {
    InsuranceNumbers::parse(insurer, symbol, number, branch).unwrap()
}

/// The code of a refusal, or how many rows were given.
async fn fetch(world: &World, session: &Session, query: &Query) -> String {
    match world.service.fetch_records(session, query).await {
        Ok(Answer::Data(records)) => format!("{}行", records.row_count()),
        Ok(Answer::List(list)) => format!("{}行のPDF", list.row_count()),
        Err(refusal) => refusal.reason.code().to_owned(),
    }
}

/// The newest entry: outcome, subject and detail.
async fn entry(world: &World) -> (Action, Outcome, String, String) {
    let draft = world.last_entry().await.draft;
    (draft.action, draft.outcome, draft.subject, draft.detail)
}

/// A refusal with its code is the answer, and the last thing on record.
async fn check_refused(world: &World, session: &Session, query: &Query, code: &str, subject: &str, detail: &str) {
    let before = world.audit().await.len();
    assert_eq!(fetch(world, session, query).await, code, "{detail}");
    let (action, outcome, about, told) = entry(world).await;
    assert_eq!((action, outcome), (Action::FetchRecords, Outcome::Refused), "{detail}");
    assert_eq!((about.as_str(), told.as_str()), (subject, detail));
    assert_eq!(world.audit().await.len(), before + 1, "{detail}");
}

/// Without the symbol of the certificate, as a check takes them; and never another member of the household.
async fn numbers_mean_whom_a_check_by_them_means(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    for (of, expected) in [
        (ORDINARY, "5行"),
        (["01130012", "21700023", "45", "01"], "5行"),
        (["01130012", "", "45", "01"], "5行"),
        (["01130012", "", "45", ""], "5行"),
        (["01130012", "", "45", "02"], "P0001"),
        (["138057", "", "7001234", "02"], "P0001"),
    ] {
        let asked = Query { numbers: numbers(of), ..query(Category::MedicationData) };
        assert_eq!(fetch(&world, &agent, &asked).await, expected, "{of:?}");
    }
}

async fn every_refusal_has_its_code_and_its_entry(world: World) {
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let asked = query(Category::MedicationData);
    let somebody = Patient::Ordinary.id().to_hex();
    check_refused(&world, &agent, &asked, "P0020", &somebody, "kind=薬 denial=no_consent").await;

    world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page == Page::Checkup).await.unwrap();
    check_refused(&world, &agent, &asked, "P0020", &somebody, "kind=薬 denial=not_agreed").await;

    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let last = later(&agent, NOW.plus_seconds(CONSENT_SECONDS - 1));
    assert_eq!(fetch(&world, &last, &asked).await, "5行");
    let over = later(&agent, NOW.plus_seconds(CONSENT_SECONDS));
    check_refused(&world, &over, &asked, "P0020", &somebody, "kind=薬 denial=consent_lapsed").await;

    let elsewhere = world.session(CLINIC, AccountKind::Agent, NOW).await;
    check_refused(&world, &elsewhere, &asked, "P0020", &somebody, "kind=薬 denial=no_consent").await;
    for treatment in [Treatment::HomeVisit, Treatment::Online, Treatment::Emergency] {
        let asked = Query { treatment, ..asked.clone() };
        check_refused(&world, &agent, &asked, "P0020", &somebody, "kind=薬 denial=no_consent").await;
    }

    let backwards = Query { period: months(202_610, 202_609), ..asked.clone() };
    check_refused(&world, &agent, &backwards, "E0002", "", "code=E0002").await;
    let consent = consent(&world).await;
    let nothing = "prescriptions=1";
    for (from, to) in [(202_108, 202_108), (202_611, 202_611), (202_607, 202_608)] {
        let asked = Query { period: months(from, to), ..asked.clone() };
        let detail = format!("code=P0021 category=2 {nothing} {consent} kinds=薬 from={from} to={to} rows=0");
        let detail = detail.replace(&from.to_string(), &months(from, to).from.to_string());
        let detail = detail.replace(&to.to_string(), &months(from, to).to.to_string());
        check_refused(&world, &agent, &asked, "P0021", &somebody, &detail).await;
    }

    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    world.service.withdraw_consent(&viewer, Patient::Ordinary.id()).await.unwrap();
    check_refused(&world, &agent, &asked, "P0020", &somebody, "kind=薬 denial=consent_withdrawn").await;

    assert_eq!(fetch(&world, &viewer, &asked).await, "E0011", "a viewer has the screens");
    assert_eq!(entry(&world).await.0, Action::Refuse);
}

/// `consent=…` of the ordinary patient's newest pass.
async fn consent(world: &World) -> String {
    let institution = madoguchi_service::test_support::code(HOSPITAL);
    let grant = world.service.store().read().grant(Patient::Ordinary.id(), &institution).await.unwrap().unwrap();
    format!("consent={}", grant.id.to_hex())
}

async fn numbers_that_fit_several_are_refused_although_one_agreed(world: World) {
    world.pass(HOSPITAL, Patient::FirstTwin, NOW, |_| true).await.unwrap();
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    for (asked, expected) in [
        (["01130012", "33100045", "12", ""], "P0002"),
        (["01130012", "33100045", "12", "01"], "1行"),
        (["01130012", "33100045", "12", "02"], "P0020"),
        (["01130012", "33100045", "12", "03"], "P0001"),
        (["01130012", "33100045", "13", ""], "P0001"),
        (["01130012", "33100045", "０012", "1"], "1行"),
        (["  138057", "", "7001234", ""], "P0020"),
    ] {
        let query = Query { numbers: numbers(asked), ..query(Category::MedicationData) };
        assert_eq!(fetch(&world, &agent, &query).await, expected, "{asked:?}");
        let (action, outcome, subject, detail) = entry(&world).await;
        let done = if expected == "1行" { Outcome::Done } else { Outcome::Refused };
        assert_eq!((action, outcome), (Action::FetchRecords, done), "{asked:?}");
        if expected == "P0001" || expected == "P0002" {
            assert_eq!(detail, format!("code={expected}"));
            assert!(subject.len() == 64 && !subject.contains("33100045"), "a hash of what was asked for: {subject}");
        }
    }
}

async fn what_is_used_binds_each_program_in_its_own_time(world: World) {
    world.set(HOSPITAL, &[(Setting::Medication, NOT_USED)], NOW).await;
    let token = world.session(HOSPITAL, AccountKind::Api, NOW).await;
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let asked = query(Category::MedicationData);
    let somebody = Patient::Ordinary.id().to_hex();
    for program in [&token, &agent] {
        check_refused(&world, program, &asked, "P0022", &somebody, "kind=薬 denial=not_used").await;
    }
    world.set(HOSPITAL, &[(Setting::Medication, USED)], NOW).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    check_refused(&world, &token, &asked, "P0022", &somebody, "kind=薬 denial=used_since_next_login").await;
    assert_eq!(fetch(&world, &agent, &asked).await, "5行", "the folder agent follows at its next request");
    let next = world.session(HOSPITAL, AccountKind::Api, NOW).await;
    assert_eq!(fetch(&world, &next, &asked).await, "5行");
    world.set(HOSPITAL, &[(Setting::Medication, NOT_USED)], NOW).await;
    for program in [&agent, &next] {
        check_refused(&world, program, &asked, "P0022", &somebody, "kind=薬 denial=not_used").await;
    }
}

/// Prescriptions of the ordinary patient: one dispensed this month, one not.
async fn put_prescriptions(world: &World) {
    let csv = "record,prescription_id,insurer_number,number,birthdate,prescriber_code,prescriber_name,prescribed_on,\
               pharmacy_code,pharmacy_name,dispensed_on,form,drug_code,drug_name,amount,count\n\
               1,R1,138057,7001234,19620521,1310000002,さくら診療所,20261110,,,,1,620007870,処方1,1,7\n\
               2,R1,138057,7001234,19620521,1310000002,さくら診療所,20261110,1340000003,かえで薬局,20261111,1,620007870,\
               調剤1,1,7\n\
               1,R2,138057,7001234,19620521,1310000001,みなと病院,20261123,,,,1,620007870,処方2,1,7\n";
    let report = world.service.ingest_prescriptions(csv.as_bytes().to_vec()).await.unwrap();
    assert_eq!((report.prescriptions, report.dispensings, report.refused), (2, 1, 0));
}

fn names_of_list(list: &CareList) -> Vec<String> {
    let entries = list.entries.iter().flatten().flat_map(|group| &group.rows).map(|row| row.name.clone());
    let operations = list.operations.iter().flatten().map(|operation| operation.name.clone());
    let mut names: Vec<_> = entries.chain(operations).collect();
    names.sort();
    names
}

fn names_of_receipts(records: &Records) -> Vec<String> {
    let days = || records.receipts.iter().flat_map(|month| &month.days);
    let drugs = days().flat_map(|day| &day.drugs).map(|drug| drug.name.clone());
    let mut names: Vec<_> = drugs.chain(days().flat_map(|day| &day.acts).map(|act| act.name.clone())).collect();
    names.sort();
    names
}

fn names_of_slips(records: &Records) -> Vec<&str> {
    let slips = records.dispensings.iter().chain(&records.prescriptions);
    slips.flat_map(|month| &month.days).flat_map(|day| &day.drugs).map(|drug| drug.name.as_str()).collect()
}

async fn programs_get_what_the_screens_show(world: World) {
    world.use_all(HOSPITAL, NOW).await;
    put_prescriptions(&world).await;
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let person = Patient::Ordinary.id();
    let (both, alone): (&[Page], &[Page]) =
        (&[Page::Surgery, Page::MedicalCareAndMedication], &[Page::MedicalCareAndMedication]);
    for (agreed, pdf, data) in [
        (both, Category::CarePdf, Category::CareData),
        (both, Category::MedicationPdf, Category::MedicationData),
        (alone, Category::CarePdf, Category::CareData),
        (&[Page::Surgery], Category::CarePdf, Category::CareData),
    ] {
        world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| agreed.contains(&page)).await.unwrap();
        let asked = query(pdf);
        let screen = world.service.care_list(&viewer, person, asked.period, pdf.list(), Purpose::View).await.unwrap();
        let Answer::List(printed) = world.service.fetch_records(&agent, &asked).await.unwrap() else {
            panic!("{pdf:?}")
        };
        assert_eq!(*printed, screen, "{pdf:?}");

        let without = Query { prescriptions: Prescriptions::LeftOut, ..asked };
        let Answer::List(receipts) = world.service.fetch_records(&agent, &without).await.unwrap() else { panic!() };
        let asked = query(data);
        let Answer::Data(records) = world.service.fetch_records(&agent, &asked).await.unwrap() else {
            panic!("{data:?}")
        };
        assert_eq!(names_of_receipts(&records), names_of_list(&receipts), "{data:?}");

        let opens = agreed.contains(&Page::MedicalCareAndMedication);
        let (slips, shown) =
            if opens { (vec!["調剤1", "処方2", "処方1"], vec!["処方2", "調剤1"]) } else { (vec![], vec![]) };
        assert_eq!(names_of_slips(&records), slips, "{data:?}: all three sources, unmerged");
        let mut merged = names_of_list(&screen);
        merged.retain(|name| !names_of_list(&receipts).contains(name));
        assert_eq!(merged, shown, "{pdf:?}: the dispensing in place of its prescription");
    }
}

async fn a_refused_kind_is_left_out_and_a_refused_category_is_refused(world: World) {
    world.use_all(HOSPITAL, NOW).await;
    put_prescriptions(&world).await;
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page == Page::Surgery).await.unwrap();
    for (category, expected) in [
        (Category::MedicationPdf, "P0020"),
        (Category::MedicationData, "P0020"),
        (Category::CarePdf, "2行のPDF"),
        (Category::CareData, "2行"),
    ] {
        assert_eq!(fetch(&world, &agent, &query(category)).await, expected, "{category:?}");
    }
    // 11月 has no released receipt: only the e-prescription service tells of it.
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page != Page::Surgery).await.unwrap();
    let of_november = Query { period: months(202_611, 202_611), ..query(Category::MedicationData) };
    assert_eq!(fetch(&world, &agent, &of_november).await, "3行");
    let receipts_only = Query { prescriptions: Prescriptions::LeftOut, ..of_november };
    assert_eq!(fetch(&world, &agent, &receipts_only).await, "P0021");
}

async fn every_answer_leaves_its_entry(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let consent = consent(&world).await;
    for (kind, category, number) in [
        (AccountKind::Agent, Category::MedicationPdf, 1),
        (AccountKind::Agent, Category::MedicationData, 2),
        (AccountKind::Api, Category::CarePdf, 3),
        (AccountKind::Api, Category::CareData, 4),
    ] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        let asked = Query { period: months(202_609, 202_610), ..query(category) };
        assert!(fetch(&world, &session, &asked).await.starts_with("2行"), "{category:?}");
        let draft = world.last_entry().await.draft;
        let (from, to) = (asked.period.from, asked.period.to);
        let detail = format!("category={number} prescriptions=1 {consent} kinds=薬 from={from} to={to} rows=2");
        assert_eq!((draft.action, draft.outcome, draft.detail), (Action::FetchRecords, Outcome::Done, detail));
        assert_eq!((draft.subject, draft.user), (Patient::Ordinary.id().to_hex(), session.user.to_string()));
        assert_eq!(draft.terminal, session.operation.terminal.serial);
    }
}

async fn without_an_audit_entry_nothing_is_fetched(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let unknown = Query { numbers: numbers(["138057", "", "1", ""]), ..query(Category::CareData) };
    let empty = Query { period: months(202_607, 202_607), ..query(Category::CareData) };
    let all = [query(Category::CareData), query(Category::CarePdf), unknown, empty];
    world.refuse_audit_entries();
    for query in &all {
        assert_eq!(fetch(&world, &agent, query).await, "E0099", "{:?}", query.category);
    }
    world.take_audit_entries();
    let mut answers = Vec::new();
    for query in &all {
        answers.push(fetch(&world, &agent, query).await);
    }
    assert_eq!(answers, ["5行", "5行のPDF", "P0001", "P0021"]);
}
