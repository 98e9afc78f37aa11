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

/// Findings that a report lists; more are only counted.
pub const ISSUES_LISTED_MAX: usize = 1_000;

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
        self.warnings += u64::from(issue.severity == Severity::Warning);
        if self.issues.len() < ISSUES_LISTED_MAX {
            self.issues.push(issue);
        } else {
            self.not_listed += 1;
        }
    }

    fn extend(&mut self, issues: impl IntoIterator<Item = Issue>) {
        issues.into_iter().for_each(|issue| self.push(issue));
    }
}
