//! The stream of receipts of a file, and what its GO record says about them.

use super::collected::Lines as Collected;
use super::line::Lines;
use super::receipt::{self, Counted, Receipt, is_added};
use super::record::{Fields, Findings, is_kind, kind_of, may_be_distributed};
use super::{Header, PointTable, RECEIPT_BYTES_MAX, dpc, header};
use crate::issue::Issue;
use madoguchi_model::claim::Kind;
use std::collections::BTreeMap;
use std::io::BufRead;

const TRUNCATED: &str =
    "ファイルが途中で切れています。診療報酬請求書レコード（GO）まで出力されたファイルを取り込んでください";
/// Kinds of unknown records that are counted one by one.
const UNKNOWN_KINDS_MAX: usize = 50;

/// Reads one claims file, receipt by receipt.
pub struct ClaimsReader<R> {
    lines: Lines<R>,
    header: Header,
    /// The RE line that ended the former receipt.
    begun: Option<Collected>,
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
    /// Receipts of DPC in a file of 点数表 1; one makes it a file of DPC.
    pub dpc_receipts: u64,
    /// Parts of organ donors (TI), which are no care of the patient.
    pub donors: u64,
    /// Lines of the distribution form in whose place a correction (履歴) came.
    pub replaced_lines: u64,
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
        let header = header::read(&mut lines, &mut summary)?;
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

    /// The reader below, behind what was read.
    pub fn into_inner(self) -> R {
        self.lines.into_inner()
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
                "RE" if collected.as_ref().is_none_or(|lines| begins(self.header.table, lines, &line.text)) => {
                    let mut next = Collected::default();
                    next.push(line.number, line.raw, &line.text);
                    match collected.replace(next) {
                        Some(complete) => {
                            self.begun = collected;
                            return Ok(Some(self.receipt(complete)));
                        }
                        None => continue,
                    }
                }
                // The number that the reviewing body gives to the receipt that follows.
                "MN" => {}
                "GO" => {
                    let (_, record) = Fields::split(line.number, &line.text);
                    self.summary.state(&record);
                    self.finished = true;
                    let last = collected.take().map(|complete| self.receipt(complete));
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
                    None if is_added(kind) => {}
                    None => self.summary.note_unknown(kind),
                },
            }
        }
    }

    /// Lines after GO are no claims; they are noted, apart from those that the reviewing body adds.
    fn after_the_end(&mut self) -> Result<(), Issue> {
        while let Some(line) = self.lines.next()? {
            if is_added(kind_of(&line.text)) {
                continue;
            }
            let message = "診療報酬請求書レコード（GO）より後のレコードは使用しません";
            self.summary.issues.push(Issue::warning(line.number, "ファイルの末尾", message));
            break;
        }
        Ok(())
    }

    fn receipt(&mut self, lines: Collected) -> Receipt {
        let (receipt, findings, counted) = receipt::read(self.header.table, lines);
        self.summary.add(&findings, counted);
        receipt
    }
}

/// Whether an RE line begins the next receipt: it neither corrects that of this one nor begins a detail of it.
fn begins(table: PointTable, former: &Collected, text: &str) -> bool {
    if may_be_distributed(text) && former.is_corrected_by(text) {
        return false;
    }
    let record = Fields::split(0, text).1;
    table != PointTable::Medical || !former.first().is_some_and(|first| dpc::continues(&first, &record))
}

/// Reads the stored bytes of one receipt again.
///
/// # Errors
/// Bytes that are not one receipt.
pub fn read_receipt(table: PointTable, source: &[u8]) -> Result<Receipt, Issue> {
    let mut lines = Lines::new(source);
    let mut collected = Collected::default();
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
    Ok(receipt::read(table, collected).0)
}

impl Summary {
    /// Which kind of file it is, told by what was read of it so far.
    #[must_use]
    pub const fn kind(&self, table: PointTable) -> Kind {
        match table {
            PointTable::Medical if self.dpc_receipts > 0 => Kind::Dpc,
            PointTable::Medical => Kind::Medical,
            PointTable::Dental => Kind::Dental,
            PointTable::Pharmacy => Kind::Pharmacy,
        }
    }

    fn add(&mut self, findings: &Findings, counted: Counted) {
        self.receipts += 1;
        self.counted.payers += counted.payers;
        self.counted.points = self.counted.points.saturating_add(counted.points);
        self.extra_fields += findings.extra_fields;
        self.warnings_not_listed += findings.uncounted;
        self.dpc_receipts += u64::from(counted.dpc);
        self.donors += counted.donors;
        self.replaced_lines += counted.replaced_lines;
        for kind in &findings.unknown_kinds {
            self.note_unknown(kind);
        }
    }

    pub(super) fn note_unknown(&mut self, kind: &str) {
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

fn too_big(line: u64) -> Issue {
    let mebibytes = RECEIPT_BYTES_MAX / 1_048_576;
    Issue::file(
        line,
        "レセプト",
        format!("1件のレセプトが{mebibytes}MiBを超えています。ファイルが壊れていないか確認してください"),
    )
}
