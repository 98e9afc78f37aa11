//! コード一覧: every code with its cause and the next steps, for whoever holds a certificate.

use crate::call::CertifiedCall;
use crate::frame::{Frame, page};
use crate::problem::Problem;
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::catalogue::{self, Entry, Level, Standing};

/// The codes of one level.
struct Block {
    level: Level,
    entries: Vec<&'static Entry>,
}

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage {
    frame: Frame,
    blocks: Vec<Block>,
}

#[derive(Template)]
#[template(path = "error_code.html")]
struct ErrorPage {
    frame: Frame,
    entry: &'static Entry,
    reserved: bool,
}

pub(crate) async fn list(call: CertifiedCall) -> Answer {
    let blocks = Level::ALL
        .map(|level| Block { level, entries: catalogue::entries().filter(|entry| entry.level == level).collect() });
    let frame = call.frame("コード一覧").await;
    Ok(page(StatusCode::OK, &ErrorsPage { frame, blocks: blocks.into() }))
}

pub(crate) async fn show(call: CertifiedCall) -> Answer {
    let entry = catalogue::entry(call.input.segment("code")).ok_or(Problem::NoSuchPage)?;
    let frame = call.frame(format!("コード {}", entry.code)).await;
    Ok(page(StatusCode::OK, &ErrorPage { frame, entry, reserved: entry.standing == Standing::Reserved }))
}
