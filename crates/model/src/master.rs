//! Code masters (マスター): drugs (Y), procedures (S) and the names of the rest.
//!
//! A code is looked up with the generation valid on the care date; if there is none, with the
//! newest that ever had it; if never, its name is [`UNKNOWN_NAME`].

use crate::day::Day;
use serde::{Deserialize, Serialize};

/// Shown for a code that no master generation has.
pub const UNKNOWN_NAME: &str = "（名称不明）";

/// 剤形 of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrugForm {
    /// 内用薬 (1).
    Internal,
    /// その他 (3).
    Other,
    /// 注射薬 (4).
    Injection,
    /// 外用薬 (6).
    External,
    /// 歯科用薬剤 (8).
    Dental,
}

/// One generation of a drug (医薬品マスターの一行).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drug {
    /// 医薬品コード, 9 digits.
    pub code: String,
    /// 名称.
    pub name: String,
    /// 単位.
    pub unit: String,
    /// 剤形.
    pub form: DrugForm,
    /// 薬価基準収載医薬品コード, 12 characters, may be empty.
    pub price_code: String,
    /// 一般名処方の標準的な記載 without 【般】, or the name up to its strength.
    pub ingredient: Option<String>,
    /// Whether it is a generic product (後発品).
    pub generic: bool,
    /// 変更年月日: first day of the generation.
    pub valid_from: Day,
    /// 廃止年月日: last day; `None` while in force.
    pub valid_to: Option<Day>,
}

/// One generation of a procedure (a row of the master of 医科診療行為 or 歯科診療行為).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// 診療行為コード, 9 digits.
    pub code: String,
    /// 省略漢字名称.
    pub name: String,
    /// Unit of 数量データ, may be empty.
    pub unit: String,
    /// Chapter letter of the code table (A … O, `-`, `*`). 医科 and 歯科 mean other chapters by the same letter.
    pub letter: char,
    /// 区分番号.
    pub section: u16,
    /// 枝番, 0 when there is none.
    pub section_branch: u16,
    /// 告示等識別区分(1): 1 basic, 3 composite, 5 準用, 7 addition, 9 general addition.
    pub notification: u8,
    /// 点数欄集計先 of outpatients.
    pub outpatient_total: u16,
    /// 点数欄集計先 of inpatients.
    pub inpatient_total: u16,
    /// 変更年月日: first day of the generation.
    pub valid_from: Day,
    /// 廃止年月日: last day; `None` while in force.
    pub valid_to: Option<Day>,
}

/// What a procedure is for viewing (§10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As 診療情報.
    MedicalCare,
    /// As 手術情報.
    Surgery,
    /// Not at all.
    Hidden,
}

impl Procedure {
    /// `K719-3`, `B001`.
    #[must_use]
    pub fn section_code(&self) -> String {
        if self.section_branch == 0 {
            format!("{}{:03}", self.letter, self.section)
        } else {
            format!("{}{:03}-{}", self.letter, self.section, self.section_branch)
        }
    }

    /// Whether it stands alone (告示等識別 1, 3, 5) instead of adding to another.
    #[must_use]
    pub const fn is_principal(&self) -> bool {
        matches!(self.notification, 1 | 3 | 5)
    }

    /// Whether its code is one of 歯科診療行為 (3xxxxxxxx).
    #[must_use]
    pub fn is_dental(&self) -> bool {
        self.code.starts_with('3')
    }

    /// Whether it is of the chapter of operations: K in 医科, J in 歯科.
    #[must_use]
    pub fn is_operation(&self) -> bool {
        self.letter == if self.is_dental() { 'J' } else { 'K' }
    }

    /// Under which information an act is shown. Additions (7, 9) are hidden.
    #[must_use]
    pub fn shown(&self) -> Shown {
        if !self.is_principal() {
            Shown::Hidden
        } else if self.is_dental() {
            self.shown_of_dental()
        } else {
            self.shown_of_medical()
        }
    }

    /// 歯科: 医学管理 (B), 在宅 (C), 画像 (E), 放射線 (L), 病理 (O), and 手術 (J).
    const fn shown_of_dental(&self) -> Shown {
        match self.letter {
            'B' | 'C' | 'E' | 'L' | 'O' => Shown::MedicalCare,
            'J' => Shown::Surgery,
            _ => Shown::Hidden,
        }
    }

    const fn shown_of_medical(&self) -> Shown {
        match (self.letter, self.section) {
            ('B' | 'E' | 'N' | 'M', _) | ('C', 100..=121) | ('J', 38 | 42) => {
                if self.letter == 'J' && self.section == 38 && self.section_branch > 2 {
                    Shown::Hidden
                } else {
                    Shown::MedicalCare
                }
            }
            ('K', _) | ('A', 400) => Shown::Surgery,
            _ => Shown::Hidden,
        }
    }
}

