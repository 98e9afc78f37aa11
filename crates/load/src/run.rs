//! The runs: an open loop at given rates, a closed loop as fast as the answers come, and the search between them.

use crate::desk::Desk;
use crate::dice::Dice;
use crate::fault::LoadFault;
use crate::kind::Kind;
use crate::lane::{Job, Lane};
use crate::machine::Watch;
use crate::plan::Plan;
use crate::report::{Report, Search, Step};
use crate::scene::Scene;
use crate::schedule::{Schedule, choose, kinds};
use crate::tally::Tally;
use crate::visitor::Visitor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The first request is due so long after the clients were started.
const HEAD_START: Duration = Duration::from_millis(200);
/// Log-ins of programs last an hour; a long run logs in again in time, with a server that may be slow by then.
const LOG_IN_AGAIN: Duration = Duration::from_secs(40 * 60);
/// A search stops when the best and the worst multiple are this close.
const CLOSE_ENOUGH: f64 = 1.06;
const STEPS_MAX: u32 = 24;

/// The requests of a plan, each at its time, whether or not the former ones are answered. `process` is the server's, if it
/// runs on this machine and its processor time shall be told.
///
/// # Errors
/// Only when the machine stops the run; what the server fails at is counted.
pub async fn open(scene: &Arc<Scene>, plan: &Plan, process: Option<u32>) -> Result<Report, LoadFault> {
    let visitors = visitors(scene, plan);
    let lanes: Arc<Vec<Lane>> = Arc::new(scene.desks.iter().map(|_| Lane::default()).collect());
    let warm_up = Duration::from_secs(u64::from(plan.warm_up_seconds));
    let begun = Instant::now() + HEAD_START;
    let tally = Arc::new(Tally::new(begun, warm_up, plan.seconds, plan.mix.iter().map(|entry| entry.kind)));
    let under_way = Arc::new(AtomicU32::new(0));
    let answer_max = Duration::from_secs(u64::from(plan.answer_seconds_max));

    let mut clients = JoinSet::new();
    for (desk, visitor) in visitors {
        let (lanes, tally, under_way) = (Arc::clone(&lanes), Arc::clone(&tally), Arc::clone(&under_way));
        clients.spawn(async move { attend(&lanes[desk], visitor, &tally, &under_way, answer_max).await });
    }
    let again = tokio::spawn(log_in_again(scene.desks.clone(), plan.clone()));
    let watch = tokio::spawn(Watch::over(begun + warm_up, Duration::from_secs(u64::from(plan.seconds)), process));

    let seconds = f64::from(plan.warm_up_seconds + plan.seconds);
    let schedule = Schedule::new(plan, seconds, |kind| scene.able(kind));
    let (for_sending, in_flight_max) =
        ((Arc::clone(&lanes), Arc::clone(&tally), Arc::clone(&under_way)), plan.in_flight_max);
    // A thread of its own: the runtime's timer is only good to a millisecond.
    let sending = tokio::task::spawn_blocking(move || {
        let (lanes, tally, under_way) = for_sending;
        send(schedule, begun, &lanes, &tally, &under_way, in_flight_max);
    });
    sending.await.map_err(|error| LoadFault::Machine(error.to_string()))?;
    lanes.iter().for_each(Lane::close);
    while clients.join_next().await.is_some() {}
    again.abort();
    let usage = watch.await.map_err(|error| LoadFault::Machine(error.to_string()))?;
    Ok(Report::of("open", plan, scene, &tally, usage))
}

/// The mix of a plan by so many clients, each of which asks again as soon as it is answered.
///
/// # Errors
/// As [`open`].
pub async fn closed(scene: &Arc<Scene>, plan: &Plan, process: Option<u32>) -> Result<Report, LoadFault> {
    let visitors = visitors(scene, plan);
    let warm_up = Duration::from_secs(u64::from(plan.warm_up_seconds));
    let begun = Instant::now();
    let tally = Arc::new(Tally::new(begun, warm_up, plan.seconds, plan.mix.iter().map(|entry| entry.kind)));
    let until = begun + warm_up + Duration::from_secs(u64::from(plan.seconds));
    let answer_max = Duration::from_secs(u64::from(plan.answer_seconds_max));
    let watch = tokio::spawn(Watch::over(begun + warm_up, Duration::from_secs(u64::from(plan.seconds)), process));
    let again = tokio::spawn(log_in_again(scene.desks.clone(), plan.clone()));
    let mut clients = JoinSet::new();
    for (place, (desk, mut visitor)) in visitors.into_iter().enumerate() {
        let tally = Arc::clone(&tally);
        let mine = kinds(plan, |kind| if scene.desks[desk].can(kind) { vec![desk] } else { Vec::new() });
        let mut dice = Dice::new(plan.seed, place as u64);
        clients.spawn(async move {
            while Instant::now() < until {
                let Some((kind, _)) = choose(&mine, &mut dice) else { break };
                let due = Instant::now();
                let outcome = visitor.ask(kind, dice.next(), due + answer_max).await;
                tally.count(kind, due, outcome.map(|()| due.elapsed()));
            }
            tally.renewed(visitor.renewed());
        });
    }
    while clients.join_next().await.is_some() {}
    again.abort();
    let usage = watch.await.map_err(|error| LoadFault::Machine(error.to_string()))?;
    Ok(Report::of("closed", plan, scene, &tally, usage))
}

