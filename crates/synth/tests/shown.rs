//! What a world's claims come to on the way that anyone's go: read, attached to people, derived.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::claim::{Derived, Masters, derive};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::id::PersonId;
use madoguchi_model::resolution::{Candidate, Resolution, resolve};
use madoguchi_synth::{World, WorldPlan};
use madoguchi_wire::claims::ClaimsReader;
use madoguchi_wire::masters::builtin;
use std::collections::HashMap;

/// Rows by person and month.
type Shown = HashMap<(PersonId, Month), Vec<Derived>>;

fn id(place: usize) -> PersonId {
    PersonId::new(Timestamp::from_micros(i64::try_from(place).unwrap() * 1_000), [0; 10])
}

fn candidates(world: &World) -> HashMap<String, Vec<Candidate>> {
    let mut by_key: HashMap<String, Vec<Candidate>> = HashMap::new();
    for (place, person) in world.people().iter().enumerate() {
        for coverage in &person.coverages {
            by_key.entry(coverage.numbers.key().as_str().to_owned()).or_default().push(Candidate {
                person: id(place),
                number: coverage.numbers.number.clone(),
                branch: coverage.numbers.branch.clone(),
                name: person.name.clone(),
                kana: person.kana.clone(),
                sex: person.sex,
                birthdate: person.birthdate,
            });
        }
    }
    by_key
}

/// Takes all files of a world; every receipt must find its person and know its codes.
fn taken(world: &World) -> Shown {
    let master = builtin();
    let masters = Masters::new(master.drugs, master.procedures);
    let candidates = candidates(world);
    let mut shown = Shown::new();
    for file in world.claim_files() {
        let mut reader = ClaimsReader::open(&file.bytes[..]).unwrap();
        while let Some(receipt) = reader.next_receipt().unwrap() {
            let claim = receipt.claim.unwrap();
            let numbers = claim.numbers().swap_remove(0);
            let holders = candidates.get(numbers.key().as_str()).map_or(&[][..], Vec::as_slice);
            let Resolution::Person(person) = resolve(&numbers, &claim.patient, holders) else {
                panic!("seed {}: line {} of {} finds nobody", world.seed(), receipt.line, file.file_name);
            };
            let derived = derive(&claim, &masters);
            assert!(derived.unknown_codes.is_empty(), "seed {}: {:?}", world.seed(), derived.unknown_codes);
            shown.entry((person, claim.month)).or_default().push(derived);
        }
    }
    shown
}

fn named(world: &World, story_part: &str) -> PersonId {
    let named = world.named_patients();
    let found = named.iter().find(|patient| patient.story.contains(story_part)).unwrap();
    id(world.people().iter().position(|person| person.key == found.key).unwrap())
}

fn count(shown: &Shown, person: PersonId, rows: impl Fn(&Derived) -> usize) -> usize {
    shown.iter().filter(|((whose, _), _)| *whose == person).flat_map(|(_, all)| all).map(rows).sum()
}

#[test]
fn every_receipt_finds_its_person_and_the_stories_are_seen() {
    for (seed, today) in (31..).zip([20_211_201, 20_240_229, 20_261_123, 20_270_401]) {
        let today = Day::from_number(today).unwrap();
        let world = World::new(WorldPlan { persons: 400, ..WorldPlan::demo(seed, today) });
        let shown = taken(&world);
        let operated = count(&shown, named(&world, "手術"), |rows| rows.operations.len());
        assert_eq!(operated, 1, "seed {seed}");
        let last = world.care_period().to;
        let half_year: Shown = shown
            .iter()
            .filter(|((_, month), _)| last.months_since(*month) < 6)
            .map(|(key, rows)| (*key, rows.clone()))
            .collect();
        let dialysis = count(&half_year, named(&world, "透析"), |rows| rows.acts.len() + rows.medications.len());
        assert!(dialysis >= 60, "seed {seed}: {dialysis}");
        let never = named(&world, "一度も受診がなく");
        assert_eq!(count(&shown, never, |rows| rows.visit_days.len()), 0, "seed {seed}");
        let many = &shown[&(named(&world, "内服・外用・注射"), last)];
        let classes: Vec<_> =
            many.iter().flat_map(|rows| &rows.medications).map(|medication| medication.class).collect();
        assert!([21, 22, 23, 31].iter().all(|class| classes.contains(class)), "seed {seed}: {classes:?}");
    }
}

#[test]
fn pharmacy_medicines_carry_usage_and_dose() {
    let world = World::new(WorldPlan { persons: 50, ..WorldPlan::demo(5, Day::from_number(20_261_123).unwrap()) });
    let shown = taken(&world);
    let five = &shown[&(named(&world, "5種類"), world.care_period().to)];
    let medications: Vec<_> = five.iter().flat_map(|rows| &rows.medications).collect();
    assert_eq!(medications.len(), 5);
    let celecoxib = medications.iter().find(|medication| medication.code == "622811301").unwrap();
    assert_eq!(celecoxib.count, 28);
    assert!(celecoxib.usage.is_some() && celecoxib.dose.unwrap().to_string() == "1", "{celecoxib:?}");
    assert!(!celecoxib.in_house && celecoxib.prescribed_on.is_some());
}
