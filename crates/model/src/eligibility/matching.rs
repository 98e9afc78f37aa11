//! Whose numbers are these (資格の特定): insurer, symbol and branch where given, number, birthdate.
//!
//! An equal number counts before one that is equal only without its leading zeros. Someone else's birthdate is told
//! apart here for the log only; the answer does not tell it from numbers that nobody has.

use super::Query;
use crate::day::Day;
use crate::id::{CoverageId, PersonId};
use crate::insurance::normal;

/// Somebody who has, or had, the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub person: PersonId,
    /// By which coverage.
    pub coverage: CoverageId,
    /// 番号 as issued.
    pub number: String,
    /// 枝番, two digits or empty.
    pub branch: String,
    /// 生年月日.
    pub birthdate: Day,
}

/// What the numbers lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nobody has them.
    Nobody,
    /// Somebody has them, with another birthdate (P0003).
    OtherBirthdate,
    /// Several people have them.
    Several,
    /// One person has them, by these coverages: one, or several periods.
    Person(PersonId, Vec<CoverageId>),
}

/// Finds out whose the numbers are. `holders` are those found under insurer, number and, if given, symbol.
#[must_use]
pub fn matching(query: &Query, holders: &[Holder]) -> Found {
    let exact = |holder: &&Holder| same_number(holder, query);
    let (exact, loose): (Vec<_>, Vec<_>) = holders.iter().partition(exact);
    match among(query, &exact) {
        Found::Nobody => among(query, &loose),
        Found::OtherBirthdate => match among(query, &loose) {
            Found::Nobody => Found::OtherBirthdate,
            found => found,
        },
        found => found,
    }
}

fn among(query: &Query, holders: &[&Holder]) -> Found {
    let branch = &query.numbers.branch;
    let mut named = holders.iter().filter(|holder| branch.is_empty() || holder.branch == *branch).peekable();
    if named.peek().is_none() {
        return Found::Nobody;
    }
    let fitting: Vec<_> = named.filter(|holder| holder.birthdate == query.birthdate).collect();
    match fitting.as_slice() {
        [] => Found::OtherBirthdate,
        [first, rest @ ..] if rest.iter().all(|holder| holder.person == first.person) => {
            Found::Person(first.person, fitting.iter().map(|holder| holder.coverage).collect())
        }
        _ => Found::Several,
    }
}

/// Equal with leading zeros; most are equal as they stand.
fn same_number(holder: &Holder, query: &Query) -> bool {
    holder.number == query.numbers.number || normal(&holder.number) == normal(&query.numbers.number)
}
