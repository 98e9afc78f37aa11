//! Eligibility (資格確認): what is asked, what is answered, and the rules between the two.
//!
//! Everything here is a value or a pure function; the service reads and writes down, the wire spells. Values that are
//! kept for later (results of the reader, of bulk checks) are kept in the form that is defined here.

mod matching;
mod row;
mod verdict;

#[cfg(test)]
mod tests;

pub use crate::code::QualificationValidity as Validity;
pub use matching::{Found, Holder, matching, whose};
pub use row::{AnswerConsent, Consents, KindConsent, Known, Row, TicketLine, Told, row};
pub use verdict::{Presence, Verdict, by_card, by_numbers};

use crate::account::UserId;
use crate::code::{PrescriptionForm, ReferenceClassification};
use crate::day::{Day, Timestamp};
use crate::id::FaceId;
use crate::insurance::InsuranceNumbers;
use serde::{Deserialize, Serialize};

/// Seconds after which a result of the reader that nobody took is removed.
pub const FACE_SECONDS: i64 = 24 * 3_600;
/// Characters of 照会番号 at most.
pub const REFERENCE_NUMBER_CHARACTERS_MAX: usize = 50;
/// Rows of one answer at most.
pub const ROWS_MAX: usize = 10;

/// A check by the numbers on a certificate (資格確認照会).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// 保険者番号, 記号, 番号, 枝番; a symbol or branch that is not given is empty and fits any.
    pub numbers: InsuranceNumbers,
    /// 生年月日.
    pub birthdate: Day,
    /// 限度額適用認定証提供同意: whether the person agreed by word of mouth that the limit is told.
    pub limit_consent: bool,
    /// 資格確認日.
    pub day: Day,
}

/// The answer to one check (資格確認結果).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// 資格確認日.
    pub day: Day,
    /// 処理実行日時.
    pub at: Timestamp,
    /// By card or by numbers.
    pub means: ReferenceClassification,
    /// 資格有効性.
    pub validity: Validity,
    /// What staff should know beside that; the first one goes on the wire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// 処方箋発行形態, when the reader asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<PrescriptionForm>,
    /// The coverages that the answer tells of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
}

/// A number under which an institution wants to know a person (照会番号登録).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// 照会番号, 1 to 50 characters.
    pub reference_number: String,
    /// 保険者番号, 記号, 番号, 枝番 of the person.
    pub numbers: InsuranceNumbers,
}

/// A result of the reader that waits for its institution (顔認証の結果).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// Identity.
    pub id: FaceId,
    /// What the institution gets.
    pub answer: Answer,
}

/// One line of 資格確認結果一覧: a check that the institution made at a screen or at its reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Who asked; the reader's account for a card.
    pub user: UserId,
    /// What was asked; none for a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// What was answered.
    pub answer: Answer,
}

/// A notice that goes with an answer (処理結果コード).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// 該当する資格がありません。 (P0001)
    #[serde(rename = "P0001")]
    NobodyFits,
    /// 複数の資格が該当しました。 (P0002)
    #[serde(rename = "P0002")]
    SeveralFit,
    /// 電子証明書の有効期限が近づいています。 (P0010)
    #[serde(rename = "P0010")]
    CertificateEnds,
    /// カードの有効期限が近づいています。 (P0011)
    #[serde(rename = "P0011")]
    CardEnds,
}

impl Notice {
    /// 処理結果コード.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NobodyFits => "P0001",
            Self::SeveralFit => "P0002",
            Self::CertificateEnds => "P0010",
            Self::CardEnds => "P0011",
        }
    }

    /// 処理結果メッセージ.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NobodyFits => "該当する資格がありません。",
            Self::SeveralFit => "複数の資格が該当しました。",
            Self::CertificateEnds => "電子証明書の有効期限が近づいています。",
            Self::CardEnds => "カードの有効期限が近づいています。",
        }
    }
}

impl Answer {
    /// The answer to a check by numbers that ends with this validity and these rows.
    #[must_use]
    pub fn to_numbers(query: &Query, at: Timestamp, validity: Validity, rows: Vec<Row>) -> Self {
        let notices = notices_of(validity);
        Self {
            day: query.day,
            at,
            means: ReferenceClassification::Certificate,
            validity,
            notices,
            prescription: None,
            rows,
        }
    }

    /// The answer to a card that was accepted at this instant; `about_card` are the notices about the card itself.
    #[must_use]
    pub fn to_card(at: Timestamp, validity: Validity, about_card: Vec<Notice>, rows: Vec<Row>) -> Self {
        let notices = [notices_of(validity), about_card].concat();
        Self { day: at.day(), at, means: ReferenceClassification::Card, validity, notices, prescription: None, rows }
    }
}

impl Validity {
    /// Whether care may be given on it (有効).
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::Valid | Self::NotRegistered)
    }
}

fn notices_of(validity: Validity) -> Vec<Notice> {
    match validity {
        Validity::None => vec![Notice::NobodyFits],
        Validity::Several => vec![Notice::SeveralFit],
        _ => Vec::new(),
    }
}
