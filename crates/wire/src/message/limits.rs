//! How much of a message is read at most.

use crate::message::field::Role;
use crate::message::problem::Problem;

/// The bounds of one reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// A file: 5,000 records of a bulk message fit many times.
    bytes_max: usize,
    /// Elements in all.
    elements_max: usize,
}

/// Elements in elements; the deepest message has eight.
const DEPTH_MAX: usize = 16;
/// Text of one element that is kept; every bounded text is shorter.
const TEXT_BYTES_MAX: usize = 16_384;

impl Limits {
    /// A request has at most 5,000 records of some ten elements; an answer has fifty of them a record.
    pub(crate) const fn of(role: Role) -> Self {
        match role {
            Role::Request => Self { bytes_max: 31_457_280, elements_max: 200_000 },
            Role::Answer => Self { bytes_max: 104_857_600, elements_max: 1_000_000 },
        }
    }

    pub(crate) fn check_bytes(&self, bytes: usize) -> Result<(), Problem> {
        if bytes > self.bytes_max { Err(Problem::Form("ファイルが大きすぎます")) } else { Ok(()) }
    }

    pub(crate) fn check_elements(&self, elements: usize) -> Result<(), Problem> {
        if elements > self.elements_max { Err(Problem::TooMany) } else { Ok(()) }
    }

    pub(crate) fn check_depth(&self, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX { Err(Problem::Form("要素の入れ子が深すぎます")) } else { Ok(()) }
    }

    /// Keeps text up to the bound. What is longer fits no field, so its end is not missed.
    pub(crate) fn append(&self, kept: &mut String, text: &str) {
        let room = TEXT_BYTES_MAX.saturating_sub(kept.len());
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        kept.push_str(&text[..end]);
    }
}
