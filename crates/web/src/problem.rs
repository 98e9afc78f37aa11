//! Everything that is not answered as asked: code, what happened, why, and what to do next.

use crate::cookie;
use crate::frame::{Frame, page};
use crate::router::Wording;
use askama::Template;
use axum::Json;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CONNECTION, HeaderValue, RETRY_AFTER, SET_COOKIE};
use madoguchi_model::catalogue::{self, Entry};
use madoguchi_service::{Reason, Refusal, Status};
use serde::Serialize;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The service refused it.
    Refused(Refusal),
    /// The service refused what was chosen on a page; it is put right there.
    Correctable {
        /// What the service said.
        refusal: Refusal,
        /// Address of the page.
        back: String,
    },
    /// The browser showed no client certificate.
    NoCertificate,
    /// The certificate was revoked after the connection was opened.
    RevokedCertificate,
    /// The certificate's validity ended after the connection was opened.
    ExpiredCertificate,
    /// A form that none of this log-in's pages has sent.
    ForeignForm,
    /// No such path.
    NoSuchPage,
    /// The path exists, but not for this method.
    WrongMethod,
    /// Body, query or number of fields; bytes that the body may have.
    TooLarge(usize),
    /// The body did not arrive in time.
    TooSlow,
    /// A message that is not what it should be; the text says where.
    Malformed(String),
    /// A message to the Web API that does not call itself JSON in UTF-8.
    NotJson,
    /// More requests than a program may send; seconds until there is room again.
    TooMany(u32),
    /// No Japanese font for the PDF; the text says what to install.
    NoFont(String),
    /// The list is too long for a PDF; the text says how long it may be.
    TooLong(String),
    /// The PDF or the page could not be made; the text is for the log.
    Failed(String),
    /// A file whose name fits no message.
    UnknownMessage,
}

/// A problem in words, for a page or a box on a page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Explained {
    /// The code, always shown.
    pub(crate) code: &'static str,
    /// What happened and why.
    #[serde(rename = "message")]
    pub(crate) explanation: String,
    /// What the clerk does next.
    pub(crate) next_step: String,
    /// What the vendor does next.
    #[serde(skip)]
    pub(crate) vendor_step: String,
}

