//! A report as a table for the terminal and as Markdown for a document.

use crate::limits::Limits;
use crate::machine::Usage;
use crate::report::{KindFigures, LAG_P99_MS_MAX, Report, Search, Step};
use std::fmt::Write;

const HEADINGS: [&str; 9] = ["what", "due/s", "good/s", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "max ms", "failed"];

/// For people at a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    let rows: Vec<[String; 9]> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows(report)).collect();
    let mut out = facts(report).join("\n");
    out.push_str("\n\n");
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 9] = std::array::from_fn(width);
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            let _infallible = match column {
                0 => write!(out, "{cell:<0$}", widths[0]),
                column => write!(out, "  {cell:>0$}", widths[column]),
            };
        }
        out.push('\n');
    }
    out + &notes(report)
}

/// For a document.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = facts(report).iter().map(|fact| format!("- {fact}\n")).collect::<String>();
    let _infallible = write!(out, "\n| {} |\n| --- |{}\n", HEADINGS.join(" | "), " --: |".repeat(HEADINGS.len() - 1));
    for row in rows(report) {
        let _infallible = writeln!(out, "| {} |", row.join(" | "));
    }
    out + &notes(report)
}

/// A search: its steps, and its answer.
#[must_use]
pub fn search(search: &Search) -> String {
    let mut out = format!(
        "| multiple | due/s | p99 ms of the slowest kind | failed | p99 ≤ {} ms |\n| --: | --: | --: | --: | --- |\n",
        search.p99_ms_max
    );
    for step in &search.steps {
        out.push_str(&step_row(step));
        out.push('\n');
    }
    let _infallible = match search.best {
        Some(best) => writeln!(out, "\nhighest multiple that held: {best:.2}"),
        None => writeln!(out, "\nno multiple held"),
    };
    out
}

/// One step of a search.
#[must_use]
pub fn step_row(step: &Step) -> String {
    format!(
        "| {:.2} | {:.0} | {} | {:.3} % | {} |",
        step.multiple,
        step.due_per_second,
        step.p99_ms.map_or("–".to_owned(), milliseconds),
        step.failed_share * 100.0,
        if step.held { "yes" } else { "no" },
    )
}

/// The product beside its raw limits.
#[must_use]
pub fn limits(limits: &Limits) -> String {
    let mut out = format!(
        "{} clients, {} rounds by turns of {} s each; a ratio is taken within each round\n\n\
         | limit | Madoguchi, checks/s | limit/s | ratio (quarters) |\n| --- | --: | --: | --: |\n",
        limits.clients, limits.rounds, limits.seconds
    );
    for row in &limits.rows {
        let _infallible = writeln!(
            out,
            "| {} | {:.0} | {:.0} | {:.3} ({:.3}–{:.3}) |",
            row.name, row.product, row.limit, row.ratio, row.quarters[0], row.quarters[1]
        );
    }
    for missing in &limits.missing {
        let _infallible = writeln!(out, "\n{missing}");
    }
    out
}

fn facts(report: &Report) -> Vec<String> {
    let (plan, machine) = (&report.plan, &report.machine);
    let pace = match report.mode {
        "open" => format!("{:.0} requests/s due, {:?} arrivals", plan.per_second(), plan.arrivals),
        _ => "as fast as answered".to_owned(),
    };
    let name = if plan.name.is_empty() { String::new() } else { format!("{} × {}: ", plan.name, plan.multiple) };
    vec![
        format!(
            "{name}{} loop, {} s after {} s of warm-up, {pace}, {} clients of {} institutions",
            report.mode, plan.seconds, plan.warm_up_seconds, plan.clients, report.institutions
        ),
        format!("asked for: {} persons drawn from {}{}", report.people, report.population, patients(report)),
        format!(
            "machine: {}, {} cores, {:.1} GiB; {}",
            machine.processor,
            machine.cores,
            machine.memory_gib,
            busy(&report.usage, report)
        ),
        format!(
            "generator late by {} ms (p99), {} ms at most; {} connections renewed",
            milliseconds(report.generator_lag_ms[0]),
            milliseconds(report.generator_lag_ms[1]),
            report.connections_renewed
        ),
    ]
}

fn patients(report: &Report) -> String {
    let views = report.kinds.iter().filter_map(|kind| Some(format!("{} of {}", kind.patients?, kind.name)));
    let views: Vec<String> = views.collect();
    if views.is_empty() { String::new() } else { format!("; patients who agreed: {}", views.join(", ")) }
}

fn busy(usage: &Usage, report: &Report) -> String {
    let known = |value: Option<f64>, digits: usize| value.map_or("?".to_owned(), |value| format!("{value:.digits$}"));
    let answers = report.good().max(1) as f64;
    let each = |seconds: Option<f64>| known(seconds.map(|seconds| seconds / answers * 1e6), 0);
    let server = match usage.server_seconds {
        Some(_) => format!(
            ", server {} µs of processor an answer and {} MiB",
            each(usage.server_seconds),
            known(usage.server_mib, 0)
        ),
        None => String::new(),
    };
    format!(
        "load average {} before, {} after; client {} µs of processor an answer{server}; others had {} % of all processor time",
        known(usage.load_average[0], 2),
        known(usage.load_average[1], 2),
        each(usage.client_seconds),
        known(usage.others_share.map(|share| share * 100.0), 0),
    )
}

fn rows(report: &Report) -> impl Iterator<Item = [String; 9]> {
    report.kinds.iter().chain(&report.sums).map(row)
}

fn row(figures: &KindFigures) -> [String; 9] {
    let time = |read: fn(&crate::report::Times) -> f64| {
        figures.times.as_ref().map_or("–".to_owned(), |it| milliseconds(read(it)))
    };
    [
        figures.name.clone(),
        if figures.due_per_second > 0.0 { format!("{:.0}", figures.due_per_second) } else { "–".to_owned() },
        format!("{:.1}", figures.good_per_second),
        time(|it| it.p50),
        time(|it| it.p95),
        time(|it| it.p99),
        time(|it| it.p999),
        time(|it| it.max),
        figures.failures().to_string(),
    ]
}

/// Failures by class, and what makes the figures doubtful.
fn notes(report: &Report) -> String {
    let mut out = String::new();
    for figures in report.kinds.iter().filter(|figures| !figures.failed.is_empty()) {
        for (class, count) in &figures.failed {
            let _infallible = writeln!(out, "\nfailed: {} × {count}: {class}", figures.name);
        }
    }
    if report.kinds.iter().any(|figures| figures.failed.keys().any(|class| class.contains("W0013"))) {
        out.push_str("\nW0013 is the server's rate limit: start it with a higher --requests-per-second\n");
    }
    if report.mode == "open" && report.generator_lag_ms[0] > LAG_P99_MS_MAX {
        out.push_str(
            "\nThe generator itself was late: this machine was too busy to ask in time, and the times contain that\n",
        );
    }
    out
}

/// Three digits that count.
fn milliseconds(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}
