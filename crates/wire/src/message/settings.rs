//! OQSsiinq01 and OQSsiupd01 (環境設定情報): one element a setting. The ids are likely, the trees ours.

use crate::message::envelope::{AnswerHeader, RequestHeader, XmlMsg};
use crate::message::failure::EmptyBody;
use crate::message::field::group;
use crate::message::leaf::Text;
use madoguchi_model::code::{
    ChangeFlag, CharacterCode, Code, Coded, PrescriptionTiming, PrescriptionUse, ProcessingStatus, Use,
};
use madoguchi_model::settings::{Setting, Settings};

/// OQSsiinq01req: the settings are asked for.
pub type InquiryRequest = XmlMsg<RequestHeader, EmptyBody>;
/// OQSsiinq01res: the settings.
pub type InquiryAnswer = XmlMsg<AnswerHeader, InquiryAnswerBody>;
/// OQSsiupd01req: settings are changed.
pub type UpdateRequest = XmlMsg<RequestHeader, UpdateRequestBody>;

group! {
    /// A change of a setting that is used or not.
    UseChange {
        flag: Coded<ChangeFlag> = "ChangeFlag", "変更の有無", Ours;
        value: Option<Coded<Use>> = "SettingValue", "設定値", Ours, "変更する場合は必要";
    }

    /// A change of 利用文字コード.
    CharacterCodeChange {
        flag: Coded<ChangeFlag> = "ChangeFlag", "変更の有無", Ours;
        value: Option<Coded<CharacterCode>> = "SettingValue", "設定値", Ours, "変更する場合は必要";
    }

    /// A change of 電子処方箋利用区分.
    PrescriptionUseChange {
        flag: Coded<ChangeFlag> = "ChangeFlag", "変更の有無", Ours;
        value: Option<Coded<PrescriptionUse>> = "SettingValue", "設定値", Ours, "変更する場合は必要";
    }

    /// A change of 処方箋発行形態の選択タイミング.
    PrescriptionTimingChange {
        flag: Coded<ChangeFlag> = "ChangeFlag", "変更の有無", Ours;
        value: Option<Coded<PrescriptionTiming>> = "SettingValue", "設定値", Ours, "変更する場合は必要";
    }
}

