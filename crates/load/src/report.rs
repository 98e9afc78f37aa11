//! What came of a run, in numbers: for people, for documents and for programs.

use crate::histogram::Histogram;
use crate::kind::Kind;
use crate::machine::{Machine, Usage};
use crate::plan::Plan;
use crate::scene::Scene;
use crate::tally::Tally;
use serde::Serialize;
use std::collections::BTreeMap;

/// A lag of the generator above this says that the client's machine could not keep up.
pub(crate) const LAG_P99_MS_MAX: f64 = 1.0;

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `open` or `closed`.
    pub mode: &'static str,
    /// The plan that was followed.
    pub plan: Plan,
    /// What it ran on.
    pub machine: Machine,
    /// What it took of it.
    pub usage: Usage,
    /// Institutions that asked.
    pub institutions: usize,
    /// Persons that checks asked for.
    pub people: usize,
    /// Insured persons from whom these were drawn.
    pub population: u64,
    /// Each kind of the mix.
    pub kinds: Vec<KindFigures>,
    /// Checks, views and all together.
    pub sums: Vec<KindFigures>,
    /// How late the generator handed requests over: p99 and longest, milliseconds. Times count from the due moment all the
    /// same.
    pub generator_lag_ms: [f64; 2],
    /// Kept connections that were found closed and opened again.
    pub connections_renewed: u64,
    /// The run over time.
    pub moments: Moments,
    /// All good times: lower end, upper end in milliseconds, count.
    pub histogram: Vec<(f64, f64, u32)>,
}

/// Figures of one kind, or of several together.
#[derive(Debug, Clone, Serialize)]
pub struct KindFigures {
    /// Its word.
    pub name: String,
    /// Requests a second that were due; 0 in a closed loop.
    pub due_per_second: f64,
    /// Good answers a second.
    pub good_per_second: f64,
    /// Good answers.
    pub good: u64,
    /// Failures by class.
    pub failed: BTreeMap<String, u64>,
    /// Times of good answers from the moment they were due; none without good answers.
    pub times: Option<Times>,
    /// Patients whom a view may ask for; none for other kinds.
    pub patients: Option<usize>,
}

/// Times in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Times {
    /// Mean.
    pub mean: f64,
    /// Half are within.
    pub p50: f64,
    /// 95 % are within.
    pub p95: f64,
    /// 99 % are within.
    pub p99: f64,
    /// 99.9 % are within.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// The run over time, one value a moment.
#[derive(Debug, Clone, Serialize)]
pub struct Moments {
    /// Seconds of a moment.
    pub seconds: u64,
    /// Good answers.
    pub good: Vec<u64>,
    /// Failures.
    pub failed: Vec<u64>,
    /// p50 in milliseconds.
    pub p50_ms: Vec<Option<f64>>,
    /// p99 in milliseconds.
    pub p99_ms: Vec<Option<f64>>,
}

/// A search for the highest multiple.
#[derive(Debug, Clone, Serialize)]
pub struct Search {
    /// The highest that held; none when none did.
    pub best: Option<f64>,
    /// The limit of p99, milliseconds.
    pub p99_ms_max: f64,
    /// The share that might fail.
    pub failed_share_max: f64,
    /// Every step in its order.
    pub steps: Vec<Step>,
    /// The run of the best.
    pub report: Option<Report>,
}

/// One step of a search.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Times the plan's rates.
    pub multiple: f64,
    /// Requests a second that were due.
    pub due_per_second: f64,
    /// p99 of the slowest kind, milliseconds.
    pub p99_ms: Option<f64>,
    /// Share that failed.
    pub failed_share: f64,
    /// Whether both limits were kept.
    pub held: bool,
}

