//! The folder agent's door (連携アプリケーション) on the machine port: its log-in, request files for answer files, and the
//! results of the reader.

use crate::call::{CertifiedCall, SessionCall};
use crate::inspector::{self, Way};
use crate::message::{self, Coding, Reply};
use crate::problem::Problem;
use crate::reader::{Institution, LogIn};
use crate::router::Answer;
use axum::Json;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use madoguchi_model::code::Code;
use madoguchi_model::eligibility::Face;
use madoguchi_model::id::FaceId;
use madoguchi_service::{Reason, Session};
use madoguchi_wire::message::MessageId;
use madoguchi_wire::message::eligibility::{Addressee, Answer as EligibilityAnswer};
use madoguchi_wire::message::leaf::Text;
use serde::Serialize;
use std::time::Instant;

/// Hexadecimal digits of a face file's name after the institution's code.
const FACE_KEY_DIGITS: usize = 20;

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    institution: Institution,
    /// 利用文字コード (OQSCD005).
    character_code: &'static str,
}

#[derive(Serialize)]
struct Exchanged {
    /// The answer, and what lies beside it.
    files: Vec<File>,
    /// 利用文字コード in which the answer is spelled.
    character_code: &'static str,
}

/// A file for the folder.
#[derive(Serialize)]
struct File {
    name: String,
    /// Base64.
    content: String,
}

pub(crate) async fn log_in(call: CertifiedCall) -> Answer {
    let message: LogIn = call.input.json()?;
    let entered = call.app.service.log_in_agent(&call.operation, &message.user_id, &message.password).await?;
    let character_code = message::character_code(&entered.session).code();
    let institution = Institution::from(entered.session.institution);
    Ok(Json(LoggedIn { token: entered.token, institution, character_code }).into_response())
}

/// Takes a request file and gives the files of its answer. Whatever the file holds, there is an answer as long as its
/// name has a known id.
pub(crate) async fn exchange(call: SessionCall) -> Answer {
    let name = call.input.segment("file");
    let (id, part) = MessageId::of_request_file(name).ok_or(Problem::UnknownMessage)?;
    let code = message::character_code(&call.session);
    let begun = Instant::now();
    let request = call.input.request;
    let reply =
        message::answer(&call.app, &call.session, id, &call.input.body, Coding::Xml(code), (request, Some(part))).await;
    inspector::note(&call, Way::Folder, id, Some((name, part)), begun, &reply);
    let file = |extension: &str, bytes: &[u8]| File::new(id.answer_file(part, extension), bytes);
    let files = match reply? {
        Reply::Message(bytes) => vec![file("xml", &bytes)],
        Reply::Pdf(bytes) => vec![file("pdf", &bytes)],
        Reply::Zip(bytes) => vec![file("zip", &bytes)],
        Reply::WithFile { message, extension, file: beside } => vec![file("xml", &message), file(extension, &beside)],
    };
    Ok(Json(Exchanged { files, character_code: code.code() }).into_response())
}

#[derive(Serialize)]
struct Faces {
    faces: Vec<FaceFile>,
}

/// A result of the reader as a file.
#[derive(Serialize)]
struct FaceFile {
    id: String,
    #[serde(flatten)]
    file: File,
}

/// The results of the reader that wait for this institution, the oldest first.
pub(crate) async fn faces(call: SessionCall) -> Answer {
    let waiting = call.app.service.faces_waiting(&call.session).await?;
    let faces = waiting.iter().map(|face| FaceFile { id: face.id.to_hex(), file: face_file(&call.session, face) });
    Ok(Json(Faces { faces: faces.collect() }).into_response())
}

/// A result has arrived and is not handed over again.
pub(crate) async fn face_taken(call: SessionCall) -> Answer {
    let id = FaceId::from_hex(call.input.segment("id")).ok_or(Reason::NotFound("この結果"))?;
    call.app.service.face_taken(&call.session, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn face_file(session: &Session, face: &Face) -> File {
    let id = face.id.to_hex();
    let random = &id[id.len() - FACE_KEY_DIGITS..];
    let to = Addressee {
        institution: &session.institution.code,
        identifier: Text::new(&face_identifier(random)),
        character_code: message::character_code(session),
    };
    let content = EligibilityAnswer::telling(&face.answer, &to, None).to_xml(to.character_code);
    let name = format!("OQSsiquc01res_face_{}{random}_{}.xml", to.institution, face.answer.at.wire());
    File::new(name, &content)
}

/// What stands where a client would put its own mark: 16 characters that end in `=`, made of the same random digits.
fn face_identifier(random: &str) -> String {
    let mut bytes = [0; 11];
    bytes[..10]
        .copy_from_slice(&hex::decode(random).ok().and_then(|it| <[u8; 10]>::try_from(it).ok()).unwrap_or_default());
    STANDARD.encode(bytes)
}

impl File {
    fn new(name: String, content: &[u8]) -> Self {
        Self { name, content: STANDARD.encode(content) }
    }
}
