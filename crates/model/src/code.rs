//! The code tables of the wire (OQSCD001 to OQSCD044): every value with its Japanese label.
//!
//! An enum holds the codes that its table has. What is read from outside is [`Coded`]: a code that the
//! table lacks is kept as it was, so that a newer partner is understood; whoever takes a request decides
//! whether that is an error. Where the model has a type of its own for a table ([`Sex`], [`Relation`],
//! [`ReasonOfLoss`], [`Treatment`], …), that type is the table.

use crate::coverage::{ReasonOfLoss, Relation};
use crate::person::Sex;
use crate::records::{Category, Origin, Prescriptions, Treatment};
use serde::{Deserialize, Serialize};

/// Characters of a code that is not in its table, at most.
pub const UNKNOWN_CODE_CHARACTERS_MAX: usize = 10;

/// The values of a code table.
pub trait Code: Copy + PartialEq + 'static {
    /// The table's number, as `OQSCD007`.
    const TABLE: &'static str;
    /// What the table is about, in Japanese.
    const SUBJECT: &'static str;
    /// All codes with their labels.
    const CHOICES: &'static [(&'static str, &'static str)];

    /// The code on the wire.
    fn code(self) -> &'static str;

    /// From the code on the wire.
    fn from_code(code: &str) -> Option<Self>;
}

/// The Japanese label of a value.
#[must_use]
pub fn label<E: Code>(value: E) -> &'static str {
    E::CHOICES.iter().find(|(code, _)| *code == value.code()).map_or("", |(_, label)| label)
}

/// A code as it was read: one of the table, or one that the table lacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Coded<E> {
    /// The table has it.
    Known(E),
    /// The table lacks it.
    Unknown(UnknownCode),
}

/// A code that its table lacks: at most ten characters without blanks and control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnknownCode(Box<str>);

impl<E: Code> Coded<E> {
    /// From the code on the wire; `None` when the text can't be a code at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        E::from_code(text).map(Self::Known).or_else(|| UnknownCode::new(text).map(Self::Unknown))
    }

    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Known(value) => value.code(),
            Self::Unknown(code) => &code.0,
        }
    }

    /// The value, if the table has it.
    #[must_use]
    pub fn known(&self) -> Option<E> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl<E: Code> From<E> for Coded<E> {
    fn from(value: E) -> Self {
        Self::Known(value)
    }
}

impl<E: Code> PartialEq<E> for Coded<E> {
    fn eq(&self, other: &E) -> bool {
        self.known() == Some(*other)
    }
}

impl UnknownCode {
    /// Keeps the text if it can be a code.
    fn new(text: &str) -> Option<Self> {
        let length = text.chars().count();
        let plain = text.chars().all(|character| !character.is_control() && !character.is_whitespace());
        (plain && (1..=UNKNOWN_CODE_CHARACTERS_MAX).contains(&length)).then(|| Self(text.into()))
    }
}

/// One enum per table, with all that [`Code`] asks for. In packed rows a value is its code.
macro_rules! codes {
    ($(
        $table:literal $name:ident $subject:literal { $($variant:ident = $code:literal $label:literal),+ $(,)? }
    )+) => {$(
        #[doc = concat!($subject, " (", $table, ").")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(
                #[doc = concat!($label, " (", $code, ").")]
                $variant,
            )+
        }

        impl $name {
            /// The Japanese label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }

        impl Code for $name {
            const TABLE: &'static str = $table;
            const SUBJECT: &'static str = $subject;
            const CHOICES: &'static [(&'static str, &'static str)] = &[$(($code, $label)),+];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(Code::code(*self))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Code::from_code(&code).ok_or_else(|| serde::de::Error::custom(concat!("a code of ", $table)))
            }
        }
    )+

        /// Every table that [`codes!`] made: number, subject and choices.
        #[cfg(test)]
        const TABLES: &[(&str, &str, &[(&str, &str)])] = &[
            $(($name::TABLE, $name::SUBJECT, $name::CHOICES)),+
        ];
    };
}

