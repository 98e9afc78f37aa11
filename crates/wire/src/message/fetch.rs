//! What YZK and TKK share: the header of the request, whose names differ from those of OQS, and their own codes.

use crate::message::envelope::{FileIdentifier, InstitutionDigits};
use crate::message::field::group;
use crate::message::leaf::{Branch, Text};
use madoguchi_model::code::Code;
use madoguchi_model::insurance::InsurerNumber;

group! {
    /// The header of a request.
    FetchRequestHeader {
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        insurer: InsurerNumber = "InsurerNumber", "保険者番号";
        symbol: Option<Text<20>> = "InsuranceCardSymbol", "被保険者証等記号", "全角も可";
        number: Text<20> = "InsuredPersonIdentificationNumber", "被保険者証等番号";
        branch: Option<Branch> = "BranchNumber", "被保険者証等枝番";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "回答にそのまま返す";
    }
}

/// A code of YZK or TKK that is in none of the numbered tables.
macro_rules! codes {
    ($($(#[$meta:meta])* $element:literal $name:ident $subject:literal { $($variant:ident = $code:literal $label:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $(
            #[doc = concat!($label, " (", $code, ").")]
            $variant,
        )+ }

        impl Code for $name {
            const TABLE: &'static str = $element;
            const SUBJECT: &'static str = $subject;
            const CHOICES: &'static [(&'static str, &'static str)] = &[$(($code, $label)),+];

            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

codes! {
    /// 結果コード. Only 1 is publicly known; the others are ours.
    "ResultCode" ResultCode "結果コード" {
        Success = "1" "正常",
        NoData = "2" "該当する情報なし",
        NoConsent = "3" "同意なし・期限切れ",
        Error = "9" "エラー",
    }
    /// ファイル種別 of TKK.
    "TKK-FileCategory" CheckupCategory "ファイル種別（特定健診）" { Pdf = "1" "PDF", Data = "2" "XML" }
    /// 入外. 1 is assumed.
    "YZK-InOut" InOut "入外" { Inpatient = "1" "入院", Outpatient = "2" "外来" }
}
