//! 一括照会: upload of a file, the list by 受付番号, and the results as files.

use super::go_to;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::message;
use crate::problem::{Explained, Problem, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use madoguchi_model::bulk::{BulkKind, BulkStatus, Progress, Question, ReceptionNumber, RequestId, Upload};
use madoguchi_model::day::Month;
use madoguchi_model::field::FieldError;
use madoguchi_model::written;
use madoguchi_service::bulk::{BulkResults, Fetched};
use madoguchi_service::{Reason, Refusal, Status};
use madoguchi_wire::Issue;
use madoguchi_wire::bulk::{ResultCsv, read_registrations, read_searches};
use madoguchi_wire::message::bulk::{EligibilityRequest, ReferenceRequest};
use madoguchi_wire::message::catalogue::Document;
use madoguchi_wire::message::eligibility::Addressee;
use madoguchi_wire::message::{self as wire, Role};

/// Faults of a file that the screen lists.
const ISSUES_SHOWN_MAX: usize = 50;
/// 診療年月 that can be chosen: this month and those before.
const MONTHS: i32 = 6;

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    request: String,
    second_request: String,
    months: Vec<Month>,
    jobs: Vec<BulkStatus>,
    issues: Vec<String>,
    problem: Option<Explained>,
}

#[derive(Template)]
#[template(path = "bulk_job.html")]
struct JobPage {
    frame: Frame,
    job: BulkStatus,
    about: String,
}

/// Why an upload was not taken.
enum Fault {
    Refused(Refusal),
    Wrong(Vec<Issue>),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Vec<Issue>> for Fault {
    fn from(issues: Vec<Issue>) -> Self {
        Self::Wrong(issues)
    }
}

pub(crate) async fn list(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &form(&call, None, Vec::new()).await?))
}

pub(crate) async fn upload(call: SessionCall) -> Answer {
    match accept(&call).await {
        Ok(number) => Ok(go_to(&format!("/bulk/{number}"))),
        Err(Fault::Wrong(issues)) => {
            let more = issues.len().saturating_sub(ISSUES_SHOWN_MAX);
            let mut shown: Vec<String> = issues.iter().take(ISSUES_SHOWN_MAX).map(ToString::to_string).collect();
            if more > 0 {
                shown.push(format!("ほか{more}か所"));
            }
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form(&call, None, shown).await?))
        }
        Err(Fault::Refused(refusal)) if refusal.reason.status() == Status::Invalid => {
            Ok(page(refusal_status(&refusal), &form(&call, Some(explained(&refusal.reason)), Vec::new()).await?))
        }
        Err(Fault::Refused(refusal)) => Err(refusal.into()),
    }
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let number = number(&call)?;
    let job = call.app.service.bulk_status(&call.session, &number).await?;
    let about = about(job.question);
    Ok(page(StatusCode::OK, &JobPage { frame: call.frame("一括照会の状態"), job, about }))
}

pub(crate) async fn csv(call: SessionCall) -> Answer {
    let mut results = done(&call).await?;
    let mut csv = ResultCsv::new().map_err(failed)?;
    while let Some(units) = results.next().await? {
        for (record, unit) in &units {
            csv.push(record, unit).map_err(failed)?;
        }
    }
    let name = format!("{}.csv", results.status.number);
    Ok(file("text/csv; charset=utf-8", &name, csv.finish().map_err(failed)?))
}

pub(crate) async fn xml(call: SessionCall) -> Answer {
    let results = done(&call).await?;
    let name = format!("{}.xml", results.status.number);
    let code = message::character_code(&call.session);
    let institution = &call.session.institution.code;
    let to = Addressee { institution, identifier: None, character_code: code };
    let result = message::composed(results, &to, call.session.now()).await?;
    let spelling = tokio::task::spawn_blocking(move || result.to_xml(code));
    let bytes = spelling.await.map_err(|error| Problem::Failed(error.to_string()))?;
    Ok(file("application/xml", &name, bytes))
}

async fn done(call: &SessionCall) -> Result<BulkResults, Problem> {
    match call.app.service.fetch_bulk(&call.session, None, &number(call)?).await? {
        Fetched::Done(results) => Ok(results),
        Fetched::Working(_) | Fetched::Failed(_) => Err(Reason::NotFound("この受付番号の結果").into()),
    }
}

fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

fn failed(error: std::io::Error) -> Problem {
    Problem::Failed(error.to_string())
}

fn number(call: &SessionCall) -> Result<ReceptionNumber, Reason> {
    ReceptionNumber::parse(call.input.segment("reception")).map_err(|_| Reason::UnknownReception)
}

async fn form(call: &SessionCall, problem: Option<Explained>, issues: Vec<String>) -> Result<BulkPage, Problem> {
    let service = &call.app.service;
    let this_month = call.session.now().day().month();
    Ok(BulkPage {
        frame: call.frame("一括照会"),
        request: service.new_request_id()?.to_hex(),
        second_request: service.new_request_id()?.to_hex(),
        months: (0..MONTHS).map(|back| this_month.plus_months(-back)).collect(),
        jobs: service.bulk_uploads(&call.session).await?,
        issues,
        problem,
    })
}

async fn accept(call: &SessionCall) -> Result<ReceptionNumber, Fault> {
    let request = RequestId::parse(call.input.form.text("request"))?;
    let upload = read(call)?;
    Ok(call.app.service.accept_bulk(&call.session, request, upload).await?.number)
}

fn read(call: &SessionCall) -> Result<Upload, Fault> {
    let (form, file) = (&call.input.form, &call.input.file);
    let kind = BulkKind::from_word(form.text("kind")).ok_or(FieldError::new("内容", "示された内容から1つ"))?;
    if kind == BulkKind::Entrusted {
        let month = Month::parse(form.text("month"), "診療年月")?;
        return Ok(Upload { tag: None, question: Question::Entrusted(month), records: Vec::new() });
    }
    if file.is_empty() {
        return Err(FieldError::new("ファイル", "XMLまたはCSVの形式").into());
    }
    if is_xml(file) {
        return from_xml(kind, file, call);
    }
    match kind {
        BulkKind::ReferenceNumbers => {
            Ok(Upload { tag: None, question: Question::ReferenceNumbers, records: read_registrations(&file[..])? })
        }
        _ => {
            let day = match form.text("day").trim() {
                "" => call.session.now().day(),
                day => written::day(day, "資格確認日")?,
            };
            Ok(Upload { tag: None, question: Question::Eligibility(day), records: read_searches(&file[..], day)? })
        }
    }
}

/// A message of the chosen kind.
fn from_xml(kind: BulkKind, file: &[u8], call: &SessionCall) -> Result<Upload, Fault> {
    let (institution, upload) = match kind {
        BulkKind::ReferenceNumbers => {
            let message = ReferenceRequest::from_xml(file, Role::Request).map_err(unreadable)?;
            (message.header.institution.clone(), message.upload())
        }
        _ => {
            let message = EligibilityRequest::from_xml(file, Role::Request).map_err(unreadable)?;
            (message.header.institution.clone(), message.upload())
        }
    };
    if institution.as_str() != call.session.institution.code.as_str() {
        return Err(FieldError::new("医療機関コード", "この医療機関等の医療機関コードをファイルに書いたもの").into());
    }
    Ok(upload)
}

/// Which elements are wrong; never a value.
fn unreadable(problem: wire::Problem) -> Fault {
    let text = match &problem {
        wire::Problem::Kind => "選択した「内容」の電文（OQSmuquc01req、OQSmuimm01req）ではありません".to_owned(),
        other => other.to_string(),
    };
    Fault::Wrong(vec![Issue::file(0, "電文", text)])
}

/// A message file begins with `<`, perhaps after a byte order mark and blanks; a CSV list never does.
fn is_xml(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    text.trim_ascii_start().starts_with(b"<")
}

fn about(question: Question) -> String {
    match question {
        Question::Eligibility(day) => format!("（{}の資格）", day.era()),
        Question::Entrusted(month) => format!("（{}診療分）", month.era()),
        Question::HomeVisits(from, to) | Question::Online(_, from, to) => format!("（{}から{}）", from.era(), to.era()),
        Question::ReferenceNumbers => String::new(),
    }
}
