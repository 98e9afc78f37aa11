//! `madoguchi load`: puts a server under load and says how it answered; `docs/load.md` describes plans and figures.

use super::Place;
use crate::failure::{Failure, Outcome};
use crate::load::{cards, limits};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_load::{Machine, People, Plan, Report, Scene, Target, chart, limits::Limits, run, table};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `load`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Give cards to people of the population, so that many can consent and be viewed; for synthetic people only
    Cards(cards::Arguments),
}

/// One load.
#[derive(Debug, Args)]
struct Run {
    /// The plan (TOML); by default one Japan: 1,000 checks and 430 views a second
    plan: Option<PathBuf>,
    /// A running demo's directory, or a file like its demo.json: server, authority, certificates, accounts
    #[arg(long, env = "MADOGUCHI_DIR", default_value = "demo")]
    target: PathBuf,
    /// Times the plan's rates
    #[arg(long)]
    multiple: Option<f64>,
    /// Seconds that count
    #[arg(long)]
    seconds: Option<u32>,
    /// Seconds before them that don't
    #[arg(long)]
    warm_up: Option<u32>,
    /// Seconds between the preparation and the load: terminals take up what the reader has told, a demo's for minutes
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3600))]
    rest: u32,
    /// Clients over all institutions
    #[arg(long)]
    clients: Option<u32>,
    /// As fast as so many clients are answered, instead of at the plan's rates
    #[arg(long, value_name = "CLIENTS", conflicts_with_all = ["search", "multiple", "clients"])]
    closed: Option<u32>,
    /// Find the highest multiple that keeps the plan's limits
    #[arg(long)]
    search: bool,
    /// Afterwards, checks beside their raw limits by turns: nginx, a bare look-up, bare durable rows
    #[arg(long)]
    limits: bool,
    /// Rounds of the limits
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of each turn of the limits
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    turn: u32,
    /// The server's database, for the bare look-up; by default that of the demo
    #[arg(long, env = "MADOGUCHI_DATABASE")]
    database: Option<String>,
    /// Lists of insured persons (CSV) to ask for, instead of the plan's
    #[arg(long, num_args = 1..)]
    people: Vec<PathBuf>,
    /// Persons drawn from them at most
    #[arg(long)]
    sample: Option<u32>,
    /// Cards made by `load cards`
    #[arg(long)]
    cards: Option<PathBuf>,
    /// The server's process on this machine, to tell its processor time and memory
    #[arg(long, value_name = "PID")]
    process: Option<u32>,
    /// Print Markdown
    #[arg(long)]
    markdown: bool,
    /// Write all figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// What the JSON file has.
#[derive(Serialize)]
struct Figures {
    program: &'static str,
    machine: Machine,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<madoguchi_load::Search>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

/// Runs the load; exit code 3 when the plan's limits were not kept.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    match arguments.verb {
        Some(Verb::Cards(arguments)) => cards::run(arguments).await,
        None => load(arguments.run).await,
    }
}

async fn load(arguments: Run) -> Outcome<()> {
    let plan = plan(&arguments)?;
    let target = Target::load(&arguments.target)?;
    output::note("対象の人を選んでいます…");
    let people = People::draw(&plan.people, &target, plan.seed)?;
    output::note("ログインと閲覧同意を準備しています…");
    let scene = Arc::new(Scene::prepare(&target, &plan, people, arguments.cards.as_deref()).await?);
    tokio::time::sleep(Duration::from_secs(arguments.rest.into())).await;
    output::note(format!("{}機関、{}人。開始します。", scene.institutions(), scene.people().len()));

    let mut figures =
        Figures { program: env!("CARGO_PKG_VERSION"), machine: Machine::this(), run: None, search: None, limits: None };
    let kept = if arguments.search {
        let tell = |step: &madoguchi_load::Step| output::note(table::step_row(step));
        let search = run::search(&scene, &plan, arguments.process, tell).await?;
        output::line(table::search(&search));
        print(search.report.as_ref(), &arguments)?;
        figures.search.insert(search).best.is_some()
    } else {
        let report = match arguments.closed {
            Some(_) => run::closed(&scene, &plan, arguments.process).await?,
            None => run::open(&scene, &plan, arguments.process).await?,
        };
        print(Some(&report), &arguments)?;
        let step = madoguchi_load::Step::of(&report, &plan);
        figures.run = Some(report);
        step.held || (arguments.closed.is_some() && step.failed_share <= plan.failed_share_max)
    };
    if arguments.limits {
        figures.limits = Some(beside(&scene, &target, &plan, &arguments).await?);
    }
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&figures).map_err(Failure::new)?;
        write(path, &(text + "\n"))?;
    }
    match kept {
        true => Ok(()),
        false => Err(Failure::finding(format!(
            "計画の限度（p99 {}ミリ秒以内、失敗{}％以内）に収まりませんでした。",
            plan.p99_ms_max,
            plan.failed_share_max * 100.0
        ))),
    }
}

fn plan(arguments: &Run) -> Outcome<Plan> {
    let mut plan = match &arguments.plan {
        Some(path) => Plan::load(path)?,
        None => Plan::one_japan()?,
    };
    plan.multiple = arguments.multiple.unwrap_or(plan.multiple);
    plan.seconds = arguments.seconds.unwrap_or(plan.seconds);
    plan.warm_up_seconds = arguments.warm_up.unwrap_or(plan.warm_up_seconds);
    plan.clients = arguments.closed.or(arguments.clients).unwrap_or(plan.clients);
    if !arguments.people.is_empty() {
        plan.people.files = arguments.people.clone();
        plan.people.world = None;
    }
    plan.people.sample = arguments.sample.or(plan.people.sample);
    Ok(plan.checked()?)
}

fn print(report: Option<&Report>, arguments: &Run) -> Outcome<()> {
    let Some(report) = report else { return Ok(()) };
    output::line(if arguments.markdown { table::markdown(report) } else { table::text(report) });
    match &arguments.svg {
        Some(path) => write(path, &chart(report)),
        None => Ok(()),
    }
}

async fn beside(scene: &Arc<Scene>, target: &Target, plan: &Plan, arguments: &Run) -> Outcome<Limits> {
    let directory = arguments.target.parent().filter(|_| arguments.target.is_file()).unwrap_or(&arguments.target);
    let place = Place { directory: directory.to_owned(), database: arguments.database.clone() };
    let limits = limits::of_the_database(&place, scene.people())?;
    let turns = madoguchi_load::limits::Turns { rounds: arguments.rounds, seconds: arguments.turn };
    let room = std::env::temp_dir().join(format!("madoguchi-load-{}", std::process::id()));
    std::fs::create_dir(&room).map_err(|error| Failure::file(&room, error))?;
    let measured = madoguchi_load::limits::beside(scene, target, plan, &room, &limits, turns).await;
    let _leftovers_do_no_harm = std::fs::remove_dir_all(&room);
    let measured = measured?;
    output::line(table::limits(&measured));
    Ok(measured)
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    std::fs::write(path, text).map_err(|error| Failure::file(path, error))
}
