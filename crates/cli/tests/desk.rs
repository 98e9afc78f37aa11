//! An institution's desk on a bad day: wrong PINs, foreign cards and certificates, withdrawn consents, switched-off
//! settings, old pages. Each is refused on a Japanese page with its code, and what is right beside it still works.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_trust::authority::{CertificateDirectory, IssueRequest};
use madoguchi_trust::card_authority::{CardAuthority, CardRequest};
use madoguchi_trust::ledger::RevocationReason;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::verb::{run, verify};
use support::walk::{card, logged_in, passed, patient, place, plain, press, records, switch};
use support::{Answer, Browser, Demo, Page, account, command, text};

/// Last month of care that can be seen on the demo's day.
const LAST: u32 = 202_404;
/// All months that the demo tells of.
const ALL: (u32, u32) = (202_205, LAST);

/// The demo that all checks share; each check takes cards of its own or sets what it needs.
struct World {
    demo: Demo,
    document: Value,
    folder: PathBuf,
}

type Check = fn(&World);

const CHECKS: &[(&str, Check)] = &[
    ("the PIN locks after three wrong tries, that card only", the_pin_locks),
    ("an expired, a foreign and a revoked card", cards_that_are_not_taken),
    ("a foreign and a revoked certificate at the terminal", certificates_that_are_not_taken),
    ("twins are two people", twins_are_two_people),
    ("診療 on, 薬剤 off", care_without_drugs),
    ("a patient without care", a_patient_without_care),
    ("a month with two insurers", a_month_with_two_insurers),
    ("a second pass while the first is open", a_second_pass),
    ("consent withdrawn between list and print", withdrawn_before_printing),
    ("利用しない binds an open log-in", switched_off_at_once),
    ("an old password after 初期化", an_initialised_password),
    ("terminal A's cookie at terminal B", a_cookie_elsewhere),
    ("other hosts and paths", other_hosts_and_paths),
];

#[test]
fn on_a_bad_day() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let demo = Demo::start(&directory, &["--today", "20240520", "--persons", "120", "--seed", "7"]);
    let mut world = World { document: demo.document(), demo, folder: folder.path().to_owned() };
    for institution in 0..2 {
        use_all(&world.document["institutions"][institution]);
    }
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let begun = Instant::now();
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&world)));
        println!("{} {name} ({} ms)", if checked.is_ok() { "ok    " } else { "FAILED" }, begun.elapsed().as_millis());
        failed.extend(checked.is_err().then_some(*name));
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(world.demo.stop(), Some(0));
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

fn use_all(institution: &Value) {
    switch(institution, &[Setting::MedicalCare, Setting::Medication, Setting::Surgery].map(|it| (it.code(), USED)));
}

fn the_pin_locks(world: &World) {
    let institution = world.institution(0);
    let (mine, other) = (world.ordinary_card(0), world.ordinary_card(1));
    let wrong = if mine["pin"] == "0000" { "0001" } else { "0000" };
    let mut kiosk = kiosk(institution);
    let page = place(&mut kiosk, &text(&mine["id"]));
    let page = press(&mut kiosk, &page, "pin", "");
    let page = press(&mut kiosk, &page, "confirm", "12");
    assert_says(&page, 200, &["4桁の数字", "回数には数えません"]);
    let page = press(&mut kiosk, &page, "confirm", wrong);
    assert_says(&page, 200, &["あと2回", "コード 004"]);
    // Another pass, the same card: the card counts, not the pass.
    let page = place(&mut kiosk, &text(&mine["id"]));
    let page = press(&mut kiosk, &page, "pin", "");
    let page = press(&mut kiosk, &page, "confirm", wrong);
    assert_says(&page, 200, &["あと1回", "コード 004"]);
    let page = press(&mut kiosk, &page, "confirm", wrong);
    assert_says(&page, 200, &["ロックされています", "コード 005", "窓口の職員"]);
    assert_says(&shown(institution, mine), 200, &["コード 005"]);
    passed(institution, other, Answer::Agree);
}

