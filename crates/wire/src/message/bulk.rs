//! Bulk messages (一括): accepted with a reception number (`…01`), fetched with it (`…02`).

mod convert;

pub use convert::BulkResult;

use crate::message::eligibility::{ElderlyCertificate, Row, SearchInfo};
use crate::message::envelope::{
    AnswerHeader, EligibilityRequestHeader, ReceptionNumber, RequestHeader, ResultHeader, ResultRequestHeader, XmlMsg,
};
use crate::message::field::{Many, group};
use crate::message::leaf::{Branch, Percent, Text};
use crate::message::reference::RegistrationInfo;
use madoguchi_model::code::{CertificateKind, Coded, LimitChange, Preschool, ProcessingStatus, QualificationValidity};
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::insurance::InsurerNumber;
use madoguchi_model::person::Sex;
use madoguchi_model::records::Treatment;

/// OQSmuquc01req: coverages asked for on a day.
pub type EligibilityRequest = XmlMsg<EligibilityRequestHeader, EligibilityRequestBody>;
/// OQSmuimm01req: reference numbers to be registered.
pub type ReferenceRequest = XmlMsg<RequestHeader, ReferenceRequestBody>;
/// OQSmutic01req: who is entrusted to this institution in a month.
pub type AssistanceRequest = XmlMsg<RequestHeader, AssistanceRequestBody>;
/// OQSmuhvq01req: who agreed to 訪問診療等.
pub type HomeVisitsRequest = XmlMsg<RequestHeader, HomeVisitsRequestBody>;
/// OQSmuonq01req: who agreed to オンライン診療等.
pub type OnlineCareRequest = XmlMsg<RequestHeader, OnlineCareRequestBody>;
/// The answer to every acceptance (`…01res`).
pub type Receipt = XmlMsg<AnswerHeader, ReceiptBody>;
/// The request for every result (`…02req`).
pub type ResultRequest = XmlMsg<ResultRequestHeader, ResultRequestBody>;
/// OQSmuquc02res: whether the coverages hold.
pub type EligibilityResult = XmlMsg<ResultHeader, EligibilityResultBody>;
/// OQSmuimm02res: whether the numbers were registered.
pub type ReferenceResult = XmlMsg<ResultHeader, ReferenceResultBody>;
/// OQSmutic02res, OQSmuhvq02res and OQSmuonq02res: people with their coverages.
pub type PeopleResult = XmlMsg<ResultHeader, PeopleResultBody>;

