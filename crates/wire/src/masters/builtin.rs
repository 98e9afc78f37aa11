//! A small master of facts: 255 drugs and 250 procedures in daily use, typed from the published
//! editions of 2024-03 and 2024-06, and 17 acts of dentistry. One generation each, valid at all times, so that every care
//! month resolves; a loaded master with a later first day counts before it.

use super::{BEGINNING, ingredient};
use madoguchi_model::day::Day;
use madoguchi_model::master::{Drug, DrugForm, Procedure};

const DRUGS: &str = include_str!("../builtin/drugs.csv");
const PROCEDURES: &str = include_str!("../builtin/procedures.csv");
const DENTAL: &str = include_str!("../builtin/dental.csv");

/// The built-in master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builtin {
    /// 医薬品.
    pub drugs: Vec<Drug>,
    /// 診療行為 of 医科, then those of 歯科.
    pub procedures: Vec<Procedure>,
}

/// Reads the built-in master. Rows that cannot be read are left out; a test proves there are none.
#[must_use]
pub fn builtin() -> Builtin {
    let Some(always) = Day::from_number(BEGINNING) else {
        return Builtin { drugs: Vec::new(), procedures: Vec::new() };
    };
    let rows = |text: &'static str| text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    Builtin {
        drugs: rows(DRUGS).filter_map(|row| drug(&row, always)).collect(),
        procedures: [PROCEDURES, DENTAL].into_iter().flat_map(rows).filter_map(|row| procedure(&row, always)).collect(),
    }
}

fn drug(row: &[&str], always: Day) -> Option<Drug> {
    let [code, price_code, name, unit, form, generic, described] = row else { return None };
    Some(Drug {
        code: (*code).to_owned(),
        name: (*name).to_owned(),
        unit: (*unit).to_owned(),
        form: DrugForm::from_digit(form)?,
        price_code: (*price_code).to_owned(),
        ingredient: ingredient(described, name),
        generic: *generic == "1",
        valid_from: always,
        valid_to: None,
    })
}

fn procedure(row: &[&str], always: Day) -> Option<Procedure> {
    let [code, name, letter, section, branch, notification, outpatient, inpatient] = row else { return None };
    Some(Procedure {
        code: (*code).to_owned(),
        name: (*name).to_owned(),
        unit: String::new(),
        letter: letter.chars().next()?,
        section: section.parse().ok()?,
        section_branch: branch.parse().ok()?,
        notification: notification.parse().ok()?,
        outpatient_total: outpatient.parse().ok()?,
        inpatient_total: inpatient.parse().ok()?,
        valid_from: always,
        valid_to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::master::Shown;

    #[test]
    fn every_row_is_read() {
        let master = builtin();
        assert_eq!(master.drugs.len(), DRUGS.lines().count() - 1);
        assert_eq!(master.procedures.len(), PROCEDURES.lines().count() - 1 + DENTAL.lines().count() - 1);
        assert_eq!((master.drugs.len(), master.procedures.len()), (255, 250 + 17));
        let lens = master.procedures.iter().find(|procedure| procedure.code == "150253010").unwrap();
        assert_eq!(lens.section_code(), "K282");
        let dental: Vec<_> = master.procedures.iter().filter(|procedure| procedure.is_dental()).collect();
        assert_eq!(dental.len(), 17);
        assert!(dental.iter().filter(|act| act.shown() == Shown::Surgery).all(|act| act.letter == 'J'));
    }
}
