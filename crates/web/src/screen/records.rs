//! 診療／薬剤情報一覧, 薬剤情報一覧 and 手術情報, on the screen and as a PDF.

use super::patient::{address, person, word};
use super::period;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::Problem;
use crate::router::Answer;
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use madoguchi_model::id::PersonId;
use madoguchi_model::listing::{CareList, ListKind, NOTHING_FOUND};
use madoguchi_model::release::Period;
use madoguchi_report::ReportError;
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Reason, Refusal};

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    list: CareList,
    print: String,
    back: String,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let (kind, period) = asked(&call, person)?;
    let list = call.app.service.care_list(&call.session, person, period, kind, Purpose::View).await;
    let list = list.map_err(|refusal| correctable(refusal, person))?;
    let back = address(person);
    let print = format!("{back}/records.pdf?list={}&{}", word(kind), period::query(period));
    Ok(page(StatusCode::OK, &RecordsPage { frame: call.frame(list.title), list, print, back }))
}

pub(crate) async fn print(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let (kind, period) = asked(&call, person)?;
    let reports = call.app.reports.as_ref().map_err(|missing| Problem::NoFont(missing.to_string()))?;
    let list = call.app.service.care_list(&call.session, person, period, kind, Purpose::Print).await;
    let list = list.map_err(|refusal| correctable(refusal, person))?;
    let pdf = reports.pdf_async(list).await.map_err(problem)?;
    Ok(shown_pdf("records.pdf", pdf))
}

/// A PDF that the browser shows and does not keep.
pub(super) fn shown_pdf(name: &str, pdf: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, pdf).into_response()
}

fn asked(call: &SessionCall, person: PersonId) -> Result<(ListKind, Period), Problem> {
    let query = &call.input.query;
    let kind = ListKind::ALL.into_iter().find(|kind| word(*kind) == query.text("list"));
    let kind = kind.ok_or(Reason::NotFound("この一覧"))?;
    let period = period::chosen(query, call.session.now().day().month());
    let period = period.map_err(|wrong| correctable(Reason::Invalid(wrong).into(), person))?;
    Ok((kind, period))
}

/// Months that cannot be shown are chosen anew where they were chosen: on 患者情報詳細.
fn correctable(refusal: Refusal, person: PersonId) -> Problem {
    match refusal.reason {
        Reason::Invalid(_) => Problem::Correctable { refusal, back: address(person) },
        _ => refusal.into(),
    }
}

/// Why there is no PDF.
pub(crate) fn problem(error: ReportError) -> Problem {
    match error {
        ReportError::Busy => Reason::Busy.into(),
        ReportError::TooManyRows { .. } | ReportError::TooMuchText => Problem::TooLong(error.to_string()),
        // The engine's own words may quote the record: they stay out of the log.
        ReportError::Failed { .. } => Problem::Failed("PDF".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::listing::PRESCRIBED_ONLY;
    use madoguchi_model::listing::samples::Sample;

    fn html(list: CareList) -> String {
        let (print, back) = ("/patients/0/records.pdf".to_owned(), "/patients/0".to_owned());
        RecordsPage { frame: Frame::plain(list.title), list, print, back }.render().unwrap()
    }

    /// What the list says is on the screen; layout is looked at in the browser tests.
    #[test]
    fn the_screen_shows_every_text_of_every_sample() {
        for (name, sample) in Sample::all() {
            for kind in ListKind::ALL {
                let list = Sample { kind, ..sample.clone() }.list();
                let shown = html(list.clone());
                let mut texts =
                    vec![list.created_on.clone(), list.person.name.clone(), list.period.clone(), list.notice];
                texts.extend(list.notes);
                for visit in list.visits.into_iter().flatten() {
                    texts.push(visit.institution);
                    texts.extend(visit.months);
                }
                for operation in list.operations.into_iter().flatten() {
                    texts.extend([operation.performed_on, operation.name, operation.count]);
                }
                let marked = list.entries.iter().flatten().filter(|group| group.source_mark.is_some()).count();
                let mark = format!("<span class=\"tag\">{PRESCRIBED_ONLY}</span>");
                assert_eq!(shown.matches(&mark).count(), marked, "{name} {kind:?}");
                texts.extend(list.footnotes.iter().map(|note| (*note).to_owned()));
                for row in list.entries.into_iter().flatten().flat_map(|group| group.rows) {
                    texts.extend([row.name, row.quantity, row.count]);
                    texts.extend(row.ingredient);
                    texts.extend(row.usage.and_then(|usage| usage.dose));
                }
                for text in texts {
                    let escaped = askama::filters::escape(&text, askama::filters::Html).unwrap().to_string();
                    assert!(shown.contains(&escaped), "{name} {kind:?}: {text}");
                }
                assert_eq!(shown.matches("<h1>").count(), 1);
            }
        }
    }
}
