//! Viewing past care (手術・診療・薬剤情報閲覧): decide, read, write down, answer.
//!
//! The order is fixed: the decision of the model, then the reading through a consent that only the
//! store can make, then the durable audit entry, then the answer.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use futures_util::future::{try_join, try_join4};
use madoguchi_model::account::{AccountKind, Right};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::care::CareReceipt;
use madoguchi_model::consent::{Grant, InformationKind, Scope};
use madoguchi_model::coverage::{Coverage, coverage_on};
use madoguchi_model::day::Month;
use madoguchi_model::decision::{self, Decision, Denial, Question};
use madoguchi_model::field::FieldError;
use madoguchi_model::id::PersonId;
use madoguchi_model::listing::{CareList, ListInput, ListKind};
use madoguchi_model::person::Person;
use madoguchi_model::prescription::{Prescription, VisibleDays};
use madoguchi_model::records::Treatment;
use madoguchi_model::release::Period;
use madoguchi_model::settings::Settings;
use madoguchi_store::Consent;

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

/// The decision's result with the only key to the records: what of the kinds asked for may be read.
pub(crate) struct Permission {
    consent: Consent,
    covered: Scope,
}

/// Past care as it was read.
pub(crate) struct Care {
    pub(crate) person: Person,
    pub(crate) coverage: Option<Coverage>,
    pub(crate) receipts: Vec<CareReceipt>,
    /// `None` when they were not asked for.
    pub(crate) prescriptions: Option<Vec<Prescription>>,
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
        let asked = kind.asks_for();
        let permission = self.permission(session, person, asked, action, Treatment::Outpatient).await?;
        let care = self.read_care(session, &permission, period, asked.contains(InformationKind::Medication)).await?;
        let list = CareList::compose(&self.list_input(session, kind, period, &permission, &care));
        let detail = format!("{} from={} to={} rows={}", permission.words(), period.from, period.to, list.row_count());
        self.0.store.append(session.draft(action, Outcome::Done, &person.to_hex(), detail)).await?;
        Ok(list)
    }

    /// Decides about each kind that is asked for and makes the store turn the grant into the permission to read those
    /// that are allowed. The refusal is written down.
    ///
    /// # Errors
    /// [`Reason::Denied`] when nothing is allowed.
    pub(crate) async fn permission(
        &self,
        session: &Session,
        person: PersonId,
        asked: Scope,
        action: Action,
        treatment: Treatment,
    ) -> Result<Permission, Refusal> {
        let mut standing = self.standing(session, person).await?;
        // The grants of the reader are for 外来; nobody can give another one yet.
        standing.grant = standing.grant.filter(|_| treatment == Treatment::Outpatient);
        let decisions: Vec<_> = asked.kinds().map(|kind| (kind, self.decision(session, &standing, kind))).collect();
        let covered = allowed(&decisions);
        let consent = match covered.is_empty() {
            true => None,
            false => self.0.store.read().consent(person, &session.institution.code, session.now()).await?,
        };
        match consent {
            Some(consent) => Ok(Permission { consent: consent.limited_to(covered), covered }),
            None => Err(self.deny(session, action, person, &decisions).await),
        }
    }

    /// What the permission opens of the months: receipts as far as they are released, and of the e-prescription service
    /// everything that can be seen, because it tells also of the months before and after.
    pub(crate) async fn read_care(
        &self,
        session: &Session,
        permission: &Permission,
        period: Period,
        prescriptions: bool,
    ) -> Result<Care, Refusal> {
        let [mut first, mut second, mut third, mut fourth] = self.0.store.reads();
        let (consent, today) = (&permission.consent, session.now().day());
        let receipts = async {
            match self.0.release.visible_part(period, today) {
                Some(visible) => third.care_receipts(consent, visible).await,
                None => Ok(Vec::new()),
            }
        };
        let prescriptions = async {
            match prescriptions {
                true => fourth.prescriptions(consent, VisibleDays::on(today)).await.map(Some),
                false => Ok(None),
            }
        };
        let (person, coverages, receipts, prescriptions) =
            try_join4(first.person(consent.person()), second.coverages_of(consent.person()), receipts, prescriptions)
                .await?;
        let person = person.ok_or(Reason::NotFound("この患者"))?;
        Ok(Care { coverage: coverage_on(&coverages, today).cloned(), person, receipts, prescriptions })
    }

    /// What the list of the screens and of the PDF is composed of.
    pub(crate) fn list_input<'a>(
        &self,
        session: &'a Session,
        kind: ListKind,
        asked: Period,
        permission: &Permission,
        care: &'a Care,
    ) -> ListInput<'a> {
        ListInput {
            kind,
            covered: permission.covered,
            person: &care.person,
            coverage: care.coverage.as_ref(),
            receipts: &care.receipts,
            prescriptions: care.prescriptions.as_deref(),
            asked,
            rule: self.0.release,
            now: session.now(),
            own: &session.institution.code,
        }
    }

    async fn standing(&self, session: &Session, person: PersonId) -> Result<Standing, Refusal> {
        let ([mut tx, mut other], institution) = (self.0.store.reads(), &session.institution.code);
        let (settings, grant) = try_join(tx.settings(institution), other.grant(person, institution)).await?;
        Ok(Standing { settings, grant })
    }

    fn decision(&self, session: &Session, standing: &Standing, kind: InformationKind) -> Decision {
        decision::decide(&Question {
            account: session.kind,
            settings_at_login: match session.kind {
                // The folder agent follows the settings at each request.
                AccountKind::Agent => &standing.settings,
                _ => &session.settings_at_login,
            },
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

impl Permission {
    /// The key to what is covered.
    pub(crate) const fn consent(&self) -> &Consent {
        &self.consent
    }

    pub(crate) const fn covered(&self) -> Scope {
        self.covered
    }

    /// The consent and its kinds, for the audit log.
    pub(crate) fn words(&self) -> String {
        format!("consent={} kinds={}", self.consent.id().to_hex(), words(self.covered))
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
