//! The agent's door at the server's machine port: log-in of its account, requests, and results of the reader.
//!
//! Bytes pass as they are; what does not fit the agreed form is a fault, never a guess. It deliberately waits for nothing
//! and tries nothing twice, but for a log-in that the server no longer knows.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::uri::PathAndQuery;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::charset::Charset;
use super::name::{ANSWER_FILES_MAX, Taken};
use crate::config::MachineAccount;
use crate::upstream::{Upstream, UpstreamFault};

/// An answer of the server: the largest is a bulk result, in base64.
const ANSWER_BYTES_MAX: usize = 96 * 1024 * 1024;
/// Results of the reader in one answer.
const FACES_MAX: usize = 50;
/// After the server refused the account, so long until the next try: guesses lock the account.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
/// A server that wants more patience than this is asked before.
const RETRY_SECONDS_MAX: u64 = 5;
/// Longer texts do not fit an answer.
const TEXT_CHARACTERS_MAX: usize = 500;
const REQUEST_ID: HeaderName = HeaderName::from_static("madoguchi-request");

/// The agent's side of the wire.
pub(super) struct Door {
    upstream: Upstream,
    account: MachineAccount,
    session: Mutex<Session>,
    charset: Arc<Charset>,
    /// Since when the server does not answer.
    away: std::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Session {
    open: Option<HeaderValue>,
    refused: Option<(Instant, Refusal)>,
}

/// A file that the server made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// A result of the reader (顔認証) that has not been taken yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) id: String,
    pub(super) file: File,
}

/// Why the server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DoorFault {
    /// The account or the terminal's certificate is refused.
    Account(Refusal),
    /// This request is refused, and would be refused again.
    Refused(Refusal),
    /// The server is away or broken: the same may work later.
    Trouble(String),
    /// The server is there, and wants to be asked again after so long (流量制限).
    TooMany(Duration),
    /// The answer is not what it must be; which field.
    Malformed(&'static str),
}

/// A refusal in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Deserialize)]
struct LoggedIn {
    token: String,
    character_code: String,
}

#[derive(Deserialize)]
struct WireFile {
    name: String,
    content: String,
}

#[derive(Deserialize)]
struct WireReply {
    files: Vec<WireFile>,
    character_code: String,
}

#[derive(Deserialize)]
struct WireFace {
    id: String,
    #[serde(flatten)]
    file: WireFile,
}

#[derive(Deserialize)]
struct WireFaces {
    faces: Vec<WireFace>,
}

#[derive(Deserialize)]
struct WireRefusal {
    code: String,
    message: String,
}

impl Door {
    pub(super) fn new(upstream: Upstream, account: MachineAccount, charset: Arc<Charset>) -> Self {
        Self { upstream, account, session: Mutex::default(), charset, away: std::sync::Mutex::default() }
    }

