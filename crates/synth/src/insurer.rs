//! Insurers (保険者) of the world and the numbers that they give (記号・番号・枝番).
//!
//! The branches of 協会けんぽ have their public numbers; the others are invented, with valid check
//! digits.

use crate::dice::Dice;
use crate::district::District;
use crate::prefecture::prefecture_name;
use madoguchi_model::check_digit::check_digit;
use madoguchi_model::insurance::{InsuranceNumbers, InsurerNumber};
use std::borrow::Cow;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Insurer {
    pub(crate) scheme: Scheme,
    /// The number without its check digit: 7 digits, or 5 for 国保.
    body: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
    /// The symbol of its certificates; empty where each workplace has its own or there is none.
    symbol: Cow<'static, str>,
}

/// The insurers of a small world and of a nation's first district.
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
    Insurer { scheme, body: Cow::Borrowed(body), name: Cow::Borrowed(name), symbol: Cow::Borrowed(symbol) }
}

/// 組合健保 of a prefecture, by the branch of their members.
const BRANCHES: [&str; 12] =
    ["電機", "食品", "運輸", "機械", "化学", "建設", "印刷", "鉄鋼", "百貨店", "銀行", "情報", "薬品"];
const SOCIETIES: usize = 30;
const MUTUAL_AIDS: [(&str, &str, &str); 4] = [
    ("31", "国家公務員共済組合", "公"),
    ("32", "地方職員共済組合", "職"),
    ("33", "警察共済組合", "警"),
    ("34", "学校共済組合", "学"),
];
/// Most municipalities of a prefecture; several districts belong to one where there are more of them.
const MUNICIPALITIES_MAX: u32 = 44;

/// The insurers of a district: one municipality with its 国保 and 後期高齢者医療, the others common to
/// the prefecture.
pub(crate) fn district_insurers(prefecture: u8, place: u32, places: u32) -> Vec<Insurer> {
    let name = prefecture_name(prefecture);
    let branch = name.trim_end_matches(['都', '府', '県']);
    let own = |scheme, body: String, name: String, symbol: String| Insurer {
        scheme,
        body: Cow::Owned(body),
        name: Cow::Owned(name),
        symbol: Cow::Owned(symbol),
    };
    let municipality = place / places.div_ceil(MUNICIPALITIES_MAX).max(1);
    let city = city(municipality);
    let mut all = vec![own(
        Scheme::Association,
        format!("01{prefecture:02}001"),
        format!("全国健康保険協会　{branch}支部"),
        String::new(),
    )];
    all.extend((0..SOCIETIES).map(|nth| {
        let (branch_of_trade, round) = (BRANCHES[nth % BRANCHES.len()], nth / BRANCHES.len());
        let round = ["", "第二", "第三"][round.min(2)];
        let body = format!("06{prefecture:02}{:03}", 101 + nth);
        own(Scheme::Society, body, format!("{name}{round}{branch_of_trade}健康保険組合"), format!("{}", 11 + nth * 7))
    }));
    all.extend(MUTUAL_AIDS.map(|(scheme, title, symbol)| {
        own(Scheme::MutualAid, format!("{scheme}{prefecture:02}101"), format!("{name}{title}"), symbol.to_owned())
    }));
    let number = 1 + municipality;
    let symbol = format!("{}・{number}", city.chars().next().unwrap_or('国'));
    all.push(own(Scheme::National, format!("{prefecture:02}{number:03}"), format!("{name}{city}"), symbol));
    let builders = format!("{name}建設国民健康保険組合");
    all.push(own(Scheme::National, format!("{prefecture:02}391"), builders, "建".to_owned()));
    let union = format!("{name}後期高齢者医療広域連合（{city}）");
    all.push(own(Scheme::LateElderly, format!("39{prefecture:02}{number:03}"), union, String::new()));
    all
}

