//! `ingest checkups`: documents of check-ups, alone or as a package, read, attached to persons, stored.
//!
//! Each document is taken whole or not at all; all that were taken are stored in one transaction with
//! one audit entry. A document whose person is not known yet waits, as receipts do.

use super::coverage::derived_id;
use super::{FileOutcome, Findings, attach, slices};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::checkup::{Category, Checkup};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::id::{CheckupId, FileId, PersonId};
use madoguchi_model::insurance::NumberKey;
use madoguchi_model::person::comparable_name;
use madoguchi_model::resolution::{Candidate, Resolution, Unattached, resolve};
use madoguchi_store::Tx;
use madoguchi_store::checkup::{CheckupFile, NewCheckup, UnattachedCheckup};
use madoguchi_wire::Issue;
use madoguchi_wire::checkup::{CheckupDocument, Request, read, read_file};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

/// Unknown item codes that a report lists.
const UNKNOWN_ITEMS_MAX: usize = 1_000;
/// Waiting documents of one number that are tried at once: a household's for years.
const WAITING_MAX: u32 = 1_000;
/// Numbers that are looked at together.
const KEYS_AT_ONCE: usize = 64;
/// Waiting documents that are tried in one write.
const CHECKUPS_AT_ONCE: usize = 32;
/// Bytes that are hashed at once.
const BUFFER_BYTES: usize = 65_536;

/// What became of a file of check-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckupsReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// Whether it was a package (ZIP).
    pub package: bool,
    /// Documents in it.
    pub documents: u64,
    /// Documents that the package's index states.
    pub stated: Option<u64>,
    /// Check-ups that were attached to a person and can be seen at once.
    pub taken: u64,
    /// Of these, how many replaced an earlier document.
    pub replaced: u64,
    /// Documents that were not taken because a later one about the same check-up is stored.
    pub outdated: u64,
    /// Check-ups that were deleted at a document's request.
    pub deleted: u64,
    /// Requests to delete what is not stored.
    pub nothing_to_delete: u64,
    /// Documents that are kept until their person is known.
    pub unattached: u64,
    /// How many of them for which reason.
    pub unattached_reasons: BTreeMap<&'static str, u64>,
    /// Documents that could not be read.
    pub refused: u64,
    /// Results and answers of the documents that were read.
    pub results: u64,
    /// Item codes that the table does not have, and how many documents have them; they are kept and shown at the end.
    pub unknown_items: BTreeMap<String, u64>,
    /// Findings with their lines.
    pub findings: Findings,
}

/// A file, read whole.
struct Prepared {
    sha256: [u8; 32],
    documents: Vec<PreparedDocument>,
    report: CheckupsReport,
}

struct PreparedDocument {
    name: String,
    document: CheckupDocument,
    source: Vec<u8>,
}

impl Service {
    /// Takes a file of check-ups that is in memory. See [`Service::ingest_checkups_from`].
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_checkups(&self, bytes: Vec<u8>) -> Result<CheckupsReport, Refusal> {
        self.ingest_checkups_from(std::io::Cursor::new(bytes)).await
    }

