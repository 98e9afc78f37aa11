//! The table of contents of the product: every path, who may use it, and what answers.
//!
//! The routers of both ports are built from these two tables and from nothing else, so that a test
//! that walks through the tables walks through the product.

use crate::access;
use crate::call::{App, BODY_BYTES_MAX, CertifiedCall, FILE_BYTES_MAX, OpenCall, SessionCall};
use crate::problem::Problem;
use crate::{agent, api, asset, openapi, reader, screen};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures_util::future::BoxFuture;
use madoguchi_model::account::Right;

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Problem>;
type Answering = BoxFuture<'static, Answer>;

/// One path of the product.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// How it is called.
    pub method: Method,
    /// The path; `{name}` stands for one segment.
    pub path: &'static str,
    /// Bytes of a request's body at most.
    pub body_bytes_max: usize,
    pub(crate) entry: Entry,
}

/// How a path is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Changes nothing (but may leave an audit entry).
    Get,
    /// A form of a screen, or a message of a program.
    Post,
}

/// Who may use a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Also a browser without a certificate: style sheets only.
    NoCertificate,
    /// A terminal of an institution.
    Certificate,
    /// A logged-in account, also while its password must be changed.
    AnySession,
    /// A logged-in account.
    Session,
    /// A logged-in account with this right.
    Right(Right),
}

/// A handler with what it needs: one that takes a session cannot be registered without one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    Open(fn(OpenCall) -> Answering),
    Certified(fn(CertifiedCall) -> Answering),
    AnySession(fn(SessionCall) -> Answering),
    Session(fn(SessionCall) -> Answering),
    Right(Right, fn(SessionCall) -> Answering),
}

/// How a refusal is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// A page.
    Page,
    /// JSON for our own terminal: `code`, `message`, `next_step`.
    Terminal,
    /// JSON of the Web API: `status`, `msg`, `code`.
    Api,
}

/// The two ports; they differ in how a token and a refusal look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Screens: cookie, forms, HTML.
    People,
    /// Programs: bearer token, JSON.
    Machine,
}

impl Route {
    /// Who may use it.
    #[must_use]
    pub const fn access(&self) -> Access {
        match self.entry {
            Entry::Open(_) => Access::NoCertificate,
            Entry::Certified(_) => Access::Certificate,
            Entry::AnySession(_) => Access::AnySession,
            Entry::Session(_) => Access::Session,
            Entry::Right(right, _) => Access::Right(right),
        }
    }

    /// The route, with room for another size of body.
    const fn with_room(self, body_bytes_max: usize) -> Self {
        Self { body_bytes_max, ..self }
    }
}

impl Port {
    /// The paths of the port.
    #[must_use]
    pub const fn routes(self) -> &'static [Route] {
        match self {
            Self::People => PEOPLE,
            Self::Machine => MACHINE,
        }
    }

    /// How this port puts a refusal of a request for this path, known or not.
    pub(crate) fn wording(self, path: &str) -> Wording {
        match self {
            Self::People => Wording::Page,
            Self::Machine if path.starts_with(API) => Wording::Api,
            Self::Machine => Wording::Terminal,
        }
    }
}

/// Where the paths of the Web API begin.
pub(crate) const API: &str = "/oqs-api-pro/";

macro_rules! route {
    ($method:ident $path:literal, $kind:ident, $handler:path) => {
        Route {
            method: Method::$method,
            path: $path,
            body_bytes_max: BODY_BYTES_MAX,
            entry: Entry::$kind(|call| Box::pin($handler(call))),
        }
    };
    ($method:ident $path:literal, Right::$right:ident, $handler:path) => {
        Route {
            method: Method::$method,
            path: $path,
            body_bytes_max: BODY_BYTES_MAX,
            entry: Entry::Right(Right::$right, |call| Box::pin($handler(call))),
        }
    };
}

