//! What people do at an institution's desk: log in, switch settings, open a patient, read records.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use super::{Answer, Browser, Page, account, pass, text};
use serde_json::Value;

/// A browser at the institution's terminal, logged in with its account of this kind.
pub fn logged_in(institution: &Value, kind: &str) -> Browser {
    let (user, password) = account(institution, kind);
    let mut browser = Browser::new(&text(&institution["terminal"]));
    let mut page = browser.log_in(&user, &password).unwrap();
    while let (Some(form_token), Some(notice)) = (page.hidden("form_token"), page.hidden("notice")) {
        page = browser.post("/notices/close", &[("form_token", &form_token), ("notice", &notice)]).unwrap();
    }
    assert_eq!((page.status, page.heading()), (200, "メニュー"), "{}", page.body);
    browser
}

/// The administrator switches settings; `(code, value)`.
pub fn switch(institution: &Value, values: &[(&str, &str)]) {
    let mut browser = logged_in(institution, "administrator");
    let sheet = browser.get("/settings").unwrap();
    let form_token = sheet.hidden("form_token").unwrap();
    let mut fields = vec![("form_token", form_token.as_str())];
    fields.extend(values);
    let confirm = browser.post("/settings/confirm", &fields).unwrap();
    let Some(version) = confirm.hidden("version") else {
        assert!(confirm.body.contains("変更された項目がありません"), "{}", confirm.body);
        return;
    };
    fields.push(("version", &version));
    let done = browser.post("/settings", &fields).unwrap();
    assert_eq!((done.status, done.body.contains("更新")), (200, true), "{}", done.body);
}

/// A pass at the institution's card reader.
pub fn passed(institution: &Value, card: &Value, answer: Answer) -> Page {
    let mut kiosk = Browser::new(&text(&institution["kiosk"]));
    pass(&mut kiosk, &text(&card["id"]), &text(&card["pin"]), answer).unwrap()
}

/// The address of a patient in 同意取得済み患者一覧, if the list has the patient.
pub fn patient(browser: &mut Browser, name: &str) -> Option<String> {
    let list = browser.get("/patients").unwrap();
    assert_eq!(list.status, 200, "{}", list.body);
    let before = list.body.split(&format!("\">{name}</a>")).next().filter(|before| before.len() < list.body.len())?;
    Some(before.rsplit("href=\"").next().unwrap().to_owned())
}

/// The address of a list of months, YYYYMM each, as the screen asks for it.
pub fn records(patient: &str, list: &str, from: u32, to: u32) -> String {
    let (years, months) = ((from / 100, to / 100), (from % 100, to % 100));
    format!(
        "{patient}/records?list={list}&from_year={}&from_month={}&to_year={}&to_month={}",
        years.0, months.0, years.1, months.1
    )
}

/// The text of a page without its markup, blanks squeezed.
pub fn plain(page: &Page) -> String {
    let mut text = String::new();
    for part in page.body.split('<').skip(1) {
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The card whose story (or name) has these words.
pub fn card<'a>(document: &'a Value, words: &str) -> &'a Value {
    let has = |card: &&Value| ["story", "name"].iter().any(|field| card[field].as_str().unwrap().contains(words));
    document["cards"].as_array().unwrap().iter().find(has).unwrap_or_else(|| panic!("no card {words}"))
}

/// Puts a card on the reader: the first page of its pass.
pub fn place(kiosk: &mut Browser, card: &str) -> Page {
    kiosk.post("/card", &[("card", card)]).unwrap()
}

/// Presses a button on a page of a pass, and waits until card and server have answered.
pub fn press(kiosk: &mut Browser, page: &Page, button: &str, pin: &str) -> Page {
    let path = pass_path(page).unwrap_or_else(|| panic!("no page of a pass: {}", page.body));
    let number = page.hidden("page").unwrap_or_default();
    let mut next = kiosk.post(&path, &[("page", &number), ("press", button), ("pin", pin)]).unwrap();
    for _ in 0..500 {
        if !["確認しています", "送信しています"].contains(&next.heading()) {
            return next;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        next = kiosk.get(&path).unwrap();
    }
    panic!("the reader does not get ready: {}", next.body);
}

fn pass_path(page: &Page) -> Option<String> {
    let id = page.body.split("/pass/").nth(1)?.split('"').next()?;
    Some(format!("/pass/{id}"))
}
