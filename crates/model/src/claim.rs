//! A claim (レセプト) of 医科, DPC, 歯科 or 調剤 as it was read from a claims file, and what follows from it.
//!
//! The records are typed but nothing is concluded yet: [`derive`] turns a claim and the masters of
//! its care date into the rows that are shown, [`replacement`] says what a later receipt does to an
//! earlier one, and [`crate::resolution`] tells whose it is. Bytes belong to `madoguchi-wire`.
//! Deliberately not here: points by item, diagnoses (SY) and 症状詳記 (SJ), which are never shown.

pub mod derive;
pub mod item;
pub mod masters;
pub mod replacement;

pub use derive::{Derived, derive};
pub use item::{Addition, Dpc, Item, ItemKind};
pub use masters::Masters;

use crate::care::{Amount, CareSetting, Prescriber};
use crate::day::{Day, Month};
use crate::field::FieldError;
use crate::insurance::InsuranceNumbers;
use crate::person::Sex;
use std::fmt;

/// One receipt (レセプト).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// レセプト番号 within the file.
    pub number: String,
    /// Line of its RE record in the file, from 1.
    pub line: u64,
    /// レセプト種別.
    pub category: Category,
    /// 診療年月 or 調剤年月.
    pub month: Month,
    /// The patient as the claim writes it.
    pub patient: Patient,
    /// Insurer (HO) and public payers (KO) in their order, with what SN says about each.
    pub payers: Vec<Payer>,
    /// Days of visits (受診日等, JD); empty when the claim has none.
    pub visit_days: Vec<u8>,
    /// 検索番号, the key given by the reviewing body.
    pub search_number: Option<String>,
    /// What was done or dispensed.
    pub body: Body,
}

/// レセプト種別, four digits (claims.md 8.2): kind, payer class, number of payers, person and in/out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Category([u8; 4]);

/// The patient of a claim (患者).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// 氏名 as written; may hold ？ for what the sender could not write.
    pub name: String,
    /// カタカナ氏名, may be empty.
    pub kana: String,
    /// 男女区分.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
}

/// Who pays: the insurer (HO) or a public payer (KO).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Insurer or which public payer.
    pub kind: PayerKind,
    /// 保険者番号 or 公費負担者番号 as written, without blanks.
    pub insurer: String,
    /// 記号 as written.
    pub symbol: String,
    /// 番号, or 受給者番号 of a public payer.
    pub number: String,
    /// 枝番 from SN, two digits or empty.
    pub branch: String,
    /// 合計点数 of this payer, if written.
    pub points: Option<i64>,
    /// 確認区分 of SN (01 checked at the counter, 06 lost qualification …), or empty.
    pub confirmation: String,
}

/// 負担者種別.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayerKind {
    /// 医療保険 (HO; 1 in SN).
    Insurance,
    /// 公費 (KO), the first being 1 (2-5 in SN).
    PublicExpense(u8),
}

/// Which kind of claim (レセプトの種類), told by what is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 医科 (点数表 1).
    Medical,
    /// DPC (点数表 1 with BU or 総括区分).
    Dpc,
    /// 歯科 (点数表 3).
    Dental,
    /// 調剤 (点数表 4).
    Pharmacy,
}

/// What the receipt tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Items of a 医科 receipt, in their order.
    Medical(Vec<Item>),
    /// Items of a DPC receipt, by the records that tell them.
    Dpc(Dpc),
    /// Items of a 歯科 receipt, in their order.
    Dental(Vec<Item>),
    /// Prescriptions of a 調剤 receipt.
    Pharmacy {
        /// 処方医療機関, if written.
        prescriber: Option<Prescriber>,
        /// One for each SH record.
        prescriptions: Vec<Prescription>,
    },
}

/// One prescription of a 調剤 receipt: SH with its CZ and IY records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prescription {
    /// 剤形: 1 内服, 2 内滴, 3 屯服, 4 注射, 5 外用, 6 浸煎, 7 湯, 9 材料.
    pub form: u8,
    /// 用法コード, three digits, may be empty.
    pub usage_code: String,
    /// 特別指示; the usage itself where the code is 900.
    pub instruction: String,
    /// Each dispensing (CZ).
    pub dispensings: Vec<Dispensing>,
    /// The drugs (IY), all of which belong to every dispensing.
    pub drugs: Vec<DispensedDrug>,
}

