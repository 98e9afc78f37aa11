//! The store: opened once a process, cloned cheaply, closed in order.

use std::{sync::Arc, time::Duration};

use futures_util::future::FutureExt;
use madoguchi_model::{
    audit::{Draft, Entry},
    day::Timestamp,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    DatabaseUrl, Error, Kind, Limits, Migrated, ProcessName, Result, Tx,
    engine::{
        postgres::{self, jittered},
        sqlite,
    },
    kind, migration,
    neighbour::Neighbours,
    tx::Via,
    url::Address,
    writer::{Finished, Message, Pulse, Work, Writer},
};

/// Everything that Madoguchi keeps. A clone is another handle to the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    limits: Limits,
    readers: Readers,
    process: Option<ProcessName>,
    /// None in a store that was opened only to read.
    queue: Option<mpsc::Sender<Message>>,
    pulse: Arc<Pulse>,
    /// Whom this process gives way to, if it does.
    neighbours: Option<Arc<Neighbours>>,
}

/// A write that had to give way is repeated so often, after pauses that double.
const REPEATS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

enum Readers {
    Sqlite(Arc<sqlite::Database>, tokio::sync::Semaphore),
    Postgres(Arc<postgres::Pool>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store").field("process", &self.0.process).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a migrated store to read and write as the process of this name, with the usual limits.
    ///
    /// # Errors
    /// [`Error::SchemaTooOld`] and [`Error::SchemaTooNew`] when the schema is not this program's; [`Error::Locked`] when
    /// another process of this name writes; [`Error::Unavailable`] when the database can't be reached.
    pub async fn open(url: &DatabaseUrl, process: ProcessName) -> Result<Self> {
        Self::open_with(url, process, Limits::default()).await
    }

    /// Opens a migrated store with limits of one's own.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &DatabaseUrl, process: ProcessName, limits: Limits) -> Result<Self> {
        migration::gate(url, &limits).await?;
        let pulse = Arc::new(Pulse::new());
        let neighbours = url.path().filter(|_| limits.gives_way);
        let neighbours = neighbours.map(|path| Arc::new(Neighbours::new(path, &process)));
        let queue = start_writer(url, process.clone(), limits, Arc::clone(&pulse), neighbours.clone()).await?;
        Ok(Self::new(url, limits, Some(process), Some(queue), pulse, neighbours))
    }

    /// Opens a migrated store only to read: it takes no process name and disturbs nobody.
    ///
    /// # Errors
    /// As [`Store::open`], never [`Error::Locked`].
    pub async fn open_to_read(url: &DatabaseUrl) -> Result<Self> {
        let limits = Limits::default();
        migration::gate(url, &limits).await?;
        Ok(Self::new(url, limits, None, None, Arc::new(Pulse::new()), None))
    }

    /// Makes the store if it is missing and brings its schema to this program's version. `now` is written beside each
    /// migration.
    ///
    /// # Errors
    /// [`Error::SchemaTooNew`], [`Error::MigrationChanged`], and what a database may answer.
    pub async fn migrate(url: &DatabaseUrl, now: Timestamp) -> Result<Migrated> {
        migration::migrate(url, now).await
    }

    /// The version of the store's schema; 0 when there is none yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database can't be reached.
    pub async fn schema_version(url: &DatabaseUrl) -> Result<i64> {
        migration::schema_version(url, &Limits::default()).await
    }

    /// What kind of database it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't be reached.
    pub async fn kind(url: &DatabaseUrl) -> Result<Kind> {
        kind::of(url).await
    }

    /// The version of the schema that this program needs.
    #[must_use]
    pub fn schema_version_expected() -> i64 {
        migration::version_expected()
    }

    fn new(
        url: &DatabaseUrl,
        limits: Limits,
        process: Option<ProcessName>,
        queue: Option<mpsc::Sender<Message>>,
        pulse: Arc<Pulse>,
        neighbours: Option<Arc<Neighbours>>,
    ) -> Self {
        let readers = match &url.0 {
            Address::Sqlite(path) => Readers::Sqlite(
                sqlite::Database::new(path, limits),
                tokio::sync::Semaphore::new(limits.scans_max.max(1)),
            ),
            Address::Postgres(server) => Readers::Postgres(postgres::Pool::new(server, limits)),
        };
        Self(Arc::new(Inner { limits, readers, process, queue, pulse, neighbours }))
    }

    /// The name under which this process writes; none in a store opened only to read.
    #[must_use]
    pub fn process(&self) -> Option<&ProcessName> {
        self.0.process.as_ref()
    }

