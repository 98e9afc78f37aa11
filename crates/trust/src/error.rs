//! What can go wrong with certificate and card files, said so that the operator can mend it.
//!
//! No message holds key material, a PIN or a person's name.

use std::io;
use std::path::{Path, PathBuf};

/// A certificate or card operation that could not be done. The message is Japanese and names the file and the fix.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("{path}: 読めません（{source}）。ファイルの有無と読み取り権限を確認してください", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file cannot be written; what was there before is unchanged.
    #[error("{path}: 書き込めません（{source}）。空き容量と書き込み権限を確認してください。元の内容は変わっていません", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is larger than anything that this program writes there.
    #[error("{path}: {bytes_max}バイトを超えています。正しいファイルか確認してください", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// A CA is already there; its key is never overwritten.
    #[error("{path}: 認証局が既にあります。上書きしません。別のディレクトリを指定するか、不要であれば退避してからやり直してください", path = path.display())]
    AuthorityExists {
        /// The file that was found.
        path: PathBuf,
    },
    /// The file's content is not what it must be.
    #[error("{path}: {problem}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was found, what was expected and what to do.
        problem: String,
    },
    /// A given value is out of its bounds.
    #[error("{field}: {problem}")]
    Field {
        /// The name of the value.
        field: &'static str,
        /// What was found and what is expected.
        problem: String,
    },
    /// No certificate of this CA is meant by the given serial number.
    #[error(
        "シリアル番号 {serial} の証明書は発行台帳にありません。一覧で番号を確認するか、証明書ファイルを指定してください"
    )]
    UnknownSerial {
        /// The serial number as it was given, hexadecimal.
        serial: String,
    },
    /// A certificate for the same terminal still holds.
    #[error(
        "{holder} には有効な証明書（シリアル番号 {serial}）があります。失効させるか、別の端末名を指定してください（有効期限の90日前からは更新として発行できます）"
    )]
    StillValid {
        /// Institution code and label, `<code>-<label>`.
        holder: String,
        /// Serial number of the certificate that holds.
        serial: String,
    },
    /// Key generation, signing or encoding failed inside the cryptographic library.
    #[error("{what}に失敗しました（{detail}）")]
    Crypto {
        /// The step that failed, in Japanese.
        what: &'static str,
        /// What the library said.
        detail: String,
    },
}

impl TrustError {
    pub(crate) fn content(path: &Path, problem: impl Into<String>) -> Self {
        Self::Content { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { field, problem: problem.into() }
    }

    pub(crate) fn crypto(what: &'static str, detail: impl ToString) -> Self {
        Self::Crypto { what, detail: detail.to_string() }
    }
}
