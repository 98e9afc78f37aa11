//! Log-in window (ログイン) and log-out (ログアウト).

use super::go_to;
use crate::call::{App, CertifiedCall, SessionCall};
use crate::cookie;
use crate::frame::{Frame, page};
use crate::problem::{Explained, Problem, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, SET_COOKIE};
use madoguchi_service::{Operation, Refusal, Session};

const SCREEN: &str = "ログイン";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    user: String,
    problem: Option<Explained>,
}

pub(crate) async fn show(call: CertifiedCall) -> Answer {
    window(&call.app, &call.operation, "", None).await
}

pub(crate) async fn enter(call: CertifiedCall) -> Answer {
    let form = &call.input.form;
    let entered = call.app.service.log_in(&call.operation, form.text("user_id"), form.text("password")).await;
    match entered {
        Ok(entered) => {
            let next = first_screen(&call.app, &entered.session).await?;
            with_cookie(go_to(next), &cookie::set(&entered.token))
        }
        Err(refusal) => window(&call.app, &call.operation, form.text("user_id"), Some(refusal)).await,
    }
}

pub(crate) async fn leave(call: SessionCall) -> Answer {
    call.app.service.log_out(&call.session).await?;
    with_cookie(go_to("/"), &cookie::clear())
}

/// Where a log-in leads: a password to change, notices to read, or the menu.
pub(super) async fn first_screen(app: &App, session: &Session) -> Result<&'static str, Problem> {
    if session.must_change_password {
        Ok("/password")
    } else if app.service.has_unread_notices(session).await? {
        Ok("/notices")
    } else {
        Ok("/menu")
    }
}

async fn window(app: &App, operation: &Operation, user: &str, refusal: Option<Refusal>) -> Answer {
    let institution = app.service.institution(operation).await?;
    let status = refusal.as_ref().map_or(StatusCode::OK, refusal_status);
    let problem = refusal.map(|refusal| explained(&refusal.reason));
    let frame = Frame::of_institution(SCREEN, &institution);
    Ok(page(status, &LoginPage { frame, user: user.chars().take(32).collect(), problem }))
}

fn with_cookie(mut response: Response, cookie: &str) -> Answer {
    let value = HeaderValue::from_str(cookie).map_err(|error| Problem::Failed(error.to_string()))?;
    response.headers_mut().insert(SET_COOKIE, value);
    Ok(response)
}
