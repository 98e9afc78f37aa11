//! Where the fields of each record lie, by kind of claim (claims.md 3, 5, 6 and 7): the one table, for reading and for
//! writing. DPC has the places of 医科.

use super::PointTable;
use madoguchi_model::claim::ItemKind;

/// Fields of RE that lie at different places.
pub(super) struct Common {
    /// 検索番号.
    pub(super) search_number: usize,
    /// カタカナ氏名.
    pub(super) kana: usize,
    /// The last field.
    pub(super) last: usize,
}

/// Fields of an item's record. 診療識別 is 1, 負担区分 2 and the code 3 in all of them.
pub(super) struct ItemRecord {
    /// レコード識別情報.
    pub(super) name: &'static str,
    /// What it tells.
    pub(super) kind: ItemKind,
    /// 数量データ or 使用量; of CO its 文字データ.
    pub(super) quantity: usize,
    /// Code and text of three comments.
    pub(super) comments: Option<usize>,
    /// Code and quantity of so many 加算.
    pub(super) additions: Option<(usize, usize)>,
    /// 点数, 回数 and the first of the 31 days; CO has none.
    pub(super) counted: Option<Counted>,
    /// The last field.
    pub(super) last: usize,
}

/// Fields that all records of a calculation unit have.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    /// 点数.
    pub(super) points: usize,
    /// 回数.
    pub(super) times: usize,
    /// 1日の情報.
    pub(super) days: usize,
}

/// 総括区分 of DPC stands in one of the reserved fields of RE before 検索番号 …
pub(super) const PART_RESERVED: std::ops::RangeInclusive<usize> = 15..=17;
/// … or, in older editions, in the place of 検索番号 or behind it.
pub(super) const PART_OLDER: std::ops::RangeInclusive<usize> = 18..=19;
/// Where it is written.
pub(super) const PART_WRITTEN: usize = 16;

const MEDICAL: [ItemRecord; 4] = [
    plain("SI", ItemKind::Act, 7, 13),
    plain("IY", ItemKind::Drug, 7, 13),
    plain("TO", ItemKind::Material, 11, 17),
    comment(4),
];

const DENTAL: [ItemRecord; 5] = [
    ItemRecord {
        name: "SS",
        kind: ItemKind::Act,
        quantity: 4,
        comments: None,
        additions: Some((6, 35)),
        counted: Some(Counted { points: 76, times: 77, days: 78 }),
        last: 108,
    },
    ItemRecord {
        name: "SI",
        kind: ItemKind::Act,
        quantity: 4,
        comments: None,
        additions: None,
        counted: Some(Counted { points: 5, times: 6, days: 7 }),
        last: 37,
    },
    ItemRecord {
        name: "IY",
        kind: ItemKind::Drug,
        quantity: 4,
        comments: None,
        additions: None,
        counted: Some(Counted { points: 5, times: 6, days: 8 }),
        last: 38,
    },
    ItemRecord {
        name: "TO",
        kind: ItemKind::Material,
        quantity: 4,
        comments: None,
        additions: Some((7, 2)),
        counted: Some(Counted { points: 12, times: 13, days: 14 }),
        last: 44,
    },
    comment(10),
];

const fn plain(name: &'static str, kind: ItemKind, comments: usize, days: usize) -> ItemRecord {
    let counted = Some(Counted { points: 5, times: 6, days });
    ItemRecord { name, kind, quantity: 4, comments: Some(comments), additions: None, counted, last: days + 30 }
}

const fn comment(last: usize) -> ItemRecord {
    ItemRecord {
        name: "CO",
        kind: ItemKind::Comment,
        quantity: 4,
        comments: None,
        additions: None,
        counted: None,
        last,
    }
}

/// The records of items of a table; 調剤 has records of its own.
pub(super) const fn items(table: PointTable) -> &'static [ItemRecord] {
    match table {
        PointTable::Medical => &MEDICAL,
        PointTable::Dental => &DENTAL,
        PointTable::Pharmacy => &[],
    }
}

/// RE.
pub(super) const fn common(table: PointTable) -> Common {
    match table {
        PointTable::Medical => Common { search_number: 18, kana: 36, last: 37 },
        PointTable::Dental => Common { search_number: 19, kana: 25, last: 26 },
        PointTable::Pharmacy => Common { search_number: 37, kana: 41, last: 41 },
    }
}

/// The last field of HO, or of KO.
pub(super) const fn payer_last(table: PointTable, insurance: bool) -> usize {
    match (table, insurance) {
        (PointTable::Medical, true) => 14,
        (PointTable::Medical, false) => 11,
        // HO of 歯科 has no reserve field 6.
        (PointTable::Dental | PointTable::Pharmacy, true) => 13,
        (PointTable::Dental | PointTable::Pharmacy, false) => 9,
    }
}