    /// Counts the commits of this process with a [`Store::write`] in them; it has counted up before the write's caller
    /// hears. While it stands still, this process has changed nothing; others may have. What is read after it sees all that
    /// was counted.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.see_anew();
        self.0.pulse.writes()
    }

    /// Runs `task`, the answering of a request: on SQLite, its short reads that have no wait between them are of one
    /// moment, for which they cost a fraction. After each wait (for something that was not ready at once), after each write and
    /// after [`Store::see_anew`] they see what was committed until then.
    pub async fn at_one_moment<F: Future>(&self, task: F) -> F::Output {
        match &self.0.readers {
            Readers::Sqlite(..) => sqlite::at_one_moment(task).await,
            Readers::Postgres(_) => task.await,
        }
    }

    /// Whether this store gives way ([`Limits::gives_way`]) and another process writes to the same file just now: then
    /// writes should be small.
    #[must_use]
    pub fn gives_way(&self) -> bool {
        self.0.neighbours.as_ref().is_some_and(|neighbours| neighbours.write())
    }

    /// The next read sees what was committed until now, also inside of [`Store::at_one_moment`]: for whoever reads a second
    /// time to learn what has changed.
    pub fn see_anew(&self) {
        if let Readers::Sqlite(..) = self.0.readers {
            sqlite::see_anew();
        }
    }

    /// For short reads: each statement stands alone and sees what was committed before it, but see
    /// [`Store::at_one_moment`].
    #[must_use]
    pub fn read(&self) -> Tx {
        let [tx] = self.reads();
        tx
    }

    /// As [`Store::read`], for questions that don't depend on one another: asked at the same time (with `join!`), they
    /// cross to a database server and back together.
    #[must_use]
    pub fn reads<const N: usize>(&self) -> [Tx; N] {
        match &self.0.readers {
            Readers::Sqlite(database, _) => std::array::from_fn(|_| Tx::new(Via::Sqlite(Arc::clone(database)))),
            Readers::Postgres(pool) => {
                let place = pool.next_place();
                std::array::from_fn(|_| Tx::new(Via::Postgres(Arc::clone(pool), place)))
            }
        }
    }

    /// For long reads, such as verification and export: all statements see the store as it was at one moment, and no
    /// thread that answers requests waits for them. `job` may take as long as it likes, each statement its long deadline.
    ///
    /// # Errors
    /// The job's own, and [`Error::Unavailable`] when it could not begin.
    pub async fn scan<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let permits = match &self.0.readers {
            Readers::Sqlite(_, permits) => permits,
            Readers::Postgres(pool) => &pool.scans,
        };
        let permit = tokio::time::timeout(self.0.limits.lock_wait, permits.acquire()).await;
        let permit = permit.map_err(|_| Error::Busy("too many long reads are running"))?;
        let _permit = permit.map_err(|_| Error::unavailable("the store is closed"))?;
        let via = match &self.0.readers {
            Readers::Sqlite(database, _) => {
                let session = sqlite::Session::to_scan(database.path(), &self.0.limits)?;
                Via::SqliteWithin(sqlite::Writing::new(session), None)
            }
            Readers::Postgres(pool) => Via::PostgresWithin(pool.scan().await?, None),
        };
        let runtime = tokio::runtime::Handle::current();
        let run = move || runtime.block_on(async move { job(&mut Tx::new(via)).await });
        match tokio::task::spawn_blocking(run).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::unavailable("the scan was stopped").into()),
        }
    }

    /// Runs `job` inside a transaction and returns its answer once that is durable. `name` says in logs which write it
    /// was. If the job returns an error, nothing of it stays. The job may share its commit with others; it runs alone, so
    /// it must wait for nothing but its own statements.
    ///
    /// # Errors
    /// The job's own; [`Error::Busy`] when too many writes wait; what [`Error`] says about a commit that failed.
    pub async fn write<T, E, F>(&self, name: &'static str, job: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_once(name, job).await.0
    }

    /// As [`Store::write`]; when nothing of it was written because another write or a lost connection was in the way, the
    /// same job runs again, some times. For jobs that are small enough to be kept until they are done.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_or_repeat<T, E, F>(&self, name: &'static str, job: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        for repeat in 0..REPEATS {
            match self.write_once(name, job.clone()).await {
                (_, Repeat::Worthwhile) => tokio::time::sleep(jittered(FIRST_PAUSE * 2_u32.pow(repeat))).await,
                (answer, Repeat::Useless) => return answer,
            }
        }
        self.write_once(name, job).await.0
    }

    async fn write_once<T, E, F>(&self, name: &'static str, job: F) -> (Result<T, E>, Repeat)
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        if let Err(error) = self.enqueue(Message::Write { name, work: work(job, answer) }) {
            return (Err(error.into()), Repeat::Useless);
        }
        let written = outcome.await;
        self.see_anew();
        written.unwrap_or_else(|_| {
            let detail = "the write broke off and was rolled back".into();
            (Err(Error::Refused { table: name.into(), detail }.into()), Repeat::Useless)
        })
    }

    /// Appends one audit entry and returns it once it is durable. This is the fast path: many entries share a commit. It is
    /// tried again as [`Store::write_or_repeat`] does.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn append(&self, draft: Draft) -> Result<Entry> {
        for repeat in 0..REPEATS {
            match self.append_once(draft.clone()).await {
                Err(error) if error.may_be_repeated() => {
                    tokio::time::sleep(jittered(FIRST_PAUSE * 2_u32.pow(repeat))).await;
                }
                answer => return answer,
            }
        }
        self.append_once(draft).await
    }

    async fn append_once(&self, draft: Draft) -> Result<Entry> {
        let (answer, outcome) = oneshot::channel();
        self.enqueue(Message::Append { draft, answer })?;
        let written = outcome.await;
        self.see_anew();
        written.unwrap_or(Err(Error::NotWritable("it was closed")))
    }

    /// Waits until everything in the queue is durable, then stops the writer and gives the process's name free. Later
    /// writes are refused; reads go on.
    pub async fn close(&self) {
        let Some(queue) = &self.0.queue else { return };
        let (answer, closed) = oneshot::channel();
        if queue.send(Message::Close { answer }).await.is_ok() {
            let _ = closed.await;
        }
    }

    fn enqueue(&self, message: Message) -> Result<()> {
        let queue = self.0.queue.as_ref().ok_or(Error::NotWritable("it was opened only to read"))?;
        if self.0.pulse.is_overdue() {
            return Err(Error::Busy("the database does not confirm"));
        }
        queue.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy("too many writes are waiting"),
            mpsc::error::TrySendError::Closed(_) => Error::NotWritable("it was closed"),
        })
    }
}

