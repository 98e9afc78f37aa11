//! Operations (手術) that happen in the world, each with anaesthesia, medicines and what comes around
//! it. Codes and points are those of the 2024-06 edition of the 診療行為 master.

use crate::act;
use crate::bill::{Act, Disease, act, disease};
use crate::medicine::{Medicine, list};
use madoguchi_model::person::Sex;

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) act: Act,
    pub(crate) disease: Disease,
    /// Medicines used in it (診療識別 50).
    pub(crate) medicines: &'static [Medicine],
    pub(crate) anaesthesia: &'static [Act],
    /// Medicines of the anaesthesia (診療識別 54).
    pub(crate) anaesthetics: &'static [Medicine],
    /// Imaging, pathology and the like on the same day.
    pub(crate) around: &'static [Act],
    /// Ages that have it, both ends included.
    pub(crate) ages: (i32, i32),
    /// Only people of this sex.
    pub(crate) sex: Option<Sex>,
    /// Days in hospital at least and at most; 0 for outpatients.
    pub(crate) stay: (i64, i64),
}

impl Operation {
    /// Whether it may happen to someone of this age and sex.
    pub(crate) fn suits(&self, age: i32, sex: Sex) -> bool {
        (self.ages.0..=self.ages.1).contains(&age) && self.sex.is_none_or(|only| only == sex)
    }
}

const GENERAL: &[Act] = &[act::GENERAL_ANAESTHESIA];
const GENERAL_EPIDURAL: &[Act] = &[act::GENERAL_ANAESTHESIA, act::EPIDURAL];
const SPINAL: &[Act] = &[act::SPINAL];
const SLEEP: &[Medicine] = &[list::PROPOFOL];
const TUMOUR: &[Act] = &[act::PATHOLOGY, act::PATHOLOGY_REPORT, act::CT, act::IMAGE_READING];
const BONE: &[Act] = &[act::X_RAY, act::X_RAY_READING];
const JOINT: &[Act] = &[act::X_RAY, act::X_RAY_READING, act::TRANSFUSION];
const ANTIBIOTIC: &[Medicine] = &[list::CEFTRIAXONE];
const LOCAL: &[Medicine] = &[list::LIDOCAINE];

const GALLSTONE: Disease = Disease { code: "0000999", name: "胆石症" };
const HERNIA: Disease = Disease { code: "0000999", name: "鼠径ヘルニア" };
const SKIN_TUMOUR: Disease = Disease { code: "0000999", name: "皮膚腫瘍" };
const WOUND: Disease = Disease { code: "0000999", name: "前腕挫創" };
const ABSCESS: Disease = Disease { code: "0000999", name: "背部膿瘍" };
const STONE: Disease = Disease { code: "0000999", name: "尿管結石" };
const RETINA: Disease = Disease { code: "0000999", name: "網膜裂孔" };

/// 腹腔鏡下胆嚢摘出術: the operation of a named patient.
pub(crate) const GALL_BLADDER: Operation = Operation {
    act: act(50, "150254110", 21_500),
    disease: GALLSTONE,
    medicines: ANTIBIOTIC,
    anaesthesia: GENERAL,
    anaesthetics: SLEEP,
    around: TUMOUR,
    ages: (30, 85),
    sex: None,
    stay: (5, 8),
};

/// 人工透析の内シャント拡張: from time to time with dialysis.
pub(crate) const SHUNT: Operation = Operation {
    act: act(50, "150416610", 12_000),
    disease: disease("8842116"),
    medicines: LOCAL,
    anaesthesia: &[],
    anaesthetics: &[],
    around: &[],
    ages: (20, 100),
    sex: None,
    stay: (0, 0),
};

