//! What YZK and TKK share: their result code.

use madoguchi_model::code::Code;

/// 結果コード of YZK and TKK. Only 1 is publicly known; the others are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultCode {
    /// 正常 (1).
    Success,
    /// 該当なし (2).
    NoData,
    /// 同意なし (3).
    NoConsent,
    /// エラー (9).
    Error,
}

impl Code for ResultCode {
    const TABLE: &'static str = "ResultCode";
    const SUBJECT: &'static str = "結果コード";
    const CHOICES: &'static [(&'static str, &'static str)] =
        &[("1", "正常"), ("2", "該当する情報なし"), ("3", "同意なし・期限切れ"), ("9", "エラー")];

    fn code(self) -> &'static str {
        match self {
            Self::Success => "1",
            Self::NoData => "2",
            Self::NoConsent => "3",
            Self::Error => "9",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Success, Self::NoData, Self::NoConsent, Self::Error].into_iter().find(|one| one.code() == code)
    }
}
