//! What verbs print: lines for people, JSON for programs, a bar for long work, a log on standard error.

use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Prints a line on standard output; a closed pipe is not an error.
pub(crate) fn line(text: impl std::fmt::Display) {
    let _closed_pipe = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line on standard error, beside whatever standard output carries.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints JSON on standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value).map_err(Failure::new)?);
    Ok(())
}

/// Prints a failure and gives its exit code.
pub(crate) fn failed(failure: &Failure) -> ExitCode {
    note(&failure.message);
    ExitCode::from(failure.exit_code)
}

/// The log goes to standard error; `RUST_LOG` chooses what is in it, else `usual`. Colours are for terminals. A line that cannot be written, for instance
/// because the log's disk is full, is lost in silence: to say so on the same standard error would be a panic.
pub(crate) fn start_log(usual: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let started = log.log_internal_errors(false).try_init();
    drop(started);
}

/// A bar over so many units on a terminal; elsewhere nothing is drawn.
pub(crate) fn bar(units: u64, what: &str) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(units) } else { ProgressBar::hidden() };
    let template = "{msg} {wide_bar} {percent:>3}% 残り{eta}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

/// A bar over so many bytes with rate and time left on a terminal; elsewhere nothing is drawn.
pub(crate) fn bytes_bar(bytes: u64, what: &str) -> ProgressBar {
    let bar = bar(bytes, what);
    let template = "{msg} {wide_bar} {percent:>3}% {bytes_per_sec} 残り{eta}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
