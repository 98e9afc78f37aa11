//! Documents of check-ups: a whole one, odd ones, wrong ones and hostile ones, alone and in packages.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::checkup::{Absence, CheckupResult, Interpretation, ReferenceRange, ResultValue};
use madoguchi_model::checkup::{Category, Program};
use madoguchi_wire::checkup::{CheckupDocument, DOCUMENT_BYTES_MAX, Request, Summary, pack, read, read_file};
use madoguchi_wire::{Issue, Severity};
use proptest::prelude::*;
use std::io::Cursor;

const SAMPLE: &str = include_str!("data/checkup.xml");

fn document(text: &str) -> CheckupDocument {
    read(text.as_bytes()).unwrap_or_else(|issues| panic!("{issues:?}"))
}

/// The sample with one piece of text replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "{from}");
    SAMPLE.replacen(from, to, 1)
}

/// What is refused about the sample with one piece replaced, as `line field`.
fn refused(from: &str, to: &str) -> Vec<String> {
    let issues = read(changed(from, to).as_bytes()).map(drop).unwrap_err();
    let refused = issues.iter().filter(|issue| issue.severity == Severity::RowRefused);
    refused.map(|issue| format!("{} {}", issue.line, issue.field)).collect()
}

fn value<'a>(document: &'a CheckupDocument, code: &str) -> &'a CheckupResult {
    document.results.iter().find(|result| result.code == code).unwrap_or_else(|| panic!("no {code}"))
}

#[test]
fn a_document_is_read_whole() {
    let read = document(SAMPLE);
    assert_eq!(read.warnings, []);
    assert_eq!((read.request, read.program), (Request::Report(Category::Specific), Program::Specific));
    assert_eq!((read.created_on.number(), read.day.number()), (20_260_701, 20_260_610));
    assert_eq!((read.numbers.insurer.padded().as_str(), read.numbers.branch.as_str()), ("01130012", "01"));
    assert_eq!(read.numbers.key().as_str(), "01130012|21700023|45");
    assert_eq!((read.patient.kana.as_str(), read.patient.sex.number()), ("マドグチ　ハナコ", 2));
    assert_eq!(read.patient.birthdate.number(), 19_620_521);
    assert_eq!(
        (read.performer.code.as_str(), read.performer.name.as_str()),
        ("1310000017", "みなと健診センター & クリニック")
    );
    let triglycerides = value(&read, "3F015000002327101");
    assert_eq!(triglycerides.value, ResultValue::Quantity { number: "152".into(), unit: "mg/dL".into() });
    assert_eq!(triglycerides.interpretation, Some(Interpretation::High));
    assert_eq!(triglycerides.reference, Some(ReferenceRange { low: Some("30".into()), high: Some("149".into()) }));
    assert_eq!(value(&read, "3F077000002327101").value, ResultValue::Absent(Absence::NotDone));
    assert_eq!(value(&read, "3F077000002391901").value, ResultValue::Absent(Absence::NotMeasurable));
    assert_eq!(value(&read, "2A020161001930149").value, ResultValue::Text("貧血の既往。".into()));
    let protein = value(&read, "1A010000000190111");
    assert_eq!((protein.data_type().code(), protein.value_name().as_ref()), ("CO", "＋"));
    assert_eq!(value(&read, "9N950000000000011").value_name(), "対面で説明");
    let lungs = value(&read, "9C310000000000001");
    assert_eq!((lungs.item(), lungs.item_name()), (None, "％肺活量"));
    let codes: Vec<_> = read.results.iter().map(|result| result.code.as_str()).collect();
    assert_eq!(codes.len(), 10, "the group itself is no result: {codes:?}");
    assert!(!format!("{read:?}").contains("ハナコ"), "a document does not print its person");
}

