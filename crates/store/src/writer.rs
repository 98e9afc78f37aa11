//! The one writer of a process: takes what waits in the queue, runs it in one transaction, commits once, answers all.
//!
//! One commit for many writes is what makes an audit entry before every answer affordable: the disk is waited for once a
//! batch. A write that fails is rolled back to its savepoint and the others stand. When the commit fails, all fail, and
//! the chain of audit entries goes back to where the database has it. When the connection is lost during the commit, the
//! chain tells afterwards what became of it.

mod pulse;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::{FutureExt, LocalBoxFuture};
use madoguchi_model::audit::{Draft, Entry, Head};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Limits, Result, audit,
    chain::{Chain, ProcessName},
    engine::{
        postgres::{Backoff, Purpose, Session},
        sqlite,
    },
    neighbour::{self, Neighbours},
    tx::{Tx, Via},
    url::{Address, Server},
    value::values,
};

pub(crate) use self::pulse::Pulse;

/// A write on its way to the writer. Given an error instead of a transaction, it only answers.
pub(crate) type Work = Box<dyn FnOnce(Result<Tx>) -> LocalBoxFuture<'static, Finished> + Send>;

/// Tells the caller what became of the write, once that is known.
pub(crate) type Answer = Box<dyn FnOnce(Result<()>)>;

/// A write that has run.
pub(crate) struct Finished {
    /// Its error, or the failure of one of its statements: nothing of it may stay.
    pub(crate) failed: bool,
    pub(crate) answer: Answer,
}

pub(crate) enum Message {
    Write { name: &'static str, work: Work },
    Append { draft: Draft, answer: oneshot::Sender<Result<Entry>> },
    Close { answer: oneshot::Sender<()> },
}

/// A write that takes longer is logged: nobody else can write meanwhile, not even an audit entry.
const LONG_WRITE: Duration = Duration::from_secs(1);
/// So many writes that wait are a rush: whoever waits already beside another gains more by fewer commits.
const RUSH: usize = 2;
/// The same on PostgreSQL, whose commit disturbs no reader.
const RUSH_POSTGRES: usize = 4;
/// In a rush the writer waits so long for more to share the commit: a commit costs the processor as much as many entries,
/// and makes every reader of a SQLite file read its pages anew.
const GATHER: Duration = Duration::from_micros(300);
/// A process that gives way begins no further write in a transaction that is older than this.
const SHORT_BATCH: Duration = Duration::from_micros(500);
/// It leaves the others so many times as long as its transaction took.
const PAUSES: u32 = 12;
/// A neighbour's look at a lock file takes less.
const LOOK_TIME: Duration = Duration::from_millis(100);
/// A new process waits so long for its name.
const NAME_WAIT: Duration = Duration::from_secs(2);
/// After a commit whose connection was lost, the database is asked so long what became of it.
const SETTLE_WAIT: Duration = Duration::from_secs(3);

pub(crate) struct Writer {
    engine: Engine,
    limits: Limits,
    process: ProcessName,
    chain: Arc<Mutex<Chain>>,
    /// The chain in memory may be ahead of the database: read it again before the next write.
    stale: bool,
    pulse: Arc<Pulse>,
    /// Whom this process gives way to, if it does.
    neighbours: Option<Arc<Neighbours>>,
}

enum Engine {
    Sqlite {
        writing: Arc<sqlite::Writing>,
        log: sqlite::Log,
        keeper: sqlite::Keeper,
        /// Held as long as this process writes; the system lets go of it however the process ends.
        _lock: std::fs::File,
    },
    Postgres {
        server: Box<Server>,
        session: Option<Arc<Session>>,
        backoff: Backoff,
    },
}

impl Writer {
    /// Takes the process's name, connects and finds the end of its audit chain.
    pub(crate) async fn start(
        address: &Address,
        process: ProcessName,
        limits: Limits,
        pulse: Arc<Pulse>,
        neighbours: Option<Arc<Neighbours>>,
    ) -> Result<Self> {
        let engine = match address {
            Address::Sqlite(path) => {
                let lock = lock(path, &process)?;
                let writing = sqlite::Writing::new(sqlite::Session::to_commit(path, &limits)?);
                let log = sqlite::Log::new(path);
                let keeper = sqlite::Keeper::start(path, &limits, &log)?;
                Engine::Sqlite { writing, log, keeper, _lock: lock }
            }
            Address::Postgres(server) => {
                Engine::Postgres { server: server.clone(), session: None, backoff: Backoff::default() }
            }
        };
        let chain = Arc::new(Mutex::new(Chain::new(process.clone())));
        let mut writer = Self { engine, limits, process, chain, stale: true, pulse, neighbours };
        let until = Instant::now() + NAME_WAIT;
        loop {
            match writer.begin().await {
                Ok(()) => break,
                // A server that restarts after a crash may come before PostgreSQL has noticed that it was gone.
                Err(Error::Locked(_) | Error::Unavailable(_)) if Instant::now() < until => {
                    tokio::time::sleep(NAME_WAIT / 20).await;
                }
                Err(error) => return Err(error),
            }
        }
        writer.commit().await?;
        Ok(writer)
    }

