//! A running server on the small world of the service's tests, with certificates for its institutions.

use crate::client::{Answer, Client, request};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::Entry;
use madoguchi_model::bulk::{BulkKind, Progress, ReceptionNumber, RequestId};
use madoguchi_model::day::Timestamp;
use madoguchi_model::eligibility::{Answer as Answered, Check, Query, Validity};
use madoguchi_model::id::CheckId;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::login::LoggedIn;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PASSWORD, Patient, World, code, day, user};
use madoguchi_service::{Service, Terminal};
use madoguchi_store::bulk::BulkJob;
use madoguchi_trust::{CertificateDirectory, IssueRequest, IssuedFiles};
use madoguchi_web::router::{Port, Route};
use madoguchi_web::{RateLimits, RunningServer, Server, ServerParts};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) service: Service,
    pub(crate) certificates: CertificateDirectory,
    pub(crate) server: RunningServer,
    pub(crate) hospital: Desk,
    pub(crate) second_desk: Desk,
    pub(crate) clinic: Desk,
}

/// A machine of an institution with its certificate.
pub(crate) struct Desk {
    pub(crate) files: IssuedFiles,
    pub(crate) client: Client,
    pub(crate) terminal: Terminal,
}

/// A log-in at a desk.
pub(crate) struct Seat<'a> {
    pub(crate) site: &'a Site,
    pub(crate) desk: &'a Desk,
    pub(crate) token: String,
    pub(crate) form_token: String,
}

impl Site {
    /// Everything is in use at the hospital, and [`Patient::Ordinary`] has agreed to everything there.
    pub(crate) async fn open() -> Self {
        Self::open_with(Reports::new(&FontChoice::system())).await
    }

    pub(crate) async fn open_with(reports: Result<Reports, madoguchi_report::NoJapaneseFont>) -> Self {
        Self::open_with_rates(reports, RateLimits::default()).await
    }

    pub(crate) async fn open_with_rates(
        reports: Result<Reports, madoguchi_report::NoJapaneseFont>,
        rates: RateLimits,
    ) -> Self {
        Self::open_as(reports, rates, NOW.plus_seconds(60)).await
    }

    /// The server's clock begins here; the patient agreed at [`NOW`].
    pub(crate) async fn open_at(now: Timestamp) -> Self {
        Self::open_as(Reports::new(&FontChoice::system()), RateLimits::default(), now).await
    }

    async fn open_as(
        reports: Result<Reports, madoguchi_report::NoJapaneseFont>,
        rates: RateLimits,
        now: Timestamp,
    ) -> Self {
        let world = World::on_sqlite().await;
        world.use_all(HOSPITAL, NOW).await;
        world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
        put_results(&world).await;
        let directory = world.directory().join("certificates");
        let names = ["localhost".to_owned()];
        let certificates = CertificateDirectory::init(&directory, &names, unix_now()).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let service = world.service_at(now);
        let parts = ServerParts {
            service: service.clone(),
            reports,
            exchanges: None,
            certificates: directory,
            people: any,
            machine: any,
            rates,
        };
        let server = Server::start(parts).await.unwrap();
        let hospital = desk(&certificates, HOSPITAL, "01");
        let second_desk = desk(&certificates, HOSPITAL, "viewer-01");
        let clinic = desk(&certificates, CLINIC, "01");
        Self { world, service, certificates, server, hospital, second_desk, clinic }
    }

    pub(crate) fn address(&self, port: Port) -> SocketAddr {
        match port {
            Port::People => self.server.people,
            Port::Machine => self.server.machine,
        }
    }

    pub(crate) async fn seat<'a>(&'a self, desk: &'a Desk, kind: AccountKind) -> Seat<'a> {
        let operation = self.service.operation(desk.terminal.clone());
        let user = user(kind);
        let (service, user) = (&self.service, user.as_str());
        let LoggedIn { token, session } = match kind {
            AccountKind::Reader => service.log_in_reader(&operation, user, PASSWORD).await.unwrap(),
            AccountKind::Agent => service.log_in_agent(&operation, user, PASSWORD).await.unwrap(),
            AccountKind::Api => service.log_in_api(&operation, user, PASSWORD).await.unwrap().entered,
            _ => service.log_in(&operation, user, PASSWORD).await.unwrap(),
        };
        Seat { site: self, desk, token, form_token: session.form_token }
    }

    /// A log-in of every kind, at the hospital's first desk.
    pub(crate) async fn seats(&self) -> HashMap<AccountKind, Seat<'_>> {
        let mut seats = HashMap::new();
        for kind in AccountKind::ALL {
            seats.insert(kind, self.seat(&self.hospital, kind).await);
        }
        seats
    }

    pub(crate) async fn last_entry(&self) -> Entry {
        self.world.last_entry().await
    }
}

