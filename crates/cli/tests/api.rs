//! What the OpenAPI document says is what the server does: Schemathesis asks every operation at random, with the
//! institution's certificate and a log-in at each door. `cargo xtask long api` asks for ten minutes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Demo, text};

/// Seconds of an ordinary run.
const SECONDS: &str = "40";
/// A refusal within a message has status 200, so whether data are right or wrong is not told by the status.
const NOT_ASKED: &str = "negative_data_rejection,positive_data_acceptance";
/// Below what the server lets an account send, so that its answers are about what was asked.
const PACE: &str = "45/s";

#[test]
fn no_operation_answers_what_is_not_documented() {
    let program = schemathesis();
    if !program.exists() {
        println!("{} is missing (cargo xtask test brings it): the API was not asked at random", program.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"), &["--persons", "60", "--seed", "7"]);
    let document = demo.document();
    let institution = &document["institutions"][0];
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/api");
    let seconds = std::env::var("MADOGUCHI_SECONDS").unwrap_or_else(|_| SECONDS.to_owned());
    let output = Command::new(program)
        .arg("run")
        .arg(format!("{}/openapi.json", text(&document["api"])))
        .args(["--request-cert".to_owned(), text(&institution["client_cert"])])
        .args(["--request-cert-key".to_owned(), text(&institution["client_key"])])
        .args(["--tls-verify".to_owned(), text(&document["ca"])])
        .args(["--max-time", &seconds, "--rate-limit", PACE, "--request-retries", "1", "--continue-on-failure"])
        .args(["--checks", "all", "--exclude-checks", NOT_ASKED])
        .current_dir(folder.path())
        .env("MADOGUCHI_DEMO", demo.directory.join("demo.json"))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", hooks)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{printed}");
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("passed"), "nothing was asked: {printed}");
}

/// Beside the folder of the binary under test.
fn schemathesis() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_madoguchi")).ancestors().nth(2).unwrap().join("venv-api/bin/st")
}
