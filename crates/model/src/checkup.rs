//! Specific health check-ups (特定健診): what was measured and asked on one day, as it was received.
//!
//! Items are known by their JLAC10 code of 17 characters ([`item`]); values of coded items by the code
//! systems of the check-up standard ([`code`]). A judgement that was received is never made again:
//! marks (H, L) are the sender's, and only where the sender says nothing is a limit of the table
//! asked ([`mark`]). What can be seen is in [`release`], how check-ups stand side by side in [`sheet`].
//! Bytes (HL7 CDA) belong to `madoguchi-wire`.

pub mod code;
pub mod item;
pub mod mark;
pub mod release;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
pub mod sheet;
mod spark;

use crate::care::Amount;
use crate::day::Day;
use crate::id::CheckupId;
use crate::insurance::InsuranceNumbers;
use crate::records::Treatment;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Characters of an item code.
pub const ITEM_CODE_CHARACTERS: usize = 17;
/// Root of the code systems of the check-up standard; a system is told by what follows.
pub const SYSTEM_ROOT: &str = "1.2.392.200119.6.";

/// A check-up of one person on one day (健診結果).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// Identity.
    pub id: CheckupId,
    /// 健診実施年月日.
    pub day: Day,
    /// 報告区分.
    pub category: Category,
    /// 健診プログラム.
    pub program: Program,
    /// 健診実施機関.
    pub performer: Performer,
    /// Results and answers in the order of the document.
    pub results: Vec<CheckupResult>,
}

/// 報告区分 of a check-up (.1001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Category {
    /// 10 特定健診.
    Specific,
    /// 40 results of another check-up that were sent.
    Sent,
    /// 41 results of the employer's check-up.
    Employer,
    /// 42 results of the municipality's check-up.
    Municipal,
    /// 60 people on public assistance.
    PublicAssistance,
    /// 70 another check-up.
    OtherSeventy,
    /// 80 another check-up.
    OtherEighty,
}

/// 健診プログラム種別 (.1002).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Program {
    /// 010 特定健診.
    Specific,
    /// 020 後期高齢者健診 of a 広域連合.
    LateElderly,
    /// 030 the employer's check-up.
    Employer,
    /// 990 another one.
    Other,
}

/// Who carried the check-up out (健診実施機関).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performer {
    /// 健診機関番号, ten digits as written.
    pub code: String,
    /// Name as written; may be empty.
    pub name: String,
}

/// One result or answer (検査結果・質問票の回答).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckupResult {
    /// Item code (JLAC10).
    pub code: String,
    /// Name as sent, kept only for a code that the table of items does not have.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sent_name: String,
    /// What was found.
    pub value: ResultValue,
    /// What the sender says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpretation: Option<Interpretation>,
    /// 基準値 of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceRange>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultValue {
    /// A number with its unit (PQ, INT).
    Quantity {
        /// The number as written: digits, sign and point.
        number: String,
        /// The unit as written; empty for INT.
        unit: String,
    },
    /// A code (CD, or CO where codes have an order).
    Code {
        /// Whether it was sent as CO.
        ordered: bool,
        /// The code.
        code: String,
        /// OID of its code system as sent; may be empty.
        system: String,
        /// Its text as sent; empty where the code systems have one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sent_name: String,
    },
    /// A text (ST).
    Text(String),
    /// Nothing, and why.
    Absent(Absence),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// 未実施.
    NotDone,
    /// 測定不能.
    NotMeasurable,
}

/// The sender's interpretation of a value (interpretationCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpretation {
    /// N.
    Normal,
    /// H.
    High,
    /// L.
    Low,
    /// HX: more than can be measured.
    AboveMeasurable,
    /// LX: less than can be measured.
    BelowMeasurable,
}

/// 基準値 of the sender: both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceRange {
    /// 下限値 as written.
    pub low: Option<String>,
    /// 上限値 as written.
    pub high: Option<String>,
}

