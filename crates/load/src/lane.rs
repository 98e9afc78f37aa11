//! The queue of one institution: what is due goes to the client that has been idle longest, or waits.

use crate::schedule::Due;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// A request that is due now.
#[derive(Debug)]
pub(crate) struct Job {
    /// When it was due.
    pub(crate) due: Instant,
    pub(crate) what: Due,
}

/// A queue with waiting clients or waiting jobs, never both.
#[derive(Default)]
pub(crate) struct Lane(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    clients: VecDeque<oneshot::Sender<Job>>,
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Lane {
    /// Hands a job to a client, or lets it wait. The sender never waits.
    pub(crate) fn push(&self, job: Job) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut job = job;
        while let Some(client) = waiting.clients.pop_front() {
            match client.send(job) {
                Ok(()) => return,
                Err(back) => job = back,
            }
        }
        waiting.jobs.push_back(job);
    }

    /// The next job for a client; `None` once the lane is closed.
    pub(crate) async fn next(&self) -> Option<Job> {
        let comes = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            let (client, comes) = oneshot::channel();
            waiting.clients.push_back(client);
            comes
        };
        comes.await.ok()
    }

    /// Sends the clients home once nothing waits any more.
    pub(crate) fn close(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.closed = true;
        waiting.clients.clear();
    }
}
