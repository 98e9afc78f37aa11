//! Bulk messages (一括照会): accepted at once, answered in the background, fetched under a reception number.
//!
//! Fixed at acceptance: who asks (account and certificate, whose right was asked for then), 資格確認日, month or period,
//! which persons a question about consents or tickets means, and the instant at which consents are looked at (受付日時).
//! What the insurers have registered is read when a record is answered, moments later; the answers are then fixed until
//! they are removed. So a server that stops in the middle, and another that goes on, give the result of an undisturbed
//! one.
//!
//! Each record's answer has its audit entry, written in one transaction with the answers of its chunk; fetching has an
//! entry of its own. Deliberately not here: the form of messages and files.

mod answering;
mod registering;
mod worker;

pub use worker::BulkWorkers;

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::bulk::{
    BulkKind, BulkStatus, Progress, Question, RECORDS_MAX, ReceptionNumber, Record, RequestId, TAG_CHARACTERS_MAX,
    Unit, Upload, kept_until,
};
use madoguchi_model::day::Timestamp;
use madoguchi_model::field::FieldError;
use madoguchi_model::id::PersonId;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_store::bulk::{Accepted, BulkChunk, BulkJob};
use serde::{Deserialize, Serialize};

/// Uploads of an institution that may wait or be worked on at a time; more are refused as busy.
pub const UNFINISHED_MAX: i64 = 20;
/// Uploads of an institution that are kept at a time: some seventy a day.
pub const KEPT_MAX: i64 = 500;
/// Uploads that a list shows.
pub const LISTED_MAX: u32 = 500;
/// Records that are answered, and written, together. Nothing else is written meanwhile.
const CHUNK_RECORDS: usize = 250;
/// The same for registrations, each of which is five statements.
const CHUNK_REGISTRATIONS: usize = 50;
/// Random reception numbers that are tried.
const NUMBERS_TRIED: usize = 3;

/// That an upload was accepted (受付).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// 受付番号.
    pub number: ReceptionNumber,
    /// 受付日時.
    pub received_at: Timestamp,
}

/// What is fetched under a reception number.
#[derive(Debug)]
pub enum Fetched {
    /// 処理中: ask again.
    Working(BulkStatus),
    /// 正常終了.
    Done(BulkResults),
    /// 異常終了.
    Failed(BulkStatus),
}

/// The results of an upload, chunk by chunk, so that nobody needs to hold all of them.
#[derive(Debug)]
pub struct BulkResults {
    /// What they answer.
    pub status: BulkStatus,
    service: Service,
    institution: InstitutionCode,
    chunks: u32,
    next: u32,
}

/// What a job packs into its `question`.
#[derive(Serialize, Deserialize)]
struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    question: Question,
}