    /// Writes until the store is closed or dropped.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut taken = Vec::new();
        let mut closing = Vec::new();
        while queue.recv_many(&mut taken, self.limits.batch_writes_max.max(1)).await > 0 {
            if taken.len() >= self.rush() {
                std::thread::sleep(GATHER);
                while taken.len() < self.limits.batch_writes_max
                    && let Ok(message) = queue.try_recv()
                {
                    taken.push(message);
                }
            }
            let mut waiting = VecDeque::with_capacity(taken.len());
            for message in taken.drain(..) {
                match message {
                    Message::Close { answer } => {
                        queue.close();
                        closing.push(answer);
                    }
                    message => waiting.push_back(message),
                }
            }
            while !waiting.is_empty() {
                let begun = Instant::now();
                let gives_way = self.gives_way();
                self.keep_log_for(gives_way);
                self.batch(&mut waiting, gives_way).await;
                if gives_way {
                    std::thread::sleep((PAUSES * begun.elapsed()).clamp(Duration::from_millis(2), LONG_WRITE));
                }
            }
        }
        drop(self);
        for answer in closing {
            let _ = answer.send(());
        }
    }

    const fn rush(&self) -> usize {
        match self.engine {
            Engine::Sqlite { .. } => RUSH,
            Engine::Postgres { .. } => RUSH_POSTGRES,
        }
    }

    /// How long the write-ahead log of a SQLite file may grow before it is brought into the file. Long work that is alone
    /// lets it grow; beside a server it leaves that to the server, unless nobody does it.
    fn keep_log_for(&self, gives_way: bool) {
        let (Some(_), Engine::Sqlite { keeper, .. }) = (&self.neighbours, &self.engine) else { return };
        keeper.keep(if gives_way { 2 * sqlite::LONG } else { sqlite::LONG });
    }

    fn gives_way(&self) -> bool {
        self.neighbours.as_ref().is_some_and(|neighbours| neighbours.write())
    }

