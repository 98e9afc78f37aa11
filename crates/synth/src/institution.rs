//! The institutions of the world: at least a hospital, a clinic, a dental clinic, a pharmacy and a
//! home-nursing station, all invented. Those of a small world stand in one invented part of the
//! prefecture 13, those of a nation in its districts, as many as the country has for so many people.

use crate::dice::{Dice, Stream};
use crate::district::District;
use madoguchi_model::check_digit::check_digit;
use madoguchi_model::day::Day;
use madoguchi_model::institution::{Institution, InstitutionCode, InstitutionKind};

/// Fewest institutions of a world: one of each sort.
pub const INSTITUTIONS_MIN: usize = 5;
/// Most institutions of a world.
pub const INSTITUTIONS_MAX: usize = 1_000;

/// What an institution is to its patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Hospital,
    Clinic,
    Dental,
    Pharmacy,
    HomeNursing,
}

/// The order in which institutions are opened; it starts again at the end.
const ORDER: [Sort; 12] = [
    Sort::Hospital,
    Sort::Clinic,
    Sort::Dental,
    Sort::Pharmacy,
    Sort::HomeNursing,
    Sort::Clinic,
    Sort::Pharmacy,
    Sort::Clinic,
    Sort::Clinic,
    Sort::Pharmacy,
    Sort::Dental,
    Sort::Clinic,
];

/// Invented places; the first one is where the demo's own institutions stand.
const PLACES: [&str; 24] = [
    "窓野",
    "桜ヶ原",
    "若竹台",
    "千鳥橋",
    "青葉野",
    "月見坂",
    "鈴掛",
    "柳瀬川",
    "楓ヶ丘",
    "白鷺町",
    "藤見台",
    "小春日",
    "椿坂",
    "銀杏通り",
    "雲雀野",
    "朝凪",
    "夕映",
    "蛍川",
    "若葉辻",
    "日和山前",
    "花水木",
    "清水坂下",
    "木漏日",
    "夏目橋",
];

const CLINIC_FIELDS: [&str; 6] = ["内科クリニック", "整形外科", "こどもクリニック", "眼科医院", "皮膚科", "耳鼻咽喉科"];

/// Institutions for 100,000 people.
const DENSITIES: [(Sort, f64); 5] = [
    (Sort::Hospital, 6.6),
    (Sort::Clinic, 85.0),
    (Sort::Dental, 54.0),
    (Sort::Pharmacy, 51.0),
    (Sort::HomeNursing, 12.0),
];
/// Numbers of institutions of one point table that a district has for itself.
const NUMBERS_OF_DISTRICT: u32 = 100;
/// From this one of them on they are clinics'; those before are hospitals'.
const FIRST_CLINIC: u32 = 10;

impl Sort {
    fn in_order(index: usize) -> Self {
        ORDER[index % ORDER.len()]
    }

    /// What this institution is.
    pub(crate) fn of(institution: &Institution) -> Self {
        match institution.kind() {
            InstitutionKind::Medical if institution.hospital => Self::Hospital,
            InstitutionKind::Medical => Self::Clinic,
            InstitutionKind::Dental => Self::Dental,
            InstitutionKind::Pharmacy => Self::Pharmacy,
            InstitutionKind::HomeNursing => Self::HomeNursing,
        }
    }

    fn digit(self) -> char {
        match self {
            Self::Hospital | Self::Clinic => '1',
            Self::Dental => '3',
            Self::Pharmacy => '4',
            Self::HomeNursing => '6',
        }
    }
}

/// The first so many institutions of a seed's world (between the two bounds).
pub(crate) fn institutions(seed: u64, count: usize) -> Vec<Institution> {
    (0..count.clamp(INSTITUTIONS_MIN, INSTITUTIONS_MAX)).map(|index| institution(seed, index)).collect()
}

fn institution(seed: u64, index: usize) -> Institution {
    let mut dice = Dice::new(seed, Stream::Institutions, index as u64, 0);
    let sort = Sort::in_order(index);
    let nth = (0..index).filter(|earlier| Sort::in_order(*earlier) == sort).count();
    let opened_on = opened_on(&mut dice);
    // Prefecture, point table, district, a number that holds the index.
    let block = if sort == Sort::Hospital { 8 } else { 1 };
    let body = format!("13{}{:02}{block}{index:03}", sort.digit(), 81 + dice.below(9));
    made(sort, &body, name(sort, nth), opened_on)
}

