//! The masters as derivation asks for them: a code and a care date.
//!
//! Loaded once for a file and asked for each item, so codes are kept as numbers.

use crate::day::Day;
use crate::master::{Drug, Procedure, generation};
use std::collections::HashMap;

/// All loaded generations of drugs (医薬品) and procedures (診療行為), by code.
#[derive(Debug, Default)]
pub struct Masters {
    drugs: HashMap<u32, Vec<Drug>>,
    procedures: HashMap<u32, Vec<Procedure>>,
}

impl Masters {
    /// Sorts the generations by their codes. A code that is not nine digits can't be asked for and
    /// is left out.
    #[must_use]
    pub fn new(drugs: impl IntoIterator<Item = Drug>, procedures: impl IntoIterator<Item = Procedure>) -> Self {
        let mut masters = Self::default();
        for drug in drugs {
            if let Some(key) = key(&drug.code) {
                masters.drugs.entry(key).or_default().push(drug);
            }
        }
        for procedure in procedures {
            if let Some(key) = key(&procedure.code) {
                masters.procedures.entry(key).or_default().push(procedure);
            }
        }
        masters
    }

    /// The drug of this code as it was on the day.
    #[must_use]
    pub fn drug(&self, code: &str, day: Day) -> Option<&Drug> {
        generation(self.drugs.get(&key(code)?)?, day, |drug| (drug.valid_from, drug.valid_to))
    }

    /// The procedure of this code as it was on the day.
    #[must_use]
    pub fn procedure(&self, code: &str, day: Day) -> Option<&Procedure> {
        generation(self.procedures.get(&key(code)?)?, day, |act| (act.valid_from, act.valid_to))
    }

    /// Whether no master was loaded at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.drugs.is_empty() && self.procedures.is_empty()
    }
}

fn key(code: &str) -> Option<u32> {
    (code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok())?
}
