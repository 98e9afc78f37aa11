//! The items of a check-up (健診項目): one row of a report each, with the codes of all its methods.
//!
//! The table gives name, block, unit, code systems and limits; it decides the order of a report.
//! Limits are the 保健指導判定値 of the standard; they are asked only where a sender gives neither an
//! interpretation nor a range of its own.

mod table;

pub use table::ITEMS;

use super::code::CodeText;
use crate::person::Sex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A block of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// 身体計測.
    Body,
    /// 血圧.
    BloodPressure,
    /// 血中脂質.
    Lipids,
    /// 肝機能.
    Liver,
    /// 血糖.
    Sugar,
    /// 尿.
    Urine,
    /// 貧血.
    Anaemia,
    /// 心電図・眼底.
    HeartAndEyes,
    /// 腎機能.
    Kidney,
    /// 診察: history and findings.
    Examination,
    /// メタボ判定.
    Metabolic,
    /// 保健指導レベル.
    Guidance,
    /// 医師の診断.
    Diagnosis,
    /// 質問票.
    Questions,
    /// Items that the table does not have.
    Other,
}

/// データ型.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// PQ: a number with a unit.
    Quantity,
    /// CD: a code.
    Code,
    /// CO: a code of an ordered system.
    OrderedCode,
    /// ST: a text.
    Text,
}

/// One item (検査項目・質問).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Name on screens and reports.
    pub name: &'static str,
    /// Its block.
    pub block: Block,
    /// How its value is given.
    pub data_type: DataType,
    /// Unit of a number.
    pub unit: &'static str,
    /// The codes that mean this item, the most common method first.
    pub codes: &'static [Method],
    /// Code systems that its codes may be of, as suffixes of the common root.
    pub systems: &'static [&'static str],
    /// Texts of codes whose system is not known.
    pub texts: &'static [CodeText],
    /// From where on a value is marked.
    pub limits: Limits,
}

/// A code of an item, and what to say about the method beside the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// JLAC10.
    pub code: &'static str,
    /// A remark such as 自己測定; empty for usual methods.
    pub note: &'static str,
}

/// 保健指導判定値: the value itself is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// None.
    None,
    /// The same for everyone.
    All(Limit),
    /// By sex.
    BySex {
        /// For men.
        male: Limit,
        /// For women.
        female: Limit,
    },
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// H from this value on.
    HighFrom(&'static str),
    /// L below this value.
    LowBelow(&'static str),
}

impl Block {
    /// All blocks in their order.
    pub const ALL: [Self; 15] = [
        Self::Body,
        Self::BloodPressure,
        Self::Lipids,
        Self::Liver,
        Self::Sugar,
        Self::Urine,
        Self::Anaemia,
        Self::HeartAndEyes,
        Self::Kidney,
        Self::Examination,
        Self::Metabolic,
        Self::Guidance,
        Self::Diagnosis,
        Self::Questions,
        Self::Other,
    ];

    /// The heading.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Body => "身体計測",
            Self::BloodPressure => "血圧",
            Self::Lipids => "血中脂質",
            Self::Liver => "肝機能",
            Self::Sugar => "血糖",
            Self::Urine => "尿",
            Self::Anaemia => "貧血",
            Self::HeartAndEyes => "心電図・眼底",
            Self::Kidney => "腎機能",
            Self::Examination => "診察",
            Self::Metabolic => "メタボ判定",
            Self::Guidance => "保健指導レベル",
            Self::Diagnosis => "医師の診断",
            Self::Questions => "質問票",
            Self::Other => "その他の項目",
        }
    }
}

impl DataType {
    /// PQ, CD, CO or ST.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Quantity => "PQ",
            Self::Code => "CD",
            Self::OrderedCode => "CO",
            Self::Text => "ST",
        }
    }
}

impl Item {
    /// The limit that counts for somebody of this sex.
    #[must_use]
    pub const fn limit(&self, sex: Sex) -> Option<Limit> {
        match (self.limits, sex) {
            (Limits::All(limit), _)
            | (Limits::BySex { male: limit, .. }, Sex::Male)
            | (Limits::BySex { female: limit, .. }, Sex::Female) => Some(limit),
            _ => None,
        }
    }

