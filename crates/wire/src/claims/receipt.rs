//! The records of one receipt put together: patient, payers and visits; the care in its own files.

use super::record::{Fields, Findings};
use super::{PointTable, medical, pharmacy};
use crate::issue::Issue;
use madoguchi_model::claim::{Body, Category, Claim, Patient, Payer, PayerKind};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::person::Sex;
use std::ops::Range;

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
    /// Its bytes as read, from RE to the line before the next RE or GO.
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

/// What a file's GO record counts, of one receipt.
#[derive(Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) payers: u64,
    pub(super) points: i64,
}

/// The lines of a receipt while they are collected.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) source: Vec<u8>,
    text: String,
    lines: Vec<(u64, Range<usize>)>,
}

impl Lines {
    /// Adds a line; a correction (履歴) takes the place of the line of the same 行番号.
    pub(super) fn push(&mut self, number: u64, raw: &[u8], text: &str) {
        self.source.extend_from_slice(raw);
        let start = self.text.len();
        self.text.push_str(text);
        let added = start..self.text.len();
        match self.corrected(text) {
            Some(place) => self.lines[place] = (number, added),
            None => self.lines.push((number, added)),
        }
    }

    /// The place of the line that this one corrects. Only lines of the distribution form begin with a digit.
    fn corrected(&self, text: &str) -> Option<usize> {
        text.bytes().next().filter(u8::is_ascii_digit)?;
        let (front, _) = Fields::split(0, text);
        let same =
            |range: &Range<usize>| Fields::split(0, &self.text[range.clone()]).0.line_number == front.line_number;
        let place = || self.lines.iter().rposition(|(_, range)| same(range));
        if front.correction { place() } else { None }
    }

    pub(super) fn bytes(&self) -> usize {
        self.source.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn records(&self) -> impl Iterator<Item = Fields<'_>> {
        self.lines.iter().map(|(number, range)| Fields::split(*number, &self.text[range.clone()]).1)
    }
}

/// What the RE record of either kind says.
struct Common {
    number: String,
    category: Category,
    month: Month,
    patient: Patient,
    search_number: Option<String>,
}

/// Where the fields of RE are that 医科 and 調剤 have at different places.
struct Places {
    search_number: usize,
    kana: usize,
    last: usize,
}

const MEDICAL: Places = Places { search_number: 18, kana: 36, last: 37 };
const PHARMACY: Places = Places { search_number: 37, kana: 41, last: 41 };

/// Reads the collected lines.
///
/// # Errors
/// What makes the whole file one that this version does not take.
pub(super) fn read(table: PointTable, lines: Lines) -> Result<(Receipt, Findings, Counted), Issue> {
    let mut findings = Findings::default();
    let mut payers = Vec::new();
    let mut visit_days = Vec::new();
    let mut common = None;
    let mut number = String::new();
    let mut care = match table {
        PointTable::Medical => Care::Medical(medical::Items::default()),
        PointTable::Pharmacy => Care::Pharmacy(pharmacy::Prescriptions::default()),
    };
    let first_line = lines.lines.first().map_or(0, |(line, _)| *line);
    for record in lines.records() {
        match record.kind() {
            "RE" => {
                record.field(1).clone_into(&mut number);
                common = read_common(&record, table, &mut findings);
                if let (Care::Pharmacy(prescriptions), Some(_)) = (&mut care, &common) {
                    prescriptions.prescriber(&record);
                }
            }
            "HO" | "KO" => payers.push(payer(&record, &payers, table, &mut findings)),
            "SN" => confirm(&record, &mut payers, &mut findings),
            "JD" => visits(&record, common.as_ref(), &mut visit_days, &mut findings),
            "MF" => {}
            // Everything from TI to the next RE is care of an organ donor, not of the patient.
            "TI" => break,
            _ => {
                if let Some(common) = &common {
                    care.read(&record, common.month, &mut findings)?;
                }
            }
        }
    }
    let counted = count(&payers);
    if payers.is_empty() {
        findings.refuse(Issue::row(
            first_line,
            "保険者レコード（HO・KO）",
            "保険者または公費のレコードがありません。請求内容を確認してください",
        ));
    }
    visit_days.sort_unstable();
    visit_days.dedup();
    let claim = common.filter(|_| !findings.refused).map(|common| Claim {
        number: common.number,
        line: first_line,
        category: common.category,
        month: common.month,
        patient: common.patient,
        payers,
        visit_days,
        search_number: common.search_number,
        body: care.body(&mut findings),
    });
    let issues = std::mem::take(&mut findings.issues);
    Ok((Receipt { line: first_line, number, claim, issues, source: lines.source }, findings, counted))
}

/// The care of a receipt while it is read.
enum Care {
    Medical(medical::Items),
    Pharmacy(pharmacy::Prescriptions),
}

impl Care {
    fn read(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) -> Result<(), Issue> {
        match self {
            Self::Medical(items) => items.read(record, month, findings),
            Self::Pharmacy(prescriptions) => {
                prescriptions.read(record, findings);
                Ok(())
            }
        }
    }

    fn body(self, findings: &mut Findings) -> Body {
        match self {
            Self::Medical(items) => Body::Medical(items.finish()),
            Self::Pharmacy(prescriptions) => prescriptions.finish(findings),
        }
    }
}

fn read_common(record: &Fields<'_>, table: PointTable, findings: &mut Findings) -> Option<Common> {
    let places = match table {
        PointTable::Medical => MEDICAL,
        PointTable::Pharmacy => PHARMACY,
    };
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
    let last = match (insurance, table) {
        (true, PointTable::Medical) => 14,
        (true, PointTable::Pharmacy) => 13,
        (false, PointTable::Medical) => 11,
        (false, PointTable::Pharmacy) => 9,
    };
    findings.check_width(record, last);
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
fn count(payers: &[Payer]) -> Counted {
    let main = payers.iter().find(|payer| payer.kind == PayerKind::Insurance).or_else(|| payers.first());
    Counted {
        payers: u64::try_from(payers.len()).unwrap_or(u64::MAX),
        points: main.and_then(|payer| payer.points).unwrap_or(0),
    }
}
