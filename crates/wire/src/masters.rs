//! Code masters (マスター) as the reviewing body publishes them: a .zip or .csv in CP932.
//!
//! Whole rows for 医薬品 (Y), 診療行為 (S) and 歯科診療行為 (H, the base table); code and name for 傷病名 (B), 修飾語 (Z),
//! 特定器材 (T) and コメント (C). Prices and points are not read: nothing of ours shows them. [`builtin`] is a
//! small master of facts for demonstrations without the published files.

mod builtin;

pub use builtin::{Builtin, builtin};

use crate::issue::Issue;
use csv::ByteRecord;
use madoguchi_model::day::Day;
use madoguchi_model::field::FieldError;
use madoguchi_model::master::{Drug, DrugForm, Procedure};
use std::io::{Cursor, Read};

/// Bytes of an unpacked master at most. The largest published one has 8 MB.
pub const MASTER_BYTES_MAX: u64 = 67_108_864;
/// Rows of a master at most; the largest published one has 27,437.
pub const MASTER_ROWS_MAX: usize = 500_000;
/// Findings that are listed; a file with more is not a master.
const ISSUES_MAX: usize = 200;
/// An open end, and how some masters write it.
const OPEN_ENDS: [&str; 3] = ["99999999", "00000000", ""];
/// First day of a generation whose file names none.
const BEGINNING: i64 = 19_000_101;

/// A master file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterFile {
    /// What it holds.
    pub rows: Rows,
    /// Rows that could not be read, with their lines.
    pub issues: Vec<Issue>,
}

/// The rows of a master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// 医薬品 (Y).
    Drugs(Vec<Drug>),
    /// 医科診療行為 (S).
    Procedures(Vec<Procedure>),
    /// 歯科診療行為 (H).
    DentalProcedures(Vec<Procedure>),
    /// Names of another master.
    Names {
        /// Its letter: B 傷病名, Z 修飾語, T 特定器材, C コメント.
        letter: char,
        /// The names.
        names: Vec<CodeName>,
    },
}

/// One generation of the name of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeName {
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day of the generation.
    pub valid_from: Day,
    /// Last day; `None` while in force.
    pub valid_to: Option<Day>,
}

/// Reads a published master, packed or not.
///
/// # Errors
/// Why it is not a master that we know.
pub fn read(bytes: &[u8]) -> Result<MasterFile, Issue> {
    let mut unpacked = if bytes.starts_with(b"PK\x03\x04") { unzip(bytes)? } else { bytes.to_vec() };
    // The csv crate counts a line before the LF of a CR LF; without CR its line numbers are ours.
    unpacked.retain(|byte| *byte != b'\r');
    if !unpacked.is_ascii() && std::str::from_utf8(&unpacked).is_ok() {
        return Err(Issue::file(
            0,
            "文字コード",
            "文字コードがUTF-8です。公開されているファイル（Shift_JIS）をそのまま取り込んでください",
        ));
    }
    let mut table = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(unpacked.as_slice());
    let mut file: Option<MasterFile> = None;
    let mut record = ByteRecord::new();
    let mut count = 0;
    while table.read_byte_record(&mut record).map_err(not_a_master)? {
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { line, record: &record };
        let file = match &mut file {
            Some(file) => file,
            None => file.insert(MasterFile { rows: Rows::of_letter(row.letter()?)?, issues: Vec::new() }),
        };
        count += 1;
        if count > MASTER_ROWS_MAX {
            return Err(Issue::file(
                line,
                "行数",
                format!("{MASTER_ROWS_MAX}行を超えています。公開されているマスターか確認してください"),
            ));
        }
        if let Err(issue) = file.rows.take(&row) {
            file.issues.push(issue);
        }
        if file.issues.len() > ISSUES_MAX {
            return Err(Issue::file(
                line,
                "マスター",
                "読めない行が多すぎます。公開されているマスターか確認してください",
            ));
        }
    }
    file.ok_or_else(|| Issue::file(0, "マスター", "行がありません"))
}

