//! 診断群分類 (DPC): the group of each disease that brings people to hospital, and what a day is worth.
//!
//! The groups' codes have the form of the published tables; the points are round numbers of their size.

use crate::bill::Disease;
use crate::operation::Operation;
use madoguchi_model::day::Day;

/// What is paid for by the day in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// 傷病名コード and name of the disease; the name tells those that are not coded.
    disease: (&'static str, &'static str),
    pub(crate) icd10: &'static str,
    /// 診断群分類番号 with and without an operation.
    codes: (&'static str, &'static str),
    /// 入院期間Ⅱ ends after so many days, 入院期間Ⅰ after half of them.
    days: i64,
}

/// What a receipt of DPC tells beside the acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DpcStay {
    pub(crate) group: &'static Group,
    pub(crate) admitted: Day,
    /// 今回退院年月日.
    pub(crate) discharged: Day,
    pub(crate) operation: Option<(&'static Operation, Day)>,
}

/// Points of a day in 入院期間Ⅰ, Ⅱ and Ⅲ.
pub(crate) const POINTS: [u32; 3] = [2_950, 2_180, 1_850];

#[rustfmt::skip]
const GROUPS: [Group; 24] = [
    group(("4860030", "肺炎"), "J189", ("040080x099x00x", "040080x099x00x"), 13),
    group(("5070003", "誤嚥性肺炎"), "J690", ("040081xx99x00x", "040081xx99x00x"), 20),
    group(("8830796", "うっ血性心不全"), "I500", ("050130xx97000x", "050130xx99000x"), 16),
    group(("8838708", "脳梗塞"), "I639", ("010060x2990401", "010060x2990401"), 15),
    group(("5908007", "腎盂腎炎"), "N12", ("110310xx99xxxx", "110310xx99xxxx"), 11),
    group(("8837433", "脱水症"), "E86", ("100380xxxxxxxx", "100380xxxxxxxx"), 8),
    group(("0091009", "急性胃腸炎"), "A099", ("060390xxxxx0xx", "060390xxxxx0xx"), 6),
    group(("4939008", "気管支喘息"), "J459", ("040100xxxxx00x", "040100xxxxx00x"), 7),
    group(("1539004", "大腸癌"), "C189", ("060035xx010x0x", "060035xx99x3xx"), 14),
    group(("1519006", "胃癌"), "C169", ("060020xx02xxxx", "060020xx99x3xx"), 15),
    group(("1629006", "肺癌"), "C349", ("040040xx97x0xx", "040040xx99x3xx"), 11),
    group(("1749008", "乳癌"), "C509", ("090010xx02x0xx", "090010xx99x3xx"), 9),
    group(("0000999", "膀胱癌"), "C679", ("110070xx03x0xx", "110070xx99x0xx"), 7),
    group(("0000999", "胆石症"), "K802", ("060330xx02xxxx", "060330xx99xxxx"), 7),
    group(("0000999", "鼠径ヘルニア"), "K409", ("060160x001xxxx", "060160x001xxxx"), 5),
    group(("5409005", "急性虫垂炎"), "K358", ("060150xx03xxxx", "060150xx99xxxx"), 6),
    group(("8208009", "大腿骨頚部骨折"), "S7200", ("160800xx01xxxx", "160800xx99xxxx"), 26),
    group(("7153018", "変形性膝関節症"), "M171", ("070230xx01xxxx", "070230xx99xxxx"), 22),
    group(("7151003", "変形性股関節症"), "M169", ("07040xxx01xxxx", "07040xxx99xxxx"), 21),
    group(("0000999", "尿管結石"), "N201", ("11012xxx02xx0x", "11012xxx99xx0x"), 5),
    group(("4139007", "狭心症"), "I209", ("050050xx0200xx", "050050xx9920xx"), 4),
    group(("4273006", "心房細動"), "I489", ("050070xx01x0xx", "050070xx99x0xx"), 5),
    group(("7240012", "腰部脊柱管狭窄症"), "M4806", ("070343xx01x0xx", "070343xx99x0xx"), 15),
    group(("0000999", "骨盤位"), "O321", ("120180xx01xxxx", "120180xx99xxxx"), 9),
];

const fn group(
    disease: (&'static str, &'static str),
    icd10: &'static str,
    codes: (&'static str, &'static str),
    days: i64,
) -> Group {
    Group { disease, icd10, codes, days }
}

impl Group {
    /// The group of a disease; `None` for what is not paid for by DPC.
    pub(crate) fn of(disease: &Disease) -> Option<&'static Self> {
        let same = |group: &&Self| {
            group.disease.0 == disease.code && (disease.name.is_empty() || group.disease.1 == disease.name)
        };
        GROUPS.iter().find(same)
    }

    /// 診断群分類番号.
    pub(crate) const fn code(&self, operated: bool) -> &'static str {
        if operated { self.codes.0 } else { self.codes.1 }
    }

    /// 傷病名コード and name.
    pub(crate) const fn disease(&self) -> (&'static str, &'static str) {
        self.disease
    }

    /// 入院期間区分 (0 for Ⅰ, 1 for Ⅱ, 2 for Ⅲ) so many days after the admission.
    pub(crate) const fn period(&self, days_after: i64) -> usize {
        match days_after {
            days if days < self.days / 2 => 0,
            days if days < self.days => 1,
            _ => 2,
        }
    }
}

/// 区分番号 of an operation (K and more), from the 診療行為 master.
pub(crate) fn section(operation: &Operation) -> &'static str {
    SECTIONS.iter().find(|(code, _)| *code == operation.act.code).map_or("", |(_, section)| section)
}

const SECTIONS: [(&str, &str); 16] = [
    ("150254110", "K672-2"),
    ("150159010", "K633"),
    ("150181610", "K718"),
    ("150019210", "K046"),
    ("150050510", "K082"),
    ("150050410", "K082"),
    ("150324910", "K719-3"),
    ("150323510", "K655-2"),
    ("150358810", "K514-2"),
    ("150365110", "K803"),
    ("150365010", "K781"),
    ("150375410", "K549"),
    ("150262810", "K595"),
    ("150397210", "K142-5"),
    ("150121610", "K476"),
    ("150222210", "K898"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::illness::ADMISSIONS;
    use crate::operation::INPATIENT;

    #[test]
    fn every_reason_of_a_stay_has_its_group_and_every_operation_its_section() {
        let by_operation = INPATIENT.iter().map(|(operation, _)| operation.disease);
        for disease in ADMISSIONS.iter().map(|cause| cause.0).chain(by_operation) {
            let group = Group::of(&disease).unwrap_or_else(|| panic!("{disease:?}"));
            assert!([true, false].into_iter().all(|operated| group.code(operated).len() == 14), "{group:?}");
        }
        assert!(INPATIENT.iter().all(|(operation, _)| section(operation).starts_with('K')));
    }

    #[test]
    fn the_periods_follow_each_other() {
        let pneumonia = Group::of(&crate::bill::disease("4860030")).unwrap();
        let periods: Vec<_> = [0, 5, 6, 12, 13, 40].into_iter().map(|day| pneumonia.period(day)).collect();
        assert_eq!(periods, [0, 0, 1, 1, 2, 2]);
    }
}
