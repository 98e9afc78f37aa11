//! Which institutions people go to: the hospital, the clinics and the pharmacies by their index.

use crate::institution::Sort;

/// The institutions by sort; each list has at least one.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) hospitals: Vec<usize>,
    pub(crate) clinics: Vec<usize>,
    pub(crate) pharmacies: Vec<usize>,
}

impl Places {
    /// Of a world with so many institutions.
    pub(crate) fn of(institutions: usize) -> Self {
        let all = |sort| (0..institutions).filter(|index| Sort::of(*index) == sort).collect();
        Self { hospitals: all(Sort::Hospital), clinics: all(Sort::Clinic), pharmacies: all(Sort::Pharmacy) }
    }

    pub(crate) fn is_hospital(&self, index: usize) -> bool {
        Sort::of(index) == Sort::Hospital
    }
}
