//! A trouble that goes on is said once a minute, not at every try.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines about the same trouble.
const PAUSE: Duration = Duration::from_secs(60);

/// One kind of trouble.
#[derive(Debug, Default)]
pub(super) struct Complaint(Mutex<Option<Instant>>);

impl Complaint {
    /// Says it, if it was not said within the last minute.
    pub(super) fn say(&self, line: impl FnOnce()) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= PAUSE) {
            *said = Some(Instant::now());
            line();
        }
    }

    /// The trouble is over; says so if it had been said.
    pub(super) fn over(&self, line: impl FnOnce()) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            line();
        }
    }
}
