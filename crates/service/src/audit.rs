//! Heads of the audit chain, and its verification (監査ログの検証).
//!
//! Each minute and at shutdown the head of this process's chain is signed as a checkpoint and kept
//! in the store and in a file beside it, so that a tail that is cut off later shows.

use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Head, Verifier};
use madoguchi_model::day::Timestamp;
use madoguchi_store::audit::SignedHead;
use madoguchi_store::{Store, Tx};
use madoguchi_trust::note::{Checkpoint, NoteSigner, NoteVerifier};
use std::path::{Path, PathBuf};

/// Seconds between two signatures.
pub const SIGN_SECONDS: u64 = 60;
/// Entries and heads that a verification reads at once.
const BATCH_ROWS: u32 = 2_000;
/// Longest head file that is read.
const HEAD_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Signs heads.
#[derive(Debug)]
pub struct HeadSigner {
    signer: NoteSigner,
    directory: PathBuf,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    /// Chains that were walked.
    pub chains: usize,
    /// Entries that were walked.
    pub entries: u64,
    /// Signed heads that were held against the chains.
    pub heads: u64,
    /// What is wrong, one sentence for each chain, naming process and sequence.
    pub findings: Vec<String>,
}

impl HeadSigner {
    /// Signs with this key and writes the newest head of a process to `directory`.
    #[must_use]
    pub fn new(signer: NoteSigner, directory: PathBuf) -> Self {
        Self { signer, directory }
    }

    fn sign(&self, process: &str, head: &Head) -> Result<String, Refusal> {
        let size = u64::try_from(head.sequence).unwrap_or(0);
        let checkpoint = Checkpoint { origin: origin(process), size, root: head.hash.to_vec(), extensions: Vec::new() };
        self.signer.sign_checkpoint(&checkpoint).map_err(unavailable)
    }

    fn keep(&self, process: &str, note: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        let path = head_file(&self.directory, process);
        let temporary = path.with_extension("new");
        std::fs::write(&temporary, note)?;
        std::fs::File::open(&temporary)?.sync_all()?;
        std::fs::rename(temporary, path)
    }
}

impl Service {
    /// Writes that the process started.
    ///
    /// # Errors
    /// Only when it cannot be written.
    pub async fn note_start(&self) -> Result<(), Refusal> {
        self.0.store.append(self.operator_draft(Action::Start, String::new())).await?;
        Ok(())
    }

    /// Signs the head of this process's chain, unless it was signed already.
    ///
    /// # Errors
    /// When the head cannot be read or kept, and when the head in the file is not on the chain: then the chain was
    /// cut, and the file is the witness that must not be overwritten.
    pub async fn sign_head(&self, signer: &HeadSigner) -> Result<(), Refusal> {
        let Some(process) = self.0.store.process().cloned() else { return Ok(()) };
        // Asked as a write, the answer comes when the head is durable: the file must not know more than the store.
        let name = process.clone();
        let ask = async move |tx: &mut Tx| -> Result<Head, Refusal> { Ok(tx.audit_head(&name).await?) };
        let head = self.0.store.write_or_repeat("audit.head", ask).await?;
        let mut tx = self.0.store.read();
        let last = tx.last_signed_head(process.as_str()).await?;
        if head.sequence == 0 || last.is_some_and(|last| last.sequence == head.sequence) {
            return Ok(());
        }
        if let Err(why) = former_head_fits(&mut tx, process.as_str(), signer).await? {
            return Err(unavailable(why));
        }
        let note = signer.sign(process.as_str(), &head)?;
        signer.keep(process.as_str(), &note).map_err(unavailable)?;
        let signed = SignedHead { process: process.as_str().to_owned(), sequence: head.sequence, note, at: self.now() };
        self.0.store.write_or_repeat("audit.sign_head", async move |tx| tx.keep_signed_head(&signed).await).await?;
        Ok(())
    }

    /// Writes that the process stops, signs the last head and closes the store.
    ///
    /// # Errors
    /// When the last entry or head cannot be kept; the store is closed all the same.
    pub async fn stop(&self, signer: Option<&HeadSigner>) -> Result<(), Refusal> {
        let noted = self.0.store.append(self.operator_draft(Action::Stop, String::new())).await;
        let signed = match signer {
            Some(signer) => self.sign_head(signer).await,
            None => Ok(()),
        };
        self.0.store.close().await;
        noted?;
        signed
    }
}

/// The newest instant in the audit log: the clock must not start before it.
///
/// # Errors
/// When the store cannot be read.
pub async fn newest_entry_time(store: &Store) -> Result<Option<Timestamp>, Refusal> {
    let mut tx = store.read();
    let mut newest = None;
    for process in tx.audit_processes().await? {
        let last = tx.audit_entries(&process.name, process.head.sequence, 1).await?;
        newest = newest.max(last.first().map(|entry| entry.draft.at));
    }
    Ok(newest)
}

/// Walks every chain of a store and holds it against every signed head, of the store and of the
/// files in `directory`.
///
/// # Errors
/// When the store cannot be read; what is wrong in the chains is in the result.
pub async fn verify(store: &Store, key: NoteVerifier, directory: &Path) -> Result<Verification, Refusal> {
    verify_all(store, Some(key), Some(directory.to_owned())).await
}

/// As [`verify`], for a store that was put back: it is older than the files with the newest heads, so those are left out,
/// and without a key the signed heads too.
///
/// # Errors
/// As [`verify`].
pub async fn verify_restored(store: &Store, key: Option<NoteVerifier>) -> Result<Verification, Refusal> {
    verify_all(store, key, None).await
}

