//! kill -9 at random moments under load: every acknowledged consent, setting and audit entry is there
//! afterwards, and the audit log verifies.
//!
//! `MADOGUCHI_ROUNDS` says how often (the tests do a few, `cargo xtask long kill9` does 200).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::audit::verify;
use madoguchi_store::{DatabaseUrl, Store};
use madoguchi_trust::card_authority::CardAuthority;
use madoguchi_trust::note::NoteVerifier;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use support::{Answer, Browser, Demo, account, pass, text};

/// What was tried for one institution, in order, and whether it was acknowledged.
#[derive(Debug, Default, Clone)]
struct Tried {
    passes: Vec<(Answer, bool)>,
    settings: Vec<(&'static str, bool)>,
}

type Ledger = Mutex<HashMap<String, Tried>>;

#[test]
fn nothing_acknowledged_is_lost() {
    let rounds: u32 = std::env::var("MADOGUCHI_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let seed: u64 = std::env::var("MADOGUCHI_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(9);
    println!("rounds {rounds}, seed {seed} (MADOGUCHI_ROUNDS, MADOGUCHI_SEED)");
    let mut chance = ChaCha20Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let ledger = Ledger::default();
    for round in 1..=rounds {
        let mut demo = Demo::start(&directory, &["--persons", "60", "--seed", "7"]);
        let document = demo.document();
        let pause = Duration::from_millis(chance.random_range(50..1_500));
        std::thread::scope(|scope| {
            for (index, institution) in document["institutions"].as_array().unwrap().iter().enumerate() {
                let (card, ledger) = (&document["cards"][index], &ledger);
                scope.spawn(move || keep_passing(institution, card, ledger));
                scope.spawn(move || keep_setting(institution, ledger));
            }
            std::thread::sleep(pause);
            demo.kill();
        });
        let counted = check(&directory, &document, &ledger);
        println!("round {round}: killed after {pause:?}, {counted}");
    }
    let ledger = ledger.into_inner().unwrap();
    let passes: usize =
        ledger.values().map(|tried| tried.passes.iter().filter(|(_, acknowledged)| *acknowledged).count()).sum();
    let settings: usize =
        ledger.values().map(|tried| tried.settings.iter().filter(|(_, acknowledged)| *acknowledged).count()).sum();
    println!("acknowledged in all: {passes} consents, {settings} settings; none lost");
    assert!(passes > 0 && settings > 0, "the load did nothing: {passes} passes, {settings} settings");
}

/// Passes the reader again and again, agreeing and refusing in turn, until nobody answers.
fn keep_passing(institution: &serde_json::Value, card: &serde_json::Value, ledger: &Ledger) {
    let (code, id, pin) = (text(&institution["code"]), text(&card["id"]), text(&card["pin"]));
    let mut kiosk = Browser::new(&text(&institution["kiosk"]));
    loop {
        let answer = {
            let mut ledger = ledger.lock().unwrap();
            let passes = &mut ledger.entry(code.clone()).or_default().passes;
            let answer = if passes.len().is_multiple_of(2) { Answer::Agree } else { Answer::Refuse };
            passes.push((answer, false));
            answer
        };
        if pass(&mut kiosk, &id, &pin, answer).is_none() {
            return;
        }
        ledger.lock().unwrap().get_mut(&code).unwrap().passes.last_mut().unwrap().1 = true;
    }
}

/// Switches 特定疾病療養受療証 on and off until nobody answers.
fn keep_setting(institution: &serde_json::Value, ledger: &Ledger) {
    let code = text(&institution["code"]);
    let (user, password) = account(institution, "administrator");
    let mut browser = Browser::new(&text(&institution["terminal"]));
    if browser.log_in(&user, &password).is_none() {
        return;
    }
    let name = Setting::SpecificDisease.code();
    loop {
        let Some(sheet) = browser.get("/settings") else { return };
        let Some(form_token) = sheet.hidden("form_token") else { return };
        let used_now = sheet.body.split(&format!("name=\"{name}\"")).nth(1).is_some_and(|select| {
            select.split("</select>").next().is_some_and(|options| options.contains("value=\"1\" selected"))
        });
        let value = if used_now { NOT_USED } else { USED };
        let Some(confirm) = browser.post("/settings/confirm", &[("form_token", &form_token), (name, value)]) else {
            return;
        };
        let Some(version) = confirm.hidden("version") else { return };
        ledger.lock().unwrap().entry(code.clone()).or_default().settings.push((value, false));
        let fields = [("form_token", form_token.as_str()), ("version", &version), (name, value)];
        match browser.post("/settings", &fields) {
            Some(done) if done.status == 200 => {
                ledger.lock().unwrap().get_mut(&code).unwrap().settings.last_mut().unwrap().1 = true;
            }
            _ => return,
        }
    }
}

/// Opens the store that the killed process left, and holds it against what was acknowledged.
fn check(directory: &Path, document: &serde_json::Value, ledger: &Ledger) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::sqlite(directory.join("madoguchi.db"));
        let store = Store::open_to_read(&url).await.unwrap();
        let key = std::fs::read_to_string(directory.join("audit/verifier-key")).unwrap();
        let key = NoteVerifier::parse(key.trim()).unwrap();
        let verified = verify(&store, key, &directory.join("audit/heads")).await.unwrap();
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);

