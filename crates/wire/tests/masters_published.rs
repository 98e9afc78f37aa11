//! The published masters, read whole.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::shared_data;
use madoguchi_model::master::{DrugForm, Shown};
use madoguchi_wire::masters::{Rows, builtin, read};
use std::path::Path;

fn rows(folder: &Path, name: &str) -> Rows {
    let file = read(&std::fs::read(folder.join("masters").join(name)).unwrap()).unwrap();
    assert_eq!(file.issues, [], "{name}");
    file.rows
}

#[test]
fn every_published_row_is_read() {
    let Some(folder) = shared_data("published masters") else { return };
    for (name, letter, count) in [
        ("y_ALL20240321.zip", 'Y', 19_686),
        ("s_20240531.zip", 'S', 10_133),
        ("b_20240601.zip", 'B', 27_437),
        ("z_20250601.zip", 'Z', 2_375),
        ("t_ALL20240315.zip", 'T', 1_334),
        ("c_ALL20230801.zip", 'C', 3_065),
    ] {
        let rows = rows(&folder, name);
        assert_eq!((rows.letter(), rows.len()), (letter, count));
    }
}

#[test]
fn the_built_in_master_agrees_with_the_published_one() {
    let Some(folder) = shared_data("built-in master") else { return };
    let Rows::Drugs(drugs) = rows(&folder, "y_ALL20240321.zip") else { panic!("Y") };
    let Rows::Procedures(procedures) = rows(&folder, "s_20240531.zip") else { panic!("S") };
    let small = builtin();
    for own in &small.drugs {
        let published = drugs.iter().find(|drug| drug.code == own.code).unwrap();
        let own = madoguchi_model::master::Drug { valid_from: published.valid_from, ..own.clone() };
        assert_eq!(&own, published);
    }
    // No master of 歯科 is among the published files here.
    for own in small.procedures.iter().filter(|procedure| !procedure.is_dental()) {
        let published = procedures.iter().find(|procedure| procedure.code == own.code).unwrap();
        let facts = |it: &madoguchi_model::master::Procedure| {
            (it.name.clone(), it.letter, it.section, it.section_branch, it.is_principal(), it.shown())
        };
        assert_eq!(facts(own), facts(published), "{}", own.code);
    }
    assert!(procedures.iter().any(|it| it.code == "150253010" && it.shown() == Shown::Surgery));
    assert!(drugs.iter().any(|it| it.form == DrugForm::Dental));
}
