//! `madoguchi capacity`: what a population needs, computed from measured figures.
//!
//! Everything is proportional to what was measured on one small machine. What was not measured (more cores, a store that is
//! cut over several machines) is said beside the table instead of guessed.

use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, ValueEnum};
use indicatif::HumanCount;
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The figures of `docs/performance.md`.
const MEASURED: &str = include_str!("../../../../docs/capacity.toml");
/// A town, a region, the country.
const USUAL: [u64; 3] = [50_000, 5_000_000, 125_000_000];
/// Cores that a machine spends on answers at most, of all it has: the rest is for bursts and for whatever else it does.
const BUSY_SHARE: f64 = 0.5;
/// A SQLite file and the one machine that holds it are enough up to here.
const SQLITE_PERSONS_MAX: u64 = 5_000_000;

/// Arguments of `capacity`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Insured persons, one column each; by default a town, a region and the country
    #[arg(long, num_args = 1.., value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    persons: Vec<u64>,
    /// The database; by default SQLite as long as one file and one machine are enough
    #[arg(long)]
    engine: Option<Engine>,
    /// Cores of a machine
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    cores: u32,
    /// Figures that you have measured, in the form of `docs/capacity.toml`
    #[arg(long, value_name = "FILE")]
    figures: Option<PathBuf>,
    /// Print Markdown, in English
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

/// What was measured, and what the country does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    machine: String,
    noise: String,
    person: Person,
    sqlite: Measured,
    postgres: Measured,
}

/// What a person causes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    checks_a_second: f64,
    views_a_second: f64,
    checks_a_month: f64,
    views_a_month: f64,
    receipts_a_month: f64,
    months_kept: f64,
}

/// What a store needs for it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    bytes_a_person: f64,
    bytes_a_receipt: f64,
    bytes_an_audit_entry: f64,
    check_microseconds: f64,
    view_microseconds: f64,
    persons_taken_a_second: f64,
    receipts_taken_a_second: f64,
}

/// What a population needs.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Need {
    persons: u64,
    engine: Engine,
    answers_a_second: f64,
    busy_cores: f64,
    machines: u64,
    bytes: f64,
    audit_bytes_a_year: f64,
    loading_hours: f64,
    monthly_hours: f64,
}

/// Computes and prints.
pub(crate) fn run(arguments: &Arguments) -> Outcome<()> {
    let text = match &arguments.figures {
        Some(path) => std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?,
        None => MEASURED.to_owned(),
    };
    let figures: Figures = toml::from_str(&text).map_err(|error| Failure::usage(format!("--figures：{error}")))?;
    if let Some(name) = figures.not_positive() {
        return Err(Failure::usage(format!("--figures：{name}は0より大きい数にしてください")));
    }
    let persons = if arguments.persons.is_empty() { &USUAL[..] } else { &arguments.persons };
    let need = |persons: &u64| Need::of(*persons, arguments.engine, arguments.cores, &figures);
    let needs: Vec<Need> = persons.iter().map(need).collect();
    output::line(if arguments.markdown {
        markdown(&needs, &figures, arguments.cores)
    } else {
        japanese(&needs, &figures, arguments.cores)
    });
    Ok(())
}

impl Figures {
    /// The name of a figure that is not above zero.
    fn not_positive(&self) -> Option<&'static str> {
        let Person { checks_a_second, views_a_second, checks_a_month, views_a_month, receipts_a_month, months_kept } =
            self.person;
        let of_person = [
            ("checks_a_second", checks_a_second),
            ("views_a_second", views_a_second),
            ("checks_a_month", checks_a_month),
            ("views_a_month", views_a_month),
            ("receipts_a_month", receipts_a_month),
            ("months_kept", months_kept),
        ];
        let of_stores = [self.sqlite, self.postgres].into_iter().flat_map(|measured| {
            [
                ("bytes_a_person", measured.bytes_a_person),
                ("bytes_a_receipt", measured.bytes_a_receipt),
                ("bytes_an_audit_entry", measured.bytes_an_audit_entry),
                ("check_microseconds", measured.check_microseconds),
                ("view_microseconds", measured.view_microseconds),
                ("persons_taken_a_second", measured.persons_taken_a_second),
                ("receipts_taken_a_second", measured.receipts_taken_a_second),
            ]
        });
        let mut all = of_person.into_iter().chain(of_stores);
        all.find(|(_, figure)| !figure.is_finite() || *figure <= 0.0).map(|(name, _)| name)
    }
}

