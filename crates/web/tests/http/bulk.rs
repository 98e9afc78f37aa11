//! Bulk messages through the doors of programs.

use crate::client::request;
use crate::exchange::{call_api, element, exchanged, file, text};
use crate::site::{Seat, Site, with_token};
use http::{Method, StatusCode};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::Action;
use madoguchi_service::test_support::{CLINIC, HOSPITAL};
use madoguchi_web::router::Port;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: &str = "<QualificationConfirmationDate>20261123</QualificationConfirmationDate>";

fn search(number: &str, identifier: &str) -> String {
    format!(
        "<QualificationConfirmSearchInfo><InsurerNumber>  138057</InsurerNumber>\
         <InsuredIdentificationNumber>{number}</InsuredIdentificationNumber><Birthdate>19620521</Birthdate>\
         <LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>\
         <ArbitraryIdentifier>{identifier}</ArbitraryIdentifier></QualificationConfirmSearchInfo>"
    )
}

fn fetch(institution: &str, number: &str) -> String {
    format!(
        "<XmlMsg><MessageHeader><MedicalInstitutionCode>{institution}</MedicalInstitutionCode></MessageHeader>\
         <MessageBody><ReceptionNumber>{number}</ReceptionNumber></MessageBody></XmlMsg>"
    )
}