    /// The text of a code of this item, where the item itself names its codes.
    #[must_use]
    pub fn text(&self, code: &str) -> Option<&'static str> {
        self.texts.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
    }

    /// The remark on the method of this code.
    #[must_use]
    pub fn note(&self, code: &str) -> &'static str {
        self.codes.iter().find(|method| method.code == code).map_or("", |method| method.note)
    }
}

/// The item of a code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Item> {
    place(code).and_then(|place| ITEMS.get(place))
}

/// The place of a code's item in [`ITEMS`], which is its place in a report.
#[must_use]
pub fn place(code: &str) -> Option<usize> {
    static PLACES: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
        let codes =
            ITEMS.iter().enumerate().flat_map(|(place, item)| item.codes.iter().map(move |it| (it.code, place)));
        codes.collect()
    });
    PLACES.get(code).copied()
}

const fn item(block: Block, name: &'static str, data_type: DataType, codes: &'static [Method]) -> Item {
    Item { name, block, data_type, unit: "", codes, systems: &[], texts: &[], limits: Limits::None }
}

const fn quantity(block: Block, name: &'static str, unit: &'static str, codes: &'static [Method]) -> Item {
    Item { unit, ..item(block, name, DataType::Quantity, codes) }
}

const fn limited(limits: Limits, item: Item) -> Item {
    Item { limits, ..item }
}

const fn coded(block: Block, name: &'static str, systems: &'static [&'static str], codes: &'static [Method]) -> Item {
    Item { systems, ..item(block, name, DataType::Code, codes) }
}

const fn ordered(block: Block, name: &'static str, systems: &'static [&'static str], codes: &'static [Method]) -> Item {
    Item { systems, ..item(block, name, DataType::OrderedCode, codes) }
}

const fn text(block: Block, name: &'static str, codes: &'static [Method]) -> Item {
    item(block, name, DataType::Text, codes)
}

const fn high(from: &'static str) -> Limits {
    Limits::All(Limit::HighFrom(from))
}

const fn low(below: &'static str) -> Limits {
    Limits::All(Limit::LowBelow(below))
}

const fn method(code: &'static str) -> Method {
    Method { code, note: "" }
}

const fn noted(code: &'static str, note: &'static str) -> Method {
    Method { code, note }
}

const AFTER_MEALS: &[CodeText] =
    &[("2", "食後10時間以上"), ("3", "食後3.5時間以上10時間未満"), ("4", "食後3.5時間未満")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::{ITEM_CODE_CHARACTERS, code};
    use std::collections::HashSet;

    #[test]
    fn every_code_has_seventeen_characters_and_one_item() {
        let mut seen = HashSet::new();
        for item in ITEMS {
            assert!(!item.codes.is_empty(), "{}", item.name);
            for Method { code, .. } in item.codes {
                let plain = code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
                assert!(code.len() == ITEM_CODE_CHARACTERS && plain, "{code}");
                assert!(seen.insert(code), "{code} stands twice");
                assert_eq!(by_code(code), Some(item));
            }
        }
        assert!(seen.len() > 130, "{}", seen.len());
        assert_eq!(by_code("3F015000002327199"), None);
    }

    #[test]
    fn every_item_is_of_one_piece() {
        let mut names = HashSet::new();
        for item in ITEMS {
            assert!(names.insert(item.name), "{}", item.name);
            let number = item.data_type == DataType::Quantity;
            assert_eq!(number, !item.unit.is_empty(), "{}", item.name);
            assert!(number || item.limits == Limits::None, "{}", item.name);
            // Two systems of the standard have no table of ours: their codes are shown as they were sent.
            let known = |system: &&str| code::is_known(system) || ["18050", "18060"].contains(system);
            assert!(item.systems.iter().all(known), "{}", item.name);
        }
        let blocks: Vec<_> = ITEMS.iter().map(|item| item.block).collect();
        assert!(blocks.is_sorted(), "rows of a block stand together");
    }

    #[test]
    fn limits_differ_by_sex_where_the_standard_does() {
        let waist = by_code("9N016160100000001").unwrap();
        assert_eq!(waist.limit(Sex::Male), Some(Limit::HighFrom("85")));
        assert_eq!(waist.limit(Sex::Female), Some(Limit::HighFrom("90")));
        assert_eq!(waist.limit(Sex::Unset), None);
        assert_eq!(by_code("3F070000002399901").unwrap().limit(Sex::Unset), Some(Limit::LowBelow("40")));
    }
}
