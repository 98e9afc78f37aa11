//! The check-ups of a synthetic world, read back: whole, plausible, and judged as the law says.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::care::Amount;
use madoguchi_model::checkup::{Category, CheckupResult, Program, item};
use madoguchi_model::day::Day;
use madoguchi_synth::{CheckupPackage, World, WorldPlan};
use madoguchi_wire::checkup::{CheckupDocument, Request, read_file};
use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;

fn world(seed: u64) -> World {
    let today = Day::from_number(20_261_123).unwrap();
    World::new(WorldPlan { persons: 400, ..WorldPlan::demo(seed, today) })
}

fn documents(packages: &[CheckupPackage]) -> Vec<CheckupDocument> {
    let mut documents = Vec::new();
    for package in packages {
        let summary = read_file(Cursor::new(package.bytes.clone()), |name, _, read| {
            let read = read.unwrap_or_else(|issues| panic!("{name}: {issues:?}"));
            assert_eq!(read.warnings, [], "{name}");
            documents.push(read);
        });
        let summary = summary.unwrap();
        assert_eq!((summary.documents, summary.stated), (package.documents as u64, Some(package.documents as u64)));
        assert_eq!(summary.issues, []);
    }
    documents
}

fn number(document: &CheckupDocument, code: &str) -> Option<i64> {
    let found = document.results.iter().find(|result| result.code == code);
    found.and_then(CheckupResult::number).map(Amount::raw)
}

#[test]
fn every_document_is_read_whole_and_the_same_plan_gives_the_same_files() {
    let packages: Vec<_> = world(7).checkup_packages().collect();
    assert_eq!(packages, world(7).checkup_packages().collect::<Vec<_>>());
    let names: HashSet<_> = packages.iter().map(|package| &package.file_name).collect();
    assert_eq!(names.len(), packages.len());
    let documents = documents(&packages);
    assert!(documents.len() > 300, "{}", documents.len());
    let today = Day::from_number(20_261_123).unwrap();
    for document in &documents {
        assert_eq!(document.request, Request::Report(Category::Specific));
        assert!(document.day < document.created_on && document.created_on <= today);
        let age = document.patient.birthdate.age_on(document.day);
        assert_eq!(document.program, if age >= 75 { Program::LateElderly } else { Program::Specific }, "{age}");
        assert!(age >= 39 && document.results.len() > 35, "{age} {}", document.results.len());
        for result in &document.results {
            let known = item::by_code(&result.code).unwrap_or_else(|| panic!("{}", result.code));
            assert_eq!(known.data_type, result.data_type(), "{}", known.name);
            assert!(!result.data_value().is_empty());
            let coded = !result.oid().is_empty();
            assert_eq!(coded, !result.value_name().is_empty(), "{} {}", known.name, result.data_value());
        }
    }
}

#[test]
fn values_lie_where_those_of_living_people_do_and_follow_the_years() {
    let packages: Vec<_> = world(7).checkup_packages().collect();
    let documents = documents(&packages);
    let mut years: BTreeMap<(String, i64), Vec<&CheckupDocument>> = BTreeMap::new();
    for document in &documents {
        for (code, low, high) in [
            ("9N001000000000001", 135.0, 200.0),
            ("9N006000000000001", 32.0, 140.0),
            ("9N011000000000001", 15.0, 43.0),
            ("9A751000000000001", 80.0, 210.0),
            ("9A761000000000001", 40.0, 140.0),
            ("3F070000002327101", 20.0, 120.0),
            ("3D046000001906202", 4.0, 12.0),
        ] {
            let Some(raw) = number(document, code) else { continue };
            let value = raw as f64 / 100_000.0;
            assert!((low..high).contains(&value), "{code} {value}");
        }
        let (Some(systolic), Some(diastolic)) =
            (number(document, "9A751000000000001"), number(document, "9A761000000000001"))
        else {
            panic!("no blood pressure")
        };
        assert!(systolic > diastolic);
        let person = (document.patient.kana.clone(), document.patient.birthdate.number());
        years.entry(person).or_default().push(document);
    }
    let regular: Vec<_> = years.values().filter(|years| years.len() >= 4).collect();
    assert!(regular.len() > 40, "{}", regular.len());
    for years in &regular {
        let heights: Vec<_> = years.iter().filter_map(|document| number(document, "9N001000000000001")).collect();
        let range = heights.iter().max().unwrap() - heights.iter().min().unwrap();
        assert!(range <= 200_000, "nobody shrinks by more than two centimetres: {heights:?}");
    }
    // Some are healthy and some are not, and both are judged.
    let judged = |level: &str| {
        let is = |result: &CheckupResult| result.code == "9N501000000000011" && result.data_value() == level;
        documents.iter().filter(|document| document.results.iter().any(is)).count()
    };
    let (syndrome, risk, healthy) = (judged("1"), judged("2"), judged("3"));
    let all = syndrome + risk + healthy;
    assert!(syndrome * 20 > all && syndrome * 2 < all, "{syndrome} of {all}");
    assert!(risk * 30 > all && healthy * 3 > all, "{risk} {healthy} of {all}");
}
