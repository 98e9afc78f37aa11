//! The card reader's endpoints (顔認証付きカードリーダー): JSON on the machine port, bearer token.

use crate::call::{CertifiedCall, SessionCall};
use crate::problem::Problem;
use crate::router::Answer;
use axum::Json;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use madoguchi_model::id::PassId;
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_service::Reason;
use serde::{Deserialize, Serialize};

/// A log-in of one of the terminal's programs.
#[derive(Deserialize)]
pub(crate) struct LogIn {
    pub(crate) user_id: String,
    pub(crate) password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    institution: Institution,
}

/// Where the program is.
#[derive(Serialize)]
pub(crate) struct Institution {
    code: String,
    name: String,
    kind: &'static str,
}

impl From<madoguchi_model::institution::Institution> for Institution {
    fn from(institution: madoguchi_model::institution::Institution) -> Self {
        let kind = institution.kind().code();
        Self { code: institution.code.as_str().to_owned(), name: institution.name, kind }
    }
}

#[derive(Serialize)]
struct Pass {
    pass: String,
    challenge: String,
}

#[derive(Deserialize)]
struct Card {
    certificate: String,
    signature: String,
}

#[derive(Serialize)]
struct Presented {
    name: String,
    eligibility: Eligibility,
    notices: Vec<Notice>,
    pages: Vec<Page>,
}

#[derive(Serialize)]
struct Eligibility {
    valid: bool,
    text: String,
}

#[derive(Serialize)]
struct Notice {
    code: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct Page {
    page: ConsentPage,
    heading: &'static str,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<PageAnswer>,
}

#[derive(Deserialize)]
struct PageAnswer {
    page: ConsentPage,
    agree: bool,
}

#[derive(Serialize)]
struct Answered {
    agreed: Vec<&'static str>,
    valid_until: Option<String>,
}

pub(crate) async fn log_in(call: CertifiedCall) -> Answer {
    let message: LogIn = call.input.json()?;
    let entered = call.app.service.log_in_reader(&call.operation, &message.user_id, &message.password).await?;
    let institution = Institution::from(entered.session.institution);
    Ok(Json(LoggedIn { token: entered.token, institution }).into_response())
}

pub(crate) async fn begin_pass(call: SessionCall) -> Answer {
    let pass = call.app.service.begin_pass(&call.session).await?;
    Ok(Json(Pass { pass: pass.id.to_hex(), challenge: STANDARD.encode(pass.challenge) }).into_response())
}

pub(crate) async fn present_card(call: SessionCall) -> Answer {
    let message: Card = call.input.json()?;
    let certificate = decoded("certificate", &message.certificate)?;
    let signature = decoded("signature", &message.signature)?;
    let presented = call.app.service.present_card(&call.session, pass(&call)?, &certificate, &signature).await?;
    let answer = Presented {
        name: presented.name,
        eligibility: Eligibility { valid: presented.eligible, text: presented.eligibility },
        notices: presented.notices.into_iter().map(|(code, text)| Notice { code, text }).collect(),
        pages: presented.pages.into_iter().map(|page| Page { page, heading: page.heading() }).collect(),
    };
    Ok(Json(answer).into_response())
}

pub(crate) async fn answer_pass(call: SessionCall) -> Answer {
    let message: Answers = call.input.json()?;
    let answers: Vec<_> = message.answers.into_iter().map(|answer| (answer.page, answer.agree)).collect();
    let answered = call.app.service.answer_pass(&call.session, pass(&call)?, &answers).await?;
    let valid_until = answered.valid_until.map(|until| until.japanese());
    Ok(Json(Answered { agreed: answered.agreed, valid_until }).into_response())
}

fn pass(call: &SessionCall) -> Result<PassId, Reason> {
    PassId::from_hex(call.input.segment("pass")).ok_or(Reason::NotFound("この手続き"))
}

fn decoded(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|_| Problem::Malformed(format!("{field}はBase64で送ってください")))
}
