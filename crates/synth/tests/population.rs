//! The people of a world: numbers, coverages, families and the named patients, on several days.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::check_digit;
use madoguchi_model::code::{CertificateKind, Code, IncomeClass};
use madoguchi_model::day::Day;
use madoguchi_model::person::Sex;
use madoguchi_model::shown::shown;
use madoguchi_synth::{COLUMNS, CardPlan, Inhabitant, PERSONS_MIN, World, WorldPlan};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const DAYS: [i64; 4] = [20_211_201, 20_240_229, 20_261_123, 20_270_401];

fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

fn world(seed: u64, persons: u32, today: i64) -> World {
    World::new(WorldPlan { persons, ..WorldPlan::demo(seed, day(today)) })
}

fn person<'a>(world: &'a World, story_part: &str) -> &'a Inhabitant {
    let named = world.named_patients();
    let found =
        named.iter().find(|patient| patient.story.contains(story_part)).unwrap_or_else(|| panic!("{story_part}"));
    world.people().iter().find(|person| person.key == found.key).unwrap()
}

fn card(world: &World, story_part: &str) -> CardPlan {
    world.card_plans(world.seed()).into_iter().find(|card| card.story.contains(story_part)).unwrap()
}

#[test]
fn the_same_plan_gives_the_same_world() {
    let csv = |seed| world(seed, 500, 20_261_123).coverage_csv(|key| key.to_owned());
    assert_eq!(csv(7), csv(7));
    assert_ne!(csv(7), csv(8));
}

#[test]
fn everyone_has_exactly_one_coverage_today_but_those_whose_case_is_another() {
    for (seed, today) in (1..4).zip(DAYS) {
        let world = world(seed, 3_000, today);
        assert_eq!(world.people().len(), 3_000, "seed {seed}");
        let of_case = [("手続きがまだ", 0), ("死亡", 0), ("併用", 2), ("同時に有効", 2)];
        let others: HashMap<_, _> =
            of_case.into_iter().map(|(case, count)| (person(&world, case).key.clone(), count)).collect();
        for person in world.people() {
            let current = person.coverages.iter().filter(|coverage| coverage.covers(day(today))).count();
            let expected = others.get(&person.key).copied().unwrap_or(1);
            assert_eq!(current, expected, "seed {seed} today {today}: {person:?}");
        }
    }
}

#[test]
fn coverages_follow_each_other_without_gap_and_begin_after_birth() {
    for today in DAYS {
        let world = world(11, 3_000, today);
        let others = ["併用", "同時に有効", "生活保護の受給で"].map(|case| person(&world, case).key.clone());
        for person in world.people().iter().filter(|person| !others.contains(&person.key)) {
            assert!(person.coverages[0].valid_from >= person.birthdate, "today {today}: {person:?}");
            for pair in person.coverages.windows(2) {
                let last = pair[0].valid_to.unwrap();
                assert!(pair[0].valid_from <= last && last.plus_days(1) == pair[1].valid_from, "{today}: {person:?}");
                assert_eq!(pair[0].loss.unwrap().code(), "03");
            }
        }
    }
}

#[test]
fn numbers_pass_the_check_digit_and_name_one_person_each() {
    let world = world(5, 5_000, 20_261_123);
    let mut seen = HashMap::new();
    for person in world.people() {
        for coverage in &person.coverages {
            let numbers = &coverage.numbers;
            assert!(numbers.insurer.has_valid_check_digit(), "{numbers:?}");
            let scheme = numbers.insurer.scheme();
            let elderly = scheme.as_deref() == Some("39");
            if coverage.is_assistance() {
                assert_eq!((scheme.as_deref(), numbers.number.len()), (Some("12"), 7), "{numbers:?}");
                assert!(check_digit::is_valid(&numbers.number) && numbers.symbol.is_empty());
                continue;
            }
            assert_eq!((numbers.symbol.is_empty() && numbers.branch.is_empty()), elderly, "{numbers:?}");
            if elderly {
                assert!(check_digit::is_valid(&numbers.insurer.printed()) && numbers.number.len() == 8);
            }
            let identity = (numbers.key().as_str().to_owned(), numbers.branch.clone());
            if let Some(other) = seen.insert(identity, &person.key) {
                assert_eq!(other, &person.key, "{numbers:?} belongs to two people");
            }
        }
    }
}

#[test]
fn families_share_their_number_with_branches() {
    let world = world(5, 1_000, 20_261_123);
    let mut households: HashMap<String, usize> = HashMap::new();
    for person in world.people() {
        let current = person.coverage_on(day(20_261_123));
        if let Some((_, coverage)) = current {
            *households.entry(coverage.numbers.key().as_str().to_owned()).or_default() += 1;
        }
    }
    assert!(households.values().filter(|members| **members >= 3).count() > 30);
}

