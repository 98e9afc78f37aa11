//! One Japan against a whole server, and its checks beside their raw limits, on SQLite and PostgreSQL, by `madoguchi load`:
//! `cargo bench --package madoguchi --bench checks`.
//!
//! The demo is a child process; client, server and limits share the machine. `MADOGUCHI_BENCH_PERSONS` says how many
//! persons are insured (20,000), `MADOGUCHI_BENCH_SECONDS` how long one Japan is kept up (20), and `MADOGUCHI_BENCH_PLACE`
//! names a directory that is kept for the next run.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use madoguchi_model::day::Day;
use madoguchi_store::test_support::ThrowAwayCluster;
use madoguchi_synth::{World, WorldPlan};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use support::{Demo, command, text, verb};

const SEED: u64 = 20_261_125;
/// Persons with 24 months of claims, who get cards; the others have a coverage only.
const PERSONS_WITH_CLAIMS: u32 = 1_000;
const INSTITUTIONS: &str = "20";
/// The limit is not what is measured.
const REQUESTS_A_SECOND: &str = "1000000";
/// Lines of a coverage list that is taken at a time.
const LINES_A_LIST: usize = 50_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = |engine: &str| format!("Eligibility checks over mutual TLS, {engine}").contains(&filter);
    let temporary = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("MADOGUCHI_BENCH_PLACE").map(PathBuf::from);
    let directory = kept.unwrap_or_else(|| temporary.path().to_owned());
    let persons = number("MADOGUCHI_BENCH_PERSONS", 20_000);
    if wanted("SQLite") {
        measure("SQLite", &directory.join("sqlite"), persons, None);
    }
    if !wanted("PostgreSQL") {
        return;
    }
    match ThrowAwayCluster::start_durable() {
        Err(missing) => println!("PostgreSQL is not measured: {missing}"),
        Ok(cluster) => {
            let database = cluster.database_url().unwrap();
            measure("PostgreSQL", &temporary.path().join("postgres"), persons, Some(&database));
        }
    }
}

fn measure(engine: &str, directory: &Path, persons: u32, database: Option<&str>) {
    fs::create_dir_all(directory).unwrap();
    let (begun, first) = (Instant::now(), !directory.join("state.json").exists());
    let (seed, with_claims) = (SEED.to_string(), PERSONS_WITH_CLAIMS.to_string());
    let mut options = vec!["--seed", &seed, "--persons", &with_claims, "--institutions", INSTITUTIONS];
    options.extend(["--requests-per-second", REQUESTS_A_SECOND]);
    options.extend(database.iter().flat_map(|url| ["--database", *url]));
    let demo = Demo::start(directory, &options);
    let cards = directory.join("cards.jsonl");
    if first {
        let today = Day::parse(&text(&demo.document()["today"]), "today").unwrap();
        for list in lists(directory, persons, today) {
            ran(&verb::run(directory, &["ingest", "coverage"], &[list.to_str().unwrap()]));
        }
        let with_claims = &lists(&directory.join("with-claims"), PERSONS_WITH_CLAIMS, today)[0];
        let rest = ["--people", with_claims.to_str().unwrap(), "--count", "1000", cards.to_str().unwrap()];
        ran(&verb::run(directory, &["load", "cards"], &rest));
    }
    println!("\n## {engine}, {persons} insured persons, ready after {:.0} s\n", begun.elapsed().as_secs_f64());
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/load/one-japan.toml");
    let lists = found(directory);
    let process = demo.process().to_string();
    let seconds = number("MADOGUCHI_BENCH_SECONDS", 20).to_string();
    let load = |name: &str, options: &[&str]| {
        let mut load: Command = command();
        load.arg("load").arg(&plan).arg("--target").arg(directory).arg("--people").args(&lists);
        load.arg("--cards").arg(&cards).args(["--process", &process, "--markdown"]).args(options);
        for (option, extension) in [("--json", "json"), ("--svg", "svg")] {
            load.arg(option).arg(directory.join(name).with_extension(extension));
        }
        // Exit code 3 says that a limit of the plan was not kept; the figures are there all the same.
        let status = load.stdin(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 3)), "{status}");
    };
    load("one-japan", &["--seconds", &seconds]);
    if seconds.parse::<u64>().unwrap() >= 60 {
        load("highest", &["--search", "--seconds", "20"]);
    }
    load("limits", &["--closed", "128", "--seconds", "20", "--limits"]);
    keep(engine, &directory.join("limits.json"));
}

/// The limits' rows for the table of `cargo xtask bench`.
fn keep(engine: &str, figures: &Path) {
    let Some(folder) = std::env::var_os("MADOGUCHI_BENCH_DIR") else { return };
    let figures: Value = serde_json::from_slice(&fs::read(figures).unwrap()).unwrap();
    let path = PathBuf::from(folder).join("table.md");
    let mut table = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    for row in figures["limits"]["rows"].as_array().unwrap() {
        let number = |name: &str| row[name].as_f64().unwrap();
        let quarter = |place: usize| row["quarters"][place].as_f64().unwrap();
        writeln!(
            table,
            "| Eligibility checks over mutual TLS, {engine} | {} | {:.0} checks/s | {:.0}/s | {:.3} of it ({:.3}–{:.3}) | – |",
            text(&row["name"]),
            number("product"),
            number("limit"),
            number("ratio"),
            quarter(0),
            quarter(1),
        )
        .unwrap();
    }
}

/// All coverages of a world, in files of some lines.
fn lists(directory: &Path, persons: u32, today: Day) -> Vec<PathBuf> {
    fs::create_dir_all(directory).unwrap();
    let world = World::new(WorldPlan { persons, ..WorldPlan::demo(SEED, today) });
    let text = world.coverage_csv(|_| String::new());
    let mut lines = text.split_inclusive('\n');
    let head = lines.next().unwrap();
    let lines: Vec<&str> = lines.collect();
    let write = |(number, list): (usize, &[&str])| {
        let path = directory.join(format!("insured-{number:05}.csv"));
        fs::write(&path, format!("{head}{}", list.concat())).unwrap();
        path
    };
    lines.chunks(LINES_A_LIST).enumerate().map(write).collect()
}

fn found(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let is_list = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("insured-");
    files.filter(is_list).collect()
}

fn ran(ran: &verb::Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.text());
}

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
