//! Damaged, foreign and endless files: refused with their line, never a panic.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::read;
use common::sample::{distributed, file, samples};
use madoguchi_wire::Severity;
use madoguchi_wire::claims::{ClaimsReader, Record, shift_jis};
use proptest::prelude::*;

fn lines(text: &str) -> Vec<u8> {
    shift_jis(&text.replace('\n', "\r\n"))
}

const HEAD: &str = "IR,1,13,1,0000001,,窓口中央病院,202404,00,\n";
const RECEIPT: &str =
    "RE,1,1112,202403,見本　花子,2,19620521\nHO,01130012,１,７,1,100\nSI,12,1,112007410,,100,1,,,,,,,1\n";

fn refused(bytes: &[u8], line: u64, field: &str) {
    let issue = read(bytes).unwrap_err();
    assert_eq!((issue.line, issue.field.as_str(), issue.severity), (line, field, Severity::FileRefused), "{issue}");
}

#[test]
fn files_that_are_refused_name_their_line() {
    refused(b"", 1, "ファイルの先頭");
    refused(&lines("RE,1,1112,202403\n"), 1, "ファイルの先頭");
    refused(b"%PDF-1.7\n", 1, "ファイルの先頭");
    refused(&lines(&format!("{HEAD}{RECEIPT}")), 5, "診療報酬請求書レコード（GO）");
    refused(&lines(HEAD.replace(",13,1,", ",13,6,").as_str()), 1, "点数表");
    refused(&lines(HEAD.replace(",13,1,", ",13,4,").as_str()), 1, "点数表");
    refused(&lines(HEAD.replace(",13,1,", ",48,1,").as_str()), 1, "医療機関コード");
    refused(&lines(HEAD.replace("202404", "202413").as_str()), 1, "請求年月");
    refused(&lines(HEAD.replace("IR,1", "IR,3").as_str()), 1, "審査支払機関");
    refused(&lines("UK,1,13,6,0000001,,訪問看護,202404\nIR,1,13,6,0000001\n"), 1, "点数表");
    refused(&lines("IR,1,13,3,0000001,,歯科\nGO,0,0,99\n"), 1, "請求年月");
    refused(&lines(&format!("{HEAD}{HEAD}GO,0,0,99\n")), 2, "医療機関情報レコード");
    refused(format!("{HEAD}{RECEIPT}GO,1,100,99\n").as_bytes(), 1, "文字コード");
    refused(&[lines(HEAD), b"RE,1,\x82\n".to_vec()].concat(), 2, "文字コード");
}

#[test]
fn one_bad_receipt_does_not_take_the_others_along() {
    let bad = RECEIPT.replace("RE,1,", "RE,2,");
    for (change, field) in [
        (bad.replace("1112", "4112"), "レセプト種別"),
        (bad.replace("1112", "11"), "レセプト種別"),
        (bad.replace("202403", "202400"), "診療年月"),
        (bad.replace("19620521", "19620532"), "生年月日"),
        (bad.replace("HO,01130012,１,７,1,100\n", ""), "保険者レコード（HO・KO）"),
    ] {
        let (_, receipts, _) = read(&lines(&format!("{HEAD}{change}{RECEIPT}GO,2,200,99\n"))).unwrap();
        assert_eq!((receipts[0].claim.is_none(), receipts[1].claim.is_some()), (true, true), "{field}");
        let issue = receipts[0].issues.iter().find(|issue| issue.severity == Severity::RowRefused).unwrap();
        assert_eq!((issue.line, issue.field.as_str()), (2, field));
    }
}

#[test]
fn what_is_only_odd_is_taken_with_a_warning() {
    let odd = RECEIPT
        .replace(",2,19620521", ",9,3370521")
        .replace("\nSI", "\nXX,1\nsi,1\nSI,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,9\nSI");
    let (_, receipts, summary) = read(&lines(&format!("{HEAD}{odd}GO,2,999,99\n\x1a\r\n"))).unwrap();
    let claim = receipts[0].claim.as_ref().unwrap();
    assert_eq!(claim.patient.birthdate.number(), 19_620_521);
    assert_eq!(summary.unknown_records.get("XX"), Some(&1));
    assert_eq!(summary.unknown_records.get("？"), Some(&1));
    assert_eq!(summary.extra_fields, 1);
    let fields: Vec<_> = summary.issues.iter().map(|issue| issue.field.as_str()).collect();
    assert_eq!(fields, ["医療機関コード", "総件数", "総合計点数"]);
}

