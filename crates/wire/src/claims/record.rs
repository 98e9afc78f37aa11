//! One record (レコード): its kind and its fields, read leniently and reported strictly.

use super::WARNINGS_OF_RECEIPT_MAX;
use crate::issue::Issue;
use madoguchi_model::care::Amount;
use madoguchi_model::day::{Day, Month};

/// A record of a line; field n of the specification is `field(n)`, the kind is field 0.
pub(super) struct Fields<'a> {
    pub(super) line: u64,
    fields: Vec<&'a str>,
}

/// The three columns in front of a record in the distribution form, and where the record begins.
#[derive(Clone, Copy, Default)]
pub(super) struct Front<'a> {
    /// 行番号, empty in the plain form.
    pub(super) line_number: &'a str,
    /// 履歴番号; above 0 the line takes the place of the one with the same 行番号.
    pub(super) history: u32,
}

/// Findings of one receipt.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) issues: Vec<Issue>,
    /// Warnings beyond the limit.
    pub(super) uncounted: u64,
    /// Fields beyond the last one that the record has.
    pub(super) extra_fields: u64,
    /// Records of kinds that are not in the specification.
    pub(super) unknown_kinds: Vec<String>,
    pub(super) refused: bool,
}

impl<'a> Fields<'a> {
    /// Splits a line. Quotes around whole fields occur only in the distribution form, where a field in quotes may hold
    /// commas.
    pub(super) fn split(line: u64, text: &'a str) -> (Front<'a>, Self) {
        let mut fields = if may_be_distributed(text) { quoted(text) } else { text.split(',').collect() };
        let numeric = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let distributed = numeric(fields[0]) && fields.get(3).is_some_and(|kind| is_kind(kind));
        if !distributed {
            return (Front::default(), Self { line, fields });
        }
        // What is no number corrects nothing.
        let front = Front { line_number: fields[1], history: fields[2].parse().unwrap_or(0) };
        fields.drain(..3);
        (front, Self { line, fields })
    }

    /// レコード識別情報 without blanks around it.
    pub(super) fn kind(&self) -> &'a str {
        self.fields[0].trim()
    }

    /// A field without blanks around it; empty when it was cut off.
    pub(super) fn field(&self, index: usize) -> &'a str {
        self.fields.get(index).copied().unwrap_or_default().trim()
    }

    /// A field, or `None` when empty.
    pub(super) fn some(&self, index: usize) -> Option<&'a str> {
        Some(self.field(index)).filter(|text| !text.is_empty())
    }

    /// Whether there is anything after the last field that the record has.
    pub(super) fn has_more_than(&self, last: usize) -> bool {
        self.fields.iter().skip(last + 1).any(|field| !field.trim().is_empty())
    }

    /// A number, with a warning when it is none.
    pub(super) fn number(&self, index: usize, name: &str, findings: &mut Findings) -> Option<u32> {
        let text = self.some(index)?;
        let number = text.parse().ok().filter(|_| text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit()));
        if number.is_none() {
            findings.warn(Issue::warning(self.line, name, "数字ではありません。空欄として扱います"));
        }
        number
    }

    /// A decimal amount, with a warning when it is none.
    pub(super) fn amount(&self, index: usize, name: &str, findings: &mut Findings) -> Option<Amount> {
        let text = self.some(index)?;
        let amount = Amount::parse(text);
        if amount.is_none() {
            findings.warn(Issue::warning(self.line, name, "数量として読めません。空欄として扱います"));
        }
        amount
    }

    /// A day, with a warning when it is none.
    pub(super) fn day(&self, index: usize, name: &'static str, findings: &mut Findings) -> Option<Day> {
        let text = self.some(index)?;
        Day::parse(text, name).map_err(|error| findings.warn(Issue::warning(self.line, name, error.to_string()))).ok()
    }

    /// A month that must be there.
    pub(super) fn month(&self, index: usize, name: &'static str) -> Result<Month, Issue> {
        Month::parse(self.field(index), name).map_err(|error| Issue::row(self.line, name, error.to_string()))
    }

    /// 31 day fields from `first` on: day of the month and count, without the empty ones.
    pub(super) fn days(&self, first: usize, month: Month, findings: &mut Findings) -> Vec<(u8, u32)> {
        let length = month.last_day().day_of_month();
        let mut days = Vec::new();
        for day in 1..=31_u8 {
            let index = first + usize::from(day) - 1;
            if self.fields.len() <= index {
                break;
            }
            let Some(count) = self.number(index, "算定日情報", findings).filter(|count| *count > 0) else {
                continue;
            };
            if day > length {
                findings.warn(Issue::warning(
                    self.line,
                    "算定日情報",
                    format!("{}に{day}日はありません。この日を除きます", month.japanese()),
                ));
            } else {
                days.push((day, count.min(999)));
            }
        }
        days
    }
}

