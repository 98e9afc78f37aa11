//! The card reader's side (顔認証付きカードリーダー): a pass begins with a challenge, a card answers it,
//! the person answers the consent pages.
//!
//! A pass is used once and lives five minutes; a newer one of the same reader replaces it.

use crate::face::{self, Choices, Standing};
use crate::operation::{Service, Session};
use crate::refusal::{CardRefusal, Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::PrescriptionForm;
use madoguchi_model::consent::{Grant, InformationKind, Scope};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::eligibility::{Answer, AnswerConsent, Notice};
use madoguchi_model::field::FieldError;
use madoguchi_model::id::{ConsentId, PassId, PersonId};
use madoguchi_model::kiosk::{self, ConsentPage};
use madoguchi_model::person::Person;
use madoguchi_model::settings::Settings;
use madoguchi_store::Tx;
use madoguchi_store::card::{Pass as StoredPass, PassState};
use madoguchi_trust::card_trust::{CardFault, VerifiedCard};

/// Seconds that a pass lives.
pub const PASS_SECONDS: i64 = 5 * 60;
/// Months before its end from which a card's end is told.
const NOTICE_MONTHS: i32 = 3;

/// A pass that waits for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Identity.
    pub id: PassId,
    /// What the card signs.
    pub challenge: Vec<u8>,
}

/// What the reader shows once the card is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The name that a screen can show.
    pub name: String,
    /// Whether a coverage holds today.
    pub eligible: bool,
    /// The eligibility in one sentence.
    pub eligibility: String,
    /// Notices about the card: code and text.
    pub notices: Vec<(&'static str, &'static str)>,
    /// The consent pages in their order; none when no past care can be agreed to.
    pub pages: Vec<ConsentPage>,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Headings of the pages that were agreed to, without those whose kinds were switched off meanwhile.
    pub agreed: Vec<&'static str>,
    /// 閲覧可能期限, when something was agreed to.
    pub valid_until: Option<Timestamp>,
}

/// The card, and whether its date is over (then eligibility only).
struct AcceptedCard {
    card: VerifiedCard,
    over: bool,
}

