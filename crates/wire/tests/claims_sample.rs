//! The public sample of 75 outpatient receipts, read whole.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{read, shared_data};
use madoguchi_model::claim::{Body, ItemKind};
use madoguchi_wire::Severity;
use madoguchi_wire::claims::{Totals, read_receipt};

#[test]
fn the_sample_is_taken_whole_and_agrees_with_its_own_totals() {
    let Some(folder) = shared_data("claims sample") else { return };
    let bytes = std::fs::read(folder.join("claims/RECEIPTC_GAIRAI_SAMPLE.UKE")).unwrap();
    let (header, receipts, summary) = read(&bytes).unwrap();
    assert_eq!((header.institution.as_str(), header.request_month.number()), ("1210000000", 202_111));
    assert_eq!(receipts.len(), 75);
    assert!(receipts.iter().all(|receipt| receipt.claim.is_some()));
    let totals = Totals { payers: 140, points: 86_392 };
    assert_eq!((summary.counted, summary.stated), (totals, Some(totals)));
    assert_eq!(summary.unknown_records.len(), 0);
    assert_eq!(summary.extra_fields, 0);
    let warned: Vec<_> = receipts.iter().flat_map(|receipt| &receipt.issues).collect();
    assert!(warned.iter().all(|issue| issue.severity == Severity::Warning), "{warned:?}");
    let sources: usize = receipts.iter().map(|receipt| receipt.source.len()).sum();
    let head = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert_eq!(sources, bytes.windows(3).position(|window| window == b"GO,").unwrap() - head);
    for receipt in &receipts {
        let again = read_receipt(header.table, &receipt.source).unwrap().claim.unwrap();
        assert_eq!(again.patient, receipt.claim.as_ref().unwrap().patient);
        assert_eq!(again.payers, receipt.claim.as_ref().unwrap().payers);
    }
}

#[test]
fn its_day_counts_add_up_to_their_times() {
    let Some(folder) = shared_data("claims sample") else { return };
    let bytes = std::fs::read(folder.join("claims/RECEIPTC_GAIRAI_SAMPLE.UKE")).unwrap();
    let (_, receipts, _) = read(&bytes).unwrap();
    let mut compared = 0;
    for receipt in receipts {
        let Body::Medical(items) = receipt.claim.unwrap().body else { panic!("医科") };
        for item in items.iter().filter(|item| item.kind != ItemKind::Comment) {
            let sum: u32 = item.days.iter().map(|(_, count)| count).sum();
            assert_eq!(Some(sum), item.times, "line {}", item.line);
            assert!(item.class > 0);
            compared += 1;
        }
    }
    assert_eq!(compared, 352);
}
