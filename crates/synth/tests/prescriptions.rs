//! The world's prescriptions on the way that anyone's go, and beside the world's claims.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::Day;
use madoguchi_synth::{World, WorldPlan};
use madoguchi_wire::prescription::{Content, PersonReference, Registered, Slip, read};
use std::collections::HashSet;

const DAYS: [i64; 4] = [20_240_101, 20_240_229, 20_261_123, 20_270_401];

fn world(seed: u64, today: i64) -> World {
    let today = Day::from_number(today).unwrap();
    World::new(WorldPlan { persons: 400, months: 3, ..WorldPlan::demo(seed, today) })
}

fn slips(world: &World) -> Vec<Slip> {
    let file = read(world.prescription_csv().as_bytes()).unwrap();
    assert_eq!((file.issues, file.refused), (vec![], 0), "seed {}", world.seed());
    file.slips
}

fn registered(slip: &Slip) -> &Registered {
    let Content::Registered(registered) = &slip.content else { panic!("line {}", slip.line) };
    registered
}

/// Key of the person, and what the prescription and its dispensings have in common.
fn key(slip: &Slip) -> (&str, &str) {
    let PersonReference::Key(key) = &slip.person else { panic!("line {}", slip.line) };
    (key, &slip.prescription)
}

#[test]
fn prescriptions_are_recent_and_part_of_them_is_dispensed() {
    for (seed, today) in (1..).zip(DAYS) {
        let world = world(seed, today);
        let slips = slips(&world);
        let (dispensed, written): (Vec<_>, Vec<_>) =
            slips.iter().partition(|slip| registered(slip).dispensing.is_some());
        let filled: HashSet<_> = dispensed.iter().map(|slip| key(slip)).collect();
        let waiting = written.iter().filter(|slip| !filled.contains(&key(slip))).count();
        assert!(written.len() > 100 && waiting > 0 && waiting * 4 < written.len(), "seed {seed}: {waiting}");
        let (oldest, newest) = (world.today().plus_days(-100), world.today());
        for slip in &slips {
            let Registered { prescribed_on, dispensing, drugs, .. } = registered(slip);
            let on = dispensing.as_ref().map_or(*prescribed_on, |dispensing| dispensing.on);
            assert!(oldest <= *prescribed_on && *prescribed_on <= on && on <= newest, "seed {seed}: {}", slip.line);
            assert!(!drugs.is_empty());
        }
        let people: HashSet<_> = slips.iter().map(|slip| key(slip).0).collect();
        assert!(people.len() * 10 > world.people().len(), "seed {seed}: {}", people.len());
    }
}

#[test]
fn the_story_of_the_waiting_prescription_holds_on_any_day() {
    for (seed, today) in (1..).zip(DAYS) {
        let world = world(seed, today);
        let patient = world.named_patients().into_iter().find(|patient| patient.story.contains("電子処方箋")).unwrap();
        let slips = slips(&world);
        let own: Vec<_> = slips.iter().filter(|slip| key(slip).0 == patient.key).collect();
        let yesterday = world.today().plus_days(-1);
        let new = own.iter().find(|slip| registered(slip).prescribed_on == yesterday).unwrap();
        assert_eq!(registered(new).drugs.len(), 2);
        let dispensed = |slip: &&&Slip| registered(slip).dispensing.is_some();
        assert!(own.iter().filter(dispensed).all(|slip| slip.prescription != new.prescription), "seed {seed}");
        assert!(own.iter().filter(dispensed).count() >= 3, "the former prescriptions are dispensed");
    }
}

#[test]
fn the_same_plan_gives_the_same_prescriptions() {
    let csv = |seed| world(seed, 20_261_123).prescription_csv();
    assert_eq!(csv(7), csv(7));
    assert_ne!(csv(7), csv(8));
}

/// Every dispensing of a released month is on a claim too, so that the receipt can take its place.
#[test]
fn released_months_tell_the_same_as_the_claims() {
    let world = world(3, 20_261_123);
    let claimed: HashSet<(String, String)> = world.claim_files().flat_map(|file| lines(&file.bytes)).collect();
    let released = world.care_period().to;
    let mut compared = 0;
    for slip in slips(&world) {
        let Registered { prescribed_on, dispensing: Some(dispensing), drugs, .. } = registered(&slip) else { continue };
        if dispensing.on.month() <= released {
            for drug in drugs {
                let supply = (format!("{prescribed_on} {}", dispensing.on), drug.code.clone());
                assert!(claimed.contains(&supply), "{supply:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

/// Days (処方 調剤) and codes of the drugs of a pharmacy's file.
fn lines(bytes: &[u8]) -> Vec<(String, String)> {
    let text: String = bytes.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect();
    let (mut supplies, mut found, mut open) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        let fields: Vec<_> = line.split(',').collect();
        match fields[0] {
            "SH" | "RE" => (supplies, open) = (Vec::new(), fields[0] == "SH"),
            "CZ" => supplies.push(format!("{} {}", fields[2], fields[3])),
            "IY" if open => found.extend(supplies.iter().map(|days| (days.clone(), fields[2].to_owned()))),
            _ => {}
        }
    }
    found
}