impl Service {
    /// Begins a pass; an unfinished one of this reader is replaced.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn begin_pass(&self, session: &Session) -> Result<Pass, Refusal> {
        self.require(session, Right::PostCardResults).await?;
        let id = PassId::new(session.now(), self.random()?);
        let challenge = self.random::<32>()?.to_vec();
        let stored = StoredPass {
            id,
            institution: session.institution.code.clone(),
            reader: session.token_hash,
            challenge: challenge.clone(),
            begun_at: session.now(),
            state: PassState::Open,
            person: None,
            pages: Vec::new(),
            notices: Vec::new(),
        };
        self.0.store.write_or_repeat("pass.begin", async move |tx| tx.begin_pass(&stored).await).await?;
        Ok(Pass { id, challenge })
    }

    /// Takes the card's certificate and its signature over the challenge, and tells which consents
    /// to ask for by the settings of this moment.
    ///
    /// # Errors
    /// [`Reason::Card`], [`Reason::PassReplaced`], [`Reason::PassExpired`], [`Reason::NotFound`].
    pub async fn present_card(
        &self,
        session: &Session,
        pass: PassId,
        certificate_der: &[u8],
        signature: &[u8],
    ) -> Result<Presented, Refusal> {
        let result = self.pass_card(session, pass, certificate_der, signature).await;
        self.written_down(session, Action::PassCard, result).await
    }

    async fn pass_card(
        &self,
        session: &Session,
        pass: PassId,
        certificate_der: &[u8],
        signature: &[u8],
    ) -> Result<Presented, Refusal> {
        self.require(session, Right::PostCardResults).await?;
        let mut tx = self.0.store.read();
        let stored = current_pass(&mut tx, session, pass, PassState::Open).await?;
        let accepted = match self.accept_card(session, &stored, certificate_der, signature) {
            Ok(accepted) => accepted,
            Err(fault) => return Err(self.refuse_card(session, fault).await),
        };
        let Some(holder) = tx.holder_of_card(&accepted.card.serial).await? else {
            return Err(self.refuse_card(session, CardRefusal::NotRegistered).await);
        };
        let person = tx.person(holder.person).await?.ok_or(Reason::NotFound("この患者"))?;
        let settings = tx.settings(&session.institution.code).await?;
        let standing = Standing::of(&mut tx, session, &person, &settings).await?;
        let notices = notices(&accepted, holder.ends_on, session.now().day());
        let presented = presented(&person, &standing, &accepted, &notices, &settings);
        let answer = standing.answer(&mut tx, session, &person, &notices, Choices::default()).await?;
        self.identify(session, pass, Identification { person: person.id, presented: &presented, notices, answer })
            .await?;
        Ok(presented)
    }

    /// Stores the answers: the new pass replaces the person's former consent here, also when
    /// everything was refused. A kind that was switched to 利用しない meanwhile is not stored. A pass
    /// that asked for no consent (a card past its date, no coverage, nothing in use) leaves it as it is.
    /// The result waits for the institution from here on ([`Service::faces_waiting`]).
    ///
    /// # Errors
    /// [`Reason::Invalid`] unless every page is answered exactly once; [`Reason::PassReplaced`],
    /// [`Reason::PassExpired`], [`Reason::NotFound`].
    pub async fn answer_pass(
        &self,
        session: &Session,
        pass: PassId,
        answers: &[(ConsentPage, bool)],
    ) -> Result<Answered, Refusal> {
        let result = self.store_answers(session, pass, answers).await;
        self.written_down(session, Action::GrantConsent, result).await
    }

    async fn store_answers(
        &self,
        session: &Session,
        pass: PassId,
        answers: &[(ConsentPage, bool)],
    ) -> Result<Answered, Refusal> {
        self.require(session, Right::PostCardResults).await?;
        let id = ConsentId::new(session.now(), self.random()?);
        let (session, answers) = (session.clone(), answers.to_vec());
        let write = async move |tx: &mut Tx| end_pass(tx, &session, pass, id, &answers).await;
        self.0.store.write_or_repeat("consent.grant", write).await
    }

    fn accept_card(
        &self,
        session: &Session,
        pass: &StoredPass,
        certificate_der: &[u8],
        signature: &[u8],
    ) -> Result<AcceptedCard, CardRefusal> {
        let now = session.now().micros().div_euclid(1_000_000);
        let cards = self.0.cards.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match cards.verify(certificate_der, &pass.challenge, signature, now) {
            Ok(card) => Ok(AcceptedCard { card, over: false }),
            Err(CardFault::Expired { within_grace_3_months: true, card, .. }) => Ok(AcceptedCard { card, over: true }),
            Err(CardFault::Expired { .. }) => Err(CardRefusal::Expired),
            Err(CardFault::Revoked) => Err(CardRefusal::Revoked),
            Err(_) => Err(CardRefusal::NotACard),
        }
    }

    async fn refuse_card(&self, session: &Session, fault: CardRefusal) -> Refusal {
        let reason = Reason::Card(fault);
        let draft = session.draft(Action::PassCard, Outcome::Refused, "", format!("code={}", reason.code()));
        match self.0.store.append(draft).await {
            Ok(_) => reason.into(),
            Err(error) => error.into(),
        }
    }

    /// Without any eligibility nothing follows at the reader: the institution gets its result now.
    async fn identify(&self, session: &Session, pass: PassId, known: Identification<'_>) -> Result<(), Refusal> {
        let Identification { person, presented, notices, answer } = known;
        let subject = person.to_hex();
        let asked = format!("asked={}", marks(kiosk::asked(&presented.pages)));
        let eligible = format!("eligible={}", presented.eligible);
        let passed = session.draft(Action::PassCard, Outcome::Done, &subject, asked);
        let checked = session.draft(Action::CheckEligibility, Outcome::Done, &subject, eligible);
        let (session, pages, is_over) = (session.clone(), presented.pages.clone(), !presented.eligible);
        let identified = self.0.store.write_or_repeat("pass.identify", async move |tx| -> Result<(), Refusal> {
            if !tx.identify_pass(&session.institution.code, pass, person, &pages, &notices).await? {
                return Err(Reason::PassReplaced.into());
            }
            face::list_check(tx, &session, pass, &answer).await?;
            if is_over {
                face::keep_face(tx, &session, pass, answer).await?;
            }
            tx.audit(passed).await?;
            tx.audit(checked).await?;
            Ok(())
        });
        identified.await
    }
}

