//! Accounts (アカウント): the eight kinds and what each may do.
//!
//! The rights matrix is a table of data; a route or a use-case names a [`Right`] and asks
//! [`AccountKind::may`]. Nothing else in the product compares kinds to decide about access.

use crate::field::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The eight kinds of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// マスタアカウントリセット用アカウント: resets the master's password with the secret number.
    MasterReset,
    /// マスタアカウント: creates and manages 管理アカウント.
    Master,
    /// 管理アカウント: creates the other accounts, 環境設定情報更新, may also view.
    Administrator,
    /// 医療情報閲覧アカウント, for qualified persons.
    Viewer,
    /// 一般アカウント, for the front desk: eligibility only.
    General,
    /// 連携アプリ用アカウント.
    Agent,
    /// Web API用アカウント.
    Api,
    /// 顔認証用アカウント, one per card reader.
    Reader,
}

/// Something that an account may do (§4.2, one value per row).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Reset the master's password with the secret number.
    ResetMaster,
    /// Manage 管理アカウント: list, create, initialise password, stop.
    ManageAdministrators,
    /// Manage all other accounts.
    ManageAccounts,
    /// 環境設定情報更新.
    UpdateSettings,
    /// Read the settings (OQSsiinq01). Whoever may read them may not also change them.
    InquireSettings,
    /// Give 救急時閲覧権限.
    GrantEmergencyViewing,
    /// 資格確認 by number and its result list.
    CheckEligibility,
    /// 一括照会.
    BulkCheck,
    /// 照会番号登録.
    RegisterReferenceNumber,
    /// 同意取得済み患者一覧 and the reports.
    ViewRecords,
    /// YZK/TKK files.
    FetchRecordFiles,
    /// 災害時医療情報閲覧, while opened.
    ViewInDisaster,
    /// 資格情報照会（システム障害時）, while opened.
    CheckInOutage,
    /// 救急時医療情報閲覧: with the granted right and a second factor.
    ViewInEmergency,
    /// URL/QR and activation codes for 訪問診療等・オンライン診療等.
    IssueAccessUrl,
    /// The pass code for 目視確認.
    IssueVisualCheckCode,
    /// Post what was read from a card.
    PostCardResults,
    /// Exchange message files as the folder agent does; each message asks for its own right besides.
    ExchangeFiles,
    /// Call the Web API; each message asks for its own right besides.
    CallApi,
    /// お知らせ and the own password.
    UseOwnAccount,
}

impl AccountKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::MasterReset,
        Self::Master,
        Self::Administrator,
        Self::Viewer,
        Self::General,
        Self::Agent,
        Self::Api,
        Self::Reader,
    ];

    /// Whether accounts of this kind may do this (§4.2 of the facts on accounts).
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        use AccountKind as K;
        use Right as R;
        match right {
            R::ResetMaster => matches!(self, K::MasterReset),
            R::ManageAdministrators => matches!(self, K::Master),
            R::ManageAccounts | R::UpdateSettings | R::GrantEmergencyViewing => matches!(self, K::Administrator),
            R::CheckEligibility | R::RegisterReferenceNumber => {
                matches!(self, K::Administrator | K::Viewer | K::General | K::Agent | K::Api)
            }
            R::BulkCheck => matches!(self, K::Administrator | K::General | K::Agent | K::Api),
            R::ViewRecords | R::ViewInDisaster => matches!(self, K::Administrator | K::Viewer),
            R::FetchRecordFiles => matches!(self, K::Agent | K::Api),
            R::CheckInOutage => matches!(self, K::Administrator | K::Viewer | K::General),
            R::ViewInEmergency => matches!(self, K::Viewer),
            R::InquireSettings | R::IssueAccessUrl => matches!(self, K::Administrator | K::Agent | K::Api),
            R::IssueVisualCheckCode => matches!(self, K::Administrator | K::General | K::Agent),
            R::PostCardResults => matches!(self, K::Reader),
            R::ExchangeFiles => matches!(self, K::Agent),
            R::CallApi => matches!(self, K::Api),
            R::UseOwnAccount => !matches!(self, K::MasterReset),
        }
    }

    /// Whether people of this kind log in at the screens; the rest log in as programs.
    #[must_use]
    pub const fn uses_screens(self) -> bool {
        matches!(self, Self::MasterReset | Self::Master | Self::Administrator | Self::Viewer | Self::General)
    }

    /// Who manages accounts of this kind: creates, stops, initialises and unlocks them.
    #[must_use]
    pub const fn managed_by(self) -> Option<AccountKind> {
        match self {
            Self::MasterReset => None,
            Self::Master => Some(Self::MasterReset),
            Self::Administrator => Some(Self::Master),
            _ => Some(Self::Administrator),
        }
    }

    /// The Japanese name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::MasterReset => "マスタアカウントリセット用アカウント",
            Self::Master => "マスタアカウント",
            Self::Administrator => "管理アカウント",
            Self::Viewer => "医療情報閲覧アカウント",
            Self::General => "一般アカウント",
            Self::Agent => "連携アプリ用アカウント",
            Self::Api => "Web API用アカウント",
            Self::Reader => "顔認証用アカウント",
        }
    }

    /// The word in the store, in files and in demo.json.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MasterReset => "master_reset",
            Self::Master => "master",
            Self::Administrator => "administrator",
            Self::Viewer => "viewer",
            Self::General => "general",
            Self::Agent => "agent",
            Self::Api => "api",
            Self::Reader => "reader",
        }
    }

    /// From [`AccountKind::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Right {
    /// All rights, in the order of the matrix.
    pub const ALL: [Self; 20] = [
        Self::ResetMaster,
        Self::ManageAdministrators,
        Self::ManageAccounts,
        Self::UpdateSettings,
        Self::InquireSettings,
        Self::GrantEmergencyViewing,
        Self::CheckEligibility,
        Self::BulkCheck,
        Self::RegisterReferenceNumber,
        Self::ViewRecords,
        Self::FetchRecordFiles,
        Self::ViewInDisaster,
        Self::CheckInOutage,
        Self::ViewInEmergency,
        Self::IssueAccessUrl,
        Self::IssueVisualCheckCode,
        Self::PostCardResults,
        Self::ExchangeFiles,
        Self::CallApi,
        Self::UseOwnAccount,
    ];
}