/// A problem as the Web API puts it.
#[derive(Debug, Serialize)]
struct ApiProblem {
    status: String,
    msg: String,
    code: &'static str,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    problem: Explained,
    way_out: Option<(String, &'static str)>,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) | Self::Correctable { refusal, .. } => refusal_status(refusal),
            Self::NoCertificate | Self::RevokedCertificate | Self::ExpiredCertificate | Self::ForeignForm => {
                StatusCode::FORBIDDEN
            }
            Self::NoSuchPage | Self::UnknownMessage => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLong(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoFont(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// In words: those of the catalogue, with what only this moment knows.
    pub(crate) fn explained(&self) -> Explained {
        let mut words = match self {
            Self::Refused(refusal) | Self::Correctable { refusal, .. } => return explained(&refusal.reason),
            _ => by_catalogue(self.code()),
        };
        match self {
            Self::TooLarge(bytes) => words.vendor_step = size_limits(*bytes),
            Self::Malformed(place) => words.explanation = format!("送信された内容を読み取れません（{place}）。"),
            Self::NoFont(install) => words.vendor_step.clone_from(install),
            Self::TooLong(limit) => words.explanation = format!("{limit}。"),
            _ => {}
        }
        words
    }

    /// The screen's name.
    fn title(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => match &refusal.reason {
                Reason::NotLoggedIn => "ログインが必要です",
                Reason::NoRight(_) => "権限がありません",
                Reason::Denied { .. } => "閲覧できません",
                Reason::NotFound(_) => "見つかりません",
                _ => "処理できませんでした",
            },
            Self::NoCertificate => "電子証明書が必要です",
            Self::RevokedCertificate => "電子証明書が失効しています",
            Self::ExpiredCertificate => "電子証明書の有効期限が切れています",
            Self::NoSuchPage => "画面がありません",
            Self::NoFont(_) => "印刷できません",
            _ => "処理できませんでした",
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) | Self::Correctable { refusal, .. } => refusal.reason.code(),
            Self::NoCertificate => "W0001",
            Self::RevokedCertificate => "W0002",
            Self::ForeignForm => "W0003",
            Self::NoSuchPage => "W0004",
            Self::WrongMethod => "W0005",
            Self::TooLarge(_) => "W0006",
            Self::TooSlow => "W0007",
            Self::Malformed(_) => "W0008",
            Self::NoFont(_) => "W0009",
            Self::TooLong(_) => "W0010",
            Self::ExpiredCertificate => "W0011",
            Self::NotJson => "W0012",
            Self::TooMany(_) => "W0013",
            Self::Failed(_) => "W0099",
            Self::UnknownMessage => "E0004",
        }
    }

    /// The answer. The internal detail goes to the log and nowhere else; `path` is the route's, not the request's, which
    /// may name somebody.
    pub(crate) fn respond(self, wording: Wording, path: &'static str, frame: Frame) -> Response {
        self.log(path);
        let mut response = match wording {
            Wording::Page => return self.page(frame),
            Wording::Terminal => (self.status(), Json(self.explained())).into_response(),
            Wording::Api => (self.status(), Json(self.in_api_words())).into_response(),
        };
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    fn in_api_words(&self) -> ApiProblem {
        let explained = self.explained();
        ApiProblem {
            status: self.status().as_u16().to_string(),
            msg: explained.explanation + &explained.next_step,
            code: explained.code,
        }
    }

    fn page(self, frame: Frame) -> Response {
        let reason = match &self {
            Self::Refused(refusal) => Some(&refusal.reason),
            _ => None,
        };
        if reason == Some(&Reason::MustChangePassword) {
            return Redirect::to("/password").into_response();
        }
        let logged_out = reason == Some(&Reason::NotLoggedIn);
        let way_out = match &self {
            _ if logged_out => Some(("/", "システムの利用を始める")),
            Self::Correctable { back, .. } => Some((back.as_str(), "戻る")),
            Self::NoCertificate | Self::RevokedCertificate | Self::ExpiredCertificate => None,
            _ if frame.session.is_some() => Some(("/menu", "メニューへ戻る")),
            _ => Some(("/", "最初の画面へ戻る")),
        };
        let way_out = way_out.map(|(address, label)| (address.to_owned(), label));
        let frame = Frame { screen: self.title().to_owned(), ..frame };
        let mut response = page(self.status(), &ProblemPage { frame, problem: self.explained(), way_out });
        if logged_out && let Ok(value) = HeaderValue::from_str(&cookie::clear()) {
            response.headers_mut().insert(SET_COOKIE, value);
        }
        if matches!(self, Self::RevokedCertificate | Self::ExpiredCertificate) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The line names the code, the route, and where the code is explained.
    pub(crate) fn log(&self, path: &str) {
        let code = self.code();
        let page = format!("/errors/{code}");
        match self {
            Self::Refused(refusal) if refusal.reason.status() == Status::Unavailable => {
                tracing::error!(code, path, page, detail = refusal.detail, "refused");
            }
            Self::Failed(detail) => tracing::error!(code, path, page, detail, "failed"),
            Self::NoFont(install) => tracing::error!(code, path, page, install, "no Japanese font"),
            _ => tracing::debug!(code, path, page, "refused"),
        }
    }
}

/// A refusal in words.
pub(crate) fn explained(reason: &Reason) -> Explained {
    Explained {
        code: reason.code(),
        explanation: reason.explanation(),
        next_step: reason.next_step().to_owned(),
        vendor_step: reason.vendor_step().to_owned(),
    }
}

pub(crate) fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal.reason.status() {
        Status::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Status::NotLoggedIn => StatusCode::UNAUTHORIZED,
        Status::Forbidden => StatusCode::FORBIDDEN,
        Status::NotFound => StatusCode::NOT_FOUND,
        Status::Conflict => StatusCode::CONFLICT,
        Status::Gone => StatusCode::GONE,
        Status::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

/// What the catalogue says of a code.
pub(crate) fn by_catalogue(code: &'static str) -> Explained {
    let words = |entry: &Entry| Explained {
        code,
        explanation: format!("{}{}", entry.text, entry.cause),
        next_step: entry.clerk.to_owned(),
        vendor_step: entry.vendor.to_owned(),
    };
    let silent =
        || Explained { code, explanation: String::new(), next_step: String::new(), vendor_step: String::new() };
    catalogue::entry(code).map_or_else(silent, words)
}

fn size_limits(body_bytes_max: usize) -> String {
    format!("本文は{}KiB、項目は128個、アドレスの?より後ろは2KiBまでです。", body_bytes_max / 1024)
}
