//! Runs that are too long for every change: each is a row of `RUNS` with what it shows, so that it can be repeated by name.

use crate::run::{Outcome, cargo, checked};
use crate::{browser, setup};

/// A documented long run: a cargo command with more rounds than the ordinary tests have.
struct LongRun {
    name: &'static str,
    shows: &'static str,
    minutes_about: u32,
    cargo: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// Add a row here; the word after `--test` or `--bench` must name a program that exists. `--workspace` takes the build
/// that the ordinary tests made.
const RUNS: &[LongRun] = &[
    LongRun {
        name: "api",
        shows: "Schemathesis asks every operation of the served OpenAPI document for ten minutes, with certificate and log-ins: no internal error, nothing undocumented",
        minutes_about: 12,
        cargo: &["test", "--workspace", "--test", "api", "--", "--nocapture"],
        environment: &[("MADOGUCHI_SECONDS", "600")],
    },
    LongRun {
        name: "claims-at-size",
        shows: "a claims file of 1 GB with one bad receipt in the middle: exactly that one is refused, with its line, in bounded memory; damaged ZIPs and deliveries twice",
        minutes_about: 15,
        cargo: &["test", "--workspace", "--test", "bad_claims_at_size", "--", "--nocapture"],
        environment: &[("MADOGUCHI_CLAIMS_MB", "1000")],
    },
    LongRun {
        name: "kill9",
        shows: "the whole demo is killed 200 times under load: every acknowledged consent, setting and audit entry is there, and the log verifies",
        minutes_about: 6,
        cargo: &["test", "--workspace", "--test", "kill9", "nothing_acknowledged_is_lost", "--", "--nocapture"],
        environment: &[("MADOGUCHI_ROUNDS", "200")],
    },
    LongRun {
        name: "folders",
        shows: "10,000 requests are dropped at once by 8 programs, some slowly, half or twice, while terminal and server are killed 20 times: each has exactly one answer; then the time from file to file",
        minutes_about: 8,
        cargo: &["test", "--workspace", "--test", "folders", "each_request_has_one_answer", "--", "--nocapture"],
        environment: &[("MADOGUCHI_REQUESTS", "10000"), ("MADOGUCHI_ROUNDS", "20"), ("MADOGUCHI_CHECKS", "200")],
    },
    LongRun {
        name: "bulk",
        shows: "5,000 rows through the folder, killed ten times in the middle on SQLite and PostgreSQL: the same result, each record written down once; then the time from acceptance to the last answer",
        minutes_about: 15,
        cargo: &[
            "test",
            "--release",
            "--workspace",
            "--test",
            "bulk",
            "a_bulk_upload",
            "--",
            "--nocapture",
            "--test-threads=1",
        ],
        environment: &[("MADOGUCHI_ROUNDS", "10"), ("MADOGUCHI_ROWS", "5000")],
    },
    LongRun {
        name: "japan",
        shows: "1,000 eligibility checks and 430 record views a second for ten minutes over 1,000,000 insured persons by `madoguchi load`, then checks beside nginx, the bare SELECT and bare durable rows, on SQLite and PostgreSQL; for a quiet machine",
        minutes_about: 45,
        cargo: &["bench", "--workspace", "--bench", "checks", "--", "Eligibility"],
        environment: &[("MADOGUCHI_BENCH_PERSONS", "1000000"), ("MADOGUCHI_BENCH_SECONDS", "600")],
    },
    LongRun {
        name: "population",
        shows: "a synthetic nation of 1,000,000 persons over 24 months is like the country: every published figure within its tolerance",
        minutes_about: 10,
        cargo: &["test", "--workspace", "--test", "report", "a_nation_is_like_the_country", "--", "--nocapture"],
        environment: &[("MADOGUCHI_PERSONS", "1000000"), ("MADOGUCHI_MONTHS", "24")],
    },
    LongRun {
        name: "backup",
        shows: "a demo is backed up while it is asked, on SQLite and PostgreSQL, its backup killed 60 times and its disk full: no half backup looks whole, and what is restored is proved",
        minutes_about: 8,
        cargo: &["test", "--workspace", "--test", "backup", "--", "--nocapture"],
        environment: &[("MADOGUCHI_ROUNDS", "60")],
    },
    LongRun {
        name: "kill-ingest",
        shows: "the ingestion of claims is killed 100 times at random and begun again: the store is the one of an undisturbed run",
        minutes_about: 10,
        cargo: &["test", "--release", "--workspace", "--test", "kill_ingest", "--", "--nocapture"],
        environment: &[("MADOGUCHI_ROUNDS", "100")],
    },
    LongRun {
        name: "nation",
        shows: "1,000,000 persons and 24 months of claims, made month by month, taken and deleted as taken, then served: rates, bytes, start-up, memory, and one Japan for ten minutes; for a quiet machine with 40 GB free in MADOGUCHI_PLACE",
        minutes_about: 60,
        cargo: &["test", "--release", "--workspace", "--test", "country", "--", "--nocapture"],
        environment: &[("MADOGUCHI_PERSONS", "1000000"), ("MADOGUCHI_MONTHS", "24"), ("MADOGUCHI_SECONDS", "600")],
    },
    LongRun {
        name: "kill-store",
        shows: "the store's process is killed 200 times while it writes, on SQLite and PostgreSQL: nothing acknowledged is lost",
        minutes_about: 3,
        cargo: &["test", "--workspace", "--test", "failures", "killed_on"],
        environment: &[("MADOGUCHI_ROUNDS", "200")],
    },
    LongRun {
        name: "servers",
        shows: "two, then three server processes over one PostgreSQL behind a balancer, one killed every ten seconds for five minutes: no wrong answer, nothing acknowledged lost, log-ins last, the log verifies",
        minutes_about: 6,
        cargo: &[
            "test",
            "--workspace",
            "--test",
            "cluster",
            "server_processes_are_killed_and_added",
            "--",
            "--nocapture",
        ],
        environment: &[("MADOGUCHI_SECONDS", "300")],
    },
    LongRun {
        name: "failover",
        shows: "two server processes over PostgreSQL under Patroni and etcd with a synchronous standby: the leader is killed and switched over by turns under load; nothing acknowledged lost, the time without an answer",
        minutes_about: 6,
        cargo: &["test", "--workspace", "--test", "cluster", "patroni_fails_over_under_load", "--", "--nocapture"],
        environment: &[("MADOGUCHI_SECONDS", "240")],
    },
    LongRun {
        name: "postgres-18",
        shows: "all tests of the store on PostgreSQL 18, from a Python wheel",
        minutes_about: 3,
        cargo: &["test", "--workspace", "--test", "conformance", "--test", "failures", "--test", "failover"],
        environment: &[],
    },
    LongRun {
        name: "round-trip",
        shows: "answers about 5,000 people in every grade, and 2,000 of every message as its description allows: XML and JSON are read as the same message, and written again to the same bytes",
        minutes_about: 20,
        cargo: &["test", "--workspace", "--test", "messages", "comes_back"],
        environment: &[("MADOGUCHI_PERSONS", "5000"), ("MADOGUCHI_ROUNDS", "2000")],
    },
];

/// Runs the row of this name; without a name, lists them.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let Some(name) = arguments.first() else {
        list();
        return Ok(());
    };
    let Some(long) = RUNS.iter().find(|row| row.name == name) else {
        list();
        return Err(format!("no long run is called {name}"));
    };
    setup::for_test()?;
    let mut command = cargo(long.cargo);
    match long.name {
        "failover" => setup::for_failover()?,
        "postgres-18" => drop(command.env("MADOGUCHI_POSTGRES_BINARIES", browser::postgres_18()?)),
        _ => {}
    }
    command.envs(long.environment.iter().copied()).args(&arguments[1..]);
    checked(&mut command)
}

fn list() {
    for row in RUNS {
        println!("{:<12} about {} min: {}", row.name, row.minutes_about, row.shows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    #[test]
    fn every_long_run_names_a_program_that_exists() {
        for row in RUNS {
            let after = |word: &str| {
                let at = row.cargo.iter().position(|each| *each == word)?;
                row.cargo.get(at + 1)
            };
            let (programs, name) = match after("--bench") {
                Some(bench) => ("benches", *bench),
                None => ("tests", *after("--test").unwrap_or(&"")),
            };
            let crates = std::fs::read_dir(root().join("crates")).unwrap();
            let exists = crates.flatten().any(|krate| {
                let programs = krate.path().join(programs);
                programs.join(format!("{name}.rs")).is_file() || programs.join(name).join("main.rs").is_file()
            });
            assert!(exists, "{}: no crate has {programs}/{name}", row.name);
        }
    }
}
