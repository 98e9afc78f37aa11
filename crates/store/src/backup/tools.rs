//! PostgreSQL's own programs. What they need to know goes through their environment, so that no password is on a command
//! line; what they say is passed on without what it quotes.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::{BackupFault, Progress, copy};
use crate::{engine::postgres::tls::Trust, url::Server};

/// Bytes of a program's complaints that are read.
const WORDS_BYTES_MAX: u64 = 64 * 1024;
/// Of our environment, what would lead the programs elsewhere.
const FOREIGN: [&str; 7] =
    ["PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGPASSFILE", "PGHOSTADDR", "PGDATABASE", "PGSSLROOTCERT"];

/// Writes what the database holds in a snapshot into a new file; its bytes and SHA-256.
pub(super) fn dump(
    server: &Server,
    snapshot: &str,
    file: &Path,
    pace: Option<u64>,
    progress: &Progress,
) -> Result<(u64, String), BackupFault> {
    let mut command = tool("pg_dump")?;
    environment(&mut command, server);
    command.args(["--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--no-password"]);
    command.arg(format!("--snapshot={snapshot}")).arg(format!("--dbname={}", database(server)));
    let mut target = copy::create(file)?;
    let mut child = started("pg_dump", command.stdout(Stdio::piped()))?;
    let words = words(&mut child);
    let streamed = stream(&mut child, file, &mut target, pace, progress);
    if streamed.is_err() {
        // It would wait for a reader for ever.
        let _ended_already = child.kill();
    }
    finished("pg_dump", child, words)?;
    let (bytes, sha256) = streamed?;
    target.sync_all().map_err(copy::at(file))?;
    Ok((bytes, sha256))
}

/// Puts a dump into an empty database, all of it or nothing.
pub(super) fn restore(server: &Server, file: &Path) -> Result<(), BackupFault> {
    let mut command = tool("pg_restore")?;
    environment(&mut command, server);
    command.args(["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password"]);
    command.arg(format!("--dbname={}", database(server))).arg(file);
    let mut child = started("pg_restore", command.stdout(Stdio::null()))?;
    let words = words(&mut child);
    finished("pg_restore", child, words)
}

fn stream(
    child: &mut Child,
    file: &Path,
    target: &mut std::fs::File,
    pace: Option<u64>,
    progress: &Progress,
) -> Result<(u64, String), BackupFault> {
    let Some(mut source) = child.stdout.take() else {
        return Err(BackupFault::Tool { tool: "pg_dump", detail: "no output".to_owned() });
    };
    let (mut piece, mut hash, mut bytes, begun) = (vec![0; copy::PIECE_BYTES], Sha256::new(), 0_u64, Instant::now());
    loop {
        let read = source.read(&mut piece).map_err(copy::at(file))?;
        if read == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(&piece[..read]);
        target.write_all(&piece[..read]).map_err(copy::at(file))?;
        bytes += read as u64;
        progress(bytes, None);
        wait_for(pace, bytes, begun);
    }
}

