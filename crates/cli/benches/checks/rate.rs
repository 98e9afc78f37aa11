//! Requests over many open connections: as fast as they are answered, or at a given rate.
//!
//! At a given rate the time of an answer counts from the moment at which its request was due, so that a server that
//! stops for a second is charged for all who waited. Only good answers count.

use crate::client::{Connection, Door, Reply};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One sort of request: the bytes to choose from, and what a good answer is.
#[derive(Clone)]
pub(crate) struct Sort {
    pub(crate) name: &'static str,
    pub(crate) door: Door,
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    pub(crate) good: fn(&Reply<'_>) -> bool,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) good: u64,
    pub(crate) bad: u64,
    /// Microseconds of each good answer, sorted.
    pub(crate) micros: Vec<u32>,
    pub(crate) seconds: f64,
    /// What a bad answer said.
    pub(crate) example: Option<String>,
}

/// As fast as the answers come, over so many connections.
pub(crate) async fn closed(sort: &Sort, connections: usize, time: Duration) -> Outcome {
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..connections)
        .map(|place| {
            let sort = sort.clone();
            tokio::spawn(async move {
                let mut outcome = Outcome::default();
                let mut connection = sort.door.connect().await.expect("the server takes connections");
                let mut dice = Dice(place as u64 + 1);
                while Instant::now() < until {
                    let request = &sort.requests[dice.below(sort.requests.len())];
                    outcome.one(&sort, &mut connection, request, Instant::now()).await;
                }
                outcome
            })
        })
        .collect();
    gather(tasks, time).await
}

/// At so many requests a second.
pub(crate) async fn open(sort: &Sort, connections: usize, per_second: u32, time: Duration) -> Outcome {
    let next = Arc::new(AtomicU64::new(0));
    let count = u64::from(per_second) * time.as_secs();
    let begun = Instant::now() + Duration::from_millis(200);
    let tasks: Vec<_> = (0..connections)
        .map(|place| {
            let (sort, next) = (sort.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut outcome = Outcome::default();
                let mut connection = sort.door.connect().await.expect("the server takes connections");
                let mut dice = Dice(place as u64 + 77);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return outcome;
                    }
                    let due = begun + Duration::from_secs_f64(number as f64 / f64::from(per_second));
                    tokio::time::sleep_until(due.into()).await;
                    let request = &sort.requests[dice.below(sort.requests.len())];
                    outcome.one(&sort, &mut connection, request, due).await;
                }
            })
        })
        .collect();
    gather(tasks, time).await
}

impl Outcome {
    async fn one(&mut self, sort: &Sort, connection: &mut Connection, request: &[u8], due: Instant) {
        let verdict = match connection.exchange(request).await {
            Ok(reply) if (sort.good)(&reply) => Ok(()),
            Ok(reply) => Err(format!("{} {}", reply.status, String::from_utf8_lossy(reply.body))),
            Err(error) => Err(error.to_string()),
        };
        match verdict {
            Ok(()) => {
                self.good += 1;
                self.micros.push(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Err(example) => {
                self.bad += 1;
                self.example.get_or_insert(example.chars().take(400).collect());
                if let Ok(fresh) = sort.door.connect().await {
                    *connection = fresh;
                }
            }
        }
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.good as f64 / self.seconds
    }

    /// Milliseconds within which this share of the good answers came.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let place = (self.micros.len().saturating_sub(1)) as f64 * share;
        self.micros.get(place as usize).map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
    }

    pub(crate) fn quantiles(&self) -> String {
        let each = [0.5, 0.95, 0.99, 0.999].map(|share| format!("{:.2}", self.quantile(share)));
        format!("p50 {} · p95 {} · p99 {} · p99.9 {} ms", each[0], each[1], each[2], each[3])
    }
}

async fn gather(tasks: Vec<tokio::task::JoinHandle<Outcome>>, time: Duration) -> Outcome {
    let mut all = Outcome { seconds: time.as_secs_f64(), ..Outcome::default() };
    for task in tasks {
        let one = task.await.expect("no task panics");
        all.good += one.good;
        all.bad += one.bad;
        all.micros.extend(one.micros);
        all.example = all.example.or(one.example);
    }
    all.micros.sort_unstable();
    all
}

/// Chance that repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}
