//! The stream of receipts of a file, and what its GO record says about them.

use super::line::Lines;
use super::receipt::{self, Counted, Receipt};
use super::record::{Fields, Findings, is_kind};
use super::{Header, PointTable, RECEIPT_BYTES_MAX};
use crate::issue::Issue;
use madoguchi_model::day::Month;
use madoguchi_model::institution::InstitutionCode;
use std::collections::BTreeMap;
use std::io::BufRead;

/// What files of other kinds are answered.
pub(super) const OTHER_KINDS: &str =
    "この版で取り込めるのは医科と調剤のレセプトです。DPC・歯科・訪問看護のファイルは取り込めません";
const TRUNCATED: &str =
    "ファイルが途中で切れています。診療報酬請求書レコード（GO）まで出力されたファイルを取り込んでください";
const EMPTY: &str = "ファイルが空です。レセプト電算処理のファイルを出力し直してください";
const NO_HEADER: &str = "先頭に医療機関情報レコード（IR）または薬局情報レコード（YK）がありません。レセプト電算処理のファイルか確認してください";
/// Kinds of unknown records that are counted one by one.
const UNKNOWN_KINDS_MAX: usize = 50;

/// Reads one claims file, receipt by receipt.
pub struct ClaimsReader<R> {
    lines: Lines<R>,
    header: Header,
    /// The RE line that ended the former receipt.
    begun: Option<receipt::Lines>,
    summary: Summary,
    finished: bool,
}

/// What a whole file came to. Complete once [`ClaimsReader::next_receipt`] has answered `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Receipts in the file, refused ones included.
    pub receipts: u64,
    /// Payers (HO and KO) and points, as counted.
    pub counted: Totals,
    /// Payers and points as GO says; `None` when it leaves them out (a volume before the last).
    pub stated: Option<Totals>,
    /// Records of unknown kinds, which were skipped.
    pub unknown_records: BTreeMap<String, u64>,
    /// Records with more fields than specified.
    pub extra_fields: u64,
    /// Warnings beyond those that receipts list.
    pub warnings_not_listed: u64,
    /// Findings about the file as a whole.
    pub issues: Vec<Issue>,
}

/// Totals of a file (総件数・総合計点数).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// 総件数: payers, not receipts.
    pub payers: u64,
    /// 総合計点数 of the main payers.
    pub points: i64,
}

impl<R: BufRead> ClaimsReader<R> {
    /// Reads the head of the file.
    ///
    /// # Errors
    /// Why the file can't be taken at all.
    pub fn open(reader: R) -> Result<Self, Issue> {
        let mut lines = Lines::new(reader);
        let mut summary = Summary::default();
        let header = loop {
            let Some(line) = lines.next()? else {
                let message = if lines.number() <= 1 { EMPTY } else { NO_HEADER };
                return Err(Issue::file(lines.number(), "ファイルの先頭", message));
            };
            let (_, record) = Fields::split(line.number, &line.text);
            match record.kind() {
                "UK" => check_table(&record)?,
                "IR" | "YK" => break header(&record, &mut summary)?,
                "RE" | "GO" => return Err(Issue::file(line.number, "ファイルの先頭", NO_HEADER)),
                other if is_kind(other) => summary.note_unknown(other),
                _ => return Err(Issue::file(line.number, "ファイルの先頭", NO_HEADER)),
            }
        };
        Ok(Self { lines, header, begun: None, summary, finished: false })
    }

    /// The head of the file.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was counted so far; complete at the end.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The next receipt, or `None` at the end of a complete file.
    ///
    /// # Errors
    /// Why nothing of the file can be taken, also if that shows only at its end.
    pub fn next_receipt(&mut self) -> Result<Option<Receipt>, Issue> {
        if self.finished {
            return Ok(None);
        }
        let mut collected = self.begun.take();
        loop {
            let Some(line) = self.lines.next()? else {
                return Err(Issue::file(self.lines.number(), "診療報酬請求書レコード（GO）", TRUNCATED));
            };
            match kind_of(&line.text) {
                "RE" if !is_correction(&line.text) => {
                    let mut next = receipt::Lines::default();
                    next.push(line.number, line.raw, &line.text);
                    match collected.replace(next) {
                        Some(complete) => {
                            self.begun = collected;
                            return self.receipt(complete).map(Some);
                        }
                        None => continue,
                    }
                }
                "GO" => {
                    let (_, record) = Fields::split(line.number, &line.text);
                    self.summary.state(&record);
                    self.finished = true;
                    let last = collected.take().map(|complete| self.receipt(complete)).transpose()?;
                    self.after_the_end()?;
                    self.summary.compare();
                    return Ok(last);
                }
                "IR" | "YK" => {
                    let message = "1つのファイルに複数の医療機関があります。医療機関ごとのファイルに分けてください";
                    return Err(Issue::file(line.number, "医療機関情報レコード", message));
                }
                kind => match &mut collected {
                    Some(lines) => {
                        if lines.bytes() + line.raw.len() > RECEIPT_BYTES_MAX {
                            return Err(too_big(line.number));
                        }
                        lines.push(line.number, line.raw, &line.text);
                    }
                    None => self.summary.note_unknown(kind),
                },
            }
        }
    }

