//! PostgreSQL and Citus: a few connections that each carry many reads at a time, and one connection that writes.
//!
//! Statements are prepared once a connection. A lost connection is replaced at the next use; a read is then asked once
//! more, a write never.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt, join_all, try_join_all};
use tokio_postgres::{Client, NoTls, Statement, error::SqlState, types::ToSql};

use super::Limits;
use crate::{
    Error, Result,
    sql::Sql,
    value::{Cells, Row, Value},
};

/// One connection and what was prepared on it.
pub(crate) struct Session {
    client: Arc<Client>,
    /// By the address of the static text.
    statements: Mutex<HashMap<(usize, usize), Statement>>,
    /// Commands that were sent without waiting for their answers, such as BEGIN.
    sent: Mutex<Vec<BoxFuture<'static, Result<(), tokio_postgres::Error>>>>,
    /// The server answered that it can't serve (any more): it stops, or has become a standby.
    forsaken: AtomicBool,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Scan,
    Write,
}

impl Session {
    /// Connects. The driver runs as a task of the current runtime.
    pub(crate) async fn open(config: &tokio_postgres::Config, limits: &Limits, purpose: Purpose) -> Result<Arc<Self>> {
        let (client, connection) = config.connect(NoTls).await.map_err(|error| unreachable(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(reason = %unreachable(&error), "a connection to PostgreSQL ended");
            }
        });
        let deadline = if purpose == Purpose::Read { limits.read_deadline } else { limits.long_deadline };
        // A statement is planned once, for any values, so that a LIMIT does not make it be planned at each execution.
        let settings = format!(
            "SET statement_timeout = {deadline}; SET lock_timeout = {wait}; SET application_name = 'madoguchi';
             SET idle_in_transaction_session_timeout = {deadline}; SET default_transaction_read_only = {read_only};
             SET plan_cache_mode = force_generic_plan; SET client_min_messages = warning; SET standard_conforming_strings = on; SET synchronous_commit = on",
            deadline = deadline.as_millis(),
            wait = limits.lock_wait.as_millis(),
            read_only = purpose != Purpose::Write,
        );
        client.batch_execute(&settings).await.map_err(|error| broken("the session", &error))?;
        Ok(Arc::new(Self {
            client: Arc::new(client),
            statements: Mutex::default(),
            sent: Mutex::default(),
            forsaken: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.client.is_closed() || self.forsaken.load(Ordering::Relaxed)
    }

    fn broken(&self, table: &str, error: &tokio_postgres::Error) -> Error {
        let error = broken(table, error);
        if matches!(error, Error::Unavailable(_)) {
            self.forsaken.store(true, Ordering::Relaxed);
        }
        error
    }

    /// A command without parameters, such as COMMIT or a migration's text.
    pub(crate) async fn command(&self, text: &str) -> Result<()> {
        self.client.batch_execute(text).await.map_err(|error| self.broken("the whole", &error))
    }

    /// Sends a command ahead of the next statement; [`Session::answered`] tells whether it went well.
    pub(crate) fn send(&self, text: &'static str) {
        let client = Arc::clone(&self.client);
        let mut sent: BoxFuture<'static, _> = Box::pin(async move { client.batch_execute(text).await });
        // The first poll puts the command on the wire; its answer is awaited later.
        let answer = match Pin::new(&mut sent).now_or_never() {
            Some(answer) => async move { answer }.boxed(),
            None => sent,
        };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }

    /// Waits for the answers of what [`Session::send`] sent.
    pub(crate) async fn answered(&self) -> Result<()> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        for answer in join_all(sent).await {
            answer.map_err(|error| self.broken("the transaction", &error))?;
        }
        Ok(())
    }

    pub(crate) async fn rows<T>(
        &self,
        sql: Sql,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let statement = self.prepared(sql).await?;
        let rows = self.client.query(&statement, &references(parameters)).await;
        let rows = rows.map_err(|error| self.broken(sql.table(), &error))?;
        let row = |(number, row)| read(&Row { sql, number, cells: Cells::Postgres(row) });
        rows.iter().enumerate().map(row).collect()
    }

    pub(crate) async fn execute(&self, sql: Sql, parameters: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql).await?;
        let changed = self.client.execute(&statement, &references(parameters)).await;
        changed.map_err(|error| self.broken(sql.table(), &error))
    }

    /// One statement for many sets of parameters, all under way at once.
    pub(crate) async fn execute_each(&self, sql: Sql, sets: &[Vec<Value>]) -> Result<u64> {
        let statement = self.prepared(sql).await?;
        let mut changed = 0;
        for sets in sets.chunks(SETS_UNDER_WAY) {
            let answers = sets.iter().map(|set| {
                let (client, statement) = (&self.client, &statement);
                async move { client.execute(statement, &references(set)).await }
            });
            for answer in join_all(answers).await {
                changed += answer.map_err(|error| self.broken(sql.table(), &error))?;
            }
        }
        Ok(changed)
    }

