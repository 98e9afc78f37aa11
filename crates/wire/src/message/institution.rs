//! What an institution arranges: OQSsihvd01 (revoke a consent), OQSsiurl01 (its URL). The ids are likely, the trees ours.

use crate::message::envelope::{AnswerHeader, RequestHeader, XmlMsg};
use crate::message::field::group;
use crate::message::leaf::{Branch, Text};
use madoguchi_model::code::{Coded, EndOfConsent, ProcessingStatus, UrlFormat, UrlKind};
use madoguchi_model::insurance::InsurerNumber;

/// OQSsihvd01req: a consent to 訪問診療等 is taken back.
pub type RevocationRequest = XmlMsg<RequestHeader, RevocationRequestBody>;
/// OQSsiurl01req: the URL that patients open.
pub type UrlRequest = XmlMsg<RequestHeader, UrlRequestBody>;
/// OQSsihvd01res and OQSsiupd01res: whether it was done.
pub type DoneAnswer = XmlMsg<AnswerHeader, DoneAnswerBody>;
/// OQSsiurl01res: the URL.
pub type UrlAnswer = XmlMsg<AnswerHeader, UrlAnswerBody>;

group! {
    /// The body of OQSsihvd01req.
    RevocationRequestBody {
        revocation: RevocationInfo = "ConsentRevocationInfo", "同意取消情報", Ours;
    }

    /// Whose consent, and why it ends.
    RevocationInfo {
        insurer: InsurerNumber = "InsurerNumber", "保険者番号", Ours;
        symbol: Option<Text<20>> = "InsuredCardSymbol", "被保険者証等記号", Ours;
        number: Text<20> = "InsuredIdentificationNumber", "被保険者証等番号", Ours;
        branch: Option<Branch> = "InsuredBranchNumber", "被保険者証等枝番", Ours;
        reason: Coded<EndOfConsent> = "ReasonOfExpiration", "失効理由", Ours;
    }

    /// The body of an answer that only says whether it was done.
    #[derive(Default)]
    DoneAnswerBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours;
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours;
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours;
    }

    /// The body of OQSsiurl01req.
    UrlRequestBody {
        kind: Coded<UrlKind> = "UrlAcquisitionClassification", "URL取得区分", Ours;
        format: Coded<UrlFormat> = "OutputFormat", "出力形式", Ours, "QRコードのファイルの形式";
    }

    /// The body of OQSsiurl01res.
    #[derive(Default)]
    UrlAnswerBody {
        status: Option<Coded<ProcessingStatus>> = "ProcessingResultStatus", "処理結果状況", Ours;
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード", Ours;
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ", Ours;
        url: Option<Text<500>> = "AccessUrl", "アクセスURL", Ours;
        file: Option<Text<200>> = "QrFileName", "QRコードのファイル名", Ours, "同じフォルダーに置く";
    }
}