async fn verify_all(
    store: &Store,
    key: Option<NoteVerifier>,
    directory: Option<PathBuf>,
) -> Result<Verification, Refusal> {
    store
        .scan(async move |tx: &mut Tx| {
            let mut result = Verification { chains: 0, entries: 0, heads: 0, findings: Vec::new() };
            for process in chains(tx, directory.as_deref()).await? {
                result.chains += 1;
                if let Err(finding) =
                    verify_chain(tx, &process, key.as_ref(), directory.as_deref(), &mut result).await?
                {
                    result.findings.push(finding);
                }
            }
            Ok(result)
        })
        .await
}

/// Every chain that has entries, signed heads in the store, or a head file.
async fn chains(tx: &mut Tx, directory: Option<&Path>) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = tx.audit_processes().await?.into_iter().map(|process| process.name).collect();
    names.extend(tx.processes_with_signed_heads().await?);
    for file in directory.map(std::fs::read_dir).into_iter().flatten().flatten().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".note").map(str::to_owned));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The inner result is what is wrong with the chain.
async fn verify_chain(
    tx: &mut Tx,
    process: &str,
    key: Option<&NoteVerifier>,
    directory: Option<&Path>,
    result: &mut Verification,
) -> Result<Result<(), String>, Refusal> {
    let signed = match key {
        Some(key) => signed_heads(tx, process, key, directory).await?,
        None => Ok(Vec::new()),
    };
    let mut heads = match signed {
        Ok(heads) => heads.into_iter().peekable(),
        Err(finding) => return Ok(Err(finding)),
    };
    let mut verifier = Verifier::new(process);
    loop {
        let entries = tx.audit_entries_if_readable(process, verifier.head().sequence + 1, BATCH_ROWS).await?;
        if entries.is_empty() {
            break;
        }
        for (sequence, entry) in &entries {
            let Some(entry) = entry else {
                return Ok(Err(format!("{process}：{sequence}番の記録を読めません（書き換えられています）")));
            };
            if let Err(finding) = verifier.check(entry) {
                return Ok(Err(finding.to_string()));
            }
            result.entries += 1;
            while heads.peek().is_some_and(|head| head.sequence == entry.sequence) {
                result.heads += 1;
                if heads.next().is_some_and(|head| head.hash != entry.hash) {
                    return Ok(Err(format!("{process}：{}番の記録が、署名された先頭と一致しません", entry.sequence)));
                }
            }
        }
    }
    let last = verifier.head().sequence;
    match heads.last() {
        Some(head) => Ok(Err(format!(
            "{process}：{}番までが署名されていますが、記録は{last}番で終わっています（{}番から後が切り取られています）",
            head.sequence,
            last + 1
        ))),
        None => Ok(Ok(())),
    }
}

/// All signed heads of a chain in order, verified; a bad signature is a finding.
async fn signed_heads(
    tx: &mut Tx,
    process: &str,
    key: &NoteVerifier,
    directory: Option<&Path>,
) -> Result<Result<Vec<Head>, String>, Refusal> {
    let file = directory.and_then(|directory| read_head_file(directory, process));
    let mut notes: Vec<String> = file.into_iter().collect();
    let mut from = 0;
    loop {
        let batch = tx.signed_heads(process, from, BATCH_ROWS).await?;
        let Some(last) = batch.last() else { break };
        from = last.sequence + 1;
        notes.extend(batch.into_iter().map(|signed| signed.note));
    }
    let mut heads = Vec::with_capacity(notes.len());
    for note in notes {
        match verified_head(&note, process, key) {
            Ok(head) => heads.push(head),
            Err(why) => return Ok(Err(format!("{process}：署名された先頭を確認できません（{why}）"))),
        }
    }
    heads.sort_by_key(|head| head.sequence);
    Ok(Ok(heads))
}

/// Whether the head in the file is still on the chain; the inner error says why it is not.
async fn former_head_fits(tx: &mut Tx, process: &str, signer: &HeadSigner) -> Result<Result<(), String>, Refusal> {
    let Some(note) = read_head_file(&signer.directory, process) else { return Ok(Ok(())) };
    let former = match verified_head(&note, process, &signer.signer.verifier()) {
        Ok(former) => former,
        Err(why) => return Ok(Err(format!("the head file of {process} cannot be verified ({why}); move it away"))),
    };
    let there = tx.audit_entries(process, former.sequence, 1).await?;
    if there.first().is_some_and(|entry| entry.sequence == former.sequence && entry.hash == former.hash) {
        return Ok(Ok(()));
    }
    let sequence = former.sequence;
    Ok(Err(format!("entry {sequence} of {process} is signed in the head file but not in the log: run audit verify")))
}

fn verified_head(note: &str, process: &str, key: &NoteVerifier) -> Result<Head, String> {
    let checkpoint = key.verify_checkpoint(note).map_err(|fault| fault.to_string())?;
    let hash = checkpoint.root.as_slice().try_into().map_err(|_| "ハッシュの長さが正しくありません".to_owned())?;
    if checkpoint.origin != origin(process) {
        return Err("別の記録の先頭です".to_owned());
    }
    let sequence = i64::try_from(checkpoint.size).map_err(|_| "件数が大きすぎます".to_owned())?;
    Ok(Head { sequence, hash })
}

fn read_head_file(directory: &Path, process: &str) -> Option<String> {
    let path = head_file(directory, process);
    let metadata = std::fs::metadata(&path).ok()?;
    if metadata.len() > HEAD_FILE_BYTES_MAX {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

fn head_file(directory: &Path, process: &str) -> PathBuf {
    directory.join(format!("{process}.note"))
}

fn origin(process: &str) -> String {
    format!("madoguchi/audit/{process}")
}

fn unavailable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Reason::Unavailable, error.to_string())
}
