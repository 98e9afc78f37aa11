//! Medical tickets (医療券・調剤券) of 医療扶助: which institution the 福祉事務所 entrusted with whose care in a month.

use crate::code::{Combination, TicketKind, TreatmentKind};
use crate::day::{Day, Month};
use crate::id::{PersonId, TicketId};
use crate::institution::InstitutionCode;
use serde::{Deserialize, Serialize};

/// Characters of a ticket's texts at most.
pub const TICKET_CHARACTERS_MAX: usize = 100;
/// Characters of 交付番号 at most.
pub const ISSUE_NUMBER_CHARACTERS_MAX: usize = 20;
/// Tickets of one person in one month that are kept in mind at most.
pub const TICKETS_MAX: usize = 50;

/// One ticket (医療券情報).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalTicket {
    /// Whose.
    pub person: PersonId,
    /// Identity.
    pub id: TicketId,
    /// 医療券 or 調剤券.
    pub kind: TicketKind,
    /// 診療年月.
    pub month: Month,
    /// 有効開始年月日.
    pub valid_from: Day,
    /// 有効終了年月日.
    pub valid_to: Day,
    /// 交付番号.
    pub issue_number: String,
    /// 指定医療機関コード: who is entrusted.
    pub institution: InstitutionCode,
    /// 指定医療機関名.
    pub institution_name: String,
    /// 処方箋発行医療機関, of a 調剤券.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescriber: Option<Prescriber>,
    /// 傷病名1 to 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injuries: Vec<String>,
    /// 診療別.
    pub treatment: TreatmentKind,
    /// 本人支払額 in yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_pay_yen: Option<i64>,
    /// 地区担当者名.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub district_contact: String,
    /// 取扱担当者名.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub handling_contact: String,
    /// 単独・併用の別.
    pub combination: Combination,
    /// 社会保険の有無.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub social_insurance: Option<bool>,
    /// 不整合あり: the office's data disagree with the insurer's.
    #[serde(default)]
    pub inconsistent: bool,
    /// 感染症の有無 (感染症法第37条の2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infection: Option<bool>,
    /// 後期高齢者医療の有無.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elderly_care: Option<bool>,
    /// 都道府県費の有無.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefectural_expenses: Option<bool>,
    /// 備考1 to 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// The institution that issued the prescription (処方箋発行医療機関).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescriber {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// Its name.
    pub name: String,
}

impl MedicalTicket {
    /// Whether it counts on this day: its month, and its own first and last day.
    #[must_use]
    pub fn holds(&self, day: Day) -> bool {
        self.month == day.month() && self.valid_from <= day && day <= self.valid_to
    }

    /// What another institution than the entrusted one may see: that a ticket exists and where, and not what is treated.
    #[must_use]
    pub fn for_others(&self) -> Self {
        Self {
            prescriber: None,
            injuries: Vec::new(),
            self_pay_yen: None,
            district_contact: String::new(),
            handling_contact: String::new(),
            infection: None,
            remarks: Vec::new(),
            ..self.clone()
        }
    }
}
