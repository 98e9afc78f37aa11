//! The primary is lost and its standby takes over, under load: what was acknowledged stays, one chain goes on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use madoguchi_model::audit::{Entry, Verifier};
use madoguchi_store::{DatabaseUrl, Error, ProcessName, Store, test_support, test_support::ThrowAwayCluster};
use support::{NOW, draft};

const CALLERS: usize = 12;

/// What the callers saw.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<i64, Entry>,
    /// Details of entries whose outcome nobody could tell.
    unknown: Vec<String>,
    /// Details of entries that were refused.
    refused: Vec<String>,
    /// Moments of acknowledgements.
    times: Vec<Instant>,
}

/// Every caller appends, writes and reads until told to stop.
fn load(store: &Store, ledger: &Arc<Mutex<Ledger>>, on: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
    let caller = |caller: usize| {
        let (store, ledger, on) = (store.clone(), Arc::clone(ledger), Arc::clone(on));
        tokio::spawn(async move {
            for number in 0.. {
                if !on.load(Ordering::Relaxed) {
                    return;
                }
                let detail = format!("{caller}-{number}");
                let entry = draft(detail.clone());
                let outcome = match number % 2 {
                    0 => store.append(entry).await,
                    _ => store.write_or_repeat("job", async move |tx| tx.audit(entry).await).await,
                };
                let read = store.read().audit_head(store.process().unwrap()).await;
                let mut ledger = ledger.lock().unwrap();
                match outcome {
                    Ok(entry) => {
                        if let Ok(head) = read {
                            assert!(head.sequence >= entry.sequence, "a read is older than an acknowledged write");
                        }
                        ledger.times.push(Instant::now());
                        assert!(ledger.acknowledged.insert(entry.sequence, entry).is_none(), "a sequence given twice");
                    }
                    Err(Error::OutcomeUnknown(_)) => ledger.unknown.push(detail),
                    Err(Error::Unavailable(_) | Error::Busy(_) | Error::Locked(_)) => ledger.refused.push(detail),
                    Err(error) => panic!("{error}"),
                }
            }
        })
    };
    (0..CALLERS).map(caller).collect()
}

