//! Who of a nation's people died while the world tells of them.

use crate::dice::{Dice, Stream};
use crate::household::Setting;
use crate::person::Inhabitant;
use madoguchi_model::coverage::ReasonOfLoss;

/// Lets a person die on a day between the world's beginning and today, by the yearly mortality of the
/// age. All coverages end on that day; there is no care after it.
pub(crate) fn live_or_die(setting: &Setting<'_>, person: &mut Inhabitant) {
    let mut dice = Dice::new(setting.seed, Stream::Lives, person.serial, 0);
    let from = setting.since.max(person.birthdate);
    let months = setting.today.month().months_since(from.month()).max(0);
    let yearly = yearly_mortality(person.birthdate.age_on(setting.today));
    if !dice.chance(1.0 - (1.0 - yearly).powf(f64::from(months) / 12.0)) {
        return;
    }
    let month = from.month().plus_months(dice.below(months as usize) as i32);
    let Some(day) = month.day(1 + dice.below(28) as u8).filter(|day| from < *day && *day < setting.today) else {
        return;
    };
    person.coverages.retain(|span| span.valid_from <= day);
    if let Some(last) = person.coverages.last_mut() {
        last.valid_to = Some(day);
        last.loss = Some(ReasonOfLoss::Death);
    }
}

/// Deaths a year among people of this age: 1.3 % of all.
fn yearly_mortality(age: i32) -> f64 {
    match age {
        ..40 => 0.000_4,
        40..60 => 0.002,
        60..70 => 0.008,
        70..75 => 0.015,
        75..80 => 0.025,
        80..85 => 0.05,
        85..90 => 0.09,
        90..95 => 0.16,
        _ => 0.27,
    }
}
