//! What only DPC receipts have: 総括区分 in RE, and the records CD and SK (claims.md 5).

use super::items::{class, code};
use super::layout::{PART_OLDER, PART_RESERVED};
use super::record::{Fields, Findings};
use crate::issue::Issue;
use madoguchi_model::claim::{Category, Item, ItemKind};
use madoguchi_model::day::{Day, Month};
use std::collections::HashMap;

/// 診療識別 of operations, which SK has no field for.
const SURGERY: u8 = 50;

/// Records that tell of a DPC receipt but of nothing that is shown.
pub(super) const PASSED_OVER: [&str; 6] = ["SB", "KK", "GA", "HH", "GT", "BU"];

/// レセプト総括区分.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A DPC receipt on its own (0).
    Whole,
    /// The summary of several details (1): payers, visits and amounts.
    Summary,
    /// A detail of a summary (2 DPC, 3 医科入院): care.
    Detail,
}

/// 総括区分 of an RE record of 点数表 1, and where it stands. Only inpatients have one.
pub(super) fn part(record: &Fields<'_>) -> Option<(usize, Part)> {
    if !Category::parse(record.field(2)).is_ok_and(Category::is_inpatient) {
        return None;
    }
    let place = PART_RESERVED.chain(PART_OLDER).find(|place| matches!(record.field(*place), "0" | "1" | "2" | "3"))?;
    let part = match record.field(place) {
        "0" => Part::Whole,
        "1" => Part::Summary,
        _ => Part::Detail,
    };
    Some((place, part))
}

/// Whether an RE record begins a detail of the receipt that another one began: of the same patient and month, as far as
/// it says.
pub(super) fn continues(first: &Fields<'_>, record: &Fields<'_>) -> bool {
    let detail = matches!(part(record), Some((_, Part::Detail)));
    let grouped = matches!(part(first), Some((_, Part::Summary | Part::Detail)));
    let same = |index| record.some(index).is_none_or(|text| text == first.field(index));
    detail && grouped && (3..=6).all(same)
}

/// The items of CD and SK while they are read.
#[derive(Default)]
pub(super) struct Records {
    pub(super) bundled: Vec<Item>,
    pub(super) related: Vec<Item>,
    class: u8,
    units: HashMap<(Option<u8>, u8, String), u32>,
}

impl Records {
    /// コーディングデータ: one row with its date, amount and count. Rows of one date, 診療識別 and 順序番号 are a unit.
    pub(super) fn coding_data(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) {
        findings.check_width(record, 10);
        self.class = class(record, 2, findings).unwrap_or(self.class);
        let day = day_of_month(record, 1, "実施年月日", month, findings);
        let code = code(record, 5, findings);
        let kind = match code.bytes().next() {
            Some(b'6') => ItemKind::Drug,
            Some(b'7') => ItemKind::Material,
            Some(b'8') => ItemKind::Comment,
            _ => ItemKind::Act,
        };
        let next = u32::try_from(self.units.len()).unwrap_or(u32::MAX - 1) + 1;
        let unit = *self.units.entry((day, self.class, record.field(3).to_owned())).or_insert(next);
        let used = record.amount(6, "使用量", findings);
        let quantity = record.amount(7, "数量データ", findings);
        let times = record.number(9, "回数", findings);
        let days = day.map(|day| (day, times.unwrap_or(1).clamp(1, 999))).into_iter().collect();
        self.bundled.push(Item {
            line: record.line,
            kind,
            class: self.class,
            unit,
            code,
            quantity: if kind == ItemKind::Act { quantity } else { used },
            text: String::new(),
            comments: Vec::new(),
            additions: Vec::new(),
            times,
            days,
        });
    }

    /// 診療関連: an act with its day. One that is planned for another month is none of this month's care.
    pub(super) fn related_act(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) {
        findings.check_width(record, 6);
        if record.some(1).is_none() {
            return;
        }
        let code = code(record, 1, findings);
        let Some(day) = record.day(3, "実施（予定）年月日", findings).filter(|day| day.month() == month)
        else {
            return;
        };
        let unit = u32::try_from(self.related.len()).unwrap_or(u32::MAX - 1) + 1;
        self.related.push(Item {
            line: record.line,
            kind: ItemKind::Act,
            class: SURGERY,
            unit,
            code,
            quantity: None,
            text: String::new(),
            comments: Vec::new(),
            additions: Vec::new(),
            times: Some(1),
            days: vec![(day.day_of_month(), 1)],
        });
    }
}

/// The day within the month of care, with a warning for one outside: its row keeps the month alone.
fn day_of_month(
    record: &Fields<'_>,
    index: usize,
    name: &'static str,
    month: Month,
    findings: &mut Findings,
) -> Option<u8> {
    let day: Day = record.day(index, name, findings)?;
    if day.month() == month {
        return Some(day.day_of_month());
    }
    findings.warn(Issue::warning(record.line, name, "診療年月の日ではありません。日を示さずに取り込みます"));
    None
}
