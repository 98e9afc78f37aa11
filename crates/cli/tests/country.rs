//! A population and its claims, generated month by month, taken while the next month is made, deleted as taken, then
//! served. `MADOGUCHI_PERSONS` and `MADOGUCHI_MONTHS` say how large, `MADOGUCHI_SECONDS` how long one Japan lasts
//! afterwards (the last month is then taken beside the server), `MADOGUCHI_PLACE` where it is kept (and left).
//!
//! What it prints is what `docs/performance.md` quotes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::verb::{rows, run, verify};
use support::{Demo, command};

/// The world's date; its last claims are of the month before.
const TODAY: &str = "20261123";
const LAST_REQUEST_MONTH: (u32, u32) = (2026, 11);
const SEED: &str = "1";
/// Institutions, accounts and cards of the demo that serves it.
const DEMO: [&str; 6] = ["--persons", "60", "--institutions", "5", "--seed", "1"];

#[test]
fn a_population_is_made_taken_and_served() {
    let asked = |name: &str, usual: u32| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (persons, months) = (asked("MADOGUCHI_PERSONS", 16_000), asked("MADOGUCHI_MONTHS", 2));
    let temporary = tempfile::tempdir().unwrap();
    let place = std::env::var_os("MADOGUCHI_PLACE").map_or(temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&place).unwrap();
    let world = World { directory: place.join("world"), persons, months };
    let demo = place.join("demo");
    Demo::start(&demo, &[&DEMO[..], &["--today", TODAY]].concat()).stop();

    let begun = Instant::now();
    world.make(&["--only", "institutions,coverage"]).wait_well();
    println!("persons and institutions made: {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    take(&demo, "institutions", &[world.directory.join("institutions.csv")]);
    take(&demo, "coverage", &lists(&world.directory));
    println!("persons taken: {:.1} s, {:.0} persons/s", begun.elapsed().as_secs_f64(), rate(persons, begun.elapsed()));

    let known = rows(&demo)["receipts"];
    let seconds = std::env::var("MADOGUCHI_SECONDS").ok();
    let mut months = world.request_months();
    // The last month is for the server to bear, if it has to; the one before it is compared.
    let late = seconds.is_some().then(|| months.pop().unwrap());
    let compared = months.pop().expect("two months at least, three for a server that has to bear one");
    let taken = world.pour_into(&demo, months) + beside_the_bare_engine(&demo, &world, &compared);
    assert_eq!(left(&world.directory.join("claims")), 0, "each file is deleted as it is taken");
    let stored = rows(&demo)["receipts"] - known;
    assert_eq!(stored, i64::try_from(taken).unwrap(), "every receipt is stored");
    let bytes = std::fs::metadata(demo.join("madoguchi.db")).unwrap().len();
    println!(
        "store: {:.2} GB, {:.0} bytes a person, {:.0} bytes a receipt",
        bytes as f64 / 1e9,
        bytes as f64 / f64::from(persons),
        bytes as f64 / stored as f64
    );
    let verified = verify(&demo);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
    serve(&demo, &world, seconds.as_deref().zip(late.as_deref()));
    let verified = verify(&demo);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

/// Takes a month, and sets beside it what the machine can't be spared: the same bytes split at their commas, and the same
/// rows inserted by the bare engine, as many a commit as a piece has, into a copy of the same store.
fn beside_the_bare_engine(demo: &Path, world: &World, month: &str) -> u64 {
    let (store, copy) = (demo.join("madoguchi.db"), demo.join("bare.db"));
    world.make(&["--only", "claims", "--month", month]).wait_well();
    let files = world.directory.join("claims").join(month);
    let begun = Instant::now();
    let fields: usize = std::fs::read_dir(&files).unwrap().map(|file| split(&file.unwrap().path())).sum();
    let splitting = begun.elapsed();
    let flush = rusqlite::Connection::open(&store).unwrap();
    flush.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(flush);
    std::fs::copy(&store, &copy).unwrap();
    let bare = rusqlite::Connection::open(&copy).unwrap();
    let last: i64 = bare.query_row("SELECT max(rowid) FROM receipts", [], |row| row.get(0)).unwrap();
    let begun = Instant::now();
    let taken = taken_of(&files, demo);
    let taking = begun.elapsed();
    let begun = Instant::now();
    insert(&bare, &store, last, month);
    let inserting = begun.elapsed();
    drop(bare);
    std::fs::remove_file(&copy).unwrap();
    println!(
        "  beside it: {fields} fields split in {:.1} s, rows inserted by the bare engine in {:.1} s: ratio {:.2}",
        splitting.as_secs_f64(),
        inserting.as_secs_f64(),
        (splitting + inserting).as_secs_f64() / taking.as_secs_f64()
    );
    taken
}

/// The fields of a file, split without looking at them.
fn split(file: &Path) -> usize {
    let bytes = std::fs::read(file).unwrap();
    bytes.split(|byte| *byte == b'\n').flat_map(|record| record.split(|byte| *byte == b',')).count()
}

/// The rows that taking the month has brought, into the copy.
fn insert(bare: &rusqlite::Connection, store: &Path, last: i64, month: &str) {
    const ROWS_A_COMMIT: i64 = 4_096;
    bare.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -131072; PRAGMA wal_autocheckpoint = 16384")
        .unwrap();
    bare.execute("ATTACH ?1 AS taken", [store.to_str().unwrap()]).unwrap();
    let end: i64 = bare.query_row("SELECT max(rowid) FROM taken.receipts", [], |row| row.get(0)).unwrap();
    let mut next = last + 1;
    while next <= end {
        let rows = "INSERT INTO main.receipts SELECT * FROM taken.receipts WHERE rowid >= ?1 AND rowid < ?2";
        bare.execute(rows, [next, next + ROWS_A_COMMIT]).unwrap();
        next += ROWS_A_COMMIT;
    }
    let sources = "INSERT INTO main.claim_sources SELECT source.* FROM taken.claim_files file
         JOIN taken.claim_sources source ON source.institution_code = file.institution_code AND source.file_id = file.file_id
         WHERE file.request_month = ?1 AND file.file_id NOT IN (SELECT file_id FROM main.claim_files)";
    assert_ne!(bare.execute(sources, [month.parse::<i64>().unwrap()]).unwrap(), 0);
}

/// Starts with the whole file, looks at what it takes at rest, then puts load on it if that was asked for.
fn serve(demo: &Path, world: &World, load: Option<(&str, &str)>) {
    let begun = Instant::now();
    let mut running = Demo::start(demo, &["--requests-per-second", "1000000"]);
    let ready = begun.elapsed();
    std::thread::sleep(Duration::from_secs(2));
    let resident = resident_mib(running.process());
    println!("started in {:.2} s, {resident} MiB resident at rest", ready.as_secs_f64());
    assert!(resident < 300, "{resident} MiB");
    if let Some((seconds, late)) = load {
        bear(demo, world, running.process(), seconds, late);
    }
    running.stop();
}

/// One Japan, the same while a month is taken, the most that is borne, and what that is beside its limits.
fn bear(demo: &Path, world: &World, process: u32, seconds: &str, late: &str) {
    let cards = demo.join("load-cards.jsonl");
    let people = lists(&world.directory);
    let mut issue = command();
    issue
        .args(["load", "cards", "--dir"])
        .arg(demo)
        .arg("--people")
        .args(&people)
        .args(["--count", "20000"])
        .arg(&cards);
    issue.spawn().unwrap().wait_well();
    let load = |name: &str, options: &[&str]| {
        println!("\n### {name}\n");
        let mut load = command();
        load.args(["load", "--target"]).arg(demo).arg("--people").args(&people).arg("--cards").arg(&cards);
        load.args(options).args(["--markdown", "--process", &process.to_string()]);
        load.arg("--json").arg(demo.join("load.json")).arg("--svg").arg(demo.join("load.svg"));
        // Exit code 3 says that a limit of the plan was not kept; the figures are there all the same.
        let status = load.status().unwrap();
        assert!(matches!(status.code(), Some(0 | 3)), "{status}");
    };
    // The preparation leaves thousands of results at the demo's terminals, which take minutes to write them.
    let rest = if seconds.len() > 2 { "150" } else { "0" };
    load("one Japan", &["--seconds", seconds, "--rest", rest]);
    world.make(&["--only", "claims", "--month", late]).wait_well();
    load("one Japan, before the claims", &["--seconds", "60", "--rest", rest]);
    let files = world.directory.join("claims").join(late);
    let taking = std::thread::spawn({
        let (files, demo) = (files.clone(), demo.to_owned());
        move || taken_of(&files, &demo)
    });
    load("one Japan while claims are taken", &["--seconds", "60", "--rest", rest]);
    if taking.is_finished() {
        println!("the month was taken before the load was over: more persons would show more");
    }
    taking.join().unwrap();
    load("the highest multiple", &["--search", "--seconds", "20", "--rest", rest]);
    load("as fast as answered", &["--closed", "128", "--seconds", "20", "--limits", "--rest", rest]);
}

/// A synthetic world that is made into a directory.
struct World {
    directory: PathBuf,
    persons: u32,
    months: u32,
}

impl World {
    fn make(&self, what: &[&str]) -> Child {
        let (persons, months) = (self.persons.to_string(), self.months.to_string());
        let mut synth = command();
        synth.arg("synth").arg(&self.directory).args(["--persons", &persons, "--months", &months]);
        synth.args(["--seed", SEED, "--today", TODAY]).args(what);
        synth.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Each month is taken while the next one is made; gives how many receipts were taken.
    fn pour_into(&self, demo: &Path, months: Vec<String>) -> u64 {
        let begun = Instant::now();
        let (mut receipts, mut bytes, mut making) = (0, 0, None);
        for month in months.into_iter().map(Some).chain([None]) {
            let next = month.map(|month| (month.clone(), self.make(&["--only", "claims", "--month", &month])));
            if let Some((month, made)) = std::mem::replace(&mut making, next) {
                let made: Child = made;
                made.wait_well();
                let files = self.directory.join("claims").join(&month);
                bytes += size(&files);
                receipts += taken_of(&files, demo);
            }
        }
        let time = begun.elapsed();
        println!(
            "{receipts} receipts, {:.2} GB of claims made and taken in {:.0} s: {:.0} receipts/s, {:.1} MB/s",
            bytes as f64 / 1e9,
            time.as_secs_f64(),
            receipts as f64 / time.as_secs_f64(),
            bytes as f64 / 1e6 / time.as_secs_f64()
        );
        receipts
    }

    /// 請求年月, the oldest first.
    fn request_months(&self) -> Vec<String> {
        let last = LAST_REQUEST_MONTH.0 * 12 + LAST_REQUEST_MONTH.1 - 1;
        (0..self.months).rev().map(|back| last - back).map(|at| format!("{}{:02}", at / 12, at % 12 + 1)).collect()
    }
}

/// Takes a month's files; gives the receipts that are now in force.
fn taken_of(files: &Path, demo: &Path) -> u64 {
    let begun = Instant::now();
    let ran = run(demo, &["ingest", "claims"], &["--remove", "--json", files.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let reports = serde_json::Deserializer::from_str(&ran.out).into_iter::<Value>().map(Result::unwrap);
    let (mut taken, mut receipts) = (0, 0);
    for report in reports {
        assert_eq!(report["outcome"], "taken", "{report}");
        assert_eq!(report["refused"], 0, "{report}");
        assert!(report["totals"]["agree"].as_bool().unwrap_or(true), "{report}");
        taken += report["taken"].as_u64().unwrap();
        receipts += report["receipts"].as_u64().unwrap();
    }
    let month = files.file_name().unwrap().to_string_lossy();
    println!(
        "  {month}: {receipts} receipts in {:.1} s, {:.0}/s",
        begun.elapsed().as_secs_f64(),
        receipts as f64 / begun.elapsed().as_secs_f64()
    );
    taken
}

fn take(demo: &Path, kind: &str, files: &[PathBuf]) {
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let ran = run(demo, &["ingest", kind], &files);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
}

/// The lists of persons.
fn lists(directory: &Path) -> Vec<PathBuf> {
    let mut lists: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    lists.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("coverage"));
    lists.sort();
    lists
}

fn size(directory: &Path) -> u64 {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn left(directory: &Path) -> usize {
    let inside = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    inside.map(|path| if path.is_dir() { left(&path) } else { 1 }).sum()
}

fn rate(number: u32, time: Duration) -> f64 {
    f64::from(number) / time.as_secs_f64()
}

fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

trait WaitWell {
    fn wait_well(self);
}

impl WaitWell for Child {
    fn wait_well(self) {
        let output = self.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
