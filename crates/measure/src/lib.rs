//! Measures a piece of work beside its raw limit: what the machine itself takes for the part that cannot be avoided.
//!
//! Both run by turns, many short rounds long, so that whatever else the machine does meets both alike; a ratio is taken
//! within each round and the middle one counts. The time of the processor stands beside the time of the clock: it hardly
//! changes when others compile on the same cores. Deliberately not here: what is measured (the `benches` folders of the
//! crates know that), and any judgement. No product crate depends on this one.
#![allow(clippy::print_stdout, reason = "a benchmark speaks on its terminal")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod row;

use row::Row;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where `cargo xtask bench` collects the rows of all programs; without it they are only printed.
const FOLDER_VARIABLE: &str = "MADOGUCHI_BENCH_DIR";
/// One turn lasts at least so long: far above the clock's own cost, far below the machine's moods.
const TURN: Duration = Duration::from_millis(10);
/// The rounds of one case take about so long.
const CASE: Duration = Duration::from_millis(2_500);
const ROUNDS_MIN: usize = 7;
const ROUNDS_MAX: usize = 101;
const CALLS_MAX: u32 = 1 << 20;

/// One benchmark program.
#[derive(Debug)]
pub struct Board {
    program: String,
    /// Only cases whose names contain this.
    filter: String,
    folder: Option<PathBuf>,
}

/// How much one call does, for figures per second: 0.8 and `MB`, 60 and `rows`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// How many of the unit.
    pub amount: f64,
    /// What is counted.
    pub unit: &'static str,
}

/// What stands beside the product's figure.
pub struct Limit<'a> {
    /// What it does.
    pub name: &'a str,
    /// Does it once.
    pub run: &'a mut dyn FnMut(),
}

/// Seconds of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seconds {
    /// By the clock.
    wall: f64,
    /// Of the processor, in all threads of this process.
    processor: f64,
}

impl Board {
    /// The program's board, or `None` when it was not started to measure (`cargo test --all-targets` starts it too, without
    /// the word). A word on the command line chooses the cases whose names contain it.
    #[must_use]
    pub fn open(program: &str) -> Option<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        arguments.iter().any(|argument| argument == "--bench").then(|| Self {
            program: program.to_owned(),
            filter: arguments.into_iter().find(|argument| !argument.starts_with('-')).unwrap_or_default(),
            folder: std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from),
        })
    }

    /// Measures the product's work and its raw limits by turns, and prints one row for each limit.
    pub fn compare(&self, case: &str, work: &[Work], product: &mut dyn FnMut(), limits: &mut [Limit<'_>]) {
        if !case.contains(&self.filter) {
            return;
        }
        let mut runs: Vec<&mut dyn FnMut()> = vec![product];
        runs.extend(limits.iter_mut().map(|limit| &mut *limit.run as &mut dyn FnMut()));
        let rounds = rounds(&mut runs, CASE);
        for (place, limit) in limits.iter().enumerate() {
            let row = Row::of(&self.program, case, limit.name, work, &rounds, place + 1);
            println!("{row}");
            self.keep(&row);
        }
    }

    fn keep(&self, row: &Row) {
        let Some(folder) = &self.folder else { return };
        for (file, line) in [("rows.jsonl", row.json()), ("table.md", row.markdown())] {
            let path = folder.join(file);
            let opened = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            if let Err(error) = opened.and_then(|mut file| writeln!(file, "{line}")) {
                println!("{} cannot be written: {error}", path.display());
            }
        }
    }
}

/// The seconds of one call of each run, round by round for about so long. Each round begins with another run.
fn rounds(runs: &mut [&mut dyn FnMut()], long: Duration) -> Vec<Vec<Seconds>> {
    let calls: Vec<u32> = runs.iter_mut().map(|run| calls_of_a_turn(*run)).collect();
    let (begun, mut rounds) = (Instant::now(), Vec::new());
    while rounds.len() < ROUNDS_MIN || (begun.elapsed() < long && rounds.len() < ROUNDS_MAX) {
        let mut round = vec![Seconds { wall: 0.0, processor: 0.0 }; runs.len()];
        for turn in 0..runs.len() {
            let which = (turn + rounds.len()) % runs.len();
            round[which] = seconds(&mut *runs[which], calls[which]);
        }
        rounds.push(round);
    }
    rounds
}

/// So many calls fill a turn; the calls that find it out warm everything up.
fn calls_of_a_turn(run: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while calls < CALLS_MAX && seconds(run, calls).wall * f64::from(calls) < TURN.as_secs_f64() {
        calls *= 2;
    }
    calls
}

fn seconds(run: &mut dyn FnMut(), calls: u32) -> Seconds {
    let (begun, processor_begun) = (Instant::now(), processor_seconds());
    for _ in 0..calls {
        run();
    }
    let calls = f64::from(calls);
    Seconds { wall: begun.elapsed().as_secs_f64() / calls, processor: (processor_seconds() - processor_begun) / calls }
}

fn processor_seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_work_takes_about_twice_the_processor() {
        let work = |times: u64| {
            move || {
                let mut sum = 0_u64;
                for number in 0..times * 20_000 {
                    sum = sum.wrapping_mul(31).wrapping_add(std::hint::black_box(number));
                }
                std::hint::black_box(sum);
            }
        };
        let (mut one, mut two) = (work(1), work(2));
        let rounds = rounds(&mut [&mut two, &mut one], Duration::ZERO);
        assert!(rounds.len() >= ROUNDS_MIN);
        let row = Row::of("test", "case", "limit", &[], &rounds, 1);
        assert!((1.5..3.0).contains(&row.ratio_processor), "{row}");
    }
}
