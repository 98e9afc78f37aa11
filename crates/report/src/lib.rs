//! Lists of care (診療／薬剤情報一覧 and its kin) as PDF: A4, Japanese fonts embedded, text selectable, tagged.
//!
//! What a list says is composed in `madoguchi-model`; here it only gets its shape, from the template
//! `templates/care-list.typ`. The list enters the template as data, never as source, so that nothing
//! in a record can become an instruction. No record is read here and nothing is written to disk.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod fonts;
mod legible;
mod reports;
mod world;

pub use fonts::{FontChoice, NoJapaneseFont};
pub use reports::{ROWS_MAX, ReportError, Reports};
