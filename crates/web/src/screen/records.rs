//! 診療／薬剤情報一覧, 薬剤情報一覧 and 手術情報, on the screen and as a PDF.

use super::patient::{address, person, word};
use super::period;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::Problem;
use crate::router::Answer;
use askama::Template;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use madoguchi_model::listing::{CareList, ListKind, NOTHING_FOUND};
use madoguchi_model::release::Period;
use madoguchi_report::ReportError;
use madoguchi_service::Reason;
use madoguchi_service::viewing::Purpose;

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    list: CareList,
    print: String,
    back: String,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let (kind, period) = asked(&call)?;
    let person = person(&call)?;
    let list = call.app.service.care_list(&call.session, person, period, kind, Purpose::View).await?;
    let back = address(person);
    let print = format!("{back}/records.pdf?list={}&{}", word(kind), period::query(period));
    Ok(page(StatusCode::OK, &RecordsPage { frame: call.frame(list.title), list, print, back }))
}

pub(crate) async fn print(call: SessionCall) -> Answer {
    let (kind, period) = asked(&call)?;
    let reports = call.app.reports.as_ref().map_err(|missing| Problem::NoFont(missing.to_string()))?;
    let list = call.app.service.care_list(&call.session, person(&call)?, period, kind, Purpose::Print).await?;
    let pdf = reports.pdf_async(list).await.map_err(problem)?;
    let headers = [
        (CONTENT_TYPE, "application/pdf"),
        (CONTENT_DISPOSITION, "inline; filename=\"records.pdf\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, pdf).into_response())
}

fn asked(call: &SessionCall) -> Result<(ListKind, Period), Problem> {
    let query = &call.input.query;
    let kind = ListKind::ALL.into_iter().find(|kind| word(*kind) == query.text("list"));
    let kind = kind.ok_or(Reason::NotFound("この一覧"))?;
    let period = period::chosen(query, call.session.now().day().month()).map_err(Reason::Invalid)?;
    Ok((kind, period))
}

fn problem(error: ReportError) -> Problem {
    match error {
        ReportError::Busy => Reason::Busy.into(),
        ReportError::TooManyRows { .. } | ReportError::TooMuchText => Problem::TooLong(error.to_string()),
        // The engine's own words may quote the record: they stay out of the log.
        ReportError::Failed { .. } => Problem::Failed("PDF".to_owned()),
    }
}
