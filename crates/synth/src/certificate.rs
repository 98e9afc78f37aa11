//! What the certificates of the world say (券面の情報): address, insured name, periods, and the certificates of the
//! elderly, of limits by income and of diseases. Everything follows from numbers that are drawn already, so that it
//! moves no other chance.

use crate::card::card_ends_on;
use crate::person::{CoverageSpan, Inhabitant};
use crate::prefecture::prefecture_name;
use crate::share::income_percentile;
use crate::story::Story;
use madoguchi_model::code::{Code, DiseaseCategory, IncomeClass, LimitKind};
use madoguchi_model::coverage::Relation;
use madoguchi_model::day::Day;

/// Columns that this module fills, in their order.
pub(crate) const COLUMNS: [&str; 25] = [
    "card_ends_on",
    "other_name",
    "other_kana",
    "address",
    "postal_code",
    "insured_name",
    "printed_sex",
    "issued_on",
    "certificate_from",
    "certificate_to",
    "elderly_issued_on",
    "elderly_from",
    "elderly_to",
    "elderly_share",
    "limit_kind",
    "limit_class",
    "limit_issued_on",
    "limit_from",
    "limit_to",
    "limit_long_term_on",
    "disease1_category",
    "disease1_issued_on",
    "disease1_from",
    "disease1_to",
    "disease1_self_pay",
];

/// Certificates are renewed on this day of each year.
const RENEWAL: i64 = 801;
/// Percent of people whose class their insurer has registered.
const REGISTERED_PERCENT: u64 = 80;
const CITIES: [&str; 4] = ["窓野市", "桜ヶ原市", "千鳥橋町", "青葉野村"];
const TOWNS: [&str; 8] = ["本町", "若葉台", "緑ヶ丘", "栄町", "みどり町", "南町", "桜通り", "川端"];
/// The 20 % of 後期高齢者 with a middle income began on this day.
const MIDDLE_INCOME_START: i64 = 20_221_001;

/// The fields of [`COLUMNS`] for one coverage of a person, who lives with `household`.
pub(crate) fn fields(person: &Inhabitant, span: &CoverageSpan, household: &[Inhabitant], today: Day) -> [String; 25] {
    let (address, postal_code) = home(person, household);
    let other = person.story == Some(Story::OtherName);
    let [other_name, other_kana, sex] = if other { ["林　理恵", "ハヤシ　リエ", "3"] } else { [""; 3] };
    let certificate = period(span, today);
    let elderly = elderly(person, span, today);
    let limit = limit(person, span, today);
    let disease = disease(person, span);
    let mut fields = [const { String::new() }; 25];
    let texts = [
        card_ends_on(person, today).to_string(),
        other_name.to_owned(),
        other_kana.to_owned(),
        address,
        postal_code,
        insured_name(person, span, household),
        sex.to_owned(),
    ];
    for (field, text) in
        fields.iter_mut().zip(texts.into_iter().chain(certificate).chain(elderly).chain(limit).chain(disease))
    {
        *field = text;
    }
    fields
}

/// The household's address: in the city of its 国保 or 広域連合, if it has one.
fn home(person: &Inhabitant, members: &[Inhabitant]) -> (String, String) {
    let prefecture = prefecture_name(person.prefecture);
    let insurers = members.iter().flat_map(|member| &member.coverages).map(|span| span.insurer_name.as_str());
    let mixed = mixed(person.household, 1);
    let by_chance = CITIES[index(mixed, CITIES.len())];
    let city = insurers.filter_map(|name| city_of(name, prefecture)).next().unwrap_or(by_chance);
    let place = CITIES.iter().position(|known| *known == city).unwrap_or(0);
    let town = TOWNS[index(mixed >> 8, TOWNS.len())];
    let wide = |number: u64| number.to_string().chars().map(full_width).collect::<String>();
    let (block, lot, house) = (mixed >> 16 & 7, mixed >> 24 & 15, mixed >> 32 & 31);
    let address = format!("{prefecture}{city}{town}{}－{}－{}", wide(block + 1), wide(lot + 1), wide(house + 1));
    (address, format!("19{}-{:04}", place + 6, 9_000 + mixed % 900))
}

/// The municipality that an insurer's name tells.
fn city_of<'a>(insurer: &'a str, prefecture: &str) -> Option<&'a str> {
    let name = match insurer.split_once('（') {
        Some((_, inside)) => inside.trim_end_matches('）'),
        None => insurer.strip_prefix(prefecture).unwrap_or(insurer),
    };
    name.ends_with(['市', '町', '村']).then_some(name)
}

fn full_width(digit: char) -> char {
    digit.to_digit(10).and_then(|value| char::from_u32(0xFF10 + value)).unwrap_or(digit)
}

/// 被保険者 or 世帯主: whoever of the household is insured by the same numbers.
fn insured_name(person: &Inhabitant, span: &CoverageSpan, household: &[Inhabitant]) -> String {
    if span.is_assistance() || is_late_elderly(span) {
        return String::new();
    }
    let key = span.numbers.key();
    let insures = |member: &&Inhabitant| {
        member.coverages.iter().any(|other| other.relation == Relation::Insured && other.numbers.key() == key)
    };
    household.iter().find(insures).unwrap_or(person).name.clone()
}

