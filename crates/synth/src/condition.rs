//! Chronic conditions: how common they are by age, and the medicines that stay the same for months.

use crate::act;
use crate::bill::{Act, Disease, disease};
use crate::medicine::{Medicine, list};
use madoguchi_model::person::Sex;

/// Who looks after a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    Clinic,
    Hospital,
}

/// What the institution bills for guidance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guidance {
    None,
    /// Hypertension, lipids, diabetes.
    Lifestyle,
    Chronic,
    Other(Act),
}

/// A chronic condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition {
    pub(crate) disease: Disease,
    /// Per mille at 15-44, 45-64, 65-74, 75 and more.
    pub(crate) prevalence: [u32; 4],
    pub(crate) sex: Option<Sex>,
    pub(crate) keeper: Keeper,
    pub(crate) guidance: Guidance,
    /// One of these is taken for years.
    pub(crate) regimens: &'static [&'static [Medicine]],
    /// Examined every few months.
    pub(crate) tests: &'static [Act],
}

impl Condition {
    /// Per mille of people of this age and sex who have it.
    pub(crate) fn prevalence_at(&self, age: i32, sex: Sex) -> u32 {
        if self.sex.is_some_and(|only| only != sex) {
            return 0;
        }
        match age {
            ..15 => 0,
            15..45 => self.prevalence[0],
            45..65 => self.prevalence[1],
            65..75 => self.prevalence[2],
            _ => self.prevalence[3],
        }
    }
}

const BLOOD: &[Act] = &[act::BLOOD_DRAWING, act::BLOOD_COUNT, act::AST, act::LDL, act::CHEMISTRY_JUDGEMENT];
const SUGAR: &[Act] = &[act::BLOOD_DRAWING, act::HBA1C, act::GLUCOSE, act::URINE, act::CHEMISTRY_JUDGEMENT];

