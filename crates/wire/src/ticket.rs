//! The list of medical tickets (医療券・調剤券) that `ingest coverage` takes: a CSV of our own.
//!
//! `docs/formats/coverage-csv.md` describes it. Every wrong field of every line is reported at once.

use crate::coverage::KEY_CHARACTERS_MAX;
use crate::coverage::field::{YEN, chosen, in_order, optional, some_day, some_text, text, yen};
use crate::issue::{Issue, Severity};
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::code::{Code, Combination, TicketKind, TreatmentKind};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::ticket::{ISSUE_NUMBER_CHARACTERS_MAX, Prescriber, TICKET_CHARACTERS_MAX};
use std::io::Read;

/// The column that only a list of tickets has.
const MARK: &str = "treatment_month";
const COLUMNS: &[&str] = &[
    "person_key",
    "ticket_kind",
    MARK,
    "valid_from",
    "valid_to",
    "issue_number",
    "institution_code",
    "institution_name",
    "prescriber_code",
    "prescriber_name",
    "injury1",
    "injury2",
    "injury3",
    "treatment",
    "self_pay",
    "district_contact",
    "handling_contact",
    "combination",
    "social_insurance",
    "inconsistent",
    "infection",
    "elderly_care",
    "prefectural_expenses",
    "remarks1",
    "remarks2",
    "remarks3",
];
const REQUIRED: &[&str] = &["person_key", MARK, "institution_code"];

/// A list, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFile {
    /// Lines without fault.
    pub rows: Vec<TicketRow>,
    /// Findings, at most a thousand.
    pub issues: Vec<Issue>,
    /// Lines with a fault.
    pub refused: u64,
}

/// One ticket of one person (医療券情報).
#[derive(Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Its line, from 1.
    pub line: u64,
    /// The operator's own key of the person, as in the list of insured persons.
    pub person_key: String,
    /// 医療券 or 調剤券.
    pub kind: TicketKind,
    /// 診療年月.
    pub month: Month,
    /// First and last day.
    pub valid: (Day, Day),
    /// 交付番号.
    pub issue_number: String,
    /// 指定医療機関.
    pub institution: InstitutionCode,
    /// Its name.
    pub institution_name: String,
    /// 処方箋発行医療機関.
    pub prescriber: Option<Prescriber>,
    /// 傷病名.
    pub injuries: Vec<String>,
    /// 診療別.
    pub treatment: TreatmentKind,
    /// 本人支払額.
    pub self_pay_yen: Option<i64>,
    /// 地区担当者名.
    pub district_contact: String,
    /// 取扱担当者名.
    pub handling_contact: String,
    /// 単独・併用の別.
    pub combination: Combination,
    /// 社会保険, 感染症, 後期高齢者医療, 都道府県費.
    pub marks: [Option<bool>; 4],
    /// 不整合あり.
    pub inconsistent: bool,
    /// 備考.
    pub remarks: Vec<String>,
}

impl std::fmt::Debug for TicketRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TicketRow").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Whether a list that begins with these bytes is a list of tickets and none of insured persons.
#[must_use]
pub fn is_list(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let heads = String::from_utf8_lossy(line);
    let mut heads = heads.split(',').map(|head| head.trim_matches(['\u{feff}', '"', '\r', ' ']));
    heads.any(|head| head == MARK)
}

/// Reads a list.
///
/// # Errors
/// Why it can't be read at all; faults of lines are in [`TicketFile::issues`].
pub fn read(source: impl Read) -> Result<TicketFile, Issue> {
    let (mut table, issues) = Table::open(source, COLUMNS, REQUIRED)?;
    let mut file = TicketFile { issues, ..TicketFile::default() };
    while let Some(row) = table.next()? {
        let mut wrong = Vec::new();
        let ticket = ticket(&row, &mut wrong);
        if wrong.iter().any(|issue| issue.severity > Severity::Warning) {
            file.refused += 1;
        } else {
            file.rows.extend(ticket);
        }
        let room = ISSUES_MAX.saturating_sub(file.issues.len());
        file.issues.extend(wrong.into_iter().take(room));
    }
    Ok(file)
}

