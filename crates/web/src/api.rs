//! The Web API: JSON on the machine port, for the systems of an institution.
//!
//! A refusal that a message can say is an answer with status 200, as from the folder; see [`crate::message`].

use crate::call::{CertifiedCall, SessionCall};
use crate::inspector::{self, Way};
use crate::message::{self, Coding, Reply};
use crate::problem::Problem;
use crate::router::Answer;
use axum::Json;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use madoguchi_model::settings::Setting;
use madoguchi_wire::message::MessageId;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// A log-in, or its renewal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogIn {
    user_id: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
struct Answered<T> {
    status: &'static str,
    msg: &'static str,
    result: T,
}

/// `accessToken` is the same token as `idToken`: clients read one or the other.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    access_token: String,
    refresh_token: String,
    id_token: String,
    link_sys_char_cd: String,
}

/// A PDF.
#[derive(Serialize)]
struct Report {
    /// Base64.
    file: String,
}

pub(crate) async fn log_in(call: CertifiedCall) -> Answer {
    let message: LogIn = call.input.json()?;
    let service = &call.app.service;
    let log_in = match (message.user_id, message.password, message.refresh_token) {
        (Some(user), Some(password), None) => service.log_in_api(&call.operation, &user, &password).await?,
        (None, None, Some(refresh_token)) => service.refresh_api(&call.operation, &refresh_token).await?,
        _ => return Err(Problem::Malformed("userIdとpassword、またはrefreshToken".to_owned())),
    };
    let result = Tokens {
        access_token: log_in.entered.token.clone(),
        refresh_token: log_in.refresh_token,
        id_token: log_in.entered.token,
        link_sys_char_cd: log_in.entered.session.settings_at_login.value(Setting::CharacterCode).to_owned(),
    };
    Ok(Json(Answered { status: "200", msg: "", result }).into_response())
}

pub(crate) async fn check_eligibility(call: SessionCall) -> Answer {
    answer(call, MessageId::Eligibility).await
}

pub(crate) async fn register_reference_number(call: SessionCall) -> Answer {
    answer(call, MessageId::ReferenceNumber).await
}

pub(crate) async fn fetch_records(call: SessionCall) -> Answer {
    answer(call, MessageId::Records).await
}

pub(crate) async fn fetch_checkups(call: SessionCall) -> Answer {
    answer(call, MessageId::Checkups).await
}

pub(crate) async fn inquire_settings(call: SessionCall) -> Answer {
    answer(call, MessageId::SettingsInquiry).await
}

pub(crate) async fn update_settings(call: SessionCall) -> Answer {
    answer(call, MessageId::SettingsUpdate).await
}

pub(crate) async fn upload_bulk(call: SessionCall) -> Answer {
    answer(call, MessageId::BulkEligibility).await
}

pub(crate) async fn download_bulk(call: SessionCall) -> Answer {
    answer(call, MessageId::BulkEligibilityResult).await
}

async fn answer(call: SessionCall, id: MessageId) -> Answer {
    let begun = Instant::now();
    let request = call.input.request;
    let reply = message::answer(&call.app, &call.session, id, &call.input.body, Coding::Json, (request, None)).await;
    inspector::note(&call, Way::Api, id, None, begun, &reply);
    match reply? {
        Reply::Message(bytes) | Reply::Zip(bytes) | Reply::WithFile { message: bytes, .. } => {
            Ok(([(CONTENT_TYPE, "application/json")], bytes).into_response())
        }
        Reply::Pdf(bytes) => {
            let result = Report { file: STANDARD.encode(bytes) };
            Ok(Json(Answered { status: "200", msg: "", result }).into_response())
        }
    }
}
