//! Code systems of the check-up standard (1.2.392.200119.6.x) with the text of each code.
//!
//! A system is named by what follows the common root. A code that is not here is shown with the text
//! that its sender gave, or as it is.

/// A code with its text.
pub type CodeText = (&'static str, &'static str);

/// The text of a code in the system of this suffix.
#[must_use]
pub fn text(system: &str, code: &str) -> Option<&'static str> {
    let (_, codes) = SYSTEMS.iter().find(|(suffix, _)| *suffix == system)?;
    codes.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// Whether the system of this suffix is known.
#[must_use]
pub fn is_known(system: &str) -> bool {
    SYSTEMS.iter().any(|(suffix, _)| *suffix == system)
}

const YES_NO: &[CodeText] = &[("1", "はい"), ("2", "いいえ")];
const REASONS: &[CodeText] = &[("0", "対象ではない"), ("1", "検査結果による対象"), ("2", "不整脈の疑いによる対象")];
const SCHEIE: &[CodeText] = &[("1", "0"), ("2", "1"), ("3", "2"), ("4", "3"), ("5", "4")];

#[rustfmt::skip]
const SYSTEMS: &[(&str, &[CodeText])] = &[
    ("1008", &[("1", "基準該当"), ("2", "予備群該当"), ("3", "非該当"), ("4", "判定不能")]),
    ("3001", &[("1", "積極的支援"), ("2", "動機付け支援"), ("3", "なし（情報提供）"), ("4", "判定不能")]),
    ("2001", &[("1", "特記すべきことあり"), ("2", "特記すべきことなし")]),
    ("2002", &[("1", "所見あり"), ("2", "所見なし"), ("3", "要再撮影"), ("4", "読影不能")]),
    ("2003", YES_NO),
    ("2004", &[("1", "速い"), ("2", "ふつう"), ("3", "遅い")]),
    ("2007", &[
        ("1", "意志なし"), ("2", "意志あり（6か月以内）"), ("3", "意志あり（近いうち）"),
        ("4", "取組済み（6か月未満）"), ("5", "取組済み（6か月以上）"),
    ]),
    ("2100", &[("1", "陽性"), ("2", "陰性")]),
    ("2102", &[("1", "－"), ("2", "±"), ("3", "＋"), ("4", "＋＋"), ("5", "＋＋＋")]),
    ("2110", &[("1", "0"), ("2", "Ⅰ"), ("3", "Ⅱa"), ("4", "Ⅱb"), ("5", "Ⅲ"), ("6", "Ⅳ")]),
    ("2111", SCHEIE),
    ("2112", SCHEIE),
    ("2113", &[
        ("1", "Ⅰ(a)"), ("2", "Ⅰ(b)"), ("3", "Ⅱ"), ("4", "Ⅲ(a)"), ("5", "Ⅲ(b)"),
        ("6", "Ⅳ"), ("7", "Ⅴ(a)"), ("8", "Ⅴ(b)"), ("9", "Ⅵ"),
    ]),
    ("18030", &[("1", "何でもかんで食べることができる"), ("2", "かみにくいことがある"), ("3", "ほとんどかめない")]),
    ("18040", &[("1", "毎日"), ("2", "時々"), ("3", "ほとんど摂取しない")]),
    ("18080", &[("1", "所見なし"), ("2", "軽度"), ("3", "中等度"), ("4", "重度")]),
    ("18090", &[("1", "網膜症なし"), ("2", "単純網膜症"), ("3", "増殖前網膜症"), ("4", "増殖網膜症")]),
    ("18120", REASONS),
    ("18130", REASONS),
    ("24040", &[
        ("1", "毎日"), ("2", "週5～6日"), ("3", "週3～4日"), ("4", "週1～2日"), ("5", "月に1～3日"),
        ("6", "月に1日未満"), ("7", "やめた"), ("8", "飲まない（飲めない）"),
    ]),
    ("24050", &[("1", "1合未満"), ("2", "1～2合未満"), ("3", "2～3合未満"), ("4", "3～5合未満"), ("5", "5合以上")]),
    ("24060", &[("1", "はい"), ("2", "以前は吸っていたが、最近1か月間は吸っていない"), ("3", "いいえ")]),
    ("24080", &[("1", "生理中"), ("2", "排尿障害"), ("3", "その他")]),
    ("19010", &[("1", "よい"), ("2", "まあよい"), ("3", "ふつう"), ("4", "あまりよくない"), ("5", "よくない")]),
    ("19020", &[("1", "満足"), ("2", "やや満足"), ("3", "やや不満"), ("4", "不満")]),
    ("19030", YES_NO),
    ("19040", YES_NO),
    ("19050", YES_NO),
    ("19060", YES_NO),
    ("19070", YES_NO),
    ("19080", YES_NO),
    ("19090", YES_NO),
    ("19100", YES_NO),
    ("19110", YES_NO),
    ("19120", &[("1", "はい"), ("2", "いいえ"), ("3", "やめた")]),
    ("19130", YES_NO),
    ("19140", YES_NO),
    ("19150", YES_NO),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_codes() {
        for (system, code, expected) in [
            ("2102", "3", Some("＋")),
            ("2113", "9", Some("Ⅵ")),
            ("19120", "3", Some("やめた")),
            ("19110", "3", None),
            ("2003", "", None),
            ("9999", "1", None),
        ] {
            assert_eq!(text(system, code), expected, "{system} {code}");
        }
    }

    #[test]
    fn no_code_stands_twice() {
        for (system, codes) in SYSTEMS {
            let mut seen: Vec<_> = codes.iter().map(|(code, _)| code).collect();
            seen.dedup();
            assert_eq!(seen.len(), codes.len(), "{system}");
            assert_eq!(SYSTEMS.iter().filter(|(other, _)| other == system).count(), 1, "{system}");
        }
    }
}