/// Asks until the upload is worked through.
async fn fetched(seat: &Seat<'_>, id: &str, number: &str) -> String {
    loop {
        let xml = text(seat, &format!("{id}req_0002.xml"), &fetch(HOSPITAL, number)).await;
        if element(&xml, "SegmentOfResult") != Some("2") {
            return xml;
        }
        assert!(!xml.contains("<BulkConfirmUnit>"), "{xml}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_accepted_and_its_results_are_fetched() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let upload = file(HOSPITAL, DAY, &(search("7001234", "row-1") + &search("5555555", "row-2")));
    let receipt = text(&agent, "OQSmuquc01req_0001.xml", &upload).await;
    assert_eq!(element(&receipt, "SegmentOfResult"), Some("1"), "{receipt}");
    assert_eq!(element(&receipt, "ArbitraryFileIdentifier"), Some("desk1-0001"));
    let number = element(&receipt, "ReceptionNumber").unwrap();
    assert!(number.len() == 17 && element(&receipt, "ReceptionDateTime").unwrap().starts_with(&number[..8]));

    let xml = fetched(&agent, "OQSmuquc02", number).await;
    for (name, expected) in [
        ("SegmentOfResult", "1"),
        ("QualificationConfirmationDate", "20261123"),
        ("ArbitraryFileIdentifier", "desk1-0001"),
        ("ReceptionNumber", number),
        ("NumberOfProcessingResult", "2"),
        ("NumberOfError", "0"),
        ("ArbitraryIdentifier", "row-1"),
        ("QualificationValidity", "1"),
        ("Name", "窓口　花子"),
        ("LimitApplicationCertificateChanged", "0"),
    ] {
        assert_eq!(element(&xml, name), Some(expected), "{name} {xml}");
    }
    assert_eq!(xml.matches("<BulkConfirmUnit>").count(), 2);
    assert!(xml.contains("<ProcessingResultCode>P0001<") && !xml.contains("PharmacistsInfoConsFlg"), "{xml}");
    assert_eq!(site.last_entry().await.draft.action, Action::FetchBulk);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_the_same_acceptance_and_another_request_is_not() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let content = file(HOSPITAL, DAY, &search("7001234", "a"));
    let mut numbers = Vec::new();
    for mark in ["0".repeat(32), "0".repeat(32), "1".repeat(32)] {
        let mut sent =
            request(Method::POST, "/agent/exchange/OQSmuquc01req_1.xml").map(|_| Full::from(content.clone()));
        sent.headers_mut().insert("madoguchi-request", mark.parse().unwrap());
        let answer = agent.send(Port::Machine, sent).await.json();
        let bytes = decoded(&answer["files"][0]["content"]);
        numbers.push(element(&bytes, "ReceptionNumber").unwrap().to_owned());
    }
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[0], numbers[2]);
    let mut broken = request(Method::POST, "/agent/exchange/OQSmuquc01req_1.xml").map(|_| Full::from(content));
    broken.headers_mut().insert("madoguchi-request", "x".parse().unwrap());
    let broken = with_token(broken, Port::Machine, &agent.token);
    let answer = site.hospital.client.send(site.server.machine, broken).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

fn decoded(content: &Value) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(content.as_str().unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_or_accepted_is_a_failure_of_the_message() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let receipt = text(&agent, "OQSmuquc01req_1.xml", &file(HOSPITAL, DAY, &search("7001234", "a"))).await;
    let number = element(&receipt, "ReceptionNumber").unwrap().to_owned();
    let clinic = site.seat(&site.clinic, AccountKind::Agent).await;
    for (seat, id, institution, number) in [
        (&clinic, "OQSmuquc02", CLINIC, number.as_str()),
        (&agent, "OQSmuimm02", HOSPITAL, number.as_str()),
        (&agent, "OQSmuquc02", HOSPITAL, "20261123000000001"),
        (&agent, "OQSmuquc02", HOSPITAL, "1"),
    ] {
        let xml = text(seat, &format!("{id}req_1.xml"), &fetch(institution, number)).await;
        assert_eq!(element(&xml, "ErrorCode"), Some("E0006"), "{id} {xml}");
        assert_eq!(element(&xml, "ProcessingResultStatus"), Some("2"), "{id} {xml}");
    }
    let days = "<QualificationConfirmSearchInfo><ConsentDateFrom>20261102</ConsentDateFrom>\
                <ConsentDateTo>20261101</ConsentDateTo><MedicalTreatmentFlag>2</MedicalTreatmentFlag>\
                </QualificationConfirmSearchInfo>";
    let xml = text(&agent, "OQSmuhvq01req_1.xml", &file(HOSPITAL, "", days)).await;
    assert_eq!(element(&xml, "ErrorCode"), Some("E0002"), "{xml}");
    assert!(element(&xml, "ErrorMessage").unwrap().contains("ConsentDateTo"), "{xml}");
    let too_many = file(HOSPITAL, DAY, &search("1", "a").repeat(5_001));
    let (_, bytes) = exchanged(&agent, "OQSmuquc01req_1.xml", too_many).await;
    assert_eq!(element(&String::from_utf8(bytes).unwrap(), "ErrorCode"), Some("E0005"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_api_uploads_and_downloads_too() {
    let site = Site::open().await;
    let api = site.seat(&site.hospital, AccountKind::Api).await;
    let message = |header: Value, body: Value| json!({"XmlMsg": {"MessageHeader": header, "MessageBody": body}});
    let one = json!({
        "InsurerNumber": "00138057", "InsuredIdentificationNumber": "7001234", "Birthdate": "19620521",
        "LimitApplicationCertificateRelatedConsFlg": "0",
    });
    let header = json!({"QualificationConfirmationDate": "20261123", "MedicalInstitutionCode": HOSPITAL});
    let upload = message(header, json!({"QualificationConfirmSearchInfo": [one]}));
    let receipt = call_api(&api, "/oqs-api-pro/MSA01050/ILI01050SV01/upload", &upload).await.json();
    let number = receipt["XmlMsg"]["MessageBody"]["ReceptionNumber"].as_str().unwrap().to_owned();
    let asking = message(json!({"MedicalInstitutionCode": HOSPITAL}), json!({"ReceptionNumber": number}));
    let result = loop {
        let answer = call_api(&api, "/oqs-api-pro/MSA01050/ILI01050SV02/download", &asking).await.json();
        if answer["XmlMsg"]["MessageHeader"]["SegmentOfResult"] != "2" {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let unit = &result["XmlMsg"]["MessageBody"]["BulkConfirmUnit"][0];
    assert_eq!(unit["QualificationValidity"], "1", "{result}");
    assert_eq!(unit["ResultOfQualificationConfirmation"][0]["Name"], "窓口　花子", "{result}");
}
