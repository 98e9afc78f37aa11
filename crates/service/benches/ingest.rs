//! Taking a month of claims files beside the bare engine with the same rows: `cargo bench -p madoguchi-service --bench ingest`.
//!
//! Both begin with a copy of the same database, in which the persons are known, and both are durable at the end.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use madoguchi_measure::{Board, Limit, Work};
use madoguchi_model::release::ReleaseRule;
use madoguchi_service::ingest::{ClaimsOptions, ClaimsSource, FileOutcome, Reported};
use madoguchi_service::test_support::{NOW, World};
use madoguchi_service::{Clock, Service, ServiceParts};
use madoguchi_store::{DatabaseUrl, ProcessName, Store};
use madoguchi_synth::{ClaimFile, WorldPlan};
use madoguchi_trust::CardTrust;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

const PERSONS: u32 = 10_000;
/// Threads that read and prepare, as `ingest claims` has on two cores.
const THREADS: usize = 6;
/// Everything that taking claims writes, audit entries aside.
const TABLES: [&str; 4] = ["receipts", "claim_sources", "claim_files", "unattached_receipts"];

fn main() {
    let Some(board) = Board::open("ingest") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let place = runtime.block_on(Place::new());
    let bytes: usize = place.files.iter().map(|file| file.bytes.len()).sum();
    let taken = runtime.block_on(place.ingest("finished.db"));
    println!(
        "{} files, {:.1} MB, {} receipts, {} rows",
        place.files.len(),
        bytes as f64 / 1e6,
        taken.receipts,
        taken.rows
    );
    let work = [
        Work { amount: bytes as f64 / 1e6, unit: "MB" },
        Work { amount: taken.rows as f64, unit: "rows" },
        Work { amount: taken.receipts as f64, unit: "receipts" },
    ];
    board.compare(
        "A month of claims files taken",
        &work,
        &mut || assert_eq!(ingest(&runtime, &place), taken),
        &mut [Limit {
            name: "the same bytes split at their commas, and the same rows inserted by the bare engine in one commit",
            run: &mut || {
                place.files.iter().for_each(|file| assert_ne!(split(&file.bytes), 0));
                place.insert();
            },
        }],
    );
}

fn ingest(runtime: &Runtime, place: &Place) -> Taken {
    runtime.block_on(place.ingest("run.db"))
}

/// What came of a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Taken {
    receipts: u64,
    /// Acts, drugs and operations.
    rows: u64,
}

/// A database with everybody in it and files that nobody has taken yet.
struct Place {
    /// Only its directory and its card authority are used.
    world: World,
    files: Vec<ClaimFile>,
}

impl Place {
    async fn new() -> Self {
        let world = World::on_sqlite().await;
        let plan = WorldPlan { persons: PERSONS, months: 2, ..WorldPlan::demo(1, NOW.day()) };
        let synthetic = madoguchi_synth::World::new(plan);
        let month = synthetic.request_months().next().unwrap();
        let files = synthetic.claim_texts_of(month).into_iter().map(|file| file.encoded()).collect();
        let place = Self { world, files };
        let url = DatabaseUrl::sqlite(place.file("known.db"));
        Store::migrate(&url, NOW).await.unwrap();
        let service = place.service(&url).await;
        for institution in synthetic.institutions() {
            service.put_institution(institution).await.unwrap();
        }
        service.ingest_builtin_masters().await.unwrap();
        let coverage = synthetic.coverage_csv(|_| String::new());
        assert_eq!(service.ingest_coverage(coverage.into_bytes()).await.unwrap().outcome, FileOutcome::Taken);
        service.store().close().await;
        drop(service);
        flush(&place.file("known.db"));
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.world.directory().join(name)
    }

    async fn service(&self, url: &DatabaseUrl) -> Service {
        let store = Store::open(url, ProcessName::parse("bench").unwrap()).await.unwrap();
        let cards = CardTrust::load(&self.file("cards-ca")).unwrap();
        Service::new(ServiceParts { store, clock: Clock::new(0, None), cards, release: ReleaseRule::default() })
    }

    /// Takes all files into a new copy of the database.
    async fn ingest(&self, name: &str) -> Taken {
        let service = self.service(&DatabaseUrl::sqlite(self.copy(name))).await;
        let masters = service.load_masters().await.unwrap();
        let mut taken = Taken::default();
        let options = ClaimsOptions { masters: Some(masters), ..ClaimsOptions::default() };
        let files: Vec<Vec<u8>> = self.files.iter().map(|file| file.bytes.clone()).collect();
        let mut files = files.into_iter();
        let next = move || files.next().map(|bytes| ((), ClaimsSource::from(bytes)));
        let report = |file: Reported<()>| {
            let report = file.report.unwrap();
            assert_eq!((report.outcome, report.refused), (FileOutcome::Taken, 0));
            taken.receipts += report.taken;
            taken.rows += report.rows.acts + report.rows.medications + report.rows.operations;
        };
        service.ingest_claims_files(next, options, THREADS, || (), report).await.unwrap();
        service.store().close().await;
        taken
    }

    /// Inserts what the first run left behind into a new copy of the database.
    fn insert(&self) {
        let connection = rusqlite::Connection::open(self.copy("raw.db")).unwrap();
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -32768").unwrap();
        connection.execute("ATTACH ?1 AS finished", [self.file("finished.db").to_str().unwrap()]).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for table in TABLES {
            connection.execute(&format!("INSERT INTO main.{table} SELECT * FROM finished.{table}"), []).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }

    fn copy(&self, name: &str) -> PathBuf {
        let target = self.file(name);
        for end in ["-wal", "-shm"] {
            let _absent = std::fs::remove_file(self.file(&format!("{name}{end}")));
        }
        std::fs::copy(self.file("known.db"), &target).unwrap();
        target
    }
}

/// Brings everything into the one file that is copied.
fn flush(file: &Path) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// The fields, split without looking at them.
fn split(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').flat_map(|record| record.split(|byte| *byte == b',')).count()
}