fn unzip(bytes: &[u8]) -> Result<Vec<u8>, Issue> {
    let broken = |_| Issue::file(0, "ZIPファイル", "ZIPファイルを展開できません。もう一度ダウンロードしてください");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(broken)?;
        let name = entry.name().to_ascii_lowercase();
        if !name.ends_with(".csv") && !name.ends_with(".txt") {
            continue;
        }
        let mut unpacked = Vec::new();
        let read = entry.take(MASTER_BYTES_MAX + 1).read_to_end(&mut unpacked);
        if read.is_err() {
            return Err(Issue::file(0, "ZIPファイル", "ZIPファイルを展開できません。もう一度ダウンロードしてください"));
        }
        if unpacked.len() as u64 > MASTER_BYTES_MAX {
            let mebibytes = MASTER_BYTES_MAX / 1_048_576;
            return Err(Issue::file(0, "ZIPファイル", format!("展開後の大きさが{mebibytes}MiBを超えています")));
        }
        return Ok(unpacked);
    }
    Err(Issue::file(0, "ZIPファイル", "CSVファイルが入っていません"))
}

fn not_a_master(error: csv::Error) -> Issue {
    let line = error.position().map_or(0, csv::Position::line);
    Issue::file(line, "マスター", "CSVとして読めません。公開されているマスターか確認してください")
}

/// One row of any master.
struct Row<'a> {
    line: u64,
    record: &'a ByteRecord,
}

impl Row<'_> {
    /// A field; empty where the edition of the master has fewer columns.
    fn raw(&self, index: usize) -> Result<String, Issue> {
        let bytes = self.record.get(index).unwrap_or_default();
        let text = encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
        match text {
            Some(text) => Ok(text.trim().to_owned()),
            None => Err(Issue::row(self.line, "文字コード", "Shift_JISとして読めない文字があります")),
        }
    }

    /// The letter of the master. A first row without one is no row of a master.
    fn letter(&self) -> Result<String, Issue> {
        self.raw(1).map_err(|issue| {
            Issue::file(
                self.line,
                &issue.field,
                format!("{}。公開されているマスターのファイル（.zipまたは.csv）か確認してください", issue.message),
            )
        })
    }

    fn code(&self, index: usize, digits: usize) -> Result<String, Issue> {
        let code = self.raw(index)?;
        if code.len() == digits && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(code)
        } else {
            Err(Issue::row(self.line, "コード", format!("{digits}桁ではありません")))
        }
    }

    fn name(&self, index: usize) -> Result<String, Issue> {
        let name = self.raw(index)?;
        if name.is_empty() { Err(Issue::row(self.line, "名称", "空欄です")) } else { Ok(name) }
    }

    fn number<N: std::str::FromStr>(&self, index: usize, name: &str) -> Result<N, Issue> {
        self.raw(index)?.parse().map_err(|_| Issue::row(self.line, name, "数字ではありません"))
    }

    /// First day of the generation; some masters leave it open.
    fn from(&self, index: usize) -> Result<Day, Issue> {
        let text = self.raw(index)?;
        let text = if OPEN_ENDS.contains(&text.as_str()) { BEGINNING.to_string() } else { text };
        self.day(&text, "変更年月日")
    }

    fn to(&self, index: usize) -> Result<Option<Day>, Issue> {
        let text = self.raw(index)?;
        if OPEN_ENDS.contains(&text.as_str()) { Ok(None) } else { self.day(&text, "廃止年月日").map(Some) }
    }

    fn day(&self, text: &str, name: &'static str) -> Result<Day, Issue> {
        Day::parse(text, name).map_err(|error: FieldError| Issue::row(self.line, name, error.to_string()))
    }
}

