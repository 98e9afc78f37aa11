//! No boxes are ever printed: a character that no font at hand has is printed as ●, and the
//! document says so.

use crate::fonts::Fonts;
use serde_json::Value;

/// What stands for a character without a glyph.
const PLACEHOLDER: char = '●';

/// Replaces what the fonts lack in every text of the data; true when something was replaced.
pub(crate) fn make_legible(data: &mut Value, fonts: &Fonts) -> bool {
    match data {
        Value::String(text) => make_text_legible(text, fonts),
        Value::Array(items) => items.iter_mut().fold(false, |replaced, item| make_legible(item, fonts) | replaced),
        Value::Object(fields) => {
            fields.values_mut().fold(false, |replaced, field| make_legible(field, fonts) | replaced)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn make_text_legible(text: &mut String, fonts: &Fonts) -> bool {
    let legible = |character: char| is_variation_selector(character) || fonts.have(character);
    if text.chars().all(legible) {
        return false;
    }
    *text = text.chars().map(|character| if legible(character) { character } else { PLACEHOLDER }).collect();
    true
}

/// A variation selector (異体字セレクタ) picks a form of the character before it and has no glyph of its own.
const fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::FontChoice;

    #[test]
    fn only_what_no_font_has_is_replaced() {
        let fonts = Fonts::find(&FontChoice::system()).unwrap();
        for (text, expected) in
            [("髙﨑 ﾔﾏﾀﾞ ㈱", "髙﨑 ﾔﾏﾀﾞ ㈱"), ("辻\u{E0100}", "辻\u{E0100}"), ("a\u{10FFFF}b\u{E001}", "a●b●"), ("", "")]
        {
            let mut data = serde_json::json!({ "rows": [{ "name": text }] });
            assert_eq!(make_legible(&mut data, &fonts), text != expected, "{text}");
            assert_eq!(data["rows"][0]["name"], expected);
        }
    }
}
