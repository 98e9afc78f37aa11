//! The messages between the kiosk and the server's machine port: log-in of the reader's account, and the four steps of a pass.
//!
//! Answers are bounded and typed; what does not fit is a fault, never a guess. It deliberately decides nothing about cards,
//! coverage or consent: the server does.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::config::MachineAccount;
use crate::upstream::{Upstream, UpstreamFault};

/// The longest answer has a handful of pages and notices.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The server answers a pass at once or not at all; a patient waits no longer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
/// After the server refused the account, so long until the next try: guesses lock the account.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
/// Bytes of a challenge.
const CHALLENGE_BYTES: usize = 32;
/// A pass id is a short hex text.
const PASS_CHARACTERS_MAX: usize = 64;
/// Consent pages of one pass; the product knows six.
const PAGES_MAX: usize = 16;
const NOTICES_MAX: usize = 16;
/// Longer texts do not fit the screen.
const TEXT_CHARACTERS_MAX: usize = 500;

/// The kiosk's side of the wire.
pub(crate) struct Reader {
    upstream: Upstream,
    account: Option<MachineAccount>,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    open: Option<OpenSession>,
    refused: Option<(Instant, Refusal)>,
}

#[derive(Clone)]
struct OpenSession {
    authorization: HeaderValue,
    institution: Institution,
}

/// The institution as the server names it (医療機関等).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Institution {
    /// Its name (医療機関等名称).
    pub(crate) name: String,
}

/// A pass at the reader that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) id: String,
    pub(crate) challenge: Vec<u8>,
}

/// What the server says about the card's holder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Identified {
    /// The name that may be shown.
    pub(crate) name: String,
    pub(crate) eligibility: Eligibility,
    #[serde(default)]
    pub(crate) notices: Vec<ReaderNotice>,
    /// The consent pages in the order in which to ask.
    pub(crate) pages: Vec<ConsentPage>,
}

/// 資格の有無.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Eligibility {
    pub(crate) valid: bool,
    pub(crate) text: String,
}

/// Something the patient should know, such as a card that ends soon.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ReaderNotice {
    pub(crate) code: String,
    pub(crate) text: String,
}

/// One consent to ask for (閲覧同意).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ConsentPage {
    pub(crate) page: String,
    pub(crate) heading: String,
}

/// The patient's answer to one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ConsentAnswer {
    pub(crate) page: String,
    pub(crate) agree: bool,
}

/// What the server stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Stored {
    /// Headings of what was agreed.
    pub(crate) agreed: Vec<String>,
    /// Until when, as a Japanese text; none when nothing was agreed.
    pub(crate) valid_until: Option<String>,
}

/// Why the server did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReaderFault {
    /// The reader's account cannot be used: none set, wrong password, locked, stopped.
    Account(Refusal),
    /// The server refused this request.
    Refused(Refusal),
    /// The server could not be asked.
    Network(UpstreamFault),
    /// The answer is not what it must be; which field.
    Malformed(&'static str),
}

/// A refusal in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) next_step: String,
}

#[derive(Serialize)]
struct LogIn<'a> {
    user_id: &'a str,
    password: &'a str,
}

#[derive(Deserialize)]
struct LoggedIn {
    token: String,
    institution: Institution,
}

#[derive(Deserialize)]
struct Begun {
    pass: String,
    challenge: String,
}

#[derive(Serialize)]
struct ShownCard {
    certificate: String,
    signature: String,
}

#[derive(Serialize)]
struct Answers<'a> {
    answers: &'a [ConsentAnswer],
}

#[derive(Deserialize)]
struct ErrorBody {
    code: String,
    message: String,
    #[serde(default)]
    next_step: String,
}

impl Reader {
    pub(crate) fn new(upstream: Upstream, account: Option<MachineAccount>) -> Self {
        Self { upstream, account, session: Mutex::new(Session::default()) }
    }

    /// Logs in unless that is done, and says for whom.
    pub(crate) async fn institution(&self) -> Result<Institution, ReaderFault> {
        Ok(self.session(None).await?.institution)
    }

    /// Begins a pass; an older open one of this reader is superseded.
    pub(crate) async fn begin(&self) -> Result<Pass, ReaderFault> {
        let begun: Begun = self.post("/reader/pass", &serde_json::Map::new()).await?;
        let is_id = (1..=PASS_CHARACTERS_MAX).contains(&begun.pass.len())
            && begun.pass.bytes().all(|byte| byte.is_ascii_hexdigit());
        let challenge = BASE64_STANDARD.decode(&begun.challenge).map_err(|_| ReaderFault::Malformed("challenge"))?;
        match (is_id, challenge.len()) {
            (true, CHALLENGE_BYTES) => Ok(Pass { id: begun.pass, challenge }),
            (true, _) => Err(ReaderFault::Malformed("challenge")),
            (false, _) => Err(ReaderFault::Malformed("pass")),
        }
    }

    /// Shows the card: its certificate and its signature over the pass's challenge.
    pub(crate) async fn show_card(
        &self,
        pass: &str,
        certificate: &[u8],
        signature: &[u8],
    ) -> Result<Identified, ReaderFault> {
        let card = ShownCard {
            certificate: BASE64_STANDARD.encode(certificate),
            signature: BASE64_STANDARD.encode(signature),
        };
        let identified: Identified = self.post(&format!("/reader/pass/{pass}/card"), &card).await?;
        identified.check().map_err(ReaderFault::Malformed)?;
        Ok(identified)
    }

    /// Hands in the patient's answers, every page exactly once.
    pub(crate) async fn answer(&self, pass: &str, answers: &[ConsentAnswer]) -> Result<Stored, ReaderFault> {
        let stored: Stored = self.post(&format!("/reader/pass/{pass}/answers"), &Answers { answers }).await?;
        let fits = stored.agreed.len() <= PAGES_MAX
            && stored.agreed.iter().chain(&stored.valid_until).all(|text| is_text(text));
        if fits { Ok(stored) } else { Err(ReaderFault::Malformed("agreed")) }
    }

