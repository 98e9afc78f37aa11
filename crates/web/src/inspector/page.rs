//! The inspector's pages on the demo's start page server, as HTML and as JSON.

use super::{Exchange, Exchanges, Search, Sent, Verdict};
use crate::call::Fields;
use crate::frame::{self, Frame};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use madoguchi_model::day::Timestamp;
use madoguchi_wire::message::explain::Explained;
use serde::Serialize;
use std::sync::Arc;

/// Rows of a page.
const ROWS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "inspector.html")]
struct ListPage {
    frame: Frame,
    search: Search,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "exchange.html")]
struct ExchangePage {
    frame: Frame,
    row: Row,
    sides: [Side; 2],
}

/// An exchange in the list.
#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    at: String,
    institution: String,
    way: &'static str,
    request: String,
    answer: String,
    title: &'static str,
    status: u16,
    milliseconds: u128,
    code: String,
    broken: bool,
    failed: bool,
}

/// One side of an exchange.
#[derive(Debug, Serialize)]
struct Side {
    heading: &'static str,
    name: String,
    size: usize,
    left_out: bool,
    explained: Option<Explained>,
    text: Option<String>,
}

#[derive(Serialize)]
struct Whole {
    exchange: Row,
    request: Side,
    answer: Side,
}

/// The pages, to be merged into the start page's router.
pub(crate) fn routes(exchanges: Exchanges) -> Router {
    Router::new()
        .route("/inspector", get(list))
        .route("/inspector.json", get(list_as_json))
        .route("/inspector/{number}", get(one))
        .with_state(exchanges)
}

async fn list(State(exchanges): State<Exchanges>, RawQuery(query): RawQuery) -> Response {
    let search = search(query);
    let rows = rows(&exchanges, &search);
    frame::page(StatusCode::OK, &ListPage { frame: Frame::plain("電文の検査"), search, rows })
}

async fn list_as_json(State(exchanges): State<Exchanges>, RawQuery(query): RawQuery) -> Response {
    Json(rows(&exchanges, &search(query))).into_response()
}

/// `/inspector/12` is the page, `/inspector/12.json` the same as JSON.
async fn one(State(exchanges): State<Exchanges>, Path(name): Path<String>) -> Response {
    let (number, as_json) = match name.strip_suffix(".json") {
        Some(number) => (number, true),
        None => (name.as_str(), false),
    };
    let Some(exchange) = number.parse().ok().and_then(|number| exchanges.exchange(number)) else {
        let gone = "この電文はありません。新しいものから順に、一定の数だけを保持しています。";
        return (StatusCode::NOT_FOUND, gone).into_response();
    };
    let [request, answer] =
        [("要求", &exchange.request), ("回答", &exchange.answer)].map(|(heading, sent)| side(heading, sent));
    if as_json {
        return Json(Whole { exchange: row(&exchange), request, answer }).into_response();
    }
    let frame = Frame::plain(format!("電文の検査　{}番", exchange.number));
    frame::page(StatusCode::OK, &ExchangePage { frame, row: row(&exchange), sides: [request, answer] })
}

fn search(query: Option<String>) -> Search {
    let fields = Fields::decode(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    Search {
        institution: fields.text("institution").to_owned(),
        words: fields.text("words").chars().take(200).collect(),
        broken: fields.text("broken") == "1",
    }
}

fn rows(exchanges: &Exchanges, search: &Search) -> Vec<Row> {
    exchanges.newest(search, ROWS_MAX).iter().map(row).collect()
}

fn row(exchange: &Arc<Exchange>) -> Row {
    let Verdict { title, code, broken, failed } = exchange.verdict();
    Row {
        number: exchange.number,
        at: to_the_second(exchange.at),
        institution: exchange.institution.clone(),
        way: exchange.way.label(),
        request: exchange.request.name.clone(),
        answer: exchange.answer.name.clone(),
        title,
        status: exchange.status,
        milliseconds: exchange.took.as_millis(),
        code,
        broken,
        failed,
    }
}

/// `2026-11-26 09:05:07` in Japan.
fn to_the_second(at: Timestamp) -> String {
    let digits = at.wire();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (day, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    format!("{} {}", day.join("-"), time.join(":"))
}

fn side(heading: &'static str, sent: &Sent) -> Side {
    Side {
        heading,
        name: sent.name.clone(),
        size: sent.size,
        left_out: sent.is_left_out(),
        explained: sent.explained(),
        text: sent.text(),
    }
}
