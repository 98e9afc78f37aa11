//! From bytes to the rows that are shown, compared with a kept snapshot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::sample::{distributed, file, samples};
use common::{read, shared_data};
use madoguchi_model::care::{Act, Medication};
use madoguchi_model::claim::{Derived, Masters, derive};
use madoguchi_model::day::Day;
use madoguchi_wire::claims::PointTable;
use madoguchi_wire::masters::{self, Rows, builtin};
use std::fmt::Write;

fn small_masters() -> Masters {
    let master = builtin();
    Masters::new(master.drugs, master.procedures)
}

/// One row a line, as a person would check it against the claim.
fn shown(derived: &Derived) -> String {
    let day = |day: Option<Day>| day.map_or("-".to_owned(), |day| day.to_string());
    let mut text = String::new();
    let visits: Vec<_> = derived.visit_days.iter().map(Day::to_string).collect();
    writeln!(text, "visits {}", visits.join(" ")).unwrap();
    let act = |text: &mut String, word: &str, act: &Act| {
        let quantity = act.quantity.as_ref().map(|(amount, unit)| format!("{amount}{unit}"));
        writeln!(
            text,
            "{word} {} {} {} {} [{}] x{} {}",
            day(act.day),
            act.class,
            act.code,
            act.name,
            act.section,
            act.count,
            quantity.unwrap_or_default()
        )
        .unwrap();
    };
    derived.acts.iter().for_each(|row| act(&mut text, "act", row));
    derived.operations.iter().for_each(|row| act(&mut text, "operation", row));
    for row in &derived.medications {
        let Medication { class, code, name, amount, unit, count, count_unit, .. } = row;
        let amount = amount.map(|amount| amount.to_string()).unwrap_or_default();
        let dose = row.dose.map(|dose| dose.to_string());
        writeln!(
            text,
            "drug {} (prescribed {}) {class} {code} {name} {amount}{unit} {count}{} usage={:?} dose={dose:?} instruction={:?} in_house={}",
            day(row.day),
            day(row.prescribed_on),
            count_unit.label(),
            row.usage,
            row.instruction,
            row.in_house
        )
        .unwrap();
    }
    writeln!(text, "unknown {:?}", derived.unknown_codes).unwrap();
    text
}

fn rows_of(table: PointTable, bytes: &[u8]) -> String {
    let (_, receipts, summary) = read(bytes).unwrap();
    let masters = small_masters();
    let rows = receipts.iter().map(|receipt| shown(&derive(receipt.claim.as_ref().unwrap(), &masters)));
    format!("{}\n{}", summary.kind(table).label(), rows.collect::<String>())
}

#[test]
fn the_rows_of_our_own_claims() {
    let rows = samples().map(|(_, table, claim)| {
        let plain = file(table, &[claim]);
        let rows = rows_of(table, &plain);
        assert_eq!(rows_of(table, &distributed(&plain)), rows);
        rows
    });
    insta::assert_snapshot!("own_claims", rows.join("\n"));
}

/// The committed files are what the writer writes, so that people and other programs can use them.
#[test]
fn the_committed_files_are_current() {
    let plain = samples().map(|(name, table, claim)| (name.to_owned(), file(table, &[claim])));
    let forms = plain.iter().map(|(name, bytes)| {
        let kind = name.trim_start_matches("RECEIPT").split('.').next().unwrap();
        (format!("11_RECODEINFO_{kind}.CSV"), distributed(bytes))
    });
    for (name, bytes) in forms.chain(plain.iter().cloned()) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(&name);
        if std::env::var_os("UPDATE_TEST_DATA").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name} is stale: run once with UPDATE_TEST_DATA=1");
    }
}

#[test]
fn the_public_sample_with_the_published_masters() {
    let Some(folder) = shared_data("derivation of the sample") else { return };
    let master = |name: &str| masters::read(&std::fs::read(folder.join("masters").join(name)).unwrap()).unwrap().rows;
    let Rows::Drugs(drugs) = master("y_ALL20240321.zip") else { panic!("Y") };
    let Rows::Procedures(procedures) = master("s_20240531.zip") else { panic!("S") };
    let masters = Masters::new(drugs, procedures);
    let bytes = std::fs::read(folder.join("claims/RECEIPTC_GAIRAI_SAMPLE.UKE")).unwrap();
    let (_, receipts, _) = read(&bytes).unwrap();
    let derived: Vec<_> = receipts.iter().map(|receipt| derive(receipt.claim.as_ref().unwrap(), &masters)).collect();
    let lens = derived[0].operations.iter().find(|operation| operation.code == "150253010").unwrap();
    assert_eq!((lens.day, lens.section.as_str(), lens.count), (Day::from_number(20_211_001), "K282", 1));
    let drugs = derived.iter().map(|derived| derived.medications.len()).sum::<usize>();
    assert!(derived.iter().flat_map(|derived| &derived.medications).all(|drug| drug.day.is_some() && drug.count > 0));
    assert!(derived.iter().flat_map(|derived| &derived.medications).all(|drug| drug.amount.is_some()));
    assert_eq!(drugs, 32);
    let eye_drops = derived[0].medications.iter().find(|drug| drug.code == "622265501" && drug.class == 23).unwrap();
    assert_eq!(eye_drops.usage.as_deref(), Some("１日５回　右眼"));
    let painkiller = derived[0].medications.iter().find(|drug| drug.class == 22).unwrap();
    assert_eq!((painkiller.count, painkiller.name.as_str()), (2, "ロキソニン錠６０ｍｇ"));
}
