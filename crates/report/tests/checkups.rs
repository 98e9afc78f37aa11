//! Check-ups in, PDF out, read back with poppler's tools (Debian: `poppler-utils`).
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::checkup::mark::Mark;
use madoguchi_model::checkup::samples::{checkups, sheet};
use madoguchi_model::checkup::sheet::CheckupSheet;
use madoguchi_report::{FontChoice, ReportError, Reports};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

static REPORTS: LazyLock<Reports> = LazyLock::new(|| Reports::new(&FontChoice::system()).unwrap());

fn pdf(sheet: &CheckupSheet) -> Vec<u8> {
    REPORTS.checkups(sheet).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What a tool of poppler prints about the PDF; `-` in the arguments is the file.
fn poppler(tool: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checkups.pdf");
    std::fs::write(&file, pdf).unwrap();
    let arguments =
        arguments.iter().map(|argument| if *argument == "-" { file.as_path() } else { Path::new(argument) });
    let output = Command::new(tool).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{tool} is needed (Debian: apt install poppler-utils): {error}"));
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// Lines as they stand on the paper, without blanks.
fn lines(pdf: &[u8]) -> Vec<String> {
    poppler("pdftotext", &["-layout", "-", "/dev/stdout"], pdf).lines().map(squeezed).collect()
}

#[test]
fn numbers_units_ranges_and_marks_stand_in_their_rows() {
    let sheet = sheet(&checkups(), 1);
    let pdf = pdf(&sheet);
    let lines = lines(&pdf);
    let mut marks = 0;
    for row in sheet.blocks.iter().filter(|block| !block.answers).flat_map(|block| &block.rows) {
        let plain = row.cells.iter().all(|cell| cell.note.is_empty()) && row.code.is_none();
        if !plain {
            continue;
        }
        let values = row.cells.iter().map(|cell| format!("{}{}", cell.text, cell.mark.map_or("", Mark::letter)));
        let trend = row.trend.map_or("", madoguchi_model::checkup::sheet::Trend::arrow);
        let expected = format!("{}{}{}{}{trend}", row.name, row.unit, row.reference, values.collect::<String>());
        assert!(lines.contains(&squeezed(&expected)), "{expected} is no line of {lines:#?}");
        marks += row.cells.iter().filter(|cell| cell.mark.is_some()).count();
    }
    assert!(marks > 10, "{marks}");
}

#[test]
fn every_text_can_be_read_back() {
    let sheet = sheet(&checkups(), 1);
    let all = squeezed(&poppler("pdftotext", &["-", "/dev/stdout"], &pdf(&sheet)));
    let mut texts: Vec<&str> = vec![sheet.title, &sheet.notice, &sheet.notes[0], &sheet.created_on];
    texts.extend([sheet.person.kana.as_str(), &sheet.person.name, &sheet.person.insurer_name, &sheet.person.number]);
    texts.extend(&sheet.footnotes);
    for column in &sheet.columns {
        texts.extend([column.day.as_str(), column.kind, &column.performer]);
    }
    for block in &sheet.blocks {
        texts.push(block.title);
        for row in &block.rows {
            texts.push(&row.name);
            texts.extend(row.code.as_deref());
            texts.extend(row.cells.iter().flat_map(|cell| [cell.text.as_str(), &cell.note]));
        }
    }
    for text in texts {
        assert!(all.contains(&squeezed(text)), "{text} is not in the PDF");
    }
}

#[test]
fn it_is_tagged_lies_on_its_side_and_says_whose_it_is_on_every_page() {
    let pdf = pdf(&sheet(&checkups(), 0));
    let properties = poppler("pdfinfo", &["-"], &pdf);
    for part in ["特定健診受診結果", "Tagged:          yes", "841.89 x 595.276 pts (A4)"] {
        assert!(properties.contains(part), "{part}: {properties}");
    }
    let structure = poppler("pdfinfo", &["-struct", "-"], &pdf);
    for tag in ["H1", "Table", "THead", "TBody", "TH", "TD"] {
        assert!(structure.lines().any(|line| line.trim_start().split([' ', ':']).next() == Some(tag)), "{tag}");
    }
    assert!(!structure.contains("Figure"), "the line of the years is for the eye alone");
    let text = poppler("pdftotext", &["-", "/dev/stdout"], &pdf);
    let pages: Vec<_> = text.split('\u{c}').filter(|page| !page.is_empty()).map(squeezed).collect();
    assert!(pages.len() >= 2);
    for page in &pages {
        assert!(page.contains("診療太郎") && page.contains("項目名"), "{page}");
    }
}

#[test]
fn the_same_sheet_gives_the_same_bytes_and_an_empty_one_says_so() {
    let full = sheet(&checkups(), 0);
    assert!(pdf(&full) == pdf(&full));
    let empty = sheet(&[], 0);
    let text = squeezed(&poppler("pdftotext", &["-", "/dev/stdout"], &pdf(&empty)));
    assert!(text.contains("閲覧できる特定健診の結果はありません") && !text.contains("項目名"));
}

#[test]
fn data_stays_data_and_endless_text_is_refused() {
    let mut sheet = sheet(&checkups(), 0);
    let row = sheet.blocks.iter_mut().flat_map(|block| &mut block.rows).find(|row| row.name.contains("医師の診断"));
    row.unwrap().cells[0].text = "#set page(width: 1cm) $x$ *太字*".to_owned();
    let text = squeezed(&poppler("pdftotext", &["-", "/dev/stdout"], &pdf(&sheet)));
    assert!(text.contains("#setpage(width:1cm)$x$*太字*"), "a result became an instruction");
    sheet.notice = "長".repeat(3 * 1024 * 1024);
    assert_eq!(REPORTS.checkups(&sheet), Err(ReportError::TooMuchText));
}
