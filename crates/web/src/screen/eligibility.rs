//! 資格確認照会 by the numbers of a certificate, and its result: all that the certificate says, and what to do next. The
//! numbers are posted, so that none stands in an address.

use super::certificate::{Card, card};
use super::numbers::{NumberField, number_fields};
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::{Explained, explained, refusal_status};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::eligibility::{self, Check, Notice, Query, Row, Validity};
use madoguchi_model::field::FieldError;
use madoguchi_model::id::CheckId;
use madoguchi_model::{insurance::InsuranceNumbers, written};
use madoguchi_service::eligibility::CHECKS_LISTED_MAX;
use madoguchi_service::{Reason, Refusal};

const SCREEN: &str = "資格確認照会";

#[derive(Template)]
#[template(path = "eligibility.html")]
struct FormPage {
    frame: Frame,
    numbers: Vec<NumberField>,
    birthdate: String,
    limit_consent: bool,
    day: String,
    problem: Option<Explained>,
}

#[derive(Template)]
#[template(path = "eligibility_result.html")]
struct ResultPage {
    frame: Frame,
    tone: &'static str,
    validity: &'static str,
    explanation: &'static str,
    next_step: &'static str,
    notices: Vec<&'static str>,
    day: String,
    at: String,
    cards: Vec<Card>,
}

#[derive(Template)]
#[template(path = "checks.html")]
struct ChecksPage {
    frame: Frame,
    today: String,
    rows: Vec<Line>,
    full: bool,
}

/// One check of the list.
struct Line {
    address: String,
    at: String,
    means: &'static str,
    validity: &'static str,
    reference_number: String,
    name: String,
    birthdate: String,
    insurer: String,
    day: String,
    user: String,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &form(&call, None)))
}

