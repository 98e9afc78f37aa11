//! Limits on what comes in, and answers to paths that do not exist.

use crate::client::{Client, request};
use crate::html::assert_headers;
use crate::site::{Site, form};
use http::{Method, StatusCode};
use madoguchi_model::account::AccountKind;
use madoguchi_web::router::Port;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_and_just_enough_is_not() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let token = format!("form_token={}", seat.form_token);
    let filled_up = |bytes: usize| format!("{token}&text={}", "a".repeat(bytes - token.len() - 6));
    let fields = |count: usize| format!("{token}{}", "&x=1".repeat(count - 1));
    for (body, status) in [
        (filled_up(64 * 1024), StatusCode::OK),
        (filled_up(64 * 1024 + 1), StatusCode::PAYLOAD_TOO_LARGE),
        (fields(128), StatusCode::OK),
        (fields(129), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let size = body.len();
        assert_eq!(seat.send(Port::People, form("/patients", body)).await.status, status, "{size}");
    }
    let query = |bytes: usize| format!("/menu?{}", "a".repeat(bytes));
    assert_eq!(seat.get(&query(2_048)).await.status, StatusCode::OK);
    assert_eq!(seat.get(&query(2_049)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// Connections without a certificate at most.
const UNCERTIFIED_MAX: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_no_certificate_cannot_take_the_places_of_those_who_do() {
    let site = Site::open().await;
    let stranger = Client::new(&site.certificates.ca_pem(), None);
    let mut held = Vec::new();
    for number in 0..UNCERTIFIED_MAX {
        let mut open = stranger.connect(site.server.people).await.unwrap();
        let told = open.send(request(Method::GET, "/")).await.unwrap();
        assert!(told.text().contains("W0001"), "{number}");
        held.push(open);
    }
    assert!(stranger.send(site.server.people, request(Method::GET, "/")).await.is_err());
    let certified = site.hospital.client.send(site.server.people, request(Method::GET, "/")).await.unwrap();
    assert_eq!(certified.status, StatusCode::OK);
    held.pop();
    let begun = Instant::now();
    while stranger.send(site.server.people, request(Method::GET, "/")).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_said_in_words() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    for (method, path, status, code) in [
        (Method::GET, "/nothing", StatusCode::NOT_FOUND, "W0004"),
        (Method::DELETE, "/menu", StatusCode::METHOD_NOT_ALLOWED, "W0005"),
        (Method::GET, "/logout", StatusCode::METHOD_NOT_ALLOWED, "W0005"),
        (Method::GET, "/patients/0011", StatusCode::NOT_FOUND, "L0007"),
        (Method::GET, "/patients/%FF%FE", StatusCode::BAD_REQUEST, "W0008"),
        (Method::GET, "/patients/0197f0000000700080000000000000ff", StatusCode::FORBIDDEN, "P0020"),
    ] {
        let answer = seat.send(Port::People, request(method, path)).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains(code), "{path}");
        assert_headers(&answer, path);
    }
}
