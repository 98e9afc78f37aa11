//! What is counted while a load runs: times of good answers, failures by class, and both over time.

use crate::histogram::Histogram;
use crate::kind::Kind;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Points of the line over time at most.
const MOMENTS_MAX: u32 = 600;
/// Classes of failures of one kind that are told apart.
const CLASSES_MAX: usize = 50;

/// The counts of a run. What was due before the warm-up ended is not in it.
pub(crate) struct Tally {
    begun: Instant,
    from: Duration,
    until: Duration,
    step: Duration,
    kinds: Vec<(Kind, Mutex<Counts>)>,
    moments: Mutex<Vec<Moment>>,
    /// How late the generator itself was.
    lag: Mutex<Histogram<7>>,
    /// Kept connections that were found closed.
    renewed: AtomicU64,
}

/// One kind.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    pub(crate) good: Histogram<7>,
    pub(crate) failed: BTreeMap<String, u64>,
}

/// A second or more of the run.
#[derive(Clone, Default)]
pub(crate) struct Moment {
    pub(crate) good: Histogram<4>,
    pub(crate) failed: u64,
}

impl Counts {
    fn fail(&mut self, class: String) {
        let known = self.failed.len() < CLASSES_MAX || self.failed.contains_key(&class);
        *self.failed.entry(if known { class } else { "other failures".to_owned() }).or_default() += 1;
    }
}

impl Tally {
    pub(crate) fn new(begun: Instant, warm_up: Duration, seconds: u32, kinds: impl Iterator<Item = Kind>) -> Self {
        let step = seconds.div_ceil(MOMENTS_MAX).max(1);
        Self {
            begun,
            from: warm_up,
            until: warm_up + Duration::from_secs(u64::from(seconds)),
            step: Duration::from_secs(u64::from(step)),
            kinds: kinds.map(|kind| (kind, Mutex::default())).collect(),
            moments: Mutex::new(vec![Moment::default(); seconds.div_ceil(step) as usize]),
            lag: Mutex::default(),
            renewed: AtomicU64::new(0),
        }
    }

    /// Counts a request that was due at this moment: good after so long, or failed.
    pub(crate) fn count(&self, kind: Kind, due: Instant, outcome: Result<Duration, String>) {
        let at = due.saturating_duration_since(self.begun);
        if at < self.from || at >= self.until {
            return;
        }
        let Some((_, counts)) = self.kinds.iter().find(|(each, _)| *each == kind) else { return };
        let micros = outcome.as_ref().ok().map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            match (outcome, micros) {
                (Err(class), _) => counts.fail(class),
                (Ok(_), micros) => counts.good.add(micros.unwrap_or(0)),
            }
        }
        let place = ((at - self.from).as_millis() / self.step.as_millis()) as usize;
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moment) = moments.get_mut(place) {
            match micros {
                Some(micros) => moment.good.add(micros),
                None => moment.failed += 1,
            }
        }
    }

    /// How late the generator handed a request over.
    pub(crate) fn lag(&self, late: Duration) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.lag.lock().unwrap_or_else(PoisonError::into_inner).add(micros);
    }

    pub(crate) fn renewed(&self, times: u64) {
        self.renewed.fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn renewals(&self) -> u64 {
        self.renewed.load(Ordering::Relaxed)
    }

    pub(crate) fn lags(&self) -> Histogram<7> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn kinds(&self) -> Vec<(Kind, Counts)> {
        let counts = |(kind, counts): &(Kind, Mutex<Counts>)| {
            (*kind, counts.lock().unwrap_or_else(PoisonError::into_inner).clone())
        };
        self.kinds.iter().map(counts).collect()
    }

    /// Seconds of a moment, and the moments.
    pub(crate) fn moments(&self) -> (u64, Vec<Moment>) {
        (self.step.as_secs(), self.moments.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
