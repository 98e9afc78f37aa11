//! Whose numbers are these (資格の特定): insurer, symbol and branch where given, number, birthdate.
//!
//! An equal number counts before one that is equal only without its leading zeros. Someone else's birthdate is told
//! apart here for the log only; the answer does not tell it from numbers that nobody has.

use super::Query;
use crate::day::Day;
use crate::id::{CoverageId, PersonId};
use crate::insurance::{InsuranceNumbers, normal};
use crate::resolution::PERSONAL_SCHEME;
use std::collections::BTreeSet;

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
    let exact = |holder: &&Holder| same_number(holder, &query.numbers);
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
    let mut named = holders.iter().filter(|holder| same_branch(holder, &query.numbers)).peekable();
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

/// Everyone whom numbers without a birthdate may mean, by the same rule: those with the equal number, or else those whose
/// number is equal without its zeros, and of them those with the 枝番 if it is given. Each person once.
#[must_use]
pub fn whose(numbers: &InsuranceNumbers, holders: &[Holder]) -> BTreeSet<PersonId> {
    let named = |exact: bool| -> BTreeSet<PersonId> {
        let of_tier = holders.iter().filter(|holder| same_number(holder, numbers) == exact);
        of_tier.filter(|holder| same_branch(holder, numbers)).map(|holder| holder.person).collect()
    };
    let exact = named(true);
    if exact.is_empty() { named(false) } else { exact }
}

/// Equal with leading zeros; most are equal as they stand.
fn same_number(holder: &Holder, numbers: &InsuranceNumbers) -> bool {
    holder.number == numbers.number || normal(&holder.number) == normal(&numbers.number)
}

/// A 枝番 that is given must be the holder's; personal numbers have none.
fn same_branch(holder: &Holder, numbers: &InsuranceNumbers) -> bool {
    numbers.branch.is_empty()
        || holder.branch == numbers.branch
        || (holder.branch.is_empty() && numbers.insurer.scheme().as_deref() == Some(PERSONAL_SCHEME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Timestamp;

    fn holder(person: u8, number: &str, branch: &str) -> Holder {
        Holder {
            person: PersonId::new(Timestamp::from_micros(0), [person; 10]),
            coverage: CoverageId::new(Timestamp::from_micros(0), [person; 10]),
            number: number.to_owned(),
            branch: branch.to_owned(),
            birthdate: Day::from_number(i64::from(person) + 19_800_100).unwrap(),
        }
    }

    /// Whether with or without a birthdate: a household's 枝番 that nobody registered is nobody's, not the unbranched
    /// father's.
    #[test]
    fn numbers_mean_the_same_person_with_and_without_a_birthdate() {
        let house =
            [holder(1, "00123", "01"), holder(2, "00123", "02"), holder(3, "00123", ""), holder(4, "123", "03")];
        for (insurer, number, branch, expected) in [
            ("138057", "00123", "", vec![1, 2, 3]),
            ("138057", "00123", "02", vec![2]),
            ("138057", "00123", "07", vec![]),
            ("138057", "00123", "03", vec![4]),
            ("138057", "123", "03", vec![4]),
            ("138057", "123", "", vec![4]),
            ("39131156", "00123", "07", vec![3]),
        ] {
            let numbers = InsuranceNumbers::parse(insurer, "国12", number, branch).unwrap();
            let found = whose(&numbers, &house);
            let people: Vec<u8> = house
                .iter()
                .enumerate()
                .filter(|(_, it)| found.contains(&it.person))
                .map(|(at, _)| at as u8 + 1)
                .collect();
            assert_eq!(people, expected, "{numbers:?}");
            for (at, person) in house.iter().enumerate() {
                let query = Query {
                    numbers: numbers.clone(),
                    birthdate: person.birthdate,
                    limit_consent: false,
                    day: Day::from_number(20_261_123).unwrap(),
                };
                let by_check = matching(&query, &house);
                if expected.contains(&(at as u8 + 1)) {
                    assert_eq!(by_check, Found::Person(person.person, vec![person.coverage]), "{numbers:?}");
                } else if !branch.is_empty() {
                    assert!(!matches!(by_check, Found::Person(..)), "{numbers:?} {at}");
                }
            }
        }
    }
}
