//! SI, IY, TO and CO of 医科: inherited 診療識別, calculation units and day counts (claims.md 3.8, 4).

use super::record::{Fields, Findings, is_kind};
use crate::issue::Issue;
use madoguchi_model::claim::{Item, ItemKind};
use madoguchi_model::day::Month;

/// 点数 of SI, IY and TO.
const POINTS: usize = 5;
/// First day field.
const DAYS: usize = 13;
/// First day field of TO.
const DAYS_OF_MATERIAL: usize = 17;
/// 診療行為コード and the like: nine digits.
const CODE_CHARACTERS: usize = 9;

/// The items of a receipt while they are read.
#[derive(Default)]
pub(super) struct Items {
    items: Vec<Item>,
    class: u8,
    unit: u32,
    /// Whether the last record carried points and so ended its unit.
    ended: bool,
    /// First of the comments without 診療識別 that followed such a record.
    trailing: Option<usize>,
}

impl Items {
    /// Takes one record.
    ///
    /// # Errors
    /// A record of DPC: the whole file is one that this version does not take.
    pub(super) fn read(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) -> Result<(), Issue> {
        let kind = match record.kind() {
            "SI" => ItemKind::Act,
            "IY" => ItemKind::Drug,
            "TO" => ItemKind::Material,
            "CO" => ItemKind::Comment,
            "GR" | "SY" | "SJ" => return Ok(()),
            "BU" => return Err(Issue::file(record.line, "BUレコード", super::reader::OTHER_KINDS)),
            other => {
                let name = if is_kind(other) { other } else { "？" };
                findings.unknown_kinds.push(name.to_owned());
                return Ok(());
            }
        };
        let item = read_item(record, kind, month, findings);
        self.push(item, record, findings);
        Ok(())
    }

    /// All items in their order.
    pub(super) fn finish(mut self) -> Vec<Item> {
        self.give_back_trailing();
        self.items
    }

    fn push(&mut self, mut item: Item, record: &Fields<'_>, findings: &mut Findings) {
        let class = class(record, findings);
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
        self.ended = !comment && record.some(POINTS).is_some();
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
fn class(record: &Fields<'_>, findings: &mut Findings) -> Option<u8> {
    let text = record.some(1)?;
    let class = text.parse().ok().filter(|class| *class <= 99_u8 && text.len() <= 2);
    if class.is_none() {
        findings.warn(Issue::warning(record.line, "診療識別", "2桁の数字ではありません。直前の診療識別を使います"));
    }
    class
}

fn read_item(record: &Fields<'_>, kind: ItemKind, month: Month, findings: &mut Findings) -> Item {
    let comment = kind == ItemKind::Comment;
    let code = record.field(3);
    if code.len() != CODE_CHARACTERS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        findings.warn(Issue::warning(record.line, "コード", "9桁の数字ではありません"));
    }
    let (first_day, last) = match kind {
        ItemKind::Comment => (usize::MAX, 4),
        ItemKind::Material => (DAYS_OF_MATERIAL, DAYS_OF_MATERIAL + 30),
        ItemKind::Act | ItemKind::Drug => (DAYS, DAYS + 30),
    };
    findings.check_width(record, last);
    Item {
        line: record.line,
        kind,
        class: 0,
        unit: 0,
        code: code.to_owned(),
        quantity: if comment { None } else { record.amount(4, "数量・使用量", findings) },
        text: if comment { record.field(4).to_owned() } else { String::new() },
        comments: comments(record, kind),
        times: if comment { None } else { record.number(6, "回数", findings) },
        days: if comment { Vec::new() } else { record.days(first_day, month, findings) },
    }
}

/// コメント1-3: code and text in turn.
fn comments(record: &Fields<'_>, kind: ItemKind) -> Vec<(String, String)> {
    let first = match kind {
        ItemKind::Comment => return Vec::new(),
        ItemKind::Material => 11,
        ItemKind::Act | ItemKind::Drug => 7,
    };
    let pair = |index: usize| Some((record.some(index)?.to_owned(), record.field(index + 1).to_owned()));
    (0..3).filter_map(|number| pair(first + 2 * number)).collect()
}
