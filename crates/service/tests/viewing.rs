//! 手術・診療・薬剤情報閲覧: who sees what of whom, and that nothing is shown without a trace.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::{CONSENT_SECONDS, InformationKind};
use madoguchi_model::day::Timestamp;
use madoguchi_model::decision::Denial;
use madoguchi_model::id::PersonId;
use madoguchi_model::kiosk::ConsentPage as Page;
use madoguchi_model::listing::{CareList, ListKind};
use madoguchi_model::release::Period;
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::consent::PatientSearch;
use madoguchi_service::test_support::{
    CLINIC, HOSPITAL, NOW, PASSWORD, Patient, World, code, day, later, months, reason,
};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Reason, Session, on_every_engine};

on_every_engine!(
    each_answer_and_list_shows_its_own_kinds,
    care_without_medication_shows_no_drug,
    a_patient_without_rows_has_an_empty_list,
    a_month_in_which_the_insurer_changed_is_whole,
    only_released_months_appear,
    a_period_must_run_forwards,
    another_institutions_patient_stays_closed,
    the_list_is_searched,
    every_answer_leaves_its_entry,
    a_consent_that_runs_out_between_list_and_print_closes_the_print,
    a_clock_that_steps_back_opens_nothing,
    without_an_audit_entry_nothing_is_answered,
    a_closed_store_answers_no_record,
);

const WHOLE: (i64, i64) = (202_108, 202_611);

fn whole() -> Period {
    months(WHOLE.0, WHOLE.1)
}

/// The names of all acts, drugs and operations of a list.
fn names(list: &CareList) -> Vec<String> {
    let rows = list.entries.iter().flatten().flat_map(|group| &group.rows).map(|row| row.name.clone());
    let mut names: Vec<_> =
        rows.chain(list.operations.iter().flatten().map(|operation| operation.name.clone())).collect();
    names.sort();
    names
}

async fn view(world: &World, viewer: &Session, period: Period, kind: ListKind) -> Result<Vec<String>, Reason> {
    let list = world.service.care_list(viewer, Patient::Ordinary.id(), period, kind, Purpose::View).await;
    list.map(|list| names(&list)).map_err(|refusal| refusal.reason)
}

async fn each_answer_and_list_shows_its_own_kinds(world: World) {
    world.use_all(HOSPITAL, NOW).await;
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let month = months(202_610, 202_610);
    for (agrees, kind, expected) in [
        (vec![Page::Surgery, Page::MedicalCareAndMedication], ListKind::Care, Some("手薬診")),
        (vec![Page::Surgery, Page::MedicalCareAndMedication], ListKind::Medication, Some("薬")),
        (vec![Page::Surgery, Page::MedicalCareAndMedication], ListKind::Surgery, Some("手")),
        (vec![Page::MedicalCareAndMedication], ListKind::Care, Some("薬診")),
        (vec![Page::MedicalCareAndMedication], ListKind::Surgery, None),
        (vec![Page::Surgery], ListKind::Care, Some("手")),
        (vec![Page::Surgery], ListKind::Medication, None),
        (vec![Page::Checkup], ListKind::Care, None),
        (vec![], ListKind::Care, None),
    ] {
        world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| agrees.contains(&page)).await.unwrap();
        let seen = view(&world, &viewer, month, kind).await;
        let marks = seen.as_ref().ok().map(|names| names.iter().map(|name| &name[..3]).collect::<String>());
        assert_eq!(marks.as_deref(), expected, "{agrees:?} {kind:?}");
        if let Err(refused) = seen {
            assert!(matches!(refused, Reason::Denied { denial: Denial::NotAgreed, .. }), "{refused:?}");
        }
    }
}

async fn care_without_medication_shows_no_drug(world: World) {
    world.set(HOSPITAL, &[(Setting::MedicalCare, USED), (Setting::Medication, NOT_USED)], NOW).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let seen = view(&world, &viewer, months(202_609, 202_610), ListKind::Care).await;
    assert_eq!(seen, Ok(vec!["診202610-8".to_owned()]), "the pharmacy's receipt has nothing but drugs");
    let refused = view(&world, &viewer, whole(), ListKind::Medication).await;
    assert_eq!(refused, Err(Reason::Denied { kind: InformationKind::Medication, denial: Denial::NotUsed }));
}

