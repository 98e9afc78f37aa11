//! PostgreSQL and Citus: a few connections that each carry many reads at a time, and one connection that writes.
//!
//! Statements are prepared once a connection. A lost connection is replaced at the next use; a read is then asked once
//! more, a write only where it is certain that nothing of it stands.

mod failure;
mod pool;
#[cfg(all(test, feature = "test-support"))]
mod tests;
pub(crate) mod tls;

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt, join_all, try_join_all};
use tokio_postgres::{
    AsyncMessage, Client, Connection, Socket, Statement, binary_copy::BinaryCopyInWriter, error::SqlState, types::ToSql,
};

pub(crate) use self::pool::{Backoff, Pool, jittered};
use self::{
    failure::{broken, is_elsewhere, unreachable},
    tls::Encrypted,
};
use super::Limits;
use crate::{
    Error, Result,
    sql::Sql,
    url::Server,
    value::{Cells, Row, Value},
};

/// One connection and what was prepared on it.
pub(crate) struct Session {
    client: Arc<Client>,
    /// By the address of the static text.
    statements: Mutex<HashMap<Prepared, Statement>>,
    /// Commands that were sent without waiting for their answers, such as BEGIN.
    sent: Mutex<Vec<BoxFuture<'static, Result<(), tokio_postgres::Error>>>>,
    /// The server answered that it can't serve (any more), or does not answer.
    forsaken: AtomicBool,
    /// The server warned: a commit that says so was not confirmed by the standby.
    warned: Arc<AtomicBool>,
    /// The server stops a statement itself after its deadline; one that has not even done so is gone.
    patience: Duration,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Scan,
    Write,
}

/// A server that does not take a connection within this time, one host after the other, counts as lost.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// So long after a statement's deadline the server's word about it is awaited.
const GRACE: Duration = Duration::from_secs(2);

impl Session {
    /// Connects. The driver runs as a task of the current runtime.
    pub(crate) async fn open(server: &Server, limits: &Limits, purpose: Purpose) -> Result<Arc<Self>> {
        let opening = tokio::time::timeout(OPENING_MAX, Self::opened(server, limits, purpose));
        opening.await.unwrap_or_else(|_| Err(Error::unavailable("the server does not answer")))
    }

