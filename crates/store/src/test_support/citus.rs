//! A real Citus cluster, where somebody has one: no package registry carries it.

use std::{
    io,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use super::binaries;
use crate::DatabaseUrl;

/// The URL of a superuser on the coordinator of a Citus cluster that may be filled with tables for a while.
pub const CITUS_URL: &str = "MADOGUCHI_CITUS_URL";

/// A place of its own for one test: a schema with few shards. `None` where no cluster is given, which is then said.
///
/// # Panics
/// When the cluster refuses.
#[expect(clippy::panic, clippy::print_stderr, reason = "only tests call this, and they have to fail loudly")]
#[must_use]
pub fn citus_place() -> Option<DatabaseUrl> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Ok(cluster) = std::env::var(CITUS_URL) else {
        eprintln!("SKIPPED on Citus: {CITUS_URL} names no cluster");
        return None;
    };
    let schema = format!("madoguchi_test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let made = run(&cluster, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
    if let Err(error) = made {
        panic!("Citus refused: {error}");
    }
    let joint = if cluster.contains('?') { '&' } else { '?' };
    let options = format!("-c%20search_path%3D{schema}%20-c%20citus.shard_count%3D4");
    match format!("{cluster}{joint}options={options}").parse() {
        Ok(url) => Some(url),
        Err(error) => panic!("{CITUS_URL}: {error}"),
    }
}

fn run(cluster: &str, text: &str) -> io::Result<()> {
    let mut psql = Command::new(binaries()?.join("psql"));
    let output = psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", cluster, "-c", text]).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}
