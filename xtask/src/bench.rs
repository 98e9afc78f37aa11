//! All benchmarks in one run: what the machine is and how busy it was, every program's table, and how the demo starts.
//!
//! The result stands in `target/bench`: `summary.md` to be read, `summary.json` for programs. It is never part of a gate.

use crate::run::{Outcome, cargo, checked, root, target};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Under this name the programs learn where their rows go (`crates/measure`).
const FOLDER_VARIABLE: &str = "MADOGUCHI_BENCH_DIR";
const TABLE_HEAD: &str = "\
| what | raw limit | Madoguchi | limit | ratio (quarters) | ratio by processor time |
| --- | --- | --: | --: | --: | --: |";
const SYNCS: usize = 200;
const DEMO_WAIT_MAX: Duration = Duration::from_secs(300);

/// Runs every benchmark, or only the cases whose names contain the first word.
pub(crate) fn run(options: &[String]) -> Outcome {
    let folder = target().join("bench");
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = programs();
    let chosen: Vec<&str> = names.iter().flat_map(|name| ["--bench", name]).collect();
    let words = |last: &[&'static str]| [&["bench", "--workspace"], chosen.as_slice(), last].concat();
    checked(&mut cargo(&words(&["--no-run"])))?;
    if options.is_empty() {
        checked(&mut cargo(&["build", "--release"]))?;
    }
    let (before, sync) = (load(), sync_seconds(&folder)?);
    checked(cargo(&words(&["--"])).args(options).env(FOLDER_VARIABLE, &folder))?;
    let demo = if options.is_empty() { Some(demo(&folder)?) } else { None };
    let facts = facts(sync, &before, &load(), demo.as_ref());
    keep(&folder, &facts)
}

/// Every file directly in a `benches` folder is a program.
fn programs() -> Vec<String> {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = inside(root().join("crates")).flat_map(|krate| inside(krate.join("benches")));
    let sources = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> =
        sources.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

/// What stands above the table, name and value.
fn facts(sync: f64, before: &str, after: &str, demo: Option<&Demo>) -> Vec<(&'static str, String)> {
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    let mut facts = vec![
        ("processor", field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned())),
        ("cores", std::thread::available_parallelism().map_or(1, std::num::NonZero::get).to_string()),
        ("memory", format!("{:.1} GiB", memory / (1 << 20) as f64)),
        ("durable write of 4 KiB (middle of 200)", format!("{:.2} ms", sync * 1e3)),
        ("load average before", before.to_owned()),
        ("load average after", after.to_owned()),
    ];
    if let Some(demo) = demo {
        facts.extend([
            ("demo of 1,000 persons and 24 months: ready after its first start", format!("{:.1} s", demo.first)),
            ("the same directory again: ready after", format!("{:.1} s", demo.again)),
            ("resident memory then", format!("{:.0} MiB", demo.resident / 1024.0)),
            ("resident memory at most during the first start", format!("{:.0} MiB", demo.peak / 1024.0)),
        ]);
    }
    facts
}

fn keep(folder: &Path, facts: &[(&str, String)]) -> Outcome {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let lines: String = facts.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
    let text = format!("{lines}\n{TABLE_HEAD}\n{}", read("table.md"));
    let facts: Vec<String> = facts.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
    let rows = read("rows.jsonl");
    let rows: Vec<&str> = rows.lines().collect();
    let json = format!("{{\"machine\":{{{}}},\"rows\":[{}]}}\n", facts.join(","), rows.join(","));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("summary.md", &text)?;
    write("summary.json", &json)?;
    println!("\n{text}\nin {}", folder.display());
    Ok(())
}

/// What the disk takes for a small durable write.
fn sync_seconds(folder: &Path) -> Result<f64, String> {
    let write = || -> std::io::Result<f64> {
        let mut file = fs::File::create(folder.join("sync"))?;
        let mut taken = Vec::new();
        for _ in 0..SYNCS {
            let begun = Instant::now();
            file.write_all(&[b'x'; 4096])?;
            file.sync_data()?;
            taken.push(begun.elapsed().as_secs_f64());
        }
        taken.sort_by(f64::total_cmp);
        Ok(taken[SYNCS / 2])
    };
    write().map_err(|error| format!("{}: {error}", folder.display()))
}

/// How the demo starts: seconds until `demo.json` is there, kilobytes of memory.
struct Demo {
    first: f64,
    again: f64,
    resident: f64,
    peak: f64,
}

fn demo(folder: &Path) -> Result<Demo, String> {
    let directory = folder.join("demo");
    let (first, mut child) = start(&directory)?;
    let peak = memory(&child, "VmHWM");
    stop(&mut child);
    let _absent = fs::remove_file(directory.join("demo.json"));
    let (again, mut child) = start(&directory)?;
    let resident = memory(&child, "VmRSS");
    stop(&mut child);
    Ok(Demo { first, again, resident, peak })
}

fn start(directory: &Path) -> Result<(f64, Child), String> {
    let begun = Instant::now();
    let program = target().join("release/madoguchi");
    let mut command = crate::run::command(&program, &["demo", "--seed", "1", "--port", "0", "--headless", "--dir"]);
    let mut child = command
        .arg(directory)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{} could not be started: {error}", program.display()))?;
    while !directory.join("demo.json").exists() {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("the demo ended with {status} before it was ready"));
        }
        if begun.elapsed() > DEMO_WAIT_MAX {
            stop(&mut child);
            return Err(format!("the demo was not ready after {} s", DEMO_WAIT_MAX.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok((begun.elapsed().as_secs_f64(), child))
}

/// The store survives a kill; nothing else of the demo is needed any more.
fn stop(child: &mut Child) {
    let _ended = child.kill();
    let _ended = child.wait();
}

fn memory(child: &Child, name: &str) -> f64 {
    field(&format!("/proc/{}/status", child.id()), name).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// The value behind `name:` in a file of the kernel, without `kB`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().trim_end_matches(" kB").to_owned())
}

/// The average number of programs that wanted to run, in the last 1, 5 and 15 minutes.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let parts: Vec<&str> = text.split(' ').take(3).collect();
    if parts.is_empty() { "unknown".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_found_and_has_a_name_of_its_own() {
        let names = programs();
        assert!(names.contains(&"store".to_owned()), "{names:?}");
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
