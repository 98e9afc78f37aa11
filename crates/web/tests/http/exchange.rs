//! Messages of programs, through the folder agent's door and the Web API.

use crate::client::{Answer, request};
use crate::site::{Seat, Site};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::settings::Setting;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::test_support::{HOSPITAL, NOW};
use madoguchi_web::router::Port;
use serde_json::{Value, json};

/// The text of one element of an XML file.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    xml.split(&format!("<{name}>")).nth(1)?.split(&format!("</{name}>")).next()
}

/// A request file with this header and body.
pub(crate) fn file(institution: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>{header}\
         <MedicalInstitutionCode>{institution}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>desk1-0001</ArbitraryFileIdentifier></MessageHeader>\
         <MessageBody>{body}</MessageBody></XmlMsg>"
    )
}

/// The folder agent's exchange: the names of the files and the bytes of the first.
pub(crate) async fn exchanged(seat: &Seat<'_>, name: &str, content: impl Into<Vec<u8>>) -> (Vec<String>, Vec<u8>) {
    let answer = exchange(seat, name, content).await;
    assert_eq!(answer.status, StatusCode::OK, "{name} {}", answer.text());
    let files = answer.json()["files"].as_array().unwrap().clone();
    let names = files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
    (names, STANDARD.decode(files[0]["content"].as_str().unwrap()).unwrap())
}

async fn exchange(seat: &Seat<'_>, name: &str, content: impl Into<Vec<u8>>) -> Answer {
    let path = format!("/agent/exchange/{name}");
    seat.send(Port::Machine, request(Method::POST, &path).map(|_| Full::from(content.into()))).await
}

/// The answer's text, which must be in UTF-8.
pub(crate) async fn text(seat: &Seat<'_>, name: &str, content: &str) -> String {
    String::from_utf8(exchanged(seat, name, content).await.1).unwrap()
}