impl Service {
    /// A mark for a request of a sender who makes none.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn new_request_id(&self) -> Result<RequestId, Refusal> {
        Ok(RequestId::from_bytes(self.random()?))
    }

    /// How far an upload is, without its results.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::UnknownReception`].
    pub async fn bulk_status(&self, session: &Session, number: &ReceptionNumber) -> Result<BulkStatus, Refusal> {
        self.require(session, Right::BulkCheck).await?;
        let job = self.0.store.read().bulk_job(&session.institution.code, number, session.now()).await?;
        status(job.ok_or(Reason::UnknownReception)?)
    }

    /// Accepts an upload. The same request again is the acceptance of before, whatever it brings.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::TooManyRecords`]; [`Reason::Invalid`]; [`Reason::Busy`] when the institution has
    /// too many uploads.
    pub async fn accept_bulk(
        &self,
        session: &Session,
        request: RequestId,
        upload: Upload,
    ) -> Result<Reception, Refusal> {
        let result = self.take_upload(session, request, upload).await;
        self.written_down(session, Action::AcceptBulk, result).await
    }

    async fn take_upload(&self, session: &Session, request: RequestId, upload: Upload) -> Result<Reception, Refusal> {
        self.require(session, Right::BulkCheck).await?;
        let institution = &session.institution.code;
        if let Some(before) = self.accepted_before(institution, request, session.now()).await? {
            return Ok(before);
        }
        check(&upload)?;
        let (kept, unfinished) = self.0.store.read().bulk_load(institution).await?;
        if kept >= KEPT_MAX || unfinished >= UNFINISHED_MAX {
            return Err(Refusal::new(Reason::Busy, "the institution has too many uploads"));
        }
        let records = match upload.question {
            Question::Eligibility(_) | Question::ReferenceNumbers => upload.records,
            question => self.meant(institution, question).await?.into_iter().map(Record::Person).collect(),
        };
        let chunks = chunks(&records, upload.question)?;
        let asked = packed(&Asked { tag: upload.tag, question: upload.question })?;
        let records = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.store_upload(session, request, upload.question.kind(), asked, records, chunks).await
    }

    async fn store_upload(
        &self,
        session: &Session,
        request: RequestId,
        kind: BulkKind,
        question: String,
        records: u32,
        chunks: Vec<BulkChunk>,
    ) -> Result<Reception, Refusal> {
        let received_at = session.now().whole_second();
        let numbers = self.random_each::<8, NUMBERS_TRIED>()?;
        let numbers = numbers.map(|random| ReceptionNumber::new(received_at.day(), random));
        let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let mut job = BulkJob {
            institution: session.institution.code.clone(),
            number: numbers[0].clone(),
            request,
            kind,
            question,
            user: session.user.clone(),
            terminal: session.operation.terminal.serial.clone(),
            received_at,
            kept_until: kept_until(received_at),
            records,
            normal: 0,
            wrong: 0,
            chunks: count,
            chunks_left: count,
            progress: if count == 0 { Progress::Done } else { Progress::Working },
        };
        let (institution, asking) = (job.institution.clone(), session.clone());
        let written =
            self.0.store.write_or_repeat("bulk.accept", async move |tx| -> Result<Option<ReceptionNumber>, Refusal> {
                for number in numbers {
                    job.number = number;
                    match tx.accept_bulk(&job, &chunks).await? {
                        Accepted::NumberTaken => continue,
                        Accepted::Before(_) => return Ok(None),
                        Accepted::New => {}
                    }
                    let detail = format!("reception={} kind={} records={}", job.number, job.kind.word(), job.records);
                    tx.audit(asking.draft(Action::AcceptBulk, Outcome::Done, "", detail)).await?;
                    return Ok(Some(job.number));
                }
                Err(Refusal::new(Reason::Busy, "no free reception number was drawn"))
            });
        match written.await {
            Ok(Some(number)) => {
                self.0.bulk_waits.notify_one();
                Ok(Reception { number, received_at })
            }
            // Accepted by somebody else at the same time.
            Ok(None) | Err(Refusal { reason: Reason::Conflict(_), .. }) => self
                .accepted_before(&institution, request, session.now())
                .await?
                .ok_or_else(|| Refusal::new(Reason::Busy, "the request was accepted and is gone again")),
            Err(refusal) => Err(refusal),
        }
    }

    async fn accepted_before(
        &self,
        institution: &InstitutionCode,
        request: RequestId,
        now: Timestamp,
    ) -> Result<Option<Reception>, Refusal> {
        let mut tx = self.0.store.read();
        let Some(number) = tx.bulk_request(institution, request).await? else { return Ok(None) };
        let job = tx.bulk_job(institution, &number, now).await?;
        Ok(job.map(|job| Reception { number: job.number, received_at: job.received_at }))
    }

    /// The uploads of the institution that are kept, the newest first.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn bulk_uploads(&self, session: &Session) -> Result<Vec<BulkStatus>, Refusal> {
        self.require(session, Right::BulkCheck).await?;
        let jobs = self.0.store.read().bulk_jobs(&session.institution.code, session.now(), LISTED_MAX).await?;
        jobs.into_iter().map(status).collect()
    }

    /// How far an upload is and, once it is done, its results. `kind` is what the asking message is about.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::UnknownReception`] when the institution has no upload of this number and kind
    /// (any more).
    pub async fn fetch_bulk(
        &self,
        session: &Session,
        kind: Option<BulkKind>,
        number: &ReceptionNumber,
    ) -> Result<Fetched, Refusal> {
        let result = self.look_up_bulk(session, kind, number).await;
        self.written_down(session, Action::FetchBulk, result).await
    }

    async fn look_up_bulk(
        &self,
        session: &Session,
        kind: Option<BulkKind>,
        number: &ReceptionNumber,
    ) -> Result<Fetched, Refusal> {
        self.require(session, Right::BulkCheck).await?;
        let institution = &session.institution.code;
        let job = self.0.store.read().bulk_job(institution, number, session.now()).await?;
        let job = job.filter(|job| kind.is_none_or(|kind| job.kind == kind)).ok_or(Reason::UnknownReception)?;
        let (progress, chunks) = (job.progress, job.chunks);
        let status = status(job)?;
        if progress != Progress::Done {
            return Ok(if progress == Progress::Failed { Fetched::Failed(status) } else { Fetched::Working(status) });
        }
        let detail = format!("reception={number} kind={} records={}", status.question.kind().word(), status.records);
        self.0.store.append(session.draft(Action::FetchBulk, Outcome::Done, "", detail)).await?;
        let (service, institution) = (self.clone(), institution.clone());
        Ok(Fetched::Done(BulkResults { status, service, institution, chunks, next: 0 }))
    }

    /// Whom a question about consents or tickets means.
    async fn meant(&self, institution: &InstitutionCode, question: Question) -> Result<Vec<PersonId>, Refusal> {
        let limit = u32::try_from(RECORDS_MAX + 1).unwrap_or(u32::MAX);
        let persons = match question {
            Question::Entrusted(month) => {
                self.0.store.read().entrusted_persons(institution, month, None, limit).await?
            }
            // Standing consents of 訪問診療等 and オンライン診療等 are given on a patient's own device, which this product
            // has no page for: nobody has one, and a pass at the reader is none.
            _ => Vec::new(),
        };
        if persons.len() > RECORDS_MAX {
            return Err(Reason::TooManyRecords { max: RECORDS_MAX }.into());
        }
        Ok(persons)
    }
}

