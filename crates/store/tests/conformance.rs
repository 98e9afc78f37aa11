//! One suite for all engines: each test is a function over a store, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

mod conformance {
    pub(crate) mod bulk;
    pub(crate) mod chain;
    pub(crate) mod checkup;
    pub(crate) mod claim_part;
    pub(crate) mod desk;
    pub(crate) mod eligibility;
    pub(crate) mod patient;
    pub(crate) mod prescription;
    pub(crate) mod program;
    pub(crate) mod reference;
    pub(crate) mod samples;
    pub(crate) mod writing;
}

use madoguchi_model::{day::Timestamp, institution::InstitutionCode};
use madoguchi_store::{
    DatabaseUrl, Kind, ProcessName, Result, Store, Tx, test_support,
    tidy::{Kept, Passing},
};

/// A store of one test, and where it is.
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    pub(crate) store: Store,
    _directory: Option<tempfile::TempDir>,
}

pub(crate) fn process(name: &str) -> ProcessName {
    ProcessName::parse(name).unwrap()
}

pub(crate) use support::NOW;

/// Writes with this value; the write must go well.
pub(crate) async fn put<V, T, F>(place: &Place, value: V, job: F) -> T
where
    V: Send + 'static,
    T: Send + 'static,
    F: AsyncFnOnce(&mut Tx, V) -> Result<T> + Send + 'static,
{
    place.store.write("test", async move |tx| job(tx, value).await).await.unwrap()
}

/// Removes some of what is kept for longer.
pub(crate) async fn remove_kept_before(place: &Place, what: Kept, before: Timestamp) -> u64 {
    let limit = 100;
    place.store.write("test", async move |tx| tx.remove_kept_before(what, before, limit).await).await.unwrap()
}

/// Removes some of what is kept for a day.
pub(crate) async fn remove_old(
    place: &Place,
    what: Passing,
    at: InstitutionCode,
    before: Timestamp,
    limit: u32,
) -> u64 {
    put(place, at, async move |tx, at| tx.remove_old(what, &at, before, limit).await).await
}

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

async fn on_citus() -> Option<Place> {
    let url = test_support::citus_place()?;
    Store::migrate(&url, NOW).await.unwrap();
    let kind = Store::kind(&url).await.unwrap();
    let whole = matches!(&kind, Kind::Citus { workers: 1.., undistributed, .. } if undistributed.is_empty());
    assert!(whole, "{kind:?}");
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

        /// On a Citus cluster one after the other: a process has its name in a whole database.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn citus() {
            $($(
                let Some(place) = on_citus().await else { return };
                conformance::$subject::$question(&place).await;
                place.store.close().await;
            )+)+
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
    bulk: an_upload_is_accepted_once, a_chunk_is_answered_once, a_given_up_chunk_leaves_nothing,
        a_lease_is_taken_once_and_ends_by_itself, a_process_that_starts_holds_no_lease, an_upload_ends_as_a_whole;
    chain: entries_follow_each_other, a_failed_write_takes_its_entry_along, a_restart_goes_on_where_it_stopped,
        many_callers_make_one_chain, heads_are_kept;
    checkup: checkups_are_read_with_their_own_consent_only,
        a_later_document_takes_the_place_and_a_deletion_leaves_nothing, a_waiting_check_up_is_found_by_its_numbers,
        a_file_of_check_ups_is_taken_once;
    claim_part: receipts_of_a_file_keep_their_bytes, a_file_is_shown_once_it_is_whole, a_broken_off_file_is_taken_back;
    desk: institutions_are_registered_and_changed, an_address_for_patients_is_kept_for_each_kind, settings_remember_who_changed_them,
        an_account_is_changed_by_who_saw_it_last, a_session_is_found_at_its_own_institution_only,
        notices_reach_their_audience;
    eligibility: tickets_are_found_by_person_and_by_institution,
        a_result_of_the_reader_is_taken_once_or_grows_too_old, checks_are_listed_by_day, a_card_may_have_a_last_day;
    patient: a_person_keeps_what_was_registered, a_coverage_is_found_by_its_numbers,
        a_check_without_a_symbol_finds_who_has_one,
        a_reference_number_belongs_to_one_person, a_card_leads_to_its_person, a_pass_goes_each_step_once,
        consent_opens_for_a_day_and_to_its_institution, the_list_is_searched_as_people_write,
        only_consented_kinds_leave_the_database, a_replaced_receipt_is_gone_from_view,
        old_receipts_go_with_their_bytes, an_unattached_receipt_waits_for_its_person;
    prescription: a_prescription_opens_with_its_consent, the_same_prescription_again_changes_nothing,
        a_prescription_taken_back_goes_with_its_dispensings;
    program: the_newest_log_ins_stay, a_refresh_token_goes_with_its_account;
    reference: masters_keep_their_generations, a_claims_file_is_taken_once;
    writing: a_name_is_taken_once, another_name_writes_beside, a_panic_stops_nothing, a_closed_store_only_reads,
        a_reader_writes_nothing, a_read_changes_nothing, a_full_queue_is_busy, migrating_again_changes_nothing;
}
