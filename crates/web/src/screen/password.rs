//! パスワード変更: by choice, or forced after an issued or initialised password.

use super::go_to;
use super::login::first_screen;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;

const SCREEN: &str = "パスワード変更";

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    forced: bool,
    user: String,
    problem: Option<Explained>,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &form(&call, None)))
}

pub(crate) async fn change(call: SessionCall) -> Answer {
    let fields = &call.input.form;
    let [current, new, repeated] = ["current", "new", "repeated"].map(|name| fields.text(name));
    if let Err(refusal) = call.app.service.change_password(&call.session, current, new, repeated).await {
        return Ok(page(refusal_status(&refusal), &form(&call, Some(explained(&refusal.reason)))));
    }
    let mut session = call.session;
    session.must_change_password = false;
    Ok(go_to(first_screen(&call.app, &session).await?))
}

fn form(call: &SessionCall, problem: Option<Explained>) -> PasswordPage {
    PasswordPage {
        frame: call.frame(SCREEN),
        forced: call.session.must_change_password,
        user: call.session.user.as_str().to_owned(),
        problem,
    }
}
