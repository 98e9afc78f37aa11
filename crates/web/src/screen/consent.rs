//! 同意取得済み患者一覧. The search is a form that is posted, so that no name stands in an address.

use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::consent::InformationKind;
use madoguchi_model::shown::shown;
use madoguchi_service::consent::{LISTED_MAX, PatientSearch};

#[derive(Template)]
#[template(path = "patients.html")]
struct PatientsPage {
    frame: Frame,
    text: String,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    full: bool,
    searched: bool,
}

/// A kind as a column and as a choice of the search.
struct Choice {
    mark: &'static str,
    label: &'static str,
    chosen: bool,
}

struct Row {
    address: String,
    reference_number: String,
    name: String,
    kana: String,
    birthdate: String,
    sex: &'static str,
    agreed: Vec<bool>,
    granted_at: String,
    valid_until: String,
}

pub(crate) async fn list(call: SessionCall) -> Answer {
    found(call, PatientSearch::default()).await
}

pub(crate) async fn search(call: SessionCall) -> Answer {
    let form = &call.input.form;
    let kind = InformationKind::ALL.into_iter().find(|kind| kind.mark() == form.text("kind"));
    let search = PatientSearch { text: form.text("text").trim().chars().take(100).collect(), kind };
    found(call, search).await
}

async fn found(call: SessionCall, search: PatientSearch) -> Answer {
    let patients = call.app.service.consented_patients(&call.session, &search).await?;
    let rows: Vec<Row> = patients
        .into_iter()
        .map(|patient| Row {
            address: format!("/patients/{}", patient.person.to_hex()),
            reference_number: patient.reference_number.unwrap_or_default(),
            name: shown(&patient.name),
            kana: shown(&patient.kana),
            birthdate: patient.birthdate.slashed(),
            sex: patient.sex.label(),
            agreed: InformationKind::ALL.into_iter().map(|kind| patient.scope.contains(kind)).collect(),
            granted_at: patient.granted_at.japanese(),
            valid_until: patient.valid_until.japanese(),
        })
        .collect();
    let searched = search != PatientSearch::default();
    Ok(page(
        StatusCode::OK,
        &PatientsPage {
            frame: call.frame("同意取得済み患者一覧"),
            text: search.text,
            kinds: InformationKind::ALL.into_iter().map(|kind| choice(kind, search.kind)).collect(),
            full: rows.len() == LISTED_MAX,
            rows,
            searched,
        },
    ))
}

fn choice(kind: InformationKind, chosen: Option<InformationKind>) -> Choice {
    Choice { mark: kind.mark(), label: kind.label(), chosen: chosen == Some(kind) }
}