/// 交付年月日, 有効開始年月日, 有効終了年月日: yearly from the municipalities, without an end from employers.
fn period(span: &CoverageSpan, today: Day) -> [String; 3] {
    let yearly = is_late_elderly(span) || span.numbers.insurer.scheme().is_none();
    let (from, to) = if yearly && span.covers(today) {
        let (renewed, until) = year(today);
        (span.valid_from.max(renewed), until.to_string())
    } else {
        (span.valid_from, String::new())
    };
    [from.to_string(), from.to_string(), to]
}

/// 高齢受給者証: from the month after the 70th birthday (from the birthday if it is the first) until 後期高齢者医療.
fn elderly(person: &Inhabitant, span: &CoverageSpan, today: Day) -> [String; 4] {
    let seventy = person.birthdate.plus_years(70);
    let first = if seventy.day_of_month() == 1 { seventy } else { seventy.month().plus_months(1).first_day() };
    let last = person.seventy_fifth_birthday().plus_days(-1);
    if span.is_assistance() || is_late_elderly(span) || !span.covers(today) || today < first || today > last {
        return [const { String::new() }; 4];
    }
    let (renewed, until) = year(today);
    let from = first.max(renewed).max(span.valid_from);
    [from.to_string(), from.to_string(), until.min(last).to_string(), span.patient_share_percent.to_string()]
}

/// 限度額適用認定証等 of the year, by income.
fn limit(person: &Inhabitant, span: &CoverageSpan, today: Day) -> [String; 6] {
    let known = mixed(person.household, 2) % 100 < REGISTERED_PERCENT;
    if !known || span.is_assistance() || !span.covers(today) {
        return [const { String::new() }; 6];
    }
    let class = class(person, today);
    let reduced = matches!(class.code(), "A05" | "A06" | "B05" | "B06" | "B07" | "B08");
    let kind = if reduced { LimitKind::LimitAndReduction } else { LimitKind::Limit };
    let (renewed, until) = year(today);
    let from = renewed.max(span.valid_from);
    let long_term = reduced && mixed(person.serial, 3).is_multiple_of(10);
    let long_term_on = if long_term { from.plus_months(1).to_string() } else { String::new() };
    let texts = [kind.code(), class.code()].map(str::to_owned);
    let [kind, class] = texts;
    [kind, class, from.to_string(), from.to_string(), until.to_string(), long_term_on]
}

/// The class follows from the same income as the share that the person pays.
fn class(person: &Inhabitant, today: Day) -> IncomeClass {
    use IncomeClass as C;
    let age = person.birthdate.age_on(today);
    let percentile = income_percentile(if age < 70 { person.household } else { person.serial });
    let middle = today.number() >= MIDDLE_INCOME_START;
    match (age, percentile) {
        (..70, 0..5) => C::A01,
        (..70, 5..15) => C::A02,
        (..70, 15..50) => C::A03,
        (..70, 50..85) => C::A04,
        (..70, 85..98) => C::A05,
        (..70, _) => C::A06,
        (70.., 0..2) => C::B01,
        (70.., 2..5) => C::B02,
        (70..75, 5..12) | (75.., 5..9) => C::B03,
        (75.., 9..29) if middle => C::B09,
        (75.., 29..70) if middle => C::B10,
        (70.., 5..70) => C::B04,
        (70.., 70..86) => C::B05,
        (70.., 86..96) => C::B06,
        (75.., 96..98) => C::B07,
        (70.., _) => C::B08,
    }
}

/// 特定疾病療養受療証 of those whose case has one.
fn disease(person: &Inhabitant, span: &CoverageSpan) -> [String; 5] {
    let (category, self_pay) = match person.story {
        Some(Story::Dialysis) => (DiseaseCategory::KidneyFailure, "10000"),
        Some(Story::Haemophilia) => (DiseaseCategory::Hemophilia, "10000"),
        _ => return [const { String::new() }; 5],
    };
    let from = span.valid_from.to_string();
    [category.code().to_owned(), from.clone(), from, String::new(), self_pay.to_owned()]
}

fn is_late_elderly(span: &CoverageSpan) -> bool {
    span.numbers.insurer.scheme().as_deref() == Some("39")
}

/// From 1 August to 31 July around this day.
fn year(today: Day) -> (Day, Day) {
    let begun = i64::from(today.year()) - i64::from(today.number() % 10_000 < RENEWAL);
    let from = Day::from_number(begun * 10_000 + RENEWAL).unwrap_or(today);
    (from, from.plus_years(1).plus_days(-1))
}

fn index(number: u64, length: usize) -> usize {
    usize::try_from(number % length as u64).unwrap_or(0)
}

/// A number that looks like chance and stays for a household or person.
fn mixed(number: u64, subject: u64) -> u64 {
    let mut mixed = number.wrapping_add(subject << 48).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
