//! Check-ups side by side (特定健診受診結果) as a person reads them.
//!
//! Composed once, so that the screen and the PDF cannot differ: rows in blocks, the newest check-up at
//! the left, units, ranges, marks and the line of the years are decided here. What may be seen at all
//! is decided before (`decision`, `release`); this module gets only what passed.

use super::item::{self, Block, DataType, Item};
use super::mark::{Mark, limit_text, mark, range_text};
use super::{Checkup, CheckupResult, Interpretation, ResultValue, spark};
use crate::coverage::Coverage;
use crate::day::Timestamp;
use crate::listing::{NO_VALUE, PersonBox, both_calendars, clean};
use crate::person::{Person, Sex};
use serde::Serialize;
use std::collections::BTreeMap;

pub use super::spark::{HEIGHT as LINE_HEIGHT, WIDTH as LINE_WIDTH};

/// The title of screen and report.
pub const TITLE: &str = "特定健診受診結果";

/// What a sheet is composed of.
#[derive(Debug, Clone, Copy)]
pub struct SheetInput<'a> {
    /// Whose check-ups.
    pub person: &'a Person,
    /// The coverage of today, if there is one.
    pub coverage: Option<&'a Coverage>,
    /// What is shown, the newest first (`release::newest`).
    pub checkups: &'a [Checkup],
    /// How many more could be shown.
    pub more: usize,
    /// 作成日時.
    pub now: Timestamp,
}

/// A sheet ready to be shown. Every text is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckupSheet {
    /// 特定健診受診結果.
    pub title: &'static str,
    /// 作成日時, for the properties of a file.
    pub created: Timestamp,
    /// 作成日.
    pub created_on: String,
    /// Head of the sheet.
    pub person: PersonBox,
    /// Which check-ups are on it.
    pub notice: String,
    /// What else must be said.
    pub notes: Vec<String>,
    /// One column for each check-up, the newest first.
    pub columns: Vec<Column>,
    /// The blocks that have rows, in their order.
    pub blocks: Vec<SheetBlock>,
    /// What the signs mean.
    pub footnotes: Vec<&'static str>,
}

/// Head of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// 受診日: `2026年6月10日`.
    pub day: String,
    /// The same in the Japanese era.
    pub era: String,
    /// 特定健診, 後期高齢者健診 …
    pub kind: &'static str,
    /// 健診機関.
    pub performer: String,
}

/// A block of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetBlock {
    /// Its heading.
    pub title: &'static str,
    /// Whether its rows hold answers and texts only: no unit, no range, no line.
    pub answers: bool,
    /// Its rows.
    pub rows: Vec<SheetRow>,
}

/// One item over the years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetRow {
    /// 項目名; of an item that the table does not have, the name as sent.
    pub name: String,
    /// The code, shown only when the table does not have the item.
    pub code: Option<String>,
    /// 単位.
    pub unit: String,
    /// 基準値.
    pub reference: String,
    /// A cell for each column; empty where the check-up does not have the item.
    pub cells: Vec<Cell>,
    /// How the newest value stands to the one before it.
    pub trend: Option<Trend>,
    /// The line of the years, the oldest at the left, in a box of [`LINE_WIDTH`] by [`LINE_HEIGHT`]; empty for fewer
    /// than two values.
    pub line: Vec<(u32, u32)>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Cell {
    /// The value as text; empty when there is none.
    pub text: String,
    /// H or L.
    pub mark: Option<Mark>,
    /// A remark on its method, or its unit when it differs from the row's.
    pub note: String,
}

/// Up, down or the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// ↑
    Up,
    /// ↓
    Down,
    /// →
    Level,
}

impl Trend {
    /// The arrow.
    #[must_use]
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::Up => "↑",
            Self::Down => "↓",
            Self::Level => "→",
        }
    }

    /// For those who hear it read out.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "前回より高い",
            Self::Down => "前回より低い",
            Self::Level => "前回と同じ",
        }
    }
}

impl CheckupSheet {
    /// Composes the sheet.
    #[must_use]
    pub fn compose(input: &SheetInput<'_>) -> Self {
        let today = input.now.day();
        let rows = rows(input.checkups, input.person.sex);
        let standard = rows.iter().any(|(_, row)| row.reference.ends_with(STANDARD_SIGN));
        Self {
            title: TITLE,
            created: input.now,
            created_on: both_calendars(today),
            person: PersonBox::of(input.person, input.coverage, today),
            notice: notice(input),
            notes: notes(input),
            columns: input.checkups.iter().map(column).collect(),
            blocks: blocks(rows),
            footnotes: footnotes(input.checkups.is_empty(), standard),
        }
    }

