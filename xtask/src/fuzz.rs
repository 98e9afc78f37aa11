//! Fuzzing on the stable toolchain: libFuzzer with coverage counters that the compiler already has, without a sanitizer. The
//! code forbids `unsafe`, so a finding is a panic, an endless loop or too much memory, and those are found without one.

use crate::run::{Outcome, cargo, checked, command, output, root, target};
use std::path::Path;

/// What `-Z sanitizer` would set, without the sanitizer's runtime.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";
const SECONDS_USUAL: u32 = 60;
/// Bytes of one input at most; what readers do with longer ones is in the ordinary tests.
const INPUT_BYTES_MAX: u32 = 65_536;
const MEMORY_MEGABYTES_MAX: u32 = 2_048;
const INPUT_SECONDS_MAX: u32 = 10;

/// `cargo xtask fuzz [TARGET|all [SECONDS]]`: without a target, the list.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let known = targets()?;
    let Some(name) = arguments.first() else {
        println!("{}", known.join("\n"));
        return Ok(());
    };
    let seconds = match arguments.get(1) {
        Some(text) => text.parse().map_err(|_| format!("{text} is no number of seconds"))?,
        None => SECONDS_USUAL,
    };
    let chosen: Vec<&String> = known.iter().filter(|known| name == "all" || *known == name).collect();
    if chosen.is_empty() {
        return Err(format!("no fuzz target is called {name}; `cargo xtask fuzz` lists them"));
    }
    let folder = build()?;
    let found: Vec<String> = chosen.into_iter().filter_map(|target| fuzz(&folder, target, seconds).err()).collect();
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// The targets are the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Builds all targets and gives the folder of their binaries. `--target` keeps the flags away from build scripts.
fn build() -> Result<std::path::PathBuf, String> {
    let host = output("rustc", &["-vV"])
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)));
    let host = host.ok_or("rustc does not tell its host")?;
    let folder = target().join("fuzz");
    let mut build = cargo(&["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    build.arg("--target-dir").arg(&folder).env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    checked(&mut build)?;
    Ok(folder.join(host).join("release"))
}

/// New inputs go to `target/fuzz/corpus`; the committed ones are only read.
fn fuzz(folder: &Path, name: &str, seconds: u32) -> Outcome {
    let corpus = target().join("fuzz/corpus").join(name);
    let findings = target().join("fuzz/findings");
    for folder in [&corpus, &findings] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut fuzz = command(folder.join(name), &[]);
    fuzz.arg(corpus).arg(root().join("fuzz/corpus").join(name)).args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-rss_limit_mb={MEMORY_MEGABYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-artifact_prefix={}/{name}-", findings.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    checked(&mut fuzz).map_err(|error| format!("{error}; the input is in {}", findings.display()))
}
