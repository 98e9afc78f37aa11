//! One wrong field: what was found, what was expected and what to do.
//!
//! Every parser of the model answers with this type, so that a screen, a file report and an API
//! can all point at the same place.

use thiserror::Error;

/// A value from outside that does not fit its field (項目誤り).
///
/// `Display` is a Japanese sentence for the person who can mend it. The found value is shown only
/// where it cannot be a patient's data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}：{expected}で入力してください")]
pub struct FieldError {
    /// The field in the user's words, for example `医療機関コード`.
    pub field: &'static str,
    /// What would have been right, as a Japanese noun phrase ("数字10桁").
    pub expected: &'static str,
}

impl FieldError {
    /// Names the field and what it takes.
    #[must_use]
    pub const fn new(field: &'static str, expected: &'static str) -> Self {
        Self { field, expected }
    }
}