impl Need {
    fn of(persons: u64, engine: Option<Engine>, cores: u32, figures: &Figures) -> Self {
        let engine = engine.unwrap_or(if persons <= SQLITE_PERSONS_MAX { Engine::Sqlite } else { Engine::Postgres });
        let measured = match engine {
            Engine::Sqlite => figures.sqlite,
            Engine::Postgres => figures.postgres,
        };
        let (number, person) = (persons as f64, &figures.person);
        let (checks, views) = (number * person.checks_a_second, number * person.views_a_second);
        let busy_cores = (checks * measured.check_microseconds + views * measured.view_microseconds) / 1e6;
        let receipts_a_month = number * person.receipts_a_month;
        let entries_a_year = number * (person.checks_a_month + person.views_a_month) * 12.0;
        Self {
            persons,
            engine,
            answers_a_second: checks + views,
            busy_cores,
            machines: (busy_cores / (f64::from(cores) * BUSY_SHARE)).ceil().max(1.0) as u64,
            bytes: number * measured.bytes_a_person + receipts_a_month * person.months_kept * measured.bytes_a_receipt,
            audit_bytes_a_year: entries_a_year * measured.bytes_an_audit_entry,
            loading_hours: number / measured.persons_taken_a_second / 3600.0,
            monthly_hours: receipts_a_month / measured.receipts_taken_a_second / 3600.0,
        }
    }
}

/// A row: its name in Japanese and English, and what it says of a need.
type Row = (&'static str, &'static str, fn(&Need) -> String);

const ROWS: [Row; 9] = [
    ("被保険者", "insured persons", |need| grouped(need.persons)),
    ("データベース", "engine", |need| match need.engine {
        Engine::Sqlite => "SQLite".to_owned(),
        Engine::Postgres => "PostgreSQL".to_owned(),
    }),
    ("繁忙時の照会と閲覧（毎秒）", "checks and views a second at the busiest", |need| {
        short(need.answers_a_second)
    }),
    ("それに使うコア", "cores busy with them", |need| short(need.busy_cores)),
    ("応答に要る機械", "machines for them, half busy", |need| grouped(need.machines)),
    ("被保険者と保存期間のレセプト", "persons and all receipts that are kept", |need| size(need.bytes)),
    ("監査記録（1年分）", "audit entries of a year", |need| size(need.audit_bytes_a_year)),
    ("被保険者の取り込み", "taking all persons", |need| hours(need.loading_hours)),
    ("1か月分のレセプトの取り込み", "taking a month of receipts", |need| hours(need.monthly_hours)),
];

fn japanese(needs: &[Need], figures: &Figures, cores: u32) -> String {
    let mut text = String::new();
    for (name, _, value) in ROWS {
        let values: Vec<String> = needs.iter().map(value).collect();
        let _infallible = writeln!(text, "{name}：{}", values.join("　"));
    }
    let _infallible = write!(
        text,
        "測定した機械：{}（{}）。機械は{cores}コアとし、半分までを応答に使います。取り込みは測定した機械1台での時間です。\n\
         2コアより多い機械と、複数の機械に分けたデータベース（Citus）は測定していません。予備の機械は数に入っていません。",
        figures.machine, figures.noise
    );
    text
}

