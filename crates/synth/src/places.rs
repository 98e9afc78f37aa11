//! Which institutions people go to: by sort, by their index in the list of a district.

use crate::district::Extent;
use crate::institution::Sort;
use madoguchi_model::institution::Institution;

/// Percent of a hospital's stays that are paid for by DPC in a small world, and of all hospitals in a nation.
const DPC_PERCENT: usize = 60;

/// Institutions by sort; each list has at least one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Circle {
    pub(crate) hospitals: Vec<usize>,
    pub(crate) clinics: Vec<usize>,
    pub(crate) dentists: Vec<usize>,
    pub(crate) pharmacies: Vec<usize>,
}

/// The institutions of a district and those of its neighbour, if it has one.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) here: Circle,
    pub(crate) next: Option<Circle>,
    hospital: Vec<bool>,
    /// 0 to 100, for each institution.
    dpc_percent: Vec<usize>,
}

impl Places {
    /// Of a list that begins with the district's own institutions.
    pub(crate) fn of(institutions: &[Institution], own: usize, extent: Extent) -> Self {
        let next = (institutions.len() > own).then(|| Circle::of(institutions, own..institutions.len()));
        let hospital = institutions.iter().map(|institution| institution.hospital).collect();
        let dpc_percent = institutions.iter().map(|institution| dpc_percent(institution, extent)).collect();
        Self { here: Circle::of(institutions, 0..own), next, hospital, dpc_percent }
    }

    pub(crate) fn is_hospital(&self, index: usize) -> bool {
        self.hospital[index]
    }

    /// Percent of this hospital's stays that are paid for by DPC.
    pub(crate) fn dpc_percent(&self, index: usize) -> usize {
        self.dpc_percent[index]
    }
}

/// A hospital of a nation takes part or it doesn't, as its number has it.
fn dpc_percent(institution: &Institution, extent: Extent) -> usize {
    let number: u64 = institution.code.as_str().parse().unwrap_or_default();
    let drawn = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 100;
    match extent {
        Extent::Alone => DPC_PERCENT,
        Extent::OfNation if (drawn as usize) < DPC_PERCENT => 100,
        Extent::OfNation => 0,
    }
}

impl Circle {
    fn of(institutions: &[Institution], range: std::ops::Range<usize>) -> Self {
        let mut circle = Self::default();
        for index in range {
            match Sort::of(&institutions[index]) {
                Sort::Hospital => circle.hospitals.push(index),
                Sort::Clinic => circle.clinics.push(index),
                Sort::Dental => circle.dentists.push(index),
                Sort::Pharmacy => circle.pharmacies.push(index),
                Sort::HomeNursing => {}
            }
        }
        circle
    }
}
