//! What can be shown of a registered text (外字): characters of the private use area become ●.
//!
//! Names keep what was registered; only the shown form changes, so that nothing is lost.

/// The text with every character that no ordinary font has replaced by ●.
#[must_use]
pub fn shown(registered: &str) -> String {
    registered.chars().map(|character| if is_private(character) { '●' } else { character }).collect()
}

/// The code points that were replaced, as `U+E000`, for the people who must write the name.
#[must_use]
pub fn replaced_code_points(registered: &str) -> Vec<String> {
    registered
        .chars()
        .filter(|character| is_private(*character))
        .map(|character| format!("U+{:04X}", u32::from(character)))
        .collect()
}

fn is_private(character: char) -> bool {
    matches!(u32::from(character), 0xE000..=0xF8FF | 0xF0000..=0xFFFFD | 0x0010_0000..=0x0010_FFFD)
        || character == char::REPLACEMENT_CHARACTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_characters_become_a_black_circle() {
        assert_eq!(shown("山\u{E001}　太郎"), "山●　太郎");
        assert_eq!(shown("𠮷田　髙﨑"), "𠮷田　髙﨑");
        assert_eq!(replaced_code_points("山\u{E001}　太郎"), ["U+E001"]);
    }
}
