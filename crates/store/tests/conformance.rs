//! One suite for all engines: each test is a function over a store, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod conformance {
    pub(crate) mod chain;
    pub(crate) mod writing;
}

use madoguchi_model::day::Timestamp;
use madoguchi_store::{DatabaseUrl, ProcessName, Store, test_support};

/// A store of one test, and where it is.
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    pub(crate) store: Store,
    _directory: Option<tempfile::TempDir>,
}

pub(crate) fn process(name: &str) -> ProcessName {
    ProcessName::parse(name).unwrap()
}

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

async fn on_sqlite() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
    Store::migrate(&url, NOW).await.unwrap();
    let store = Store::open(&url, process("server-1")).await.unwrap();
    Place { url, store, _directory: Some(directory) }
}

async fn on_postgres() -> Option<Place> {
    let url = test_support::cluster()?.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    let store = Store::open(&url, process("server-1")).await.unwrap();
    Some(Place { url, store, _directory: None })
}

macro_rules! on_every_engine {
    ($($subject:ident: $($question:ident),+ $(,)?;)+) => {
        mod sqlite {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $question() {
                let place = super::on_sqlite().await;
                super::conformance::$subject::$question(&place).await;
            })+)+
        }

        mod postgres {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $question() {
                let Some(place) = super::on_postgres().await else { return };
                super::conformance::$subject::$question(&place).await;
            })+)+
        }
    };
}

on_every_engine! {
    chain: entries_follow_each_other, a_failed_write_takes_its_entry_along, a_restart_goes_on_where_it_stopped,
        many_callers_make_one_chain, heads_are_kept;
    writing: a_name_is_taken_once, another_name_writes_beside, a_panic_stops_nothing, a_closed_store_only_reads,
        a_reader_writes_nothing, a_read_changes_nothing, a_full_queue_is_busy, migrating_again_changes_nothing;
}
