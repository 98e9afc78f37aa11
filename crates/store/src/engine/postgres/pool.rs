//! The few connections that all short reads of a process share, and how a lost one is replaced.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Purpose, Session};
use crate::{Error, Limits, Result, url::Server};

/// The connections for short reads; each is replaced when it is lost.
pub(crate) struct Pool {
    server: Server,
    limits: Limits,
    places: Vec<tokio::sync::Mutex<Place>>,
    next: AtomicUsize,
    reads: Semaphore,
    pub(crate) scans: Semaphore,
}

#[derive(Default)]
struct Place {
    session: Option<Arc<Session>>,
    backoff: Backoff,
}

impl Pool {
    pub(crate) fn new(server: &Server, limits: Limits) -> Arc<Self> {
        let places = (0..limits.postgres_connections.max(1)).map(|_| tokio::sync::Mutex::default()).collect();
        let (reads, scans) = (Semaphore::new(limits.reads_max), Semaphore::new(limits.scans_max));
        Arc::new(Self { server: server.clone(), limits, places, next: AtomicUsize::new(0), reads, scans })
    }

    /// The place that the next request reads through.
    pub(crate) fn next_place(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.places.len()
    }

    /// Leave to read now: a database that falls behind must not gather requests without end.
    pub(crate) fn may_read(&self) -> Result<SemaphorePermit<'_>> {
        self.reads.try_acquire().map_err(|_| Error::Busy("too many reads are waiting"))
    }

    /// The connection at this place: a new one if the former was lost, another place's if the server takes no more.
    pub(crate) async fn session(&self, place: usize) -> Result<Arc<Session>> {
        let refused = match self.opened(place).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let others = self.places.iter().filter_map(|place| place.try_lock().ok()?.session.clone());
        others.into_iter().find(|session| !session.is_lost()).ok_or(refused)
    }

    async fn opened(&self, place: usize) -> Result<Arc<Session>> {
        let mut place = self.places[place % self.places.len()].lock().await;
        if let Some(session) = place.session.as_ref().filter(|session| !session.is_lost()) {
            return Ok(Arc::clone(session));
        }
        place.backoff.may_try()?;
        match Session::open(&self.server, &self.limits, Purpose::Read).await {
            Ok(session) => {
                place.backoff = Backoff::default();
                place.session = Some(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => {
                place.backoff.failed(error.clone());
                Err(error)
            }
        }
    }

    /// A connection of its own for a scan.
    pub(crate) async fn scan(&self) -> Result<Arc<Session>> {
        let session = Session::open(&self.server, &self.limits, Purpose::Scan).await?;
        session.command("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        Ok(session)
    }
}

/// After a failed attempt to connect, the next ones fail at once for a while with the same error, so that no request
/// hangs and a database that is starting is not flooded.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
    last: Option<(Instant, Error)>,
}

impl Backoff {
    pub(crate) fn may_try(&self) -> Result<()> {
        match &self.last {
            Some((not_before, error)) if Instant::now() < *not_before => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Every process of a lost server comes back at a moment of its own.
    pub(crate) fn failed(&mut self, error: Error) {
        let pause = jittered(Duration::from_millis(50 << self.failures.min(5)));
        self.failures += 1;
        self.last = Some((Instant::now() + pause, error));
    }
}

/// Between half and the whole of this time, by chance.
pub(crate) fn jittered(whole: Duration) -> Duration {
    let chance = uuid::Uuid::now_v7().as_bytes()[15];
    whole.mul_f64(0.5 + f64::from(chance) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let second = Duration::from_secs(1);
        let pauses: std::collections::BTreeSet<_> = (0..32).map(|_| jittered(second)).collect();
        assert!(pauses.len() > 8, "{pauses:?}");
        assert!(pauses.iter().all(|pause| (second / 2..second).contains(pause)), "{pauses:?}");
        let mut backoff = Backoff::default();
        (0..40).for_each(|_| backoff.failed(Error::unavailable("x")));
        let (not_before, _) = backoff.last.clone().unwrap();
        assert!(not_before - Instant::now() <= Duration::from_millis(1600));
        assert!(backoff.may_try().is_err());
    }
}
