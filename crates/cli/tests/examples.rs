//! The examples run as they are against a demo: before and after the patient's consent at the card reader.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::{Answer, Browser, Demo, pass, text};

/// Program and example; what is not on this machine is said and left out.
const EXAMPLES: [(&str, &str); 4] =
    [("bash", "check.sh"), ("python3", "check.py"), ("node", "check.mjs"), ("pwsh", "check.ps1")];

#[test]
fn every_example_checks_registers_and_fetches() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"), &["--persons", "60", "--seed", "7"]);
    let document = demo.document();
    let found: Vec<_> = EXAMPLES.into_iter().filter(|(program, _)| is_here(program)).collect();
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

fn is_here(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let here = asked.is_ok_and(|status| status.success());
    if !here {
        println!("{program} is not on this machine: its example did not run");
    }
    here
}

/// The lines that the example prints.
fn run(demo: &Demo, program: &str, example: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
    let output = Command::new(program).arg(script).arg(demo.directory.join("demo.json")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{example}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed.lines().map(str::to_owned).collect()
}
