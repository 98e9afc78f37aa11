//! A PostgreSQL database as a place for a backup.

use crate::{
    Limits, Result,
    engine::postgres::{Purpose, Session},
    url::Server,
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

/// How many tables are there, whosesoever.
pub(super) async fn tables(server: &Server) -> Result<i64> {
    Session::open(server, &Limits::default(), Purpose::Read).await?.number(TABLES).await
}

/// Removes what a restore into an empty database made.
pub(super) async fn remove_everything(server: &Server) -> Result<()> {
    let session = Session::open(server, &Limits::default(), Purpose::Write).await?;
    session.command("SET statement_timeout = 0").await?;
    session.change(REMOVE).await
}
