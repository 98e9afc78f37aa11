//! Whom the checks ask for: a uniform sample of a whole population, kept in some tens of bytes a person.

use crate::dice::Dice;
use crate::fault::LoadFault;
use crate::plan::Source;
use crate::target::Target;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_synth::{World, WorldPlan};
use madoguchi_wire::coverage;
use std::fs::File;
use std::io::BufReader;

/// Persons that are drawn at most: about 70 bytes each.
pub const PEOPLE_MAX: u32 = 4_000_000;
/// Persons that are drawn unless the plan says otherwise.
const SAMPLE: u32 = 1_000_000;
const BETWEEN: char = '\t';

/// The people.
#[derive(Clone, Default)]
pub struct People {
    chosen: Vec<Box<str>>,
    seen: u64,
    /// Nothing is known of their coverages yet.
    unsure: bool,
}

/// What a check asks by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    /// 保険者番号, eight digits.
    pub insurer: &'a str,
    /// 記号.
    pub symbol: &'a str,
    /// 番号.
    pub number: &'a str,
    /// 枝番.
    pub branch: &'a str,
    /// 生年月日, YYYYMMDD.
    pub birthdate: &'a str,
}

/// Each of those that were offered has the same chance to be kept (reservoir sampling).
struct Reservoir {
    people: People,
    room: usize,
    dice: Dice,
}

impl People {
    /// Draws the people that the plan names; without a source, the holders of the target's cards. Only those who are
    /// insured on the server's day are drawn, so that every good answer is one of a valid coverage.
    ///
    /// # Errors
    /// A file that cannot be read, a bound, and a source without anybody.
    pub fn draw(source: &Source, target: &Target, seed: u64) -> Result<Self, LoadFault> {
        let sample = source.sample.unwrap_or(SAMPLE);
        if sample == 0 || sample > PEOPLE_MAX {
            return Err(LoadFault::plan("people.sample", format!("1から{PEOPLE_MAX}までで指定してください")));
        }
        let today = target.today()?;
        let mut reservoir =
            Reservoir { people: Self::default(), room: sample as usize, dice: Dice::new(seed, 0x70656f) };
        for path in &source.files {
            let file = File::open(path).map_err(|error| LoadFault::file(path, error))?;
            let list = coverage::read(BufReader::new(file)).map_err(|issue| LoadFault::file(path, issue))?;
            // A person's coverages stand together, the newest last: only that one is asked by.
            for person in list.rows.chunk_by(|one, next| one.person_key == next.person_key) {
                let Some(row) = person.last() else { continue };
                let lasts = row.valid_from <= today && row.valid_to.is_none_or(|last| today <= last);
                if lasts && row.kind != CertificateKind::MedicalAssistance {
                    reservoir.offer(&row.numbers, row.birthdate);
                }
            }
        }
        if let Some(world) = &source.world {
            let day = match &world.today {
                Some(text) => Day::parse(text, "people.world.today")
                    .map_err(|error| LoadFault::plan("people.world.today", error.to_string()))?,
                None => today,
            };
            let world = World::new(WorldPlan { persons: world.persons, ..WorldPlan::demo(world.seed, day) });
            for person in world.people() {
                if let Some((_, coverage)) = person.coverage_on(today) {
                    reservoir.offer(&coverage.numbers, person.birthdate);
                }
            }
        }
        if source.files.is_empty() && source.world.is_none() {
            return Self::of_cards(target);
        }
        match reservoir.people.chosen.is_empty() {
            true => Err(LoadFault::plan("people", "今日資格のある人がいません。資格情報のファイルを確認してください")),
            false => Ok(reservoir.people),
        }
    }

    /// Everyone who has a card of the target.
    fn of_cards(target: &Target) -> Result<Self, LoadFault> {
        let mut people = Self { unsure: true, ..Self::default() };
        for card in target.cards.iter().filter(|card| !card.number.is_empty() && !card.birthdate.is_empty()) {
            let numbers = [&card.insurer_number, &card.symbol, &card.number, &card.branch, &card.birthdate];
            people.seen += 1;
            people.chosen.push(numbers.map(String::as_str).join("\t").into());
        }
        match people.chosen.is_empty() {
            true => Err(LoadFault::plan(
                "people",
                "対象にカードがありません。people.filesまたはpeople.worldで人を指定してください",
            )),
            false => Ok(people),
        }
    }

