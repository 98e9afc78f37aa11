//! A district: the part of a world that is made alone and then forgotten.
//!
//! A small world is one district. A nation has districts of at most [`DISTRICT_PERSONS_MAX`] people,
//! each with insurers and institutions of its own and a neighbour whose institutions some people visit.

use crate::insurer::{INSURERS, Insurer, district_insurers};
use crate::prefecture::TOKYO;

/// Most people of a district of a nation.
pub(crate) const DISTRICT_PERSONS_MAX: u64 = 15_000;
/// Room for the neighbourhoods of a district (each 200 people) in their common numbering.
const NEIGHBOURHOODS_MAX: u64 = 100;

/// Whether the world is this district alone or has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A world of its own, as the demo's.
    Alone,
    /// One of a nation's: people die here, and some go to the neighbouring district.
    OfNation,
}

/// What is fixed for the people and institutions of a district.
#[derive(Debug, Clone)]
pub(crate) struct District {
    /// Number in the world, from 0.
    pub(crate) number: u32,
    pub(crate) extent: Extent,
    /// 都道府県番号.
    pub(crate) prefecture: u8,
    /// Place among the districts of the prefecture, from 0.
    pub(crate) place: u32,
    /// Number of its first person in the world.
    pub(crate) first_serial: u64,
    pub(crate) persons: usize,
    pub(crate) insurers: Vec<Insurer>,
}

impl District {
    /// The only district of a small world.
    pub(crate) fn alone(persons: u32) -> Self {
        Self {
            number: 0,
            extent: Extent::Alone,
            prefecture: TOKYO,
            place: 0,
            first_serial: 0,
            persons: persons as usize,
            insurers: INSURERS.to_vec(),
        }
    }

    /// A district of a nation; the first of all has the insurers of the named patients.
    pub(crate) fn of_nation(number: u32, prefecture: u8, (place, places): (u32, u32), people: (u64, usize)) -> Self {
        let insurers = if number == 0 { INSURERS.to_vec() } else { district_insurers(prefecture, place, places) };
        let (first_serial, persons) = people;
        Self { number, extent: Extent::OfNation, prefecture, place, first_serial, persons, insurers }
    }

    /// Whether the named patients live here.
    pub(crate) const fn has_named_patients(&self) -> bool {
        self.number == 0
    }

    /// The number of a neighbourhood among those of all districts.
    pub(crate) fn neighbourhood(&self, place: u64) -> u64 {
        u64::from(self.number) * NEIGHBOURHOODS_MAX + place
    }

    /// A number that no other person of the prefecture has.
    pub(crate) fn person_number(&self, serial: u64) -> u64 {
        serial - self.first_serial + u64::from(self.place) * DISTRICT_PERSONS_MAX
    }

    /// Likewise for an insured group, whose serial number is twice its first person's, or one more.
    pub(crate) fn group_number(&self, serial: u64) -> u64 {
        self.local_group_number(serial) + 2 * u64::from(self.place) * DISTRICT_PERSONS_MAX
    }

    /// A number that no other group of the district has.
    pub(crate) fn local_group_number(&self, serial: u64) -> u64 {
        serial - 2 * self.first_serial
    }
}
