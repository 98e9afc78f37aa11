//! `madoguchi load` against a demo: every kind of request is asked and answered well, what it counts is what the server
//! wrote down, and cards for many people can be had.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use support::verb::{Ran, audit_entries, run};
use support::{Demo, command};

/// Every kind, within what one log-in a second and institution may ask.
const PLAN: &str = r#"
name = "every kind"
seconds = 3
warm_up_seconds = 0
clients = 10
p99_ms_max = 60000
"#;
const KINDS: [(&str, u32); 10] = [
    ("check", 30),
    ("check-xml", 15),
    ("card", 4),
    ("records-json", 6),
    ("records-xml", 6),
    ("checkups-xml", 4),
    ("records-html", 6),
    ("records-pdf", 1),
    ("bulk", 1),
    ("log-in", 1),
];

fn load(directory: &Path, arguments: &[&str]) -> Ran {
    let output = command()
        .args(["load", "--target"])
        .arg(directory)
        .args(arguments)
        .env_remove("MADOGUCHI_DATABASE")
        .stdin(Stdio::null())
        .output();
    output.unwrap().into()
}

fn figures(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_kind_is_answered_and_counted_as_the_server_wrote_it_down() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let options = [
        "--persons",
        "80",
        "--seed",
        "7",
        "--today",
        "20261130",
        "--institutions",
        "5",
        "--requests-per-second",
        "100000",
    ];
    let mut demo = Demo::start(&directory, &options);
    let insured = folder.path().join("insured");
    let written = command()
        .args(["synth", "--persons", "80", "--seed", "7", "--today", "20261130", "--months", "1"])
        .arg(&insured)
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:?}");
    let coverage = insured.join("coverage.csv");
    let cards = folder.path().join("cards.jsonl");
    let made = run(
        &directory,
        &["load", "cards"],
        &["--people", coverage.to_str().unwrap(), "--count", "20", cards.to_str().unwrap()],
    );
    assert_eq!(made.code, Some(0), "{}", made.text());
    assert_eq!(std::fs::read_to_string(&cards).unwrap().lines().count(), 20, "{}", made.text());

    let plan = folder.path().join("plan.toml");
    let mix = KINDS.map(|(kind, rate)| format!("[[mix]]\nkind = \"{kind}\"\nper_second = {rate}\nrows = 3\n"));
    std::fs::write(&plan, format!("{PLAN}{}", mix.concat())).unwrap();
    let (json, svg) = (folder.path().join("load.json"), folder.path().join("load.svg"));
    let ran = load(
        &directory,
        &[
            plan.to_str().unwrap(),
            "--people",
            coverage.to_str().unwrap(),
            "--cards",
            cards.to_str().unwrap(),
            "--process",
            &demo.process().to_string(),
            "--json",
            json.to_str().unwrap(),
            "--svg",
            svg.to_str().unwrap(),
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let run = figures(&json)["run"].clone();
    for (place, (kind, _)) in KINDS.iter().enumerate() {
        let row = &run["kinds"][place];
        assert_eq!((row["name"].as_str(), row["failed"].as_object().unwrap().len()), (Some(*kind), 0), "{row}");
        assert!(row["good"].as_u64().unwrap() > 0 || ["records-pdf", "bulk", "log-in"].contains(kind), "{row}");
    }
    // More than a demo's own patients could be viewed.
    assert!(run["kinds"][6]["patients"].as_u64().unwrap() > 60, "{}", run["kinds"][6]);
    assert!(run["population"].as_u64().unwrap() > 60, "{run}");
    assert!(run["usage"]["server_seconds"].as_f64().unwrap() > 0.0, "{run}");
    assert!(std::fs::read_to_string(&svg).unwrap().contains("</svg>"));

    // The folder agent's account asked for nothing else.
    let by_agent = audit_entries(&directory);
    let by_agent =
        by_agent.iter().filter(|entry| entry["action"] == "check_eligibility" && entry["user"] == "renkei01");
    assert_eq!(Some(by_agent.count() as u64), run["kinds"][1]["good"].as_u64());
    assert_eq!(demo.stop(), Some(0));
}

#[test]
fn a_closed_loop_a_search_and_limits_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let mut demo = Demo::start(&directory, &["--persons", "60", "--seed", "7", "--requests-per-second", "100000"]);
    let plan = folder.path().join("plan.toml");
    let text = "seconds = 1\nwarm_up_seconds = 0\np99_ms_max = 60000\n[[mix]]\nkind = \"check\"\nper_second = 20";
    std::fs::write(&plan, text).unwrap();
    let json = folder.path().join("load.json");
    let rest = ["--limits", "--rounds", "1", "--turn", "1", "--json", json.to_str().unwrap(), "--markdown"];
    let closed = load(&directory, &[&[plan.to_str().unwrap(), "--closed", "4"], &rest[..]].concat());
    assert_eq!(closed.code, Some(0), "{}", closed.text());
    assert!(closed.out.contains("| check | –"), "{}", closed.out);
    let limits = figures(&json)["limits"].clone();
    let rows = limits["rows"].as_array().unwrap();
    assert!(rows.len() >= 2, "{limits}");
    for row in rows {
        assert!(row["limit"].as_f64().unwrap() > row["product"].as_f64().unwrap(), "{row}");
    }
    assert_eq!(rows.len() + limits["missing"].as_array().unwrap().len(), 3, "nginx is there or said to be missing");

    // No server answers within a microsecond's tenth: the search goes down and says that nothing held.
    std::fs::write(&plan, text.replace("60000", "0.1")).unwrap();
    let none = load(&directory, &[plan.to_str().unwrap(), "--search", "--multiple", "0.002"]);
    assert_eq!((none.code, none.out.contains("no multiple held")), (Some(3), true), "{}", none.text());

    let limited = load(&directory, &[plan.to_str().unwrap(), "--multiple", "-1"]);
    assert_eq!(limited.code, Some(2), "{}", limited.text());
    assert_eq!(demo.stop(), Some(0));
}
