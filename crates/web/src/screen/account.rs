//! アカウント管理: the master's list of 管理アカウント and an administrator's list of the rest.

use super::go_to;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::account::{AccountKind, UserId};
use madoguchi_service::account::Account;
use madoguchi_service::{Reason, Refusal};

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    base: &'static str,
    kinds: Vec<KindChoice>,
    accounts: Vec<Account>,
    wanted: String,
    problem: Option<Explained>,
}

/// A kind that the manager may create.
struct KindChoice {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    question: String,
    consequences: Vec<&'static str>,
    action: String,
    back: &'static str,
}

#[derive(Template)]
#[template(path = "issued.html")]
pub(super) struct IssuedPage {
    pub(super) frame: Frame,
    pub(super) user: String,
    pub(super) kind: Option<&'static str>,
    pub(super) password: String,
    pub(super) back: &'static str,
}

pub(crate) async fn list(call: SessionCall) -> Answer {
    overview(&call, None).await
}

pub(crate) async fn create(call: SessionCall) -> Answer {
    let kind = chosen_kind(&call).ok_or(Reason::NotFound("このアカウントの種類"))?;
    match call.app.service.create_account(&call.session, kind, call.input.form.text("user_id")).await {
        Ok(issued) => Ok(page(
            StatusCode::OK,
            &IssuedPage {
                frame: call.frame("アカウントを作成しました"),
                user: issued.user.as_str().to_owned(),
                kind: Some(kind.label()),
                password: issued.password,
                back: base(call.session.kind),
            },
        )),
        Err(refusal) => overview(&call, Some(refusal)).await,
    }
}

pub(crate) async fn stop(call: SessionCall) -> Answer {
    call.app.service.stop_account(&call.session, user(&call)?.as_str()).await?;
    Ok(go_to(base(call.session.kind)))
}

pub(crate) async fn start(call: SessionCall) -> Answer {
    call.app.service.start_account(&call.session, user(&call)?.as_str()).await?;
    Ok(go_to(base(call.session.kind)))
}

pub(crate) async fn unlock(call: SessionCall) -> Answer {
    call.app.service.unlock_account(&call.session, user(&call)?.as_str()).await?;
    Ok(go_to(base(call.session.kind)))
}

pub(crate) async fn confirm_password(call: SessionCall) -> Answer {
    let user = user(&call)?;
    let accounts = call.app.service.accounts(&call.session).await?;
    if !accounts.iter().any(|account| account.user == user) {
        return Err(Reason::NotFound("このアカウント").into());
    }
    let back = base(call.session.kind);
    Ok(page(
        StatusCode::OK,
        &ConfirmPage {
            frame: call.frame("パスワード初期化の確認"),
            question: format!("ユーザID「{user}」のパスワードを初期化しますか。"),
            consequences: vec![
                "今のパスワードは使えなくなり、このアカウントのログインは終了します。",
                "新しいパスワードを次の画面に一度だけ表示します。",
            ],
            action: format!("{back}/{user}/password"),
            back,
        },
    ))
}

pub(crate) async fn initialise_password(call: SessionCall) -> Answer {
    let issued = call.app.service.initialise_password(&call.session, user(&call)?.as_str()).await?;
    Ok(page(
        StatusCode::OK,
        &IssuedPage {
            frame: call.frame("パスワードを初期化しました"),
            user: issued.user.as_str().to_owned(),
            kind: None,
            password: issued.password,
            back: base(call.session.kind),
        },
    ))
}

async fn overview(call: &SessionCall, refusal: Option<Refusal>) -> Answer {
    let accounts = call.app.service.accounts(&call.session).await?;
    let status = refusal.as_ref().map_or(StatusCode::OK, refusal_status);
    let screen =
        if call.session.kind == AccountKind::Master { "管理アカウント一覧" } else { "アカウント一覧" };
    Ok(page(
        status,
        &AccountsPage {
            frame: call.frame(screen),
            base: base(call.session.kind),
            kinds: kinds(call),
            accounts,
            wanted: call.input.form.text("user_id").chars().take(32).collect(),
            problem: refusal.map(|refusal| explained(&refusal.reason)),
        },
    ))
}

fn chosen_kind(call: &SessionCall) -> Option<AccountKind> {
    AccountKind::from_code(call.input.form.text("kind"))
}

fn kinds(call: &SessionCall) -> Vec<KindChoice> {
    let managed = AccountKind::ALL.into_iter().filter(|kind| kind.managed_by() == Some(call.session.kind));
    let chosen = chosen_kind(call);
    managed.map(|kind| KindChoice { code: kind.code(), label: kind.label(), chosen: chosen == Some(kind) }).collect()
}

/// The list's address: the same screens stand under two paths because the two need different rights.
const fn base(manager: AccountKind) -> &'static str {
    if matches!(manager, AccountKind::Master) { "/master/accounts" } else { "/accounts" }
}

fn user(call: &SessionCall) -> Result<UserId, Reason> {
    UserId::parse(call.input.segment("user")).map_err(|_| Reason::NotFound("このアカウント"))
}
