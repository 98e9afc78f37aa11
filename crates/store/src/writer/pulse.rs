//! What the writer tells the rest of the process: how much it has written, and whether the database keeps it waiting.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A database that owes a confirmation for longer is not given more to confirm: who asks then is refused at once.
const OVERDUE: Duration = Duration::from_secs(3);

/// Shared by the writer and the handles of the store.
#[derive(Debug)]
pub(crate) struct Pulse {
    zero: Instant,
    /// Commits with more than audit entries in them.
    writes: AtomicU64,
    /// Milliseconds after `zero` at which the running commit began; 0 while none runs.
    commit_began: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self { zero: Instant::now(), writes: AtomicU64::new(0), commit_began: AtomicU64::new(0) }
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Acquire)
    }

    pub(crate) fn has_written(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn commit_begins(&self) {
        self.commit_began.store(self.milliseconds().max(1), Ordering::Relaxed);
    }

    pub(crate) fn commit_ends(&self) {
        self.commit_began.store(0, Ordering::Relaxed);
    }

    /// Whether a commit has been under way for so long that no more should wait behind it.
    pub(crate) fn is_overdue(&self) -> bool {
        let began = self.commit_began.load(Ordering::Relaxed);
        began != 0 && self.milliseconds().saturating_sub(began) > OVERDUE.as_millis().try_into().unwrap_or(u64::MAX)
    }

    fn milliseconds(&self) -> u64 {
        self.zero.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_commit_is_overdue() {
        let mut pulse = Pulse::new();
        assert!(!pulse.is_overdue());
        pulse.commit_begins();
        assert!(!pulse.is_overdue());
        pulse.zero -= OVERDUE + Duration::from_millis(100);
        assert!(pulse.is_overdue());
        pulse.commit_ends();
        assert!(!pulse.is_overdue());
    }
}
