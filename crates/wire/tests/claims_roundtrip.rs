//! What the writer writes, the reader reads.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::read;
use common::sample::{claim, day, dispensing, file, header, insured, item, outpatient};
use madoguchi_model::claim::{Body, Claim, ItemKind, Payer, PayerKind};
use madoguchi_wire::claims::{PointTable, Totals};
use proptest::prelude::*;

/// A claim without the line numbers, which the writer decides.
fn without_lines(mut claim: Claim) -> Claim {
    claim.line = 0;
    match &mut claim.body {
        Body::Medical(items) => items.iter_mut().for_each(|item| item.line = 0),
        Body::Pharmacy { prescriptions, .. } => {
            prescriptions.iter_mut().flat_map(|prescription| &mut prescription.drugs).for_each(|drug| drug.line = 0);
        }
    }
    claim
}

fn check(table: PointTable, claims: &[Claim]) {
    let (found, receipts, summary) = read(&file(table, claims)).unwrap();
    assert_eq!(found, header(table));
    let read: Vec<_> = receipts.into_iter().map(|receipt| without_lines(receipt.claim.unwrap())).collect();
    let written: Vec<_> = claims.iter().cloned().map(without_lines).collect();
    assert_eq!(read, written);
    let points = claims.iter().map(|claim| claim.payers[0].points.unwrap_or(0)).sum();
    let totals = Totals { payers: claims.iter().map(|claim| claim.payers.len() as u64).sum(), points };
    assert_eq!(summary.stated, Some(totals));
    assert_eq!(summary.counted, totals);
    assert!(summary.issues.iter().all(|issue| issue.field == "医療機関コード"), "{:?}", summary.issues);
}

#[test]
fn our_own_claims() {
    check(PointTable::Medical, &[outpatient(), outpatient()]);
    check(PointTable::Pharmacy, &[dispensing()]);
}

fn units() -> impl Strategy<Value = Vec<(u8, Vec<(u8, String)>)>> {
    let days = 1..=31_u8;
    let unit = (
        prop::sample::select(vec![13_u8, 14, 21, 22, 23, 33, 50, 60, 70]),
        prop::collection::vec((days, "[1-9][0-9]{0,3}(\\.[1-9])?"), 1..4),
    );
    prop::collection::vec(unit, 0..6)
}

proptest! {
    #[test]
    fn any_claim(units in units(), name in "[ぁ-んァ-ヶ一-龠]{0,8}", expenses in 0..3_u8, category in prop::sample::select(vec!["1112", "1111", "1318"])) {
        let kinds = [ItemKind::Act, ItemKind::Drug, ItemKind::Material];
        let mut items = Vec::new();
        for (number, (class, records)) in units.iter().enumerate() {
            for (place, (on, amount)) in records.iter().enumerate() {
                let unit = u32::try_from(number).unwrap() + 1;
                items.push(item(kinds[place % 3], *class, unit, "123456789", amount, &[(*on, 1)]));
            }
        }
        let expense = |number| Payer { kind: PayerKind::PublicExpense(number), symbol: String::new(), ..insured("") };
        let payers = std::iter::once(insured("03")).chain((1..=expenses).map(expense)).collect();
        let mut claim = claim(category, payers, Body::Medical(items));
        claim.patient.name = String::from_utf8_lossy(name.as_bytes()).into_owned();
        let unmappable = encoding_loses(&claim.patient.name);
        claim.patient.birthdate = day(20_240_229);
        if !unmappable {
            check(PointTable::Medical, &[claim]);
        }
    }
}

fn encoding_loses(text: &str) -> bool {
    madoguchi_wire::claims::shift_jis(text).windows(2).any(|pair| pair == b"\x81\x48")
}
