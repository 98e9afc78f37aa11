//! Medicines that the world's doctors prescribe: codes and prices of the 2024-03 edition of the
//! 医薬品 master, each with the amount and usage that is usual for it.

/// How a medicine is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// 内服, with its 用法コード of three digits.
    Internal(&'static str),
    /// 屯服: so many doses, with the text of the usage.
    AsNeeded(u32, &'static str),
    /// 外用, with the text of the usage.
    External(&'static str),
    /// 注射, with its 診療識別 (31 to 33) for outpatients.
    Injection(u8),
    /// Injections for the patient to take home (在宅, 診療識別 14).
    SelfInjection,
}

/// A medicine with its usual amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Medicine {
    /// 医薬品コード.
    pub(crate) code: &'static str,
    /// Price of a unit in 0.01 yen.
    pub(crate) price: u64,
    /// Thousandths of a unit: a day's (内服), a dose's (屯服), or all of it.
    pub(crate) amount: u64,
    pub(crate) form: Form,
}

impl Medicine {
    /// Whether it is 内服 and so counts days.
    pub(crate) const fn is_internal(&self) -> bool {
        matches!(self.form, Form::Internal(_))
    }

    /// Whether a pharmacy dispenses it on a prescription.
    pub(crate) const fn is_dispensed(&self) -> bool {
        !matches!(self.form, Form::Injection(_) | Form::SelfInjection)
    }

    /// Price of the usual amount in 0.00001 yen.
    pub(crate) const fn cost(&self) -> u64 {
        self.price * self.amount
    }
}

/// 薬剤料 in points of medicines that are counted together: 五捨五超入, at least one point.
pub(crate) fn medicine_points(medicines: &[Medicine]) -> u32 {
    let cost: u64 = medicines.iter().map(Medicine::cost).sum();
    let points = cost.saturating_sub(500_000).div_ceil(1_000_000).max(1);
    u32::try_from(points).unwrap_or(u32::MAX)
}

/// The usages that the world uses: code, Japanese text, times a day.
const USAGES: [(&str, &str, u64); 11] = [
    ("001", "１日３回食前服用", 3),
    ("002", "１日３回食間服用", 3),
    ("003", "１日３回食後服用", 3),
    ("005", "１日１回朝食前服用", 1),
    ("006", "１日１回朝食後服用", 1),
    ("012", "１日１回夕食後服用", 1),
    ("013", "１日１回寝前服用", 1),
    ("018", "１日２回朝夕食後服用", 2),
    ("021", "１日４回食後寝前服用", 4),
    ("033", "１２時間毎服用", 2),
    ("048", "起床時服用", 1),
];

/// The Japanese text of a 用法コード that the world uses.
pub(crate) fn usage_text(code: &str) -> &'static str {
    USAGES.iter().find(|usage| usage.0 == code).map_or("医師の指示通り", |usage| usage.1)
}

/// How often a day.
pub(crate) fn times_a_day(code: &str) -> u64 {
    USAGES.iter().find(|usage| usage.0 == code).map_or(1, |usage| usage.2)
}

const fn daily(code: &'static str, price: u64, amount: u64, usage: &'static str) -> Medicine {
    Medicine { code, price, amount, form: Form::Internal(usage) }
}

const fn needed(code: &'static str, price: u64, amount: u64, doses: u32, usage: &'static str) -> Medicine {
    Medicine { code, price, amount, form: Form::AsNeeded(doses, usage) }
}

const fn external(code: &'static str, price: u64, amount: u64, usage: &'static str) -> Medicine {
    Medicine { code, price, amount, form: Form::External(usage) }
}

const fn injected(code: &'static str, price: u64, amount: u64, class: u8) -> Medicine {
    Medicine { code, price, amount, form: Form::Injection(class) }
}

const fn taken_home(code: &'static str, price: u64, amount: u64) -> Medicine {
    Medicine { code, price, amount, form: Form::SelfInjection }
}

