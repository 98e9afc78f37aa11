//! The menu (メニュー) of the staff screens, by kind of account.
//!
//! An entry is listed only when its screen exists and the account has its right; the names are the
//! guide's.

use crate::account::{AccountKind, Right};

/// One group of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuGroup {
    /// Heading, empty for the entries that stand alone.
    pub heading: &'static str,
    /// Entries in their order.
    pub entries: Vec<MenuEntry>,
}

/// One entry of the menu: a screen of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MenuEntry {
    /// 資格確認照会.
    Eligibility,
    /// 資格確認結果一覧.
    Checks,
    /// 一括照会.
    Bulk,
    /// 照会番号登録.
    ReferenceNumbers,
    /// 同意取得済み患者一覧.
    ConsentedPatients,
    /// 環境設定情報更新.
    Settings,
    /// 環境設定情報の変更履歴.
    SettingsHistory,
    /// 管理アカウント一覧 of the master.
    Administrators,
    /// アカウント一覧 of an administrator.
    Accounts,
    /// マスタアカウントのパスワード初期化.
    ResetMaster,
    /// お知らせ一覧.
    Notices,
    /// パスワード変更.
    OwnPassword,
}

impl MenuEntry {
    const GROUPS: [(&'static str, &'static [MenuEntry]); 5] = [
        ("資格確認", &[Self::Eligibility, Self::Checks, Self::Bulk, Self::ReferenceNumbers]),
        ("手術・診療・薬剤・特定健診情報閲覧", &[Self::ConsentedPatients]),
        ("アカウント管理", &[Self::Administrators, Self::Accounts, Self::ResetMaster]),
        ("環境設定情報管理", &[Self::Settings, Self::SettingsHistory]),
        ("", &[Self::Notices, Self::OwnPassword]),
    ];

    /// The right that the screen asks for.
    #[must_use]
    pub const fn right(self) -> Right {
        match self {
            Self::Eligibility | Self::Checks => Right::CheckEligibility,
            Self::Bulk => Right::BulkCheck,
            Self::ReferenceNumbers => Right::RegisterReferenceNumber,
            Self::ConsentedPatients => Right::ViewRecords,
            Self::Settings | Self::SettingsHistory => Right::UpdateSettings,
            Self::Administrators => Right::ManageAdministrators,
            Self::Accounts => Right::ManageAccounts,
            Self::ResetMaster => Right::ResetMaster,
            Self::Notices | Self::OwnPassword => Right::UseOwnAccount,
        }
    }

    /// The name on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligibility => "資格確認照会",
            Self::Checks => "資格確認結果一覧",
            Self::Bulk => "一括照会",
            Self::ReferenceNumbers => "照会番号登録",
            Self::ConsentedPatients => "同意取得済み患者一覧",
            Self::Settings => "環境設定情報更新",
            Self::SettingsHistory => "環境設定情報変更履歴",
            Self::Administrators => "管理アカウント一覧",
            Self::Accounts => "アカウント一覧",
            Self::ResetMaster => "マスタアカウントのパスワード初期化",
            Self::Notices => "お知らせ一覧",
            Self::OwnPassword => "パスワード変更",
        }
    }
}

/// The menu of an account kind; groups without an entry are left out.
#[must_use]
pub fn menu(kind: AccountKind) -> Vec<MenuGroup> {
    MenuEntry::GROUPS
        .into_iter()
        .map(|(heading, entries)| MenuGroup {
            heading,
            entries: entries.iter().copied().filter(|entry| kind.may(entry.right())).collect(),
        })
        .filter(|group| !group.entries.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(kind: AccountKind) -> Vec<&'static str> {
        menu(kind).into_iter().flat_map(|group| group.entries).map(MenuEntry::label).collect()
    }

    #[test]
    fn each_kind_sees_its_own_entries() {
        assert_eq!(labels(AccountKind::Master), ["管理アカウント一覧", "お知らせ一覧", "パスワード変更"]);
        assert_eq!(
            labels(AccountKind::Viewer),
            [
                "資格確認照会",
                "資格確認結果一覧",
                "照会番号登録",
                "同意取得済み患者一覧",
                "お知らせ一覧",
                "パスワード変更"
            ]
        );
        assert_eq!(
            labels(AccountKind::Administrator),
            [
                "資格確認照会",
                "資格確認結果一覧",
                "一括照会",
                "照会番号登録",
                "同意取得済み患者一覧",
                "アカウント一覧",
                "環境設定情報更新",
                "環境設定情報変更履歴",
                "お知らせ一覧",
                "パスワード変更"
            ]
        );
        assert_eq!(
            labels(AccountKind::General),
            ["資格確認照会", "資格確認結果一覧", "一括照会", "照会番号登録", "お知らせ一覧", "パスワード変更"]
        );
        assert_eq!(labels(AccountKind::MasterReset), ["マスタアカウントのパスワード初期化"]);
    }
}
