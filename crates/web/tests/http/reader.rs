//! The card reader's messages on the machine port.

use crate::client::{Answer, request};
use crate::site::Site;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_service::test_support::{HOSPITAL, PASSWORD, Patient};
use madoguchi_web::router::Port;
use serde_json::{Value, json};

async fn send(site: &Site, token: &str, path: &str, message: &Value) -> Answer {
    let request = request(Method::POST, path).map(|_| Full::from(message.to_string()));
    let request = crate::site::with_token(request, Port::Machine, token);
    site.hospital.client.send(site.server.machine, request).await.unwrap()
}

async fn log_in(site: &Site, user: &str, password: &str) -> Answer {
    send(site, "", "/reader/session", &json!({ "user_id": user, "password": password })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_from_log_in_to_consent() {
    let site = Site::open().await;
    let entered = log_in(&site, "reader01", PASSWORD).await.json();
    assert_eq!(entered["institution"], json!({ "code": HOSPITAL, "name": "みなと病院", "kind": "medical" }));
    let token = entered["token"].as_str().unwrap();

    let pass = send(&site, token, "/reader/pass", &json!({})).await.json();
    let challenge = STANDARD.decode(pass["challenge"].as_str().unwrap()).unwrap();
    assert_eq!(challenge.len(), 32);
    let path = format!("/reader/pass/{}", pass["pass"].as_str().unwrap());
    let card = site.world.card(Patient::FirstTwin);
    let message = json!({
        "certificate": STANDARD.encode(card.certificate_der()),
        "signature": STANDARD.encode(card.sign(&challenge).unwrap()),
    });
    let presented = send(&site, token, &format!("{path}/card"), &message).await.json();
    assert_eq!(
        (presented["name"].as_str(), presented["eligibility"]["valid"].as_bool()),
        (Some("双葉　一郎"), Some(true))
    );
    let pages: Vec<_> =
        presented["pages"].as_array().unwrap().iter().map(|page| page["page"].as_str().unwrap()).collect();
    assert_eq!(pages, ["surgery", "medical_care_and_medication", "checkup"]);

    let answers: Vec<_> = pages.iter().map(|page| json!({ "page": page, "agree": *page == "surgery" })).collect();
    let few = send(&site, token, &format!("{path}/answers"), &json!({ "answers": &answers[..2] })).await;
    assert_eq!(few.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answered = send(&site, token, &format!("{path}/answers"), &json!({ "answers": answers })).await.json();
    assert_eq!(answered["agreed"], json!(["手術情報"]));
    assert!(answered["valid_until"].as_str().unwrap().contains("2026年11月24日"));
    let twice = send(&site, token, &format!("{path}/answers"), &json!({ "answers": answers })).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert_eq!(twice.json()["code"], "L0009");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_json_with_code_message_and_next_step() {
    let site = Site::open().await;
    for (user, password) in [("reader01", "wrong"), ("viewer01", PASSWORD), ("nobody01", PASSWORD)] {
        let refused = log_in(&site, user, password).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{user}");
        let words = refused.json();
        assert_eq!(words["code"], "E0010", "{user}");
        assert!(words["message"].is_string() && words["next_step"].is_string());
        assert_eq!(words.as_object().unwrap().len(), 3, "{words}");
    }
    let seat = site.seat(&site.hospital, AccountKind::Reader).await;
    let pass = send(&site, &seat.token, "/reader/pass", &json!({})).await.json();
    let path = format!("/reader/pass/{}/card", pass["pass"].as_str().unwrap());
    for (message, status) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({ "certificate": "%", "signature": "" }), StatusCode::BAD_REQUEST),
        (json!({ "certificate": "", "signature": "" }), StatusCode::FORBIDDEN),
        (json!({ "certificate": STANDARD.encode([0x30; 40_000]), "signature": "" }), StatusCode::FORBIDDEN),
        (json!({ "certificate": STANDARD.encode([0x30; 60_000]), "signature": "" }), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(send(&site, &seat.token, &path, &message).await.status, status);
    }
    let elsewhere =
        send(&site, &seat.token, "/reader/pass/00/card", &json!({ "certificate": "", "signature": "" })).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    let people = site.seat(&site.hospital, AccountKind::Viewer).await;
    assert_eq!(send(&site, &people.token, "/reader/pass", &json!({})).await.status, StatusCode::FORBIDDEN);
}
