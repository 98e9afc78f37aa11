//! The kiosk from card to consent, without scripts, against a stand-in for the server's machine port.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use madoguchi_terminal::{FolderConfig, MachineAccount, RunningTerminal, Terminal, TerminalConfig};
use madoguchi_trust::CardTrust;
use serde_json::{Value, json};
use support::{Answer, CODE, Page, Seen, World, fetch, json as answer};

const CHALLENGE: [u8; 32] = [7; 32];

/// How the stand-in server behaves.
#[derive(Clone)]
struct Script {
    pages: Value,
    valid: bool,
    card: u16,
    card_code: &'static str,
    /// Status of the log-in.
    log_in: u16,
    /// Status of the answers.
    answers: u16,
    /// So many requests are refused with 401 before the server is content.
    expired: Arc<AtomicUsize>,
}

impl Default for Script {
    fn default() -> Self {
        let pages = json!([
            {"page": "surgery", "heading": "手術情報"},
            {"page": "medical_care_and_medication", "heading": "診療／薬剤情報"},
        ]);
        Self { pages, valid: true, card: 200, card_code: "", log_in: 200, answers: 200, expired: Arc::default() }
    }
}

impl Script {
    fn answer(&self, seen: &Seen) -> Answer {
        let refused = |status: u16, code: &str| {
            answer(status, &json!({"code": code, "message": format!("理由{code}"), "next_step": format!("対応{code}")}))
        };
        if seen.path == "/agent/faces" {
            return answer(200, &json!({"faces": []}));
        }
        if seen.path == "/reader/session" || seen.path == "/agent/session" {
            let institution = json!({"code": CODE, "name": "見本病院", "kind": "medical"});
            return match self.log_in {
                200 => answer(200, &json!({"token": "t1", "institution": institution, "character_code": "0"})),
                status => refused(status, "E0401"),
            };
        }
        if self.expired.load(Ordering::SeqCst) > 0 {
            self.expired.fetch_sub(1, Ordering::SeqCst);
            return refused(401, "E0401");
        }
        match seen.path.rsplit('/').next().unwrap() {
            "pass" => answer(200, &json!({"pass": "0123abcd", "challenge": BASE64_STANDARD.encode(CHALLENGE)})),
            "card" if self.card != 200 => refused(self.card, self.card_code),
            "card" => answer(
                200,
                &json!({"name": "見本 太郎", "eligibility": {"valid": self.valid, "text": "資格の文"}, "notices": [], "pages": self.pages}),
            ),
            "answers" if self.answers != 200 => refused(self.answers, "E0409"),
            "answers" => answer(200, &json!({"agreed": ["手術情報"], "valid_until": "令和8年4月2日 10時30分"})),
            other => panic!("{other}"),
        }
    }
}

struct Kiosk {
    world: World,
    terminal: RunningTerminal,
}

impl Kiosk {
    async fn new(script: Script) -> Self {
        let world = World::new();
        world.card("c1", "見本 太郎", "0123");
        let server = world.serve(move |seen| script.answer(&seen)).await;
        Self::at(world, server).await
    }

    async fn at(world: World, server: SocketAddr) -> Self {
        let reader = Some(MachineAccount { user_id: "reader01".into(), password: "correct".into() });
        let terminal = Terminal::start(TerminalConfig { reader, ..world.config(server) }).await.unwrap();
        Self { world, terminal }
    }

    fn host(&self) -> String {
        format!("kiosk-{CODE}.localhost:{}", self.terminal.address().port())
    }

    async fn get(&self, path: &str) -> Page {
        fetch(self.terminal.address(), Request::get(path).header("host", self.host()), "").await
    }

    async fn post(&self, path: &str, form: &str) -> Page {
        let request = Request::post(path)
            .header("host", self.host())
            .header("origin", format!("http://{}", self.host()))
            .header("content-type", "application/x-www-form-urlencoded");
        fetch(self.terminal.address(), request, form.to_owned()).await
    }

