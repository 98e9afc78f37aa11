//! Who gets in: the one place that turns a request into a call, or refuses it.
//!
//! The order is certificate, log-in, right, origin and form token. Rights are asked of the service,
//! which writes a refusal down before it is answered.

use crate::call::{App, BODY_BYTES_MAX, CertifiedCall, Fields, Input, OpenCall, SessionCall};
use crate::connection::Peer;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::router::{Answer, Entry, Method, Port, Route};
use crate::{cookie, header, origin};
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use madoguchi_service::{Operation, Reason, Session};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Time for a request's body; the largest is 64 KiB.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// Answers a request for a route of the table.
pub(crate) async fn serve(app: App, port: Port, route: &'static Route, request: Request) -> Response {
    let mut frame = Frame::default();
    let answer = answer(app, port, route, request, &mut frame).await;
    header::secured(answer.unwrap_or_else(|problem| problem.respond(port, frame)))
}

/// Answers a request that fits no route; without a certificate it learns nothing about paths.
pub(crate) async fn refuse_unknown(app: App, port: Port, request: Request, problem: Problem) -> Response {
    let (parts, _) = request.into_parts();
    let mut frame = Frame::default();
    let problem = match operation(&app, &parts) {
        Err(refused) => refused,
        Ok(operation) => {
            if let Ok(session) = session(&app, port, &operation, &parts.headers).await {
                frame = Frame::of_session("", &session);
            }
            problem
        }
    };
    header::secured(problem.respond(port, frame))
}

async fn answer(app: App, port: Port, route: &Route, request: Request, frame: &mut Frame) -> Answer {
    let (mut parts, body) = request.into_parts();
    let mut input = input(&mut parts).await?;
    if let Entry::Open(handler) = route.entry {
        return handler(OpenCall { input }).await;
    }
    let operation = operation(&app, &parts)?;
    if let Entry::Certified(handler) = route.entry {
        if route.method == Method::Post {
            require_own_origin(port, &parts)?;
            read(port, body, &mut input).await?;
        }
        return handler(CertifiedCall { app, operation, input }).await;
    }
    let session = session(&app, port, &operation, &parts.headers).await?;
    *frame = Frame::of_session("", &session);
    let handler = match route.entry {
        Entry::Open(_) | Entry::Certified(_) => return Err(Problem::NoSuchPage),
        Entry::AnySession(handler) => handler,
        Entry::Session(handler) => {
            if session.must_change_password {
                return Err(Reason::MustChangePassword.into());
            }
            handler
        }
        Entry::Right(right, handler) => {
            app.service.require(&session, right).await?;
            handler
        }
    };
    if route.method == Method::Post {
        require_own_page(&app, port, &session, &parts, body, &mut input).await?;
    }
    handler(SessionCall { app, session, input }).await
}

async fn input(parts: &mut Parts) -> Result<Input, Problem> {
    let segments = RawPathParams::from_request_parts(parts, &()).await;
    let segments = segments.map_err(|_| Problem::Malformed("アドレス".to_owned()))?;
    Input::new(&parts.uri, &segments)
}

fn operation(app: &App, parts: &Parts) -> Result<Operation, Problem> {
    let peer = parts.extensions.get::<Peer>().ok_or(Problem::NoCertificate)?;
    Ok(app.service.operation(peer.terminal()?))
}

async fn session(app: &App, port: Port, operation: &Operation, headers: &HeaderMap) -> Result<Session, Problem> {
    let token = match port {
        Port::People => cookie::token(headers),
        Port::Machine => bearer(headers),
    };
    let token = token.ok_or(Reason::NotLoggedIn)?;
    Ok(app.service.session(operation, token).await?)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn require_own_origin(port: Port, parts: &Parts) -> Result<(), Problem> {
    if port == Port::Machine || origin::is_own(&parts.headers, parts.uri.authority()) {
        return Ok(());
    }
    Err(Problem::ForeignForm)
}

/// Reads the body; a form that was not sent by a page of this log-in is refused, and that is written down.
async fn require_own_page(
    app: &App,
    port: Port,
    session: &Session,
    parts: &Parts,
    body: Body,
    input: &mut Input,
) -> Result<(), Problem> {
    if let Err(problem) = require_own_origin(port, parts) {
        app.service.note_refusal(session, "origin").await?;
        return Err(problem);
    }
    read(port, body, input).await?;
    let given = input.form.text("form_token").as_bytes();
    if port == Port::People && !bool::from(given.ct_eq(session.form_token.as_bytes())) {
        app.service.note_refusal(session, "form_token").await?;
        return Err(Problem::ForeignForm);
    }
    Ok(())
}

/// Reads the body: a form, or a program's message.
async fn read(port: Port, body: Body, input: &mut Input) -> Result<(), Problem> {
    let bytes = bytes(body).await?;
    match port {
        Port::People => input.form = Fields::decode(&bytes)?,
        Port::Machine => input.body = bytes,
    }
    Ok(())
}

async fn bytes(body: Body) -> Result<Bytes, Problem> {
    let reading = axum::body::to_bytes(body, BODY_BYTES_MAX);
    let read = tokio::time::timeout(BODY_TIME_MAX, reading).await.map_err(|_| Problem::TooSlow)?;
    read.map_err(|_| Problem::TooLarge)
}
