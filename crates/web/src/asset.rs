//! The style sheet and the icon. They name no one, so they need no certificate and may be kept by the browser.

use crate::call::OpenCall;
use crate::router::Answer;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

pub(crate) const STYLE: &str = include_str!("../static/madoguchi.css");
pub(crate) const ICON: &str = include_str!("../static/madoguchi.svg");

/// Address with a part of the content's hash, so that a new release is fetched at once.
static STYLE_ADDRESS: LazyLock<String> =
    LazyLock::new(|| format!("/static/madoguchi.css?v={}", &hex::encode(Sha256::digest(STYLE))[..16]));

pub(crate) fn style_address() -> &'static str {
    &STYLE_ADDRESS
}

pub(crate) async fn style(call: OpenCall) -> Answer {
    let current = STYLE_ADDRESS.ends_with(call.input.query.text("v")) && !call.input.query.text("v").is_empty();
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, caching)], STYLE).into_response())
}

pub(crate) async fn icon(_: OpenCall) -> Answer {
    Ok(([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")], ICON).into_response())
}