impl Seat<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Port::People, request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.append_pair("form_token", &self.form_token).extend_pairs(fields);
        self.send(Port::People, form(path, text.finish())).await
    }

    /// Calls a route as one of our pages would, with this form token.
    pub(crate) async fn call(&self, port: Port, route: &Route, form_token: &str) -> Answer {
        let path = filled(route.path);
        let request = match (route.method, port) {
            (madoguchi_web::router::Method::Get, _) => request(Method::GET, &path),
            (_, Port::People) => form(&path, format!("form_token={form_token}")),
            (_, Port::Machine) => request(Method::POST, &path),
        };
        self.send(port, request).await
    }

    pub(crate) async fn send(&self, port: Port, request: Request<Full<Bytes>>) -> Answer {
        let request = with_token(request, port, &self.token);
        self.desk.client.send(self.site.address(port), request).await.unwrap()
    }
}

/// A posted form.
pub(crate) fn form(path: &str, body: String) -> Request<Full<Bytes>> {
    let mut request = request(Method::POST, path).map(|_| Full::from(body));
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    request
}

pub(crate) fn with_token(mut request: Request<Full<Bytes>>, port: Port, token: &str) -> Request<Full<Bytes>> {
    let (name, value) = match port {
        Port::People => ("cookie", format!("__Host-madoguchi={token}")),
        Port::Machine => ("authorization", format!("Bearer {token}")),
    };
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// 受付番号 of an upload at the hospital that is done and found nobody.
pub(crate) const RECEPTION: &str = "20261123000000001";

fn check_id() -> CheckId {
    CheckId::new(NOW, [1; 10])
}

/// One line of today's 資格確認結果一覧 and one upload at the hospital.
async fn put_results(world: &World) {
    let numbers = InsuranceNumbers::parse("138057", "", "5555555", "").unwrap();
    let query = Query { numbers, birthdate: day(19_620_521), limit_consent: false, day: NOW.day() };
    let answer = Answered::to_numbers(&query, NOW, Validity::None, Vec::new());
    let check = Check { user: user(AccountKind::General), query: Some(query), answer };
    let job = BulkJob {
        institution: code(HOSPITAL),
        number: ReceptionNumber::parse(RECEPTION).unwrap(),
        request: RequestId::from_bytes([0; 16]),
        kind: BulkKind::Entrusted,
        question: r#"{"question":{"entrusted":202611}}"#.to_owned(),
        user: user(AccountKind::General),
        terminal: String::new(),
        received_at: NOW,
        kept_until: NOW.plus_seconds(7 * 86_400),
        records: 0,
        normal: 0,
        wrong: 0,
        chunks: 0,
        chunks_left: 0,
        progress: Progress::Done,
    };
    let put = async move |tx: &mut madoguchi_store::Tx| -> madoguchi_store::Result<()> {
        tx.put_check(&code(HOSPITAL), check_id(), &check).await?;
        tx.accept_bulk(&job, &[]).await?;
        Ok(())
    };
    world.service.store().write("test.results", put).await.unwrap();
}

/// The path of a route with somebody and something real in it.
pub(crate) fn filled(path: &str) -> String {
    let person = Patient::Ordinary.id().to_hex();
    let administrator = user(AccountKind::Administrator);
    let general = user(AccountKind::General);
    let account = if path.starts_with("/master") { administrator } else { general };
    let query = if path.contains("/records") { "?list=care&pick=six_months" } else { "" };
    let path = path
        .replace("{person}", &person)
        .replace("{user}", account.as_str())
        .replace("{pass}", &person)
        .replace("{check}", &check_id().to_hex())
        .replace("{reception}", RECEPTION)
        .replace("{code}", "P0020")
        .replace("{file}", "OQSsiinq01req_1.xml")
        .replace("{id}", &person);
    format!("{path}{query}")
}

pub(crate) fn desk(certificates: &CertificateDirectory, institution: &str, label: &str) -> Desk {
    desk_until(certificates, institution, label, unix_now() + 30 * 86_400)
}

/// A desk whose certificate has its last second at `end` (Unix seconds).
pub(crate) fn desk_until(certificates: &CertificateDirectory, institution: &str, label: &str, end: i64) -> Desk {
    let request = IssueRequest {
        institution_code: institution.to_owned(),
        institution_name: "見本".to_owned(),
        label: label.to_owned(),
        days: 30,
        p12_password: None,
        now: end - 30 * 86_400,
    };
    let files = certificates.issue(&request).unwrap();
    let client = Client::new(&certificates.ca_pem(), Some(&files));
    let terminal = Terminal { institution: code(institution), serial: files.serial.clone() };
    Desk { files, client, terminal }
}

pub(crate) fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