#[test]
fn sn_of_the_reviewing_body_overrides_the_insurer() {
    let moved =
        RECEIPT.replace("SI,12", "SN,1,11,39131156,,00000012,,\nSN,1,01,,,,02,,\nSN,2,01,,,,03,,\nJD,1,1,2,9\nSI,12");
    let (_, receipts, _) = read(&lines(&format!("{HEAD}{moved}GO,1,100,99\n"))).unwrap();
    let claim = receipts[0].claim.as_ref().unwrap();
    let numbers = &claim.numbers()[0];
    assert_eq!(
        (numbers.insurer.padded().as_str(), numbers.symbol.as_str(), numbers.branch.as_str()),
        ("39131156", "", "02")
    );
    assert_eq!(claim.visit_days, [1, 2]);
    assert_eq!(receipts[0].issues.len(), 1, "SN of a payer that is not there");
}

#[test]
fn comments_between_units_belong_where_no_class_says_otherwise() {
    let text = "SI,40,1,140000610,,10,1,,,,,,,1\nCO,,1,810000001,前の行為\nSI,60,1,160008010,,10,1,,,,,,,1\n\
                CO,,1,810000001,次の薬\nIY,,1,620098801,1,5,1,,,,,,,1\n";
    let (_, receipts, _) = read(&lines(&format!("{HEAD}{RECEIPT}{text}GO,1,100,99\n"))).unwrap();
    let madoguchi_model::claim::Body::Medical(items) = &receipts[0].claim.as_ref().unwrap().body else {
        panic!("医科")
    };
    let units: Vec<_> = items.iter().map(|item| (item.class, item.unit)).collect();
    let unit = |place: usize| units[place].1;
    assert_eq!((units[2].0, unit(2) == unit(1), unit(3) == unit(2)), (40, true, false));
    assert_eq!((units[4].0, unit(4) == unit(5), unit(4) == unit(3)), (60, true, false));
}

#[test]
fn a_line_and_a_receipt_without_end_are_refused() {
    let endless = [lines(HEAD), lines("RE,1,1112,202403,見本　花子,2,19620521\nSJ,01,"), vec![b'1'; 70_000]].concat();
    refused(&endless, 3, "改行");
    let line = format!("SJ,01,{}\n", "1".repeat(60_000));
    refused(&[lines(HEAD), lines(RECEIPT), lines(&line.repeat(80))].concat(), 74, "レセプト");
}

#[test]
fn unmappable_characters_are_written_as_senders_do() {
    assert_eq!(shift_jis("𠮷田①"), b"\x81\x48\x93\x63\x87\x40");
    let record = Record::new("CO", 4).set(4, "a,b\r\n").to_bytes();
    assert_eq!(record.iter().filter(|byte| **byte == b',').count(), 4);
}

fn everything(bytes: &[u8]) {
    if let Ok(mut reader) = ClaimsReader::open(bytes) {
        while let Ok(Some(receipt)) = reader.next_receipt() {
            assert!(
                receipt.claim.is_some() || receipt.issues.iter().any(|issue| issue.severity == Severity::RowRefused)
            );
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        everything(&bytes);
        let _ = madoguchi_wire::masters::read(&bytes);
        let _ = madoguchi_wire::coverage::read(bytes.as_slice());
        let _ = madoguchi_wire::withdrawal::read(bytes.as_slice());
    }

    #[test]
    fn a_changed_file_is_survived(which in 0..8_usize, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = any_sample(which);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        everything(&bytes);
    }

    #[test]
    fn a_cut_file_is_never_taken(which in 0..8_usize, cut in any::<prop::sample::Index>()) {
        let bytes = any_sample(which);
        let go = bytes.windows(2).rposition(|window| window == b"GO").unwrap();
        // A lone GO still ends a file: nothing before it is missing.
        let cut = cut.index(go + 1);
        prop_assert!(read(&bytes[..cut]).is_err());
    }
}

/// One of the four kinds, in the plain form or in that of distribution.
fn any_sample(which: usize) -> Vec<u8> {
    let (_, table, claim) = samples().into_iter().nth(which % 4).unwrap();
    let plain = file(table, &[claim]);
    if which < 4 { plain } else { distributed(&plain) }
}
