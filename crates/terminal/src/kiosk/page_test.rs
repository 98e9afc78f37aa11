use std::time::Instant;

use http_body_util::BodyExt;

use super::*;
use crate::kiosk::cards::CardEntry;
use crate::kiosk::desk::Desk;
use crate::kiosk::flow::{Event, Fault};
use crate::reader::{ConsentPage, Eligibility, Identified};

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn identified(pages: usize, valid: bool) -> Passed {
    let kinds = [("surgery", "手術情報"), ("medication", "薬剤情報"), ("checkup", "特定健診情報")];
    let pages =
        kinds[..pages].iter().map(|(page, heading)| ConsentPage { page: (*page).into(), heading: (*heading).into() });
    Passed {
        pass: "1f".into(),
        identified: Identified {
            name: "<見本> 太郎".into(),
            eligibility: Eligibility { valid, text: "資格は有効です。".into() },
            notices: vec![ReaderNotice {
                code: "N01".into(), text: "電子証明書の更新時期が近づいています。".into()
            }],
            pages: pages.collect(),
        },
    }
}

/// A desk whose pass has gone through these events, shown.
async fn shown(events: Vec<Event>) -> String {
    let (mut desk, now) = (Desk::default(), Instant::now());
    desk.begin("0a".into(), "card.json".into(), now);
    for event in events {
        desk.report("0a", event, now).unwrap();
    }
    text(flow("見本病院", desk.find("0a", now).unwrap())).await
}

fn to_pin() -> Vec<Event> {
    vec![Event::ChoosePin]
}

fn to_checking() -> Vec<Event> {
    vec![Event::ChoosePin, Event::Confirm(Pin::typed("4711"))]
}

fn to_consent(pages: usize) -> Vec<Event> {
    [to_checking(), vec![Event::Identified(identified(pages, true))]].concat()
}

fn to_done(agreed: &[&str], valid: bool) -> Vec<Event> {
    let until = (!agreed.is_empty()).then(|| "令和8年4月2日 10時30分".to_owned());
    let stored = Stored { agreed: agreed.iter().map(|heading| (*heading).to_owned()).collect(), valid_until: until };
    [to_checking(), vec![Event::Identified(identified(2, valid)), Event::AgreeAll, Event::Stored(stored)]].concat()
}

fn failed(fault: Fault) -> Vec<Event> {
    [to_checking(), vec![Event::Failed(fault)]].concat()
}

fn drawer(total: usize) -> Response<Body> {
    let card = |number: usize| CardEntry {
        id: format!("card-{number}"),
        name: format!("見本 {number}"),
        story: "物語".into(),
    };
    let shown = Shown { cards: (0..total).map(card).collect(), more: 0, total };
    wait(&Institution { name: "見本病院".into() }, shown, String::new(), false)
}

async fn all_pages() -> Vec<String> {
    let wrong = Event::PinRefused(PinMessage::Wrong { tries_left: 2 });
    let faults = [
        Fault::CardNotReadable,
        Fault::CardNotOurs,
        Fault::PinLocked,
        Fault::CertificateExpired,
        Fault::CertificateRevoked,
        Fault::Network,
        Fault::AnswersUncertain,
        Fault::NoEligibility { text: "資格がありません。".into() },
        Fault::PassOver,
    ];
    let mut flows = vec![
        vec![],
        to_pin(),
        [to_checking(), vec![wrong]].concat(),
        to_checking(),
        to_consent(3),
        to_consent(1),
        [to_consent(3), vec![Event::ChooseEach, Event::Answer(true)]].concat(),
        [to_consent(3), vec![Event::AgreeAll]].concat(),
        to_done(&["手術情報", "薬剤情報"], true),
        to_done(&[], true),
        to_done(&[], false),
    ];
    flows.extend(faults.map(failed));
    let mut pages = vec![
        text(drawer(0)).await,
        text(drawer(3)).await,
        text(drawer(30)).await,
        text(again(Again::replaced())).await,
        text(not_usable(text::no_drawer())).await,
    ];
    for events in flows {
        pages.push(shown(events).await);
    }
    pages
}

