//! The staff screens, one file per subject. Each decodes, calls one use-case, and fills a template.

pub(crate) mod account;
pub(crate) mod api_docs;
pub(crate) mod bulk;
mod certificate;
pub(crate) mod checkup;
pub(crate) mod consent;
pub(crate) mod eligibility;
pub(crate) mod errors;
pub(crate) mod login;
pub(crate) mod master;
pub(crate) mod menu;
pub(crate) mod notice;
mod numbers;
pub(crate) mod password;
pub(crate) mod patient;
mod period;
pub(crate) mod records;
pub(crate) mod reference_number;
pub(crate) mod settings;
pub(crate) mod start;

use axum::response::{IntoResponse, Redirect, Response};

/// To the next screen, by GET.
fn go_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}
