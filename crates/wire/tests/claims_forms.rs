//! What the kinds and the forms of claims files do differently: details of DPC, donors, dentistry's head, corrected lines.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::read;
use madoguchi_model::claim::{Body, Claim, Dpc, Kind};
use madoguchi_wire::claims::{PointTable, Receipt, Summary, Totals, read_receipt, shift_jis};

fn lines(text: &str) -> Vec<u8> {
    shift_jis(&text.replace('\n', "\r\n"))
}

fn taken(text: &str) -> (Vec<Receipt>, Summary) {
    let (_, receipts, summary) = read(&lines(text)).unwrap();
    (receipts, summary)
}

fn codes(receipt: &Receipt) -> Vec<&str> {
    match &receipt.claim.as_ref().unwrap().body {
        Body::Medical(items) | Body::Dental(items) => items.iter().map(|item| item.code.as_str()).collect(),
        Body::Dpc(Dpc { charged, bundled, related }) => {
            [charged, bundled, related].into_iter().flatten().map(|item| item.code.as_str()).collect()
        }
        Body::Pharmacy { .. } => panic!("調剤"),
    }
}

const HEAD: &str = "IR,1,13,1,0000001,,窓口中央病院,202404,00,\n";
const RECEIPT: &str =
    "RE,1,1112,202403,見本　花子,2,19620521\nHO,01130012,１,７,1,100\nSI,12,1,112007410,,100,1,,,,,,,1\n";

/// RE of a DPC file with 総括区分 in this field.
fn inpatient(part: &str, place: usize) -> String {
    let mut fields = vec![""; place + 1];
    for (field, value) in ["RE", "7", "1111", "202403", "見本　花子", "2", "19620521"].into_iter().enumerate() {
        fields[field] = value;
    }
    fields[place] = part;
    fields.join(",") + "\n"
}

const HO: &str = "HO,01130012,１,７,8,5000\nSN,1,01,,,,01,,\n";
const BU: &str = "BU,060150xx03xxxx,20240305,20240312,2,\n";
const OPERATION: &str = "SI,50,1,150181610,,6740,1,,,,,,,,,,,,1\n";
const CODED: &str = "CD,20240306,33,0001,001,643310225,0.5,,,2,\n";

#[test]
fn the_kind_is_told_by_what_is_in_the_file() {
    let plain = format!("{HEAD}{RECEIPT}GO,1,100,99\n");
    assert_eq!(taken(&plain).1.kind(PointTable::Medical), Kind::Medical);
    for place in 15..=17 {
        let text = format!("{HEAD}{RECEIPT}{}{HO}{OPERATION}GO,2,5100,99\n", inpatient("0", place));
        let (receipts, summary) = taken(&text);
        assert_eq!(summary.kind(PointTable::Medical), Kind::Dpc, "{place}");
        let kinds: Vec<_> = receipts.iter().map(|receipt| receipt.claim.as_ref().map(Claim::kind)).collect();
        assert_eq!(kinds, [Some(Kind::Medical), Some(Kind::Dpc)]);
    }
    // In a file of 医科 a number in the place of 検索番号 is one.
    let searched = format!("{HEAD}{}{HO}{OPERATION}GO,1,5000,99\n", inpatient("1", 18));
    let (receipts, summary) = taken(&searched);
    assert_eq!(summary.kind(PointTable::Medical), Kind::Medical);
    assert_eq!(receipts[0].claim.as_ref().unwrap().search_number.as_deref(), Some("1"));
    let older = format!("{HEAD}{}{HO}{BU}{OPERATION}GO,1,5000,99\n", inpatient("0", 18));
    let (receipts, summary) = taken(&older);
    assert_eq!(summary.kind(PointTable::Medical), Kind::Dpc);
    assert_eq!(receipts[0].claim.as_ref().unwrap().search_number, None);
}

