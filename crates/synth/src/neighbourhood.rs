//! Who lives where: people drawn by the age pyramid in groups of 200, then joined to families.
//!
//! A neighbourhood depends on nothing but the seed and its number, so that a world of any size is
//! made in any order.

use crate::dice::{Dice, Stream};
use madoguchi_model::person::Sex;

/// People of a neighbourhood.
pub(crate) const PEOPLE: usize = 200;

/// Someone before name and insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Body {
    /// Completed years on the day of the world.
    pub(crate) age: i32,
    pub(crate) sex: Sex,
}

/// People who live together: adults first (the head, then a spouse), then children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Family {
    pub(crate) adults: Vec<Body>,
    pub(crate) children: Vec<Body>,
}

/// Thousands of people for each five years of age (2024-10-01).
const PYRAMID: [u32; 20] = [
    3_870, 4_690, 5_270, 5_490, 6_270, 6_478, 6_420, 6_980, 7_760, 8_870, 9_620, 8_350, 7_490, 7_270, 8_196, 8_260,
    5_830, 4_000, 2_050, 637,
];
/// Adults have left school: from this age on they insure themselves.
const ADULT_AGE: i32 = 20;
const CHILDREN_MAX: usize = 4;
const AGE_GAP_MAX: i32 = 8;

/// The families of a neighbourhood of at most [`PEOPLE`] people.
pub(crate) fn families(seed: u64, neighbourhood: u64, people: usize) -> Vec<Family> {
    let mut dice = Dice::new(seed, Stream::Neighbourhood, neighbourhood, 0);
    let bodies: Vec<_> = (0..people).map(|place| body(&mut dice, place, people)).collect();
    let (mut children, adults): (Vec<_>, Vec<_>) = bodies.into_iter().partition(|body| body.age < ADULT_AGE);
    let mut families = couples_and_singles(&mut dice, adults);
    dice.shuffle(&mut children);
    for child in children {
        settle(&mut dice, &mut families, child);
    }
    dice.shuffle(&mut families);
    families
}

/// The body at this place of the pyramid: stratified, so that even a small world has its shape.
fn body(dice: &mut Dice, place: usize, people: usize) -> Body {
    let total: u32 = PYRAMID.iter().sum();
    let mut left = (place as f64 + dice.fraction()) / people as f64 * f64::from(total);
    for (class, count) in PYRAMID.iter().enumerate() {
        let count = f64::from(*count);
        if left < count || class == PYRAMID.len() - 1 {
            let years = (left / count * 5.0).clamp(0.0, 4.999) as i32;
            let age = class as i32 * 5 + years;
            let sex = if dice.chance(female_share(age)) { Sex::Female } else { Sex::Male };
            return Body { age, sex };
        }
        left -= count;
    }
    Body { age: 40, sex: Sex::Female }
}

fn female_share(age: i32) -> f64 {
    match age {
        ..50 => 0.487,
        50..65 => 0.50,
        65..75 => 0.52,
        75..85 => 0.57,
        85..95 => 0.67,
        _ => 0.84,
    }
}

/// Joins men and women of about the same age; everyone else stays alone.
fn couples_and_singles(dice: &mut Dice, adults: Vec<Body>) -> Vec<Family> {
    let (mut men, mut women): (Vec<_>, Vec<_>) = adults.into_iter().partition(|adult| adult.sex == Sex::Male);
    men.sort_by_key(|man| -man.age);
    women.sort_by_key(|woman| -woman.age);
    let mut families = Vec::new();
    let mut women = women.into_iter().peekable();
    for man in men {
        while let Some(widow) = women.next_if(|woman| woman.age > man.age + 2) {
            families.push(Family { adults: vec![widow], children: Vec::new() });
        }
        let lives_together = man.age >= 26 && dice.chance(0.68);
        let wife = women.next_if(|woman| lives_together && woman.age >= 23 && man.age - woman.age <= AGE_GAP_MAX);
        families.push(Family { adults: std::iter::once(man).chain(wife).collect(), children: Vec::new() });
    }
    families.extend(women.map(|woman| Family { adults: vec![woman], children: Vec::new() }));
    families
}

/// Gives a child parents of a fitting age, couples first; whoever finds none lives alone as a student
/// or, in the smallest worlds, with the nearest adult.
fn settle(dice: &mut Dice, families: &mut Vec<Family>, child: Body) {
    let fits = |family: &Family, adults_min: usize| {
        family.adults.len() >= adults_min
            && family.children.len() < CHILDREN_MAX
            && family.adults.iter().all(|adult| (20..=45).contains(&(adult.age - child.age)))
    };
    for adults_min in [2, 1] {
        let homes: Vec<_> = (0..families.len()).filter(|home| fits(&families[*home], adults_min)).collect();
        if !homes.is_empty() {
            families[*dice.pick(&homes)].children.push(child);
            return;
        }
    }
    match families.iter_mut().find(|family| family.adults[0].age >= child.age + 20) {
        Some(family) => family.children.push(child),
        None => families.push(Family { adults: vec![child], children: Vec::new() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbourhood_has_its_people_and_the_shape_of_the_pyramid() {
        for seed in [1, 2, 3] {
            let everyone: Vec<_> = (0..25)
                .flat_map(|number| families(seed, number, PEOPLE))
                .flat_map(|family| family.adults.into_iter().chain(family.children))
                .collect();
            assert_eq!(everyone.len(), 25 * PEOPLE);
            for (low, high, share) in [(0, 15, 0.112), (15, 65, 0.596), (65, 200, 0.293), (75, 200, 0.168)] {
                let found = everyone.iter().filter(|body| (low..high).contains(&body.age)).count() as f64 / 5_000.0;
                assert!((found - share).abs() < 0.012, "seed {seed}: ages {low}-{high} are {found}");
            }
            let men = everyone.iter().filter(|body| body.sex == Sex::Male).count() as f64 / 5_000.0;
            assert!((0.46..0.51).contains(&men), "seed {seed}: men {men}");
        }
    }

    #[test]
    fn children_live_with_someone_old_enough() {
        for family in families(5, 0, PEOPLE) {
            for child in &family.children {
                assert!(family.adults[0].age - child.age >= 20, "{family:?}");
            }
        }
    }

    #[test]
    fn the_smallest_neighbourhood_is_one_person() {
        assert_eq!(families(1, 0, 1).len(), 1);
    }
}