/// The institutions of a district of a nation: hospitals first. Of each sort there are as many as the
/// people before it and in it need, less those that the districts before it have; never none.
pub(crate) fn district_institutions(seed: u64, district: &District, people_before: u64) -> Vec<Institution> {
    let mut dice = Dice::new(seed, Stream::Institutions, u64::from(district.number), 1);
    let mut all = Vec::new();
    for (sort, density) in DENSITIES {
        let needed = |people: u64| (people as f64 * density / 100_000.0).round() as u32;
        let count = needed(people_before + district.persons as u64) - needed(people_before);
        for nth in 0..count.clamp(1, NUMBERS_OF_DISTRICT - FIRST_CLINIC) {
            let in_district = if sort == Sort::Hospital { nth } else { FIRST_CLINIC + nth };
            let number = district.place * NUMBERS_OF_DISTRICT + in_district;
            let (county, number) = (1 + number / 10_000, number % 10_000);
            let body = format!("{:02}{}{county:02}{number:04}", district.prefecture, sort.digit());
            // Neighbours have other names, and so have the clinics of one place.
            let name = name(sort, (district.number * 5 + nth) as usize);
            all.push(made(sort, &body, name, opened_on(&mut dice)));
        }
    }
    all
}

fn made(sort: Sort, body: &str, name: String, opened_on: Day) -> Institution {
    let check = check_digit(body).expect("the body is digits");
    Institution {
        code: InstitutionCode::parse(&format!("{body}{check}")).expect("ten digits of a known kind"),
        name,
        hospital: sort == Sort::Hospital,
        opened_on,
        abolished_on: None,
    }
}

fn opened_on(dice: &mut Dice) -> Day {
    let day = Day::new(1975 + dice.below(40) as i32, 1 + dice.below(12) as u8, 1);
    day.unwrap_or_else(|| Day::new(1980, 4, 1).expect("1 April 1980 exists"))
}

fn name(sort: Sort, nth: usize) -> String {
    let place = PLACES[nth % PLACES.len()];
    let round = nth / PLACES.len();
    let base = match sort {
        Sort::Hospital => format!("{place}総合病院"),
        Sort::Clinic => format!("{place}{}", CLINIC_FIELDS[nth % CLINIC_FIELDS.len()]),
        Sort::Dental => format!("{place}歯科医院"),
        Sort::Pharmacy => format!("{place}調剤薬局"),
        Sort::HomeNursing => format!("{place}訪問看護ステーション"),
    };
    if round == 0 { base } else { format!("{base}第{}", full_width(round + 1)) }
}

fn full_width(number: usize) -> String {
    number.to_string().chars().filter_map(|digit| char::from_u32(u32::from(digit) + 0xFEE0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_smallest_world_has_one_of_each() {
        let all = institutions(1, 0);
        assert_eq!(all.len(), INSTITUTIONS_MIN);
        assert!(all[0].hospital && !all[1].hospital);
        for kind in InstitutionKind::ALL {
            assert!(all.iter().any(|institution| institution.kind() == kind), "{kind:?}");
        }
    }

    #[test]
    fn codes_and_names_are_distinct_and_valid() {
        for seed in [1, 2, 99] {
            let all = institutions(seed, INSTITUTIONS_MAX);
            let codes: HashSet<_> = all.iter().map(|institution| institution.code.as_str()).collect();
            let names: HashSet<_> = all.iter().map(|institution| &institution.name).collect();
            assert_eq!((codes.len(), names.len()), (INSTITUTIONS_MAX, INSTITUTIONS_MAX), "seed {seed}");
            assert!(all.iter().all(|institution| institution.code.has_valid_check_digit()), "seed {seed}");
            assert!(all.iter().all(|institution| institution.name.chars().count() <= 20), "seed {seed}");
        }
    }

    #[test]
    fn more_institutions_leave_the_first_ones_as_they_were() {
        assert_eq!(institutions(3, 5)[..], institutions(3, 50)[..5]);
    }
}