    /// One question with many sets of parameters, all under way at once.
    pub(crate) async fn rows_each<T>(
        &self,
        sql: Sql,
        sets: &[Vec<Value>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<Vec<T>>> {
        let mut all = Vec::with_capacity(sets.len());
        for sets in sets.chunks(SETS_UNDER_WAY) {
            all.extend(try_join_all(sets.iter().map(|set| self.rows(sql, set, &read))).await?);
        }
        Ok(all)
    }

    /// The types of the statement's parameters, if it can be prepared.
    #[cfg(test)]
    pub(crate) async fn parameter_types(&self, sql: Sql) -> Result<Vec<String>> {
        Ok(self.prepared(sql).await?.params().iter().map(|kind| kind.name().to_owned()).collect())
    }

    async fn prepared(&self, sql: Sql) -> Result<Statement> {
        let key = sql.key();
        let kept = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(statement) = kept {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql.text).await.map_err(|error| self.broken(sql.table(), &error))?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(key, statement.clone());
        Ok(statement)
    }
}

/// So many executions are under way at once; their answers must fit into the socket's buffers comfortably.
const SETS_UNDER_WAY: usize = 256;

fn references(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// The connections for short reads; each is replaced when it is lost.
pub(crate) struct Pool {
    config: tokio_postgres::Config,
    limits: Limits,
    places: Vec<tokio::sync::Mutex<Place>>,
    next: AtomicUsize,
    pub(crate) scans: tokio::sync::Semaphore,
}

#[derive(Default)]
struct Place {
    session: Option<Arc<Session>>,
    backoff: Backoff,
}

impl Pool {
    pub(crate) fn new(config: &tokio_postgres::Config, limits: Limits) -> Arc<Self> {
        let places = (0..limits.postgres_connections.max(1)).map(|_| tokio::sync::Mutex::default()).collect();
        let scans = tokio::sync::Semaphore::new(limits.scans_max);
        Arc::new(Self { config: config.clone(), limits, places, next: AtomicUsize::new(0), scans })
    }

    /// The place that the next request reads through.
    pub(crate) fn next_place(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.places.len()
    }

    /// The connection at this place, a new one if the former was lost.
    pub(crate) async fn session(&self, place: usize) -> Result<Arc<Session>> {
        let mut place = self.places[place % self.places.len()].lock().await;
        if let Some(session) = place.session.as_ref().filter(|session| !session.is_lost()) {
            return Ok(Arc::clone(session));
        }
        place.backoff.may_try()?;
        match Session::open(&self.config, &self.limits, Purpose::Read).await {
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
        let session = Session::open(&self.config, &self.limits, Purpose::Scan).await?;
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

    pub(crate) fn failed(&mut self, error: Error) {
        let pause = Duration::from_millis(50 << self.failures.min(5));
        self.failures += 1;
        self.last = Some((Instant::now() + pause, error));
    }
}

fn unreachable(error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(refusal) => Error::unavailable(format!("{} {}", refusal.code().code(), refusal.message())),
        None => Error::unavailable(error.to_string()),
    }
}

/// What a failure means to the caller. PostgreSQL's details quote values, so only code, constraint and the messages of
/// our own mistakes are kept.
fn broken(table: &str, error: &tokio_postgres::Error) -> Error {
    let Some(refusal) = error.as_db_error() else {
        return if error.is_closed() || is_io(error) {
            Error::unavailable("the connection was lost")
        } else {
            Error::Refused { table: table.into(), detail: error.to_string().into() }
        };
    };
    let code = refusal.code();
    let place = || format!("{} {}", refusal.constraint().or(refusal.table()).unwrap_or(table), code.code());
    if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::EXCLUSION_VIOLATION {
        return Error::Conflict(place().into());
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Conflict(place().into());
    }
    if *code == SqlState::QUERY_CANCELED {
        return Error::Deadline(table.into());
    }
    match &code.code()[..2] {
        "08" | "57" => Error::unavailable(format!("{} {}", code.code(), refusal.message())),
        "53" if *code == SqlState::DISK_FULL => Error::DiskFull(place().into()),
        "53" => Error::unavailable(format!("{} {}", code.code(), refusal.message())),
        "55" => Error::Busy("another process holds a row"),
        "25" if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Error::unavailable("the server takes only reads now"),
        "42" => Error::Refused { table: table.into(), detail: format!("{} {}", code.code(), refusal.message()).into() },
        _ => Error::Refused { table: table.into(), detail: place().into() },
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
