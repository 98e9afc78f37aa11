//! Brings a store to the schema of this program, and refuses to serve one that has another.
//!
//! A migration is `schema`, then `distribute` (on Citus only), then `constraints` (indexes and keys), in one transaction.
//! What was applied is remembered with a checksum: an applied migration is never edited, a new one is added.
//! Migrations only go forward; the way back is the backup made before.

use std::collections::BTreeSet;

use madoguchi_model::day::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    DatabaseUrl, Error, Limits, Result,
    engine::{
        postgres::{self, Purpose},
        sqlite,
    },
    kind,
    sql::Sql,
    url::{Address, Server},
    value::values,
};

struct Migration {
    version: i64,
    name: &'static str,
    schema: &'static str,
    distribute: &'static str,
    constraints: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            schema: include_str!(concat!("../migrations/", $name, "/schema.sql")),
            distribute: include_str!(concat!("../migrations/", $name, "/distribute.sql")),
            constraints: include_str!(concat!("../migrations/", $name, "/constraints.sql")),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_first"),
    migration!(2, "0002_eligibility"),
    migration!(3, "0003_checkups"),
    migration!(4, "0004_prescriptions"),
    migration!(5, "0005_bulk"),
    migration!(6, "0006_programs"),
    migration!(7, "0007_access_urls"),
    migration!(8, "0008_claims_at_size"),
    migration!(9, "0009_notices_by_audience"),
    migration!(10, "0010_kept_for_a_day"),
    migration!(11, "0011_what_grew_old"),
];

/// What [`crate::Store::migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 for an empty store.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
}

/// Schema and distribution of all migrations together, for the proofs over them.
#[cfg(all(test, feature = "test-support"))]
pub(crate) fn texts() -> (String, String) {
    (
        MIGRATIONS.iter().map(|migration| migration.schema).collect(),
        MIGRATIONS.iter().map(|migration| migration.distribute).collect(),
    )
}

/// The version that this program needs.
pub(crate) fn version_expected() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Applies what is missing, one transaction a migration. `now` is written beside each.
pub(crate) async fn migrate(url: &DatabaseUrl, now: Timestamp) -> Result<Migrated> {
    match &url.0 {
        Address::Sqlite(path) => migrate_sqlite(path, now),
        Address::Postgres(server) => migrate_postgres(server, now).await,
    }
}

/// The schema's version of an existing store; 0 when it was never migrated.
pub(crate) async fn schema_version(url: &DatabaseUrl, limits: &Limits) -> Result<i64> {
    let applied = match &url.0 {
        Address::Sqlite(path) if !path.exists() => return Ok(0),
        Address::Sqlite(path) => sqlite::Database::new(path, *limits).with_session(applied_sqlite)?,
        Address::Postgres(server) => {
            let session = postgres::Session::open(server, limits, Purpose::Read).await?;
            if !server.takes_half_restored && is_restored_half(&session).await? {
                return Err(Error::RestoredHalf);
            }
            applied_postgres(&session).await?
        }
    };
    checked(&applied)
}

/// The same over a connection to PostgreSQL.
pub(crate) async fn applied_version(session: &postgres::Session) -> Result<i64> {
    checked(&applied_postgres(session).await?)
}

/// The gate before serving: neither an older nor a newer schema.
pub(crate) async fn gate(url: &DatabaseUrl, limits: &Limits) -> Result<()> {
    let (found, expected) = (schema_version(url, limits).await?, version_expected());
    match found.cmp(&expected) {
        std::cmp::Ordering::Less => Err(Error::SchemaTooOld { found, expected }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::SchemaTooNew { found, expected }),
    }
}

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const APPLIED: Sql = Sql::reference("SELECT version, checksum FROM schema_migrations ORDER BY version");
const REMEMBER: Sql =
    Sql::reference("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)");
// The two catalogues have nothing in common.
const EXISTS_SQLITE: Sql = Sql::reference("SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'");
const EXISTS_POSTGRES: Sql = Sql::reference(
    "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_migrations') AND relkind IN ('r', 'p')",
);

const RESTORED_HALF: Sql =
    Sql::reference("SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('restore_under_way')");

/// PostgreSQL knows bytes as bytea; the domain lets one CREATE TABLE serve both engines.
const PRELUDE_POSTGRES: &str = "DO $$ BEGIN CREATE DOMAIN blob AS bytea; \
    EXCEPTION WHEN duplicate_object THEN NULL; END $$";
/// Two `migrate` at once would trip over each other's CREATE; the number is only ours.
const ALONE_POSTGRES: &str = "SELECT pg_advisory_lock(7162014); SET statement_timeout = 0";

type Applied = Vec<(i64, String)>;

fn migrate_sqlite(path: &std::path::Path, now: Timestamp) -> Result<Migrated> {
    let session = sqlite::Session::to_write(path, &Limits::default(), true)?;
    session.allow(std::time::Duration::from_secs(24 * 3600));
    session.set("BEGIN IMMEDIATE")?;
    session.set(CREATE)?;
    session.set("COMMIT")?;
    let from = checked(&applied_sqlite(&session)?)?;
    for migration in missing(from)? {
        session.set("BEGIN IMMEDIATE")?;
        // Another process may have been faster.
        if checked(&applied_sqlite(&session)?)? >= migration.version {
            session.set("ROLLBACK")?;
            continue;
        }
        session.set(&for_engine("sqlite", migration.schema))?;
        session.set(migration.constraints)?;
        session.execute(REMEMBER, &remembered(migration, now))?;
        session.set("COMMIT")?;
    }
    Ok(Migrated { from, to: version_expected().max(from) })
}

