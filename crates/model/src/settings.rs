//! 環境設定情報: what an institution has switched on.
//!
//! A setting is a name with a small set of values; which of them a screen shows depends on the kind
//! of the institution. The table in [`Setting::values`] and [`Setting::applies_to`] is the whole rule.

use crate::consent::InformationKind;
use crate::field::FieldError;
use crate::institution::{Institution, InstitutionKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One setting of 環境設定情報更新.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// 利用文字コード (OQSCD005).
    CharacterCode,
    /// 閲覧同意の利用有無: 手術情報 (OQSCD037).
    Surgery,
    /// 閲覧同意の利用有無: 薬剤情報.
    Medication,
    /// 閲覧同意の利用有無: 診療情報.
    MedicalCare,
    /// 閲覧同意の利用有無: 特定健診情報.
    Checkup,
    /// 特定疾病療養受療証.
    SpecificDisease,
    /// 電子処方箋利用区分 (OQSCD038), not for pharmacies.
    PrescriptionUse,
    /// 処方箋発行形態の選択タイミング (OQSCD039), not for pharmacies.
    PrescriptionTiming,
    /// 電子処方箋, pharmacies only.
    ElectronicPrescription,
    /// リフィル処方箋, pharmacies only.
    RefillPrescription,
    /// 医療扶助情報.
    MedicalAssistance,
    /// 訪問診療等機能.
    HomeVisits,
    /// オンライン診療等・通常と異なる動線.
    OnlineCare,
    /// 救急時医療情報閲覧, hospitals only.
    EmergencyViewing,
    /// 電子カルテ情報共有サービス.
    RecordSharing,
    /// 公費／地方単独医療費助成.
    PublicSubsidies,
}

/// A value of a setting: its code on the wire and its label on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Code on the wire (OQSCD005, 037, 038, 039).
    pub code: &'static str,
    /// Text on the screen.
    pub label: &'static str,
}

/// 利用しない.
pub const NOT_USED: &str = "0";
/// 利用する.
pub const USED: &str = "1";

const USE: &[Choice] = &[Choice { code: USED, label: "利用する" }, Choice { code: NOT_USED, label: "利用しない" }];
const CHARACTER_CODES: &[Choice] = &[Choice { code: "0", label: "UTF-8" }, Choice { code: "1", label: "Shift_JIS" }];
const PRESCRIPTION_USES: &[Choice] = &[
    Choice { code: "0", label: "利用しない" },
    Choice { code: "1", label: "電子のみ" },
    Choice { code: "2", label: "電子＋紙" },
    Choice { code: "3", label: "紙のみ" },
];
const PRESCRIPTION_TIMINGS: &[Choice] =
    &[Choice { code: "1", label: "資格確認時以外" }, Choice { code: "2", label: "資格確認時" }];

impl Setting {
    /// All settings in the order of the screen.
    pub const ALL: [Self; 16] = [
        Self::CharacterCode,
        Self::Surgery,
        Self::Medication,
        Self::MedicalCare,
        Self::Checkup,
        Self::SpecificDisease,
        Self::PrescriptionUse,
        Self::PrescriptionTiming,
        Self::ElectronicPrescription,
        Self::RefillPrescription,
        Self::MedicalAssistance,
        Self::HomeVisits,
        Self::OnlineCare,
        Self::EmergencyViewing,
        Self::RecordSharing,
        Self::PublicSubsidies,
    ];

