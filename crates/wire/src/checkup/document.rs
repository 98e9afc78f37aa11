//! From the tree to a document: head, person, check-up, results.

use super::result::{Results, results};
use super::tree::{Element, parse};
use super::{CheckupDocument, DOCUMENT_BYTES_MAX, Request};
use crate::issue::{Issue, Severity};
use madoguchi_model::checkup::{Category, Performer, Program, SYSTEM_ROOT};
use madoguchi_model::claim::Patient;
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{NAME_CHARACTERS_MAX, Sex};

/// 保険者番号, 健診機関番号, 記号, 番号 and 枝番 as suffixes of the common root.
const INSURER: &str = "101";
const PERFORMER: &str = "102";
const SYMBOL: &str = "204";
const NUMBER: &str = "205";
const BRANCH: &str = "211";
/// Characters of the name of an institution that are kept.
const PERFORMER_NAME_CHARACTERS_MAX: usize = 120;
/// Sections of results and questions that the standard has.
const SECTIONS: [&str; 5] = ["01010", "01011", "01012", "01020", "01990"];

/// Reads one document.
///
/// # Errors
/// Everything for which it can't be taken.
pub fn read(bytes: &[u8]) -> Result<CheckupDocument, Vec<Issue>> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(vec![Issue::row(0, "ファイル", "1人分の健診結果としては大きすぎます（上限2MiB）")]);
    }
    let root = parse(bytes, "ClinicalDocument", true).map_err(|issue| vec![issue])?;
    let mut issues = Vec::new();
    let document = document(&root, &mut issues);
    let refused = issues.iter().any(|issue| issue.severity > Severity::Warning);
    match document.filter(|_| !refused) {
        Some(document) => Ok(CheckupDocument { warnings: issues, ..document }),
        None => Err(issues),
    }
}

fn document(root: &Element, issues: &mut Vec<Issue>) -> Option<CheckupDocument> {
    let request = request(root, issues);
    let created_on = day(root, root.child("effectiveTime"), "作成年月日", issues);
    let role = root.at("recordTarget/patientRole");
    let numbers = numbers(root, role, issues);
    let patient = patient(root, role.child("patient"), issues);
    let event = root.at("documentationOf/serviceEvent");
    let checked_on = day(root, event.child("effectiveTime"), "健診実施年月日", issues);
    let program = program(root, event, issues);
    let performer = performer(root, event, issues);
    let results = match request {
        Some(Request::Report(_)) => all_results(root, issues),
        _ => Vec::new(),
    };
    order(root, patient.as_ref(), checked_on, created_on, issues);
    Some(CheckupDocument {
        request: request?,
        created_on: created_on?,
        numbers: numbers?,
        patient: patient?,
        day: checked_on?,
        program,
        performer: performer?,
        results,
        warnings: Vec::new(),
    })
}

fn request(root: &Element, issues: &mut Vec<Issue>) -> Option<Request> {
    let element = root.child("code");
    let code = element.attribute("code");
    let deleted = Category::deleted_by(code);
    if !deleted.is_empty() {
        return Some(Request::Delete(deleted));
    }
    let category = Category::from_code(code);
    if category.is_none() {
        let guidance = matches!(code, "21" | "22" | "23" | "24" | "25");
        let message = match guidance {
            true => "特定保健指導の報告です。健診結果（10、40～42、60、70、80）の文書を取り込んでください",
            false => "健診結果（10、40～42、60、70、80）か削除依頼（19、49、69、79、89）の報告区分を指定してください",
        };
        issues.push(wrong(root, element, "報告区分", message));
    }
    category.map(Request::Report)
}

fn numbers(root: &Element, role: &Element, issues: &mut Vec<Issue>) -> Option<InsuranceNumbers> {
    let id = |suffix: &str| with_root(role, suffix);
    let text = |suffix: &str| id(suffix).map_or("", |id| id.attribute("extension"));
    match InsuranceNumbers::parse(text(INSURER), text(SYMBOL), text(NUMBER), text(BRANCH)) {
        Ok(numbers) => {
            if !numbers.insurer.has_valid_check_digit() {
                let line = id(INSURER).map_or(role.line, |id| id.line);
                let message = "検証番号が一致しません。番号の誤りでないか確認してください";
                issues.push(Issue::warning(line, "保険者番号", message));
            }
            Some(numbers)
        }
        Err(errors) => {
            for error in errors {
                let suffix = match error.field {
                    "保険者番号" => INSURER,
                    "被保険者証等記号" => SYMBOL,
                    "枝番" => BRANCH,
                    _ => NUMBER,
                };
                let at = id(suffix).unwrap_or(role);
                issues.push(wrong(root, at, error.field, error.to_string()));
            }
            None
        }
    }
}

