//! Check-up documents (特定健診, HL7 CDA R2): one document for each person and day, alone or packed.
//!
//! A document is read as a whole into a bounded tree, then field by field. What is missing for telling
//! whose and which check-up it is refuses the document; what is odd about a result is a warning, and
//! the result is kept as it was sent. A package (ZIP) is a list of documents: each stands for itself.
//! Nothing is judged here and no person is looked for.

mod document;
mod package;
mod result;
mod tree;

pub use document::read;
pub use package::{PACKAGE_BYTES_MAX, Summary, pack, read_file};

use crate::issue::Issue;
use madoguchi_model::checkup::{Category, CheckupResult, Performer, Program};
use madoguchi_model::claim::Patient;
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;

/// Bytes of one document at most; a full one has some 60 kB.
pub const DOCUMENT_BYTES_MAX: usize = 2_097_152;
/// Results of one document at most; the standard has about 200 items.
pub const RESULTS_MAX: usize = 1_000;

/// A document as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckupDocument {
    /// What it is for.
    pub request: Request,
    /// 作成年月日 of the document.
    pub created_on: Day,
    /// 保険者番号, 記号, 番号, 枝番.
    pub numbers: InsuranceNumbers,
    /// The person as the document writes it; the name is kana.
    pub patient: Patient,
    /// 健診実施年月日.
    pub day: Day,
    /// 健診プログラム.
    pub program: Program,
    /// 健診実施機関.
    pub performer: Performer,
    /// Results and answers; none in a request to delete.
    pub results: Vec<CheckupResult>,
    /// What is odd but was taken all the same.
    pub warnings: Vec<Issue>,
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// It reports a check-up.
    Report(Category),
    /// It asks to delete the check-up of one of these categories that was reported before.
    Delete(&'static [Category]),
}

impl std::fmt::Debug for CheckupDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CheckupDocument").field("request", &self.request).finish_non_exhaustive()
    }
}