async fn migrate_postgres(server: &Server, now: Timestamp) -> Result<Migrated> {
    let session = postgres::Session::open(server, &Limits::default(), Purpose::Write).await?;
    session.change(ALONE_POSTGRES).await?;
    if is_restored_half(&session).await? {
        return Err(Error::RestoredHalf);
    }
    session.change(PRELUDE_POSTGRES).await?;
    session.change(CREATE).await?;
    let citus = kind::has_citus(&session).await?;
    let from = checked(&applied_postgres(&session).await?)?;
    if citus {
        // What was made before Citus was switched on: each with its rows, in one go. Later tables are laid beside these.
        for (_, command) in kind::undistributed(&session, from).await? {
            session.change(command).await?;
        }
    }
    for migration in missing(from)? {
        session.change("BEGIN").await?;
        session.change(&for_engine("postgres", migration.schema)).await?;
        if citus {
            session.change(migration.distribute).await?;
        }
        session.change(migration.constraints).await?;
        session.execute(REMEMBER, &remembered(migration, now)).await?;
        session.change("COMMIT").await?;
    }
    Ok(Migrated { from, to: version_expected().max(from) })
}

/// Each table of a schema of this version with the command that distributes it on Citus, those first that others lie
/// beside. A table that was made anew is told once.
pub(crate) fn distribution(version: i64) -> impl Iterator<Item = (&'static str, &'static str)> {
    let applied = MIGRATIONS.iter().filter(move |migration| migration.version <= version);
    let lines = applied.flat_map(|migration| migration.distribute.lines());
    let mut told = BTreeSet::new();
    lines
        .filter_map(|line| Some((line.strip_prefix("SELECT create_")?.split('\'').nth(1)?, line)))
        .filter(move |(table, _)| told.insert(*table))
}

fn missing(from: i64) -> Result<impl Iterator<Item = &'static Migration>> {
    if from > version_expected() {
        return Err(Error::SchemaTooNew { found: from, expected: version_expected() });
    }
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version > from))
}

fn remembered(migration: &Migration, now: Timestamp) -> [crate::value::Value; 4] {
    values![migration.version, migration.name, checksum(migration), now.micros()]
}

fn applied_sqlite(session: &sqlite::Session) -> Result<Applied> {
    if session.rows(EXISTS_SQLITE, &[], |row| row.int(0))?.first() != Some(&1) {
        return Ok(Applied::new());
    }
    session.rows(APPLIED, &[], |row| Ok((row.int(0)?, row.text(1)?.to_owned())))
}

async fn applied_postgres(session: &postgres::Session) -> Result<Applied> {
    if session.rows(EXISTS_POSTGRES, &[], |row| row.int(0)).await?.first() != Some(&1) {
        return Ok(Applied::new());
    }
    session.rows(APPLIED, &[], |row| Ok((row.int(0)?, row.text(1)?.to_owned()))).await
}

/// Whether a restore is under way in the database, or was broken off there.
pub(crate) async fn is_restored_half(session: &postgres::Session) -> Result<bool> {
    Ok(session.rows(RESTORED_HALF, &[], |row| row.int(0)).await?.first() == Some(&1))
}

/// The version, if what was applied is what this program would apply.
fn checked(applied: &Applied) -> Result<i64> {
    for (version, sum) in applied {
        let known = MIGRATIONS.iter().find(|migration| migration.version == *version);
        if known.is_some_and(|migration| checksum(migration) != *sum) {
            return Err(Error::MigrationChanged(*version));
        }
    }
    Ok(applied.last().map_or(0, |(version, _)| *version))
}

fn checksum(migration: &Migration) -> String {
    let mut hash = Sha256::new();
    for text in [migration.schema, migration.distribute, migration.constraints] {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hex::encode(hash.finalize())
}

/// `/* sqlite: … */` and `/* postgres: … */` are comments but for the engine that they name. In SQLite, small rows lie in
/// the order of their primary key (`WITHOUT ROWID`), so that one person's rows are neighbours.
fn for_engine(engine: &str, schema: &str) -> String {
    let mut text = String::with_capacity(schema.len());
    let begin = format!("/* {engine}: ");
    let mut parts = schema.split(&begin);
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (inside, after) = part.split_once(" */").unwrap_or((part, ""));
        text.push_str(inside);
        text.push_str(after);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{distribution, for_engine, version_expected};

    #[test]
    fn citus_is_told_of_each_table_once_and_after_what_it_lies_beside() {
        for version in 0..=version_expected() {
            let mut told = Vec::new();
            for (table, command) in distribution(version) {
                assert!(!told.contains(&table), "{table} twice in version {version}");
                let beside = command.split("colocate_with => '").nth(1).and_then(|after| after.split('\'').next());
                assert!(beside.is_none_or(|other| other == "none" || told.contains(&other)), "{command}");
                told.push(table);
            }
            assert_eq!(told.is_empty(), version == 0);
            assert_eq!(told.contains(&"claim_sources"), version >= 8);
        }
    }

    #[test]
    fn an_engine_takes_what_is_meant_for_it() {
        let text = "a /* sqlite: b *//* postgres: c('d') */, /* e */ f /* sqlite: g */;";
        assert_eq!(for_engine("sqlite", text), "a b/* postgres: c('d') */, /* e */ f g;");
        assert_eq!(for_engine("postgres", text), "a /* sqlite: b */c('d'), /* e */ f /* sqlite: g */;");
    }
}
