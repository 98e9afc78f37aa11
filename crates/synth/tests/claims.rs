//! The claims files of a world: their form, their totals, and that what they tell holds together.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::{Day, Month};
use madoguchi_synth::{ClaimFileText, Inhabitant, Reviewer, World, WorldPlan};
use madoguchi_wire::claims::ClaimsReader;
use std::collections::{HashMap, HashSet};

const DAYS: [i64; 4] = [20_211_201, 20_240_229, 20_261_123, 20_270_401];

fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

fn world(seed: u64, persons: u32, months: u32, today: i64) -> World {
    World::new(WorldPlan { persons, months, ..WorldPlan::demo(seed, day(today)) })
}

/// A receipt: its records as fields.
#[derive(Debug, Clone)]
struct Receipt {
    institution: String,
    reviewer: Reviewer,
    request_month: Month,
    records: Vec<Vec<String>>,
}

impl Receipt {
    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Vec<String>> {
        self.records.iter().filter(move |record| record[0] == kind)
    }

    fn field(&self, kind: &str, place: usize) -> &str {
        let first = self.records.iter().find(|record| record[0] == kind);
        first.and_then(|record| record.get(place)).map_or("", String::as_str)
    }

    fn is_pharmacy(&self) -> bool {
        self.field("RE", 2).starts_with('4')
    }

    fn is_inpatient(&self) -> bool {
        !self.is_pharmacy() && self.field("RE", 2).ends_with(['1', '3', '5', '7', '9'])
    }

    fn month(&self) -> Month {
        Month::parse(self.field("RE", 3), "診療年月").unwrap()
    }

    fn person(&self) -> (String, String) {
        (self.field("RE", 36 + usize::from(self.is_pharmacy()) * 5).to_owned(), self.field("RE", 6).to_owned())
    }

    fn prescriber(&self) -> String {
        (9..12).map(|place| self.field("RE", place)).collect()
    }

    /// Days of JD that are marked.
    fn visits(&self) -> Vec<Day> {
        let marked = self.of_kind("JD").next().unwrap()[2..].iter().enumerate().filter(|(_, mark)| *mark == "1");
        marked.map(|(place, _)| self.month().day(u8::try_from(place).unwrap() + 1).unwrap()).collect()
    }

    fn holds(&self, code: &str) -> bool {
        self.records.iter().any(|record| record.get(3).is_some_and(|field| field == code))
    }
}

fn records(file: &ClaimFileText) -> Vec<Vec<String>> {
    let text = file.text.strip_suffix('\u{1A}').expect("the file ends with 0x1A");
    let text = text.strip_suffix("\r\n").expect("the last record ends with CR LF");
    text.split("\r\n").map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn receipts(file: &ClaimFileText) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = Vec::new();
    for record in records(file) {
        match record[0].as_str() {
            "UK" | "IR" | "YK" | "GO" => {}
            "RE" => receipts.push(Receipt {
                institution: file.institution.to_string(),
                reviewer: file.reviewer,
                request_month: file.request_month,
                records: vec![record],
            }),
            _ => receipts.last_mut().unwrap().records.push(record),
        }
    }
    receipts
}

fn texts(world: &World) -> Vec<ClaimFileText> {
    world.request_months().flat_map(|month| world.claim_texts_of(month)).collect()
}

/// The receipts of 医科 and 調剤, whose fields these tests know.
fn all_receipts(world: &World) -> Vec<Receipt> {
    texts(world).iter().filter(|file| is_medical(file) || is_pharmacy(file)).flat_map(receipts).collect()
}

fn is_medical(file: &ClaimFileText) -> bool {
    file.file_name.ends_with("RECEIPTC.UKE")
}

fn is_pharmacy(file: &ClaimFileText) -> bool {
    file.file_name.ends_with("RECEIPTY.CYO")
}

fn named<'a>(world: &'a World, story_part: &str) -> &'a Inhabitant {
    let named = world.named_patients();
    let found = named.iter().find(|patient| patient.story.contains(story_part)).unwrap();
    world.people().iter().find(|person| person.key == found.key).unwrap()
}

