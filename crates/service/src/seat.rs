//! What was read about a log-in a moment ago, so that a program that asks again and again is not looked up each time.
//!
//! It is forgotten with the next write of this process, and after a second: what another process changed (an account
//! stopped, an institution closed) holds here a second later. The times at which a log-in ends are compared at every
//! request; nothing about a patient is kept.

use madoguchi_model::institution::Institution;
use madoguchi_store::account::AccountStanding;
use madoguchi_store::session::StoredSession;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long another process's change may go unnoticed.
const KEPT: Duration = Duration::from_secs(1);
/// Log-ins that are kept; when there are more, all are forgotten.
const SEATS_MAX: usize = 16_384;

/// Everything about a log-in that its requests need.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) institution: Institution,
    pub(crate) session: StoredSession,
    pub(crate) account: AccountStanding,
}

/// The log-ins of the last second.
#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// [`madoguchi_store::Store::writes`] when they were read.
    writes: u64,
    seats: HashMap<(String, [u8; 32]), (Seat, Instant)>,
}

impl Seats {
    /// The log-in with this token, as it was read after the last of so many writes and less than a second ago.
    pub(crate) fn find(&self, writes: u64, institution: &str, token_hash: &[u8; 32]) -> Option<Seat> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (seat, read_at) = kept.seats.get(&(institution.to_owned(), *token_hash))?;
        (kept.writes == writes && read_at.elapsed() < KEPT).then(|| seat.clone())
    }

    /// Keeps what was read since `writes` was looked up.
    pub(crate) fn keep(&self, writes: u64, seat: &Seat) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.writes > writes {
            return;
        }
        if kept.writes < writes || kept.seats.len() >= SEATS_MAX {
            kept.seats.clear();
        }
        kept.writes = writes;
        let key = (seat.institution.code.as_str().to_owned(), seat.session.token_hash);
        kept.seats.insert(key, (seat.clone(), Instant::now()));
    }
}
