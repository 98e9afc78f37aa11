//! Lists of care (診療／薬剤情報一覧 and its kin) as PDF: A4, Japanese fonts embedded, text selectable, tagged.
//!
//! Check-ups side by side (特定健診受診結果) and the QR code of an address likewise. What they say is composed in
//! `madoguchi-model`; here it only gets its shape, from the templates in `templates`. The list enters the template as data, never as source, so that nothing
//! in a record can become an instruction. No record is read here and nothing is written to disk.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod fonts;
mod legible;
pub mod qr;
mod reports;
mod world;

pub use fonts::{FontChoice, NoJapaneseFont};
pub use reports::{ROWS_MAX, ReportError, Reports};
