//! `madoguchi backup`: a copy of everything while the server answers.

use super::{Place, machine_seconds};
use crate::failure::{Failure, Outcome};
use crate::manifest::{Engine, Manifest};
use crate::output;
use clap::Args;
use madoguchi_store::backup::{Progress, take};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Steps of a bar whose end is not known.
const MEGABYTE: u64 = 1 << 20;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Directory for the backup; it must not exist, or be empty
    target: PathBuf,
    /// Megabytes a second at most, to spare the disk
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    megabytes_per_second: Option<u64>,
    /// Print what was taken as JSON
    #[arg(long)]
    json: bool,
}

/// Takes a backup; the manifest comes last.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let url = arguments.place.database()?;
    let engine = if url.is_sqlite() { Engine::Sqlite } else { Engine::Postgresql };
    if let Some(missing) = url.path().filter(|path| !path.exists()) {
        return Err(Failure::file(missing, "データベースのファイルがありません"));
    }
    let made = make_directory(&arguments.target)?;
    let file = arguments.target.join(engine.file());
    let pace = arguments.megabytes_per_second.map(|megabytes| megabytes * 1_000_000);
    let taken = take(&url, &file, pace, progress("バックアップ")).await;
    let taken = match taken {
        Ok(taken) => taken,
        Err(fault) => {
            if made {
                // It is empty again.
                let _nothing_in_it = fs::remove_dir(&arguments.target);
            }
            return Err(Failure::new(fault));
        }
    };
    let key = fs::read_to_string(arguments.place.audit().join("verifier-key")).ok();
    let manifest = Manifest::of(&taken, engine, machine_seconds(), key.map(|key| key.trim().to_owned()));
    manifest.save(&arguments.target)?;
    if arguments.json {
        return output::json(&manifest);
    }
    let rows: i64 = manifest.tables.values().sum();
    output::line(format!(
        "{}：{}表{rows}行、監査ログ{}系列、{}バイト。証明書と鍵は含みません（docs/operating/backup.md）。",
        arguments.target.display(),
        manifest.tables.len(),
        manifest.chains.len(),
        manifest.bytes
    ));
    Ok(())
}

/// Whether it was made here; only its owner may look into it.
fn make_directory(path: &Path) -> Outcome<bool> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut entries = fs::read_dir(path).map_err(|error| Failure::file(path, error))?;
            match entries.next() {
                None => Ok(false),
                Some(_) => Err(Failure::usage(format!(
                    "{}：空ではありません。新しいディレクトリを指定してください",
                    path.display()
                ))),
            }
        }
        Err(error) => Err(Failure::file(path, error)),
    }
}

/// A bar on a terminal, in megabytes.
pub(super) fn progress(what: &str) -> Progress {
    let bar = output::bar(0, what);
    Arc::new(move |done, all| {
        if let Some(all) = all {
            bar.set_length(all / MEGABYTE);
        }
        bar.set_position(done / MEGABYTE);
    })
}