/// One dispensing (CZ).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispensing {
    /// 処方月日.
    pub prescribed_on: Option<Day>,
    /// 調剤月日.
    pub dispensed_on: Option<Day>,
    /// 調剤数量: days of 内服, doses of 屯服, 1 or packs of 外用.
    pub count: u32,
}

/// One drug of a prescription (IY of 調剤).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispensedDrug {
    /// Its line in the file, from 1.
    pub line: u64,
    /// 医薬品コード.
    pub code: String,
    /// 使用量 per dispensing unit: one day of 内服, one dose of 屯服, all of 外用.
    pub quantity: Option<Amount>,
    /// 1回用量, if written.
    pub dose: Option<Amount>,
}

impl Claim {
    /// Which kind of claim it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.body {
            Body::Medical(_) => Kind::Medical,
            Body::Dpc(_) => Kind::Dpc,
            Body::Dental(_) => Kind::Dental,
            Body::Pharmacy { .. } => Kind::Pharmacy,
        }
    }

    /// 入外等: 調剤, else by the last digit of レセプト種別.
    #[must_use]
    pub const fn setting(&self) -> CareSetting {
        match self.body {
            Body::Pharmacy { .. } => CareSetting::Pharmacy,
            _ if self.category.is_inpatient() => CareSetting::Inpatient,
            _ => CareSetting::Outpatient,
        }
    }

    /// 処方医療機関 of a 調剤 receipt.
    #[must_use]
    pub const fn prescriber(&self) -> Option<&Prescriber> {
        match &self.body {
            Body::Pharmacy { prescriber, .. } => prescriber.as_ref(),
            _ => None,
        }
    }

    /// The numbers under which the person is looked for, in the order to try (claims.md 11.5): the
    /// insurer's, and only where there is no insurer the public payers'. Numbers that are no
    /// numbers are left out.
    #[must_use]
    pub fn numbers(&self) -> Vec<InsuranceNumbers> {
        let insured = self.payers.iter().any(|payer| payer.kind == PayerKind::Insurance);
        let tried = |payer: &&Payer| !insured || payer.kind == PayerKind::Insurance;
        self.payers.iter().filter(tried).filter_map(Payer::numbers).collect()
    }
}

impl Kind {
    /// 医科, DPC, 歯科 or 調剤.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Medical => "医科",
            Self::Dpc => "DPC",
            Self::Dental => "歯科",
            Self::Pharmacy => "調剤",
        }
    }
}

impl Payer {
    /// The numbers, if they can be numbers of an insured person.
    #[must_use]
    pub fn numbers(&self) -> Option<InsuranceNumbers> {
        InsuranceNumbers::parse(&self.insurer, &self.symbol, &self.number, &self.branch).ok()
    }
}

impl Category {
    /// Reads four digits whose first is 1 (医科), 3 (歯科), 4 (調剤) or 6 (訪問看護).
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let wrong = FieldError::new("レセプト種別", "4桁の数字（先頭は1、3、4または6）");
        let digits: [u8; 4] = text.as_bytes().try_into().map_err(|_| wrong.clone())?;
        if digits.iter().all(u8::is_ascii_digit) && matches!(digits[0], b'1' | b'3' | b'4' | b'6') {
            Ok(Self(digits))
        } else {
            Err(wrong)
        }
    }

    /// The first digit: 1 医科, 3 歯科, 4 調剤, 6 訪問看護.
    #[must_use]
    pub const fn table(self) -> u8 {
        self.0[0] - b'0'
    }

    /// Whether the last digit is odd: 入院.
    #[must_use]
    pub const fn is_inpatient(self) -> bool {
        self.0[3] % 2 == 1
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(formatter, "{}", char::from(*digit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_of_the_category_tells_in_from_out() {
        for (text, expected) in [
            ("1111", Some(true)),
            ("1112", Some(false)),
            ("1319", Some(true)),
            ("1310", Some(false)),
            ("4112", Some(false)),
            ("2112", None),
            ("111", None),
            ("１１１２", None),
        ] {
            assert_eq!(Category::parse(text).ok().map(Category::is_inpatient), expected, "{text}");
        }
    }
}
