//! What a handler is given: the use-cases, who asks, and the decoded input with its bounds.

use crate::frame::Frame;
use crate::inspector::Exchanges;
use crate::problem::Problem;
use crate::rate::Rates;
use axum::extract::RawPathParams;
use bytes::Bytes;
use madoguchi_model::bulk::RequestId;
use madoguchi_report::{NoJapaneseFont, Reports};
use madoguchi_service::{Operation, Service, Session};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bytes of a request's body at most, unless its route says otherwise. The largest form is 環境設定情報更新 with under
/// 2 KiB, the largest message a card's certificate with under 8 KiB.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a message file at most: 30 MiB, 5,000 records of a bulk message many times over.
pub(crate) const FILE_BYTES_MAX: usize = 30 * 1024 * 1024;
/// Fields of a form at most; the largest form has about 20, a page of notices 101.
pub(crate) const FIELDS_MAX: usize = 128;
/// Bytes of a query at most.
const QUERY_BYTES_MAX: usize = 2 * 1024;

/// What all requests share.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) service: Service,
    pub(crate) reports: Result<Reports, NoJapaneseFont>,
    /// Where a demo keeps what was exchanged.
    pub(crate) exchanges: Option<Exchanges>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) large_bodies: Arc<Semaphore>,
}

/// A request that anyone may make.
pub(crate) struct OpenCall {
    pub(crate) input: Input,
}

/// A request of a terminal.
pub(crate) struct CertifiedCall {
    pub(crate) app: App,
    pub(crate) operation: Operation,
    pub(crate) input: Input,
}

/// A request of a logged-in account that may make it.
pub(crate) struct SessionCall {
    pub(crate) app: App,
    pub(crate) session: Session,
    pub(crate) input: Input,
}

impl CertifiedCall {
    /// The frame of a page that anyone with a certificate may read, also before the institution is registered.
    pub(crate) async fn frame(&self, screen: impl Into<String>) -> Frame {
        match self.app.service.institution(&self.operation).await {
            Ok(institution) => Frame::of_institution(screen, &institution),
            Err(_) => Frame::plain(screen),
        }
    }
}

impl SessionCall {
    pub(crate) fn frame(&self, screen: impl Into<String>) -> Frame {
        Frame::of_session(screen, &self.session)
    }
}

/// Segments of the path, query and body of a request.
#[derive(Default)]
pub(crate) struct Input {
    segments: Vec<(String, String)>,
    pub(crate) query: Fields,
    pub(crate) form: Fields,
    pub(crate) body: Bytes,
    /// The one file of a form that has one.
    pub(crate) file: Bytes,
    /// The sending program's mark of this request, the same on every retry.
    pub(crate) request: Option<RequestId>,
}

/// Named values of a query or a form, in their order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Input {
    pub(crate) fn new(uri: &http::Uri, segments: &RawPathParams) -> Result<Self, Problem> {
        let query = uri.query().unwrap_or_default();
        if query.len() > QUERY_BYTES_MAX {
            return Err(Problem::TooLarge(BODY_BYTES_MAX));
        }
        Ok(Self {
            segments: segments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            query: Fields::decode(query.as_bytes())?,
            form: Fields::default(),
            body: Bytes::new(),
            file: Bytes::new(),
            request: None,
        })
    }

    /// One segment of the path, empty if the route has none of this name.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.segments.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| Problem::Malformed(json_fault(&error)))
    }
}

/// Where the message is wrong, without its contents.
fn json_fault(error: &serde_json::Error) -> String {
    format!("JSON {}行{}文字目", error.line(), error.column())
}

impl Fields {
    pub(crate) fn decode(text: &[u8]) -> Result<Self, Problem> {
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if fields.len() == FIELDS_MAX {
                return Err(Problem::TooLarge(BODY_BYTES_MAX));
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// The first value of this name, or an empty text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All values of this name.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_within_bounds() {
        let fields = Fields::decode("a=%E6%BC%A2+1&b=2&a=3".as_bytes()).unwrap();
        assert_eq!((fields.text("a"), fields.text("b"), fields.text("c")), ("漢 1", "2", ""));
        assert_eq!(fields.texts("a").collect::<Vec<_>>(), ["漢 1", "3"]);
        let full = vec!["x=1"; FIELDS_MAX].join("&");
        assert!(Fields::decode(full.as_bytes()).is_ok());
        assert!(Fields::decode(format!("{full}&x=1").as_bytes()).is_err());
    }
}
