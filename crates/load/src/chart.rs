//! A report as a picture: times over the run and their distribution, as one SVG without anything from outside. It is
//! readable on light and dark pages, and says in words what it shows.

use crate::report::Report;
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 620.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
/// Top and bottom of the line over time, and of the histogram.
const OVER_TIME: (f64, f64) = (70.0, 300.0);
const DISTRIBUTION: (f64, f64) = (370.0, 560.0);
/// Bars of the histogram over a tenfold time.
const BARS_A_DECADE: f64 = 20.0;

const STYLE: &str = "\
svg{background:#fff;color:#1a1a1a;font:13px sans-serif}text{fill:currentColor}.grid{stroke:#8886;stroke-width:1}\
.p50{stroke:#0a6;fill:none;stroke-width:2}.p99{stroke:#06c;fill:none;stroke-width:2;stroke-dasharray:6 3}\
.bar{fill:#06c}.failed{fill:#c22}.limit{stroke:#c22;stroke-width:1;stroke-dasharray:2 3}\
@media (prefers-color-scheme:dark){svg{background:#161616;color:#eee}.p50{stroke:#4d9}.p99{stroke:#7bf}.bar{fill:#7bf}\
.failed{fill:#f77}.limit{stroke:#f77}}";

/// The picture of a run.
#[must_use]
pub fn chart(report: &Report) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n",
        escaped(&title(report)),
        escaped(&description(report)),
    );
    let _infallible = writeln!(out, "<text x=\"{LEFT}\" y=\"30\" font-size=\"17\">{}</text>", escaped(&title(report)));
    let scale = Decades::of(report);
    over_time(report, &scale, &mut out);
    distribution(report, &scale, &mut out);
    out.push_str("</svg>\n");
    out
}

/// A logarithmic scale over whole powers of ten milliseconds.
struct Decades {
    from: i32,
    to: i32,
}

impl Decades {
    fn of(report: &Report) -> Self {
        let times = || report.histogram.iter();
        let least = times().map(|(from, _, _)| from.max(0.01)).fold(f64::INFINITY, f64::min);
        let most = times().map(|(_, to, _)| *to).fold(0.1, f64::max).max(report.plan.p99_ms_max);
        let least = if least.is_finite() { least } else { 0.1 };
        let (from, to) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Self { from, to: to.max(from + 1) }
    }

    /// 0 at the lower end, 1 at the upper one.
    fn share(&self, milliseconds: f64) -> f64 {
        let place = (milliseconds.max(1e-3).log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        place.clamp(0.0, 1.0)
    }

    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        (self.from..=self.to).map(|power| 10_f64.powi(power))
    }
}

fn over_time(report: &Report, scale: &Decades, out: &mut String) {
    let (top, bottom) = OVER_TIME;
    let moments = &report.moments;
    let width = WIDTH - LEFT - RIGHT;
    let count = moments.good.len().max(1) as f64;
    let x = |place: usize| LEFT + width * (place as f64 + 0.5) / count;
    let y = |milliseconds: f64| bottom - (bottom - top) * scale.share(milliseconds);
    for mark in scale.marks() {
        let _infallible = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{mark} ms</text>",
            LEFT + width,
            y(mark),
            y(mark),
            LEFT - 6.0,
            y(mark) + 4.0,
        );
    }
    let most_failed = moments.failed.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (place, failed) in moments.failed.iter().enumerate().filter(|(_, failed)| **failed > 0) {
        let height = (bottom - top) * *failed as f64 / most_failed;
        let _infallible = writeln!(
            out,
            "<rect class=\"failed\" opacity=\"0.5\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            x(place) - 0.5 * width / count,
            bottom - height,
            (width / count).max(1.0),
        );
    }
    for (class, values) in [("p50", &moments.p50_ms), ("p99", &moments.p99_ms)] {
        let points = values.iter().enumerate().filter_map(|(place, value)| Some((x(place), y((*value)?))));
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _infallible = writeln!(out, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }
    let limit = y(report.plan.p99_ms_max);
    let _infallible = writeln!(
        out,
        "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{limit:.1}\" y2=\"{limit:.1}\"/>\
         <text x=\"{LEFT}\" y=\"{:.1}\">time from due moment to whole answer, second by second: solid p50, dashed p99, \
         dotted the limit of {} ms{}</text>\
         <text x=\"{LEFT}\" y=\"{:.1}\">0 s</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} s</text>",
        LEFT + width,
        top - 14.0,
        report.plan.p99_ms_max,
        if report.failures() > 0 { format!("; bars failures, {most_failed} at most") } else { String::new() },
        bottom + 18.0,
        LEFT + width,
        bottom + 18.0,
        report.plan.seconds,
    );
}

