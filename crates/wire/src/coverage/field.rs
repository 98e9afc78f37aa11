//! Fields that the lists of insured persons and of medical tickets have in common.

use crate::issue::Issue;
use crate::table::Row;
use madoguchi_model::day::Day;

/// A text of so many characters; what is needed must not be empty.
pub(crate) fn text(row: &Row<'_>, name: &str, characters_max: usize, needed: bool, wrong: &mut Vec<Issue>) -> String {
    let text = row.field(name);
    if (needed && text.is_empty()) || text.chars().count() > characters_max {
        let least = usize::from(needed);
        wrong.push(row.wrong(name, format_args!("{least}文字以上{characters_max}文字以内で入力してください")));
    }
    text.to_owned()
}

/// A text that may be empty.
pub(crate) fn some_text(row: &Row<'_>, name: &str, characters_max: usize, wrong: &mut Vec<Issue>) -> Option<String> {
    Some(text(row, name, characters_max, false, wrong)).filter(|text| !text.is_empty())
}

/// A day that is needed.
pub(crate) fn day(row: &Row<'_>, name: &'static str, wrong: &mut Vec<Issue>) -> Option<Day> {
    Day::parse(row.field(name), name).map_err(|error| wrong.push(row.wrong(name, error))).ok()
}

/// A day that may be empty.
pub(crate) fn some_day(row: &Row<'_>, name: &'static str, wrong: &mut Vec<Issue>) -> Option<Day> {
    row.some(name).and_then(|_| day(row, name, wrong))
}

/// The last day must not be before the first.
pub(crate) fn in_order(row: &Row<'_>, from: (&str, Option<Day>), to: (&str, Option<Day>), wrong: &mut Vec<Issue>) {
    if from.1.zip(to.1).is_some_and(|(first, last)| last < first) {
        wrong.push(row.wrong(to.0, format_args!("{}以降の日を入力してください", from.0)));
    }
}

/// A field with a usual value where it is empty.
pub(crate) fn chosen<T>(
    row: &Row<'_>,
    name: &str,
    usual: &str,
    wrong: &mut Vec<Issue>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let value = parse(row.some(name).unwrap_or(usual));
    if value.is_none() {
        wrong.push(row.wrong(name, format_args!("{expected}で入力してください")));
    }
    value
}

/// A field that may be empty.
pub(crate) fn optional<T>(
    row: &Row<'_>,
    name: &str,
    wrong: &mut Vec<Issue>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let text = row.some(name)?;
    let value = parse(text);
    if value.is_none() {
        wrong.push(row.wrong(name, format_args!("{expected}で入力してください（ない場合は空欄）")));
    }
    value
}

/// Yen up to a bound that no certificate reaches.
pub(crate) fn yen(text: &str) -> Option<i64> {
    text.parse().ok().filter(|yen| (0..=YEN_MAX).contains(yen))
}

/// What [`yen`] takes.
pub(crate) const YEN: &str = "0から9999999の数字（円）";
const YEN_MAX: i64 = 9_999_999;
