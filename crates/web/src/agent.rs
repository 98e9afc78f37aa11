//! The folder agent's door (連携アプリケーション) on the machine port: its log-in, and request files for answer files.

use crate::call::{CertifiedCall, SessionCall};
use crate::message::{self, Coding, Reply};
use crate::problem::Problem;
use crate::reader::{Institution, LogIn};
use crate::router::Answer;
use axum::Json;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use madoguchi_model::code::Code;
use madoguchi_wire::message::MessageId;
use serde::Serialize;

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
    let reply =
        message::answer(&call.app, &call.session, id, &call.input.body, Coding::Xml(code), call.input.request).await?;
    let files = vec![match reply {
        Reply::Message(bytes) => File::new(id.answer_file(part, "xml"), &bytes),
        Reply::Pdf(bytes) => File::new(id.answer_file(part, "pdf"), &bytes),
        Reply::Zip(bytes) => File::new(id.answer_file(part, "zip"), &bytes),
    }];
    Ok(Json(Exchanged { files, character_code: code.code() }).into_response())
}

impl File {
    fn new(name: String, content: &[u8]) -> Self {
        Self { name, content: STANDARD.encode(content) }
    }
}
