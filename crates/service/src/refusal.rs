//! Refusals (拒否): why something was not done, for the clerk, the vendor and the log.
//!
//! A [`Reason`] is public and says what happened, why, and what to do next; the detail of a
//! [`Refusal`] stays inside the process.

use madoguchi_model::account::Right;
use madoguchi_model::consent::InformationKind;
use madoguchi_model::day::Timestamp;
use madoguchi_model::decision::Denial;
use madoguchi_model::field::FieldError;
use madoguchi_model::settings::Setting;
use std::fmt;

/// A use-case that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the asking side is told.
    pub reason: Reason,
    /// What only the log is told; never a patient's data.
    pub detail: String,
}

/// Why (公開される理由).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nobody is logged in, or the log-in ended (idle, logged out, logged in elsewhere).
    NotLoggedIn,
    /// User ID or password is wrong; which of them is not told.
    WrongPassword,
    /// The account is locked after too many wrong tries.
    Locked {
        /// When it opens by itself.
        until: Timestamp,
    },
    /// The account was stopped by its manager.
    Stopped,
    /// The password must be changed before anything else.
    MustChangePassword,
    /// The certificate's institution is not registered.
    UnknownInstitution,
    /// The institution is not open (before 開設年月日 or after 廃止年月日).
    ClosedInstitution,
    /// The kind of account may not do this.
    NoRight(Right),
    /// Fields are wrong; all of them.
    Invalid(Vec<FieldError>),
    /// Past care may not be shown.
    Denied {
        /// What was asked for.
        kind: InformationKind,
        /// Why not.
        denial: Denial,
    },
    /// Nobody has the numbers of a program's request.
    NoPerson,
    /// Several people have the numbers of a program's request.
    SeveralPersons,
    /// Nothing is to be shown in the months asked for.
    NoRecords,
    /// The 照会番号 belongs to another person at this institution.
    ReferenceNumberTaken,
    /// The institution has this setting at 利用しない.
    NotUsed(Setting),
    /// No address is registered for the patients of this institution.
    NoAccessUrl,
    /// There is no such thing (any more) for this institution.
    NotFound(&'static str),
    /// An upload has more records than an upload may have.
    TooManyRecords {
        /// How many it may have.
        max: usize,
    },
    /// The institution has no upload of this reception number, or has it no more.
    UnknownReception,
    /// Somebody else changed it in the meantime.
    Conflict(&'static str),
    /// The card or its certificate is not accepted; the code of the reader's message table.
    Card(CardRefusal),
    /// The pass at the reader was replaced by a newer one or is already answered.
    PassReplaced,
    /// The pass at the reader is too old.
    PassExpired,
    /// More than the product can take at the moment.
    Busy,
    /// The store (or the audit log) cannot be written or read.
    Unavailable,
    /// The store's disk is full: nothing was written.
    NoSpace,
    /// The connection to the store was lost while it wrote: the write may stand or not.
    OutcomeUnknown,
}

/// Faults of a card (リーダーのメッセージ).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardRefusal {
    /// 002: not a card of this system.
    NotACard,
    /// 008: the certificate is past its date.
    Expired,
    /// 009: the certificate was revoked.
    Revoked,
    /// 011: nobody registered this card for health insurance (初回登録なし).
    NotRegistered,
}

/// What kind of failure it is, for the edge to turn into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The request is wrong.
    Invalid,
    /// Log in first.
    NotLoggedIn,
    /// May not.
    Forbidden,
    /// Does not exist.
    NotFound,
    /// Does not fit the present state.
    Conflict,
    /// Was there, is over.
    Gone,
    /// Later.
    Unavailable,
}

impl Refusal {
    /// A refusal with a detail for the log.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: String::new() }
    }
}

