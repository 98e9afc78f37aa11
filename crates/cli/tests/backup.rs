//! `backup` while a demo is asked, and `restore` into an empty place, on SQLite and PostgreSQL: what is restored is proved,
//! what is damaged, half or without room is refused and leaves nothing.
//!
//! `MADOGUCHI_ROUNDS` says how often a backup is killed (`cargo xtask long backup` does 60).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_store::test_support::{ThrowAwayCluster, cluster};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::verb::{Ran, verify};
use support::{Demo, command};

const PLAN: &str = "seconds = 600\nwarm_up_seconds = 0\n[[mix]]\nkind = \"check\"\nper_second = 40\n";

/// A demo that is asked all the time.
struct Busy {
    folder: tempfile::TempDir,
    demo: Demo,
    asking: Child,
}

impl Busy {
    fn start(database: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("demo");
        let mut options = vec!["--persons", "60", "--seed", "7", "--requests-per-second", "100000"];
        options.extend(database.iter().flat_map(|url| ["--database", *url]));
        let demo = Demo::start(&directory, &options);
        let plan = folder.path().join("plan.toml");
        std::fs::write(&plan, PLAN).unwrap();
        let asking = command()
            .arg("load")
            .arg(&plan)
            .arg("--target")
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, demo, asking }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn backup(&self, name: &str, more: &[&str]) -> Command {
        let mut backup = command();
        backup.arg("backup").arg("--dir").arg(&self.demo.directory).arg(self.path(name)).args(more);
        backup.stdin(Stdio::null());
        backup
    }

    /// Into this directory's SQLite file, or into this database.
    fn restore(&self, backup: &str, directory: &Path, database: Option<&str>) -> Ran {
        std::fs::create_dir_all(directory).unwrap();
        let mut restore = command();
        restore.arg("restore").arg("--json").arg("--dir").arg(directory);
        restore.args(database.iter().flat_map(|url| ["--database", *url])).arg(self.path(backup));
        restore.stdin(Stdio::null()).output().unwrap().into()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ended_already = self.asking.kill();
        let _ended_already = self.asking.wait();
    }
}

fn ran(command: &mut Command) -> Ran {
    command.output().unwrap().into()
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

fn check(busy: &mut Busy, empty: impl Fn() -> Option<String>) {
    let taken = ran(&mut busy.backup("whole", &["--json"]));
    assert_eq!(taken.code, Some(0), "{}", taken.text());
    let manifest = taken.json();
    assert!(manifest["tables"]["audit_entries"].as_i64().unwrap() > 0, "{manifest}");
    assert!(busy.asking.try_wait().unwrap().is_none(), "nobody asked meanwhile");

    // Into an empty place, where the chains verify and the records can be read.
    let (place, database) = (busy.path("restored"), empty());
    let restored = busy.restore("whole", &place, database.as_deref());
    assert_eq!(restored.code, Some(0), "{}", restored.text());
    let report = restored.json();
    assert_eq!((&report["whole"], &report["sha256"]), (&true.into(), &manifest["sha256"]), "{report}");
    assert!(report["audit"]["entries"] == manifest["tables"]["audit_entries"], "{report}");
    assert!(report["read"][2].as_u64().unwrap() > 0 && report["read"][0] == 20, "{report}");
    assert_eq!(report["signatures"], true, "{report}");
    // Not a second time.
    let again = busy.restore("whole", &place, database.as_deref());
    assert_eq!((again.code, again.text().contains("空ではありません")), (Some(1), true), "{}", again.text());

    refused(busy, &empty);
    killed(busy, &empty);
}

/// A flipped bit, a cut end, and a manifest that tells of another moment.
fn refused(busy: &Busy, empty: &impl Fn() -> Option<String>) {
    let whole = busy.path("whole");
    let file = std::fs::read_dir(&whole).unwrap().map(|entry| entry.unwrap().path());
    let file = file.into_iter().find(|path| !path.ends_with("manifest.json")).unwrap();
    let (bytes, manifest) =
        (std::fs::read(&file).unwrap(), std::fs::read_to_string(whole.join("manifest.json")).unwrap());
    let flipped: Vec<u8> = bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == bytes.len() / 2)).collect();
    let more = manifest.replacen("\"persons\": ", "\"persons\": 1", 1);
    assert_ne!(more, manifest);
    for (name, bytes, manifest, says) in [
        ("flipped", &flipped[..], &manifest, "SHA-256"),
        ("cut", &bytes[..bytes.len() - 1], &manifest, "大きさ"),
        ("another", &bytes[..], &more, "persons"),
    ] {
        let spoilt = busy.path(name);
        std::fs::create_dir(&spoilt).unwrap();
        std::fs::write(spoilt.join(file.file_name().unwrap()), bytes).unwrap();
        std::fs::write(spoilt.join("manifest.json"), manifest).unwrap();
        let (place, database) = (busy.path(&format!("from-{name}")), empty());
        let restored = busy.restore(name, &place, database.as_deref());
        assert_eq!((restored.code, restored.text().contains(says)), (Some(3), true), "{name}: {}", restored.text());
        assert!(is_empty(&place), "{name}: something was left");
        // The place is as empty as before: the whole backup goes there.
        let restored = busy.restore("whole", &place, database.as_deref());
        assert_eq!(restored.code, Some(0), "{name}: {}", restored.text());
    }
}

