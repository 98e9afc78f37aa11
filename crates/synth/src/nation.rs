//! A world of any size: districts, prefecture by prefecture, each made alone from the seed and its number.

use crate::district::{DISTRICT_PERSONS_MAX, District};
use crate::institution::district_institutions;
use crate::prefecture::{Prefecture, prefectures};
use crate::story::Visible;
use crate::world::{World, WorldPlan};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::Institution;

/// Most people of a nation: a few more than Japan has.
pub const NATION_PERSONS_MAX: u32 = 130_000_000;
/// Fewest people of a nation: enough for the named patients and for every prefecture.
pub const NATION_PERSONS_MIN: u32 = 1_000;
/// Up to so many people live in one district.
pub const SMALL_WORLD_PERSONS_MAX: u32 = DISTRICT_PERSONS_MAX as u32;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NationPlan {
    /// Where all chance comes from.
    pub seed: u64,
    /// People, [`NATION_PERSONS_MIN`] to [`NATION_PERSONS_MAX`]; numbers outside are moved to the nearest bound.
    pub persons: u32,
    /// Months of care up to today, 1 to 60; none before 2021-09.
    pub months: u32,
    /// The day on which the world is looked at.
    pub today: Day,
}

/// A world that is made district by district.
///
/// Most people go to the institutions of their district, some to those of the neighbouring one in the same prefecture:
/// what they received there stands in a further file of that institution, so that no district has to wait for another.
#[derive(Debug, Clone)]
pub struct Nation {
    plan: WorldPlan,
    /// Nothing for a small world, which is one district.
    shares: Vec<Share>,
}

/// What a prefecture has of the nation.
#[derive(Debug, Clone, Copy)]
struct Share {
    prefecture: Prefecture,
    persons: u64,
    first_serial: u64,
    districts: u32,
    first_district: u32,
}

impl Nation {
    /// Divides the people among the prefectures and their districts. The people themselves are made later.
    #[must_use]
    pub fn new(plan: NationPlan) -> Self {
        let NationPlan { seed, persons, months, today } = plan;
        let persons = persons.clamp(NATION_PERSONS_MIN, NATION_PERSONS_MAX);
        let plan = WorldPlan { persons, months, ..WorldPlan::demo(seed, today) };
        Self { plan, shares: shares(u64::from(persons)) }
    }

    /// A small world as a nation of one district.
    #[must_use]
    pub const fn small(plan: WorldPlan) -> Self {
        Self { plan, shares: Vec::new() }
    }

    /// How many districts there are.
    #[must_use]
    pub fn districts(&self) -> u32 {
        self.shares.last().map_or(1, |share| share.first_district + share.districts)
    }

    /// Makes a district by its number; `None` where there is none. It depends on nothing but the plan and the number.
    #[must_use]
    pub fn district(&self, number: u32) -> Option<World> {
        if self.shares.is_empty() {
            return (number == 0).then(|| World::new(self.plan));
        }
        let share = self.shares.iter().find(|share| share.contains(number))?;
        let district = share.district(number - share.first_district);
        let next = share.neighbour(district.place).map(|place| self.institutions_of(share, &share.district(place)));
        let own = self.institutions_of(share, &district);
        let plan = WorldPlan { persons: district.persons as u32, ..self.plan };
        Some(World::of_district(plan, district, own, next.unwrap_or_default()))
    }

    /// The institutions of a district, without its people.
    #[must_use]
    pub fn institutions(&self, number: u32) -> Vec<Institution> {
        match self.shares.iter().find(|share| share.contains(number)) {
            Some(share) => self.institutions_of(share, &share.district(number - share.first_district)),
            None => self.district(number).map_or_else(Vec::new, |world| world.institutions().to_vec()),
        }
    }

    fn institutions_of(&self, share: &Share, district: &District) -> Vec<Institution> {
        district_institutions(self.plan.seed, district, district.first_serial - share.first_serial)
    }

    /// The months in which files are sent (請求年月).
    pub fn request_months(&self) -> impl Iterator<Item = Month> + use<> {
        let Visible { first, last } = Visible::of(self.plan.today, self.plan.months.clamp(1, crate::world::MONTHS_MAX));
        (0..=last.months_since(first)).map(move |months| first.plus_months(months + 1))
    }

