//! OQSsiquc01 (資格確認): one person's coverage asked by the numbers of a certificate, or told after the reader. The
//! answer's tree serves face files and the single checks of 訪問診療等 and オンライン診療等 too.

mod convert;

pub use convert::Addressee;

use crate::message::envelope::{EligibilityAnswerHeader, EligibilityRequestHeader, XmlMsg};
use crate::message::field::{group, list};
use crate::message::leaf::{Branch, Count, Digits, Percent, Text};
use madoguchi_model::code::{
    CertificateConsent, CertificateKind, Coded, Combination, Consistency, DiseaseCategory, ElderlyCareStatus,
    EntrustedHere, IncomeClass, InfectionStatus, LimitKind, PrefecturalExpenseStatus, Preschool, PrescriptionForm,
    ProcessingStatus, QualificationValidity, RecordConsent, SocialInsuranceStatus, TicketKind, TreatmentKind,
};
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::insurance::InsurerNumber;
use madoguchi_model::person::Sex;
use madoguchi_model::records::Treatment;

/// The request by number (`OQSsiquc01req`), also of `OQSsihvq01` and `OQSsionq01`.
pub type Request = XmlMsg<EligibilityRequestHeader, RequestBody>;
/// The answer (`OQSsiquc01res`), also in face files.
pub type Answer = XmlMsg<EligibilityAnswerHeader, AnswerBody>;

