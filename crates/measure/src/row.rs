//! One line of the result: the product's figure, the limit's figure, and how they relate.

use crate::{Seconds, Work};
use serde::Serialize;
use std::fmt;

/// One case beside one limit.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    program: String,
    case: String,
    limit: String,
    rounds: usize,
    /// Seconds of one call, the middle of all rounds.
    product_seconds: f64,
    product_processor_seconds: f64,
    limit_seconds: f64,
    limit_processor_seconds: f64,
    /// Product by limit in each round: the middle, and the quarters below and above it.
    ratio: f64,
    ratio_quarters: [f64; 2],
    pub(crate) ratio_processor: f64,
    /// What the product does in a second, and its unit.
    product_per_second: Vec<(f64, &'static str)>,
}

impl Row {
    /// The product is the first of each round, the limit stands at `place`.
    pub(crate) fn of(
        program: &str,
        case: &str,
        limit: &str,
        work: &[Work],
        rounds: &[Vec<Seconds>],
        place: usize,
    ) -> Self {
        let wall = |place: usize| quarters(rounds.iter().map(|round| round[place].wall))[1];
        let processor = |place: usize| quarters(rounds.iter().map(|round| round[place].processor))[1];
        let [lower, ratio, upper] = quarters(rounds.iter().map(|round| round[0].wall / round[place].wall));
        let by_processor = quarters(rounds.iter().map(|round| round[0].processor / round[place].processor));
        let product_seconds = wall(0);
        Self {
            program: program.to_owned(),
            case: case.to_owned(),
            limit: limit.to_owned(),
            rounds: rounds.len(),
            product_seconds,
            product_processor_seconds: processor(0),
            limit_seconds: wall(place),
            limit_processor_seconds: processor(place),
            ratio,
            ratio_quarters: [lower, upper],
            ratio_processor: by_processor[1],
            product_per_second: work.iter().map(|work| (work.amount / product_seconds, work.unit)).collect(),
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn markdown(&self) -> String {
        format!(
            "| {} | {} | {}{} | {} | {} ({}–{}) | {} |",
            self.case,
            self.limit,
            time(self.product_seconds),
            self.rates(),
            time(self.limit_seconds),
            factor(self.ratio),
            factor(self.ratio_quarters[0]),
            factor(self.ratio_quarters[1]),
            factor(self.ratio_processor),
        )
    }

    fn rates(&self) -> String {
        let rates = self.product_per_second.iter();
        rates.map(|(rate, unit)| format!(", {} {unit}/s", three_digits(*rate))).collect()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}: {}{} beside {} of {}: {} times ({}–{}), {} by processor time",
            self.case,
            time(self.product_seconds),
            self.rates(),
            time(self.limit_seconds),
            self.limit,
            factor(self.ratio),
            factor(self.ratio_quarters[0]),
            factor(self.ratio_quarters[1]),
            factor(self.ratio_processor),
        )
    }
}

/// The lower quarter, the middle and the upper quarter.
fn quarters(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values.get((values.len().saturating_sub(1)) * quarter / 4).copied().unwrap_or(f64::NAN))
}

fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds >= 1.0 => format!("{} s", three_digits(seconds)),
        seconds if seconds >= 1e-3 => format!("{} ms", three_digits(seconds * 1e3)),
        seconds if seconds >= 1e-6 => format!("{} µs", three_digits(seconds * 1e6)),
        seconds => format!("{} ns", three_digits(seconds * 1e9)),
    }
}

fn factor(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { three_digits(ratio) }
}

/// Three digits that count, thousands grouped.
fn three_digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value if value < 1_000.0 => format!("{value:.0}"),
        value => {
            grouped((value / 10_f64.powi(value.log10() as i32 - 2)).round() * 10_f64.powi(value.log10() as i32 - 2))
        }
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        for (value, expected) in [
            (0.123, "0.12"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (12_345.0, "12,300"),
            (1.2e6, "1,200,000"),
        ] {
            assert_eq!(three_digits(value), expected);
        }
        assert_eq!([time(2.0), time(0.0123), time(4.5e-6), time(3e-9)], ["2.00 s", "12.3 ms", "4.50 µs", "3.00 ns"]);
    }

    #[test]
    fn the_ratio_is_taken_within_a_round() {
        let at = |wall: f64| Seconds { wall, processor: wall };
        // The machine slows down three times in the middle; the ratio stays.
        let rounds = [1.0, 3.0, 1.0, 2.0].map(|mood| vec![at(4.0 * mood), at(2.0 * mood)]);
        let row = Row::of("p", "c", "l", &[Work { amount: 8.0, unit: "rows" }], &rounds, 1);
        assert_eq!((row.ratio, row.ratio_quarters, row.ratio_processor), (2.0, [2.0, 2.0], 2.0));
    }
}