codes! {
    "OQSCD001" CertificateConsent "限度額適用認定証・特定疾病療養受療証の提供同意" { No = "0" "同意なし", Yes = "1" "同意あり" }
    "OQSCD002" ReferenceClassification "照会区分" { Card = "1" "マイナンバーカード", Certificate = "2" "被保険者証情報" }
    "OQSCD003" SegmentOfResult "処理結果区分" { Done = "1" "正常終了", InProgress = "2" "処理中", Failed = "9" "異常終了" }
    "OQSCD004" ProcessingStatus "処理結果状況" { Normal = "1" "正常", Error = "2" "エラー" }
    "OQSCD005" CharacterCode "文字コード識別" { Utf8 = "0" "UTF-8", ShiftJis = "1" "Shift_JIS" }
    "OQSCD006" QualificationValidity "資格有効性" {
        Valid = "1" "有効",
        Invalid = "2" "無効",
        Replaced = "3" "無効（新しい資格あり）",
        None = "4" "該当資格なし",
        Several = "5" "複数該当",
        NotRegistered = "6" "有効（未登録）",
    }
    "OQSCD010" CertificateKind "被保険者証区分" {
        General = "01" "一般",
        Retired = "02" "退職",
        ShortGeneral = "03" "短期（一般）",
        ShortRetired = "04" "短期（退職）",
        SpecialCareExpense = "05" "特別療養費支給対象者",
        SpecialRetired = "06" "特例退職",
        SelfDefense = "07" "自衛官",
        MedicalAssistance = "A1" "医療扶助",
    }
    "OQSCD011" LimitKind "限度額適用認定証区分" {
        Limit = "01" "限度額適用認定証",
        LimitAndReduction = "02" "限度額適用・標準負担額減額認定証",
        Reduction = "03" "標準負担額減額認定証",
    }
    "OQSCD012" IncomeClass "限度額適用認定証適用区分" {
        A01 = "A01" "ア",
        A02 = "A02" "イ",
        A03 = "A03" "ウ",
        A04 = "A04" "エ",
        A05 = "A05" "オ",
        A06 = "A06" "オ（境）",
        B01 = "B01" "現役並みⅢ",
        B02 = "B02" "現役並みⅡ",
        B03 = "B03" "現役並みⅠ",
        B04 = "B04" "一般",
        B05 = "B05" "低所得Ⅱ",
        B06 = "B06" "低所得Ⅰ",
        B07 = "B07" "低所得Ⅰ（老福）",
        B08 = "B08" "低所得Ⅰ（境）",
        B09 = "B09" "一般Ⅱ",
        B10 = "B10" "一般Ⅰ",
    }
    "OQSCD013" DiseaseCategory "特定疾病認定疾病区分" {
        KidneyFailure = "1" "人工透析が必要な慢性腎不全",
        Hemophilia = "2" "先天性血液凝固因子障害",
        Hiv = "3" "抗ウイルス剤を投与しているHIV感染",
    }
    "OQSCD014" LimitChange "限度額適用認定証変更有無" { Unchanged = "0" "変更なし", Changed = "1" "変更あり又は判定不能" }
    "OQSCD015" Preschool "未就学区分" { Preschool = "1" "未就学者に該当" }
    "OQSCD016" RecordConsent "閲覧同意" {
        No = "0" "同意なし",
        Yes = "1" "同意あり",
        Expired = "2" "期限切れ",
        Unobtainable = "3" "取得困難",
    }
    "OQSCD017" PrescriptionForm "処方箋の発行形態" { Electronic = "1" "電子処方箋", Paper = "2" "紙の処方箋" }
    "OQSCD018" TicketKind "医療券・調剤券種別" { Medical = "01" "医療券", Dispensing = "02" "調剤券" }
    "OQSCD019" TreatmentKind "診療別" {
        Inpatient = "01" "入院",
        Outpatient = "02" "入院外",
        Dental = "03" "歯科",
        Dispensing = "04" "調剤",
        HomeNursing = "05" "訪問看護",
    }
    "OQSCD020" Combination "単独・併用別" { Single = "01" "単独", Combined = "02" "併用" }
    "OQSCD021" SocialInsuranceStatus "社会保険の状況" { Yes = "01" "あり", No = "02" "なし" }
    "OQSCD022" Consistency "整合性" { Inconsistent = "1" "不整合あり" }
    "OQSCD023" InfectionStatus "感染症の公費の状況" { Yes = "01" "あり", No = "02" "なし" }
    "OQSCD024" ElderlyCareStatus "後期高齢者医療の状況" { Yes = "01" "あり", No = "02" "なし" }
    "OQSCD025" PrefecturalExpenseStatus "都道府県費の状況" { Yes = "01" "あり", No = "02" "なし" }
    "OQSCD026" Match "一致区分" { Same = "0" "一致", Different = "1" "不一致" }
    "OQSCD027" SamePerson "同一個人" { Same = "1" "同一個人あり" }
    "OQSCD029" RecordSystem "情報の系統" { Checkups = "TKK" "特定健診情報", Medication = "YZK" "薬剤情報" }
    "OQSCD031" EndOfConsent "同意の失効理由" {
        Lapsed = "0" "期限による失効",
        ByInstitution = "1" "医療機関等による取消",
        ByPatient = "2" "患者による取消",
        ByChangeOfUse = "3" "用途変更による取消",
    }
    "OQSCD032" EntrustedHere "委託先の一致" { Same = "0" "一致", Different = "1" "不一致" }
    "OQSCD033" UrlKind "URL取得区分" { HomeVisit = "2" "訪問診療等", Online = "3" "オンライン診療等" }
    "OQSCD034" UrlFormat "出力形式" { Pdf = "1" "PDF", Png = "2" "PNG" }
    "OQSCD035" ChangeFlag "変更の有無" { Leave = "0" "変更しない", Change = "1" "変更する" }
    "OQSCD036" InformationCode "情報種別" {
        Transmission = "TSR" "送信情報",
        Checkups = "TKK" "特定健診情報",
        Medication = "YZK" "薬剤情報",
        MedicalCare = "SRJ" "診療情報",
        Surgery = "SHJ" "手術・傷病名・感染症情報",
    }
    "OQSCD037" Use "利用有無" { NotUsed = "0" "利用しない", Used = "1" "利用する" }
    "OQSCD038" PrescriptionUse "電子処方箋利用区分" {
        NotUsed = "0" "利用しない",
        Electronic = "1" "電子のみ",
        Both = "2" "電子＋紙",
        Paper = "3" "紙のみ",
    }
    "OQSCD039" PrescriptionTiming "処方箋発行形態の選択タイミング" {
        Otherwise = "1" "資格確認時以外",
        AtCheck = "2" "資格確認時",
    }
    "OQSCD040" EmergencyPattern "救急時の要求パターン" {
        Summary = "1" "救急用サマリー（要約）",
        Full = "2" "救急用全量版",
        PrescriptionSummaryFull = "3" "電子処方箋＋サマリー＋全量版",
        Medication = "4" "薬剤情報",
        MedicalCare = "5" "診療・薬剤情報",
        Checkups = "6" "特定健診情報",
    }
    "OQSCD041" Factor "認証要素" { Memory = "1" "記憶", Biometric = "2" "生体", Possession = "3" "物理" }
    "OQSCD042" FactorMeans "認証手段" {
        First = "01" "ID・パスワード／指紋／ICカード",
        Second = "02" "PIN／顔／ワンタイムパスワード",
        Third = "03" "秘密の質問／音声／その他",
        Vein = "04" "静脈",
        Iris = "05" "虹彩",
    }
    "OQSCD043" EmergencyRight "救急時閲覧権限" { No = "0" "権限なし", Yes = "1" "権限あり" }
    "OQSCD044" SubsidyKind "PMHの種別" {
        MedicalExpense = "01" "医療費助成",
        Maternal = "02" "母子保健",
        Vaccination = "04" "予防接種",
        Care = "08" "介護保険",
    }
}

