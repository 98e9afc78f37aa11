//! A world of many districts: everyone once, the same bytes on any number of threads and after a stop, and files that
//! the readers take.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::Day;
use madoguchi_synth::{Generation, Nation, NationPlan, Part, WorldPlan};
use madoguchi_wire::claims::ClaimsReader;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

const TODAY: i64 = 20_261_123;

fn today() -> Day {
    Day::from_number(TODAY).unwrap()
}

fn nation(seed: u64, persons: u32, months: u32) -> Nation {
    Nation::new(NationPlan { seed, persons, months, today: today() })
}

/// All parts but the check-ups, whose making takes longest.
fn parts(nation: &Nation) -> Vec<Part> {
    let claims = nation.request_months().map(Part::Claims);
    let others = [Part::Institutions, Part::Coverage, Part::Tickets, Part::Prescriptions];
    others.into_iter().chain(claims).collect()
}

fn make(nation: &Nation, target: &Path, threads: usize) -> u64 {
    let generation = Generation::new(nation, target, threads);
    parts(nation).into_iter().map(|part| generation.make(part, &|_| {}).unwrap().files).sum()
}

/// All files but the notes of progress.
fn files(target: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![target.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(target).unwrap().display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    found.retain(|name, _| !name.starts_with("progress"));
    found
}

#[test]
fn the_bytes_do_not_depend_on_the_threads_nor_on_a_stop_in_the_middle() {
    let seed = 5;
    let nation = nation(seed, 1_200, 1);
    let folder = || tempfile::tempdir().unwrap();
    let (one, two, three, stopped) = (folder(), folder(), folder(), folder());
    let count = make(&nation, one.path(), 1);
    let expected = files(one.path());
    assert_eq!(expected.len() as u64, count, "seed {seed}");
    for (target, threads) in [(&two, 2), (&three, 3)] {
        make(&nation, target.path(), threads);
        assert!(files(target.path()) == expected, "seed {seed}: {threads} threads give other bytes");
    }
    let generation = Generation::new(&nation, stopped.path(), 1);
    let mut written = 0;
    for part in parts(&nation) {
        let pieces = AtomicU32::new(0);
        // The telling of the second piece stops the run, as a kill would.
        let cut = catch_unwind(AssertUnwindSafe(|| {
            generation.make(part, &|_| {
                assert!(pieces.fetch_add(1, Ordering::Relaxed) < 2, "stopped on purpose");
            })
        }));
        if cut.is_err() {
            cut_last_note(stopped.path());
        }
        let rest = Generation::new(&nation, stopped.path(), 2).make(part, &|_| {}).unwrap().files;
        assert!(cut.is_err() || rest == 0, "{part:?}: what is finished is not made again");
        written += rest;
    }
    assert!(written < count, "seed {seed}: something was kept");
    assert!(files(stopped.path()) == expected, "seed {seed}: the files differ after a stop");
    let other = self::nation(seed + 1, 1_200, 1);
    let target = folder();
    Generation::new(&other, target.path(), 2).make(Part::Coverage, &|_| {}).unwrap();
    let of_other = files(target.path());
    assert!(of_other.iter().all(|(name, bytes)| expected[name] != *bytes), "another seed gives other people");
}

/// As if the last piece had been written but its note only half.
fn cut_last_note(target: &Path) {
    let notes = fs::read_dir(target.join("progress")).unwrap().map(|entry| entry.unwrap().path());
    let newest = notes.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap()).unwrap();
    let text = fs::read_to_string(&newest).unwrap();
    fs::write(&newest, &text[..text.len() - 3]).unwrap();
}

#[test]
fn a_directory_of_another_plan_is_refused_and_left_as_it_was() {
    let target = tempfile::tempdir().unwrap();
    let first = nation(1, 1_200, 1);
    Generation::new(&first, target.path(), 2).make(Part::Institutions, &|_| {}).unwrap();
    let before = files(target.path());
    for other in [nation(2, 1_200, 1), nation(1, 1_201, 1), nation(1, 1_200, 2)] {
        let error = Generation::new(&other, target.path(), 2).make(Part::Institutions, &|_| {}).unwrap_err();
        assert!(error.to_string().contains("persons=1200"), "{error}");
    }
    assert_eq!(files(target.path()), before);
}