    /// Puts a card on the reader; the address of its pass.
    async fn place(&self, card: &str) -> String {
        let page = self.post("/card", &format!("card={card}")).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.header("location").unwrap().to_owned()
    }

    /// Presses a button on the page as it is now, and follows to the next page.
    async fn press(&self, pass: &str, button: &str) -> Page {
        let number = number_of(&self.get(pass).await);
        let page = self.post(pass, &format!("page={number}&press={button}")).await;
        assert_eq!(page.status, 303, "{button}: {}", page.text);
        self.get(page.header("location").unwrap()).await
    }

    /// Through method and PIN pad, digit by digit.
    async fn identify(&self, pass: &str, pin: &str) -> Page {
        if self.get(pass).await.text.contains("本人確認の方法") {
            self.press(pass, "pin").await;
        }
        for digit in pin.split("").filter(|digit| !digit.is_empty()) {
            self.press(pass, digit).await;
        }
        self.press(pass, "confirm").await
    }

    fn sent(&self, path: &str) -> Vec<Value> {
        let seen = self.world.seen();
        seen.iter()
            .filter(|seen| seen.path.ends_with(path))
            .map(|seen| serde_json::from_str(&seen.body).unwrap())
            .collect()
    }
}

/// The page number that its forms carry.
fn number_of(page: &Page) -> u32 {
    let after = page.text.split("name=\"page\" value=\"").nth(1).unwrap_or_else(|| panic!("no form: {}", page.text));
    after.split('"').next().unwrap().parse().unwrap()
}

fn has(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.text.contains(text), "「{text}」 is missing in {}", page.text);
    }
}

#[tokio::test]
async fn from_the_card_to_the_stored_consent() {
    let kiosk = Kiosk::new(Script::default()).await;
    let first = kiosk.get("/").await;
    has(&first, &["マイナンバーカードを置いてください", "見本病院", "見本 太郎", "試験用"]);
    assert!(first.header("content-security-policy").unwrap().contains("default-src 'none'"));

    let pass = kiosk.place("c1").await;
    has(&kiosk.get(&pass).await, &["本人確認の方法を選んでください"]);
    has(&kiosk.identify(&pass, "0123").await, &["過去の診療情報等の提供に同意しますか", "見本 太郎 様"]);
    has(&kiosk.press(&pass, "each").await, &["【手術情報】"]);
    has(&kiosk.press(&pass, "agree").await, &["【診療／薬剤情報】"]);
    assert!(kiosk.sent("/answers").is_empty(), "nothing before the last page");
    let done = kiosk.press(&pass, "refuse").await;
    has(&done, &["カードを取り出してください", "手術情報", "令和8年4月2日 10時30分", "終了"]);
    assert_eq!(done.header("refresh"), Some("30; url=/"));

    let answers = json!({"answers": [{"page": "surgery", "agree": true}, {"page": "medical_care_and_medication", "agree": false}]});
    assert_eq!(kiosk.sent("/answers"), [answers]);
    assert_eq!(kiosk.sent("/session"), [json!({"user_id": "reader01", "password": "correct"})], "one log-in");
    has(&kiosk.press(&pass, "end").await, &["マイナンバーカードを置いてください"]);
    let old = kiosk.get(&pass).await;
    assert!(!old.text.contains("見本 太郎"), "nothing of the patient is left: {}", old.text);
}

#[tokio::test]
async fn the_card_really_signs_the_servers_challenge() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    kiosk.identify(&pass, "0123").await;
    let [card] = kiosk.sent("/card").try_into().unwrap();
    let bytes = |field: &str| BASE64_STANDARD.decode(card[field].as_str().unwrap()).unwrap();
    let ca = kiosk.world.folder.path().join("card-ca");
    let trust = CardTrust::load(&ca).unwrap();
    let verify = |challenge: &[u8]| trust.verify(&bytes("certificate"), challenge, &bytes("signature"), support::now());
    assert!(verify(&CHALLENGE).is_ok());
    assert!(verify(&[8; 32]).is_err());
    let tokens: Vec<_> =
        kiosk.world.seen().iter().filter_map(|seen| seen.headers.get("authorization").cloned()).collect();
    assert!(tokens.len() == 2 && tokens.iter().all(|token| token == "Bearer t1"));
}

