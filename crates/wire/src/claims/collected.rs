//! The lines of a receipt while they are collected, with those that correct others in their places.

use super::record::{Fields, kind_of, may_be_distributed};
use std::collections::HashMap;
use std::ops::Range;

/// The lines of one receipt.
#[derive(Default)]
pub(super) struct Lines {
    source: Vec<u8>,
    text: String,
    lines: Vec<Line>,
    /// 行番号 of the distribution form.
    places: HashMap<Box<str>, usize>,
    replaced: u64,
}

struct Line {
    number: u64,
    text: Range<usize>,
    history: u32,
}

impl Lines {
    /// Adds a line; a correction (履歴) takes the place of the line of the same 行番号, unless a later one did.
    pub(super) fn push(&mut self, number: u64, raw: &[u8], text: &str) {
        self.source.extend_from_slice(raw);
        let front = if may_be_distributed(text) { Fields::split(0, text).0 } else { Default::default() };
        let start = self.text.len();
        self.text.push_str(text);
        let added = Line { number, text: start..self.text.len(), history: front.history };
        if let (Some(place), true) = (self.places.get(front.line_number), front.history > 0) {
            self.replaced += 1;
            if self.lines[*place].history <= front.history {
                self.lines[*place] = added;
            }
            return;
        }
        if !front.line_number.is_empty() {
            self.places.insert(front.line_number.into(), self.lines.len());
        }
        self.lines.push(added);
    }

    /// Whether an RE line corrects one of this receipt instead of beginning the next: the same 行番号 and レセプト番号.
    pub(super) fn is_corrected_by(&self, text: &str) -> bool {
        let (front, record) = Fields::split(0, text);
        let Some(place) = self.places.get(front.line_number).filter(|_| front.history > 0) else { return false };
        let former = self.record(&self.lines[*place]);
        former.kind() == record.kind() && former.field(1) == record.field(1)
    }

    /// The first record.
    pub(super) fn first(&self) -> Option<Fields<'_>> {
        self.lines.first().map(|line| self.record(line))
    }

    /// Its line in the file, from 1.
    pub(super) fn first_line(&self) -> u64 {
        self.lines.first().map_or(0, |line| line.number)
    }

    /// How many records of a kind there are.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.lines.iter().filter(|line| kind_of(&self.text[line.text.clone()]) == kind).count()
    }

    /// How many lines corrected another.
    pub(super) const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The records in their order.
    pub(super) fn records(&self) -> impl Iterator<Item = Fields<'_>> {
        self.lines.iter().map(|line| self.record(line))
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> usize {
        self.source.len()
    }

    /// Whether there is no line yet.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All bytes as read.
    pub(super) fn into_source(self) -> Vec<u8> {
        self.source
    }

    fn record(&self, line: &Line) -> Fields<'_> {
        Fields::split(line.number, &self.text[line.text.clone()]).1
    }
}