impl From<madoguchi_store::Error> for Refusal {
    fn from(error: madoguchi_store::Error) -> Self {
        use madoguchi_store::Error as E;
        let reason = match &error {
            E::Busy(_) | E::Contended(_) | E::Deadline(_) => Reason::Busy,
            E::Conflict(_) => Reason::Conflict("この内容"),
            E::DiskFull(_) => Reason::NoSpace,
            E::OutcomeUnknown(_) => Reason::OutcomeUnknown,
            _ => Reason::Unavailable,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Reason::Invalid(vec![error]).into()
    }
}

impl Reason {
    /// The code, always shown (list of §1.10; `L` codes are ours for the screens).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "L0001",
            Self::WrongPassword => "E0010",
            Self::Locked { .. } => "L0002",
            Self::Stopped => "L0003",
            Self::MustChangePassword => "L0004",
            Self::UnknownInstitution => "L0005",
            Self::ClosedInstitution => "L0006",
            Self::NoRight(_) => "E0011",
            Self::Invalid(_) => "E0002",
            Self::Denied { denial, .. } => denial.code(),
            Self::NoPerson => "P0001",
            Self::SeveralPersons => "P0002",
            Self::NoRecords => "P0021",
            Self::ReferenceNumberTaken => "P0030",
            Self::NotUsed(_) => "P0022",
            Self::NoAccessUrl => "P0040",
            Self::NotFound(_) => "L0007",
            Self::TooManyRecords { .. } => "E0005",
            Self::UnknownReception => "E0006",
            Self::Conflict(_) => "L0008",
            Self::Card(CardRefusal::NotACard) => "002",
            Self::Card(CardRefusal::Expired) => "008",
            Self::Card(CardRefusal::Revoked) => "009",
            Self::Card(CardRefusal::NotRegistered) => "011",
            Self::PassReplaced => "L0009",
            Self::PassExpired => "L0010",
            Self::Busy => "L0011",
            Self::Unavailable | Self::NoSpace => "E0099",
            Self::OutcomeUnknown => "L0012",
        }
    }

    /// What happened and why.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::NotLoggedIn => "ログインしていないか、ログインの有効時間が過ぎています。".to_owned(),
            Self::WrongPassword => "ユーザIDまたはパスワードが正しくありません。".to_owned(),
            Self::Locked { until } => {
                format!(
                    "パスワードを続けて間違えたため、このアカウントはロックされています。{}に解除されます。",
                    until.japanese()
                )
            }
            Self::Stopped => "このアカウントは停止されています。".to_owned(),
            Self::MustChangePassword => "発行または初期化されたパスワードは、最初に変更が必要です。".to_owned(),
            Self::UnknownInstitution => "この証明書の医療機関コードは登録されていません。".to_owned(),
            Self::ClosedInstitution => "この医療機関等は、開設前または廃止後のため利用できません。".to_owned(),
            Self::NoRight(_) => "このアカウントには、この操作を行う権限がありません。".to_owned(),
            Self::Invalid(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("。") + "。",
            Self::Denied { kind, denial } => denial.explanation(*kind),
            Self::NoPerson => "該当する資格がありません。".to_owned(),
            Self::SeveralPersons => "複数の資格が該当しました。".to_owned(),
            Self::NoRecords => "該当する情報がありません。".to_owned(),
            Self::ReferenceNumberTaken => "照会番号が重複しています。".to_owned(),
            Self::NotUsed(setting) => {
                format!("この医療機関等では{}を「利用しない」に設定しています。", setting.label())
            }
            Self::NoAccessUrl => "アクセスURLが登録されていません。".to_owned(),
            Self::NotFound(what) => format!("{what}は見つかりません。"),
            Self::TooManyRecords { max } => format!("件数が上限（{max}件）を超えています。"),
            Self::UnknownReception => "受付番号が存在しません。".to_owned(),
            Self::Conflict(what) => format!("{what}は、ほかの人が先に変更しました。"),
            Self::Card(CardRefusal::NotACard) => "このカードは、マイナンバーカードとして確認できません。".to_owned(),
            Self::Card(CardRefusal::Expired) => "カードの電子証明書の有効期限が切れています。".to_owned(),
            Self::Card(CardRefusal::Revoked) => "カードの電子証明書は失効しています。".to_owned(),
            Self::Card(CardRefusal::NotRegistered) => {
                "このカードは、健康保険証としての利用が登録されていません。".to_owned()
            }
            Self::PassReplaced => {
                "このカードの手続きは、新しい手続きに置き換わったか、すでに終わっています。".to_owned()
            }
            Self::PassExpired => "時間が経過したため、カードの手続きを終了しました。".to_owned(),
            Self::Busy => "ただいま混み合っています。".to_owned(),
            Self::Unavailable => "記録を保存できないため、処理を中止しました。何も変更されていません。".to_owned(),
            Self::NoSpace => {
                "サーバのディスクに空きがないため、処理を中止しました。何も変更されていません。".to_owned()
            }
            Self::OutcomeUnknown => {
                "登録の途中で、データベースから結果を受け取れなくなりました。登録されたかどうかは確認できていません。"
                    .to_owned()
            }
        }
    }

    /// What the clerk does next.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "「システムの利用を始める」から、もう一度ログインしてください。",
            Self::WrongPassword => {
                "入力を確かめてください。わからないときは、アカウントの管理者にパスワードの初期化を依頼してください。"
            }
            Self::Locked { .. } | Self::Stopped => "急ぐときは、アカウントの管理者に解除を依頼してください。",
            Self::MustChangePassword => "新しいパスワードを設定してください。",
            Self::UnknownInstitution | Self::ClosedInstitution => {
                "証明書と医療機関等の登録内容を、システムの運用者に確認してください。"
            }
            Self::NoRight(_) => "権限のあるアカウントでログインし直してください。",
            Self::Invalid(_) => "示された項目を直して、もう一度実行してください。",
            Self::Denied { denial, .. } => denial.next_step(),
            Self::OutcomeUnknown => {
                "登録されたかどうかを画面で確認してから、必要なときだけ、もう一度実行してください。"
            }
            Self::NoPerson | Self::SeveralPersons => "保険者番号、記号、番号、枝番を確認してください。",
            Self::NoRecords => "診療年月の範囲を確認してください。公開前の情報は、後日取得できます。",
            Self::ReferenceNumberTaken => "この照会番号は別の患者に登録されています。番号を確認してください。",
            Self::NotUsed(_) => "管理者が「環境設定情報更新」で「利用する」に変更すると、利用できます。",
            Self::NoAccessUrl => "システムの運用者に、アクセスURLの登録を依頼してください。",
            Self::NotFound(_) | Self::Conflict(_) => "画面を開き直して、もう一度確認してください。",
            Self::TooManyRecords { .. } => "ファイルを分けて、もう一度実行してください。",
            Self::UnknownReception => {
                "受付番号を確かめてください。期間を過ぎたときは、もう一度アップロードしてください。"
            }
            Self::Card(CardRefusal::Expired | CardRefusal::Revoked) => {
                "窓口の職員にお知らせください。証明書の更新は、お住まいの市区町村で行えます。"
            }
            Self::Card(CardRefusal::NotRegistered) => "窓口の職員にお知らせください。",
            Self::Card(CardRefusal::NotACard) => "マイナンバーカードを確かめて、もう一度置いてください。",
            Self::PassReplaced | Self::PassExpired => "カードをもう一度置いて、はじめからやり直してください。",
            Self::NoSpace => "システムの運用者に連絡し、空きができてから、もう一度実行してください。",
            Self::Busy | Self::Unavailable => {
                "しばらくしてから、もう一度実行してください。続くときは、システムの運用者に連絡してください。"
            }
        }
    }

    /// What the vendor or operator looks at next.
    #[must_use]
    pub const fn vendor_step(&self) -> &'static str {
        match self {
            Self::Unavailable | Self::NoSpace | Self::OutcomeUnknown => {
                "サーバのログで、データベースとディスクの状態、空き容量を確認してください。"
            }
            Self::Busy => "サーバの負荷と書き込み待ちの数を確認してください。",
            Self::UnknownInstitution => {
                "クライアント証明書のOU（医療機関コード）と、登録済みの医療機関等を照合してください。"
            }
            Self::ClosedInstitution => "開設年月日・廃止年月日の登録を確認してください。",
            Self::NotLoggedIn => "Cookieと、同じアカウントの別端末でのログインを確認してください。",
            Self::Card(_) => "カードの証明書の発行者、有効期限、失効情報を確認してください。",
            _ => "画面のコードと時刻で、監査ログの記録を確認してください。",
        }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::NotLoggedIn | Self::WrongPassword | Self::Locked { .. } | Self::Stopped => Status::NotLoggedIn,
            Self::MustChangePassword
            | Self::UnknownInstitution
            | Self::ClosedInstitution
            | Self::NoRight(_)
            | Self::Denied { .. }
            | Self::NotUsed(_)
            | Self::Card(_) => Status::Forbidden,
            Self::Invalid(_) | Self::TooManyRecords { .. } => Status::Invalid,
            Self::NotFound(_) | Self::NoPerson | Self::NoRecords | Self::NoAccessUrl | Self::UnknownReception => {
                Status::NotFound
            }
            Self::Conflict(_) | Self::SeveralPersons | Self::ReferenceNumberTaken | Self::PassReplaced => {
                Status::Conflict
            }
            Self::PassExpired => Status::Gone,
            Self::Busy | Self::Unavailable | Self::NoSpace | Self::OutcomeUnknown => Status::Unavailable,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.reason.code(), self.reason.explanation())
    }
}

impl std::error::Error for Refusal {}