impl DrugForm {
    /// From the digit of the master.
    #[must_use]
    pub fn from_digit(digit: &str) -> Option<Self> {
        match digit {
            "1" => Some(Self::Internal),
            "3" => Some(Self::Other),
            "4" => Some(Self::Injection),
            "6" => Some(Self::External),
            "8" => Some(Self::Dental),
            _ => None,
        }
    }

    /// The digit of the master.
    #[must_use]
    pub const fn digit(self) -> &'static str {
        match self {
            Self::Internal => "1",
            Self::Other => "3",
            Self::Injection => "4",
            Self::External => "6",
            Self::Dental => "8",
        }
    }
}

/// The generation for a care date: the one valid then, else the newest of all.
#[must_use]
pub fn generation<T>(generations: &[T], day: Day, validity: impl Fn(&T) -> (Day, Option<Day>)) -> Option<&T> {
    let holds = |item: &&T| {
        let (from, to) = validity(item);
        from <= day && to.is_none_or(|last| day <= last)
    };
    let newest = |item: &&T| validity(item).0;
    generations.iter().filter(holds).max_by_key(newest).or_else(|| generations.iter().max_by_key(newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn procedure(letter: char, section: u16, section_branch: u16, notification: u8) -> Procedure {
        Procedure {
            code: "000000000".to_owned(),
            name: String::new(),
            unit: String::new(),
            letter,
            section,
            section_branch,
            notification,
            outpatient_total: 0,
            inpatient_total: 0,
            valid_from: Day::from_number(20_240_601).unwrap(),
            valid_to: None,
        }
    }

    #[test]
    fn acts_are_classified_by_their_chapter_letter() {
        use Shown::{Hidden, MedicalCare, Surgery};
        for (letter, section, branch, expected) in [
            ('B', 11, 3, MedicalCare),
            ('C', 101, 0, MedicalCare),
            ('C', 99, 0, Hidden),
            ('C', 150, 0, Hidden),
            ('D', 5, 0, Hidden),
            ('E', 200, 0, MedicalCare),
            ('N', 6, 0, MedicalCare),
            ('M', 1, 3, MedicalCare),
            ('J', 38, 0, MedicalCare),
            ('J', 38, 2, MedicalCare),
            ('J', 38, 3, Hidden),
            ('J', 42, 0, MedicalCare),
            ('J', 39, 0, Hidden),
            ('K', 719, 3, Surgery),
            ('K', 920, 0, Surgery),
            ('A', 400, 0, Surgery),
            ('A', 1, 0, Hidden),
            ('L', 8, 0, Hidden),
        ] {
            assert_eq!(procedure(letter, section, branch, 1).shown(), expected, "{letter}{section}-{branch}");
            assert_eq!(procedure(letter, section, branch, 7).shown(), Hidden);
        }
        assert_eq!(procedure('K', 719, 3, 1).section_code(), "K719-3");
        assert_eq!(procedure('B', 1, 0, 1).section_code(), "B001");
    }

    #[test]
    fn the_letters_of_dentistry_mean_other_chapters() {
        use Shown::{Hidden, MedicalCare, Surgery};
        let dental =
            |letter, notification| Procedure { code: "310000210".to_owned(), ..procedure(letter, 0, 0, notification) };
        for (letter, expected) in [
            ('A', Hidden),
            ('B', MedicalCare),
            ('C', MedicalCare),
            ('D', Hidden),
            ('E', MedicalCare),
            ('F', Hidden),
            ('G', Hidden),
            ('H', Hidden),
            ('I', Hidden),
            ('J', Surgery),
            ('K', Hidden),
            ('L', MedicalCare),
            ('M', Hidden),
            ('N', Hidden),
            ('O', MedicalCare),
        ] {
            assert_eq!(dental(letter, 1).shown(), expected, "{letter}");
            assert_eq!(dental(letter, 7).shown(), Hidden, "{letter}");
        }
        assert!(dental('J', 1).is_operation() && !procedure('J', 38, 0, 1).is_operation());
        assert!(procedure('K', 719, 0, 1).is_operation() && !dental('K', 1).is_operation());
    }

    #[test]
    fn a_code_is_read_with_the_generation_of_its_day() {
        let day = |number| Day::from_number(number).unwrap();
        let generations = [
            (day(20_200_401), Some(day(20_220_331)), "old"),
            (day(20_220_401), Some(day(20_240_531)), "middle"),
            (day(20_240_601), Some(day(20_250_531)), "new"),
        ];
        for (on, expected) in
            [(20_220_331, "old"), (20_220_401, "middle"), (20_240_601, "new"), (20_260_101, "new"), (20_100_101, "new")]
        {
            let found = generation(&generations, day(on), |item| (item.0, item.1)).unwrap();
            assert_eq!(found.2, expected, "{on}");
        }
    }
}
