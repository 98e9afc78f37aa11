//! The numbers of a certificate as messages spell them, under two sets of names.

use crate::message::eligibility::SearchInfo;
use crate::message::fetch::FetchRequestHeader;
use crate::message::institution::RevocationInfo;
use crate::message::leaf::{Branch, Text};
use crate::message::reference::RegistrationInfo;
use madoguchi_model::insurance::InsuranceNumbers;

macro_rules! numbers {
    ($($group:ty),+) => {$(
        impl $group {
            /// 保険者番号, 記号, 番号 and 枝番; what is not given is empty.
            #[must_use]
            pub fn numbers(&self) -> InsuranceNumbers {
                InsuranceNumbers {
                    insurer: self.insurer.clone(),
                    symbol: self.symbol.as_ref().map_or("", Text::as_str).trim().to_owned(),
                    number: self.number.as_str().trim().to_owned(),
                    branch: self.branch.as_ref().map_or("", Branch::as_str).to_owned(),
                }
            }
        }
    )+};
}

numbers!(SearchInfo, RegistrationInfo, RevocationInfo, FetchRequestHeader);
