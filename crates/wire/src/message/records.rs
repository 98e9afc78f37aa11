//! YZKsiquc01 (薬剤・診療・手術情報): what receipts tell (A), and dispensings (B) and prescriptions (C) of the e-prescription
//! service. The prescriber's tags are spelled with a small L (`PrlsHCd`), the marks with a capital I (`PrIsOrg`), as the
//! real ones are.

mod convert;

use crate::message::envelope::{FileIdentifier, InstitutionDigits, XmlMsg};
use crate::message::fetch::{FetchRequestHeader, InOut, ResultCode};
use crate::message::field::{group, list};
use crate::message::leaf::{Digits, Text};
use madoguchi_model::code::Coded;
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::person::Sex;
use madoguchi_model::records::{Category, Origin, Prescriptions, Treatment};

/// The request (`YZKsiquc01req`).
pub type Request = XmlMsg<FetchRequestHeader, RequestBody>;
/// The answer (`YZKsiquc01res`) of the XML categories, and of every failure.
pub type Answer = XmlMsg<AnswerHeader, AnswerBody>;

group! {
    /// The body of the request.
    RequestBody {
        from: Month = "StartDate", "診療年月（自）";
        to: Month = "EndDate", "診療年月（至）";
        category: Coded<Category> = "FileCategory", "ファイル種別";
        prescriptions: Option<Coded<Prescriptions>> = "PrDiInfClassification", "処方・調剤情報の表示", "省略時は0";
        treatment: Option<Coded<Treatment>> = "MedicalTreatmentFlag", "診療の別", "省略時は1";
    }

    /// The header of the answer.
    AnswerHeader {
        result: Coded<ResultCode> = "ResultCode", "結果コード";
        message: Option<Text<500>> = "MessageContents", "メッセージ", "結果コードが1以外の場合";
        institution: Option<InstitutionDigits> = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "要求の値をそのまま返す";
        executed_at: Option<Timestamp> = "ProcessExecutionTime", "処理実行日時";
        person: Option<Person> = "QuaInf", "資格情報";
    }

    /// Whose records.
    Person {
        name: Text<100> = "Name", "氏名";
        kana: Option<Text<100>> = "KanaName", "氏名カナ", "半角";
        birthdate: Day = "Birth", "生年月日";
        sex: Coded<Sex> = "AdmGendCode", "性別";
    }

    /// The body of the answer.
    #[derive(Default)]
    AnswerBody {
        months: Vec<ReceiptMonth> = "MeTrMonthInf", "診療年月情報（レセプト）";
        dispensings: DispensingList = "CzDiInf", "調剤情報（電子処方箋）";
        prescriptions: PrescriptionList = "ShPrInf", "処方情報（電子処方箋）";
    }

    /// What receipts of one institution and month tell (A).
    ReceiptMonth {
        origin: Option<Coded<Origin>> = "DiOrg", "診療・調剤した医療機関等の区分", "1自院、2他院。ファイル種別4にはない";
        institution: Option<Digits<10>> = "MeTrDiHCd", "診療・調剤した医療機関等コード";
        institution_name: Option<Text<100>> = "MeTrDiHNm", "診療・調剤した医療機関等名";
        prescriber: Option<Text<10>> = "PrlsHCd", "処方した医療機関コード", "調剤レセプトのみ。綴りの3、4文字目は小文字のエル・エス";
        prescriber_name: Option<Text<100>> = "PrlsHNm", "処方した医療機関名", "調剤レセプトのみ";
        month: Month = "MeTrMonth", "診療年月";
        prescriber_origin: Option<Coded<Origin>> = "PrIsOrg", "処方した医療機関の区分", "ファイル種別4にはない";
        setting: Option<Coded<InOut>> = "InOut", "入外", Likely;
        days: DayList = "DiDateInfs", "診療・調剤年月日リスト";
    }

    /// One day.
    ReceiptDay {
        day: Option<Day> = "DiDate", "診療・調剤年月日";
        prescribed_on: Option<Day> = "PrDate", "処方年月日";
        drugs: DrugList = "DrugInfs", "薬剤リスト";
        acts: ActList = "MeTrInfs", "診療行為リスト";
    }

    /// One drug.
    Drug {
        code: Option<Text<20>> = "DrugC", "医薬品コード", "9桁";
        name: Option<Text<255>> = "DrugN", "医薬品名";
        ingredient: Option<Text<255>> = "IngreN", "成分名";
        class: Option<Text<2>> = "MeTrIdCl", "診療識別", "21内服、22屯服、23外用、31から33注射など";
        usage: Option<Text<500>> = "UsageN", "用法";
        instruction: Option<Text<500>> = "SpInst", "用法等の特別指示";
        amount: Option<Text<20>> = "Qua1", "数量";
        unit: Option<Text<50>> = "Unit", "単位";
        times: Option<Text<10>> = "Times", "日数・回数";
    }

    /// One act of care, or an operation.
    Act {
        name: Option<Text<255>> = "SinInfN", "診療行為名";
        code: Option<Text<20>> = "SinInfCd", "診療行為コード", "9桁";
        class: Option<Text<2>> = "MeTrIdCl", "診療識別", "手術は50";
        amount: Option<Text<20>> = "Qua1", "数量";
        times: Option<Text<10>> = "Times", "回数";
        unit: Option<Text<50>> = "Unit", "単位";
    }

    /// Dispensings of a month (B).
    DispensingMonth {
        origin: Option<Coded<Origin>> = "CzDiOrg", "調剤した薬局の区分", "1自院、2他院";
        pharmacy: Option<Digits<10>> = "CzMeTrDiHCd", "調剤した薬局コード";
        prescriber: Option<Digits<10>> = "CzPrlsHCd", "処方した医療機関コード";
        pharmacy_name: Option<Text<100>> = "CzMeTrDiHNm", "調剤した薬局名";
        month: Month = "CzDiMonth", "調剤年月";
        prescriber_name: Option<Text<100>> = "CzPrlsHNm", "処方した医療機関名";
        prescriber_origin: Option<Coded<Origin>> = "CzPrIsOrg", "処方した医療機関の区分";
        class: Option<Text<10>> = "CzPrCl", "区分", Likely, "書き込まない";
        days: DispensingDayList = "CzDiDateInfs", "調剤年月日リスト";
    }

    /// Dispensings of a day.
    DispensingDay {
        day: Option<Day> = "CzDiDate", "調剤年月日";
        prescribed_on: Option<Day> = "CzPrDate", "処方年月日";
        drugs: DispensedDrugList = "CzDrugInfs", "薬剤リスト";
    }

    /// A drug that was dispensed.
    DispensedDrug {
        code: Option<Text<20>> = "CzDrugC", "医薬品コード";
        amount: Option<Text<20>> = "CzQua1", "数量";
        usage: Option<Text<500>> = "CzUsageN", "用法";
        instruction: Option<Text<500>> = "CzSpInst", "用法等の特別指示";
        times: Option<Text<10>> = "CzTimes", "日数・回数";
        ingredient: Option<Text<255>> = "CzIngreN", "成分名";
        form: Option<Text<2>> = "CzUsageCl", "剤形区分", Ours, "1内服、2頓服、3外用、5注射、9その他";
        unit: Option<Text<50>> = "CzUnit", "単位";
        name: Option<Text<255>> = "CzDrugN", "医薬品名";
    }

    /// Prescriptions of a month (C).
    PrescriptionMonth {
        origin: Option<Coded<Origin>> = "ShPrOrg", "処方した医療機関の区分（自院・他院）", "1自院、2他院";
        pharmacy: Option<Digits<10>> = "ShMeTrDiHCd", "調剤した薬局コード", Likely, "書き込まない";
        prescriber: Option<Digits<10>> = "ShPrHCd", "処方した医療機関コード";
        pharmacy_name: Option<Text<100>> = "ShMeTrDiHNm", "調剤した薬局名", Likely, "書き込まない";
        month: Month = "ShPrMonth", "処方年月";
        prescriber_name: Option<Text<100>> = "ShPrHNm", "処方した医療機関名";
        prescriber_origin: Option<Coded<Origin>> = "ShPrIsOrg", "処方した医療機関の区分";
        class: Option<Text<10>> = "ShPrCl", "区分", Likely, "書き込まない";
        days: PrescriptionDayList = "ShPrDateInfs", "処方年月日リスト";
    }

    /// Prescriptions of a day.
    PrescriptionDay {
        day: Option<Day> = "ShPrDate" | "PrDate", "処方年月日", "読み取りはPrDateも可";
        drugs: PrescribedDrugList = "ShDrugInfs", "薬剤リスト";
    }

    /// A drug that was prescribed.
    PrescribedDrug {
        code: Option<Text<20>> = "ShDrugC", "医薬品コード";
        amount: Option<Text<20>> = "ShQua1", "数量";
        usage: Option<Text<500>> = "ShUsageN", "用法";
        instruction: Option<Text<500>> = "ShSpInst", "用法等の特別指示";
        times: Option<Text<10>> = "ShTimes", "日数・回数";
        ingredient: Option<Text<255>> = "ShIngreN", "成分名";
        form: Option<Text<2>> = "ShUsageCl", "剤形区分", Ours, "1内服、2頓服、3外用、5注射、9その他";
        unit: Option<Text<50>> = "ShUnit", "単位";
        name: Option<Text<255>> = "ShDrugN", "医薬品名";
    }
}

list! {
    /// Days of a receipt.
    DayList["DiDateInf": ReceiptDay], named: false;
    /// Drugs of a day.
    DrugList["DrugInf": Drug], named: false;
    /// Acts of a day.
    ActList["MeTrInf": Act], named: false;
    /// Dispensings.
    DispensingList["CzDiMonthInf": DispensingMonth], named: false;
    /// Days of dispensings.
    DispensingDayList["CzDiDateInf": DispensingDay], named: false;
    /// Drugs that were dispensed.
    DispensedDrugList["CzDrugInf": DispensedDrug], named: false;
    /// Prescriptions.
    PrescriptionList["ShPrMonthInf": PrescriptionMonth], named: false;
    /// Days of prescriptions.
    PrescriptionDayList["ShPrDateInf": PrescriptionDay], named: false;
    /// Drugs that were prescribed.
    PrescribedDrugList["ShDrugInf": PrescribedDrug], named: false;
}