/// Operations of people in hospital, with how often they happen.
pub(crate) const INPATIENT: [(Operation, u32); 16] = [
    (GALL_BLADDER, 12),
    (surgery("150159010", 6_000, HERNIA, SPINAL, &[], (20, 90), (3, 5)), 12),
    (surgery("150181610", 6_740, disease("5409005"), GENERAL, TUMOUR, (8, 70), (5, 8)), 8),
    (surgery("150019210", 21_630, disease("8208009"), SPINAL, BONE, (65, 105), (20, 40)), 14),
    (surgery("150050510", 37_690, disease("7153018"), GENERAL, BONE, (60, 90), (18, 28)), 8),
    (surgery("150050410", 37_690, disease("7151003"), GENERAL, JOINT, (55, 90), (18, 28)), 5),
    (surgery("150324910", 59_510, disease("1539004"), GENERAL_EPIDURAL, TUMOUR, (45, 90), (10, 16)), 8),
    (surgery("150323510", 64_120, disease("1519006"), GENERAL_EPIDURAL, TUMOUR, (45, 90), (10, 16)), 6),
    (surgery("150358810", 92_000, disease("1629006"), GENERAL, TUMOUR, (50, 85), (8, 14)), 4),
    (surgery("150365110", 13_530, Disease { code: "0000999", name: "膀胱癌" }, SPINAL, TUMOUR, (55, 90), (5, 8)), 5),
    (surgery("150365010", 22_270, STONE, GENERAL, &[], (25, 80), (3, 5)), 5),
    (surgery("150375410", 21_680, disease("4139007"), &[], &[act::ECG], (45, 90), (3, 5)), 9),
    (surgery("150262810", 34_370, disease("4273006"), &[], &[act::ECG], (50, 85), (4, 6)), 5),
    (surgery("150397210", 30_390, disease("7240012"), GENERAL, BONE, (50, 85), (10, 16)), 5),
    (of_women(surgery("150121610", 17_040, disease("1749008"), GENERAL, TUMOUR, (35, 90), (6, 9))), 6),
    (
        of_women(surgery(
            "150222210",
            20_140,
            Disease { code: "0000999", name: "骨盤位" },
            SPINAL,
            &[],
            (20, 42),
            (7, 9),
        )),
        8,
    ),
];

/// Operations of outpatients.
pub(crate) const OUTPATIENT: [(Operation, u32); 8] = [
    (minor("150253010", 12_100, disease("3669004"), &[], (60, 95)), 14),
    (minor("150285010", 5_000, disease("2113008"), &[act::PATHOLOGY_REPORT], (40, 85)), 14),
    (minor("150001010", 530, WOUND, &[], (2, 100)), 12),
    (minor("150001810", 640, ABSCESS, &[], (10, 90)), 6),
    (minor("150003110", 1_660, SKIN_TUMOUR, &[act::PATHOLOGY_REPORT], (15, 90)), 6),
    (minor("150244110", 10_020, RETINA, &[], (40, 85)), 4),
    (minor("150093610", 830, disease("3829027"), &[], (1, 12)), 4),
    (minor("150288510", 2_350, Disease { code: "0000999", name: "ばね指" }, &[], (40, 85)), 4),
];

const fn surgery(
    code: &'static str,
    points: u32,
    disease: Disease,
    anaesthesia: &'static [Act],
    around: &'static [Act],
    ages: (i32, i32),
    stay: (i64, i64),
) -> Operation {
    let anaesthetics = if anaesthesia.is_empty() { &[] } else { SLEEP };
    Operation {
        act: act(50, code, points),
        disease,
        medicines: ANTIBIOTIC,
        anaesthesia,
        anaesthetics,
        around,
        ages,
        sex: None,
        stay,
    }
}

const fn of_women(operation: Operation) -> Operation {
    Operation { sex: Some(Sex::Female), ..operation }
}

const fn minor(
    code: &'static str,
    points: u32,
    disease: Disease,
    around: &'static [Act],
    ages: (i32, i32),
) -> Operation {
    Operation {
        act: act(50, code, points),
        disease,
        medicines: LOCAL,
        anaesthesia: &[],
        anaesthetics: &[],
        around,
        ages,
        sex: None,
        stay: (0, 0),
    }
}
