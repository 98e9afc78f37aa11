//! The named patients play every grade of 資格確認, by the numbers that their entry shows and by their card.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::Coverage;
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::eligibility::{Found, Holder, Presence, Query, Validity, by_card, by_numbers, matching};
use madoguchi_model::id::{CoverageId, PersonId};
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_synth::{Inhabitant, World, WorldPlan};
use madoguchi_wire::coverage::CoverageRow;

const TODAY: i64 = 20_261_123;

struct Registry {
    world: World,
    coverages: Vec<(String, Coverage, Day)>,
    tickets: Vec<(String, bool)>,
}

fn today() -> Day {
    Day::from_number(TODAY).unwrap()
}

fn number(place: usize) -> Timestamp {
    Timestamp::from_micros(i64::try_from(place).unwrap() * 1_000)
}

fn registry() -> Registry {
    let world = World::new(WorldPlan::demo(7, today()));
    let file = madoguchi_wire::coverage::read(world.coverage_csv(|_| String::new()).as_bytes()).unwrap();
    let place = |row: &CoverageRow| world.people().iter().position(|person| person.key == row.person_key).unwrap();
    let coverages = file.rows.into_iter().enumerate().map(|(index, row)| {
        let (birthdate, person) = (row.birthdate, PersonId::new(number(place(&row)), [0; 10]));
        let coverage = Coverage {
            person,
            id: CoverageId::new(number(index), [0; 10]),
            numbers: row.numbers,
            insurer_name: row.insurer_name,
            relation: row.relation,
            kind: row.kind,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            loss: row.loss,
            patient_share_percent: row.patient_share_percent,
            certificate: row.certificate,
        };
        (row.person_key, coverage, birthdate)
    });
    let coverages = coverages.collect();
    let tickets = madoguchi_wire::ticket::read(world.ticket_csv().as_bytes()).unwrap().rows;
    let here = &world.institutions()[0].code;
    let tickets = tickets.into_iter().filter(|row| row.month == today().month());
    let tickets = tickets.map(|row| (row.person_key, row.institution == *here)).collect();
    Registry { world, coverages, tickets }
}

impl Registry {
    fn person(&self, story_part: &str) -> &Inhabitant {
        let named = self.world.named_patients();
        let key = named.into_iter().find(|patient| patient.story.contains(story_part)).unwrap().key;
        self.world.people().iter().find(|person| person.key == key).unwrap()
    }

    fn coverages_of(&self, key: &str) -> Vec<Coverage> {
        self.coverages.iter().filter(|(whose, ..)| whose == key).map(|(_, coverage, _)| coverage.clone()).collect()
    }

    fn presence(&self, key: &str) -> Presence {
        let here = self.tickets.iter().any(|(whose, here)| whose == key && *here);
        if here { Presence::Registered } else { Presence::Missing }
    }

    fn grade_by_numbers(&self, numbers: &InsuranceNumbers, birthdate: Day) -> Validity {
        let query = Query { numbers: numbers.clone(), birthdate, limit_consent: false, day: today() };
        let found = self.coverages.iter().filter(|(_, coverage, _)| coverage.numbers.key() == numbers.key());
        let holders: Vec<_> = found
            .map(|(_, coverage, born)| Holder {
                person: coverage.person,
                coverage: coverage.id,
                number: coverage.numbers.number.clone(),
                branch: coverage.numbers.branch.clone(),
                birthdate: *born,
            })
            .collect();
        match matching(&query, &holders) {
            Found::Person(person, asked) => {
                let (key, ..) = self.coverages.iter().find(|(_, coverage, _)| coverage.person == person).unwrap();
                by_numbers(&asked, &self.coverages_of(key), today(), self.presence(key)).validity
            }
            Found::Several => Validity::Several,
            Found::Nobody | Found::OtherBirthdate => Validity::None,
        }
    }

    #[track_caller]
    fn check(&self, story_part: &str, numbers: Validity, card: Validity, kinds: &[CertificateKind]) {
        let person = self.person(story_part);
        let shown = &person.coverage_to_show(today()).unwrap().numbers;
        assert_eq!(self.grade_by_numbers(shown, person.birthdate), numbers, "{story_part}");
        let neighbour = self.grade_by_numbers(shown, person.birthdate.plus_days(1));
        assert_eq!(neighbour, Validity::None, "{story_part}: born a day later");
        let all = self.coverages_of(&person.key);
        let verdict = by_card(&all, today(), self.presence(&person.key));
        let found: Vec<_> = verdict.coverages.iter().map(|coverage| coverage.kind).collect();
        assert_eq!((verdict.validity, found.as_slice()), (card, kinds), "{story_part}");
    }
}

#[test]
fn every_grade_is_played_by_numbers_and_by_card() {
    use CertificateKind::{General, MedicalAssistance, SelfDefense};
    use Validity::{Invalid, NotRegistered, Replaced, Several, Valid};
    let registry = registry();
    for (story_part, numbers, card, kinds) in [
        ("まだ一度も受診がなく", Valid, Valid, &[General][..]),
        ("手続きがまだ", Invalid, Invalid, &[General]),
        ("死亡", Invalid, Invalid, &[General]),
        ("生活保護の受給で", Replaced, Valid, &[MedicalAssistance]),
        ("同時に有効", Valid, Several, &[General, General]),
        ("今月の医療券あり", Valid, Valid, &[MedicalAssistance]),
        ("医療券が未登録", NotRegistered, NotRegistered, &[MedicalAssistance]),
        ("併用", Valid, Valid, &[General, MedicalAssistance]),
        ("自衛官", Valid, Valid, &[SelfDefense]),
        ("月の途中", Valid, Valid, &[General]),
    ] {
        registry.check(story_part, numbers, card, kinds);
    }
    // Twins: without the branch nobody can tell which of them it is.
    let twin = registry.person("双子");
    let mut numbers = twin.coverage_to_show(today()).unwrap().numbers.clone();
    assert_eq!(registry.grade_by_numbers(&numbers, twin.birthdate), Valid);
    numbers.branch.clear();
    assert_eq!(registry.grade_by_numbers(&numbers, twin.birthdate), Several);
    // The former numbers of whoever changed the insurer.
    let moved = registry.person("月の途中");
    assert_eq!(registry.grade_by_numbers(&moved.coverages[0].numbers, moved.birthdate), Replaced);
}