/// The whole chain of the store, verified, holds what was acknowledged, and nothing that was refused.
async fn check(url: &DatabaseUrl, ledger: &Ledger) {
    let store = Store::open_to_read(url).await.unwrap();
    let mut verifier = Verifier::new("server-1");
    let mut details = BTreeMap::new();
    loop {
        let from = verifier.head().sequence + 1;
        let page = store.read().audit_entries("server-1", from, 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for entry in page {
            verifier.check(&entry).unwrap();
            if let Some(acknowledged) = ledger.acknowledged.get(&entry.sequence) {
                assert_eq!(*acknowledged, entry);
            }
            assert!(details.insert(entry.draft.detail, entry.sequence).is_none(), "written twice");
        }
    }
    let there = |detail: &String| details.contains_key(detail);
    let lost = ledger.acknowledged.values().filter(|entry| !there(&entry.draft.detail)).count();
    assert_eq!(lost, 0, "acknowledged entries are lost");
    assert_eq!(ledger.refused.iter().filter(|detail| there(detail)).count(), 0, "a refused entry was written");
    println!(
        "{} acknowledged, none lost; {} refused, none written; {} of unknown outcome, {} of them written",
        ledger.acknowledged.len(),
        ledger.refused.len(),
        ledger.unknown.len(),
        ledger.unknown.iter().filter(|detail| there(detail)).count(),
    );
}

fn longest_gap(times: &[Instant]) -> Duration {
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

struct Under {
    store: Store,
    ledger: Arc<Mutex<Ledger>>,
    on: Arc<AtomicBool>,
    callers: Vec<tokio::task::JoinHandle<()>>,
}

impl Under {
    async fn load(url: &DatabaseUrl) -> Self {
        Store::migrate(url, NOW).await.unwrap();
        let store = Store::open(url, ProcessName::parse("server-1").unwrap()).await.unwrap();
        let (ledger, on) = (Arc::default(), Arc::new(AtomicBool::new(true)));
        let callers = load(&store, &ledger, &on);
        Self { store, ledger, on, callers }
    }

    fn acknowledged(&self) -> usize {
        self.ledger.lock().unwrap().acknowledged.len()
    }

    /// Waits until writes are acknowledged again.
    async fn goes_on(&self, within: Duration) {
        let (before, until) = (self.acknowledged(), Instant::now() + within);
        while self.acknowledged() < before + 200 {
            assert!(Instant::now() < until, "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) -> Ledger {
        self.on.store(false, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.unwrap();
        }
        self.store.close().await;
        drop(self.store);
        Arc::into_inner(self.ledger).unwrap().into_inner().unwrap()
    }
}

fn two(primary: &ThrowAwayCluster, standby: &ThrowAwayCluster, database: &str) -> DatabaseUrl {
    format!("postgres://madoguchi@{},{}/{database}", primary.host(), standby.host()).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_takes_nothing_acknowledged_along() {
    if test_support::cluster().is_none() {
        return;
    }
    let primary = ThrowAwayCluster::start().unwrap();
    let database = primary.database_url().unwrap().rsplit('/').next().unwrap().to_owned();
    let standby = primary.standby().unwrap();
    let url = two(&primary, &standby, &database);
    let under = Under::load(&url).await;
    under.goes_on(Duration::from_secs(20)).await;

    primary.kill().unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    standby.promote().unwrap();
    let promoted = Instant::now();
    under.goes_on(Duration::from_secs(10)).await;
    println!("writes go on {} ms after the promotion", promoted.elapsed().as_millis());

    let ledger = under.end().await;
    println!("longest gap {} ms", longest_gap(&ledger.times).as_millis());
    check(&url, &ledger).await;
}

const END_EVERYONE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A connection that breaks in the middle of a commit leaves nobody in doubt: the chain tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_leaves_no_doubt() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = cluster.database().unwrap();
    let under = Under::load(&url).await;
    for _ in 0..20 {
        under.goes_on(Duration::from_secs(10)).await;
        cluster.run(&url, END_EVERYONE).unwrap();
    }
    under.goes_on(Duration::from_secs(10)).await;
    let ledger = under.end().await;
    assert_eq!(ledger.unknown, Vec::<String>::new());
    check(&url, &ledger).await;
}

/// A load on a primary whose standby has stopped to confirm.
struct Unconfirmed {
    primary: ThrowAwayCluster,
    standby: ThrowAwayCluster,
    receiver: String,
    url: DatabaseUrl,
    under: Under,
}

async fn unconfirmed() -> Option<Unconfirmed> {
    test_support::cluster()?;
    let primary = ThrowAwayCluster::start().unwrap();
    let url = primary.database().unwrap();
    let standby = primary.standby().unwrap();
    let under = Under::load(&url).await;
    under.goes_on(Duration::from_secs(20)).await;
    let receiver = standby.stop_confirming().unwrap();
    Some(Unconfirmed { primary, standby, receiver, url, under })
}

/// The standby is gone, so nothing is confirmed: who asks is refused soon, and what waited is confirmed when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_confirm_is_given_no_more_to_do() {
    let Some(Unconfirmed { primary: _primary, standby, receiver, url, under }) = unconfirmed().await else { return };
    let until = Instant::now() + Duration::from_secs(10);
    let refused = loop {
        let begun = Instant::now();
        let asked = under.store.clone();
        let outcome = tokio::time::timeout(Duration::from_millis(500), async move {
            asked.append(draft("impatient".to_owned())).await
        });
        match outcome.await {
            Ok(Err(Error::Busy(_))) => break begun.elapsed(),
            _ => assert!(Instant::now() < until, "it is not refused"),
        }
    };
    assert!(refused < Duration::from_millis(100), "{refused:?}");
    standby.go_on_confirming(&receiver).unwrap();
    under.goes_on(Duration::from_secs(20)).await;
    let mut ledger = under.end().await;
    // The impatient ones did not wait for their answer.
    ledger.refused.retain(|detail| detail != "impatient");
    assert_eq!(ledger.unknown, Vec::<String>::new());
    let store = Store::open_to_read(&url).await.unwrap();
    let head = store.read().audit_head(&ProcessName::parse("server-1").unwrap()).await.unwrap();
    assert!(head.sequence >= *ledger.acknowledged.keys().max().unwrap());
}

/// A server that ends a connection commits what waited for the standby, and waits no longer: what it alone has could be
/// lost with it, so it is not acknowledged before the standby has it too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_primary_alone_has_is_not_acknowledged() {
    let Some(Unconfirmed { primary, standby, receiver, url, under }) = unconfirmed().await else { return };
    // What was confirmed before may still be on its way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = under.acknowledged();
    for _ in 0..3 {
        primary.run(&url, END_EVERYONE).unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(under.acknowledged(), before, "acknowledged without the standby");
    }
    standby.go_on_confirming(&receiver).unwrap();
    under.goes_on(Duration::from_secs(20)).await;
    let ledger = under.end().await;
    check(&url, &ledger).await;
}