/// The medicines, by ingredient; `_BRAND` is the product of the first maker.
#[rustfmt::skip]
pub(crate) mod list {
    use super::{Medicine, daily, external, injected, needed, taken_home};

    // Circulation.
    pub(crate) const AMLODIPINE: Medicine = daily("620007870", 1_010, 1_000, "006");
    pub(crate) const AMLODIPINE_OD: Medicine = daily("620007818", 1_010, 1_000, "006");
    pub(crate) const AMLODIPINE_BRAND: Medicine = daily("620008041", 1_520, 1_000, "006");
    pub(crate) const AZILSARTAN: Medicine = daily("622143501", 8_330, 1_000, "006");
    pub(crate) const OLMESARTAN: Medicine = daily("622571301", 2_020, 1_000, "006");
    pub(crate) const CANDESARTAN: Medicine = daily("622358001", 3_130, 1_000, "006");
    pub(crate) const TELMISARTAN: Medicine = daily("622558401", 1_010, 1_000, "006");
    pub(crate) const VALSARTAN: Medicine = daily("622355101", 1_340, 1_000, "006");
    pub(crate) const NIFEDIPINE: Medicine = daily("620004015", 910, 1_000, "006");
    pub(crate) const BISOPROLOL: Medicine = daily("621399401", 1_010, 1_000, "006");
    pub(crate) const CARVEDILOL: Medicine = daily("621470101", 1_010, 1_000, "018");
    pub(crate) const FUROSEMIDE: Medicine = daily("620004042", 610, 1_000, "006");
    pub(crate) const SPIRONOLACTONE: Medicine = daily("620003560", 570, 1_000, "006");
    pub(crate) const APIXABAN: Medicine = daily("622225001", 21_230, 2_000, "018");
    pub(crate) const EDOXABAN: Medicine = daily("622576101", 41_130, 1_000, "006");
    pub(crate) const WARFARIN: Medicine = daily("613330003", 980, 2_000, "012");
    pub(crate) const ASPIRIN: Medicine = daily("610443053", 570, 1_000, "006");
    pub(crate) const CLOPIDOGREL: Medicine = daily("622430701", 3_550, 1_000, "006");
    pub(crate) const NITROGLYCERIN: Medicine = needed("620004541", 1_050, 1_000, 10, "胸痛時舌下");

    // Lipids, sugar, uric acid.
    pub(crate) const ATORVASTATIN: Medicine = daily("622098501", 1_580, 1_000, "012");
    pub(crate) const ROSUVASTATIN: Medicine = daily("622582001", 1_140, 1_000, "012");
    pub(crate) const ROSUVASTATIN_BRAND: Medicine = daily("620002477", 2_130, 1_000, "012");
    pub(crate) const EZETIMIBE: Medicine = daily("622812801", 2_220, 1_000, "006");
    pub(crate) const METFORMIN: Medicine = daily("622412701", 1_010, 3_000, "003");
    pub(crate) const METFORMIN_BRAND: Medicine = daily("621974701", 1_010, 4_000, "018");
    pub(crate) const SITAGLIPTIN: Medicine = daily("621951001", 11_150, 1_000, "006");
    pub(crate) const LINAGLIPTIN: Medicine = daily("622093501", 12_200, 1_000, "006");
    pub(crate) const EMPAGLIFLOZIN: Medicine = daily("622401201", 18_890, 1_000, "006");
    pub(crate) const DAPAGLIFLOZIN: Medicine = daily("622341901", 16_990, 1_000, "006");
    pub(crate) const GLIMEPIRIDE: Medicine = daily("622009901", 1_010, 1_000, "006");
    pub(crate) const DULAGLUTIDE: Medicine = taken_home("622442201", 274_900, 4_000);
    pub(crate) const INSULIN_GLARGINE: Medicine = taken_home("622440701", 207_800, 2_000);
    pub(crate) const FEBUXOSTAT: Medicine = daily("622911601", 1_070, 1_000, "006");
    pub(crate) const ALLOPURINOL: Medicine = daily("620856206", 780, 2_000, "018");

