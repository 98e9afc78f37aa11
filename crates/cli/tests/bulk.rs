//! 一括照会 through the folder, over a whole demo that is killed in the middle: the result is the same, each record is
//! written down once, and a full upload of the long run is ready within three seconds.
//!
//! `MADOGUCHI_ROUNDS` and `MADOGUCHI_ROWS` say how often and how long (the tests do few, `cargo xtask long bulk` does ten
//! kills of 5,000 rows on each engine in a release build).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_model::audit::{Action, Entry};
use madoguchi_store::test_support::ThrowAwayCluster;
use madoguchi_store::{DatabaseUrl, Store};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{Demo, text, verb};

/// Microseconds after which a full upload is ready.
const READY: i64 = 3_000_000;
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(120);

#[test]
fn a_bulk_upload_has_the_same_result_across_kills_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let database = DatabaseUrl::sqlite(directory.join("madoguchi.db"));
    Site { directory, database, options: Vec::new() }.goes_through("SQLite");
}

#[test]
fn a_bulk_upload_has_the_same_result_across_kills_on_postgres() {
    let cluster = match ThrowAwayCluster::start_durable() {
        Ok(cluster) => cluster,
        Err(missing) => {
            println!("not run: {missing}");
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.database_url().unwrap();
    let options = vec!["--database".to_owned(), url.clone()];
    Site { directory: folder.path().join("demo"), database: url.parse().unwrap(), options }.goes_through("PostgreSQL");
}

/// A demo that is started again and again.
struct Site {
    directory: PathBuf,
    database: DatabaseUrl,
    options: Vec<String>,
}

impl Site {
    fn goes_through(&self, engine: &str) {
        let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual);
        let (rounds, rows) = (number("MADOGUCHI_ROUNDS", 3), number("MADOGUCHI_ROWS", 700));
        let seed = number("MADOGUCHI_SEED", 9);
        println!("{engine}: {rounds} kills, {rows} rows, seed {seed} (MADOGUCHI_ROUNDS, _ROWS, _SEED)");
        let mut chance = ChaCha20Rng::seed_from_u64(seed);
        let mut demo = self.start();
        let document = demo.document();
        let desk = Desk::of(&document, rows as usize);

        desk.drop_upload("whole");
        let undisturbed = desk.result("whole", &desk.receipt("whole"));
        assert_eq!(undisturbed.matches("<BulkConfirmUnit>").count() as u64, rows);
        for round in 0..rounds {
            let name = format!("killed{round}");
            desk.drop_upload(&name);
            // By turns somewhere on the way to the acceptance, and in the middle of the answering.
            let (accepted, pause) = match round % 2 {
                0 => (Some(desk.receipt(&name)), chance.random_range(0..rows / 4)),
                _ => (None, chance.random_range(100..800)),
            };
            std::thread::sleep(Duration::from_millis(pause));
            demo.kill();
            demo = self.start();
            let accepted = accepted.unwrap_or_else(|| desk.receipt(&name));
            let result = desk.result(&name, &accepted);
            assert!(result == undisturbed, "{name} after {pause} ms: {result}");
        }
        assert_eq!(demo.stop(), Some(0));
        let verified = verb::verify(&self.directory);
        assert_eq!(verified.code, Some(0), "{}", verified.text());
        self.check_entries(engine, rows as usize, rounds as usize + 1);
    }

    fn start(&self) -> Demo {
        let options = self.options.iter().map(String::as_str);
        let options: Vec<&str> = ["--persons", "60", "--seed", "7"].into_iter().chain(options).collect();
        Demo::start(&self.directory, &options)
    }

    /// Each upload is accepted once and each of its records answered once; how long that took when nobody disturbed.
    fn check_entries(&self, engine: &str, rows: usize, uploads: usize) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let entries = runtime.block_on(entries(&self.database));
        let accepted: Vec<&Entry> = entries.iter().filter(|entry| entry.draft.action == Action::AcceptBulk).collect();
        assert_eq!(accepted.len(), uploads, "{accepted:?}");
        for (place, upload) in accepted.into_iter().enumerate() {
            let reception = upload.draft.detail.split(' ').next().unwrap();
            let answers = entries.iter().filter(|entry| {
                let draft = &entry.draft;
                draft.action == Action::CheckEligibility && draft.detail.split(' ').next() == Some(reception)
            });
            let times: Vec<i64> = answers.map(|entry| entry.draft.at.micros()).collect();
            assert_eq!(times.len(), rows, "{reception}");
            if place == 0 {
                let taken = times.iter().max().unwrap() - upload.draft.at.micros();
                // Few rows of an unoptimised build beside other tests say nothing about time.
                assert!(rows < 5_000 || cfg!(debug_assertions) || taken <= READY, "{taken} µs");
                println!("{engine}: {rows} rows from accepted to the last answer: {:.2} s", taken as f64 / 1e6);
            }
        }
    }
}

