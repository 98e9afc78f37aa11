//! The doors of programs on the machine port: the folder agent's log-in and the Web API.

use crate::client::{Answer, request};
use crate::site::Site;
use http::{Method, StatusCode};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::Action;
use madoguchi_model::settings::Setting;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::test_support::{HOSPITAL, NOW, PASSWORD};
use madoguchi_web::{Rate, RateLimits};
use serde_json::{Value, json};

const AUTH: &str = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";

async fn post(site: &Site, path: &str, headers: &[(&'static str, &str)], body: impl Into<String>) -> Answer {
    let mut request = request(Method::POST, path).map(|_| Full::from(body.into()));
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    site.hospital.client.send(site.server.machine, request).await.unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json;charset=UTF-8");

async fn auth(site: &Site, message: &Value) -> Answer {
    post(site, AUTH, &[JSON], message.to_string()).await
}

/// A refusal in the words of the Web API, and nothing else.
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    let words = answer.json();
    assert_eq!(answer.status, status, "{words}");
    assert_eq!((words["status"].as_str(), words["code"].as_str()), (Some(status.as_str()), Some(code)), "{words}");
    assert!(words["msg"].as_str().is_some_and(|text| text.ends_with('。')), "{words}");
    assert_eq!(words.as_object().unwrap().len(), 3, "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_logs_in_at_the_api_and_renews_its_log_in() {
    let site = Site::open().await;
    site.world.set(HOSPITAL, &[(Setting::CharacterCode, "1")], NOW).await;
    let answer = auth(&site, &json!({ "userId": "api01", "password": PASSWORD })).await.json();
    assert_eq!((answer["status"].as_str(), answer["msg"].as_str()), (Some("200"), Some("")));
    let result = answer["result"].as_object().unwrap();
    let mut names: Vec<_> = result.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accessToken", "idToken", "linkSysCharCd", "refreshToken"]);
    assert_eq!(result["linkSysCharCd"], "1", "the institution's character code");
    let renewed = auth(&site, &json!({ "refreshToken": result["refreshToken"] })).await.json();
    assert_ne!(renewed["result"]["idToken"], result["idToken"]);
    let again = auth(&site, &json!({ "refreshToken": result["refreshToken"] })).await;
    assert_refused(&again, StatusCode::UNAUTHORIZED, "L0001");
    assert_eq!(site.last_entry().await.draft.action, Action::LogIn);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_at_the_api_are_refused_in_its_words() {
    let site = Site::open().await;
    for (user, password) in [("api01", "wrong"), ("viewer01", PASSWORD), ("agent01", PASSWORD), ("x", PASSWORD)] {
        let answer = auth(&site, &json!({ "userId": user, "password": password })).await;
        assert_refused(&answer, StatusCode::UNAUTHORIZED, "E0010");
    }
    for message in [json!({}), json!([]), json!({ "userId": "api01" }), json!({ "userId": 1, "password": "x" })] {
        assert_refused(&auth(&site, &message).await, StatusCode::BAD_REQUEST, "W0008");
    }
    let both = json!({ "userId": "api01", "password": PASSWORD, "refreshToken": "0" });
    assert_refused(&auth(&site, &both).await, StatusCode::BAD_REQUEST, "W0008");
    assert_refused(&post(&site, AUTH, &[JSON], "{").await, StatusCode::BAD_REQUEST, "W0008");
    let large = format!("\"{}\"", "x".repeat(64 * 1024));
    assert_refused(&post(&site, AUTH, &[JSON], large).await, StatusCode::PAYLOAD_TOO_LARGE, "W0006");
    for kind in ["text/plain", "application/json; charset=Shift_JIS"] {
        let answer = post(&site, AUTH, &[("content-type", kind)], "{}").await;
        assert_refused(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "W0012");
    }
    let get = site.hospital.client.send(site.server.machine, request(Method::GET, AUTH)).await.unwrap();
    assert_refused(&get, StatusCode::METHOD_NOT_ALLOWED, "W0005");
    let nowhere = post(&site, "/oqs-api-pro/x", &[JSON], "{}").await;
    assert_refused(&nowhere, StatusCode::NOT_FOUND, "W0004");
    assert_eq!(nowhere.header("connection"), "close", "its body was not read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_agent_logs_in_and_learns_where_it_is() {
    let site = Site::open().await;
    let message = |user: &str| json!({ "user_id": user, "password": PASSWORD }).to_string();
    let entered = post(&site, "/agent/session", &[], message("agent01")).await.json();
    assert_eq!(entered["institution"], json!({ "code": HOSPITAL, "name": "みなと病院", "kind": "medical" }));
    assert_eq!(entered["character_code"], "0");
    assert_eq!(entered["token"].as_str().map(str::len), Some(64));
    for user in ["api01", "reader01", "general01"] {
        let refused = post(&site, "/agent/session", &[], message(user)).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("E0010")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gone_wild_is_told_to_wait_and_its_neighbour_is_not() {
    let slow = Rate { per_second: 0.01, burst: 3.0 };
    let rates = RateLimits { log_ins: slow, account: slow, ..RateLimits::default() };
    let site = Site::open_with_rates(Reports::new(&FontChoice::system()), rates).await;
    let seat = site.seat(&site.hospital, AccountKind::Reader).await;
    for _ in 0..3 {
        assert_refused(&auth(&site, &json!({})).await, StatusCode::BAD_REQUEST, "W0008");
    }
    let refused = auth(&site, &json!({})).await;
    assert_refused(&refused, StatusCode::TOO_MANY_REQUESTS, "W0013");
    assert!((1..=100).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    let token = format!("Bearer {}", seat.token);
    let pass = async || post(&site, "/reader/pass", &[("authorization", &token)], "").await.status;
    assert_eq!([pass().await, pass().await, pass().await], [StatusCode::OK; 3], "log-ins count for themselves");
    assert_eq!(pass().await, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = request(Method::POST, "/agent/session");
    let answer = site.clinic.client.send(site.server.machine, elsewhere).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "another institution");
}