/// The elements of both messages, from one table.
macro_rules! settings {
    ($($field:ident : $setting:ident $code:ty, $change:ty = $element:literal, $label:literal $(, $note:literal)?;)+) => {
        group! {
            /// The body of OQSsiinq01res: what the institution's kind has.
            #[derive(Default)]
            InquiryAnswerBody {
                status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours;
                code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours;
                message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours;
                $($field: Option<Coded<$code>> = $element, $label, Ours $(, $note)?;)+
            }

            /// The body of OQSsiupd01req: what is to change.
            #[derive(Default)]
            UpdateRequestBody {
                $($field: Option<$change> = $element, $label, Ours $(, $note)?;)+
            }
        }

        impl InquiryAnswerBody {
            /// These settings, as far as `applies` says.
            #[must_use]
            pub fn of(settings: &Settings, applies: impl Fn(Setting) -> bool) -> Self {
                let value = |setting| applies(setting).then(|| settings.value(setting));
                Self {
                    status: Some(ProcessingStatus::Normal.into()),
                    code: None,
                    message: None,
                    $($field: value(Setting::$setting).and_then(Coded::parse),)+
                }
            }
        }

        impl UpdateRequestBody {
            /// What is to change: settings with the codes of their values.
            ///
            /// # Errors
            /// The elements that are to change but have no value.
            pub fn changes(&self) -> Result<Vec<(Setting, &'static str)>, Vec<&'static str>> {
                let mut changes = Vec::new();
                let mut wrong = Vec::new();
                $(if let Some(change) = self.$field.as_ref().filter(|change| change.flag == ChangeFlag::Change) {
                    match change.value.as_ref().and_then(Coded::known) {
                        Some(value) => changes.push((Setting::$setting, Code::code(value))),
                        None => wrong.push($element),
                    }
                })+
                if wrong.is_empty() { Ok(changes) } else { Err(wrong) }
            }
        }

        /// Every setting with its element, for the tests.
        #[cfg(test)]
        const ELEMENTS: &[(Setting, &str)] = &[$((Setting::$setting, $element)),+];
    };
}

settings! {
    character_code: CharacterCode CharacterCode, CharacterCodeChange = "CharacterCode", "利用文字コード";
    surgery: Surgery Use, UseChange = "OperationInfoUse", "手術情報の利用";
    medication: Medication Use, UseChange = "PharmacistsInfoUse", "薬剤情報の利用";
    medical_care: MedicalCare Use, UseChange = "DiagnosisInfoUse", "診療情報の利用";
    checkup: Checkup Use, UseChange = "SpecificHealthCheckupsInfoUse", "特定健診情報の利用";
    specific_disease: SpecificDisease Use, UseChange = "SpecificDiseasesCertificateUse", "特定疾病療養受療証の利用";
    prescription_use: PrescriptionUse PrescriptionUse, PrescriptionUseChange = "PrescriptionUse", "電子処方箋利用区分", "薬局以外";
    prescription_timing: PrescriptionTiming PrescriptionTiming, PrescriptionTimingChange = "PrescriptionIssueSelectTiming", "処方箋発行形態の選択タイミング", "薬局以外";
    electronic_prescription: ElectronicPrescription Use, UseChange = "ElectronicPrescriptionUse", "電子処方箋の利用", "薬局のみ";
    refill_prescription: RefillPrescription Use, UseChange = "RefillPrescriptionUse", "リフィル処方箋の利用", "薬局のみ";
    medical_assistance: MedicalAssistance Use, UseChange = "MedicalAssistanceUse", "医療扶助情報の利用";
    home_visits: HomeVisits Use, UseChange = "HomeVisitUse", "訪問診療等機能の利用";
    online_care: OnlineCare Use, UseChange = "OnlineCareUse", "オンライン診療等・通常と異なる動線の利用";
    emergency_viewing: EmergencyViewing Use, UseChange = "EmergencyInfoUse", "救急時医療情報閲覧の利用", "病院のみ";
    record_sharing: RecordSharing Use, UseChange = "ClinicalInfoSharingUse", "電子カルテ情報共有サービスの利用";
    public_subsidies: PublicSubsidies Use, UseChange = "PublicMedicalHubUse", "公費・地方単独医療費助成の利用";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Role;

    #[test]
    fn every_setting_has_an_element_and_comes_back() {
        let settings: Vec<Setting> = ELEMENTS.iter().map(|(setting, _)| *setting).collect();
        assert_eq!(settings, Setting::ALL);
        let mut stored = Settings::default();
        stored.set(Setting::PrescriptionUse, "2").unwrap();
        let body = InquiryAnswerBody::of(&stored, |setting| setting != Setting::RefillPrescription);
        assert_eq!(body.prescription_use, Some(PrescriptionUse::Both.into()));
        assert_eq!((body.refill_prescription, body.surgery), (None, Some(Use::NotUsed.into())));
    }

    #[test]
    fn only_flagged_elements_change_and_need_a_value() {
        let request = |inner: &str| {
            let xml = format!(
                "<XmlMsg><MessageHeader><MedicalInstitutionCode>1319999991</MedicalInstitutionCode></MessageHeader>\
                 <MessageBody>{inner}</MessageBody></XmlMsg>"
            );
            UpdateRequest::from_xml(xml.as_bytes(), Role::Request).unwrap().body
        };
        let body = request(
            "<OperationInfoUse><ChangeFlag>1</ChangeFlag><SettingValue>1</SettingValue></OperationInfoUse>\
             <DiagnosisInfoUse><ChangeFlag>0</ChangeFlag><SettingValue>1</SettingValue></DiagnosisInfoUse>",
        );
        assert_eq!(body.changes(), Ok(vec![(Setting::Surgery, "1")]));
        let body = request("<OperationInfoUse><ChangeFlag>1</ChangeFlag></OperationInfoUse>");
        assert_eq!(body.changes(), Err(vec!["OperationInfoUse"]));
        assert_eq!(request("").changes(), Ok(vec![]));
    }
}
