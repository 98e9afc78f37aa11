//! The folder agent's door (連携アプリケーション): its log-in on the machine port.

use crate::call::CertifiedCall;
use crate::reader::{Institution, LogIn};
use crate::router::Answer;
use axum::Json;
use axum::response::IntoResponse;
use madoguchi_model::settings::Setting;
use serde::Serialize;

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    institution: Institution,
    /// 利用文字コード (OQSCD005).
    character_code: String,
}

pub(crate) async fn log_in(call: CertifiedCall) -> Answer {
    let message: LogIn = call.input.json()?;
    let entered = call.app.service.log_in_agent(&call.operation, &message.user_id, &message.password).await?;
    let character_code = entered.session.settings_at_login.value(Setting::CharacterCode).to_owned();
    let institution = Institution::from(entered.session.institution);
    Ok(Json(LoggedIn { token: entered.token, institution, character_code }).into_response())
}
