//! Bulk messages: uploads, their chunks, and who works on them.

use madoguchi_model::{
    bulk::{BulkKind, Progress, ReceptionNumber, RequestId, kept_until},
    day::Timestamp,
    institution::InstitutionCode,
};
use madoguchi_store::{
    Error,
    bulk::{Accepted, AnsweredChunk, BulkChunk, BulkJob, BulkWork},
};

use super::{
    chain::draft,
    samples::{hospital, pharmacy, user},
};
use crate::{NOW, Place, process, put};

fn number(last: u8) -> ReceptionNumber {
    ReceptionNumber::new(NOW.day(), [0, 0, 0, 0, 0, 0, 0, last])
}

fn job(institution: InstitutionCode, last: u8, chunks: u32) -> BulkJob {
    let received_at = NOW.plus_seconds(last.into());
    BulkJob {
        institution,
        number: number(last),
        request: RequestId::from_bytes([last; 16]),
        kind: BulkKind::Eligibility,
        question: "{\"day\":20261122}".into(),
        user: user("general01"),
        terminal: "0a1b".into(),
        received_at,
        kept_until: kept_until(received_at),
        records: chunks * 2,
        normal: 0,
        wrong: 0,
        chunks,
        chunks_left: chunks,
        progress: if chunks == 0 { Progress::Done } else { Progress::Working },
    }
}

fn chunk(place: u32) -> BulkChunk {
    BulkChunk { place, questions: format!("[\"山田\u{e001}{place}\"]"), answers: None }
}

fn answered(place: u32) -> AnsweredChunk {
    AnsweredChunk { place, answers: format!("[{place}]"), normal: 1, wrong: 1 }
}

async fn accept(place: &Place, job: BulkJob) -> Accepted {
    put(place, job, async |tx, it| {
        let chunks: Vec<_> = (0..it.chunks).map(chunk).collect();
        tx.accept_bulk(&it, &chunks).await
    })
    .await
}

async fn answer(place: &Place, last: u8, at: u32) -> bool {
    let lease = NOW.plus_seconds(1_000);
    put(place, at, async move |tx, it| tx.answer_bulk_chunk(&hospital(), &number(last), &answered(it), lease).await)
        .await
}

pub(crate) async fn an_upload_is_accepted_once(place: &Place) {
    assert_eq!(accept(place, job(hospital(), 1, 3)).await, Accepted::New);
    let again = BulkJob { number: number(9), ..job(hospital(), 1, 3) };
    assert_eq!(accept(place, again).await, Accepted::Before(number(1)));
    let taken = BulkJob { request: RequestId::from_bytes([7; 16]), ..job(hospital(), 1, 3) };
    assert_eq!(accept(place, taken).await, Accepted::NumberTaken);
    // Another institution's request and number are its own.
    assert_eq!(accept(place, job(pharmacy(), 1, 1)).await, Accepted::New);
    assert_eq!(accept(place, job(hospital(), 2, 0)).await, Accepted::New);

    let mut tx = place.store.read();
    let (first, kept) = (job(hospital(), 1, 3), NOW.plus_seconds(1 + 7 * 86_400));
    let just_before = Timestamp::from_micros(kept.micros() - 1);
    assert_eq!(tx.bulk_job(&hospital(), &number(1), just_before).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.bulk_job(&hospital(), &number(1), kept).await.unwrap(), None);
    assert_eq!(tx.bulk_job(&hospital(), &number(9), NOW).await.unwrap(), None);
    assert_eq!(tx.bulk_job(&pharmacy(), &number(2), NOW).await.unwrap(), None);
    assert_eq!(tx.bulk_request(&hospital(), first.request).await.unwrap(), Some(number(1)));
    assert_eq!(tx.bulk_request(&pharmacy(), RequestId::from_bytes([2; 16])).await.unwrap(), None);
    assert_eq!(tx.bulk_jobs(&hospital(), NOW, 10).await.unwrap(), [job(hospital(), 2, 0), first]);
    assert_eq!(tx.bulk_jobs(&hospital(), NOW, 1).await.unwrap().len(), 1);
    assert_eq!(tx.bulk_chunk(&hospital(), &number(1), 2).await.unwrap(), Some(chunk(2)));
    assert_eq!(tx.bulk_chunk(&hospital(), &number(1), 3).await.unwrap(), None);
    // What has no record has no work.
    assert_eq!(tx.bulk_load(&hospital()).await.unwrap(), (2, 1));
}

pub(crate) async fn a_chunk_is_answered_once(place: &Place) {
    accept(place, job(hospital(), 1, 2)).await;
    assert!(answer(place, 1, 0).await);
    assert!(!answer(place, 1, 0).await);
    assert!(!answer(place, 1, 5).await);
    let mut tx = place.store.read();
    assert_eq!(tx.next_bulk_chunk(&hospital(), &number(1)).await.unwrap(), Some(chunk(1)));
    let half = tx.bulk_job(&hospital(), &number(1), NOW).await.unwrap().unwrap();
    assert_eq!((half.normal, half.wrong, half.chunks_left, half.progress), (1, 1, 1, Progress::Working));
    assert!(answer(place, 1, 1).await);
    let whole = tx.bulk_job(&hospital(), &number(1), NOW).await.unwrap().unwrap();
    assert_eq!((whole.normal, whole.wrong, whole.chunks_left, whole.progress), (2, 2, 0, Progress::Done));
    assert_eq!(tx.next_bulk_chunk(&hospital(), &number(1)).await.unwrap(), None);
    let answers = tx.bulk_chunk(&hospital(), &number(1), 1).await.unwrap().unwrap().answers;
    assert_eq!(answers, Some(answered(1).answers));
    assert_eq!(tx.open_bulk_work(NOW.plus_seconds(9_999), 10).await.unwrap(), []);
    assert!(!put(place, (), async |tx, ()| tx.fail_bulk_job(&hospital(), &number(1)).await).await);
}

