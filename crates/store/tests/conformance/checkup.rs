//! Check-ups: read with a consent that covers them only, replaced, deleted, waiting.

use madoguchi_model::{
    checkup::{Checkup, release::Window, samples},
    consent::{CONSENT_SECONDS, Grant, InformationKind, Scope},
    day::Day,
    id::{ConsentId, FileId},
};
use madoguchi_store::{
    Error,
    checkup::{CheckupFile, CheckupVersion, NewCheckup, UnattachedCheckup},
    tidy::Kept,
};

use super::samples::{coverage, day, hospital, person, person_id};
use crate::{NOW, Place, put, remove_kept_before};

const EVER: (i64, i64) = (20_180_101, 20_300_101);

fn window(from: i64, to: i64) -> Window {
    Window { from: day(from), to: day(to) }
}

fn new(person: u8, checkup: Checkup, created_on: i64) -> NewCheckup {
    NewCheckup {
        person: person_id(person),
        checkup,
        file: FileId::new(NOW, [9; 10]),
        created_on: day(created_on),
        taken_at: NOW,
        source: format!("<ClinicalDocument {created_on}/>").into_bytes(),
    }
}

async fn store(place: &Place, new: NewCheckup) {
    put(place, new, async |tx, it| tx.put_checkup(&it).await).await;
}

/// The days that this institution sees of person 1 with this scope.
async fn seen(place: &Place, scope: Scope, window: Window) -> Vec<Checkup> {
    let grant = Grant::new(ConsentId::new(NOW, [1; 10]), person_id(1), hospital(), Scope::FULL, scope, NOW);
    put(place, grant, async |tx, it| tx.put_grant(&it, &person(1)).await).await;
    let mut tx = place.store.read();
    match tx.consent(person_id(1), &hospital(), NOW).await.unwrap() {
        Some(consent) => tx.checkups(&consent, window).await.unwrap(),
        None => Vec::new(),
    }
}

fn days(checkups: &[Checkup]) -> Vec<i64> {
    checkups.iter().map(|checkup| checkup.day.number()).collect()
}

pub(crate) async fn checkups_are_read_with_their_own_consent_only(place: &Place) {
    let samples = samples::checkups();
    for checkup in &samples {
        store(place, new(1, checkup.clone(), 20_230_101)).await;
    }
    store(place, new(2, samples[0].clone(), 20_230_101)).await;
    let only = Scope::of(&[InformationKind::Checkup]);
    let read = seen(place, only, window(EVER.0, EVER.1)).await;
    assert_eq!(read, samples, "whole, the newest first, and nobody else's");
    let others = Scope::FULL.kinds().filter(|kind| *kind != InformationKind::Checkup).collect::<Vec<_>>();
    assert_eq!(seen(place, Scope::of(&others), window(EVER.0, EVER.1)).await, []);
    for (from, to, expected) in [
        (20_201_014, 20_211_006, vec![20_211_006, 20_201_014]),
        (20_201_015, 20_211_005, vec![]),
        (20_221_013, 20_300_101, vec![]),
    ] {
        assert_eq!(days(&seen(place, only, window(from, to)).await), expected, "{from} {to}");
    }
    let mut tx = place.store.read();
    let over = NOW.plus_seconds(CONSENT_SECONDS);
    assert!(tx.consent(person_id(1), &hospital(), over).await.unwrap().is_none());
    assert_eq!(tx.count_checkups().await.unwrap(), (6, 0));
}