fn ticket(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<TicketRow> {
    let short = |name: &str, wrong: &mut Vec<Issue>| text(row, name, TICKET_CHARACTERS_MAX, false, wrong);
    let listed = |names: [&str; 3], wrong: &mut Vec<Issue>| -> Vec<String> {
        names.into_iter().filter_map(|name| some_text(row, name, TICKET_CHARACTERS_MAX, wrong)).collect()
    };
    let person_key = text(row, "person_key", KEY_CHARACTERS_MAX, true, wrong);
    let kind = chosen(row, "ticket_kind", "01", wrong, "01（医療券）または02（調剤券）", TicketKind::from_code);
    let month = Month::parse(row.field(MARK), MARK).map_err(|error| wrong.push(row.wrong(MARK, error))).ok();
    let valid = valid(row, month, wrong);
    let institution = institution(row, "institution_code", wrong);
    let prescriber = prescriber(row, wrong);
    let treatment = chosen(row, "treatment", "02", wrong, "01から05の数字", TreatmentKind::from_code);
    let combination = chosen(row, "combination", "01", wrong, "01（単独）または02（併用）", Combination::from_code);
    let marks = ["social_insurance", "infection", "elderly_care", "prefectural_expenses"]
        .map(|name| optional(row, name, wrong, "01（あり）または02（なし）", presence));
    let inconsistent =
        optional(row, "inconsistent", wrong, "1（不整合あり）", |text| (text == "1").then_some(true));
    Some(TicketRow {
        line: row.line,
        person_key,
        kind: kind?,
        month: month?,
        valid: valid?,
        issue_number: text(row, "issue_number", ISSUE_NUMBER_CHARACTERS_MAX, false, wrong),
        institution: institution?,
        institution_name: short("institution_name", wrong),
        prescriber,
        injuries: listed(["injury1", "injury2", "injury3"], wrong),
        treatment: treatment?,
        self_pay_yen: optional(row, "self_pay", wrong, YEN, yen),
        district_contact: short("district_contact", wrong),
        handling_contact: short("handling_contact", wrong),
        combination: combination?,
        marks,
        inconsistent: inconsistent.is_some(),
        remarks: listed(["remarks1", "remarks2", "remarks3"], wrong),
    })
}

/// The days that count; without them the whole month.
fn valid(row: &Row<'_>, month: Option<Month>, wrong: &mut Vec<Issue>) -> Option<(Day, Day)> {
    let from = some_day(row, "valid_from", wrong);
    let to = some_day(row, "valid_to", wrong);
    let (first, last) = month.map(|month| (month.first_day(), month.last_day()))?;
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(last));
    in_order(row, ("valid_from", Some(from)), ("valid_to", Some(to)), wrong);
    Some((from, to))
}

fn institution(row: &Row<'_>, name: &'static str, wrong: &mut Vec<Issue>) -> Option<InstitutionCode> {
    InstitutionCode::parse(row.field(name)).map_err(|error| wrong.push(row.wrong(name, error))).ok()
}

fn prescriber(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<Prescriber> {
    row.some("prescriber_code")?;
    let name = text(row, "prescriber_name", TICKET_CHARACTERS_MAX, false, wrong);
    Some(Prescriber { code: institution(row, "prescriber_code", wrong)?, name })
}

fn presence(code: &str) -> Option<bool> {
    match code {
        "01" => Some(true),
        "02" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str) -> TicketFile {
        read(format!("{}\n{lines}", COLUMNS.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn a_full_and_a_spare_line() {
        let file = check(
            "p1,02,202611,20261102,20261115,A-1,1340000003,見本薬局,1310000002,見本診療所,高血圧症,,胃炎,04,500,地区,取扱,02,\
             01,1,02,01,02,備考1,,備考3\n\
             p1,,202611,,,,1310000002,,,,,,,,,,,,,,,,,,,\n",
        );
        assert_eq!(file.issues, []);
        let [first, second] = file.rows.as_slice() else { panic!("two") };
        assert_eq!((first.kind, first.treatment), (TicketKind::Dispensing, TreatmentKind::Dispensing));
        assert_eq!(first.injuries, ["高血圧症", "胃炎"]);
        assert_eq!((first.marks, first.inconsistent), ([Some(true), Some(false), Some(true), Some(false)], true));
        assert_eq!(first.prescriber.as_ref().map(|one| one.code.as_str()), Some("1310000002"));
        assert_eq!((first.self_pay_yen, first.combination), (Some(500), Combination::Combined));
        assert_eq!((second.kind, second.treatment), (TicketKind::Medical, TreatmentKind::Outpatient));
        let november = Month::from_number(202_611).unwrap();
        assert_eq!(second.valid, (november.first_day(), november.last_day()));
        assert_eq!((second.marks, second.inconsistent), ([None; 4], false));
    }

    #[test]
    fn every_wrong_field_of_every_line_is_named() {
        let file = check(",3,202613,2026110,,,1,,2,,,,,6,x,,,3,1,2,3,0,あり,,,\n");
        let fields: Vec<_> = file.issues.iter().map(|issue| issue.field.as_str()).collect();
        let expected = [
            "person_key",
            "ticket_kind",
            "treatment_month",
            "valid_from",
            "institution_code",
            "prescriber_code",
            "treatment",
            "combination",
            "social_insurance",
            "infection",
            "elderly_care",
            "prefectural_expenses",
            "inconsistent",
        ];
        assert_eq!(fields[..expected.len()], expected);
        assert_eq!((file.rows.len(), file.refused), (0, 1));
        let reversed = check("p1,,202611,20261115,20261114,,1310000002,,,,,,,,,,,,,,,,,,,\n");
        assert_eq!(reversed.issues[0].field, "valid_to");
    }

    #[test]
    fn the_header_tells_the_kind_of_list() {
        for (head, is) in [
            ("person_key,treatment_month,institution_code\n", true),
            ("\u{feff}\"treatment_month\",person_key\r\nx", true),
            ("person_key,name\ntreatment_month", false),
            ("", false),
        ] {
            assert_eq!(is_list(head.as_bytes()), is, "{head}");
        }
    }
}
