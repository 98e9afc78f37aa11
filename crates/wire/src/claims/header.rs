//! The head of a file: UK, IR and YK, and what may stand between them (claims.md 1, 3.1, 3.2, 6, 7).

use super::line::Lines;
use super::reader::Summary;
use super::receipt::is_added;
use super::record::{Fields, is_kind};
use super::{Header, PointTable};
use crate::issue::Issue;
use madoguchi_model::day::Month;
use madoguchi_model::institution::InstitutionCode;
use std::io::BufRead;

/// What files of other kinds are answered.
const OTHER_KINDS: &str =
    "この版で取り込めるのは医科・DPC・歯科・調剤のレセプトです。訪問看護のファイルは取り込めません";
const EMPTY: &str = "ファイルが空です。レセプト電算処理のファイルを出力し直してください";
const NO_HEADER: &str = "先頭に医療機関情報レコード（IR）または薬局情報レコード（YK）がありません。レセプト電算処理のファイルか確認してください";

/// What UK says that the header of 歯科 leaves out.
#[derive(Default)]
struct Reception {
    name: String,
    request_month: String,
    volume: String,
}

/// Reads up to IR or YK.
///
/// # Errors
/// Why the file can't be taken at all.
pub(super) fn read<R: BufRead>(lines: &mut Lines<R>, summary: &mut Summary) -> Result<Header, Issue> {
    let mut reception = Reception::default();
    loop {
        let Some(line) = lines.next()? else {
            let message = if lines.number() <= 1 { EMPTY } else { NO_HEADER };
            return Err(Issue::file(lines.number(), "ファイルの先頭", message));
        };
        let (_, record) = Fields::split(line.number, &line.text);
        match record.kind() {
            "UK" => reception = read_reception(&record)?,
            "IR" | "YK" => return header(&record, &reception, summary),
            "RE" | "GO" => return Err(Issue::file(line.number, "ファイルの先頭", NO_HEADER)),
            other if is_added(other) => {}
            other if is_kind(other) => summary.note_unknown(other),
            _ => return Err(Issue::file(line.number, "ファイルの先頭", NO_HEADER)),
        }
    }
}

fn read_reception(record: &Fields<'_>) -> Result<Reception, Issue> {
    check_table(record)?;
    let text = |index: usize| record.field(index).to_owned();
    Ok(Reception { name: text(6), request_month: text(7), volume: text(9) })
}

/// 点数表 that this version does not take is told at once.
fn check_table(record: &Fields<'_>) -> Result<(), Issue> {
    match record.field(3) {
        "6" => Err(Issue::file(record.line, "点数表", OTHER_KINDS)),
        _ => Ok(()),
    }
}

fn header(record: &Fields<'_>, reception: &Reception, summary: &mut Summary) -> Result<Header, Issue> {
    check_table(record)?;
    let table = match (record.kind(), record.field(3)) {
        ("IR", "1") => PointTable::Medical,
        ("IR", "3") => PointTable::Dental,
        ("YK", "4") => PointTable::Pharmacy,
        _ => return Err(Issue::file(record.line, "点数表", format!("点数表が正しくありません。{OTHER_KINDS}"))),
    };
    let code = format!("{:0>2}{}{}", record.field(2), record.field(3), record.field(4));
    let institution =
        InstitutionCode::parse(&code).map_err(|error| Issue::file(record.line, "医療機関コード", error.to_string()))?;
    let (name, month, volume) = places(table, record);
    let of = |place: Option<usize>, else_from: &str| {
        place.and_then(|place| record.some(place)).unwrap_or(else_from).to_owned()
    };
    let request_month = Month::parse(&of(Some(month), &reception.request_month), "請求年月")
        .map_err(|error| Issue::file(record.line, "請求年月", error.to_string()))?;
    if !institution.has_valid_check_digit() {
        let message = "検証番号が一致しません。コードの誤りでないか確認してください";
        summary.issues.push(Issue::warning(record.line, "医療機関コード", message));
    }
    let reviewer = record.field(1);
    if !matches!(reviewer, "1" | "2") {
        let message = "1（支払基金）または2（国保連）ではありません";
        return Err(Issue::file(record.line, "審査支払機関", message));
    }
    Ok(Header {
        table,
        reviewer: reviewer.to_owned(),
        institution,
        name: of(name, &reception.name),
        request_month,
        volume: of(volume, &reception.volume),
    })
}

/// Where name, 請求年月 and マルチボリューム stand. IR of 歯科 has no name and no volume where UK stands before it (2026
/// edition); senders without UK write it like 医科.
fn places(table: PointTable, record: &Fields<'_>) -> (Option<usize>, usize, Option<usize>) {
    let month_at = |index: usize| Month::parse(record.field(index), "請求年月").is_ok();
    match table {
        PointTable::Pharmacy => (Some(5), 6, Some(7)),
        PointTable::Dental if month_at(6) || !month_at(7) => (None, 6, None),
        PointTable::Medical | PointTable::Dental => (Some(6), 7, Some(8)),
    }
}
