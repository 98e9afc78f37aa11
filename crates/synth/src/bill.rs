//! What an institution bills for one patient and month, before it becomes records of a file.
//!
//! Units of the same content are merged: their days add up, as on a real receipt.

use crate::dpc::DpcStay;
use crate::medicine::{Form, Medicine, medicine_points, usage_text};
use madoguchi_model::day::Day;

/// A disease on a receipt (傷病名).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disease {
    /// 傷病名コード, 0000999 when not coded.
    pub(crate) code: &'static str,
    /// The name, of a disease that is not coded; else empty.
    pub(crate) name: &'static str,
}

/// A disease by its code.
pub(crate) const fn disease(code: &'static str) -> Disease {
    Disease { code, name: "" }
}

/// An act (診療行為) with its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Act {
    /// 診療識別.
    pub(crate) class: u8,
    pub(crate) code: &'static str,
    pub(crate) points: u32,
}

/// An act of a class.
pub(crate) const fn act(class: u8, code: &'static str, points: u32) -> Act {
    Act { class, code, points }
}

/// A line of a calculation unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// SI.
    Act(&'static str),
    /// IY, with thousandths of a unit.
    Medicine(&'static str, u64),
    /// CO 810000001.
    Comment(&'static str),
}

/// A calculation unit (算定単位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) class: u8,
    pub(crate) lines: Vec<Line>,
    pub(crate) points: u32,
    /// Count on each day of the month.
    pub(crate) days: [u16; 31],
}

impl Unit {
    pub(crate) fn count(&self) -> u32 {
        self.days.iter().map(|count| u32::from(*count)).sum()
    }
}

/// One 医科 receipt in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MedicalReceipt {
    /// Index of the institution.
    pub(crate) institution: usize,
    /// Index of the person's coverage.
    pub(crate) coverage: usize,
    /// 入院年月日, of inpatients.
    pub(crate) admitted: Option<Day>,
    /// Of inpatients who are paid for by DPC.
    pub(crate) dpc: Option<DpcStay>,
    pub(crate) diseases: Vec<(Disease, Day)>,
    pub(crate) units: Vec<Unit>,
    /// Days of visits or of the stay, by the day of the month.
    pub(crate) visited: [bool; 31],
    /// Meals of the stay.
    pub(crate) meals: u32,
}

/// One medicine line of a prescription at the pharmacy: what stands under one SH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispensing {
    pub(crate) medicines: Vec<Medicine>,
    /// (prescribed on, dispensed on, quantity), each a CZ.
    pub(crate) supplies: Vec<(Day, Day, u32)>,
}

/// One 調剤 receipt in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PharmacyReceipt {
    /// Index of the pharmacy.
    pub(crate) pharmacy: usize,
    /// Index of the institution that prescribed.
    pub(crate) prescriber: usize,
    pub(crate) coverage: usize,
    pub(crate) dispensings: Vec<Dispensing>,
}

impl MedicalReceipt {
    pub(crate) fn new(institution: usize, coverage: usize, admitted: Option<Day>) -> Self {
        Self {
            institution,
            coverage,
            admitted,
            dpc: None,
            diseases: Vec::new(),
            units: Vec::new(),
            visited: [false; 31],
            meals: 0,
        }
    }

    pub(crate) fn visit(&mut self, day: Day) {
        self.visited[place(day)] = true;
    }

    pub(crate) fn diagnose(&mut self, disease: Disease, since: Day) {
        if self.diseases.iter().all(|(known, _)| *known != disease) {
            self.diseases.push((disease, since));
        }
    }

    pub(crate) fn act(&mut self, act: &Act, day: Day) {
        self.unit(act.class, vec![Line::Act(act.code)], act.points, day, 1);
    }

    /// Medicines that are counted together (内服 of one usage, one drip …); `count` is days or times.
    pub(crate) fn medicines(&mut self, class: u8, medicines: &[Medicine], day: Day, count: u16, with_usage: bool) {
        let Some(first) = medicines.first() else { return };
        let text = match first.form {
            Form::Internal(usage) if with_usage => Some(usage_text(usage)),
            Form::AsNeeded(_, text) | Form::External(text) => Some(text),
            _ => None,
        };
        let lines = text.map(Line::Comment).into_iter();
        let lines = lines.chain(medicines.iter().map(|medicine| Line::Medicine(medicine.code, medicine.amount)));
        self.unit(class, lines.collect(), medicine_points(medicines), day, count);
    }

    fn unit(&mut self, class: u8, lines: Vec<Line>, points: u32, day: Day, count: u16) {
        let same =
            self.units.iter_mut().find(|unit| unit.class == class && unit.points == points && unit.lines == lines);
        match same {
            Some(unit) => unit.days[place(day)] += count,
            None => {
                let mut days = [0; 31];
                days[place(day)] = count;
                self.units.push(Unit { class, lines, points, days });
            }
        }
    }

    /// 合計点数; meals (97) are money, not points.
    pub(crate) fn points(&self) -> u32 {
        let counted = self.units.iter().filter(|unit| unit.class != 97);
        counted.map(|unit| unit.points * unit.count()).sum()
    }
}

impl PharmacyReceipt {
    /// Puts medicines of one usage under one SH; a further supply of the same ones adds a CZ.
    pub(crate) fn supply(&mut self, medicines: &[Medicine], prescribed: Day, dispensed: Day, quantity: u32) {
        let supply = (prescribed, dispensed, quantity);
        match self.dispensings.iter_mut().find(|dispensing| dispensing.medicines == medicines) {
            Some(dispensing) => dispensing.supplies.push(supply),
            None => self.dispensings.push(Dispensing { medicines: medicines.to_vec(), supplies: vec![supply] }),
        }
    }
}

fn place(day: Day) -> usize {
    usize::from(day.day_of_month()) - 1
}
