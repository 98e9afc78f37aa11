//! All messages in one list, for what goes over each of them: the documents, the tests, the fuzz targets.

use crate::message::envelope::XmlMsg;
use crate::message::field::{Description, Role, Value};
use crate::message::problem::Problem;
use crate::message::{bulk, checkup, eligibility, institution, records, reference, settings};
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
    "OQSsiimm01req" "照会番号登録の要求" Request reference::Request;
    "OQSsiimm01res" "照会番号登録の回答" Answer reference::Answer;
    "OQSmuquc01req" "資格確認の一括照会の要求" Request bulk::EligibilityRequest;
    "OQSmuquc01res" "資格確認の一括照会の受付" Answer bulk::Receipt;
    "OQSmuquc02req" "資格確認の一括照会の結果要求" Request bulk::ResultRequest;
    "OQSmuquc02res" "資格確認の一括照会の結果" Answer bulk::EligibilityResult;
    "OQSmuimm01req" "照会番号の一括登録の要求" Request bulk::ReferenceRequest;
    "OQSmuimm01res" "照会番号の一括登録の受付" Answer bulk::Receipt;
    "OQSmuimm02req" "照会番号の一括登録の結果要求" Request bulk::ResultRequest;
    "OQSmuimm02res" "照会番号の一括登録の結果" Answer bulk::ReferenceResult;
    "OQSmutic01req" "医療扶助の委託対象者一括取得の要求" Request bulk::AssistanceRequest;
    "OQSmutic01res" "医療扶助の委託対象者一括取得の受付" Answer bulk::Receipt;
    "OQSmutic02req" "医療扶助の委託対象者一括取得の結果要求" Request bulk::ResultRequest;
    "OQSmutic02res" "医療扶助の委託対象者一括取得の結果" Answer bulk::PeopleResult;
    "OQSmuhvq01req" "訪問診療等の同意者一括取得の要求" Request bulk::HomeVisitsRequest;
    "OQSmuhvq01res" "訪問診療等の同意者一括取得の受付" Answer bulk::Receipt;
    "OQSmuhvq02req" "訪問診療等の同意者一括取得の結果要求" Request bulk::ResultRequest;
    "OQSmuhvq02res" "訪問診療等の同意者一括取得の結果" Answer bulk::PeopleResult;
    "OQSmuonq01req" "オンライン診療等の同意者一括取得の要求" Request bulk::OnlineCareRequest;
    "OQSmuonq01res" "オンライン診療等の同意者一括取得の受付" Answer bulk::Receipt;
    "OQSmuonq02req" "オンライン診療等の同意者一括取得の結果要求" Request bulk::ResultRequest;
    "OQSmuonq02res" "オンライン診療等の同意者一括取得の結果" Answer bulk::PeopleResult;
    "OQSsihvq01req" "資格確認（訪問診療等）の要求" Request eligibility::Request;
    "OQSsihvq01res" "資格確認（訪問診療等）の回答" Answer eligibility::Answer;
    "OQSsionq01req" "資格確認（オンライン診療等）の要求" Request eligibility::Request;
    "OQSsionq01res" "資格確認（オンライン診療等）の回答" Answer eligibility::Answer;
    "OQSsihvd01req" "閲覧同意の取消（訪問診療等）の要求" Request institution::RevocationRequest;
    "OQSsihvd01res" "閲覧同意の取消（訪問診療等）の回答" Answer institution::DoneAnswer;
    "OQSsiurl01req" "アクセスURL取得の要求" Request institution::UrlRequest;
    "OQSsiurl01res" "アクセスURL取得の回答" Answer institution::UrlAnswer;
    "OQSsiinq01req" "環境設定情報照会の要求" Request settings::InquiryRequest;
    "OQSsiinq01res" "環境設定情報照会の回答" Answer settings::InquiryAnswer;
    "OQSsiupd01req" "環境設定情報更新の要求" Request settings::UpdateRequest;
    "OQSsiupd01res" "環境設定情報更新の回答" Answer institution::DoneAnswer;
    "YZKsiquc01req" "薬剤・診療・手術情報の要求" Request records::Request;
    "YZKsiquc01res" "薬剤・診療・手術情報の回答" Answer records::Answer;
    "TKKsiquc01req" "特定健診情報の要求" Request checkup::Request;
    "TKKsiquc01res" "特定健診情報の回答" Answer checkup::Answer;
};
