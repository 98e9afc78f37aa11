//! The insured persons of the world as rows of the coverage file (資格情報CSV).
//!
//! The file's form is the one that `ingest coverage` takes from anyone.

use crate::person::{CoverageSpan, Inhabitant};
use crate::world::World;

/// Columns of the coverage file, in their order.
pub const COLUMNS: [&str; 17] = [
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

/// 被保険者証区分 一般.
const ORDINARY: &str = "01";

/// One row: the fields of [`COLUMNS`].
pub type CoverageRow = [String; 17];

impl World {
    /// All coverages of all people, the oldest of each person first. `card_serial` gives the serial
    /// of a person's card by the person's key, or an empty text.
    pub fn coverage_rows<'world>(
        &'world self,
        card_serial: impl Fn(&str) -> String + 'world,
    ) -> impl Iterator<Item = CoverageRow> + 'world {
        self.people().iter().flat_map(move |person| {
            let serial = card_serial(&person.key);
            person.coverages.iter().map(move |coverage| row(person, coverage, &serial)).collect::<Vec<_>>()
        })
    }

    /// The whole coverage file as text: a heading, then one line for each coverage.
    #[must_use]
    pub fn coverage_csv(&self, card_serial: impl Fn(&str) -> String) -> String {
        let mut text = COLUMNS.join(",");
        text.push_str("\r\n");
        for row in self.coverage_rows(card_serial) {
            text.push_str(&row.join(","));
            text.push_str("\r\n");
        }
        text
    }
}

fn row(person: &Inhabitant, coverage: &CoverageSpan, card_serial: &str) -> CoverageRow {
    let day = |day: madoguchi_model::day::Day| day.number().to_string();
    [
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
        ORDINARY.to_owned(),
        day(coverage.valid_from),
        coverage.valid_to.map_or_else(String::new, day),
        coverage.loss.map_or_else(String::new, |reason| reason.code().to_owned()),
        coverage.patient_share_percent.to_string(),
        card_serial.to_owned(),
    ]
}
