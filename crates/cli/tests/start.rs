//! Where a demo and a server may start, and a first start that was cut off.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::verb::{Ran, run, verify};
use support::walk::logged_in;
use support::{Demo, command};

#[test]
fn a_first_start_that_was_killed_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let options = ["--persons", "60", "--seed", "7"];
    for pause in [0, 20, 100, 300, 700, 1_500] {
        let mut child = command()
            .args(["demo", "--port", "0", "--headless", "--dir"])
            .arg(&directory)
            .args(options)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        println!(
            "killed after {pause} ms: {}",
            if directory.join("state.json").exists() { "made" } else { "half made" }
        );
    }
    let _from_a_killed_demo = std::fs::remove_file(directory.join("demo.json"));
    let mut demo = Demo::start(&directory, &options);
    let document = demo.document();
    assert_eq!(document["institutions"].as_array().unwrap().len(), 5);
    logged_in(&document["institutions"][0], "viewer");
    let code = demo.stop();
    assert_eq!(code, Some(0));
    assert!(!directory.join("demo.json").exists(), "demo.json is there only while the demo answers");
    assert_eq!(verify(&directory).code, Some(0));
    serve_refuses_a_demo(&directory);
    a_second_start_keeps_everything(&directory, &document);
}

/// Passwords stand in the clear in a demo's directory: nothing real may be kept there.
fn serve_refuses_a_demo(directory: &Path) {
    let begun = Instant::now();
    let refused = run(directory, &["serve"], &["--people", "127.0.0.1:0", "--machines", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(2), "{}", refused.text());
    assert!(refused.err.contains("デモのディレクトリ") && refused.err.contains("パスワード"), "{}", refused.err);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

fn a_second_start_keeps_everything(directory: &Path, former: &serde_json::Value) {
    let demo = Demo::start(directory, &[]);
    let document = demo.document();
    assert_eq!(document["cards"], former["cards"]);
    assert_eq!(document["institutions"][0]["accounts"], former["institutions"][0]["accounts"]);
    // Two demos over one directory would write one audit chain.
    let second = started(directory);
    assert_eq!(second.code, Some(1), "{}", second.text());
    assert!(second.err.contains("このディレクトリのデモはすでに動いています"), "{}", second.err);
    assert!(directory.join("demo.json").exists(), "the refused one has taken away the file of the one that runs");
}

#[test]
fn a_directory_with_something_else_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("letter.txt");
    std::fs::write(&letter, "手紙").unwrap();
    let refused = started(folder.path());
    assert_eq!(refused.code, Some(2), "{}", refused.text());
    assert!(refused.err.contains("デモ以外のファイルがあります"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "手紙");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let refused = started(&letter);
    assert_eq!(refused.code, Some(2), "{}", refused.text());
    assert!(refused.err.contains("ディレクトリではありません"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "手紙");
}

/// A demo that must not start: how it ended.
fn started(directory: &Path) -> Ran {
    run(directory, &["demo"], &["--port", "0", "--headless", "--persons", "60"])
}