    /// Takes a file of check-ups. A file that can't be taken is no error but a report whose outcome says so; its
    /// refusal is in the audit log.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_checkups_from(
        &self,
        source: impl Read + Seek + Send + 'static,
    ) -> Result<CheckupsReport, Refusal> {
        let today = self.now().day();
        let read = tokio::task::spawn_blocking(move || prepare(source, today)).await;
        let read = read.map_err(|_| Refusal::new(Reason::Unavailable, "reading was broken off"))?;
        let prepared = match read {
            Ok(prepared) => prepared,
            Err(issue) => {
                let mut report = CheckupsReport::empty();
                report.findings.push(issue);
                return self.refuse_checkups(report).await;
            }
        };
        if prepared.documents.is_empty() {
            return self.refuse_checkups(prepared.report).await;
        }
        self.store_checkups(prepared).await
    }

    async fn store_checkups(&self, prepared: Prepared) -> Result<CheckupsReport, Refusal> {
        let now = self.now();
        let file = FileId::new(now, self.random()?);
        let service = self.clone();
        let write = async move |tx: &mut Tx| -> Result<CheckupsReport, Refusal> {
            let Prepared { sha256, documents, mut report, .. } = prepared;
            if tx.checkup_file(&sha256).await?.is_some() {
                report.outcome = FileOutcome::TakenBefore;
                return Ok(report);
            }
            report.outcome = FileOutcome::Taken;
            let mut arrival = Arrival { tx, file, now, holders: HashMap::new() };
            for document in documents {
                arrival.take(document, &mut report).await?;
            }
            let text = serde_json::to_string(&report);
            let text = text.map_err(|error| Refusal::new(Reason::Unavailable, error.to_string()))?;
            tx.insert_checkup_file(&CheckupFile { sha256, id: file, taken_at: now, report: text }).await?;
            tx.audit(service.operator_draft(Action::IngestCheckups, report.words(file))).await?;
            Ok(report)
        };
        self.0.store.write("checkups.ingest", write).await
    }

    async fn refuse_checkups(&self, report: CheckupsReport) -> Result<CheckupsReport, Refusal> {
        let detail = format!("documents={} refused={}", report.documents, report.refused);
        let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestCheckups, detail) };
        self.0.store.append(draft).await?;
        Ok(report)
    }
}

/// Reads the whole file; runs on a blocking thread.
fn prepare(mut source: impl Read + Seek, today: Day) -> Result<Prepared, Issue> {
    let sha256 = hash(&mut source).map_err(|error| Issue::unreadable(0, &error))?;
    let mut report = CheckupsReport::empty();
    let mut documents = Vec::new();
    let summary = read_file(source, |name, bytes, read| {
        let read = read.and_then(|document| not_of_days_to_come(document, today));
        match read {
            Ok(mut document) => {
                let warnings = std::mem::take(&mut document.warnings);
                report.findings.extend(warnings.into_iter().map(|issue| named(name, issue)));
                report.count(&document);
                documents.push(PreparedDocument { name: name.to_owned(), document, source: bytes });
            }
            Err(issues) => {
                report.refused += 1;
                report.findings.extend(issues.into_iter().map(|issue| named(name, issue)));
            }
        }
    })?;
    report.package = summary.package;
    report.documents = summary.documents;
    report.stated = summary.stated;
    report.findings.extend(summary.issues);
    Ok(Prepared { sha256, documents, report })
}

fn hash(source: &mut (impl Read + Seek)) -> std::io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    source.rewind()?;
    Ok(hash.finalize().into())
}

/// A check-up of a day to come has a wrong date, or our clock is wrong.
fn not_of_days_to_come(document: CheckupDocument, today: Day) -> Result<CheckupDocument, Vec<Issue>> {
    let field = match (document.day <= today, document.created_on <= today) {
        (true, true) => return Ok(document),
        (false, _) => "健診実施年月日",
        // It would stand in the way of every later document.
        (true, false) => "作成年月日",
    };
    let message = format!(
        "まだ来ていない日です（現在は{}）。日付を確認してください。デモの日付は--todayで決まります",
        today.japanese()
    );
    Err(vec![Issue::row(0, field, message)])
}

/// In a package a finding says in which document it is.
fn named(name: &str, issue: Issue) -> Issue {
    if name.is_empty() { issue } else { Issue { field: format!("{name} {}", issue.field), ..issue } }
}

/// Documents of one file on their way to their persons, inside a write.
struct Arrival<'a> {
    tx: &'a mut Tx,
    file: FileId,
    now: Timestamp,
    /// Who has which numbers, as far as it was asked.
    holders: HashMap<String, Vec<Candidate>>,
}

/// What became of a document whose person is known.
enum Placed {
    Stored { replaced: bool },
    Outdated,
}

