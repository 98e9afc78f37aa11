//! Insurers (保険者) of the world and the numbers that they give (記号・番号・枝番).
//!
//! Only the Tokyo branch of 協会けんぽ has its public number; the others are invented, with valid
//! check digits.

use crate::dice::Dice;
use madoguchi_model::check_digit::check_digit;
use madoguchi_model::insurance::{InsuranceNumbers, InsurerNumber};

/// The sorts of insurance that the world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// 協会けんぽ.
    Association,
    /// 組合健保.
    Society,
    /// 共済.
    MutualAid,
    /// 国保.
    National,
    /// 後期高齢者医療.
    LateElderly,
    /// 自衛官診療証.
    SelfDefence,
    /// 医療扶助, by a 福祉事務所.
    Assistance,
}

/// An insurer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Insurer {
    pub(crate) scheme: Scheme,
    /// The number without its check digit: 7 digits, or 5 for 国保.
    body: &'static str,
    pub(crate) name: &'static str,
    /// The symbol of its certificates; empty where each workplace has its own or there is none.
    symbol: &'static str,
}

pub(crate) const INSURERS: [Insurer; 18] = [
    insurer(Scheme::Association, "0113001", "全国健康保険協会　東京支部", ""),
    insurer(Scheme::Society, "0613951", "まどぐち電機健康保険組合", "１２"),
    insurer(Scheme::Society, "0613952", "千鳥橋食品健康保険組合", "千"),
    insurer(Scheme::Society, "0613953", "青葉野運輸健康保険組合", "3051"),
    insurer(Scheme::Society, "0613954", "月見坂ソフトウェア健康保険組合", "ツキ"),
    insurer(Scheme::MutualAid, "3113951", "見本国家公務員共済組合", "見公"),
    insurer(Scheme::MutualAid, "3213952", "窓野地方職員共済組合", "窓職"),
    insurer(Scheme::MutualAid, "3413953", "窓野学校共済組合", "学"),
    insurer(Scheme::National, "13951", "窓野市", "窓・12"),
    insurer(Scheme::National, "13952", "桜ヶ原市", "東－１"),
    insurer(Scheme::National, "13953", "千鳥橋町", "07"),
    insurer(Scheme::National, "13954", "青葉野村", ""),
    insurer(Scheme::National, "13391", "窓野建築国民健康保険組合", "建"),
    insurer(Scheme::LateElderly, "3913951", "窓野広域連合（窓野市）", ""),
    insurer(Scheme::LateElderly, "3913952", "窓野広域連合（桜ヶ原市）", ""),
    insurer(Scheme::LateElderly, "3913953", "窓野広域連合（千鳥橋町）", ""),
    insurer(Scheme::SelfDefence, "0713951", "見本自衛隊", "防"),
    insurer(Scheme::Assistance, "1213951", "窓野市福祉事務所", ""),
];
/// The only insurer of 自衛官 and the only 福祉事務所, by their places in [`INSURERS`].
pub(crate) const SELF_DEFENCE: usize = 16;
pub(crate) const WELFARE_OFFICE: usize = 17;

const fn insurer(scheme: Scheme, body: &'static str, name: &'static str, symbol: &'static str) -> Insurer {
    Insurer { scheme, body, name, symbol }
}

impl Insurer {
    /// Whether it is 国保, which gives branches from 01 on.
    pub(crate) fn is_national(&self) -> bool {
        self.scheme == Scheme::National
    }

    /// 保険者番号.
    pub(crate) fn number(&self) -> InsurerNumber {
        let check = check_digit(self.body).expect("the body is digits");
        InsurerNumber::parse(&format!("{}{check}", self.body)).expect("six or eight digits")
    }
}

/// One of the insurers of a scheme; the earlier ones are larger.
pub(crate) fn insurer_of(dice: &mut Dice, scheme: Scheme) -> Insurer {
    let members: Vec<_> = INSURERS.iter().filter(|insurer| insurer.scheme == scheme).collect();
    *members[dice.rank(members.len())]
}

/// New numbers for a household (or for a person, with 後期高齢者医療), still without a branch.
///
/// `serial` differs from household to household and from one change of insurer to the next, so that
/// no two households ever share numbers.
pub(crate) fn household_numbers(dice: &mut Dice, insurer: &Insurer, serial: u64) -> InsuranceNumbers {
    let (symbol, number) = match insurer.scheme {
        Scheme::Association => (format!("{}{}", 1 + dice.below(8), dice.digits(7)), serial * 3 + 11),
        Scheme::Society => (insurer.symbol.to_owned(), serial * 3 + 101),
        Scheme::MutualAid => (insurer.symbol.to_owned(), serial * 3 + 10_001),
        Scheme::National => (insurer.symbol.to_owned(), serial * 3 + 1_000_003),
        Scheme::LateElderly => (String::new(), serial * 3 + 10_000_007),
        Scheme::SelfDefence => (insurer.symbol.to_owned(), serial * 3 + 4_001),
        Scheme::Assistance => return recipient_numbers(insurer, serial),
    };
    InsuranceNumbers { insurer: insurer.number(), symbol, number: number.to_string(), branch: String::new() }
}

/// 公費負担者番号 and 受給者番号: six digits and a check digit.
fn recipient_numbers(insurer: &Insurer, serial: u64) -> InsuranceNumbers {
    let body = format!("{:06}", (serial * 3 + 100_001) % 1_000_000);
    let check = check_digit(&body).expect("the body is digits");
    let number = format!("{body}{check}");
    InsuranceNumbers { insurer: insurer.number(), symbol: String::new(), number, branch: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_pass_the_check_digit() {
        for insurer in INSURERS {
            assert!(insurer.number().has_valid_check_digit(), "{}", insurer.name);
        }
        assert_eq!(INSURERS[0].number().printed(), "01130012");
        assert_eq!(INSURERS[8].number().printed().len(), 6);
    }
}
