//! `madoguchi audit`: verification and export of the audit log.

use super::Place;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_model::audit::Entry;
use madoguchi_service::audit::{HeadSigner, verify};
use madoguchi_store::Store;
use madoguchi_trust::note::{NoteSigner, NoteVerifier};
use serde_json::json;
use std::path::Path;

/// Entries that are read at once for an export.
const BATCH_ROWS: u32 = 2_000;
/// File with the key that signs heads.
const KEY_FILE: &str = "signing-key";
/// File with the key that verifies them.
const VERIFIER_FILE: &str = "verifier-key";

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check every chain and every signed head; exit code 3 when something is wrong
    Verify(Verify),
    /// Print all entries, one JSON object a line
    Export(Export),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
}

/// Runs the verb.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Verify(arguments) => verify_all(arguments).await,
        Verb::Export(arguments) => export(arguments).await,
    }
}

/// The signer of a deployment; its key is made at the first start.
pub(crate) fn head_signer(directory: &Path) -> Outcome<HeadSigner> {
    std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, error))?;
    let key = directory.join(KEY_FILE);
    let signer = if key.exists() { NoteSigner::load(&key) } else { NoteSigner::generate(&key, "madoguchi") };
    let signer = signer.map_err(Failure::new)?;
    let verifier = directory.join(VERIFIER_FILE);
    let text = format!("{}\n", signer.verifier());
    std::fs::write(&verifier, text).map_err(|error| Failure::file(&verifier, error))?;
    Ok(HeadSigner::new(signer, directory.join("heads")))
}

/// As [`head_signer`], for a server that may stand beside others: the audit log is verified with one key, so a new one is
/// made only where nothing was signed yet.
pub(crate) async fn head_signer_beside(store: &Store, directory: &Path) -> Outcome<HeadSigner> {
    let key = directory.join(KEY_FILE);
    if !key.exists() && !store.read().processes_with_signed_heads().await?.is_empty() {
        return Err(Failure::usage(format!(
            "{}：監査ログの署名鍵がありません。このデータベースの監査ログは署名済みのため、他のサーバまたはバックアップから同じ鍵をここに複写してください",
            key.display()
        )));
    }
    head_signer(directory)
}

async fn verify_all(arguments: Verify) -> Outcome<()> {
    let directory = arguments.place.audit();
    let path = directory.join(VERIFIER_FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    let key = NoteVerifier::parse(text.trim()).map_err(Failure::new)?;
    let store = Store::open_to_read(&arguments.place.database()?).await?;
    let result = verify(&store, key, &directory.join("heads")).await?;
    if arguments.json {
        output::json(&result)?;
    } else {
        output::line(format!("{}系列、{}件、署名{}件を検証しました。", result.chains, result.entries, result.heads));
    }
    match result.findings.is_empty() {
        true => Ok(()),
        false => Err(Failure::finding(result.findings.join("\n"))),
    }
}

async fn export(arguments: Export) -> Outcome<()> {
    let store = Store::open_to_read(&arguments.place.database()?).await?;
    let mut tx = store.read();
    for process in tx.audit_processes().await? {
        let mut from = 1;
        loop {
            let entries = tx.audit_entries(&process.name, from, BATCH_ROWS).await?;
            let Some(last) = entries.last() else { break };
            from = last.sequence + 1;
            entries.iter().for_each(|entry| output::line(exported(entry)));
        }
    }
    Ok(())
}

fn exported(entry: &Entry) -> serde_json::Value {
    let draft = &entry.draft;
    json!({
        "process": entry.process,
        "sequence": entry.sequence,
        "at": draft.at.wire(),
        "institution": draft.institution,
        "user": draft.user,
        "terminal": draft.terminal,
        "action": draft.action.word(),
        "outcome": draft.outcome.word(),
        "subject": draft.subject,
        "detail": draft.detail,
    })
}
