//! What can go wrong in the store, said in the domain's words.
//!
//! Deliberately not here: "not found", which is `Ok(None)`. No variant carries a parameter of a statement or a value of
//! a row, because both may be a patient's.

use std::sync::Arc;

/// The store's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What happened. `Display` is the internal detail for operators' logs; [`Error::public`] is the text for users.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database can't be reached or gave up in the middle. Nothing was written.
    #[error("the database is unavailable, nothing was written: {0}")]
    Unavailable(Arc<str>),
    /// The connection was lost while a commit was under way, or the disk did not keep it: the write may stand or not.
    #[error("a commit was not confirmed, the write may stand or not: {0}")]
    OutcomeUnknown(Arc<str>),
    /// Too many writes are waiting, or another process holds the database. Nothing was written.
    #[error("the store is busy, nothing was written: {0}")]
    Busy(&'static str),
    /// A row with this key exists already, or was changed in the meantime. Nothing was written.
    #[error("a row with this key exists already: {0}")]
    Conflict(Arc<str>),
    /// Others wrote the same rows at the same moment, and this write had to give way. Nothing was written; it may be
    /// repeated.
    #[error("another write was in the way, nothing was written: {0}")]
    Contended(Arc<str>),
    /// The disk is full or a file-size limit was reached. Nothing was written.
    #[error("the disk is full, nothing was written: {0}")]
    DiskFull(Arc<str>),
    /// A statement took longer than its deadline and was stopped.
    #[error("a statement on {0} took longer than its deadline")]
    Deadline(Arc<str>),
    /// Stored data breaks our own rule.
    #[error("stored data breaks a rule: table {table}, column {column}, row {key}: {rule}")]
    Corrupt {
        /// The table (or the beginning of the statement) that was read.
        table: Arc<str>,
        /// The column.
        column: Arc<str>,
        /// The row's key where it is known and tells nothing about a patient, or its place in the answer.
        key: Arc<str>,
        /// The rule that does not hold.
        rule: Arc<str>,
    },
    /// The store was made by an older version of the program.
    #[error("the store's schema is version {found}, this program needs {expected}: run `madoguchi migrate`")]
    SchemaTooOld {
        /// Version found; 0 is an empty store.
        found: i64,
        /// Version this program knows.
        expected: i64,
    },
    /// The store was migrated by a newer version of the program.
    #[error("the store's schema is version {found}, this program knows only {expected}: use a newer madoguchi")]
    SchemaTooNew {
        /// Version found.
        found: i64,
        /// Version this program knows.
        expected: i64,
    },
    /// A restore into this database is under way, or was broken off.
    #[error("a restore into this database is under way or was broken off: run `madoguchi restore` again")]
    RestoredHalf,
    /// A migration that was applied long ago differs from the one in this program.
    #[error("migration {0} was changed after it was applied: this program was not built from a released version")]
    MigrationChanged(i64),
    /// Another process with the same name is writing.
    #[error("another process named {0:?} is using this store: stop it, or start this one with another --process name")]
    Locked(Arc<str>),
    /// The text given as database URL is none.
    #[error("not a database URL: {0}; write sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Url(Arc<str>),
    /// The text given as process name is none.
    #[error("not a process name: write 1 to 40 lower-case letters, digits and hyphens")]
    ProcessName,
    /// The store was opened only to read, is closed, or lies on a disk that failed to keep a write.
    #[error("the store does not take writes: {0}")]
    NotWritable(&'static str),
    /// The database refused a statement: a mistake of ours.
    #[error("the database refused a statement on {table}: {detail}")]
    Refused {
        /// The table of the statement.
        table: Arc<str>,
        /// The database's code and, where it tells no data, its message.
        detail: Arc<str>,
    },
}

impl Error {
    /// The text for the user: what happened and what to do. Japanese.
    #[must_use]
    pub fn public(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => {
                "データベースに接続できません。登録は行われていません。しばらくしてから再度実行してください。"
            }
            Self::OutcomeUnknown(_) => {
                "登録の結果を確認できませんでした。登録されたかどうかを画面で確認してから、必要な場合だけ再度実行してください。"
            }
            Self::Busy(_) | Self::Contended(_) => {
                "処理が混み合っています。登録は行われていません。しばらくしてから再度実行してください。"
            }
            Self::Conflict(_) => {
                "同じ内容が既に登録されているか、他の利用者が先に変更しました。最新の内容を確認してから再度実行してください。"
            }
            Self::DiskFull(_) => {
                "サーバのディスクに空きがないため、登録は行われていません。管理者に連絡し、空き容量を確保してから再度実行してください。"
            }
            Self::Deadline(_) => "時間内に処理が終わりませんでした。条件を絞って再度実行してください。",
            Self::Corrupt { .. } => {
                "保存されている内容に誤りが見つかったため、処理を中止しました。管理者に連絡してください。"
            }
            Self::SchemaTooOld { .. } => {
                "データベースの版がこのプログラムより古いため開始できません。madoguchi migrate を実行してください。"
            }
            Self::SchemaTooNew { .. } => {
                "データベースの版がこのプログラムより新しいため開始できません。新しい版の madoguchi を使用してください。"
            }
            Self::RestoredHalf => {
                "このデータベースは復元の途中か、復元が途中で終わっています。madoguchi restore をもう一度実行してください。"
            }
            Self::MigrationChanged(_) => {
                "データベースの構成履歴がこのプログラムと一致しません。正式な版の madoguchi を使用してください。"
            }
            Self::Locked(_) => {
                "同じプロセス名の madoguchi が既に動いています。それを終了するか、別のプロセス名を指定してください。"
            }
            Self::Url(_) => {
                "データベースの指定が正しくありません。sqlite:パス または postgres://利用者@ホスト/データベース の形で指定してください。"
            }
            Self::ProcessName => "プロセス名は半角の英小文字・数字・ハイフンの40文字以内で指定してください。",
            Self::NotWritable(_) => {
                "このデータベースは読み取り専用で開かれているか、終了処理中か、ディスクの障害のため、登録できません。"
            }
            Self::Refused { .. } => "内部の誤りのため処理を中止しました。管理者に連絡してください。",
        }
    }

    /// Whether nothing was written and the same may go well a moment later.
    pub(crate) fn may_be_repeated(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended(_))
    }

    pub(crate) fn unavailable(detail: impl Into<Arc<str>>) -> Self {
        Self::Unavailable(detail.into())
    }

    /// Stored text or bytes that the domain type refuses. `key` must tell nothing about a patient.
    pub(crate) fn corrupt(table: &str, column: &str, key: &str, rule: impl std::fmt::Display) -> Self {
        Self::Corrupt { table: table.into(), column: column.into(), key: key.into(), rule: rule.to_string().into() }
    }
}
