//! The machine port as an OpenAPI 3.1 document, made of the table of routes and the descriptions of the messages.
//!
//! The same document is served as JSON to programs and as a page to people, who need no network for it.

mod operation;
mod schema;

use crate::call::CertifiedCall;
use crate::router::{API, Access, Answer, MACHINE, Method, Route};
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use operation::Operation;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// Statuses of refusals that any operation may answer with: who asks, how much, and what the server can do now.
const REFUSALS_OF_ALL: [&str; 6] = ["400", "401", "403", "429", "500", "503"];

pub(crate) async fn show(_call: CertifiedCall) -> Answer {
    Ok(([(CONTENT_TYPE, "application/json")], text()).into_response())
}

/// The document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(compose)
}

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string())
}

fn compose() -> Value {
    let mut paths = Map::new();
    for route in MACHINE {
        let method = match route.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method] = described(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Madoguchi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "オンライン資格確認等システムの、プログラム向けの入口。すべての要求に医療機関等のクライアント証明書（TLS 1.3）が必要です。コードの一覧は、画面のポートの /errors にあります。",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "tags": [
            { "name": "Web API", "description": "電子カルテ・レセコンなどから呼び出すJSONのAPI。電文としての誤りは、200の回答の中に示します。" },
            { "name": "連携アプリケーション", "description": "資格確認端末の連携アプリケーションが使う入口。" },
            { "name": "カードリーダー", "description": "資格確認端末の顔認証付きカードリーダーが使う入口。" },
            { "name": "文書", "description": "この文書。" },
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "certificate": { "type": "mutualTLS", "description": "医療機関等のクライアント証明書" },
                "token": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "ログインで得たトークン（idToken）。そのまま、または前に「Bearer 」を付けて送ります。",
                },
            },
            "schemas": schema::common(),
        },
    })
}

fn described(route: &Route) -> Value {
    let operation = Operation::of(route);
    let refusal = if route.path.starts_with(API) { "ApiProblem" } else { "Problem" };
    let mut responses = Map::new();
    for (status, answer) in operation.answers {
        responses.insert(status.to_owned(), answer);
    }
    let body = route.method == Method::Post;
    let more = if body { vec!["408", "413"] } else { vec![] };
    let api = if body && refusal == "ApiProblem" { vec!["415"] } else { vec![] };
    for status in REFUSALS_OF_ALL.into_iter().chain(more).chain(api).chain(operation.refusals.iter().copied()) {
        responses.entry(status).or_insert_with(|| schema::refused(status, refusal));
    }
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": operation.parameters,
        "responses": responses,
        "security": match route.access() {
            Access::NoCertificate => json!([{}]),
            Access::Certificate => json!([{ "certificate": [] }]),
            Access::AnySession | Access::Session | Access::Right(_) => json!([{ "certificate": [], "token": [] }]),
        },
    });
    if !operation.description.is_empty() {
        value["description"] = operation.description.into();
    }
    if let Some(request) = operation.request {
        value["requestBody"] = request;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_programs_is_described_once() {
        let paths = document()["paths"].as_object().unwrap();
        let operations: Vec<&Value> = paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
        assert_eq!(operations.len(), MACHINE.len());
        let mut ids: Vec<_> = operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), MACHINE.len());
        for operation in operations {
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{operation}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.contains_key("200") || answers.contains_key("204"), "{operation}");
        }
    }

    /// Every reference leads to a component.
    #[test]
    fn references_lead_somewhere() {
        fn walk(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) = members.get("$ref") {
                        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                    }
                    members.values().for_each(|value| walk(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, document)),
                _ => {}
            }
        }
        walk(document(), document());
    }
}