fn distribution(report: &Report, scale: &Decades, out: &mut String) {
    let (top, bottom) = DISTRIBUTION;
    let width = WIDTH - LEFT - RIGHT;
    let bars = (f64::from(scale.to - scale.from) * BARS_A_DECADE) as usize;
    let mut counts = vec![0_u64; bars.max(1)];
    for (from, to, count) in &report.histogram {
        let place = (scale.share((from + to) / 2.0) * bars as f64) as usize;
        counts[place.min(bars.saturating_sub(1))] += u64::from(*count);
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = width / bars.max(1) as f64;
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = ((bottom - top) * *count as f64 / most).max(1.0);
        let _infallible = writeln!(
            out,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            LEFT + bar * place as f64,
            bottom - height,
            (bar - 1.0).max(0.5),
        );
    }
    for mark in scale.marks() {
        let x = LEFT + width * scale.share(mark);
        let _infallible = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark} ms</text>",
            bottom + 18.0,
        );
    }
    let _infallible = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{:.1}\">good answers by their time ({} in all)</text>",
        top - 14.0,
        report.good()
    );
}

fn title(report: &Report) -> String {
    let name = if report.plan.name.is_empty() { "load" } else { &report.plan.name };
    format!("{name} × {}, {} loop, {} s", report.plan.multiple, report.mode, report.plan.seconds)
}

fn description(report: &Report) -> String {
    let times = report.sums.last().and_then(|all| all.times);
    let times = times.map_or("no good answer".to_owned(), |times| {
        format!("p50 {} ms, p99 {} ms, longest {} ms", times.p50, times.p99, times.max)
    });
    format!("{} good answers, {} failures; {times}", report.good(), report.failures())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Machine, Usage};
    use crate::plan::Plan;
    use crate::report::{KindFigures, Moments, Times};
    use std::collections::BTreeMap;

    fn report() -> Report {
        let times = Times { mean: 2.0, p50: 2.0, p95: 3.0, p99: 8.0, p999: 9.0, max: 40.0 };
        let all = KindFigures {
            name: "all".to_owned(),
            due_per_second: 10.0,
            good_per_second: 10.0,
            good: 30,
            failed: BTreeMap::from([("HTTP 503".to_owned(), 4)]),
            times: Some(times),
            patients: None,
        };
        Report {
            mode: "open",
            plan: Plan { name: "a <b> & \"c\"".to_owned(), ..Plan::one_japan().unwrap() },
            machine: Machine::this(),
            usage: Usage::default(),
            institutions: 1,
            people: 1,
            population: 1,
            kinds: vec![all.clone()],
            sums: vec![all],
            generator_lag_ms: [0.1, 0.2],
            connections_renewed: 0,
            moments: Moments {
                seconds: 1,
                good: vec![10, 10, 10],
                failed: vec![0, 4, 0],
                p50_ms: vec![Some(2.0), None, Some(2.5)],
                p99_ms: vec![Some(8.0), None, Some(9.0)],
            },
            histogram: vec![(1.9, 2.1, 29), (39.0, 40.5, 1)],
        }
    }

    #[test]
    fn a_picture_is_whole_and_says_in_words_what_it_shows() {
        let picture = chart(&report());
        assert!(picture.contains("<title id=\"title\">a &lt;b&gt; &amp; &quot;c&quot; × 1, open loop"), "{picture}");
        assert!(picture.contains("30 good answers, 4 failures; p50 2 ms, p99 8 ms, longest 40 ms"), "{picture}");
        assert_eq!(picture.matches("class=\"bar\"").count(), 2);
        assert_eq!(picture.matches("class=\"failed\"").count(), 1);
        // Every tag that opens closes, and nothing is fetched.
        for tag in ["svg", "title", "desc", "style", "text"] {
            assert_eq!(
                picture.matches(&format!("<{tag}")).count(),
                picture.matches(&format!("</{tag}>")).count(),
                "{tag}"
            );
        }
        assert!(!picture.replace("http://www.w3.org/2000/svg", "").contains("http"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    }

    #[test]
    fn a_run_without_a_good_answer_has_a_picture_too() {
        let mut report = report();
        report.histogram.clear();
        report.moments.p50_ms = vec![None; 3];
        report.moments.p99_ms = vec![None; 3];
        let picture = chart(&report);
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    }
}