#[test]
fn a_summary_and_its_details_are_one_receipt() {
    let summary_part = format!("{}{HO}JD,1,,,,,1,1\nSI,80,1,180000710,,1,1,,,,,,,1\n", inpatient("1", 16));
    let dpc = format!("{}HO,01130012,１,７,8,4000\nJD,1,1\n{BU}{OPERATION}{CODED}", inpatient("2", 16));
    let medical = format!("{}{HO}SI,,1,160008010,,10,1,,,,,,,,,1\n", inpatient("3", 16));
    let text = format!("{HEAD}{RECEIPT}{summary_part}{dpc}{medical}{RECEIPT}GO,3,5200,99\n");
    let (receipts, summary) = taken(&text);
    assert_eq!((receipts.len(), summary.receipts), (3, 3));
    assert_eq!(summary.counted, Totals { payers: 3, points: 5_200 });
    assert_eq!(summary.stated, Some(summary.counted));
    let claim = receipts[1].claim.as_ref().unwrap();
    assert_eq!(
        (claim.payers.len(), claim.payers[0].points, claim.visit_days.as_slice()),
        (1, Some(5_000), &[5, 6][..])
    );
    assert_eq!(codes(&receipts[1]), ["150181610", "160008010", "643310225"]);
    let Body::Dpc(body) = &claim.body else { panic!("DPC") };
    assert_eq!(body.charged[1].class, 0, "a detail inherits nothing from the one before");
    assert_ne!(body.charged[1].unit, body.charged[0].unit);
    let again = read_receipt(PointTable::Medical, &receipts[1].source).unwrap();
    assert_eq!(again.claim.unwrap().payers, claim.payers);
    assert_eq!(codes(&receipts[2]), ["112007410"]);

    // Another patient's detail is no part of it.
    let stranger = dpc.replace("見本　花子", "見本　幸子");
    let (receipts, _) = taken(&format!("{HEAD}{summary_part}{stranger}GO,2,9000,99\n"));
    assert_eq!(receipts.len(), 2);
    assert_eq!(codes(&receipts[0]), ["180000710"], "a summary without details tells its own care");
    // A detail whose summary has no payers brings them.
    let (receipts, _) = taken(&format!("{HEAD}{}{dpc}GO,1,4000,99\n", inpatient("1", 16)));
    assert_eq!(receipts[0].claim.as_ref().unwrap().payers[0].points, Some(4_000));
}

#[test]
fn coded_rows_have_their_dates_and_units() {
    let coded = "CD,20240306,33,0001,001,643310225,0.5,,,2,\nCD,20240306,,0001,002,620098801,1,,,,\n\
                 CD,20240306,33,0002,001,130003810,,3,,1,\nCD,20240401,33,0001,001,130003810,,,,1,\n\
                 SK,150181610,K718,20240306,,50,\nSK,150183410,K721,20240402,,50,\nSK,150183410,K721,,,50,\n";
    let (receipts, _) = taken(&format!("{HEAD}{}{HO}{BU}{coded}GO,1,5000,99\n", inpatient("0", 16)));
    let Body::Dpc(body) = &receipts[0].claim.as_ref().unwrap().body else { panic!("DPC") };
    let rows: Vec<_> = body
        .bundled
        .iter()
        .map(|item| (item.unit, item.class, item.quantity.map(|it| it.to_string()), item.days.clone()))
        .collect();
    let amount = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows,
        [
            (1, 33, amount("0.5"), vec![(6, 2)]),
            (1, 33, amount("1"), vec![(6, 1)]),
            (2, 33, amount("3"), vec![(6, 1)]),
            (3, 33, None, vec![]),
        ]
    );
    assert_eq!(body.related.len(), 1, "what is planned for another month is none of this one's care");
    let warned: Vec<_> = receipts[0].issues.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
    assert_eq!(warned, [(9, "実施年月日")]);
}

#[test]
fn what_follows_ti_belongs_to_the_donor() {
    let donor =
        "TI,1,1,13,1,0000002,提供病院\nTR,1,1991\nTS,1\nHO,06139999,２,８,1,9\nSI,50,1,150198710,,1,1,,,,,,,1\n";
    let (receipts, summary) = taken(&format!("{HEAD}{RECEIPT}{donor}{RECEIPT}GO,2,200,99\n"));
    assert_eq!((summary.donors, summary.counted.payers), (1, 2));
    for receipt in &receipts {
        assert_eq!(codes(receipt), ["112007410"]);
        assert_eq!(receipt.claim.as_ref().unwrap().payers.len(), 1);
    }
    let source = String::from_utf8_lossy(&receipts[0].source).into_owned();
    assert!(source.contains("TI,1,1") && source.contains("150198710"), "the raw source keeps the donor's part");
    // A detail after the donor's part is the patient's again.
    let grouped =
        format!("{}{HO}{}{BU}{OPERATION}{donor}{}{CODED}", inpatient("1", 16), inpatient("2", 16), inpatient("3", 16));
    let (receipts, summary) = taken(&format!("{HEAD}{grouped}GO,1,5000,99\n"));
    assert_eq!((receipts.len(), summary.donors), (1, 1));
    assert_eq!(codes(&receipts[0]), ["150181610", "643310225"]);
}

