//! What is wrong in a file, where, and what to do about it.

use serde::{Deserialize, Serialize};

/// One finding in a file. The message never holds a patient's name or number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Line in the file, from 1; 0 when it is about the file as a whole.
    pub line: u64,
    /// How bad it is.
    pub severity: Severity,
    /// The field or record in the sender's words.
    pub field: String,
    /// What was found, what was expected and what to do, in Japanese.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Taken all the same (警告).
    Warning,
    /// This receipt or line was not taken.
    RowRefused,
    /// Nothing of the file was taken.
    FileRefused,
}

impl Issue {
    /// Something that is taken all the same.
    #[must_use]
    pub fn warning(line: u64, field: &str, message: impl Into<String>) -> Self {
        Self::new(line, Severity::Warning, field, message)
    }

    /// Something for which a receipt or line is not taken.
    #[must_use]
    pub fn row(line: u64, field: &str, message: impl Into<String>) -> Self {
        Self::new(line, Severity::RowRefused, field, message)
    }

    /// Something for which nothing of the file is taken.
    #[must_use]
    pub fn file(line: u64, field: &str, message: impl Into<String>) -> Self {
        Self::new(line, Severity::FileRefused, field, message)
    }

    /// The file's bytes could not be read to their end.
    #[must_use]
    pub fn unreadable(line: u64, error: &std::io::Error) -> Self {
        let message = match error.kind() {
            std::io::ErrorKind::FileTooLarge => "ファイルが大きすぎます。分けて取り込んでください".to_owned(),
            kind => format!("ファイルを最後まで読み込めません（{kind}）。もう一度取り込んでください"),
        };
        Self::file(line, "ファイル", message)
    }

    fn new(line: u64, severity: Severity, field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        // What is wrong with a field names the field itself; once is enough.
        let rest = message.strip_prefix(field).and_then(|rest| rest.strip_prefix('：')).map(str::to_owned);
        Self { line, severity, field: field.to_owned(), message: rest.unwrap_or(message) }
    }
}

impl Severity {
    /// 警告, 取込不可 or ファイル取込不可.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Warning => "警告",
            Self::RowRefused => "取込不可",
            Self::FileRefused => "ファイル取込不可",
        }
    }
}

impl std::fmt::Display for Issue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(formatter, "{}行目 ", self.line)?;
        }
        write!(formatter, "{}：{}：{}", self.severity.label(), self.field, self.message)
    }
}

impl std::error::Error for Issue {}
