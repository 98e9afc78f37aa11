//! The product beside its raw limits, by turns in rounds, so that whatever else the machine does meets all alike.
//!
//! nginx is run here. What reads and writes a database is given from outside, because only `store` knows its drivers.

use crate::client::{Line, request};
use crate::dice::Dice;
use crate::fault::LoadFault;
use crate::judge::{Expected, judge};
use crate::kind::Kind;
use crate::nginx::Nginx;
use crate::passing::broken;
use crate::plan::{Entry, Plan};
use crate::run::closed;
use crate::scene::Scene;
use crate::target::Target;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A raw limit: does its work for so long and says how often a second. It may block.
pub struct Limit {
    /// What it does.
    pub name: String,
    /// Its rate, or why there is none.
    pub run: Arc<dyn Fn(Duration) -> Result<f64, String> + Send + Sync>,
}

/// How the runs take turns.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// Rounds.
    pub rounds: u32,
    /// Seconds of each turn.
    pub seconds: u32,
}

/// The product beside its limits.
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    /// Rounds.
    pub rounds: u32,
    /// Seconds of each turn.
    pub seconds: u32,
    /// Clients of the product and of nginx.
    pub clients: u32,
    /// A row for each limit.
    pub rows: Vec<Row>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
}

/// One limit.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What it does.
    pub name: String,
    /// Checks a second of the product: the middle round.
    pub product: f64,
    /// The limit's rate: the middle round.
    pub limit: f64,
    /// Product by limit within a round: the middle.
    pub ratio: f64,
    /// The quarters below and above it.
    pub quarters: [f64; 2],
    /// Both rates of every round.
    pub each: Vec<(f64, f64)>,
}

impl std::fmt::Debug for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Limit").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Checks by number over JSON as fast as they are answered, beside nginx and the given limits. `directory` is for nginx.
///
/// # Errors
/// A server that does not answer a check, and an nginx that is there but does not start.
pub async fn beside(
    scene: &Arc<Scene>,
    target: &Target,
    plan: &Plan,
    directory: &Path,
    limits: &[Limit],
    turns: Turns,
) -> Result<Limits, LoadFault> {
    let mix = vec![Entry { kind: Kind::Check, per_second: 1.0, rows: 1 }];
    // Each institution has one client at least; nginx gets as many.
    let clients = plan.clients.max(u32::try_from(scene.desks.len()).unwrap_or(u32::MAX));
    let plan = Plan { mix, clients, warm_up_seconds: 1, seconds: turns.seconds, ..plan.clone() }.checked()?;
    let answer = one_answer(scene).await?;
    let nginx = Nginx::start(directory, target.certificates(), &answer)?;
    let mut missing = Vec::new();
    if nginx.is_none() {
        missing.push("nginx is not installed (apt-get install nginx-light): it was left out".to_owned());
    }
    let long = Duration::from_secs(u64::from(turns.seconds));
    let mut by_nginx = Vec::new();
    let mut by_limit: Vec<Vec<(f64, f64)>> = limits.iter().map(|_| Vec::new()).collect();
    for _ in 0..turns.rounds {
        let run = closed(scene, &plan, None).await?;
        let product = run.good() as f64 / f64::from(turns.seconds);
        if let Some(nginx) = &nginx {
            by_nginx.push((product, static_file(scene, nginx, answer.len(), plan.clients, long).await?));
        }
        for (limit, rates) in limits.iter().zip(&mut by_limit) {
            let run = Arc::clone(&limit.run);
            let rate = tokio::task::spawn_blocking(move || run(long)).await;
            match rate.map_err(|error| LoadFault::Machine(error.to_string()))? {
                Ok(rate) => rates.push((product, rate)),
                Err(why) => missing.push(format!("{}: {why}", limit.name)),
            }
        }
    }
    missing.dedup();
    let mut rows: Vec<Row> =
        Row::of("nginx, the same bytes as a file over the same mutual TLS", by_nginx).into_iter().collect();
    rows.extend(limits.iter().zip(by_limit).filter_map(|(limit, rates)| Row::of(&limit.name, rates)));
    Ok(Limits { rounds: turns.rounds, seconds: turns.seconds, clients: plan.clients, rows, missing })
}

impl Row {
    fn of(name: &str, each: Vec<(f64, f64)>) -> Option<Self> {
        let [lower, ratio, upper] = quarters(each.iter().map(|(product, limit)| product / limit))?;
        Some(Self {
            name: name.to_owned(),
            product: quarters(each.iter().map(|(product, _)| *product))?[1],
            limit: quarters(each.iter().map(|(_, limit)| *limit))?[1],
            ratio,
            quarters: [lower, upper],
            each,
        })
    }
}

/// The lower quarter, the middle and the upper quarter.
fn quarters(values: impl Iterator<Item = f64>) -> Option<[f64; 3]> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |quarter: usize| values.get(values.len().saturating_sub(1) * quarter / 4).copied();
    Some([at(1)?, at(2)?, at(3)?])
}

/// The body of an ordinary answer: what nginx serves.
async fn one_answer(scene: &Arc<Scene>) -> Result<Vec<u8>, LoadFault> {
    let desk = &scene.desks[0];
    let failed = |problem: String| LoadFault::Prepare { institution: desk.code.clone(), step: "資格確認", problem };
    let mut line = Line::new(desk.machine.clone());
    let asked = desk.about_anyone(Kind::Check, 1, || scene.people.person(0));
    let reply = line.exchange(&asked.bytes).await.map_err(|error| failed(broken(&error)))?;
    judge(&asked.expected, &reply).map_err(failed)?;
    Ok(reply.body.to_vec())
}

/// Files a second over so many connections with the institutions' certificates.
async fn static_file(
    scene: &Arc<Scene>,
    nginx: &Nginx,
    length: usize,
    clients: u32,
    long: Duration,
) -> Result<f64, LoadFault> {
    let until = Instant::now() + long;
    let mut tasks = JoinSet::new();
    let mut dice = Dice::new(1, 1);
    for _ in 0..clients {
        let desk = &scene.desks[dice.below(scene.desks.len())];
        let mut line = Line::new(desk.machine.at(nginx.address));
        tasks.spawn(async move {
            let asking = request("GET", "/answer.json", "", "");
            let mut good = 0_u64;
            while Instant::now() < until {
                let reply = line.exchange(&asking).await.map_err(|error| broken(&error))?;
                judge(&Expected::Static(length), &reply)?;
                good += 1;
            }
            Ok::<u64, String>(good)
        });
    }
    let mut good = 0;
    while let Some(done) = tasks.join_next().await {
        let counted = done.map_err(|error| LoadFault::Machine(error.to_string()))?;
        good += counted.map_err(|class| LoadFault::Machine(format!("nginx: {class}")))?;
    }
    Ok(good as f64 / long.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_taken_within_a_round() {
        // The machine slows down three times in the middle; the ratio stays.
        let row = Row::of("x", [1.0, 3.0, 1.0, 2.0].map(|mood| (2.0 / mood, 8.0 / mood)).to_vec()).unwrap();
        assert_eq!((row.ratio, row.quarters), (0.25, [0.25, 0.25]));
        assert!(Row::of("x", Vec::new()).is_none());
    }
}
