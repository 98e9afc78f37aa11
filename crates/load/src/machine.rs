//! The machine under a run: what it is, and how busy it was with what else. Linux tells it under /proc; elsewhere the
//! figures are missing, not guessed.

use serde::Serialize;
use std::fs;
use std::time::{Duration, Instant};

/// The kernel counts processor time in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

/// What the figures were measured on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Its cores, as far as this process may use them.
    pub cores: usize,
    /// Memory in GiB.
    pub memory_gib: f64,
}

/// What a run took of the machine, in its seconds that count.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Usage {
    /// Load average over one minute before and after.
    pub load_average: [Option<f64>; 2],
    /// Processor seconds of this client.
    pub client_seconds: Option<f64>,
    /// Processor seconds of the server's process, if it was named.
    pub server_seconds: Option<f64>,
    /// Resident memory of the server's process at the end, in MiB.
    pub server_mib: Option<f64>,
    /// Share of all processor time that went to neither of the two: the database, and whatever else ran.
    pub others_share: Option<f64>,
}

/// Reads the counters at the beginning and at the end.
pub(crate) struct Watch;

struct Counters {
    client: Option<f64>,
    server: Option<f64>,
    busy: Option<f64>,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.parse::<f64>().ok());
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_gib: memory.unwrap_or_default() / f64::from(1 << 20),
        }
    }
}

impl Watch {
    /// What is used from a moment on for so long; `process` is the server's.
    pub(crate) async fn over(from: Instant, long: Duration, process: Option<u32>) -> Usage {
        let load = load_average();
        tokio::time::sleep_until(from.into()).await;
        let before = Counters::now(process);
        tokio::time::sleep_until((from + long).into()).await;
        let after = Counters::now(process);
        let spent = |of: fn(&Counters) -> Option<f64>| Some(of(&after)? - of(&before)?);
        let (client, server) = (spent(|it| it.client), spent(|it| it.server));
        let all = long.as_secs_f64() * Machine::this().cores as f64;
        let others = spent(|it| it.busy).zip(client).map(|(busy, client)| busy - client - server.unwrap_or(0.0));
        Usage {
            load_average: [load, load_average()],
            client_seconds: client,
            server_seconds: server,
            server_mib: process.and_then(resident_mib),
            others_share: others.map(|seconds| (seconds / all).clamp(0.0, 1.0)),
        }
    }
}

impl Counters {
    fn now(process: Option<u32>) -> Self {
        Self { client: seconds_of("self"), server: process.and_then(|id| seconds_of(&id.to_string())), busy: busy() }
    }
}

/// User and system time of a process.
fn seconds_of(process: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit(')').next()?.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_A_SECOND)
}

/// Processor time of the whole machine that was not idle.
fn busy() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields = text.lines().next()?.split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let working = [0, 1, 2, 5, 6, 7].iter().filter_map(|place| ticks.get(*place));
    Some(working.sum::<f64>() / TICKS_A_SECOND)
}

fn resident_mib(process: u32) -> Option<f64> {
    field(&format!("/proc/{process}/status"), "VmRSS")?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// The value behind `name:` in a file of the kernel, without `kB`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().trim_end_matches(" kB").to_owned())
}