fn receipts_of(receipts: &[Receipt], person: &Inhabitant) -> Vec<Receipt> {
    let identity = (person.kana.replace('　', ""), person.birthdate.to_string());
    receipts.iter().filter(|receipt| receipt.person() == identity).cloned().collect()
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}

#[test]
fn the_same_plan_gives_the_same_bytes_in_any_order_and_on_two_threads() {
    let seed = 42;
    let first = texts(&world(seed, 200, 6, 20_261_123));
    let other = world(seed, 200, 6, 20_261_123);
    let mut months: Vec<_> = other.request_months().collect();
    months.reverse();
    let mut backwards: Vec<_> = months.iter().map(|month| other.claim_texts_of(*month)).collect();
    backwards.reverse();
    assert_eq!(first, backwards.concat(), "seed {seed}");
    let (early, late) = months.split_at(3);
    let make =
        |months: &[Month]| months.iter().rev().flat_map(|month| other.claim_texts_of(*month)).collect::<Vec<_>>();
    let (late, early) = std::thread::scope(|scope| {
        let late = scope.spawn(|| make(late));
        (late.join().unwrap(), make(early))
    });
    assert_eq!(first, [late, early].concat(), "seed {seed}");
    assert_ne!(first, texts(&world(seed + 1, 200, 6, 20_261_123)));
}

#[test]
fn every_file_is_read_without_a_refusal_and_agrees_with_its_totals() {
    for (seed, today) in (11..).zip(DAYS) {
        for file in world(seed, 300, 12, today).claim_files() {
            let mut reader = ClaimsReader::open(&file.bytes[..]).unwrap();
            while let Some(receipt) = reader.next_receipt().unwrap() {
                let found = (receipt.claim.is_some(), &receipt.issues[..]);
                assert!(matches!(found, (true, [])), "seed {seed} {}: {found:?}", file.file_name);
            }
            let summary = reader.summary();
            assert_eq!(summary.stated, Some(summary.counted), "seed {seed} {}", file.file_name);
            assert!(summary.receipts > 0 && summary.issues.is_empty(), "seed {seed}: {summary:?}");
            assert_eq!((summary.unknown_records.len(), summary.extra_fields), (0, 0), "seed {seed}: {summary:?}");
        }
    }
}

#[test]
fn every_code_has_a_name_in_the_built_in_masters() {
    let masters = madoguchi_wire::masters::builtin();
    let drugs: HashSet<_> = masters.drugs.iter().map(|drug| drug.code.as_str()).collect();
    let procedures: HashSet<_> = masters.procedures.iter().map(|procedure| procedure.code.as_str()).collect();
    let seed = 12;
    for receipt in all_receipts(&world(seed, 1_000, 12, 20_261_123)) {
        let place = if receipt.is_pharmacy() { 2 } else { 3 };
        let unknown = receipt.of_kind("IY").find(|line| !drugs.contains(line[place].as_str()));
        assert_eq!(unknown, None, "seed {seed}");
        let unknown = receipt.of_kind("SI").find(|line| !procedures.contains(line[3].as_str()));
        assert_eq!(unknown, None, "seed {seed}");
    }
}

#[test]
fn totals_count_payers_and_the_points_of_the_main_payer() {
    let seed = 3;
    for file in texts(&world(seed, 600, 3, 20_261_123)) {
        let records = records(&file);
        let go = records.last().unwrap();
        let payers = records.iter().filter(|record| matches!(record[0].as_str(), "HO" | "KO")).count() as u64;
        let points: u64 = records.iter().filter(|record| record[0] == "HO").map(|record| number(&record[5])).sum();
        assert_eq!(go[0], "GO");
        assert_eq!((number(&go[1]), number(&go[2]), go[3].as_str()), (payers, points, "99"), "seed {seed}");
    }
}

#[test]
fn the_points_of_a_receipt_are_those_of_its_units() {
    let seed = 4;
    for receipt in all_receipts(&world(seed, 600, 3, 20_261_123)).iter().filter(|receipt| !receipt.is_pharmacy()) {
        let mut sum = 0;
        let mut class = String::new();
        for record in receipt.records.iter().filter(|record| matches!(record[0].as_str(), "SI" | "IY" | "CO")) {
            class = if record[1].is_empty() { class } else { record[1].clone() };
            if record[0] != "CO" && !record[5].is_empty() && class != "97" {
                sum += number(&record[5]) * number(&record[6]);
            }
        }
        assert_eq!(sum, number(receipt.field("HO", 5)), "seed {seed}: {receipt:?}");
    }
}

