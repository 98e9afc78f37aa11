//! The kiosk's pages. One decision per page; only what exists is shown.

use askama::Template;
use axum::body::Body;
use http::header::REFRESH;
use http::{HeaderValue, Response, StatusCode};

use super::cards::Shown;
use super::desk::{Flow, IDLE_MAX};
use super::flow::{PIN_DIGITS, Passed, Pin, PinMessage, State, is_choice};
use super::text::{self, FaultText};
use crate::notice::{asset, html};
use crate::reader::{Institution, ReaderNotice, Stored};

/// The kiosk's own style sheet and script.
pub(super) const STYLE_PATH: &str = "/terminal/kiosk.css";
pub(super) const SCRIPT_PATH: &str = "/terminal/kiosk.js";
/// How long the last page stays when nobody presses 「終了」.
const DONE_SECONDS: u64 = 30;
/// How often a page that waits for card or server looks again.
const BUSY_SECONDS: u64 = 1;
/// How often a kiosk that cannot be used looks again.
const NOT_USABLE_SECONDS: u64 = 30;
/// A little after the idle limit, so that the page then finds the pass ended.
const IDLE_SECONDS: u64 = IDLE_MAX.as_secs() + 1;
/// From this many cards on the drawer has a search field.
const SEARCH_FROM: usize = 13;

#[derive(Template)]
#[template(path = "kiosk/wait.html")]
struct WaitPage<'a> {
    institution: &'a str,
    shown: Shown,
    searched: String,
    was_idle: bool,
}

#[derive(Template)]
#[template(path = "kiosk/method.html")]
struct MethodPage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
}

#[derive(Template)]
#[template(path = "kiosk/pin.html")]
struct PinPage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
    entered: usize,
    fault: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "kiosk/busy.html")]
struct BusyPage<'a> {
    institution: &'a str,
    title: &'static str,
    id: &'a str,
}

#[derive(Template)]
#[template(path = "kiosk/all.html")]
struct AllPage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
    passed: &'a Passed,
}

#[derive(Template)]
#[template(path = "kiosk/each.html")]
struct EachPage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
    passed: &'a Passed,
    heading: &'a str,
    question: &'static str,
    number: usize,
    can_go_back: bool,
    is_choice: bool,
}

#[derive(Template)]
#[template(path = "kiosk/done.html")]
struct DonePage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
    passed: &'a Passed,
    stored: &'a Stored,
    seconds: u64,
}

#[derive(Template)]
#[template(path = "kiosk/failed.html")]
struct FailedPage<'a> {
    institution: &'a str,
    id: &'a str,
    page: u32,
    fault: FaultText,
    seconds: u64,
}

#[derive(Template)]
#[template(path = "kiosk/again.html")]
struct AgainPage {
    institution: &'static str,
    again: Again,
    action: &'static str,
}

/// A page that leads back to 待受.
pub(super) struct Again {
    title: &'static str,
    code: String,
    reason: String,
    next_step: String,
}

impl Again {
    /// Another pass has begun since, or this one was ended.
    pub(super) fn replaced() -> Self {
        Self {
            title: "この受付は終わっています",
            code: "E0409".into(),
            reason:
                "新しい受付が始まったか、受付が終わったため、この画面は使えません。この画面の回答は送信されていません。"
                    .into(),
            next_step: "受付をする場合は、はじめから操作してください。".into(),
        }
    }
}

/// 待受: the drawer of cards.
pub(super) fn wait(institution: &Institution, shown: Shown, searched: String, was_idle: bool) -> Response<Body> {
    html(StatusCode::OK, &WaitPage { institution: &institution.name, shown, searched, was_idle })
}

/// 利用できません.
pub(super) fn not_usable(fault: FaultText) -> Response<Body> {
    let again =
        Again { title: "利用できません", code: fault.code, reason: fault.reason, next_step: fault.next_step };
    let page = AgainPage { institution: "", again, action: "もう一度確認する" };
    refreshed(html(StatusCode::SERVICE_UNAVAILABLE, &page), NOT_USABLE_SECONDS, "/")
}

