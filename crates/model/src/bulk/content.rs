//! What an upload asks and what its results tell; the store keeps both packed as JSON.

use super::{BulkKind, Progress, ReceptionNumber};
use crate::coverage::Coverage;
use crate::day::{Day, Month, Timestamp};
use crate::eligibility::{Query, Registration, Row, Validity};
use crate::id::PersonId;
use serde::{Deserialize, Serialize};

/// What an institution uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// 任意のファイル識別子, given back with the results.
    pub tag: Option<String>,
    /// What is asked of all records.
    pub question: Question,
    /// The records; none where the question itself finds whom it means.
    pub records: Vec<Record>,
}

/// What is asked of all records of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// 資格確認 as of this 資格確認日.
    Eligibility(Day),
    /// 照会番号登録.
    ReferenceNumbers,
    /// Who is entrusted to this institution in this 診療年月 (医療扶助).
    Entrusted(Month),
    /// Who consented to 訪問診療等 on these days, both included.
    HomeVisits(Day, Day),
    /// Who consented to オンライン診療等, or is examined so, on these days, both included.
    Online(OnlineDay, Day, Day),
}

/// Which day of オンライン診療等 is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlineDay {
    /// 同意日.
    Consent,
    /// 診療日.
    Examination,
}

/// One record of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Whose eligibility is asked for.
    Search(Search),
    /// Which number is to be registered for whom.
    Registration(Registration),
    /// Somebody whom the upload's question found.
    Person(PersonId),
}

/// One record of 資格確認.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Whose, and as of which day.
    pub query: Query,
    /// 任意の識別子: the client's key of the record, given back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
}

/// How far an upload has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkStatus {
    /// 受付番号.
    pub number: ReceptionNumber,
    /// 受付日時.
    pub received_at: Timestamp,
    /// From when on it cannot be fetched any more.
    pub kept_until: Timestamp,
    /// What was asked.
    pub question: Question,
    /// 任意のファイル識別子.
    pub tag: Option<String>,
    /// Which account sent it.
    pub user: String,
    /// How far it is.
    pub progress: Progress,
    /// 処理結果件数.
    pub records: u32,
    /// 正常処理件数, so far.
    pub normal: u32,
    /// エラー件数, so far.
    pub wrong: u32,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// 処理結果状況: whether it ended normally.
    pub normal: bool,
    /// 処理結果コード and 処理結果メッセージ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<(String, String)>,
    /// 資格有効性.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// 資格確認結果; none for a registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<UnitRow>,
}

/// One coverage in a bulk result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRow {
    /// The coverage, with what a bulk result tells of it.
    pub row: Row,
    /// 限度額適用認定証情報変更 (OQSCD014): whether 限度額 must be asked for again. Only of 資格確認.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_changed: Option<bool>,
}

impl Question {
    /// The kind of upload that asks it.
    #[must_use]
    pub const fn kind(self) -> BulkKind {
        match self {
            Self::Eligibility(_) => BulkKind::Eligibility,
            Self::ReferenceNumbers => BulkKind::ReferenceNumbers,
            Self::Entrusted(_) => BulkKind::Entrusted,
            Self::HomeVisits(..) => BulkKind::HomeVisits,
            Self::Online(..) => BulkKind::Online,
        }
    }
}

impl UnitRow {
    /// A row of bulk 資格確認: what the certificate says (items 1 to 26), whether 限度額 changed, and nothing that needs
    /// a consent.
    #[must_use]
    pub fn of_certificate(row: Row, coverage: Option<&Coverage>, day: Day) -> Self {
        let limit_changed = Some(coverage.is_none_or(|coverage| limit_changed(coverage, day)));
        let row = Row {
            limit_consent: None,
            limit: None,
            disease_consent: None,
            diseases: Vec::new(),
            tickets: Vec::new(),
            consents: None,
            ..row
        };
        Self { row, limit_changed }
    }
}

/// Whether 限度額適用認定証 may differ from what an institution learned in the month before (変更あり又は判定不能): bulk
/// 資格確認 is made for a monthly run, so the last day of the month before is what is compared with. A coverage that began
/// since cannot be compared.
#[must_use]
pub fn limit_changed(coverage: &Coverage, day: Day) -> bool {
    let before = day.month().first_day().plus_days(-1);
    coverage.valid_from > before || coverage.certificate.limit_on(day) != coverage.certificate.limit_on(before)
}
