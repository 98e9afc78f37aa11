//! Notices (お知らせ): for all, for a kind of institution, or for one.

use crate::day::Timestamp;
use crate::field::FieldError;
use crate::id::NoticeId;
use crate::institution::{Institution, InstitutionCode, InstitutionKind};

/// Characters of a title at most.
pub const TITLE_CHARACTERS_MAX: usize = 100;
/// Characters of a text at most.
pub const TEXT_CHARACTERS_MAX: usize = 4_000;

/// For whom a notice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everyone.
    All,
    /// One kind of institutions.
    Kind(InstitutionKind),
    /// One institution.
    Institution(InstitutionCode),
}

/// A notice (お知らせ).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Identity.
    pub id: NoticeId,
    /// 掲載日時.
    pub published_at: Timestamp,
    /// For whom.
    pub audience: Audience,
    /// 件名.
    pub title: String,
    /// 本文, plain text.
    pub text: String,
    /// When it was withdrawn; it is no longer listed then.
    pub withdrawn_at: Option<Timestamp>,
}

impl Notice {
    /// A new notice.
    ///
    /// # Errors
    /// A title or text that is empty or too long.
    pub fn new(id: NoticeId, now: Timestamp, audience: Audience, title: &str, text: &str) -> Result<Self, FieldError> {
        let (title, text) = (title.trim(), text.trim());
        if title.is_empty() || title.chars().count() > TITLE_CHARACTERS_MAX {
            return Err(FieldError::new("件名", "1文字以上100文字以内"));
        }
        if text.is_empty() || text.chars().count() > TEXT_CHARACTERS_MAX {
            return Err(FieldError::new("本文", "1文字以上4,000文字以内"));
        }
        Ok(Self { id, published_at: now, audience, title: title.to_owned(), text: text.to_owned(), withdrawn_at: None })
    }
}

impl Audience {
    /// Whether the institution is among the audience.
    #[must_use]
    pub fn includes(&self, institution: &Institution) -> bool {
        match self {
            Self::All => true,
            Self::Kind(kind) => *kind == institution.kind(),
            Self::Institution(code) => *code == institution.code,
        }
    }

    /// The stored text: `all`, `kind:pharmacy` or `institution:1312345678`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Kind(kind) => format!("kind:{}", kind.code()),
            Self::Institution(code) => format!("institution:{code}"),
        }
    }

    /// From [`Audience::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None if code == "all" => Some(Self::All),
            Some(("kind", kind)) => InstitutionKind::from_code(kind).map(Self::Kind),
            Some(("institution", code)) => InstitutionCode::parse(code).ok().map(Self::Institution),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_survive_their_text() {
        for code in ["all", "kind:pharmacy", "institution:1312345678"] {
            assert_eq!(Audience::from_code(code).unwrap().code(), code);
        }
        assert_eq!(Audience::from_code("kind:bakery"), None);
    }
}
