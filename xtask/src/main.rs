//! `cargo xtask …`: the commands that the README names. Each installs what it needs if it is missing, or says exactly what
//! to run as root. Deliberately without a dependency worth waiting for: on a fresh machine it is the first thing built.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on its terminal")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod bench;
mod browser;
mod demo;
mod fuzz;
mod long;
mod run;
mod setup;
mod structure;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo [-- options of `madoguchi demo`]   build and start the demo
cargo xtask test                                    everything the gate checks
cargo xtask test NAME…                              only these steps (cargo xtask test list)
cargo xtask setup                                   only install what the tests need
cargo xtask structure                               only the structure check
cargo xtask bench [WORD]                            the benchmarks, or the cases whose names contain the word
cargo xtask messages                                write docs/messages again after a message changed
cargo xtask screenshots                             make docs/images again from the real screens
cargo xtask fuzz [TARGET|all [SECONDS]]             fuzz a reader of bytes from outside; without TARGET, their list
cargo xtask long [NAME]                             a documented long run; without NAME, their list";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let rest: Vec<String> = rest.iter().filter(|word| *word != "--").cloned().collect();
    let outcome = match verb {
        "demo" => demo::run(&rest),
        "test" => test::run(&rest),
        "setup" => setup::for_test(),
        "structure" => test::run(&["structure".to_owned()]),
        "bench" => bench::run(&rest),
        "screenshots" => browser::screenshots(),
        "fuzz" => fuzz::run(&rest),
        "long" => long::run(&rest),
        "messages" => messages(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("unknown command {other}\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The documents are written by the test that checks them.
fn messages() -> run::Outcome {
    let test = ["test", "--package", "madoguchi-wire", "--test", "messages", "documents"];
    run::checked(run::cargo(&test).env("MADOGUCHI_BLESS", "1"))
}
