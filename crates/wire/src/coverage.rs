//! The list of insured persons (資格情報) that `ingest coverage` takes: a CSV of our own.
//!
//! `docs/formats/coverage-csv.md` describes it. Insurers' own deliveries differ and are converted
//! by the operator. Every wrong field of every line is reported at once.

use crate::issue::{Issue, Severity};
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::code::{CertificateKind, Code};
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{NAME_CHARACTERS_MAX, Sex};
use std::io::Read;

const COLUMNS: &[&str] = &[
    "person_key",
    "name",
    "kana",
    "sex",
    "birthdate",
    "insurer_number",
    "insurer_name",
    "symbol",
    "number",
    "branch",
    "relation",
    "classification",
    "valid_from",
    "valid_to",
    "loss_reason",
    "patient_share",
    "card_serial",
];
const REQUIRED: &[&str] = &["person_key", "name", "kana", "sex", "birthdate", "insurer_number", "number", "valid_from"];
/// Characters of the operator's key of a person.
const KEY_CHARACTERS_MAX: usize = 64;
/// Hexadecimal digits of a certificate's serial number (20 bytes by RFC 5280).
const SERIAL_DIGITS_MAX: usize = 40;

/// A list, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageFile {
    /// Lines without fault.
    pub rows: Vec<CoverageRow>,
    /// Findings, at most a thousand.
    pub issues: Vec<Issue>,
    /// Lines with a fault.
    pub refused: u64,
}

/// One coverage of one person (資格).
#[derive(Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// Its line, from 1.
    pub line: u64,
    /// The operator's own key: the same key is the same person.
    pub person_key: String,
    /// 氏名.
    pub name: String,
    /// 氏名カナ.
    pub kana: String,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
    /// 保険者番号, 記号, 番号, 枝番.
    pub numbers: InsuranceNumbers,
    /// 保険者名, may be empty.
    pub insurer_name: String,
    /// 本人・家族の別.
    pub relation: Relation,
    /// 被保険者証区分.
    pub kind: CertificateKind,
    /// First day of the coverage.
    pub valid_from: Day,
    /// Last day; `None` while it lasts.
    pub valid_to: Option<Day>,
    /// 資格喪失事由.
    pub loss: Option<ReasonOfLoss>,
    /// 負担割合 in percent.
    pub patient_share_percent: Option<i64>,
    /// Serial number of the person's card certificate, lower-case hexadecimal.
    pub card_serial: Option<String>,
}

impl std::fmt::Debug for CoverageRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CoverageRow").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads a list.
///
/// # Errors
/// Why it can't be read at all; faults of lines are in [`CoverageFile::issues`].
pub fn read(source: impl Read) -> Result<CoverageFile, Issue> {
    let (mut table, issues) = Table::open(source, COLUMNS, REQUIRED)?;
    let mut file = CoverageFile { issues, ..CoverageFile::default() };
    while let Some(row) = table.next()? {
        let mut wrong = Vec::new();
        let coverage = coverage(&row, &mut wrong);
        if wrong.iter().any(|issue| issue.severity > Severity::Warning) {
            file.refused += 1;
        } else {
            file.rows.extend(coverage);
        }
        let room = ISSUES_MAX.saturating_sub(file.issues.len());
        file.issues.extend(wrong.into_iter().take(room));
    }
    Ok(file)
}

fn coverage(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<CoverageRow> {
    let numbers = numbers(row, wrong);
    let text = |name: &str, characters_max: usize, needed: bool, wrong: &mut Vec<Issue>| {
        let text = row.field(name);
        if (needed && text.is_empty()) || text.chars().count() > characters_max {
            let least = usize::from(needed);
            wrong.push(row.wrong(name, format_args!("{least}文字以上{characters_max}文字以内で入力してください")));
        }
        text.to_owned()
    };
    let person_key = text("person_key", KEY_CHARACTERS_MAX, true, wrong);
    let name = text("name", NAME_CHARACTERS_MAX, true, wrong);
    let kana = text("kana", NAME_CHARACTERS_MAX, true, wrong);
    let insurer_name = text("insurer_name", NAME_CHARACTERS_MAX, false, wrong);
    let sex = chosen(row, "sex", "3", wrong, "1（男）、2（女）または3（未設定）", |text| {
        text.parse().ok().and_then(Sex::from_number)
    });
    let relation = chosen(row, "relation", "1", wrong, "1（本人）または2（家族）", |text| {
        text.parse().ok().and_then(Relation::from_number)
    });
    let kind = chosen(row, "classification", "01", wrong, "01から07の数字またはA1", |text| {
        CertificateKind::from_code(text)
    });
    let birthdate = day(row, "birthdate", wrong);
    let valid_from = day(row, "valid_from", wrong);
    let valid_to = row.some("valid_to").and_then(|_| day(row, "valid_to", wrong));
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
        wrong.push(row.wrong("valid_to", "valid_from以降の日を入力してください"));
    }
    let loss = optional(row, "loss_reason", wrong, "01、02、03または99", ReasonOfLoss::from_code);
    let share = optional(row, "patient_share", wrong, "0から100の数字（％）", |text| {
        text.parse().ok().filter(|percent| (0..=100_i64).contains(percent))
    });
    let card_serial = optional(row, "card_serial", wrong, "40桁以内の16進数", serial);
    Some(CoverageRow {
        line: row.line,
        person_key,
        name,
        kana,
        sex: sex?,
        birthdate: birthdate?,
        numbers: numbers?,
        insurer_name,
        relation: relation?,
        kind: kind?,
        valid_from: valid_from?,
        valid_to,
        loss,
        patient_share_percent: share,
        card_serial,
    })
}

