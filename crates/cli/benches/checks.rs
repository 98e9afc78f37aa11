//! Eligibility checks and views of a whole server over mutual TLS, beside nginx with the same bytes and a bare SELECT on the
//! same file, all in one run: `cargo bench --package madoguchi --bench checks`.
//!
//! The demo is a child process; client, server and limits share the machine. `MADOGUCHI_BENCH_PERSONS` says how many
//! persons are insured (20,000), `MADOGUCHI_BENCH_SECONDS` how long one Japan is kept up (20), and
//! `MADOGUCHI_BENCH_PLACE` names a directory that is kept for the next run.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

#[path = "checks/client.rs"]
mod client;
#[path = "checks/nginx.rs"]
mod nginx;
#[path = "checks/rate.rs"]
mod rate;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "checks/world.rs"]
mod world;

use client::{Door, request};
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_store::test_support::ThrowAwayCluster;
use nginx::Nginx;
use rate::{Outcome, Sort};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use world::Place;

const SQLITE: &str = "SQLite";
const POSTGRES: &str = "PostgreSQL";
const ENGINES: [&str; 2] = [SQLITE, POSTGRES];
const CONNECTIONS: usize = 32;
/// Rounds in which product and limits run by turns.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(5);
/// One Japan.
const CHECKS_A_SECOND: u32 = 1_000;
const VIEWS_A_SECOND: u32 = 430;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = |engine: &str| name(engine).contains(&filter);
    if !ENGINES.iter().any(|engine| wanted(engine)) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(Box::pin(run(wanted)));
}

async fn run(wanted: impl Fn(&str) -> bool) {
    let kept = std::env::var_os("MADOGUCHI_BENCH_PLACE").map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let directory = kept.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&directory).unwrap();
    let persons = number("MADOGUCHI_BENCH_PERSONS", 20_000);
    println!("{persons} insured persons, {CONNECTIONS} connections, {ROUNDS} rounds of {} s", TURN.as_secs());

    if wanted(SQLITE) {
        let begun = Instant::now();
        let place = Place::open(&directory.join("sqlite"), persons, None).await;
        measure(SQLITE, &place, &directory, begun).await;
    }
    if !wanted(POSTGRES) {
        return;
    }
    match ThrowAwayCluster::start_durable() {
        Err(missing) => println!("{POSTGRES} is not measured: {missing}"),
        Ok(cluster) => {
            let (begun, database) = (Instant::now(), cluster.database_url().unwrap());
            let place = Place::open(&temporary.path().join("postgres"), persons, Some(&database)).await;
            measure(POSTGRES, &place, &directory, begun).await;
        }
    }
}

async fn measure(engine: &str, place: &Place, directory: &Path, begun: Instant) {
    let (seconds, memory) = (begun.elapsed().as_secs_f64(), place.resident_mebibytes());
    println!("{engine}: ready after {seconds:.0} s, {memory:.0} MiB resident");
    beside_limits(engine, place, directory).await;
    one_japan(engine, place).await;
    println!("{engine}: {:.0} MiB resident at the end", place.resident_mebibytes());
}

/// The name in the table.
fn name(engine: &str) -> String {
    format!("Eligibility checks over mutual TLS, {engine}")
}

/// Product, nginx and the bare SELECT by turns; a ratio is taken within each round.
async fn beside_limits(engine: &str, place: &Place, directory: &Path) {
    let answer = one_answer(&place.checks).await;
    let certificates = place.demo.directory.join("certificates");
    let nginx = Nginx::start(&directory.join(format!("nginx-{engine}")), &certificates, &answer);
    let file = nginx.as_ref().map(|nginx| file(place.checks.door.at(nginx.address)));
    let database = place.demo.directory.join("madoguchi.db");
    let (mut rates, mut by_nginx, mut by_select, mut processor) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut slowest = Outcome::default();
    for _ in 0..ROUNDS {
        let before = place.processor_seconds();
        let checks = rate::closed(&place.checks, CONNECTIONS, TURN).await;
        processor.push((place.processor_seconds() - before) / checks.good.max(1) as f64);
        complain(&place.checks, &checks);
        if let Some(file) = &file {
            let static_file = rate::closed(file, CONNECTIONS, TURN).await;
            by_nginx.push((static_file.per_second(), checks.per_second() / static_file.per_second()));
        }
        if database.exists() {
            let selects = selects(&database, &place.persons, TURN);
            by_select.push((selects, checks.per_second() / selects));
        }
        rates.push(checks.per_second());
        if checks.quantile(0.99) > slowest.quantile(0.99) || slowest.micros.is_empty() {
            slowest = checks;
        }
    }
    let views = rate::closed(&place.views, CONNECTIONS, TURN).await;
    complain(&place.views, &views);
    println!(
        "{engine}: {:.0} checks/s, {:.0} µs of the server's processors each; {} in the slowest round; views alone {:.0}/s, {}",
        middle(&rates),
        middle(&processor) * 1e6,
        slowest.quantiles(),
        views.per_second(),
        views.quantiles(),
    );
    row(engine, "nginx with the same bytes as a file", &rates, &by_nginx);
    row(engine, "the bare SELECT by number on the same file, two threads", &rates, &by_select);
}

