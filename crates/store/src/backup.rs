//! Backup and restore: a copy of everything as it was at one moment, taken while the store is written to, and put back only
//! into an empty place.
//!
//! Counts, heads of the chains and the copy itself see the same moment: on SQLite one read transaction holds it, on
//! PostgreSQL an exported snapshot that `pg_dump` takes up. Neither makes a writer wait. Deliberately not here: the
//! manifest beside the copy, and the verification of chains (in `service`).

mod copy;
mod server;
mod tools;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use madoguchi_model::id::PersonId;

use crate::{
    DatabaseUrl, Error, Store, Tx,
    audit::Process,
    migration,
    sql::Sql,
    tx::Via,
    url::{Address, Server},
    value::values,
};

/// How long the statements of a backup may take: counting a nation takes hours.
pub(crate) const BACKUP_DEADLINE: Duration = Duration::from_secs(24 * 3600);

/// Is told the bytes that are done, and those in all where they are known.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// What a store holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Version of its schema.
    pub schema_version: i64,
    /// Rows of every table.
    pub tables: BTreeMap<String, i64>,
    /// Every audit chain with its last entry.
    pub chains: Vec<Process>,
}

/// A copy that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it holds.
    pub contents: Contents,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// Rows of some persons that were read through the store, as a proof that they can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canary {
    /// Persons.
    pub persons: u64,
    /// Their coverages.
    pub coverages: u64,
    /// Their receipts.
    pub receipts: u64,
}

/// A copy that lies where it shall be used, or beside it, until it is kept or thrown away. A restore that is killed leaves
/// at most a file whose name says what it is, or a database that says so and that nobody opens; the next one replaces it.
#[derive(Debug)]
pub struct Restoring {
    url: DatabaseUrl,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Beside its place.
    File { temporary: PathBuf, path: PathBuf },
    /// In the server, committed, with a mark that keeps everybody else out.
    Server(server::Taken),
}

/// Why a backup was not taken or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// The database.
    #[error("{public}\n（{cause}）", public = .0.public(), cause = .0)]
    Store(#[from] Error),
    /// A file.
    #[error("{}：{source}。空き容量と権限を確認してください", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// PostgreSQL's own program is not on this machine.
    #[error("{0}が見つかりません。PostgreSQLのクライアント（Debianではpostgresql-client）を入れてください")]
    NoTool(&'static str),
    /// PostgreSQL's own program failed.
    #[error("{tool}が失敗しました（{detail}）")]
    Tool {
        /// Which.
        tool: &'static str,
        /// Its own words without what they quote.
        detail: String,
    },
    /// A Citus cluster: its nodes are saved each by itself.
    #[error("Citusのクラスタは、ノードごとにPostgreSQLの道具（pg_basebackupとWAL）で保存してください")]
    Citus,
    /// The file is not the one that was taken.
    #[error("{}：{problem}。バックアップが壊れているため、復元していません", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What differs.
        problem: &'static str,
    },
    /// Another restore into the same database is at work.
    #[error("{0}：別の復元が実行中です。終わるまで待ってください")]
    Restoring(String),
    /// There is something where the backup should be put.
    #[error("{0}：空ではありません。復元は、まだないファイルまたは空のデータベースにだけ行えます")]
    NotEmpty(String),
}

/// Copies a store into a new file (mode 600) while it is in use, at most at `pace` bytes a second. The file is durable when
/// this returns; on an error it is removed.
///
/// # Errors
/// [`BackupFault`].
pub async fn take(url: &DatabaseUrl, file: &Path, pace: Option<u64>, progress: Progress) -> Result<Taken, BackupFault> {
    if file.exists() {
        return Err(BackupFault::NotEmpty(file.display().to_string()));
    }
    let store = Store::open_to_read(url).await?;
    let (url, path) = (url.clone(), file.to_owned());
    let taken = store
        .scan(async move |tx: &mut Tx| {
            tx.take_long().await?;
            // The first statement fixes the moment.
            let contents = tx.contents().await?;
            let (bytes, sha256) = match &url.0 {
                Address::Sqlite(_) => {
                    tx.copy_to(&path, pace, &progress)?;
                    copy::hash(&path)?
                }
                Address::Postgres(server) => {
                    if tx.is_on_citus().await? {
                        return Err(BackupFault::Citus);
                    }
                    let snapshot = tx.exported_snapshot().await?;
                    tools::dump(server, &snapshot, &path, pace, &progress)?
                }
            };
            Ok(Taken { contents, bytes, sha256 })
        })
        .await;
    if taken.is_err() {
        // What failed is told; what was written of it is worth nothing.
        let _may_be_missing = std::fs::remove_file(file);
    }
    taken
}

