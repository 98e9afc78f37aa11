//! TKKsiquc01 (特定健診情報): check-ups as items with their codes.

mod convert;

use crate::message::envelope::{FileIdentifier, InstitutionDigits, XmlMsg};
use crate::message::fetch::{CheckupCategory, FetchRequestHeader, ResultCode};
use crate::message::field::{group, list};
use crate::message::leaf::Text;
use madoguchi_model::code::Coded;
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::person::Sex;
use madoguchi_model::records::Treatment;

/// The request (`TKKsiquc01req`).
pub type Request = XmlMsg<FetchRequestHeader, RequestBody>;
/// The answer (`TKKsiquc01res`) of the XML category, and of every failure.
pub type Answer = XmlMsg<AnswerHeader, AnswerBody>;

group! {
    /// The body of the request.
    RequestBody {
        category: Coded<CheckupCategory> = "FileCategory", "ファイル種別";
        treatment: Option<Coded<Treatment>> = "MedicalTreatmentFlag", "診療の別", "省略時は1";
    }

    /// The header of the answer.
    AnswerHeader {
        result: Coded<ResultCode> = "ResultCode", "結果コード";
        message: Option<Text<500>> = "MessageContents", "メッセージ", "結果コードが1以外の場合";
        institution: Option<InstitutionDigits> = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "要求の値をそのまま返す";
        executed_at: Option<Timestamp> = "ProcessExecutionTime", "処理実行日時";
        person: Option<Person> = "QualificationsInfo", "資格情報";
    }

    /// Whose check-ups.
    Person {
        name: Text<100> = "Name", "氏名";
        kana: Option<Text<100>> = "KanasName", "氏名カナ", "半角。綴りは実物のとおり";
        birthdate: Day = "Birthday", "生年月日";
        sex: Coded<Sex> = "AdministrativeGenderCode", "性別";
    }

    /// The body of the answer.
    #[derive(Default)]
    AnswerBody {
        checkups: Vec<Checkup> = "SpecificHealthCheckupInfo", "特定健診情報";
    }

    /// One check-up.
    Checkup {
        day: Day = "EffectiveTime", "健診実施年月日";
        items: ItemList = "HealthCheckupResultAndQuestionInfos", "検査結果・質問票リスト";
    }

    /// One result or answer.
    Item {
        code: Text<17> = "ItemCode", "項目コード", "JLAC10の17桁";
        name: Option<Text<1024>> = "ItemName", "項目名";
        kind: Option<Text<3>> = "DataType", "データ型", Likely, "PQ、CD、CO、ST";
        value: Option<Text<1024>> = "DataValue", "値";
        unit: Option<Text<50>> = "Unit", "単位";
        oid: Option<Text<100>> = "Oid", "コード体系のOID", "コードの値のみ";
        value_name: Option<Text<1024>> = "DataValueName", "値の名称", "コードの値のみ";
    }
}

list! {
    /// Results and answers of a check-up.
    ItemList["HealthCheckupResultAndQuestionInfo": Item], named: false;
}