/// A page that is no longer the right one.
pub(super) fn again(again: Again) -> Response<Body> {
    html(StatusCode::CONFLICT, &AgainPage { institution: "", again, action: "はじめから操作する" })
}

/// The page on which a pass stands.
pub(super) fn flow(institution: &str, flow: &Flow) -> Response<Body> {
    let (id, page) = (flow.id.as_str(), flow.page);
    let own = format!("/pass/{id}");
    let ok = StatusCode::OK;
    match &flow.state {
        State::ChooseMethod => refreshed(html(ok, &MethodPage { institution, id, page }), IDLE_SECONDS, &own),
        State::EnterPin { entered, fault } => {
            refreshed(html(ok, &pin_page(institution, flow, entered, *fault)), IDLE_SECONDS, &own)
        }
        State::Checking => {
            refreshed(html(ok, &BusyPage { institution, title: "確認しています", id }), BUSY_SECONDS, &own)
        }
        State::Sending(_) => {
            refreshed(html(ok, &BusyPage { institution, title: "送信しています", id }), BUSY_SECONDS, &own)
        }
        State::AskAll(passed) => refreshed(html(ok, &AllPage { institution, id, page, passed }), IDLE_SECONDS, &own),
        State::AskEach(passed, given) => {
            refreshed(html(ok, &each_page(institution, flow, passed, given.len())), IDLE_SECONDS, &own)
        }
        State::Done(passed, stored) => {
            let done = DonePage { institution, id, page, passed, stored, seconds: DONE_SECONDS };
            refreshed(html(ok, &done), DONE_SECONDS, "/")
        }
        State::Failed(fault) => {
            let failed = FailedPage { institution, id, page, fault: text::fault(fault), seconds: DONE_SECONDS };
            refreshed(html(ok, &failed), DONE_SECONDS, "/")
        }
    }
}

fn pin_page<'a>(institution: &'a str, flow: &'a Flow, entered: &Pin, fault: Option<PinMessage>) -> PinPage<'a> {
    PinPage { institution, id: &flow.id, page: flow.page, entered: entered.len(), fault: fault.map(text::pin_message) }
}

fn each_page<'a>(institution: &'a str, flow: &'a Flow, passed: &'a Passed, given: usize) -> EachPage<'a> {
    let asked = passed.identified.pages.get(given);
    EachPage {
        institution,
        id: &flow.id,
        page: flow.page,
        passed,
        heading: asked.map_or("", |asked| &asked.heading),
        question: text::question(asked.map_or("", |asked| &asked.page)),
        number: given + 1,
        can_go_back: given > 0 || passed.consents().count() > 1,
        is_choice: asked.is_some_and(|asked| is_choice(&asked.page)),
    }
}

/// The browser goes on by itself. As a header, since a page must not move under a reader's eyes by its own markup.
fn refreshed(mut response: Response<Body>, seconds: u64, to: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&format!("{seconds}; url={to}")) {
        response.headers_mut().insert(REFRESH, value);
    }
    response
}

/// The style sheet.
pub(super) fn style() -> Response<Body> {
    asset("text/css; charset=utf-8", include_str!("../../assets/kiosk.css"))
}

/// The script: it fills the PIN field from the pad without a round trip, nothing more.
pub(super) fn script() -> Response<Body> {
    asset("text/javascript; charset=utf-8", include_str!("../../assets/kiosk.js"))
}

impl PinPage<'_> {
    /// ● for each digit entered, ○ for each to come.
    fn dots(&self) -> String {
        let filled = self.entered.min(PIN_DIGITS);
        "●".repeat(filled) + &"○".repeat(PIN_DIGITS - filled)
    }
}

impl DonePage<'_> {
    fn notices(&self) -> &[ReaderNotice] {
        &self.passed.identified.notices
    }
}

#[cfg(test)]
#[path = "page_test.rs"]
mod tests;
