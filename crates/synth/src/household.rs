//! From a family to insured persons: names, birthdates, and coverages over the years.
//!
//! One household shares symbol and number; branches tell its members apart. Whoever turns 75 leaves
//! for 後期高齢者医療 on the birthday. A change of insurer moves the whole group.

use crate::dice::{Dice, Stream};
use crate::district::{District, Extent};
use crate::insurer::{Insurer, Scheme, household_numbers, insurer_of};
use crate::mortality;
use crate::names::{FAMILY, FEMALE_OLDER, FEMALE_YOUNGER, MALE_OLDER, MALE_YOUNGER, Name};
use crate::neighbourhood::{Body, Family};
use crate::person::{CoverageSpan, Inhabitant};
use crate::share::patient_share_percent;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::Relation;
use madoguchi_model::day::Day;
use madoguchi_model::person::Sex;

/// 後期高齢者医療 began on this day.
const LATE_ELDERLY_START: i64 = 20_080_401;
/// Fashions of names changed; in this year, say.
const YOUNGER_NAMES_FROM: i32 = 1985;
/// So often another insurer is drawn until it is not the old one.
const DRAWS_MAX: u32 = 20;
/// Share of people under 65 who change their insurer within a year.
const CHANGES_PER_YEAR: f64 = 0.06;

/// What is fixed for all households of a district.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) seed: u64,
    pub(crate) today: Day,
    /// The first day of which the world tells.
    pub(crate) since: Day,
    pub(crate) district: &'a District,
}

/// One insured group: the insured person and those who follow.
struct Group<'a> {
    insurer: &'a Insurer,
    next: Option<(Day, &'a Insurer)>,
    valid_from: Day,
    /// Unique among all households and their parts.
    serial: u64,
}

/// The members of a family as insured persons; `serial` is the number of the first of them.
pub(crate) fn inhabitants(setting: &Setting<'_>, family: &Family, serial: u64) -> Vec<Inhabitant> {
    let mut dice = Dice::new(setting.seed, Stream::Households, serial, 0);
    let family_name = FAMILY[dice.rank(FAMILY.len())];
    let mut members: Vec<_> = family
        .adults
        .iter()
        .chain(&family.children)
        .enumerate()
        .map(|(place, body)| Inhabitant {
            household: serial,
            ..nobody_insured_yet(setting, &mut dice, family_name, body, serial + place as u64)
        })
        .collect();
    insure(setting, &mut dice, &mut members, family.adults.len());
    if setting.district.extent == Extent::OfNation {
        members.iter_mut().for_each(|member| mortality::live_or_die(setting, member));
    }
    members
}

fn nobody_insured_yet(
    setting: &Setting<'_>,
    dice: &mut Dice,
    family_name: (&str, &str),
    body: &Body,
    serial: u64,
) -> Inhabitant {
    // The birthday was between today and 364 days ago, so that the age holds today.
    let birthdate = setting.today.plus_years(-body.age).plus_days(-dice.between(0, 364));
    let given_names: &[Name] = match (body.sex, birthdate.year() < YOUNGER_NAMES_FROM) {
        (Sex::Female, true) => &FEMALE_OLDER,
        (Sex::Female, false) => &FEMALE_YOUNGER,
        (_, true) => &MALE_OLDER,
        (_, false) => &MALE_YOUNGER,
    };
    let given = given_names[dice.rank(given_names.len())];
    Inhabitant {
        key: key(serial),
        name: format!("{}　{}", family_name.0, given.0),
        kana: format!("{}　{}", family_name.1, given.1),
        sex: body.sex,
        birthdate,
        coverages: Vec::new(),
        household: serial,
        serial,
        prefecture: setting.district.prefecture,
        story: None,
    }
}

/// The key of the person with this number.
pub(crate) fn key(serial: u64) -> String {
    format!("p{serial:06}")
}

/// Draws one group for the first member under 75 with everyone who depends on that member, and one
/// more for a spouse in work. Whoever was 75 before the world begins belongs to neither.
fn insure(setting: &Setting<'_>, dice: &mut Dice, members: &mut [Inhabitant], adults: usize) {
    let elderly = |member: &Inhabitant| member.seventy_fifth_birthday() <= setting.since;
    let head = members.iter().position(|member| !elderly(member));
    let groups = head.map(|head| groups(setting, dice, &members[..adults], &members[head], head));
    let mut followers = 0_u32;
    for (place, member) in members.iter_mut().enumerate() {
        match &groups {
            Some((first, second)) if !elderly(member) => match second {
                Some(second) if place == 1 => cover(setting, dice, member, second, 0),
                _ => {
                    cover(setting, dice, member, first, followers);
                    followers += 1;
                }
            },
            _ => member.coverages = vec![late_elderly(setting, dice, member)],
        }
    }
}

fn groups<'a>(
    setting: &Setting<'a>,
    dice: &mut Dice,
    adults: &[Inhabitant],
    head: &Inhabitant,
    place: usize,
) -> (Group<'a>, Option<Group<'a>>) {
    let age = |member: &Inhabitant| member.birthdate.age_on(setting.today);
    let first = group(setting, dice, age(head), head.serial);
    let both_of_working_age = place == 0 && adults.len() > 1 && adults.iter().all(|adult| age(adult) < 68);
    let works = both_of_working_age && dice.chance(0.45) && first.insurer.scheme != Scheme::National;
    let second = works.then(|| {
        let scheme = *dice.weighted(&[(Scheme::Association, 52), (Scheme::Society, 36), (Scheme::MutualAid, 12)]);
        let insurer = insurer_of(dice, &setting.district.insurers, scheme);
        Group { insurer, next: None, ..group(setting, dice, age(&adults[1]), adults[1].serial) }
    });
    (first, second)
}