pub(crate) async fn check(call: SessionCall) -> Answer {
    let query = match query(&call) {
        Ok(query) => query,
        Err(wrong) => return Ok(refused(&call, &Reason::Invalid(wrong).into())),
    };
    match call.app.service.check_eligibility(&call.session, &query).await {
        Ok(answer) => Ok(page(StatusCode::OK, &result(&call, &answer))),
        Err(refusal) if matches!(refusal.reason, Reason::Invalid(_)) => Ok(refused(&call, &refusal)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// 資格確認結果一覧: the checks of today.
pub(crate) async fn list(call: SessionCall) -> Answer {
    let checks = call.app.service.checks_today(&call.session).await?;
    let full = u32::try_from(checks.len()).is_ok_and(|count| count >= CHECKS_LISTED_MAX);
    let rows = checks.iter().map(|(id, check)| line(*id, check)).collect();
    let today = call.session.now().day().era();
    Ok(page(StatusCode::OK, &ChecksPage { frame: call.frame("資格確認結果一覧"), today, rows, full }))
}

/// One of the checks of today, as it was answered.
pub(crate) async fn reopen(call: SessionCall) -> Answer {
    let id = CheckId::from_hex(call.input.segment("check")).ok_or(Reason::NotFound("この資格確認結果"))?;
    let check = call.app.service.check_of_today(&call.session, id).await?;
    Ok(page(StatusCode::OK, &result(&call, &check.answer)))
}

fn line(id: CheckId, Check { user, answer, query }: &Check) -> Line {
    let row = answer.rows.first();
    let text = |of: fn(&Row) -> String| row.map(of).unwrap_or_default();
    let asked = query.as_ref().map(|query| query.birthdate.slashed()).unwrap_or_default();
    Line {
        address: format!("/eligibility/results/{}", id.to_hex()),
        at: answer.at.japanese(),
        means: answer.means.label(),
        validity: answer.validity.label(),
        reference_number: text(|row| row.reference_number.clone().unwrap_or_default()),
        name: text(|row| row.name.clone()),
        birthdate: row.map_or(asked, |row| row.birthdate.slashed()),
        insurer: text(|row| row.insurer_name.clone()),
        day: answer.day.slashed(),
        user: user.as_str().to_owned(),
    }
}

fn refused(call: &SessionCall, refusal: &Refusal) -> axum::response::Response {
    page(refusal_status(refusal), &form(call, Some(explained(&refusal.reason))))
}

fn form(call: &SessionCall, problem: Option<Explained>) -> FormPage {
    let input = &call.input.form;
    FormPage {
        frame: call.frame(SCREEN),
        numbers: number_fields(input),
        birthdate: input.text("birthdate").to_owned(),
        limit_consent: input.text("limit_consent") == "1",
        day: input.text("day").to_owned(),
        problem,
    }
}

/// What is asked, or all that is wrong with it.
fn query(call: &SessionCall) -> Result<Query, Vec<FieldError>> {
    let input = &call.input.form;
    let mut wrong = Vec::new();
    let text = |name| input.text(name);
    let numbers = InsuranceNumbers::parse(text("insurer_number"), text("symbol"), text("number"), text("branch"));
    let numbers = numbers.map_err(|errors| wrong.extend(errors)).ok();
    let birthdate = written::day(text("birthdate"), "生年月日").map_err(|error| wrong.push(error)).ok();
    let day = match text("day").trim() {
        "" => Some(call.session.now().day()),
        day => written::day(day, "資格確認日").map_err(|error| wrong.push(error)).ok(),
    };
    let limit_consent = text("limit_consent") == "1";
    match (numbers, birthdate, day) {
        (Some(numbers), Some(birthdate), Some(day)) => Ok(Query { numbers, birthdate, limit_consent, day }),
        _ => Err(wrong),
    }
}

fn result(call: &SessionCall, answer: &eligibility::Answer) -> ResultPage {
    let (tone, explanation, next_step) = words(answer.validity);
    let told = [Notice::NobodyFits, Notice::SeveralFit];
    ResultPage {
        frame: call.frame("資格確認結果"),
        tone,
        validity: answer.validity.label(),
        explanation,
        next_step,
        notices: answer.notices.iter().filter(|notice| !told.contains(notice)).map(|notice| notice.text()).collect(),
        day: answer.day.era(),
        at: answer.at.japanese(),
        cards: answer.rows.iter().map(card).collect(),
    }
}

/// How the result looks, what it means, and what the clerk does next.
const fn words(validity: Validity) -> (&'static str, &'static str, &'static str) {
    match validity {
        Validity::Valid => (
            "good",
            "資格確認日に有効な資格です。",
            "下に表示された内容で受け付けてください。手元の情報と違うところがあれば、表示された内容に直してください。",
        ),
        Validity::Invalid => (
            "bad",
            "この資格は、資格確認日には有効ではありません。新しい資格は登録されていません。",
            "加入している医療保険が変わっていないか、患者に確認してください。新しい資格確認書等があれば、その番号で照会し直してください。",
        ),
        Validity::Replaced => (
            "bad",
            "この資格は有効ではありませんが、患者には新しい資格が登録されています。番号による照会では、新しい資格の内容は表示されません。",
            "マイナンバーカードで受け付けるか、新しい資格確認書等の番号で照会し直してください。",
        ),
        Validity::None => (
            "bad",
            "入力した番号と生年月日に該当する資格はありません。",
            "保険者番号、記号、番号、枝番、生年月日を資格確認書等と見比べて、照会し直してください。合っているときは、加入の手続き中でないか患者に確認してください。",
        ),
        Validity::Several => {
            ("bad", "入力した内容に、複数の資格が該当しました。", "枝番や記号を入力して、照会し直してください。")
        }
        Validity::NotRegistered => (
            "good",
            "医療扶助の受給者ですが、この医療機関等への委託（医療券・調剤券）は、まだ登録されていません。",
            "患者の福祉事務所に、医療券・調剤券の発行を確認してください。",
        ),
    }
}
