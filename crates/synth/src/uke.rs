//! Lines of claims files (レセプト電算処理の記録): fields, characters and days.
//!
//! Only text is made here; the bytes (Shift_JIS) are made where all charsets are.

use madoguchi_model::day::Day;
use std::fmt::Write;

/// Longest line of fields that are written one by one.
const SEPARATOR: char = ',';

/// The text of a claims file in the making.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) text: String,
}

impl Records {
    /// Adds a record; empty fields at its end are left out.
    pub(crate) fn add(&mut self, fields: &[&str]) {
        let last = fields.iter().rposition(|field| !field.is_empty()).unwrap_or(0);
        for (place, field) in fields[..=last].iter().enumerate() {
            if place > 0 {
                self.text.push(SEPARATOR);
            }
            self.text.push_str(field);
        }
        self.text.push_str("\r\n");
    }

    /// Adds a record that ends with a count for each day of the month.
    pub(crate) fn add_with_days(&mut self, fields: &[&str], days: &[u16; 31]) {
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                self.text.push(SEPARATOR);
            }
            self.text.push_str(field);
        }
        let last = days.iter().rposition(|count| *count > 0).map_or(0, |place| place + 1);
        for count in &days[..last] {
            self.text.push(SEPARATOR);
            if *count > 0 {
                // Writing into a text cannot fail.
                let _ = write!(self.text, "{count}");
            }
        }
        self.text.push_str("\r\n");
    }
}

/// `YYYYMMDD`.
pub(crate) fn date(day: Day) -> String {
    day.number().to_string()
}

/// Thousandths as a decimal without needless zeros: 2500 → `2.5`.
pub(crate) fn decimal(thousandths: u64) -> String {
    let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:03}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// A name as senders write it: 外字 become the full-width question mark.
pub(crate) fn claim_name(name: &str) -> String {
    name.chars()
        .map(|character| if ('\u{E000}'..='\u{F8FF}').contains(&character) { '？' } else { character })
        .collect()
}

/// A symbol or number in one mode: half-width when it is ASCII, full-width as a whole otherwise.
pub(crate) fn one_mode(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let wide = |character: char| match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        other => other,
    };
    text.chars().map(wide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_days() {
        let mut records = Records::default();
        records.add(&["IR", "1", "", "x", "", ""]);
        let mut days = [0; 31];
        days[2] = 28;
        records.add_with_days(&["SI", "11"], &days);
        assert_eq!(records.text, "IR,1,,x\r\nSI,11,,,28\r\n");
    }

    #[test]
    fn decimals_and_modes() {
        for (thousandths, text) in [(3_000, "3"), (2_500, "2.5"), (125, "0.125"), (7_500, "7.5")] {
            assert_eq!(decimal(thousandths), text);
        }
        assert_eq!((one_mode("12").as_str(), one_mode("窓・12").as_str()), ("12", "窓・１２"));
        assert_eq!(claim_name("渡\u{E001}　和夫"), "渡？　和夫");
    }
}