    /// How many were drawn.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether nobody was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// From how many insured persons they were drawn.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.seen
    }

    /// Whether some of them may have no valid coverage: holders of cards, of whom some play just that.
    pub(crate) fn are_unsure(&self) -> bool {
        self.unsure
    }

    /// Those of them at the places that are kept.
    pub(crate) fn keep(self, places: &[bool]) -> Self {
        let kept = self.chosen.into_iter().zip(places).filter(|(_, kept)| **kept);
        Self { chosen: kept.map(|(line, _)| line).collect(), unsure: false, ..self }
    }

    /// The person at this place, round and round.
    ///
    /// # Panics
    /// Without anybody.
    #[must_use]
    pub fn person(&self, place: usize) -> Person<'_> {
        Person::of(&self.chosen[place % self.chosen.len()])
    }
}

impl<'a> Person<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        let mut fields = line.split(BETWEEN);
        let mut next = || fields.next().unwrap_or_default();
        Self { insurer: next(), symbol: next(), number: next(), branch: next(), birthdate: next() }
    }

    /// The numbers as the model reads them.
    ///
    /// # Errors
    /// When they are none.
    pub fn numbers(&self) -> Result<InsuranceNumbers, LoadFault> {
        let numbers = InsuranceNumbers::parse(self.insurer, self.symbol, self.number, self.branch);
        numbers.map_err(|_| LoadFault::plan("people", "番号として読めない人がいます"))
    }
}

impl std::fmt::Debug for People {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("People").field("drawn", &self.chosen.len()).field("seen", &self.seen).finish()
    }
}

impl Reservoir {
    fn offer(&mut self, numbers: &InsuranceNumbers, birthdate: Day) {
        self.people.seen += 1;
        let place = if self.people.chosen.len() < self.room {
            self.people.chosen.len()
        } else {
            self.dice.below(usize::try_from(self.people.seen).unwrap_or(usize::MAX))
        };
        if place >= self.room {
            return;
        }
        let day = birthdate.number().to_string();
        let insurer = numbers.insurer.padded();
        let fields = [&insurer, &numbers.symbol, &numbers.number, &numbers.branch, &day];
        let line: Box<str> = fields.map(String::as_str).join("\t").into();
        match self.people.chosen.get_mut(place) {
            Some(former) => *former = line,
            None => self.people.chosen.push(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(number: u64) -> InsuranceNumbers {
        InsuranceNumbers::parse("01130012", "12", &number.to_string(), "01").unwrap()
    }

    #[test]
    fn everyone_of_a_population_is_drawn_with_the_same_chance() {
        let mut times = vec![0_u32; 200];
        for seed in 0..400 {
            let mut reservoir = Reservoir { people: People::default(), room: 50, dice: Dice::new(seed, 1) };
            (0..200).for_each(|number| reservoir.offer(&numbers(number), Day::parse("19840709", "day").unwrap()));
            assert_eq!((reservoir.people.len(), reservoir.people.population()), (50, 200));
            for place in 0..50 {
                times[reservoir.people.person(place).number.parse::<usize>().unwrap()] += 1;
            }
        }
        // A quarter of 400 draws each; six standard deviations on both sides.
        assert!(times.iter().all(|count| (48..152).contains(count)), "{times:?}");
    }

    #[test]
    fn a_person_comes_back_as_offered() {
        let mut reservoir = Reservoir { people: People::default(), room: 5, dice: Dice::new(1, 1) };
        reservoir.offer(&numbers(700_123), Day::parse("19840709", "day").unwrap());
        let person = reservoir.people.person(7);
        assert_eq!(person.numbers().unwrap(), numbers(700_123));
        assert_eq!((person.insurer, person.birthdate), ("01130012", "19840709"));
    }
}
