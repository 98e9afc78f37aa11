//! A world written as files.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::Day;
use madoguchi_synth::{World, WorldPlan};

#[test]
fn the_directory_holds_people_institutions_and_all_claims() {
    let world =
        World::new(WorldPlan { persons: 60, months: 2, ..WorldPlan::demo(1, Day::from_number(20_261_123).unwrap()) });
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("new");
    world.write_files(&target).unwrap();
    for file in world.claim_files() {
        assert_eq!(std::fs::read(target.join("claims").join(&file.file_name)).unwrap(), file.bytes);
    }
    for package in world.checkup_packages() {
        assert_eq!(std::fs::read(target.join("checkups").join(&package.file_name)).unwrap(), package.bytes);
    }
    assert_eq!(std::fs::read_to_string(target.join("coverage.csv")).unwrap(), world.coverage_csv(|_| String::new()));
    assert_eq!(std::fs::read_to_string(target.join("prescriptions.csv")).unwrap(), world.prescription_csv());
    let institutions = std::fs::read_to_string(target.join("institutions.csv")).unwrap();
    assert_eq!(institutions.lines().count(), 1 + world.institutions().len());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("occupied");
    std::fs::write(&file, b"").unwrap();
    let world =
        World::new(WorldPlan { persons: 0, months: 1, ..WorldPlan::demo(1, Day::from_number(20_261_123).unwrap()) });
    let error = world.write_files(&file).unwrap_err();
    assert!(error.to_string().contains("occupied"), "{error}");
}
