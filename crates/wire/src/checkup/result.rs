//! Observations (検査項目・質問) of a section, with those that are grouped inside others.

use super::RESULTS_MAX;
use super::tree::Element;
use crate::issue::Issue;
use madoguchi_model::checkup::item::{self, DataType, Item};
use madoguchi_model::checkup::{
    Absence, CheckupResult, ITEM_CODE_CHARACTERS, Interpretation, ReferenceRange, ResultValue, SYSTEM_ROOT, code,
};
use std::collections::HashSet;

/// Characters of a text or of a name that are kept; the standard allows 256.
const TEXT_CHARACTERS_MAX: usize = 1_024;
/// Characters of a number, a unit or a code.
const SHORT_CHARACTERS_MAX: usize = 32;
/// Warnings about the results of one document that are listed.
const WARNINGS_MAX: usize = 100;

/// The results of a document, each code once.
#[derive(Default)]
pub(super) struct Results {
    results: Vec<CheckupResult>,
    codes: HashSet<String>,
    refused: bool,
}

impl Results {
    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<CheckupResult> {
        self.results
    }
}

/// Takes the results of a section.
pub(super) fn results(section: &Element, taken: &mut Results, issues: &mut Vec<Issue>) {
    for entry in section.all("entry") {
        for observation in entry.all("observation") {
            take(observation, taken, issues);
        }
    }
}

fn take(observation: &Element, taken: &mut Results, issues: &mut Vec<Issue>) {
    if let Some(result) = result(observation, issues) {
        if taken.results.len() >= RESULTS_MAX {
            if !std::mem::replace(&mut taken.refused, true) {
                let message = format!("検査項目が{RESULTS_MAX}件を超えています。1人分の健診結果か確認してください");
                issues.push(Issue::row(observation.line, "検査結果", message));
            }
        } else if taken.codes.insert(result.code.clone()) {
            taken.results.push(result);
        } else {
            warn(observation, issues, "項目コード", "同じ項目が2回あります。最初のものを取り込みます");
        }
    }
    // A group holds its members and the reason for which they were examined.
    for relationship in observation.all("entryRelationship") {
        for member in relationship.all("observation") {
            take(member, taken, issues);
        }
    }
}

