//! The product's clock: never backwards, and in a demo on another date.
//!
//! Consents end by this clock, so a system clock that steps back must not bring a lapsed consent
//! back to life. Between two readings the monotonic clock counts; the system clock is followed only
//! forwards.

use madoguchi_model::day::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Microseconds that the system clock may be ahead before it is followed.
const FOLLOW_MICROS: i64 = 100_000;

/// A clock that only goes forwards.
#[derive(Debug)]
pub struct Clock {
    offset_micros: i64,
    last: Mutex<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    time: i64,
    at: Instant,
}

impl Clock {
    /// Follows the system clock, shifted by `offset_micros` (0 outside a demo), and never shows less
    /// than `not_before`, the time of the newest audit entry.
    #[must_use]
    pub fn new(offset_micros: i64, not_before: Option<Timestamp>) -> Self {
        let system = system_micros().saturating_add(offset_micros);
        let time = not_before.map_or(system, |floor| system.max(floor.micros()));
        Self { offset_micros, last: Mutex::new(Reading { time, at: Instant::now() }) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = next(*last, Instant::now(), system_micros().saturating_add(self.offset_micros));
        *last = reading;
        Timestamp::from_micros(reading.time)
    }
}

/// What the clock shows after `last`, given the monotonic and the system clock.
fn next(last: Reading, at: Instant, system: i64) -> Reading {
    let elapsed = i64::try_from(at.saturating_duration_since(last.at).as_micros()).unwrap_or(i64::MAX);
    let counted = last.time.saturating_add(elapsed);
    let time = if system > counted.saturating_add(FOLLOW_MICROS) { system } else { counted };
    Reading { time, at }
}

fn system_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_system_clock_that_steps_back_changes_nothing() {
        let at = Instant::now();
        let start = Reading { time: 1_000_000_000, at };
        let second = at + Duration::from_secs(1);
        let back = next(start, second, 1_000_000_000 - 3_600_000_000);
        assert_eq!(back.time, 1_001_000_000);
        let forward = next(back, second, 1_001_000_000 + 60_000_000);
        assert_eq!(forward.time, 1_061_000_000);
        let slewed = next(forward, second + Duration::from_secs(1), 1_061_900_000);
        assert_eq!(slewed.time, 1_062_000_000);
    }

    #[test]
    fn it_starts_no_earlier_than_the_newest_entry() {
        let future = Timestamp::from_micros(system_micros() + 3_600_000_000);
        assert!(Clock::new(0, Some(future)).now() >= future);
        assert!(Clock::new(0, None).now() < future);
    }
}
