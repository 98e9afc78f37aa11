//! What stays the same in a person's health over the years: frailty, chronic conditions with their
//! medicines, the usual institutions and the rhythm of visits.

use crate::condition::{CONDITIONS, Condition, Keeper};
use crate::dice::{Dice, Stream};
use crate::life::inpatient_use;
use crate::medicine::{Medicine, list};
use crate::person::Inhabitant;
use crate::places::Places;
use madoguchi_model::day::Day;

/// A chronic condition of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chronic {
    pub(crate) condition: &'static Condition,
    pub(crate) medicines: &'static [Medicine],
    /// When it was first treated.
    pub(crate) since: Day,
}

/// A person's health.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    /// How much care the person needs, 1 on average.
    pub(crate) frailty: f64,
    pub(crate) chronic: Vec<Chronic>,
    pub(crate) clinic: usize,
    /// Where the person goes with something new now and then.
    pub(crate) other_clinic: usize,
    pub(crate) hospital: usize,
    pub(crate) pharmacy: usize,
    pub(crate) rhythm: Rhythm,
    pub(crate) dentist: usize,
    /// How often the person goes to the dentist, 1 on average.
    pub(crate) dental_habit: f64,
    /// Medicines beside those of the conditions: for the stomach, the bowels and the like.
    pub(crate) companions: Vec<Medicine>,
    /// 入院年月日 of someone who has been in a long-term ward all the time.
    pub(crate) in_ward_since: Option<Day>,
}

/// Share of people who have their clinic and pharmacy in the neighbouring district; likewise their hospital, and their
/// dentist.
const ELSEWHERE_SHARE: f64 = 0.05;

/// How often someone with chronic conditions comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    /// Months between visits.
    pub(crate) months: u32,
    /// Visits in a month of visits.
    pub(crate) visits: u32,
    /// Days of medicine at a visit.
    pub(crate) days: u16,
    /// Which of the months.
    pub(crate) phase: u32,
    /// The usual day of the month.
    pub(crate) day: u8,
}

/// (months, visits, days) by how common they are.
const RHYTHMS: [((u32, u32, u16), u32); 8] = [
    ((1, 2, 14), 3),
    ((1, 1, 28), 30),
    ((1, 1, 30), 25),
    ((2, 1, 56), 22),
    ((2, 1, 60), 24),
    ((3, 1, 84), 8),
    ((3, 1, 90), 14),
    ((4, 1, 112), 5),
];

/// The health of a person of a world that begins on `since`.
pub(crate) fn health(seed: u64, person: &Inhabitant, places: &Places, today: Day, since: Day) -> Health {
    let mut dice = Dice::new(seed, Stream::Health, person.serial, 0);
    let age = person.birthdate.age_on(today);
    let frailty = dice.frailty();
    let chronic = CONDITIONS.iter().filter_map(|condition| chronic(&mut dice, person, age, condition, since)).collect();
    let (months, visits, days) = *dice.weighted(&RHYTHMS);
    let mut dental = Dice::new(seed, Stream::Dental, person.serial, 0);
    let mut health = Health {
        frailty,
        chronic,
        clinic: *dice.pick(&places.here.clinics),
        other_clinic: *dental.pick(&places.here.clinics),
        hospital: *dice.pick(&places.here.hospitals),
        pharmacy: *dice.pick(&places.here.pharmacies),
        rhythm: Rhythm { months, visits, days, phase: dice.below(12) as u32, day: 2 + dice.below(11) as u8 },
        dentist: *dental.pick(&places.here.dentists),
        dental_habit: dental.frailty(),
        companions: companions(&mut dental, age),
        in_ward_since: in_ward_since(&mut dental, age, since),
    };
    if let Some(next) = &places.next {
        let mut dice = Dice::new(seed, Stream::Elsewhere, person.serial, 0);
        if dice.chance(ELSEWHERE_SHARE) {
            (health.clinic, health.pharmacy) = (*dice.pick(&next.clinics), *dice.pick(&next.pharmacies));
        }
        if dice.chance(ELSEWHERE_SHARE) {
            health.hospital = *dice.pick(&next.hospitals);
        }
        if dice.chance(ELSEWHERE_SHARE) {
            health.dentist = *dice.pick(&next.dentists);
        }
    }
    health
}

/// Medicines that many take beside the others.
const COMPANIONS: [Medicine; 6] =
    [list::REBAMIPIDE, list::MAGNESIUM_OXIDE, list::MECOBALAMIN, list::ASPIRIN, list::SENNOSIDE, list::MIYARISAN];

fn companions(dice: &mut Dice, age: i32) -> Vec<Medicine> {
    let mean = match age {
        ..45 => 0.3,
        45..75 => 0.7,
        _ => 1.2,
    };
    let count = dice.poisson(mean) as usize;
    let first = dice.below(COMPANIONS.len());
    COMPANIONS.iter().cycle().skip(first).take(count.min(COMPANIONS.len())).copied().collect()
}

/// Share of people in a long-term ward, beside the use of hospitals at their age.
const WARD_SHARE: f64 = 0.004_7;

fn in_ward_since(dice: &mut Dice, age: i32, since: Day) -> Option<Day> {
    let stays = dice.chance(WARD_SHARE * inpatient_use(age)) && age >= 15;
    let days = dice.between(30, 700);
    stays.then(|| since.plus_days(-days))
}

fn chronic(
    dice: &mut Dice,
    person: &Inhabitant,
    age: i32,
    condition: &'static Condition,
    since: Day,
) -> Option<Chronic> {
    // Both draws always happen, so that one condition does not shift the chance of the next.
    let (luck, regimen, years) = (dice.below(1_000), dice.below(condition.regimens.len()), dice.below(9));
    if luck >= condition.prevalence_at(age, person.sex) as usize {
        return None;
    }
    let began = since.plus_years(-(1 + years as i32)).max(person.birthdate);
    Some(Chronic { condition, medicines: condition.regimens[regimen], since: began })
}

impl Health {
    /// The conditions that an institution of this sort looks after.
    pub(crate) fn kept_by(&self, keeper: Keeper) -> Vec<Chronic> {
        self.chronic.iter().filter(|chronic| chronic.condition.keeper == keeper).copied().collect()
    }

    pub(crate) fn keeper(&self, keeper: Keeper) -> usize {
        match keeper {
            Keeper::Clinic => self.clinic,
            Keeper::Hospital => self.hospital,
        }
    }
}