impl Rows {
    fn of_letter(letter: String) -> Result<Self, Issue> {
        match letter.as_str() {
            "Y" => Ok(Self::Drugs(Vec::new())),
            "S" => Ok(Self::Procedures(Vec::new())),
            "H" => Ok(Self::DentalProcedures(Vec::new())),
            "B" | "Z" | "T" | "C" => {
                Ok(Self::Names { letter: letter.chars().next().unwrap_or('?'), names: Vec::new() })
            }
            _ => Err(Issue::file(
                1,
                "マスター種別",
                "医薬品（Y）・診療行為（S）・歯科診療行為（H）・傷病名（B）・修飾語（Z）・特定器材（T）・コメント（C）のマスターではありません",
            )),
        }
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Drugs(rows) => rows.len(),
            Self::Procedures(rows) | Self::DentalProcedures(rows) => rows.len(),
            Self::Names { names, .. } => names.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The letter of the master.
    #[must_use]
    pub const fn letter(&self) -> char {
        match self {
            Self::Drugs(_) => 'Y',
            Self::Procedures(_) => 'S',
            Self::DentalProcedures(_) => 'H',
            Self::Names { letter, .. } => *letter,
        }
    }

    /// Takes a row; one that was entered by mistake (変更区分 1) is passed over.
    fn take(&mut self, row: &Row<'_>) -> Result<(), Issue> {
        if row.raw(0)? == "1" {
            return Ok(());
        }
        if row.raw(1)? != self.letter().to_string() {
            return Err(Issue::row(row.line, "マスター種別", "ほかの行と種別が異なります"));
        }
        match self {
            Self::Drugs(drugs) => drugs.push(drug(row)?),
            Self::Procedures(procedures) => procedures.push(procedure(row)?),
            Self::DentalProcedures(procedures) => procedures.push(dental_procedure(row)?),
            Self::Names { letter, names } => names.push(name(*letter, row)?),
        }
        Ok(())
    }
}

fn drug(row: &Row<'_>) -> Result<Drug, Issue> {
    let (name, long_name) = (row.name(4)?, row.raw(34)?);
    let form = DrugForm::from_digit(&row.raw(27)?)
        .ok_or_else(|| Issue::row(row.line, "剤形", "1、3、4、6、8のいずれでもありません"))?;
    Ok(Drug {
        code: row.code(2, 9)?,
        unit: row.raw(9)?,
        form,
        price_code: row.raw(31)?,
        ingredient: ingredient(&row.raw(37)?, &long_name).or_else(|| ingredient("", &name)),
        name,
        generic: row.raw(16)? == "1",
        valid_from: row.from(29)?,
        valid_to: row.to(30)?,
    })
}

/// 成分名: 一般名処方の標準的な記載 without 【般】, else the name up to its strength, else nothing.
fn ingredient(generic_description: &str, name: &str) -> Option<String> {
    let described = generic_description.strip_prefix("【般】").unwrap_or(generic_description).trim();
    if !described.is_empty() {
        return Some(described.to_owned());
    }
    let is_digit = |character: char| character.is_ascii_digit() || ('０'..='９').contains(&character);
    let (before, _) = name.split_at(name.find(is_digit)?);
    let before = before.trim();
    (!before.is_empty()).then(|| before.to_owned())
}

fn procedure(row: &Row<'_>) -> Result<Procedure, Issue> {
    let unit = row.raw(9)?;
    Ok(Procedure {
        code: row.code(2, 9)?,
        name: row.name(4)?,
        unit,
        letter: row.raw(84)?.chars().next().unwrap_or('-'),
        section: row.number(91, "区分番号")?,
        section_branch: row.number(92, "枝番")?,
        notification: row.number(67, "告示等識別区分（1）")?,
        outpatient_total: row.number(14, "点数欄集計先（外来）")?,
        inpatient_total: row.number(65, "点数欄集計先（入院）")?,
        valid_from: row.from(86)?,
        valid_to: row.to(87)?,
    })
}

/// 歯科診療行為: what adds to an act has a 加算コード. The totals (点数欄集計先) are those of 医科 only.
fn dental_procedure(row: &Row<'_>) -> Result<Procedure, Issue> {
    let addition = !matches!(row.raw(7)?.trim_start_matches('0'), "");
    Ok(Procedure {
        code: row.code(2, 9)?,
        name: row.name(8)?,
        unit: String::new(),
        letter: row.raw(3)?.chars().next().filter(char::is_ascii_uppercase).unwrap_or('-'),
        section: row.number(4, "区分番号")?,
        section_branch: row.number(5, "枝番")?,
        notification: if addition { 7 } else { 1 },
        outpatient_total: 0,
        inpatient_total: 0,
        valid_from: row.from(56)?,
        valid_to: row.to(57)?,
    })
}

fn name(letter: char, row: &Row<'_>) -> Result<CodeName, Issue> {
    let (code, name, from, to) = match letter {
        'B' => (row.code(2, 7)?, row.name(5)?, row.from(22)?, row.to(23)?),
        'Z' => (row.code(2, 4)?, row.name(6)?, row.from(13)?, row.to(15)?),
        'T' => (row.code(2, 9)?, row.name(4)?, row.from(27)?, row.to(29)?),
        _ => {
            let code = format!("{}{:0>2}{:0>6}", row.raw(2)?, row.raw(3)?, row.raw(4)?);
            // Free text (patterns 10 and 90) has no name of its own.
            (code, row.raw(6)?, row.from(20)?, row.to(21)?)
        }
    };
    Ok(CodeName { code, name, valid_from: from, valid_to: to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ingredients_come_from_the_description_or_the_name() {
        for (described, name, expected) in [
            ("【般】ファモチジン散２％", "ガスター散２％", Some("ファモチジン散２％")),
            ("", "エリキュース錠５ｍｇ", Some("エリキュース錠")),
            ("", "ミヤＢＭ錠", None),
            ("", "５％食塩注", None),
        ] {
            assert_eq!(ingredient(described, name).as_deref(), expected, "{name}");
        }
    }

    /// A row of the drug master with so many columns.
    fn drug_row(columns: usize, changes: &[(usize, &str)]) -> String {
        let mut fields = vec![String::from("0"); columns];
        for (index, value) in [
            (1, "Y"),
            (2, "620000001"),
            (4, "試験錠５ｍｇ"),
            (9, "錠"),
            (16, "1"),
            (27, "1"),
            (29, "20200401"),
            (30, "99999999"),
            (31, "1111111F1111"),
            (34, "試験錠５ｍｇ"),
        ] {
            value.clone_into(&mut fields[index]);
        }
        for (index, value) in changes {
            (*value).clone_into(&mut fields[*index]);
        }
        fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",") + "\r\n"
    }

    fn check(text: &str) -> MasterFile {
        read(&crate::claims::shift_jis(text)).unwrap()
    }

    #[test]
    fn old_and_new_editions_are_read() {
        for (columns, described, ingredient) in
            [(35, None, "試験錠"), (40, Some("【般】シケン錠５ｍｇ"), "シケン錠５ｍｇ"), (42, None, "試験錠")]
        {
            let changes: Vec<_> =
                described.map(|text| (37, text)).into_iter().chain((columns > 37).then_some((36, ""))).collect();
            let blank = if described.is_none() && columns > 37 { vec![(37, "")] } else { vec![] };
            let file = check(&drug_row(columns, &[changes, blank].concat()));
            let Rows::Drugs(drugs) = file.rows else { panic!("Y") };
            assert_eq!(drugs[0].ingredient.as_deref(), Some(ingredient), "{columns}");
            assert_eq!((drugs[0].unit.as_str(), drugs[0].generic, drugs[0].valid_to), ("錠", true, None));
        }
    }

    #[test]
    fn acts_of_dentistry_are_read_with_their_additions() {
        let row = |code: &str, letter: &str, addition: &str, name: &str, last: &str| {
            let mut fields = vec![String::from("0"); 66];
            for (index, value) in [
                (1, "H"),
                (2, code),
                (3, letter),
                (4, "000"),
                (5, "04"),
                (7, addition),
                (8, name),
                (56, "20240601"),
                (57, last),
            ] {
                value.clone_into(&mut fields[index]);
            }
            fields.join(",") + "\r\n"
        };
        let text = [
            row("302000110", "B", "00000", "歯科疾患管理料", "99999999"),
            row("302008470", "B", "CB001", "文書提供加算（歯科疾患管理料）", "20260531"),
            row("399999970", "0", "TA001", "通則加算", "99999999"),
        ]
        .concat();
        let file = check(&text);
        assert_eq!((file.rows.letter(), file.issues.len()), ('H', 0));
        let Rows::DentalProcedures(acts) = file.rows else { panic!("H") };
        let found: Vec<_> =
            acts.iter().map(|act| (act.section_code(), act.is_principal(), act.is_dental(), act.valid_to)).collect();
        let last = Day::from_number(20_260_531);
        let expected = [("B000-4", true, None), ("B000-4", false, last), ("-000-4", false, None)];
        assert_eq!(found, expected.map(|(section, principal, last)| (section.to_owned(), principal, true, last)));
    }

    #[test]
    fn wrong_rows_are_named_and_the_others_taken() {
        let text = [
            drug_row(40, &[]),
            drug_row(40, &[(27, "9")]),
            drug_row(40, &[(29, "20209999")]),
            drug_row(40, &[(0, "1"), (2, "x")]),
            drug_row(40, &[(1, "S")]),
            drug_row(40, &[(30, "20240331")]),
        ]
        .concat();
        let file = check(&text);
        let Rows::Drugs(drugs) = &file.rows else { panic!("Y") };
        assert_eq!(drugs.len(), 2);
        assert_eq!(drugs[1].valid_to, Day::from_number(20_240_331));
        let found: Vec<_> = file.issues.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        assert_eq!(found, [(2, "剤形"), (3, "変更年月日"), (5, "マスター種別")]);
    }

    #[test]
    fn other_files_are_refused() {
        for (bytes, field) in [
            (&b""[..], "マスター"),
            (b"\"0\",\"M\",\"1\"\r\n", "マスター種別"),
            (b"PK\x03\x04broken", "ZIPファイル"),
            ("\"0\",\"Y\",\"あ\"".as_bytes(), "文字コード"),
        ] {
            assert_eq!(read(bytes).unwrap_err().field, field);
        }
    }
}
