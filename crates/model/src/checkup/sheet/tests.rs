use super::*;
use crate::checkup::samples::{checkups, quantity, result, sheet};
use crate::checkup::{Absence, item};

fn row<'a>(sheet: &'a CheckupSheet, name: &str) -> &'a SheetRow {
    let found = sheet.blocks.iter().flat_map(|block| &block.rows).find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("no row {name}"))
}

/// The cells as text with their marks: `88.5H`.
fn cells(row: &SheetRow) -> String {
    let cell = |cell: &Cell| format!("{}{}", cell.text, cell.mark.map_or("", Mark::letter));
    row.cells.iter().map(cell).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_newest_stands_at_the_left_and_methods_share_a_row() {
    let sheet = sheet(&checkups(), 0);
    let days: Vec<_> = sheet.columns.iter().map(|column| column.day.as_str()).collect();
    assert_eq!(days, ["2022年10月12日", "2021年10月6日", "2020年10月14日", "2019年10月9日", "2018年10月10日"]);
    for (name, unit, reference, expected, trend) in [
        ("腹囲", "cm", "85未満*1", "88.5H 87.0H 86.2H 84.9 83.0", Some(Trend::Up)),
        ("収縮期血圧（1回目）", "mmHg", "130未満*1", "142H 138H 131H 129 126", Some(Trend::Up)),
        ("空腹時中性脂肪", "mg/dL", "30～149", "185H 162H 149 120 98", Some(Trend::Up)),
        ("HDLコレステロール", "mg/dL", "40以上*1", "38L 38L 38L 38L 38L", Some(Trend::Level)),
        ("ALT（GPT）", "U/L", "31未満*1", "31H 31H 31H 31H 31H", Some(Trend::Level)),
        ("血清クレアチニン", "mg/dL", "", "0.82 0.80 0.80 0.79 0.78", Some(Trend::Up)),
        ("尿蛋白", "", "", "＋ － － － －", None),
        ("メタボリックシンドローム判定", "", "", "基準該当 非該当 非該当 非該当 非該当", None),
        ("眼底検査（KW分類）", "", "", "未実施    ", None),
        ("肺機能検査（％肺活量）", "%", "", "92.4    ", None),
    ] {
        let row = row(&sheet, name);
        assert_eq!((row.unit.as_str(), row.reference.as_str(), row.trend), (unit, reference, trend), "{name}");
        assert_eq!(cells(row), expected, "{name}");
        assert_eq!(row.line.len(), if trend.is_some() { 5 } else { 0 }, "{name}");
    }
    let waist = row(&sheet, "腹囲");
    assert_eq!(waist.cells[1].note, "自己測定");
    assert!(waist.line.is_sorted_by_key(|(x, _)| *x), "{:?}", waist.line);
    assert_eq!((waist.line[0].1, waist.line[4].1), (21, 3), "the oldest is the lowest, at the bottom");
    assert_eq!(row(&sheet, "肺機能検査（％肺活量）").code.as_deref(), Some("9C310000000000001"));
    assert_eq!(row(&sheet, "HDLコレステロール").code, None);
}

#[test]
fn blocks_stand_in_their_order_and_unknown_items_at_the_end() {
    let sheet = sheet(&checkups(), 2);
    let titles: Vec<_> = sheet.blocks.iter().map(|block| block.title).collect();
    let all: Vec<_> = item::Block::ALL.into_iter().map(item::Block::label).filter(|it| titles.contains(it)).collect();
    assert_eq!(titles, all);
    assert_eq!(titles.first().copied(), Some("身体計測"));
    assert_eq!(titles.last().copied(), Some("その他の項目"));
    assert!(sheet.notes[0].contains("2回分") && sheet.notice.contains("5回分"));
    let questions = sheet.blocks.iter().find(|block| block.title == "質問票").unwrap();
    assert!(questions.answers && !sheet.blocks[0].answers);
}

#[test]
fn nothing_is_said_about_nobody() {
    let sheet = sheet(&[], 0);
    assert_eq!((sheet.row_count(), sheet.columns.len(), sheet.footnotes.len()), (0, 0, 0));
    assert!(sheet.notice.contains("閲覧できる特定健診の結果はありません"));
}

#[test]
fn values_that_cannot_be_compared_have_no_trend() {
    let mut years = checkups();
    years.truncate(2);
    for (newest, expected, note) in [
        (quantity("3C015000002327101", "72", "umol/L"), None, "umol/L"),
        (quantity("3C015000002327101", "0.90", "mg/dl"), Some(Trend::Up), ""),
        (result("3C015000002327101", ResultValue::Absent(Absence::NotMeasurable)), None, ""),
    ] {
        let text = newest.data_value().to_owned();
        years[0].results.retain(|result| result.code != newest.code);
        years[0].results.push(newest);
        let sheet = sheet(&years, 0);
        let row = row(&sheet, "血清クレアチニン");
        assert_eq!(
            (row.trend, row.cells[0].text.as_str(), row.cells[0].note.as_str()),
            (expected, text.as_str(), note)
        );
    }
}

#[test]
fn a_value_beyond_what_can_be_measured_says_so_and_control_characters_go() {
    let mut years = checkups();
    years.truncate(1);
    let mut high = quantity("3F077000002327101", "400", "mg/dL");
    high.interpretation = Some(Interpretation::AboveMeasurable);
    years[0].results.retain(|result| result.code != high.code);
    years[0].results.push(high);
    years[0].performer.name = "健診\u{E000}\u{7}機関".to_owned();
    let sheet = sheet(&years, 0);
    assert_eq!(cells(row(&sheet, "LDLコレステロール")), "400以上H");
    assert_eq!(sheet.columns[0].performer, "健診● 機関");
}
