//! The people of the world, with all their coverages.

use crate::story::Story;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::Sex;

/// An insured person (被保険者) of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhabitant {
    /// Key in the files of the world, `p000001` on; for ordinary people it tells nothing about them.
    pub key: String,
    /// 氏名: family name, full-width space, given name.
    pub name: String,
    /// 氏名カナ, likewise.
    pub kana: String,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
    /// All coverages (資格), the oldest first.
    pub coverages: Vec<CoverageSpan>,
    /// Number of the person with whom the household begins.
    pub(crate) household: u64,
    /// Number of the person in the world, from 0: the seed of the person's history.
    pub(crate) serial: u64,
    /// 都道府県番号 of the home.
    pub(crate) prefecture: u8,
    /// The case that a named patient plays.
    pub(crate) story: Option<Story>,
}

/// One period with one insurer (資格).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageSpan {
    /// 保険者番号, 記号, 番号, 枝番 as issued.
    pub numbers: InsuranceNumbers,
    /// 保険者名.
    pub insurer_name: String,
    /// 本人・家族の別.
    pub relation: Relation,
    /// 資格取得日.
    pub valid_from: Day,
    /// The last day; `None` while it lasts.
    pub valid_to: Option<Day>,
    /// 資格喪失事由.
    pub loss: Option<ReasonOfLoss>,
    /// 負担割合 in percent.
    pub patient_share_percent: u8,
    /// 被保険者証区分.
    pub kind: CertificateKind,
}

impl CoverageSpan {
    /// Whether the coverage holds on this day.
    #[must_use]
    pub fn covers(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether it is 医療扶助.
    #[must_use]
    pub fn is_assistance(&self) -> bool {
        self.kind == CertificateKind::MedicalAssistance
    }

    /// Ends the coverage on the day before another one begins.
    pub(crate) fn end_before(&mut self, next: Day) {
        self.valid_to = Some(next.plus_days(-1));
        self.loss = Some(ReasonOfLoss::OtherCoverage);
    }
}

impl Inhabitant {
    /// The health insurance that holds on a day, with its place in the list.
    #[must_use]
    pub fn coverage_on(&self, day: Day) -> Option<(usize, &CoverageSpan)> {
        let insured = self.coverages.iter().enumerate().rev().filter(|(_, coverage)| !coverage.is_assistance());
        insured.into_iter().find(|(_, coverage)| coverage.covers(day))
    }

    /// The coverage whose numbers stand for the person on a day: what holds, else the health insurance that ended last,
    /// else 医療扶助.
    #[must_use]
    pub fn coverage_to_show(&self, day: Day) -> Option<&CoverageSpan> {
        let ended = self.coverages.iter().rev().find(|coverage| !coverage.is_assistance());
        self.coverage_on(day).map(|(_, coverage)| coverage).or(ended).or(self.coverages.last())
    }

    /// The day of the 75th birthday (後期高齢者医療 begins).
    #[must_use]
    pub(crate) fn seventy_fifth_birthday(&self) -> Day {
        self.birthdate.plus_years(75)
    }
}
