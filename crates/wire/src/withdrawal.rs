//! The list of withdrawn receipts (取下げ・返戻) that `ingest claims --withdraw` takes: a CSV of our own.
//!
//! No record of a claims file says that a receipt is taken back; in life it is a form that names
//! the institution, the care month and the person's numbers. `docs/formats/withdrawal-csv.md`.

use crate::issue::Issue;
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::claim::replacement::Withdrawal;
use madoguchi_model::day::Month;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::insurance::InsuranceNumbers;
use std::io::Read;

const COLUMNS: &[&str] = &[
    "institution_code",
    "care_month",
    "insurer_number",
    "symbol",
    "number",
    "search_number",
    "request_month",
    "receipt_number",
];
const REQUIRED: &[&str] = &["institution_code", "care_month", "insurer_number", "number"];

/// One receipt that is taken back.
#[derive(Clone, PartialEq, Eq)]
pub struct WithdrawalRow {
    /// Its line, from 1.
    pub line: u64,
    /// Which institution had sent it.
    pub institution: InstitutionCode,
    /// The person's numbers on it.
    pub numbers: InsuranceNumbers,
    /// Which receipt.
    pub withdrawal: Withdrawal,
}

impl std::fmt::Debug for WithdrawalRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WithdrawalRow").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads a list.
///
/// # Errors
/// All that is wrong in it; it is taken whole or not at all.
pub fn read(source: impl Read) -> Result<Vec<WithdrawalRow>, Vec<Issue>> {
    let (mut table, _) = Table::open(source, COLUMNS, REQUIRED).map_err(|issue| vec![issue])?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    while let Some(row) = table.next().map_err(|issue| vec![issue])? {
        rows.extend(withdrawal(&row, &mut wrong));
        if wrong.len() > ISSUES_MAX {
            break;
        }
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

fn withdrawal(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<WithdrawalRow> {
    let month = |name: &'static str, wrong: &mut Vec<Issue>| {
        Month::parse(row.field(name), name).map_err(|error| wrong.push(row.wrong(name, error))).ok()
    };
    let institution = InstitutionCode::parse(row.field("institution_code"))
        .map_err(|error| wrong.push(row.wrong("institution_code", error)))
        .ok();
    let care_month = month("care_month", wrong);
    let numbers = InsuranceNumbers::parse(row.field("insurer_number"), row.field("symbol"), row.field("number"), "")
        .map_err(|errors| wrong.extend(errors.iter().map(|error| row.wrong(error.field, error))))
        .ok();
    let search_number = row.some("search_number").map(str::to_owned);
    let number = row.some("receipt_number").map(str::to_owned);
    let request_month = row.some("request_month").and_then(|_| month("request_month", wrong));
    if search_number.is_none() && (number.is_none() || row.some("request_month").is_none()) {
        wrong.push(row.wrong("search_number", "検索番号、または請求年月とレセプト番号の両方を入力してください"));
    }
    let withdrawal = Withdrawal { care_month: care_month?, search_number, request_month, number };
    Some(WithdrawalRow { line: row.line, institution: institution?, numbers: numbers?, withdrawal })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n";

    #[test]
    fn a_line_names_its_receipt_in_one_of_two_ways() {
        let text =
            format!("{HEAD}1312345678,202403,138057,国12,123,A1,,\n1312345678,50603,138057,国12,123,,202404,7\n");
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0].withdrawal.search_number.as_deref(), Some("A1"));
        assert_eq!(rows[1].withdrawal.number.as_deref(), Some("7"));
        assert_eq!(rows[0].withdrawal.care_month, rows[1].withdrawal.care_month);
    }

    #[test]
    fn one_wrong_line_refuses_the_list() {
        let text =
            format!("{HEAD}1312345678,202403,138057,国12,123,A1,,\n13,202413,1,国12,,,202404,\n").replace('\n', "\r\n");
        let wrong = read(text.as_bytes()).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        let expected = ["institution_code", "care_month", "保険者番号", "被保険者証等番号", "search_number"];
        assert_eq!(fields, expected.map(|field| (3, field)));
    }
}
