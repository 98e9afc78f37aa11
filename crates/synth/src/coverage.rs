//! The insured persons of the world as rows of the coverage file (資格情報CSV).
//!
//! The file's form is the one that `ingest coverage` takes from anyone.

use crate::certificate;
use crate::person::{CoverageSpan, Inhabitant};
use crate::world::World;
use madoguchi_model::code::Code;

/// Columns that every list has.
const ALWAYS: [&str; 17] = [
    "person_key",
    "name",
    "kana",
    "sex",
    "birthdate",
    "insurer_number",
    "insurer_name",
    "symbol",
    "number",
    "branch",
    "relation",
    "classification",
    "valid_from",
    "valid_to",
    "loss_reason",
    "patient_share",
    "card_serial",
];
/// Columns of the coverage file, in their order.
pub const COLUMNS: [&str; 42] = joined(ALWAYS, certificate::COLUMNS);

/// One row: the fields of [`COLUMNS`].
pub type CoverageRow = [String; 42];

const fn joined(first: [&'static str; 17], second: [&'static str; 25]) -> [&'static str; 42] {
    let mut all = [""; 42];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < first.len() { first[place] } else { second[place - first.len()] };
        place += 1;
    }
    all
}

impl World {
    /// All coverages of all people, the oldest of each person first. `card_serial` gives the serial
    /// of a person's card by the person's key, or an empty text.
    pub fn coverage_rows<'world>(
        &'world self,
        card_serial: impl Fn(&str) -> String + 'world,
    ) -> impl Iterator<Item = CoverageRow> + 'world {
        let today = self.today();
        let households = self.people().chunk_by(|one, next| one.household == next.household);
        households.flat_map(move |household| {
            let mut rows = Vec::with_capacity(household.len());
            for person in household {
                let serial = card_serial(&person.key);
                for coverage in &person.coverages {
                    let more = certificate::fields(person, coverage, household, today);
                    rows.push(row(person, coverage, &serial, more));
                }
            }
            rows
        })
    }

    /// The whole coverage file as text: a heading, then one line for each coverage.
    #[must_use]
    pub fn coverage_csv(&self, card_serial: impl Fn(&str) -> String) -> String {
        let mut text = heading();
        self.add_coverage_lines(&mut text, card_serial);
        text
    }

    /// Adds a line for each coverage.
    pub(crate) fn add_coverage_lines(&self, text: &mut String, card_serial: impl Fn(&str) -> String) {
        for row in self.coverage_rows(card_serial) {
            for (place, field) in row.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                text.push_str(field);
            }
            text.push_str("\r\n");
        }
    }
}

/// The first line of the coverage file.
pub(crate) fn heading() -> String {
    format!("{}\r\n", COLUMNS.join(","))
}

fn row(person: &Inhabitant, coverage: &CoverageSpan, card_serial: &str, mut more: [String; 25]) -> CoverageRow {
    let day = |day: madoguchi_model::day::Day| day.number().to_string();
    let always = [
        person.key.clone(),
        person.name.clone(),
        person.kana.clone(),
        person.sex.number().to_string(),
        day(person.birthdate),
        coverage.numbers.insurer.printed(),
        coverage.insurer_name.clone(),
        coverage.numbers.symbol.clone(),
        coverage.numbers.number.clone(),
        coverage.numbers.branch.clone(),
        coverage.relation.number().to_string(),
        coverage.kind.code().to_owned(),
        day(coverage.valid_from),
        coverage.valid_to.map_or_else(String::new, day),
        coverage.loss.map_or_else(String::new, |reason| reason.code().to_owned()),
        coverage.patient_share_percent.to_string(),
        card_serial.to_owned(),
    ];
    if card_serial.is_empty() {
        // Only a card has a last day.
        more[0].clear();
    }
    let mut row = [const { String::new() }; 42];
    for (field, text) in row.iter_mut().zip(always.into_iter().chain(more)) {
        *field = text;
    }
    row
}