    /// One message within the session; logs in again once when the server no longer knows the session.
    async fn post<T: DeserializeOwned>(&self, path: &str, message: &impl Serialize) -> Result<T, ReaderFault> {
        let session = self.session(None).await?;
        match self.exchange(path, message, Some(&session.authorization)).await {
            Err(ReaderFault::Refused(refusal)) if refusal.status == StatusCode::UNAUTHORIZED => {
                let renewed = self.session(Some(&session.authorization)).await?;
                self.exchange(path, message, Some(&renewed.authorization)).await
            }
            answer => answer,
        }
    }

    /// The open session, or a new one. `expired` is the authorization that the server has just refused.
    ///
    /// The lock is held during the log-in, so that two requests make one log-in.
    async fn session(&self, expired: Option<&HeaderValue>) -> Result<OpenSession, ReaderFault> {
        let Some(account) = &self.account else { return Err(ReaderFault::Account(Refusal::no_account())) };
        let mut session = self.session.lock().await;
        if let Some(open) = session.open.as_ref().filter(|open| Some(&open.authorization) != expired) {
            return Ok(open.clone());
        }
        session.open = None;
        if let Some((at, refusal)) = &session.refused
            && at.elapsed() < REFUSED_PAUSE
        {
            return Err(ReaderFault::Account(refusal.clone()));
        }
        let message = LogIn { user_id: &account.user_id, password: &account.password };
        match self.exchange::<LoggedIn>("/reader/session", &message, None).await {
            Ok(logged_in) => {
                let open = logged_in.open().map_err(ReaderFault::Malformed)?;
                *session = Session { open: Some(open.clone()), refused: None };
                Ok(open)
            }
            Err(ReaderFault::Refused(refusal)) if refusal.is_about_the_account() => {
                tracing::warn!(code = %refusal.code, "the server refuses the reader's account");
                session.refused = Some((Instant::now(), refusal.clone()));
                Err(ReaderFault::Account(refusal))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        path: &str,
        message: &impl Serialize,
        authorization: Option<&HeaderValue>,
    ) -> Result<T, ReaderFault> {
        let exchanging = self.exchange_bytes(path, message, authorization);
        let timed_out = |_| ReaderFault::Network(UpstreamFault::TimedOut);
        let (status, body) = tokio::time::timeout(ANSWER_WAIT_MAX, exchanging).await.map_err(timed_out)??;
        if !status.is_success() {
            return Err(ReaderFault::Refused(Refusal::of(status, &body)));
        }
        serde_json::from_slice(&body).map_err(|_| ReaderFault::Malformed("JSON"))
    }

    async fn exchange_bytes(
        &self,
        path: &str,
        message: &impl Serialize,
        authorization: Option<&HeaderValue>,
    ) -> Result<(StatusCode, Bytes), ReaderFault> {
        let body = serde_json::to_vec(message).map_err(|_| ReaderFault::Malformed("JSON"))?;
        let path: PathAndQuery = path.parse().map_err(|_| ReaderFault::Malformed("pass"))?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.upstream.uri(path);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let response = self.upstream.send(request).await.map_err(ReaderFault::Network)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let broken =
            |error: Box<dyn std::error::Error + Send + Sync>| match error.is::<http_body_util::LengthLimitError>() {
                true => ReaderFault::Malformed("64キロバイトまでの長さ"),
                false => ReaderFault::Network(UpstreamFault::Broken(error.to_string())),
            };
        Ok((status, body.map_err(broken)?.to_bytes()))
    }
}

impl LoggedIn {
    fn open(self) -> Result<OpenSession, &'static str> {
        if !is_text(&self.institution.name) {
            return Err("institution");
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token)).map_err(|_| "token")?;
        authorization.set_sensitive(true);
        Ok(OpenSession { authorization, institution: self.institution })
    }
}

impl Identified {
    /// The first field that breaks a bound.
    fn check(&self) -> Result<(), &'static str> {
        let rules = [
            ("name", is_text(&self.name)),
            ("eligibility", is_text(&self.eligibility.text)),
            (
                "notices",
                self.notices.len() <= NOTICES_MAX
                    && self.notices.iter().all(|notice| is_text(&notice.code) && is_text(&notice.text)),
            ),
            (
                "pages",
                self.pages.len() <= PAGES_MAX
                    && self.pages.iter().all(|page| is_text(&page.page) && is_text(&page.heading)),
            ),
        ];
        rules.into_iter().find(|(_, holds)| !holds).map_or(Ok(()), |(field, _)| Err(field))
    }
}

impl Refusal {
    fn no_account() -> Self {
        Self {
            status: 401,
            code: "E0401".into(),
            message: "顔認証用アカウントが設定されていません。".into(),
            next_step: "システムの管理者に、端末の設定を依頼してください。".into(),
        }
    }

    fn of(status: StatusCode, body: &[u8]) -> Self {
        let status = status.as_u16();
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(error) => Self {
                status,
                code: shortened(&error.code),
                message: shortened(&error.message),
                next_step: shortened(&error.next_step),
            },
            Err(_) => Self {
                status,
                code: "E0099".into(),
                message: format!("サーバがこの操作を受け付けませんでした（HTTP {status}）。"),
                next_step: "窓口の職員にお知らせください。".into(),
            },
        }
    }

    /// A busy or broken server is no reason to stop trying; a refused account is.
    fn is_about_the_account(&self) -> bool {
        matches!(self.status, 400 | 401 | 403 | 404 | 422 | 423)
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= TEXT_CHARACTERS_MAX
}