pub(crate) async fn a_later_document_takes_the_place_and_a_deletion_leaves_nothing(place: &Place) {
    let checkup = samples::checkups().remove(0);
    let (whose, on, id) = (person_id(1), checkup.day, checkup.id);
    let only = Scope::of(&[InformationKind::Checkup]);
    let version = async || place.store.read().checkup_version(whose, on, id).await.unwrap();
    let source = async || place.store.read().checkup_source(whose, on, id).await.unwrap();
    assert_eq!(version().await, None);
    store(place, new(1, checkup.clone(), 20_221_101)).await;
    let mut corrected = checkup.clone();
    corrected.results.truncate(3);
    store(place, new(1, corrected.clone(), 20_221_102)).await;
    assert_eq!(version().await, Some(CheckupVersion { created_on: day(20_221_102), deleted: false }));
    assert_eq!(seen(place, only, window(EVER.0, EVER.1)).await, [corrected]);
    assert_eq!(source().await.unwrap(), b"<ClinicalDocument 20221102/>");

    let delete = async |created_on: Day| {
        place.store.write("delete", async move |tx| tx.delete_checkup(whose, on, id, created_on, NOW).await).await
    };
    assert!(delete(day(20_221_103)).await.unwrap());
    assert!(!delete(day(20_221_104)).await.unwrap(), "there is nothing any more");
    assert_eq!(version().await, Some(CheckupVersion { created_on: day(20_221_103), deleted: true }));
    assert_eq!((seen(place, only, window(EVER.0, EVER.1)).await, source().await), (vec![], None));
    store(place, new(1, checkup.clone(), 20_221_105)).await;
    assert_eq!(seen(place, only, window(EVER.0, EVER.1)).await, [checkup]);

    let removed = async |before: i64| put(place, day(before), async |tx, it| tx.remove_checkups_before(it).await).await;
    assert_eq!((removed(20_221_012).await, removed(20_221_013).await), (0, 1));
    assert_eq!(source().await, None);
}

pub(crate) async fn a_waiting_check_up_is_found_by_its_numbers(place: &Place) {
    let key = coverage(1, 1, "123").numbers.key();
    let id = samples::checkups()[0].id;
    let waiting = |created_on: i64, text: &str| UnattachedCheckup {
        number_key: key.as_str().to_owned(),
        id,
        file: FileId::new(NOW, [9; 10]),
        reason: "number_unknown".into(),
        created_on: day(created_on),
        taken_at: NOW,
        source: text.as_bytes().to_vec(),
    };
    for (created_on, text) in [(20_221_101, "first"), (20_221_103, "third"), (20_221_102, "second")] {
        put(place, waiting(created_on, text), async |tx, it| tx.put_unattached_checkup(&it).await).await;
    }
    let found = place.store.read().unattached_checkups(std::slice::from_ref(&key), 10).await.unwrap();
    assert!(found == [waiting(20_221_103, "third")], "the newest document of a check-up waits");
    let elsewhere = coverage(1, 1, "124").numbers.key();
    assert!(place.store.read().unattached_checkups(&[elsewhere], 10).await.unwrap().is_empty());
    let remove = async |created_on: i64| {
        let key = key.clone();
        put(place, key, async move |tx, it| tx.remove_unattached_checkup(it.as_str(), id, day(created_on)).await).await
    };
    assert!(!remove(20_221_102).await, "an older request does not remove a newer document");
    assert!(remove(20_221_103).await);
    assert!(!remove(20_221_103).await);
    put(place, waiting(20_221_101, "first"), async |tx, it| tx.put_unattached_checkup(&it).await).await;
    let forget = async |before| remove_kept_before(place, Kept::WaitingCheckups, before).await;
    assert_eq!((forget(NOW).await, forget(NOW.plus_seconds(1)).await), (0, 1));
}

pub(crate) async fn a_file_of_check_ups_is_taken_once(place: &Place) {
    let file = CheckupFile { sha256: [3; 32], id: FileId::new(NOW, [9; 10]), taken_at: NOW, report: "{}".into() };
    put(place, file.clone(), async |tx, it| tx.insert_checkup_file(&it).await).await;
    assert_eq!(place.store.read().checkup_file(&[3; 32]).await.unwrap(), Some(file.clone()));
    assert_eq!(place.store.read().checkup_file(&[4; 32]).await.unwrap(), None);
    let again = place.store.write("again", async move |tx| tx.insert_checkup_file(&file).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}
