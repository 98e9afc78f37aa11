//! What each route of programs is for: parameters, body and answers.

use super::schema::{content, object, reference};
use crate::router::{API, Route};
use madoguchi_wire::message::MessageId;
use serde_json::{Value, json};

/// A route in the words of the document.
pub(super) struct Operation {
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) parameters: Value,
    pub(super) request: Option<Value>,
    pub(super) answers: Vec<(&'static str, Value)>,
    /// Further statuses of refusals.
    pub(super) refusals: &'static [&'static str],
}

impl Operation {
    /// The description of a route; one without is a gap that the test of the document finds.
    pub(super) fn of(route: &Route) -> Self {
        match route.path {
            "/oqs-api-pro/MSA12020/ILI12020SV01/auth" => api_log_in(),
            path if path.starts_with(API) => message_of(path).map_or_else(nothing, api_message),
            "/reader/session" => log_in("readerLogIn", "カードリーダーのログイン", "カードリーダー", false),
            "/reader/pass" => reader_pass(),
            "/reader/pass/{pass}/card" => reader_card(),
            "/reader/pass/{pass}/answers" => reader_answers(),
            "/agent/session" => log_in("agentLogIn", "連携アプリケーションのログイン", "連携アプリケーション", true),
            "/agent/exchange/{file}" => exchange(),
            "/agent/faces" => faces(),
            "/agent/faces/{id}/taken" => face_taken(),
            "/openapi.json" => Self {
                id: "openapi",
                tag: "文書",
                summary: "このOpenAPI文書".to_owned(),
                answers: vec![answered(&json!({ "type": "object" }))],
                ..nothing()
            },
            _ => nothing(),
        }
    }
}

/// The message that an operation of the Web API carries, and the operation's name.
fn message_of(path: &str) -> Option<(&'static str, MessageId)> {
    Some(match path.strip_prefix(API)? {
        "MSA01030/ILI01030SV01/search" => ("checkEligibility", MessageId::Eligibility),
        "MSA01040/ILI01040SV01/register" => ("registerReferenceNumber", MessageId::ReferenceNumber),
        "MSA01050/ILI01050SV01/upload" => ("uploadBulk", MessageId::BulkEligibility),
        "MSA01050/ILI01050SV02/download" => ("downloadBulk", MessageId::BulkEligibilityResult),
        "MSA02010/ILI02010SV01/search" => ("fetchRecords", MessageId::Records),
        "MSA02020/ILI02020SV01/search" => ("fetchCheckups", MessageId::Checkups),
        "MSA03010/ILI03010SV01/inquire" => ("inquireSettings", MessageId::SettingsInquiry),
        "MSA03010/ILI03010SV02/update" => ("updateSettings", MessageId::SettingsUpdate),
        _ => return None,
    })
}

fn nothing() -> Operation {
    Operation {
        id: "",
        tag: "",
        summary: String::new(),
        description: String::new(),
        parameters: json!([]),
        request: None,
        answers: Vec::new(),
        refusals: &[],
    }
}

