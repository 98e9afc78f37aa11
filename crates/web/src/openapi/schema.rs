//! JSON Schema of messages, from their descriptions.

use madoguchi_wire::message::catalogue::{CATALOGUE, Entry};
use madoguchi_wire::message::field::{Description, Element, Occurrence, Shape};
use madoguchi_wire::message::leaf::Format;
use serde_json::{Map, Value, json};

/// The components: refusals, and every message of the catalogue.
pub(super) fn common() -> Value {
    let mut schemas = Map::new();
    let text = || json!({ "type": "string" });
    schemas.insert(
        "ApiProblem".to_owned(),
        object(&[
            ("status", json!({ "type": "string", "description": "HTTPの状態と同じ数字" })),
            ("msg", json!({ "type": "string", "description": "何が起きたかと、次に行うこと" })),
            ("code", json!({ "type": "string", "description": "コード一覧のコード" })),
        ]),
    );
    let problem = [("code", text()), ("message", text()), ("next_step", text())];
    schemas.insert("Problem".to_owned(), object(&problem));
    for entry in CATALOGUE {
        schemas.insert(entry.name.to_owned(), message(entry));
    }
    Value::Object(schemas)
}

/// An object that has all of these members.
pub(super) fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<_, _> = members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// A refusal of this status.
pub(super) fn refused(status: &str, schema: &str) -> Value {
    let description = match status {
        "400" => "本文またはアドレスを読み取れません。",
        "401" => "ログインしていないか、認証に失敗しました。",
        "403" => "電子証明書またはアカウントに権限がありません。",
        "404" => "指定されたものはありません。",
        "405" => "HTTPメソッドが異なります。",
        "408" => "本文が時間内に届きませんでした。",
        "409" => "手続きが先に進んでいます。",
        "410" => "手続きの時間が過ぎました。",
        "413" => "本文が大きすぎます。",
        "415" => "本文がUTF-8のJSONではありません。",
        "422" => "項目に誤りがあります。",
        "429" => "短い時間に要求が多すぎます。Retry-Afterの秒数だけ待ってください。",
        "503" => "ただいま処理できません。しばらくしてから再度実行してください。",
        _ => "サーバの内部の誤りです。",
    };
    json!({ "description": description, "content": content(&reference(schema)) })
}

/// A body in JSON.
pub(super) fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn message(entry: &Entry) -> Value {
    let tree = group(&(entry.description)());
    let mut schema = object(&[("XmlMsg", tree)]);
    schema["title"] = entry.title.into();
    schema
}

fn group(description: &Description) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for element in &description.elements {
        properties.insert(element.name.to_owned(), property(element));
        if matches!(element.occurrence, Occurrence::Once | Occurrence::Many) {
            required.push(element.name);
        }
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

fn property(element: &Element) -> Value {
    let mut schema = match &element.shape {
        Shape::Leaf(format) => leaf(format),
        Shape::Group(description) => group(description),
        Shape::List { item, of, named } => {
            let inner = group(of);
            let items = if *named { object(&[(*item, inner)]) } else { inner };
            json!({ "type": "array", "items": items })
        }
    };
    match element.occurrence {
        Occurrence::Once | Occurrence::Optional => {}
        Occurrence::Any => schema = json!({ "type": "array", "items": schema }),
        Occurrence::Many => schema = json!({ "type": "array", "minItems": 1, "items": schema }),
    }
    let format = match &element.shape {
        Shape::Leaf(format) => format.text.as_str(),
        Shape::Group(_) | Shape::List { .. } => "",
    };
    let words = [element.label, format, element.note];
    let words: Vec<&str> = words.into_iter().filter(|text| !text.is_empty()).collect();
    schema["description"] = words.join("。").into();
    schema
}

fn leaf(format: &Format) -> Value {
    let mut schema = json!({ "type": "string" });
    if let Some(pattern) = &format.pattern {
        schema["pattern"] = format!("^({pattern})$").into();
    }
    if let Some(characters) = format.characters_max {
        schema["maxLength"] = characters.into();
    }
    if !format.choices.is_empty() {
        schema["enum"] = format.choices.iter().map(|(code, _)| *code).collect();
        let labels: Vec<String> = format.choices.iter().map(|(code, label)| format!("{code} {label}")).collect();
        schema["x-labels"] = labels.join("、").into();
    }
    schema
}