/// Waits until so many bytes may be done.
pub(crate) fn wait_for(pace: Option<u64>, bytes: u64, begun: Instant) {
    if let Some(pace) = pace.filter(|pace| *pace > 0) {
        let due = Duration::from_secs_f64(bytes as f64 / pace as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
}

fn started(name: &'static str, command: &mut Command) -> Result<Child, BackupFault> {
    let started = command.stdin(Stdio::null()).stderr(Stdio::piped()).env("LC_ALL", "C").spawn();
    started.map_err(|error| BackupFault::Tool { tool: name, detail: error.kind().to_string() })
}

/// Collects what it complains about, so that it never waits for a reader.
fn words(child: &mut Child) -> Option<std::thread::JoinHandle<String>> {
    let mut source = child.stderr.take()?;
    Some(std::thread::spawn(move || {
        let mut text = Vec::new();
        let _what_there_is = source.by_ref().take(WORDS_BYTES_MAX).read_to_end(&mut text);
        let _rest = std::io::copy(&mut source, &mut std::io::sink());
        String::from_utf8_lossy(&text).into_owned()
    }))
}

fn finished(
    name: &'static str,
    mut child: Child,
    words: Option<std::thread::JoinHandle<String>>,
) -> Result<(), BackupFault> {
    let status = child.wait().map_err(|error| BackupFault::Tool { tool: name, detail: error.kind().to_string() })?;
    let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
    match status.success() {
        true => Ok(()),
        false => Err(BackupFault::Tool { tool: name, detail: format!("{status}{}", unquoted(&words)) }),
    }
}

/// The first error line, without the parts in quotation marks: they may be a row's.
fn unquoted(words: &str) -> String {
    let line = words.lines().find(|line| line.contains("error:")).unwrap_or_default();
    let parts = line.split('"').enumerate().map(|(place, part)| if place % 2 == 0 { part } else { "…" });
    let text: String = parts.collect();
    if text.is_empty() { text } else { format!("：{}", text.chars().take(300).collect::<String>()) }
}

fn environment(command: &mut Command, server: &Server) {
    let config = &server.config;
    for name in FOREIGN {
        command.env_remove(name);
    }
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    for (name, value) in [("PGHOST", hosts.join(",")), ("PGPORT", ports.join(","))] {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    match config.get_user() {
        Some(user) => command.env("PGUSER", user),
        None => command.env_remove("PGUSER"),
    };
    match config.get_password().map(String::from_utf8_lossy) {
        Some(password) => command.env("PGPASSWORD", password.as_ref()),
        None => command.env_remove("PGPASSWORD"),
    };
    let mode = match (config.get_ssl_mode(), &server.trust) {
        (SslMode::Disable, _) => "disable",
        (SslMode::Prefer, _) => "prefer",
        (_, Trust::Authority(path)) => {
            command.env("PGSSLROOTCERT", path);
            "verify-full"
        }
        (_, Trust::Anyone) => "require",
    };
    command.env("PGSSLMODE", mode).env("PGCONNECT_TIMEOUT", "10");
    let one_that_writes = config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite;
    command.env("PGTARGETSESSIONATTRS", if one_that_writes { "read-write" } else { "any" });
}

/// The database's name as a connection string, so that no sign in it means anything.
fn database(server: &Server) -> String {
    let name = server.config.get_dbname().unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
    format!("dbname='{name}'")
}

/// The newest there is: an older one refuses a newer server.
fn tool(name: &'static str) -> Result<Command, BackupFault> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let number = version.file_name().to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
        found.push((number, version.path().join("bin").join(name)));
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places =
        found.into_iter().map(|(_, path)| path).chain(std::env::split_paths(&path).map(|it| it.join(name)));
    places.find(|path| path.is_file()).map(Command::new).ok_or(BackupFault::NoTool(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_quotes_is_not_passed_on() {
        let words =
            "pg_restore: x\npg_restore: error: invalid input for type date: \"窓口 花子\"\nCONTEXT: COPY persons";
        assert_eq!(unquoted(words), "：pg_restore: error: invalid input for type date: …");
        assert_eq!(unquoted(""), "");
    }

    #[test]
    fn the_password_is_in_the_environment_only() {
        let url: crate::DatabaseUrl =
            "postgres://user:secret@host:5433/it%27s?sslmode=verify-full&sslrootcert=ca.pem".parse().unwrap();
        let crate::url::Address::Postgres(server) = url.0 else { panic!("a server") };
        let mut command = Command::new("pg_dump");
        environment(&mut command, &server);
        command.arg(database(&server));
        assert!(command.get_args().all(|argument| !argument.to_string_lossy().contains("secret")));
        let set = |name: &str| {
            let found = command.get_envs().find(|(each, _)| *each == name).and_then(|(_, value)| value);
            found.map(|value| value.to_string_lossy().into_owned())
        };
        for (name, value) in
            [("PGPASSWORD", "secret"), ("PGPORT", "5433"), ("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", "ca.pem")]
        {
            assert_eq!(set(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(database(&server), "dbname='it\\'s'");
    }
}
