//! The records of one receipt put together: patient, payers and visits; the care in its own files.

use super::PointTable;
use super::care::Care;
use super::collected::Lines;
use super::dpc::{self, Part};
use super::layout::{self, PART_OLDER};
use super::record::{Fields, Findings};
use crate::issue::Issue;
use madoguchi_model::claim::{Category, Claim, Patient, Payer, PayerKind};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::person::Sex;

/// One receipt as read from a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Line of its RE record, from 1.
    pub line: u64,
    /// レセプト番号, as far as it could be read.
    pub number: String,
    /// The claim, or `None` when the receipt is refused.
    pub claim: Option<Claim>,
    /// What was found; a refused receipt has a [`crate::Severity::RowRefused`] among them.
    pub issues: Vec<Issue>,
    /// Its bytes as read, from RE to the line before the next receipt or GO; also those of a donor and those that were
    /// corrected.
    pub source: Vec<u8>,
}

/// Never the patient: only where it is and what was found.
impl std::fmt::Debug for Receipt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Receipt")
            .field("line", &self.line)
            .field("issues", &self.issues)
            .finish_non_exhaustive()
    }
}

/// What is counted of a receipt for its file.
#[derive(Clone, Copy, Default)]
pub(super) struct Counted {
    /// HO and KO, as GO counts them.
    pub(super) payers: u64,
    /// 合計点数 of the main payer.
    pub(super) points: i64,
    /// Whether it is one of DPC.
    pub(super) dpc: bool,
    /// Parts of organ donors (TI) that were left out.
    pub(super) donors: u64,
    /// Lines in whose place a correction came.
    pub(super) replaced_lines: u64,
}

/// What the first RE record says.
struct Common {
    number: String,
    category: Category,
    month: Month,
    patient: Patient,
    search_number: Option<String>,
}

/// A receipt while its records are read. Of several RE records (総括 of DPC with its details) the first tells patient,
/// payers and visits, the details tell the care.
struct Reading {
    table: PointTable,
    dpc: bool,
    /// Whether it is a summary with details, whose own records tell no care.
    grouped: bool,
    number: String,
    common: Option<Common>,
    payers: Vec<Payer>,
    visit_days: Vec<u8>,
    care: Care,
    begun: bool,
    /// Whether the records belong to an organ donor: all from TI to the next RE.
    donor: bool,
    takes_payers: bool,
    takes_visits: bool,
    takes_care: bool,
    counted: Counted,
}

/// Reads the collected lines.
pub(super) fn read(table: PointTable, lines: Lines) -> (Receipt, Findings, Counted) {
    let mut findings = Findings::default();
    let mut reading = Reading::new(table, &lines);
    for record in lines.records() {
        reading.take(&record, &mut findings);
    }
    let line = lines.first_line();
    let mut counted = reading.counted;
    (counted.payers, counted.points) = count(&reading.payers);
    counted.replaced_lines = lines.replaced();
    let number = std::mem::take(&mut reading.number);
    let (claim, dpc) = reading.finish(line, &mut findings);
    counted.dpc = dpc;
    let issues = std::mem::take(&mut findings.issues);
    (Receipt { line, number, claim, issues, source: lines.into_source() }, findings, counted)
}

impl Reading {
    fn new(table: PointTable, lines: &Lines) -> Self {
        let medical = table == PointTable::Medical;
        let grouped = medical && lines.count("RE") > 1;
        Self {
            table,
            dpc: medical && (grouped || lines.count("BU") > 0),
            grouped,
            number: String::new(),
            common: None,
            payers: Vec::new(),
            visit_days: Vec::new(),
            care: Care::new(table),
            begun: false,
            donor: false,
            takes_payers: true,
            takes_visits: true,
            takes_care: true,
            counted: Counted::default(),
        }
    }

    fn take(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        match record.kind() {
            "RE" => self.begin(record, findings),
            "TI" => {
                self.counted.donors += 1;
                self.donor = true;
            }
            _ if self.donor => {}
            "HO" | "KO" if self.takes_payers => {
                let payer = payer(record, &self.payers, self.table, findings);
                self.payers.push(payer);
            }
            "SN" if self.takes_payers => confirm(record, &mut self.payers, findings),
            "JD" if self.takes_visits => visits(record, self.common.as_ref(), &mut self.visit_days, findings),
            "HO" | "KO" | "SN" | "JD" | "MF" => {}
            // Added by the reviewing body when it hands claims on.
            kind if is_added(kind) => {}
            _ => {
                if let (Some(common), true) = (&self.common, self.takes_care) {
                    self.care.read(record, common.month, findings);
                }
            }
        }
    }

    /// RE: the receipt's own, or that of a detail.
    fn begin(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        let part = if self.table == PointTable::Medical { dpc::part(record) } else { None };
        // In a file of 医科 the places of older editions hold 検索番号.
        let part = part.filter(|(place, _)| self.dpc || !PART_OLDER.contains(place));
        self.dpc |= part.is_some();
        self.donor = false;
        self.takes_payers = self.payers.is_empty();
        self.takes_visits = self.visit_days.is_empty();
        self.takes_care = !(self.grouped && matches!(part, Some((_, Part::Summary))));
        if std::mem::replace(&mut self.begun, true) {
            self.care.another_part();
            return;
        }
        record.field(1).clone_into(&mut self.number);
        let taken = part.is_some_and(|(place, _)| place == layout::common(self.table).search_number);
        self.common = read_common(record, self.table, findings);
        if let (Some(common), true) = (&mut self.common, taken) {
            common.search_number = None;
        }
        if self.common.is_some() {
            self.care.prescriber(record);
        }
    }