#[tokio::test]
async fn agreeing_to_all_and_refusing_all_answer_every_page() {
    for (button, agree) in [("agree-all", true), ("refuse-all", false)] {
        let kiosk = Kiosk::new(Script::default()).await;
        let pass = kiosk.place("c1").await;
        kiosk.identify(&pass, "0123").await;
        has(&kiosk.press(&pass, button).await, &["カードを取り出してください"]);
        let answers = json!({"answers": [{"page": "surgery", "agree": agree}, {"page": "medical_care_and_medication", "agree": agree}]});
        assert_eq!(kiosk.sent("/answers"), [answers]);
    }
}

#[tokio::test]
async fn a_typed_pin_works_as_the_pad_does_and_one_page_is_asked_alone() {
    let kiosk =
        Kiosk::new(Script { pages: json!([{"page": "medication", "heading": "薬剤情報"}]), ..Script::default() }).await;
    let pass = kiosk.place("c1").await;
    let number = number_of(&kiosk.press(&pass, "pin").await);
    kiosk.post(&pass, &format!("page={number}&press=confirm&pin=0123")).await;
    let page = kiosk.get(&pass).await;
    has(&page, &["【薬剤情報】", "同意する", "同意しない"]);
    assert!(!page.text.contains("まとめて同意する"));
}

#[tokio::test]
async fn three_wrong_pins_lock_the_card_and_the_right_one_does_not_help() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    has(&kiosk.identify(&pass, "9999").await, &["コード 004", "あと2回"]);
    has(&kiosk.identify(&pass, "999").await, &["暗証番号は4桁の数字です"]);
    has(&kiosk.identify(&pass, "9999").await, &["コード 004", "あと1回"]);
    has(&kiosk.identify(&pass, "9999").await, &["コード 005", "窓口の職員"]);
    let pass = kiosk.place("c1").await;
    has(&kiosk.identify(&pass, "0123").await, &["コード 005"]);
    assert!(kiosk.sent("/pass").is_empty(), "the server hears nothing of a card that does not open");
}

#[tokio::test]
async fn two_wrong_pins_do_not_lock_it() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    kiosk.identify(&pass, "9999").await;
    kiosk.identify(&pass, "9999").await;
    has(&kiosk.identify(&pass, "0123").await, &["過去の診療情報等の提供に同意しますか"]);
}

#[tokio::test]
async fn a_second_pass_replaces_the_first_page() {
    let kiosk = Kiosk::new(Script::default()).await;
    kiosk.world.card("c2", "見本 花子", "4567");
    let first = kiosk.place("c1").await;
    let open = kiosk.identify(&first, "0123").await;
    let second = kiosk.place("c2").await;
    let stale = kiosk.post(&first, &format!("page={}&press=agree-all", number_of(&open))).await;
    assert_eq!(stale.status, 409);
    has(&stale, &["この受付は終わっています", "はじめから操作する"]);
    assert!(kiosk.sent("/answers").is_empty());
    has(&kiosk.get(&second).await, &["本人確認の方法を選んでください"]);
}

