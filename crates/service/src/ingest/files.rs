//! Many claims files at a time: several threads read and prepare, the store's one writer takes what is ready. Those of one
//! institution are taken in the order in which they are given.

use super::claims::{ClaimsOptions, ClaimsReport};
use super::source::ClaimsSource;
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// One of many files with what became of it.
pub struct Reported<K> {
    /// What the caller calls it.
    pub key: K,
    /// The report, or why the store could not be read or written.
    pub report: Result<ClaimsReport, Refusal>,
}

impl Service {
    /// Takes files as `next` gives them, on so many threads, and tells `report` about each as it is done, in any order.
    /// Once the store fails, no further file is begun. `prepare_thread` runs first on each thread.
    ///
    /// # Errors
    /// When the masters cannot be read, or a thread broke off in the middle of a file.
    pub async fn ingest_claims_files<K: Send + 'static>(
        &self,
        next: impl FnMut() -> Option<(K, ClaimsSource)> + Send + 'static,
        options: ClaimsOptions,
        threads: usize,
        prepare_thread: fn(),
        mut report: impl FnMut(Reported<K>),
    ) -> Result<(), Refusal> {
        let masters = match &options.masters {
            Some(masters) => Arc::clone(masters),
            None => self.load_masters().await?,
        };
        let next: Arc<Mutex<Option<_>>> = Arc::new(Mutex::new(Some(next)));
        let (done, mut reports) = mpsc::channel(threads.max(1));
        let mut working = Vec::with_capacity(threads.max(1));
        for _ in 0..threads.max(1) {
            let (service, masters, options) = (self.clone(), Arc::clone(&masters), options.clone());
            let (next, done, runtime) = (Arc::clone(&next), done.clone(), tokio::runtime::Handle::current());
            let work = move || {
                prepare_thread();
                loop {
                    let file = {
                        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                        let file = next.as_mut().and_then(|next| next());
                        file.map(|file| (file, service.0.turns.line_up()))
                    };
                    let Some(((key, source), place)) = file else { break };
                    let report = runtime.block_on(service.take_claims(source, place, &masters, &options));
                    if report.is_err() {
                        *next.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    }
                    if done.blocking_send(Reported { key, report }).is_err() {
                        break;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("claims".into()).spawn(work);
            working.push(thread.map_err(|error| Refusal::new(Reason::Unavailable, error.to_string()))?);
        }
        drop(done);
        while let Some(reported) = reports.recv().await {
            report(reported);
        }
        let broken_off = working.into_iter().map(std::thread::JoinHandle::join).filter(Result::is_err).count();
        match broken_off {
            0 => Ok(()),
            _ => Err(Refusal::new(Reason::Unavailable, "taking a file was broken off")),
        }
    }
}