#[test]
fn what_cannot_be_written_is_named() {
    let target = tempfile::tempdir().unwrap();
    fs::create_dir(target.path().join("institutions.csv")).unwrap();
    let nation = nation(1, 1_200, 1);
    let error = Generation::new(&nation, target.path(), 2).make(Part::Institutions, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("institutions.csv"), "{error}");
    let left = fs::read_dir(target.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.filter(|name| name.to_string_lossy().ends_with(".part")).count(), 0);
}

#[test]
fn a_small_world_by_parts_is_the_same_world() {
    let plan = WorldPlan { persons: 100, months: 2, ..WorldPlan::demo(3, today()) };
    let target = tempfile::tempdir().unwrap();
    let nation = Nation::small(plan);
    make(&nation, target.path(), 2);
    Generation::new(&nation, target.path(), 2).make(Part::Checkups, &|_| {}).unwrap();
    let found = files(target.path());
    let world = madoguchi_synth::World::new(plan);
    assert_eq!(found["coverage-00001.csv"], world.coverage_csv(|_| String::new()).into_bytes());
    assert_eq!(found["tickets.csv"], world.ticket_csv().into_bytes());
    for package in world.checkup_packages() {
        assert_eq!(found[&format!("checkups/{}", package.file_name)], package.bytes);
    }
    for file in world.claim_files() {
        assert_eq!(found[&format!("claims/{}/{}", file.request_month, file.file_name)], file.bytes);
    }
}

/// Names, numbers and keys over the whole world; what each coverage file holds; the receipts of all institutions.
#[test]
fn people_institutions_and_receipts_are_those_of_one_world() {
    let seed = 7;
    // Tokyo has two districts of 8,000 people.
    let nation = nation(seed, 140_000, 1);
    let (mut keys, mut numbers, mut codes, mut searches) =
        (HashSet::new(), HashMap::new(), HashSet::new(), HashSet::new());
    let (mut people, mut died, mut receipts, mut elsewhere) = (0, 0, 0_u32, 0_u32);
    for number in [0, 1, 2, 30, 47] {
        let world = nation.district(number).unwrap();
        let own: HashSet<_> = world.institutions().iter().map(|institution| institution.code.clone()).collect();
        assert_eq!(world.institutions(), nation.institutions(number));
        assert!(own.iter().all(|code| code.has_valid_check_digit() && codes.insert(code.clone())), "{number}");
        for person in world.people() {
            people += 1;
            died += usize::from(person.coverage_on(today()).is_none());
            assert!(keys.insert(person.key.clone()));
            for coverage in person.coverages.iter().filter(|coverage| !coverage.is_assistance()) {
                let identity = (coverage.numbers.key().as_str().to_owned(), coverage.numbers.branch.clone());
                let other = numbers.insert(identity, person.key.clone());
                assert!(other.is_none_or(|other| other == person.key), "{:?} belongs to two", coverage.numbers);
                assert!(coverage.numbers.insurer.has_valid_check_digit());
            }
        }
        let text = world.coverage_csv(|_| String::new());
        let file = madoguchi_wire::coverage::read(text.as_bytes()).unwrap();
        assert_eq!((file.refused, &file.issues[..]), (0, &[][..]), "district {number}");
        for file in world.claim_files() {
            let mut reader = ClaimsReader::open(&file.bytes[..]).unwrap();
            while let Some(receipt) = reader.next_receipt().unwrap() {
                assert_eq!(receipt.issues, [], "{}", file.file_name);
                let claim = receipt.claim.unwrap();
                assert!(searches.insert(claim.search_number.unwrap()), "{}", file.file_name);
                receipts += 1;
                elsewhere += u32::from(!own.contains(&file.institution));
            }
            assert_eq!(reader.summary().stated, Some(reader.summary().counted), "{}", file.file_name);
        }
    }
    assert!((20_000..30_000).contains(&people), "{people}");
    assert_eq!(nation.districts(), 48);
    assert!(nation.district(48).is_none());
    assert!((3..100).contains(&died), "{died} of {people} in a month");
    let share = f64::from(elsewhere) / f64::from(receipts);
    assert!((0.02..0.08).contains(&share), "{share} of the receipts are from the neighbouring district");
}

#[test]
fn the_named_patients_live_in_the_first_district_alone() {
    let nation = nation(1, 20_000, 1);
    let named = |number| nation.district(number).unwrap().named_patients().len();
    let small = madoguchi_synth::World::new(WorldPlan::demo(1, today())).named_patients().len();
    assert_eq!((named(0), named(1), named(46)), (small, 0, 0));
}
