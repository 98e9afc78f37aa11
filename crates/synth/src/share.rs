//! 負担割合: what a patient pays, by age and, for the elderly, by income.

use madoguchi_model::day::Day;

/// The 20 % of 後期高齢者 with a middle income began on this day.
const MIDDLE_INCOME_START: i64 = 20_221_001;

/// Percent that the patient pays. The income is told by the person's number, so that it stays.
pub(crate) fn patient_share_percent(birthdate: Day, today: Day, person: u64) -> u8 {
    let percentile = income_percentile(person);
    match birthdate.age_on(today) {
        _ if is_before_school(birthdate, today) => 20,
        75.. if percentile < 9 => 30,
        75.. if percentile < 29 && today.number() >= MIDDLE_INCOME_START => 20,
        75.. => 10,
        70..75 if percentile < 12 => 30,
        70..75 => 20,
        _ => 30,
    }
}

/// How many percent of people have a higher income than this person or household.
pub(crate) const fn income_percentile(number: u64) -> u64 {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 100
}

/// 未就学児: up to 31 March after the sixth birthday.
pub(crate) fn is_before_school(birthdate: Day, day: Day) -> bool {
    let sixth = birthdate.plus_years(6);
    let april = if sixth.number() % 10_000 <= 401 { sixth.year() } else { sixth.year() + 1 };
    Day::new(april, 4, 1).is_some_and(|school| day < school)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Day {
        Day::from_number(number).unwrap()
    }

    #[test]
    fn school_begins_in_april_after_the_sixth_birthday() {
        for (birthdate, today, before) in [
            (20_190_401, 20_250_331, true),
            (20_190_401, 20_250_401, false),
            (20_190_402, 20_250_401, true),
            (20_190_402, 20_260_331, true),
            (20_190_402, 20_260_401, false),
        ] {
            assert_eq!(is_before_school(day(birthdate), day(today)), before, "{birthdate} {today}");
        }
    }

    #[test]
    fn the_middle_share_of_the_elderly_began_in_october_2022() {
        let shares =
            |today| (0..1_000).filter(|person| patient_share_percent(day(19_400_101), today, *person) == 20).count();
        assert_eq!(shares(day(20_220_930)), 0);
        assert!((150..250).contains(&shares(day(20_221_001))));
    }
}
