//! Answers the records of one chunk, and writes answers, counts and audit entries together.

use super::worker::{LEASE_SECONDS, job_draft};
use super::{Asked, packed, unpacked};
use crate::eligibility::check;
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::bulk::{BulkKind, Question, Record, Search, Unit, UnitRow};
use madoguchi_model::code::Code;
use madoguchi_model::day::{Day, Month, Timestamp};
use madoguchi_model::eligibility::{self, Consents, Known, Presence, Told};
use madoguchi_model::id::PersonId;
use madoguchi_store::Tx;
use madoguchi_store::bulk::{AnsweredChunk, BulkJob};

/// Records that are looked up at a time: a database over the network answers them while they wait for one another.
const AT_ONCE: usize = 32;

/// A unit and its audit entry.
pub(super) type Answered = (Unit, Draft);

impl Service {
    /// Answers the next chunk of an upload; `false` when none waits, or somebody else answered it.
    pub(super) async fn answer_next_chunk(&self, job: &BulkJob) -> Result<bool, Refusal> {
        let chunk = self.0.store.read().next_bulk_chunk(&job.institution, &job.number).await?;
        let Some(chunk) = chunk else { return Ok(false) };
        let records: Vec<Record> = unpacked(&chunk.questions)?;
        let Asked { question, .. } = unpacked(&job.question)?;
        if job.kind == BulkKind::ReferenceNumbers {
            return self.register_chunk(job, chunk.place, records).await;
        }
        let answers = records.into_iter().map(|record| self.answer_record(job, question, record));
        let answered: Vec<Answered> = stream::iter(answers).buffered(AT_ONCE).try_collect().await?;
        let (job, place, until) = (job.clone(), chunk.place, self.now().plus_seconds(LEASE_SECONDS));
        let written =
            self.0.store.write("bulk.answer", async move |tx| write_chunk(tx, &job, place, answered, until).await);
        won(written.await)
    }

    async fn answer_record(&self, job: &BulkJob, question: Question, record: Record) -> Result<Answered, Refusal> {
        // SQLite answers at once: the other tasks of this thread get their turn here.
        tokio::task::yield_now().await;
        match (question, record) {
            (Question::Eligibility(day), Record::Search(search)) => self.answer_search(job, day, &search).await,
            (Question::Entrusted(month), Record::Person(person)) => self.answer_entrusted(job, month, person).await,
            _ => Err(Refusal::new(Reason::Unavailable, "a record does not fit its upload")),
        }
    }

    /// 資格確認 of one record. What was decided at acceptance is its instant, so that a person is told of as of then.
    async fn answer_search(&self, job: &BulkJob, day: Day, search: &Search) -> Result<Answered, Refusal> {
        let checked = check(&self.0.store, &job.institution, &search.query, job.received_at).await?;
        let mut tx = self.0.store.read();
        let (subject, words, answer) = (checked.subject(&search.query), checked.words(), checked.answer);
        let mut rows = Vec::with_capacity(answer.rows.len());
        for row in answer.rows {
            let coverage = tx.coverage(row.person, row.coverage).await?;
            rows.push(UnitRow::of_certificate(row, coverage.as_ref(), day));
        }
        let notice = answer.notices.first().map(|notice| (notice.code().to_owned(), notice.text().to_owned()));
        let unit = Unit { normal: true, result: notice, validity: Some(answer.validity), rows };
        Ok((unit, self.unit_draft(job, Action::CheckEligibility, &subject, words)))
    }

    /// A person who is entrusted to the institution in a month: health insurance and 医療扶助 with its tickets.
    async fn answer_entrusted(&self, job: &BulkJob, month: Month, person: PersonId) -> Result<Answered, Refusal> {
        let mut tx = self.0.store.read();
        let day = job.received_at.day().clamp(month.first_day(), month.last_day());
        let coverages = tx.coverages_of(person).await?;
        let stored = tx.person(person).await?;
        let tickets = tx.tickets_of(person, month).await?;
        let reference_number = tx.reference_number(person, &job.institution).await?;
        let grant = tx.grant(person, &job.institution).await?;
        let verdict =
            eligibility::by_card(&coverages, day, Presence::of(&tickets, &job.institution, day, Told::OfMonth));
        let rows = stored.iter().flat_map(|stored| {
            let known = Known {
                person: stored,
                tickets: &tickets,
                told: Told::OfMonth,
                reference_number: reference_number.as_deref(),
                institution: &job.institution,
                day,
                limit_consent: None,
                disease_consent: None,
                consents: Some(Consents::of(grant.as_ref(), job.received_at)),
            };
            verdict.coverages.iter().map(move |coverage| eligibility::row(&known, coverage)).collect::<Vec<_>>()
        });
        let rows = rows.map(|row| UnitRow { row, limit_changed: None }).collect();
        let unit = Unit { normal: true, result: None, validity: Some(verdict.validity), rows };
        let detail = format!("month={month} validity={}", verdict.validity.code());
        Ok((unit, self.unit_draft(job, Action::CheckEligibility, &person.to_hex(), detail)))
    }

    fn unit_draft(&self, job: &BulkJob, action: Action, subject: &str, detail: String) -> Draft {
        job_draft(job, self.now(), action, Outcome::Done, subject, detail)
    }
}

/// Stores a chunk, unless somebody else did: then nothing of this write stays.
pub(super) async fn write_chunk(
    tx: &mut Tx,
    job: &BulkJob,
    place: u32,
    answered: Vec<Answered>,
    lease_until: Timestamp,
) -> Result<(), Refusal> {
    let (units, drafts): (Vec<Unit>, Vec<Draft>) = answered.into_iter().unzip();
    let normal = units.iter().filter(|unit| unit.normal).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let answered =
        AnsweredChunk { place, answers: packed(&units)?, normal: count(normal), wrong: count(units.len() - normal) };
    if !tx.answer_bulk_chunk(&job.institution, &job.number, &answered, lease_until).await? {
        return Err(Reason::Conflict(LOST).into());
    }
    tx.audit_each(drafts).await?;
    Ok(())
}

/// What a process learns that was too slow for its lease.
const LOST: &str = "この受付番号の処理";

pub(super) fn won(written: Result<(), Refusal>) -> Result<bool, Refusal> {
    match written {
        Ok(()) => Ok(true),
        Err(Refusal { reason: Reason::Conflict(LOST), .. }) => Ok(false),
        Err(refusal) => Err(refusal),
    }
}