async fn entries(database: &DatabaseUrl) -> Vec<Entry> {
    let store = Store::open_to_read(database).await.unwrap();
    let mut tx = store.read();
    let mut all = Vec::new();
    for process in tx.audit_processes().await.unwrap() {
        loop {
            let from = 1 + all.iter().filter(|entry: &&Entry| entry.process == process.name.as_str()).count() as i64;
            let some = tx.audit_entries(&process.name, from, 1_000).await.unwrap();
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
    }
    all
}

/// The folder of an institution, and the upload that is dropped there.
struct Desk {
    root: PathBuf,
    code: String,
    upload: String,
}

impl Desk {
    fn of(document: &Value, rows: usize) -> Self {
        let institution = &document["institutions"][0];
        let (code, today) = (text(&institution["code"]), text(&document["today"]));
        let cards = document["cards"].as_array().unwrap();
        let records: String = (0..rows).map(|row| record(&cards[row % cards.len()], row)).collect();
        let header = format!("<QualificationConfirmationDate>{today}</QualificationConfirmationDate>");
        let upload = message(&code, &header, &records);
        Self { root: PathBuf::from(text(&institution["folders"])), code, upload }
    }

    fn drop_upload(&self, name: &str) {
        self.drop_file("OQSmuquc01", name, &self.upload);
    }

    /// The reception number in the answer to an upload.
    fn receipt(&self, name: &str) -> String {
        let answer = self.answer("OQSmuquc01", name);
        element(&answer, "ReceptionNumber").unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The body of the result, once it is ready.
    fn result(&self, name: &str, reception: &str) -> String {
        let request = message(&self.code, "", &format!("<ReceptionNumber>{reception}</ReceptionNumber>"));
        let begun = Instant::now();
        for turn in 0.. {
            let name = format!("{name}-{turn}");
            self.drop_file("OQSmuquc02", &name, &request);
            let answer = self.answer("OQSmuquc02", &name);
            match element(&answer, "SegmentOfResult") {
                Some("1") => return element(&answer, "MessageBody").unwrap().to_owned(),
                Some("2") => assert!(begun.elapsed() < ANSWER, "{answer}"),
                _ => panic!("{answer}"),
            }
        }
        unreachable!("the loop ends with a result")
    }

    fn drop_file(&self, id: &str, name: &str, content: &str) {
        let beside = self.root.join(format!("req/{name}.tmp"));
        fs::write(&beside, content).unwrap();
        fs::rename(&beside, self.root.join(format!("req/{id}req_{name}.xml"))).unwrap();
    }

    fn answer(&self, id: &str, name: &str) -> String {
        let path = self.root.join(format!("res/{id}res_{name}.xml"));
        wait_for(&path);
        let answer = fs::read_to_string(&path).unwrap();
        fs::remove_file(path).unwrap();
        answer
    }
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < ANSWER, "no {}", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A person's numbers; every fourth with a birthdate that nobody has.
fn record(card: &Value, row: usize) -> String {
    let field = |name: &str| text(&card[name]);
    let birthdate = if row % 4 == 3 { "18990101".to_owned() } else { field("birthdate") };
    format!(
        "<QualificationConfirmSearchInfo><InsurerNumber>{}</InsurerNumber><InsuredCardSymbol>{}</InsuredCardSymbol>\
         <InsuredIdentificationNumber>{}</InsuredIdentificationNumber><Birthdate>{birthdate}</Birthdate>\
         <LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>\
         <ArbitraryIdentifier>row-{row}</ArbitraryIdentifier></QualificationConfirmSearchInfo>",
        field("insurer_number"),
        field("symbol"),
        field("number"),
    )
}

fn message(code: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>{header}\
         <MedicalInstitutionCode>{code}</MedicalInstitutionCode></MessageHeader>\
         <MessageBody>{body}</MessageBody></XmlMsg>\n"
    )
}

/// The text between the first start and the last end of an element.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.rsplit_once(&format!("</{name}>"))?.0)
}