/// Ends a pass: stores the consent and keeps the result for the institution.
async fn end_pass(
    tx: &mut Tx,
    session: &Session,
    pass: PassId,
    id: ConsentId,
    answers: &[(ConsentPage, bool)],
) -> Result<Answered, Refusal> {
    let stored = current_pass(tx, session, pass, PassState::Identified).await?;
    let agreed = agreed_pages(&stored.pages, answers)?;
    let person = stored.person.ok_or(Reason::PassReplaced)?;
    let person = tx.person(person).await?.ok_or(Reason::NotFound("この患者"))?;
    let settings = tx.settings(&session.institution.code).await?;
    let asked = kiosk::asked(&stored.pages).and(in_use(&settings));
    let code = session.institution.code.clone();
    let grant = Grant::new(id, person.id, code, asked, kiosk::asked(&agreed), session.now());
    if !tx.answer_pass(&session.institution.code, pass).await? {
        return Err(Reason::PassReplaced.into());
    }
    let consents = !kiosk::asked(&stored.pages).is_empty();
    if consents {
        tx.put_grant(&grant, &person).await?;
    }
    let standing = Standing::of(tx, session, &person, &settings).await?;
    if consents || standing.is_eligible() {
        let choices = choices(&stored.pages, &agreed, session.now());
        let answer = standing.answer(tx, session, &person, &stored.notices, choices).await?;
        face::list_check(tx, session, pass, &answer).await?;
        face::keep_face(tx, session, pass, answer).await?;
    }
    if !stored.pages.is_empty() {
        let words = format!("asked={} agreed={}{}", marks(grant.asked), marks(grant.scope), disease_word(&agreed));
        let detail = if consents { format!("consent={} {words}", id.to_hex()) } else { words };
        tx.audit(session.draft(Action::GrantConsent, Outcome::Done, &person.id.to_hex(), detail)).await?;
    }
    let valid_until = (consents && !grant.scope.is_empty()).then_some(grant.valid_until);
    let told = agreed.iter().filter(|page| is_stored(**page, grant.scope));
    Ok(Answered { agreed: told.map(|page| page.heading()).collect(), valid_until })
}

/// The pass, when it is this reader's, young enough and in the state that the step needs.
async fn current_pass(tx: &mut Tx, session: &Session, id: PassId, state: PassState) -> Result<StoredPass, Refusal> {
    let pass = tx.pass(&session.institution.code, id).await?;
    let pass = pass.filter(|pass| pass.reader == session.token_hash).ok_or(Reason::NotFound("この手続き"))?;
    if pass.begun_at.plus_seconds(PASS_SECONDS) <= session.now() {
        return Err(Reason::PassExpired.into());
    }
    if pass.state != state {
        return Err(Reason::PassReplaced.into());
    }
    Ok(pass)
}

/// What is noted about a card that was identified.
struct Identification<'a> {
    person: PersonId,
    presented: &'a Presented,
    notices: Vec<Notice>,
    answer: Answer,
}

