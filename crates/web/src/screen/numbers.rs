//! The fields of insurer number, symbol, number and branch, as several forms have them.

use crate::call::Fields;
use madoguchi_model::insurance::NUMBER_CHARACTERS_MAX;

/// One field of a form.
pub(super) struct NumberField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) length: usize,
    pub(super) digits: bool,
    pub(super) required: bool,
}

/// The four fields with what was typed into them.
pub(super) fn number_fields(input: &Fields) -> Vec<NumberField> {
    let field = |name, label, length, digits, required| NumberField {
        name,
        label,
        value: input.text(name).to_owned(),
        length,
        digits,
        required,
    };
    vec![
        field("insurer_number", "保険者番号", 8, true, true),
        field("symbol", "記号", NUMBER_CHARACTERS_MAX, false, false),
        field("number", "番号", NUMBER_CHARACTERS_MAX, false, true),
        field("branch", "枝番", 2, true, false),
    ]
}
