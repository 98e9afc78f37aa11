//! A small line of the values of some years, in whole units of a box, so that every renderer draws the same.

use crate::care::Amount;

/// Width of the box.
pub const WIDTH: u32 = 80;
/// Height of the box.
pub const HEIGHT: u32 = 24;
/// Left free on all sides, for the dots at the ends.
const MARGIN: u32 = 3;

/// Points of the values, the oldest at the left, low values at the bottom (y grows downwards, as on a screen).
/// `years` are the columns, the oldest first; a column without a value has no point.
pub(super) fn points(years: &[Option<Amount>]) -> Vec<(u32, u32)> {
    let values = || years.iter().flatten().map(|amount| amount.raw());
    let (Some(least), Some(most)) = (values().min(), values().max()) else { return Vec::new() };
    let columns = years.len().saturating_sub(1).max(1);
    let across = |place: usize| MARGIN + scaled(place as i64, columns as i64, WIDTH - 2 * MARGIN);
    let down = |raw: i64| match most - least {
        0 => HEIGHT / 2,
        range => MARGIN + scaled(most - raw, range, HEIGHT - 2 * MARGIN),
    };
    let point = |(place, amount): (usize, &Option<Amount>)| amount.map(|amount| (across(place), down(amount.raw())));
    years.iter().enumerate().filter_map(point).collect()
}

/// `part` of `whole` as a length of `length`, rounded down.
fn scaled(part: i64, whole: i64, length: u32) -> u32 {
    let scaled = i128::from(part) * i128::from(length) / i128::from(whole.max(1));
    u32::try_from(scaled).unwrap_or(0).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: &[(u32, u32)]) {
        let years: Vec<_> = texts.iter().map(|text| Amount::parse(text)).collect();
        assert_eq!(points(&years), expected, "{texts:?}");
    }

    #[test]
    fn lines_fill_their_box() {
        check(&["100", "110", "120"], &[(3, 21), (40, 12), (77, 3)]);
        check(&["5.6", "", "5.6"], &[(3, 12), (77, 12)]);
        check(&["", "9999999999", "0"], &[(40, 3), (77, 21)]);
        check(&["7"], &[(3, 12)]);
        check(&[], &[]);
    }
}