#[test]
fn people_of_75_and_older_are_insured_by_the_late_elderly_scheme_alone() {
    for today in DAYS {
        for person in world(3, 2_000, today).people() {
            let Some((_, coverage)) = person.coverage_on(day(today)) else { continue };
            let elderly = coverage.numbers.insurer.scheme().as_deref() == Some("39");
            assert_eq!(elderly, person.birthdate.age_on(day(today)) >= 75, "{today}: {person:?}");
        }
    }
}

#[test]
fn some_people_change_their_insurer() {
    let world = world(2, 5_000, 20_261_123);
    let under_65 = world.people().iter().filter(|person| person.birthdate.age_on(world.today()) < 65);
    let (all, changed) =
        under_65.fold((0, 0), |(all, changed), person| (all + 1, changed + usize::from(person.coverages.len() > 1)));
    let share = f64::from(changed as u32) / f64::from(all);
    assert!((0.04..0.16).contains(&share), "{share}");
}

#[test]
fn the_schemes_have_their_shares() {
    let world = world(4, 5_000, 20_261_123);
    let share = |prefix: &str| {
        let current = world.people().iter().filter_map(|person| person.coverage_on(world.today()));
        current.filter(|(_, coverage)| coverage.numbers.insurer.printed().starts_with(prefix)).count() as f64 / 5_000.0
    };
    for (prefix, low, high) in [("01", 0.25, 0.45), ("06", 0.12, 0.30), ("39", 0.14, 0.20), ("13", 0.15, 0.35)] {
        assert!((low..high).contains(&share(prefix)), "{prefix}: {}", share(prefix));
    }
}

#[test]
fn the_smallest_world_holds_all_stories() {
    let world = world(1, 0, 20_261_123);
    assert_eq!(world.people().len(), PERSONS_MIN as usize);
    assert!(world.named_patients().len() >= 13);
    let keys: HashSet<_> = world.people().iter().map(|person| &person.key).collect();
    assert_eq!(keys.len(), world.people().len());
}

#[test]
fn stories_of_registration_hold_on_every_day() {
    for today in DAYS {
        let world = world(9, 300, today);
        let now = day(today);
        let lapsed = person(&world, "喪失");
        assert!(lapsed.coverage_on(now).is_none() && lapsed.coverage_on(now.plus_days(-40)).is_some(), "{today}");
        let rare = person(&world, "外字");
        assert!(shown(&rare.name).contains('●') && !rare.name.contains('●'), "{today}");
        let newborn = person(&world, "新生児");
        assert!(newborn.birthdate > now.plus_days(-28) && newborn.birthdate <= now, "{today}");
        let elder = person(&world, "75歳");
        assert_eq!(elder.birthdate.age_on(now), 75, "{today}");
        let schemes: Vec<_> = elder.coverages.iter().map(|coverage| coverage.numbers.insurer.scheme()).collect();
        assert_eq!(schemes, [None, Some("39".to_owned())], "{today}");
        assert!(elder.coverages[1].valid_from.month() > world.care_period().from, "{today}");
        assert!(elder.coverages[1].valid_from.month() <= world.care_period().to, "{today}");
        let changed = person(&world, "途中");
        assert_eq!(changed.coverages[1].valid_from.day_of_month(), 16, "{today}");
        let month = changed.coverages[1].valid_from.month();
        assert!(world.care_period().from <= month && month <= world.care_period().to, "{today}");
    }
}

#[test]
fn twins_differ_only_by_name_and_branch() {
    for today in DAYS {
        let world = world(9, 300, today);
        let twins: Vec<_> = world
            .named_patients()
            .into_iter()
            .filter(|patient| patient.story.contains("双子"))
            .map(|patient| world.people().iter().find(|person| person.key == patient.key).unwrap())
            .collect();
        let [one, other] = twins[..] else { panic!("{twins:?}") };
        assert_eq!((one.birthdate, one.sex), (other.birthdate, other.sex));
        let (first, second) = (&one.coverages[0].numbers, &other.coverages[0].numbers);
        assert_eq!(first.key(), second.key());
        assert_ne!(first.branch, second.branch);
    }
}

#[test]
fn cards_expire_as_their_stories_say() {
    for today in DAYS {
        let world = world(9, 300, today);
        let now = day(today);
        let near = card(&world, "3か月以内");
        assert!(near.not_before < now && near.not_after >= now && near.not_after < now.plus_days(90), "{near:?}");
        assert!(card(&world, "切れている").not_after < now);
        let cards = world.card_plans(world.seed());
        assert!(cards.len() >= world.named_patients().len() + 10, "{today}");
        for card in cards.iter().filter(|card| !card.story.contains("期限")) {
            assert!(card.not_before <= now && now.plus_days(92) < card.not_after, "{card:?}");
            assert!(card.pin.len() == 4 && card.pin.bytes().all(|byte| byte.is_ascii_digit()), "{card:?}");
        }
    }
}