/// The port that people use.
pub const PEOPLE: &[Route] = &[
    route!(Get "/static/madoguchi.css", Open, asset::style),
    route!(Get "/static/madoguchi.svg", Open, asset::icon),
    route!(Get "/", Certified, screen::start::show),
    route!(Get "/openapi.json", Certified, openapi::show),
    route!(Get "/docs/api", Certified, screen::api_docs::show),
    route!(Get "/errors", Certified, screen::errors::list),
    route!(Get "/errors/{code}", Certified, screen::errors::show),
    route!(Get "/login", Certified, screen::login::show),
    route!(Post "/login", Certified, screen::login::enter),
    route!(Post "/logout", AnySession, screen::login::leave),
    route!(Get "/password", AnySession, screen::password::show),
    route!(Post "/password", AnySession, screen::password::change),
    route!(Get "/menu", Session, screen::menu::show),
    route!(Get "/notices", Right::UseOwnAccount, screen::notice::list),
    route!(Post "/notices/close", Right::UseOwnAccount, screen::notice::close),
    route!(Get "/eligibility", Right::CheckEligibility, screen::eligibility::show),
    route!(Post "/eligibility", Right::CheckEligibility, screen::eligibility::check),
    route!(Get "/eligibility/results", Right::CheckEligibility, screen::eligibility::list),
    route!(Get "/eligibility/results/{check}", Right::CheckEligibility, screen::eligibility::reopen),
    route!(Get "/bulk", Right::BulkCheck, screen::bulk::list),
    route!(Post "/bulk", Right::BulkCheck, screen::bulk::upload).with_room(FILE_BYTES_MAX),
    route!(Get "/bulk/{reception}", Right::BulkCheck, screen::bulk::show),
    route!(Get "/bulk/{reception}/results.xml", Right::BulkCheck, screen::bulk::xml),
    route!(Get "/bulk/{reception}/results.csv", Right::BulkCheck, screen::bulk::csv),
    route!(Get "/reference-numbers", Right::RegisterReferenceNumber, screen::reference_number::show),
    route!(Post "/reference-numbers", Right::RegisterReferenceNumber, screen::reference_number::register),
    route!(Get "/patients", Right::ViewRecords, screen::consent::list),
    route!(Post "/patients", Right::ViewRecords, screen::consent::search),
    route!(Get "/patients/{person}", Right::ViewRecords, screen::patient::show),
    route!(Get "/patients/{person}/records", Right::ViewRecords, screen::records::show),
    route!(Get "/patients/{person}/records.pdf", Right::ViewRecords, screen::records::print),
    route!(Get "/patients/{person}/checkups", Right::ViewRecords, screen::checkup::show),
    route!(Get "/patients/{person}/checkups.pdf", Right::ViewRecords, screen::checkup::print),
    route!(Get "/patients/{person}/withdrawal", Right::ViewRecords, screen::patient::confirm_withdrawal),
    route!(Post "/patients/{person}/withdrawal", Right::ViewRecords, screen::patient::withdraw),
    route!(Get "/settings", Right::UpdateSettings, screen::settings::show),
    route!(Post "/settings/confirm", Right::UpdateSettings, screen::settings::confirm),
    route!(Post "/settings", Right::UpdateSettings, screen::settings::update),
    route!(Get "/settings/done", Right::UpdateSettings, screen::settings::done),
    route!(Get "/settings/history", Right::UpdateSettings, screen::settings::history),
    route!(Get "/accounts", Right::ManageAccounts, screen::account::list),
    route!(Post "/accounts", Right::ManageAccounts, screen::account::create),
    route!(Post "/accounts/{user}/stop", Right::ManageAccounts, screen::account::stop),
    route!(Post "/accounts/{user}/start", Right::ManageAccounts, screen::account::start),
    route!(Post "/accounts/{user}/unlock", Right::ManageAccounts, screen::account::unlock),
    route!(Get "/accounts/{user}/password", Right::ManageAccounts, screen::account::confirm_password),
    route!(Post "/accounts/{user}/password", Right::ManageAccounts, screen::account::initialise_password),
    route!(Get "/master/accounts", Right::ManageAdministrators, screen::account::list),
    route!(Post "/master/accounts", Right::ManageAdministrators, screen::account::create),
    route!(Post "/master/accounts/{user}/stop", Right::ManageAdministrators, screen::account::stop),
    route!(Post "/master/accounts/{user}/start", Right::ManageAdministrators, screen::account::start),
    route!(Post "/master/accounts/{user}/unlock", Right::ManageAdministrators, screen::account::unlock),
    route!(Get "/master/accounts/{user}/password", Right::ManageAdministrators, screen::account::confirm_password),
    route!(Post "/master/accounts/{user}/password", Right::ManageAdministrators, screen::account::initialise_password),
    route!(Get "/master/password", Right::ResetMaster, screen::master::show),
    route!(Post "/master/password", Right::ResetMaster, screen::master::reset),
];

/// The port that programs use.
pub const MACHINE: &[Route] = &[
    route!(Get "/openapi.json", Certified, openapi::show),
    route!(Post "/reader/session", Certified, reader::log_in),
    route!(Post "/reader/pass", Right::PostCardResults, reader::begin_pass),
    route!(Post "/reader/pass/{pass}/card", Right::PostCardResults, reader::present_card),
    route!(Post "/reader/pass/{pass}/answers", Right::PostCardResults, reader::answer_pass),
    route!(Post "/agent/session", Certified, agent::log_in),
    route!(Post "/agent/exchange/{file}", Right::ExchangeFiles, agent::exchange).with_room(FILE_BYTES_MAX),
    route!(Get "/agent/faces", Right::ExchangeFiles, agent::faces),
    route!(Post "/agent/faces/{id}/taken", Right::ExchangeFiles, agent::face_taken),
    route!(Post "/oqs-api-pro/MSA12020/ILI12020SV01/auth", Certified, api::log_in),
    route!(Post "/oqs-api-pro/MSA01030/ILI01030SV01/search", Right::CallApi, api::check_eligibility),
    route!(Post "/oqs-api-pro/MSA01040/ILI01040SV01/register", Right::CallApi, api::register_reference_number),
    route!(Post "/oqs-api-pro/MSA02010/ILI02010SV01/search", Right::CallApi, api::fetch_records),
    route!(Post "/oqs-api-pro/MSA02020/ILI02020SV01/search", Right::CallApi, api::fetch_checkups),
    route!(Post "/oqs-api-pro/MSA01050/ILI01050SV01/upload", Right::CallApi, api::upload_bulk)
        .with_room(FILE_BYTES_MAX),
    route!(Post "/oqs-api-pro/MSA01050/ILI01050SV02/download", Right::CallApi, api::download_bulk),
    route!(Post "/oqs-api-pro/MSA03010/ILI03010SV01/inquire", Right::CallApi, api::inquire_settings),
    route!(Post "/oqs-api-pro/MSA03010/ILI03010SV02/update", Right::CallApi, api::update_settings),
];

pub(crate) fn router(app: &App, port: Port) -> Router {
    let mut router = Router::new();
    for route in port.routes() {
        let app = app.clone();
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        router = router.route(
            route.path,
            on(filter, move |request: Request| {
                let app = app.clone();
                async move { access::serve(app, port, route, request).await }
            }),
        );
    }
    let unknown = |problem: fn() -> Problem| {
        let app = app.clone();
        move |request: Request| async move { access::refuse_unknown(app, port, request, problem()).await }
    };
    router.fallback(unknown(|| Problem::NoSuchPage)).method_not_allowed_fallback(unknown(|| Problem::WrongMethod))
}
