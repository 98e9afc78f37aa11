//! The handle through which every question and every write goes.
//!
//! [`crate::Store::read`] gives one whose statements stand alone (but see [`crate::Store::at_one_moment`]);
//! [`crate::Store::write`] and [`crate::Store::scan`] give one inside a transaction. The questions themselves are in the
//! file of their subject, as `impl Tx`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    Error, Result,
    chain::Chain,
    engine::{postgres, sqlite},
    sql::Sql,
    value::{Row, Value},
};

/// A way to the store. See the files of the subjects for its questions.
pub struct Tx {
    via: Via,
    /// The first failure inside a transaction: nothing more may happen in it, on any engine.
    failure: Option<Error>,
}

pub(crate) enum Via {
    /// Short reads on this thread's connection.
    Sqlite(Arc<sqlite::Database>),
    /// Inside a transaction; with the audit chain if it is the writer's.
    SqliteWithin(Arc<sqlite::Writing>, Option<Arc<Mutex<Chain>>>),
    /// Short reads on one of the shared connections.
    Postgres(Arc<postgres::Pool>, usize),
    /// Inside a transaction; with the audit chain if it is the writer's.
    PostgresWithin(Arc<postgres::Session>, Option<Arc<Mutex<Chain>>>),
}

impl Tx {
    pub(crate) fn new(via: Via) -> Self {
        Self { via, failure: None }
    }

    /// Another handle for short reads on the same connection, for a question at the same time.
    pub(crate) fn beside(&self) -> Result<Self> {
        match &self.via {
            Via::Sqlite(database) => Ok(Self::new(Via::Sqlite(Arc::clone(database)))),
            Via::Postgres(pool, place) => Ok(Self::new(Via::Postgres(Arc::clone(pool), *place))),
            Via::SqliteWithin(..) | Via::PostgresWithin(..) => Err(THIS_IS_NO_SHORT_READ),
        }
    }

    /// Where the statements go, for what only one engine can.
    pub(crate) fn via(&self) -> &Via {
        &self.via
    }

    /// All rows that answer the question.
    pub(crate) async fn rows<T>(
        &mut self,
        sql: Sql,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.still_sound()?;
        let answer = match &self.via {
            Via::Sqlite(database) => return database.with_session(|session| session.rows(sql, parameters, read)),
            Via::Postgres(pool, place) => return short_read(pool, *place, sql, parameters, read).await,
            Via::SqliteWithin(writing, _) => writing.session().rows(sql, parameters, read),
            Via::PostgresWithin(session, _) => session.rows(sql, parameters, read).await,
        };
        self.noted(answer)
    }

    /// The only row that answers the question, if there is one.
    pub(crate) async fn row<T>(
        &mut self,
        sql: Sql,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.rows(sql, parameters, read).await?.into_iter().next())
    }

    /// One question with many sets of parameters, on PostgreSQL all under way at once; the rows of each set.
    pub(crate) async fn rows_each<T>(
        &mut self,
        sql: Sql,
        sets: &[Vec<Value>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<Vec<T>>> {
        self.still_sound()?;
        let answer = match &self.via {
            Via::Sqlite(database) => return database.with_session(|session| session.rows_each(sql, sets, read)),
            Via::Postgres(pool, place) => return pool.session(*place).await?.rows_each(sql, sets, read).await,
            Via::SqliteWithin(writing, _) => writing.session().rows_each(sql, sets, read),
            Via::PostgresWithin(session, _) => session.rows_each(sql, sets, read).await,
        };
        self.noted(answer)
    }

    /// Changes rows; says how many.
    pub(crate) async fn execute(&mut self, sql: Sql, parameters: &[Value]) -> Result<u64> {
        self.still_sound()?;
        let answer = match &self.via {
            Via::Sqlite(_) | Via::Postgres(..) => return Err(THIS_IS_A_READ),
            Via::SqliteWithin(writing, _) => writing.session().execute(sql, parameters),
            Via::PostgresWithin(session, _) => session.execute(sql, parameters).await,
        };
        self.noted(answer)
    }

    /// One statement with many sets of parameters; says how many rows changed in all.
    pub(crate) async fn execute_each(&mut self, sql: Sql, sets: &[Vec<Value>]) -> Result<u64> {
        self.still_sound()?;
        let answer = match &self.via {
            Via::Sqlite(_) | Via::Postgres(..) => return Err(THIS_IS_A_READ),
            Via::SqliteWithin(writing, _) => {
                let session = writing.session();
                sets.iter().try_fold(0, |changed, set| Ok(changed + session.execute(sql, set)?))
            }
            Via::PostgresWithin(session, _) => session.execute_each(sql, sets).await,
        };
        self.noted(answer)
    }

    /// Stores many new rows, as fast as the engine can: an insert without any conflict clause, whose parameters are its
    /// columns in their order. A key that exists fails the write.
    pub(crate) async fn load(&mut self, insert: Sql, rows: &[&[Value]]) -> Result<()> {
        self.still_sound()?;
        let answer = match &self.via {
            Via::Sqlite(_) | Via::Postgres(..) => return Err(THIS_IS_A_READ),
            Via::SqliteWithin(writing, _) => {
                let session = writing.session();
                rows.iter().try_for_each(|row| session.execute(insert, row).map(drop))
            }
            Via::PostgresWithin(session, _) => session.copy_in(insert, rows).await,
        };
        self.noted(answer)
    }

    /// Whether [`Tx::load`] is more than one insert after the other.
    pub(crate) const fn copies(&self) -> bool {
        matches!(self.via, Via::PostgresWithin(..))
    }

    /// The audit chain of this process, inside a write.
    pub(crate) fn chain(&self) -> Result<MutexGuard<'_, Chain>> {
        match &self.via {
            Via::SqliteWithin(_, Some(chain)) | Via::PostgresWithin(_, Some(chain)) => {
                Ok(chain.lock().unwrap_or_else(PoisonError::into_inner))
            }
            _ => Err(THIS_IS_A_READ),
        }
    }

    #[cfg(test)]
    pub(crate) fn postgres(&self) -> Option<&postgres::Session> {
        match &self.via {
            Via::PostgresWithin(session, _) => Some(session),
            _ => None,
        }
    }

    /// The failure that makes this transaction void, if there was one.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// PostgreSQL refuses every statement after a failed one, SQLite none: here, both refuse.
    fn still_sound(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn noted<T>(&mut self, answer: Result<T>) -> Result<T> {
        if let Err(error) = &answer {
            self.failure = Some(error.clone());
        }
        answer
    }
}

const THIS_IS_NO_SHORT_READ: Error = Error::NotWritable("this is a transaction");
const THIS_IS_A_READ: Error = Error::NotWritable("this is a read");

/// When the server was restarted or another one took over, a read may be asked again.
async fn short_read<T>(
    pool: &postgres::Pool,
    place: usize,
    sql: Sql,
    parameters: &[Value],
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let _leave = pool.may_read()?;
    let session = pool.session(place).await?;
    match session.rows(sql, parameters, &read).await {
        Err(Error::Unavailable(_)) if session.is_lost() => {
            pool.session(place).await?.rows(sql, parameters, &read).await
        }
        answer => answer,
    }
}