fn api_message((id, message): (&'static str, MessageId)) -> Operation {
    let answer = reference(&format!("{}res", message.as_str()));
    let report = object(&[
        ("status", json!({ "const": "200" })),
        ("msg", json!({ "type": "string" })),
        ("result", object(&[("file", json!({ "type": "string", "contentEncoding": "base64" }))])),
    ]);
    let with_report = matches!(message, MessageId::Records | MessageId::Checkups);
    let answer = if with_report { json!({ "anyOf": [answer, report] }) } else { answer };
    let note = if with_report {
        "ファイル種別がPDFの場合は、result.fileにPDFをBase64で返します。"
    } else {
        ""
    };
    Operation {
        id,
        tag: "Web API",
        summary: message.label().to_owned(),
        description: format!(
            "電文 {} と同じ項目をJSONで送ります。項目の誤りや該当なしなどは、200の回答のSegmentOfResult、ErrorCode、ProcessingResultCode、ResultCodeに示します。{note}",
            message.as_str()
        ),
        request: Some(body(&reference(&format!("{}req", message.as_str())))),
        answers: vec![answered(&answer)],
        ..nothing()
    }
}

fn api_log_in() -> Operation {
    let secret = || json!({ "type": "string", "maxLength": 64, "format": "password" });
    let by_password = closed(object(&[("userId", user()), ("password", secret())]));
    let by_token = closed(object(&[("refreshToken", token())]));
    let result = object(&[
        ("accessToken", token()),
        ("refreshToken", token()),
        ("idToken", token()),
        ("linkSysCharCd", json!({ "enum": ["0", "1"], "description": "利用文字コード（0 UTF-8、1 Shift_JIS）" })),
    ]);
    let answer =
        object(&[("status", json!({ "const": "200" })), ("msg", json!({ "type": "string" })), ("result", result)]);
    Operation {
        id: "apiLogIn",
        tag: "Web API",
        summary: "ログインとトークンの更新".to_owned(),
        description: "トークン（idToken。accessTokenも同じ値）の有効時間は60分で、取得したときの証明書でだけ使えます。\
                      refreshTokenで、パスワードを送ってから12時間まで、1回ずつ更新できます。更新前のトークンは、それ自身の60分まで使えます。\
                      1つのアカウントで同時に64まで取得でき、超えると古いものから使えなくなります。"
            .to_owned(),
        request: Some(body(&json!({ "oneOf": [by_password, by_token] }))),
        answers: vec![answered(&answer)],
        ..nothing()
    }
}

fn log_in(id: &'static str, summary: &str, tag: &'static str, agent: bool) -> Operation {
    let institution = object(&[
        ("code", text()),
        ("name", text()),
        ("kind", json!({ "enum": ["medical", "dental", "pharmacy", "home_nursing"] })),
    ]);
    let mut members = vec![("token", token()), ("institution", institution)];
    if agent {
        members.push(("character_code", json!({ "enum": ["0", "1"] })));
    }
    Operation {
        id,
        tag,
        summary: summary.to_owned(),
        request: Some(body(&object(&[("user_id", user()), ("password", json!({ "type": "string" }))]))),
        answers: vec![answered(&object(&members))],
        ..nothing()
    }
}

fn exchange() -> Operation {
    let file = object(&[("name", text()), ("content", base64())]);
    let answer = object(&[
        ("files", json!({ "type": "array", "minItems": 1, "items": file })),
        ("character_code", json!({ "enum": ["0", "1"] })),
    ]);
    let name = json!({
        "name": "file", "in": "path", "required": true, "description": "要求ファイルの名前（OQSsiquc01req_202611220001.xml）",
        "schema": { "type": "string", "pattern": "^[A-Za-z0-9]{10}req_[0-9A-Za-z_-]{1,100}[.]xml$" },
    });
    let number = json!({
        "name": "Madoguchi-Request", "in": "header", "required": false,
        "description": "要求ファイルごとに付ける16進数32文字。再送でも同じものを送ると、変更は一度だけ行われます。",
        "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
    });
    Operation {
        id: "exchange",
        tag: "連携アプリケーション",
        summary: "要求ファイルと回答ファイルの交換".to_owned(),
        description: "名前の電文IDが既知であれば、中身にかかわらず回答ファイルを返します。先頭が回答で、続くファイルはその隣に置きます。".to_owned(),
        parameters: json!([name, number]),
        request: Some(json!({
            "required": true,
            "content": { "application/octet-stream": {} },
        })),
        answers: vec![answered(&answer)],
        refusals: &["404"],
    }
}

fn faces() -> Operation {
    let face = object(&[("id", text()), ("name", text()), ("content", base64())]);
    Operation {
        id: "faces",
        tag: "連携アプリケーション",
        summary: "カードリーダーの結果の受け取り".to_owned(),
        description: "まだ受け取られていない24時間以内の結果を、古いものから50件まで返します。".to_owned(),
        answers: vec![answered(&object(&[("faces", json!({ "type": "array", "maxItems": 50, "items": face }))]))],
        ..nothing()
    }
}

fn face_taken() -> Operation {
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" } });
    Operation {
        id: "faceTaken",
        tag: "連携アプリケーション",
        summary: "カードリーダーの結果を受け取ったことの通知".to_owned(),
        parameters: json!([id]),
        answers: vec![("204", json!({ "description": "次からは返しません。" }))],
        refusals: &["404"],
        ..nothing()
    }
}

fn reader_pass() -> Operation {
    Operation {
        id: "beginPass",
        tag: "カードリーダー",
        summary: "カードの手続きの開始".to_owned(),
        answers: vec![answered(&object(&[("pass", text()), ("challenge", base64())]))],
        ..nothing()
    }
}

fn reader_card() -> Operation {
    let page = object(&[("page", text()), ("heading", text())]);
    let notice = object(&[("code", text()), ("text", text())]);
    let answer = object(&[
        ("name", text()),
        ("eligibility", object(&[("valid", json!({ "type": "boolean" })), ("text", text())])),
        ("notices", json!({ "type": "array", "items": notice })),
        ("pages", json!({ "type": "array", "items": page })),
    ]);
    Operation {
        id: "presentCard",
        tag: "カードリーダー",
        summary: "カードの証明書と署名の提示".to_owned(),
        parameters: json!([pass()]),
        request: Some(body(&object(&[("certificate", base64()), ("signature", base64())]))),
        answers: vec![answered(&answer)],
        refusals: &["404", "409", "410"],
        ..nothing()
    }
}

fn reader_answers() -> Operation {
    let given = object(&[("page", text()), ("agree", json!({ "type": "boolean" }))]);
    let answer = object(&[
        ("agreed", json!({ "type": "array", "items": text() })),
        ("valid_until", json!({ "type": ["string", "null"] })),
    ]);
    Operation {
        id: "answerPass",
        tag: "カードリーダー",
        summary: "閲覧同意の登録".to_owned(),
        parameters: json!([pass()]),
        request: Some(body(&object(&[("answers", json!({ "type": "array", "items": given }))]))),
        answers: vec![answered(&answer)],
        refusals: &["404", "409", "410", "422"],
        ..nothing()
    }
}

fn pass() -> Value {
    json!({ "name": "pass", "in": "path", "required": true, "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" } })
}

fn answered(schema: &Value) -> (&'static str, Value) {
    ("200", json!({ "description": "回答", "content": content(schema) }))
}

fn body(schema: &Value) -> Value {
    json!({ "required": true, "content": content(schema) })
}

fn closed(mut schema: Value) -> Value {
    schema["additionalProperties"] = false.into();
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn base64() -> Value {
    json!({ "type": "string", "contentEncoding": "base64" })
}

fn user() -> Value {
    json!({ "type": "string", "description": "ユーザID" })
}

fn token() -> Value {
    json!({ "type": "string", "description": "16進数64文字" })
}