#[test]
fn pins_follow_their_own_seed() {
    let world = world(9, 300, 20_261_123);
    let pins = |seed| world.card_plans(seed).into_iter().map(|card| card.pin).collect::<Vec<_>>();
    assert_eq!(pins(1), pins(1));
    assert_ne!(pins(1), pins(2));
}

#[test]
fn the_coverage_file_has_its_columns_and_the_cards() {
    let text = world(9, 50, 20_261_123).coverage_csv(|key| format!("serial-{key}"));
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap(), COLUMNS.join(","));
    for line in lines {
        let fields: Vec<_> = line.split(',').collect();
        assert_eq!(fields.len(), COLUMNS.len(), "{line}");
        assert_eq!(fields[16], format!("serial-{}", fields[0]));
    }
}

#[test]
fn the_coverage_file_is_taken_without_a_finding() {
    for (seed, today) in (21..).zip(DAYS) {
        let world = world(seed, 1_000, today);
        let cards: Vec<_> = world.card_plans(seed).into_iter().map(|card| card.person_key).collect();
        let serial =
            |key: &str| cards.iter().position(|card| card == key).map_or_else(String::new, |n| format!("{n:040x}"));
        let text = world.coverage_csv(serial);
        let file = madoguchi_wire::coverage::read(text.as_bytes()).unwrap();
        assert_eq!((file.refused, &file.issues[..]), (0, &[][..]), "seed {seed}");
        assert_eq!(file.rows.len(), text.lines().count() - 1, "seed {seed}");
        let with_card = file.rows.iter().filter(|row| row.card_serial.is_some()).map(|row| &row.person_key);
        assert_eq!(with_card.collect::<HashSet<_>>().len(), cards.len(), "seed {seed}");
    }
}

#[test]
fn every_case_of_eligibility_is_played() {
    let world = world(7, 3_000, 20_261_123);
    let text = world.coverage_csv(|_| String::new());
    let file = madoguchi_wire::coverage::read(text.as_bytes()).unwrap();
    let today = day(20_261_123);
    let mut classes = BTreeMap::new();
    let (mut elderly, mut seventies, mut reasons, mut kinds) = (0, 0, BTreeSet::new(), BTreeSet::new());
    for row in &file.rows {
        let certificate = &row.certificate;
        let holds = row.valid_to.is_none_or(|last| today <= last);
        if let Some(limit) = certificate.limit_on(today) {
            assert!(holds && row.kind != CertificateKind::MedicalAssistance);
            *classes.entry(limit.class.code()).or_insert(0) += 1;
        }
        if holds && (71..75).contains(&row.birthdate.age_on(today)) {
            seventies += 1;
            elderly += usize::from(
                certificate.elderly_on(today).is_some_and(|one| Some(one.share_percent) == row.patient_share_percent),
            );
        }
        reasons.extend(row.loss.map(|loss| loss.code()));
        kinds.insert(row.kind.code());
        assert!(row.particulars.address.as_ref().unwrap().starts_with("東京都"));
    }
    assert_eq!((elderly, seventies > 100), (seventies, true));
    let all: Vec<_> = IncomeClass::CHOICES.iter().map(|(code, _)| *code).collect();
    assert_eq!(classes.keys().copied().collect::<Vec<_>>(), all, "each class, in the same order");
    assert!(classes["A03"] > 5 * classes["A01"] && classes["B10"] > classes["B09"]);
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["01", "02", "03", "99"]);
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["01", "07", "A1"]);
    let dependant = file.rows.iter().find(|row| row.name == "中村　凪").unwrap();
    assert_eq!(dependant.certificate.insured_name.as_deref(), Some("中村　健太"));
    let diseases: Vec<_> =
        file.rows.iter().flat_map(|row| &row.certificate.diseases).map(|one| one.category.code()).collect();
    assert_eq!(diseases, ["1", "2"]);
    let foreign = person(&world, "通称");
    let row = file.rows.iter().find(|row| row.person_key == foreign.key).unwrap();
    assert_eq!((row.particulars.other_name.is_some(), row.certificate.sex), (true, Some(Sex::Unset)));
}

#[test]
fn the_ticket_file_is_taken_without_a_finding() {
    for (seed, today) in (31..).zip(DAYS) {
        let world = world(seed, 100, today);
        let file = madoguchi_wire::ticket::read(world.ticket_csv().as_bytes()).unwrap();
        assert_eq!((file.refused, &file.issues[..]), (0, &[][..]), "seed {seed}");
        let this_month = day(today).month();
        let holders: BTreeSet<_> =
            file.rows.iter().filter(|row| row.month == this_month).map(|row| row.person_key.as_str()).collect();
        let expected = ["今月の医療券あり", "併用", "生活保護の受給で"].map(|case| person(&world, case).key.as_str());
        assert_eq!(holders, BTreeSet::from(expected), "nobody whose ticket is missing");
        assert_eq!(world.ticket_csv(), self::world(seed, 100, today).ticket_csv());
    }
}