    /// Lines after GO are no claims; they are noted.
    fn after_the_end(&mut self) -> Result<(), Issue> {
        if let Some(line) = self.lines.next()? {
            let message = "診療報酬請求書レコード（GO）より後のレコードは使用しません";
            self.summary.issues.push(Issue::warning(line.number, "ファイルの末尾", message));
        }
        Ok(())
    }

    fn receipt(&mut self, lines: receipt::Lines) -> Result<Receipt, Issue> {
        let (receipt, findings, counted) = receipt::read(self.header.table, lines)?;
        self.summary.add(&findings, counted);
        Ok(receipt)
    }
}

/// Reads the stored bytes of one receipt again.
///
/// # Errors
/// Bytes that are not one receipt.
pub fn read_receipt(table: PointTable, source: &[u8]) -> Result<Receipt, Issue> {
    let mut lines = Lines::new(source);
    let mut collected = receipt::Lines::default();
    while let Some(line) = lines.next()? {
        if collected.is_empty() && kind_of(&line.text) != "RE" {
            return Err(Issue::file(
                line.number,
                "レセプト共通レコード（RE）",
                "レセプトの先頭がREレコードではありません",
            ));
        }
        collected.push(line.number, line.raw, &line.text);
    }
    receipt::read(table, collected).map(|(receipt, ..)| receipt)
}

impl Summary {
    fn add(&mut self, findings: &Findings, counted: Counted) {
        self.receipts += 1;
        self.counted.payers += counted.payers;
        self.counted.points = self.counted.points.saturating_add(counted.points);
        self.extra_fields += findings.extra_fields;
        self.warnings_not_listed += findings.uncounted;
        for kind in &findings.unknown_kinds {
            self.note_unknown(kind);
        }
    }

    fn note_unknown(&mut self, kind: &str) {
        let kind = if is_kind(kind) { kind } else { "？" };
        if self.unknown_records.contains_key(kind) || self.unknown_records.len() < UNKNOWN_KINDS_MAX {
            *self.unknown_records.entry(kind.to_owned()).or_default() += 1;
        }
    }

    fn state(&mut self, record: &Fields<'_>) {
        let numbers = record.field(1).parse().ok().zip(record.field(2).parse().ok());
        self.stated = numbers.map(|(payers, points)| Totals { payers, points });
        let last_volume = matches!(record.field(3), "99" | "");
        if self.stated.is_none() && last_volume {
            let message = "総件数または総合計点数を読めないため、件数と点数を照合していません";
            self.issues.push(Issue::warning(record.line, "診療報酬請求書レコード（GO）", message));
        }
    }

    fn compare(&mut self) {
        let Some(stated) = self.stated else { return };
        for (field, stated, counted) in [
            (
                "総件数",
                i64::try_from(stated.payers).unwrap_or(i64::MAX),
                i64::try_from(self.counted.payers).unwrap_or(i64::MAX),
            ),
            ("総合計点数", stated.points, self.counted.points),
        ] {
            if stated != counted {
                let message = format!(
                    "GOレコードの値（{stated}）と集計した値（{counted}）が一致しません。ファイルの内容を確認してください"
                );
                self.issues.push(Issue::warning(0, field, message));
            }
        }
    }
}

/// 点数表 that this version does not take is told at once.
fn check_table(record: &Fields<'_>) -> Result<(), Issue> {
    match record.field(3) {
        "3" | "6" => Err(Issue::file(record.line, "点数表", OTHER_KINDS)),
        _ => Ok(()),
    }
}

fn header(record: &Fields<'_>, summary: &mut Summary) -> Result<Header, Issue> {
    check_table(record)?;
    let table = match (record.kind(), record.field(3)) {
        ("IR", "1") => PointTable::Medical,
        ("YK", "4") => PointTable::Pharmacy,
        _ => return Err(Issue::file(record.line, "点数表", format!("点数表が正しくありません。{OTHER_KINDS}"))),
    };
    let (name, month, volume) = match table {
        PointTable::Medical => (6, 7, 8),
        PointTable::Pharmacy => (5, 6, 7),
    };
    let code = format!("{:0>2}{}{}", record.field(2), record.field(3), record.field(4));
    let institution =
        InstitutionCode::parse(&code).map_err(|error| Issue::file(record.line, "医療機関コード", error.to_string()))?;
    let request_month = Month::parse(record.field(month), "請求年月")
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
        name: record.field(name).to_owned(),
        request_month,
        volume: record.field(volume).to_owned(),
    })
}

fn too_big(line: u64) -> Issue {
    let mebibytes = RECEIPT_BYTES_MAX / 1_048_576;
    Issue::file(
        line,
        "レセプト",
        format!("1件のレセプトが{mebibytes}MiBを超えています。ファイルが壊れていないか確認してください"),
    )
}

/// The kind of the line's record.
fn kind_of(text: &str) -> &str {
    match text.as_bytes() {
        [first, second, b',', ..] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => &text[..2],
        [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => text,
        [first, ..] if first.is_ascii_digit() => Fields::split(0, text).1.kind(),
        _ => text.split(',').next().unwrap_or_default().trim(),
    }
}

/// Whether the line corrects an earlier one instead of beginning something.
fn is_correction(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) && Fields::split(0, text).0.correction
}