/// An invented municipality of a prefecture.
fn city(municipality: u32) -> String {
    const NAMES: [&str; 22] = [
        "窓野",
        "桜ヶ原",
        "千鳥橋",
        "青葉野",
        "若竹",
        "月見坂",
        "鈴掛",
        "柳瀬川",
        "楓ヶ丘",
        "白鷺",
        "藤見",
        "小春日",
        "椿坂",
        "銀杏",
        "雲雀野",
        "朝凪",
        "夕映",
        "蛍川",
        "日和山",
        "花水木",
        "清水坂",
        "木漏日",
    ];
    let (name, town) = (NAMES[municipality as usize % NAMES.len()], municipality as usize / NAMES.len() % 2);
    format!("{name}{}", ["市", "町"][town])
}

impl Insurer {
    /// Whether it is 国保, which gives branches from 01 on.
    pub(crate) fn is_national(&self) -> bool {
        self.scheme == Scheme::National
    }

    /// 保険者番号.
    pub(crate) fn number(&self) -> InsurerNumber {
        let check = check_digit(&self.body).expect("the body is digits");
        InsurerNumber::parse(&format!("{}{check}", self.body)).expect("six or eight digits")
    }
}

/// One of a district's insurers of a scheme; the earlier ones are larger. Each district has one of each that is drawn.
pub(crate) fn insurer_of<'a>(dice: &mut Dice, insurers: &'a [Insurer], scheme: Scheme) -> &'a Insurer {
    let members: Vec<_> = insurers.iter().filter(|insurer| insurer.scheme == scheme).collect();
    members[dice.rank(members.len())]
}

/// New numbers for a household (or for a person, with 後期高齢者医療), still without a branch.
///
/// `serial` differs from household to household (from person to person with 後期高齢者医療) and from one
/// change of insurer to the next, so that no two households of a world ever share numbers.
pub(crate) fn household_numbers(
    dice: &mut Dice,
    district: &District,
    insurer: &Insurer,
    serial: u64,
) -> InsuranceNumbers {
    let group = || district.group_number(serial);
    let symbol = || insurer.symbol.clone().into_owned();
    let (symbol, number) = match insurer.scheme {
        Scheme::Association => (workplace(dice, district), district.local_group_number(serial) * 3 + 11),
        Scheme::Society => (symbol(), group() * 3 + 101),
        Scheme::MutualAid => (symbol(), group() * 3 + 10_001),
        Scheme::National => (symbol(), group() * 3 + 1_000_003),
        Scheme::LateElderly => (String::new(), district.person_number(serial) * 3 + 10_000_007),
        Scheme::SelfDefence => (symbol(), group() * 3 + 4_001),
        Scheme::Assistance => return recipient_numbers(insurer, serial),
    };
    InsuranceNumbers { insurer: insurer.number(), symbol, number: number.to_string(), branch: String::new() }
}

/// 記号 of a workplace: eight digits, those of the further districts of a prefecture apart.
fn workplace(dice: &mut Dice, district: &District) -> String {
    match district.place {
        0 => format!("{}{}", 1 + dice.below(8), dice.digits(7)),
        place => format!("9{place:04}{}", dice.digits(3)),
    }
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

    #[test]
    fn every_district_has_each_scheme_and_its_own_municipality() {
        for (prefecture, places) in [(1, 340), (13, 955), (31, 36), (47, 1)] {
            let mut cities = std::collections::BTreeSet::new();
            for place in 0..places {
                let all = district_insurers(prefecture, place, places);
                for scheme in
                    [Scheme::Association, Scheme::Society, Scheme::MutualAid, Scheme::National, Scheme::LateElderly]
                {
                    assert!(all.iter().any(|insurer| insurer.scheme == scheme), "{prefecture} {scheme:?}");
                }
                assert!(all.iter().all(|insurer| insurer.number().has_valid_check_digit()));
                let city = all.iter().find(|insurer| insurer.scheme == Scheme::National).unwrap();
                cities.insert((city.number().printed(), city.name.clone()));
            }
            let expected = places.min(MUNICIPALITIES_MAX) as usize;
            assert!(cities.len() <= expected && cities.len() * 2 >= expected, "{prefecture}: {}", cities.len());
        }
    }
}
