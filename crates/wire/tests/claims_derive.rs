//! From bytes to the rows that are shown, compared with a kept snapshot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::sample::{distributed, file, samples};
use common::{read, shared_data};
use madoguchi_model::care::{Act, Medication};
use madoguchi_model::claim::{Body, Claim, Derived, Dpc, ItemKind, Masters, derive};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::master::{Drug, Procedure};
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

/// A generation of the dental act and of the drug, each valid from and to these days.
fn generations(rows: &[(i64, i64, &str)]) -> Masters {
    let small = builtin();
    let day = |number| Day::from_number(number);
    let act = small.procedures.iter().find(|act| act.code == "302000110").unwrap();
    let drug = small.drugs.iter().find(|drug| drug.code == "620098801").unwrap();
    let acts = rows.iter().map(|(from, to, name)| Procedure {
        name: (*name).to_owned(),
        valid_from: day(*from).unwrap(),
        valid_to: day(*to),
        ..act.clone()
    });
    let drugs = rows.iter().map(|(from, to, name)| Drug {
        name: (*name).to_owned(),
        valid_from: day(*from).unwrap(),
        valid_to: day(*to),
        ..drug.clone()
    });
    Masters::new(drugs, acts)
}

/// The names at the days around each change; a code that was abolished keeps its last name.
#[test]
fn a_name_is_that_of_the_care_date() {
    let masters =
        generations(&[(20_200_401, 20_240_331, "旧"), (20_240_401, 20_240_531, "中"), (20_240_601, 20_260_331, "新")]);
    for (month, on, expected) in [
        (202_403, 31, "旧"),
        (202_404, 1, "中"),
        (202_405, 31, "中"),
        (202_406, 1, "新"),
        (202_603, 31, "新"),
        (202_604, 1, "新"),
        (201_903, 31, "新"),
    ] {
        let item =
            |kind, class, unit, code, quantity| common::sample::item(kind, class, unit, code, quantity, &[(on, 1)]);
        let items = || vec![item(ItemKind::Act, 13, 1, "302000110", ""), item(ItemKind::Drug, 21, 2, "620098801", "3")];
        let dpc = Dpc { charged: Vec::new(), bundled: items(), related: Vec::new() };
        for body in [Body::Medical(items()), Body::Dental(items()), Body::Dpc(dpc)] {
            let month = Month::from_number(month).unwrap();
            let claim = Claim { month, ..common::sample::claim("1111", Vec::new(), body) };
            let derived = derive(&claim, &masters);
            let names = (derived.acts[0].name.as_str(), derived.medications[0].name.as_str());
            assert_eq!(names, (expected, expected), "{month} {on}");
            assert!(derived.unknown_codes.is_empty());
        }
    }
}

/// What needs the consent for operations in dentistry, and what is never shown.
#[test]
fn operations_of_dentistry_are_those_of_its_own_chapter_and_classes() {
    let masters = small_masters();
    let check = |class, code: &str, expected: (usize, usize)| {
        let items = vec![common::sample::item(ItemKind::Act, class, 1, code, "", &[(5, 1)])];
        let derived = derive(&common::sample::claim("3112", Vec::new(), Body::Dental(items)), &masters);
        assert_eq!((derived.acts.len(), derived.operations.len()), expected, "{class} {code}");
    };
    for class in 41..=44 {
        check(class, "310000310", (0, 1));
        check(class, "310999999", (0, 1));
        check(class, "150001010", (0, 1));
        check(class, "309002110", (0, 0));
        check(class, "310034470", (0, 0));
    }
    for class in [40, 45, 50, 80] {
        check(class, "310000310", (0, 0));
        check(class, "310999999", (0, 0));
    }
    check(13, "302000110", (1, 0));
    check(13, "302008470", (0, 0));
    check(13, "302999999", (1, 0));
    check(13, "308999999", (0, 0));
    check(31, "305000110", (1, 0));
    check(31, "304000510", (0, 0));
    check(31, "305999999", (1, 0));
    check(31, "304999999", (0, 0));
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