/// 1,000 checks and 430 views a second at once.
async fn one_japan(engine: &str, place: &Place) {
    let time = Duration::from_secs(u64::from(number("MADOGUCHI_BENCH_SECONDS", 20)));
    let (checks, views) = tokio::join!(
        rate::open(&place.checks, CONNECTIONS, CHECKS_A_SECOND, time),
        rate::open(&place.views, CONNECTIONS, VIEWS_A_SECOND, time),
    );
    for (sort, outcome) in [(&place.checks, &checks), (&place.views, &views)] {
        complain(sort, outcome);
        println!(
            "{engine}, one Japan for {} s: {} {}, {} bad, {}",
            time.as_secs(),
            outcome.good,
            sort.name,
            outcome.bad,
            outcome.quantiles()
        );
    }
}

fn complain(sort: &Sort, outcome: &Outcome) {
    if let Some(example) = &outcome.example {
        println!("{}: {} bad answers, such as {example}", sort.name, outcome.bad);
    }
}

/// The body of an ordinary answer: what nginx serves.
async fn one_answer(sort: &Sort) -> Vec<u8> {
    let mut connection = sort.door.connect().await.unwrap();
    let reply = connection.exchange(&sort.requests[0]).await.unwrap();
    assert!((sort.good)(&reply), "{} {}", reply.status, String::from_utf8_lossy(reply.body));
    println!("an answer has {} bytes, a request {}", reply.body.len(), sort.requests[0].len());
    reply.body.to_vec()
}

fn file(door: Door) -> Sort {
    Sort {
        name: "a file of nginx",
        door,
        requests: Arc::new(vec![request("GET", "/answer.json", "", "")]),
        good: |reply| reply.status == 200,
    }
}

/// Prepared point reads on two threads, each with its own connection, a second.
fn selects(database: &Path, persons: &[[String; 5]], time: Duration) -> f64 {
    let keys: Vec<String> = persons
        .iter()
        .filter_map(|[insurer, symbol, number, branch, _]| {
            InsuranceNumbers::parse(insurer, symbol, number, branch).ok()
        })
        .map(|numbers| numbers.key().as_str().to_owned())
        .collect();
    let one = |offset: usize| {
        let connection =
            rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement = connection.prepare("SELECT * FROM number_keys WHERE number_key = ?1").unwrap();
        let (begun, mut count) = (Instant::now(), 0_u64);
        for key in keys.iter().cycle().skip(offset) {
            let mut rows = statement.query([key]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                std::hint::black_box(row.get_ref(1).unwrap());
            }
            count += 1;
            if count.is_multiple_of(64) && begun.elapsed() >= time {
                break;
            }
        }
        count as f64 / begun.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| one(keys.len() / 2));
        one(0) + second.join().unwrap()
    })
}

fn row(engine: &str, limit: &str, rates: &[f64], rounds: &[(f64, f64)]) {
    if rounds.is_empty() {
        return;
    }
    let (limits, mut ratios): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
    ratios.sort_by(f64::total_cmp);
    let line = format!(
        "| {} | {limit} | {:.0} checks/s | {:.0}/s | {:.3} of it ({:.3}–{:.3}) | – |",
        name(engine),
        middle(rates),
        middle(&limits),
        middle(&ratios),
        ratios[ratios.len() / 4],
        ratios[ratios.len() * 3 / 4],
    );
    println!("{line}");
    if let Some(folder) = std::env::var_os("MADOGUCHI_BENCH_DIR") {
        let path = PathBuf::from(folder).join("table.md");
        let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
        opened.and_then(|mut file| writeln!(file, "{line}")).unwrap();
    }
}

fn middle(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