fn numbers(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<InsuranceNumbers> {
    let parsed = InsuranceNumbers::parse(
        row.field("insurer_number"),
        row.field("symbol"),
        row.field("number"),
        row.field("branch"),
    );
    match parsed {
        Ok(numbers) => {
            if !numbers.insurer.has_valid_check_digit() {
                let message = "検証番号が一致しません。番号の誤りでないか確認してください";
                wrong.push(Issue::warning(row.line, "insurer_number", message));
            }
            Some(numbers)
        }
        Err(errors) => {
            wrong.extend(errors.iter().map(|error| row.wrong(column(error.field), error)));
            None
        }
    }
}

/// The column that holds what the model calls this.
fn column(field: &'static str) -> &'static str {
    match field {
        "保険者番号" => "insurer_number",
        "被保険者証等記号" => "symbol",
        "被保険者証等番号" => "number",
        "枝番" => "branch",
        other => other,
    }
}

fn day(row: &Row<'_>, name: &'static str, wrong: &mut Vec<Issue>) -> Option<Day> {
    Day::parse(row.field(name), name).map_err(|error| wrong.push(row.wrong(name, error))).ok()
}

/// A field with a usual value where it is empty.
fn chosen<T>(
    row: &Row<'_>,
    name: &str,
    usual: &str,
    wrong: &mut Vec<Issue>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let value = parse(row.some(name).unwrap_or(usual));
    if value.is_none() {
        wrong.push(row.wrong(name, format_args!("{expected}で入力してください")));
    }
    value
}

/// A field that may be empty.
fn optional<T>(
    row: &Row<'_>,
    name: &str,
    wrong: &mut Vec<Issue>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let text = row.some(name)?;
    let value = parse(text);
    if value.is_none() {
        wrong.push(row.wrong(name, format_args!("{expected}で入力してください（ない場合は空欄）")));
    }
    value
}

fn serial(text: &str) -> Option<String> {
    let fits = text.len() <= SERIAL_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "person_key,name,kana,sex,birthdate,insurer_number,insurer_name,symbol,number,branch,relation,\
                        classification,valid_from,valid_to,loss_reason,patient_share,card_serial\n";

    fn check(lines: &str) -> CoverageFile {
        read(format!("{HEAD}{lines}").as_bytes()).unwrap()
    }

    #[test]
    fn a_full_and_a_spare_line() {
        let file = check(
            "p1,山田　太郎,ヤマダ　タロウ,1,19600102,138057,港区,国12,00123,01,2,02,20200401,20230331,03,30,0A1f\n\
             p1,山田　太郎,ヤマダ　タロウ,,3350102,39131156,,,12345678,,,,20230401,,,,\n",
        );
        assert_eq!(file.issues, []);
        let [first, second] = file.rows.as_slice() else { panic!("two") };
        assert_eq!(first.numbers.branch, "01");
        assert_eq!((first.relation, first.kind), (Relation::Dependant, CertificateKind::Retired));
        assert_eq!(first.loss, Some(ReasonOfLoss::OtherCoverage));
        assert_eq!(first.card_serial.as_deref(), Some("0a1f"));
        assert_eq!((second.line, second.sex, second.valid_to), (3, Sex::Unset, None));
        assert_eq!(first.birthdate, second.birthdate);
    }

    #[test]
    fn every_wrong_field_of_every_line_is_named() {
        let file = check(
            ",x,ｘ,9,19600132,1,,,,1234,3,9,20200401,20200331,04,101,zz\n\
             p1,山田　太郎,ヤマダ　タロウ,1,19600102,138057,,,1,,,,,,,,\n",
        );
        let fields: Vec<_> = file.issues.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        let first = [
            "insurer_number",
            "number",
            "branch",
            "person_key",
            "sex",
            "relation",
            "classification",
            "birthdate",
            "valid_to",
            "loss_reason",
            "patient_share",
            "card_serial",
        ];
        let expected: Vec<_> = first.iter().map(|field| (2, *field)).chain([(3, "valid_from")]).collect();
        assert_eq!(fields, expected);
        assert_eq!((file.rows.len(), file.refused), (0, 2));
    }

    #[test]
    fn heads_and_encodings() {
        assert_eq!(read("\u{feff}name,kana\n".as_bytes()).unwrap_err().field, "見出し行");
        let with_mark = format!("\u{feff}{HEAD}");
        assert_eq!(read(with_mark.as_bytes()).unwrap().rows, []);
        let shift_jis = [HEAD.as_bytes(), b"p1,\x8e\x52\x93\x63,,,,,,,,,,,,,,,\n"].concat();
        assert_eq!(read(shift_jis.as_slice()).unwrap_err().field, "文字コード");
        let endless = [HEAD.as_bytes(), &vec![b'1'; 100_000]].concat();
        assert_eq!(read(endless.as_slice()).unwrap_err().field, "ファイル");
        let extra = HEAD.replace('\n', ",memo\n");
        assert_eq!(read(extra.as_bytes()).unwrap().issues[0].severity, Severity::Warning);
    }
}