/// Whose check-ups are asked for by a program (TKK): the numbers on a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// 保険者番号, 記号, 番号, 枝番.
    pub numbers: InsuranceNumbers,
    /// 診療等区分: for which kind of treatment.
    pub treatment: Treatment,
}

macro_rules! codes {
    ($type:ident, $what:literal { $($variant:ident = $code:literal, $label:literal;)+ }) => {
        impl $type {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code of the standard.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code),+ } }
            /// From the code of the standard.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> { match code { $($code => Some(Self::$variant),)+ _ => None } }
            /// The Japanese text.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label),+ } }
        }

        impl From<$type> for &'static str {
            fn from(value: $type) -> Self { value.code() }
        }

        impl TryFrom<String> for $type {
            type Error = &'static str;
            fn try_from(code: String) -> Result<Self, &'static str> {
                Self::from_code(&code).ok_or(concat!("no ", $what))
            }
        }
    };
}

codes!(Category, "報告区分" {
    Specific = "10", "特定健診";
    Sent = "40", "他の健診結果の送付";
    Employer = "41", "事業者健診";
    Municipal = "42", "市町村健診";
    PublicAssistance = "60", "生活保護受給者等の健診";
    OtherSeventy = "70", "その他の健診（70）";
    OtherEighty = "80", "その他の健診（80）";
});

codes!(Program, "健診プログラム" {
    Specific = "010", "特定健診";
    LateElderly = "020", "後期高齢者健診";
    Employer = "030", "事業者健診";
    Other = "990", "その他の健診";
});

impl Category {
    /// What a document with this 報告区分 asks to delete (19, 49, 69, 79, 89); none when it asks nothing.
    #[must_use]
    pub fn deleted_by(code: &str) -> &'static [Self] {
        match code {
            "19" => &[Self::Specific],
            "49" => &[Self::Sent, Self::Employer, Self::Municipal],
            "69" => &[Self::PublicAssistance],
            "79" => &[Self::OtherSeventy],
            "89" => &[Self::OtherEighty],
            _ => &[],
        }
    }
}

impl Checkup {
    /// What kind of check-up it was, for people: the 報告区分, and for 特定健診 the program.
    #[must_use]
    pub const fn kind_label(&self) -> &'static str {
        match self.category {
            Category::Specific => self.program.label(),
            other => other.label(),
        }
    }
}

impl CheckupResult {
    /// The item in the table, if it is known.
    #[must_use]
    pub fn item(&self) -> Option<&'static item::Item> {
        item::by_code(&self.code)
    }

    /// ItemName: the table's, else as sent.
    #[must_use]
    pub fn item_name(&self) -> &str {
        self.item().map_or(&self.sent_name, |item| item.name)
    }

    /// DataType: PQ, CD, CO or ST. What was not done has the type of its item, ST when that is unknown.
    #[must_use]
    pub fn data_type(&self) -> item::DataType {
        match &self.value {
            ResultValue::Quantity { .. } => item::DataType::Quantity,
            ResultValue::Code { ordered: true, .. } => item::DataType::OrderedCode,
            ResultValue::Code { ordered: false, .. } => item::DataType::Code,
            ResultValue::Text(_) => item::DataType::Text,
            ResultValue::Absent(_) => self.item().map_or(item::DataType::Text, |item| item.data_type),
        }
    }

    /// DataValue: number, code or text; 未実施 and 測定不能 as words.
    #[must_use]
    pub fn data_value(&self) -> &str {
        match &self.value {
            ResultValue::Quantity { number, .. } => number,
            ResultValue::Code { code, .. } => code,
            ResultValue::Text(text) => text,
            ResultValue::Absent(absence) => absence.label(),
        }
    }

    /// Unit of a number, else empty.
    #[must_use]
    pub fn unit(&self) -> &str {
        match &self.value {
            ResultValue::Quantity { unit, .. } => unit,
            _ => "",
        }
    }

    /// OID of the code's system, else empty.
    #[must_use]
    pub fn oid(&self) -> &str {
        match &self.value {
            ResultValue::Code { system, .. } => system,
            _ => "",
        }
    }

    /// DataValueName: the text of a code in its system, else as sent; empty for other types.
    #[must_use]
    pub fn value_name(&self) -> Cow<'_, str> {
        match &self.value {
            ResultValue::Code { code, system, sent_name, .. } => {
                let system = system.strip_prefix(SYSTEM_ROOT).unwrap_or_default();
                let named = code::text(system, code).or_else(|| self.item().and_then(|item| item.text(code)));
                named.map_or(Cow::Borrowed(sent_name.as_str()), Cow::Borrowed)
            }
            _ => Cow::Borrowed(""),
        }
    }

    /// The number, when it is one that can be compared.
    #[must_use]
    pub fn number(&self) -> Option<Amount> {
        match &self.value {
            ResultValue::Quantity { number, .. } => Amount::parse(number),
            _ => None,
        }
    }
}