#[test]
fn days_add_up_to_the_count_and_exist_in_the_month() {
    let seed = 5;
    for receipt in all_receipts(&world(seed, 600, 6, 20_240_229)).iter().filter(|receipt| !receipt.is_pharmacy()) {
        let length = usize::from(receipt.month().last_day().day_of_month());
        let visits = receipt.visits();
        assert_eq!(visits.len() as u64, number(receipt.field("HO", 4)), "seed {seed}");
        for record in receipt.records.iter().filter(|record| matches!(record[0].as_str(), "SI" | "IY")) {
            assert!(record.len() <= 13 + length, "seed {seed}: {record:?}");
            let sum: u64 = record[13..].iter().filter(|count| !count.is_empty()).map(|count| number(count)).sum();
            assert_eq!(sum, number(&record[6]), "seed {seed}: {record:?}");
            let first = record[13..].iter().position(|count| !count.is_empty()).unwrap();
            assert!(visits.iter().any(|visit| usize::from(visit.day_of_month()) == first + 1), "seed {seed}");
        }
    }
}

#[test]
fn every_receipt_names_a_coverage_that_held_on_its_days_and_goes_to_its_reviewer() {
    for (seed, today) in (1..).zip(DAYS) {
        let world = world(seed, 800, 12, today);
        let people: HashMap<_, Vec<&Inhabitant>> = world.people().iter().fold(HashMap::new(), |mut people, person| {
            let identity = (person.kana.replace('　', ""), person.birthdate.to_string());
            people.entry(identity).or_insert_with(Vec::new).push(person);
            people
        });
        for receipt in all_receipts(&world) {
            let (insurer, branch) = (receipt.field("HO", 1), receipt.field("SN", 6));
            let held = people[&receipt.person()].iter().flat_map(|person| &person.coverages).any(|coverage| {
                let numbers = &coverage.numbers;
                let same = numbers.insurer.spaced() == insurer && numbers.branch == branch;
                let key = madoguchi_model::insurance::NumberKey::new(
                    &numbers.insurer,
                    receipt.field("HO", 2),
                    receipt.field("HO", 3),
                );
                same && key == numbers.key() && receipt.visits().iter().all(|visit| coverage.covers(*visit))
            });
            assert!(held, "seed {seed} today {today}: {receipt:?}");
            let national = insurer.starts_with("39") || insurer.starts_with(' ');
            assert_eq!(receipt.reviewer == Reviewer::NationalHealth, national, "seed {seed}: {insurer}");
            assert_eq!(receipt.field("RE", 2).chars().nth(1), Some(if insurer.starts_with("39") { '3' } else { '1' }));
        }
    }
}

#[test]
fn every_pharmacy_receipt_has_its_prescription() {
    let seed = 6;
    let world = world(seed, 1_000, 6, 20_261_123);
    let receipts = all_receipts(&world);
    let mut visits: HashSet<(String, (String, String), Day)> = HashSet::new();
    for receipt in receipts.iter().filter(|receipt| !receipt.is_pharmacy() && !receipt.is_inpatient()) {
        let prescribes = ["120002910", "120002710", "113003510", "113003610"].iter().any(|code| receipt.holds(code));
        for visit in receipt.visits().into_iter().filter(|_| prescribes) {
            visits.insert((receipt.institution.clone(), receipt.person(), visit));
        }
    }
    let mut supplies = 0;
    for receipt in receipts.iter().filter(|receipt| receipt.is_pharmacy()) {
        for supply in receipt.of_kind("CZ") {
            let (prescribed, dispensed) = (day(supply[2].parse().unwrap()), day(supply[3].parse().unwrap()));
            assert!(visits.contains(&(receipt.prescriber(), receipt.person(), prescribed)), "seed {seed}: {receipt:?}");
            assert!(prescribed <= dispensed && dispensed <= prescribed.plus_days(3), "seed {seed}: {supply:?}");
            assert_eq!(dispensed.month(), receipt.month(), "seed {seed}");
            supplies += 1;
        }
    }
    assert!(supplies > 1_000, "{supplies}");
}

