//! The character code (利用文字コード) that the server told last, for the answers that the agent writes by itself.
//!
//! It is kept in `.work`, because the agent may have to write one before the server has answered.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use madoguchi_wire::message::CharacterCode;

/// One remembered character code.
pub(super) struct Charset {
    file: PathBuf,
    code: Mutex<CharacterCode>,
}

impl Charset {
    /// What was remembered; UTF-8 if nothing was.
    pub(super) fn remembered(file: PathBuf) -> Self {
        let code = fs::read_to_string(&file).ok().and_then(|text| read(text.trim()));
        Self { file, code: Mutex::new(code.unwrap_or(CharacterCode::Utf8)) }
    }

    /// The server told its code; one that is unknown changes nothing.
    pub(super) fn told(&self, code: &str) {
        let Some(told) = read(code) else { return };
        let mut known = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != told {
            *known = told;
            // Written again at the next change; until then a restart falls back to the code before.
            if let Err(error) = fs::write(&self.file, code) {
                tracing::warn!(%error, "the character code is not remembered");
            }
        }
    }

    pub(super) fn code(&self) -> CharacterCode {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(code: &str) -> Option<CharacterCode> {
    match code {
        "0" => Some(CharacterCode::Utf8),
        "1" => Some(CharacterCode::ShiftJis),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("character_code");
        let charset = Charset::remembered(file.clone());
        assert_eq!(charset.code(), CharacterCode::Utf8);
        charset.told("1");
        charset.told("2");
        assert_eq!(Charset::remembered(file.clone()).code(), CharacterCode::ShiftJis);
        charset.told("0");
        assert_eq!(Charset::remembered(file).code(), CharacterCode::Utf8);
    }
}
