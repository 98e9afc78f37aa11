//! 資格確認 by the numbers on a certificate, 照会番号登録, and the list of the day's checks.
//!
//! The rules are in [`madoguchi_model::eligibility`]; here they are given what the store knows. A check by a program
//! takes five statements: look-up, person, coverages, reference number, and the audit entry before the answer.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use futures_util::future::try_join3;
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::Code;
use madoguchi_model::day::Timestamp;
use madoguchi_model::eligibility::{
    self, Answer, AnswerConsent, Check, Found, Known, Presence, Query, REFERENCE_NUMBER_CHARACTERS_MAX, Registration,
    Told, Validity,
};
use madoguchi_model::field::FieldError;
use madoguchi_model::id::{CheckId, CoverageId, PersonId};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_store::{Error, Store, Tx};
use sha2::{Digest, Sha256};

/// Lines of 資格確認結果一覧 that a screen shows at most.
pub const CHECKS_LISTED_MAX: u32 = 500;

/// A check that is decided, with what the audit log is told about it.
pub(crate) struct Checked {
    /// The answer.
    pub(crate) answer: Answer,
    /// Whose numbers they are, if that is one person.
    pub(crate) person: Option<PersonId>,
    /// P0003 where the numbers are somebody's and the birthdate is not.
    pub(crate) other_birthdate: bool,
}

impl Service {
    /// Checks eligibility by numbers. Numbers that nobody has, and numbers of somebody with another birthdate, are
    /// answered alike. A check at a screen goes into the list of the day.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn check_eligibility(&self, session: &Session, query: &Query) -> Result<Answer, Refusal> {
        let result = self.decide_and_note(session, query).await;
        self.written_down(session, Action::CheckEligibility, result).await
    }

    async fn decide_and_note(&self, session: &Session, query: &Query) -> Result<Answer, Refusal> {
        self.require(session, Right::CheckEligibility).await?;
        let institution = &session.institution.code;
        let checked = check(&self.0.store, institution, query, session.now()).await?;
        let subject = checked.subject(query);
        let draft = session.draft(Action::CheckEligibility, Outcome::Done, &subject, checked.words());
        if !session.kind.uses_screens() {
            self.0.store.append(draft).await?;
            return Ok(checked.answer);
        }
        let id = CheckId::new(session.now(), self.random()?);
        let line = Check { user: session.user.clone(), query: Some(query.clone()), answer: checked.answer.clone() };
        let institution = institution.clone();
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.put_check(&institution, id, &line).await?;
            tx.audit(draft).await?;
            Ok(())
        };
        self.0.store.write_or_repeat("eligibility.check", write).await?;
        Ok(checked.answer)
    }

    /// The checks of this institution today, at its screens and its reader, the newest first. The list is an answer
    /// about patients: it is audited.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn checks_today(&self, session: &Session) -> Result<Vec<(CheckId, Check)>, Refusal> {
        self.require(session, Right::CheckEligibility).await?;
        let (institution, today) = (&session.institution.code, session.now().day());
        let listed = self.0.store.read().checks(institution, today, CHECKS_LISTED_MAX).await?;
        let detail = format!("rows={}", listed.len());
        self.0.store.append(session.draft(Action::ListChecks, Outcome::Done, "", detail)).await?;
        Ok(listed)
    }

    /// One of today's checks, as it was answered.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::NotFound`] when the list has it no more.
    pub async fn check_of_today(&self, session: &Session, id: CheckId) -> Result<Check, Refusal> {
        let result = self.find_check(session, id).await;
        self.written_down(session, Action::ListChecks, result).await
    }

    async fn find_check(&self, session: &Session, id: CheckId) -> Result<Check, Refusal> {
        self.require(session, Right::CheckEligibility).await?;
        let (institution, today) = (&session.institution.code, session.now().day());
        let check = self.0.store.read().check(institution, today, id).await?;
        let check = check.ok_or(Reason::NotFound("この資格確認結果"))?;
        let subject = check.answer.rows.first().map(|row| row.person.to_hex()).unwrap_or_default();
        let detail = format!("check={}", id.to_hex());
        self.0.store.append(session.draft(Action::ListChecks, Outcome::Done, &subject, detail)).await?;
        Ok(check)
    }

    /// Registers the number under which this institution knows a person: later results, the reader and the lists tell
    /// it. A second number replaces the first; it stays with the person through a change of insurer.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Invalid`]; [`Reason::NoPerson`] and [`Reason::SeveralPersons`];
    /// [`Reason::ReferenceNumberTaken`] when another person has the number here.
    pub async fn register_reference_number(
        &self,
        session: &Session,
        registration: &Registration,
    ) -> Result<(), Refusal> {
        let wished = self.may_register(session, registration).await;
        let number = self.written_down(session, Action::RegisterReferenceNumber, wished).await?;
        let person = self.person_with_numbers(session, &registration.numbers, Action::RegisterReferenceNumber).await?;
        let draft = session.draft(Action::RegisterReferenceNumber, Outcome::Done, &person.to_hex(), "");
        let institution = session.institution.code.clone();
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.put_reference_number(person, &institution, &number).await.map_err(taken)?;
            tx.audit(draft).await?;
            Ok(())
        };
        let result = self.0.store.write_or_repeat("reference_number.register", write).await;
        self.written_down(session, Action::RegisterReferenceNumber, result).await
    }

    async fn may_register(&self, session: &Session, registration: &Registration) -> Result<String, Refusal> {
        self.require(session, Right::RegisterReferenceNumber).await?;
        let number = registration.reference_number.trim();
        let length = number.chars().count();
        if !(1..=REFERENCE_NUMBER_CHARACTERS_MAX).contains(&length) || number.chars().any(char::is_control) {
            return Err(FieldError::new("照会番号", "1文字以上50文字以内").into());
        }
        Ok(number.to_owned())
    }
}

