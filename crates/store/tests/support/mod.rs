//! What the tests of whole stores write.

use madoguchi_model::{
    audit::{Action, Draft, Outcome},
    day::Timestamp,
};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

/// An entry of a look at records.
pub(crate) fn draft(detail: String) -> Draft {
    Draft {
        at: NOW,
        institution: "1312345678".to_owned(),
        user: "viewer01".to_owned(),
        terminal: "0a".to_owned(),
        action: Action::ViewRecords,
        outcome: Outcome::Done,
        subject: String::new(),
        detail,
    }
}