impl BulkResults {
    /// The next records with what became of them, in the order of the upload; none after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<(Record, Unit)>>, Refusal> {
        if self.next >= self.chunks {
            return Ok(None);
        }
        let place = self.next;
        self.next += 1;
        let chunk = self.service.0.store.read().bulk_chunk(&self.institution, &self.status.number, place).await?;
        // To unpack and compose it takes long: no read stays open meanwhile.
        self.service.0.store.see_anew();
        // It was removed between two chunks.
        let chunk = chunk.ok_or(Reason::UnknownReception)?;
        let records: Vec<Record> = unpacked(&chunk.questions)?;
        let units: Vec<Unit> = unpacked(chunk.answers.as_deref().unwrap_or_default())?;
        Ok(Some(records.into_iter().zip(units).collect()))
    }
}

/// The bounds of an upload. What a record must hold is read at the edge.
fn check(upload: &Upload) -> Result<(), Refusal> {
    if upload.records.len() > RECORDS_MAX {
        return Err(Reason::TooManyRecords { max: RECORDS_MAX }.into());
    }
    let mut wrong = Vec::new();
    if upload.tag.as_ref().is_some_and(|tag| tag.chars().count() > TAG_CHARACTERS_MAX) {
        wrong.push(FieldError::new("任意のファイル識別子", "100文字以内"));
    }
    let fits = |record: &Record| match upload.question {
        Question::Eligibility(day) => matches!(record, Record::Search(search) if search.query.day == day),
        Question::ReferenceNumbers => matches!(record, Record::Registration(_)),
        _ => false,
    };
    let asks_by_records = matches!(upload.question, Question::Eligibility(_) | Question::ReferenceNumbers);
    if !upload.records.iter().all(fits) || (asks_by_records && upload.records.is_empty()) {
        wrong.push(FieldError::new("照会する内容", "電文の種類に合った内容を1件以上"));
    }
    if let Question::HomeVisits(from, to) | Question::Online(_, from, to) = upload.question
        && from > to
    {
        wrong.push(FieldError::new("期間の終わり", "期間の始めと同じか、それより後の日"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Reason::Invalid(wrong).into()) }
}

fn chunks(records: &[Record], question: Question) -> Result<Vec<BulkChunk>, Refusal> {
    let size = if question == Question::ReferenceNumbers { CHUNK_REGISTRATIONS } else { CHUNK_RECORDS };
    let chunk = |(place, records): (usize, &[Record])| {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        Ok(BulkChunk { place, questions: packed(&records)?, answers: None })
    };
    records.chunks(size).enumerate().map(chunk).collect()
}

fn status(job: BulkJob) -> Result<BulkStatus, Refusal> {
    let Asked { tag, question } = unpacked(&job.question)?;
    Ok(BulkStatus {
        number: job.number,
        received_at: job.received_at,
        kept_until: job.kept_until,
        question,
        tag,
        user: job.user.as_str().to_owned(),
        progress: job.progress,
        records: job.records,
        normal: job.normal,
        wrong: job.wrong,
    })
}

fn packed<T: Serialize>(value: &T) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

fn unpacked<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

/// Where it broke, never what stood there.
fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::new(Reason::Unavailable, format!("a packed bulk record is broken at byte {}", error.column()))
}
