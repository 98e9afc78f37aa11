//! The list of insured persons (資格情報) that `ingest coverage` takes: a CSV of our own.
//!
//! `docs/formats/coverage-csv.md` describes it. Insurers' own deliveries differ and are converted
//! by the operator. Every wrong field of every line is reported at once.

mod certificate;
pub(crate) mod field;

use self::field::{chosen, day, in_order, optional, some_day, text};
use crate::issue::{Issue, Severity};
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::certificate::Certificate;
use madoguchi_model::code::{CertificateKind, Code};
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{NAME_CHARACTERS_MAX, Particulars, Sex};
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
    "card_ends_on",
    "other_name",
    "other_kana",
    "address",
    "postal_code",
    "insured_name",
    "printed_sex",
    "issued_on",
    "certificate_from",
    "certificate_to",
    "elderly_issued_on",
    "elderly_from",
    "elderly_to",
    "elderly_share",
    "limit_kind",
    "limit_class",
    "limit_issued_on",
    "limit_from",
    "limit_to",
    "limit_long_term_on",
    "disease1_category",
    "disease1_issued_on",
    "disease1_from",
    "disease1_to",
    "disease1_self_pay",
    "disease2_category",
    "disease2_issued_on",
    "disease2_from",
    "disease2_to",
    "disease2_self_pay",
    "disease3_category",
    "disease3_issued_on",
    "disease3_from",
    "disease3_to",
    "disease3_self_pay",
];
const REQUIRED: &[&str] = &["person_key", "name", "kana", "sex", "birthdate", "insurer_number", "number", "valid_from"];
/// Characters of the operator's key of a person.
pub(crate) const KEY_CHARACTERS_MAX: usize = 64;
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
    /// The card's own last day.
    pub card_ends_on: Option<Day>,
    /// 氏名（その他）, 住所, 郵便番号.
    pub particulars: Particulars,
    /// What the certificate says, and the certificates beside it.
    pub certificate: Certificate,
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
    let person_key = text(row, "person_key", KEY_CHARACTERS_MAX, true, wrong);
    let name = text(row, "name", NAME_CHARACTERS_MAX, true, wrong);
    let kana = text(row, "kana", NAME_CHARACTERS_MAX, true, wrong);
    let insurer_name = text(row, "insurer_name", NAME_CHARACTERS_MAX, false, wrong);
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
    let valid_to = some_day(row, "valid_to", wrong);
    in_order(row, ("valid_from", valid_from), ("valid_to", valid_to), wrong);
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
        card_ends_on: some_day(row, "card_ends_on", wrong),
        particulars: certificate::particulars(row, wrong),
        certificate: certificate::certificate(row, wrong),
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

fn serial(text: &str) -> Option<String> {
    let fits = text.len() <= SERIAL_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::code::{DiseaseCategory, IncomeClass, LimitKind};

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

    const MORE: &str = "person_key,name,kana,sex,birthdate,insurer_number,number,valid_from,other_name,other_kana,address,\
                        postal_code,insured_name,printed_sex,issued_on,certificate_from,certificate_to,elderly_issued_on,\
                        elderly_from,elderly_to,elderly_share,limit_kind,limit_class,limit_issued_on,limit_from,limit_to,\
                        limit_long_term_on,disease1_category,disease1_from,disease1_self_pay,disease3_category,\
                        disease3_from,card_serial,card_ends_on\n";

    #[test]
    fn certificates_beside_the_coverage() {
        let line = "p1,山田　太郎,ヤマダ　タロウ,1,19550102,138057,1,20200401,通称　太郎,ツウショウ　タロウ,東京都架空区１－２,\
                    1000000,山田　花子,3,20260715,20260801,20270731,20260715,20260801,20270731,20,02,B05,20260720,\
                    20260801,20270731,20261001,1,20240401,20000,2,20250401,0a,20300101\n";
        let file = read(format!("{MORE}{line}").as_bytes()).unwrap();
        assert_eq!(file.issues, []);
        let row = &file.rows[0];
        assert_eq!(row.particulars.postal_code.as_ref().unwrap().as_str(), "100-0000");
        assert_eq!(row.certificate.sex, Some(Sex::Unset));
        let (elderly, limit) = (&row.certificate.elderly[0], &row.certificate.limits[0]);
        assert_eq!(
            (elderly.share_percent, limit.class, limit.kind),
            (20, IncomeClass::B05, LimitKind::LimitAndReduction)
        );
        assert_eq!(limit.long_term_on.map(Day::number), Some(20_261_001));
        let diseases: Vec<_> = row.certificate.diseases.iter().map(|one| (one.category, one.self_pay_yen)).collect();
        assert_eq!(diseases, [(DiseaseCategory::KidneyFailure, 20_000), (DiseaseCategory::Hemophilia, 10_000)]);
        assert_eq!(row.card_ends_on.map(Day::number), Some(20_300_101));
    }

    #[test]
    fn half_a_certificate_is_none() {
        let line = "p1,山田　太郎,ヤマダ　タロウ,1,19550102,138057,1,20200401,,,,12345,,4,x,20260801,20260731,20260715,,,15,04,\
                    C01,,,,,4,,-1,,20250401,,2030\n";
        let file = read(format!("{MORE}{line}").as_bytes()).unwrap();
        let fields: std::collections::BTreeSet<_> = file.issues.iter().map(|issue| issue.field.as_str()).collect();
        let expected = std::collections::BTreeSet::from([
            "postal_code",
            "printed_sex",
            "issued_on",
            "certificate_to",
            "elderly_from",
            "elderly_share",
            "limit_kind",
            "limit_class",
            "limit_from",
            "disease1_category",
            "disease1_from",
            "disease1_self_pay",
            "disease3_category",
            "card_ends_on",
        ]);
        assert_eq!(fields, expected);
        assert_eq!((file.rows.len(), file.refused), (0, 1));
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