#[tokio::test]
async fn every_page_has_language_title_one_heading_and_labels_and_no_inline_code() {
    for page in all_pages().await {
        assert!(page.starts_with("<!doctype html>\n<html lang=\"ja\">"), "{page}");
        assert_eq!(page.matches("<h1>").count(), 1, "{page}");
        assert!(page.contains("<main>") && !page.contains("<title> "), "{page}");
        for unwanted in ["<style", " style=", " onclick=", "javascript:", "http-equiv"] {
            assert!(!page.contains(unwanted), "{unwanted} in {page}");
        }
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script src=\"/terminal/kiosk.js\" defer></script>").count()
        );
        for field in page.split("<input ").skip(1).filter(|field| !field.starts_with("type=\"hidden\"")) {
            let id = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(page.contains(&format!("<label for=\"{id}\">")), "no label for {id} in {page}");
        }
    }
}

#[tokio::test]
async fn each_page_says_what_to_do() {
    let has = |page: &str, texts: &[&str]| {
        for text in texts {
            assert!(page.contains(text), "「{text}」 is missing in {page}");
        }
    };
    has(
        &text(drawer(3)).await,
        &["<h1>マイナンバーカードを置いてください</h1>", ">見本 2</button>", "物語", "見本病院"],
    );
    has(&shown(vec![]).await, &["<h1>本人確認の方法を選んでください</h1>", ">暗証番号</button>", ">中止する</button>"]);
    has(&shown(to_pin()).await, &["暗証番号（4桁）</label>", ">訂正</button>", ">確認</button>", "○○○○"]);
    for digit in 0..=9 {
        has(&shown(to_pin()).await, &[&format!("value=\"{digit}\">{digit}</button>")]);
    }
    has(
        &shown(to_consent(3)).await,
        &[
            "<h1>過去の診療情報等の提供に同意しますか</h1>",
            ">まとめて同意する</button>",
            ">個別に選ぶ</button>",
            ">すべて同意しない</button>",
        ],
    );
    has(&shown(to_consent(1)).await, &["<h1>【手術情報】</h1>", ">同意する</button>", ">同意しない</button>"]);
    has(
        &shown(to_done(&["手術情報"], true)).await,
        &[
            "<h1>カードを取り出してください</h1>",
            "<li>手術情報</li>",
            "令和8年4月2日 10時30分",
            ">終了</button>",
            "更新時期",
        ],
    );
    has(&shown(to_done(&[], true)).await, &["同意した情報はありません"]);
    has(&shown(to_done(&[], false)).await, &["コード 012", "窓口の職員"]);
    has(&text(again(Again::replaced())).await, &["この受付は終わっています", "はじめから操作する"]);
}

#[tokio::test]
async fn each_fault_shows_its_code() {
    for (fault, code) in [
        (Fault::CardNotReadable, "001"),
        (Fault::CardNotOurs, "002"),
        (Fault::PinLocked, "005"),
        (Fault::CertificateExpired, "008"),
        (Fault::CertificateRevoked, "009"),
        (Fault::Network, "010"),
        (Fault::NoEligibility { text: "資格がありません。".into() }, "012"),
    ] {
        assert!(shown(failed(fault)).await.contains(&format!("コード {code}")), "{code}");
    }
    let wrong = shown([to_checking(), vec![Event::PinRefused(PinMessage::Wrong { tries_left: 2 })]].concat()).await;
    assert!(wrong.contains("コード 004") && wrong.contains("あと2回"));
}

#[tokio::test]
async fn the_pin_is_never_on_a_page() {
    let digits = [4, 7, 1, 1].map(Event::Digit).to_vec();
    let page = shown([to_pin(), digits].concat()).await;
    assert!(page.contains("●●●●") && !page.contains("4711"));
    assert!(!page.split("<input ").any(|field| field.starts_with("id=\"pin\"") && field.contains(" value=")));
}

#[tokio::test]
async fn what_the_server_sends_is_text_and_not_markup() {
    let page = shown(to_consent(3)).await;
    assert!(!page.contains("<見本>") && page.contains("見本&#62;"), "{page}");
}

#[tokio::test]
async fn a_single_page_offers_no_way_back() {
    assert!(!shown(to_consent(1)).await.contains("ひとつ前に戻る"));
    assert!(shown([to_consent(3), vec![Event::ChooseEach]].concat()).await.contains("ひとつ前に戻る"));
}

#[test]
fn pages_go_on_by_themselves() {
    let now = Instant::now();
    let mut desk = Desk::default();
    desk.begin("0a".into(), "card.json".into(), now);
    let refresh = |desk: &Desk| flow("", desk.find("0a", now).unwrap()).headers()[REFRESH].to_str().unwrap().to_owned();
    assert_eq!(refresh(&desk), "181; url=/pass/0a");
    for event in to_done(&["手術情報"], true) {
        desk.report("0a", event, now).unwrap();
    }
    assert_eq!(refresh(&desk), "30; url=/");
}
