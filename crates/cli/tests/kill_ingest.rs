//! Ingestion killed with `kill -9` at random moments and begun again: the store is the one of an undisturbed run.
//!
//! A server's lock beside the database makes ingestion write small pieces, as it does beside a server, so that most files
//! are in several pieces and are killed between them. `MADOGUCHI_ROUNDS` says how often it is killed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::verb::run;
use support::{Demo, command};

const TODAY: &str = "20261105";

/// What ingestion leaves, without the moments at which it did.
const TABLES: [(&str, &str); 6] = [
    (
        "receipts",
        "person_id, care_month, receipt_id, institution_code, institution_name, setting, prescriber_code, file_id, \
         request_month, category, receipt_number, search_number, ended_by, source_part, source_place, \
         visits_and_care, medication, surgery",
    ),
    ("claim_sources", "institution_code, file_id, part, care_month, source"),
    ("claim_files", "institution_code, request_month, reviewer, sha256, file_id, report"),
    ("unattached_receipts", "institution_code, receipt_id, file_id, request_month, care_month, reason, source"),
    ("parts_under_way", "institution_code, file_id, part"),
    ("files_under_way", "file_id"),
];

#[test]
fn a_killed_ingestion_goes_on_to_the_same_store() {
    let rounds: u32 = std::env::var("MADOGUCHI_ROUNDS").map_or(5, |text| text.parse().unwrap());
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let files = synthetic(folder.path());
    let undisturbed = Place::new(folder.path(), "undisturbed");
    let begun = Instant::now();
    undisturbed.ingest(&files);
    let usual = begun.elapsed();
    let expected = undisturbed.contents();
    assert!(expected["receipts"].len() > 1_500, "{}", expected["receipts"].len());
    let (mut kills, mut taken_back, mut number) = (0, 0, 0);
    while kills < rounds {
        number += 1;
        let disturbed = Place::new(folder.path(), &format!("disturbed-{number}"));
        // Killed until it comes through.
        loop {
            let moment = usual.mul_f64(random.random_range(0.02..0.9));
            let mut child = disturbed.verb(&files).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let until = Instant::now() + moment;
            while Instant::now() < until && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
            if kills >= rounds || child.try_wait().unwrap().is_some() {
                let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
                taken_back += u32::from(told.contains("取り消しました"));
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        disturbed.ingest(&files);
        let found = disturbed.contents();
        for (table, rows) in &expected {
            assert_eq!(found[table].len(), rows.len(), "{table} after {kills} kills, seed {seed}");
            assert!(found[table] == *rows, "{table} differs after {kills} kills, seed {seed}");
        }
        let verified = run(&disturbed.directory, &["audit", "verify"], &["--database", &disturbed.database()]);
        assert_eq!(verified.code, Some(0), "{}", verified.text());
        std::fs::remove_dir_all(&disturbed.directory).unwrap();
    }
    println!(
        "{kills} kills over {number} stores, {taken_back} times the last run took broken-off files back; undisturbed {usual:?}"
    );
}

/// Claims of some months that nobody has taken, and the lists of persons and institutions.
fn synthetic(folder: &Path) -> PathBuf {
    let directory = folder.join("world");
    let made = command()
        .arg("synth")
        .arg(&directory)
        .args(["--persons", "1500", "--months", "2", "--seed", "5", "--today", TODAY])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    directory
}

/// A store with everybody in it.
struct Place {
    directory: PathBuf,
    /// Held as a server would.
    _server: File,
}

impl Place {
    fn new(folder: &Path, name: &str) -> Self {
        let directory = folder.join(name);
        let known = folder.join("known");
        if !known.exists() {
            make(&known, &folder.join("world"));
        }
        copy(&known, &directory);
        let server = File::create(directory.join("madoguchi.db.server-1.lock")).unwrap();
        server.lock().unwrap();
        Self { directory, _server: server }
    }

    fn verb(&self, files: &Path) -> std::process::Command {
        let mut command = command();
        command.args(["ingest", "claims", "--dir"]).arg(&self.directory).args(["--database", &self.database()]);
        command.arg(files.join("claims"));
        command.stdin(Stdio::null());
        command
    }

    /// The demo's own note of it still names the directory that was copied.
    fn database(&self) -> String {
        format!("sqlite:{}", self.directory.join("madoguchi.db").display())
    }

    fn ingest(&self, files: &Path) {
        let output = self.verb(files).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn contents(&self) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
        let connection = rusqlite::Connection::open(self.directory.join("madoguchi.db")).unwrap();
        let rows = |(table, columns): (&'static str, &str)| {
            let filter = if table == "files_under_way" { " WHERE finished_at = 9223372036854775807" } else { "" };
            let text = format!("SELECT {columns} FROM {table}{filter} ORDER BY {columns}");
            let mut statement = connection.prepare(&text).unwrap();
            let width = statement.column_count();
            let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect()).unwrap();
            (table, rows.map(Result::unwrap).collect())
        };
        TABLES.into_iter().map(rows).collect()
    }
}

fn make(directory: &Path, world: &Path) {
    Demo::start(directory, &["--persons", "60", "--seed", "5", "--today", TODAY]).stop();
    for kind in ["institutions", "coverage"] {
        let file = world.join(format!("{kind}.csv"));
        let ran = run(directory, &["ingest", kind], &[file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{kind} {}", ran.text());
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
