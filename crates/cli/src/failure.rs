//! How a verb fails: one message for the person at the shell, and an exit code that means something.

use madoguchi_service::Refusal;
use std::fmt;
use std::path::Path;

/// The result of a verb.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// A failed verb.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened and what to do.
    pub(crate) message: String,
    /// 1 failed, 2 wrong use, 3 something was found (verification, refused files).
    pub(crate) exit_code: u8,
}

impl Failure {
    /// Something failed.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: 1 }
    }

    /// The command was used wrongly.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: 2 }
    }

    /// The command worked and found something that must be looked at.
    pub(crate) fn finding(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: 3 }
    }

    /// A file could not be opened, read or written.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let words = match error.kind() {
            Kind::NotFound => "ファイルが見つかりません。名前と場所を確認してください",
            Kind::PermissionDenied => "ファイルを読み取る権限がありません。権限を確認してください",
            Kind::IsADirectory => "ディレクトリです。ファイルを指定してください",
            _ => return Self::file(path, error),
        };
        Self::file(path, words)
    }

    /// Something is wrong with a file.
    pub(crate) fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self::new(format!("{}：{error}", path.display()))
    }
}

impl From<madoguchi_store::Error> for Failure {
    fn from(error: madoguchi_store::Error) -> Self {
        Self::new(format!("{}\n（{error}）", error.public()))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let detail = if refusal.detail.is_empty() { String::new() } else { format!("\n（{}）", refusal.detail) };
        let reason = &refusal.reason;
        Self::new(format!("{} {}{}{detail}", reason.code(), reason.explanation(), reason.next_step()))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error)
    }
}

impl From<madoguchi_load::LoadFault> for Failure {
    fn from(fault: madoguchi_load::LoadFault) -> Self {
        match fault {
            madoguchi_load::LoadFault::Plan { .. } => Self::usage(fault),
            fault => Self::new(fault),
        }
    }
}