impl Absence {
    /// 未実施 or 測定不能.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotDone => "未実施",
            Self::NotMeasurable => "測定不能",
        }
    }
}

impl Interpretation {
    /// The code of the standard.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::High => "H",
            Self::Low => "L",
            Self::AboveMeasurable => "HX",
            Self::BelowMeasurable => "LX",
        }
    }

    /// From the code of the standard.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Normal, Self::High, Self::Low, Self::AboveMeasurable, Self::BelowMeasurable]
            .into_iter()
            .find(|known| known.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(code: &str, value: ResultValue) -> CheckupResult {
        CheckupResult { code: code.to_owned(), sent_name: String::new(), value, interpretation: None, reference: None }
    }

    #[test]
    fn a_result_says_the_same_in_all_its_forms() {
        let triglycerides =
            result("3F015000002327101", ResultValue::Quantity { number: "152".to_owned(), unit: "mg/dL".to_owned() });
        assert_eq!(triglycerides.item_name(), "空腹時中性脂肪");
        assert_eq!((triglycerides.data_type().code(), triglycerides.data_value()), ("PQ", "152"));
        assert_eq!((triglycerides.unit(), triglycerides.oid(), triglycerides.value_name().as_ref()), ("mg/dL", "", ""));
        let code = |item: &str, code: &str, system: &str, sent: &str| {
            let value = ResultValue::Code {
                ordered: false,
                code: code.to_owned(),
                system: system.to_owned(),
                sent_name: sent.to_owned(),
            };
            result(item, value).value_name().into_owned()
        };
        assert_eq!(code("9N736000000000011", "2", "1.2.392.200119.6.2003", ""), "いいえ");
        assert!(code("9N736000000000011", "2", "1.2.392.200119.6.24060", "").starts_with("以前は吸っていた"));
        assert_eq!(code("9N736000000000011", "7", "1.2.392.200119.6.24060", "送られた文"), "送られた文");
        assert_eq!(code("9N141000000000011", "2", "", ""), "食後10時間以上", "the item itself names its codes");
    }

    #[test]
    fn a_check_up_survives_being_packed() {
        let checkup = samples::checkups().remove(0);
        let json = serde_json::to_string(&checkup).unwrap();
        assert_eq!(serde_json::from_str::<Checkup>(&json).unwrap(), checkup);
        assert!(serde_json::from_str::<Category>("\"11\"").is_err());
    }

    #[test]
    fn deletions_name_what_they_delete() {
        for (code, expected) in
            [("19", "10"), ("49", "40 41 42"), ("69", "60"), ("79", "70"), ("89", "80"), ("10", ""), ("99", "")]
        {
            let deleted: Vec<_> = Category::deleted_by(code).iter().map(|category| category.code()).collect();
            assert_eq!(deleted.join(" "), expected, "{code}");
        }
    }
}
