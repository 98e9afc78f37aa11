//! The plan of a load: a TOML file, described in `docs/load.md`.

use crate::fault::LoadFault;
use crate::kind::Kind;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// One Japan: 1,000 checks and 430 views a second.
const ONE_JAPAN: &str = include_str!("../../../examples/load/one-japan.toml");
/// A plan is some lines of text.
const PLAN_BYTES_MAX: u64 = 64 * 1024;
const ENTRIES_MAX: usize = 32;
const FILES_MAX: usize = 10_000;

/// What is asked, how often, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Name in the report.
    pub name: String,
    /// Seconds that count.
    pub seconds: u32,
    /// Seconds before them that don't.
    pub warm_up_seconds: u32,
    /// Clients over all institutions; each keeps its connections open.
    pub clients: u32,
    /// Requests under way or waiting at most; what is due beyond them counts as failed.
    pub in_flight_max: u32,
    /// An answer that comes later counts as failed.
    pub answer_seconds_max: u32,
    /// How due times follow one another.
    pub arrivals: Arrivals,
    /// Where all chance comes from.
    pub seed: u64,
    /// Times all rates.
    pub multiple: f64,
    /// The limit for p99 in milliseconds that a search keeps.
    pub p99_ms_max: f64,
    /// Share of requests that may fail within it.
    pub failed_share_max: f64,
    /// Kinds with their rates.
    pub mix: Vec<Entry>,
    /// Whom checks ask for; without it, the holders of the target's cards.
    pub people: Source,
}

/// How due times follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Independent of one another, as those of many institutions are: a Poisson process.
    Poisson,
    /// At equal distances.
    Constant,
}

/// One kind in the mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What is asked.
    pub kind: Kind,
    /// How often in a second, over all institutions.
    pub per_second: f64,
    /// Records of one upload; for `bulk` only.
    #[serde(default = "bulk_rows")]
    pub rows: u32,
}

/// Whom checks ask for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// Lists of insured persons (docs/formats/coverage-csv.md), relative to the plan.
    pub files: Vec<PathBuf>,
    /// The synthetic world that was taken in.
    pub world: Option<WorldSource>,
    /// Persons drawn from them at most, each with the same chance.
    pub sample: Option<u32>,
}

/// A synthetic world by its seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSource {
    /// Its seed.
    pub seed: u64,
    /// Persons in it.
    pub persons: u32,
    /// The day it was made for, YYYYMMDD; by default the server's.
    #[serde(default)]
    pub today: Option<String>,
}

