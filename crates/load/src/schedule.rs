//! When each request is due: fixed before anything is sent, so that no answer can put off the next question.

use crate::dice::Dice;
use crate::kind::Kind;
use crate::plan::{Arrivals, Plan};
use std::time::Duration;

/// One request to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Due {
    /// From the beginning of the run.
    pub(crate) at: Duration,
    /// What is asked.
    pub(crate) kind: Kind,
    /// The institution that asks.
    pub(crate) desk: usize,
    /// Where the request's own chance comes from.
    pub(crate) seed: u64,
}

/// All due times of a run, one after the other.
pub(crate) struct Schedule {
    arrivals: Arrivals,
    per_second: f64,
    /// Kinds with their summed weights, and who can ask.
    kinds: Vec<(f64, Kind, Vec<usize>)>,
    end: f64,
    at: f64,
    dice: Dice,
}

impl Schedule {
    /// `able` says which institutions can ask for a kind.
    pub(crate) fn new(plan: &Plan, seconds: f64, able: impl Fn(Kind) -> Vec<usize>) -> Self {
        Self {
            arrivals: plan.arrivals,
            per_second: plan.per_second(),
            kinds: kinds(plan, able),
            end: seconds,
            at: 0.0,
            dice: Dice::new(plan.seed, 0x64_7565),
        }
    }

    fn pause(&mut self) -> f64 {
        match self.arrivals {
            Arrivals::Constant => 1.0 / self.per_second,
            Arrivals::Poisson => -(1.0 - self.dice.unit()).ln() / self.per_second,
        }
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        self.at += self.pause();
        if self.at >= self.end {
            return None;
        }
        let (kind, desk) = choose(&self.kinds, &mut self.dice)?;
        Some(Due { at: Duration::from_secs_f64(self.at), kind, desk, seed: self.dice.next() })
    }
}

/// Kinds that somebody can ask for, with their summed weights, and who can.
pub(crate) fn kinds(plan: &Plan, able: impl Fn(Kind) -> Vec<usize>) -> Vec<(f64, Kind, Vec<usize>)> {
    let mut sum = 0.0;
    let entry = |entry: &crate::plan::Entry| {
        let able = able(entry.kind);
        sum += if able.is_empty() { 0.0 } else { entry.per_second };
        (!able.is_empty()).then_some((sum, entry.kind, able))
    };
    plan.mix.iter().filter_map(entry).collect()
}

/// A kind by its weight, and one of those who can ask.
pub(crate) fn choose(kinds: &[(f64, Kind, Vec<usize>)], dice: &mut Dice) -> Option<(Kind, usize)> {
    let throw = dice.unit() * kinds.last()?.0;
    let (_, kind, able) = kinds.iter().find(|(sum, ..)| throw < *sum).or(kinds.last())?;
    Some((*kind, *able.get(dice.below(able.len()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(arrivals: &str) -> Vec<Due> {
        let text = format!(
            "arrivals = \"{arrivals}\"\n[[mix]]\nkind = \"check\"\nper_second = 300\n[[mix]]\nkind = \"log-in\"\nper_second = 100"
        );
        Schedule::new(&Plan::parse(&text).unwrap(), 50.0, |_| vec![0, 1, 2, 3]).collect()
    }

    #[test]
    fn constant_arrivals_come_at_equal_distances() {
        let due = schedule("constant");
        assert!((19_999..=20_000).contains(&due.len()), "{}", due.len());
        assert!(due.windows(2).all(|pair| (pair[1].at - pair[0].at).as_micros().abs_diff(2_500) <= 1));
    }

    #[test]
    fn poisson_arrivals_keep_rate_and_spread() {
        let due = schedule("poisson");
        assert!((19_400..20_600).contains(&due.len()), "{}", due.len());
        let pauses: Vec<f64> = due.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect();
        let mean = pauses.iter().sum::<f64>() / pauses.len() as f64;
        let variance = pauses.iter().map(|pause| (pause - mean).powi(2)).sum::<f64>() / pauses.len() as f64;
        // The standard deviation of an exponential pause is its mean.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{} {mean}", variance.sqrt());
        let checks = due.iter().filter(|due| due.kind == Kind::Check).count() as f64 / due.len() as f64;
        assert!((checks - 0.75).abs() < 0.02, "{checks}");
        for desk in 0..4 {
            let share = due.iter().filter(|due| due.desk == desk).count() as f64 / due.len() as f64;
            assert!((share - 0.25).abs() < 0.02, "{share}");
        }
        assert_eq!(due, schedule("poisson"));
    }
}
