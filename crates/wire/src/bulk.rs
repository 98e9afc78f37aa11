//! The CSV lists of 一括照会 at the screen: what is asked, and what was answered. Both are our own.
//!
//! `docs/formats/bulk-csv.md` describes them. The message files of EHRs (`OQSmuquc01` and its relatives) are
//! [`crate::message`]'s.

use crate::issue::Issue;
use crate::table::{ISSUES_MAX, Row as Line, Table};
use madoguchi_model::bulk::{RECORDS_MAX, Record, Search, Unit};
use madoguchi_model::code::label;
use madoguchi_model::day::Day;
use madoguchi_model::eligibility::{Query, Registration, Row};
use madoguchi_model::insurance::InsuranceNumbers;
use std::io::Read;

const SEARCH_COLUMNS: &[&str] = &["insurer_number", "symbol", "number", "branch", "birthdate", "identifier"];
const SEARCH_REQUIRED: &[&str] = &["insurer_number", "number", "birthdate"];
const REGISTRATION_COLUMNS: &[&str] = &["reference_number", "insurer_number", "symbol", "number", "branch"];
const REGISTRATION_REQUIRED: &[&str] = &["reference_number", "insurer_number", "number"];
/// Characters of the sender's key of a line.
const IDENTIFIER_CHARACTERS_MAX: usize = 100;
/// Characters of 照会番号.
const REFERENCE_NUMBER_CHARACTERS_MAX: usize = 50;

/// Reads whom a list asks about, as of this 資格確認日. A list longer than an upload may be is read a line further.
///
/// # Errors
/// All that is wrong in it; it is taken whole or not at all.
pub fn read_searches(source: impl Read, day: Day) -> Result<Vec<Record>, Vec<Issue>> {
    read(source, SEARCH_COLUMNS, SEARCH_REQUIRED, |line, wrong| {
        let birthdate = Day::parse(line.field("birthdate"), "birthdate");
        let birthdate = birthdate.map_err(|error| wrong.push(line.wrong("birthdate", error))).ok();
        let numbers = numbers(line, wrong);
        let identifier = short(line, "identifier", IDENTIFIER_CHARACTERS_MAX, wrong);
        // 限度額 is not part of a bulk answer, so no consent to it is asked for.
        let query = Query { numbers: numbers?, birthdate: birthdate?, limit_consent: false, day };
        Some(Record::Search(Search { query, identifier: identifier? }))
    })
}

/// Reads which numbers a list registers.
///
/// # Errors
/// As [`read_searches`].
pub fn read_registrations(source: impl Read) -> Result<Vec<Record>, Vec<Issue>> {
    read(source, REGISTRATION_COLUMNS, REGISTRATION_REQUIRED, |line, wrong| {
        let number = short(line, "reference_number", REFERENCE_NUMBER_CHARACTERS_MAX, wrong)?;
        if number.is_none() {
            wrong.push(line.wrong("reference_number", "1文字以上50文字以内で入力してください"));
        }
        let numbers = numbers(line, wrong);
        Some(Record::Registration(Registration { reference_number: number?, numbers: numbers? }))
    })
}

fn read(
    source: impl Read,
    columns: &'static [&'static str],
    required: &[&str],
    record: impl Fn(&Line<'_>, &mut Vec<Issue>) -> Option<Record>,
) -> Result<Vec<Record>, Vec<Issue>> {
    let (mut table, _) = Table::open(source, columns, required).map_err(|issue| vec![issue])?;
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    while let Some(line) = table.next().map_err(|issue| vec![issue])? {
        records.extend(record(&line, &mut wrong));
        if wrong.len() > ISSUES_MAX || records.len() > RECORDS_MAX {
            break;
        }
    }
    if wrong.is_empty() { Ok(records) } else { Err(wrong) }
}

fn numbers(line: &Line<'_>, wrong: &mut Vec<Issue>) -> Option<InsuranceNumbers> {
    let [insurer, symbol, number, branch] =
        ["insurer_number", "symbol", "number", "branch"].map(|name| line.field(name));
    InsuranceNumbers::parse(insurer, symbol, number, branch)
        .map_err(|errors| wrong.extend(errors.iter().map(|error| line.wrong(error.field, error))))
        .ok()
}

