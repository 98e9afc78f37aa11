//! What holds on a day (資格有効性): the table of grades, by numbers and by card.

use super::Told;
use super::{ROWS_MAX, Validity};
use crate::coverage::Coverage;
use crate::day::Day;
use crate::id::CoverageId;
use crate::institution::InstitutionCode;
use crate::ticket::MedicalTicket;

/// Whether the month's ticket of 医療扶助 is registered for the asking institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Registered,
    /// It is not (yet), or another institution is entrusted.
    Missing,
}

/// A grade and the coverages that the answer tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The grade.
    pub validity: Validity,
    /// In the order of the answer: health insurance first.
    pub coverages: Vec<&'a Coverage>,
}

/// The grade of the coverages that were asked for by their numbers, on a day. `all` are the coverages of the person.
///
/// Only an asked coverage is ever told; that a newer one exists is told by the grade alone.
#[must_use]
pub fn by_numbers<'a>(asked: &[CoverageId], all: &'a [Coverage], day: Day, ticket: Presence) -> Verdict<'a> {
    let begun = all.iter().filter(|coverage| asked.contains(&coverage.id) && coverage.valid_from <= day);
    let Some(told) = begun.max_by_key(|coverage| (coverage.covers(day), coverage.valid_from)) else {
        return Verdict { validity: Validity::None, coverages: Vec::new() };
    };
    let newer = all.iter().any(|other| other.covers(day) && other.valid_from > told.valid_from);
    let validity = match (told.covers(day), newer) {
        (true, _) => valid(told, ticket),
        (false, true) => Validity::Replaced,
        (false, false) => Validity::Invalid,
    };
    Verdict { validity, coverages: vec![told] }
}

/// The grade of the holder of a card on a day: the newest coverage is shown, several only where they hold at once.
#[must_use]
pub fn by_card(all: &[Coverage], day: Day, ticket: Presence) -> Verdict<'_> {
    let mut insured: Vec<_> = all.iter().filter(|one| !one.is_assistance() && one.covers(day)).collect();
    insured.sort_by_key(|coverage| std::cmp::Reverse(coverage.valid_from));
    insured.truncate(ROWS_MAX - 1);
    let assisted = all.iter().filter(|one| one.is_assistance() && one.covers(day));
    let assisted = assisted.max_by_key(|coverage| coverage.valid_from);
    let validity = match (insured.as_slice(), assisted) {
        ([], None) => return last_known(all, day),
        ([], Some(assisted)) => valid(assisted, ticket),
        ([_], _) => Validity::Valid,
        _ => Validity::Several,
    };
    insured.extend(assisted);
    Verdict { validity, coverages: insured }
}

fn valid(coverage: &Coverage, ticket: Presence) -> Validity {
    match ticket {
        Presence::Missing if coverage.is_assistance() => Validity::NotRegistered,
        _ => Validity::Valid,
    }
}

/// Nothing holds: the coverage that ended last, for reference.
fn last_known(all: &[Coverage], day: Day) -> Verdict<'_> {
    let begun = all.iter().filter(|coverage| coverage.valid_from <= day);
    match begun.max_by_key(|coverage| (coverage.valid_to, coverage.valid_from)) {
        Some(last) => Verdict { validity: Validity::Invalid, coverages: vec![last] },
        None => Verdict { validity: Validity::None, coverages: Vec::new() },
    }
}

impl Presence {
    /// Whether one of the tickets that count entrusts this institution with care.
    #[must_use]
    pub fn of(tickets: &[MedicalTicket], institution: &InstitutionCode, day: Day, told: Told) -> Self {
        let ours = tickets.iter().any(|ticket| ticket.institution == *institution && told.tells(ticket, day));
        if ours { Self::Registered } else { Self::Missing }
    }
}
