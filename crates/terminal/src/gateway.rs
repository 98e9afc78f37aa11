//! The gateway: the server's screens for a browser on this machine.
//!
//! The browser speaks plain HTTP/1.1 on loopback, the server mutual TLS with the institution's certificate. The gateway
//! passes the product's own paths only, holds no session of its own and keeps no page.

mod header;
mod path;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::notice::{Notice, STYLE_PATH, style};
use crate::same_origin;
use crate::upstream::Upstream;

/// The product's largest form is far smaller.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A file of 30 MB, and the form around it.
const FILE_BYTES_MAX: usize = 30 * 1024 * 1024 + BODY_BYTES_MAX;
/// Reading a form from a browser on the same machine.
const BODY_WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(10);

/// One terminal's way to the server's screens.
pub(crate) struct Gateway {
    upstream: Upstream,
    cookie_name: String,
}

impl Gateway {
    pub(crate) fn new(upstream: Upstream, institution: &str) -> Self {
        Self { upstream, cookie_name: header::browser_cookie(institution) }
    }

    /// Answers one request. `host` is its Host header, known to be this terminal's.
    pub(crate) async fn answer(&self, request: Request<Incoming>, host: &str) -> Response<Body> {
        if request.uri().path() == STYLE_PATH {
            return style();
        }
        match self.forward(request, host).await {
            Ok(response) => response,
            Err(notice) => notice.page(),
        }
    }

    async fn forward(&self, request: Request<Incoming>, host: &str) -> Result<Response<Body>, Notice> {
        check(&request, host)?;
        let bytes_max = bytes_max(&request);
        let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let (parts, body) = request.into_parts();
        let body = whole(body, bytes_max).await?;

        let mut upward = Request::new(Full::new(body.clone()));
        *upward.method_mut() = parts.method;
        *upward.uri_mut() = self.upstream.uri(path);
        *upward.headers_mut() = header::upward(&parts.headers, &self.cookie_name, self.upstream.authority());
        if body.is_empty() {
            upward.headers_mut().remove(CONTENT_TYPE);
        }
        let response = self.upstream.send(upward).await.map_err(|fault| {
            tracing::warn!(%fault, "the server gave no answer to a screen");
            Notice::upstream(&fault)
        })?;

        let (parts, body) = response.into_parts();
        let mut downward = Response::new(Body::new(body));
        *downward.status_mut() = parts.status;
        *downward.headers_mut() = header::downward(&parts.headers, &self.cookie_name, self.upstream.authority(), host);
        Ok(downward)
    }
}

fn check<B>(request: &Request<B>, host: &str) -> Result<(), Notice> {
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        return Err(Notice::MethodUnknown);
    }
    if !path::is_allowed(request.uri().path()) {
        return Err(Notice::PageUnknown);
    }
    if !same_origin::is_own(request.method(), request.headers(), host) {
        return Err(Notice::ForeignForm);
    }
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max(request)) {
        return Err(Notice::BodyTooLarge);
    }
    Ok(())
}

fn bytes_max<B>(request: &Request<B>) -> usize {
    if path::takes_files(request.uri().path()) { FILE_BYTES_MAX } else { BODY_BYTES_MAX }
}

async fn whole(body: Incoming, bytes_max: usize) -> Result<Bytes, Notice> {
    let collecting = tokio::time::timeout(BODY_WAIT_MAX, Limited::new(body, bytes_max).collect());
    match collecting.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Notice::BodyTooLarge),
        Ok(Err(_)) | Err(_) => Err(Notice::BodyIncomplete),
    }
}
