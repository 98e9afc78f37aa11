//! A world: everything that follows from a seed, a size and a day.

use crate::household::{Setting, inhabitants};
use crate::institution::institutions;
use crate::neighbourhood::{PEOPLE, families};
use crate::person::Inhabitant;
use crate::story::{NAMED_PEOPLE, NamedPatient, Story, Visible, people};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::Institution;
use madoguchi_model::release::Period;

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

/// A world from a seed. The people are held in memory (about 0.5 kB each); their claims are made
/// month by month.
#[derive(Debug)]
pub struct World {
    plan: WorldPlan,
    visible: Visible,
    institutions: Vec<Institution>,
    people: Vec<Inhabitant>,
}

impl World {
    /// Makes institutions and people.
    #[must_use]
    pub fn new(plan: WorldPlan) -> Self {
        let persons = plan.persons.clamp(PERSONS_MIN, PERSONS_MAX);
        let plan = WorldPlan { persons, months: plan.months.clamp(1, MONTHS_MAX), ..plan };
        let visible = Visible::of(plan.today, plan.months);
        let setting = Setting { seed: plan.seed, today: plan.today, since: visible.first.first_day() };
        let mut everyone = people(&setting, &visible);
        add_ordinary_people(&setting, persons as usize, &mut everyone);
        Self { plan, visible, institutions: institutions(plan.seed, plan.institutions), people: everyone }
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

    /// All institutions, one of each sort first.
    #[must_use]
    pub fn institutions(&self) -> &[Institution] {
        &self.institutions
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

fn add_ordinary_people(setting: &Setting, persons: usize, everyone: &mut Vec<Inhabitant>) {
    let mut neighbourhood = 0;
    while everyone.len() < persons {
        let count = (persons - everyone.len()).min(PEOPLE);
        for family in families(setting.seed, neighbourhood, count) {
            let serial = everyone.len() as u64;
            everyone.extend(inhabitants(setting, &family, serial));
        }
        neighbourhood += 1;
    }
}
