//! The workers of a server process: they take unfinished uploads up, a few chunks at a turn, and remove old ones.
//!
//! Uploads take turns, so that a long one does not keep a short one waiting. A worker that finds its database gone waits
//! and tries again; an upload that cannot be answered although the database is there is given up after some attempts.

use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_store::bulk::{BulkJob, BulkWork};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, warn};

/// Uploads that a process works on at a time: so many people's requests must not wait for a bulk run.
const WORKERS: usize = 2;
/// Chunks that an upload is answered before the others have their turn.
const TURN_CHUNKS: usize = 4;
/// Seconds without an answered chunk after which another process takes an upload over.
pub(crate) const LEASE_SECONDS: i64 = 60;
/// Leases without an answered chunk after which an upload is given up.
pub(crate) const ATTEMPTS_MAX: u32 = 5;
/// How often a worker looks for what other processes left, and after a failure.
const LOOK: Duration = Duration::from_secs(5);
/// How often old results are removed.
const CLEAN: Duration = Duration::from_secs(3_600);
/// Uploads that are looked at for one to take up, and that are removed at a time.
const AT_ONCE: u32 = 16;

/// The running workers of a process.
#[derive(Debug)]
pub struct BulkWorkers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl BulkWorkers {
    /// Lets the workers end after the chunk that they are at; what is left waits for the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if task.await.is_err() {
                error!("a worker of bulk messages broke off");
            }
        }
    }
}

impl Service {
    /// Starts to work through bulk uploads: those of the past, which a stop left unfinished, and those to come.
    #[must_use]
    pub fn start_bulk_workers(&self) -> BulkWorkers {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![tokio::spawn(clean(self.clone(), stopped.clone()))];
        for number in 0..WORKERS {
            tasks.push(tokio::spawn(work(self.clone(), number == 0, stopped.clone())));
        }
        BulkWorkers { stop, tasks }
    }

