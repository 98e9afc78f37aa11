//! Certificates: who gets through the handshake, and what happens when that changes.

use crate::client::{Client, request};
use crate::site::{Site, desk, desk_until, unix_now};
use http::{Method, StatusCode};
use madoguchi_model::account::AccountKind;
use madoguchi_service::test_support::HOSPITAL;
use madoguchi_trust::{CertificateDirectory, RevocationReason, RevokeTarget};
use madoguchi_web::router::Port;
use std::time::{Duration, Instant};

/// The files are looked at every second.
const RELOAD_TIME_MAX: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_out_at_once_also_on_open_connections() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let mut open = site.hospital.client.connect(site.server.people).await.unwrap();
    let ask = || crate::site::with_token(request(Method::GET, "/menu"), Port::People, &seat.token);
    assert_eq!(open.send(ask()).await.unwrap().status, StatusCode::OK);

    let serial = RevokeTarget::Serial(&site.hospital.files.serial);
    site.certificates.revoke(serial, RevocationReason::KeyCompromise, unix_now()).unwrap();
    let begun = Instant::now();
    let refused = loop {
        let answer = open.send(ask()).await.unwrap();
        if answer.status != StatusCode::OK {
            break answer;
        }
        assert!(begun.elapsed() < RELOAD_TIME_MAX, "still let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("W0002") && refused.text().contains("失効"));
    for address in [site.server.people, site.server.machine] {
        assert!(site.hospital.client.send(address, request(Method::GET, "/")).await.is_err());
    }
    let neighbour = site.second_desk.client.send(site.server.people, request(Method::GET, "/")).await.unwrap();
    assert_eq!(neighbour.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_is_out_on_open_connections_of_both_ports() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let end = unix_now() + 6;
    let ending = desk_until(&site.certificates, HOSPITAL, "ending", end);
    let ask = || crate::site::with_token(request(Method::GET, "/"), Port::People, &seat.token);
    let mut page = ending.client.connect(site.server.people).await.unwrap();
    let mut machine = ending.client.connect(site.server.machine).await.unwrap();
    let mut neighbour = site.hospital.client.connect(site.server.people).await.unwrap();
    assert_eq!(page.send(ask()).await.unwrap().status, StatusCode::OK);
    assert!(machine.send(request(Method::GET, "/")).await.unwrap().json()["code"] != "W0011");
    while unix_now() <= end {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused = page.send(ask()).await.unwrap();
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("W0011") && refused.text().contains("有効期限が切れています"));
    let told = machine.send(request(Method::GET, "/")).await.unwrap();
    assert_eq!((told.status, told.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("W0011")));
    assert_eq!(neighbour.send(ask()).await.unwrap().status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_certificate_fails_the_handshake_on_both_ports() {
    let site = Site::open().await;
    let directory = site.world.directory().join("foreign");
    let foreign = CertificateDirectory::init(&directory, &["localhost".to_owned()], unix_now()).unwrap();
    let files = desk(&foreign, HOSPITAL, "01").files;
    let client = Client::new(&site.certificates.ca_pem(), Some(&files));
    for address in [site.server.people, site.server.machine] {
        assert!(client.send(address, request(Method::GET, "/")).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_certificate_is_shown_without_a_restart_and_a_broken_file_changes_nothing() {
    let site = Site::open().await;
    let shown = async || site.hospital.client.connect(site.server.people).await.unwrap().server_certificate;
    let before = shown().await;
    site.certificates.renew_server(&["localhost".to_owned()], unix_now()).unwrap();
    let begun = Instant::now();
    while shown().await == before {
        assert!(begun.elapsed() < RELOAD_TIME_MAX, "still the old certificate");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let after = shown().await;
    std::fs::write(site.certificates.server_pem(), "broken").unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(shown().await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_that_is_not_registered_or_closed_is_told_so() {
    let site = Site::open().await;
    for (institution, code) in [("1319999999", "L0005"), (madoguchi_service::test_support::CLOSED, "L0006")] {
        let desk = desk(&site.certificates, institution, "01");
        for path in ["/", "/login", "/menu"] {
            let asked = crate::site::with_token(request(Method::GET, path), Port::People, &"0".repeat(64));
            let answer = desk.client.send(site.server.people, asked).await.unwrap();
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{institution} {path}");
            assert!(answer.text().contains(code), "{institution} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_get_http2() {
    let site = Site::open().await;
    let answer = site.hospital.client.send_by_http2(site.server.people, "/login").await;
    assert_eq!(answer, (StatusCode::OK, http::Version::HTTP_2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_open_connections_and_takes_no_new_ones() {
    let site = Site::open().await;
    let mut open = site.hospital.client.connect(site.server.people).await.unwrap();
    assert_eq!(open.send(request(Method::GET, "/")).await.unwrap().status, StatusCode::OK);
    let (people, begun) = (site.server.people, Instant::now());
    site.server.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "idle connections do not hold the shutdown up");
    assert!(open.send(request(Method::GET, "/")).await.is_err());
    assert!(site.hospital.client.connect(people).await.is_err());
}