/// What the institution is told about the card: certificate or card end within three months.
fn notices(accepted: &AcceptedCard, card_ends_on: Option<Day>, today: Day) -> Vec<Notice> {
    let certificate_ends = accepted.card.near_end && !accepted.over;
    let card_ends = card_ends_on.is_some_and(|last| last <= today.plus_months(NOTICE_MONTHS));
    let certificate = certificate_ends.then_some(Notice::CertificateEnds);
    certificate.into_iter().chain(card_ends.then_some(Notice::CardEnds)).collect()
}

fn presented(
    person: &Person,
    standing: &Standing,
    accepted: &AcceptedCard,
    notices: &[Notice],
    settings: &Settings,
) -> Presented {
    let over = accepted.over.then_some((
        "008",
        "カードの電子証明書の有効期限が切れています。資格の確認だけを行いました。市区町村で更新してください。",
    ));
    let eligible = standing.is_eligible();
    let mut pages = Vec::new();
    if standing.has_records() && !accepted.over {
        pages.extend(kiosk::consent_pages(settings));
    }
    if eligible {
        pages.extend(kiosk::answer_pages(settings));
    }
    Presented {
        name: person.shown_name(),
        eligible,
        eligibility: standing.sentence().to_owned(),
        notices: over.into_iter().chain(notices.iter().map(|notice| (notice.code(), notice.text()))).collect(),
        pages,
    }
}

/// What the person chose about the answer itself, where it was asked.
fn choices(pages: &[ConsentPage], agreed: &[ConsentPage], now: Timestamp) -> Choices {
    let chosen = |page: ConsentPage| pages.contains(&page).then(|| agreed.contains(&page));
    let disease = chosen(ConsentPage::SpecificDisease);
    let form = chosen(ConsentPage::PrescriptionForm);
    Choices {
        disease: disease.map(|given| if given { AnswerConsent::Given(now) } else { AnswerConsent::Refused }),
        prescription: form.map(|is| if is { PrescriptionForm::Electronic } else { PrescriptionForm::Paper }),
    }
}

fn disease_word(agreed: &[ConsentPage]) -> &'static str {
    if agreed.contains(&ConsentPage::SpecificDisease) { " disease=1" } else { "" }
}

/// The pages agreed to, when every page has exactly one answer.
fn agreed_pages(pages: &[ConsentPage], answers: &[(ConsentPage, bool)]) -> Result<Vec<ConsentPage>, Refusal> {
    let complete = answers.len() == pages.len()
        && pages.iter().all(|page| answers.iter().filter(|(answered, _)| answered == page).count() == 1);
    if !complete {
        return Err(FieldError::new("閲覧同意", "示されたすべての画面への回答を1つずつ").into());
    }
    Ok(pages.iter().copied().filter(|page| answers.contains(&(*page, true))).collect())
}

/// Whether something of a page that was agreed to is in the grant, or in the answer as 特定疾病 is. The form of the
/// prescription is no consent.
fn is_stored(page: ConsentPage, scope: Scope) -> bool {
    page == ConsentPage::SpecificDisease || !page.scope().and(scope).is_empty()
}

fn in_use(settings: &Settings) -> Scope {
    InformationKind::ALL.into_iter().filter(|kind| settings.uses(*kind)).fold(Scope::EMPTY, Scope::with)
}

pub(crate) fn marks(scope: Scope) -> String {
    scope.kinds().map(InformationKind::mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_answered_exactly_once() {
        let pages = [ConsentPage::Surgery, ConsentPage::Medication];
        for (answers, expected) in [
            (vec![(ConsentPage::Surgery, true), (ConsentPage::Medication, false)], Some(vec![ConsentPage::Surgery])),
            (vec![(ConsentPage::Surgery, false), (ConsentPage::Medication, false)], Some(vec![])),
            (vec![(ConsentPage::Surgery, true)], None),
            (vec![(ConsentPage::Surgery, true), (ConsentPage::Surgery, false)], None),
            (vec![(ConsentPage::Surgery, true), (ConsentPage::Checkup, true)], None),
        ] {
            assert_eq!(agreed_pages(&pages, &answers).ok(), expected);
        }
    }
}
