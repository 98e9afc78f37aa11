//! A private, throw-away PostgreSQL for tests: started once a test process, gone with it.
//!
//! It never touches a cluster of the distribution: it has its own directory, listens on a socket in there and on no
//! port. PostgreSQL refuses to run as root, so root starts it as `nobody`. A shell waits on a pipe from the test process
//! and cleans up when that ends, however it ends.

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

use crate::DatabaseUrl;

/// Set to 1 to pass over PostgreSQL's half of the tests where it is not installed.
pub const WITHOUT_POSTGRES: &str = "MADOGUCHI_WITHOUT_POSTGRES";

/// A running PostgreSQL cluster of this test process.
pub struct ThrowAwayCluster {
    directory: PathBuf,
    binaries: PathBuf,
    keeper: Child,
}

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
        Self::start_with("-c fsync=off -c full_page_writes=off -c shared_buffers=64MB")
    }

    /// The same with a disk that is waited for and the memory of a small server, to be measured.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_durable() -> io::Result<Self> {
        Self::start_with("-c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=8GB")
    }

    fn start_with(settings: &str) -> io::Result<Self> {
        let binaries = binaries()?;
        let directory = tempfile::Builder::new().prefix("mdg-").tempdir_in("/tmp")?.keep();
        let owner = is_root(&directory)?.then(|| nobody(&directory)).transpose()?;
        let initialise = format!(
            "'{}/initdb' -D '{}/data' -U madoguchi -A trust -E UTF8 --locale=C --no-sync >'{1}/initdb.log' 2>&1",
            binaries.display(),
            directory.display(),
        );
        if !shell(owner.is_some(), &initialise).status()?.success() {
            return Err(io::Error::other(tail(&directory.join("initdb.log"))));
        }
        let keeper = shell(owner.is_some(), &keep(&binaries, &directory, settings)).stdin(Stdio::piped()).spawn()?;
        let mut cluster = Self { directory, binaries, keeper };
        cluster.wait_until_it_answers()?;
        Ok(cluster)
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
        let created = Command::new(self.binaries.join("createdb"))
            .args(["-h", &self.directory.display().to_string(), "-U", "madoguchi", &name])
            .output()?;
        if !created.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&created.stderr).into_owned()));
        }
        let host = self.directory.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://madoguchi@{host}/{name}"))
    }

    /// Runs SQL text in a database of this cluster as its superuser, outside of the store; returns what it prints.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn run(&self, database: &DatabaseUrl, text: &str) -> io::Result<String> {
        let name = database.to_string().rsplit('/').next().unwrap_or_default().to_owned();
        let output = Command::new(self.binaries.join("psql"))
            .args(["-h", &self.directory.display().to_string(), "-U", "madoguchi", "-d", &name, "-X", "-A", "-t", "-q"])
            .args(["-v", "ON_ERROR_STOP=1", "-c", text])
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let socket = self.directory.join(".s.PGSQL.5432");
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if self.keeper.try_wait()?.is_some() {
                return Err(io::Error::other(tail(&self.directory.join("server.log"))));
            }
            let asked =
                Command::new(self.binaries.join("pg_isready")).arg("-q").arg("-h").arg(&self.directory).status();
            if socket.exists() && asked?.success() {
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
         '{binaries}/postgres' -D '{directory}/data' -k '{directory}' -c listen_addresses='' {settings} \
             -c max_connections=200 -c max_prepared_transactions=0 \
             >'{directory}/server.log' 2>&1 </dev/null &
         server=$!
         (while kill -0 $server 2>/dev/null; do sleep 1; done; kill $$ 2>/dev/null) >/dev/null 2>&1 &
         cat >/dev/null
         kill -QUIT $server
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

fn binaries() -> io::Result<PathBuf> {
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
