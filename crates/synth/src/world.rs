//! A world: everything that follows from a seed, a size and a day.

use crate::district::District;
use crate::health::{Health, health};
use crate::household::{Setting, inhabitants};
use crate::institution::institutions;
use crate::neighbourhood::{PEOPLE, families};
use crate::person::Inhabitant;
use crate::places::Places;
use crate::story::{NAMED_PEOPLE, NamedPatient, Story, Visible, people};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::Institution;
use madoguchi_model::release::Period;
use std::sync::OnceLock;

/// Fewest people of a world: the named patients and those who live with them.
pub const PERSONS_MIN: u32 = NAMED_PEOPLE as u32;
/// Most people of a world; a larger one does not fit into memory.
pub const PERSONS_MAX: u32 = 2_000_000;
/// Most months that a world tells of: what can be seen.
pub const MONTHS_MAX: u32 = 60;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldPlan {
    /// Where all chance comes from.
    pub seed: u64,
    /// People, [`PERSONS_MIN`] to [`PERSONS_MAX`]; numbers outside are moved to the nearest bound.
    pub persons: u32,
    /// Institutions, at least one of each sort.
    pub institutions: usize,
    /// Months of care up to today, 1 to [`MONTHS_MAX`]; none before 2021-09.
    pub months: u32,
    /// The day on which the world is looked at: ages, releases and stories follow it.
    pub today: Day,
}

impl WorldPlan {
    /// The demo's world: 1,000 people, five institutions, 24 months.
    #[must_use]
    pub const fn demo(seed: u64, today: Day) -> Self {
        Self { seed, persons: 1_000, institutions: 5, months: 24, today }
    }
}

/// A world from a seed, or one district of a [`crate::Nation`]. The people are held in memory (about
/// 0.5 kB each); their claims are made month by month.
#[derive(Debug)]
pub struct World {
    plan: WorldPlan,
    visible: Visible,
    pub(crate) district: District,
    /// The district's own, then its neighbour's.
    institutions: Vec<Institution>,
    own_institutions: usize,
    pub(crate) places: Places,
    people: Vec<Inhabitant>,
    /// By the place of the person, made when the first is asked for.
    healths: OnceLock<Vec<Health>>,
}

impl World {
    /// Makes institutions and people.
    #[must_use]
    pub fn new(plan: WorldPlan) -> Self {
        let persons = plan.persons.clamp(PERSONS_MIN, PERSONS_MAX);
        let institutions = institutions(plan.seed, plan.institutions);
        Self::of_district(WorldPlan { persons, ..plan }, District::alone(persons), institutions, Vec::new())
    }

    /// Makes the people of a district with these institutions, whose neighbours are `next`.
    pub(crate) fn of_district(
        plan: WorldPlan,
        district: District,
        own: Vec<Institution>,
        next: Vec<Institution>,
    ) -> Self {
        let plan = WorldPlan { months: plan.months.clamp(1, MONTHS_MAX), ..plan };
        let visible = Visible::of(plan.today, plan.months);
        let setting =
            Setting { seed: plan.seed, today: plan.today, since: visible.first.first_day(), district: &district };
        let mut everyone = if district.has_named_patients() { people(&setting, &visible) } else { Vec::new() };
        add_ordinary_people(&setting, &mut everyone);
        let own_institutions = own.len();
        let institutions = [own, next].concat();
        let places = Places::of(&institutions, own_institutions, district.extent);
        let healths = OnceLock::new();
        Self { plan, visible, district, institutions, own_institutions, places, people: everyone, healths }
    }

    /// The seed of everything.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// The day of the world.
    #[must_use]
    pub const fn today(&self) -> Day {
        self.plan.today
    }

    /// All institutions that stand here; in a small world one of each sort first.
    #[must_use]
    pub fn institutions(&self) -> &[Institution] {
        &self.institutions[..self.own_institutions]
    }

    /// An institution that people go to, here or in the neighbouring district.
    pub(crate) fn institution(&self, index: usize) -> &Institution {
        &self.institutions[index]
    }

    /// Whether an institution stands here.
    pub(crate) const fn is_own(&self, index: usize) -> bool {
        index < self.own_institutions
    }

    /// The health of one of the people.
    pub(crate) fn health(&self, person: &Inhabitant) -> &Health {
        let all = self.healths.get_or_init(|| {
            let since = self.visible.first.first_day();
            let of = |person| health(self.seed(), person, &self.places, self.today(), since);
            self.people.iter().map(of).collect()
        });
        &all[(person.serial - self.district.first_serial) as usize]
    }

    /// All people, the named patients and their families first.
    #[must_use]
    pub fn people(&self) -> &[Inhabitant] {
        &self.people
    }

    /// The named patients in the order of their stories.
    #[must_use]
    pub fn named_patients(&self) -> Vec<NamedPatient> {
        let named = self.people.iter().filter(|person| person.plays_a_case());
        named
            .map(|person| NamedPatient {
                key: person.key.clone(),
                name: person.name.clone(),
                story: person.story.map_or("", Story::line),
            })
            .collect()
    }

    /// The months of care that the world's claims tell of.
    #[must_use]
    pub const fn care_period(&self) -> Period {
        Period { from: self.visible.first, to: self.visible.last }
    }

    pub(crate) const fn visible(&self) -> &Visible {
        &self.visible
    }

    /// The care months from the first to the last.
    pub(crate) fn care_months(&self) -> impl Iterator<Item = Month> + use<> {
        let Visible { first, last } = self.visible;
        (0..=last.months_since(first)).map(move |months| first.plus_months(months))
    }
}

fn add_ordinary_people(setting: &Setting<'_>, everyone: &mut Vec<Inhabitant>) {
    let district = setting.district;
    let mut place = 0;
    while everyone.len() < district.persons {
        let count = (district.persons - everyone.len()).min(PEOPLE);
        for family in families(setting.seed, district.neighbourhood(place), count) {
            let serial = district.first_serial + everyone.len() as u64;
            everyone.extend(inhabitants(setting, &family, serial));
        }
        place += 1;
    }
}
