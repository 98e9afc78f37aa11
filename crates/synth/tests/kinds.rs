//! DPC and 歯科: what is written is what the reader finds, field by field.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::Day;
use madoguchi_synth::{ClaimFileText, World, WorldPlan};
use madoguchi_wire::claims::ClaimsReader;

fn world(seed: u64, persons: u32, months: u32) -> World {
    let today = Day::from_number(20_261_123).unwrap();
    World::new(WorldPlan { persons, months, institutions: 12, ..WorldPlan::demo(seed, today) })
}

fn files(world: &World, ending: &str) -> Vec<ClaimFileText> {
    let all = world.request_months().flat_map(|month| world.claim_texts_of(month));
    all.filter(|file| file.file_name.ends_with(ending)).collect()
}

/// Receipts as records as fields.
fn receipts(file: &ClaimFileText) -> Vec<Vec<Vec<String>>> {
    let records = file.text.split("\r\n").map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let mut receipts: Vec<Vec<Vec<String>>> = Vec::new();
    for record in records {
        match record[0].as_str() {
            "RE" => receipts.push(vec![record]),
            "UK" | "IR" | "GO" | "\u{1A}" => {}
            _ => receipts.last_mut().unwrap().push(record),
        }
    }
    receipts
}

fn of_kind<'a>(receipt: &'a [Vec<String>], kind: &'a str) -> impl Iterator<Item = &'a Vec<String>> {
    receipt.iter().filter(move |record| record[0] == kind)
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

#[test]
fn every_receipt_is_read_without_a_finding_and_totals_agree() {
    let (mut dpc, mut dental) = (0, 0);
    for seed in [1, 2] {
        let world = world(seed, 3_000, 6);
        for (ending, count) in [("RECEIPTD.UKE", &mut dpc), ("RECEIPTS.UKE", &mut dental)] {
            for file in files(&world, ending) {
                let (name, receipts) = (file.file_name.clone(), receipts(&file));
                let bytes = file.encoded().bytes;
                let mut reader = ClaimsReader::open(&bytes[..]).unwrap();
                let mut read = 0;
                while let Some(receipt) = reader.next_receipt().unwrap() {
                    assert_eq!(receipt.issues, [], "seed {seed} {name}");
                    let claim = receipt.claim.unwrap();
                    let written = &receipts[read];
                    assert_eq!(written[0][1], claim.number, "seed {seed} {name}");
                    assert!(!claim.visit_days.is_empty() && claim.search_number.is_some(), "seed {seed} {name}");
                    read += 1;
                }
                let summary = reader.summary();
                assert_eq!(summary.stated, Some(summary.counted), "seed {seed} {name}");
                assert_eq!((read, summary.extra_fields), (receipts.len(), 0), "seed {seed} {name}");
                assert!(summary.issues.is_empty() && summary.unknown_records.is_empty(), "seed {seed}: {summary:?}");
                *count += read;
            }
        }
    }
    assert!(dpc > 100 && dental > 4_000, "{dpc} {dental}");
}

#[test]
fn a_dpc_receipt_has_its_records_in_order_and_its_points() {
    let order = ["RE", "HO", "KO", "SN", "JD", "BU", "SB", "KK", "SK", "GA", "HH", "GT", "SI", "IY", "CD"];
    let place = |record: &Vec<String>| match record[0].as_str() {
        "IY" => 12,
        kind => order.iter().position(|known| *known == kind).unwrap_or_else(|| panic!("{kind}")),
    };
    let mut operated = 0;
    for file in files(&world(3, 3_000, 6), "RECEIPTD.UKE") {
        for receipt in receipts(&file) {
            assert!(receipt.iter().map(place).is_sorted(), "{receipt:?}");
            assert_eq!((receipt[0][16].as_str(), receipt[0].len()), ("0", 37));
            let first = |kind| of_kind(&receipt, kind).next().unwrap_or_else(|| panic!("{kind} {receipt:?}"));
            let (bu, ho, gt) = (first("BU"), first("HO"), first("GT"));
            assert_eq!((bu[1].chars().count(), bu[2].as_str()), (14, receipt[0][8].as_str()));
            let days: u32 = of_kind(&receipt, "HH").map(|record| number(&record[7])).sum();
            let sum: u32 = of_kind(&receipt, "HH").map(|record| number(&record[8])).sum();
            assert_eq!((days, sum), (number(&ho[4]), number(&gt[5])));
            assert!(of_kind(&receipt, "HH").all(|hh| number(&hh[6]) * number(&hh[7]) == number(&hh[8])));
            let mut class = String::new();
            let mut on_top = 0;
            for record in receipt.iter().filter(|record| matches!(record[0].as_str(), "SI" | "IY")) {
                class = if record[1].is_empty() { class } else { record[1].clone() };
                if !record[5].is_empty() && class != "97" {
                    on_top += number(&record[5]) * number(&record[6]);
                }
            }
            assert_eq!(number(&ho[5]), number(&gt[8]) + on_top);
            let month = &receipt[0][3];
            assert!(of_kind(&receipt, "CD").count() > 0);
            assert!(of_kind(&receipt, "CD").all(|cd| cd[1].starts_with(month.as_str()) && cd[5].len() == 9));
            for sk in of_kind(&receipt, "SK") {
                operated += 1;
                assert!(sk[2].starts_with('K') && sk[3].starts_with(month.as_str()));
                assert!(of_kind(&receipt, "SI").any(|si| si[3] == sk[1]), "{receipt:?}");
            }
        }
    }
    assert!(operated > 10, "{operated}");
}

#[test]
fn a_dental_receipt_has_its_fields_where_dentistry_has_them() {
    let (mut pulled, mut medicines, mut blood) = (0, 0, 0);
    for file in files(&world(4, 3_000, 6), "RECEIPTS.UKE") {
        let head: Vec<_> = file.text.split("\r\n").take(2).map(|line| line.split(',').collect::<Vec<_>>()).collect();
        assert_eq!((head[0][0], head[1][0], head[1][6]), ("UK", "IR", head[0][7]));
        for receipt in receipts(&file) {
            let ho = of_kind(&receipt, "HO").next().unwrap();
            let mut points = 0;
            for (kind, place, first_day) in [("SS", 76, 78), ("SI", 5, 7), ("IY", 5, 8)] {
                for record in of_kind(&receipt, kind) {
                    let count = number(&record[place + 1]);
                    points += number(&record[place]) * count;
                    let days: u32 =
                        record[first_day..].iter().filter(|day| !day.is_empty()).map(|day| number(day)).sum();
                    assert_eq!(days, count, "{record:?}");
                }
            }
            assert_eq!(number(&ho[5]), points, "{receipt:?}");
            let visits = of_kind(&receipt, "JD").next().unwrap()[2..].iter().filter(|mark| *mark == "1").count();
            assert_eq!(number(&ho[4]) as usize, visits);
            let hs = of_kind(&receipt, "HS").next().unwrap();
            assert!(
                hs[1] == receipt[0][9] && hs[3].len().is_multiple_of(6) && (hs[4] != "0000999") == hs[6].is_empty(),
                "{hs:?}"
            );
            pulled += of_kind(&receipt, "SS").filter(|act| act[3].starts_with("310")).count();
            medicines += of_kind(&receipt, "IY").count();
            blood += of_kind(&receipt, "SI").count();
        }
    }
    assert!(pulled > 100 && medicines > 100 && blood > 10, "{pulled} {medicines} {blood}");
}