        let issued = CardAuthority::open(&directory.join("cards-ca")).unwrap().list().unwrap();
        let entries = counts(&store).await;
        let mut tx = store.read();
        let ledger = ledger.lock().unwrap().clone();
        for (index, institution) in document["institutions"].as_array().unwrap().iter().enumerate() {
            let code = InstitutionCode::parse(&text(&institution["code"])).unwrap();
            let Some(tried) = ledger.get(code.as_str()) else { continue };
            let count = |action: Action| entries.get(&(code.as_str().to_owned(), action)).copied().unwrap_or(0);

            let acknowledged = |list: &[bool]| list.iter().filter(|done| **done).count();
            let passes: Vec<bool> = tried.passes.iter().map(|(_, done)| *done).collect();
            let granted = count(Action::GrantConsent);
            assert!((acknowledged(&passes)..=passes.len()).contains(&granted), "{code}: {granted} of {passes:?}");
            let settings: Vec<bool> = tried.settings.iter().map(|(_, done)| *done).collect();
            let updated = count(Action::UpdateSettings);
            assert!((acknowledged(&settings)..=settings.len()).contains(&updated), "{code}: {updated} of {settings:?}");

            let card = text(&document["cards"][index]["id"]);
            let serial = &issued.iter().find(|issued| issued.holder.card_id == card).unwrap().serial;
            let person = tx.person_by_card(serial).await.unwrap().unwrap();
            let stored = tx.grant(person, &code).await.unwrap().map(|grant| !grant.scope.is_empty());
            let possible = possible(&tried.passes).map(|answer| answer == Answer::Agree);
            assert!(
                fits(stored, possible, tried.passes.iter().any(|(_, done)| *done)),
                "{code}: {stored:?} {:?}",
                tried.passes
            );

            let stored = tx.settings(&code).await.unwrap().value(Setting::SpecificDisease).to_owned();
            let any = tried.settings.iter().any(|(_, done)| *done);
            assert!(
                possible_settings(&tried.settings, any).any(|value| value == stored),
                "{code}: {stored} {:?}",
                tried.settings
            );
        }
        format!("{} chains and {} entries verified", verified.chains, verified.entries)
    })
}

/// What may stand now: the last acknowledged one, or any later one whose answer was not received.
fn possible<T: Copy>(tried: &[(T, bool)]) -> impl Iterator<Item = T> {
    let from = tried.iter().rposition(|(_, acknowledged)| *acknowledged).unwrap_or(0);
    tried[from.min(tried.len())..].iter().map(|(value, _)| *value)
}

fn possible_settings(tried: &[(&'static str, bool)], any: bool) -> impl Iterator<Item = &'static str> {
    possible(tried).chain((!any).then_some(Setting::SpecificDisease.default_value()))
}

fn fits(stored: Option<bool>, mut possible: impl Iterator<Item = bool>, acknowledged: bool) -> bool {
    match stored {
        None => !acknowledged,
        Some(stored) => possible.any(|value| value == stored),
    }
}

/// Done entries by institution and action.
async fn counts(store: &Store) -> HashMap<(String, Action), usize> {
    let mut counts = HashMap::new();
    let mut tx = store.read();
    for process in tx.audit_processes().await.unwrap() {
        let mut from = 1;
        loop {
            let entries = tx.audit_entries(&process.name, from, 1_000).await.unwrap();
            let Some(last) = entries.last() else { break };
            from = last.sequence + 1;
            for entry in entries.into_iter().filter(|entry| entry.draft.outcome == Outcome::Done) {
                *counts.entry((entry.draft.institution, entry.draft.action)).or_default() += 1;
            }
        }
    }
    counts
}
