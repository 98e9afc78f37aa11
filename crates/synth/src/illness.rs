//! Illnesses that come and go, with their seasons, medicines and what is examined.

use crate::act;
use crate::bill::{Act, Disease, disease};
use crate::medicine::{Medicine, list};

/// When an illness is common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    AllYear,
    /// December to March.
    Winter,
    /// February to April.
    Spring,
    /// June to September.
    Summer,
}

/// An acute illness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Illness {
    pub(crate) disease: Disease,
    pub(crate) season: Season,
    /// Ages that have it, both ends included.
    pub(crate) ages: (i32, i32),
    /// How often, outside its season.
    pub(crate) weight: u32,
    pub(crate) medicines: &'static [Medicine],
    /// Medicines of which some are added.
    pub(crate) extra: &'static [Medicine],
    pub(crate) days: u16,
    pub(crate) acts: &'static [Act],
}

impl Illness {
    /// How common it is in a month of the year, for someone of an age.
    pub(crate) fn weight_in(&self, month_of_year: u8, age: i32) -> u32 {
        if !(self.ages.0..=self.ages.1).contains(&age) {
            return 0;
        }
        let in_season = match self.season {
            Season::AllYear => return self.weight * 2,
            Season::Winter => matches!(month_of_year, 12 | 1..=3),
            Season::Spring => matches!(month_of_year, 2..=4),
            Season::Summer => matches!(month_of_year, 6..=9),
        };
        if in_season { self.weight * 5 } else { self.weight }
    }
}

#[rustfmt::skip]
pub(crate) const ILLNESSES: [Illness; 16] = [
    illness("4659007", Season::Winter, (0, 110), 14, &[list::CARBOCISTEINE, list::TRANEXAMIC_ACID], &[list::ACETAMINOPHEN_NEEDED, list::COLD_GRANULES, list::KAKKONTO, list::DEXTROMETHORPHAN], 5, &[]),
    illness("4660009", Season::Winter, (0, 110), 7, &[list::CARBOCISTEINE, list::AMBROXOL], &[list::CLARITHROMYCIN, list::TIPEPIDINE, list::TULOBUTEROL_TAPE], 7, &[act::NEBULISER, act::X_RAY, act::X_RAY_READING]),
    illness("4871001", Season::Winter, (0, 90), 1, &[list::OSELTAMIVIR], &[list::ACETAMINOPHEN_NEEDED, list::CARBOCISTEINE], 5, &[act::VIRUS_TEST]),
    illness("4871001", Season::Winter, (12, 60), 1, &[list::LANINAMIVIR, list::ACETAMINOPHEN_NEEDED], &[list::IODINE_GARGLE], 5, &[act::VIRUS_TEST]),
    illness("8850104", Season::Summer, (0, 100), 2, &[list::ACETAMINOPHEN, list::TRANEXAMIC_ACID], &[list::CARBOCISTEINE, list::DEXTROMETHORPHAN], 5, &[act::VIRUS_TEST]),
    illness("4770002", Season::Spring, (5, 80), 3, &[list::FEXOFENADINE], &[list::MOMETASONE_NASAL, list::BILASTINE, list::SHOSEIRYUTO], 28, &[act::NOSE_CARE]),
    illness("0091009", Season::Summer, (0, 100), 5, &[list::MIYARISAN], &[list::METOCLOPRAMIDE, list::SCOPOLAMINE, list::BIFIDOBACTERIA], 5, &[]),
    illness("8840829", Season::AllYear, (20, 100), 7, &[list::LOXOPROFEN], &[list::KETOPROFEN_TAPE, list::EPERISONE, list::REBAMIPIDE], 14, &[act::X_RAY, act::X_RAY_READING, act::PAIN_THERAPY]),
    illness("7262008", Season::AllYear, (40, 90), 2, &[list::CELECOXIB], &[list::LOXOPROFEN_TAPE], 14, &[act::X_RAY, act::X_RAY_READING]),
    illness("6923002", Season::Summer, (0, 100), 5, &[list::BETAMETHASONE_OINTMENT], &[list::HEPARINOID_CREAM, list::OLOPATADINE, list::HYDROCORTISONE_OINTMENT], 14, &[]),
    illness("8836770", Season::Summer, (20, 100), 2, &[list::TERBINAFINE_CREAM], &[], 28, &[]),
    illness("0539013", Season::AllYear, (30, 100), 1, &[list::VALACICLOVIR, list::ACETAMINOPHEN], &[list::MECOBALAMIN, list::AZULENE_OINTMENT], 7, &[]),
    illness("5959015", Season::AllYear, (15, 100), 2, &[list::LEVOFLOXACIN], &[], 5, &[act::URINE]),
    illness("4739007", Season::Winter, (3, 90), 2, &[list::CARBOCISTEINE, list::AMOXICILLIN], &[list::MONTELUKAST], 7, &[act::NOSE_CARE]),
    illness("3721002", Season::Spring, (5, 90), 2, &[list::LEVOFLOXACIN_EYE], &[list::HYALURONATE_EYE], 1, &[]),
    illness("8840549", Season::AllYear, (30, 100), 2, &[list::MECOBALAMIN], &[list::ETIZOLAM], 14, &[act::MRI, act::IMAGE_READING]),
];

#[expect(clippy::too_many_arguments, reason = "one row of a table")]
const fn illness(
    code: &'static str,
    season: Season,
    ages: (i32, i32),
    weight: u32,
    medicines: &'static [Medicine],
    extra: &'static [Medicine],
    days: u16,
    acts: &'static [Act],
) -> Illness {
    Illness { disease: disease(code), season, ages, weight, medicines, extra, days, acts }
}

/// Why people come to hospital without an operation, from how old on, and the drips that they get.
#[rustfmt::skip]
pub(crate) const ADMISSIONS: [(Disease, i32, &[Medicine], u32); 9] = [
    (disease("4860030"), 0, &[list::SALINE, list::CEFTRIAXONE], 8),
    (disease("5070003"), 70, &[list::SALINE, list::MEROPENEM], 10),
    (disease("8830796"), 60, &[list::SALINE], 8),
    (disease("8838708"), 55, &[list::RINGER], 9),
    (disease("5908007"), 15, &[list::SALINE, list::CEFTRIAXONE], 4),
    (disease("8837433"), 0, &[list::RINGER], 4),
    (disease("0091009"), 0, &[list::RINGER, list::ACETAMINOPHEN_DRIP], 3),
    (disease("4939008"), 0, &[list::SALINE], 3),
    (disease("1539004"), 50, &[list::NUTRITION_DRIP], 4),
];
