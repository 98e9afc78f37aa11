//! マスタアカウントのパスワード初期化 with the secret number of the reset account.

use super::account::IssuedPage;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;

const SCREEN: &str = "マスタアカウントのパスワード初期化";

#[derive(Template)]
#[template(path = "master.html")]
struct MasterPage {
    frame: Frame,
    problem: Option<Explained>,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &MasterPage { frame: call.frame(SCREEN), problem: None }))
}

pub(crate) async fn reset(call: SessionCall) -> Answer {
    match call.app.service.reset_master(&call.session, call.input.form.text("secret_number").trim()).await {
        Ok(issued) => Ok(page(
            StatusCode::OK,
            &IssuedPage {
                frame: call.frame("マスタアカウントのパスワードを初期化しました"),
                user: issued.user.as_str().to_owned(),
                kind: None,
                password: issued.password,
                back: "/menu",
            },
        )),
        Err(refusal) => {
            let problem = Some(explained(&refusal.reason));
            Ok(page(refusal_status(&refusal), &MasterPage { frame: call.frame(SCREEN), problem }))
        }
    }
}
