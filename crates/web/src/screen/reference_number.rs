//! 照会番号登録: one number for one patient, who is named by the numbers of a certificate.

use super::numbers::{NumberField, number_fields};
use crate::call::{Fields, SessionCall};
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use madoguchi_model::eligibility::Registration;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_service::{Reason, Refusal, Status};

#[derive(Template)]
#[template(path = "reference_number.html")]
struct FormPage {
    frame: Frame,
    reference_number: String,
    numbers: Vec<NumberField>,
    done: bool,
    problem: Option<Explained>,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &form(&call, &Fields::default(), false, None)))
}

pub(crate) async fn register(call: SessionCall) -> Answer {
    let registration = match registration(&call) {
        Ok(registration) => registration,
        Err(refusal) => return Ok(refused(&call, &refusal)),
    };
    match call.app.service.register_reference_number(&call.session, &registration).await {
        Ok(()) => Ok(page(StatusCode::OK, &form(&call, &Fields::default(), true, None))),
        // What the clerk can mend is mended in the form.
        Err(refusal) if !matches!(refusal.reason.status(), Status::Unavailable | Status::Forbidden) => {
            Ok(refused(&call, &refusal))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn registration(call: &SessionCall) -> Result<Registration, Refusal> {
    let input = &call.input.form;
    let text = |name| input.text(name);
    let numbers = InsuranceNumbers::parse(text("insurer_number"), text("symbol"), text("number"), text("branch"));
    let numbers = numbers.map_err(Reason::Invalid)?;
    Ok(Registration { reference_number: text("reference_number").trim().to_owned(), numbers })
}

fn refused(call: &SessionCall, refusal: &Refusal) -> Response {
    page(refusal_status(refusal), &form(call, &call.input.form, false, Some(explained(&refusal.reason))))
}

fn form(call: &SessionCall, input: &Fields, done: bool, problem: Option<Explained>) -> FormPage {
    FormPage {
        frame: call.frame("照会番号登録"),
        reference_number: input.text("reference_number").to_owned(),
        numbers: number_fields(input),
        done,
        problem,
    }
}
