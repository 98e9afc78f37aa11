//! A whole pass at the card reader: begin, the card's signature over the challenge, and yes to every page.

use crate::ask::{Sender, machine_log_in};
use crate::client::{Line, Reply};
use crate::target::Account;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use madoguchi_trust::UnlockedCard;
use serde_json::{Value, json};

/// The reader's token, for one connection: a pass ends the former one of the same token.
pub(crate) async fn reader_token(line: &mut Line, account: &Account) -> Result<String, String> {
    let request = machine_log_in("/reader/session", &account.user_id, &account.password);
    let answer = sent(line, &request).await?;
    text(&answer, "token").map(str::to_owned)
}

/// `Err` is the class of the failure. A pass is good when the coverage is valid and something was agreed to.
pub(crate) async fn pass(line: &mut Line, sender: &Sender<'_>, card: &UnlockedCard) -> Result<(), String> {
    let begun = sent(line, &sender.api("/reader/pass", "{}")).await?;
    let id = text(&begun, "pass")?;
    if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("pass: no id".to_owned());
    }
    let challenge = STANDARD.decode(text(&begun, "challenge")?).map_err(|_| "pass: no challenge".to_owned())?;
    let signature = card.sign(&challenge).map_err(|_| "the card does not sign".to_owned())?;
    let shown =
        json!({"certificate": STANDARD.encode(card.certificate_der()), "signature": STANDARD.encode(signature)});
    let identified = sent(line, &sender.api(&format!("/reader/pass/{id}/card"), &shown.to_string())).await?;
    if identified["eligibility"]["valid"] != true {
        return Err("pass: no valid coverage".to_owned());
    }
    let pages = identified["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let answers: Vec<Value> = pages.iter().map(|page| json!({"page": page["page"], "agree": true})).collect();
    let body = json!({"answers": answers}).to_string();
    let answered = sent(line, &sender.api(&format!("/reader/pass/{id}/answers"), &body)).await?;
    match answered["agreed"].as_array().is_some_and(|agreed| !agreed.is_empty()) {
        true => Ok(()),
        false => Err("pass: nothing agreed".to_owned()),
    }
}

async fn sent(line: &mut Line, request: &[u8]) -> Result<Value, String> {
    let reply = line.exchange(request).await.map_err(|error| broken(&error))?;
    answer(&reply)
}

/// The JSON of a good answer.
pub(crate) fn answer(reply: &Reply<'_>) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(reply.body).unwrap_or(Value::Null);
    match reply.status {
        200 => Ok(body),
        status => Err(format!("HTTP {status} {}", body["code"].as_str().unwrap_or_default()).trim_end().to_owned()),
    }
}

fn text<'a>(answer: &'a Value, name: &'static str) -> Result<&'a str, String> {
    answer[name].as_str().ok_or_else(|| format!("the answer has no {name}"))
}

/// The class of a lost connection.
pub(crate) fn broken(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::UnexpectedEof => "connection closed".to_owned(),
        std::io::ErrorKind::Other | std::io::ErrorKind::InvalidData => "no answer that HTTP or TLS knows".to_owned(),
        kind => format!("connection: {kind}"),
    }
}
