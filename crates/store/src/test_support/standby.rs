//! A second server that follows the first, and how the first is lost.

use std::{
    io,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{ThrowAwayCluster, USUAL_PORT, VOLATILE};

impl ThrowAwayCluster {
    /// A standby of this cluster that confirms every commit before it is answered.
    ///
    /// # Errors
    /// When PostgreSQL refuses, or the standby does not follow within 30 seconds.
    pub fn standby(&self) -> io::Result<Self> {
        let copy = |binaries: &Path, directory: &Path| {
            format!(
                "'{}/pg_basebackup' -h '{}' -p {} -U madoguchi -D '{}/data' -R -c fast --no-sync",
                binaries.display(),
                self.directory.display(),
                self.port,
                directory.display(),
            )
        };
        let standby = Self::launch(USUAL_PORT, VOLATILE, &[], copy)?;
        self.run_in("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.run_in("postgres", "SELECT pg_reload_conf()")?;
        let follows = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        let until = Instant::now() + Duration::from_secs(30);
        while self.run_in("postgres", follows)?.trim() != "1" {
            if Instant::now() > until {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the standby does not follow"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(standby)
    }

    /// kill -9 of the server.
    ///
    /// # Errors
    /// When it did not run.
    pub fn kill(&self) -> io::Result<()> {
        let text = std::fs::read_to_string(self.directory.join("data/postmaster.pid"))?;
        signal("KILL", text.lines().next().unwrap_or_default())
    }

    /// Makes this standby the primary and waits until it is.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn promote(&self) -> io::Result<()> {
        self.run_in("postgres", "SELECT pg_promote()").map(drop)
    }

    /// Stops the process of this standby that receives and confirms, in the middle of what it does; its id.
    ///
    /// # Errors
    /// When there is none.
    pub fn stop_confirming(&self) -> io::Result<String> {
        let receiver = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'";
        let receiver = self.run_in("postgres", receiver)?.trim().to_owned();
        signal("STOP", &receiver).map(|()| receiver)
    }

    /// Lets that process go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn go_on_confirming(&self, receiver: &str) -> io::Result<()> {
        signal("CONT", receiver)
    }
}

fn signal(signal: &str, process: &str) -> io::Result<()> {
    let told = Command::new("kill").args([&format!("-{signal}"), process]).status()?;
    if told.success() { Ok(()) } else { Err(io::Error::other("the process does not run")) }
}
