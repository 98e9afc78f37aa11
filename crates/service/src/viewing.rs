//! Viewing past care (手術・診療・薬剤情報閲覧): decide, read, write down, answer.
//!
//! The order is fixed: the decision of the model, then the reading through a consent that only the
//! store can make, then the durable audit entry, then the answer.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::{Grant, InformationKind, Scope};
use madoguchi_model::coverage::{Coverage, coverage_on};
use madoguchi_model::day::Month;
use madoguchi_model::decision::{self, Decision, Denial, Question};
use madoguchi_model::field::FieldError;
use madoguchi_model::id::PersonId;
use madoguchi_model::listing::{CareList, ListInput, ListKind};
use madoguchi_model::person::Person;
use madoguchi_model::release::Period;
use madoguchi_model::settings::Settings;

/// 患者情報詳細.
#[derive(Debug, Clone)]
pub struct PatientDetail {
    /// Who.
    pub person: Person,
    /// The coverage that holds today, if one does.
    pub coverage: Option<Coverage>,
    /// 照会番号 at this institution.
    pub reference_number: Option<String>,
    /// The newest pass at this institution.
    pub grant: Grant,
    /// For each kind whether it may be opened, and why not.
    pub decisions: Vec<(InformationKind, Decision)>,
    /// The oldest month that can be chosen.
    pub earliest: Month,
    /// The newest month that can be seen.
    pub latest: Month,
    /// This month, the end of the quick picks.
    pub this_month: Month,
}

/// What a list is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be shown on the screen.
    View,
    /// To be printed (PDF).
    Print,
}

/// What the decision needs from the store.
struct Standing {
    settings: Settings,
    grant: Option<Grant>,
}

impl Service {
    /// 患者情報詳細 of a patient who agreed to something here.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Denied`] when no kind may be opened.
    pub async fn patient(&self, session: &Session, person: PersonId) -> Result<PatientDetail, Refusal> {
        let result = self.open_patient(session, person).await;
        self.written_down(session, Action::OpenPatient, result).await
    }

    async fn open_patient(&self, session: &Session, person: PersonId) -> Result<PatientDetail, Refusal> {
        self.require(session, Right::ViewRecords).await?;
        let standing = self.standing(session, person).await?;
        let decisions: Vec<_> =
            InformationKind::ALL.into_iter().map(|kind| (kind, self.decision(session, &standing, kind))).collect();
        let allowed = allowed(&decisions);
        let Some(grant) = standing.grant.filter(|_| !allowed.is_empty()) else {
            return Err(self.deny(session, Action::OpenPatient, person, &decisions).await);
        };
        let mut tx = self.0.store.read();
        let stored = tx.person(person).await?.ok_or(Reason::NotFound("この患者"))?;
        let coverages = tx.coverages_of(person).await?;
        let reference_number = tx.reference_number(person, &session.institution.code).await?;
        let today = session.now().day();
        let detail = format!("consent={} kinds={}", grant.id.to_hex(), words(allowed));
        self.0.store.append(session.draft(Action::OpenPatient, Outcome::Done, &person.to_hex(), detail)).await?;
        Ok(PatientDetail {
            person: stored,
            coverage: coverage_on(&coverages, today).cloned(),
            reference_number,
            grant,
            decisions,
            earliest: self.0.release.earliest_month(today),
            latest: self.0.release.latest_month(today),
            this_month: today.month(),
        })
    }

    /// A list of past care for the screen or as the content of the PDF. It shows what of the list's
    /// kinds is agreed to and used; it is refused when that is nothing.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::Denied`], [`Reason::Invalid`] for a period that ends before it
    /// begins.
    pub async fn care_list(
        &self,
        session: &Session,
        person: PersonId,
        period: Period,
        kind: ListKind,
        purpose: Purpose,
    ) -> Result<CareList, Refusal> {
        let action = match purpose {
            Purpose::View => Action::ViewRecords,
            Purpose::Print => Action::PrintRecords,
        };
        let result = self.compose_list(session, person, period, kind, action).await;
        self.written_down(session, action, result).await
    }

