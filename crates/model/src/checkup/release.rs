//! Which check-ups can be seen (公開規則): those of fiscal year 2020 on, for five years, at once.

use super::Checkup;
use crate::day::Day;

/// Years that a check-up stays visible.
pub const YEARS: i32 = 5;
/// Check-ups that are shown at most: the newest, side by side.
pub const SHOWN_MAX: usize = 5;
/// 2020-04-01: check-ups before fiscal year 2020 were never collected for viewing.
const FIRST_DAY_NUMBER: i64 = 20_200_401;

/// The days whose check-ups can be seen on a day, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The oldest.
    pub from: Day,
    /// The newest: check-ups of days to come are a wrong clock or a wrong file.
    pub to: Day,
}

impl Window {
    /// The window of this day.
    #[must_use]
    pub fn on(today: Day) -> Self {
        let oldest = today.plus_years(-YEARS);
        let from = Day::from_number(FIRST_DAY_NUMBER).map_or(oldest, |first| first.max(oldest));
        Self { from, to: today }
    }

    /// Whether a check-up of this day can be seen.
    #[must_use]
    pub fn shows(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The check-ups that can be seen, the newest first, at most [`SHOWN_MAX`]; and how many more there are.
#[must_use]
pub fn newest(mut checkups: Vec<Checkup>, window: Window) -> (Vec<Checkup>, usize) {
    checkups.retain(|checkup| window.shows(checkup.day));
    checkups.sort_by(|left, right| right.day.cmp(&left.day).then_with(|| left.id.cmp(&right.id)));
    let more = checkups.len().saturating_sub(SHOWN_MAX);
    checkups.truncate(SHOWN_MAX);
    (checkups, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::samples::checkups;

    fn day(number: i64) -> Day {
        Day::from_number(number).unwrap()
    }

    #[test]
    fn five_years_and_not_before_2020() {
        for (today, from) in
            [(20_261_123, 20_211_123), (20_240_229, 20_200_401), (20_250_401, 20_200_401), (20_250_402, 20_200_402)]
        {
            let window = Window::on(day(today));
            assert_eq!(window.from, day(from), "{today}");
            assert!(window.shows(window.from) && !window.shows(window.from.plus_days(-1)));
            assert!(window.shows(day(today)) && !window.shows(day(today).plus_days(1)));
        }
    }

    #[test]
    fn the_newest_five_are_shown_the_newest_first() {
        let mut all: Vec<Checkup> = Vec::new();
        for number in [20_220_601, 20_260_601, 20_240_601, 20_210_601, 20_250_601, 20_230_601, 20_220_901, 20_270_101] {
            all.push(Checkup { day: day(number), ..checkups().remove(0) });
        }
        let (shown, more) = newest(all, Window::on(day(20_261_123)));
        let days: Vec<_> = shown.iter().map(|checkup| checkup.day.number()).collect();
        assert_eq!(days, [20_260_601, 20_250_601, 20_240_601, 20_230_601, 20_220_901]);
        assert_eq!(more, 1, "that of June 2022; 2021 is too old, 2027 is still to come");
    }
}
