//! 資格確認 at the screens: by numbers, the list of the day, 一括照会 and 照会番号登録.

use crate::client::{Answer, request};
use crate::html::{assert_headers, assert_page, hidden};
use crate::site::{RECEPTION, Seat, Site};
use http::{Method, StatusCode};
use http_body_util::Full;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_service::test_support::{CLINIC, HOSPITAL};
use madoguchi_web::router::Port;
use std::time::Duration;

const HANAKO: [(&str, &str); 3] = [("insurer_number", "138057"), ("number", "7001234"), ("birthdate", "S37.5.21")];

fn with<'a>(fields: &[(&'a str, &'a str)], name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(key, old)| (*key, if *key == name { value } else { *old })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_says_what_holds_and_what_to_do_next() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::General).await;
    for birthdate in ["S37.5.21", "昭和37年5月21日", "19620521", "1962/5/21"] {
        let found = seat.post("/eligibility", &with(&HANAKO, "birthdate", birthdate)).await;
        assert_eq!(found.status, StatusCode::OK, "{birthdate}");
        assert_page(found.text(), birthdate);
        for part in ["有効", "窓口　花子", "昭和37年5月21日", "7001234", "見本保険者2", "次に行うこと", "3割"]
        {
            assert!(found.text().contains(part), "{part} {birthdate}");
        }
        assert!(found.text().contains("同意がないため表示していません"), "限度額 needs a consent");
    }
    let written = site.last_entry().await.draft;
    assert_eq!((written.action, written.outcome), (Action::CheckEligibility, Outcome::Done));
    for (name, value, expected) in [
        ("birthdate", "S37.5.22", "該当資格なし"),
        ("number", "7001235", "該当資格なし"),
        ("insurer_number", "138058", "該当資格なし"),
    ] {
        let answer = seat.post("/eligibility", &with(&HANAKO, name, value)).await;
        assert!(answer.text().contains(expected) && !answer.text().contains("窓口　花子"), "{name}");
    }
    let former = [
        ("insurer_number", "01130012"),
        ("symbol", "21700023"),
        ("number", "45"),
        ("branch", "01"),
        ("birthdate", "S37.5.21"),
    ];
    let answer = seat.post("/eligibility", &former).await;
    assert!(answer.text().contains("新しい資格あり") && !answer.text().contains("7001234"));
    let past = [&former[..], &[("day", "令和8年6月15日")]].concat();
    assert!(seat.post("/eligibility", &past).await.text().contains("資格確認日に有効な資格です"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_form_comes_back_with_what_was_typed() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let answer =
        seat.post("/eligibility", &[("insurer_number", "1"), ("number", "<7>"), ("birthdate", "昭和99年1月1日")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_page(answer.text(), "wrong");
    for part in ["保険者番号", "生年月日", "E0002", "value=\"1\"", "&#60;7&#62;"] {
        assert!(answer.text().contains(part), "{part} {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_the_day_are_listed_and_opened_again() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::General).await;
    seat.post("/eligibility", &HANAKO).await;
    let list = seat.get("/eligibility/results").await;
    assert!(list.text().contains("窓口　花子") && list.text().contains("general01"));
    let address = list.text().split("href=\"/eligibility/results/").nth(1).unwrap().split('"').next().unwrap();
    let opened = seat.get(&format!("/eligibility/results/{address}")).await;
    assert!(opened.text().contains("7001234") && opened.text().contains("有効"));
    let clinic = site.seat(&site.clinic, AccountKind::General).await;
    assert!(!clinic.get("/eligibility/results").await.text().contains("窓口　花子"));
    assert_eq!(clinic.get(&format!("/eligibility/results/{address}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_number_is_registered_and_comes_back() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::General).await;
    let numbers = [("insurer_number", "138057"), ("number", "7001234")];
    let fields = |number: &'static str| [&[("reference_number", number)][..], &numbers].concat();
    let done = seat.post("/reference-numbers", &fields("K-0001")).await;
    assert!(done.text().contains("照会番号を登録しました"), "{}", done.text());
    assert!(seat.post("/eligibility", &HANAKO).await.text().contains("K-0001"));
    let empty = seat.post("/reference-numbers", &fields("")).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = [("reference_number", "K-0001"), ("insurer_number", "138057"), ("number", "8009999")];
    let taken = seat.post("/reference-numbers", &other).await;
    assert!(taken.text().contains("P0030") && taken.text().contains("value=\"K-0001\""), "{}", taken.text());
}

/// A form with a file, as a browser sends it.
async fn upload(seat: &Seat<'_>, form_token: &str, fields: &[(&str, &str)], file: &str) -> Answer {
    let mut body = String::new();
    for (name, value) in [&[("form_token", form_token)], fields].concat() {
        body.push_str(&format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n");
    body.push_str(&format!("Content-Type: text/csv\r\n\r\n{file}\r\n--X--\r\n"));
    let mut request = request(Method::POST, "/bulk").map(|_| Full::from(body));
    request.headers_mut().insert("content-type", "multipart/form-data; boundary=X".parse().unwrap());
    seat.send(Port::People, request).await
}

const ELIGIBILITY: (&str, &str) = ("kind", "eligibility");
const CSV: &str =
    "insurer_number,number,birthdate,identifier\n138057,7001234,19620521,A-1\n138057,5555555,19620521,A-2\n";

/// The page of an upload once it is worked through.
async fn finished(seat: &Seat<'_>, address: &str) -> String {
    loop {
        let page = seat.get(address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        if !page.text().contains("処理中") {
            return page.text().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_uploaded_worked_through_and_downloaded() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::General).await;
    let form = seat.get("/bulk").await;
    assert!(form.text().contains("multipart/form-data") && form.text().contains(RECEPTION));
    let request = hidden(form.text(), "request");
    let taken = upload(&seat, &seat.form_token, &[ELIGIBILITY, ("request", request)], CSV).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let address = taken.header("location").to_owned();
    let page = finished(&seat, &address).await;
    assert_page(&page, "done");
    assert!(page.contains("処理済") && page.contains("2件"), "{page}");
    // The same form again, as a reload sends it, is the same upload.
    let again = upload(&seat, &seat.form_token, &[ELIGIBILITY, ("request", request)], CSV).await;
    assert_eq!(again.header("location"), address);

    let csv = seat.get(&format!("{address}/results.csv")).await;
    assert_headers(&csv, "csv");
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"2026"));
    let lines: Vec<_> = csv.text().lines().collect();
    assert_eq!(lines.len(), 3, "{}", csv.text());
    assert!(lines[1].starts_with("A-1,") && lines[1].contains("有効") && lines[1].contains("窓口　花子"));
    assert!(lines[2].starts_with("A-2,") && lines[2].contains("P0001"));
    assert_eq!(site.last_entry().await.draft.action, Action::FetchBulk);
    let xml = seat.get(&format!("{address}/results.xml")).await;
    assert!(xml.text().contains("<NumberOfProcessingResult>2<") && xml.text().contains(HOSPITAL));
    assert_eq!(site.seat(&site.clinic, AccountKind::General).await.get(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_file_is_uploaded_as_well() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Administrator).await;
    let message = |institution: &str| {
        format!(
            "<XmlMsg><MessageHeader><MedicalInstitutionCode>{institution}</MedicalInstitutionCode></MessageHeader>\
             <MessageBody><ReferenceNumberRegistrationInfo><ReferenceNumber>9</ReferenceNumber>\
             <InsurerNumber>138057</InsurerNumber>\
             <InsuredIdentificationNumber>7001234</InsuredIdentificationNumber>\
             </ReferenceNumberRegistrationInfo></MessageBody></XmlMsg>"
        )
    };
    let fields = |kind: &'static str| [("kind", kind), ("request", "00112233445566778899aabbccddeeff")];
    let registrations = fields("reference_numbers");
    let foreign = upload(&seat, &seat.form_token, &registrations, &message(CLINIC)).await;
    assert!(foreign.text().contains("医療機関コード") && foreign.status == StatusCode::UNPROCESSABLE_ENTITY);
    let other_kind = upload(&seat, &seat.form_token, &fields("eligibility"), &message(HOSPITAL)).await;
    assert_eq!(other_kind.status, StatusCode::UNPROCESSABLE_ENTITY);
    let taken = upload(&seat, &seat.form_token, &registrations, &message(HOSPITAL)).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let page = finished(&seat, taken.header("location")).await;
    assert!(page.contains("照会番号登録") && page.contains("処理済"), "{page}");
    assert!(seat.post("/eligibility", &HANAKO).await.text().contains("<dd>9</dd>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_refused_without_its_token_and_with_its_faults_named() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::General).await;
    let fields = [ELIGIBILITY, ("request", "00112233445566778899aabbccddeeff")];
    for token in ["", "0", &seat.form_token.to_uppercase()] {
        let refused = upload(&seat, token, &fields, CSV).await;
        assert!(refused.status == StatusCode::FORBIDDEN && refused.text().contains("W0003"), "{token}");
        assert_eq!(site.last_entry().await.draft.detail, "form_token");
    }
    let token = seat.form_token.clone();
    let faults = upload(&seat, &token, &fields, "insurer_number,number,birthdate\nx,1,19620521\n").await;
    assert_eq!(faults.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faults.text().contains("2行目") && faults.text().contains("保険者番号"), "{}", faults.text());
    assert_page(faults.text(), "faults");
    let empty = upload(&seat, &token, &fields, "").await;
    assert!(empty.text().contains("ファイル") && empty.status == StatusCode::UNPROCESSABLE_ENTITY);
    let line = "138057,1,19620521\n";
    let many = format!("insurer_number,number,birthdate\n{}", line.repeat(5_001));
    let many = upload(&seat, &token, &fields, &many).await;
    assert!(many.text().contains("E0005"), "{}", many.text());
    let viewer = site.seat(&site.hospital, AccountKind::Viewer).await;
    assert_eq!(upload(&viewer, &viewer.form_token, &fields, CSV).await.status, StatusCode::FORBIDDEN);
    let mut broken = request(Method::POST, "/bulk").map(|_| Full::from("--X\r\nnothing".to_owned()));
    broken.headers_mut().insert("content-type", "multipart/form-data; boundary=X".parse().unwrap());
    assert_eq!(seat.send(Port::People, broken).await.status, StatusCode::BAD_REQUEST);
}
