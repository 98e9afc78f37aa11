//! Plans for the cards of the world (マイナンバーカードの見本).
//!
//! A plan says who gets a card, with which PIN and for how long. The key pairs and certificates
//! themselves are made where the trust of the demo lives.

use crate::dice::{Dice, Stream};
use crate::person::Inhabitant;
use crate::story::{NAMED_PEOPLE, Story};
use crate::world::World;
use madoguchi_model::day::Day;

/// Ordinary people with a card, besides the named patients.
const ORDINARY_CARDS: usize = 10;
/// What the list of cards says of people without a case.
const ORDINARY_STORY: &str = "一般の方";

/// A card to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPlan {
    /// Key of the person.
    pub person_key: String,
    /// 暗証番号, four digits.
    pub pin: String,
    /// 氏名, as registered.
    pub name: String,
    /// First day of the certificate.
    pub not_before: Day,
    /// Last day of the certificate.
    pub not_after: Day,
    /// The card's own last day.
    pub card_ends_on: Day,
    /// The case that the patient plays.
    pub story: &'static str,
}

impl World {
    /// The cards of all named patients, then of some ordinary people. The PINs come from
    /// `pin_seed` alone: give the world's own seed for a demo that repeats, fresh chance otherwise.
    #[must_use]
    pub fn card_plans(&self, pin_seed: u64) -> Vec<CardPlan> {
        let named = self.people()[..NAMED_PEOPLE].iter().filter(|person| person.plays_a_case());
        let adults = self.people()[NAMED_PEOPLE..].iter().filter(|person| person.birthdate.age_on(self.today()) >= 18);
        named.chain(adults.step_by(7).take(ORDINARY_CARDS)).map(|person| self.card_plan(pin_seed, person)).collect()
    }

    fn card_plan(&self, pin_seed: u64, person: &Inhabitant) -> CardPlan {
        let today = self.today();
        let (not_before, not_after) = match person.story {
            Some(Story::CertificateNearEnd) => (today.plus_days(60).plus_years(-5), today.plus_days(60)),
            Some(Story::ExpiredCard) => (today.plus_days(-20).plus_years(-5), today.plus_days(-20)),
            _ => (today.plus_days(-400).max(person.birthdate), today.plus_days(-400).plus_years(5)),
        };
        CardPlan {
            person_key: person.key.clone(),
            pin: Dice::new(pin_seed, Stream::Cards, person.serial, 0).digits(4),
            name: person.name.clone(),
            not_before,
            not_after,
            card_ends_on: card_ends_on(person, today),
            story: person.story.map_or(ORDINARY_STORY, Story::line),
        }
    }
}

/// A card lasts ten years (five for those who got it as children): until a birthday some years ahead.
pub(crate) fn card_ends_on(person: &Inhabitant, today: Day) -> Day {
    if person.story == Some(Story::CardNearEnd) {
        return today.plus_days(50);
    }
    person.birthdate.plus_years(today.year() - person.birthdate.year() + 4)
}

impl Inhabitant {
    /// Whether the person is a named patient, not one who only lives with such a patient.
    pub(crate) fn plays_a_case(&self) -> bool {
        self.story.is_some_and(|story| story != Story::Family)
    }
}
