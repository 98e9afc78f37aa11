//! The connections that read: one for each thread, and the moment that questions share.
//!
//! After a commit of anybody a connection must read its pages anew, and to begin and end a read costs several calls of the
//! system. So what a task asks without waiting in between ([`at_one_moment`]) is one read transaction.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Weak},
};

use super::{Limits, Session};
use crate::Result;

/// A SQLite file as this process sees it; dropping it closes the connections of each thread at its next opening.
pub(crate) struct Database {
    path: PathBuf,
    limits: Limits,
}

thread_local! {
    static SESSIONS: RefCell<Vec<(Weak<Database>, Session)>> = const { RefCell::new(Vec::new()) };
    /// Whether this thread's questions are of one moment just now.
    static ONE_MOMENT: Cell<bool> = const { Cell::new(false) };
}

#[cfg(test)]
pub(crate) fn connections_of_this_thread() -> usize {
    SESSIONS.with_borrow(Vec::len)
}

impl Database {
    pub(crate) fn new(path: &Path, limits: Limits) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), limits })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `ask` with this thread's connection, which is opened at its first use.
    pub(crate) fn with_session<T>(self: &Arc<Self>, ask: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
        let kept = SESSIONS.with_borrow_mut(|sessions| {
            let place = sessions.iter().position(|(owner, _)| std::ptr::eq(owner.as_ptr(), Arc::as_ptr(self)));
            place.map(|place| sessions.swap_remove(place))
        });
        let (owner, session) = match kept {
            Some(kept) => kept,
            None => (Arc::downgrade(self), Session::to_read(&self.path, &self.limits)?),
        };
        let begun = match ONE_MOMENT.get() && !session.in_transaction() {
            true => session.begin(),
            false => Ok(()),
        };
        let answer = begun.and_then(|()| ask(&session));
        SESSIONS.with_borrow_mut(|sessions| {
            sessions.retain(|(owner, _)| owner.strong_count() > 0);
            sessions.push((owner, session));
        });
        answer
    }
}

/// Runs a task: what it asks on a thread's connection without waiting in between is asked at one moment. After it waited
/// for something that was not ready at once, it sees what was committed until then.
pub(crate) async fn at_one_moment<F: Future>(task: F) -> F::Output {
    let mut task = pin!(task);
    std::future::poll_fn(|context| {
        let _moment = Moment::begin();
        task.as_mut().poll(context)
    })
    .await
}

/// The next question of this thread sees what was committed before it.
pub(crate) fn see_anew() {
    SESSIONS.with_borrow_mut(|sessions| {
        sessions.retain(|(_, session)| {
            let ended = if session.in_transaction() { session.end() } else { Ok(()) };
            if let Err(error) = &ended {
                tracing::warn!(%error, "a read did not end: its connection is given up");
            }
            ended.is_ok()
        });
    });
}

/// While it lives, the questions of this thread are of one moment.
struct Moment {
    /// Whether they had been already.
    within: bool,
}

impl Moment {
    fn begin() -> Self {
        Self { within: ONE_MOMENT.replace(true) }
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        if !self.within {
            ONE_MOMENT.set(false);
            see_anew();
        }
    }
}
