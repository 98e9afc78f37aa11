//! 環境設定情報更新: form, confirmation, update, completion, and the history of changes.

use super::go_to;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::settings::{Choice, Setting, SettingChange, Settings};
use madoguchi_service::Refusal;
use madoguchi_service::settings::{HistoryRow, SettingsSheet};

const SCREEN: &str = "環境設定情報更新";

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    sheet: SettingsSheet,
    consents: Vec<Item>,
    others: Vec<Item>,
    message: Option<&'static str>,
    problem: Option<Explained>,
}

/// One setting of the form.
struct Item {
    label: &'static str,
    code: &'static str,
    choices: &'static [Choice],
    value: String,
}

#[derive(Template)]
#[template(path = "settings_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    version: i64,
    changes: Vec<SettingChange>,
}

#[derive(Template)]
#[template(path = "settings_done.html")]
struct DonePage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "settings_history.html")]
struct HistoryPage {
    frame: Frame,
    rows: Vec<HistoryRow>,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let sheet = call.app.service.settings(&call.session).await?;
    Ok(page(StatusCode::OK, &form(&call, sheet, None, None)))
}

pub(crate) async fn confirm(call: SessionCall) -> Answer {
    let sheet = call.app.service.settings(&call.session).await?;
    match call.app.service.preview_settings(&sheet, &call.input.form.0) {
        Err(refusal) => Ok(refused(&call, sheet, &refusal)),
        Ok((_, changes)) if changes.is_empty() => {
            let message = "変更された項目がありません。変更する項目を選び直してから「更新」を押してください。";
            Ok(page(StatusCode::OK, &form(&call, sheet, Some(message), None)))
        }
        Ok((_, changes)) => {
            let version = sheet.version;
            Ok(page(StatusCode::OK, &ConfirmPage { frame: call.frame("環境設定情報更新の確認"), version, changes }))
        }
    }
}

pub(crate) async fn update(call: SessionCall) -> Answer {
    let sheet = call.app.service.settings(&call.session).await?;
    let seen = call.input.form.text("version").parse().unwrap_or_default();
    let new = match call.app.service.preview_settings(&sheet, &call.input.form.0) {
        Ok((new, _)) => new,
        Err(refusal) => return Ok(refused(&call, sheet, &refusal)),
    };
    match call.app.service.update_settings(&call.session, &new, seen).await {
        Ok(_) => Ok(go_to("/settings/done")),
        Err(refusal) => Ok(refused(&call, sheet, &refusal)),
    }
}

pub(crate) async fn done(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &DonePage { frame: call.frame("環境設定情報更新の完了") }))
}

pub(crate) async fn history(call: SessionCall) -> Answer {
    let rows = call.app.service.setting_history(&call.session).await?;
    Ok(page(StatusCode::OK, &HistoryPage { frame: call.frame("環境設定情報変更履歴"), rows }))
}

fn refused(call: &SessionCall, sheet: SettingsSheet, refusal: &Refusal) -> axum::response::Response {
    page(refusal_status(refusal), &form(call, sheet, None, Some(explained(&refusal.reason))))
}

fn form(
    call: &SessionCall,
    sheet: SettingsSheet,
    message: Option<&'static str>,
    problem: Option<Explained>,
) -> SettingsPage {
    let shown = || Setting::ALL.into_iter().filter(|setting| setting.applies_to(&sheet.institution));
    let consents = shown().filter(|setting| setting.is_consent_use()).map(|it| item(it, &sheet.settings)).collect();
    let others = shown().filter(|setting| !setting.is_consent_use()).map(|it| item(it, &sheet.settings)).collect();
    SettingsPage { frame: call.frame(SCREEN), consents, others, sheet, message, problem }
}

fn item(setting: Setting, settings: &Settings) -> Item {
    Item {
        label: setting.label(),
        code: setting.code(),
        choices: setting.values(),
        value: settings.value(setting).to_owned(),
    }
}