    /// Whether the server has not answered for so long, however often it was asked.
    pub(super) fn is_away(&self, long: Duration) -> bool {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since.elapsed() >= long)
    }

    /// The server did not answer.
    pub(super) fn note_silence(&self) {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    }

    /// Hands in a request; gives the answer first, and after it files that go beside it. The id is the same at every try,
    /// so that the server knows a second one.
    pub(super) async fn exchange(&self, taken: &Taken, body: Bytes) -> Result<Vec<File>, DoorFault> {
        let path = format!("/agent/exchange/{}", taken.name.file);
        let id = HeaderValue::from_str(&taken.id.simple().to_string()).map_err(|_| DoorFault::Malformed("id"))?;
        let reply: WireReply = json(&self.ask(Method::POST, &path, Some((REQUEST_ID, id)), body).await?)?;
        self.charset.told(&reply.character_code);
        reply.read(taken)
    }

    /// The results of the reader that have not been taken, oldest first.
    pub(super) async fn faces(&self) -> Result<Vec<Face>, DoorFault> {
        let faces: WireFaces = json(&self.ask(Method::GET, "/agent/faces", None, Bytes::new()).await?)?;
        if faces.faces.len() > FACES_MAX {
            return Err(DoorFault::Malformed("faces"));
        }
        faces.faces.into_iter().map(WireFace::read).collect()
    }

    /// Tells that a result of the reader is in the folder.
    pub(super) async fn face_taken(&self, id: &str) -> Result<(), DoorFault> {
        let asked = self.ask(Method::POST, &format!("/agent/faces/{id}/taken"), None, Bytes::new()).await;
        match asked {
            // The server no longer knows it: taken before, or too old.
            Err(DoorFault::Refused(_)) | Ok(_) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// One message within the session; logs in again once when the server no longer knows the session.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        header: Option<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Bytes, DoorFault> {
        let mut authorization = self.session(None).await?;
        for renewed in [false, true] {
            let mut headers = vec![(AUTHORIZATION, authorization.clone())];
            headers.extend(header.clone());
            let (status, answer) = self.send(method.clone(), path, headers, body.clone()).await?;
            match status {
                StatusCode::UNAUTHORIZED if !renewed => authorization = self.session(Some(&authorization)).await?,
                status if status.is_success() => return Ok(answer),
                status => return Err(Refusal::fault(status, &answer)),
            }
        }
        Err(DoorFault::Malformed("status"))
    }

    /// The open session, or a new one. `expired` is the authorization that the server has just refused.
    ///
    /// The lock is held during the log-in, so that many requests make one log-in.
    async fn session(&self, expired: Option<&HeaderValue>) -> Result<HeaderValue, DoorFault> {
        let mut session = self.session.lock().await;
        if let Some(open) = session.open.as_ref().filter(|open| Some(*open) != expired) {
            return Ok(open.clone());
        }
        session.open = None;
        if let Some((at, refusal)) = &session.refused
            && at.elapsed() < REFUSED_PAUSE
        {
            return Err(DoorFault::Account(refusal.clone()));
        }
        let message = serde_json::json!({"user_id": self.account.user_id, "password": self.account.password});
        let json_type = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let (status, answer) =
            self.send(Method::POST, "/agent/session", json_type, Bytes::from(message.to_string())).await?;
        if status.is_success() {
            let logged_in: LoggedIn = json(&answer)?;
            self.charset.told(&logged_in.character_code);
            let open = logged_in.authorization()?;
            *session = Session { open: Some(open.clone()), refused: None };
            return Ok(open);
        }
        match Refusal::fault(status, &answer) {
            DoorFault::Refused(refusal) | DoorFault::Account(refusal) => {
                tracing::error!(status = status.as_u16(), code = %refusal.code, user = %self.account.user_id,
                    "the server refuses the folder agent's account: requests are answered with E0010");
                session.refused = Some((Instant::now(), refusal.clone()));
                Err(DoorFault::Account(refusal))
            }
            fault => Err(fault),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), DoorFault> {
        let path: PathAndQuery = path.parse().map_err(|_| DoorFault::Malformed("path"))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.upstream.uri(path);
        request.headers_mut().extend(headers);
        let answered = self.answered(request).await;
        match answered {
            Err(DoorFault::Trouble(_)) => self.note_silence(),
            _ => *self.away.lock().unwrap_or_else(PoisonError::into_inner) = None,
        }
        answered
    }

    async fn answered(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), DoorFault> {
        let response = self.upstream.send(request).await.map_err(DoorFault::network)?;
        let status = response.status();
        let pause = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let broken =
            |error: Box<dyn std::error::Error + Send + Sync>| match error.is::<http_body_util::LengthLimitError>() {
                true => DoorFault::Malformed("length"),
                false => DoorFault::Trouble(error.to_string()),
            };
        let body = body.map_err(broken)?.to_bytes();
        match status.as_u16() {
            429 => Err(DoorFault::TooMany(Duration::from_secs(pause.unwrap_or(1).clamp(1, RETRY_SECONDS_MAX)))),
            number @ (408 | 425 | 500..) => Err(DoorFault::Trouble(format!("HTTP {number}"))),
            _ => Ok((status, body)),
        }
    }
}

impl DoorFault {
    fn network(fault: UpstreamFault) -> Self {
        match fault {
            UpstreamFault::CertificateRefused(_) => {
                Self::Account(Refusal { code: "E0010".into(), message: fault.to_string() })
            }
            fault => Self::Trouble(fault.to_string()),
        }
    }
}

impl Refusal {
    /// What an answer that is no success means.
    fn fault(status: StatusCode, body: &[u8]) -> DoorFault {
        let refusal = match serde_json::from_slice::<WireRefusal>(body) {
            Ok(refusal) => Self { code: shortened(&refusal.code), message: shortened(&refusal.message) },
            Err(_) => Self {
                code: "E0099".into(),
                message: format!("サーバがこの要求を受け付けませんでした（HTTP {}）。", status.as_u16()),
            },
        };
        match status {
            StatusCode::UNAUTHORIZED => DoorFault::Account(refusal),
            _ => DoorFault::Refused(refusal),
        }
    }
}

impl LoggedIn {
    fn authorization(self) -> Result<HeaderValue, DoorFault> {
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", self.token)).map_err(|_| DoorFault::Malformed("token"))?;
        authorization.set_sensitive(true);
        Ok(authorization)
    }
}

impl WireReply {
    fn read(self, taken: &Taken) -> Result<Vec<File>, DoorFault> {
        if self.files.is_empty() || self.files.len() > ANSWER_FILES_MAX {
            return Err(DoorFault::Malformed("files"));
        }
        if self.files.iter().any(|file| !taken.name.owns_answer(&file.name)) {
            return Err(DoorFault::Malformed("name"));
        }
        self.files.into_iter().map(WireFile::read).collect()
    }
}

impl WireFile {
    fn read(self) -> Result<File, DoorFault> {
        let content = BASE64_STANDARD.decode(self.content).map_err(|_| DoorFault::Malformed("content"))?;
        Ok(File { name: self.name, content })
    }
}

impl WireFace {
    /// The id and the name become names of files.
    fn read(self) -> Result<Face, DoorFault> {
        if self.id.len() != 32 || !self.id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DoorFault::Malformed("id"));
        }
        if !is_face_name(&self.file.name) {
            return Err(DoorFault::Malformed("name"));
        }
        Ok(Face { id: self.id, file: self.file.read()? })
    }
}

/// `OQSsiquc01res_face_<key>_<YYYYMMDDhhmmss>.xml`.
pub(super) fn is_face_name(name: &str) -> bool {
    let inner = name.strip_prefix("OQSsiquc01res_face_").and_then(|rest| rest.strip_suffix(".xml"));
    inner.is_some_and(|inner| inner.len() <= 100 && super::name::is_plain(inner))
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DoorFault> {
    serde_json::from_slice(body).map_err(|_| DoorFault::Malformed("JSON"))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}
