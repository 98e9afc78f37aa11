//! `madoguchi synth`: a synthetic world as files that anyone can take in.

use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand, ValueEnum};
use madoguchi_model::day::{Day, Month};
use madoguchi_service::Clock;
use madoguchi_synth::{
    ExportError, Generation, NATION_PERSONS_MAX, Nation, NationPlan, Part, Progress, Report, SMALL_WORLD_PERSONS_MAX,
    THREADS_MAX, World, WorldPlan, Written,
};
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::thread;

/// Institutions of a small world unless asked otherwise.
const INSTITUTIONS: usize = 5;

/// Arguments of `synth`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Directory for the files
    #[arg(required = true)]
    directory: Option<PathBuf>,
    #[command(flatten)]
    world: WorldArguments,
    /// Only these files, each kind by itself
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Only>,
    /// Only the claims of this request month, YYYYMM
    #[arg(long)]
    month: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a page with plots that shows a world beside the published figures of the country
    Report {
        /// The page, an HTML file
        file: PathBuf,
        #[command(flatten)]
        world: WorldArguments,
    },
}

/// Which world.
#[derive(Debug, Args)]
struct WorldArguments {
    /// Persons; more than 15,000 are divided into districts of all prefectures
    #[arg(long, default_value_t = 1_000)]
    persons: u32,
    /// Institutions of a small world (default: 5); those of a large one follow from its persons
    #[arg(long)]
    institutions: Option<usize>,
    /// Months of claims before the date
    #[arg(long, default_value_t = 24)]
    months: u32,
    /// Seed: the same seed gives the same files
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The date that the world is made for, YYYYMMDD (default: today)
    #[arg(long)]
    today: Option<String>,
    /// Threads for a large world, for --only and for the report (default: one for each core)
    #[arg(long)]
    threads: Option<usize>,
}

/// What `--only` can ask for, in the order in which it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Institutions,
    Coverage,
    Tickets,
    Claims,
    Checkups,
    Prescriptions,
}

/// Writes the whole of a small world at once, everything else part by part.
pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    if let Some(Verb::Report { file, world }) = &arguments.verb {
        return report(file, world);
    }
    let Some(directory) = &arguments.directory else {
        return Err(Failure::usage("ディレクトリを指定してください"));
    };
    let world = &arguments.world;
    let nation = world.nation()?;
    if arguments.month.is_some() && arguments.only != [Only::Claims] {
        return Err(Failure::usage("--monthは--only claimsとともに指定してください"));
    }
    if world.persons <= SMALL_WORLD_PERSONS_MAX && arguments.only.is_empty() {
        World::new(world.small_plan()?).write_files(directory).map_err(Failure::new)?;
    } else {
        write_parts(arguments, directory, &nation)?;
    }
    output::line(format!("{}（seed {}）", directory.display(), world.seed));
    Ok(())
}

/// Counts the world, writes the page, and says which figures are too far from the published ones.
fn report(file: &Path, world: &WorldArguments) -> Outcome<()> {
    let nation = world.nation()?;
    let bar = output::bar(u64::from(nation.districts()), "集計");
    let report = Report::of(&nation, world.threads()?, &|districts| bar.inc(u64::from(districts)));
    bar.finish_and_clear();
    fs::write(file, report.html()).map_err(|error| Failure::file(file, error))?;
    for row in report.comparisons().iter().filter(|row| !row.holds()) {
        output::note(format!(
            "許容差の外：{} {}（公表値{:.3}、合成{:.3}）",
            row.subject, row.what, row.published, row.generated
        ));
    }
    output::line(file.display());
    Ok(())
}

impl WorldArguments {
    fn today(&self) -> Outcome<Day> {
        match &self.today {
            Some(text) => Day::parse(text, "--today").map_err(Failure::usage),
            None => Ok(Clock::new(0, None).now().day()),
        }
    }