pub(crate) async fn a_given_up_chunk_leaves_nothing(place: &Place) {
    accept(place, job(hospital(), 1, 2)).await;
    let given_up: Result<(), Error> = place
        .store
        .write("given-up", async |tx| {
            tx.answer_bulk_chunk(&hospital(), &number(1), &answered(0), NOW).await?;
            tx.audit_each(vec![draft("one"), draft("two")]).await?;
            Err(Error::Busy("on purpose"))
        })
        .await;
    assert!(given_up.is_err());
    let mut tx = place.store.read();
    assert_eq!(tx.next_bulk_chunk(&hospital(), &number(1)).await.unwrap(), Some(chunk(0)));
    assert_eq!(super::chain::verified(&place.store, "server-1").await.len(), 0);
    put(place, (), async |tx, ()| tx.audit_each(vec![draft("one"), draft("two")]).await).await;
    assert_eq!(super::chain::verified(&place.store, "server-1").await.len(), 2);
}

async fn lease(place: &Place, seen: &BulkWork, holder: &str, seconds: i64) -> bool {
    let (until, holder) = (NOW.plus_seconds(seconds), process(holder));
    put(place, seen.clone(), async move |tx, it| tx.lease_bulk_work(&it, &holder, until).await).await
}

async fn open_work(place: &Place, seconds: i64) -> Vec<(InstitutionCode, i64, u32)> {
    let open = place.store.read().open_bulk_work(NOW.plus_seconds(seconds), 10).await.unwrap();
    let since = |work: &BulkWork| (work.lease_until.micros() - NOW.micros()) / 1_000_000;
    open.into_iter().map(|work| (work.institution.clone(), since(&work), work.attempts)).collect()
}

pub(crate) async fn a_lease_is_taken_once_and_ends_by_itself(place: &Place) {
    accept(place, job(hospital(), 2, 2)).await;
    accept(place, job(pharmacy(), 1, 2)).await;
    assert_eq!(open_work(place, 10).await, [(pharmacy(), 1, 0), (hospital(), 2, 0)]);
    assert_eq!(open_work(place, 1).await, [(pharmacy(), 1, 0)]);

    let seen = place.store.read().open_bulk_work(NOW.plus_seconds(10), 10).await.unwrap();
    assert!(lease(place, &seen[1], "server-1", 60).await);
    assert!(!lease(place, &seen[1], "server-2", 61).await, "it was taken by somebody else");
    assert_eq!(open_work(place, 59).await, [(pharmacy(), 1, 0)]);
    assert_eq!(open_work(place, 60).await, [(pharmacy(), 1, 0), (hospital(), 60, 1)]);

    // Somebody else's lease is not given back.
    for (holder, expected) in [("server-2", 60), ("server-1", 5)] {
        put(place, process(holder), async |tx, it| {
            tx.release_bulk_work(&hospital(), &number(2), &it, NOW.plus_seconds(5)).await
        })
        .await;
        assert_eq!(open_work(place, 60).await[1], (hospital(), expected, 1), "{holder}");
    }
    // An answered chunk is no failed attempt, and makes the lease longer.
    assert!(answer(place, 2, 0).await);
    assert_eq!(open_work(place, 1_000).await[1], (hospital(), 1_000, 0));
}

pub(crate) async fn a_process_that_starts_holds_no_lease(place: &Place) {
    accept(place, job(hospital(), 1, 1)).await;
    accept(place, job(pharmacy(), 1, 1)).await;
    let seen = place.store.read().open_bulk_work(NOW.plus_seconds(10), 10).await.unwrap();
    assert!(lease(place, &seen[0], "server-1", 60).await);
    assert!(lease(place, &seen[1], "server-2", 60).await);
    let released = put(place, process("server-1"), async |tx, it| tx.release_bulk_work_of(&it, NOW).await).await;
    assert_eq!(released, 1);
    assert_eq!(open_work(place, 10).await, [(seen[0].institution.clone(), 0, 1)]);
}

pub(crate) async fn an_upload_ends_as_a_whole(place: &Place) {
    accept(place, job(hospital(), 1, 2)).await;
    accept(place, job(hospital(), 2, 1)).await;
    assert!(answer(place, 1, 0).await);
    assert!(put(place, (), async |tx, ()| tx.fail_bulk_job(&hospital(), &number(1)).await).await);
    assert!(!answer(place, 1, 1).await, "what was given up takes no answer");
    let mut tx = place.store.read();
    let failed = tx.bulk_job(&hospital(), &number(1), NOW).await.unwrap().unwrap();
    assert_eq!((failed.progress, failed.chunks_left), (Progress::Failed, 1));

    let over = NOW.plus_seconds(1 + 7 * 86_400);
    let gone = tx.bulk_jobs_over(over, 10).await.unwrap();
    assert_eq!(gone, [failed]);
    put(place, gone[0].clone(), async |tx, it| tx.remove_bulk_job(&it).await).await;
    assert_eq!(tx.bulk_jobs_over(over, 10).await.unwrap(), []);
    assert_eq!(tx.bulk_jobs(&hospital(), NOW, 10).await.unwrap(), [job(hospital(), 2, 1)]);
    assert_eq!(tx.bulk_chunk(&hospital(), &number(1), 0).await.unwrap(), None);
    assert_eq!(tx.bulk_chunk(&hospital(), &number(2), 0).await.unwrap(), Some(chunk(0)));
    assert_eq!(accept(place, job(hospital(), 1, 1)).await, Accepted::New, "its request is forgotten, too");
}
