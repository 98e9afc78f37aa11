//! Identifiers made by the application: UUID version 7, sixteen bytes; of what comes in claims files version 8, made of
//! the file's hash, so that taking a file again changes nothing.
//!
//! The database never makes an id: the same rows must be possible on SQLite, on PostgreSQL and on
//! many shards. Time and randomness are arguments.

use crate::day::{Month, Timestamp};
use serde::{Deserialize, Serialize};

/// The bytes of a UUIDv7: 48 bits of milliseconds, then random bits.
#[must_use]
pub fn uuid_v7(now: Timestamp, random: [u8; 10]) -> [u8; 16] {
    let milliseconds = u64::try_from(now.micros() / 1_000).unwrap_or(0);
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// The bytes of a UUIDv8: all of them but version and variant from what the id stands for.
#[must_use]
pub const fn uuid_v8(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

impl FileId {
    /// The id of the file with this SHA-256: the same file has the same id wherever it is taken.
    #[must_use]
    pub fn of_content(sha256: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256[..16]);
        Self(uuid_v8(bytes))
    }
}

impl ReceiptId {
    /// The id of a receipt at this place (from 0) of the file with this SHA-256, so that taking the file again makes the
    /// same receipt. Ids of one month's files sort by month, then by file, then in the order of the file.
    #[must_use]
    pub fn in_file(request_month: Month, sha256: &[u8; 32], place: u32) -> Self {
        let mut bytes = [0; 16];
        // Six digits fit into three bytes.
        bytes[..3].copy_from_slice(&u32::try_from(request_month.number()).unwrap_or(0).to_be_bytes()[1..]);
        bytes[3..12].copy_from_slice(&sha256[..9]);
        bytes[12..].copy_from_slice(&place.to_be_bytes());
        Self(uuid_v8(bytes))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new id of this moment with ten random bytes.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self { Self(uuid_v7(now, random)) }
            /// From stored bytes; `None` when they are not sixteen.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> { bytes.try_into().ok().map(Self) }
            /// The stored form.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] { &self.0 }
            /// Thirty-two lower-case hexadecimal digits, the form in URLs.
            #[must_use]
            pub fn to_hex(&self) -> String { hex::encode(self.0) }
            /// From the form in URLs.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0_u8; 16];
                hex::decode_to_slice(text, &mut bytes).ok()?;
                Some(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_hex())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("an id of 32 hexadecimal digits"))
            }
        }
    )+};
}

ids! {
    /// A person (個人), across all insurers of a life.
    PersonId,
    /// One period of insurance (資格) of a person.
    CoverageId,
    /// One pass at the card reader with its answers (閲覧同意).
    ConsentId,
    /// One receipt (レセプト) that was taken.
    ReceiptId,
    /// One check-up (特定健診) that was taken.
    CheckupId,
    /// One file (請求ファイル, 健診ファイル) that was taken.
    FileId,
    /// One notice (お知らせ).
    NoticeId,
    /// One change of one setting (環境設定情報の変更).
    ChangeId,
    /// One pass at the reader while it is going on (カード読み取り).
    PassId,
    /// One prescription or dispensing of the e-prescription service (処方情報・調剤情報).
    PrescriptionId,
    /// One medical ticket (医療券) of a person.
    TicketId,
    /// One result of a pass at the reader that waits for the institution (顔認証の結果).
    FaceId,
    /// One line of 資格確認結果一覧.
    CheckId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_version_7_uuid_and_survives_its_text() {
        let id = PersonId::new(Timestamp::from_micros(1_700_000_000_000_000), [0xff; 10]);
        assert_eq!(id.as_bytes()[6] >> 4, 7);
        assert_eq!(id.as_bytes()[8] >> 6, 0b10);
        assert_eq!(PersonId::from_hex(&id.to_hex()), Some(id));
        assert_eq!(PersonId::from_hex("0011"), None);
    }

    #[test]
    fn receipts_of_a_file_sort_as_the_file_does() {
        let (month, sha256) = (Month::from_number(202_610).unwrap(), [0xab; 32]);
        let ids = [0, 1, 255, 256, 70_000].map(|place| ReceiptId::in_file(month, &sha256, place));
        assert!(ids.is_sorted());
        assert_eq!(ids[1], ReceiptId::in_file(month, &sha256, 1), "the same file gives the same ids");
        assert!(ids[4] < ReceiptId::in_file(month.plus_months(1), &[0; 32], 0));
        assert_eq!(ids[0].as_bytes()[6] >> 4, 8);
        assert_ne!(FileId::of_content(&[1; 32]), FileId::of_content(&sha256));
    }

    #[test]
    fn later_ids_sort_later() {
        let early = PersonId::new(Timestamp::from_micros(1_000_000), [0xff; 10]);
        let late = PersonId::new(Timestamp::from_micros(2_000_000), [0; 10]);
        assert!(early < late);
    }
}