    /// The plan in one line: what was made by the same line is the same.
    #[must_use]
    pub fn plan_line(&self) -> String {
        let WorldPlan { seed, persons, institutions, months, today } = self.plan;
        let institutions = if self.shares.is_empty() { institutions } else { 0 };
        format!("seed={seed} persons={persons} institutions={institutions} months={months} today={today}")
    }
}

impl Share {
    fn contains(&self, district: u32) -> bool {
        (self.first_district..self.first_district + self.districts).contains(&district)
    }

    fn district(&self, place: u32) -> District {
        let (each, more) = (self.persons / u64::from(self.districts), self.persons % u64::from(self.districts));
        let first = self.first_serial + u64::from(place) * each + u64::from(place).min(more);
        let persons = each + u64::from(u64::from(place) < more);
        let places = (place, self.districts);
        District::of_nation(self.first_district + place, self.prefecture.number, places, (first, persons as usize))
    }

    /// Districts visit each other in pairs; an odd last one visits the one before it.
    fn neighbour(&self, place: u32) -> Option<u32> {
        let other = place ^ 1;
        if other < self.districts { Some(other) } else { place.checked_sub(1) }
    }
}

/// Largest remainders: the shares add up to everybody.
fn shares(persons: u64) -> Vec<Share> {
    let all: Vec<_> = prefectures().collect();
    let total: u64 = all.iter().map(|prefecture| u64::from(prefecture.thousands)).sum();
    let exact = |prefecture: &Prefecture| persons * u64::from(prefecture.thousands);
    let mut counts: Vec<u64> = all.iter().map(|prefecture| exact(prefecture) / total).collect();
    let mut by_remainder: Vec<usize> = (0..all.len()).collect();
    by_remainder.sort_by_key(|place| (std::cmp::Reverse(exact(&all[*place]) % total), *place));
    let left = persons - counts.iter().sum::<u64>();
    by_remainder.into_iter().take(left as usize).for_each(|place| counts[place] += 1);
    let (mut first_serial, mut first_district) = (0, 0);
    let share = |(prefecture, persons): (Prefecture, u64)| {
        let districts = persons.div_ceil(DISTRICT_PERSONS_MAX).max(1) as u32;
        let share = Share { prefecture, persons, first_serial, districts, first_district };
        first_serial += persons;
        first_district += districts;
        share
    };
    all.into_iter().zip(counts).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nation(persons: u32) -> Nation {
        Nation::new(NationPlan { seed: 1, persons, months: 1, today: Day::from_number(20_261_123).unwrap() })
    }

    #[test]
    fn shares_hold_everybody_once() {
        for persons in [NATION_PERSONS_MIN, 15_001, 1_000_000, 124_000_000, 125_000_000, NATION_PERSONS_MAX] {
            let nation = nation(persons);
            let (mut serial, mut number) = (0, 0);
            for share in &nation.shares {
                for place in 0..share.districts {
                    let district = share.district(place);
                    assert_eq!((district.number, district.first_serial), (number, serial), "{persons}");
                    assert!((1..=DISTRICT_PERSONS_MAX as usize).contains(&district.persons), "{persons} {district:?}");
                    let neighbour = share.neighbour(place);
                    assert!(neighbour.is_none_or(|other| other != place && other < share.districts));
                    serial += district.persons as u64;
                    number += 1;
                }
            }
            assert_eq!((serial, number), (u64::from(persons), nation.districts()), "{persons}");
        }
    }

    #[test]
    fn institutions_are_as_many_as_the_country_has_and_no_code_is_twice() {
        let nation = nation(10_000_000);
        let all: Vec<_> = (0..nation.districts()).flat_map(|number| nation.institutions(number)).collect();
        let codes: std::collections::HashSet<_> = all.iter().map(|institution| &institution.code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|institution| institution.name.chars().count() <= 20));
        let hospitals = all.iter().filter(|institution| institution.hospital).count();
        assert!((660..760).contains(&hospitals), "{hospitals}");
        assert!((20_700..21_200).contains(&all.len()), "{}", all.len());
    }
}
