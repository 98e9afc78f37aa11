//! The list of institutions (医療機関等) that `ingest institutions` takes: a CSV of our own, described in
//! `docs/formats/institution-csv.md`.

use crate::issue::Issue;
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::day::Day;
use madoguchi_model::institution::{Institution, InstitutionCode};
use std::io::Read;

/// Columns that are known; `kind` is what the code says already.
const COLUMNS: &[&str] = &["code", "name", "kind", "hospital", "opened_on", "abolished_on"];
const REQUIRED: &[&str] = &["code", "name", "opened_on"];
/// Characters of a name at most.
const NAME_MAX: usize = 100;

/// Reads a list.
///
/// # Errors
/// All that is wrong in it; it is taken whole or not at all.
pub fn read(source: impl Read) -> Result<Vec<Institution>, Vec<Issue>> {
    let (mut table, _) = Table::open(source, COLUMNS, REQUIRED).map_err(|issue| vec![issue])?;
    let (mut institutions, mut wrong) = (Vec::new(), Vec::new());
    while let Some(row) = table.next().map_err(|issue| vec![issue])? {
        institutions.extend(institution(&row, &mut wrong));
        if wrong.len() > ISSUES_MAX {
            break;
        }
    }
    if wrong.is_empty() { Ok(institutions) } else { Err(wrong) }
}

fn institution(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<Institution> {
    let code = InstitutionCode::parse(row.field("code")).map_err(|error| wrong.push(row.wrong("code", error))).ok();
    let name = row.field("name");
    let fits = (1..=NAME_MAX).contains(&name.chars().count());
    if !fits {
        wrong.push(row.wrong("name", format!("1文字以上{NAME_MAX}文字以下の名称を入力してください")));
    }
    let hospital = match row.field("hospital") {
        "" | "0" => Some(false),
        "1" => Some(true),
        _ => {
            wrong.push(row.wrong("hospital", "1（病院）または0を入力してください"));
            None
        }
    };
    let day = |field: &'static str, wrong: &mut Vec<Issue>| {
        Day::parse(row.field(field), field).map_err(|error| wrong.push(row.wrong(field, error))).ok()
    };
    let opened_on = day("opened_on", wrong);
    let abolished_on = match row.some("abolished_on") {
        Some(_) => Some(day("abolished_on", wrong)?),
        None => None,
    };
    fits.then_some(Institution {
        code: code?,
        name: name.to_owned(),
        hospital: hospital?,
        opened_on: opened_on?,
        abolished_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole() {
        let text = "\u{feff}code,name,kind,hospital,opened_on,abolished_on\r\n1312345678,見本病院,1,1,20000401,\r\n4017651434,見本薬局,4,,20010401,20260331\r\n";
        let found = read(text.as_bytes()).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].hospital, found[0].abolished_on), ("見本病院", true, None));
        assert_eq!(found[1].abolished_on.unwrap().number(), 20_260_331);
    }

    #[test]
    fn one_wrong_line_refuses_the_list() {
        let text = "code,name,hospital,opened_on\n1312345678,見本病院,1,20000401\n13,,2,20001301\n";
        let wrong = read(text.as_bytes()).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        assert_eq!(fields, ["code", "name", "hospital", "opened_on"].map(|field| (3, field)));
        assert_eq!(read("name\n".as_bytes()).unwrap_err()[0].field, "見出し行");
    }
}