impl Arrival<'_> {
    async fn take(&mut self, prepared: PreparedDocument, report: &mut CheckupsReport) -> Result<(), Refusal> {
        let PreparedDocument { name, document, source } = prepared;
        let person = self.person_of(&document).await?;
        let category = match document.request {
            Request::Report(category) => category,
            Request::Delete(categories) => {
                let deleted = self.delete(&document, categories, person.ok()).await?;
                report.deleted += deleted;
                if deleted == 0 {
                    report.nothing_to_delete += 1;
                    let message = "削除する健診結果が見つかりません。番号、日付、健診機関番号を確認してください";
                    report.findings.push(named(&name, Issue::warning(0, "削除依頼", message)));
                }
                return Ok(());
            }
        };
        match person {
            Ok(person) => match self.place(person, document, category, source).await? {
                Placed::Outdated => report.outdated += 1,
                Placed::Stored { replaced } => {
                    report.taken += 1;
                    report.replaced += u64::from(replaced);
                }
            },
            Err(reason) => {
                report.unattached += 1;
                *report.unattached_reasons.entry(reason.code()).or_default() += 1;
                report.findings.push(named(&name, Issue::warning(0, "個人の特定", reason.message())));
                self.keep(&document, category, reason, source).await?;
            }
        }
        Ok(())
    }

    /// Whose document it is. One statement for numbers that were not asked before.
    async fn person_of(&mut self, document: &CheckupDocument) -> Result<Result<PersonId, Unattached>, Refusal> {
        let key = document.numbers.key();
        if !self.holders.contains_key(key.as_str()) {
            let found = self.tx.holders_of_number(&key).await?;
            self.holders.insert(key.as_str().to_owned(), found.into_iter().map(attach::candidate).collect());
        }
        let candidates = self.holders.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        Ok(match resolve(&document.numbers, &document.patient, candidates) {
            Resolution::Person(person) => Ok(person),
            Resolution::Unattached(reason) => Err(reason),
        })
    }

    async fn place(
        &mut self,
        person: PersonId,
        document: CheckupDocument,
        category: Category,
        source: Vec<u8>,
    ) -> Result<Placed, Refusal> {
        let id = checkup_id(&document, category);
        let stored = self.tx.checkup_version(person, document.day, id).await?;
        if stored.is_some_and(|stored| document.created_on < stored.created_on) {
            return Ok(Placed::Outdated);
        }
        let CheckupDocument { created_on, day, program, performer, results, .. } = document;
        let checkup = Checkup { id, day, category, program, performer, results };
        let new = NewCheckup { person, checkup, file: self.file, created_on, taken_at: self.now, source };
        self.tx.put_checkup(&new).await?;
        Ok(Placed::Stored { replaced: stored.is_some_and(|stored| !stored.deleted) })
    }

    async fn keep(
        &mut self,
        document: &CheckupDocument,
        category: Category,
        reason: Unattached,
        source: Vec<u8>,
    ) -> Result<(), Refusal> {
        let waiting = UnattachedCheckup {
            number_key: document.numbers.key().as_str().to_owned(),
            id: waiting_id(document, category),
            file: self.file,
            reason: reason.code().to_owned(),
            created_on: document.created_on,
            taken_at: self.now,
            source,
        };
        self.tx.put_unattached_checkup(&waiting).await?;
        Ok(())
    }

    /// Deletes what the document means, whether it is attached or still waits; how many.
    async fn delete(
        &mut self,
        document: &CheckupDocument,
        categories: &[Category],
        person: Option<PersonId>,
    ) -> Result<u64, Refusal> {
        let mut deleted = 0;
        for category in categories {
            let (key, waiting) = (document.numbers.key(), waiting_id(document, *category));
            deleted += u64::from(self.tx.remove_unattached_checkup(key.as_str(), waiting, document.created_on).await?);
            let id = checkup_id(document, *category);
            let Some(person) = person else { continue };
            let stored = self.tx.checkup_version(person, document.day, id).await?;
            if stored.is_some_and(|stored| stored.created_on <= document.created_on) {
                let done = self.tx.delete_checkup(person, document.day, id, document.created_on, self.now).await?;
                deleted += u64::from(done);
            }
        }
        Ok(deleted)
    }
}

