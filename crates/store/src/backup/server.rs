//! A PostgreSQL database as a place for a backup.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::BackupFault;
use crate::{
    DatabaseUrl, Limits, Result,
    engine::postgres::{Purpose, Session},
    migration,
    url::{Address, Server},
};

const TABLES: &str =
    "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
/// What a restore makes, and nothing else: the tables of the current schema and the domain that they use.
const REMOVE: &str = "DO $$ DECLARE name TEXT; BEGIN
    FOR name IN SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP TABLE %I CASCADE', name);
    END LOOP;
    DROP DOMAIN IF EXISTS blob CASCADE;
END $$";

/// Says that what is there is not proved yet ([`crate::migration::gate`] looks for it).
const MARK: &str = "CREATE TABLE restore_under_way ()";
/// The program that a killed restore has left behind, in this database.
const END_ORPHANS: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'pg_restore'";
/// Its end is waited for so long.
const ORPHANS_WAIT: Duration = Duration::from_secs(30);
/// A restore that has just ended may still be seen for so long.
const TAKEN_WAIT: Duration = Duration::from_secs(2);
const RELEASE: &str = "SELECT CAST(CAST(pg_advisory_unlock(7162016) AS INTEGER) AS BIGINT)";
const UNMARK: &str = "DROP TABLE restore_under_way";
/// One restore at a time; the number is only ours.
const ALONE: &str = "SELECT CAST(CAST(pg_try_advisory_lock(7162016) AS INTEGER) AS BIGINT)";

/// A database that a restore has for itself, as long as it lives. Its mark outlives it.
pub(super) struct Taken(Arc<Session>);

impl std::fmt::Debug for Taken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Taken")
    }
}

/// Takes and marks an empty database. What a restore has left that was broken off is removed, and its `pg_restore` ended:
/// that one would go on without it.
pub(super) async fn take_empty(server: &Server) -> Result<Taken, BackupFault> {
    let session = Session::open(server, &Limits::default(), Purpose::Write).await?;
    session.command("SET statement_timeout = 0").await?;
    let until = Instant::now() + TAKEN_WAIT;
    while session.number(ALONE).await? != 1 {
        if Instant::now() > until {
            return Err(BackupFault::Restoring(place(server)));
        }
        tokio::time::sleep(TAKEN_WAIT / 20).await;
    }
    let taken = Taken(session);
    if migration::is_restored_half(&taken.0).await? {
        taken.remove().await?;
    }
    if taken.0.number(TABLES).await? > 0 {
        taken.0.number(RELEASE).await?;
        return Err(BackupFault::NotEmpty(place(server)));
    }
    taken.0.change(MARK).await?;
    Ok(taken)
}

fn place(server: &Server) -> String {
    DatabaseUrl(Address::Postgres(Box::new(server.clone()))).to_string()
}

impl Taken {
    /// What was restored is proved: it may be used.
    pub(super) async fn keep(&self) -> Result<()> {
        self.0.change(UNMARK).await?;
        self.0.number(RELEASE).await.map(drop)
    }

    /// Leaves an empty database.
    pub(super) async fn discard(&self) -> Result<()> {
        self.remove().await?;
        self.0.number(RELEASE).await.map(drop)
    }

    async fn remove(&self) -> Result<()> {
        let until = Instant::now() + ORPHANS_WAIT;
        while self.0.number(END_ORPHANS).await? > 0 && Instant::now() < until {
            tokio::time::sleep(TAKEN_WAIT / 20).await;
        }
        self.0.change(REMOVE).await
    }
}