#[tokio::test]
async fn a_double_click_does_not_answer_the_next_page() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    kiosk.identify(&pass, "0123").await;
    let number = number_of(&kiosk.press(&pass, "each").await);
    for _ in 0..2 {
        kiosk.post(&pass, &format!("page={number}&press=agree")).await;
    }
    has(&kiosk.get(&pass).await, &["【診療／薬剤情報】"]);
    assert!(kiosk.sent("/answers").is_empty());
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_cut_the_answers() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    let number = number_of(&kiosk.identify(&pass, "0123").await);
    let form = format!("page={number}&press=agree-all");
    let leaving = tokio::time::timeout(std::time::Duration::from_millis(2), kiosk.post(&pass, &form)).await;
    drop(leaving);
    kiosk.post(&pass, &form).await;
    for _ in 0..100 {
        if kiosk.get(&pass).await.text.contains("カードを取り出してください") {
            assert_eq!(kiosk.sent("/answers").len(), 1);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the pass did not end");
}

#[tokio::test]
async fn card_faults_are_explained_by_their_code() {
    for (status, code, texts) in [
        (403, "002", ["コード 002", "このカードは使えません"]),
        (403, "008", ["コード 008", "有効期限が切れています"]),
        (403, "009", ["コード 009", "失効しています"]),
        (403, "011", ["コード 011", "対応011"]),
        (409, "E0409", ["コード E0410", "登録されていません"]),
        (410, "E0410", ["コード E0410", "登録されていません"]),
    ] {
        let kiosk = Kiosk::new(Script { card: status, card_code: code, ..Script::default() }).await;
        let pass = kiosk.place("c1").await;
        has(&kiosk.identify(&pass, "0123").await, &texts);
    }
}

#[tokio::test]
async fn answers_that_came_too_late_are_not_called_stored() {
    let kiosk = Kiosk::new(Script { answers: 410, ..Script::default() }).await;
    let pass = kiosk.place("c1").await;
    kiosk.identify(&pass, "0123").await;
    has(&kiosk.press(&pass, "agree-all").await, &["登録されていません"]);
}

#[tokio::test]
async fn without_coverage_the_patient_is_sent_to_the_front_desk() {
    let kiosk = Kiosk::new(Script { pages: json!([]), valid: false, ..Script::default() }).await;
    let pass = kiosk.place("c1").await;
    has(&kiosk.identify(&pass, "0123").await, &["コード 012", "資格の文", "窓口の職員"]);
    assert!(kiosk.sent("/answers").is_empty());
}

#[tokio::test]
async fn with_coverage_and_nothing_to_ask_the_pass_is_closed() {
    let kiosk = Kiosk::new(Script { pages: json!([]), ..Script::default() }).await;
    let pass = kiosk.place("c1").await;
    has(&kiosk.identify(&pass, "0123").await, &["カードを取り出してください"]);
    assert_eq!(kiosk.sent("/answers"), [json!({"answers": []})]);
}

#[tokio::test]
async fn an_expired_session_is_renewed_by_itself_once() {
    let expired = Arc::new(AtomicUsize::new(0));
    let kiosk = Kiosk::new(Script { expired: Arc::clone(&expired), ..Script::default() }).await;
    let pass = kiosk.place("c1").await;
    kiosk.get("/").await;
    expired.store(1, Ordering::SeqCst);
    has(&kiosk.identify(&pass, "0123").await, &["同意しますか"]);
}

#[tokio::test]
async fn a_refused_account_is_tried_once_and_explained() {
    let kiosk = Kiosk::new(Script { log_in: 401, ..Script::default() }).await;
    for _ in 0..3 {
        let page = kiosk.get("/").await;
        assert_eq!(page.status, 503);
        has(&page, &["利用できません", "理由E0401", "対応E0401", "コード E0401"]);
    }
    assert_eq!(kiosk.sent("/session").len(), 1, "guesses lock the account");
}

#[tokio::test]
async fn without_an_account_or_a_server_the_kiosk_says_so() {
    let world = World::new();
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let kiosk = Kiosk { terminal: Terminal::start(world.config(nobody)).await.unwrap(), world };
    has(&kiosk.get("/").await, &["利用できません", "顔認証用アカウントが設定されていません"]);

    let kiosk = Kiosk::at(World::new(), nobody).await;
    has(&kiosk.get("/").await, &["利用できません", "コード 010", "もう一度確認する"]);
}

#[tokio::test]
async fn only_cards_of_the_drawer_are_opened() {
    let kiosk = Kiosk::new(Script::default()).await;
    std::fs::write(kiosk.world.cards().join("broken.json"), "{").unwrap();
    for card in ["..%2Fca%2Fissued", "c1.json", "%2Fetc%2Fpasswd", "", "nobody"] {
        assert_eq!(kiosk.place(card).await, "/", "{card}");
    }
    has(&kiosk.get("/").await, &["broken", "読み取れないカード"]);
    let pass = kiosk.place("broken").await;
    has(&kiosk.identify(&pass, "0123").await, &["コード 001"]);
}

#[tokio::test]
async fn a_form_of_another_site_begins_no_pass() {
    let kiosk = Kiosk::new(Script::default()).await;
    let request = Request::post("/card")
        .header("host", kiosk.host())
        .header("origin", format!("http://{CODE}.localhost:{}", kiosk.terminal.address().port()))
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(fetch(kiosk.terminal.address(), request, "card=c1").await.status, 403);
}

#[tokio::test]
async fn a_malformed_or_endless_answer_is_a_fault_and_not_a_guess() {
    for body in ["{}", "[", "{\"pass\":\"../x\",\"challenge\":\"AAAA\"}", "x".repeat(100_000).as_str()] {
        let world = World::new();
        world.card("c1", "見本 太郎", "0123");
        let body = body.to_owned();
        let script = Script::default();
        let server = world
            .serve(move |seen| match seen.path.as_str() {
                "/reader/pass" => support::answered(http::Response::builder(), body.clone()),
                _ => script.answer(&seen),
            })
            .await;
        let kiosk = Kiosk::at(world, server).await;
        let pass = kiosk.place("c1").await;
        has(&kiosk.identify(&pass, "0123").await, &["コード 010"]);
    }
}

#[tokio::test]
async fn strange_requests_get_a_page_and_change_nothing() {
    let kiosk = Kiosk::new(Script::default()).await;
    let pass = kiosk.place("c1").await;
    for form in
        ["", "page=0", "press=pin", "page=x&press=pin", "page=0&press=unknown", "page=-1&press=pin", &"x".repeat(5000)]
    {
        let page = kiosk.post(&pass, form).await;
        assert!(page.status.is_client_error(), "{form}: {}", page.status);
        has(&page, &["lang=\"ja\""]);
    }
    assert_eq!(kiosk.get("/nothing").await.status, 404);
    assert_eq!(kiosk.get("/pass/ffff").await.status, 409);
    has(&kiosk.get(&pass).await, &["本人確認の方法を選んでください"]);
}

#[tokio::test]
async fn the_folder_agent_looks_for_the_result_as_soon_as_the_pass_ends() {
    let world = World::new();
    world.card("c1", "見本 太郎", "0123");
    let script = Script::default();
    let server = world.serve(move |seen| script.answer(&seen)).await;
    let account = |user: &str| MachineAccount { user_id: user.into(), password: "correct".into() };
    let folders = Some(FolderConfig::new(world.folder.path().join("oqs"), account("agent01")));
    let config = TerminalConfig { reader: Some(account("reader01")), folders, ..world.config(server) };
    let kiosk = Kiosk { terminal: Terminal::start(config).await.unwrap(), world };
    let looked = || kiosk.world.seen().iter().any(|seen| seen.path == "/agent/faces");
    let pass = kiosk.place("c1").await;
    kiosk.identify(&pass, "0123").await;
    assert!(!looked(), "nothing has ended yet");
    let begun = std::time::Instant::now();
    kiosk.press(&pass, "refuse-all").await;
    support::office::until(looked).await;
    // By itself it would look after more than twenty seconds.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}