fn result(observation: &Element, issues: &mut Vec<Issue>) -> Option<CheckupResult> {
    let code = observation.child("code");
    let written = code.attribute("code");
    let value = observation.child("value");
    let not_done = observation.attribute("negationInd") == "true";
    let group = !value.exists() && observation.all("entryRelationship").next().is_some();
    if group && written.len() != ITEM_CODE_CHARACTERS {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if written.len() != ITEM_CODE_CHARACTERS || !written.bytes().all(plain) {
        warn(observation, issues, "項目コード", "17桁の項目コードではないため、取り込みません");
        return None;
    }
    let item = item::by_code(written);
    let found = match not_done {
        true => ResultValue::Absent(Absence::NotDone),
        false => self::value(observation, value, issues)?,
    };
    if let Some(item) = item {
        check(observation, item, &found, issues);
    }
    Some(CheckupResult {
        code: written.to_owned(),
        sent_name: item.map_or_else(|| cut(code.attribute("displayName"), TEXT_CHARACTERS_MAX), |_| String::new()),
        value: found,
        interpretation: interpretation(observation, issues),
        reference: reference(observation),
    })
}

fn value(observation: &Element, value: &Element, issues: &mut Vec<Issue>) -> Option<ResultValue> {
    if !value.exists() {
        warn(observation, issues, "結果値", "結果値がないため、取り込みません");
        return None;
    }
    if !value.attribute("nullFlavor").is_empty() {
        let told = !value.text.trim().is_empty();
        return Some(ResultValue::Absent(if told { Absence::NotMeasurable } else { Absence::NotDone }));
    }
    match value.xsi_type() {
        "PQ" | "INT" | "REAL" => Some(quantity(observation, value, issues)),
        kind @ ("CD" | "CO" | "CE") => coded(observation, value, kind == "CO", issues),
        "ST" | "ED" => {
            let text = value.text.trim();
            if text.chars().count() > TEXT_CHARACTERS_MAX {
                warn(observation, issues, "結果値", "長すぎる文字列を途中までで切りました");
            }
            Some(ResultValue::Text(cut(text, TEXT_CHARACTERS_MAX)))
        }
        _ => {
            warn(observation, issues, "データ型", "PQ、CD、CO、ST、INT以外のデータ型のため、取り込みません");
            None
        }
    }
}

/// What is no number is kept as the text that it is.
fn quantity(observation: &Element, value: &Element, issues: &mut Vec<Issue>) -> ResultValue {
    let number = value.attribute("value");
    let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let sound = plain && digits.bytes().any(|byte| byte.is_ascii_digit()) && digits.matches('.').count() <= 1;
    if !sound || number.len() > SHORT_CHARACTERS_MAX {
        warn(observation, issues, "結果値", "数字ではないため、文字として取り込みます");
        return ResultValue::Text(cut(number, TEXT_CHARACTERS_MAX));
    }
    ResultValue::Quantity { number: number.to_owned(), unit: cut(value.attribute("unit"), SHORT_CHARACTERS_MAX) }
}

fn coded(observation: &Element, value: &Element, ordered: bool, issues: &mut Vec<Issue>) -> Option<ResultValue> {
    let written = value.attribute("code");
    if written.is_empty() || written.chars().count() > SHORT_CHARACTERS_MAX {
        warn(observation, issues, "結果値", "コードがないか長すぎるため、取り込みません");
        return None;
    }
    let system = cut(value.attribute("codeSystem"), 2 * SHORT_CHARACTERS_MAX);
    let suffix = system.strip_prefix(SYSTEM_ROOT).unwrap_or_default();
    let sent_name = match code::text(suffix, written) {
        Some(_) => String::new(),
        None => cut(value.attribute("displayName"), TEXT_CHARACTERS_MAX),
    };
    Some(ResultValue::Code { ordered, code: written.to_owned(), system, sent_name })
}

/// Data type and code system against the table of items; what differs is kept as it was sent.
fn check(observation: &Element, item: &Item, found: &ResultValue, issues: &mut Vec<Issue>) {
    let fits = match found {
        ResultValue::Quantity { .. } => item.data_type == DataType::Quantity,
        ResultValue::Code { .. } => matches!(item.data_type, DataType::Code | DataType::OrderedCode),
        // A number that is none was warned of already.
        ResultValue::Text(_) => matches!(item.data_type, DataType::Text | DataType::Quantity),
        ResultValue::Absent(_) => true,
    };
    if !fits {
        warn(observation, issues, "データ型", "この項目のデータ型ではありません。送られたまま取り込みます");
    }
    if let ResultValue::Code { system, .. } = found
        && !item.systems.is_empty()
        && !system.strip_prefix(SYSTEM_ROOT).is_some_and(|suffix| item.systems.contains(&suffix))
    {
        warn(observation, issues, "コード表", "この項目のコード表ではありません。送られたまま取り込みます");
    }
}

fn interpretation(observation: &Element, issues: &mut Vec<Issue>) -> Option<Interpretation> {
    let written = observation.child("interpretationCode").attribute("code");
    let known = Interpretation::from_code(written);
    if known.is_none() && !written.is_empty() {
        warn(observation, issues, "結果解釈コード", "N、H、L、HX、LXではないため、使用しません");
    }
    known
}

fn reference(observation: &Element) -> Option<ReferenceRange> {
    let range = observation.at("referenceRange/observationRange/value");
    let end = |name: &str| {
        let written = range.child(name).attribute("value");
        (!written.is_empty()).then(|| cut(written, SHORT_CHARACTERS_MAX))
    };
    let (low, high) = (end("low"), end("high"));
    (low.is_some() || high.is_some()).then_some(ReferenceRange { low, high })
}

fn warn(observation: &Element, issues: &mut Vec<Issue>, field: &str, message: &str) {
    if issues.len() < WARNINGS_MAX {
        issues.push(Issue::warning(observation.line, field, message));
    }
}

fn cut(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).collect()
}
