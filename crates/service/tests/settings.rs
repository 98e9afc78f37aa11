//! 環境設定情報更新: what an institution can set, who changed it, and from when it counts.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::{AccountKind, Right};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::{InformationKind, Scope};
use madoguchi_model::decision::{Decision, Denial};
use madoguchi_model::institution::InstitutionKind;
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_model::listing::ListKind;
use madoguchi_model::settings::{NOT_USED, Setting, Settings, USED};
use madoguchi_service::consent::PatientSearch;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PHARMACY, Patient, World, months, reason};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Reason, Session, on_every_engine};

on_every_engine!(
    an_institution_sets_only_what_its_screen_has,
    all_wrong_values_are_named,
    the_second_of_two_administrators_is_told,
    the_history_tells_who_changed_what,
    switching_on_counts_from_the_next_log_in,
    switching_off_counts_at_once,
    switching_off_between_the_kiosks_pages_stores_no_consent,
    programs_read_settings_and_only_an_administrator_changes_single_ones,
);

/// Every setting with a value that is not its default.
fn everything_changed() -> Vec<(String, String)> {
    let other = |setting: Setting| {
        setting.values().iter().map(|choice| choice.code).find(|code| *code != setting.default_value()).unwrap()
    };
    Setting::ALL.into_iter().map(|setting| (setting.code().to_owned(), other(setting).to_owned())).collect()
}

async fn an_institution_sets_only_what_its_screen_has(world: World) {
    for (institution, own, foreign) in [
        (HOSPITAL, vec![Setting::PrescriptionUse, Setting::EmergencyViewing], vec![Setting::RefillPrescription]),
        (CLINIC, vec![Setting::PrescriptionTiming], vec![Setting::EmergencyViewing, Setting::ElectronicPrescription]),
        (PHARMACY, vec![Setting::ElectronicPrescription], vec![Setting::PrescriptionUse, Setting::EmergencyViewing]),
    ] {
        let session = world.session(institution, AccountKind::Administrator, NOW).await;
        let sheet = world.service.settings(&session).await.unwrap();
        let (_, previewed) = world.service.preview_settings(&sheet, &everything_changed()).unwrap();
        let mut whole = Settings::default();
        for (name, value) in everything_changed() {
            whole.set(Setting::from_code(&name).unwrap(), &value).unwrap();
        }
        let stored = world.service.update_settings(&session, &whole, sheet.version).await.unwrap();
        assert_eq!(stored, previewed, "what was confirmed is what is stored");
        let now = world.service.settings(&session).await.unwrap().settings;
        for setting in own {
            assert_ne!(now.value(setting), setting.default_value(), "{institution} {setting:?}");
        }
        for setting in foreign {
            assert_eq!(now.value(setting), setting.default_value(), "{institution} {setting:?}");
        }
        let pharmacy = session.institution.kind() == InstitutionKind::Pharmacy;
        assert_eq!(stored.iter().any(|change| change.setting == Setting::PrescriptionUse), !pharmacy);
    }
}

async fn all_wrong_values_are_named(world: World) {
    let session = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let sheet = world.service.settings(&session).await.unwrap();
    let form = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let wrong = form(&[("surgery", "2"), ("character_code", ""), ("medication", "1"), ("prescription_use", "紙のみ")]);
    let Reason::Invalid(fields) = reason(world.service.preview_settings(&sheet, &wrong)) else { panic!() };
    let fields: Vec<_> = fields.into_iter().map(|field| field.field).collect();
    assert_eq!(fields, ["利用文字コード", "手術情報", "電子処方箋利用区分"]);
    let unknown = form(&[("no_such_setting", "1"), ("refill_prescription", "nonsense")]);
    let (new, changes) = world.service.preview_settings(&sheet, &unknown).unwrap();
    assert_eq!((new, changes.len()), (sheet.settings.clone(), 0), "names of other screens are not read");
}