fn group<'a>(setting: &Setting<'a>, dice: &mut Dice, age: i32, serial: u64) -> Group<'a> {
    let insurer = draw_insurer(dice, &setting.district.insurers, age);
    let years = f64::from(setting.today.month().months_since(setting.since.month()).max(1)) / 12.0;
    let changes = age < 65 && dice.chance(1.0 - (1.0 - CHANGES_PER_YEAR).powf(years));
    let next = if changes { draw_change(setting, dice, age, insurer) } else { None };
    let months_ago = i32::try_from(dice.between(6, 180)).unwrap_or(6);
    let valid_from = setting.since.month().plus_months(-months_ago).first_day();
    Group { insurer, next, valid_from, serial: serial * 2 }
}

fn draw_insurer<'a>(dice: &mut Dice, insurers: &'a [Insurer], age: i32) -> &'a Insurer {
    use Scheme::{Association, MutualAid, National, Society};
    let schemes: &[(Scheme, u32)] = match age {
        ..60 => &[(Association, 42), (Society, 31), (MutualAid, 11), (National, 16)],
        60..70 => &[(Association, 29), (Society, 17), (MutualAid, 6), (National, 48)],
        _ => &[(Association, 11), (Society, 3), (National, 86)],
    };
    let scheme = *dice.weighted(schemes);
    insurer_of(dice, insurers, scheme)
}

/// Another insurer from a day between the world's beginning and today: mostly on 1 April.
fn draw_change<'a>(setting: &Setting<'a>, dice: &mut Dice, age: i32, old: &Insurer) -> Option<(Day, &'a Insurer)> {
    let months = setting.today.month().months_since(setting.since.month()).max(1);
    let shift = 1 + i32::try_from(dice.below(months as usize)).unwrap_or(0);
    let month = setting.since.month().plus_months(shift);
    let april = Day::new(month.year(), 4, 1).filter(|april| *april > setting.since && *april < setting.today);
    let day = match april {
        Some(april) if dice.chance(0.6) => april,
        _ => month.day(if dice.chance(0.5) { 1 } else { 16 })?,
    };
    let mut draws = (0..DRAWS_MAX).map(|_| draw_insurer(dice, &setting.district.insurers, age));
    let new = draws.find(|new| *new != old)?;
    (day > setting.since && day < setting.today).then_some((day, new))
}

/// Gives a member the group's coverage, and 後期高齢者医療 from the 75th birthday on.
fn cover(setting: &Setting<'_>, dice: &mut Dice, member: &mut Inhabitant, group: &Group<'_>, place: u32) {
    let seventy_five = member.seventy_fifth_birthday();
    let start = group.valid_from.max(member.birthdate);
    // Everyone of a group draws the same numbers: the stream is the group's.
    let mut numbers = Dice::new(setting.seed, Stream::Households, group.serial, 1);
    let mut spans = vec![span(setting, member, group.insurer, &mut numbers, group.serial, place, start)];
    if let Some((day, insurer)) = group.next {
        let follows = span(setting, member, insurer, &mut numbers, group.serial + 1, place, day.max(member.birthdate));
        if member.birthdate < day {
            spans[0].end_before(day);
            spans.push(follows);
        } else {
            spans = vec![follows];
        }
    }
    if seventy_five <= setting.today {
        spans.retain(|span| span.valid_from < seventy_five);
        if let Some(last) = spans.last_mut() {
            last.end_before(seventy_five);
        }
        // Those of long ago are not told: the person has had one insurer since before the world begins.
        spans.retain(|span| span.valid_to.is_none_or(|last| last >= setting.since));
        spans.push(late_elderly(setting, dice, member));
    }
    member.coverages = spans;
}

fn span(
    setting: &Setting<'_>,
    member: &Inhabitant,
    insurer: &Insurer,
    numbers: &mut Dice,
    serial: u64,
    place: u32,
    valid_from: Day,
) -> CoverageSpan {
    let mut numbers = household_numbers(numbers, setting.district, insurer, serial);
    let first_branch = u32::from(insurer.is_national());
    numbers.branch = format!("{:02}", place + first_branch);
    CoverageSpan {
        numbers,
        insurer_name: insurer.name.clone().into_owned(),
        relation: if place == 0 { Relation::Insured } else { Relation::Dependant },
        valid_from,
        valid_to: None,
        loss: None,
        patient_share_percent: patient_share_percent(member.birthdate, setting.today, member.serial),
        kind: CertificateKind::General,
    }
}

/// The coverage by 後期高齢者医療 from the 75th birthday on.
pub(crate) fn late_elderly(setting: &Setting<'_>, dice: &mut Dice, member: &Inhabitant) -> CoverageSpan {
    let insurer = insurer_of(dice, &setting.district.insurers, Scheme::LateElderly);
    let start = Day::from_number(LATE_ELDERLY_START).unwrap_or(setting.since);
    CoverageSpan {
        numbers: household_numbers(dice, setting.district, insurer, member.serial),
        insurer_name: insurer.name.clone().into_owned(),
        relation: Relation::Insured,
        valid_from: member.seventy_fifth_birthday().max(start),
        valid_to: None,
        loss: None,
        patient_share_percent: patient_share_percent(member.birthdate, setting.today, member.serial),
        kind: CertificateKind::General,
    }
}
