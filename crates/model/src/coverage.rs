//! Coverage (資格): one period in which one insurer covers one person.

use crate::certificate::Certificate;
use crate::code::CertificateKind;
use crate::day::Day;
use crate::id::{CoverageId, PersonId};
use crate::insurance::InsuranceNumbers;
use serde::{Deserialize, Serialize};

/// One coverage of a person (資格).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Whose it is.
    pub person: PersonId,
    /// Identity of this period.
    pub id: CoverageId,
    /// 保険者番号, 記号, 番号, 枝番 as issued.
    pub numbers: InsuranceNumbers,
    /// 保険者名.
    pub insurer_name: String,
    /// 本人 or 家族.
    pub relation: Relation,
    /// 被保険者証区分 (OQSCD010).
    pub kind: CertificateKind,
    /// 資格取得日, the first day of the coverage.
    pub valid_from: Day,
    /// The last day of the coverage; `None` while it lasts.
    pub valid_to: Option<Day>,
    /// 資格喪失事由 (OQSCD008) once it is lost.
    pub loss: Option<ReasonOfLoss>,
    /// 負担割合 in percent (10, 20, 30), if the insurer prints it.
    pub patient_share_percent: Option<i64>,
    /// What the certificate says beyond that.
    pub certificate: Certificate,
}

/// 本人・家族の別 (OQSCD009).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// 本人 (1).
    Insured,
    /// 家族 (2).
    Dependant,
}

/// 資格喪失事由 (OQSCD008).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReasonOfLoss {
    /// 死亡 (01).
    Death,
    /// 生活保護受給開始 (02).
    PublicAssistance,
    /// 医療保険等の資格取得 (03).
    OtherCoverage,
    /// その他 (99).
    Other,
}

impl Coverage {
    /// Whether the coverage holds on this day.
    #[must_use]
    pub fn covers(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether it is 医療扶助 and no health insurance; a person may hold both at once.
    #[must_use]
    pub fn is_assistance(&self) -> bool {
        self.kind == CertificateKind::MedicalAssistance
    }

    /// 資格喪失日: the first day on which the coverage does not hold any more.
    #[must_use]
    pub fn lost_on(&self) -> Option<Day> {
        self.valid_to.map(|last| last.plus_days(1))
    }

    /// Whether no medical information exists for holders of this coverage: 自衛官診療証 (法別 07) and
    /// 日雇特例 (03, 04).
    #[must_use]
    pub fn is_without_records(&self) -> bool {
        self.numbers.insurer.scheme().is_some_and(|scheme| matches!(scheme.as_str(), "03" | "04" | "07"))
    }
}

/// The coverage that counts on a day: the one that holds (health insurance before 医療扶助, the newest of several), or
/// `None`.
#[must_use]
pub fn coverage_on(coverages: &[Coverage], day: Day) -> Option<&Coverage> {
    let holding = coverages.iter().filter(|coverage| coverage.covers(day));
    holding.max_by_key(|coverage| (!coverage.is_assistance(), coverage.valid_from))
}

impl Relation {
    /// The digit of the wire.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Insured => 1,
            Self::Dependant => 2,
        }
    }

    /// From the digit of the wire.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Insured),
            2 => Some(Self::Dependant),
            _ => None,
        }
    }
}

impl ReasonOfLoss {
    /// The two digits of the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Death => "01",
            Self::PublicAssistance => "02",
            Self::OtherCoverage => "03",
            Self::Other => "99",
        }
    }

    /// From the two digits of the wire.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Death, Self::PublicAssistance, Self::OtherCoverage, Self::Other]
            .into_iter()
            .find(|reason| reason.code() == code)
    }

    /// The Japanese text.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Death => "死亡",
            Self::PublicAssistance => "生活保護受給開始",
            Self::OtherCoverage => "医療保険等の資格取得",
            Self::Other => "その他",
        }
    }
}