group! {
    /// The body of OQSmuquc01req.
    EligibilityRequestBody {
        searches: Many<SearchInfo> = "QualificationConfirmSearchInfo", "資格確認照会用情報", "5,000件以内";
    }

    /// The body of OQSmuimm01req.
    ReferenceRequestBody {
        registrations: Many<RegistrationInfo> = "ReferenceNumberRegistrationInfo", "照会番号登録情報", "5,000件以内";
    }

    /// The body of OQSmutic01req.
    AssistanceRequestBody {
        search: AssistanceSearch = "QualificationConfirmSearchInfo", "照会条件";
    }

    /// The month that is asked for.
    AssistanceSearch {
        month: Month = "MedicalTreatmentMonth", "診療年月";
    }

    /// The body of OQSmuhvq01req.
    HomeVisitsRequestBody {
        search: HomeVisitsSearch = "QualificationConfirmSearchInfo", "照会条件";
    }

    /// The days of consent that are asked for.
    HomeVisitsSearch {
        consent_from: Day = "ConsentDateFrom", "同意日（自）";
        consent_to: Day = "ConsentDateTo", "同意日（至）";
        treatment: Coded<Treatment> = "MedicalTreatmentFlag", "診療の別", "2";
    }

    /// The body of OQSmuonq01req.
    OnlineCareRequestBody {
        search: OnlineCareSearch = "QualificationConfirmSearchInfo", "照会条件", "同意日または診療日のいずれかの組を設定する";
    }

    /// The days of consent or of examination that are asked for.
    OnlineCareSearch {
        consent_from: Option<Day> = "ConsentDateFrom", "同意日（自）";
        consent_to: Option<Day> = "ConsentDateTo", "同意日（至）";
        examination_from: Option<Day> = "ExaminationDateFrom", "診療日（自）";
        examination_to: Option<Day> = "ExaminationDateTo", "診療日（至）";
        treatment: Coded<Treatment> = "MedicalTreatmentFlag", "診療の別", "3";
    }

    /// The body of an acceptance.
    #[derive(Default)]
    ReceiptBody {
        reception: Option<ReceptionNumber> = "ReceptionNumber", "受付番号";
        received_at: Option<Timestamp> = "ReceptionDateTime", "受付日時";
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Likely;
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Likely;
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Likely;
    }

    /// The body of a request for a result.
    ResultRequestBody {
        reception: ReceptionNumber = "ReceptionNumber", "受付番号";
    }

    /// The body of OQSmuquc02res.
    #[derive(Default)]
    EligibilityResultBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours, "処理結果区分が9の場合のみ";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours, "処理結果区分が9の場合のみ";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours, "処理結果区分が9の場合のみ";
        units: Vec<EligibilityUnit> = "BulkConfirmUnit", "一括照会の1件";
    }

    /// One coverage that was asked for.
    EligibilityUnit {
        search: SearchInfo = "QualificationConfirmSearchInfo", "資格確認照会用情報", "要求の値をそのまま返す";
        status: Coded<ProcessingStatus> = "ProcessingResultStatus", "処理結果状況";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ";
        validity: Option<Coded<QualificationValidity>> = "QualificationValidity", "資格有効性";
        results: Vec<BulkRow> = "ResultOfQualificationConfirmation", "資格確認結果", "ResultListはない";
        reference_numbers: Vec<Text<50>> = "ReferenceNumber", "照会番号";
    }

    /// One coverage as a bulk answer tells it: what is printed, no consents and no certificates beside it.
    BulkRow {
        kind: Coded<CertificateKind> = "InsuredCardClassification", "被保険者証区分";
        insurer: Option<InsurerNumber> = "InsurerNumber" | "PublicExpenseNumber", "保険者番号", "医療扶助では公費負担者番号";
        symbol: Option<Text<20>> = "InsuredCardSymbol", "被保険者証等記号";
        number: Option<Text<20>> = "InsuredIdentificationNumber" | "BeneficiaryNumber", "被保険者証等番号", "医療扶助では受給者番号";
        branch: Option<Branch> = "InsuredBranchNumber", "被保険者証等枝番";
        relation: Option<Coded<Relation>> = "PersonalFamilyClassification", "本人・家族の別";
        insured_name: Option<Text<100>> = "InsuredName", "被保険者氏名（世帯主氏名）";
        name: Text<100> = "Name", "氏名";
        other_name: Option<Text<100>> = "NameOfOther", "氏名（その他）";
        kana: Option<Text<100>> = "NameKana", "氏名カナ", "半角";
        other_kana: Option<Text<100>> = "NameOfOtherKana", "氏名（その他）カナ", "半角";
        sex: Coded<Sex> = "Sex1", "性別1", "登録された性別";
        printed_sex: Option<Coded<Sex>> = "Sex2", "性別2", "券面の性別";
        birthdate: Day = "Birthdate", "生年月日";
        address: Option<Text<200>> = "Address", "住所";
        postal_code: Option<Text<8>> = "PostNumber", "郵便番号";
        acquired_on: Option<Day> = "QualificationDate", "資格取得年月日", Likely;
        lost_on: Option<Day> = "DisqualificationDate", "資格喪失年月日", Likely;
        issued_on: Option<Day> = "InsuredCertificateIssuanceDate", "被保険者証等交付年月日";
        valid_from: Option<Day> = "InsuredCardValidDate", "被保険者証等有効開始年月日";
        valid_to: Option<Day> = "InsuredCardExpirationDate", "被保険者証等有効終了年月日";
        share: Option<Percent> = "InsuredPartialContributionRatio", "被保険者証等一部負担金割合";
        preschool: Option<Coded<Preschool>> = "PreschoolClassification", "未就学区分";
        loss: Option<Coded<ReasonOfLoss>> = "ReasonOfLoss", "資格喪失事由";
        insurer_name: Text<100> = "InsurerName" | "WelfareOfficeName", "保険者名称", "医療扶助では福祉事務所名";
        elderly: Option<ElderlyCertificate> = "ElderlyRecipientCertificateInfo", "高齢受給者証情報";
        limit_changed: Option<Coded<LimitChange>> = "LimitApplicationCertificateChanged", "限度額適用認定証変更有無";
    }

    /// The body of OQSmuimm02res.
    #[derive(Default)]
    ReferenceResultBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours, "処理結果区分が9の場合のみ";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours, "処理結果区分が9の場合のみ";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours, "処理結果区分が9の場合のみ";
        units: Vec<ReferenceUnit> = "BulkRegistrationUnit", "一括登録の1件";
    }

    /// One number that was to be registered.
    ReferenceUnit {
        registration: RegistrationInfo = "ReferenceNumberRegistrationInfo", "照会番号登録情報", "要求の値をそのまま返す";
        status: Coded<ProcessingStatus> = "ProcessingResultStatus", "処理結果状況";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ";
    }

    /// The body of OQSmutic02res, OQSmuhvq02res and OQSmuonq02res.
    #[derive(Default)]
    PeopleResultBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours, "処理結果区分が9の場合のみ";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours, "処理結果区分が9の場合のみ";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours, "処理結果区分が9の場合のみ";
        units: Vec<PersonUnit> = "BulkConfirmUnit", "1人分";
    }

    /// One person: a row of health insurance, a row of 医療扶助, or both.
    PersonUnit {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Likely;
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Likely;
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Likely;
        validity: Option<Coded<QualificationValidity>> = "QualificationValidity", "資格有効性", Likely;
        results: Many<Row> = "ResultOfQualificationConfirmation", "資格確認結果", "同意情報を含む。ResultListはない";
        reference_numbers: Vec<Text<50>> = "ReferenceNumber", "照会番号";
    }
}

impl BulkRow {
    /// What a bulk answer tells of a row.
    #[must_use]
    pub fn of(row: Row, limit_changed: Option<LimitChange>) -> Self {
        Self {
            kind: row.kind,
            insurer: row.insurer,
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            relation: row.relation,
            insured_name: row.insured_name,
            name: row.name,
            other_name: row.other_name,
            kana: row.kana,
            other_kana: row.other_kana,
            sex: row.sex,
            printed_sex: row.printed_sex,
            birthdate: row.birthdate,
            address: row.address,
            postal_code: row.postal_code,
            acquired_on: row.acquired_on,
            lost_on: row.lost_on,
            issued_on: row.issued_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            share: row.share,
            preschool: row.preschool,
            loss: row.loss,
            insurer_name: row.insurer_name,
            elderly: row.elderly,
            limit_changed: limit_changed.map(Coded::Known),
        }
    }
}