    /// Works until nothing is left to take up, or the process stops; the number of chunks that were answered.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn work_bulk_off(&self, stopped: &watch::Receiver<bool>) -> Result<usize, Refusal> {
        let mut answered = 0;
        while !*stopped.borrow() {
            let Some(work) = self.take_bulk_work().await? else { break };
            answered += self.bulk_turn(&work, stopped).await?;
        }
        Ok(answered)
    }

    /// Gives one upload its turn; the number of chunks that were answered.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_bulk_a_turn(&self) -> Result<usize, Refusal> {
        let (_running, stopped) = watch::channel(false);
        match self.take_bulk_work().await? {
            Some(work) => self.bulk_turn(&work, &stopped).await,
            None => Ok(0),
        }
    }

    async fn take_bulk_work(&self) -> Result<Option<BulkWork>, Refusal> {
        let Some(process) = self.0.store.process().cloned() else { return Ok(None) };
        let now = self.now();
        for seen in self.0.store.read().open_bulk_work(now, AT_ONCE).await? {
            let (wanted, holder, until) = (seen.clone(), process.clone(), now.plus_seconds(LEASE_SECONDS));
            let lease = async move |tx: &mut madoguchi_store::Tx| tx.lease_bulk_work(&wanted, &holder, until).await;
            if self.0.store.write_or_repeat("bulk.lease", lease).await? {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// Some chunks of one upload. A failure gives the lease back only when its time is over, so that what fails at once
    /// does not keep the worker busy.
    async fn bulk_turn(&self, work: &BulkWork, stopped: &watch::Receiver<bool>) -> Result<usize, Refusal> {
        let job = self.0.store.read().bulk_job(&work.institution, &work.number, self.now()).await?;
        let Some(job) = job else {
            // Its time is over: the cleaning removes it.
            return Ok(0);
        };
        if work.attempts >= ATTEMPTS_MAX {
            self.give_up(job).await?;
            return Ok(0);
        }
        let mut answered = 0;
        while answered < TURN_CHUNKS && !*stopped.borrow() {
            match self.answer_next_chunk(&job).await {
                Ok(true) => answered += 1,
                Ok(false) => break,
                Err(refusal) => {
                    warn!(code = refusal.reason.code(), detail = refusal.detail, "a chunk was not answered");
                    return if passes(&refusal.reason) { Err(refusal) } else { Ok(answered) };
                }
            }
        }
        self.give_lease_back(work).await?;
        Ok(answered)
    }

    async fn give_lease_back(&self, work: &BulkWork) -> Result<(), Refusal> {
        let Some(process) = self.0.store.process().cloned() else { return Ok(()) };
        let (institution, number, now) = (work.institution.clone(), work.number.clone(), self.now());
        let release =
            async move |tx: &mut madoguchi_store::Tx| tx.release_bulk_work(&institution, &number, &process, now).await;
        Ok(self.0.store.write_or_repeat("bulk.release", release).await?)
    }

    async fn give_up(&self, job: BulkJob) -> Result<(), Refusal> {
        error!(reception = job.number.as_str(), "a bulk upload is given up");
        let draft = job_draft(&job, self.now(), Action::AnswerBulk, Outcome::Refused, "", "given up".to_owned());
        let failed = self.0.store.write("bulk.fail", async move |tx| -> Result<(), Refusal> {
            if tx.fail_bulk_job(&job.institution, &job.number).await? {
                tx.audit(draft).await?;
            }
            Ok(())
        });
        failed.await
    }

    /// Removes uploads whose time is over; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_old_bulk(&self) -> Result<usize, Refusal> {
        let mut removed = 0;
        loop {
            let over = self.0.store.read().bulk_jobs_over(self.now(), AT_ONCE).await?;
            if over.is_empty() {
                return Ok(removed);
            }
            for job in over {
                // One write each: a large upload takes the writer a while.
                self.0.store.write("bulk.remove", async move |tx| tx.remove_bulk_job(&job).await).await?;
                removed += 1;
            }
        }
    }

    /// Whoever of this name held a lease is gone: its name was free.
    async fn take_own_leases_back(&self) -> Result<(), Refusal> {
        let Some(process) = self.0.store.process().cloned() else { return Ok(()) };
        let now = self.now();
        self.0.store.write("bulk.start", async move |tx| tx.release_bulk_work_of(&process, now).await).await?;
        Ok(())
    }
}

async fn work(service: Service, first: bool, mut stopped: watch::Receiver<bool>) {
    let mut own_leases = first;
    while !*stopped.borrow() {
        if own_leases {
            own_leases = service.take_own_leases_back().await.is_err();
        }
        match service.work_bulk_off(&stopped).await {
            Ok(_) => {}
            Err(refusal) => warn!(code = refusal.reason.code(), detail = refusal.detail, "bulk work waits"),
        }
        tokio::select! {
            () = service.0.bulk_waits.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn clean(service: Service, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(refusal) = service.remove_old_bulk().await {
            warn!(code = refusal.reason.code(), detail = refusal.detail, "old bulk results were not removed");
        }
        tokio::select! {
            () = tokio::time::sleep(CLEAN) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Whether a failure is the store's and not the upload's: it passes, and no attempt was in vain.
const fn passes(reason: &Reason) -> bool {
    matches!(reason, Reason::Busy | Reason::NoSpace | Reason::OutcomeUnknown)
}

/// An entry in the name of who uploaded.
pub(super) fn job_draft(
    job: &BulkJob,
    at: Timestamp,
    action: Action,
    outcome: Outcome,
    subject: &str,
    detail: String,
) -> Draft {
    Draft {
        at,
        institution: job.institution.as_str().to_owned(),
        user: job.user.as_str().to_owned(),
        terminal: job.terminal.clone(),
        action,
        outcome,
        subject: subject.to_owned(),
        detail: format!("reception={} {detail}", job.number),
    }
}
