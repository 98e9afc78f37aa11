//! What a card at the reader leads to (顔認証の結果): the grade of its holder, the result that waits for the institution's
//! program, and the line in the list of the day.
//!
//! A result is stored when the person ends the pass, or, without any eligibility, as soon as the card is known. It is
//! handed over once and kept for 24 hours at most.

use crate::operation::{Service, Session};
use crate::reader::marks;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::{Code, PrescriptionForm};
use madoguchi_model::coverage::Coverage;
use madoguchi_model::day::Day;
use madoguchi_model::eligibility::Told;
use madoguchi_model::eligibility::{
    self, Answer, AnswerConsent, Check, Consents, FACE_SECONDS, Face, Known, Notice, Presence, Validity, Verdict,
};
use madoguchi_model::id::{CheckId, FaceId, PassId};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::person::Person;
use madoguchi_model::settings::{Setting, Settings, USED};
use madoguchi_model::ticket::MedicalTicket;
use madoguchi_store::Tx;

/// Results that are handed over at once at most; the rest follows.
pub const FACES_AT_ONCE_MAX: u32 = 50;

/// What the holder of a card has, as far as this institution uses it.
pub(crate) struct Standing {
    coverages: Vec<Coverage>,
    tickets: Vec<MedicalTicket>,
    institution: InstitutionCode,
    day: Day,
}

/// What the person chose at the reader about the answer itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Choices {
    pub(crate) disease: Option<AnswerConsent>,
    pub(crate) prescription: Option<PrescriptionForm>,
}

impl Standing {
    /// Reads it. 医療扶助 counts where the institution uses 医療扶助情報 only.
    pub(crate) async fn of(
        tx: &mut Tx,
        session: &Session,
        person: &Person,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let day = session.now().day();
        let mut coverages = tx.coverages_of(person.id).await?;
        if settings.value(Setting::MedicalAssistance) != USED {
            coverages.retain(|coverage| !coverage.is_assistance());
        }
        let assisted = coverages.iter().any(|coverage| coverage.is_assistance() && coverage.covers(day));
        let tickets = if assisted { tx.tickets_of(person.id, day.month()).await? } else { Vec::new() };
        Ok(Self { coverages, tickets, institution: session.institution.code.clone(), day })
    }

    pub(crate) fn verdict(&self) -> Verdict<'_> {
        let presence = Presence::of(&self.tickets, &self.institution, self.day, Told::OfDay);
        eligibility::by_card(&self.coverages, self.day, presence)
    }

    /// Whether something holds today.
    pub(crate) fn is_eligible(&self) -> bool {
        let validity = self.verdict().validity;
        validity.holds() || validity == Validity::Several
    }

    /// Whether past care exists for one of the coverages that hold.
    pub(crate) fn has_records(&self) -> bool {
        self.is_eligible() && self.verdict().coverages.iter().any(|coverage| !coverage.is_without_records())
    }

    /// The eligibility in a sentence for the person.
    pub(crate) fn sentence(&self) -> &'static str {
        let verdict = self.verdict();
        let insured = verdict.coverages.iter().any(|coverage| !coverage.is_assistance());
        match verdict.validity {
            Validity::Several if insured => "健康保険の資格を複数確認しました。使用する資格を窓口にお申し出ください。",
            Validity::Valid if insured => "健康保険の資格を確認しました。",
            Validity::Valid | Validity::Several => "医療扶助の資格を確認しました。",
            Validity::NotRegistered => {
                "医療扶助の資格を確認しました。医療券が登録されていないため、窓口にお申し出ください。"
            }
            _ => "有効な健康保険の資格が確認できません。窓口にお申し出ください。",
        }
    }

    /// The answer that the institution gets.
    pub(crate) async fn answer(
        &self,
        tx: &mut Tx,
        session: &Session,
        person: &Person,
        notices: &[Notice],
        choices: Choices,
    ) -> Result<Answer, Refusal> {
        let (code, now) = (&self.institution, session.now());
        let reference_number = tx.reference_number(person.id, code).await?;
        let grant = tx.grant(person.id, code).await?;
        let known = Known {
            person,
            tickets: &self.tickets,
            told: Told::OfDay,
            reference_number: reference_number.as_deref(),
            institution: code,
            day: self.day,
            limit_consent: Some(AnswerConsent::Given(now)),
            disease_consent: choices.disease,
            consents: Some(Consents::of(grant.as_ref(), now)),
        };
        let verdict = self.verdict();
        let rows = verdict.coverages.iter().map(|coverage| eligibility::row(&known, coverage)).collect();
        let answer = Answer::to_card(now, verdict.validity, notices.to_vec(), rows);
        Ok(Answer { prescription: choices.prescription, ..answer })
    }
}

/// Puts an answer into the day's list; the same pass has one line.
pub(crate) async fn list_check(tx: &mut Tx, session: &Session, pass: PassId, answer: &Answer) -> Result<(), Refusal> {
    let Some(id) = CheckId::from_bytes(pass.as_bytes()) else { return Ok(()) };
    let check = Check { user: session.user.clone(), query: None, answer: answer.clone() };
    Ok(tx.put_check(&session.institution.code, id, &check).await?)
}

/// Keeps an answer for the institution's program; the same pass has one result.
pub(crate) async fn keep_face(tx: &mut Tx, session: &Session, pass: PassId, answer: Answer) -> Result<(), Refusal> {
    let Some(id) = FaceId::from_bytes(pass.as_bytes()) else { return Ok(()) };
    let oldest = session.now().plus_seconds(-FACE_SECONDS);
    Ok(tx.put_face(&session.institution.code, &Face { id, answer }, oldest).await?)
}

impl Service {
    /// The results of this institution's reader that nobody has taken, the oldest first, none older than 24 hours.
    /// Each is written down as handed over before it is.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn faces_waiting(&self, session: &Session) -> Result<Vec<Face>, Refusal> {
        self.require(session, Right::ExchangeFiles).await?;
        let (code, oldest) = (&session.institution.code, session.now().plus_seconds(-FACE_SECONDS));
        let faces = self.0.store.read().faces(code, oldest, FACES_AT_ONCE_MAX).await?;
        if faces.is_empty() {
            return Ok(faces);
        }
        let drafts: Vec<_> = faces
            .iter()
            .map(|face| {
                let subject = face.answer.rows.first().map(|row| row.person.to_hex()).unwrap_or_default();
                let consents = face.answer.rows.first().and_then(|row| row.consents).map(words).unwrap_or_default();
                let detail = format!("face={} validity={} {consents}", face.id.to_hex(), face.answer.validity.code());
                session.draft(Action::FetchFace, Outcome::Done, &subject, detail.trim_end())
            })
            .collect();
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            for draft in drafts {
                tx.audit(draft).await?;
            }
            Ok(())
        };
        self.0.store.write_or_repeat("face.fetch", write).await?;
        Ok(faces)
    }

    /// Notes that a result has arrived, so that it is not handed over again.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::NotFound`] when this institution has no such result (any more).
    pub async fn face_taken(&self, session: &Session, id: FaceId) -> Result<(), Refusal> {
        self.require(session, Right::ExchangeFiles).await?;
        let institution = session.institution.code.clone();
        let write = async move |tx: &mut Tx| tx.take_face(&institution, id).await;
        match self.0.store.write_or_repeat("face.taken", write).await? {
            true => Ok(()),
            false => Err(Reason::NotFound("この結果").into()),
        }
    }
}

fn words(consents: Consents) -> String {
    format!("agreed={}", marks(consents.scope()))
}
