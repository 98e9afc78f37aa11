//! OQSsiimm01 (照会番号登録): the institution's own number of a person.

use crate::message::envelope::{AnswerHeader, RequestHeader, XmlMsg};
use crate::message::field::group;
use crate::message::leaf::{Branch, Text};
use madoguchi_model::code::{Coded, ProcessingStatus};
use madoguchi_model::insurance::InsurerNumber;

/// The request (`OQSsiimm01req`).
pub type Request = XmlMsg<RequestHeader, RequestBody>;
/// The answer (`OQSsiimm01res`).
pub type Answer = XmlMsg<AnswerHeader, AnswerBody>;

group! {
    /// The body of the request.
    RequestBody {
        registration: RegistrationInfo = "ReferenceNumberRegistrationInfo", "照会番号登録情報";
    }

    /// Which number for whom.
    RegistrationInfo {
        reference_number: Text<50> = "ReferenceNumber", "照会番号";
        insurer: InsurerNumber = "InsurerNumber", "保険者番号";
        symbol: Option<Text<20>> = "InsuredCardSymbol", "被保険者証等記号", "全角も可";
        number: Text<20> = "InsuredIdentificationNumber", "被保険者証等番号";
        branch: Option<Branch> = "InsuredBranchNumber", "被保険者証等枝番", "後期高齢者以外は必要";
    }

    /// The body of the answer.
    #[derive(Default)]
    AnswerBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", "正常終了では省略";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", "正常終了では省略";
        registration: Option<RegistrationInfo> = "ReferenceNumberRegistrationInfo", "照会番号登録情報", "要求の値をそのまま返す";
    }
}
