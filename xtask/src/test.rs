//! `cargo xtask test`: the one command that the gate runs. Every step runs even if an earlier one failed, so that one run
//! shows all there is to repair; the last lines say how long each took and how it ended.

use crate::run::{Outcome, cargo, checked, on_path, root};
use crate::{browser, setup, structure};
use std::time::{Duration, Instant};

/// What a step found: it held, it was not possible here (with the reason), or it failed.
enum Verdict {
    Passed,
    Skipped(&'static str),
    Failed(String),
}

struct Step {
    name: &'static str,
    run: fn() -> Verdict,
}

const STEPS: &[Step] = &[
    Step { name: "structure", run: || verdict(structure::check(&root())) },
    Step { name: "format", run: || verdict(checked(&mut cargo(&["fmt", "--all", "--", "--check"]))) },
    Step { name: "licences", run: licences },
    Step { name: "lint", run: lint },
    Step { name: "tests", run: || verdict(checked(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))) },
    Step { name: "browser", run: browser_tests },
];

/// Runs all steps, or only the named ones; `list` prints their names.
pub(crate) fn run(names: &[String]) -> Outcome {
    if names.first().is_some_and(|name| name == "list") {
        println!("{}", STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join("\n"));
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != *name)) {
        return Err(format!("no step is called {unknown}; `cargo xtask test list` prints them"));
    }
    let steps: Vec<&Step> =
        STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect();
    if steps.iter().any(|step| ["tests", "browser", "lint", "format"].contains(&step.name)) {
        setup::for_test()?;
    }
    let results = steps.iter().map(|step| timed(step)).collect::<Vec<_>>();
    summary(&steps, &results)
}

/// What the tests leave out where a variable names nothing; the words of a test that passes are not shown.
const LEFT_OUT: &[(&str, &str)] = &[
    ("MADOGUCHI_CITUS_URL", "the store on a Citus cluster"),
    ("MADOGUCHI_SHARED_DATA", "claims and code masters as they are published"),
];

fn timed(step: &Step) -> (Verdict, Duration) {
    println!("\n== {}", step.name);
    let start = Instant::now();
    let verdict = (step.run)();
    if let Verdict::Failed(message) = &verdict {
        eprintln!("{message}");
    }
    (verdict, start.elapsed())
}

fn summary(steps: &[&Step], results: &[(Verdict, Duration)]) -> Outcome {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("\n== summary");
    for (step, (verdict, time)) in steps.iter().zip(results) {
        let word = match verdict {
            Verdict::Passed => {
                passed += 1;
                "passed".to_owned()
            }
            Verdict::Skipped(reason) => {
                skipped += 1;
                format!("skipped: {reason}")
            }
            Verdict::Failed(message) => {
                failed += 1;
                format!("FAILED: {}", message.lines().next().unwrap_or_default())
            }
        };
        println!("{:<10} {:>7.1} s  {word}", step.name, time.as_secs_f64());
    }
    if steps.iter().any(|step| step.name == "tests") {
        for (variable, what) in LEFT_OUT.iter().filter(|(variable, _)| std::env::var_os(variable).is_none()) {
            println!("SKIPPED    {what}: {variable} is not set");
        }
    }
    println!("steps: {passed} passed, {failed} failed, {skipped} skipped");
    match failed {
        0 => Ok(()),
        _ => Err("not everything holds (see the summary above)".to_owned()),
    }
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Passed,
        Err(message) => Verdict::Failed(message),
    }
}

fn lint() -> Verdict {
    verdict(checked(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))
}

/// Licences, banned crates and sources; the advisories need a network and are left out.
fn licences() -> Verdict {
    if on_path("cargo-deny").is_none() {
        return Verdict::Skipped("cargo-deny is not installed");
    }
    verdict(checked(&mut cargo(&["deny", "check", "licenses", "bans", "sources"])))
}

/// The tests' own build makes the binary too; built alone, its dependencies would be compiled a second time.
fn browser_tests() -> Verdict {
    verdict(checked(&mut cargo(&["test", "--workspace", "--no-run"])).and_then(|()| browser::tests(&[])))
}