async fn a_patient_without_rows_has_an_empty_list(world: World) {
    world.pass(HOSPITAL, Patient::SecondTwin, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let person = Patient::SecondTwin.id();
    let list = world.service.care_list(&viewer, person, whole(), ListKind::Care, Purpose::View).await.unwrap();
    assert!(list.is_empty(), "the twin's care is not his brother's");
    assert!(world.last_entry().await.draft.detail.ends_with("rows=0"));
}

async fn a_month_in_which_the_insurer_changed_is_whole(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let seen = view(&world, &viewer, months(202_606, 202_606), ListKind::Medication).await;
    assert_eq!(seen.unwrap(), ["薬202606-5", "薬202606-6"]);
    for (month, insurer) in [(20_260_615, "01130012"), (20_260_616, "00138057")] {
        let now = day(month).midnight();
        world.pass(HOSPITAL, Patient::Ordinary, now, |_| true).await.unwrap();
        let viewer = world.session(HOSPITAL, AccountKind::Viewer, now).await;
        let patient = world.service.patient(&viewer, Patient::Ordinary.id()).await.unwrap();
        assert_eq!(patient.coverage.unwrap().numbers.insurer.padded(), insurer, "{month}");
    }
}

async fn only_released_months_appear(world: World) {
    for (now, expected) in [
        (day(20_261_111).midnight().plus_seconds(-1), "202605 202606 202606 202609"),
        (day(20_261_111).midnight(), "202605 202606 202606 202609 202610"),
        (day(20_261_211).midnight().plus_seconds(-1), "202605 202606 202606 202609 202610"),
        (day(20_261_211).midnight(), "202605 202606 202606 202609 202610 202611"),
        (day(20_251_215).midnight(), "202109 202110"),
        (day(20_211_010).midnight(), ""),
        (day(20_211_011).midnight(), "202109"),
        (day(20_260_930).midnight(), "202109 202110 202605 202606 202606"),
        (day(20_261_001).midnight(), "202110 202605 202606 202606"),
    ] {
        world.pass(HOSPITAL, Patient::Ordinary, now, |_| true).await.unwrap();
        let viewer = world.session(HOSPITAL, AccountKind::Viewer, now).await;
        let seen = view(&world, &viewer, whole(), ListKind::Medication).await.unwrap();
        let months: Vec<_> = seen.iter().map(|name| &name[3..9]).collect();
        assert_eq!(months.join(" "), expected, "{}", now.japanese());
    }
}

async fn a_period_must_run_forwards(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    for (from, to, right) in [(202_610, 202_609, false), (202_610, 202_610, true), (202_611, 202_612, true)] {
        let seen = view(&world, &viewer, months(from, to), ListKind::Medication).await;
        assert_eq!(seen.is_ok(), right, "{from} {to}");
        if let Err(refused) = seen {
            assert!(matches!(refused, Reason::Invalid(_)));
        }
    }
}

async fn another_institutions_patient_stays_closed(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let elsewhere = world.session(CLINIC, AccountKind::Viewer, NOW).await;
    let nobody = PersonId::new(NOW, [0xee; 10]);
    for person in [Patient::Ordinary.id(), nobody] {
        let expected = Reason::Denied { kind: InformationKind::Medication, denial: Denial::NoConsent };
        for purpose in [Purpose::View, Purpose::Print] {
            let list = world.service.care_list(&elsewhere, person, whole(), ListKind::Medication, purpose).await;
            assert_eq!(reason(list), expected, "a guessed id tells nothing");
            assert_eq!(world.last_entry().await.draft.outcome, Outcome::Refused);
        }
        let patient = world.service.patient(&elsewhere, person).await;
        assert!(matches!(reason(patient), Reason::Denied { denial: Denial::NoConsent, .. }));
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.outcome, entry.subject), (Outcome::Refused, person.to_hex()));
    }
    let listed = world.service.consented_patients(&elsewhere, &PatientSearch::default()).await.unwrap();
    assert_eq!(listed, []);
}

