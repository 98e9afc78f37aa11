//! Acts that the world's institutions bill: codes of the 2024-06 edition of the 診療行為 master.

use crate::bill::{Act, act};
use madoguchi_model::day::Month;

/// The revision of June 2024, from which on the basic fees are higher and 生活習慣病管理料２ exists.
const REVISION: i64 = 202_406;

pub(crate) const FOLLOW_UP_HOSPITAL: Act = act(12, "112011310", 76);
pub(crate) const OUTPATIENT_CARE: Act = act(12, "112011010", 52);
pub(crate) const CHILD_FIRST: Act = act(13, "113003510", 604);
pub(crate) const CHILD_FOLLOW_UP: Act = act(13, "113003610", 410);
pub(crate) const MEDICINE_NOTE: Act = act(13, "120002370", 4);
pub(crate) const DRUG_LEVEL: Act = act(13, "113000410", 470);
pub(crate) const NUTRITION_ADVICE: Act = act(13, "113017410", 260);
pub(crate) const REFERRAL: Act = act(13, "180016110", 250);
pub(crate) const PHARMACIST_ADVICE: Act = act(13, "120001610", 325);
pub(crate) const DISCHARGE_MEDICINE: Act = act(13, "113701910", 90);
pub(crate) const CANCER_ADVICE: Act = act(13, "113015210", 500);
pub(crate) const TUMOUR_MARKERS: Act = act(13, "113002110", 400);
pub(crate) const SELF_INJECTION: Act = act(14, "114028410", 750);
pub(crate) const SLEEP_APNOEA: Act = act(14, "114040710", 2_250);
pub(crate) const HOME_OXYGEN: Act = act(14, "114003710", 2_400);
pub(crate) const DISPENSE_INTERNAL: Act = act(24, "120000710", 11);
pub(crate) const DISPENSE_EXTERNAL: Act = act(24, "120001010", 8);
pub(crate) const PRESCRIBE: Act = act(25, "120001210", 42);
pub(crate) const INJECT_MUSCLE: Act = act(31, "130000510", 25);
pub(crate) const INJECT_VEIN: Act = act(32, "130003510", 37);
pub(crate) const DRIP: Act = act(33, "130003810", 102);
pub(crate) const WOUND_CARE: Act = act(40, "140000610", 52);
pub(crate) const NOSE_CARE: Act = act(40, "140019710", 16);
pub(crate) const NEBULISER: Act = act(40, "140022710", 12);
pub(crate) const PAIN_THERAPY: Act = act(40, "140040310", 35);
pub(crate) const DIALYSIS: Act = act(40, "140057810", 1_876);
pub(crate) const EPIDURAL: Act = act(54, "150232610", 1_500);
pub(crate) const SPINAL: Act = act(54, "150232910", 850);
pub(crate) const GENERAL_ANAESTHESIA: Act = act(54, "150233410", 6_000);
pub(crate) const TRANSFUSION: Act = act(50, "150224910", 450);
pub(crate) const URINE: Act = act(60, "160000310", 26);
pub(crate) const BLOOD_COUNT: Act = act(60, "160008010", 21);
pub(crate) const HBA1C: Act = act(60, "160010010", 49);
pub(crate) const GLUCOSE: Act = act(60, "160019410", 11);
pub(crate) const LDL: Act = act(60, "160167250", 18);
pub(crate) const AST: Act = act(60, "160022510", 17);
pub(crate) const TSH: Act = act(60, "160031710", 98);
pub(crate) const PSA: Act = act(60, "160037510", 121);
pub(crate) const CRP: Act = act(60, "160054710", 16);
pub(crate) const BNP: Act = act(60, "160162350", 130);
pub(crate) const BLOOD_DRAWING: Act = act(60, "160095710", 40);
pub(crate) const CHEMISTRY_JUDGEMENT: Act = act(60, "160061910", 144);
pub(crate) const ECG: Act = act(60, "160068410", 130);
pub(crate) const ULTRASOUND: Act = act(60, "160072210", 530);
pub(crate) const GASTROSCOPY: Act = act(60, "160093810", 1_140);
pub(crate) const VIRUS_TEST: Act = act(60, "160230050", 225);
pub(crate) const PATHOLOGY: Act = act(60, "160059810", 1_990);
pub(crate) const PATHOLOGY_REPORT: Act = act(60, "160155110", 520);
pub(crate) const X_RAY: Act = act(70, "170027910", 68);
pub(crate) const X_RAY_READING: Act = act(70, "170000410", 85);
pub(crate) const CT: Act = act(70, "170011810", 900);
pub(crate) const MRI: Act = act(70, "170020110", 1_330);
pub(crate) const IMAGE_READING: Act = act(70, "170015410", 450);
pub(crate) const OUTSIDE_PRESCRIPTION: Act = act(80, "120002910", 60);
pub(crate) const OUTSIDE_PRESCRIPTION_MANY: Act = act(80, "120002710", 32);
pub(crate) const GENERIC_NAMES: Act = act(80, "120003570", 8);
pub(crate) const REHABILITATION: Act = act(80, "180755710", 185);
/// 療養病棟入院料１.
pub(crate) const LONG_TERM_BED: Act = act(90, "190817610", 1_964);
pub(crate) const BED: Act = act(90, "190117710", 1_688);

/// 入院時食事療養: yen for a meal, not points.
pub(crate) fn meal(month: Month) -> Act {
    act(97, "197000110", if month.number() < REVISION { 640 } else { 670 })
}

/// 初診料 of the month.
pub(crate) fn first_visit(month: Month) -> Act {
    act(11, "111000110", if month.number() < REVISION { 288 } else { 291 })
}

/// 再診料 of the month.
pub(crate) fn follow_up(month: Month) -> Act {
    act(12, "112007410", if month.number() < REVISION { 73 } else { 75 })
}

/// What a clinic bills for the guidance of people with hypertension, lipids or diabetes.
pub(crate) fn lifestyle_guidance(month: Month) -> Act {
    if month.number() < REVISION { act(13, "113001810", 225) } else { act(13, "113707110", 333) }
}

/// What a clinic bills for the guidance of people with other chronic diseases.
pub(crate) const CHRONIC_GUIDANCE: Act = act(13, "113001810", 225);
