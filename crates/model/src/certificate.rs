//! What a certificate says beyond numbers and period (券面の情報): whose name, from when to when, and the certificates
//! that go with it: 高齢受給者証, 限度額適用認定証, 特定疾病療養受療証.
//!
//! A coverage keeps all of its periods, so that eligibility can be asked for any day.

use crate::code::{Code, DiseaseCategory, IncomeClass, LimitKind};
use crate::day::Day;
use crate::person::Sex;
use serde::{Deserialize, Serialize};

/// Certificates of one kind that one coverage keeps at most; the newest are kept. They are renewed once a year.
pub const RENEWALS_MAX: usize = 24;

/// What a certificate says beyond numbers and period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// 被保険者氏名（世帯主氏名）.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insured_name: Option<String>,
    /// 性別 as printed, where it differs from the registered one or is printed at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// 交付年月日.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// 有効開始年月日.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Day>,
    /// 有効終了年月日.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
    /// 高齢受給者証, one a period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elderly: Vec<ElderlyCertificate>,
    /// 限度額適用認定証等, one a period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitCertificate>,
    /// 特定疾病療養受療証, one a disease and period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diseases: Vec<DiseaseCertificate>,
}

/// 高齢受給者証 of a person of 70 to 74.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElderlyCertificate {
    /// 交付年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// 有効開始年月日.
    pub valid_from: Day,
    /// 有効終了年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
    /// 負担割合 in percent.
    pub share_percent: i64,
}

/// 限度額適用認定証, 限度額適用・標準負担額減額認定証 or 標準負担額減額認定証.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitCertificate {
    /// Which of the three.
    pub kind: LimitKind,
    /// 適用区分.
    pub class: IncomeClass,
    /// 交付年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// 有効開始年月日.
    pub valid_from: Day,
    /// 有効終了年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
    /// 長期入院該当年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_term_on: Option<Day>,
}

/// 特定疾病療養受療証.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiseaseCertificate {
    /// 認定疾病区分.
    pub category: DiseaseCategory,
    /// 交付年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// 有効開始年月日.
    pub valid_from: Day,
    /// 有効終了年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
    /// 自己負担限度額 in yen.
    pub self_pay_yen: i64,
}

impl Certificate {
    /// 高齢受給者証 of this day, the newest of several.
    #[must_use]
    pub fn elderly_on(&self, day: Day) -> Option<&ElderlyCertificate> {
        let holding = self.elderly.iter().filter(|one| holds(one.valid_from, one.valid_to, day));
        holding.max_by_key(|one| one.valid_from)
    }

    /// 限度額適用認定証等 of this day, the newest of several.
    #[must_use]
    pub fn limit_on(&self, day: Day) -> Option<&LimitCertificate> {
        let holding = self.limits.iter().filter(|one| holds(one.valid_from, one.valid_to, day));
        holding.max_by_key(|one| one.valid_from)
    }

    /// 特定疾病療養受療証 of this day.
    pub fn diseases_on(&self, day: Day) -> impl Iterator<Item = &DiseaseCertificate> {
        self.diseases.iter().filter(move |one| holds(one.valid_from, one.valid_to, day))
    }

    /// What a newer list says, with the former periods that it does not name. A certificate of the same kind that
    /// begins on the same day is the same one, said anew.
    #[must_use]
    pub fn renewed(self, former: Certificate) -> Self {
        Self {
            elderly: kept(self.elderly, former.elderly, |one| (one.valid_from, "")),
            limits: kept(self.limits, former.limits, |one| (one.valid_from, "")),
            diseases: kept(self.diseases, former.diseases, |one| (one.valid_from, one.category.code())),
            ..self
        }
    }
}

fn holds(from: Day, to: Option<Day>, day: Day) -> bool {
    from <= day && to.is_none_or(|last| day <= last)
}

fn kept<T>(mut newer: Vec<T>, former: Vec<T>, key: impl Fn(&T) -> (Day, &'static str)) -> Vec<T> {
    for one in former {
        if newer.iter().all(|other| key(other) != key(&one)) {
            newer.push(one);
        }
    }
    newer.sort_by_key(|one| std::cmp::Reverse(key(one)));
    newer.truncate(RENEWALS_MAX);
    newer
}
