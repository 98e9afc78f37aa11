//! Files that come in parts: shown once whole, taken back when broken off.

use madoguchi_model::{consent::InformationKind, id::FileId, release::Period};
use madoguchi_store::{
    Error, Tx,
    claim_part::{FileUnderWay, Part},
    receipt::NewReceipt,
};

use super::{
    patient::{consent_to, put_person},
    samples::{hospital, month, person_id, receipt},
};
use crate::{NOW, Place, put};

/// Receipts of one file and month, of persons whose order is not theirs.
fn receipts(numbers: &[u8]) -> Vec<NewReceipt> {
    numbers.iter().map(|number| receipt(*number, 1 + number % 2, 202_207)).collect()
}

fn file() -> FileId {
    receipt(1, 1, 202_207).file
}

fn part(number: u32, receipts: Vec<NewReceipt>) -> Vec<Part> {
    Part::new(file(), number, receipts).unwrap().into_iter().collect()
}

async fn shown(place: &Place) -> usize {
    let consent = consent_to(place, &InformationKind::ALL).await;
    let period = Period { from: month(202_207), to: month(202_207) };
    place.store.read().care_receipts(&consent, period).await.unwrap().len()
}

pub(crate) async fn receipts_of_a_file_keep_their_bytes(place: &Place) {
    put_person(place, 1).await;
    let parts = part(0, receipts(&[2, 1, 4, 3]));
    place.store.read().read_ahead(&parts).await.unwrap();
    put(place, parts, async |tx, it| tx.insert_parts(&it).await).await;
    for number in 1..=4 {
        let receipt = receipt(number, 1 + number % 2, 202_207);
        let source = place.store.read().receipt_source(receipt.person, receipt.care.month, receipt.care.receipt).await;
        assert_eq!(source.unwrap(), Some(receipt.source), "{number}");
    }
    assert_eq!(shown(place).await, 2);
    let again = place.store.write("again", async |tx| tx.insert_parts(&part(1, receipts(&[3]))).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert_eq!(put(place, month(202_208), async |tx, it| tx.remove_receipts_before(it).await).await, 4);
    let gone = place.store.read().receipt_source(person_id(1), month(202_207), receipts(&[2])[0].care.receipt).await;
    assert_eq!(gone.unwrap(), None);
    assert!(Part::new(file(), 0, Vec::new()).unwrap().is_none(), "no receipts are no part");
    let mixed = vec![receipt(1, 1, 202_207), receipt(2, 1, 202_208)];
    assert!(Part::new(file(), 0, mixed).is_err(), "a part is of one month");
}

pub(crate) async fn a_file_is_shown_once_it_is_whole(place: &Place) {
    put_person(place, 1).await;
    let first = part(0, receipts(&[2, 4]));
    put(place, first, async |tx, it| {
        tx.begin_file(&hospital(), file(), NOW).await?;
        tx.insert_parts_under_way(&it).await
    })
    .await;
    assert_eq!(shown(place).await, 0);
    let under_way = FileUnderWay { file: file(), institution: hospital(), begun_at: NOW };
    assert_eq!(place.store.read().files_under_way().await.unwrap(), [under_way]);
    let last = part(1, receipts(&[6]));
    put(place, last, async |tx, it| {
        tx.insert_parts(&it).await?;
        tx.finish_file(&hospital(), file(), 1, NOW.plus_seconds(5)).await
    })
    .await;
    assert_eq!(shown(place).await, 3);
    assert_eq!(place.store.read().files_under_way().await.unwrap(), []);
    assert_eq!(place.store.read().parts_under_way(&hospital(), file()).await.unwrap(), Vec::<i64>::new());
}

pub(crate) async fn a_broken_off_file_is_taken_back(place: &Place) {
    put_person(place, 1).await;
    for (number, numbers) in [(0, [2, 4]), (1, [6, 8])] {
        let parts = part(number, receipts(&numbers));
        put(place, parts, async |tx, it| {
            tx.begin_file(&hospital(), file(), NOW).await?;
            tx.insert_parts_under_way(&it).await
        })
        .await;
    }
    assert_eq!(place.store.read().parts_under_way(&hospital(), file()).await.unwrap(), [0, 1]);
    for number in [0, 1] {
        put(place, number, async |tx, it| tx.take_back_part(&hospital(), file(), it).await).await;
    }
    put(place, (), async |tx, ()| tx.take_back_file(&hospital(), file()).await).await;
    // Whoever had it under way and does not know yet cannot finish it.
    let finish = async |tx: &mut Tx| tx.finish_file(&hospital(), file(), 2, NOW).await;
    assert!(matches!(place.store.write("finish", finish).await, Err(Error::Conflict(_))));
    assert_eq!(place.store.read().count_receipts().await.unwrap(), (0, 0));
    assert_eq!(place.store.read().files_under_way().await.unwrap(), []);
    // Nothing stands in the way of the same file.
    put(place, part(0, receipts(&[2, 4, 6])), async |tx, it| tx.insert_parts(&it).await).await;
    assert_eq!(shown(place).await, 3);
}