/// A field that may be empty; none outside when it is too long.
fn short(line: &Line<'_>, name: &str, characters_max: usize, wrong: &mut Vec<Issue>) -> Option<Option<String>> {
    let text = line.some(name);
    if text.is_some_and(|text| text.chars().count() > characters_max) {
        wrong.push(line.wrong(name, format_args!("{characters_max}文字以内で入力してください")));
        return None;
    }
    Some(text.map(str::to_owned))
}

/// What an answer tells, line by line; a record with several coverages has several lines.
pub struct ResultCsv(csv::Writer<Vec<u8>>);

const RESULT_HEADS: &[&str] = &[
    "任意の識別子",
    "照会した保険者番号",
    "照会した記号",
    "照会した番号",
    "照会した枝番",
    "照会番号",
    "処理結果",
    "処理結果コード",
    "処理結果メッセージ",
    "資格有効性",
    "被保険者証区分",
    "保険者番号",
    "保険者名",
    "記号",
    "番号",
    "枝番",
    "本人・家族",
    "氏名",
    "氏名カナ",
    "性別",
    "生年月日",
    "資格取得日",
    "資格喪失日",
    "証の有効開始日",
    "証の有効終了日",
    "負担割合（％）",
    "限度額情報の変更",
];

impl ResultCsv {
    /// With its head; a mark of UTF-8 lets spreadsheets read it.
    ///
    /// # Errors
    /// Never in memory.
    pub fn new() -> std::io::Result<Self> {
        let mut csv = Self(csv::Writer::from_writer("\u{feff}".as_bytes().to_vec()));
        csv.line(RESULT_HEADS)?;
        Ok(csv)
    }

