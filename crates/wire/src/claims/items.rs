//! SI, SS, IY, TO and CO of 医科, DPC and 歯科: inherited 診療識別, calculation units and day counts (claims.md 3.8, 4, 6).

use super::PointTable;
use super::layout::{self, ItemRecord};
use super::record::{Fields, Findings};
use crate::issue::Issue;
use madoguchi_model::claim::{Addition, Item, ItemKind};
use madoguchi_model::day::Month;

/// 診療行為コード and the like: nine digits.
const CODE_CHARACTERS: usize = 9;

/// The items of a receipt while they are read.
pub(super) struct Items {
    table: PointTable,
    items: Vec<Item>,
    class: u8,
    unit: u32,
    /// Whether the last record carried points and so ended its unit.
    ended: bool,
    /// First of the comments without 診療識別 that followed such a record.
    trailing: Option<usize>,
}

impl Items {
    pub(super) const fn new(table: PointTable) -> Self {
        Self { table, items: Vec::new(), class: 0, unit: 0, ended: false, trailing: None }
    }

    /// Takes one record; `false` when it is none of an item.
    pub(super) fn read(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) -> bool {
        let Some(layout) = layout::items(self.table).iter().find(|layout| layout.name == record.kind()) else {
            return false;
        };
        let item = read_item(record, layout, month, findings);
        let ends = layout.counted.is_some_and(|counted| record.some(counted.points).is_some());
        self.push(item, class(record, 1, findings), ends);
        true
    }

    /// What follows belongs to another part of the receipt: it inherits nothing and continues no unit.
    pub(super) fn another_part(&mut self) {
        self.give_back_trailing();
        self.class = 0;
        self.ended = true;
    }

    /// All items in their order.
    pub(super) fn finish(mut self) -> Vec<Item> {
        self.give_back_trailing();
        self.items
    }

    fn push(&mut self, mut item: Item, class: Option<u8>, ends: bool) {
        let comment = item.kind == ItemKind::Comment;
        if class.is_some() {
            self.give_back_trailing();
        }
        let another_class = class.is_some_and(|class| class != self.class);
        if self.ended || another_class || self.items.is_empty() {
            self.unit += 1;
            self.trailing = (comment && class.is_none() && !self.items.is_empty()).then_some(self.items.len());
        }
        if !comment {
            self.trailing = None;
        }
        self.class = class.unwrap_or(self.class);
        self.ended = ends;
        item.class = self.class;
        item.unit = self.unit;
        self.items.push(item);
    }

    /// Comments without 診療識別 between two units belong to the one before, unless a record
    /// without 診療識別 follows them.
    fn give_back_trailing(&mut self) {
        let Some(first) = self.trailing.take() else { return };
        let Some(unit) = first.checked_sub(1).and_then(|before| self.items.get(before)).map(|item| item.unit) else {
            return;
        };
        for item in &mut self.items[first..] {
            item.unit = unit;
        }
        self.ended = true;
    }
}

/// 診療識別, or `None` where it is inherited.
pub(super) fn class(record: &Fields<'_>, index: usize, findings: &mut Findings) -> Option<u8> {
    let text = record.some(index)?;
    let class = text.parse().ok().filter(|class| *class <= 99_u8 && text.len() <= 2);
    if class.is_none() {
        findings.warn(Issue::warning(record.line, "診療識別", "2桁の数字ではありません。直前の診療識別を使います"));
    }
    class
}

/// A code of nine digits, with a warning when it is none.
pub(super) fn code(record: &Fields<'_>, index: usize, findings: &mut Findings) -> String {
    let code = record.field(index);
    if code.len() != CODE_CHARACTERS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        findings.warn(Issue::warning(record.line, "コード", "9桁の数字ではありません"));
    }
    code.to_owned()
}

fn read_item(record: &Fields<'_>, layout: &ItemRecord, month: Month, findings: &mut Findings) -> Item {
    let comment = layout.kind == ItemKind::Comment;
    findings.check_width(record, layout.last);
    Item {
        line: record.line,
        kind: layout.kind,
        class: 0,
        unit: 0,
        code: code(record, 3, findings),
        quantity: if comment { None } else { record.amount(layout.quantity, "数量・使用量", findings) },
        text: if comment { record.field(layout.quantity).to_owned() } else { String::new() },
        comments: layout.comments.map_or_else(Vec::new, |first| comments(record, first)),
        additions: layout.additions.map_or_else(Vec::new, |places| additions(record, places, findings)),
        times: layout.counted.and_then(|counted| record.number(counted.times, "回数", findings)),
        days: layout.counted.map_or_else(Vec::new, |counted| record.days(counted.days, month, findings)),
    }
}

/// コメント1-3: code and text in turn.
fn comments(record: &Fields<'_>, first: usize) -> Vec<(String, String)> {
    let pair = |index: usize| Some((record.some(index)?.to_owned(), record.field(index + 1).to_owned()));
    (0..3).filter_map(|number| pair(first + 2 * number)).collect()
}

/// 加算コード and 加算数量データ in turn.
fn additions(record: &Fields<'_>, (first, count): (usize, usize), findings: &mut Findings) -> Vec<Addition> {
    let mut additions = Vec::new();
    for number in 0..count {
        let Some(code) = record.some(first + 2 * number) else { continue };
        let quantity = record.amount(first + 2 * number + 1, "加算数量データ", findings);
        additions.push(Addition { code: code.to_owned(), quantity });
    }
    additions
}
