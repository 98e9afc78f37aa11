//! A list of 60 rows as a whole request, HTML and PDF, beside its raw limits: `cargo bench -p madoguchi-web`.
//!
//! Client and server run in this process, and every byte between them crosses mutual TLS on one open connection.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/client.rs"]
mod client;

use client::{Client, Connection, request};
use http::{Method, StatusCode};
use madoguchi_measure::{Board, Limit, Work};
use madoguchi_model::account::AccountKind;
use madoguchi_model::care::CareReceipt;
use madoguchi_model::id::{FileId, ReceiptId};
use madoguchi_model::listing::ListKind;
use madoguchi_model::listing::samples::Sample;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::test_support::{self as world, HOSPITAL, NOW, PASSWORD, Patient, World};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Session, Terminal};
use madoguchi_store::receipt::NewReceipt;
use madoguchi_trust::{CertificateDirectory, IssueRequest};
use madoguchi_web::{RateLimits, RunningServer, Server, ServerParts};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;

/// Nobody else's receipts are touched.
const PATIENT: Patient = Patient::CardNearEnd;
const ROWS: usize = 60;
const MONTHS: &str = "list=care&from_year=2022&from_month=10&to_year=2023&to_month=2";

fn main() {
    let Some(board) = Board::open("screens") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let reports = Reports::new(&FontChoice::system());
    let mut site = runtime.block_on(Box::pin(Site::open(reports.clone())));
    html(&board, &runtime, &mut site);
    match reports {
        Ok(reports) => pdf(&board, &runtime, &mut site, &reports),
        Err(missing) => println!("{missing}: the PDF is not measured"),
    }
    runtime.block_on(site.server.shutdown());
}

fn html(board: &Board, runtime: &Runtime, site: &mut Site) {
    let list = format!("/patients/{}/records?{MONTHS}", PATIENT.id().to_hex());
    let (Site { world, session, token, connection, second, .. }, style) = (site, "/static/madoguchi.css");
    let page = runtime.block_on(get(connection, &list, token));
    println!(
        "the page of {ROWS} rows has {} bytes, the style sheet {}",
        page,
        runtime.block_on(get(second, style, token))
    );
    board.compare(
        "Viewing: 60 rows as HTML, the whole request",
        &[Work { amount: 1.0, unit: "pages" }],
        &mut || assert_eq!(runtime.block_on(get(connection, &list, token)), page),
        &mut [
            Limit {
                name: "a style sheet from the same server, over a connection of its own",
                run: &mut || assert_ne!(runtime.block_on(get(second, style, token)), 0),
            },
            Limit {
                name: "the use-case alone, in the process",
                run: &mut || assert_eq!(runtime.block_on(rows(world, session)), ROWS),
            },
        ],
    );
}

fn pdf(board: &Board, runtime: &Runtime, site: &mut Site, reports: &Reports) {
    let print = format!("/patients/{}/records.pdf?{MONTHS}", PATIENT.id().to_hex());
    let sample = Sample::long(ROWS).list();
    let Site { token, connection, .. } = site;
    board.compare(
        "Viewing: 60 rows as PDF, the whole request",
        &[Work { amount: 1.0, unit: "documents" }],
        &mut || assert_ne!(runtime.block_on(get(connection, &print, token)), 0),
        &mut [Limit { name: "the document alone, in the process", run: &mut || drop(reports.pdf(&sample).unwrap()) }],
    );
}

/// The bytes of what came back.
async fn get(connection: &mut Connection, path: &str, token: &str) -> usize {
    let mut request = request(Method::GET, path);
    request.headers_mut().insert("cookie", format!("__Host-madoguchi={token}").parse().unwrap());
    let answer = connection.send(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    answer.body.len()
}

async fn rows(world: &World, session: &Session) -> usize {
    let period = world::months(202_210, 202_302);
    let list = world.service.care_list(session, PATIENT.id(), period, ListKind::Care, Purpose::View).await.unwrap();
    list.entries.iter().flatten().map(|group| group.rows.len()).sum()
}

/// A running server with a patient whose list has 60 rows, and a viewer of the hospital in front of it.
struct Site {
    world: World,
    server: RunningServer,
    session: Session,
    token: String,
    connection: Connection,
    second: Connection,
}

impl Site {
    async fn open(reports: Result<Reports, madoguchi_report::NoJapaneseFont>) -> Self {
        let world = World::on_sqlite().await;
        fill(&world).await;
        let directory = world.directory().join("certificates");
        let certificates = CertificateDirectory::init(&directory, &["localhost".to_owned()], unix_now()).unwrap();
        let identity = certificates.issue(&identity()).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let service = world.service_at(NOW.plus_seconds(60));
        let parts = ServerParts {
            service: service.clone(),
            reports,
            exchanges: None,
            certificates: directory,
            people: any,
            machine: any,
            rates: RateLimits::default(),
        };
        let server = Server::start(parts).await.unwrap();
        let client = Client::new(&certificates.ca_pem(), Some(&identity));
        let connection = client.connect(server.people).await.unwrap();
        let second = client.connect(server.people).await.unwrap();
        let operation = service.operation(Terminal { institution: world::code(HOSPITAL), serial: identity.serial });
        let viewer = world::user(AccountKind::Viewer);
        let entered = service.log_in(&operation, viewer.as_str(), PASSWORD).await.unwrap();
        Self { world, server, session: entered.session, token: entered.token, connection, second }
    }
}

/// The patient's receipts, and a consent to see them.
async fn fill(world: &World) {
    world.use_all(HOSPITAL, NOW).await;
    let receipts: Vec<NewReceipt> = Sample::long(ROWS).receipts.into_iter().zip(0..).map(receipt).collect();
    let put = world.service.store().write("bench.receipts", async move |tx| tx.insert_receipts(&receipts).await);
    put.await.unwrap();
    world.pass(HOSPITAL, PATIENT, NOW, |_| true).await.unwrap();
}

fn receipt((care, number): (CareReceipt, u8)) -> NewReceipt {
    NewReceipt {
        person: PATIENT.id(),
        file: FileId::new(NOW, [200; 10]),
        request_month: care.month.plus_months(1),
        category: "1112".to_owned(),
        receipt_number: number.to_string(),
        search_number: None,
        care: CareReceipt { receipt: ReceiptId::new(NOW, [200 + number; 10]), ..care },
        source: Vec::new(),
    }
}

fn identity() -> IssueRequest {
    IssueRequest {
        institution_code: HOSPITAL.to_owned(),
        institution_name: "見本".to_owned(),
        label: "01".to_owned(),
        days: 30,
        p12_password: None,
        now: unix_now(),
    }
}

fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