#[test]
fn some_receipts_come_a_month_late_and_none_earlier() {
    let world = world(7, 1_000, 6, 20_261_123);
    let late: Vec<_> =
        all_receipts(&world).iter().map(|receipt| receipt.request_month.months_since(receipt.month())).collect();
    assert!(late.iter().all(|months| (1..=2).contains(months)));
    let share = late.iter().filter(|months| **months == 2).count() as f64 / late.len() as f64;
    assert!((0.002..0.03).contains(&share), "{share}");
}

#[test]
fn care_is_as_common_as_in_the_country() {
    let seed = 8;
    let world = world(seed, 1_000, 12, 20_261_123);
    let receipts = all_receipts(&world);
    let a_month = |count: usize| count as f64 / 12_000.0;
    let dpc_files = texts(&world).into_iter().filter(|file| file.file_name.ends_with("RECEIPTD.UKE"));
    let dpc = dpc_files.map(|file| file.text.matches("\r\nRE,").count()).sum::<usize>();
    let pharmacy = a_month(receipts.iter().filter(|receipt| receipt.is_pharmacy()).count());
    let in_wards = receipts.iter().filter(|receipt| receipt.is_inpatient()).count();
    let outpatient = a_month(receipts.len() - in_wards) - pharmacy;
    let inpatient = a_month(in_wards + dpc);
    assert!((0.55..0.85).contains(&outpatient), "seed {seed}: outpatient {outpatient}");
    assert!((0.37..0.60).contains(&pharmacy), "seed {seed}: pharmacy {pharmacy}");
    assert!((0.012..0.030).contains(&inpatient), "seed {seed}: inpatient {inpatient}");
    let operations = receipts.iter().filter(|receipt| receipt.of_kind("SI").any(|line| line[1] == "50")).count();
    assert!(operations > 30, "seed {seed}: operations {operations}");
}

#[test]
fn nothing_is_told_before_the_service_began_or_after_what_was_requested() {
    for (today, first, last) in [
        (20_211_201, 202_109, 202_110),
        (20_211_010, 202_109, 202_108),
        (20_261_111, 202_411, 202_610),
        (20_261_110, 202_410, 202_609),
    ] {
        let world = world(1, 50, 24, today);
        let months: Vec<_> = world.request_months().map(Month::number).collect();
        let expected = Month::from_number(last).unwrap().plus_months(1).number();
        assert_eq!(
            months.first().copied(),
            (first <= last).then(|| Month::from_number(first).unwrap().plus_months(1).number())
        );
        assert_eq!(months.last().copied(), (first <= last).then_some(expected), "{today}");
    }
}

#[test]
fn file_names_and_headers_fit_the_institution() {
    let world = world(2, 300, 2, 20_261_123);
    let mut names = HashSet::new();
    for file in texts(&world) {
        let header = records(&file).swap_remove(0);
        let (kind, endings) = match file.institution.as_str().as_bytes()[2] {
            b'1' => ("IR", &["RECEIPTC.UKE", "RECEIPTD.UKE"][..]),
            b'3' => ("UK", &["RECEIPTS.UKE"][..]),
            _ => ("YK", &["RECEIPTY.CYO"][..]),
        };
        assert_eq!(header[0], kind);
        assert!(endings.iter().any(|ending| file.file_name.ends_with(ending)), "{}", file.file_name);
        assert_eq!([&header[2], &header[3], &header[4]].map(String::as_str).concat(), file.institution.as_str());
        assert_eq!(header[1], file.reviewer.number().to_string());
        assert!(names.insert(file.file_name.clone()), "{}", file.file_name);
    }
    let of_kind = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).count();
    // Two months, two reviewing bodies; hospital and clinic.
    let counts = ["RECEIPTC.UKE", "RECEIPTS.UKE", "RECEIPTY.CYO"].map(of_kind);
    assert_eq!(counts, [8, 4, 4]);
    assert!((1..=4).contains(&of_kind("RECEIPTD.UKE")), "{names:?}");
}

