//! Who gets in: the one place that turns a request into a call, or refuses it.
//!
//! The order is certificate, log-in, right, origin and form token. Rights are asked of the service,
//! which writes a refusal down before it is answered.

use crate::call::{App, BODY_BYTES_MAX, CertifiedCall, Fields, Input, OpenCall, SessionCall};
use crate::connection::Peer;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::rate::Source;
use crate::router::{Answer, Entry, Method, Port, Route, Wording};
use crate::{cookie, header, multipart, origin};
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use madoguchi_model::bulk::RequestId;
use madoguchi_service::{Operation, Reason, Session};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::OwnedSemaphorePermit;

/// The header in which a program of ours marks its request.
const REQUEST: &str = "madoguchi-request";
/// Time for the body of a form or a small message.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for the body of a bulk file, on a slow line.
const LARGE_BODY_TIME_MAX: Duration = Duration::from_secs(120);

/// Answers a request for a route of the table.
pub(crate) async fn serve(app: App, port: Port, route: &'static Route, request: Request) -> Response {
    let mut frame = Frame::default();
    let service = app.service.clone();
    let answer = service.store().at_one_moment(answer(app, port, route, request, &mut frame)).await;
    let wording = port.wording(route.path);
    header::secured(answer.unwrap_or_else(|problem| problem.respond(wording, route.path, frame)))
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
    header::secured(problem.respond(port.wording(parts.uri.path()), "", frame))
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
            if port == Port::Machine {
                app.rates.take(Source::LogIns(&operation.terminal.institution))?;
            }
            let _place = read(&app, port, route, &parts, body, &mut input).await?;
        }
        return handler(CertifiedCall { app, operation, input }).await;
    }
    let session = session(&app, port, &operation, &parts.headers).await?;
    *frame = Frame::of_session("", &session);
    if port == Port::Machine {
        app.rates.take(Source::Requests(&session))?;
    }
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
    let mut _place = None;
    if route.method == Method::Post {
        _place = require_own_page(&app, port, route, &session, &parts, body, &mut input).await?;
    }
    handler(SessionCall { app, session, input }).await
}

async fn input(parts: &mut Parts) -> Result<Input, Problem> {
    let segments = RawPathParams::from_request_parts(parts, &()).await;
    let segments = segments.map_err(|_| Problem::Malformed("アドレス".to_owned()))?;
    let mut input = Input::new(&parts.uri, &segments)?;
    if let Some(value) = parts.headers.get(REQUEST) {
        let request = value.to_str().ok().and_then(|text| RequestId::parse(text).ok());
        input.request = Some(request.ok_or_else(|| Problem::Malformed("Madoguchi-Requestヘッダー".to_owned()))?);
    }
    Ok(input)
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

/// The token, with the word `Bearer` before it or bare, as clients of the Web API send it.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    match headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ') {
        Some((scheme, token)) => scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()),
        None => headers.get(AUTHORIZATION)?.to_str().ok().map(str::trim),
    }
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
    route: &Route,
    session: &Session,
    parts: &Parts,
    body: Body,
    input: &mut Input,
) -> Result<Option<OwnedSemaphorePermit>, Problem> {
    if let Err(problem) = require_own_origin(port, parts) {
        app.service.note_refusal(session, "origin").await?;
        return Err(problem);
    }
    let place = read(app, port, route, parts, body, input).await?;
    let given = input.form.text("form_token").as_bytes();
    if port == Port::People && !bool::from(given.ct_eq(session.form_token.as_bytes())) {
        app.service.note_refusal(session, "form_token").await?;
        return Err(Problem::ForeignForm);
    }
    Ok(place)
}

/// Reads the body: a form, or a program's message. A large one takes one of few places, which goes with the request.
async fn read(
    app: &App,
    port: Port,
    route: &Route,
    parts: &Parts,
    body: Body,
    input: &mut Input,
) -> Result<Option<OwnedSemaphorePermit>, Problem> {
    if port.wording(route.path) == Wording::Api && !is_json(&parts.headers) {
        return Err(Problem::NotJson);
    }
    let (place, time_max) = match may_be_large(route, &parts.headers) {
        false => (None, BODY_TIME_MAX),
        true => {
            let place = app.large_bodies.clone().try_acquire_owned().map_err(|_| Reason::Busy)?;
            (Some(place), LARGE_BODY_TIME_MAX)
        }
    };
    let bytes = bytes(body, route.body_bytes_max, time_max).await?;
    match port {
        Port::People => match multipart_type(route, &parts.headers) {
            Some(kind) => (input.form, input.file) = multipart::decode(kind, bytes).await?,
            None if bytes.len() > BODY_BYTES_MAX => return Err(Problem::TooLarge(BODY_BYTES_MAX)),
            None => input.form = Fields::decode(&bytes)?,
        },
        Port::Machine => input.body = bytes,
    }
    Ok(place)
}

/// The content type of a form with a file, where the route takes one.
fn multipart_type<'a>(route: &Route, headers: &'a HeaderMap) -> Option<&'a str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    (route.body_bytes_max > BODY_BYTES_MAX && multipart::is_multipart(value)).then_some(value)
}

/// Whether the body may be larger than those of forms, by the route and by what the request says of it.
fn may_be_large(route: &Route, headers: &HeaderMap) -> bool {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    route.body_bytes_max > BODY_BYTES_MAX && announced.is_none_or(|bytes| bytes > BODY_BYTES_MAX)
}

/// `application/json`, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

async fn bytes(body: Body, bytes_max: usize, time_max: Duration) -> Result<Bytes, Problem> {
    let reading = axum::body::to_bytes(body, bytes_max);
    let read = tokio::time::timeout(time_max, reading).await.map_err(|_| Problem::TooSlow)?;
    read.map_err(|_| Problem::TooLarge(bytes_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_with_and_without_their_scheme() {
        for (value, token) in
            [("Bearer abc", Some("abc")), ("bearer  abc ", Some("abc")), ("abc", Some("abc")), ("Basic abc", None)]
        {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(bearer(&headers), token, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        for (value, fits) in [
            ("application/json", true),
            ("application/json;charset=UTF-8", true),
            ("Application/JSON; charset=\"utf-8\"", true),
            ("application/json; charset=Shift_JIS", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(is_json(&headers), fits, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