fn markdown(needs: &[Need], figures: &Figures, cores: u32) -> String {
    let mut text = String::new();
    for (number, (_, name, value)) in ROWS.iter().enumerate() {
        let values: Vec<String> = needs.iter().map(value).collect();
        let _infallible = writeln!(text, "| {name} | {} |", values.join(" | "));
        if number == 0 {
            let _infallible = writeln!(text, "| --- |{}", " --: |".repeat(needs.len()));
        }
    }
    let _infallible = write!(
        text,
        "\nMeasured on: {} ({}). A machine has {cores} cores, half of them for answers; taking is by the one machine that was \
         measured. More than two cores, and a store that is cut over several machines (Citus), were not measured. Spare \
         machines are not counted.",
        figures.machine, figures.noise
    );
    text
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

/// Two digits that count, or all before the point.
fn short(number: f64) -> String {
    match number {
        number if number >= 10.0 => grouped(number.round() as u64),
        number if number >= 1.0 => format!("{number:.1}"),
        number if number >= 0.01 => format!("{number:.2}"),
        _ => "< 0.01".to_owned(),
    }
}

fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes >= 1e12 => format!("{} TB", short(bytes / 1e12)),
        bytes if bytes >= 1e9 => format!("{} GB", short(bytes / 1e9)),
        bytes => format!("{} MB", short(bytes / 1e6)),
    }
}

fn hours(hours: f64) -> String {
    match hours {
        hours if hours >= 1.0 => format!("{} h", short(hours)),
        hours if hours >= 1.0 / 60.0 => format!("{} min", short(hours * 60.0)),
        hours => format!("{} s", short(hours * 3600.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Figures {
        toml::from_str(MEASURED).unwrap()
    }

    #[test]
    fn the_country_asks_one_japan() {
        let need = Need::of(125_000_000, None, 16, &measured());
        assert_eq!((need.engine, need.answers_a_second.round()), (Engine::Postgres, 1_430.0));
        let town = Need::of(50_000, None, 2, &measured());
        assert_eq!((town.engine, town.machines), (Engine::Sqlite, 1));
        assert_eq!(Need::of(50_000, Some(Engine::Postgres), 2, &measured()).engine, Engine::Postgres);
    }

    #[test]
    fn twice_the_persons_need_twice_as_much() {
        let [one, two] = [1_000_000, 2_000_000].map(|persons| Need::of(persons, None, 16, &measured()));
        for of in [
            |need: &Need| need.bytes,
            |need: &Need| need.audit_bytes_a_year,
            |need: &Need| need.busy_cores,
            |need: &Need| need.monthly_hours,
        ] {
            assert!((of(&two) / of(&one) - 2.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_figure_of_nothing_is_refused() {
        assert_eq!(measured().not_positive(), None);
        for wrong in ["0", "-1", "nan"] {
            let text = MEASURED.replacen("months_kept = 60", &format!("months_kept = {wrong}"), 1);
            assert_eq!(toml::from_str::<Figures>(&text).unwrap().not_positive(), Some("months_kept"), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0, 999, 1_000, 125_000_000].map(grouped), ["0", "999", "1,000", "125,000,000"]);
        assert_eq!([0.001, 0.057, 1.26, 1_430.2].map(short), ["< 0.01", "0.06", "1.3", "1,430"]);
        assert_eq!([2.5e6, 4.2e10, 5.2e12].map(size), ["2.5 MB", "42 GB", "5.2 TB"]);
        assert_eq!([0.001, 0.5, 3.2].map(hours), ["3.6 s", "30 min", "3.2 h"]);
    }

    /// The page has what the command prints: run it again after a figure has changed.
    #[test]
    fn the_page_has_the_table() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md")).unwrap();
        let figures = measured();
        let needs: Vec<Need> = USUAL.iter().map(|persons| Need::of(*persons, None, 16, &figures)).collect();
        let table = markdown(&needs, &figures, 16);
        assert!(page.contains(&table), "docs/performance.md lacks this:\n{table}");
    }
}
