//! Rows of past care (診療・薬剤・手術情報) as they are kept and shown.
//!
//! A row is derived once, at ingestion, from a receipt and the masters of its care date, and is
//! packed per receipt in the store. Amounts of money, diagnoses and free-text 症状詳記 never get here.

use crate::consent::InformationKind;
use crate::day::{Day, Month};
use crate::id::ReceiptId;
use crate::institution::InstitutionCode;
use serde::{Deserialize, Serialize};

/// How the person was cared for (入外等).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareSetting {
    /// 入院.
    Inpatient,
    /// 外来.
    Outpatient,
    /// 調剤.
    Pharmacy,
}

/// What a count counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountUnit {
    /// 日分 (内服).
    Days,
    /// 回分 (屯服).
    Doses,
    /// 調剤 (外用).
    Dispensings,
    /// 回.
    Times,
}

/// A decimal amount with up to five places, kept as an integer of 0.00001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

/// One drug line of a receipt (薬剤情報).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medication {
    /// Day of supply or use; `None` when the claim gives only the month.
    pub day: Option<Day>,
    /// 処方日, when it differs in kind from the supply (調剤 claims).
    pub prescribed_on: Option<Day>,
    /// 診療識別 (21 内服, 22 屯服, 23 外用, 31-33 注射, …).
    pub class: u8,
    /// 医薬品コード, 9 digits.
    pub code: String,
    /// 医薬品名.
    pub name: String,
    /// 成分名 (一般名), if the master has one.
    pub ingredient: Option<String>,
    /// Amount per day (内服), per dose (屯服), in all (外用) or per occasion.
    pub amount: Option<Amount>,
    /// Unit of the amount (錠, ｇ …).
    pub unit: String,
    /// How many days, doses, dispensings or times.
    pub count: u32,
    /// What the count counts.
    pub count_unit: CountUnit,
    /// 用法.
    pub usage: Option<String>,
    /// 1回用量.
    pub dose: Option<Amount>,
    /// 用法等の特別指示.
    pub instruction: Option<String>,
    /// Whether the prescriber supplied it itself (院内処方).
    pub in_house: bool,
}

/// One act of care of a receipt (診療情報), or an operation (手術情報).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Day of the act; `None` when the claim gives only the month.
    pub day: Option<Day>,
    /// 診療識別 (13 医学管理, 50 手術, …).
    pub class: u8,
    /// 診療行為コード, 9 digits.
    pub code: String,
    /// Name in the master valid on the care date, or 「（名称不明）」.
    pub name: String,
    /// 区分番号 such as `K719-3`.
    pub section: String,
    /// 数量データ with its unit, where the act has one.
    pub quantity: Option<(Amount, String)>,
    /// Times on that day.
    pub count: u32,
}

/// Everything that one receipt shows, by the consent that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareReceipt {
    /// The receipt that it came from.
    pub receipt: ReceiptId,
    /// 診療年月.
    pub month: Month,
    /// 入外等.
    pub setting: CareSetting,
    /// The institution that treated or dispensed.
    pub institution: InstitutionCode,
    /// Its name, as the claim wrote it.
    pub institution_name: String,
    /// The institution that prescribed, of a pharmacy's receipt.
    pub prescriber: Option<Prescriber>,
    /// Days of visits (受診日), empty when not known. Part of 診療情報.
    pub visit_days: Vec<Day>,
    /// 診療情報.
    pub acts: Vec<Act>,
    /// 薬剤情報.
    pub medications: Vec<Medication>,
    /// 手術情報.
    pub operations: Vec<Act>,
}

/// The institution that prescribed (処方元).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescriber {
    /// 医療機関コード, ten digits as written; not checked.
    pub code: String,
    /// Name.
    pub name: String,
}

impl CareReceipt {
    /// The receipt without what a consent does not cover.
    #[must_use]
    pub fn limited_to(mut self, covered: impl Fn(InformationKind) -> bool) -> Self {
        if !covered(InformationKind::MedicalCare) {
            self.acts.clear();
            self.visit_days.clear();
        }
        if !covered(InformationKind::Medication) {
            self.medications.clear();
        }
        if !covered(InformationKind::Surgery) {
            self.operations.clear();
        }
        self
    }
}

impl CareSetting {
    /// 入院, 外来 or 調剤.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Inpatient => "入院",
            Self::Outpatient => "外来",
            Self::Pharmacy => "調剤",
        }
    }

    /// The word in the store.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Outpatient => "outpatient",
            Self::Pharmacy => "pharmacy",
        }
    }

    /// From [`CareSetting::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Inpatient, Self::Outpatient, Self::Pharmacy].into_iter().find(|setting| setting.code() == code)
    }
}

impl CountUnit {
    /// 日分, 回分, 調剤 or 回.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Days => "日分",
            Self::Doses => "回分",
            Self::Dispensings => "調剤",
            Self::Times => "回",
        }
    }
}

impl Amount {
    /// Largest amount: 9,999,999,999.99999.
    const RAW_MAX: i64 = 999_999_999_999_999;

    /// Reads digits with at most one point and five places.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 10 || fraction.len() > 5 || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        let raw: i64 = format!("{whole}{fraction:0<5}").parse().ok()?;
        (raw <= Self::RAW_MAX).then_some(Self(raw))
    }

    /// From the integer of 0.00001.
    #[must_use]
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// The integer of 0.00001.
    #[must_use]
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// The amount divided, when it divides to at most three places.
    #[must_use]
    pub const fn divided(self, by: i64) -> Option<Self> {
        if by > 0 && self.0 % by == 0 && (self.0 / by) % 100 == 0 { Some(Self(self.0 / by)) } else { None }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, fraction) = (self.0 / 100_000, self.0 % 100_000);
        if fraction == 0 {
            return write!(formatter, "{whole}");
        }
        let fraction = format!("{fraction:05}");
        write!(formatter, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_places() {
        for (text, shown) in
            [("3", "3"), ("0.5", "0.5"), ("1.50000", "1.5"), ("0.00001", "0.00001"), ("9999999999", "9999999999")]
        {
            assert_eq!(Amount::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", ".5", "1.2.3", "1.000001", "12345678901", "-1", "１"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
        assert_eq!(Amount::parse("3").unwrap().divided(3).unwrap().to_string(), "1");
        assert_eq!(Amount::parse("1").unwrap().divided(3), None);
        assert_eq!(Amount::parse("0.5").unwrap().divided(4).unwrap().to_string(), "0.125");
    }
}