fn patient(root: &Element, patient: &Element, issues: &mut Vec<Issue>) -> Option<Patient> {
    let name = patient.child("name");
    let kana = whole_text(name).trim().to_owned();
    if kana.is_empty() || kana.chars().count() > NAME_CHARACTERS_MAX {
        let message = format!("1文字以上{NAME_CHARACTERS_MAX}文字以内のカナ氏名を記録してください");
        issues.push(wrong(root, name, "氏名", message));
    }
    let gender = patient.child("administrativeGenderCode");
    let sex = match gender.attribute("code") {
        "1" => Some(Sex::Male),
        "2" => Some(Sex::Female),
        _ => None,
    };
    if sex.is_none() {
        issues.push(wrong(root, gender, "性別", "1（男）または2（女）を記録してください"));
    }
    let birthdate = day(root, patient.child("birthTime"), "生年月日", issues);
    Some(Patient { name: String::new(), kana, sex: sex?, birthdate: birthdate? })
}

fn program(root: &Element, event: &Element, issues: &mut Vec<Issue>) -> Program {
    let element = event.child("code");
    let known = Program::from_code(element.attribute("code"));
    known.unwrap_or_else(|| {
        let message = "010、020、030または990ではありません。「その他の健診」として取り込みます";
        issues.push(Issue::warning(line(root, element), "健診プログラム", message));
        Program::Other
    })
}

/// The institution of the event's performer, else of the author.
fn performer(root: &Element, event: &Element, issues: &mut Vec<Issue>) -> Option<Performer> {
    let carried_out = event.at("performer/assignedEntity/representedOrganization");
    let author = root.at("author/assignedAuthor/representedOrganization");
    let organisation = if with_root(carried_out, PERFORMER).is_some() { carried_out } else { author };
    let id = with_root(organisation, PERFORMER).map_or("", |id| id.attribute("extension"));
    if id.len() != 10 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        issues.push(wrong(root, organisation, "健診機関番号", "10桁の数字を記録してください"));
        return None;
    }
    let name = whole_text(organisation.child("name"));
    let name = name.trim().chars().take(PERFORMER_NAME_CHARACTERS_MAX).collect();
    Some(Performer { code: id.to_owned(), name })
}

fn all_results(root: &Element, issues: &mut Vec<Issue>) -> Vec<madoguchi_model::checkup::CheckupResult> {
    let mut taken = Results::default();
    let body = root.at("component/structuredBody");
    for component in body.all("component") {
        for section in component.all("section") {
            let code = section.child("code");
            if !SECTIONS.contains(&code.attribute("code")) {
                let message = "知らないセクションです。中の検査項目はそのまま取り込みます";
                issues.push(Issue::warning(line(section, code), "セクション", message));
            }
            results(section, &mut taken, issues);
        }
    }
    if taken.is_empty() && !issues.iter().any(|issue| issue.severity > Severity::Warning) {
        issues.push(wrong(root, body, "検査結果", "検査項目が1つもありません。結果のセクションを確認してください"));
    }
    taken.into_vec()
}

/// Birth, check-up, document: one after the other.
fn order(
    root: &Element,
    patient: Option<&Patient>,
    checked_on: Option<Day>,
    created_on: Option<Day>,
    issues: &mut Vec<Issue>,
) {
    let Some(checked_on) = checked_on else { return };
    let time = root.at("documentationOf/serviceEvent/effectiveTime");
    if patient.is_some_and(|patient| checked_on < patient.birthdate) {
        issues.push(wrong(root, time, "健診実施年月日", "生年月日より前の日です。日付を確認してください"));
    }
    if created_on.is_some_and(|created_on| created_on < checked_on) {
        issues.push(wrong(root, time, "健診実施年月日", "文書の作成年月日より後の日です。日付を確認してください"));
    }
}

/// A day of `value`, or of the beginning of a period; a time behind it is dropped.
fn day(root: &Element, time: &Element, field: &'static str, issues: &mut Vec<Issue>) -> Option<Day> {
    let written = match time.attribute("value") {
        "" => time.child("low").attribute("value"),
        value => value,
    };
    let day = written.get(..8).and_then(|digits| Day::parse(digits, field).ok());
    if day.is_none() {
        issues.push(wrong(root, time, field, "YYYYMMDDの8桁の年月日を記録してください"));
    }
    day
}

/// The `id` whose root has this suffix.
fn with_root<'a>(element: &'a Element, suffix: &str) -> Option<&'a Element> {
    element.all("id").find(|id| id.attribute("root").strip_prefix(SYSTEM_ROOT) == Some(suffix))
}

/// The text of an element and of all within it (a name may be cut into parts).
fn whole_text(element: &Element) -> String {
    let parts = element.children.iter().map(whole_text);
    std::iter::once(element.text.trim().to_owned())
        .chain(parts)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("　")
}

fn wrong(root: &Element, element: &Element, field: &str, message: impl Into<String>) -> Issue {
    Issue::row(line(root, element), field, message)
}

/// Where an element stands, or what should hold it.
fn line(holder: &Element, element: &Element) -> u64 {
    if element.exists() { element.line } else { holder.line }
}