/// The highest multiple of the plan's rates whose p99 and failures stay within its limits. Each step lasts as long as the
/// plan says; `tell` hears of each.
///
/// # Errors
/// As [`open`].
pub async fn search(
    scene: &Arc<Scene>,
    plan: &Plan,
    process: Option<u32>,
    mut tell: impl FnMut(&Step),
) -> Result<Search, LoadFault> {
    let (mut steps, mut best, mut report): (Vec<Step>, Option<f64>, Option<Report>) = (Vec::new(), None, None);
    let (mut worst, mut multiple): (Option<f64>, f64) = (None, plan.multiple);
    for _ in 0..STEPS_MAX {
        let tried = Plan { multiple, ..plan.clone() }.checked();
        let Ok(tried) = tried else { break };
        let run = open(scene, &tried, process).await?;
        let step = Step::of(&run, plan);
        tell(&step);
        if step.held {
            best = Some(multiple);
            report = Some(run);
        } else {
            worst = Some(multiple);
        }
        steps.push(step);
        multiple = match (best, worst) {
            (Some(best), Some(worst)) if worst / best <= CLOSE_ENOUGH => break,
            (Some(best), Some(worst)) => (best * worst).sqrt(),
            (Some(best), None) => best * 2.0,
            (None, Some(worst)) => worst / 2.0,
            (None, None) => break,
        };
    }
    Ok(Search { best, p99_ms_max: plan.p99_ms_max, failed_share_max: plan.failed_share_max, steps, report })
}

/// The clients, each with the place of its institution; those of an institution are as many as of any other, one at least.
fn visitors(scene: &Arc<Scene>, plan: &Plan) -> Vec<(usize, Visitor)> {
    let rows = plan.mix.iter().find(|entry| entry.kind == Kind::Bulk).map_or(1, |entry| entry.rows);
    let count = (plan.clients as usize).max(scene.desks.len());
    let places = (0..count).map(|number| number % scene.desks.len());
    places.map(|place| (place, Visitor::new(scene, &scene.desks[place], rows))).collect()
}

/// Hands every request over when it is due. It waits for nothing but the clock.
fn send(schedule: Schedule, begun: Instant, lanes: &[Lane], tally: &Tally, under_way: &AtomicU32, in_flight_max: u32) {
    for what in schedule {
        let due = begun + what.at;
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        tally.lag(due.elapsed());
        if under_way.load(Ordering::Relaxed) >= in_flight_max {
            tally.count(what.kind, due, Err("not sent: too many under way".to_owned()));
            continue;
        }
        under_way.fetch_add(1, Ordering::Relaxed);
        lanes[what.desk].push(Job { due, what });
    }
}

/// A client of a lane until it closes.
async fn attend(lane: &Lane, mut visitor: Visitor, tally: &Tally, under_way: &AtomicU32, answer_max: Duration) {
    while let Some(Job { due, what }) = lane.next().await {
        let until = due + answer_max;
        let outcome = match Instant::now() >= until {
            true => Err("not sent: waited too long for a free client".to_owned()),
            false => visitor.ask(what.kind, what.seed, until).await,
        };
        tally.count(what.kind, due, outcome.map(|()| due.elapsed()));
        under_way.fetch_sub(1, Ordering::Relaxed);
    }
    tally.renewed(visitor.renewed());
}

async fn log_in_again(desks: Vec<Arc<Desk>>, plan: Plan) {
    loop {
        tokio::time::sleep(LOG_IN_AGAIN).await;
        for desk in &desks {
            // Where this fails, the requests that follow are refused and counted.
            let _counted_later = desk.log_in(&plan).await;
        }
    }
}
