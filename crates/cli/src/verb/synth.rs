//! `madoguchi synth`: a synthetic world as files that anyone can take in.

use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_model::day::Day;
use madoguchi_service::Clock;
use madoguchi_synth::{World, WorldPlan};
use std::path::PathBuf;

/// Arguments of `synth`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory for the files
    directory: PathBuf,
    /// Persons
    #[arg(long, default_value_t = 1_000)]
    persons: u32,
    /// Institutions
    #[arg(long, default_value_t = 5)]
    institutions: usize,
    /// Months of claims before the date
    #[arg(long, default_value_t = 24)]
    months: u32,
    /// Seed: the same seed gives the same files
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The date that the world is made for, YYYYMMDD (default: today)
    #[arg(long)]
    today: Option<String>,
}

/// Writes coverage.csv, institutions.csv, prescriptions.csv and the claims files.
pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let today = match &arguments.today {
        Some(text) => Day::parse(text, "--today").map_err(Failure::usage)?,
        None => Clock::new(0, None).now().day(),
    };
    let plan = WorldPlan {
        persons: arguments.persons,
        institutions: arguments.institutions,
        months: arguments.months,
        ..WorldPlan::demo(arguments.seed, today)
    };
    World::new(plan).write_files(&arguments.directory).map_err(Failure::new)?;
    output::line(format!("{}（seed {}）", arguments.directory.display(), arguments.seed));
    Ok(())
}