impl Code for Sex {
    const TABLE: &'static str = "OQSCD007";
    const SUBJECT: &'static str = "性別";
    const CHOICES: &'static [(&'static str, &'static str)] = &[("1", "男"), ("2", "女"), ("3", "未設定")];

    fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::Unset => "3",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        digit(code).and_then(Self::from_number)
    }
}

impl Code for ReasonOfLoss {
    const TABLE: &'static str = "OQSCD008";
    const SUBJECT: &'static str = "資格喪失事由";
    const CHOICES: &'static [(&'static str, &'static str)] =
        &[("01", "死亡"), ("02", "生活保護受給開始"), ("03", "医療保険等の資格取得"), ("99", "その他")];

    fn code(self) -> &'static str {
        ReasonOfLoss::code(self)
    }

    fn from_code(code: &str) -> Option<Self> {
        ReasonOfLoss::from_code(code)
    }
}

impl Code for Relation {
    const TABLE: &'static str = "OQSCD009";
    const SUBJECT: &'static str = "本人・家族の別";
    const CHOICES: &'static [(&'static str, &'static str)] = &[("1", "本人"), ("2", "家族")];

    fn code(self) -> &'static str {
        match self {
            Self::Insured => "1",
            Self::Dependant => "2",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        digit(code).and_then(Self::from_number)
    }
}

impl Code for Treatment {
    const TABLE: &'static str = "OQSCD028";
    const SUBJECT: &'static str = "診療の別";
    const CHOICES: &'static [(&'static str, &'static str)] =
        &[("1", "外来"), ("2", "訪問診療等"), ("3", "オンライン診療等"), ("4", "救急時")];