#[rustfmt::skip]
pub(crate) const CONDITIONS: [Condition; 24] = [
    condition("8833421", [20, 220, 430, 580], Keeper::Clinic, Guidance::Lifestyle, &[
        &[list::AMLODIPINE], &[list::AMLODIPINE_OD], &[list::AMLODIPINE_BRAND], &[list::AZILSARTAN],
        &[list::OLMESARTAN, list::AMLODIPINE], &[list::TELMISARTAN], &[list::CANDESARTAN, list::BISOPROLOL], &[list::VALSARTAN, list::AMLODIPINE_OD],
    ], &[act::ECG, act::BLOOD_DRAWING, act::BLOOD_COUNT]),
    condition("8844446", [20, 150, 300, 330], Keeper::Clinic, Guidance::Lifestyle, &[
        &[list::ATORVASTATIN], &[list::ROSUVASTATIN], &[list::ROSUVASTATIN_BRAND], &[list::ATORVASTATIN, list::EZETIMIBE],
    ], BLOOD),
    condition("2500015", [10, 80, 150, 170], Keeper::Clinic, Guidance::Lifestyle, &[
        &[list::METFORMIN], &[list::METFORMIN_BRAND, list::SITAGLIPTIN], &[list::LINAGLIPTIN], &[list::METFORMIN, list::EMPAGLIFLOZIN],
        &[list::SITAGLIPTIN, list::GLIMEPIRIDE], &[list::DAPAGLIFLOZIN, list::METFORMIN, list::DULAGLUTIDE], &[list::LINAGLIPTIN, list::INSULIN_GLARGINE],
    ], SUGAR),
    condition("5301002", [30, 80, 130, 180], Keeper::Clinic, Guidance::None, &[
        &[list::VONOPRAZAN], &[list::LANSOPRAZOLE], &[list::ESOMEPRAZOLE], &[list::FAMOTIDINE, list::REBAMIPIDE], &[list::LANSOPRAZOLE, list::MOSAPRIDE],
    ], &[act::GASTROSCOPY]),
    condition("8839792", [40, 70, 100, 160], Keeper::Clinic, Guidance::None, &[
        &[list::ZOLPIDEM], &[list::LEMBOREXANT], &[list::BROTIZOLAM], &[list::ETIZOLAM, list::BROTIZOLAM],
    ], &[]),
    condition("7153018", [20, 70, 130, 200], Keeper::Clinic, Guidance::None, &[
        &[list::CELECOXIB, list::REBAMIPIDE, list::LOXOPROFEN_TAPE], &[list::LOXOPROFEN, list::REBAMIPIDE, list::LOXOPROFEN_TAPE], &[list::LOXOPROFEN_TAPE],
        &[list::PREGABALIN, list::MECOBALAMIN, list::KETOPROFEN_TAPE], &[list::MIROGABALIN, list::ACETAMINOPHEN],
    ], &[act::X_RAY, act::X_RAY_READING, act::REHABILITATION]),
    condition("4779004", [100, 90, 60, 40], Keeper::Clinic, Guidance::None, &[
        &[list::FEXOFENADINE], &[list::BILASTINE, list::MOMETASONE_NASAL], &[list::LEVOCETIRIZINE, list::MONTELUKAST],
    ], &[act::NOSE_CARE]),
    condition("4939008", [30, 35, 40, 50], Keeper::Clinic, Guidance::Chronic, &[
        &[list::BUDESONIDE_INHALER, list::MONTELUKAST, list::PROCATEROL_INHALER], &[list::VILANTEROL_INHALER], &[list::TIOTROPIUM_INHALER, list::CARBOCISTEINE],
    ], &[act::X_RAY, act::X_RAY_READING]),
    only(Sex::Female, condition("7330006", [0, 40, 140, 300], Keeper::Clinic, Guidance::None, &[
        &[list::ELDECALCITOL], &[list::ALFACALCIDOL], &[list::ELDECALCITOL, list::DENOSUMAB],
    ], &[act::X_RAY, act::X_RAY_READING])),
    only(Sex::Male, condition("8836591", [0, 40, 150, 250], Keeper::Clinic, Guidance::None, &[
        &[list::TAMSULOSIN], &[list::SILODOSIN], &[list::TAMSULOSIN, list::MIRABEGRON],
    ], &[act::PSA, act::URINE, act::BLOOD_DRAWING])),
    condition("3659003", [0, 30, 100, 160], Keeper::Clinic, Guidance::None, &[
        &[list::LATANOPROST], &[list::LATANOPROST, list::HYALURONATE_EYE],
    ], &[]),
    condition("4273006", [0, 10, 30, 70], Keeper::Hospital, Guidance::None, &[
        &[list::APIXABAN, list::BISOPROLOL], &[list::EDOXABAN, list::CARVEDILOL, list::FUROSEMIDE], &[list::EDOXABAN],
        &[list::WARFARIN, list::SPIRONOLACTONE, list::FUROSEMIDE],
    ], &[act::ECG, act::BNP, act::BLOOD_DRAWING]),
    condition("8842549", [0, 0, 20, 140], Keeper::Clinic, Guidance::None, &[
        &[list::DONEPEZIL], &[list::MEMANTINE, list::DONEPEZIL], &[list::MEMANTINE, list::YOKUKANSAN],
    ], &[]),
    condition("1539004", [1, 8, 22, 28], Keeper::Hospital, Guidance::Other(act::TUMOUR_MARKERS), &[
        &[list::TEGAFUR, list::METOCLOPRAMIDE], &[list::BEVACIZUMAB, list::TEGAFUR],
    ], &[act::CT, act::IMAGE_READING, act::CANCER_ADVICE]),
    condition("1629006", [0, 3, 10, 14], Keeper::Hospital, Guidance::Other(act::CANCER_ADVICE), &[&[list::NIVOLUMAB]], &[act::CT, act::IMAGE_READING]),
    only(Sex::Female, condition("1749008", [2, 10, 14, 12], Keeper::Hospital, Guidance::Other(act::TUMOUR_MARKERS), &[&[list::ANASTROZOLE]], &[act::ULTRASOUND])),
    only(Sex::Female, condition("8833504", [10, 25, 30, 30], Keeper::Clinic, Guidance::None, &[&[list::LEVOTHYROXINE]], &[act::BLOOD_DRAWING, act::TSH])),
    condition("2961003", [30, 40, 30, 30], Keeper::Clinic, Guidance::None, &[
        &[list::ESCITALOPRAM], &[list::DULOXETINE], &[list::MIRTAZAPINE, list::LEMBOREXANT],
    ], &[]),
    only(Sex::Male, condition("7906015", [10, 60, 60, 50], Keeper::Clinic, Guidance::None, &[&[list::FEBUXOSTAT], &[list::ALLOPURINOL]], &[act::BLOOD_DRAWING, act::AST])),
    only(Sex::Female, condition("2809009", [25, 15, 15, 30], Keeper::Clinic, Guidance::None, &[&[list::IRON]], &[act::BLOOD_DRAWING, act::BLOOD_COUNT])),
    condition("8842106", [2, 7, 12, 12], Keeper::Hospital, Guidance::None, &[&[list::PREDNISOLONE, list::CELECOXIB, list::REBAMIPIDE]], &[act::BLOOD_DRAWING, act::CRP]),
    condition("7240012", [0, 10, 50, 90], Keeper::Clinic, Guidance::None, &[&[list::SHAKUYAKU, list::MECOBALAMIN, list::PREGABALIN], &[list::MIROGABALIN]], &[act::MRI, act::IMAGE_READING]),
    condition("8840399", [0, 2, 8, 15], Keeper::Hospital, Guidance::Other(act::HOME_OXYGEN), &[&[list::TIOTROPIUM_INHALER, list::CARBOCISTEINE]], &[act::X_RAY, act::X_RAY_READING]),
    condition("7805017", [5, 15, 15, 10], Keeper::Clinic, Guidance::Other(act::SLEEP_APNOEA), &[&[]], &[]),
];

const fn condition(
    code: &'static str,
    prevalence: [u32; 4],
    keeper: Keeper,
    guidance: Guidance,
    regimens: &'static [&'static [Medicine]],
    tests: &'static [Act],
) -> Condition {
    Condition { disease: disease(code), prevalence, sex: None, keeper, guidance, regimens, tests }
}

const fn only(sex: Sex, condition: Condition) -> Condition {
    Condition { sex: Some(sex), ..condition }
}
