//! What is published of the country's people and care, rounded (2022 to 2024).

/// Thousands of people for each five years of age, 2024-10-01.
pub(super) const PYRAMID: [f64; 20] = [
    3_870.0, 4_690.0, 5_270.0, 5_490.0, 6_270.0, 6_478.0, 6_420.0, 6_980.0, 7_760.0, 8_870.0, 9_620.0, 8_350.0,
    7_490.0, 7_270.0, 8_196.0, 8_260.0, 5_830.0, 4_000.0, 2_050.0, 637.0,
];

/// Share of women at the age with which a class begins.
pub(super) const fn women(class: usize) -> f64 {
    match class {
        ..10 => 0.487,
        10..13 => 0.50,
        13..15 => 0.52,
        15..17 => 0.57,
        17..19 => 0.67,
        _ => 0.84,
    }
}

/// Members in thousands: 協会けんぽ (with 船員), 組合健保, 共済, 国保, 後期高齢者医療.
pub(super) const SCHEMES: [(&str, f64); 5] = [
    ("協会けんぽ", 39_556.0),
    ("組合健保", 28_201.0),
    ("共済組合", 9_900.0),
    ("国民健康保険", 26_400.0),
    ("後期高齢者医療", 20_000.0),
];

/// Receipts of a person and month: outpatient, inpatient, dental, pharmacy.
pub(super) const RECEIPTS: [(&str, f64); 4] =
    [("医科入院外", 0.70), ("医科入院・DPC", 0.019), ("歯科", 0.16), ("調剤", 0.47)];

/// Days (of pharmacies: prescriptions) of a receipt, in the same order.
pub(super) const DAYS: [f64; 4] = [1.50, 15.2, 1.65, 1.20];

/// Percent of inpatients' receipts that are of DPC: 13.1 of 28.5 million in the year to March 2024.
pub(super) const DPC_PERCENT: f64 = 46.0;

/// Use by age beside the mean of all, in the same order as [`RECEIPTS`].
pub(super) const USE: [(&str, [f64; 4]); 9] = [
    ("0～4歳", [1.3, 0.5, 0.3, 1.3]),
    ("5～14歳", [0.9, 0.15, 0.7, 1.0]),
    ("15～24歳", [0.45, 0.2, 0.5, 0.5]),
    ("25～39歳", [0.55, 0.4, 0.7, 0.6]),
    ("40～54歳", [0.7, 0.45, 0.9, 0.75]),
    ("55～64歳", [1.0, 0.8, 1.1, 1.0]),
    ("65～74歳", [1.45, 1.5, 1.5, 1.45]),
    ("75～84歳", [1.9, 2.9, 1.5, 1.8]),
    ("85歳以上", [1.7, 5.0, 1.1, 1.7]),
];

/// The class of [`USE`] of an age.
pub(super) const fn use_class(age: i32) -> usize {
    match age {
        ..5 => 0,
        5..15 => 1,
        15..25 => 2,
        25..40 => 3,
        40..55 => 4,
        55..65 => 5,
        65..75 => 6,
        75..85 => 7,
        _ => 8,
    }
}

/// Internal medicines of a pharmacy's prescription.
pub(super) const MEDICINES: f64 = 2.79;

/// Percent of internal medicines by the days of their supply.
pub(super) const SUPPLY_DAYS: [(&str, u32, f64); 6] = [
    ("14日以内", 14, 39.7),
    ("15～28日", 28, 21.0),
    ("29～30日", 30, 17.2),
    ("31～60日", 60, 15.7),
    ("61～90日", 90, 5.3),
    ("91日以上", u32::MAX, 1.1),
];

/// Institutions for 100,000 people: hospitals, clinics, dental clinics, pharmacies.
pub(super) const INSTITUTIONS: [(&str, f64); 4] =
    [("病院", 6.6), ("診療所", 85.0), ("歯科診療所", 54.0), ("薬局", 51.0)];

/// Percent with a chronic disease at 15-44, 45-64, 65-74 and 75 and more.
pub(super) const CHRONIC: [(&str, &[&str], [f64; 4]); 8] = [
    ("高血圧症", &["8833421"], [2.0, 22.0, 43.0, 58.0]),
    ("脂質異常症", &["8844446"], [2.0, 15.0, 30.0, 33.0]),
    ("糖尿病", &["2500015"], [1.0, 8.0, 15.0, 17.0]),
    ("胃の病気", &["5301002"], [3.0, 8.0, 13.0, 18.0]),
    ("不眠・不安", &["8839792"], [4.0, 7.0, 10.0, 16.0]),
    ("心房細動", &["4273006"], [0.0, 1.0, 3.0, 7.0]),
    ("認知症", &["8842549"], [0.0, 0.0, 2.0, 14.0]),
    ("緑内障・白内障", &["3659003"], [0.0, 3.0, 10.0, 16.0]),
];

/// The tables of [`CHRONIC`], by age.
pub(super) const CHRONIC_SUBJECTS: [&str; 4] =
    ["慢性疾患（15～44歳）", "慢性疾患（45～64歳）", "慢性疾患（65～74歳）", "慢性疾患（75歳以上）"];

/// The class of [`CHRONIC_SUBJECTS`] of an age; `None` for children.
pub(super) const fn chronic_class(age: i32) -> Option<usize> {
    match age {
        ..15 => None,
        15..45 => Some(0),
        45..65 => Some(1),
        65..75 => Some(2),
        _ => Some(3),
    }
}