    fn code(self) -> &'static str {
        match self {
            Self::Outpatient => "1",
            Self::HomeVisit => "2",
            Self::Online => "3",
            Self::Emergency => "4",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|treatment| Code::code(*treatment) == code)
    }
}

impl Code for Prescriptions {
    const TABLE: &'static str = "OQSCD030";
    const SUBJECT: &'static str = "処方・調剤情報の表示";
    const CHOICES: &'static [(&'static str, &'static str)] = &[("0", "表示しない"), ("1", "表示する")];

    fn code(self) -> &'static str {
        match self {
            Self::LeftOut => "0",
            Self::Included => "1",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::LeftOut, Self::Included].into_iter().find(|choice| Code::code(*choice) == code)
    }
}

/// In no numbered table: FileCategory of YZK.
impl Code for Category {
    const TABLE: &'static str = "YZK-FileCategory";
    const SUBJECT: &'static str = "ファイル種別（薬剤・診療・手術）";
    const CHOICES: &'static [(&'static str, &'static str)] =
        &[("1", "薬剤情報のPDF"), ("2", "薬剤情報のXML"), ("3", "診療・薬剤情報のPDF"), ("4", "診療・薬剤情報のXML")];

    fn code(self) -> &'static str {
        match self {
            Self::MedicationPdf => "1",
            Self::MedicationData => "2",
            Self::CarePdf => "3",
            Self::CareData => "4",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| Code::code(*category) == code)
    }
}

/// In no numbered table: DiOrg, PrIsOrg and their like of YZK.
impl Code for Origin {
    const TABLE: &'static str = "YZK-Origin";
    const SUBJECT: &'static str = "自院・他院の区分";
    const CHOICES: &'static [(&'static str, &'static str)] = &[("1", "自院"), ("2", "他院")];

    fn code(self) -> &'static str {
        match self {
            Self::Own => "1",
            Self::Other => "2",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Own, Self::Other].into_iter().find(|origin| Code::code(*origin) == code)
    }
}

/// The one digit that a code is.
fn digit(code: &str) -> Option<i64> {
    (code.len() == 1).then(|| code.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Setting;

    fn check<C: Code + std::fmt::Debug>(label_of: fn(C) -> &'static str) {
        for (code, label) in C::CHOICES {
            let value = C::from_code(code).unwrap();
            assert_eq!((value.code(), label_of(value)), (*code, *label));
            assert_eq!(Coded::parse(code), Some(Coded::Known(value)));
        }
        assert_eq!(C::from_code("+1"), None);
    }

    #[test]
    fn codes_and_labels_both_ways() {
        check(Sex::label);
        check(|relation: Relation| if relation == Relation::Insured { "本人" } else { "家族" });
        check(ReasonOfLoss::label);
        check(IncomeClass::label);
        check(CertificateKind::label);
        check(SubsidyKind::label);
    }

    #[test]
    fn every_table_has_a_number_of_its_own_and_codes_of_its_own() {
        let own = [Sex::TABLE, ReasonOfLoss::TABLE, Relation::TABLE, Treatment::TABLE, Prescriptions::TABLE];
        let mut numbers: Vec<&str> = TABLES.iter().map(|(table, ..)| *table).chain(own).collect();
        numbers.sort_unstable();
        let expected: Vec<String> = (1..=44).map(|number| format!("OQSCD{number:03}")).collect();
        assert_eq!(numbers, expected);
        for (table, _, choices) in TABLES {
            let mut codes: Vec<_> = choices.iter().map(|(code, _)| code).collect();
            codes.dedup();
            assert_eq!(codes.len(), choices.len(), "{table}");
        }
    }

    #[test]
    fn codes_that_the_table_lacks_are_kept_within_bounds() {
        let code = Coded::<QualificationValidity>::parse("8").unwrap();
        assert_eq!((code.code(), code.known()), ("8", None));
        for text in ["", " 1", "1\n", "12345678901"] {
            assert_eq!(Coded::<QualificationValidity>::parse(text), None, "{text}");
        }
    }

    #[test]
    fn settings_take_the_codes_of_their_tables() {
        let codes = |setting: Setting| {
            let mut values: Vec<_> = setting.values().iter().map(|choice| (choice.code, choice.label)).collect();
            values.sort_unstable();
            values
        };
        assert_eq!(codes(Setting::CharacterCode), CharacterCode::CHOICES);
        assert_eq!(codes(Setting::Surgery), Use::CHOICES);
        assert_eq!(codes(Setting::PrescriptionUse), PrescriptionUse::CHOICES);
        assert_eq!(codes(Setting::PrescriptionTiming), PrescriptionTiming::CHOICES);
    }
}
