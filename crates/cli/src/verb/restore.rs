//! `madoguchi restore`: puts a backup into an empty place, and proves what it has put there.

use super::Place;
use super::backup::progress;
use crate::failure::{Failure, Outcome};
use crate::manifest::{Engine, MANIFEST_FILE, Manifest, copy_of};
use crate::output;
use clap::Args;
use madoguchi_service::audit::{Verification, verify_restored};
use madoguchi_store::backup::{Canary, Restoring, put_back};
use madoguchi_store::{Store, Tx};
use madoguchi_trust::note::NoteVerifier;
use rand::Rng;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Persons who are read through the store.
const CANARIES: usize = 20;

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Directory of the backup
    source: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was found in the restored store.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether all of it is as the manifest says.
    whole: bool,
    bytes: u64,
    sha256: String,
    schema_version: i64,
    /// Rows over all tables.
    rows: i64,
    audit: Verification,
    /// Whether the signed heads were held against a key.
    signatures: bool,
    /// Persons, coverages and receipts that were read through the store.
    read: [u64; 3],
    /// What is not as it should be.
    findings: Vec<String>,
}

/// Restores and verifies; exit code 3 and nothing left when the backup is not what it says.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let manifest = Manifest::load(&arguments.source)?;
    let url = arguments.place.database()?;
    may_be_restored(&manifest, &arguments.source, url.is_sqlite())?;
    let key = key(&arguments.place.audit().join("verifier-key"), &manifest)?;
    let copy = copy_of(&arguments.source, &manifest);
    let restoring = put_back(&url, &copy, manifest.bytes, &manifest.sha256, progress("復元")).await;
    let restoring = restoring.map_err(|fault| match fault {
        fault @ madoguchi_store::backup::BackupFault::Damaged { .. } => Failure::finding(fault),
        fault => Failure::new(fault),
    })?;
    let report = match looked_at(&restoring, &manifest, key).await {
        Ok(report) => report,
        Err(failure) => {
            restoring.discard().await.map_err(Failure::new)?;
            return Err(failure);
        }
    };
    match report.whole {
        true => restoring.keep().await,
        false => restoring.discard().await,
    }
    .map_err(Failure::new)?;
    if arguments.json {
        output::json(&report)?;
    } else {
        tell(&report);
    }
    match report.whole {
        true => Ok(()),
        false => Err(Failure::finding(format!("復元していません。\n{}", report.findings.join("\n")))),
    }
}

/// Engine and schema are this program's.
fn may_be_restored(manifest: &Manifest, source: &Path, is_sqlite: bool) -> Outcome<()> {
    if is_sqlite != (manifest.engine == Engine::Sqlite) {
        return Err(Failure::usage(format!(
            "{}：{:?}のバックアップです。--databaseに同じ種類のデータベースを指定してください",
            source.display(),
            manifest.engine
        )));
    }
    let expected = Store::schema_version_expected();
    if manifest.schema_version != expected {
        return Err(Failure::new(format!(
            "{}：スキーマ{}のバックアップです（このプログラムは{expected}）。madoguchi {}で復元し、そのあとmigrateで更新してください",
            source.join(MANIFEST_FILE).display(),
            manifest.schema_version,
            manifest.program
        )));
    }
    Ok(())
}

/// The deployment's own key goes before the one that came with the backup.
fn key(path: &Path, manifest: &Manifest) -> Outcome<Option<NoteVerifier>> {
    let text = fs::read_to_string(path).ok().or_else(|| manifest.verifier_key.clone());
    text.map(|text| NoteVerifier::parse(text.trim()).map_err(Failure::new)).transpose()
}

async fn looked_at(restoring: &Restoring, manifest: &Manifest, key: Option<NoteVerifier>) -> Outcome<Report> {
    let store = Store::open_to_read(restoring.url()).await?;
    let persons = manifest.tables.get("persons").copied().unwrap_or(0);
    let persons = u64::try_from(persons).unwrap_or(0);
    let places: Vec<u64> =
        (0..CANARIES).filter(|_| persons > 0).map(|_| rand::rng().random_range(0..persons)).collect();
    let asked = places.len() as u64;
    let (contents, read) = store
        .scan(async move |tx: &mut Tx| -> madoguchi_store::Result<_> {
            tx.take_long().await?;
            Ok((tx.contents().await?, tx.canary(&places).await?))
        })
        .await?;
    let signatures = key.is_some();
    let audit = verify_restored(&store, key).await?;
    let mut findings = manifest.differences(&contents);
    findings.extend(audit.findings.iter().cloned());
    let Canary { persons, coverages, receipts } = read;
    if persons != asked {
        findings.push(format!("{asked}人のうち{persons}人しか読めません"));
    }
    Ok(Report {
        whole: findings.is_empty(),
        bytes: manifest.bytes,
        sha256: manifest.sha256.clone(),
        schema_version: contents.schema_version,
        rows: contents.tables.values().sum(),
        audit,
        signatures,
        read: [persons, coverages, receipts],
        findings,
    })
}

fn tell(report: &Report) {
    let [persons, coverages, receipts] = report.read;
    output::line(format!(
        "SHA-256 {}、スキーマ{}、{}行を確認しました。",
        report.sha256, report.schema_version, report.rows
    ));
    output::line(format!(
        "監査ログ{}系列{}件を検証しました（署名{}）。",
        report.audit.chains,
        report.audit.entries,
        if report.signatures {
            format!("{}件", report.audit.heads)
        } else {
            "は鍵がないため確認していません".to_owned()
        }
    ));
    output::line(format!("{persons}人を選び、資格{coverages}件とレセプト{receipts}件を読みました。"));
}
