//! The terminal's own pages: what it says when the server's screen cannot be shown.
//!
//! Each says what happened, what the clerk does next, and carries a code. The server's own refusals pass as they are.

use askama::Template;
use axum::body::Body;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use rustls::AlertDescription;

use crate::upstream::UpstreamFault;

/// Where the terminal serves its own style sheet. The server has no such path.
pub(crate) const STYLE_PATH: &str = "/terminal/style.css";
const STYLE: &str = include_str!("../assets/style.css");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why the terminal answers by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The Host header is not one of this terminal's names; the right addresses.
    WrongHost(Vec<String>),
    /// No such page.
    PageUnknown,
    /// Neither GET, HEAD nor POST.
    MethodUnknown,
    /// A form that another site's page sent.
    ForeignForm,
    /// A form that is larger than any of ours.
    BodyTooLarge,
    /// A form that broke off.
    BodyIncomplete,
    /// The server cannot be reached.
    ServerUnreachable,
    /// The server is there, but does not answer in time.
    ServerSlow,
    /// What answers is not our server.
    ServerNotTrusted,
    /// The server does not take this terminal's certificate.
    CertificateRefused(AlertDescription),
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    title: &'static str,
    code: &'static str,
    reason: String,
    next_step: &'static str,
    addresses: Vec<String>,
    can_retry: bool,
}

impl Notice {
    pub(crate) fn upstream(fault: &UpstreamFault) -> Self {
        match fault {
            UpstreamFault::Unreachable(_) | UpstreamFault::Broken(_) => Self::ServerUnreachable,
            UpstreamFault::TimedOut => Self::ServerSlow,
            UpstreamFault::ServerNotTrusted(_) => Self::ServerNotTrusted,
            UpstreamFault::CertificateRefused(alert) => Self::CertificateRefused(*alert),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::WrongHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::PageUnknown => StatusCode::NOT_FOUND,
            Self::MethodUnknown => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::ServerUnreachable | Self::ServerNotTrusted | Self::CertificateRefused(_) => StatusCode::BAD_GATEWAY,
            Self::ServerSlow => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The whole answer.
    pub(crate) fn page(&self) -> Response<Body> {
        let mut response = html(self.status(), &self.content());
        if *self == Self::MethodUnknown {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }

    fn content(&self) -> NoticePage {
        let (title, code, reason, next_step) = self.texts();
        let addresses = if let Self::WrongHost(addresses) = self { addresses.clone() } else { Vec::new() };
        let can_retry = matches!(
            self,
            Self::ServerUnreachable | Self::ServerSlow | Self::ServerNotTrusted | Self::CertificateRefused(_)
        );
        NoticePage { title, code, reason, next_step, addresses, can_retry }
    }

    /// Title, code, reason and next step.
    fn texts(&self) -> (&'static str, &'static str, String, &'static str) {
        match self {
            Self::WrongHost(_) => (
                "このアドレスでは開けません",
                "E0421",
                "アドレスのホスト名が、この端末のものではありません。".into(),
                "次のアドレスを開いてください。",
            ),
            Self::PageUnknown => (
                "ページが見つかりません",
                "E0404",
                "このアドレスの画面はありません。".into(),
                "アドレスを確認するか、最初の画面から開き直してください。",
            ),
            Self::MethodUnknown => (
                "この操作はできません",
                "E0405",
                "画面の表示と送信以外の要求は受け付けません。".into(),
                "最初の画面から操作をやり直してください。",
            ),
            Self::ForeignForm => (
                "送信を受け付けませんでした",
                "E0403",
                "この端末の画面以外から送信されたため、安全のため中止しました。サーバには何も送信していません。".into(),
                "心当たりのないページを閉じ、最初の画面から操作をやり直してください。",
            ),
            Self::BodyTooLarge => (
                "入力が大きすぎます",
                "E0413",
                "送信された内容が64キロバイトを超えています。サーバには何も送信していません。".into(),
                "入力を短くして、もう一度送信してください。",
            ),
            Self::BodyIncomplete => (
                "送信が途中で切れました",
                "E0400",
                "送信された内容を最後まで受け取れませんでした。サーバには何も送信していません。".into(),
                "前の画面に戻り、もう一度送信してください。",
            ),
            Self::ServerUnreachable => (
                "サーバにつながりません",
                "E0099",
                "オンライン資格確認等システムのサーバと通信できませんでした。直前の操作は完了していない可能性があります。".into(),
                "ネットワークの接続を確認し、しばらくしてから再度お試しください。続く場合は、システムの管理者にコードを伝えてください。",
            ),
            Self::ServerSlow => (
                "サーバから応答がありません",
                "E0099",
                "時間内に応答がありませんでした。直前の操作が完了したかどうかは確認できません。".into(),
                "しばらくしてから画面を開き直し、操作の結果を確認してください。続く場合は、システムの管理者にコードを伝えてください。",
            ),
            Self::ServerNotTrusted => (
                "サーバを確認できません",
                "E0099",
                "接続先の証明書が、登録されている認証局のものではありません。安全のため通信を中止しました。".into(),
                "この端末は使わず、システムの管理者に連絡してください。管理者は接続先と認証局の証明書の設定を確認してください。",
            ),
            Self::CertificateRefused(alert) => (
                "この端末の証明書は使えません",
                "E0099",
                format!("{}サーバが接続を拒否しました（{alert:?}）。", refused_because(*alert)),
                "この端末ではシステムを利用できません。システムの管理者に連絡し、新しい証明書を設定してください。",
            ),
        }
    }
}

fn refused_because(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRevoked => "電子証明書が失効しているため、",
        AlertDescription::CertificateExpired => "電子証明書の有効期限が切れているため、",
        AlertDescription::UnknownCA => "電子証明書がこのシステムの認証局のものではないため、",
        _ => "電子証明書が認められないため、",
    }
}

/// A page of the terminal itself: never stored, nothing loaded from elsewhere, not to be framed.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response<Body> {
    let (status, text) = match page.render() {
        Ok(text) => (status, text),
        Err(error) => {
            tracing::error!(%error, "a page of the terminal cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "画面を表示できません（E0099）".to_owned())
        }
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The style sheet of the terminal's own pages.
pub(crate) fn style() -> Response<Body> {
    asset("text/css; charset=utf-8", STYLE)
}

/// A style sheet or script from this binary.
pub(crate) fn asset(media_type: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    for (name, value) in [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
