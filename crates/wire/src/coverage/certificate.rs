//! The optional columns of a line: other names, address, what the certificate says, and the certificates beside it.

use super::field::{YEN, chosen, day, in_order, optional, some_day, some_text, yen};
use crate::issue::Issue;
use crate::table::Row;
use madoguchi_model::certificate::{Certificate, DiseaseCertificate, ElderlyCertificate, LimitCertificate};
use madoguchi_model::code::{Code, DiseaseCategory, IncomeClass, LimitKind};
use madoguchi_model::person::{ADDRESS_CHARACTERS_MAX, NAME_CHARACTERS_MAX, Particulars, PostalCode, Sex};

const ELDERLY: [&str; 4] = ["elderly_issued_on", "elderly_from", "elderly_to", "elderly_share"];
const LIMIT: [&str; 6] =
    ["limit_kind", "limit_class", "limit_issued_on", "limit_from", "limit_to", "limit_long_term_on"];
/// One group of columns for each of the three diseases that a person may have: category, issued, from, to, self-pay.
const DISEASES: [[&str; 5]; 3] = [
    ["disease1_category", "disease1_issued_on", "disease1_from", "disease1_to", "disease1_self_pay"],
    ["disease2_category", "disease2_issued_on", "disease2_from", "disease2_to", "disease2_self_pay"],
    ["disease3_category", "disease3_issued_on", "disease3_from", "disease3_to", "disease3_self_pay"],
];

/// 氏名（その他）, 住所, 郵便番号.
pub(super) fn particulars(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Particulars {
    let postal_code = row
        .some("postal_code")
        .and_then(|text| PostalCode::parse(text).map_err(|error| wrong.push(row.wrong("postal_code", error))).ok());
    Particulars {
        other_name: some_text(row, "other_name", NAME_CHARACTERS_MAX, wrong),
        other_kana: some_text(row, "other_kana", NAME_CHARACTERS_MAX, wrong),
        address: some_text(row, "address", ADDRESS_CHARACTERS_MAX, wrong),
        postal_code,
    }
}

/// What the certificate says.
pub(super) fn certificate(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Certificate {
    let valid_from = some_day(row, "certificate_from", wrong);
    let valid_to = some_day(row, "certificate_to", wrong);
    in_order(row, ("certificate_from", valid_from), ("certificate_to", valid_to), wrong);
    let diseases = DISEASES.iter().filter_map(|names| disease(row, names, wrong)).collect();
    Certificate {
        insured_name: some_text(row, "insured_name", NAME_CHARACTERS_MAX, wrong),
        sex: optional(row, "printed_sex", wrong, "1（男）、2（女）または3（未設定）", Sex::from_code),
        issued_on: some_day(row, "issued_on", wrong),
        valid_from,
        valid_to,
        elderly: elderly(row, wrong).into_iter().collect(),
        limits: limit(row, wrong).into_iter().collect(),
        diseases,
    }
}

fn elderly(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<ElderlyCertificate> {
    if !is_used(row, &ELDERLY) {
        return None;
    }
    let issued_on = some_day(row, "elderly_issued_on", wrong);
    let from = day(row, "elderly_from", wrong);
    let to = some_day(row, "elderly_to", wrong);
    in_order(row, ("elderly_from", from), ("elderly_to", to), wrong);
    let share = chosen(row, "elderly_share", "", wrong, "10、20または30（％）", share);
    Some(ElderlyCertificate { issued_on, valid_from: from?, valid_to: to, share_percent: share? })
}

fn limit(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<LimitCertificate> {
    if !is_used(row, &LIMIT) {
        return None;
    }
    let kind = chosen(row, "limit_kind", "01", wrong, "01、02または03", LimitKind::from_code);
    let expected = "A01からA06またはB01からB10";
    let class = chosen(row, "limit_class", "", wrong, expected, IncomeClass::from_code);
    let issued_on = some_day(row, "limit_issued_on", wrong);
    let from = day(row, "limit_from", wrong);
    let to = some_day(row, "limit_to", wrong);
    in_order(row, ("limit_from", from), ("limit_to", to), wrong);
    let long_term_on = some_day(row, "limit_long_term_on", wrong);
    Some(LimitCertificate { kind: kind?, class: class?, issued_on, valid_from: from?, valid_to: to, long_term_on })
}

fn disease(row: &Row<'_>, names: &[&'static str; 5], wrong: &mut Vec<Issue>) -> Option<DiseaseCertificate> {
    if !is_used(row, names) {
        return None;
    }
    let [category_name, issued_name, from_name, to_name, pay_name] = *names;
    let category = chosen(row, category_name, "", wrong, "1、2または3", DiseaseCategory::from_code);
    let issued_on = some_day(row, issued_name, wrong);
    let from = day(row, from_name, wrong);
    let to = some_day(row, to_name, wrong);
    in_order(row, (from_name, from), (to_name, to), wrong);
    let pay = chosen(row, pay_name, "10000", wrong, YEN, yen);
    Some(DiseaseCertificate { category: category?, issued_on, valid_from: from?, valid_to: to, self_pay_yen: pay? })
}

fn is_used(row: &Row<'_>, names: &[&str]) -> bool {
    names.iter().any(|name| row.some(name).is_some())
}

fn share(text: &str) -> Option<i64> {
    text.parse().ok().filter(|percent| matches!(percent, 10 | 20 | 30))
}
