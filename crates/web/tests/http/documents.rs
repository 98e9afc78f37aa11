//! Documents about the product: the codes and the description of the programs' doors.

use crate::client::request;
use crate::html::assert_page;
use crate::site::Site;
use http::{Method, StatusCode};
use madoguchi_model::account::AccountKind;
use madoguchi_model::catalogue;

#[tokio::test(flavor = "multi_thread")]
async fn every_code_has_its_page_and_problems_lead_there() {
    let site = Site::open().await;
    let get =
        async |path: &str| site.hospital.client.send(site.server.people, request(Method::GET, path)).await.unwrap();
    let list = get("/errors").await;
    assert_page(list.text(), "/errors");
    for entry in catalogue::entries() {
        assert!(list.text().contains(&format!("href=\"/errors/{}\"", entry.code)), "{entry}");
    }
    for code in ["E0002", "P0020", "L0001", "W0013", "012"] {
        let page = get(&format!("/errors/{code}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_page(page.text(), code);
        assert!(page.text().contains(catalogue::entry(code).unwrap().cause), "{code}");
    }
    assert_eq!(get("/errors/E9999").await.status, StatusCode::NOT_FOUND);
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    assert!(seat.get("/nothing").await.text().contains("href=\"/errors/W0004\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_document_is_served_to_programs_and_to_people() {
    let site = Site::open().await;
    let machine = site.hospital.client.send(site.server.machine, request(Method::GET, "/openapi.json")).await.unwrap();
    let people = site.hospital.client.send(site.server.people, request(Method::GET, "/openapi.json")).await.unwrap();
    assert_eq!((machine.status, machine.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(machine.body, people.body);
    assert_eq!(machine.json()["openapi"], "3.1.0");
    let page = site.hospital.client.send(site.server.people, request(Method::GET, "/docs/api")).await.unwrap();
    assert_page(page.text(), "/docs/api");
    for path in machine.json()["paths"].as_object().unwrap().keys() {
        assert!(page.text().contains(&format!("<code>{path}</code>")), "{path}");
    }
}
