//! What the kiosk says: faults with their codes, and the sentence that each consent page asks.
//!
//! Texts are our own words; the codes 001 to 012 are those of the card reader (顔認証付きカードリーダーのメッセージ).

use super::flow::{Fault, PinMessage};
use crate::reader::{ReaderFault, Refusal};

/// A fault as the patient reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FaultText {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) reason: String,
    pub(super) next_step: String,
}

pub(super) fn fault(fault: &Fault) -> FaultText {
    match fault {
        Fault::CardNotReadable => fault_text(
            "001",
            "カードを読み取れません",
            "カードの情報を読み取れませんでした。",
            "カードを置き直してください。続く場合は、窓口の職員にお知らせください。",
        ),
        Fault::CardNotOurs => fault_text(
            "002",
            "このカードは使えません",
            "マイナンバーカードとして確認できないカードです。",
            "マイナンバーカードを置いてください。お持ちでない場合は、窓口の職員にお知らせください。",
        ),
        Fault::PinLocked => fault_text(
            "005",
            "暗証番号がロックされています",
            "暗証番号を3回続けて間違えたため、このカードでは暗証番号を使えません。",
            "今日の受付は、窓口の職員にお知らせください。暗証番号は、お住まいの市区町村の窓口で再設定できます。",
        ),
        Fault::CertificateExpired => fault_text(
            "008",
            "電子証明書の有効期限が切れています",
            "カードの電子証明書の有効期限が過ぎています。",
            "今日の受付は、窓口の職員にお知らせください。電子証明書は、お住まいの市区町村の窓口で更新できます。",
        ),
        Fault::CertificateRevoked => fault_text(
            "009",
            "電子証明書が失効しています",
            "カードの電子証明書は、現在使えない状態です。",
            "今日の受付は、窓口の職員にお知らせください。手続きは、お住まいの市区町村の窓口にご相談ください。",
        ),
        Fault::Network => fault_text(
            "010",
            "通信できません",
            "サーバと通信できないため、確認できませんでした。何も登録されていません。",
            "しばらくしてから、もう一度カードを置いてください。続く場合は、窓口の職員にお知らせください。",
        ),
        Fault::AnswersUncertain => fault_text(
            "010",
            "通信できません",
            "サーバとの通信が途切れ、同意が登録されたかどうかを確認できませんでした。",
            "もう一度カードを置いて、はじめから操作してください。新しい回答が有効になります。",
        ),
        Fault::NoEligibility { text } => {
            fault_text("012", "資格を確認できません", text, "窓口の職員にお知らせください。窓口で確認します。")
        }
        Fault::PassOver => fault_text(
            "E0410",
            "この受付は終わっています",
            "時間が過ぎたか、新しい受付が始まったため、この受付の回答は登録されていません。",
            "もう一度カードを置いて、はじめから操作してください。",
        ),
        Fault::ReaderNotUsable { code, message, next_step } => fault_text(code, "利用できません", message, next_step),
        Fault::Refused { code, message, next_step } => fault_text(code, "受付できません", message, next_step),
    }
}

fn fault_text(code: &str, title: &str, reason: &str, next_step: &str) -> FaultText {
    FaultText { code: code.into(), title: title.into(), reason: reason.into(), next_step: next_step.into() }
}

/// Why the kiosk cannot take a card now.
pub(super) fn not_usable(found: &ReaderFault) -> FaultText {
    let (code, reason, next_step) = match found {
        ReaderFault::Account(Refusal { code, message, next_step, .. })
        | ReaderFault::Refused(Refusal { code, message, next_step, .. }) => {
            (code.as_str(), message.as_str(), next_step.as_str())
        }
        ReaderFault::Network(_) => {
            ("010", "サーバと通信できません。", "ネットワークの接続を確認し、しばらくしてから再度お試しください。")
        }
        ReaderFault::Malformed(_) => {
            ("E0099", "サーバからの応答が正しくありません。", "システムの管理者に連絡してください。")
        }
    };
    fault_text(code, "利用できません", reason, next_step)
}

/// Code and text of a PIN that was not taken.
pub(super) fn pin_message(message: PinMessage) -> (&'static str, String) {
    match message {
        PinMessage::NotFourDigits => {
            ("", "暗証番号は4桁の数字です。もう一度入力してください。回数には数えません。".into())
        }
        PinMessage::Wrong { tries_left } => (
            "004",
            format!(
                "暗証番号が違います。あと{tries_left}回間違えると、ロックされます。確かめて、もう一度入力してください。"
            ),
        ),
    }
}

/// What a consent page asks, by the server's name of the page.
pub(super) fn question(page: &str) -> &'static str {
    match page {
        "surgery" => "これまでに受けた手術の記録を、この医療機関・薬局に見せてもよいですか。",
        "medical_care_and_medication" => {
            "手術を除く、これまでの診療と薬の記録を、この医療機関・薬局に見せてもよいですか。"
        }
        "medication" => "これまでに処方された薬の記録を、この医療機関・薬局に見せてもよいですか。",
        "medical_care" => "手術を除く、これまでの診療の記録を、この医療機関・薬局に見せてもよいですか。",
        "checkup" => "これまでに受けた特定健診の結果を、この医療機関・薬局に見せてもよいですか。",
        "specific_disease" => {
            "特定疾病療養受療証（高額な治療を長く続ける方の証）の情報を、この医療機関・薬局に見せてもよいですか。"
        }
        "prescription_form" => "処方箋が出るときは、電子処方箋と紙の処方箋のどちらにしますか。",
        _ => "この情報を、この医療機関・薬局に見せてもよいですか。",
    }
}

/// The kiosk's own folder of cards is missing.
pub(super) fn no_drawer() -> FaultText {
    fault_text(
        "001",
        "利用できません",
        "カードのフォルダを読めません。",
        "システムの管理者に、端末のカードのフォルダの設定を確認するよう依頼してください。",
    )
}