    // Stomach and bowel.
    pub(crate) const VONOPRAZAN: Medicine = daily("622404401", 9_680, 1_000, "006");
    pub(crate) const ESOMEPRAZOLE: Medicine = daily("622924701", 4_180, 1_000, "006");
    pub(crate) const LANSOPRAZOLE: Medicine = daily("620009451", 1_240, 1_000, "012");
    pub(crate) const FAMOTIDINE: Medicine = daily("621687401", 1_010, 2_000, "018");
    pub(crate) const REBAMIPIDE: Medicine = daily("622533701", 1_010, 3_000, "003");
    pub(crate) const MOSAPRIDE: Medicine = daily("622219201", 1_010, 3_000, "003");
    pub(crate) const METOCLOPRAMIDE: Medicine = daily("620006100", 650, 3_000, "001");
    pub(crate) const MAGNESIUM_OXIDE: Medicine = daily("620477001", 570, 3_000, "003");
    pub(crate) const SENNOSIDE: Medicine = daily("620480601", 510, 2_000, "013");
    pub(crate) const MIYARISAN: Medicine = daily("612370067", 570, 3_000, "003");
    pub(crate) const BIFIDOBACTERIA: Medicine = daily("620000094", 570, 3_000, "003");
    pub(crate) const SCOPOLAMINE: Medicine = needed("620008704", 590, 1_000, 5, "腹痛時");

    // Pain, nerves, muscles, bones.
    pub(crate) const ACETAMINOPHEN: Medicine = daily("622381201", 1_120, 3_000, "003");
    pub(crate) const ACETAMINOPHEN_NEEDED: Medicine = needed("620002023", 670, 2_000, 10, "発熱時");
    pub(crate) const LOXOPROFEN: Medicine = daily("620099201", 980, 3_000, "003");
    pub(crate) const LOXOPROFEN_NEEDED: Medicine = needed("620098801", 1_010, 1_000, 10, "疼痛時");
    pub(crate) const CELECOXIB: Medicine = daily("622811301", 1_050, 2_000, "018");
    pub(crate) const PREGABALIN: Medicine = daily("622831901", 2_090, 2_000, "018");
    pub(crate) const MIROGABALIN: Medicine = daily("622669801", 9_250, 2_000, "018");
    pub(crate) const EPERISONE: Medicine = daily("620193023", 590, 3_000, "003");
    pub(crate) const MECOBALAMIN: Medicine = daily("613130595", 1_010, 3_000, "003");
    pub(crate) const KETOPROFEN_TAPE: Medicine = external("620009595", 1_710, 28_000, "１日１回　腰に貼付");
    pub(crate) const LOXOPROFEN_TAPE: Medicine = external("622237301", 1_710, 28_000, "１日１回　両膝に貼付");
    pub(crate) const ALFACALCIDOL: Medicine = daily("613110002", 810, 1_000, "006");
    pub(crate) const ELDECALCITOL: Medicine = daily("622811601", 1_990, 1_000, "006");
    pub(crate) const DENOSUMAB: Medicine = injected("622239101", 2_493_900, 1_000, 31);
    pub(crate) const PREDNISOLONE: Medicine = daily("620000694", 980, 1_000, "006");