    /// How many rows the sheet has, in all its blocks.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.blocks.iter().map(|block| block.rows.len()).sum()
    }
}

/// Stands behind a limit of the standard.
const STANDARD_SIGN: &str = "*1";

fn column(checkup: &Checkup) -> Column {
    let name = clean(&checkup.performer.name);
    let performer = if name.trim().is_empty() { checkup.performer.code.clone() } else { name };
    Column { day: checkup.day.japanese(), era: checkup.day.era(), kind: checkup.kind_label(), performer }
}

fn notice(input: &SheetInput<'_>) -> String {
    match input.checkups.len() {
        0 => {
            "閲覧できる特定健診の結果はありません。保険者が登録した、過去5年間（2020年度以降）の健診結果を表示します。"
                .to_owned()
        }
        count => format!(
            "保険者が登録した過去5年間（2020年度以降）の健診結果のうち、新しいものから{count}回分を載せています。登録されていない健診は載りません。"
        ),
    }
}

fn notes(input: &SheetInput<'_>) -> Vec<String> {
    match input.more {
        0 => Vec::new(),
        more => vec![format!("このほかに、過去5年間の健診が{more}回分あります。")],
    }
}

fn footnotes(empty: bool, standard: bool) -> Vec<&'static str> {
    if empty {
        return Vec::new();
    }
    let mut notes = vec![
        "H：基準値より高い、L：基準値より低い。健診機関の判定による印で、判定がない場合は基準値との比較です。↑↓→は、前回の値との比較です。",
    ];
    if standard {
        notes.push("*1 健診機関が基準値を示していない項目には、保健指導判定値を表示しています。ほかの基準値は、その項目の最も新しい健診のものです。");
    }
    notes
}

/// Where a row stands: the place of its item, or behind all items in the order of the unknown codes.
type Place<'a> = (usize, &'a str);

/// The results of a row by column.
fn by_row(checkups: &[Checkup]) -> BTreeMap<Place<'_>, Vec<Option<&CheckupResult>>> {
    let mut rows: BTreeMap<Place<'_>, Vec<Option<&CheckupResult>>> = BTreeMap::new();
    for (column, checkup) in checkups.iter().enumerate() {
        for result in &checkup.results {
            let place = item::place(&result.code).map_or((usize::MAX, result.code.as_str()), |place| (place, ""));
            let cells = rows.entry(place).or_insert_with(|| vec![None; checkups.len()]);
            // The same item by two methods in one check-up: the first one with a value counts.
            if let Some(cell) = cells.get_mut(column)
                && cell.is_none_or(|former| matches!(former.value, ResultValue::Absent(_)))
            {
                *cell = Some(result);
            }
        }
    }
    rows
}

fn rows(checkups: &[Checkup], sex: Sex) -> Vec<(Block, SheetRow)> {
    let rows = by_row(checkups).into_iter();
    rows.map(|((place, code), results)| match item::ITEMS.get(place) {
        Some(item) => (item.block, known_row(item, &results, sex)),
        None => (Block::Other, unknown_row(code, &results, sex)),
    })
    .collect()
}

fn known_row(item: &Item, results: &[Option<&CheckupResult>], sex: Sex) -> SheetRow {
    let own = results.iter().flatten().find_map(|result| result.reference.as_ref()).map(range_text);
    let standard = || limit_text(item, sex).map(|text| format!("{text}{STANDARD_SIGN}"));
    let reference = own.or_else(standard).unwrap_or_default();
    let unit = if item.data_type == DataType::Quantity { item.unit } else { "" };
    row(item.name.to_owned(), None, unit, reference, results, sex)
}

fn unknown_row(code: &str, results: &[Option<&CheckupResult>], sex: Sex) -> SheetRow {
    let newest = results.iter().flatten().next();
    let name = newest.map(|result| clean(&result.sent_name)).filter(|name| !name.trim().is_empty());
    let unit = newest.map_or_else(String::new, |result| shown_unit(result.unit()));
    let own = results.iter().flatten().find_map(|result| result.reference.as_ref()).map(range_text);
    let name = name.unwrap_or_else(|| "名称不明の項目".to_owned());
    row(name, Some(clean(code)), &unit, own.unwrap_or_default(), results, sex)
}