/// Whether the same write may go well a moment later.
#[derive(Clone, Copy)]
enum Repeat {
    Worthwhile,
    Useless,
}

impl Repeat {
    fn after(failure: Option<&Error>) -> Self {
        if failure.is_some_and(Error::may_be_repeated) { Self::Worthwhile } else { Self::Useless }
    }
}

/// The write as the writer runs it: given a transaction it does its job, given an error it only passes it on.
fn work<T, E, F>(job: F, answer: oneshot::Sender<(Result<T, E>, Repeat)>) -> Work
where
    F: AsyncFnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    Box::new(move |begun| {
        async move {
            let (result, failure) = match begun {
                Ok(mut tx) => (job(&mut tx).await, tx.failure().cloned()),
                Err(error) => (Err(error.clone().into()), Some(error)),
            };
            let mut repeat = Repeat::after(failure.as_ref());
            let result = match (result, failure) {
                // The job passed over a failed statement: its transaction is void all the same.
                (Ok(_), Some(failure)) => Err(failure.into()),
                (result, _) => result,
            };
            let failed = result.is_err();
            let tell = move |outcome: Result<()>| {
                if result.is_ok() {
                    repeat = Repeat::after(outcome.as_ref().err());
                }
                let result = match outcome {
                    Ok(()) => result,
                    Err(error) => result.and(Err(error.into())),
                };
                let _ = answer.send((result, repeat));
            };
            Finished { failed, answer: Box::new(tell) }
        }
        .boxed_local()
    })
}

/// The writer has a thread of its own, so that its jobs need not be `Send` and no request waits for its disk.
async fn start_writer(
    url: &DatabaseUrl,
    process: ProcessName,
    limits: Limits,
    pulse: Arc<Pulse>,
    neighbours: Option<Arc<Neighbours>>,
) -> Result<mpsc::Sender<Message>> {
    let (queue, waiting) = mpsc::channel(limits.queue_writes_max.max(1));
    let (ready, started) = oneshot::channel();
    let address = url.0.clone();
    let body = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(Error::unavailable(error.to_string())))),
        };
        runtime.block_on(async move {
            match Writer::start(&address, process, limits, pulse, neighbours).await {
                Ok(writer) => {
                    if ready.send(Ok(())).is_ok() {
                        writer.run(waiting).await;
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    };
    let thread = std::thread::Builder::new().name("store-writer".into()).spawn(body);
    thread.map_err(|error| Error::unavailable(error.to_string()))?;
    started.await.unwrap_or(Err(Error::unavailable("the writer did not start")))?;
    Ok(queue)
}