    async fn opened(server: &Server, limits: &Limits, purpose: Purpose) -> Result<Arc<Self>> {
        let connected = server.config.connect(server.trust.tls()?).await;
        let (client, connection) = connected.map_err(|error| unreachable(&error))?;
        let warned = Arc::default();
        tokio::spawn(drive(connection, Arc::clone(&warned)));
        let deadline = if purpose == Purpose::Read { limits.read_deadline } else { limits.long_deadline };
        // A statement is planned once, for any values, so that a LIMIT does not make it be planned at each execution; but
        // Citus plans what concerns several nodes only with the values known.
        // The server notices within seconds that this process is gone, and lets go of its name.
        let settings = format!(
            "SET statement_timeout = {deadline}; SET lock_timeout = {wait}; SET application_name = 'madoguchi';
             SET idle_in_transaction_session_timeout = {deadline}; SET default_transaction_read_only = {read_only};
             SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000;
             SELECT set_config('plan_cache_mode', CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')
                 THEN 'auto' ELSE 'force_generic_plan' END, false); SET client_min_messages = warning; SET standard_conforming_strings = on; SET synchronous_commit = on",
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
            warned,
            patience: deadline + GRACE,
        }))
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.client.is_closed() || self.forsaken.load(Ordering::Relaxed)
    }

    /// Waits for an answer of the server, but not for ever.
    async fn asked<T>(&self, table: &str, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        let (error, elsewhere) = match tokio::time::timeout(self.patience, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => (broken(table, &error), is_elsewhere(&error)),
            Err(_) => (Error::unavailable("the server does not answer"), false),
        };
        if matches!(error, Error::Unavailable(_)) && !elsewhere {
            self.forsaken.store(true, Ordering::Relaxed);
        }
        Err(error)
    }

    /// A command without parameters, such as ROLLBACK.
    pub(crate) async fn command(&self, text: &str) -> Result<()> {
        self.asked("the whole", self.client.batch_execute(text)).await
    }

    /// A migration's text, which may take as long as it likes.
    pub(crate) async fn change(&self, text: &str) -> Result<()> {
        self.client.batch_execute(text).await.map_err(|error| broken("the whole", &error))
    }

    /// Commits. [`Error::OutcomeUnknown`] when the connection was lost meanwhile, or when the server stopped waiting for
    /// its standby: what it then has could be lost with it.
    pub(crate) async fn commit(&self) -> Result<()> {
        self.warned.store(false, Ordering::Relaxed);
        let outcome = self.command("COMMIT").await;
        if let Err(Error::Unavailable(detail)) = outcome {
            // Also over a good connection: what became of it is looked up over a new one.
            self.forsaken.store(true, Ordering::Relaxed);
            return Err(Error::OutcomeUnknown(detail));
        }
        // If one of the commands before had failed, COMMIT has rolled back.
        self.answered().await?;
        if self.warned.load(Ordering::Relaxed) {
            return Err(Error::OutcomeUnknown("the standby has not confirmed".into()));
        }
        outcome
    }

    /// The only number that answers a question without parameters; it may take as long as it likes.
    pub(crate) async fn number(&self, text: &str) -> Result<i64> {
        let row = self.client.query_one(text, &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| broken("the whole", &error))
    }

    /// The only text that answers a question without parameters.
    pub(crate) async fn text(&self, text: &str) -> Result<String> {
        let row = self.client.query_one(text, &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| broken("the whole", &error))
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
        for answer in sent {
            self.asked("the transaction", answer).await?;
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
        let rows = self.asked(sql.table(), self.client.query(&statement, &references(parameters))).await?;
        let row = |(number, row)| read(&Row { sql, number, cells: Cells::Postgres(row) });
        rows.iter().enumerate().map(row).collect()
    }

    pub(crate) async fn execute(&self, sql: Sql, parameters: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql).await?;
        self.asked(sql.table(), self.client.execute(&statement, &references(parameters))).await
    }

    /// One statement for many sets of parameters, all under way at once.
    pub(crate) async fn execute_each(&self, sql: Sql, sets: &[Vec<Value>]) -> Result<u64> {
        let statement = self.prepared(sql).await?;
        let mut changed = 0;
        for sets in sets.chunks(SETS_UNDER_WAY) {
            let answers = sets.iter().map(|set| {
                let statement = &statement;
                async move { self.asked(sql.table(), self.client.execute(statement, &references(set))).await }
            });
            for answer in join_all(answers).await {
                changed += answer?;
            }
        }
        Ok(changed)
    }

    /// Many new rows by COPY; `insert` is the statement that would insert one of them.
    pub(crate) async fn copy_in(&self, insert: Sql, rows: &[&[Value]]) -> Result<()> {
        let statement = self.prepared(insert).await?;
        let command = self.prepared_as(Form::Copy, insert, || copy_of(insert.text)).await?;
        let copy = async {
            let sink = self.client.copy_in(&command).await?;
            let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, statement.params()));
            for row in rows {
                writer.as_mut().write(&references(row)).await?;
            }
            writer.finish().await
        };
        self.asked(insert.table(), copy).await.map(drop)
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
        self.prepared_as(Form::Itself, sql, || sql.text.to_owned()).await
    }

    /// Prepares a form of a statement once: a server reads a text that is not prepared each time.
    async fn prepared_as(&self, form: Form, sql: Sql, text: impl FnOnce() -> String) -> Result<Statement> {
        let key = Prepared { form, text: sql.key() };
        let kept = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(statement) = kept {
            return Ok(statement);
        }
        let statement = self.asked(sql.table(), self.client.prepare(&text())).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(key, statement.clone());
        Ok(statement)
    }
}

/// A form of a statement, by the address of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Prepared {
    form: Form,
    text: (usize, usize),
}

/// What is prepared of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    Itself,
    /// The COPY of the same columns.
    Copy,
}

/// So many executions are under way at once; their answers must fit into the socket's buffers comfortably.
const SETS_UNDER_WAY: usize = 256;

/// `INSERT INTO table (columns) …` as the COPY of the same columns.
fn copy_of(insert: &str) -> String {
    let into = insert.strip_prefix("INSERT INTO ").unwrap_or(insert);
    let columns = into.split_inclusive(')').next().unwrap_or_default();
    format!("COPY {columns} FROM STDIN (FORMAT binary)")
}

fn references(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// Moves bytes until the connection ends, and notes a warning of a commit before its answer is passed on: the server has
/// committed, but was told to wait no longer for its standby.
async fn drive(mut connection: Connection<Socket, Encrypted>, warned: Arc<AtomicBool>) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) if *notice.code() == SqlState::WARNING => {
                warned.store(true, Ordering::Relaxed);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(reason = %unreachable(&error), "a connection to PostgreSQL ended");
                return;
            }
            None => return,
        }
    }
}