/// A message to the Web API.
pub(crate) async fn call_api(seat: &Seat<'_>, path: &str, message: &Value) -> Answer {
    let mut request = request(Method::POST, path).map(|_| Full::from(message.to_string()));
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    seat.send(Port::Machine, request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_told_in_the_institutions_character_set() {
    let site = Site::open().await;
    for (value, encoding) in [("0", "UTF-8"), ("1", "Shift_JIS")] {
        site.world.set(HOSPITAL, &[(Setting::CharacterCode, value)], NOW).await;
        let agent = site.seat(&site.hospital, AccountKind::Agent).await;
        let (names, bytes) = exchanged(&agent, "OQSsiinq01req_0001.xml", file(HOSPITAL, "", "")).await;
        assert_eq!(names, ["OQSsiinq01res_0001.xml"]);
        let xml = String::from_utf8_lossy(&bytes);
        assert!(xml.starts_with(&format!("<?xml version=\"1.0\" encoding=\"{encoding}\"")), "{xml}");
        for (name, expected) in [
            ("CharacterCodeIdentifier", value),
            ("CharacterCode", value),
            ("SegmentOfResult", "1"),
            ("ArbitraryFileIdentifier", "desk1-0001"),
            ("MedicalInstitutionCode", HOSPITAL),
            ("OperationInfoUse", "1"),
            ("EmergencyInfoUse", "0"),
        ] {
            assert_eq!(element(&xml, name), Some(expected), "{name}");
        }
        assert_eq!(element(&xml, "RefillPrescriptionUse"), None, "a pharmacy's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_file_holds_there_is_an_answer_and_its_refusal_is_written_down() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let revocation = "<ConsentRevocationInfo><InsurerNumber>138057</InsurerNumber></ConsentRevocationInfo>";
    for (id, content, code) in [
        ("OQSsiinq01", String::new(), "E0001"),
        ("OQSsiinq01", "<XmlMsg".to_owned(), "E0001"),
        ("OQSsiinq01", "<Other/>".to_owned(), "E0004"),
        ("OQSsiquc01", file(HOSPITAL, "", revocation), "E0004"),
        ("OQSsihvd01", file(HOSPITAL, "", revocation), "E0002"),
        ("OQSsiinq01", file("1310000002", "", ""), "E0003"),
        ("OQSsiupd01", file(HOSPITAL, "", ""), "E0011"),
    ] {
        let xml = text(&agent, &format!("{id}req_1.xml"), &content).await;
        for (name, expected) in [
            ("SegmentOfResult", "9"),
            ("ErrorCode", code),
            ("ProcessingResultStatus", "2"),
            ("ProcessingResultCode", code),
            ("MedicalInstitutionCode", HOSPITAL),
        ] {
            assert_eq!(element(&xml, name), Some(expected), "{id} {name}: {xml}");
        }
        assert!(element(&xml, "ErrorMessage").unwrap().contains('。'), "{xml}");
        let draft = site.last_entry().await.draft;
        assert_eq!((draft.action, draft.outcome), (Action::Refuse, Outcome::Refused), "{id} {code}");
    }
    let xml = text(&agent, "YZKsiquc01req_1.xml", "?").await;
    assert_eq!(element(&xml, "ResultCode"), Some("9"));
    assert!(element(&xml, "MessageContents").unwrap().starts_with("E0001"), "{xml}");
    let wrong = text(&agent, "OQSsihvd01req_1.xml", &file(HOSPITAL, "", revocation)).await;
    assert!(element(&wrong, "ErrorMessage").unwrap().contains("InsuredIdentificationNumber"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_message_is_not_found_and_one_too_large_is_not_read() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    for name in ["EPSsipre01req_1.xml", "OQSsiinq01res_1.xml", "OQSsiinq01req_1.txt", "x"] {
        let answer = exchange(&agent, name, "").await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("E0004")), "{name}");
    }
    let large = vec![b' '; 30 * 1024 * 1024 + 1];
    let answer = exchange(&agent, "OQSsiinq01req_1.xml", large).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("W0006")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_ends_by_the_numbers_of_the_person() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let revocation = |number: &str, reason: &str| {
        let body = format!(
            "<ConsentRevocationInfo><InsurerNumber>  138057</InsurerNumber><InsuredIdentificationNumber>{number}\
             </InsuredIdentificationNumber><ReasonOfExpiration>{reason}</ReasonOfExpiration></ConsentRevocationInfo>"
        );
        file(HOSPITAL, "", &body)
    };
    for (number, reason, status, code) in [
        ("7009999", "2", "2", Some("P0001")),
        ("7001234", "0", "2", Some("E0002")),
        ("7001234", "2", "1", None),
        ("7001234", "2", "1", None),
        ("9000003", "2", "2", Some("P0020")),
    ] {
        let xml = text(&agent, "OQSsihvd01req_1.xml", &revocation(number, reason)).await;
        assert_eq!(element(&xml, "ProcessingResultStatus"), Some(status), "{xml}");
        assert_eq!(element(&xml, "ProcessingResultCode"), code, "{xml}");
        let segment = if code == Some("E0002") { "9" } else { "1" };
        assert_eq!(element(&xml, "SegmentOfResult"), Some(segment), "{xml}");
    }
    let entries = site.world.audit().await;
    let ended = entries.iter().filter(|entry| entry.draft.action == Action::WithdrawConsent);
    let outcomes: Vec<_> = ended.map(|entry| (entry.draft.outcome, entry.draft.detail.as_str())).collect();
    assert_eq!(
        outcomes,
        [
            (Outcome::Refused, "code=P0001"),
            (Outcome::Done, "reason=2"),
            (Outcome::Done, "reason=2 already"),
            (Outcome::Refused, "code=L0007")
        ]
    );
}

/// A YZK or TKK request of the person with this number.
pub(crate) fn fetch(number: &str, body: &str) -> String {
    let header = format!(
        "<InsurerNumber>  138057</InsurerNumber><InsuredPersonIdentificationNumber>{number}\
         </InsuredPersonIdentificationNumber>"
    );
    file(HOSPITAL, &header, body)
}

const MONTHS: &str = "<StartDate>202605</StartDate><EndDate>202610</EndDate>";

#[tokio::test(flavor = "multi_thread")]
async fn past_care_comes_as_data_by_its_numbers_and_consent() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let care = |number: &str, months: &str| fetch(number, &format!("{months}<FileCategory>4</FileCategory>"));
    let xml = text(&agent, "YZKsiquc01req_1.xml", &care("7001234", MONTHS)).await;
    for (name, expected) in [
        ("ResultCode", "1"),
        ("ArbitraryFileIdentifier", "desk1-0001"),
        ("Birth", "19620521"),
        ("Name", "窓口　花子"),
        ("MeTrMonth", "202610"),
    ] {
        assert_eq!(element(&xml, name), Some(expected), "{name}: {xml}");
    }
    let draft = site.last_entry().await.draft;
    assert_eq!((draft.action, draft.outcome), (Action::FetchRecords, Outcome::Done));
    let reversed = "<StartDate>202610</StartDate><EndDate>202605</EndDate>";
    for (number, months, result, code) in [
        ("7009999", MONTHS, "9", "P0001"),
        ("7001234", "<StartDate>202401</StartDate><EndDate>202402</EndDate>", "2", "P0021"),
        ("7001234", reversed, "9", "E0002"),
        ("9000003", MONTHS, "3", "P0020"),
    ] {
        let xml = text(&agent, "YZKsiquc01req_1.xml", &care(number, months)).await;
        assert_eq!(element(&xml, "ResultCode"), Some(result), "{code}: {xml}");
        assert!(element(&xml, "MessageContents").unwrap().starts_with(code), "{code}: {xml}");
        assert!(!xml.contains("<Name>"), "nothing about a person: {xml}");
        assert_eq!(site.last_entry().await.draft.outcome, Outcome::Refused, "{code}");
    }
    let checkups = fetch("7001234", "<FileCategory>2</FileCategory>");
    let xml = text(&agent, "TKKsiquc01req_1.xml", &checkups).await;
    assert_eq!(element(&xml, "ResultCode"), Some("2"), "this patient has none: {xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn past_care_comes_as_a_report_beside_the_name_of_its_request() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let api = site.seat(&site.hospital, AccountKind::Api).await;
    let body = format!("{MONTHS}<FileCategory>1</FileCategory>");
    let (names, bytes) = exchanged(&agent, "YZKsiquc01req_1.xml", fetch("7001234", &body)).await;
    let message = json!({ "XmlMsg": {
        "MessageHeader": { "MedicalInstitutionCode": HOSPITAL, "InsurerNumber": "00138057",
            "InsuredPersonIdentificationNumber": "7001234" },
        "MessageBody": { "StartDate": "202605", "EndDate": "202610", "FileCategory": "1" },
    } });
    let answer = call_api(&api, "/oqs-api-pro/MSA02010/ILI02010SV01/search", &message).await.json();
    if Reports::new(&FontChoice::system()).is_err() {
        let xml = String::from_utf8(bytes).unwrap();
        assert!(element(&xml, "MessageContents").unwrap().starts_with("W0009"), "{xml}");
        let words = answer["XmlMsg"]["MessageHeader"]["MessageContents"].as_str().unwrap();
        assert!(words.starts_with("W0009"), "{words}");
        return;
    }
    assert_eq!(names, ["YZKsiquc01res_1.pdf"]);
    assert!(bytes.starts_with(b"%PDF-"));
    let file = STANDARD.decode(answer["result"]["file"].as_str().unwrap()).unwrap();
    assert!(answer["status"] == "200" && file.starts_with(b"%PDF-"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn eligibility_is_answered_by_file_and_by_json_alike() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let api = site.seat(&site.hospital, AccountKind::Api).await;
    for (birthdate, validity, name) in [("19620521", "1", Some("窓口　花子")), ("19620522", "4", None)] {
        let search = format!(
            "<QualificationConfirmSearchInfo><InsurerNumber>  138057</InsurerNumber><InsuredIdentificationNumber>7001234\
             </InsuredIdentificationNumber><Birthdate>{birthdate}</Birthdate><LimitApplicationCertificateRelatedConsFlg>0\
             </LimitApplicationCertificateRelatedConsFlg></QualificationConfirmSearchInfo>"
        );
        let header = "<QualificationConfirmationDate>20261123</QualificationConfirmationDate>";
        let xml = text(&agent, "OQSsiquc01req_1.xml", &file(HOSPITAL, header, &search)).await;
        assert_eq!(element(&xml, "QualificationValidity"), Some(validity), "{xml}");
        assert_eq!(element(&xml, "Name"), name, "{xml}");
        let message = json!({ "XmlMsg": {
            "MessageHeader": { "QualificationConfirmationDate": "20261123", "MedicalInstitutionCode": HOSPITAL },
            "MessageBody": { "QualificationConfirmSearchInfo": {
                "InsurerNumber": "00138057", "InsuredIdentificationNumber": "7001234", "Birthdate": birthdate,
                "LimitApplicationCertificateRelatedConsFlg": "0",
            } },
        } });
        let answer = call_api(&api, "/oqs-api-pro/MSA01030/ILI01030SV01/search", &message).await.json();
        let body = &answer["XmlMsg"]["MessageBody"];
        assert_eq!(body["QualificationValidity"], validity, "{answer}");
        let row = &body["ResultList"][0]["ResultOfQualificationConfirmation"];
        assert_eq!(row["Name"].as_str(), name, "{answer}");
        assert_eq!(site.last_entry().await.draft.action, Action::CheckEligibility);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_number_belongs_to_one_patient() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let register = |reference: &str, number: &str| {
        let body = format!(
            "<ReferenceNumberRegistrationInfo><ReferenceNumber>{reference}</ReferenceNumber><InsurerNumber>  138057\
             </InsurerNumber><InsuredIdentificationNumber>{number}</InsuredIdentificationNumber>\
             </ReferenceNumberRegistrationInfo>"
        );
        file(HOSPITAL, "", &body)
    };
    for (reference, number, status, code) in [
        ("0012345", "7001234", "1", None),
        ("0012345", "9000003", "2", Some("P0030")),
        ("0012346", "7009999", "2", Some("P0001")),
        ("0012346", "7001234", "1", None),
    ] {
        let xml = text(&agent, "OQSsiimm01req_1.xml", &register(reference, number)).await;
        assert_eq!(element(&xml, "ProcessingResultStatus"), Some(status), "{xml}");
        assert_eq!(element(&xml, "ProcessingResultCode"), code, "{xml}");
        assert_eq!(element(&xml, "ReferenceNumber"), Some(reference), "{xml}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_the_reader_are_handed_over_once() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let faces = async || {
        let answer = agent.send(Port::Machine, request(Method::GET, "/agent/faces")).await;
        answer.json()["faces"].as_array().unwrap().clone()
    };
    let waiting = faces().await;
    assert_eq!(waiting.len(), 1, "the pass of the site's patient");
    let name = waiting[0]["name"].as_str().unwrap();
    assert!(
        name.starts_with(&format!("OQSsiquc01res_face_{HOSPITAL}")) && name.ends_with("_20261123130000.xml"),
        "{name}"
    );
    assert_eq!(name.len(), "OQSsiquc01res_face_131999999100000000000000000000_20261122091500.xml".len(), "{name}");
    let xml = String::from_utf8(STANDARD.decode(waiting[0]["content"].as_str().unwrap()).unwrap()).unwrap();
    for (name, expected) in
        [("ReferenceClassification", Some("1")), ("PharmacistsInfoConsFlg", Some("1")), ("Name", Some("窓口　花子"))]
    {
        assert_eq!(element(&xml, name), expected, "{xml}");
    }
    assert_eq!(element(&xml, "QualificationConfirmSearchInfo"), None);
    let mark = element(&xml, "ArbitraryFileIdentifier").unwrap();
    assert!(mark.len() == 16 && mark.ends_with('='), "{mark}");
    assert_eq!(site.last_entry().await.draft.action, Action::FetchFace);
    assert_eq!(faces().await.len(), 1, "until it has arrived");
    let taken = format!("/agent/faces/{}/taken", waiting[0]["id"].as_str().unwrap());
    assert_eq!(agent.send(Port::Machine, request(Method::POST, &taken)).await.status, StatusCode::NO_CONTENT);
    assert!(faces().await.is_empty());
    assert_eq!(agent.send(Port::Machine, request(Method::POST, &taken)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_speaks_the_same_messages_as_json() {
    let site = Site::open().await;
    let api = site.seat(&site.hospital, AccountKind::Api).await;
    let inquire = "/oqs-api-pro/MSA03010/ILI03010SV01/inquire";
    let message = |institution: &str| json!({ "XmlMsg": { "MessageHeader": { "MedicalInstitutionCode": institution }, "MessageBody": {} } });
    let answer = call_api(&api, inquire, &message(HOSPITAL)).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    let body = &answer.json()["XmlMsg"]["MessageBody"];
    assert_eq!((body["ProcessingResultStatus"].as_str(), body["OperationInfoUse"].as_str()), (Some("1"), Some("1")));
    let other = call_api(&api, inquire, &message("1310000002")).await;
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(other.json()["XmlMsg"]["MessageHeader"]["ErrorCode"], "E0003");
    let update = call_api(&api, "/oqs-api-pro/MSA03010/ILI03010SV02/update", &message(HOSPITAL)).await;
    assert_eq!(update.json()["XmlMsg"]["MessageHeader"]["ErrorCode"], "E0011");
    let agents = site.seat(&site.hospital, AccountKind::Agent).await;
    let refused = call_api(&agents, inquire, &message(HOSPITAL)).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("E0011")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_for_patients_comes_with_its_qr_code_beside_it() {
    let site = Site::open().await;
    let agent = site.seat(&site.hospital, AccountKind::Agent).await;
    let url = "https://visit.example.jp/1310000001";
    let ask = async |kind: &str, format: &str| {
        let body = format!(
            "<UrlAcquisitionClassification>{kind}</UrlAcquisitionClassification><OutputFormat>{format}</OutputFormat>"
        );
        let answer = exchange(&agent, "OQSsiurl01req_9.xml", file(HOSPITAL, "", &body)).await.json();
        let files = answer["files"].as_array().unwrap().iter().map(|file| {
            let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
            (file["name"].as_str().unwrap().to_owned(), content)
        });
        files.collect::<Vec<_>>()
    };
    let code = |files: &[(String, Vec<u8>)]| {
        let xml = String::from_utf8(files[0].1.clone()).unwrap();
        assert_eq!((files.len(), element(&xml, "ProcessingResultStatus")), (1, Some("2")), "{xml}");
        element(&xml, "ProcessingResultCode").unwrap().to_owned()
    };
    assert_eq!(code(&ask("2", "2").await), "P0022", "not in use");
    assert_eq!(site.last_entry().await.draft.outcome, Outcome::Refused);
    site.world.set(HOSPITAL, &[(Setting::HomeVisits, "1")], NOW).await;
    assert_eq!(code(&ask("2", "2").await), "P0040", "not registered");
    let institution = madoguchi_service::test_support::code(HOSPITAL);
    let kind = madoguchi_model::code::UrlKind::HomeVisit;
    assert!(site.service.put_access_url(&institution, kind, Some("http://x".to_owned())).await.is_err());
    site.service.put_access_url(&institution, kind, Some(url.to_owned())).await.unwrap();
    assert_eq!(code(&ask("3", "2").await), "P0022", "the other kind");

    let begins: [(&str, &str, &[u8]); 2] = [("2", "png", b"\x89PNG"), ("1", "pdf", b"%PDF-")];
    for (format, extension, begin) in begins {
        let files = ask("2", format).await;
        let xml = String::from_utf8(files[0].1.clone()).unwrap();
        if format == "1" && Reports::new(&FontChoice::system()).is_err() {
            assert!(xml.contains("W0009"), "{xml}");
            continue;
        }
        let name = format!("OQSsiurl01res_9.{extension}");
        assert_eq!(
            (element(&xml, "AccessUrl"), element(&xml, "QrFileName")),
            (Some(url), Some(name.as_str())),
            "{xml}"
        );
        assert_eq!((files[0].0.as_str(), files[1].0.as_str()), ("OQSsiurl01res_9.xml", name.as_str()));
        assert!(files[1].1.starts_with(begin));
        let draft = site.last_entry().await.draft;
        assert_eq!((draft.action, draft.outcome), (Action::FetchAccessUrl, Outcome::Done));
    }
    site.service.put_access_url(&institution, kind, None).await.unwrap();
    assert_eq!(code(&ask("2", "2").await), "P0040");
}