fn cards_that_are_not_taken(world: &World) {
    let institution = world.institution(0);
    let expired = card(&world.document, "電子証明書の有効期限が切れている方");
    assert_says(&shown(institution, expired), 200, &["有効期限が切れています", "コード 008"]);

    let request = CardRequest {
        card_id: "card-9999".into(),
        name: "他所　花子".into(),
        pin: "1234".into(),
        not_before: 1_700_000_000,
        not_after: 1_800_000_000,
        story: String::new(),
    };
    let elsewhere = CardAuthority::init(&world.folder.join("other-cards"), 1_700_000_000).unwrap();
    let foreign = elsewhere.issue_card(&request).unwrap();
    foreign.save(&world.demo.directory.join("cards/card-9999.json")).unwrap();
    let foreign = serde_json::json!({ "id": "card-9999", "pin": "1234" });
    assert_says(&shown(institution, &foreign), 200, &["このカードは使えません", "コード 002"]);

    // Of the right authority, but nobody's.
    let ours = CardAuthority::open(&world.demo.directory.join("cards-ca")).unwrap();
    let unregistered = ours.issue_card(&CardRequest { card_id: "card-9998".into(), ..request }).unwrap();
    unregistered.save(&world.demo.directory.join("cards/card-9998.json")).unwrap();
    let unregistered = serde_json::json!({ "id": "card-9998", "pin": "1234" });
    assert_says(&shown(institution, &unregistered), 200, &["登録されていません", "コード 011"]);

    let lost = world.ordinary_card(2);
    passed(institution, lost, Answer::Agree);
    ours.revoke_card(&text(&lost["id"]), RevocationReason::KeyCompromise, 1_700_000_000).unwrap();
    let told = eventually(|| Some(shown(institution, lost)).filter(|page| page.body.contains("コード 009")));
    assert_says(&told, 200, &["失効"]);
}

fn certificates_that_are_not_taken(world: &World) {
    let code = text(&world.institution(0)["code"]);
    let elsewhere = CertificateDirectory::init(
        &world.folder.join("other-ca"),
        &["localhost".to_owned()],
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap(),
    );
    let request = IssueRequest {
        institution_code: code.clone(),
        institution_name: "よそ".into(),
        label: "01".into(),
        days: 30,
        p12_password: None,
        now: i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap(),
    };
    let foreign = elsewhere.unwrap().issue(&request).unwrap();
    let terminal = Terminal::start(world, &foreign.certificate, &foreign.key);
    let page = Browser::new(&terminal.url).get("/").unwrap();
    assert_says(&page, 502, &["この端末の証明書は使えません", "認証局のものではない", "E0099"]);

    let issued = run(
        &world.demo.directory,
        &["cert", "issue"],
        &["--institution", &code, "--name", "見本", "--label", "desk-2"],
    );
    assert_eq!(issued.code, Some(0), "{}", issued.text());
    let clients = world.demo.directory.join("certificates/clients");
    let certificate = clients.join(format!("{code}-desk-2.pem"));
    let terminal = Terminal::start(world, &certificate, &clients.join(format!("{code}-desk-2.key")));
    let (user, password) = account(world.institution(0), "general");
    let mut browser = Browser::new(&terminal.url);
    assert_eq!(browser.log_in(&user, &password).unwrap().status, 200);
    let revoked = run(&world.demo.directory, &["cert", "revoke"], &[certificate.to_str().unwrap()]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.text());
    // On a connection that is open the server says so; a new one would fail in the handshake.
    let told = eventually(|| browser.get("/menu").filter(|page| page.status != 200));
    assert!(told.body.contains("失効して"), "{}", told.body);
    assert!(told.body.contains("W0002") || told.body.contains("E0099"), "{}", told.body);
    let restarted = Terminal::start(world, &certificate, &clients.join(format!("{code}-desk-2.key")));
    let page = Browser::new(&restarted.url).get("/").unwrap();
    assert_says(&page, 502, &["この端末の証明書は使えません", "失効している", "E0099"]);
    // The terminal beside it, with its own certificate, works on.
    logged_in(world.institution(0), "general");
}

