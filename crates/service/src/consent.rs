//! 同意取得済み患者一覧 and the withdrawal of a consent (閲覧同意).

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::{Code, EndOfConsent};
use madoguchi_model::consent::{InformationKind, Scope};
use madoguchi_model::id::PersonId;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::settings::Settings;
use madoguchi_store::consent::{ConsentedPatient, PatientSearch as StoredSearch};

/// Rows that the screen shows at most; the search narrows further.
pub const LISTED_MAX: usize = 1_000;
/// Characters of a search text that are looked at.
const SEARCH_CHARACTERS_MAX: usize = 100;

/// The search area of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientSearch {
    /// A part of 氏名 or 氏名カナ, or a whole 照会番号 (digits).
    pub text: String,
    /// Only patients who agreed to this kind.
    pub kind: Option<InformationKind>,
}

impl Service {
    /// Everyone with a consent at this institution that is valid now and covers something that the
    /// institution uses, the newest first. The list itself is an answer about patients: it is audited.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn consented_patients(
        &self,
        session: &Session,
        search: &PatientSearch,
    ) -> Result<Vec<ConsentedPatient>, Refusal> {
        self.require(session, Right::ViewRecords).await?;
        let used = scope_in_use(&self.settings_in_effect(session).await?);
        let stored = stored_search(&search.text);
        let code = &session.institution.code;
        let found = self.0.store.read().consented_patients(code, session.now(), &stored).await?;
        let listed: Vec<ConsentedPatient> = found
            .into_iter()
            .map(|patient| ConsentedPatient { scope: patient.scope.and(used), ..patient })
            .filter(|patient| !patient.scope.is_empty())
            .filter(|patient| search.kind.is_none_or(|kind| patient.scope.contains(kind)))
            .take(LISTED_MAX)
            .collect();
        let detail = format!("rows={}", listed.len());
        self.0.store.append(session.draft(Action::ListConsents, Outcome::Done, "", detail)).await?;
        Ok(listed)
    }

    /// Takes a consent back on the patient's wish; nothing can be viewed from this moment on.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::NotFound`] when there is none to take back.
    pub async fn withdraw_consent(&self, session: &Session, person: PersonId) -> Result<(), Refusal> {
        let result = self.take_consent_back(session, person).await;
        self.written_down(session, Action::WithdrawConsent, result).await
    }

    /// Ends the consent of the person with these numbers at this institution, for a program (OQSsihvd01). There is one
    /// consent of a person at an institution; a standing one for 訪問診療等 will be ended here too.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::NoPerson`] and [`Reason::SeveralPersons`]; [`Reason::NotFound`] when there is none
    /// to end.
    pub async fn revoke_consent(
        &self,
        session: &Session,
        numbers: &InsuranceNumbers,
        reason: EndOfConsent,
    ) -> Result<(), Refusal> {
        self.require(session, Right::FetchRecordFiles).await?;
        let person = self.person_with_numbers(session, numbers, Action::WithdrawConsent).await?;
        let detail = format!("reason={}", reason.code());
        let mut result = self.end_consent(session, person, detail.clone()).await;
        if matches!(&result, Err(Refusal { reason: Reason::NotFound(_), .. })) {
            result = self.ended_before(session, person, detail).await;
        }
        self.written_down(session, Action::WithdrawConsent, result).await
    }

    /// A program that did not hear the answer asks again: what it wants is so already.
    async fn ended_before(&self, session: &Session, person: PersonId, detail: String) -> Result<(), Refusal> {
        if self.0.store.read().grant(person, &session.institution.code).await?.is_none() {
            return Err(Reason::NotFound("閲覧同意").into());
        }
        let detail = format!("{detail} already");
        let draft = session.draft(Action::WithdrawConsent, Outcome::Done, &person.to_hex(), detail);
        self.0.store.append(draft).await?;
        Ok(())
    }

    async fn take_consent_back(&self, session: &Session, person: PersonId) -> Result<(), Refusal> {
        self.require(session, Right::ViewRecords).await?;
        self.end_consent(session, person, String::new()).await
    }

    async fn end_consent(&self, session: &Session, person: PersonId, detail: String) -> Result<(), Refusal> {
        let draft = session.draft(Action::WithdrawConsent, Outcome::Done, &person.to_hex(), detail);
        let (code, now) = (session.institution.code.clone(), session.now());
        let withdrawn = self.0.store.write_or_repeat("consent.withdraw", async move |tx| -> Result<(), Refusal> {
            if !tx.withdraw_consent(person, &code, now).await? {
                return Err(Reason::NotFound("閲覧同意").into());
            }
            tx.audit(draft).await?;
            Ok(())
        });
        withdrawn.await
    }

    /// The settings that bind this session now.
    pub(crate) async fn settings_in_effect(&self, session: &Session) -> Result<Settings, Refusal> {
        let now = self.0.store.read().settings(&session.institution.code).await?;
        Ok(session.settings_at_login.in_effect(&now))
    }
}

fn scope_in_use(settings: &Settings) -> Scope {
    InformationKind::ALL.into_iter().filter(|kind| settings.uses(*kind)).fold(Scope::EMPTY, Scope::with)
}

fn stored_search(text: &str) -> StoredSearch {
    let text: String = text.trim().chars().take(SEARCH_CHARACTERS_MAX).collect();
    if text.is_empty() {
        StoredSearch::default()
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        StoredSearch { reference_number: Some(text), ..StoredSearch::default() }
    } else {
        StoredSearch { name: Some(text), ..StoredSearch::default() }
    }
}
