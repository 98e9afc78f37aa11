//! Days as people write them at a screen (和暦・西暦): 昭和37年5月21日, S37.5.21, 1962/5/21, 19620521.

use crate::day::Day;
use crate::field::FieldError;
use unicode_normalization::UnicodeNormalization;

/// Name, letter and first day of each era with the year that its first year is, the newest first.
const ERAS: [(&str, char, i64); 5] = [
    ("令和", 'R', 20_190_501),
    ("平成", 'H', 19_890_108),
    ("昭和", 'S', 19_261_225),
    ("大正", 'T', 19_120_730),
    ("明治", 'M', 18_680_125),
];
/// Characters that are looked at; the longest form has eleven.
const CHARACTERS_MAX: usize = 20;

/// Reads a day in either calendar.
///
/// # Errors
/// Anything else, days that the calendar lacks, and days outside of the era that is written.
pub fn day(text: &str, field: &'static str) -> Result<Day, FieldError> {
    let wrong =
        FieldError::new(field, "和暦（例：昭和37年5月21日、S37.5.21）または西暦（例：1962/5/21、19620521）の年月日");
    if text.chars().count() > CHARACTERS_MAX {
        return Err(wrong);
    }
    let text: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
    written(&text.to_uppercase()).ok_or(wrong)
}

fn written(text: &str) -> Option<Day> {
    let era = ERAS.iter().position(|(name, letter, _)| text.starts_with(name) || text.starts_with(*letter));
    let Some(place) = era else {
        let digits_only = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        return if digits_only { Day::from_number(text.parse().ok()?) } else { number(parts(text)?) };
    };
    let (name, letter, first) = ERAS[place];
    let rest = text.strip_prefix(name).or_else(|| text.strip_prefix(letter))?;
    let [year, month, day] = if rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |from: usize| rest[from..from + 2].parse().ok();
        [part(0)?, part(2)?, part(4)?]
    } else {
        parts(&rest.replacen('元', "1", 1))?
    };
    if year == 0 {
        return None;
    }
    let day = number([first / 10_000 + year - 1, month, day])?;
    let next = place.checked_sub(1).map(|newer| ERAS[newer].2);
    (day.number() >= first && next.is_none_or(|next| day.number() < next)).then_some(day)
}

/// Three numbers with something between them: `37年5月21日`, `37.5.21`, `1962/05/21`, `1962-5-21`.
fn parts(text: &str) -> Option<[i64; 3]> {
    let text = text.strip_suffix('日').unwrap_or(text);
    let mut parts = text.split(['年', '月', '.', '/', '-', '・']).map(|part| {
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn number([year, month, day]: [i64; 3]) -> Option<Day> {
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    if fits { Day::from_number(year * 10_000 + month * 100 + day) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(day(text, "生年月日").ok().map(Day::number), expected, "{text}");
    }

    #[test]
    fn both_calendars_are_read_as_people_write_them() {
        for text in [
            "19620521",
            "1962/5/21",
            "1962-05-21",
            "1962.5.21",
            "1962年5月21日",
            "昭和37年5月21日",
            "昭和３７年　５月２１日",
            "S37.5.21",
            "ｓ３７／５／２１",
            "S370521",
            "昭和37・5・21",
        ] {
            check(text, Some(19_620_521));
        }
        check("令和元年5月1日", Some(20_190_501));
        check("H1.1.8", Some(19_890_108));
        check("昭和64年1月7日", Some(19_890_107));
        check("明治45.7.29", Some(19_120_729));
    }

    #[test]
    fn a_day_outside_of_its_era_or_calendar_is_none() {
        for text in [
            "",
            "昭和",
            "昭和64年1月8日",
            "平成31年5月1日",
            "平成元年1月7日",
            "昭和0年1月1日",
            "S37.13.1",
            "S37.2.30",
            "1962/5",
            "1962/5/21/1",
            "62/5/21",
            "196205211",
            "1962052",
            "X37.5.21",
            "昭和37年5月21日生",
            "1962//21",
            "S37.5.21.",
            "S3705211",
            "99999999999999999999999",
        ] {
            check(text, None);
        }
    }
}
