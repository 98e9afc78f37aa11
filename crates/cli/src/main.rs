//! `madoguchi`: the one binary, a few verbs.
//!
//! This crate only reads the command line, puts the parts together and prints. What the verbs do is
//! in the other crates.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod demo;
mod failure;
mod json_file;
mod load;
mod manifest;
mod output;
mod verb;

use clap::{Parser, Subcommand};
use failure::Outcome;
use std::process::ExitCode;

/// Many small texts are made and given back on every thread; the system's allocator keeps its threads waiting for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// オンライン資格確認等システムの自前で動かせる実装
#[derive(Debug, Parser)]
#[command(name = "madoguchi", version, about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Everything on one machine with a synthetic population
    Demo(verb::demo::Arguments),
    /// The central server
    Serve(verb::serve::Arguments),
    /// The institution's side: browser gateway and card reader page
    Terminal(Box<verb::terminal::Arguments>),
    /// Bring the store to this program's version
    Migrate(verb::migrate::Arguments),
    /// Take claims, insured persons, prescriptions or code masters in
    #[command(subcommand)]
    Ingest(verb::ingest::Verb),
    /// Institutions: register, list
    #[command(subcommand)]
    Institution(verb::institution::Verb),
    /// The first accounts of an institution
    #[command(subcommand)]
    Account(verb::account::Verb),
    /// Notices for the screens
    #[command(subcommand)]
    Notice(verb::notice::Verb),
    /// Certificates of the server and of institutions
    #[command(subcommand)]
    Cert(verb::cert::Verb),
    /// The audit log
    #[command(subcommand)]
    Audit(verb::audit::Verb),
    /// Write a synthetic world as files
    Synth(verb::synth::Arguments),
    /// Copy everything while the server answers
    Backup(verb::backup::Arguments),
    /// Put a backup into an empty place, and prove it
    Restore(verb::restore::Arguments),
    /// Put a server under load and say how it answered
    Load(Box<verb::load::Arguments>),
    /// What a population needs: machines, room, hours
    Capacity(verb::capacity::Arguments),
    /// Look at this machine and a store, and say what is missing
    Doctor(verb::doctor::Arguments),
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    if !matches!(line.verb, Verb::Demo(_)) {
        output::start_log("warn,madoguchi=info");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&failure::Failure::new(error)),
    };
    match runtime.block_on(run(line.verb)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::failed(&failure),
    }
}

async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Demo(arguments) => verb::demo::run(arguments).await,
        Verb::Serve(arguments) => verb::serve::run(arguments).await,
        Verb::Terminal(arguments) => verb::terminal::run(*arguments).await,
        Verb::Migrate(arguments) => verb::migrate::run(arguments).await,
        Verb::Ingest(verb) => verb::ingest::run(verb).await,
        Verb::Institution(verb) => verb::institution::run(verb).await,
        Verb::Account(verb) => verb::account::run(verb).await,
        Verb::Notice(verb) => verb::notice::run(verb).await,
        Verb::Cert(verb) => verb::cert::run(verb),
        Verb::Audit(verb) => verb::audit::run(verb).await,
        Verb::Synth(arguments) => verb::synth::run(&arguments),
        Verb::Backup(arguments) => verb::backup::run(arguments).await,
        Verb::Restore(arguments) => verb::restore::run(arguments).await,
        Verb::Load(arguments) => verb::load::run(*arguments).await,
        Verb::Capacity(arguments) => verb::capacity::run(&arguments),
        Verb::Doctor(arguments) => verb::doctor::run(arguments).await,
    }
}