impl Findings {
    pub(super) fn warn(&mut self, issue: Issue) {
        if self.issues.len() < WARNINGS_OF_RECEIPT_MAX {
            self.issues.push(issue);
        } else {
            self.uncounted += 1;
        }
    }

    /// Refuses the receipt; the reason is always kept.
    pub(super) fn refuse(&mut self, issue: Issue) {
        self.refused = true;
        self.issues.push(issue);
    }

    /// Notes a record of a kind that is not in the specification.
    pub(super) fn unknown(&mut self, kind: &str) {
        self.unknown_kinds.push(if is_kind(kind) { kind.to_owned() } else { "？".to_owned() });
    }

    /// Notes fields beyond the record's last one.
    pub(super) fn check_width(&mut self, record: &Fields<'_>, last: usize) {
        if record.has_more_than(last) {
            self.extra_fields += 1;
        }
    }
}

/// Whether the line can be one of the distribution form: a digit first, in quotes or not.
pub(super) fn may_be_distributed(text: &str) -> bool {
    text.strip_prefix('"').unwrap_or(text).bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

/// The kind of the line's record, whatever its form.
pub(super) fn kind_of(text: &str) -> &str {
    match text.as_bytes() {
        [first, second, b',', ..] | [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => {
            &text[..2]
        }
        _ => Fields::split(0, text).1.kind(),
    }
}

/// Fields between commas, those in quotes without them. A quote that nothing closes is text.
fn quoted(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut rest, mut closes) = (text, true);
    loop {
        let inner = rest.strip_prefix('"').filter(|_| closes);
        let found = inner.and_then(up_to_quote);
        closes = inner.is_none() || found.is_some();
        let (field, after) = found.unwrap_or_else(|| match rest.split_once(',') {
            Some((field, after)) => (field, Some(after)),
            None => (rest, None),
        });
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return fields,
        }
    }
}

/// The text before the quote that ends its field, and what follows the comma behind it.
fn up_to_quote(text: &str) -> Option<(&str, Option<&str>)> {
    for (place, _) in text.match_indices('"') {
        let after = &text[place + 1..];
        if after.is_empty() {
            return Some((&text[..place], None));
        }
        if let Some(next) = after.strip_prefix(',') {
            return Some((&text[..place], Some(next)));
        }
    }
    None
}

/// Two half-width capitals.
pub(super) fn is_kind(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_form_loses_its_front() {
        let check = |text, expected: (&str, u32, &str, &str)| {
            let (front, record) = Fields::split(1, text);
            assert_eq!((front.line_number, front.history, record.kind(), record.field(2)), expected, "{text}");
            assert_eq!(kind_of(text), expected.2);
        };
        check("RE,1,1112", ("", 0, "RE", "1112"));
        check("1,12,0,\"RE\",\"1\",1112", ("12", 0, "RE", "1112"));
        check("\"1\",\"12\",\"0\",\"RE\",\"1,2\",\"1112\"", ("12", 0, "RE", "1112"));
        check("2,12,01,SI,1", ("12", 1, "SI", ""));
        check("1,12,0,CO,\"a,\"b\"c,d", ("12", 0, "CO", "\"b\"c"));
        check("1,12,x,CO,\"a\"b\",c", ("12", 0, "CO", "c"));
        let (_, record) = Fields::split(1, "1,2,3");
        assert_eq!(record.kind(), "1");
    }

    #[test]
    fn days_that_the_month_lacks_are_dropped_with_a_warning() {
        let mut findings = Findings::default();
        let mut days = [""; 31];
        (days[0], days[2], days[28], days[29], days[30]) = ("1", "x", "2", "3", "1");
        let text = format!("SI{}{}", ",".repeat(13), days.join(","));
        let (_, record) = Fields::split(9, &text);
        let february = Month::from_number(202_402).unwrap();
        assert_eq!(record.days(13, february, &mut findings), [(1, 1), (29, 2)]);
        assert_eq!(findings.issues.len(), 3);
        assert!(findings.issues.iter().all(|issue| issue.line == 9));
    }
}
