//! プログラム向けの入口の説明: the OpenAPI document as a page, for reading without a network.

use crate::call::CertifiedCall;
use crate::frame::{Frame, page};
use crate::openapi;
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use serde_json::Value;

/// Nesting that is shown; the deepest message has eight levels.
const DEPTH_MAX: usize = 12;

#[derive(Template)]
#[template(path = "api_docs.html")]
struct ApiDocsPage {
    frame: Frame,
    introduction: String,
    operations: Vec<Operation>,
}

/// One operation.
struct Operation {
    id: String,
    tag: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    request: Vec<Row>,
    answer: Vec<Row>,
    refusals: Vec<(String, String)>,
}

/// One member of a body.
struct Row {
    /// The name, with dots for each level.
    name: String,
    required: bool,
    form: String,
    description: String,
}

pub(crate) async fn show(call: CertifiedCall) -> Answer {
    let document = openapi::document();
    let page_data = ApiDocsPage {
        frame: call.frame("プログラム向けの入口（API）").await,
        introduction: text(&document["info"]["description"]),
        operations: operations(document),
    };
    Ok(page(StatusCode::OK, &page_data))
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            found.push(described(document, path, method, operation));
        }
    }
    // By tag in the order in which the document names the tags.
    let tags: Vec<String> = document["tags"].as_array().into_iter().flatten().map(|tag| text(&tag["name"])).collect();
    found.sort_by_key(|operation| tags.iter().position(|tag| *tag == operation.tag));
    found
}

fn described(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let body = |message: &Value| {
        let schema = message["content"].as_object().and_then(|content| content.values().next()).map(|it| &it["schema"]);
        let mut rows = Vec::new();
        if let Some(schema) = schema {
            collect(document, schema, "", 0, &mut rows);
        }
        rows
    };
    let answers = members(&operation["responses"]);
    let refusals = answers.iter().filter(|(status, _)| !status.starts_with('2'));
    Operation {
        id: text(&operation["operationId"]),
        tag: text(&operation["tags"][0]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        request: body(&operation["requestBody"]),
        answer: body(&operation["responses"]["200"]),
        refusals: refusals.map(|(status, answer)| ((*status).to_owned(), text(&answer["description"]))).collect(),
    }
}

/// The members of a schema in rows, outer before inner.
fn collect(document: &Value, schema: &Value, name: &str, depth: usize, rows: &mut Vec<Row>) {
    let schema = resolved(document, schema);
    if depth > DEPTH_MAX {
        return;
    }
    for choice in ["anyOf", "oneOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten() {
        collect(document, choice, name, depth, rows);
    }
    if schema["type"] == "array" {
        return collect(document, &schema["items"], name, depth + 1, rows);
    }
    let required =
        |member: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == member));
    for (member, inner) in members(&schema["properties"]) {
        let full = if name.is_empty() { member.to_owned() } else { format!("{name}.{member}") };
        let resolved = resolved(document, inner);
        rows.push(Row {
            name: full.clone(),
            required: required(member),
            form: form(resolved),
            description: text(&resolved["description"]),
        });
        collect(document, resolved, &full, depth + 1, rows);
    }
}

fn form(schema: &Value) -> String {
    if let Some(labels) = schema["x-labels"].as_str() {
        return labels.to_owned();
    }
    if let Some(codes) = schema["enum"].as_array() {
        return codes.iter().map(text).collect::<Vec<_>>().join("、");
    }
    match schema["type"].as_str() {
        Some("object") => "オブジェクト",
        Some("array") => "配列",
        Some("boolean") => "true／false",
        Some(_) if schema["contentEncoding"] == "base64" => "Base64",
        _ => "文字列",
    }
    .to_owned()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().map(|target| target.trim_start_matches('#'));
    target.and_then(|target| document.pointer(target)).unwrap_or(schema)
}

fn members(value: &Value) -> Vec<(&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_members_with_their_codes() {
        let operations = operations(openapi::document());
        let check = operations.iter().find(|operation| operation.id == "checkEligibility").unwrap();
        let find = |rows: &[Row], name: &str| {
            rows.iter().find(|row| row.name.ends_with(name)).map(|row| (row.required, row.form.clone())).unwrap()
        };
        assert!(find(&check.request, "QualificationConfirmSearchInfo.Birthdate").0);
        assert!(!find(&check.request, "InsuredCardSymbol").0);
        assert!(find(&check.answer, "QualificationValidity").1.contains("4 該当資格なし"));
        assert!(find(&check.answer, "ResultOfQualificationConfirmation.Name").0);
        assert_eq!(operations.first().map(|operation| operation.tag.as_str()), Some("Web API"));
    }
}