/// ユーザID: 4 to 32 letters, digits, `-`, `_` or `.`; unique within the institution, case ignored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    /// Reads and lower-cases a user ID.
    ///
    /// # Errors
    /// Anything else than 4 to 32 of the allowed characters.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !(4..=32).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(FieldError::new("ユーザID", "半角英数字と「-」「_」「.」の4文字以上32文字以内"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §4.2 (with the doors of programs and what they may read), columns マスタ 管理 医療情報閲覧 一般 連携アプリ WebAPI 顔認証 リセット用.
    const MATRIX: [(Right, &str); 20] = [
        (Right::ResetMaster, "-------Y"),
        (Right::ManageAdministrators, "Y-------"),
        (Right::ManageAccounts, "-Y------"),
        (Right::UpdateSettings, "-Y------"),
        (Right::InquireSettings, "-Y--YY--"),
        (Right::GrantEmergencyViewing, "-Y------"),
        (Right::CheckEligibility, "-YYYYY--"),
        (Right::BulkCheck, "-Y-YYY--"),
        (Right::RegisterReferenceNumber, "-YYYYY--"),
        (Right::ViewRecords, "-YY-----"),
        (Right::FetchRecordFiles, "----YY--"),
        (Right::ViewInDisaster, "-YY-----"),
        (Right::CheckInOutage, "-YYY----"),
        (Right::ViewInEmergency, "--Y-----"),
        (Right::IssueAccessUrl, "-Y--YY--"),
        (Right::IssueVisualCheckCode, "-Y-YY---"),
        (Right::PostCardResults, "------Y-"),
        (Right::ExchangeFiles, "----Y---"),
        (Right::CallApi, "-----Y--"),
        (Right::UseOwnAccount, "YYYYYYY-"),
    ];

    const COLUMNS: [AccountKind; 8] = [
        AccountKind::Master,
        AccountKind::Administrator,
        AccountKind::Viewer,
        AccountKind::General,
        AccountKind::Agent,
        AccountKind::Api,
        AccountKind::Reader,
        AccountKind::MasterReset,
    ];

    #[test]
    fn the_whole_rights_matrix() {
        assert_eq!(MATRIX.map(|(right, _)| right), Right::ALL);
        for (right, row) in MATRIX {
            for (kind, mark) in COLUMNS.into_iter().zip(row.chars()) {
                assert_eq!(kind.may(right), mark == 'Y', "{kind:?} {right:?}");
            }
        }
    }

    #[test]
    fn user_ids() {
        for (text, right) in
            [("Admin01", true), ("abc", false), ("あいうえ", false), ("a b c d", false), (&"a".repeat(33), false)]
        {
            assert_eq!(UserId::parse(text).is_ok(), right, "{text}");
        }
        assert_eq!(UserId::parse("Admin01"), UserId::parse("aDMIN01"));
    }
}