    /// The lines of one record.
    ///
    /// # Errors
    /// Never in memory.
    pub fn push(&mut self, record: &Record, unit: &Unit) -> std::io::Result<()> {
        let head = head(record, unit);
        if unit.rows.is_empty() {
            return self.line(head);
        }
        for row in &unit.rows {
            let changed = match row.limit_changed {
                None => "",
                Some(false) => "変更なし",
                Some(true) => "変更あり又は判定不能",
            };
            self.line(head.iter().cloned().chain(coverage(&row.row)).chain([changed.to_owned()]))?;
        }
        Ok(())
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// Never in memory.
    pub fn finish(self) -> std::io::Result<Vec<u8>> {
        self.0.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
    }

    /// A line of all columns; what is missing at its end is empty.
    fn line(&mut self, fields: impl IntoIterator<Item = impl AsRef<str>>) -> std::io::Result<()> {
        let mut count = 0;
        for field in fields {
            self.0.write_field(harmless(field.as_ref()))?;
            count += 1;
        }
        for _ in count..RESULT_HEADS.len() {
            self.0.write_field("")?;
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// What was asked, and how it ended.
fn head(record: &Record, unit: &Unit) -> Vec<String> {
    let (identifier, numbers, reference_number) = match record {
        Record::Search(search) => {
            let known = unit.rows.iter().find_map(|row| row.row.reference_number.clone());
            (search.identifier.clone(), Some(&search.query.numbers), known)
        }
        Record::Registration(registration) => {
            (None, Some(&registration.numbers), Some(registration.reference_number.clone()))
        }
        Record::Person(_) => (None, None, unit.rows.iter().find_map(|row| row.row.reference_number.clone())),
    };
    let mut fields = vec![identifier.unwrap_or_default()];
    fields.extend(numbers.map_or_else(Default::default, written));
    fields.push(reference_number.unwrap_or_default());
    fields.push(if unit.normal { "正常" } else { "エラー" }.to_owned());
    let (code, message) = unit.result.clone().unwrap_or_default();
    fields.extend([code, message, unit.validity.map_or("", |validity| validity.label()).to_owned()]);
    fields
}

/// What the answer tells of one coverage.
fn coverage(row: &Row) -> Vec<String> {
    let day = |day: Option<Day>| day.map(Day::slashed).unwrap_or_default();
    let [insurer, symbol, number, branch] = written(&row.numbers);
    vec![
        row.kind.label().to_owned(),
        insurer,
        row.insurer_name.clone(),
        symbol,
        number,
        branch,
        row.relation.map_or("", label).to_owned(),
        row.name.clone(),
        row.kana.clone(),
        row.sex.label().to_owned(),
        day(Some(row.birthdate)),
        day(Some(row.qualified_on)),
        day(row.lost_on),
        day(row.certificate_from),
        day(row.certificate_to),
        row.share_percent.map(|percent| percent.to_string()).unwrap_or_default(),
    ]
}

fn written(numbers: &InsuranceNumbers) -> [String; 4] {
    [numbers.insurer.printed(), numbers.symbol.clone(), numbers.number.clone(), numbers.branch.clone()]
}

/// A field that no spreadsheet takes for a formula.
fn harmless(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::eligibility::Validity;

    const DAY: i64 = 20_261_123;

    fn day(number: i64) -> Day {
        Day::from_number(number).unwrap()
    }

    fn searches(text: &str) -> Result<Vec<Record>, Vec<Issue>> {
        read_searches(text.as_bytes(), day(DAY))
    }

    #[test]
    fn a_line_asks_about_one_person() {
        let text = "\u{feff}insurer_number,number,birthdate,symbol,branch,identifier\r\n\
                    138057,7001234,19620521,,,A-1\r\n01130012,12,5080401,33100045,1,\r\n";
        let records = searches(text).unwrap();
        let found: Vec<_> = records
            .iter()
            .map(|record| match record {
                Record::Search(Search { query, identifier }) => (
                    query.numbers.insurer.printed(),
                    query.numbers.branch.clone(),
                    query.birthdate.number(),
                    query.day.number(),
                    identifier.as_deref(),
                ),
                _ => panic!("no search"),
            })
            .collect();
        assert_eq!(
            found,
            [
                ("138057".to_owned(), String::new(), 19_620_521, DAY, Some("A-1")),
                ("01130012".to_owned(), "01".to_owned(), 20_260_401, DAY, None),
            ]
        );
    }

    #[test]
    fn everything_wrong_is_named_with_its_line() {
        let long = "a".repeat(101);
        let text = format!("insurer_number,number,birthdate,identifier\n138057,1,19620521,ok\nx,,19620532,{long}\n");
        let wrong = searches(&text).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        assert_eq!(fields, ["birthdate", "保険者番号", "被保険者証等番号", "identifier"].map(|field| (3, field)));
        let missing = searches("insurer_number,number\n").unwrap_err();
        assert!(missing[0].message.contains("birthdate"), "{missing:?}");
    }

    #[test]
    fn one_line_more_than_an_upload_may_have_is_read_and_no_further() {
        let mut text = "insurer_number,number,birthdate\n".to_owned();
        for _ in 0..RECORDS_MAX + 100 {
            text.push_str("138057,1,19620521\n");
        }
        assert_eq!(searches(&text).unwrap().len(), RECORDS_MAX + 1);
    }

    #[test]
    fn a_registration_needs_its_number() {
        let text = "reference_number,insurer_number,number\n0001,138057,7001234\n,138057,7001234\n";
        let wrong = read_registrations(text.as_bytes()).unwrap_err();
        assert_eq!((wrong.len(), wrong[0].line, wrong[0].field.as_str()), (1, 3, "reference_number"));
        let text = "reference_number,insurer_number,number\n0001,138057,7001234\n";
        let records = read_registrations(text.as_bytes()).unwrap();
        assert!(matches!(&records[..], [Record::Registration(one)] if one.reference_number == "0001"));
    }

    #[test]
    fn every_line_of_a_result_has_every_column_and_no_formula() {
        let record =
            searches("insurer_number,number,birthdate,identifier\n138057,1,19620521,=1+1\n").unwrap().remove(0);
        let unit = Unit {
            normal: true,
            result: Some(("P0001".to_owned(), "該当する資格がありません。".to_owned())),
            validity: Some(Validity::None),
            rows: Vec::new(),
        };
        let mut csv = ResultCsv::new().unwrap();
        csv.push(&record, &unit).unwrap();
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        let lines: Vec<_> = text.strip_prefix('\u{feff}').unwrap().lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].starts_with("'=1+1,138057,,1,,,正常,P0001,該当する資格がありません。,該当資格なし,,"),
            "{}",
            lines[1]
        );
        assert!(lines.iter().all(|line| line.split(',').count() == RESULT_HEADS.len()));
    }
}
