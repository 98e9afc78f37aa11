//! 患者情報詳細: who, what may be opened and why not, the choice of months, and the withdrawal of the consent.

use super::go_to;
use super::period::PICKS;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::consent::{InformationKind, Scope};
use madoguchi_model::decision::Decision;
use madoguchi_model::id::PersonId;
use madoguchi_model::listing::ListKind;
use madoguchi_model::prescription::VISIBLE_DAYS;
use madoguchi_service::Reason;
use madoguchi_service::viewing::PatientDetail;

#[derive(Template)]
#[template(path = "patient.html")]
struct PatientPage {
    frame: Frame,
    address: String,
    detail: PatientDetail,
    insurance: Insurance,
    name_note: bool,
    lists: Vec<ListButton>,
    can_print: bool,
    refusals: Vec<KindRefusal>,
    checkup_refusal: Option<KindRefusal>,
    years: Vec<i32>,
    picks: Vec<(&'static str, &'static str)>,
}

#[derive(Default)]
struct Insurance {
    insurer_number: String,
    insurer_name: String,
    symbol: String,
    number: String,
    branch: String,
}

struct ListButton {
    word: &'static str,
    label: &'static str,
    open: bool,
}

struct KindRefusal {
    code: &'static str,
    explanation: String,
    next_step: &'static str,
}

#[derive(Template)]
#[template(path = "withdrawal.html")]
struct WithdrawalPage {
    frame: Frame,
    address: String,
    name: String,
    granted_at: String,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let detail = call.app.service.patient(&call.session, person).await?;
    let shown = PatientPage {
        frame: call.frame("患者情報詳細"),
        address: address(person),
        insurance: insurance(&detail),
        name_note: detail.person.shown_name() != detail.person.name,
        lists: ListKind::ALL.into_iter().map(|kind| button(kind, &detail)).collect(),
        can_print: button(ListKind::Care, &detail).open,
        refusals: refusals_of(&detail, ListKind::Care.asks_for()),
        checkup_refusal: checkup_refusal(&detail),
        years: (detail.earliest.year()..=detail.this_month.year().max(detail.earliest.year())).collect(),
        picks: PICKS.into_iter().map(|(word, pick)| (word, pick.label())).collect(),
        detail,
    };
    Ok(page(StatusCode::OK, &shown))
}

pub(crate) async fn confirm_withdrawal(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let detail = call.app.service.patient(&call.session, person).await?;
    let shown = WithdrawalPage {
        frame: call.frame("閲覧同意の取り消しの確認"),
        address: address(person),
        name: detail.person.shown_name(),
        granted_at: detail.grant.granted_at.japanese(),
    };
    Ok(page(StatusCode::OK, &shown))
}

pub(crate) async fn withdraw(call: SessionCall) -> Answer {
    call.app.service.withdraw_consent(&call.session, person(&call)?).await?;
    Ok(go_to("/patients"))
}

pub(super) fn person(call: &SessionCall) -> Result<PersonId, Reason> {
    PersonId::from_hex(call.input.segment("person")).ok_or(Reason::NotFound("この患者"))
}

pub(super) fn address(person: PersonId) -> String {
    format!("/patients/{}", person.to_hex())
}

/// The word of a list in an address.
pub(super) const fn word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Care => "care",
        ListKind::Medication => "medication",
        ListKind::Surgery => "surgery",
    }
}

fn button(kind: ListKind, detail: &PatientDetail) -> ListButton {
    let label = match kind {
        ListKind::Care => "手術・診療・薬剤閲覧",
        ListKind::Medication => "薬剤閲覧",
        ListKind::Surgery => "手術閲覧",
    };
    let allowed = |(kind_of, decision): &(InformationKind, Decision)| {
        kind.asks_for().contains(*kind_of) && matches!(decision, Decision::Allow { .. })
    };
    ListButton { word: word(kind), label, open: detail.decisions.iter().any(allowed) }
}

/// Why kinds that buttons ask for cannot be opened.
fn refusals_of(detail: &PatientDetail, asked: Scope) -> Vec<KindRefusal> {
    let asked = detail.decisions.iter().filter(|(kind, _)| asked.contains(*kind));
    asked
        .filter_map(|(kind, decision)| match decision {
            Decision::Allow { .. } => None,
            Decision::Deny(denial) => Some(KindRefusal {
                code: denial.code(),
                explanation: denial.explanation(*kind),
                next_step: denial.next_step(),
            }),
        })
        .collect()
}

/// Why 特定健診情報 cannot be opened; none when it can.
fn checkup_refusal(detail: &PatientDetail) -> Option<KindRefusal> {
    refusals_of(detail, Scope::of(&[InformationKind::Checkup])).pop()
}

fn insurance(detail: &PatientDetail) -> Insurance {
    detail.coverage.as_ref().map_or_else(Insurance::default, |coverage| Insurance {
        insurer_number: coverage.numbers.insurer.printed(),
        insurer_name: coverage.insurer_name.clone(),
        symbol: coverage.numbers.symbol.clone(),
        number: coverage.numbers.number.clone(),
        branch: coverage.numbers.branch.clone(),
    })
}
