//! Taking in what comes from outside: claims files, lists of insured persons, code masters.
//!
//! Each file is taken whole, with one audit entry, or not at all, and the same
//! file again changes nothing. A report says what was taken, warned and refused, with line numbers;
//! it holds no patient's name or number. Files come from the operator, not from a terminal's
//! request, so no session is asked for.

mod attach;
mod checkups;
mod claims;
mod coverage;
mod delivery;
mod enrol;
mod files;
mod institutions;
mod masters;
mod prepare;
mod prescriptions;
mod source;
mod ticket;
mod turn;
mod withdraw;

pub use checkups::CheckupsReport;
pub use claims::{ClaimsOptions, ClaimsReport, Rows, TotalsCheck};
pub use coverage::{CoverageReport, person_id};
pub use enrol::Enrolled;
pub use files::Reported;
pub use institutions::InstitutionsReport;
pub use masters::MasterReport;
pub use prescriptions::PrescriptionReport;
pub use source::ClaimsSource;
pub(crate) use turn::Turns;
pub use withdraw::WithdrawalReport;

use madoguchi_wire::{Issue, Severity};
use serde::Serialize;

/// Warnings that a report lists; more are only counted.
pub const WARNINGS_LISTED_MAX: u64 = 1_000;
/// Findings that a report lists. What was refused has the rest of the room for itself; more is only counted.
pub const FINDINGS_LISTED_MAX: usize = 11_000;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOutcome {
    /// It was taken (取込済).
    Taken,
    /// The same file had been taken before; nothing changed.
    TakenBefore,
    /// Nothing of it was taken (取込不可); the findings say why.
    Refused,
}

/// Findings as a report lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The findings, in the order of the file.
    pub issues: Vec<Issue>,
    /// How many are not listed because there are too many.
    pub not_listed: u64,
    /// How many of all are warnings.
    pub warnings: u64,
}

impl Findings {
    fn push(&mut self, issue: Issue) {
        let is_warning = issue.severity == Severity::Warning;
        let room = !is_warning || self.warnings < WARNINGS_LISTED_MAX;
        self.warnings += u64::from(is_warning);
        if room && self.issues.len() < FINDINGS_LISTED_MAX {
            self.issues.push(issue);
        } else {
            self.not_listed += 1;
        }
    }

    /// What was refused, in the order of the file.
    pub fn refusals(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.severity != Severity::Warning)
    }

    /// The listed warnings, in the order of the file.
    pub fn listed_warnings(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.severity == Severity::Warning)
    }

    fn extend(&mut self, issues: impl IntoIterator<Item = Issue>) {
        issues.into_iter().for_each(|issue| self.push(issue));
    }
}

/// The items, so many at a time, for as many writes.
fn slices<T>(items: Vec<T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || Some(items.by_ref().take(size).collect::<Vec<_>>()).filter(|slice| !slice.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_leave_room_for_what_was_refused() {
        let mut findings = Findings::default();
        findings.extend((0..5_000).map(|line| Issue::warning(line, "個人の特定", "該当なし")));
        findings.push(Issue::row(5_000, "診療年月", "読み取れません"));
        assert_eq!((findings.issues.len(), findings.not_listed, findings.warnings), (1_001, 4_000, 5_000));
        assert_eq!(findings.refusals().map(|issue| issue.line).collect::<Vec<_>>(), [5_000]);
        assert_eq!(findings.listed_warnings().count(), 1_000);
    }
}
