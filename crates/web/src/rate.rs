//! How much programs may ask (流量制限): a bucket of tokens for each account and each institution on the machine port.
//!
//! The buckets are of this process and are not written down: with several servers each gives its own share. People at
//! screens have none; their pace is their own. A large hospital sees some 4,000 patients a day and half of them in two
//! hours, which is one check in four seconds: the limits below only stop programs that have gone wild.

use crate::problem::Problem;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_service::Session;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets after which the full ones are thrown away: a full bucket says no more than none.
const BUCKETS_MAX: usize = 4_096;

/// A rate with the burst that it lets through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// How much a program may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimits {
    /// Requests of one account.
    pub account: Rate,
    /// Requests of all accounts of one institution.
    pub institution: Rate,
    /// Log-ins and renewals at one institution: each costs the server a password hash.
    pub log_ins: Rate,
}

impl RateLimits {
    /// Requests a second of an account unless the operator says otherwise.
    pub const ACCOUNT_PER_SECOND: u32 = 50;
    /// Four seconds' worth may come at once.
    const BURST_SECONDS: f64 = 4.0;

    /// So many requests a second of an account and twice as many of an institution, four seconds' worth of them at once;
    /// 5 log-ins (60 at once).
    #[must_use]
    pub fn of_account(per_second: u32) -> Self {
        let rate = |per_second: f64| Rate { per_second, burst: per_second * Self::BURST_SECONDS };
        let account = f64::from(per_second);
        Self {
            account: rate(account),
            institution: rate(2.0 * account),
            log_ins: Rate { per_second: 5.0, burst: 60.0 },
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::of_account(Self::ACCOUNT_PER_SECOND)
    }
}

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// A log-in or a renewal.
    LogIns(&'a InstitutionCode),
    /// Anything else, by a logged-in account.
    Requests(&'a Session),
}

/// The buckets of this process.
#[derive(Debug)]
pub(crate) struct Rates {
    limits: RateLimits,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes a token from every bucket that the request belongs to, or from none.
    pub(crate) fn take(&self, source: Source<'_>) -> Result<(), Problem> {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| !bucket.filled(now).is_full());
        }
        let wanted = self.wanted(source);
        let mut filled = Vec::with_capacity(wanted.len());
        for (key, rate) in wanted {
            let bucket = buckets.get(&key).map_or(Bucket { rate, tokens: rate.burst, at: now }, |it| it.filled(now));
            if let Some(wait) = bucket.wait() {
                return Err(Problem::TooMany(whole_seconds(wait)));
            }
            filled.push((key, bucket));
        }
        for (key, bucket) in filled {
            buckets.insert(key, Bucket { tokens: bucket.tokens - 1.0, ..bucket });
        }
        Ok(())
    }

    fn wanted(&self, source: Source<'_>) -> Vec<(String, Rate)> {
        match source {
            Source::LogIns(institution) => vec![(format!("{institution} log-ins"), self.limits.log_ins)],
            Source::Requests(session) => {
                let institution = &session.institution.code;
                vec![
                    (format!("{institution}"), self.limits.institution),
                    (format!("{institution} account {}", session.user), self.limits.account),
                ]
            }
        }
    }
}

impl Bucket {
    fn filled(self, now: Instant) -> Self {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        Self { tokens, at: now, ..self }
    }

    fn is_full(self) -> bool {
        self.tokens >= self.rate.burst
    }

    /// How long until there is a token; `None` when there is one.
    fn wait(self) -> Option<Duration> {
        let missing = 1.0 - self.tokens;
        (missing > 0.0).then(|| Duration::from_secs_f64(missing / self.rate.per_second.max(0.001)))
    }
}

/// Rounded up: whoever waits so long finds a token.
fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(u32::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let code = InstitutionCode::parse("1310000001").unwrap();
        let other = InstitutionCode::parse("1310000002").unwrap();
        let log_ins = Rate { per_second: 0.01, burst: 3.0 };
        let rates = Rates::new(RateLimits { log_ins, ..RateLimits::default() });
        for _ in 0..3 {
            rates.take(Source::LogIns(&code)).unwrap();
        }
        let Err(Problem::TooMany(seconds)) = rates.take(Source::LogIns(&code)) else { panic!("a fourth one") };
        assert!((99..=100).contains(&seconds), "{seconds}");
        rates.take(Source::LogIns(&other)).unwrap();
    }

    /// The page of the code says the same numbers.
    #[test]
    fn the_catalogue_tells_the_limits() {
        let cause = madoguchi_model::catalogue::entry("W0013").unwrap().cause;
        let RateLimits { account, institution, log_ins } = RateLimits::default();
        for rate in [account, institution, log_ins] {
            let told = format!("毎秒{}件（一度に{}件）", rate.per_second, rate.burst);
            assert!(cause.contains(&told), "{told}: {cause}");
        }
    }

    #[test]
    fn a_bucket_fills_with_time_and_not_over_its_rim() {
        let rate = Rate { per_second: 2.0, burst: 4.0 };
        let begun = Instant::now();
        let bucket = Bucket { rate, tokens: 0.0, at: begun };
        for (millis, tokens) in [(0, 0.0), (500, 1.0), (1_000, 2.0), (60_000, 4.0)] {
            let filled = bucket.filled(begun + Duration::from_millis(millis));
            assert!((filled.tokens - tokens).abs() < 0.001, "{millis}");
            assert_eq!(filled.wait().is_none(), tokens >= 1.0, "{millis}");
        }
        assert!(bucket.filled(begun + Duration::from_secs(2)).is_full());
    }
}