/// kill -9 at some moment: no manifest, so it is no backup.
fn killed(busy: &Busy, empty: &impl Fn() -> Option<String>) {
    let rounds: u64 = std::env::var("MADOGUCHI_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let mut half = 0;
    for round in 0..rounds {
        let name = format!("killed-{round}");
        let mut backup = busy
            .backup(&name, &["--megabytes-per-second", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(150 + 97 * (round % 13)));
        backup.kill().unwrap();
        backup.wait().unwrap();
        if !busy.path(&name).exists() {
            continue;
        }
        let place = busy.path(&format!("from-{name}"));
        if busy.path(&name).join("manifest.json").exists() {
            let restored = busy.restore(&name, &place, empty().as_deref());
            assert_eq!(restored.code, Some(0), "what has a manifest is whole: {}", restored.text());
            continue;
        }
        half += 1;
        let restored = busy.restore(&name, &place, empty().as_deref());
        assert_eq!((restored.code, restored.text().contains("manifest.json")), (Some(1), true), "{}", restored.text());
        assert!(is_empty(&place));
        // Nor is it written into.
        let nothing_yet = is_empty(&busy.path(&name));
        let again = ran(&mut busy.backup(&name, &[]));
        assert_eq!(again.code, Some(if nothing_yet { 0 } else { 2 }), "{}", again.text());
    }
    assert!(half > 0, "every kill came too early");
}

#[test]
fn a_sqlite_demo_is_backed_up_while_it_is_asked() {
    let mut busy = Busy::start(None);
    check(&mut busy, || None);

    // Beside its trust the restored store is served and verified as any other.
    let place = busy.path("restored");
    std::fs::create_dir(place.join("audit")).unwrap();
    std::fs::copy(busy.demo.directory.join("audit/verifier-key"), place.join("audit/verifier-key")).unwrap();
    let verified = verify(&place);
    assert_eq!(verified.code, Some(0), "{}", verified.text());

    // A disk without room, by a limit on the size of files.
    let mut limited = Command::new("sh");
    limited.args([
        "-c",
        "trap '' XFSZ; ulimit -S -f 200; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_madoguchi"),
        "backup",
        "--dir",
    ]);
    let full = ran(limited.arg(&busy.demo.directory).arg(busy.path("full")).stdin(Stdio::null()));
    assert_eq!((full.code, full.text().contains("空き")), (Some(1), true), "{}", full.text());
    assert!(!busy.path("full").exists(), "half a backup was left");
    assert!(busy.asking.try_wait().unwrap().is_none(), "the demo did not go on");
}

#[test]
fn a_postgres_demo_is_backed_up_while_it_is_asked() {
    let Some(cluster) = cluster() else { return };
    let fresh = |cluster: &ThrowAwayCluster| cluster.database_url().unwrap();
    let mut busy = Busy::start(Some(&fresh(cluster)));
    check(&mut busy, || Some(fresh(cluster)));
}