    /// The label on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CharacterCode => "利用文字コード",
            Self::Surgery => "手術情報",
            Self::Medication => "薬剤情報",
            Self::MedicalCare => "診療情報",
            Self::Checkup => "特定健診情報",
            Self::SpecificDisease => "特定疾病療養受療証",
            Self::PrescriptionUse => "電子処方箋利用区分",
            Self::PrescriptionTiming => "処方箋発行形態の選択タイミング",
            Self::ElectronicPrescription => "電子処方箋",
            Self::RefillPrescription => "リフィル処方箋",
            Self::MedicalAssistance => "医療扶助情報",
            Self::HomeVisits => "訪問診療等機能",
            Self::OnlineCare => "オンライン診療等・通常と異なる動線",
            Self::EmergencyViewing => "救急時医療情報閲覧",
            Self::RecordSharing => "電子カルテ情報共有サービス",
            Self::PublicSubsidies => "公費／地方単独医療費助成",
        }
    }

    /// The word in the store, in forms and in the history.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CharacterCode => "character_code",
            Self::Surgery => "surgery",
            Self::Medication => "medication",
            Self::MedicalCare => "medical_care",
            Self::Checkup => "checkup",
            Self::SpecificDisease => "specific_disease",
            Self::PrescriptionUse => "prescription_use",
            Self::PrescriptionTiming => "prescription_timing",
            Self::ElectronicPrescription => "electronic_prescription",
            Self::RefillPrescription => "refill_prescription",
            Self::MedicalAssistance => "medical_assistance",
            Self::HomeVisits => "home_visits",
            Self::OnlineCare => "online_care",
            Self::EmergencyViewing => "emergency_viewing",
            Self::RecordSharing => "record_sharing",
            Self::PublicSubsidies => "public_subsidies",
        }
    }

    /// From [`Setting::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.code() == code)
    }

    /// The values that the setting takes.
    #[must_use]
    pub const fn values(self) -> &'static [Choice] {
        match self {
            Self::CharacterCode => CHARACTER_CODES,
            Self::PrescriptionUse => PRESCRIPTION_USES,
            Self::PrescriptionTiming => PRESCRIPTION_TIMINGS,
            _ => USE,
        }
    }

    /// The value before anyone has changed it.
    #[must_use]
    pub const fn default_value(self) -> &'static str {
        match self {
            Self::Medication | Self::Checkup | Self::PrescriptionTiming => USED,
            _ => NOT_USED,
        }
    }

    /// Whether the screen of this institution shows the setting.
    #[must_use]
    pub fn applies_to(self, institution: &Institution) -> bool {
        let pharmacy = institution.kind() == InstitutionKind::Pharmacy;
        match self {
            Self::PrescriptionUse | Self::PrescriptionTiming => !pharmacy,
            Self::ElectronicPrescription | Self::RefillPrescription => pharmacy,
            Self::EmergencyViewing => institution.hospital,
            _ => true,
        }
    }

    /// Whether it belongs to the block 閲覧同意の利用有無（情報の利用有無）.
    #[must_use]
    pub const fn is_consent_use(self) -> bool {
        matches!(self, Self::Surgery | Self::Medication | Self::MedicalCare | Self::Checkup)
    }

    /// The setting that switches this kind of information.
    #[must_use]
    pub const fn of_information(kind: InformationKind) -> Self {
        match kind {
            InformationKind::Medication => Self::Medication,
            InformationKind::MedicalCare => Self::MedicalCare,
            InformationKind::Surgery => Self::Surgery,
            InformationKind::Checkup => Self::Checkup,
        }
    }

    /// The label of a value's code, or the code itself.
    #[must_use]
    pub fn value_label(self, code: &str) -> String {
        self.values()
            .iter()
            .find(|choice| choice.code == code)
            .map_or_else(|| code.to_owned(), |choice| choice.label.to_owned())
    }
}

/// All settings of an institution: what was stored, defaults for the rest (環境設定情報).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<Setting, String>);

/// One changed setting (変更履歴の一行).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Which setting.
    pub setting: Setting,
    /// Code before.
    pub from: String,
    /// Code after.
    pub to: String,
}

impl Settings {
    /// The code of a setting's value.
    #[must_use]
    pub fn value(&self, setting: Setting) -> &str {
        self.0.get(&setting).map_or(setting.default_value(), String::as_str)
    }

