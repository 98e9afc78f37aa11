//! The frame around every screen, and pages as answers.

use crate::asset;
use crate::problem::Problem;
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use madoguchi_model::institution::Institution;
use madoguchi_service::Session;

/// What the header of a screen says.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Name of the screen, the page's title and first heading.
    pub(crate) screen: String,
    /// 医療機関コード and name.
    pub(crate) institution: Option<(String, String)>,
    /// Who is logged in.
    pub(crate) session: Option<SessionFrame>,
    /// Address of the style sheet.
    pub(crate) style: &'static str,
}

/// The logged-in part of the header.
#[derive(Debug, Clone)]
pub(crate) struct SessionFrame {
    pub(crate) user: String,
    pub(crate) kind: &'static str,
    pub(crate) form_token: String,
    /// Whether the menu is open to this account now.
    pub(crate) menu: bool,
}

impl Default for Frame {
    fn default() -> Self {
        Self::plain("")
    }
}

impl Frame {
    pub(crate) fn plain(screen: impl Into<String>) -> Self {
        Self { screen: screen.into(), institution: None, session: None, style: asset::style_address() }
    }

    pub(crate) fn of_institution(screen: impl Into<String>, institution: &Institution) -> Self {
        let shown = (institution.code.as_str().to_owned(), institution.name.clone());
        Self { institution: Some(shown), ..Self::plain(screen) }
    }

    pub(crate) fn of_session(screen: impl Into<String>, session: &Session) -> Self {
        let shown = SessionFrame {
            user: session.user.as_str().to_owned(),
            kind: session.kind.label(),
            form_token: session.form_token.clone(),
            menu: !session.must_change_password,
        };
        Self { session: Some(shown), ..Self::of_institution(screen, &session.institution) }
    }

    /// The token that every form of this log-in carries; empty on pages without a log-in.
    pub(crate) fn form_token(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.form_token)
    }
}

/// A rendered template as an answer.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            let problem = Problem::Failed(error.to_string());
            tracing::error!(%error, "template");
            (problem.status(), problem.explained().explanation).into_response()
        }
    }
}