impl Report {
    pub(crate) fn of(mode: &'static str, plan: &Plan, scene: &Scene, tally: &Tally, usage: Usage) -> Self {
        let open = mode == "open";
        let seconds = f64::from(plan.seconds);
        let counts = tally.kinds();
        let due = |kind: Kind| {
            let entry = plan.mix.iter().find(|entry| entry.kind == kind);
            entry.filter(|_| open).map_or(0.0, |entry| entry.per_second * plan.multiple)
        };
        let figures = |name: &str, chosen: &dyn Fn(Kind) -> bool| {
            let (mut good, mut failed, mut rate) = (Histogram::<7>::default(), BTreeMap::new(), 0.0);
            for (kind, counts) in counts.iter().filter(|(kind, _)| chosen(*kind)) {
                good.merge(&counts.good);
                rate += due(*kind);
                for (class, count) in &counts.failed {
                    *failed.entry(class.clone()).or_default() += count;
                }
            }
            KindFigures {
                name: name.to_owned(),
                due_per_second: rate,
                good_per_second: good.count() as f64 / seconds,
                good: good.count(),
                failed,
                times: Times::of(&good),
                patients: None,
            }
        };
        let kinds = counts.iter().map(|(kind, _)| {
            let patients = kind.is_view().then(|| scene.patients(*kind));
            KindFigures { patients, ..figures(kind.word(), &|each| each == *kind) }
        });
        let is_check = |kind: Kind| matches!(kind, Kind::Check | Kind::CheckXml | Kind::Card);
        let sums = [figures("checks", &is_check), figures("views", &Kind::is_view), figures("all", &|_| true)];
        let mut all = Histogram::<7>::default();
        counts.iter().for_each(|(_, counts)| all.merge(&counts.good));
        let lags = tally.lags();
        Self {
            mode,
            plan: plan.clone(),
            machine: Machine::this(),
            usage,
            institutions: scene.institutions(),
            people: scene.people().len(),
            population: scene.people().population(),
            kinds: kinds.collect(),
            sums: sums.into_iter().filter(|sum| sum.good > 0 || !sum.failed.is_empty()).collect(),
            generator_lag_ms: [milliseconds(lags.quantile(0.99).unwrap_or(0)), milliseconds(lags.max())],
            connections_renewed: tally.renewals(),
            moments: Moments::of(tally),
            histogram: all.filled().map(|(from, to, count)| (milliseconds(from), milliseconds(to), count)).collect(),
        }
    }

    /// Failures of all kinds.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.kinds.iter().map(KindFigures::failures).sum()
    }

    /// Good answers of all kinds.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.kinds.iter().map(|figures| figures.good).sum()
    }
}

impl KindFigures {
    /// Failures of all classes.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

impl Times {
    pub(crate) fn of(histogram: &Histogram<7>) -> Option<Self> {
        let quantile = |share: f64| histogram.quantile(share).map(milliseconds);
        Some(Self {
            mean: histogram.mean() / 1e3,
            p50: quantile(0.5)?,
            p95: quantile(0.95)?,
            p99: quantile(0.99)?,
            p999: quantile(0.999)?,
            max: milliseconds(histogram.max()),
        })
    }
}

impl Moments {
    fn of(tally: &Tally) -> Self {
        let (seconds, moments) = tally.moments();
        let quantile =
            |share: f64| moments.iter().map(|moment| moment.good.quantile(share).map(milliseconds)).collect();
        Self {
            seconds,
            good: moments.iter().map(|moment| moment.good.count()).collect(),
            failed: moments.iter().map(|moment| moment.failed).collect(),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
        }
    }
}

impl Step {
    /// A kind without any good answer has not kept the limit.
    #[must_use]
    pub fn of(run: &Report, limits: &Plan) -> Self {
        let asked = run.good() + run.failures();
        let failed_share = run.failures() as f64 / asked.max(1) as f64;
        let p99 = |figures: &KindFigures| figures.times.map_or(f64::INFINITY, |times| times.p99);
        let slowest = run.kinds.iter().map(p99).fold(0.0, f64::max);
        Self {
            multiple: run.plan.multiple,
            due_per_second: run.plan.per_second(),
            p99_ms: slowest.is_finite().then_some(slowest),
            failed_share,
            held: asked > 0 && slowest <= limits.p99_ms_max && failed_share <= limits.failed_share_max,
        }
    }
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1e3
}