async fn the_second_of_two_administrators_is_told(world: World) {
    let session = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let (first, second) =
        (world.service.settings(&session).await.unwrap(), world.service.settings(&session).await.unwrap());
    let with = |settings: &Settings, setting| {
        let mut new = settings.clone();
        new.set(setting, USED).unwrap();
        new
    };
    let surgery = with(&first.settings, Setting::Surgery);
    world.service.update_settings(&session, &surgery, first.version).await.unwrap();
    let care = with(&second.settings, Setting::MedicalCare);
    let late = world.service.update_settings(&session, &care, second.version).await;
    assert_eq!(reason(late), Reason::Conflict("環境設定情報"));
    let third = world.service.settings(&session).await.unwrap();
    assert_eq!(third.settings, surgery, "nothing of the late update was stored");
    let both = with(&third.settings, Setting::MedicalCare);
    assert_eq!(world.service.update_settings(&session, &both, third.version).await.unwrap().len(), 1);
}

async fn the_history_tells_who_changed_what(world: World) {
    let steps = [(Setting::Surgery, USED), (Setting::Medication, NOT_USED), (Setting::Surgery, NOT_USED)];
    for (step, change) in (0..).zip(steps) {
        world.set(HOSPITAL, &[change], NOW.plus_seconds(step)).await;
    }
    world.set(HOSPITAL, &[(Setting::Surgery, NOT_USED)], NOW.plus_seconds(60)).await;
    let session = world.session(HOSPITAL, AccountKind::Administrator, NOW.plus_seconds(90)).await;
    let history = world.service.setting_history(&session).await.unwrap();
    let seen: Vec<_> =
        history.iter().map(|row| (row.change.setting, row.change.from.as_str(), row.change.to.as_str())).collect();
    assert_eq!(seen, [(Setting::Surgery, "1", "0"), (Setting::Medication, "1", "0"), (Setting::Surgery, "0", "1")]);
    assert!(history.iter().all(|row| row.user == "administrator01"));
    assert_eq!(history[0].at, NOW.plus_seconds(2));
    let updates = world.audit().await.into_iter().filter(|entry| entry.draft.action == Action::UpdateSettings);
    assert_eq!(updates.map(|entry| entry.draft.detail).collect::<Vec<_>>()[1], "medication:1>0");
    let elsewhere = world.session(CLINIC, AccountKind::Administrator, NOW).await;
    assert_eq!(world.service.setting_history(&elsewhere).await.unwrap(), []);
}

/// The marks of the kinds that the session sees in the list of patients and on the patient's page.
async fn seen(world: &World, session: &Session) -> (String, String) {
    let marks = |scope: Scope| scope.kinds().map(InformationKind::mark).collect::<String>();
    let listed = world.service.consented_patients(session, &PatientSearch::default()).await.unwrap();
    let open = world.service.patient(session, Patient::Ordinary.id()).await;
    let open = open.map(|patient| patient.decisions).unwrap_or_default().into_iter();
    let open = open.filter(|(_, decision)| matches!(decision, Decision::Allow { .. })).map(|(kind, _)| kind);
    (listed.first().map(|patient| marks(patient.scope)).unwrap_or_default(), open.map(InformationKind::mark).collect())
}

fn both(marks: &str) -> (String, String) {
    (marks.to_owned(), marks.to_owned())
}

async fn switching_on_counts_from_the_next_log_in(world: World) {
    let before = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    world.use_all(HOSPITAL, NOW).await;
    let answered = world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    assert_eq!(answered.agreed, ["手術情報", "診療／薬剤情報", "特定健診情報"], "the kiosk asks at once");
    assert_eq!(seen(&world, &before).await, both("薬健"));
    let patient = world.service.patient(&before, Patient::Ordinary.id()).await.unwrap();
    let care = patient.decisions.iter().find(|(kind, _)| *kind == InformationKind::MedicalCare).unwrap().1;
    assert_eq!(care, Decision::Deny(Denial::UsedSinceNextLogin));
    let surgery = world
        .service
        .care_list(&before, Patient::Ordinary.id(), months(202_605, 202_610), ListKind::Surgery, Purpose::View)
        .await;
    assert_eq!(reason(surgery), Reason::Denied { kind: InformationKind::Surgery, denial: Denial::UsedSinceNextLogin });
    let after = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    assert_eq!(seen(&world, &after).await, both("手診薬健"));
}