group! {
    /// The body of the request.
    RequestBody {
        search: SearchInfo = "QualificationConfirmSearchInfo", "資格確認照会用情報";
    }

    /// Whose coverage is asked for.
    SearchInfo {
        insurer: InsurerNumber = "InsurerNumber", "保険者番号";
        symbol: Option<Text<20>> = "InsuredCardSymbol", "被保険者証等記号", "全角も可";
        number: Text<20> = "InsuredIdentificationNumber", "被保険者証等番号";
        branch: Option<Branch> = "InsuredBranchNumber", "被保険者証等枝番";
        birthdate: Day = "Birthdate", "生年月日";
        limit_consent: Coded<CertificateConsent> = "LimitApplicationCertificateRelatedConsFlg", "限度額適用認定証提供同意フラグ", "口頭の同意";
        treatment: Option<Coded<Treatment>> = "MedicalTreatmentFlag", "診療の別", Ours, "OQSsihvq01は2、OQSsionq01は3";
        identifier: Option<Text<100>> = "ArbitraryIdentifier", "任意の識別子", "回答にそのまま返す";
    }

    /// The body of the answer.
    #[derive(Default)]
    AnswerBody {
        prescription: Option<Coded<PrescriptionForm>> = "PrescriptionIssueSelect", "処方箋の発行形態", "顔認証付きカードリーダーで選択した場合のみ";
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", "正常終了でもお知らせがある場合に設定する";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ";
        validity: Option<Coded<QualificationValidity>> = "QualificationValidity", "資格有効性";
        search: Option<SearchInfo> = "QualificationConfirmSearchInfo", "資格確認照会用情報", "要求の値をそのまま返す。顔認証の結果にはない";
        results: ResultList = "ResultList", "資格確認結果リスト";
    }

    /// One coverage as the answer tells it.
    Row {
        kind: Coded<CertificateKind> = "InsuredCardClassification", "被保険者証区分";
        insurer: Option<InsurerNumber> = "InsurerNumber" | "PublicExpenseNumber", "保険者番号", "医療扶助では公費負担者番号。読み取りはPublicExpenseNumberも可";
        symbol: Option<Text<20>> = "InsuredCardSymbol", "被保険者証等記号";
        number: Option<Text<20>> = "InsuredIdentificationNumber" | "BeneficiaryNumber", "被保険者証等番号", "医療扶助では受給者番号。読み取りはBeneficiaryNumberも可";
        branch: Option<Branch> = "InsuredBranchNumber", "被保険者証等枝番";
        relation: Option<Coded<Relation>> = "PersonalFamilyClassification", "本人・家族の別";
        insured_name: Option<Text<100>> = "InsuredName", "被保険者氏名（世帯主氏名）";
        name: Text<100> = "Name", "氏名", "全角。姓と名の間は全角空白";
        other_name: Option<Text<100>> = "NameOfOther", "氏名（その他）";
        kana: Option<Text<100>> = "NameKana", "氏名カナ", "半角。姓と名の間は半角空白";
        other_kana: Option<Text<100>> = "NameOfOtherKana", "氏名（その他）カナ", "半角";
        sex: Coded<Sex> = "Sex1", "性別1", "登録された性別";
        printed_sex: Option<Coded<Sex>> = "Sex2", "性別2", "券面の性別";
        birthdate: Day = "Birthdate", "生年月日";
        address: Option<Text<200>> = "Address", "住所";
        postal_code: Option<Text<8>> = "PostNumber", "郵便番号", "123-4567の形";
        acquired_on: Option<Day> = "QualificationDate", "資格取得年月日";
        lost_on: Option<Day> = "DisqualificationDate", "資格喪失年月日";
        issued_on: Option<Day> = "InsuredCertificateIssuanceDate", "被保険者証等交付年月日";
        valid_from: Option<Day> = "InsuredCardValidDate", "被保険者証等有効開始年月日";
        valid_to: Option<Day> = "InsuredCardExpirationDate", "被保険者証等有効終了年月日";
        share: Option<Percent> = "InsuredPartialContributionRatio", "被保険者証等一部負担金割合";
        preschool: Option<Coded<Preschool>> = "PreschoolClassification", "未就学区分";
        loss: Option<Coded<ReasonOfLoss>> = "ReasonOfLoss", "資格喪失事由";
        insurer_name: Text<100> = "InsurerName" | "WelfareOfficeName", "保険者名称", "医療扶助では福祉事務所名。読み取りはWelfareOfficeNameも可";
        elderly: Option<ElderlyCertificate> = "ElderlyRecipientCertificateInfo", "高齢受給者証情報";
        limit_consent: Option<Coded<CertificateConsent>> = "LimitApplicationCertificateRelatedConsFlg", "限度額適用認定証提供同意フラグ";
        limit_consent_at: Option<Timestamp> = "LimitApplicationCertificateRelatedConsTime", "限度額適用認定証提供同意日時";
        limit: Option<LimitCertificate> = "LimitApplicationCertificateRelatedInfo", "限度額適用認定証関連情報";
        disease_consent: Option<Coded<CertificateConsent>> = "SpecificDiseasesCertificateRelatedConsFlg", "特定疾病療養受療証提供同意フラグ";
        disease_consent_at: Option<Timestamp> = "SpecificDiseasesCertificateRelatedConsTime", "特定疾病療養受療証提供同意日時";
        diseases: DiseaseList = "SpecificDiseasesCertificateList", "特定疾病療養受療証リスト";
        tickets: TicketList = "PublicExpenseResultList", "公費情報リスト", "医療扶助のみ";
        checkup_consent: Option<Coded<RecordConsent>> = "SpecificHealthCheckupsInfoConsFlg", "特定健診情報閲覧同意フラグ";
        checkup_consent_at: Option<Timestamp> = "SpecificHealthCheckupsInfoConsTime", "特定健診情報閲覧同意日時";
        checkup_until: Option<Timestamp> = "SpecificHealthCheckupsInfoAvailableTime", "特定健診情報閲覧有効期限";
        medication_consent: Option<Coded<RecordConsent>> = "PharmacistsInfoConsFlg", "薬剤情報閲覧同意フラグ";
        medication_consent_at: Option<Timestamp> = "PharmacistsInfoConsTime", "薬剤情報閲覧同意日時";
        medication_until: Option<Timestamp> = "PharmacistsInfoAvailableTime", "薬剤情報閲覧有効期限";
        care_consent: Option<Coded<RecordConsent>> = "DiagnosisInfoConsFlg", "診療情報閲覧同意フラグ";
        care_consent_at: Option<Timestamp> = "DiagnosisInfoConsTime", "診療情報閲覧同意日時";
        care_until: Option<Timestamp> = "DiagnosisInfoAvailableTime", "診療情報閲覧有効期限";
        surgery_consent: Option<Coded<RecordConsent>> = "OperationInfoConsFlg", "手術情報閲覧同意フラグ";
        surgery_consent_at: Option<Timestamp> = "OperationInfoConsTime", "手術情報閲覧同意日時";
        surgery_until: Option<Timestamp> = "OperationInfoAvailableTime", "手術情報閲覧有効期限";
        reference_number: Option<Text<50>> = "ReferenceNumber", "照会番号", "この医療機関等が登録した場合のみ";
        key: Option<Text<100>> = "QualificationConfirmationKey", "資格確認キー", Likely, "顔認証の結果のみ";
        prescription: Option<Coded<PrescriptionForm>> = "PrescriptionIssueSelect", "処方箋の発行形態", "読み取りのみ。書き込みは本文の直下";
    }

    /// 高齢受給者証.
    ElderlyCertificate {
        issued_on: Option<Day> = "ElderlyRecipientCertificateDate", "高齢受給者証交付年月日";
        valid_from: Option<Day> = "ElderlyRecipientValidStartDate", "高齢受給者証有効開始年月日";
        valid_to: Option<Day> = "ElderlyRecipientValidEndDate", "高齢受給者証有効終了年月日";
        share: Option<Percent> = "ElderlyRecipientContributionRatio", "高齢受給者証一部負担金割合";
    }

    /// 限度額適用認定証 and its relatives.
    LimitCertificate {
        kind: Option<Coded<LimitKind>> = "LimitApplicationCertificateClassification", "限度額適用認定証区分";
        class: Option<Coded<IncomeClass>> = "LimitApplicationCertificateClassificationFlag", "限度額適用認定証適用区分";
        issued_on: Option<Day> = "LimitApplicationCertificateDate", "限度額適用認定証交付年月日";
        valid_from: Option<Day> = "LimitApplicationCertificateValidStartDate", "限度額適用認定証有効開始年月日";
        valid_to: Option<Day> = "LimitApplicationCertificateValidEndDate", "限度額適用認定証有効終了年月日";
        long_term_on: Option<Day> = "LimitApplicationCertificateLongTermDate", "限度額適用認定証長期入院該当年月日";
    }

    /// 特定疾病療養受療証.
    DiseaseCertificate {
        category: Option<Coded<DiseaseCategory>> = "SpecificDiseasesDiseaseCategory", "特定疾病認定疾病区分";
        issued_on: Option<Day> = "SpecificDiseasesCertificateDate", "特定疾病療養受療証交付年月日";
        valid_from: Option<Day> = "SpecificDiseasesValidStartDate", "特定疾病療養受療証有効開始年月日";
        valid_to: Option<Day> = "SpecificDiseasesValidEndDate", "特定疾病療養受療証有効終了年月日";
        self_pay: Option<Count> = "SpecificDiseasesSelfPay", "特定疾病療養受療証自己負担限度額", "円";
    }

    /// 医療券 or 調剤券.
    MedicalTicket {
        kind: Option<Coded<TicketKind>> = "TicketType", "医療券・調剤券の別";
        valid_from: Option<Day> = "MedicalTicketValidDate", "有効開始年月日";
        valid_to: Option<Day> = "MedicalTicketExpirationDate", "有効終了年月日";
        issue_number: Option<Text<20>> = "IssueNumber", "交付番号";
        month: Option<Month> = "MedicalTreatmentMonth", "診療年月";
        institution: Option<Digits<10>> = "DesignatedMedicalInstitutionCode", "指定医療機関コード";
        entrusted: Option<Coded<EntrustedHere>> = "DesignatedMedicalInstitutionFlag", "指定医療機関の一致";
        institution_name: Option<Text<100>> = "DesignatedMedicalInstitutionName", "指定医療機関名";
        prescriber: Option<Digits<10>> = "PrescriptionIssuerMedicalInstitutionCode", "処方箋発行医療機関コード", "調剤券のみ";
        prescriber_name: Option<Text<100>> = "PrescriptionIssuerMedicalInstitutionName", "処方箋発行医療機関名", "調剤券のみ";
        injury_1: Option<Text<100>> = "InjuryName1", "傷病名1";
        injury_2: Option<Text<100>> = "InjuryName2", "傷病名2";
        injury_3: Option<Text<100>> = "InjuryName3", "傷病名3";
        treatment: Option<Coded<TreatmentKind>> = "MedicalTreatmentType", "診療別";
        self_pay: Option<Count> = "SelfPayAmount", "本人支払額", "円";
        district_contact: Option<Text<100>> = "DistrictContactName", "地区担当者名";
        handling_contact: Option<Text<100>> = "HandlingContactName", "取扱担当者名";
        combination: Option<Coded<Combination>> = "SingleOrCombinedUse", "単独・併用の別";
        social_insurance: Option<Coded<SocialInsuranceStatus>> = "StatusOfSocialInsurance", "社会保険の状況";
        consistency: Option<Coded<Consistency>> = "ConsistencyFlag", "整合性";
        infection: Option<Coded<InfectionStatus>> = "StatusOfInfecton", "感染症の公費の状況", "綴りは実物のとおり";
        elderly_care: Option<Coded<ElderlyCareStatus>> = "StatusOfElderlyMedicalCare", "後期高齢者医療の状況";
        prefectural: Option<Coded<PrefecturalExpenseStatus>> = "StatusOfPrefecturalExpenses", "都道府県費の状況";
        remarks_1: Option<Text<200>> = "Remarks1", "備考1";
        remarks_2: Option<Text<200>> = "Remarks2", "備考2";
        remarks_3: Option<Text<200>> = "Remarks3", "備考3";
    }
}

list! {
    /// The coverages of an answer.
    ResultList["ResultOfQualificationConfirmation": Row], named: true;
    /// 特定疾病療養受療証, one a disease.
    DiseaseList["SpecificDiseasesCertificateInfo": DiseaseCertificate], named: false;
    /// Medical tickets of 医療扶助.
    TicketList["MedicalTicketInfo": MedicalTicket], named: false;
}

impl AnswerBody {
    /// The form of the prescription that was chosen at the reader, from either place where it is written.
    #[must_use]
    pub fn prescription_form(&self) -> Option<PrescriptionForm> {
        let in_rows = self.results.0.iter().filter_map(|row| row.prescription.as_ref());
        self.prescription.iter().chain(in_rows).find_map(Coded::known)
    }
}
