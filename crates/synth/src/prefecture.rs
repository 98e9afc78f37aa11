//! The prefectures (都道府県): numbers, names and how many people live there.

/// A prefecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefecture {
    /// 都道府県番号.
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    /// Thousands of people, 2024-10-01.
    pub(crate) thousands: u32,
}

/// 東京都: the small worlds stand here, and the first districts of a nation.
pub(crate) const TOKYO: u8 = 13;

#[rustfmt::skip]
const ALL: [(&str, u32); 47] = [
    ("北海道", 5_043), ("青森県", 1_165), ("岩手県", 1_145), ("宮城県", 2_248), ("秋田県", 897), ("山形県", 1_011), ("福島県", 1_743),
    ("茨城県", 2_806), ("栃木県", 1_883), ("群馬県", 1_890), ("埼玉県", 7_332), ("千葉県", 6_251), ("東京都", 14_178), ("神奈川県", 9_225),
    ("新潟県", 2_098), ("富山県", 997), ("石川県", 1_098), ("福井県", 736), ("山梨県", 791), ("長野県", 1_989), ("岐阜県", 1_914),
    ("静岡県", 3_526), ("愛知県", 7_460), ("三重県", 1_711), ("滋賀県", 1_402), ("京都府", 2_521), ("大阪府", 8_757), ("兵庫県", 5_337),
    ("奈良県", 1_286), ("和歌山県", 880), ("鳥取県", 531), ("島根県", 642), ("岡山県", 1_831), ("広島県", 2_714), ("山口県", 1_281),
    ("徳島県", 685), ("香川県", 917), ("愛媛県", 1_275), ("高知県", 656), ("福岡県", 5_092), ("佐賀県", 788), ("長崎県", 1_251),
    ("熊本県", 1_696), ("大分県", 1_085), ("宮崎県", 1_031), ("鹿児島県", 1_533), ("沖縄県", 1_466),
];

/// All prefectures: Tokyo first, then by number.
pub(crate) fn prefectures() -> impl Iterator<Item = Prefecture> {
    let numbers = std::iter::once(TOKYO).chain((1..=47).filter(|number| *number != TOKYO));
    numbers.map(|number| {
        let (name, thousands) = ALL[usize::from(number) - 1];
        Prefecture { number, name, thousands }
    })
}

/// The name of the prefecture with this number; empty where there is none.
pub(crate) fn prefecture_name(number: u8) -> &'static str {
    usize::from(number).checked_sub(1).and_then(|place| ALL.get(place)).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokyo_is_first_and_nobody_is_left_out() {
        let all: Vec<_> = prefectures().collect();
        assert_eq!((all[0].name, all[1].name, all[46].name), ("東京都", "北海道", "沖縄県"));
        let thousands: u32 = all.iter().map(|prefecture| prefecture.thousands).sum();
        assert!((123_000..124_500).contains(&thousands), "{thousands}");
        assert_eq!((prefecture_name(27), prefecture_name(0), prefecture_name(48)), ("大阪府", "", ""));
    }
}
