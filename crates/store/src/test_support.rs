//! A private, throw-away PostgreSQL for tests: started once a test process, gone with it.
//!
//! It never touches a cluster of the distribution: it has its own directory, listens on a socket in there and on no
//! port. PostgreSQL refuses to run as root, so root starts it as `nobody`. A shell waits on a pipe from the test process
//! and cleans up when that ends, however it ends.

mod citus;
mod standby;

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

pub use self::citus::{CITUS_URL, citus_place};
use crate::DatabaseUrl;

/// Set to 1 to pass over PostgreSQL's half of the tests where it is not installed.
pub const WITHOUT_POSTGRES: &str = "MADOGUCHI_WITHOUT_POSTGRES";
/// A folder with the programs of the PostgreSQL to test with, instead of the newest one that is installed.
pub const POSTGRES_BINARIES: &str = "MADOGUCHI_POSTGRES_BINARIES";

/// A running PostgreSQL cluster of this test process.
pub struct ThrowAwayCluster {
    directory: PathBuf,
    binaries: PathBuf,
    keeper: Child,
    port: u16,
}

/// What most tests need: nothing has to survive a power cut.
const VOLATILE: &str = "-c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c listen_addresses=''";
/// The socket's name has it, also where nothing listens on a port.
const USUAL_PORT: u16 = 5432;

/// The cluster of this test process, started at the first call.
///
/// `None` when PostgreSQL is not installed and `MADOGUCHI_WITHOUT_POSTGRES=1` says that this is meant; a message on
/// standard error then tells that it was left out.
///
/// # Panics
/// When PostgreSQL is missing without that word, or does not start: a test must not pass by not running.
#[expect(clippy::panic, clippy::print_stderr, reason = "only tests call this, and they have to fail loudly")]
pub fn cluster() -> Option<&'static ThrowAwayCluster> {
    static CLUSTER: OnceLock<Option<ThrowAwayCluster>> = OnceLock::new();
    let started = CLUSTER.get_or_init(|| match ThrowAwayCluster::start() {
        Ok(cluster) => Some(cluster),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if std::env::var(WITHOUT_POSTGRES).as_deref() != Ok("1") {
                panic!("{error}; or set {WITHOUT_POSTGRES}=1 to test without it");
            }
            eprintln!("SKIPPED on PostgreSQL: {error}");
            None
        }
        Err(error) => panic!("the throw-away PostgreSQL did not start: {error}"),
    });
    started.as_ref()
}

/// Runs SQL text beside the store, as somebody does who has the database but not the program.
///
/// # Panics
/// When the database refuses the text.
#[expect(clippy::panic, reason = "only tests call this, and they have to fail loudly")]
pub fn tamper(url: &DatabaseUrl, text: &str) {
    let done = match url.path() {
        Some(path) => rusqlite::Connection::open(path)
            .and_then(|connection| {
                connection.busy_timeout(Duration::from_secs(10))?;
                connection.execute_batch(text)
            })
            .map_err(io::Error::other),
        None => match cluster() {
            Some(cluster) => cluster.run(url, text).map(drop),
            None => Err(io::Error::other("there is no PostgreSQL")),
        },
    };
    if let Err(error) = done {
        panic!("the database refused {text:?}: {error}");
    }
}

/// Rows of each table of a SQLite store.
///
/// # Panics
/// When the store cannot be read, or is none of SQLite.
#[expect(clippy::panic, reason = "only tests call this, and they have to fail loudly")]
#[must_use]
pub fn row_counts(url: &DatabaseUrl) -> std::collections::BTreeMap<String, i64> {
    let Some(path) = url.path() else { panic!("not a SQLite store") };
    let count = || -> rusqlite::Result<_> {
        let connection = rusqlite::Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let rows = |name: String| {
            let rows = connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0))?;
            Ok((name, rows))
        };
        names.into_iter().map(rows).collect()
    };
    match count() {
        Ok(counts) => counts,
        Err(error) => panic!("the rows cannot be counted: {error}"),
    }
}

impl ThrowAwayCluster {
    /// Starts a cluster in a new temporary directory.
    ///
    /// # Errors
    /// `NotFound` when PostgreSQL is not installed; others when it does not start within 60 seconds.
    pub fn start() -> io::Result<Self> {
        Self::start_with(USUAL_PORT, VOLATILE, &[])
    }

