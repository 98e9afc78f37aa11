//! Everything that is not answered as asked: code, what happened, why, and what to do next.

use crate::cookie;
use crate::frame::{Frame, page};
use crate::router::Wording;
use askama::Template;
use axum::Json;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CONNECTION, HeaderValue, RETRY_AFTER, SET_COOKIE};
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
            Self::NoSuchPage => StatusCode::NOT_FOUND,
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

    pub(crate) fn explained(&self) -> Explained {
        let [explanation, next_step, vendor_step] = match self {
            Self::Refused(refusal) | Self::Correctable { refusal, .. } => return explained(&refusal.reason),
            Self::NoCertificate => NO_CERTIFICATE.map(str::to_owned),
            Self::RevokedCertificate => REVOKED_CERTIFICATE.map(str::to_owned),
            Self::ExpiredCertificate => EXPIRED_CERTIFICATE.map(str::to_owned),
            Self::ForeignForm => FOREIGN_FORM.map(str::to_owned),
            Self::NoSuchPage => NO_SUCH_PAGE.map(str::to_owned),
            Self::WrongMethod => WRONG_METHOD.map(str::to_owned),
            Self::TooLarge(bytes) => [TOO_LARGE[0].to_owned(), TOO_LARGE[1].to_owned(), size_limits(*bytes)],
            Self::NotJson => NOT_JSON.map(str::to_owned),
            Self::TooMany(_) => TOO_MANY.map(str::to_owned),
            Self::TooSlow => TOO_SLOW.map(str::to_owned),
            Self::Malformed(place) => [
                format!("送信された内容を読み取れません（{place}）。"),
                MALFORMED[0].to_owned(),
                MALFORMED[1].to_owned(),
            ],
            Self::NoFont(install) => [NO_FONT[0].to_owned(), NO_FONT[1].to_owned(), install.clone()],
            Self::TooLong(limit) => [format!("{limit}。"), TOO_LONG[0].to_owned(), TOO_LONG[1].to_owned()],
            Self::Failed(_) => FAILED.map(str::to_owned),
        };
        Explained { code: self.code(), explanation, next_step, vendor_step }
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
    fn log(&self, path: &str) {
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

fn size_limits(body_bytes_max: usize) -> String {
    format!("本文は{}KiB、項目は128個、アドレスの?より後ろは2KiBまでです。", body_bytes_max / 1024)
}

const NO_CERTIFICATE: [&str; 3] = [
    "この画面を利用するには、医療機関等ごとに発行された電子証明書（クライアント証明書）が必要です。ブラウザから電子証明書が送信されませんでした。",
    "資格確認端末のアイコンから開き直し、「証明書の選択」で医療機関等の証明書をクリックして「OK」を押してください。一度「キャンセル」を押した場合は、ブラウザをすべて閉じてからやり直してください。",
    "証明書ファイル（.p12）がこの端末のブラウザまたはOSに登録されているか、有効期限内か、発行元がこのサーバの認証局かを確認してください。",
];
const REVOKED_CERTIFICATE: [&str; 3] = [
    "この端末の電子証明書は失効しています。",
    "この端末では利用できません。システムの管理者に連絡してください。",
    "新しい証明書を発行し、この端末の証明書を入れ替えてください。失効の日時と理由は証明書の一覧で確認できます。",
];
const EXPIRED_CERTIFICATE: [&str; 3] = [
    "この端末の電子証明書は有効期限が切れています。",
    "この端末では利用できません。システムの管理者に連絡してください。",
    "新しい証明書を発行し、この端末の証明書を入れ替えてください。有効期限は証明書の一覧で確認できます。",
];
const FOREIGN_FORM: [&str; 3] = [
    "この操作は、現在のログインの画面から送信されたものと確認できないため、実行していません。",
    "メニューから画面を開き直して、もう一度操作してください。",
    "別のタブや端末で同じアカウントがログインし直すと、前の画面は使えなくなります。フォームのform_token、Sec-Fetch-Site、Originヘッダーを確認してください。",
];
const NO_SUCH_PAGE: [&str; 3] =
    ["この画面はありません。", "メニューから画面を選び直してください。", "アドレスを確認してください。"];
const WRONG_METHOD: [&str; 3] = [
    "この画面はこの方法では開けません。",
    "メニューから画面を選び直してください。画面の再読み込みで起きたときは、何も変更されていません。",
    "HTTPメソッドを確認してください。",
];
const TOO_LARGE: [&str; 2] = ["送信された内容が大きすぎます。", "入力した内容を短くして、もう一度実行してください。"];
const NOT_JSON: [&str; 3] = [
    "本文の種類（Content-Type）がJSONではありません。",
    "システムの担当者（ベンダー）に連絡してください。",
    "Content-Type: application/json;charset=UTF-8 を付け、本文をUTF-8のJSONで送ってください。",
];
const TOO_MANY: [&str; 3] = [
    "短い時間に多くの要求が送られたため、処理していません。",
    "しばらくしてから、もう一度実行してください。",
    "Retry-Afterヘッダーの秒数だけ待ってから送ってください。続くときは、要求を送るプログラムの間隔と再試行を確認してください。",
];
const TOO_SLOW: [&str; 3] = [
    "送信が時間内に終わりませんでした。",
    "ネットワークの接続を確認して、もう一度実行してください。",
    "本文は30秒以内に送ってください。",
];
const MALFORMED: [&str; 2] =
    ["画面を開き直して、もう一度操作してください。", "本文の形式と文字コード（UTF-8）、項目名を確認してください。"];
const NO_FONT: [&str; 2] = [
    "印刷用のファイル（PDF）を作るための日本語フォントがサーバにないため、PDFを作れません。",
    "画面での閲覧はそのまま利用できます。印刷が必要なときは、システムの管理者に連絡してください。",
];
const TOO_LONG: [&str; 2] = [
    "患者情報詳細に戻り、診療年月（自）・（至）の範囲を狭めて、もう一度印刷してください。",
    "1つのPDFに載せる行数には上限があります。画面での閲覧には影響しません。",
];
const FAILED: [&str; 3] = [
    "サーバの内部で誤りが起きたため、処理を中止しました。",
    "しばらくしてから、もう一度実行してください。続くときは、システムの管理者に連絡してください。",
    "サーバのログで、この画面の時刻とコードの記録を確認してください。",
];
