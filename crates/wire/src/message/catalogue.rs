//! All messages in one list, for what goes over each of them: the documents, the tests, the fuzz targets.

use crate::message::eligibility;
use crate::message::envelope::XmlMsg;
use crate::message::field::{Description, Role, Value};
use crate::message::problem::Problem;
use madoguchi_model::code::CharacterCode;

/// A message in one direction.
pub struct Entry {
    /// Its id with the direction, the beginning of the file's name: `OQSsiquc01req`.
    pub name: &'static str,
    /// What it is, in Japanese.
    pub title: &'static str,
    /// Who writes it.
    pub role: Role,
    /// Header and body.
    pub description: fn() -> Description,
    /// Reads XML.
    pub from_xml: Reader,
    /// Reads JSON.
    pub from_json: Reader,
}

/// Reads any message.
pub type Reader = fn(&[u8]) -> Result<Box<dyn Document>, Problem>;

/// Any message that was read.
pub trait Document: std::fmt::Debug {
    /// As a file in this character set.
    fn to_xml(&self, code: CharacterCode) -> Vec<u8>;
    /// As JSON.
    fn to_json(&self) -> Vec<u8>;
}

impl<H: Value + std::fmt::Debug, B: Value + std::fmt::Debug> Document for XmlMsg<H, B> {
    fn to_xml(&self, code: CharacterCode) -> Vec<u8> {
        XmlMsg::to_xml(self, code)
    }

    fn to_json(&self) -> Vec<u8> {
        XmlMsg::to_json(self)
    }
}

macro_rules! catalogue {
    ($($name:literal $title:literal $role:ident $message:ty;)+) => {
        &[$(Entry {
            name: $name,
            title: $title,
            role: Role::$role,
            description: <$message>::description,
            from_xml: |bytes| Ok(Box::new(<$message>::from_xml(bytes, Role::$role)?)),
            from_json: |bytes| Ok(Box::new(<$message>::from_json(bytes, Role::$role)?)),
        }),+]
    };
}

/// Every message that we read and write.
pub const CATALOGUE: &[Entry] = catalogue! {
    "OQSsiquc01req" "資格確認の要求" Request eligibility::Request;
    "OQSsiquc01res" "資格確認の回答（顔認証の結果も同じ）" Answer eligibility::Answer;
};