    async fn batch(&mut self, waiting: &mut VecDeque<Message>, gives_way: bool) {
        if let Err(error) = self.begin().await {
            tracing::error!(%error, writes = waiting.len(), "writes are refused");
            for message in waiting.drain(..) {
                refuse(message, &error).await;
            }
            return;
        }
        let before = self.head();
        let changes = waiting.iter().any(|message| matches!(message, Message::Write { .. }));
        let mut answers = Vec::new();
        let mut outcome = self.work(waiting, &mut answers, gives_way).await;
        if outcome.is_ok() {
            self.pulse.commit_begins();
            outcome = self.commit().await;
            if let Err(Error::OutcomeUnknown(_)) = outcome
                && matches!(self.engine, Engine::Postgres { .. })
                && self.session().is_err()
            {
                outcome = self.settle(&before, outcome).await;
            }
            self.pulse.commit_ends();
        }
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = answers.len(), "a batch of writes was rolled back");
            self.roll_back().await;
        }
        if changes {
            self.pulse.has_written();
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }

    /// The connection was lost during a commit. The commit took as many entries along as the chain has grown: its end in
    /// the database tells whether it stands. Nobody else has the name meanwhile, not even the lost connection any more.
    async fn settle(&mut self, before: &Head, unknown: Result<()>) -> Result<()> {
        let after = self.head();
        if after == *before {
            return unknown;
        }
        let until = Instant::now() + SETTLE_WAIT;
        while let Err(error) = self.begin().await {
            if Instant::now() > until {
                tracing::warn!(%error, "what became of a commit is not known");
                return unknown;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let found = self.head();
        if found == after
            && let Ok(()) = self.confirm(&after).await
        {
            return Ok(());
        }
        self.roll_back().await;
        match found {
            found if found == *before => Err(Error::unavailable("the connection was lost before the commit")),
            _ => unknown,
        }
    }

    /// The commit stands on this server, but its standby may not have it: a server that ends the connection waits for
    /// nobody. What is committed after it in the same log is confirmed after it.
    async fn confirm(&mut self, head: &Head) -> Result<()> {
        let key = values![self.process.as_str(), head.sequence];
        self.session()?.rows(audit::TOUCH, &key, |row| row.int(0)).await?;
        self.commit().await
    }

    fn head(&self) -> Head {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).head()
    }

    /// Runs what waits, in its order. An error means that the whole transaction is lost; the rest then waits for the
    /// next one.
    async fn work(
        &mut self,
        waiting: &mut VecDeque<Message>,
        answers: &mut Vec<Answer>,
        gives_way: bool,
    ) -> Result<()> {
        let begun = Instant::now();
        let mut entries = Vec::new();
        while !(gives_way && begun.elapsed() > SHORT_BATCH) {
            let Some(message) = waiting.pop_front() else { break };
            match message {
                Message::Append { draft, answer } => {
                    let entry = self.chain.lock().unwrap_or_else(PoisonError::into_inner).seal(draft);
                    entries.push(audit::parameters(&entry));
                    answers.push(Box::new(move |outcome| {
                        let _ = answer.send(outcome.map(|()| entry));
                    }));
                }
                Message::Write { name, work } => {
                    let ready = self.append(&mut entries).await.and_then(|()| self.send("SAVEPOINT write"));
                    if let Err(error) = ready {
                        // It has not begun, so it waits for the next transaction.
                        waiting.push_front(Message::Write { name, work });
                        return Err(error);
                    }
                    self.write(name, work, answers).await?;
                }
                Message::Close { .. } => {}
            }
        }
        self.append(&mut entries).await
    }

    async fn append(&mut self, entries: &mut Vec<Vec<crate::value::Value>>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut tx = self.tx()?;
        tx.insert_entries(std::mem::take(entries)).await
    }

    /// One write, in the savepoint that was set for it.
    async fn write(&mut self, name: &'static str, work: Work, answers: &mut Vec<Answer>) -> Result<()> {
        let before = self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let begun = Instant::now();
        let work = work(self.tx());
        let finished = AssertUnwindSafe(work).catch_unwind().await;
        if begun.elapsed() > LONG_WRITE {
            tracing::warn!(write = name, milliseconds = begun.elapsed().as_millis(), "a write kept the others waiting");
        }
        let failed = finished.as_ref().map_or(true, |finished| finished.failed);
        match finished {
            Ok(finished) => answers.push(finished.answer),
            // Its caller hears that the answer was dropped.
            Err(_) => tracing::error!(write = name, "a write panicked and was rolled back"),
        }
        if !failed {
            return self.send("RELEASE SAVEPOINT write");
        }
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = before;
        self.command("ROLLBACK TO SAVEPOINT write").await?;
        self.send("RELEASE SAVEPOINT write")
    }

    async fn begin(&mut self) -> Result<()> {
        self.connect().await?;
        match &self.engine {
            // IMMEDIATE: a transaction that began as a reader could not become a writer beside another process.
            Engine::Sqlite { writing, log, .. } => {
                log.holds()?;
                writing.session().set("BEGIN IMMEDIATE")?;
            }
            Engine::Postgres { .. } => self.send("BEGIN")?,
        }
        if self.stale {
            let head = self.tx()?.audit_head(&self.process).await;
            match head {
                Ok(head) => self.chain.lock().unwrap_or_else(PoisonError::into_inner).go_to(head),
                Err(error) => {
                    self.roll_back().await;
                    return Err(error);
                }
            }
            self.stale = false;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<()> {
        match &mut self.engine {
            Engine::Sqlite { writing, log, .. } => {
                writing.session().set("COMMIT")?;
                log.sync()
            }
            Engine::Postgres { .. } => self.session()?.commit().await,
        }
    }

    async fn roll_back(&mut self) {
        self.stale = true;
        match &mut self.engine {
            Engine::Sqlite { writing, .. } => {
                let session = writing.session();
                if session.in_transaction()
                    && let Err(error) = session.set("ROLLBACK")
                {
                    tracing::error!(%error, "a rollback failed");
                }
            }
            Engine::Postgres { session, .. } => {
                let Some(open) = session else { return };
                let answered = open.answered().await;
                if open.is_lost() || open.command("ROLLBACK").await.is_err() {
                    tracing::warn!(?answered, "the writer's connection is given up");
                    *session = None;
                }
            }
        }
    }

    /// A lost connection to PostgreSQL is replaced; SQLite has none to lose.
    async fn connect(&mut self) -> Result<()> {
        let Engine::Postgres { server, session, backoff } = &mut self.engine else { return Ok(()) };
        if session.as_ref().is_some_and(|session| !session.is_lost()) {
            return Ok(());
        }
        *session = None;
        self.stale = true;
        backoff.may_try()?;
        match connected(server, &self.limits, &self.process).await {
            Ok(connected) => {
                *session = Some(connected);
                *backoff = Backoff::default();
                Ok(())
            }
            Err(error) => {
                backoff.failed(error.clone());
                Err(error)
            }
        }
    }

    fn tx(&self) -> Result<Tx> {
        let chain = Some(Arc::clone(&self.chain));
        Ok(Tx::new(match &self.engine {
            Engine::Sqlite { writing, .. } => Via::SqliteWithin(Arc::clone(writing), chain),
            Engine::Postgres { .. } => Via::PostgresWithin(self.session()?, chain),
        }))
    }

    fn session(&self) -> Result<Arc<Session>> {
        match &self.engine {
            Engine::Postgres { session: Some(session), .. } if !session.is_lost() => Ok(Arc::clone(session)),
            _ => Err(Error::unavailable("the connection was lost")),
        }
    }

    /// A command whose answer is only looked at with the commit's.
    fn send(&self, text: &'static str) -> Result<()> {
        match &self.engine {
            Engine::Sqlite { writing, .. } => writing.session().set(text),
            Engine::Postgres { .. } => {
                self.session()?.send(text);
                Ok(())
            }
        }
    }

    async fn command(&self, text: &'static str) -> Result<()> {
        match &self.engine {
            Engine::Sqlite { writing, .. } => writing.session().set(text),
            Engine::Postgres { .. } => self.session()?.command(text).await,
        }
    }
}

/// A connection that holds the process's name: a second process of this name would fork the audit chain.
async fn connected(server: &Server, limits: &Limits, process: &ProcessName) -> Result<Arc<Session>> {
    let session = Session::open(server, limits, Purpose::Write).await?;
    let taken = session.rows(audit::TAKE_NAME, &values![process.as_str()], |row| row.truth(0)).await?;
    if taken.first() != Some(&true) {
        return Err(Error::Locked(process.as_str().into()));
    }
    Ok(session)
}

fn lock(database: &std::path::Path, process: &ProcessName) -> Result<std::fs::File> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(neighbour::lock_file(database, process));
    let file = file.map_err(|error| Error::unavailable(format!("the lock file: {error}")))?;
    let until = Instant::now() + LOOK_TIME;
    let mut locked = file.try_lock();
    // A neighbour that looks whether somebody writes holds the file for a moment too.
    while matches!(locked, Err(std::fs::TryLockError::WouldBlock)) && Instant::now() < until {
        std::thread::sleep(LOOK_TIME / 20);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked(process.as_str().into())),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::unavailable(format!("the lock file: {error}"))),
    }
}

async fn refuse(message: Message, error: &Error) {
    match message {
        Message::Write { work, .. } => (work(Err(error.clone())).await.answer)(Err(error.clone())),
        Message::Append { answer, .. } => {
            let _ = answer.send(Err(error.clone()));
        }
        Message::Close { .. } => {}
    }
}