async fn switching_off_counts_at_once(world: World) {
    world.use_all(HOSPITAL, NOW).await;
    world.use_all(CLINIC, NOW).await;
    for institution in [HOSPITAL, CLINIC] {
        world.pass(institution, Patient::Ordinary, NOW, |_| true).await.unwrap();
    }
    let open = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let elsewhere = world.session(CLINIC, AccountKind::Viewer, NOW).await;
    assert_eq!(seen(&world, &open).await, both("手診薬健"));
    world.set(HOSPITAL, &[(Setting::MedicalCare, NOT_USED)], NOW).await;
    assert_eq!(seen(&world, &open).await, both("手薬健"));
    assert_eq!(seen(&world, &elsewhere).await, both("手診薬健"));
    world.set(HOSPITAL, &[(Setting::Medication, NOT_USED)], NOW).await;
    let list =
        |kind| world.service.care_list(&open, Patient::Ordinary.id(), months(202_605, 202_610), kind, Purpose::View);
    assert_eq!(
        reason(list(ListKind::Medication).await),
        Reason::Denied { kind: InformationKind::Medication, denial: Denial::NotUsed }
    );
    assert!(list(ListKind::Surgery).await.is_ok());
    world.set(HOSPITAL, &[(Setting::Medication, USED)], NOW).await;
    assert_eq!(seen(&world, &open).await, both("手薬健"), "off and on again within a session: its log-in had it on");
}

async fn switching_off_between_the_kiosks_pages_stores_no_consent(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, pages) = world.identified(&reader, Patient::Ordinary).await.unwrap();
    assert_eq!(pages, [ConsentPage::Medication, ConsentPage::Checkup]);
    world.set(HOSPITAL, &[(Setting::Medication, NOT_USED)], NOW).await;
    let answers = [(ConsentPage::Medication, true), (ConsentPage::Checkup, true)];
    let answered = world.service.answer_pass(&reader, pass, &answers).await.unwrap();
    assert_eq!(answered.agreed, ["特定健診情報"], "the reader must not say what was not stored");
    world.set(HOSPITAL, &[(Setting::Medication, USED)], NOW).await;
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    assert_eq!(seen(&world, &viewer).await, both("健"));
}

async fn programs_read_settings_and_only_an_administrator_changes_single_ones(world: World) {
    let changes = [(Setting::Surgery, USED), (Setting::CharacterCode, "1")];
    for kind in [AccountKind::Agent, AccountKind::Api] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        assert_eq!(world.service.inquire_settings(&session).await.unwrap().settings, Settings::default());
        let refused = world.service.change_settings(&session, &changes).await;
        assert_eq!(reason(refused), Reason::NoRight(Right::UpdateSettings), "{kind:?}");
        assert_eq!(world.last_entry().await.draft.outcome, Outcome::Refused);
    }
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    assert_eq!(reason(world.service.inquire_settings(&viewer).await), Reason::NoRight(Right::InquireSettings));
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let foreign = world.service.change_settings(&administrator, &[(Setting::RefillPrescription, USED)]).await;
    assert!(matches!(reason(foreign), Reason::Invalid(wrong) if wrong[0].field == "リフィル処方箋"));
    let changed = world.service.change_settings(&administrator, &changes).await.unwrap();
    assert_eq!(changed.len(), 2);
    let settings = world.service.inquire_settings(&administrator).await.unwrap().settings;
    assert_eq!((settings.value(Setting::Surgery), settings.value(Setting::CharacterCode)), (USED, "1"));
    assert_eq!(settings.value(Setting::Medication), USED, "what is not named stays");
}
