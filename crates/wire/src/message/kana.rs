//! Half-width katakana: names in kana are kept full-width and go on the wire half-width.

/// Full-width katakana and their half-width forms; ヮ, ヰ, ヱ, ヵ and ヶ have none and take the nearest.
const KANA: &[(char, &str)] = &[
    ('ァ', "ｧ"),
    ('ア', "ｱ"),
    ('ィ', "ｨ"),
    ('イ', "ｲ"),
    ('ゥ', "ｩ"),
    ('ウ', "ｳ"),
    ('ェ', "ｪ"),
    ('エ', "ｴ"),
    ('ォ', "ｫ"),
    ('オ', "ｵ"),
    ('カ', "ｶ"),
    ('ガ', "ｶﾞ"),
    ('キ', "ｷ"),
    ('ギ', "ｷﾞ"),
    ('ク', "ｸ"),
    ('グ', "ｸﾞ"),
    ('ケ', "ｹ"),
    ('ゲ', "ｹﾞ"),
    ('コ', "ｺ"),
    ('ゴ', "ｺﾞ"),
    ('サ', "ｻ"),
    ('ザ', "ｻﾞ"),
    ('シ', "ｼ"),
    ('ジ', "ｼﾞ"),
    ('ス', "ｽ"),
    ('ズ', "ｽﾞ"),
    ('セ', "ｾ"),
    ('ゼ', "ｾﾞ"),
    ('ソ', "ｿ"),
    ('ゾ', "ｿﾞ"),
    ('タ', "ﾀ"),
    ('ダ', "ﾀﾞ"),
    ('チ', "ﾁ"),
    ('ヂ', "ﾁﾞ"),
    ('ッ', "ｯ"),
    ('ツ', "ﾂ"),
    ('ヅ', "ﾂﾞ"),
    ('テ', "ﾃ"),
    ('デ', "ﾃﾞ"),
    ('ト', "ﾄ"),
    ('ド', "ﾄﾞ"),
    ('ナ', "ﾅ"),
    ('ニ', "ﾆ"),
    ('ヌ', "ﾇ"),
    ('ネ', "ﾈ"),
    ('ノ', "ﾉ"),
    ('ハ', "ﾊ"),
    ('バ', "ﾊﾞ"),
    ('パ', "ﾊﾟ"),
    ('ヒ', "ﾋ"),
    ('ビ', "ﾋﾞ"),
    ('ピ', "ﾋﾟ"),
    ('フ', "ﾌ"),
    ('ブ', "ﾌﾞ"),
    ('プ', "ﾌﾟ"),
    ('ヘ', "ﾍ"),
    ('ベ', "ﾍﾞ"),
    ('ペ', "ﾍﾟ"),
    ('ホ', "ﾎ"),
    ('ボ', "ﾎﾞ"),
    ('ポ', "ﾎﾟ"),
    ('マ', "ﾏ"),
    ('ミ', "ﾐ"),
    ('ム', "ﾑ"),
    ('メ', "ﾒ"),
    ('モ', "ﾓ"),
    ('ャ', "ｬ"),
    ('ヤ', "ﾔ"),
    ('ュ', "ｭ"),
    ('ユ', "ﾕ"),
    ('ョ', "ｮ"),
    ('ヨ', "ﾖ"),
    ('ラ', "ﾗ"),
    ('リ', "ﾘ"),
    ('ル', "ﾙ"),
    ('レ', "ﾚ"),
    ('ロ', "ﾛ"),
    ('ヮ', "ﾜ"),
    ('ワ', "ﾜ"),
    ('ヰ', "ｲ"),
    ('ヱ', "ｴ"),
    ('ヲ', "ｦ"),
    ('ン', "ﾝ"),
    ('ヴ', "ｳﾞ"),
    ('ヵ', "ｶ"),
    ('ヶ', "ｹ"),
    ('ヷ', "ﾜﾞ"),
    ('ヺ', "ｦﾞ"),
];

/// The text with half-width katakana, letters, digits and blanks; what has no half-width form stays.
pub(crate) fn half_width(text: &str) -> String {
    let mut half = String::with_capacity(text.len());
    for character in text.chars() {
        push(character, &mut half);
    }
    half
}

fn push(character: char, half: &mut String) {
    let plain = match character {
        '　' => ' ',
        'ー' => 'ｰ',
        '・' => '･',
        '「' => '｢',
        '」' => '｣',
        '、' => '､',
        '。' => '｡',
        '゛' => 'ﾞ',
        '゜' => 'ﾟ',
        '！'..='～' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        other => other,
    };
    match KANA.iter().find(|(full, _)| *full == character) {
        Some((_, kana)) => half.push_str(kana),
        None => half.push(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_half_width() {
        for (full, half) in [
            ("ミホン　ハナコ", "ﾐﾎﾝ ﾊﾅｺ"),
            ("ガギプヴ", "ｶﾞｷﾞﾌﾟｳﾞ"),
            ("キャッチャー・ヱ", "ｷｬｯﾁｬｰ･ｴ"),
            ("ＡＢｃ１", "ABc1"),
            ("●山ﾐ", "●山ﾐ"),
        ] {
            assert_eq!(half_width(full), half);
        }
    }
}