#[test]
fn the_head_of_dentistry_is_read_in_both_shapes() {
    let receipt = "RE,1,3112,202403,見本　花子,2,19620521\nHO,39131156,,00000012,1,100\n\
                   SS,11,1,301000110\nCO,,1,810000001,右上６番,,,,,,\n";
    for (head, name) in [
        ("UK,1,13,3,0000002,,まどぐち歯科,202404,,00\nIR,1,13,3,0000002,,202404,0300000000,01\n", "まどぐち歯科"),
        ("IR,1,13,3,0000002,,202404,,\n", ""),
        ("IR,1,13,3,0000002,,まどぐち歯科,202404,00,\n", "まどぐち歯科"),
    ] {
        let (header, receipts, summary) = read(&lines(&format!("{head}{receipt}GO,1,100,99\n"))).unwrap();
        assert_eq!(
            (header.table, header.name.as_str(), header.request_month.number()),
            (PointTable::Dental, name, 202_404)
        );
        assert_eq!(summary.kind(header.table), Kind::Dental);
        let claim = receipts[0].claim.as_ref().unwrap();
        assert_eq!((claim.payers[0].number.as_str(), claim.payers[0].points), ("00000012", Some(100)));
        assert_eq!(summary.unknown_records.len(), 0);
    }
    let foreign = format!("{HEAD}{receipt}GO,1,100,99\n");
    assert!(taken(&foreign).0[0].claim.is_none(), "歯科 in a file of 医科");
}

/// The lines in the distribution form, numbered from 1.
fn numbered(text: &str) -> String {
    text.lines().zip(1..).map(|(line, number)| format!("1,{number},0,{line}\n")).collect()
}

#[test]
fn corrected_lines_take_the_places_of_the_first() {
    let text = numbered(&format!("{HEAD}{RECEIPT}GO,1,100,99\n"));
    let check = |corrections: &str, code: &str, replaced: u64| {
        let text = text.replace("1,5,0,GO", &format!("{corrections}1,5,0,GO"));
        let (receipts, summary) = taken(&text);
        assert_eq!((receipts.len(), codes(&receipts[0])), (1, vec![code]), "{corrections}");
        assert_eq!(summary.replaced_lines, replaced);
    };
    let line = |history: u8, code: &str| format!("2,4,{history},SI,50,1,{code},,100,1,,,,,,,1\n");
    check("", "112007410", 0);
    check(&line(1, "150253010"), "150253010", 1);
    check(&format!("{}{}", line(1, "150253010"), line(2, "150181610")), "150181610", 2);
    check(&format!("{}{}", line(2, "150181610"), line(1, "150253010")), "150181610", 2);
    check("2,2,1,RE,1,1112,202403,見本　太郎,1,19620521\n", "112007410", 1);
}

#[test]
fn a_corrected_head_is_never_mixed_with_another_patients() {
    let two = format!("{HEAD}{RECEIPT}{}GO,2,200,99\n", RECEIPT.replace("RE,1,", "RE,2,").replace("花子", "太郎"));
    // The second receipt's RE is there only as a correction.
    let text = numbered(&two).replace("1,5,0,RE", "2,5,1,RE");
    let (receipts, _) = taken(&text);
    let names: Vec<_> = receipts.iter().map(|receipt| receipt.claim.as_ref().unwrap().patient.name.as_str()).collect();
    assert_eq!(names, ["見本　花子", "見本　太郎"]);
    // Numbers that begin anew in each receipt: the same 行番号, another レセプト番号.
    let (receipts, _) = taken(&numbered(&two).replace("1,5,0,RE", "2,2,1,RE"));
    assert_eq!(receipts.len(), 2);
}