    fn nation(&self) -> Outcome<Nation> {
        let Self { persons, months, seed, .. } = *self;
        if persons > NATION_PERSONS_MAX {
            return Err(Failure::usage(format!("--persons：{NATION_PERSONS_MAX}以下を指定してください")));
        }
        if persons <= SMALL_WORLD_PERSONS_MAX {
            return Ok(Nation::small(self.small_plan()?));
        }
        if self.institutions.is_some() {
            return Err(Failure::usage(format!(
                "--institutionsは、--personsが{SMALL_WORLD_PERSONS_MAX}以下のときに指定できます（それより多いときは人数から決まります）"
            )));
        }
        Ok(Nation::new(NationPlan { seed, persons, months, today: self.today()? }))
    }

    fn small_plan(&self) -> Outcome<WorldPlan> {
        let Self { persons, months, seed, .. } = *self;
        let institutions = self.institutions.unwrap_or(INSTITUTIONS);
        Ok(WorldPlan { persons, months, institutions, ..WorldPlan::demo(seed, self.today()?) })
    }

    fn threads(&self) -> Outcome<usize> {
        match self.threads {
            Some(threads) if (1..=THREADS_MAX).contains(&threads) => Ok(threads),
            Some(_) => Err(Failure::usage(format!("--threads：1から{THREADS_MAX}までを指定してください"))),
            None => Ok(thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX))),
        }
    }
}

fn write_parts(arguments: &Arguments, directory: &Path, nation: &Nation) -> Outcome<()> {
    let generation = Generation::new(nation, directory, arguments.world.threads()?);
    for (part, words) in parts(arguments, nation)? {
        let written = make(&generation, part, &words).map_err(Failure::new)?;
        if !std::io::stderr().is_terminal() {
            output::note(told(&words, written));
        }
    }
    Ok(())
}

/// One bar on a terminal, one line for each part elsewhere.
fn make(generation: &Generation<'_>, part: Part, words: &str) -> Result<Written, ExportError> {
    let bar = output::bar(0, words);
    let written = generation.make(part, &|progress: Progress| {
        bar.set_length(u64::from(progress.pieces));
        bar.set_position(u64::from(progress.done));
    });
    bar.finish_and_clear();
    written
}

fn told(words: &str, Written { files, bytes }: Written) -> String {
    format!("{words}：{files}ファイル、{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// The parts in the order of their making, each with its name for people.
fn parts(arguments: &Arguments, nation: &Nation) -> Outcome<Vec<(Part, String)>> {
    let month =
        arguments.month.as_ref().map(|text| Month::parse(text, "--month").map_err(Failure::usage)).transpose()?;
    let asked = |only| arguments.only.is_empty() || arguments.only.contains(&only);
    let mut parts = Vec::new();
    for only in Only::value_variants().iter().copied().filter(|only| asked(*only)) {
        match only {
            Only::Institutions => parts.push((Part::Institutions, "医療機関等".to_owned())),
            Only::Coverage => parts.push((Part::Coverage, "資格情報".to_owned())),
            Only::Tickets => parts.push((Part::Tickets, "医療券".to_owned())),
            Only::Claims => parts.extend(claims(nation, month)?),
            Only::Checkups => parts.push((Part::Checkups, "健診結果".to_owned())),
            Only::Prescriptions => parts.push((Part::Prescriptions, "処方・調剤情報".to_owned())),
        }
    }
    Ok(parts)
}

fn claims(nation: &Nation, month: Option<Month>) -> Outcome<Vec<(Part, String)>> {
    let all: Vec<_> = nation.request_months().collect();
    let chosen: Vec<_> = all.iter().copied().filter(|one| month.is_none_or(|month| month == *one)).collect();
    match (month, all.first().zip(all.last())) {
        (Some(month), Some((first, last))) if chosen.is_empty() => {
            Err(Failure::usage(format!("--month {month}：請求年月は{first}から{last}までを指定してください")))
        }
        (Some(month), None) => Err(Failure::usage(format!("--month {month}：この条件では請求ファイルがありません"))),
        _ => Ok(chosen.into_iter().map(|month| (Part::Claims(month), format!("請求ファイル{month}"))).collect()),
    }
}