    // Airways, allergy, infection.
    pub(crate) const CARBOCISTEINE: Medicine = daily("621992102", 930, 3_000, "003");
    pub(crate) const AMBROXOL: Medicine = daily("620389417", 570, 3_000, "003");
    pub(crate) const DEXTROMETHORPHAN: Medicine = daily("612220325", 570, 3_000, "003");
    pub(crate) const TIPEPIDINE: Medicine = daily("612220036", 980, 3_000, "003");
    pub(crate) const TRANEXAMIC_ACID: Medicine = daily("610463120", 1_010, 3_000, "003");
    pub(crate) const COLD_GRANULES: Medicine = daily("620160501", 650, 4_000, "021");
    pub(crate) const KAKKONTO: Medicine = daily("615101406", 1_340, 7_500, "001");
    pub(crate) const SHOSEIRYUTO: Medicine = daily("615101453", 1_280, 9_000, "001");
    pub(crate) const SHAKUYAKU: Medicine = needed("615101446", 1_040, 2_500, 10, "こむら返り時");
    pub(crate) const FEXOFENADINE: Medicine = daily("622296601", 1_150, 2_000, "018");
    pub(crate) const BILASTINE: Medicine = daily("622516602", 5_320, 1_000, "013");
    pub(crate) const OLOPATADINE: Medicine = daily("622218501", 1_010, 2_000, "018");
    pub(crate) const LEVOCETIRIZINE: Medicine = daily("622813601", 1_640, 1_000, "013");
    pub(crate) const MONTELUKAST: Medicine = daily("622518401", 1_560, 1_000, "013");
    pub(crate) const MOMETASONE_NASAL: Medicine = external("620008450", 85_640, 1_000, "１日１回　各鼻腔に２噴霧");
    pub(crate) const BUDESONIDE_INHALER: Medicine = external("621950801", 285_960, 1_000, "１日２回　１回２吸入");
    pub(crate) const VILANTEROL_INHALER: Medicine = external("622375601", 540_270, 1_000, "１日１回　１吸入");
    pub(crate) const TIOTROPIUM_INHALER: Medicine = external("621984201", 332_040, 1_000, "１日１回　２吸入");
    pub(crate) const PROCATEROL_INHALER: Medicine = external("621903202", 89_490, 1_000, "発作時　１回２吸入");
    pub(crate) const TULOBUTEROL_TAPE: Medicine = external("620004237", 2_330, 7_000, "１日１回　胸背部に貼付");
    pub(crate) const CLARITHROMYCIN: Medicine = daily("621752901", 2_530, 2_000, "018");
    pub(crate) const AMOXICILLIN: Medicine = daily("620009117", 1_010, 3_000, "003");
    pub(crate) const LEVOFLOXACIN: Medicine = daily("622391201", 6_990, 1_000, "006");
    pub(crate) const VALACICLOVIR: Medicine = daily("622295901", 7_670, 6_000, "003");
    pub(crate) const OSELTAMIVIR: Medicine = daily("610443074", 20_580, 2_000, "018");
    pub(crate) const LANINAMIVIR: Medicine = external("622012101", 217_950, 2_000, "１回　吸入");
    pub(crate) const IODINE_GARGLE: Medicine = external("620008969", 310, 30_000, "１日数回　うがい");

    // Mind, sleep, nerves.
    pub(crate) const ZOLPIDEM: Medicine = daily("622141901", 1_010, 1_000, "013");
    pub(crate) const LEMBOREXANT: Medicine = daily("622703201", 8_270, 1_000, "013");
    pub(crate) const BROTIZOLAM: Medicine = daily("620039501", 1_010, 1_000, "013");
    pub(crate) const ETIZOLAM: Medicine = daily("620148601", 640, 2_000, "018");
    pub(crate) const ESCITALOPRAM: Medicine = daily("622069502", 11_450, 1_000, "012");
    pub(crate) const DULOXETINE: Medicine = daily("621978201", 8_450, 2_000, "006");
    pub(crate) const MIRTAZAPINE: Medicine = daily("622656001", 1_790, 1_000, "013");
    pub(crate) const DONEPEZIL: Medicine = daily("622099701", 4_830, 1_000, "006");
    pub(crate) const MEMANTINE: Medicine = daily("622812301", 5_230, 1_000, "012");
    pub(crate) const YOKUKANSAN: Medicine = daily("615101510", 1_610, 7_500, "001");

