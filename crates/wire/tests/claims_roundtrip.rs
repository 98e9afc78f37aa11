//! What the writer writes, the reader reads.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::read;
use common::sample::{claim, day, dental, dispensing, distributed, dpc, file, header, insured, item, outpatient};
use madoguchi_model::care::Amount;
use madoguchi_model::claim::{Addition, Body, Claim, Dpc, Item, ItemKind, Kind, Payer, PayerKind};
use madoguchi_wire::claims::{PointTable, Totals};
use proptest::prelude::*;

/// A claim without the line numbers, which the writer decides.
fn without_lines(mut claim: Claim) -> Claim {
    claim.line = 0;
    match &mut claim.body {
        Body::Medical(items) | Body::Dental(items) => items.iter_mut().for_each(|item| item.line = 0),
        Body::Dpc(Dpc { charged, bundled, related }) => {
            [charged, bundled, related].into_iter().flatten().for_each(|item| item.line = 0);
        }
        Body::Pharmacy { prescriptions, .. } => {
            prescriptions.iter_mut().flat_map(|prescription| &mut prescription.drugs).for_each(|drug| drug.line = 0);
        }
    }
    claim
}

fn check(table: PointTable, kind: Kind, claims: &[Claim]) {
    let plain = file(table, claims);
    let written: Vec<_> = claims.iter().cloned().map(without_lines).collect();
    let points = claims.iter().map(|claim| claim.payers[0].points.unwrap_or(0)).sum();
    let totals = Totals { payers: claims.iter().map(|claim| claim.payers.len() as u64).sum(), points };
    for bytes in [distributed(&plain), plain] {
        let (found, receipts, summary) = read(&bytes).unwrap();
        assert_eq!(found, header(table));
        assert_eq!(summary.kind(table), kind);
        let read: Vec<_> = receipts.into_iter().map(|receipt| without_lines(receipt.claim.unwrap())).collect();
        assert_eq!(read, written);
        assert_eq!(summary.stated, Some(totals));
        assert_eq!(summary.counted, totals);
        assert!(summary.issues.iter().all(|issue| issue.field == "医療機関コード"), "{:?}", summary.issues);
        assert!(summary.unknown_records.is_empty(), "{:?}", summary.unknown_records);
        assert_eq!((summary.extra_fields, summary.replaced_lines, summary.donors), (0, 0, 0));
    }
}

#[test]
fn our_own_claims() {
    check(PointTable::Medical, Kind::Medical, &[outpatient(), outpatient()]);
    check(PointTable::Medical, Kind::Dpc, &[dpc(), dpc()]);
    check(PointTable::Medical, Kind::Dpc, &[outpatient(), dpc()]);
    check(PointTable::Dental, Kind::Dental, &[dental(), dental()]);
    check(PointTable::Pharmacy, Kind::Pharmacy, &[dispensing()]);
}

fn units() -> impl Strategy<Value = Vec<(u8, Vec<(u8, String)>)>> {
    let days = 1..=31_u8;
    let unit = (
        prop::sample::select(vec![13_u8, 14, 21, 22, 23, 33, 50, 60, 70]),
        prop::collection::vec((days, "[1-9][0-9]{0,3}(\\.[1-9])?"), 1..4),
    );
    prop::collection::vec(unit, 0..6)
}

/// The items of the units, whose numbers begin with 1.
fn numbered(units: &[(u8, Vec<(u8, String)>)], one: impl Fn(usize, u8, u32, u8, &str) -> Item) -> Vec<Item> {
    let mut items = Vec::new();
    for ((class, records), unit) in units.iter().zip(1..) {
        items.extend(records.iter().enumerate().map(|(place, (on, amount))| one(place, *class, unit, *on, amount)));
    }
    items
}

proptest! {
    #[test]
    fn any_dental_claim(units in units(), additions in prop::collection::vec(("[A-Z0-9]{5}", prop::option::of(1..99_u32)), 0..5)) {
        let kinds = [(ItemKind::Act, "309004810"), (ItemKind::Drug, "620098801"), (ItemKind::Material, "710010001"), (ItemKind::Act, "160008010")];
        let added = || additions.iter().map(|(code, quantity)| Addition {
            code: code.clone(),
            quantity: quantity.and_then(|quantity| Amount::parse(&quantity.to_string())),
        });
        let items = numbered(&units, |place, class, unit, on, amount| {
            let (kind, code) = kinds[place % 4];
            let additions: Vec<_> = match code.as_bytes()[0] {
                b'3' => added().collect(),
                b'7' => added().take(2).collect(),
                _ => Vec::new(),
            };
            Item { additions, ..item(kind, class, unit, code, amount, &[(on, 1)]) }
        });
        check(PointTable::Dental, Kind::Dental, &[claim("3111", vec![insured("03")], Body::Dental(items))]);
    }

    #[test]
    fn any_dpc_claim(charged in units(), bundled in units(), related in prop::collection::vec(1..=31_u8, 0..3)) {
        let kinds = [(ItemKind::Act, "150181610"), (ItemKind::Drug, "620098801"), (ItemKind::Material, "710010001")];
        let one = |place: usize, class, unit, on, amount: &str| {
            let (kind, code) = kinds[place % 3];
            item(kind, class, unit, code, amount, &[(on, 1)])
        };
        let charged = numbered(&charged, one);
        // A unit of CD is one date, 診療識別 and 順序番号: each row here has its own.
        let mut bundled = numbered(&bundled, one);
        for (place, item) in bundled.iter_mut().enumerate() {
            item.unit = u32::try_from(place).unwrap() + 1;
        }
        let related = related.iter().zip(1..).map(|(on, unit)| item(ItemKind::Act, 50, unit, "150183410", "", &[(*on, 1)]));
        let body = Body::Dpc(Dpc { charged, bundled, related: related.collect() });
        check(PointTable::Medical, Kind::Dpc, &[claim("1111", vec![insured("03")], body)]);
    }

    #[test]
    fn any_claim(units in units(), name in "[ぁ-んァ-ヶ一-龠]{0,8}", expenses in 0..3_u8, category in prop::sample::select(vec!["1112", "1111", "1318"])) {
        let kinds = [ItemKind::Act, ItemKind::Drug, ItemKind::Material];
        let items = numbered(&units, |place, class, unit, on, amount| {
            item(kinds[place % 3], class, unit, "123456789", amount, &[(on, 1)])
        });
        let expense = |number| Payer { kind: PayerKind::PublicExpense(number), symbol: String::new(), ..insured("") };
        let payers = std::iter::once(insured("03")).chain((1..=expenses).map(expense)).collect();
        let mut claim = claim(category, payers, Body::Medical(items));
        claim.patient.name = String::from_utf8_lossy(name.as_bytes()).into_owned();
        let unmappable = encoding_loses(&claim.patient.name);
        claim.patient.birthdate = day(20_240_229);
        if !unmappable {
            check(PointTable::Medical, Kind::Medical, &[claim]);
        }
    }
}

fn encoding_loses(text: &str) -> bool {
    madoguchi_wire::claims::shift_jis(text).windows(2).any(|pair| pair == b"\x81\x48")
}