const fn bulk_rows() -> u32 {
    100
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            name: String::new(),
            seconds: 60,
            warm_up_seconds: 5,
            clients: 64,
            in_flight_max: 5_000,
            answer_seconds_max: 10,
            arrivals: Arrivals::Poisson,
            seed: 1,
            multiple: 1.0,
            p99_ms_max: 25.0,
            failed_share_max: 0.0,
            mix: Vec::new(),
            people: Source::default(),
        }
    }
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// The file, or the first value that is out of its bounds.
    pub fn load(path: &Path) -> Result<Self, LoadFault> {
        let length = std::fs::metadata(path).map_err(|error| LoadFault::file(path, error))?.len();
        if length > PLAN_BYTES_MAX {
            return Err(LoadFault::file(path, format!("負荷計画は{PLAN_BYTES_MAX}バイト以内です")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| LoadFault::file(path, error))?;
        let mut plan = Self::parse(&text).map_err(|fault| LoadFault::file(path, fault))?;
        let beside = path.parent().unwrap_or(Path::new("."));
        plan.people.files.iter_mut().for_each(|file| *file = beside.join(&*file));
        Ok(plan)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// The first value that is out of its bounds.
    pub fn parse(text: &str) -> Result<Self, LoadFault> {
        let plan: Self = toml::from_str(text).map_err(|error| LoadFault::plan("形式", error.to_string()))?;
        plan.checked()
    }

    /// The plan of one Japan, which comes with the program.
    ///
    /// # Errors
    /// None in practice; a test reads it.
    pub fn one_japan() -> Result<Self, LoadFault> {
        Self::parse(ONE_JAPAN)
    }

    /// The plan, if all its values are within bounds. Whoever changes a value asks again.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn checked(self) -> Result<Self, LoadFault> {
        within("seconds", self.seconds, 1..=86_400)?;
        within("warm_up_seconds", self.warm_up_seconds, 0..=3_600)?;
        within("clients", self.clients, 1..=8_000)?;
        within("in_flight_max", self.in_flight_max, 1..=1_000_000)?;
        within("answer_seconds_max", self.answer_seconds_max, 1..=120)?;
        within("multiple", self.multiple, 0.001..=1_000.0)?;
        within("p99_ms_max", self.p99_ms_max, 0.1..=60_000.0)?;
        within("failed_share_max", self.failed_share_max, 0.0..=1.0)?;
        if self.mix.is_empty() || self.mix.len() > ENTRIES_MAX {
            return Err(LoadFault::plan("mix", format!("1から{ENTRIES_MAX}種類を[[mix]]で指定してください")));
        }
        if self.people.files.len() > FILES_MAX {
            return Err(LoadFault::plan("people.files", format!("{FILES_MAX}ファイル以内で指定してください")));
        }
        for (place, entry) in self.mix.iter().enumerate() {
            within("mix.per_second", entry.per_second, 0.001..=1_000_000.0)?;
            within("mix.rows", entry.rows, 1..=5_000)?;
            if self.mix[..place].iter().any(|former| former.kind == entry.kind) {
                return Err(LoadFault::plan("mix.kind", format!("{}が2回あります", entry.kind.word())));
            }
        }
        Ok(self)
    }

    /// Requests a second of all kinds.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.mix.iter().map(|entry| entry.per_second).sum::<f64>() * self.multiple
    }

    /// Whether a kind is in the mix.
    pub(crate) fn has(&self, chosen: impl Fn(Kind) -> bool) -> bool {
        self.mix.iter().any(|entry| chosen(entry.kind))
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &str,
    value: T,
    bounds: RangeInclusive<T>,
) -> Result<(), LoadFault> {
    match bounds.contains(&value) {
        true => Ok(()),
        false => {
            let problem = format!("{value}ではなく{}から{}までで指定してください", bounds.start(), bounds.end());
            Err(LoadFault::plan(field, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, word: &str) {
        let fault = Plan::parse(text).unwrap_err().to_string();
        assert!(fault.contains(word), "{fault}");
    }

    #[test]
    fn one_japan_is_a_thousand_checks_and_430_views_a_second() {
        let plan = Plan::one_japan().unwrap();
        let rate = |views: bool| {
            let chosen = plan.mix.iter().filter(|entry| entry.kind.is_view() == views);
            chosen.map(|entry| entry.per_second).sum::<f64>()
        };
        assert_eq!((rate(false), rate(true), plan.multiple), (1_000.0, 430.0, 1.0));
    }

    #[test]
    fn every_kind_has_the_word_of_the_plan() {
        for kind in Kind::ALL {
            let text = format!("[[mix]]\nkind = \"{}\"\nper_second = 1", kind.word());
            assert_eq!(Plan::parse(&text).unwrap().mix[0].kind, kind);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        refused("", "mix");
        refused("seconds = 0\n[[mix]]\nkind = \"check\"\nper_second = 1", "seconds");
        refused("[[mix]]\nkind = \"check\"\nper_second = 0", "per_second");
        refused("[[mix]]\nkind = \"check\"\nper_second = nan", "per_second");
        refused("[[mix]]\nkind = \"chek\"\nper_second = 1", "chek");
        refused("second = 1\n[[mix]]\nkind = \"check\"\nper_second = 1", "second");
        refused("[[mix]]\nkind = \"bulk\"\nper_second = 1\nrows = 5001", "rows");
        refused(&"[[mix]]\nkind = \"check\"\nper_second = 1\n".repeat(2), "2回");
    }
}
