//! Whose turn it is: the claims files of one institution are taken one after the other.

use madoguchi_model::institution::InstitutionCode;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// The institutions whose files are being taken by this process.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<BTreeSet<InstitutionCode>>,
    given_back: Notify,
}

/// The turn of an institution; dropped, it is given back.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    institution: InstitutionCode,
}

impl Turns {
    /// Waits until no other file of the institution is being taken.
    pub(crate) async fn take(&self, institution: &InstitutionCode) -> Turn<'_> {
        loop {
            // Listening begins before looking, so that nothing given back in between is missed.
            let given_back = self.given_back.notified();
            let mut given_back = std::pin::pin!(given_back);
            given_back.as_mut().enable();
            if self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(institution.clone()) {
                return Turn { turns: self, institution: institution.clone() };
            }
            given_back.await;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.institution);
        self.turns.given_back.notify_waiters();
    }
}
