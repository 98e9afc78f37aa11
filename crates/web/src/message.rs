//! Messages of programs (電文): one dispatcher behind both of their doors.
//!
//! A door hands over the bytes of a request and how the answer is to be spelled; here they are read, the institution is
//! compared with the certificate's, one use-case is called, and its answer or refusal is spelled. What can't be
//! answered now at all (the store is away, the log-in ended) is the door's business and no message.

mod arrangement;
mod bulk;
mod eligibility;
mod fetch;

pub(crate) use bulk::composed;

use crate::call::App;
use crate::problem::Problem;
use madoguchi_model::bulk::{BulkKind, RequestId};
use madoguchi_model::catalogue;
use madoguchi_model::code::{CharacterCode, Code, SegmentOfResult};
use madoguchi_model::settings::Setting;
use madoguchi_service::{Reason, Refusal, Session, Status};
use madoguchi_wire::message::envelope::{AnswerHeader, FileIdentifier, InstitutionDigits};
use madoguchi_wire::message::{Echo, Failure, MessageId, Problem as WireProblem, Request, catalogue::Document};

/// How a message is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// A file in the institution's character set.
    Xml(CharacterCode),
    /// JSON of the Web API.
    Json,
}

/// What comes back.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A message, spelled.
    Message(Vec<u8>),
    /// A report.
    Pdf(Vec<u8>),
    /// A message that is so large that it comes in a zip.
    Zip(Vec<u8>),
    /// A message with a file beside it that it names; only for a request that came as a file.
    WithFile { message: Vec<u8>, extension: &'static str, file: Vec<u8> },
}

/// Why there is no ordinary answer.
enum Stop {
    /// A failure of the message as a whole: code and text.
    Message(&'static str, String),
    /// Nothing that a message could say.
    Door(Problem),
}

/// One request on its way.
struct Call<'a> {
    app: &'a App,
    session: &'a Session,
    id: MessageId,
    coding: Coding,
    request: Option<RequestId>,
    /// The client's part of the request's file name, if it came as a file.
    part: Option<&'a str>,
}

/// Answers a request; `request` is the door's own mark of it, the same on every retry, and `part` the client's part of its
/// file name; `Err` only for what is no message's business.
pub(crate) async fn answer(
    app: &App,
    session: &Session,
    id: MessageId,
    body: &[u8],
    coding: Coding,
    (request, part): (Option<RequestId>, Option<&str>),
) -> Result<Reply, Problem> {
    let call = Call { app, session, id, coding, request, part };
    match call.answered(body).await {
        Ok(reply) => Ok(reply),
        Err(Stop::Door(problem)) => Err(problem),
        Err(Stop::Message(code, text)) => Ok(call.failed(body, code, &text)),
    }
}

