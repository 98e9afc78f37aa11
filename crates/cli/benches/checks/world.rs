//! A demo as a child process with as many insured persons as are asked for, and the requests that its clients send.

use crate::client::{Door, request};
use crate::rate::Sort;
use crate::support::{Answer, Browser, Demo, account, pass, text, verb, walk};
use madoguchi_model::day::Day;
use madoguchi_model::settings::{Setting, USED};
use madoguchi_synth::{World, WorldPlan};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SEED: u64 = 20_261_125;
/// Persons with 24 months of claims; the others have a coverage only.
const PERSONS_WITH_CLAIMS: u32 = 1_000;
const INSTITUTIONS: usize = 5;
/// One account asks for everybody.
const REQUESTS_A_SECOND: &str = "1000000";
/// Lines of a coverage list that is taken at a time.
const LINES_A_LIST: usize = 50_000;
/// Persons whose checks are sent, spread over all of them.
const PERSONS_ASKED: usize = 100_000;

/// What is measured.
pub(crate) struct Place {
    pub(crate) demo: Demo,
    pub(crate) checks: Sort,
    pub(crate) views: Sort,
    /// Numbers of the persons that are asked for: insurer, symbol, number, branch, birthdate.
    pub(crate) persons: Vec<[String; 5]>,
}

impl Place {
    /// Starts the demo in this directory and takes the insured persons in, unless they are there from an earlier run.
    pub(crate) async fn open(directory: &Path, persons: u32, database: Option<&str>) -> Self {
        let first = !directory.join("state.json").exists();
        let (seed, with_claims) = (SEED.to_string(), PERSONS_WITH_CLAIMS.to_string());
        let institutions = INSTITUTIONS.to_string();
        let mut options = vec!["--seed", &seed, "--persons", &with_claims, "--institutions", &institutions];
        options.extend(["--requests-per-second", REQUESTS_A_SECOND]);
        options.extend(database.iter().flat_map(|url| ["--database", *url]));
        let demo = Demo::start(directory, &options);
        let document = demo.document();
        let today = Day::parse(document["today"].as_str().unwrap(), "today").unwrap();
        let world = World::new(WorldPlan { persons, ..WorldPlan::demo(SEED, today) });
        let asked = if first { take_coverage(directory, &world) } else { numbers(&world) };
        let checks = checks(&document, &asked).await;
        let views = views(&document);
        Self { demo, checks, views, persons: asked }
    }

    /// Processor seconds of the demo's process so far.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.demo.process())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Resident memory of the demo's process.
    pub(crate) fn resident_mebibytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.demo.process())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1024.0)
    }
}

/// Every person's coverages go in by `ingest coverage`, a list at a time.
fn take_coverage(directory: &Path, world: &World) -> Vec<[String; 5]> {
    let text = world.coverage_csv(|_| String::new());
    let mut lines = text.split_inclusive('\n');
    let head = lines.next().unwrap();
    let lines: Vec<&str> = lines.collect();
    for list in lines.chunks(LINES_A_LIST) {
        let path = directory.join("insured.csv");
        fs::write(&path, format!("{head}{}", list.concat())).unwrap();
        let taken = verb::run(directory, &["ingest", "coverage"], &[path.to_str().unwrap()]);
        assert_eq!(taken.code, Some(0), "{}", taken.text());
    }
    numbers(world)
}

/// The numbers of the persons that are asked for, by their newest coverage.
fn numbers(world: &World) -> Vec<[String; 5]> {
    let step = (world.people().len() / PERSONS_ASKED).max(1);
    let people = world.people().iter().step_by(step);
    let insured = people.filter_map(|person| {
        let lasts = person.coverages.last().filter(|it| it.valid_to.is_none() && it.valid_from <= world.today());
        let coverage = lasts.filter(|it| !it.is_assistance())?;
        let numbers = &coverage.numbers;
        Some([
            numbers.insurer.padded(),
            numbers.symbol.clone(),
            numbers.number.clone(),
            numbers.branch.clone(),
            person.birthdate.number().to_string(),
        ])
    });
    insured.collect()
}