fn twins_are_two_people(world: &World) {
    let institution = world.institution(0);
    let names = ["松本　蓮", "松本　湊"];
    let twins = names.map(|name| card(&world.document, name));
    assert_eq!(twins[0]["birthdate"], twins[1]["birthdate"]);
    assert_eq!(twins[0]["number"], twins[1]["number"]);
    assert_ne!(twins[0]["branch"], twins[1]["branch"]);
    passed(institution, twins[0], Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    assert!(patient(&mut viewer, names[0]).is_some());
    assert_eq!(patient(&mut viewer, names[1]), None, "one twin's consent opened the other's records");
    passed(institution, twins[1], Answer::Agree);
    let lists = names.map(|name| {
        let address = patient(&mut viewer, name).unwrap();
        plain(&viewer.get(&records(&address, "care", ALL.0, ALL.1)).unwrap())
    });
    let drugs = ["モンテルカスト", "レボセチリジン"];
    let has = |list: &String| drugs.map(|drug| list.contains(drug));
    assert!(has(&lists[0]) != has(&lists[1]), "{lists:#?}");
    assert!(has(&lists[0]).iter().filter(|has| **has).count() == 1, "{}", lists[0]);
    assert!(has(&lists[1]).iter().filter(|has| **has).count() == 1, "{}", lists[1]);
}

fn care_without_drugs(world: &World) {
    let institution = world.institution(1);
    switch(institution, &[(Setting::Medication.code(), NOT_USED)]);
    let mine = card(&world.document, "手術（腹腔鏡下胆嚢摘出術）を受けた方");
    let mut kiosk = kiosk(institution);
    let page = shown_at(&mut kiosk, mine);
    let asked = plain(&page);
    assert!(asked.contains("診療") && !asked.contains("薬剤"), "{asked}");
    press(&mut kiosk, &page, "agree-all", "");
    let mut viewer = logged_in(institution, "viewer");
    let address = patient(&mut viewer, &text(&mine["name"])).unwrap();
    let list = viewer.get(&records(&address, "care", ALL.0, ALL.1)).unwrap();
    assert_says(&list, 200, &["手術情報", "胆嚢", "特定疾患療養管理料", "薬剤情報は、患者の閲覧同意がないか"]);
    assert!(!plain(&list).contains("カンデサルタン"), "{}", plain(&list));
    let refused = viewer.get(&records(&address, "medication", ALL.0, ALL.1)).unwrap();
    assert_says(&refused, 403, &["P0022", "薬剤情報", "利用しない"]);
    use_all(institution);
    // Switched on again and agreed to, the drug is there.
    passed(institution, mine, Answer::Agree);
    let list = logged_in(institution, "viewer").get(&records(&address, "care", ALL.0, ALL.1)).unwrap();
    assert_says(&list, 200, &["カンデサルタン"]);
}

fn a_patient_without_care(world: &World) {
    let institution = world.institution(0);
    let mine = card(&world.document, "まだ一度も受診がなく");
    passed(institution, mine, Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    let address = patient(&mut viewer, &text(&mine["name"])).unwrap();
    for list in ["care", "medication", "surgery"] {
        let page = viewer.get(&records(&address, list, ALL.0, ALL.1)).unwrap();
        assert_says(&page, 200, &["該当する情報はありません"]);
    }
    let pdf = viewer.get(&records(&address, "care", ALL.0, ALL.1).replace("records?", "records.pdf?")).unwrap();
    assert!(pdf.body.starts_with("%PDF"), "{}", pdf.status);
}

/// The insurer changed on the 16th of the month before the last; the patient came on the 5th and the 22nd.
fn a_month_with_two_insurers(world: &World) {
    let institution = world.institution(0);
    let mine = card(&world.document, "月の途中（16日）で保険者が変わった方");
    passed(institution, mine, Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    let address = patient(&mut viewer, &text(&mine["name"])).unwrap();
    let page = viewer.get(&records(&address, "medication", LAST - 1, LAST - 1)).unwrap();
    let shown = plain(&page);
    let days: Vec<_> = ["5日", "22日"].iter().map(|day| shown.contains(&format!("3月{day}"))).collect();
    assert_eq!(days, [true, true], "{shown}");
}

fn a_second_pass(world: &World) {
    let institution = world.institution(0);
    let (first, second) = (world.ordinary_card(3), world.ordinary_card(4));
    let (mut kiosk_1, mut kiosk_2) = (kiosk(institution), kiosk(institution));
    let asked = shown_at(&mut kiosk_1, first);
    assert_says(&asked, 200, &["同意しますか"]);
    let page = place(&mut kiosk_2, &text(&second["id"]));
    let late = press(&mut kiosk_1, &asked, "agree-all", "");
    assert_says(&late, 409, &["この受付は終わっています", "E0409", "送信されていません"]);
    let page = press(&mut kiosk_2, &page, "pin", "");
    let page = press(&mut kiosk_2, &page, "confirm", &text(&second["pin"]));
    let done = press(&mut kiosk_2, &page, "agree-all", "");
    assert!(done.heading().contains("取り出して"), "{}", done.body);
    let mut viewer = logged_in(institution, "viewer");
    assert_eq!(patient(&mut viewer, &text(&first["name"])), None, "a page that was replaced has granted a consent");
    assert!(patient(&mut viewer, &text(&second["name"])).is_some());
}

fn withdrawn_before_printing(world: &World) {
    let institution = world.institution(0);
    let mine = world.ordinary_card(5);
    passed(institution, mine, Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    let address = patient(&mut viewer, &text(&mine["name"])).unwrap();
    let list = records(&address, "care", ALL.0, ALL.1);
    let print = list.replace("records?", "records.pdf?");
    assert_eq!(viewer.get(&list).unwrap().status, 200);
    assert!(viewer.get(&print).unwrap().body.starts_with("%PDF"));

    let mut administrator = logged_in(institution, "administrator");
    let confirm = administrator.get(&format!("{address}/withdrawal")).unwrap();
    let form_token = confirm.hidden("form_token").unwrap();
    let done = administrator.post(&format!("{address}/withdrawal"), &[("form_token", &form_token)]).unwrap();
    assert_eq!(done.status, 200, "{}", done.body);
    for path in [&print, &list] {
        let refused = viewer.get(path).unwrap();
        assert_says(&refused, 403, &["P0020", "取り消されています", "もう一度カードリーダーで同意"]);
    }
    assert_eq!(patient(&mut viewer, &text(&mine["name"])), None);
    // The patient may agree again.
    passed(institution, mine, Answer::Agree);
    assert_eq!(viewer.get(&list).unwrap().status, 200);
}

fn switched_off_at_once(world: &World) {
    let institution = world.institution(1);
    use_all(institution);
    let mine = card(&world.document, "5種類の薬が出ている方");
    passed(institution, mine, Answer::Agree);
    let mut viewer = logged_in(institution, "viewer");
    let address = patient(&mut viewer, &text(&mine["name"])).unwrap();
    let list = records(&address, "medication", ALL.0, ALL.1);
    assert_eq!(viewer.get(&list).unwrap().status, 200);
    switch(institution, &[(Setting::Medication.code(), NOT_USED)]);
    assert_says(&viewer.get(&list).unwrap(), 403, &["P0022", "利用しない", "環境設定情報更新"]);
    // 利用する binds at the next log-in only.
    let mut viewer = logged_in(institution, "viewer");
    switch(institution, &[(Setting::Medication.code(), USED)]);
    assert_says(&viewer.get(&list).unwrap(), 403, &["P0022", "もう一度ログイン"]);
    assert_eq!(logged_in(institution, "viewer").get(&list).unwrap().status, 200);
}

fn an_initialised_password(world: &World) {
    let institution = world.institution(2);
    let (user, old) = account(institution, "viewer");
    let mut viewer = logged_in(institution, "viewer");
    let mut administrator = logged_in(institution, "administrator");
    let path = format!("/accounts/{user}/password");
    let form_token = administrator.get(&path).unwrap().hidden("form_token").unwrap();
    let issued = administrator.post(&path, &[("form_token", &form_token)]).unwrap();
    let new = issued.body.split("id=\"issued-password\">").nth(1).unwrap().split('<').next().unwrap();
    let new = new.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"");

    assert_says(&viewer.get("/menu").unwrap(), 401, &["L0001", "もう一度ログイン"]);
    let mut browser = Browser::new(&text(&institution["terminal"]));
    assert_says(&browser.log_in(&user, &old).unwrap(), 401, &["E0010"]);
    let page = browser.log_in(&user, &new).unwrap();
    assert_says(&page, 200, &["パスワード", "変更"]);
    let elsewhere = browser.get("/patients").unwrap();
    assert!(elsewhere.hidden("form_token").is_some() && !elsewhere.body.contains("検索結果"), "{}", elsewhere.body);
}

fn a_cookie_elsewhere(world: &World) {
    let (here, there) = (world.institution(0), world.institution(1));
    let viewer = logged_in(here, "viewer");
    let cookie = viewer.cookie().unwrap().to_owned();
    assert!(cookie.starts_with(&format!("madoguchi-{}=", text(&here["code"]))), "{cookie}");
    let value = cookie.split('=').nth(1).unwrap();
    for stolen in [cookie.clone(), format!("madoguchi-{}={value}", text(&there["code"]))] {
        let mut thief = Browser::new(&text(&there["terminal"]));
        thief.take_cookie(&stolen);
        assert_says(&thief.get("/menu").unwrap(), 401, &["L0001"]);
    }
    let mut owner = Browser::new(&text(&here["terminal"]));
    owner.take_cookie(&cookie);
    assert_eq!(owner.get("/menu").unwrap().status, 200, "the thief has ended the owner's log-in");
}

fn other_hosts_and_paths(world: &World) {
    let institution = world.institution(0);
    let mut browser = Browser::new(&text(&institution["terminal"]));
    let own = text(&institution["terminal"]);
    let own = own.trim_start_matches("http://").trim_end_matches('/');
    let port = own.rsplit(':').next().unwrap();
    let neighbour = format!("{}.localhost:{port}", text(&world.institution(1)["code"]));
    let get = |path: &str, host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let post = |origin: &str| {
        let head = format!("POST /login HTTP/1.1\r\nHost: {own}\r\nOrigin: {origin}\r\nConnection: close\r\n");
        format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nuser_id=a")
    };
    let ip = format!("127.0.0.1:{port}");
    let localhost = format!("localhost:{port}");
    for (request, status, code) in [
        (get("/", own), 200, ""),
        (get("/", &ip), 421, "E0421"),
        (get("/", &localhost), 421, "E0421"),
        (get("/", &neighbour), 421, "E0421"),
        (get("/", "rebound.example"), 421, "E0421"),
        (get("/", &format!("{own}\r\nHost: {own}")), 421, "E0421"),
        (get("/reader/session", own), 404, "E0404"),
        (get("/static/../reader/session", own), 404, "E0404"),
        (get("/static/%2e%2e/reader", own), 404, "E0404"),
        (get("//patients", own), 404, "E0404"),
        (get("/nothing", own), 404, "E0404"),
        (get("/patients", own), 401, "L0001"),
        (get("/settings/none", own), 404, "W0004"),
        (get("/", own).replace("GET", "PUT"), 405, "E0405"),
        (post("http://evil.example"), 403, "E0403"),
        (post("null"), 403, "E0403"),
        (post(&format!("http://{own}")), 401, "E0010"),
    ] {
        let page = browser.raw(&request).unwrap_or_else(|| panic!("no answer to {request}"));
        assert_eq!((page.status, page.body.contains(code)), (status, true), "{request}\n{}", plain(&page));
    }
}

impl World {
    fn institution(&self, index: usize) -> &Value {
        &self.document["institutions"][index]
    }

    /// A card of somebody without a story.
    fn ordinary_card(&self, index: usize) -> &Value {
        let cards = self.document["cards"].as_array().unwrap().iter();
        cards.filter(|card| card["story"] == "一般の方").nth(index).unwrap()
    }
}

/// A terminal of its own beside the demo's.
struct Terminal {
    url: String,
    child: Child,
}

impl Terminal {
    fn start(world: &World, certificate: &Path, key: &Path) -> Self {
        let address = |field: &str| text(&world.document[field]).trim_start_matches("https://").to_owned();
        let mut child = command()
            .args(["terminal", "--viewer", "--listen", "127.0.0.1:0"])
            .args(["--institution", &text(&world.institution(0)["code"])])
            .args(["--server", &address("server"), "--api", &address("api"), "--ca", &text(&world.document["ca"])])
            .args(["--cert".as_ref(), certificate.as_os_str(), "--key".as_ref(), key.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { url: url.trim().to_owned(), child }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn kiosk(institution: &Value) -> Browser {
    Browser::new(&text(&institution["kiosk"]))
}

/// What the reader says after card and right PIN.
fn shown(institution: &Value, card: &Value) -> Page {
    shown_at(&mut kiosk(institution), card)
}

fn shown_at(kiosk: &mut Browser, card: &Value) -> Page {
    let page = place(kiosk, &text(&card["id"]));
    let page = press(kiosk, &page, "pin", "");
    press(kiosk, &page, "confirm", &text(&card["pin"]))
}

fn assert_says(page: &Page, status: u16, words: &[&str]) {
    let shown = plain(page);
    let missing: Vec<_> = words.iter().filter(|words| !shown.contains(**words)).collect();
    assert!(
        page.status == status && missing.is_empty(),
        "{} instead of {status}, without {missing:?}: {shown}",
        page.status
    );
}

/// Files are looked at once a second.
fn eventually(mut look: impl FnMut() -> Option<Page>) -> Page {
    let begun = Instant::now();
    loop {
        if let Some(page) = look() {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "it did not happen in time");
        std::thread::sleep(Duration::from_millis(200));
    }
}
