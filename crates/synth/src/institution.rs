//! The institutions of the world: at least a hospital, a clinic, a dental clinic, a pharmacy and a
//! home-nursing station, all invented, in one invented part of the prefecture 13.

use crate::dice::{Dice, Stream};
use madoguchi_model::check_digit::check_digit;
use madoguchi_model::day::Day;
use madoguchi_model::institution::{Institution, InstitutionCode};

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

impl Sort {
    pub(crate) fn of(index: usize) -> Self {
        ORDER[index % ORDER.len()]
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
    let sort = Sort::of(index);
    let nth = (0..index).filter(|earlier| Sort::of(*earlier) == sort).count();
    let opened_on = Day::new(1975 + dice.below(40) as i32, 1 + dice.below(12) as u8, 1);
    Institution {
        code: code(&mut dice, sort, index),
        name: name(sort, nth),
        hospital: sort == Sort::Hospital,
        opened_on: opened_on.unwrap_or_else(|| Day::new(1980, 4, 1).expect("1 April 1980 exists")),
        abolished_on: None,
    }
}

/// Prefecture 13, point table, district, a number that holds the index, check digit.
fn code(dice: &mut Dice, sort: Sort, index: usize) -> InstitutionCode {
    let block = if sort == Sort::Hospital { 8 } else { 1 };
    let body = format!("13{}{:02}{block}{index:03}", sort.digit(), 81 + dice.below(9));
    let check = check_digit(&body).expect("the body is digits");
    InstitutionCode::parse(&format!("{body}{check}")).expect("ten digits of a known kind")
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
    use madoguchi_model::institution::InstitutionKind;
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