/// Checks by number over the JSON API.
async fn checks(document: &Value, persons: &[[String; 5]]) -> Sort {
    let institution = &document["institutions"][0];
    let door = door(document, "api", institution);
    let token = api_token(&door, institution).await;
    let headers = format!("Authorization: {token}\r\nContent-Type: application/json;charset=UTF-8\r\n");
    let (code, today) = (text(&institution["code"]), text(&document["today"]));
    let requests = persons.iter().map(|person| {
        let body = check_body(&code, &today, person);
        request("POST", "/oqs-api-pro/MSA01030/ILI01030SV01/search", &headers, &body.to_string())
    });
    Sort {
        name: "checks by number",
        door,
        requests: Arc::new(requests.collect()),
        good: |reply| reply.status == 200 && contains(reply.body, br#""QualificationValidity":"1""#),
    }
}

pub(crate) fn check_body(code: &str, today: &str, [insurer, symbol, number, branch, birthdate]: &[String; 5]) -> Value {
    json!({"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": today, "MedicalInstitutionCode": code},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": insurer,
            "InsuredCardSymbol": symbol,
            "InsuredIdentificationNumber": number,
            "InsuredBranchNumber": branch,
            "Birthdate": birthdate,
            "LimitApplicationCertificateRelatedConsFlg": "0",
        }},
    }})
}

async fn api_token(door: &Door, institution: &Value) -> String {
    let (user, password) = account(institution, "api");
    let body = json!({"userId": user, "password": password}).to_string();
    let log_in =
        request("POST", "/oqs-api-pro/MSA12020/ILI12020SV01/auth", "Content-Type: application/json\r\n", &body);
    let mut connection = door.connect().await.unwrap();
    let reply = connection.exchange(&log_in).await.unwrap();
    let answer: Value = serde_json::from_slice(reply.body).unwrap();
    answer["result"]["idToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Lists of six months of past care as HTML, of everyone who has a card and agreed.
fn views(document: &Value) -> Sort {
    let institution = &document["institutions"][0];
    walk::switch(institution, &[Setting::MedicalCare, Setting::Surgery].map(|setting| (setting.code(), USED)));
    let mut kiosk = Browser::new(&text(&institution["kiosk"]));
    for card in document["cards"].as_array().unwrap() {
        // Some cards play a refusal; those people are not listed.
        let _passed = pass(&mut kiosk, &text(&card["id"]), &text(&card["pin"]), Answer::Agree);
    }
    let mut viewer = walk::logged_in(institution, "viewer");
    let list = viewer.get("/patients").unwrap();
    let patients: Vec<&str> =
        list.body.split("href=\"/patients/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(patients.len() > 10, "{}", list.body);
    let (door, token) = direct(document, institution);
    let today = Day::parse(document["today"].as_str().unwrap(), "today").unwrap().month();
    let first = today.plus_months(-5);
    let requests = patients.iter().map(|patient| {
        let path = format!(
            "/patients/{patient}/records?list=care&from_year={}&from_month={}&to_year={}&to_month={}",
            first.number() / 100,
            first.number() % 100,
            today.number() / 100,
            today.number() % 100
        );
        request("GET", &path, &format!("Cookie: {token}\r\n"), "")
    });
    Sort {
        name: "views of records as HTML",
        door,
        requests: Arc::new(requests.collect()),
        good: |reply| reply.status == 200 && contains(reply.body, "一覧".as_bytes()),
    }
}

/// A log-in straight at the server's port for people, with the certificate: its cookie.
fn direct(document: &Value, institution: &Value) -> (Door, String) {
    let door = door(document, "server", institution);
    let (user, password) = account(institution, "viewer");
    let body = format!("user_id={user}&password={}", encoded(&password));
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let request = request("POST", "/login", headers, &body);
    let answer = head(&door, request);
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.trim().split(';').next().unwrap_or_default().to_owned())
    });
    (door, cookie.unwrap_or_else(|| panic!("{answer}")))
}

/// The head of the answer to one request; the caller is inside a runtime, so another thread asks.
fn head(door: &Door, request: Vec<u8>) -> String {
    let door = door.clone();
    let ask = async move { door.connect().await.unwrap().head(&request).await.unwrap() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime.block_on(ask)).join().unwrap()
}

fn door(document: &Value, port: &str, institution: &Value) -> Door {
    let path = |name: &str| PathBuf::from(institution[name].as_str().unwrap());
    let address: u16 = text(&document[port]).rsplit(':').next().unwrap().parse().unwrap();
    let authority = PathBuf::from(document["ca"].as_str().unwrap());
    Door::new(SocketAddr::from(([127, 0, 0, 1], address)), &authority, &path("client_cert"), &path("client_key"))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub(crate) fn contains(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}
