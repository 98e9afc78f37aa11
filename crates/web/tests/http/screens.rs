//! The staff screens as a browser gets them.

use crate::html::{assert_headers, assert_page, between, hidden, title};
use crate::site::{Site, filled, form};
use http::{Method, StatusCode};
use madoguchi_model::account::AccountKind;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::test_support::{PASSWORD, Patient, SECRET_NUMBER};
use madoguchi_web::router::{self, Access, Port};
use std::collections::HashMap;

/// Reports and results, which are no pages.
fn is_file(path: &str) -> bool {
    [".pdf", ".xml", ".csv", ".json"].iter().any(|end| path.ends_with(end))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_is_a_whole_page_with_a_title_of_its_own() {
    let site = Site::open().await;
    let seats = site.seats().await;
    let mut titles: HashMap<String, String> = HashMap::new();
    for route in router::PEOPLE.iter().filter(|route| route.method == router::Method::Get && !is_file(route.path)) {
        let kinds: Vec<_> = match route.access() {
            Access::NoCertificate => continue,
            Access::Right(right) => seats.keys().copied().filter(|kind| kind.may(right)).collect(),
            _ => vec![AccountKind::Viewer],
        };
        for kind in kinds {
            let path = filled(route.path);
            let answer = seats[&kind].get(&path).await;
            let at = format!("{path} {kind:?}");
            assert_eq!(answer.status, StatusCode::OK, "{at} {}", answer.text());
            assert_headers(&answer, &at);
            assert_page(answer.text(), &at);
            let html = answer.text();
            assert!(html.contains("みなと病院") && html.contains("オンライン資格確認等システム"), "{at}");
            let logged_in = !matches!(route.access(), Access::Certificate);
            assert_eq!(html.contains("ログアウト</button>"), logged_in, "{at}");
            if let Some(other) = titles.insert(title(html).to_owned(), route.path.to_owned()) {
                assert!(
                    other == route.path || other.replace("/master", "") == route.path.replace("/master", ""),
                    "{other} {at}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_window_says_what_is_wrong_and_leads_on() {
    let site = Site::open().await;
    let enter = async |user: &str, password: &str| {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("user_id", user), ("password", password)])
            .finish();
        site.hospital.client.send(site.server.people, form("/login", body)).await.unwrap()
    };
    let wrong = enter("viewer01", "\"><script>alert(1)</script>").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("E0010") && wrong.text().contains("value=\"viewer01\""));
    assert!(wrong.headers.get("set-cookie").is_none() && !wrong.text().contains("<script"));
    let program = enter("agent01", PASSWORD).await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    let right = enter("viewer01", PASSWORD).await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, "/menu"));
    let cookie = right.header("set-cookie");
    assert!(cookie.starts_with("__Host-madoguchi="), "{cookie}");
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_ends_the_session_for_everyone_who_has_the_cookie() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    assert_eq!(seat.get("/menu").await.status, StatusCode::OK);
    let left = seat.post("/logout", &[]).await;
    assert_eq!((left.status, left.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(seat.get("/menu").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_open_by_themselves_until_they_are_closed() {
    let site = Site::open().await;
    let all = madoguchi_model::notice::Audience::All;
    site.service.publish_notice(all, "計画停止のお知らせ", "1行目\n<b>2行目</b>").await.unwrap();
    let body = format!("user_id=viewer01&password={PASSWORD}");
    let entered = site.hospital.client.send(site.server.people, form("/login", body)).await.unwrap();
    assert_eq!(entered.header("location"), "/notices");
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let listed = seat.get("/notices").await;
    assert!(listed.text().contains("未読") && listed.text().contains("1行目\n&#60;b&#62;2行目"), "{}", listed.text());
    let closed = seat.post("/notices/close", &[("notice", hidden(listed.text(), "notice"))]).await;
    assert_eq!(closed.header("location"), "/menu");
    assert!(!seat.get("/notices").await.text().contains("未読"));
    let general = site.seat(&site.hospital, AccountKind::General).await;
    assert!(general.get("/notices").await.text().contains("未読"), "read by one account is not read by another");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_confirmed_updated_and_kept_in_the_history() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Administrator).await;
    let sheet = seat.get("/settings").await;
    for part in ["閲覧同意の利用有無（情報の利用有無）", "利用有無設定項目", "開設年月日", "1980/04/01", "----/--/--"]
    {
        assert!(sheet.text().contains(part), "{part}");
    }
    assert_eq!(sheet.text().matches(">更新</button>").count(), 2);
    let same = seat.post("/settings/confirm", &[("surgery", "1")]).await;
    assert!(same.text().contains("変更された項目がありません"));
    let wrong = seat.post("/settings/confirm", &[("surgery", "7"), ("character_code", "9")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("手術情報") && wrong.text().contains("利用文字コード："));
    let asked = seat.post("/settings/confirm", &[("surgery", "0"), ("character_code", "1")]).await;
    for part in ["role=\"dialog\"", ">OK</button>", "キャンセル", "利用しない", "Shift_JIS"] {
        assert!(asked.text().contains(part), "{part}");
    }
    let version = hidden(asked.text(), "version").to_owned();
    let fields = [("version", version.as_str()), ("surgery", "0"), ("character_code", "1")];
    let done = seat.post("/settings", &fields).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/settings/done"));
    assert!(seat.get("/settings/done").await.text().contains("ログアウトし、ログインし直してください"));
    let history = seat.get("/settings/history").await;
    assert!(history.text().contains("administrator01") && history.text().contains("Shift_JIS"));
    let late = seat.post("/settings", &fields).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text().contains("L0008"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_stopped_started_and_their_passwords_shown_once() {
    let site = Site::open().await;
    for (kind, base, made, new) in [
        (AccountKind::Administrator, "/accounts", "viewer", "shinjin.01"),
        (AccountKind::Master, "/master/accounts", "administrator", "kanri.02"),
    ] {
        let seat = site.seat(&site.hospital, kind).await;
        let created = seat.post(base, &[("kind", made), ("user_id", new)]).await;
        let password = between(created.text(), "id=\"issued-password\">", "<").to_owned();
        assert!(password.len() >= 13, "{base}");
        assert!(!seat.get(base).await.text().contains(&password));
        let twice = seat.post(base, &[("kind", made), ("user_id", &new.to_uppercase())]).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "{base}");
        let above = seat.post(base, &[("kind", "master"), ("user_id", "another01")]).await;
        assert_eq!(above.status, StatusCode::FORBIDDEN, "{base}");
        assert_eq!(seat.post(&format!("{base}/{new}/stop"), &[]).await.header("location"), base);
        assert!(seat.get(base).await.text().contains("停止中"));
        assert_eq!(seat.post(&format!("{base}/{new}/start"), &[]).await.header("location"), base);
        assert!(!seat.get(base).await.text().contains("停止中"));
        let asked = seat.get(&format!("{base}/{new}/password")).await;
        assert!(asked.text().contains(&format!("ユーザID「{new}」")));
        let again = seat.post(&format!("{base}/{new}/password"), &[]).await;
        assert_ne!(between(again.text(), "id=\"issued-password\">", "<"), password);
        assert_eq!(again.header("cache-control"), "no-store");
        assert_eq!(seat.get(&format!("{base}/nobody01/password")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(seat.post(&format!("{base}/master01/password"), &[]).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reset_account_resets_the_master_with_the_secret_number_alone() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::MasterReset).await;
    let wrong = seat.post("/master/password", &[("secret_number", "000000000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = seat.post("/master/password", &[("secret_number", SECRET_NUMBER)]).await;
    assert_eq!(right.status, StatusCode::OK);
    assert!(right.text().contains("master01"));
    let old = format!("user_id=master01&password={PASSWORD}");
    let old = site.hospital.client.send(site.server.people, form("/login", old)).await.unwrap();
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_finds_a_patient_reads_the_list_and_withdraws_the_consent() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let address = format!("/patients/{}", Patient::Ordinary.id().to_hex());
    let link = format!("<a href=\"{address}\">窓口　花子</a>");
    for (text, kind, found) in [("", "", true), ("花子", "手", true), ("双葉", "", false), ("窓口", "×", true)]
    {
        let listed = seat.post("/patients", &[("text", text), ("kind", kind)]).await;
        assert_eq!(listed.text().contains(&link), found, "{text} {kind}");
    }
    let all = seat.get("/patients").await;
    assert_eq!(all.text().matches("<span aria-hidden=\"true\">○</span>").count(), 4);
    assert!(!all.text().contains("双葉"), "who did not agree is not listed");

    let detail = seat.get(&address).await;
    for part in
        ["診療年月（自）", "診療年月（至）", "今月", "直近3ヵ月", "直近6ヵ月", "手術・診療・薬剤閲覧", "薬剤閲覧"]
    {
        assert!(detail.text().contains(part), "{part}");
    }
    assert!(!detail.text().contains(" disabled"));
    let list = seat.get(&format!("{address}/records?list=care&pick=six_months")).await;
    for part in ["診療／薬剤情報一覧", "受診歴", "診療／薬剤実績", "手術情報", "作成日", "薬202610-8", "印刷"]
    {
        assert!(list.text().contains(part), "{part}");
    }
    assert!(!list.text().contains("202611"), "not released yet");
    let medication = seat.get(&format!("{address}/records?list=medication&pick=six_months")).await;
    assert!(medication.text().contains("薬剤情報一覧") && !medication.text().contains("受診歴"));
    for query in [
        "",
        "?list=care",
        "?list=other&pick=this_month",
        "?list=care&from_year=2026&from_month=5&to_year=2026&to_month=4",
    ] {
        let wrong = seat.get(&format!("{address}/records{query}")).await;
        assert!(wrong.status.is_client_error(), "{query} {}", wrong.status);
    }

    assert!(seat.get(&format!("{address}/withdrawal")).await.text().contains("取り消しますか"));
    let withdrawn = seat.post(&format!("{address}/withdrawal"), &[]).await;
    assert_eq!(withdrawn.header("location"), "/patients");
    assert!(!seat.get("/patients").await.text().contains("窓口"));
    for path in [
        address.clone(),
        format!("{address}/records?list=care&pick=six_months"),
        format!("{address}/records.pdf?list=care&pick=six_months"),
    ] {
        let denied = seat.get(&path).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN, "{path}");
        assert!(denied.text().contains("P0020") && denied.text().contains("取り消されています"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_patient_did_not_agree_to_cannot_be_pressed_and_says_why() {
    let site = Site::open().await;
    let only_medication = |page| page == madoguchi_model::kiosk::ConsentPage::MedicalCareAndMedication;
    let now = site.service.now();
    let hospital = madoguchi_service::test_support::HOSPITAL;
    site.world.pass(hospital, Patient::Ordinary, now, only_medication).await.unwrap();
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let address = format!("/patients/{}", Patient::Ordinary.id().to_hex());
    let detail = seat.get(&address).await;
    assert!(
        detail.text().contains("value=\"surgery\" disabled aria-describedby=\"refusals\">手術閲覧"),
        "{}",
        detail.text()
    );
    assert!(detail.text().contains("患者は手術情報の閲覧に同意していません。"));
    let list = seat.get(&format!("{address}/records?list=care&pick=six_months")).await;
    assert!(list.text().contains("手術情報は、患者の閲覧同意がないか"));
    let surgery = seat.get(&format!("{address}/records?list=surgery&pick=six_months")).await;
    assert_eq!(surgery.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn checkups_are_opened_by_their_own_consent_and_their_buttons_say_why_not() {
    use madoguchi_model::kiosk::ConsentPage;
    let site = Site::open().await;
    site.service.ingest_checkups(checkup_document().into_bytes()).await.unwrap();
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let path = format!("/patients/{}", Patient::Ordinary.id().to_hex());
    for agrees_to_checkup in [true, false] {
        let agrees = |page| (page == ConsentPage::Checkup) == agrees_to_checkup;
        let hospital = madoguchi_service::test_support::HOSPITAL;
        site.world.pass(hospital, Patient::Ordinary, site.service.now(), agrees).await.unwrap();
        let detail = seat.get(&path).await;
        let told = between(detail.text(), "<h2>特定健診情報閲覧</h2>", "</section>");
        assert_eq!(told.contains(&format!("href=\"{path}/checkups\">特定健診閲覧</a>")), agrees_to_checkup, "{told}");
        let disabled = told.matches(" disabled aria-describedby=\"checkup-refusal\"").count();
        assert_eq!(disabled, if agrees_to_checkup { 0 } else { 2 }, "{told}");
        assert_eq!(told.contains("患者は特定健診情報の閲覧に同意していません。"), !agrees_to_checkup, "{told}");
        for kind in ["手術情報", "診療情報", "薬剤情報"] {
            let refused = detail.text().contains(&format!("患者は{kind}の閲覧に同意していません。"));
            assert_eq!(refused, agrees_to_checkup, "{kind}");
        }
        let shown = seat.get(&format!("{path}/checkups")).await;
        assert_eq!(shown.status, if agrees_to_checkup { StatusCode::OK } else { StatusCode::FORBIDDEN });
        if agrees_to_checkup {
            assert_page(shown.text(), "checkups");
            for part in
                ["特定健診受診結果", "2026年6月10日", "身体計測", "腹囲", "91.5 <strong class=\"flag H\">H", "90未満*1"]
            {
                assert!(shown.text().contains(part), "{part}");
            }
        } else {
            assert!(shown.text().contains("P0020") && !shown.text().contains("91.5"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_checkups_are_a_pdf_and_refused_like_the_screen() {
    let Ok(reports) = Reports::new(&FontChoice::system()) else { return };
    let site = Site::open_with(Ok(reports)).await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let path = format!("/patients/{}/checkups.pdf", Patient::Ordinary.id().to_hex());
    let printed = seat.get(&path).await;
    assert_eq!((printed.status, printed.header("content-type")), (StatusCode::OK, "application/pdf"));
    assert_eq!(printed.header("content-disposition"), "inline; filename=\"checkups.pdf\"");
    assert_eq!(printed.header("cache-control"), "no-store");
    assert!(printed.body.starts_with(b"%PDF-"));
    assert_eq!(site.last_entry().await.draft.action, madoguchi_model::audit::Action::PrintRecords);
    site.world
        .pass(madoguchi_service::test_support::HOSPITAL, Patient::Ordinary, site.service.now(), |_| false)
        .await
        .unwrap();
    assert_eq!(seat.get(&path).await.status, StatusCode::FORBIDDEN);
}

/// A check-up of the ordinary patient: a waist of 91.5 cm on 2026-06-10.
pub(crate) fn checkup_document() -> String {
    let root = "1.2.392.200119.6";
    format!(
        "<ClinicalDocument xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">
         <code code=\"10\"/><effectiveTime value=\"20260701\"/><recordTarget><patientRole>
         <id extension=\"01130012\" root=\"{root}.101\"/><id extension=\"21700023\" root=\"{root}.204\"/>
         <id extension=\"45\" root=\"{root}.205\"/><id extension=\"01\" root=\"{root}.211\"/>
         <patient><name>マドグチ　ハナコ</name><administrativeGenderCode code=\"2\"/><birthTime value=\"19620521\"/>
         </patient></patientRole></recordTarget><author><assignedAuthor><representedOrganization>
         <id extension=\"1310000017\" root=\"{root}.102\"/><name>みなと健診センター</name>
         </representedOrganization></assignedAuthor></author><documentationOf><serviceEvent><code code=\"010\"/>
         <effectiveTime value=\"20260610\"/></serviceEvent></documentationOf><component><structuredBody><component>
         <section><code code=\"01010\"/><entry><observation><code code=\"9N016160100000001\"/>
         <value xsi:type=\"PQ\" value=\"91.5\" unit=\"cm\"/></observation></entry></section>
         </component></structuredBody></component></ClinicalDocument>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_months_lead_back_to_where_they_were_chosen() {
    let site = Site::open().await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let patient = format!("/patients/{}", Patient::Ordinary.id().to_hex());
    let back = format!("href=\"{patient}\">戻る</a>");
    let turned_round = "list=care&from_year=2026&from_month=5&to_year=2026&to_month=4";
    for (file, query, leads_back) in [
        ("records", turned_round, true),
        ("records", "list=care", true),
        ("records.pdf", "list=care", true),
        ("records", "list=other&pick=this_month", false),
    ] {
        let wrong = seat.get(&format!("{patient}/{file}?{query}")).await;
        let status = if leads_back { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::NOT_FOUND };
        assert_eq!(wrong.status, status, "{file} {query}");
        assert_eq!(wrong.text().contains(&back), leads_back, "{file} {query}");
        assert_eq!(wrong.text().contains("メニューへ戻る"), !leads_back, "{file} {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_list_is_a_pdf_without_patient_data_in_its_name() {
    let Ok(reports) = Reports::new(&FontChoice::system()) else { return };
    let site = Site::open_with(Ok(reports)).await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let pdf = seat.get(&filled("/patients/{person}/records.pdf")).await;
    assert_eq!(pdf.status, StatusCode::OK);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert_eq!(pdf.header("content-disposition"), "inline; filename=\"records.pdf\"");
    assert!(pdf.body.starts_with(b"%PDF-"));
    assert_headers(&pdf, "records.pdf");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_japanese_font_a_page_names_the_package_and_the_screen_goes_on() {
    let empty = tempfile::tempdir().unwrap();
    let site = Site::open_with(Reports::new(&FontChoice::folder_only(empty.path()))).await;
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let refused = seat.get(&filled("/patients/{person}/records.pdf")).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().contains("W0009") && refused.text().contains("fonts-morisawa-bizud-gothic"));
    assert_eq!(seat.get(&filled("/patients/{person}/records")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_can_be_moved_sideways_by_keyboard_in_a_region_with_a_name() {
    let site = Site::open().await;
    let seats = site.seats().await;
    let patient = format!("/patients/{}/records?pick=six_months&list=", Patient::Ordinary.id().to_hex());
    for (kind, path, tables) in [
        (AccountKind::Viewer, "/patients".to_owned(), 1),
        (AccountKind::Viewer, format!("{patient}care"), 2),
        (AccountKind::Viewer, format!("{patient}medication"), 1),
        (AccountKind::Administrator, "/accounts".to_owned(), 1),
    ] {
        let page = seats[&kind].get(&path).await;
        let html = page.text();
        assert!(html.matches("<table").count() >= tables, "{path}");
        let regions = html.matches("<div class=\"scroll\" role=\"region\" aria-label=\"").count();
        assert_eq!(
            (html.matches("<table").count(), html.matches("class=\"scroll\"").count()),
            (regions, regions),
            "{path}"
        );
    }
    let listed = seats[&AccountKind::Viewer].get("/patients").await;
    assert!(listed.text().contains("<table class=\"patients whole\">"));
    let address = between(listed.text(), "<link rel=\"stylesheet\" href=\"", "\"");
    let style = seats[&AccountKind::Viewer].get(address).await;
    for rule in [".scroll > .patients { min-width:", ".scroll > .entries { min-width:", "word-break: keep-all"] {
        assert!(style.text().contains(rule), "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn style_and_icon_may_be_kept_and_nothing_else() {
    let site = Site::open().await;
    let start = site.hospital.client.send(site.server.people, crate::client::request(Method::GET, "/")).await.unwrap();
    let address = between(start.text(), "<link rel=\"stylesheet\" href=\"", "\"");
    let seat = site.seat(&site.hospital, AccountKind::Viewer).await;
    let style = seat.get(address).await;
    assert!(
        style.header("cache-control").contains("immutable") && style.header("content-type").starts_with("text/css")
    );
    assert_eq!(seat.get("/static/madoguchi.css?v=0").await.header("cache-control"), "no-cache");
    let head = seat.send(Port::People, crate::client::request(Method::HEAD, "/menu")).await;
    assert_eq!(head.header("cache-control"), "no-store");
}