#[test]
fn prefixes_and_a_byte_order_mark_mean_nothing() {
    let prefixed = SAMPLE
        .replace("xmlns=\"urn", "xmlns:h=\"urn")
        .replace("</", "</h:")
        .split('<')
        .map(|part| match part.starts_with(|first: char| first.is_ascii_alphabetic()) {
            true => format!("h:{part}"),
            false => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("<");
    let prefixed = format!("\u{feff}{prefixed}");
    assert!(prefixed.contains("<h:recordTarget>") && prefixed.contains("</h:recordTarget>"));
    assert_eq!(document(&prefixed).results, document(SAMPLE).results);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (from, to, expected) in [
        ("code=\"10\"", "code=\"11\"", "5 報告区分"),
        ("code=\"10\"", "code=\"21\"", "5 報告区分"),
        ("<effectiveTime value=\"20260701\"/>", "", "2 作成年月日"),
        ("\"20260701\"/>\n  <conf", "\"20260732\"/>\n  <conf", "6 作成年月日"),
        ("extension=\"01130012\"", "extension=\"x\"", "10 保険者番号"),
        ("４５", "", "12 被保険者証等番号"),
        ("extension=\"01\" root", "extension=\"123\" root", "13 枝番"),
        ("マドグチ　ハナコ", "", "16 氏名"),
        ("Code code=\"2\"", "Code code=\"3\"", "17 性別"),
        ("19620521", "1962", "18 生年月日"),
        ("19620521", "20260611", "35 健診実施年月日"),
        ("1310000017", "131000001", "26 健診機関番号"),
        (
            "<effectiveTime value=\"20260610\"/>",
            "<effectiveTime><low value=\"2026\"/></effectiveTime>",
            "35 健診実施年月日",
        ),
        ("\"20260610\"", "\"20260702\"", "35 健診実施年月日"),
        ("urn:hl7-org:v3", "urn:hl7-org:v2", "2 ファイル"),
        ("</patient>", "</patients>", "19 XML"),
        ("<typeId", "<!DOCTYPE a [<!ENTITY b \"c\">]><typeId", "3 XML"),
        ("マドグチ", "&lol;", "16 XML"),
        ("encoding=\"UTF-8\"", "encoding=\"Shift_JIS\"", "1 文字コード"),
    ] {
        assert_eq!(refused(from, to), [expected], "{from} {to}");
    }
    let all = refused("<patient>", "<nobody>");
    assert_eq!(all, ["19 XML"]);
    let nobody = SAMPLE.replace("<recordTarget>", "<somebody>").replace("</recordTarget>", "</somebody>");
    let issues = read(nobody.as_bytes()).map(drop).unwrap_err();
    let fields: Vec<_> = issues.iter().map(|issue| issue.field.as_str()).collect();
    assert_eq!(fields, ["保険者番号", "被保険者証等番号", "氏名", "性別", "生年月日"], "all at once");
}

#[test]
fn what_is_odd_is_taken_with_a_warning() {
    for (from, to, field, code, expected) in [
        ("value=\"152\"", "value=\"&lt;30\"", "結果値", "3F015000002327101", Some("<30")),
        ("value=\"152\"", "value=\"1.5.2\"", "結果値", "3F015000002327101", Some("1.5.2")),
        ("code=\"H\"", "code=\"HH\"", "結果解釈コード", "3F015000002327101", Some("152")),
        ("6.2102", "6.2100", "コード表", "1A010000000190111", Some("3")),
        ("xsi:type=\"CO\" code=\"3\"", "xsi:type=\"ST\" code=\"3\"", "データ型", "1A010000000190111", Some("")),
        ("xsi:type=\"CO\"", "xsi:type=\"BL\"", "データ型", "1A010000000190111", None),
        ("code=\"9N011000000000001\"", "code=\"3F015000002327101\"", "項目コード", "3F015000002327101", Some("25.3")),
        ("code=\"9N011000000000001\"", "code=\"9n011\"", "項目コード", "9n011", None),
        ("<code code=\"01012\"", "<code code=\"09999\"", "セクション", "9N736000000000011", Some("2")),
        ("<code code=\"010\"", "<code code=\"011\"", "健診プログラム", "3F015000002327101", Some("152")),
        ("01130012", "01130013", "保険者番号", "3F015000002327101", Some("152")),
    ] {
        let read = document(&changed(from, to));
        assert!(read.warnings.iter().any(|issue| issue.field == field && issue.line > 0), "{to}: {:?}", read.warnings);
        let found = read.results.iter().find(|result| result.code == code);
        assert_eq!(found.map(CheckupResult::data_value), expected, "{to}");
    }
}

#[test]
fn a_request_to_delete_needs_no_results() {
    for (code, expected) in [("19", 1), ("49", 3), ("69", 1)] {
        let body = SAMPLE.find("  <component>\n    <structured").unwrap();
        let text =
            format!("{}</ClinicalDocument>", &SAMPLE[..body]).replace("code=\"10\"", &format!("code=\"{code}\""));
        let read = document(&text);
        let Request::Delete(categories) = read.request else { panic!("{code}") };
        assert_eq!((categories.len(), read.results.len()), (expected, 0));
    }
    let body = SAMPLE.find("  <component>\n    <structured").unwrap();
    let issues = read(format!("{}</ClinicalDocument>", &SAMPLE[..body]).as_bytes()).map(drop).unwrap_err();
    assert_eq!(issues[0].field, "検査結果", "a report without results is none");
}

#[test]
fn sizes_are_bounded() {
    let one = |issues: Result<CheckupDocument, Vec<Issue>>| issues.map(drop).unwrap_err().remove(0);
    let deep = format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{}", "<a>".repeat(100_000));
    assert!(one(read(deep.as_bytes())).message.contains("入れ子"));
    let wide = format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{}</ClinicalDocument>", "<a/>".repeat(100_000));
    assert!(one(read(wide.as_bytes())).message.contains("要素が多すぎる"));
    assert!(one(read(&vec![b' '; DOCUMENT_BYTES_MAX + 1])).message.contains("大きすぎます"));
    let result = |number: usize| {
        format!(
            "<entry><observation><code code=\"{number:017}\"/><value xsi:type=\"INT\" value=\"1\"/></observation></entry>"
        )
    };
    let many: String = (0..1_100).map(result).collect();
    let issues = read(changed("<text/>", &many).as_bytes()).map(drop).unwrap_err();
    let refused: Vec<_> = issues.iter().filter(|issue| issue.severity > Severity::Warning).collect();
    assert!(refused.len() == 1 && refused[0].message.contains("1000件"), "{refused:?}");
}

/// Each document's name and whether it was read, and what was said about the file.
fn taken(bytes: Vec<u8>) -> Result<(Vec<(String, bool)>, Summary), Issue> {
    let mut documents = Vec::new();
    let summary = read_file(Cursor::new(bytes), |name, _, read| documents.push((name.to_owned(), read.is_ok())))?;
    Ok((documents, summary))
}

fn index(count: &str) -> String {
    format!(
        "<index xmlns=\"http://tokuteikenshin.jp/checkup/2007\"><interactionType code=\"1\"/>\
         <totalRecordCount value=\"{count}\"/></index>"
    )
}

#[test]
fn a_package_is_its_documents() {
    let index = index("3");
    let files = [
        ("x/ix08_V08.xml", index.as_bytes()),
        ("x/su08_V08.xml", b"<summary/>".as_slice()),
        ("x/DATA/h13100000172026070110000001.xml", SAMPLE.as_bytes()),
        ("x/DATA/h13100000172026070110000002.xml", b"<broken>"),
        ("x/DATA/h../../etc/passwd", SAMPLE.as_bytes()),
        ("x/DATA/h 窓口 花子.xml", SAMPLE.as_bytes()),
        ("x/CLAIMS/c13100000172026070110000001.xml", SAMPLE.as_bytes()),
        ("x/XSD/hc08_V08.xsd", b"<schema/>"),
    ];
    let packed = pack(files.map(|(path, bytes)| (path.to_owned(), bytes))).unwrap();
    let (documents, summary) = taken(packed.clone()).unwrap();
    let expected =
        [("h13100000172026070110000001.xml", true), ("h13100000172026070110000002.xml", false), ("3番目の文書", true)];
    assert_eq!(documents, expected.map(|(name, read)| (name.to_owned(), read)));
    assert_eq!((summary.documents, summary.stated, summary.issues.len()), (3, Some(3), 0));
    let (documents, summary) = taken(SAMPLE.as_bytes().to_vec()).unwrap();
    assert_eq!((documents, summary.package), (vec![(String::new(), true)], false));

    for length in [4, 30, packed.len() / 2, packed.len() - 1] {
        assert!(taken(packed[..length].to_vec()).is_err(), "{length}");
    }
}

#[test]
fn an_index_that_does_not_agree_is_a_warning() {
    for (index, said) in [(Some(index("2")), "一致しません"), (Some(index("x")), "読めません"), (None, "ありません")]
    {
        let mut files = vec![("x/DATA/h1.xml".to_owned(), SAMPLE.as_bytes())];
        files.extend(index.as_ref().map(|index| ("x/ix08_V08.xml".to_owned(), index.as_bytes())));
        let (documents, summary) = taken(pack(files).unwrap()).unwrap();
        assert_eq!(documents.len(), 1);
        assert!(summary.issues[0].message.contains(said), "{:?}", summary.issues);
    }
    let nothing = pack([("x/XSD/a.xsd".to_owned(), b"a".as_slice())]).unwrap();
    assert!(taken(nothing).unwrap_err().message.contains("DATA/h*.xml"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_cut_and_no_changed_byte_does_harm(cut in 0..SAMPLE.trim_end().len(), place in 0..SAMPLE.len(), byte in any::<u8>()) {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        prop_assert!(read(&bytes[..cut]).is_err());
        bytes[place] = byte;
        let _ = read(&bytes);
        let files = [("x/DATA/h1.xml".to_owned(), bytes.as_slice())];
        let mut packed = pack(files).unwrap();
        let within = place % packed.len();
        packed[within] = byte;
        let _ = taken(packed);
    }
}