    /// Sets a value.
    ///
    /// # Errors
    /// A code that the setting does not take.
    pub fn set(&mut self, setting: Setting, code: &str) -> Result<(), FieldError> {
        let choice = setting.values().iter().find(|choice| choice.code == code);
        let choice = choice.ok_or(FieldError::new(setting.label(), "画面に示された選択肢のいずれか"))?;
        self.0.insert(setting, choice.code.to_owned());
        Ok(())
    }

    /// Whether a kind of information is 利用する.
    #[must_use]
    pub fn uses(&self, kind: InformationKind) -> bool {
        self.value(Setting::of_information(kind)) == USED
    }

    /// What `new` changes, in the order of the screen.
    #[must_use]
    pub fn changes_to(&self, new: &Settings) -> Vec<SettingChange> {
        Setting::ALL
            .into_iter()
            .filter(|setting| self.value(*setting) != new.value(*setting))
            .map(|setting| SettingChange {
                setting,
                from: self.value(setting).to_owned(),
                to: new.value(setting).to_owned(),
            })
            .collect()
    }

    /// The settings that bind a session which began with `self` while the institution now has
    /// `current`: 利用する binds from the next log-in, 利用しない binds at once.
    #[must_use]
    pub fn in_effect(&self, current: &Settings) -> Settings {
        let mut effective = self.clone();
        for kind in InformationKind::ALL {
            let setting = Setting::of_information(kind);
            if !current.uses(kind) {
                effective.0.insert(setting, NOT_USED.to_owned());
            }
        }
        effective
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use crate::institution::InstitutionCode;

    fn institution(code: &str, hospital: bool) -> Institution {
        Institution {
            code: InstitutionCode::parse(code).unwrap(),
            name: "見本".to_owned(),
            hospital,
            opened_on: Day::from_number(19_800_401).unwrap(),
            abolished_on: None,
        }
    }

    fn shown(institution: &Institution) -> Vec<&'static str> {
        Setting::ALL.into_iter().filter(|setting| setting.applies_to(institution)).map(Setting::label).collect()
    }

    #[test]
    fn medical_and_pharmacy_screens_differ() {
        let hospital = shown(&institution("1312345678", true));
        let clinic = shown(&institution("1312345678", false));
        let pharmacy = shown(&institution("1342345678", false));
        assert!(hospital.contains(&"救急時医療情報閲覧") && !clinic.contains(&"救急時医療情報閲覧"));
        assert!(clinic.contains(&"電子処方箋利用区分") && !pharmacy.contains(&"電子処方箋利用区分"));
        assert!(pharmacy.contains(&"リフィル処方箋") && !hospital.contains(&"リフィル処方箋"));
    }

    #[test]
    fn medication_and_checkups_are_used_from_the_start() {
        let settings = Settings::default();
        let used: Vec<_> = InformationKind::ALL.into_iter().filter(|kind| settings.uses(*kind)).collect();
        assert_eq!(used, [InformationKind::Medication, InformationKind::Checkup]);
    }

    #[test]
    fn values_are_checked_and_changes_listed() {
        let old = Settings::default();
        let mut new = old.clone();
        new.set(Setting::MedicalCare, USED).unwrap();
        assert!(new.set(Setting::CharacterCode, "2").is_err());
        let changes = old.changes_to(&new);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].from.as_str(), changes[0].to.as_str()), (NOT_USED, USED));
    }

    #[test]
    fn switching_on_waits_for_the_next_log_in_and_switching_off_does_not() {
        for (at_login, now, effective) in
            [(false, false, false), (false, true, false), (true, false, false), (true, true, true)]
        {
            let make = |used: bool| {
                let mut settings = Settings::default();
                settings.set(Setting::MedicalCare, if used { USED } else { NOT_USED }).unwrap();
                settings
            };
            assert_eq!(make(at_login).in_effect(&make(now)).uses(InformationKind::MedicalCare), effective);
        }
    }
}