    /// The same with a disk that is waited for and the memory of a small server, to be measured.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_durable() -> io::Result<Self> {
        let durable = "-c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=8GB";
        Self::start_with(USUAL_PORT, &format!("{durable} -c listen_addresses=''"), &[])
    }

    /// A cluster that listens on a free port of 127.0.0.1 as well, with TLS by these PEM texts.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_tls(certificate: &str, key: &str) -> io::Result<Self> {
        let settings = "-c ssl=on -c ssl_cert_file=server.crt -c ssl_key_file=server.key";
        let files = [("server.crt", certificate), ("server.key", key)];
        Self::start_with(free_port()?, &format!("{VOLATILE} {settings} -c listen_addresses=127.0.0.1"), &files)
    }

    /// A cluster that listens on a free port of 127.0.0.1 as well, without TLS.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_port() -> io::Result<Self> {
        Self::start_with(free_port()?, &format!("{VOLATILE} -c listen_addresses=127.0.0.1"), &[])
    }

    /// Where it listens, on 127.0.0.1 if on anything.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn start_with(port: u16, settings: &str, files: &[(&str, &str)]) -> io::Result<Self> {
        let initialise = |binaries: &Path, directory: &Path| {
            format!(
                "'{}/initdb' -D '{}/data' -U madoguchi -A trust -E UTF8 --locale=C --no-sync",
                binaries.display(),
                directory.display(),
            )
        };
        Self::launch(port, settings, files, initialise)
    }

    /// `fill` is the command that fills the data directory.
    fn launch(
        port: u16,
        settings: &str,
        files: &[(&str, &str)],
        fill: impl Fn(&Path, &Path) -> String,
    ) -> io::Result<Self> {
        let binaries = binaries()?;
        let directory = tempfile::Builder::new().prefix("mdg-").tempdir_in("/tmp")?.keep();
        let owner = is_root(&directory)?.then(|| nobody(&directory)).transpose()?;
        let command = format!("{} >'{}/fill.log' 2>&1", fill(&binaries, &directory), directory.display());
        if !shell(owner.is_some(), &command).status()?.success() {
            return Err(io::Error::other(tail(&directory.join("fill.log"))));
        }
        for (name, text) in files {
            let mut write = shell(owner.is_some(), &format!("umask 077; cat >'{}/data/{name}'", directory.display()));
            let mut writing = write.stdin(Stdio::piped()).spawn()?;
            if let Some(mut into) = writing.stdin.take() {
                io::Write::write_all(&mut into, text.as_bytes())?;
            }
            writing.wait()?;
        }
        let settings = format!("{settings} -c port={port}");
        let keeper = shell(owner.is_some(), &keep(&binaries, &directory, &settings)).stdin(Stdio::piped()).spawn()?;
        let mut cluster = Self { directory, binaries, keeper, port };
        cluster.wait_until_it_answers()?;
        Ok(cluster)
    }

    /// A program of PostgreSQL, told how to reach this cluster.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.arg("-h").arg(&self.directory).args(["-p", &self.port.to_string()]);
        command
    }

    /// A new, empty database.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn database(&self) -> io::Result<DatabaseUrl> {
        self.database_url()?.parse().map_err(io::Error::other)
    }

    /// A new, empty database, as the text that a program takes.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn database_url(&self) -> io::Result<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let created = self.program("createdb").args(["-U", "madoguchi", &name]).output()?;
        if !created.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&created.stderr).into_owned()));
        }
        Ok(format!("postgres://madoguchi@{}/{name}", self.host()))
    }

    /// Its socket, as the host of a URL.
    #[must_use]
    pub fn host(&self) -> String {
        let directory = self.directory.display().to_string().replace('/', "%2F");
        if self.port == USUAL_PORT { directory } else { format!("{directory}:{}", self.port) }
    }

    /// Runs SQL text in a database of this cluster as its superuser, outside of the store; returns what it prints.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn run(&self, database: &DatabaseUrl, text: &str) -> io::Result<String> {
        let name = database.to_string().rsplit('/').next().unwrap_or_default().to_owned();
        self.run_in(&name, text)
    }

    fn run_in(&self, database: &str, text: &str) -> io::Result<String> {
        let output = self
            .program("psql")
            .args(["-U", "madoguchi", "-d", database, "-X", "-A", "-t", "-q"])
            .args(["-v", "ON_ERROR_STOP=1", "-c", text])
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let socket = self.directory.join(format!(".s.PGSQL.{}", self.port));
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if self.keeper.try_wait()?.is_some() {
                return Err(io::Error::other(tail(&self.directory.join("server.log"))));
            }
            if socket.exists() && self.program("pg_isready").arg("-q").status()?.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, tail(&self.directory.join("server.log"))))
    }
}

impl Drop for ThrowAwayCluster {
    fn drop(&mut self) {
        // The end of the pipe tells the keeper to stop the server and to remove its directory.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The server, and who watches over it. Nothing of a throw-away database needs to survive a power cut, unless it is measured.
fn keep(binaries: &Path, directory: &Path, settings: &str) -> String {
    format!(
        "trap '' INT TERM HUP
         '{binaries}/postgres' -D '{directory}/data' -k '{directory}' {settings} \
             -c max_connections=200 -c max_prepared_transactions=0 \
             >'{directory}/server.log' 2>&1 </dev/null &
         server=$!
         (while kill -0 $server 2>/dev/null; do sleep 1; done; kill $$ 2>/dev/null) >/dev/null 2>&1 &
         cat >/dev/null
         kill -QUIT $server 2>/dev/null
         wait $server
         rm -rf '{directory}'",
        binaries = binaries.display(),
        directory = directory.display(),
    )
}

fn shell(as_nobody: bool, text: &str) -> Command {
    let mut command = if as_nobody {
        // The group is nogroup here and nobody there.
        let mut command = Command::new("sh");
        let become_nobody = "exec setpriv --reuid=nobody --regid=\"$(id -g nobody)\" --clear-groups sh -c \"$1\"";
        command.args(["-c", become_nobody, "sh", text]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    };
    command.current_dir("/").env("LC_ALL", "C");
    command
}

fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn binaries() -> io::Result<PathBuf> {
    if let Some(named) = std::env::var_os(POSTGRES_BINARIES) {
        return Ok(PathBuf::from(named));
    }
    let mut found = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        found.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    // The newest version first: 16 is after 15, and 9.6 is too old to matter.
    found.sort_by_key(|path| std::cmp::Reverse(version_of(path)));
    found.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let complete =
        |path: &PathBuf| ["initdb", "postgres", "createdb", "psql"].iter().all(|name| path.join(name).is_file());
    found.into_iter().find(complete).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "PostgreSQL is not installed: apt-get install postgresql")
    })
}

fn version_of(binaries: &Path) -> u32 {
    let version = binaries.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    version.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// What this process makes belongs to it: so the new directory's owner tells who it is.
fn is_root(directory: &Path) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(directory)?) == 0)
}

fn nobody(directory: &Path) -> io::Result<()> {
    let changed = Command::new("chown").arg("nobody").arg(directory).status()?;
    if changed.success() { Ok(()) } else { Err(io::Error::other("chown nobody failed")) }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(10).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