fn row(
    name: String,
    code: Option<String>,
    unit: &str,
    reference: String,
    results: &[Option<&CheckupResult>],
    sex: Sex,
) -> SheetRow {
    let cells = results.iter().map(|result| result.map_or_else(Cell::default, |result| cell(result, unit, sex)));
    // Numbers in another unit are not comparable.
    let number = |result: &CheckupResult| result.number().filter(|_| shown_unit(result.unit()) == unit);
    let numbers: Vec<_> = results.iter().map(|result| result.and_then(number)).collect();
    let mut known = numbers.iter().flatten();
    let trend = match (known.next(), known.next()) {
        (Some(newest), Some(before)) => Some(match newest.raw().cmp(&before.raw()) {
            std::cmp::Ordering::Greater => Trend::Up,
            std::cmp::Ordering::Less => Trend::Down,
            std::cmp::Ordering::Equal => Trend::Level,
        }),
        _ => None,
    };
    let oldest_first: Vec<_> = numbers.iter().rev().copied().collect();
    let line = if trend.is_some() { spark::points(&oldest_first) } else { Vec::new() };
    SheetRow { name, code, unit: unit.to_owned(), reference, cells: cells.collect(), trend, line }
}

fn cell(result: &CheckupResult, unit: &str, sex: Sex) -> Cell {
    let method = result.item().map_or("", |item| item.note(&result.code));
    let own_unit = shown_unit(result.unit());
    let differs = !own_unit.is_empty() && own_unit != unit;
    let note = if differs { clean(&own_unit) } else { method.to_owned() };
    Cell { text: value_text(result), mark: mark(result, sex), note }
}

fn value_text(result: &CheckupResult) -> String {
    let beyond = match result.interpretation {
        Some(Interpretation::AboveMeasurable) => "以上",
        Some(Interpretation::BelowMeasurable) => "以下",
        _ => "",
    };
    let text = match &result.value {
        ResultValue::Quantity { number, .. } => format!("{number}{beyond}"),
        ResultValue::Code { code, .. } => match result.value_name() {
            name if name.is_empty() => format!("コード{code}"),
            name => name.into_owned(),
        },
        ResultValue::Text(text) => text.clone(),
        ResultValue::Absent(absence) => absence.label().to_owned(),
    };
    let text = clean(&text);
    if text.trim().is_empty() { NO_VALUE.to_owned() } else { text }
}

/// A unit as people write it: what the standard spells for machines, and differences that mean nothing.
fn shown_unit(sent: &str) -> String {
    let unit = sent.trim();
    match unit.to_ascii_lowercase().as_str() {
        "mm[hg]" | "mmhg" => "mmHg".to_owned(),
        "mg/dl" => "mg/dL".to_owned(),
        "g/dl" => "g/dL".to_owned(),
        "u/l" | "iu/l" => "U/L".to_owned(),
        "kg/m2" | "kg/m^2" | "kg/m*2" => "kg/m2".to_owned(),
        "cm2" | "cm*2" => "cm2".to_owned(),
        "10*4/mm3" | "10^4/mm3" | "10*4/ul" | "万/mm3" => "万/mm3".to_owned(),
        "/mm3" | "/ul" => "/mm3".to_owned(),
        "ml/min/1.73m2" | "ml/min/{1.73_m2}" | "ml/min/1.73 m2" => "mL/min/1.73m2".to_owned(),
        _ => unit.to_owned(),
    }
}

fn blocks(rows: Vec<(Block, SheetRow)>) -> Vec<SheetBlock> {
    let mut blocks: Vec<SheetBlock> = Vec::new();
    for (block, row) in rows {
        let title = block.label();
        match blocks.last_mut() {
            Some(last) if last.title == title => last.rows.push(row),
            _ => blocks.push(SheetBlock { title, answers: false, rows: vec![row] }),
        }
    }
    for block in &mut blocks {
        block.answers = block.rows.iter().all(|row| row.unit.is_empty() && row.reference.is_empty());
    }
    blocks
}

#[cfg(test)]
mod tests;