    // Urine, blood, hormones, cancer.
    pub(crate) const TAMSULOSIN: Medicine = daily("621917301", 2_050, 1_000, "006");
    pub(crate) const SILODOSIN: Medicine = daily("622441901", 3_400, 2_000, "018");
    pub(crate) const MIRABEGRON: Medicine = daily("622093301", 14_700, 1_000, "006");
    pub(crate) const IRON: Medicine = daily("613220039", 640, 2_000, "018");
    pub(crate) const LEVOTHYROXINE: Medicine = daily("620515902", 980, 1_000, "005");
    pub(crate) const ANASTROZOLE: Medicine = daily("622218301", 6_610, 1_000, "006");
    pub(crate) const TEGAFUR: Medicine = daily("622537501", 13_080, 4_000, "018");
    pub(crate) const NIVOLUMAB: Medicine = injected("622662201", 31_144_400, 1_000, 33);
    pub(crate) const BEVACIZUMAB: Medicine = injected("620004873", 10_760_700, 1_000, 33);
    pub(crate) const DARBEPOETIN: Medicine = injected("622199801", 381_300, 1_000, 32);

    // Skin and eyes.
    pub(crate) const BETAMETHASONE_OINTMENT: Medicine = external("662640418", 2_770, 10_000, "１日２回　患部に塗布");
    pub(crate) const HYDROCORTISONE_OINTMENT: Medicine = external("620009078", 1_490, 10_000, "１日２回　顔に塗布");
    pub(crate) const HEPARINOID_CREAM: Medicine = external("622271602", 400, 50_000, "１日数回　全身に塗布");
    pub(crate) const TERBINAFINE_CREAM: Medicine = external("620005308", 2_030, 10_000, "１日１回　足に塗布");
    pub(crate) const AZULENE_OINTMENT: Medicine = external("620002619", 530, 20_000, "１日数回　患部に塗布");
    pub(crate) const LATANOPROST: Medicine = external("620224801", 35_440, 2_500, "１日１回　両眼に点眼");
    pub(crate) const HYALURONATE_EYE: Medicine = external("620004816", 24_540, 2_000, "１日５回　両眼に点眼");
    pub(crate) const LEVOFLOXACIN_EYE: Medicine = external("622061301", 5_470, 5_000, "１日３回　右眼に点眼");

    // Drips and what operations use.
    pub(crate) const SALINE: Medicine = injected("620007245", 21_200, 1_000, 33);
    pub(crate) const RINGER: Medicine = injected("643310347", 23_100, 2_000, 33);
    pub(crate) const CEFTRIAXONE: Medicine = injected("621488601", 42_200, 2_000, 33);
    pub(crate) const MEROPENEM: Medicine = injected("621948001", 65_600, 2_000, 33);
    pub(crate) const ACETAMINOPHEN_DRIP: Medicine = injected("622525501", 30_400, 1_000, 33);
    pub(crate) const NUTRITION_DRIP: Medicine = injected("620007454", 53_900, 2_000, 33);
    pub(crate) const HEPARIN: Medicine = injected("621825302", 16_500, 1_000, 40);
    pub(crate) const SALINE_DIALYSIS: Medicine = injected("620000237", 27_900, 1_000, 40);
    pub(crate) const PROPOFOL: Medicine = injected("621535701", 75_200, 2_000, 54);
    pub(crate) const LIDOCAINE: Medicine = injected("620002937", 19_800, 1_000, 50);
    pub(crate) const PENTAZOCINE: Medicine = injected("641140051", 8_900, 1_000, 31);
    pub(crate) const IODINE_CONTRAST: Medicine = injected("620003684", 91_400, 5_000, 70);
}

#[cfg(test)]
mod tests {
    use super::list::{AMLODIPINE, LOXOPROFEN, PROPOFOL};
    use super::*;

    #[test]
    fn points_round_half_down_and_are_never_zero() {
        for (medicines, points) in
            [(&[AMLODIPINE][..], 1), (&[LOXOPROFEN], 3), (&[PROPOFOL], 150), (&[AMLODIPINE; 2], 2)]
        {
            assert_eq!(medicine_points(medicines), points);
        }
    }
}
