//! `madoguchi demo`: everything on one machine, ready in seconds.

use crate::demo::running::{Ports, Running};
use crate::demo::setup::{self, Wish};
use crate::demo::state::DemoDocument;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::verb::Limits;
use clap::Args;
use madoguchi_model::day::Day;
use madoguchi_synth::{PERSONS_MAX, PERSONS_MIN};
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory of the demo; it is made at the first start and used again at the next
    #[arg(long = "dir", env = "MADOGUCHI_DIR", default_value = "demo")]
    directory: PathBuf,
    /// Persons of the synthetic population
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(i64::from(PERSONS_MIN)..=i64::from(PERSONS_MAX)))]
    persons: u32,
    /// Seed of the population; with it, passwords and PINs repeat too
    #[arg(long)]
    seed: Option<u64>,
    /// Institutions
    #[arg(long, default_value_t = 5)]
    institutions: usize,
    /// The demo's date at the first start, YYYYMMDD; it runs on from there
    #[arg(long)]
    today: Option<String>,
    /// An empty PostgreSQL database (`postgres://…`) instead of SQLite in the directory
    #[arg(long)]
    database: Option<String>,
    /// First port of the demo; 0 takes free ones
    #[arg(long, default_value_t = 8440)]
    port: u16,
    #[command(flatten)]
    limits: Limits,
    /// For programs: print nothing but warnings and errors
    #[arg(long)]
    headless: bool,
}

/// Prepares the directory if need be, runs everything, and stops in order when told to.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    output::start_log(if arguments.headless { "warn" } else { "warn,madoguchi=info" });
    let today = match &arguments.today {
        Some(text) => Some(Day::parse(text, "--today").map_err(Failure::usage)?),
        None => None,
    };
    let wish = Wish {
        directory: arguments.directory.clone(),
        persons: arguments.persons,
        seed: arguments.seed,
        institutions: arguments.institutions,
        today,
        database: arguments.database,
    };
    let state = setup::prepare(&wish, arguments.headless).await?;
    let running =
        Running::start(&arguments.directory, state, Ports::from(arguments.port), arguments.limits.rates()).await?;
    if !arguments.headless {
        tell(&running.document());
    }
    let stopped = running.until_told_to_stop().await;
    if !arguments.headless {
        output::note("停止しました。");
    }
    stopped
}

fn tell(document: &DemoDocument) {
    output::line(format!("窓口（Madoguchi）の準備ができました。\n\n  はじめのページ　{}\n", document.home));
    for institution in &document.institutions {
        output::line(format!("  {}　{}", institution.name, institution.terminal));
    }
    output::line(
        "\nユーザID、パスワード、カードの暗証番号は、はじめのページとdemo.jsonにあります。Ctrl-Cで停止します。",
    );
}