/// Decides one check by numbers. Four statements at most for insured people, the last three at the same time; one more
/// for 医療扶助.
pub(crate) async fn check(
    store: &Store,
    institution: &InstitutionCode,
    query: &Query,
    now: Timestamp,
) -> Result<Checked, Refusal> {
    let holders = store.read().holders_of(query).await?;
    let found = eligibility::matching(query, &holders);
    let (person, coverages) = match found {
        Found::Person(person, coverages) => (person, coverages),
        Found::Several => return Ok(Checked::nobody(query, now, Validity::Several)),
        Found::Nobody => return Ok(Checked::nobody(query, now, Validity::None)),
        Found::OtherBirthdate => {
            return Ok(Checked { other_birthdate: true, ..Checked::nobody(query, now, Validity::None) });
        }
    };
    answer(store, institution, query, now, person, &coverages).await
}

async fn answer(
    store: &Store,
    institution: &InstitutionCode,
    query: &Query,
    now: Timestamp,
    id: PersonId,
    asked: &[CoverageId],
) -> Result<Checked, Refusal> {
    let [mut tx, mut second, mut third] = store.reads();
    let (person, coverages, reference_number) =
        try_join3(tx.person(id), second.coverages_of(id), third.reference_number(id, institution)).await?;
    let Some(person) = person else {
        return Err(Refusal::new(Reason::Unavailable, "a number leads to a person who is not registered"));
    };
    let assisted = coverages.iter().any(|coverage| asked.contains(&coverage.id) && coverage.is_assistance());
    let tickets = if assisted { tx.tickets_of(id, query.day.month()).await? } else { Vec::new() };
    let presence = Presence::of(&tickets, institution, query.day, Told::OfDay);
    let verdict = eligibility::by_numbers(asked, &coverages, query.day, presence);
    let given = if query.limit_consent { AnswerConsent::Given(now) } else { AnswerConsent::Refused };
    let known = Known {
        person: &person,
        tickets: &tickets,
        told: Told::OfDay,
        reference_number: reference_number.as_deref(),
        institution,
        day: query.day,
        limit_consent: Some(given),
        disease_consent: None,
        consents: None,
    };
    let rows = verdict.coverages.iter().map(|coverage| eligibility::row(&known, coverage)).collect();
    let answer = Answer::to_numbers(query, now, verdict.validity, rows);
    Ok(Checked { answer, person: Some(id), other_birthdate: false })
}

impl Checked {
    fn nobody(query: &Query, now: Timestamp, validity: Validity) -> Self {
        let answer = Answer::to_numbers(query, now, validity, Vec::new());
        Self { answer, person: None, other_birthdate: false }
    }

    /// The person, or a hash of what was presented, so that misses are found again.
    pub(crate) fn subject(&self, query: &Query) -> String {
        match self.person {
            Some(person) => person.to_hex(),
            None => {
                let (key, branch) = (query.numbers.key(), &query.numbers.branch);
                hex::encode(Sha256::digest(format!("{}|{branch}|{}", key.as_str(), query.birthdate)))
            }
        }
    }

    /// What the audit log keeps beside the subject.
    pub(crate) fn words(&self) -> String {
        let Self { answer, other_birthdate, .. } = self;
        let mut words = format!("validity={} day={}", answer.validity.code(), answer.day);
        let code = if *other_birthdate { Some("P0003") } else { answer.notices.first().map(|notice| notice.code()) };
        if let Some(code) = code {
            words.push_str(" code=");
            words.push_str(code);
        }
        words
    }
}

fn taken(error: Error) -> Refusal {
    match error {
        Error::Conflict(_) => Reason::ReferenceNumberTaken.into(),
        other => other.into(),
    }
}