    /// The claim, and whether it is one of DPC.
    fn finish(mut self, line: u64, findings: &mut Findings) -> (Option<Claim>, bool) {
        if self.payers.is_empty() {
            findings.refuse(Issue::row(
                line,
                "保険者レコード（HO・KO）",
                "保険者または公費のレコードがありません。請求内容を確認してください",
            ));
        }
        self.visit_days.sort_unstable();
        self.visit_days.dedup();
        let dpc = self.dpc || self.care.is_of_dpc();
        let claim = self.common.filter(|_| !findings.refused).map(|common| Claim {
            number: common.number,
            line,
            category: common.category,
            month: common.month,
            patient: common.patient,
            payers: self.payers,
            visit_days: self.visit_days,
            search_number: common.search_number,
            body: self.care.body(dpc, findings),
        });
        (claim, dpc)
    }
}

/// Kinds of records that the reviewing body adds: receipt management, and the like.
pub(super) fn is_added(kind: &str) -> bool {
    matches!(kind, "MN" | "JY" | "ON" | "EX" | "RC")
}

fn read_common(record: &Fields<'_>, table: PointTable, findings: &mut Findings) -> Option<Common> {
    let places = layout::common(table);
    findings.check_width(record, places.last);
    let category = category(record, table).map_err(|issue| findings.refuse(issue)).ok();
    let month = record.month(3, "診療年月").map_err(|issue| findings.refuse(issue)).ok();
    let born = Day::parse(record.field(6), "生年月日");
    let birthdate = born.map_err(|error| findings.refuse(Issue::row(record.line, "生年月日", error.to_string()))).ok();
    let sex = record.field(5).parse().ok().and_then(Sex::from_number);
    if sex.is_none() {
        findings.warn(Issue::warning(
            record.line,
            "男女区分",
            "1（男）または2（女）ではありません。未設定として扱います",
        ));
    }
    let name = record.field(4).to_owned();
    let kana = record.field(places.kana).to_owned();
    let patient = Patient { name, kana, sex: sex.unwrap_or(Sex::Unset), birthdate: birthdate? };
    Some(Common {
        number: record.field(1).to_owned(),
        category: category?,
        month: month?,
        patient,
        search_number: record.some(places.search_number).map(str::to_owned),
    })
}

fn category(record: &Fields<'_>, table: PointTable) -> Result<Category, Issue> {
    let wrong = |message: String| Issue::row(record.line, "レセプト種別", message);
    let category = Category::parse(record.field(2)).map_err(|error| wrong(error.to_string()))?;
    if category.table().to_string() == table.digit() {
        Ok(category)
    } else {
        Err(wrong(format!("{}のファイルに別の種類のレセプトがあります", table.label())))
    }
}

fn payer(record: &Fields<'_>, former: &[Payer], table: PointTable, findings: &mut Findings) -> Payer {
    let insurance = record.kind() == "HO";
    findings.check_width(record, layout::payer_last(table, insurance));
    let text = |index| record.field(index).to_owned();
    let expenses = former.iter().filter(|payer| payer.kind != PayerKind::Insurance).count();
    Payer {
        kind: if insurance {
            PayerKind::Insurance
        } else {
            PayerKind::PublicExpense(u8::try_from(expenses + 1).unwrap_or(u8::MAX))
        },
        insurer: text(1),
        symbol: if insurance { text(2) } else { String::new() },
        number: if insurance { text(3) } else { text(2) },
        branch: String::new(),
        points: record.number(5, "合計点数", findings).map(i64::from),
        confirmation: String::new(),
    }
}

/// Applies SN to its payer: what the reviewing body wrote there overrides HO and KO.
fn confirm(record: &Fields<'_>, payers: &mut [Payer], findings: &mut Findings) {
    findings.check_width(record, 8);
    let kind = match record.field(1) {
        "1" => Some(PayerKind::Insurance),
        "2" => Some(PayerKind::PublicExpense(1)),
        "3" => Some(PayerKind::PublicExpense(2)),
        "4" => Some(PayerKind::PublicExpense(3)),
        "5" => Some(PayerKind::PublicExpense(4)),
        _ => None,
    };
    let Some(payer) = payers.iter_mut().find(|payer| Some(payer.kind) == kind) else {
        findings.warn(Issue::warning(
            record.line,
            "資格確認レコード（SN）",
            "該当するHO・KOレコードがないため使用しません",
        ));
        return;
    };
    record.field(2).clone_into(&mut payer.confirmation);
    // With another insurer all its numbers count, also a 記号 that is empty (後期高齢者).
    let moved = record.some(3).is_some();
    let fill = |index: usize, target: &mut String, always: bool| {
        if always || record.some(index).is_some() {
            record.field(index).clone_into(target);
        }
    };
    fill(3, &mut payer.insurer, moved);
    if payer.kind == PayerKind::Insurance {
        fill(4, &mut payer.symbol, moved);
        fill(5, &mut payer.number, moved);
        fill(6, &mut payer.branch, moved);
    } else {
        fill(7, &mut payer.number, moved);
    }
}

/// Days on which the patient was there (1 counted, 2 not counted in 実日数); 9 contradicts itself.
fn visits(record: &Fields<'_>, common: Option<&Common>, visit_days: &mut Vec<u8>, findings: &mut Findings) {
    findings.check_width(record, 32);
    let Some(common) = common else { return };
    let days = record.days(2, common.month, findings);
    visit_days.extend(days.into_iter().filter(|(_, mark)| matches!(mark, 1 | 2)).map(|(day, _)| day));
}

/// One for each HO and KO; the points of the insurer, else of the first public payer.
fn count(payers: &[Payer]) -> (u64, i64) {
    let main = payers.iter().find(|payer| payer.kind == PayerKind::Insurance).or_else(|| payers.first());
    (u64::try_from(payers.len()).unwrap_or(u64::MAX), main.and_then(|payer| payer.points).unwrap_or(0))
}