/// Puts a copy into an empty place, where [`Restoring::url`] reads it; nobody else does before [`Restoring::keep`]. The file
/// is read as a stream.
///
/// # Errors
/// [`BackupFault::NotEmpty`]; [`BackupFault::Damaged`] when length or SHA-256 differ; nothing is left then.
pub async fn put_back(
    url: &DatabaseUrl,
    file: &Path,
    bytes: u64,
    sha256: &str,
    progress: Progress,
) -> Result<Restoring, BackupFault> {
    let (file, sha256) = (file.to_owned(), sha256.to_owned());
    match &url.0 {
        Address::Sqlite(path) => {
            let path = path.clone();
            blocking(move || {
                let temporary = copy::beside(&path)?;
                copy::checked(&file, Some(&temporary), bytes, &sha256, &progress)?;
                Ok(Restoring { url: DatabaseUrl::sqlite(&temporary), place: Place::File { temporary, path } })
            })
            .await
        }
        Address::Postgres(server) => {
            let taken = server::take_empty(server).await?;
            let target = server.clone();
            let restored = blocking(move || {
                copy::checked(&file, None, bytes, &sha256, &progress)?;
                tools::restore(&target, &file)
            });
            if let Err(fault) = restored.await {
                taken.discard().await?;
                return Err(fault);
            }
            let server = Server { takes_half_restored: true, ..(**server).clone() };
            Ok(Restoring { url: DatabaseUrl(Address::Postgres(Box::new(server))), place: Place::Server(taken) })
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupFault> + Send + 'static,
) -> Result<T, BackupFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or(Err(Error::unavailable("the restore was stopped").into()))
}

impl Restoring {
    /// Where it can be looked at.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Takes it into use.
    ///
    /// # Errors
    /// When the file can't be put in its place, or the database can't be asked.
    pub async fn keep(self) -> Result<(), BackupFault> {
        match &self.place {
            Place::File { temporary, path } => copy::put_in_place(temporary, path),
            Place::Server(taken) => Ok(taken.keep().await?),
        }
    }

    /// Leaves nothing of it.
    ///
    /// # Errors
    /// When it can't be removed.
    pub async fn discard(self) -> Result<(), BackupFault> {
        match &self.place {
            Place::File { temporary, .. } => copy::remove(temporary),
            Place::Server(taken) => Ok(taken.discard().await?),
        }
    }
}

impl Tx {
    /// Lets the statements of this scan take as long as a whole store needs: a day each.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn take_long(&self) -> crate::Result<()> {
        match self.via() {
            Via::SqliteWithin(writing, _) => writing.session().allow(BACKUP_DEADLINE),
            Via::PostgresWithin(session, _) => {
                session.command("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0").await?;
            }
            Via::Sqlite(_) | Via::Postgres(..) => {}
        }
        Ok(())
    }

    /// Rows of every table. The tables are the catalogue's, so that none that a later version adds is forgotten.
    async fn table_counts(&mut self) -> crate::Result<BTreeMap<String, i64>> {
        // The two catalogues have nothing in common.
        const SQLITE: Sql =
            Sql::report("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        const POSTGRES: Sql = Sql::report(
            "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables
                 WHERE schemaname = current_schema() AND tablename <> 'restore_under_way'",
        );
        let tables = match self.via() {
            Via::Sqlite(_) | Via::SqliteWithin(..) => self.rows(SQLITE, &[], |row| row.string(0)).await?,
            Via::Postgres(..) | Via::PostgresWithin(..) => self.rows(POSTGRES, &[], |row| row.string(0)).await?,
        };
        let mut counts = BTreeMap::new();
        for table in tables {
            let question = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
            let count = match self.via() {
                Via::SqliteWithin(writing, _) => writing.session().number(&question)?,
                Via::PostgresWithin(session, _) => session.number(&question).await?,
                Via::Sqlite(_) | Via::Postgres(..) => return Err(Error::NotWritable("counts belong into a scan")),
            };
            counts.insert(table, count);
        }
        Ok(counts)
    }

    /// Copies the SQLite file as this scan sees it.
    fn copy_to(&self, target: &Path, pace: Option<u64>, progress: &Progress) -> crate::Result<()> {
        match self.via() {
            Via::SqliteWithin(writing, _) => {
                let begun = Instant::now();
                writing.session().copy_to(target, |done, all| {
                    progress(done, Some(all));
                    tools::wait_for(pace, done, begun);
                })
            }
            _ => Err(Error::NotWritable("only a SQLite file is copied")),
        }
    }

    /// A name under which others see what this scan sees.
    async fn exported_snapshot(&self) -> crate::Result<String> {
        match self.via() {
            Via::PostgresWithin(session, _) => session.text("SELECT pg_export_snapshot()").await,
            _ => Err(Error::NotWritable("only PostgreSQL exports snapshots")),
        }
    }

    async fn is_on_citus(&self) -> crate::Result<bool> {
        match self.via() {
            Via::PostgresWithin(session, _) => {
                Ok(session.number("SELECT count(*) FROM pg_catalog.pg_extension WHERE extname = 'citus'").await? > 0)
            }
            _ => Ok(false),
        }
    }

    /// What the store holds at the moment of this scan.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn contents(&mut self) -> crate::Result<Contents> {
        Ok(Contents {
            schema_version: migration::version_expected(),
            tables: self.table_counts().await?,
            chains: self.audit_processes().await?,
        })
    }

    /// Reads the persons at these places of all, with their coverages and receipts, and tells how many it could read.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one can't be read.
    pub async fn canary(&mut self, places: &[u64]) -> crate::Result<Canary> {
        const PERSON: Sql = Sql::report("SELECT person_id FROM persons ORDER BY person_id LIMIT 1 OFFSET $1");
        let mut read = Canary::default();
        for place in places {
            let place = i64::try_from(*place).unwrap_or(i64::MAX);
            let id = self.row(PERSON, &values![place], |row| row.id(0, PersonId::from_bytes)).await?;
            let Some(id) = id else { continue };
            read.persons += u64::from(self.person(id).await?.is_some());
            read.coverages += self.coverages_of(id).await?.len() as u64;
            read.receipts += self.readable_receipts(id).await?;
        }
        Ok(read)
    }
}
