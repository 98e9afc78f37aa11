//! Without a consent that holds nothing is told: by file, by JSON and on the screen, with the same reason, and each refusal
//! is written down.

use crate::exchange::{call_api, element, fetch, text};
use crate::screens::checkup_document;
use crate::site::{Seat, Site};
use http::StatusCode;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::CONSENT_SECONDS;
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_model::settings::Setting;
use madoguchi_service::test_support::{HOSPITAL, NOW, Patient};
use serde_json::json;

/// What was done before somebody looks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    /// The patient agreed to everything a minute ago.
    Agreed,
    /// The patient never passed the reader here.
    NeverPassed,
    /// The 24 hours are over since one second.
    OneSecondTooLate,
    /// A clerk took the consent back on the screen.
    Withdrawn,
    /// The patient passed again and refused what is on this page.
    Refused(ConsentPage),
    /// The institution switched this to 利用しない.
    Off(Setting),
}

/// What is asked for, by all three ways.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Medication,
    Care,
    Checkup,
}

/// Code and word in the audit log of a refusal, 結果コード of the file.
type Refusal = (&'static str, &'static str, &'static str);

const NO_CONSENT: Refusal = ("P0020", "no_consent", "3");
const LAPSED: Refusal = ("P0020", "consent_lapsed", "3");
const WITHDRAWN: Refusal = ("P0020", "consent_withdrawn", "3");
const NOT_AGREED: Refusal = ("P0020", "not_agreed", "3");
const NOT_USED: Refusal = ("P0022", "not_used", "9");

const TABLE: &[(Before, [Option<Refusal>; 3])] = &[
    (Before::Agreed, [None; 3]),
    (Before::NeverPassed, [Some(NO_CONSENT); 3]),
    (Before::OneSecondTooLate, [Some(LAPSED); 3]),
    (Before::Withdrawn, [Some(WITHDRAWN); 3]),
    (Before::Refused(ConsentPage::Checkup), [None, None, Some(NOT_AGREED)]),
    // 手術情報 stays agreed to, so that 診療情報 has something to show; the rest of it is left out.
    (Before::Refused(ConsentPage::MedicalCareAndMedication), [Some(NOT_AGREED), None, None]),
    (Before::Off(Setting::Medication), [Some(NOT_USED), None, None]),
    (Before::Off(Setting::Checkup), [None, None, Some(NOT_USED)]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_agreed_to_is_refused_by_file_by_json_and_on_the_screen_alike() {
    for (before, verdicts) in TABLE {
        let late = if *before == Before::OneSecondTooLate { CONSENT_SECONDS + 1 } else { 60 };
        let site = Site::open_at(NOW.plus_seconds(late)).await;
        site.service.ingest_checkups(checkup_document().into_bytes()).await.unwrap();
        prepare(&site, *before).await;
        let patient = if *before == Before::NeverPassed { Patient::RareName } else { Patient::Ordinary };
        let agent = site.seat(&site.hospital, AccountKind::Agent).await;
        let api = site.seat(&site.hospital, AccountKind::Api).await;
        let viewer = site.seat(&site.hospital, AccountKind::Viewer).await;
        for (kind, refusal) in [Kind::Medication, Kind::Care, Kind::Checkup].into_iter().zip(verdicts) {
            let case = format!("{before:?} {kind:?}");
            by_file(&agent, patient, kind, *refusal, &case).await;
            written_down(&site, Action::FetchRecords, *refusal, &case).await;
            by_json(&api, patient, kind, *refusal, &case).await;
            written_down(&site, Action::FetchRecords, *refusal, &case).await;
            on_screen(&viewer, patient, kind, *refusal, &case).await;
            written_down(&site, Action::ViewRecords, *refusal, &case).await;
        }
    }
}

async fn prepare(site: &Site, before: Before) {
    match before {
        Before::Agreed | Before::NeverPassed | Before::OneSecondTooLate => {}
        Before::Withdrawn => {
            let viewer = site.seat(&site.hospital, AccountKind::Viewer).await;
            let path = format!("/patients/{}/withdrawal", Patient::Ordinary.id().to_hex());
            assert_eq!(viewer.post(&path, &[]).await.header("location"), "/patients");
        }
        Before::Refused(page) => {
            let now = site.service.now();
            site.world.pass(HOSPITAL, Patient::Ordinary, now, |shown| shown != page).await.unwrap();
        }
        Before::Off(setting) => site.world.set(HOSPITAL, &[(setting, "0")], site.service.now()).await,
    }
}

fn number(patient: Patient) -> &'static str {
    if patient == Patient::Ordinary { "7001234" } else { "9000003" }
}

const FROM: &str = "202605";
const TO: &str = "202610";

async fn by_file(agent: &Seat<'_>, patient: Patient, kind: Kind, refusal: Option<Refusal>, case: &str) {
    let months = format!("<StartDate>{FROM}</StartDate><EndDate>{TO}</EndDate>");
    let (name, body) = match kind {
        Kind::Medication => ("YZKsiquc01req_1.xml", format!("{months}<FileCategory>2</FileCategory>")),
        Kind::Care => ("YZKsiquc01req_1.xml", format!("{months}<FileCategory>4</FileCategory>")),
        Kind::Checkup => ("TKKsiquc01req_1.xml", "<FileCategory>2</FileCategory>".to_owned()),
    };
    let xml = text(agent, name, &fetch(number(patient), &body)).await;
    assert_eq!(element(&xml, "ResultCode"), Some(refusal.map_or("1", |(_, _, result)| result)), "{case}: {xml}");
    if let Some((code, _, _)) = refusal {
        assert!(element(&xml, "MessageContents").unwrap().starts_with(code), "{case}: {xml}");
        assert!(!xml.contains("<Name>") && !xml.contains("<Birth>"), "{case}: {xml}");
    }
}

async fn by_json(api: &Seat<'_>, patient: Patient, kind: Kind, refusal: Option<Refusal>, case: &str) {
    let (path, body) = match kind {
        Kind::Medication => ("MSA02010/ILI02010SV01", json!({"StartDate": FROM, "EndDate": TO, "FileCategory": "2"})),
        Kind::Care => ("MSA02010/ILI02010SV01", json!({"StartDate": FROM, "EndDate": TO, "FileCategory": "4"})),
        Kind::Checkup => ("MSA02020/ILI02020SV01", json!({"FileCategory": "2"})),
    };
    let header = json!({
        "MedicalInstitutionCode": HOSPITAL,
        "InsurerNumber": "00138057",
        "InsuredPersonIdentificationNumber": number(patient),
    });
    let message = json!({ "XmlMsg": { "MessageHeader": header, "MessageBody": body } });
    let answer = call_api(api, &format!("/oqs-api-pro/{path}/search"), &message).await;
    assert_eq!(answer.status, StatusCode::OK, "{case}");
    let message = &answer.json()["XmlMsg"];
    let header = &message["MessageHeader"];
    assert_eq!(header["ResultCode"], refusal.map_or("1", |(_, _, result)| result), "{case}: {message}");
    if let Some((code, _, _)) = refusal {
        assert!(header["MessageContents"].as_str().unwrap().starts_with(code), "{case}: {message}");
        assert!(!message.to_string().contains("\"Name\""), "{case}: {message}");
    }
}

async fn on_screen(viewer: &Seat<'_>, patient: Patient, kind: Kind, refusal: Option<Refusal>, case: &str) {
    let page = match kind {
        Kind::Medication => "records?list=medication&pick=six_months",
        Kind::Care => "records?list=care&pick=six_months",
        Kind::Checkup => "checkups",
    };
    let shown = viewer.get(&format!("/patients/{}/{page}", patient.id().to_hex())).await;
    assert_eq!(shown.status, refusal.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN), "{case}");
    if let Some((code, _, _)) = refusal {
        assert!(shown.text().contains(code), "{case}");
    }
}

/// The newest entry is this refusal, or the looking.
async fn written_down(site: &Site, action: Action, refusal: Option<Refusal>, case: &str) {
    let draft = site.last_entry().await.draft;
    let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Done };
    assert_eq!((draft.action, draft.outcome), (action, outcome), "{case}: {}", draft.detail);
    if let Some((_, word, _)) = refusal {
        assert!(draft.detail.ends_with(&format!("denial={word}")), "{case}: {}", draft.detail);
    }
}