async fn the_list_is_searched(world: World) {
    let patients = [Patient::Ordinary, Patient::FirstTwin, Patient::SecondTwin, Patient::RareName];
    for (minute, patient) in (0..).zip(patients) {
        let now = NOW.plus_seconds(60 * minute);
        world
            .pass(HOSPITAL, patient, now, |page| patient != Patient::Ordinary || page == Page::Medication)
            .await
            .unwrap();
    }
    for (patient, number) in [(Patient::Ordinary, "1001"), (Patient::FirstTwin, "100")] {
        let put = world.service.store().write("test.reference", async move |tx| {
            tx.put_reference_number(patient.id(), &code(HOSPITAL), number).await
        });
        put.await.unwrap();
    }
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW.plus_seconds(600)).await;
    for (text, kind, expected) in [
        ("", None, "太郎 二郎 一郎 花子"),
        ("双葉", None, "二郎 一郎"),
        ("ﾌﾀﾊﾞ", None, "二郎 一郎"),
        ("窓口花子", None, "花子"),
        ("山\u{E001}", None, "太郎"),
        ("100", None, "一郎"),
        ("1001", None, "花子"),
        ("10", None, ""),
        ("%", None, ""),
        ("' OR 1=1 --", None, ""),
        ("", Some(InformationKind::Checkup), "太郎 二郎 一郎"),
        ("", Some(InformationKind::Surgery), ""),
        ("双葉", Some(InformationKind::Medication), "二郎 一郎"),
    ] {
        let search = PatientSearch { text: text.to_owned(), kind };
        let found = world.service.consented_patients(&viewer, &search).await.unwrap();
        let given: Vec<_> = found.iter().map(|patient| patient.name.split('　').nth(1).unwrap()).collect();
        assert_eq!(given.join(" "), expected, "{text} {kind:?}");
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.detail), (Action::ListConsents, format!("rows={}", found.len())));
    }
}

async fn every_answer_leaves_its_entry(world: World) {
    world.use_all(HOSPITAL, NOW).await;
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page != Page::Surgery).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let grant = world.service.patient(&viewer, Patient::Ordinary.id()).await.unwrap().grant;
    let consent = grant.id.to_hex();
    let opened = world.last_entry().await.draft;
    assert_eq!((opened.action, opened.detail), (Action::OpenPatient, format!("consent={consent} kinds=診薬健")));
    for (purpose, kind, action, kinds, rows) in [
        (Purpose::View, ListKind::Care, Action::ViewRecords, "診薬", 4),
        (Purpose::Print, ListKind::Medication, Action::PrintRecords, "薬", 2),
    ] {
        let period = months(202_609, 202_610);
        let person = Patient::Ordinary.id();
        let list = world.service.care_list(&viewer, person, period, kind, purpose).await.unwrap();
        let entry = world.last_entry().await.draft;
        let detail = format!("consent={consent} kinds={kinds} from={} to={} rows={rows}", period.from, period.to);
        assert_eq!((entry.action, entry.outcome, entry.detail), (action, Outcome::Done, detail));
        assert_eq!((entry.subject, entry.user, entry.at), (person.to_hex(), viewer.user.to_string(), NOW));
        assert_eq!(entry.terminal, viewer.operation.terminal.serial);
        assert_eq!(list.row_count(), rows);
    }
}

async fn a_consent_that_runs_out_between_list_and_print_closes_the_print(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let last = NOW.plus_seconds(CONSENT_SECONDS - 1);
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, last).await;
    let person = Patient::Ordinary.id();
    let list = world.service.care_list(&viewer, person, whole(), ListKind::Medication, Purpose::View).await;
    assert!(list.is_ok());
    let over = later(&viewer, last.plus_seconds(1));
    let print = world.service.care_list(&over, person, whole(), ListKind::Medication, Purpose::Print).await;
    assert_eq!(reason(print), Reason::Denied { kind: InformationKind::Medication, denial: Denial::ConsentLapsed });
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::PrintRecords, Outcome::Refused));
    assert_eq!(entry.detail, "kind=薬 denial=consent_lapsed");
}

