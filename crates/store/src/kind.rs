//! What kind of database a store lies in, for operators.

use std::collections::BTreeSet;

use crate::{
    DatabaseUrl, Limits, Result,
    engine::postgres::{Purpose, Session},
    migration,
    sql::Sql,
    url::{Address, Server},
};

/// The database under a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    Sqlite {
        /// Version of the library.
        version: String,
    },
    /// One server, or one and its standbys.
    Postgres {
        /// Version of the server.
        version: String,
        /// Citus could be switched on in this database, but is not.
        citus_offered: bool,
    },
    /// A coordinator and its workers.
    Citus {
        /// Version of Citus.
        version: String,
        /// Version of PostgreSQL.
        postgres: String,
        /// Workers that take part.
        workers: i64,
        /// Tables of ours that lie on this node alone, though they should not.
        undistributed: Vec<String>,
    },
}

const POSTGRES_VERSION: Sql =
    Sql::reference("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'server_version'");
const CITUS_VERSION: Sql = Sql::reference("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'");
const CITUS_OFFERED: Sql =
    Sql::reference("SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = 'citus'");
/// These two catalogues exist with Citus only. The coordinator is group 0.
const WORKERS: Sql = Sql::reference(
    "SELECT count(*) FROM pg_catalog.pg_dist_node WHERE isactive AND noderole = 'primary' AND groupid <> 0",
);
const DISTRIBUTED: Sql = Sql::reference("SELECT CAST(logicalrelid AS TEXT) FROM pg_catalog.pg_dist_partition");

/// Asks the database what it is.
pub(crate) async fn of(url: &DatabaseUrl) -> Result<Kind> {
    match &url.0 {
        Address::Sqlite(_) => Ok(Kind::Sqlite { version: rusqlite::version().to_owned() }),
        Address::Postgres(server) => of_server(server).await,
    }
}

async fn of_server(server: &Server) -> Result<Kind> {
    let session = Session::open(server, &Limits::default(), Purpose::Read).await?;
    let one = async |sql| -> Result<Option<String>> {
        Ok(session.rows(sql, &[], |row| Ok(row.text(0)?.to_owned())).await?.into_iter().next())
    };
    let postgres = one(POSTGRES_VERSION).await?.unwrap_or_default();
    let count = async |sql| -> Result<i64> { Ok(session.rows(sql, &[], |row| row.int(0)).await?.into_iter().sum()) };
    let Some(version) = one(CITUS_VERSION).await? else {
        return Ok(Kind::Postgres { version: postgres, citus_offered: count(CITUS_OFFERED).await? > 0 });
    };
    let applied = migration::applied_version(&session).await?;
    let undistributed =
        undistributed(&session, applied).await?.into_iter().map(|(table, _)| table.to_owned()).collect();
    Ok(Kind::Citus { version, postgres, workers: count(WORKERS).await?, undistributed })
}

/// Whether this database has Citus.
pub(crate) async fn has_citus(session: &Session) -> Result<bool> {
    Ok(!session.rows(CITUS_VERSION, &[], |row| row.text(0).map(drop)).await?.is_empty())
}

/// Tables of a schema of this version that are not distributed, each with the command that does it.
pub(crate) async fn undistributed(session: &Session, version: i64) -> Result<Vec<(&'static str, &'static str)>> {
    // A table of another schema would be told with its schema.
    let distributed = session.rows(DISTRIBUTED, &[], |row| Ok(row.text(0)?.to_owned())).await?;
    let distributed: BTreeSet<String> = distributed.into_iter().collect();
    Ok(migration::distribution(version).filter(|(table, _)| !distributed.contains(*table)).collect())
}