impl Call<'_> {
    async fn answered(&self, body: &[u8]) -> Result<Reply, Stop> {
        let read = match self.coding {
            Coding::Xml(_) => Request::from_xml(self.id, body),
            Coding::Json => Request::from_json(self.id, body),
        };
        let request = match read {
            Ok(request) => request,
            Err(WireProblem::Form(place)) if self.coding == Coding::Json => {
                return Err(Stop::Door(Problem::Malformed(place.to_owned())));
            }
            Err(problem) => return Err(self.refused(problem.code(), problem.to_string()).await),
        };
        if request.institution() != self.session.institution.code.as_str() {
            return Err(self.refused("E0003", catalogue::text("E0003").to_owned()).await);
        }
        let identifier = request.identifier().cloned();
        match request {
            Request::Eligibility(message) => self.check_eligibility(message).await,
            Request::ReferenceNumber(message) => self.register_reference_number(message).await,
            Request::ConsentRevocation(message) => self.revoke_consent(&message.body.revocation, identifier).await,
            Request::SettingsInquiry(_) => self.inquire_settings(identifier).await,
            Request::SettingsUpdate(message) => self.update_settings(&message.body, identifier).await,
            Request::AccessUrl(message) => self.tell_access_url(&message.body, identifier).await,
            Request::Records(message) => self.fetch_records(&message, identifier).await,
            Request::Checkups(message) => self.fetch_checkups(&message, identifier).await,
            Request::BulkEligibility(message) => self.accept(Ok(message.upload()), identifier).await,
            Request::BulkReferenceNumber(message) => self.accept(Ok(message.upload()), identifier).await,
            Request::Assistance(message) => self.accept(Ok(message.upload()), identifier).await,
            Request::HomeVisits(message) => self.accept(message.upload(), identifier).await,
            Request::OnlineCare(message) => self.accept(message.upload(), identifier).await,
            Request::BulkEligibilityResult(message) => self.fetch(BulkKind::Eligibility, &message).await,
            Request::BulkReferenceNumberResult(message) => self.fetch(BulkKind::ReferenceNumbers, &message).await,
            Request::AssistanceResult(message) => self.fetch(BulkKind::Entrusted, &message).await,
            Request::HomeVisitsResult(message) => self.fetch(BulkKind::HomeVisits, &message).await,
            Request::OnlineCareResult(message) => self.fetch(BulkKind::Online, &message).await,
            // What is not offered, see [`MessageId::is_offered`].
            _ => Err(self.refused("E0004", "この電文は、この版では扱っていません。".to_owned()).await),
        }
    }

    fn header(&self, identifier: Option<FileIdentifier>) -> AnswerHeader {
        AnswerHeader {
            executed_at: self.session.now(),
            institution: self.institution(),
            identifier,
            segment: SegmentOfResult::Done.into(),
            error_code: None,
            error_message: None,
            character_code: self.character_code().into(),
        }
    }

    fn institution(&self) -> InstitutionDigits {
        InstitutionDigits::new(self.session.institution.code.as_str()).unwrap_or_else(InstitutionDigits::zeros)
    }

    fn character_code(&self) -> CharacterCode {
        match self.coding {
            Coding::Xml(code) => code,
            Coding::Json => CharacterCode::Utf8,
        }
    }

    fn spelled(&self, message: &impl Document) -> Reply {
        Reply::Message(self.spelling(message))
    }

    fn spelling(&self, message: &impl Document) -> Vec<u8> {
        match self.coding {
            Coding::Xml(code) => message.to_xml(code),
            Coding::Json => message.to_json(),
        }
    }

    /// The failure of the whole message, with what can be given back of the request.
    fn failed(&self, body: &[u8], code: &str, text: &str) -> Reply {
        let echo = match self.coding {
            Coding::Xml(_) => Echo::of_xml(body),
            Coding::Json => Echo::of_json(body),
        };
        let institution = self.session.institution.code.as_str();
        let failure = Failure { institution, code, text, now: self.session.now(), echo };
        Reply::Message(match self.coding {
            Coding::Xml(code) => failure.to_xml(self.id, code),
            Coding::Json => failure.to_json(self.id),
        })
    }

    /// A message that no use-case has seen: that it was refused is written down here.
    async fn refused(&self, code: &'static str, text: String) -> Stop {
        match self.app.service.note_refusal(self.session, code).await {
            Ok(()) => Stop::Message(code, text),
            Err(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        let reason = &refusal.reason;
        match reason.status() {
            Status::Unavailable | Status::NotLoggedIn => Self::Door(refusal.into()),
            _ => Self::Message(reason.code(), text(reason)),
        }
    }
}

/// What a failure says to staff: the catalogue's sentence, and the wrong fields after it.
fn text(reason: &Reason) -> String {
    match reason {
        Reason::Invalid(errors) => wrong_elements(&errors.iter().map(|error| error.field).collect::<Vec<_>>()),
        Reason::NoRight(_) => catalogue::text("E0011").to_owned(),
        reason => reason.explanation(),
    }
}

fn wrong_elements(names: &[&str]) -> String {
    format!("{}({})", catalogue::text("E0002"), names.join("、"))
}

/// The code when the refusal is about the one record of a message, not about the message.
fn record_level(refusal: &Refusal) -> Option<&'static str> {
    Some(refusal.reason.code()).filter(|code| code.starts_with('P'))
}

/// The institution's character set for files.
pub(crate) fn character_code(session: &Session) -> CharacterCode {
    CharacterCode::from_code(session.settings_at_login.value(Setting::CharacterCode)).unwrap_or(CharacterCode::Utf8)
}