#[test]
fn stories_of_care_hold_on_every_day() {
    for today in DAYS {
        let world = world(9, 60, 24, today);
        let (all, last) = (all_receipts(&world), world.care_period().to);
        for silent in ["一度も受診がなく", "新生児"] {
            assert!(receipts_of(&all, named(&world, silent)).is_empty(), "{today} {silent}");
        }
        let operated = receipts_of(&all, named(&world, "手術"));
        let stay: Vec<_> = operated.iter().filter(|receipt| receipt.holds("150254110")).collect();
        assert!(stay.len() == 1 && stay[0].is_inpatient() && stay[0].holds("150233410"), "{today}");
        let distance = last.months_since(stay[0].month());
        assert!(distance == 12 || stay[0].month() == world.care_period().from, "{today}: {distance}");

        let latest = |receipts: &[Receipt]| -> Vec<Receipt> {
            receipts.iter().filter(|receipt| receipt.month() == last).cloned().collect()
        };
        let five = latest(&receipts_of(&all, named(&world, "5種類")));
        let senders: HashSet<_> =
            five.iter().filter(|receipt| receipt.of_kind("IY").count() > 0).map(|r| &r.institution).collect();
        let drugs: HashSet<_> = five
            .iter()
            .flat_map(|r| r.of_kind("IY").map(|line| line[if r.is_pharmacy() { 2 } else { 3 }].clone()))
            .collect();
        assert_eq!((senders.len(), drugs.len()), (3, 5), "{today}: {five:?}");

        let many = latest(&receipts_of(&all, named(&world, "内服・外用・注射")));
        assert!(many.iter().map(|receipt| receipt.of_kind("IY").count()).sum::<usize>() >= 14, "{today}");

        let both: HashSet<_> =
            receipts_of(&all, named(&world, "75歳")).iter().map(|r| r.field("HO", 1).to_owned()).collect();
        assert_eq!(both.len(), 2, "{today}: {both:?}");

        let changed = named(&world, "途中");
        let month = changed.coverages[1].valid_from.month();
        let of_month: HashSet<_> = receipts_of(&all, changed)
            .iter()
            .filter(|r| r.month() == month)
            .map(|r| r.field("HO", 1).to_owned())
            .collect();
        assert_eq!(of_month.len(), 2, "{today}: {of_month:?}");
        assert!(!receipts_of(&all, named(&world, "喪失")).is_empty(), "{today}");
    }
}

#[test]
fn dialysis_gives_more_than_sixty_acts_in_half_a_year() {
    for (today, least) in [(20_211_201, 24), (20_240_229, 76), (20_261_123, 76), (20_270_401, 76)] {
        let world = world(9, 60, 24, today);
        let (all, last) = (all_receipts(&world), world.care_period().to);
        let mut days = 0;
        for receipt in receipts_of(&all, named(&world, "透析")) {
            if last.months_since(receipt.month()) < 6 {
                let sessions = receipt.of_kind("SI").filter(|line| line[3] == "140057810");
                days += sessions.map(|line| number(&line[6])).sum::<u64>();
            }
        }
        assert!(days >= least, "{today}: {days}");
    }
}

#[test]
fn twins_take_different_medicines() {
    let world = world(9, 60, 6, 20_261_123);
    let all = all_receipts(&world);
    let mut medicines = Vec::new();
    for patient in world.named_patients().iter().filter(|patient| patient.story.contains("双子")) {
        let person = world.people().iter().find(|person| person.key == patient.key).unwrap();
        let codes: HashSet<_> =
            receipts_of(&all, person).iter().flat_map(|r| r.of_kind("IY").map(|line| line[2].clone())).collect();
        medicines.push(codes);
    }
    assert_eq!(medicines.len(), 2);
    assert!(medicines.iter().all(|codes| !codes.is_empty()) && medicines[0].is_disjoint(&medicines[1]));
}

#[test]
fn a_rare_character_is_sent_as_a_question_mark() {
    let world = world(9, 60, 2, 20_261_123);
    let receipts = receipts_of(&all_receipts(&world), named(&world, "外字"));
    assert!(!receipts.is_empty() && receipts.iter().all(|receipt| receipt.field("RE", 4) == "渡？　和夫"));
    assert!(texts(&world).iter().all(|file| !file.text.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c))));
}
