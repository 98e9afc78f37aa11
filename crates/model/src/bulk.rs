//! Bulk messages (一括照会): many questions in one upload, answered later under a reception number.
//!
//! An upload is accepted at once and worked through in chunks; its results can be fetched as often as one likes until
//! they are removed. The form of files and messages belongs to `madoguchi-wire`.

mod content;

pub use content::{BulkStatus, OnlineDay, Question, Record, Search, Unit, UnitRow, Upload, limit_changed};

use crate::day::{Day, Timestamp};
use crate::field::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Records (照会件数) of an upload at most.
pub const RECORDS_MAX: usize = 5_000;
/// Days for which results are kept after the acceptance.
pub const KEPT_DAYS: i64 = 7;
/// Characters of the client's own tag (任意のファイル識別子) at most.
pub const TAG_CHARACTERS_MAX: usize = 100;

/// What a bulk message is about; each kind has its own pair of messages (要求 and 結果).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkKind {
    /// 資格確認 by numbers (`OQSmuquc`).
    Eligibility,
    /// 照会番号登録 (`OQSmuimm`).
    ReferenceNumbers,
    /// Persons entrusted to this institution in a month, 医療扶助の委託先 (`OQSmutic`).
    Entrusted,
    /// Persons with a standing consent for 訪問診療等 (`OQSmuhvq`).
    HomeVisits,
    /// Persons with a consent for オンライン診療等 (`OQSmuonq`).
    Online,
}

impl BulkKind {
    /// All kinds, in the order of the message catalogue.
    pub const ALL: [Self; 5] =
        [Self::Eligibility, Self::ReferenceNumbers, Self::Entrusted, Self::HomeVisits, Self::Online];

    /// The word in the store and in audit entries.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::ReferenceNumbers => "reference_numbers",
            Self::Entrusted => "entrusted",
            Self::HomeVisits => "home_visits",
            Self::Online => "online",
        }
    }

    /// From [`BulkKind::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The name on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligibility => "資格確認",
            Self::ReferenceNumbers => "照会番号登録",
            Self::Entrusted => "医療扶助の委託先",
            Self::HomeVisits => "訪問診療等",
            Self::Online => "オンライン診療等",
        }
    }
}

/// 受付番号: the day of the acceptance and nine random digits. It is unique within its institution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceptionNumber(String);

impl ReceptionNumber {
    /// A number of this day. Nine digits of eight random bytes: two of an institution's numbers of a day are equal once
    /// in a thousand million, and then the store refuses the second.
    #[must_use]
    pub fn new(day: Day, random: [u8; 8]) -> Self {
        Self(format!("{}{:09}", day, u64::from_be_bytes(random) % 1_000_000_000))
    }

    /// Reads the seventeen digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let wrong = FieldError::new("受付番号", "数字17桁");
        let digits = text.len() == 17 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || Day::parse(&text[..8], "受付番号").is_err() {
            return Err(wrong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The seventeen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReceptionNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for ReceptionNumber {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<ReceptionNumber> for String {
    fn from(number: ReceptionNumber) -> Self {
        number.0
    }
}

/// The asking program's own mark of one request, the same on every retry: a second acceptance under it is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// From sixteen random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads thirty-two hexadecimal digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let mut bytes = [0_u8; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| FieldError::new("要求の識別子", "16進数32桁"))?;
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Thirty-two hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Some of it is not answered yet (処理中).
    Working,
    /// All of it is answered (正常終了).
    Done,
    /// It could not be worked through (異常終了).
    Failed,
}

impl Progress {
    const ALL: [Self; 3] = [Self::Working, Self::Done, Self::Failed];

    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// From [`Progress::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The name on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Working => "処理中",
            Self::Done => "処理済",
            Self::Failed => "処理できませんでした",
        }
    }
}

/// When the results of an upload that was accepted at this instant are removed.
#[must_use]
pub const fn kept_until(received_at: Timestamp) -> Timestamp {
    received_at.plus_seconds(KEPT_DAYS * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reception_number_begins_with_its_day() {
        let day = Day::from_number(20_261_122).unwrap();
        let number = ReceptionNumber::new(day, [0xff; 8]);
        assert_eq!(number.as_str(), format!("20261122{}", u64::MAX % 1_000_000_000));
        assert_eq!(ReceptionNumber::parse(number.as_str()), Ok(number));
        assert_eq!(ReceptionNumber::new(day, [0; 8]).as_str(), "20261122000000000");
    }

    #[test]
    fn other_texts_are_no_reception_number() {
        for (text, right) in [
            ("20261122000000017", true),
            ("2026112200000001", false),
            ("202611220000000170", false),
            ("20261322000000017", false),
            ("2026112200000001a", false),
            ("２０２６１１２２０", false),
            ("", false),
        ] {
            assert_eq!(ReceptionNumber::parse(text).is_ok(), right, "{text}");
        }
    }

    #[test]
    fn words_come_back() {
        for kind in BulkKind::ALL {
            assert_eq!(BulkKind::from_word(kind.word()), Some(kind));
        }
        for state in Progress::ALL {
            assert_eq!(Progress::from_word(state.word()), Some(state));
        }
        let id = RequestId::from_bytes([0xab; 16]);
        assert_eq!(RequestId::parse(&id.to_hex()), Ok(id));
        assert!(RequestId::parse("ab").is_err());
    }

    #[test]
    fn results_are_kept_for_seven_days_to_the_second() {
        let at = Timestamp::from_micros(5);
        assert_eq!(kept_until(at).micros() - at.micros(), 7 * 86_400 * 1_000_000);
    }
}