    async fn compose_list(
        &self,
        session: &Session,
        person: PersonId,
        period: Period,
        kind: ListKind,
        action: Action,
    ) -> Result<CareList, Refusal> {
        self.require(session, Right::ViewRecords).await?;
        if period.from > period.to {
            return Err(FieldError::new("診療年月（至）", "診療年月（自）と同じか、それより後の年月").into());
        }
        let standing = self.standing(session, person).await?;
        let decisions: Vec<_> =
            kind.asks_for().kinds().map(|kind| (kind, self.decision(session, &standing, kind))).collect();
        let covered = allowed(&decisions);
        if covered.is_empty() {
            return Err(self.deny(session, action, person, &decisions).await);
        }
        let mut tx = self.0.store.read();
        let code = &session.institution.code;
        let consent = tx.consent(person, code, session.now()).await?.map(|consent| consent.limited_to(covered));
        let Some(consent) = consent else {
            return Err(self.deny(session, action, person, &decisions).await);
        };
        let stored = tx.person(person).await?.ok_or(Reason::NotFound("この患者"))?;
        let coverages = tx.coverages_of(person).await?;
        let today = session.now().day();
        let receipts = match self.0.release.visible_part(period, today) {
            Some(visible) => tx.care_receipts(&consent, visible).await?,
            None => Vec::new(),
        };
        let list = CareList::compose(&ListInput {
            kind,
            covered,
            person: &stored,
            coverage: coverage_on(&coverages, today),
            receipts: &receipts,
            asked: period,
            rule: self.0.release,
            now: session.now(),
            own: code,
        });
        let detail = format!(
            "consent={} kinds={} from={} to={} rows={}",
            consent.id().to_hex(),
            words(covered),
            period.from,
            period.to,
            list.row_count()
        );
        self.0.store.append(session.draft(action, Outcome::Done, &person.to_hex(), detail)).await?;
        Ok(list)
    }

    async fn standing(&self, session: &Session, person: PersonId) -> Result<Standing, Refusal> {
        let mut tx = self.0.store.read();
        let settings = tx.settings(&session.institution.code).await?;
        let grant = tx.grant(person, &session.institution.code).await?;
        Ok(Standing { settings, grant })
    }

    fn decision(&self, session: &Session, standing: &Standing, kind: InformationKind) -> Decision {
        decision::decide(&Question {
            account: session.kind,
            settings_at_login: &session.settings_at_login,
            settings_now: &standing.settings,
            grant: standing.grant.as_ref(),
            kind,
            month: None,
            now: session.now(),
            release: self.0.release,
        })
    }

    /// Writes the refusal down and answers with the reason that tells most: what the patient did
    /// counts before what the institution does not use.
    async fn deny(
        &self,
        session: &Session,
        action: Action,
        person: PersonId,
        decisions: &[(InformationKind, Decision)],
    ) -> Refusal {
        let asked = decisions.first().map(|(kind, _)| *kind);
        let denials =
            || decisions.iter().filter_map(|(kind, decision)| denial(*decision).map(|denial| (*kind, denial)));
        let patients = denials().find(|(_, denial)| !matches!(denial, Denial::NotUsed | Denial::UsedSinceNextLogin));
        // Nothing was denied: the consent ended between the decision and the reading.
        let ended = || (asked.unwrap_or(InformationKind::MedicalCare), Denial::ConsentLapsed);
        let (kind, denial) = patients.or_else(|| denials().next()).unwrap_or_else(ended);
        let detail = format!("kind={} denial={}", kind.mark(), denial.word());
        let draft = session.draft(action, Outcome::Refused, &person.to_hex(), detail);
        match self.0.store.append(draft).await {
            Ok(_) => Reason::Denied { kind, denial }.into(),
            Err(error) => error.into(),
        }
    }
}

const fn denial(decision: Decision) -> Option<Denial> {
    match decision {
        Decision::Deny(denial) => Some(denial),
        Decision::Allow { .. } => None,
    }
}

fn allowed(decisions: &[(InformationKind, Decision)]) -> Scope {
    let kinds = decisions.iter().filter(|(_, decision)| matches!(decision, Decision::Allow { .. }));
    kinds.fold(Scope::EMPTY, |scope, (kind, _)| scope.with(*kind))
}

/// The kinds as their marks, for the audit log.
fn words(scope: Scope) -> String {
    scope.kinds().map(InformationKind::mark).collect()
}
