//! The audit chain holds through failures and restarts.

use madoguchi_model::audit::{Draft, Entry, Head, Verifier};
use madoguchi_store::{Error, Store, audit::SignedHead};

use crate::{NOW, Place, process, support};

pub(crate) fn draft(detail: &str) -> Draft {
    Draft { subject: "00".repeat(16), ..support::draft(detail.to_owned()) }
}

pub(crate) async fn verified(store: &Store, name: &str) -> Vec<Entry> {
    let entries = store.read().audit_entries(name, 1, 100_000).await.unwrap();
    let mut verifier = Verifier::new(name);
    for entry in &entries {
        verifier.check(entry).unwrap();
    }
    let head = store.read().audit_head(&process(name)).await.unwrap();
    assert_eq!(verifier.head(), &head);
    entries
}

pub(crate) async fn entries_follow_each_other(place: &Place) {
    let store = &place.store;
    let first = store.append(draft("first")).await.unwrap();
    let second = store.write("second", async |tx| tx.audit(draft("second")).await).await.unwrap();
    let third = store.append(draft("三番目")).await.unwrap();
    assert_eq!(verified(store, "server-1").await, [first, second, third.clone()]);
    let processes = store.read().audit_processes().await.unwrap();
    assert_eq!(processes.len(), 1);
    assert_eq!((processes[0].name.as_str(), &processes[0].head.hash), ("server-1", &third.hash));
    assert_eq!(store.read().audit_entries("server-1", 2, 1).await.unwrap()[0].sequence, 2);
    assert_eq!(store.read().audit_entries("server-2", 1, 9).await.unwrap(), []);
}

pub(crate) async fn a_failed_write_takes_its_entry_along(place: &Place) {
    let store = &place.store;
    let refused: Result<(), Error> = store
        .write("refused", async |tx| {
            tx.audit(draft("never")).await?;
            Err(Error::Busy("the job's own word"))
        })
        .await;
    assert!(matches!(refused, Err(Error::Busy("the job's own word"))));
    let kept = store.append(draft("kept")).await.unwrap();
    assert_eq!((kept.sequence, kept.previous), (1, Head::EMPTY.hash));
    assert_eq!(verified(store, "server-1").await, [kept]);
}

pub(crate) async fn a_restart_goes_on_where_it_stopped(place: &Place) {
    place.store.append(draft("before")).await.unwrap();
    place.store.close().await;
    let store = Store::open(&place.url, process("server-1")).await.unwrap();
    assert_eq!(store.append(draft("after")).await.unwrap().sequence, 2);
    assert_eq!(verified(&store, "server-1").await.len(), 2);
}

/// Entries of jobs, bare entries and jobs that fail, all at once: no gap, no fork, no stray.
pub(crate) async fn many_callers_make_one_chain(place: &Place) {
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let store = place.store.clone();
            tokio::spawn(async move {
                for number in 0..30 {
                    let detail = format!("{caller}-{number}");
                    match number % 3 {
                        0 => drop(store.append(draft(&detail)).await.unwrap()),
                        1 => drop(store.write("kept", async move |tx| tx.audit(draft(&detail)).await).await.unwrap()),
                        _ => {
                            let job = store.write("undone", async move |tx| {
                                tx.audit(draft(&detail)).await?;
                                Err::<(), _>(Error::Busy("undone"))
                            });
                            assert!(job.await.is_err());
                        }
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(verified(&place.store, "server-1").await.len(), 8 * 20);
}

pub(crate) async fn heads_are_kept(place: &Place) {
    let signed =
        |sequence, note: &str| SignedHead { process: "server-1".to_owned(), sequence, note: note.to_owned(), at: NOW };
    let heads = [signed(3, "three"), signed(7, "seven"), signed(7, "seven again")];
    for head in heads.clone() {
        place.store.write("head", async move |tx| tx.keep_signed_head(&head).await).await.unwrap();
    }
    let mut tx = place.store.read();
    assert_eq!(tx.last_signed_head("server-1").await.unwrap(), Some(heads[2].clone()));
    assert_eq!(tx.signed_heads("server-1", 1, 10).await.unwrap(), [heads[0].clone(), heads[2].clone()]);
    assert_eq!(tx.last_signed_head("server-2").await.unwrap(), None);
    assert_eq!(tx.processes_with_signed_heads().await.unwrap(), ["server-1"]);
}