async fn a_clock_that_steps_back_opens_nothing(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    for (now, opens) in [
        (NOW, true),
        (NOW.plus_seconds(-1), false),
        (NOW.plus_seconds(-CONSENT_SECONDS), false),
        (Timestamp::from_micros(NOW.micros() + 1), true),
    ] {
        let session = later(&viewer, now);
        let seen = view(&world, &session, whole(), ListKind::Medication).await;
        assert_eq!(seen.is_ok(), opens, "{}", now.micros() - NOW.micros());
        let listed = world.service.consented_patients(&session, &PatientSearch::default()).await.unwrap();
        assert_eq!(listed.len(), usize::from(opens));
        assert_eq!(world.service.patient(&session, Patient::Ordinary.id()).await.is_ok(), opens);
    }
}

/// Everything that tells something about a patient; each result only says whether something was answered.
async fn answers(world: &World, viewer: &Session, reader: &Session) -> Vec<(&'static str, Result<(), Reason>)> {
    let (service, person) = (&world.service, Patient::Ordinary.id());
    let list = |purpose| service.care_list(viewer, person, whole(), ListKind::Medication, purpose);
    let reasons = |result: Result<(), madoguchi_service::Refusal>| result.map_err(|refusal| refusal.reason);
    let mut answers = vec![
        ("list of patients", reasons(service.consented_patients(viewer, &PatientSearch::default()).await.map(drop))),
        ("patient", reasons(service.patient(viewer, person).await.map(drop))),
        ("view", reasons(list(Purpose::View).await.map(drop))),
        ("print", reasons(list(Purpose::Print).await.map(drop))),
        ("no consent", reasons(service.patient(viewer, Patient::SecondTwin.id()).await.map(drop))),
        ("no right", reasons(service.patient(reader, person).await.map(drop))),
        ("log-in", reasons(service.log_in(&world.at(HOSPITAL, NOW), "general01", PASSWORD).await.map(drop))),
        ("wrong password", reasons(service.log_in(&world.at(HOSPITAL, NOW), "general01", "wrong").await.map(drop))),
    ];
    if let Ok(pass) = service.begin_pass(reader).await {
        answers.push(("card", reasons(world.present(reader, &pass, Patient::Ordinary).await.map(drop))));
        let (foreign, signature) = (world.card(Patient::Unregistered), vec![0; 8]);
        let refused = service.present_card(reader, pass.id, foreign.certificate_der(), &signature).await;
        answers.push(("refused card", reasons(refused.map(drop))));
    }
    answers
}

async fn without_an_audit_entry_nothing_is_answered(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let usual = answers(&world, &viewer, &reader).await;
    let answered: Vec<_> = usual.iter().filter(|(_, result)| result.is_ok()).map(|(what, _)| *what).collect();
    assert_eq!(answered, ["list of patients", "patient", "view", "print", "log-in", "card"]);
    world.refuse_audit_entries();
    let length = world.audit().await.len();
    let refused = answers(&world, &viewer, &reader).await;
    assert_eq!(refused.len(), usual.len());
    for (what, result) in refused {
        assert_eq!(result, Err(Reason::Unavailable), "{what}");
    }
    assert_eq!(world.audit().await.len(), length);
    world.take_audit_entries();
    assert!(view(&world, &viewer, whole(), ListKind::Medication).await.is_ok(), "and goes on afterwards");
    assert_eq!(world.audit().await.len(), length + 1);
}

async fn a_closed_store_answers_no_record(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    world.service.store().close().await;
    for (what, result) in answers(&world, &viewer, &reader).await {
        assert_eq!(result, Err(Reason::Unavailable), "{what}");
    }
}