impl Service {
    /// Tries the documents that wait for these numbers again, a few in a write; says how many found their persons.
    pub(super) async fn attach_waiting_checkups(&self, keys: &[NumberKey]) -> Result<u64, Refusal> {
        let mut attached = 0;
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let waiting = self.0.store.read().unattached_checkups(keys, WAITING_MAX).await?;
            for slice in slices(waiting, CHECKUPS_AT_ONCE) {
                let service = self.clone();
                let write = async move |tx: &mut Tx| -> Result<u64, Refusal> {
                    let (now, mut attached) = (service.now(), 0);
                    for checkup in slice {
                        attached += u64::from(attach_one(tx, checkup, now).await?);
                    }
                    if attached > 0 {
                        let detail = format!("attached_checkups={attached}");
                        tx.audit(service.operator_draft(Action::IngestCoverage, detail)).await?;
                    }
                    Ok(attached)
                };
                attached += self.0.store.write("checkups.attach", write).await?;
            }
        }
        Ok(attached)
    }
}

async fn attach_one(tx: &mut Tx, waiting: UnattachedCheckup, now: Timestamp) -> Result<bool, Refusal> {
    // What was stored could be read once; if it can't be any more, it waits for an operator.
    let Ok(document) = read(&waiting.source) else { return Ok(false) };
    let Request::Report(category) = document.request else { return Ok(false) };
    let created_on = document.created_on;
    let mut arrival = Arrival { tx, file: waiting.file, now, holders: HashMap::new() };
    let Ok(person) = arrival.person_of(&document).await? else { return Ok(false) };
    if !arrival.tx.remove_unattached_checkup(&waiting.number_key, waiting.id, created_on).await? {
        // Somebody else was faster.
        return Ok(false);
    }
    let placed = arrival.place(person, document, category, waiting.source).await?;
    Ok(matches!(placed, Placed::Stored { .. }))
}

/// The same numbers, birthdate, day, institution and category are always the same check-up of a person.
fn checkup_id(document: &CheckupDocument, category: Category) -> CheckupId {
    id_with(document, category, "checkup", "")
}

/// While its person is not known, a document is told from that of somebody with the same numbers and birthdate
/// (twins) by its name.
fn waiting_id(document: &CheckupDocument, category: Category) -> CheckupId {
    id_with(document, category, "waiting-checkup", &comparable_name(&document.patient.kana))
}

fn id_with(document: &CheckupDocument, category: Category, kind: &str, name: &str) -> CheckupId {
    let numbers = document.numbers.key();
    let parts = [
        numbers.as_str(),
        &document.numbers.branch,
        &document.patient.birthdate.to_string(),
        name,
        &document.day.to_string(),
        &document.performer.code,
        category.code(),
    ];
    derived_id(kind, &parts, CheckupId::from_bytes)
}

impl CheckupsReport {
    /// Whether nothing of the file was taken.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.outcome == FileOutcome::Refused
    }

    const fn empty() -> Self {
        Self {
            outcome: FileOutcome::Refused,
            package: false,
            documents: 0,
            stated: None,
            taken: 0,
            replaced: 0,
            outdated: 0,
            deleted: 0,
            nothing_to_delete: 0,
            unattached: 0,
            unattached_reasons: BTreeMap::new(),
            refused: 0,
            results: 0,
            unknown_items: BTreeMap::new(),
            findings: Findings { issues: Vec::new(), not_listed: 0, warnings: 0 },
        }
    }

    fn count(&mut self, document: &CheckupDocument) {
        self.results += document.results.len() as u64;
        for result in document.results.iter().filter(|result| result.item().is_none()) {
            if self.unknown_items.len() < UNKNOWN_ITEMS_MAX || self.unknown_items.contains_key(&result.code) {
                *self.unknown_items.entry(result.code.clone()).or_default() += 1;
            }
        }
    }

    /// For the audit log: counts and ids only.
    fn words(&self, file: FileId) -> String {
        let Self { documents, taken, replaced, outdated, deleted, unattached, refused, .. } = self;
        format!(
            "file={} documents={documents} taken={taken} replaced={replaced} outdated={outdated} deleted={deleted} \
             unattached={unattached} refused={refused}",
            file.to_hex()
        )
    }
}
