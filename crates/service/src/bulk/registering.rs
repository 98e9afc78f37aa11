//! 照会番号登録 in bulk: the registrations of a chunk are one write with their answers, in the order of the upload.

use super::answering::{Answered, won, write_chunk};
use super::worker::{LEASE_SECONDS, job_draft};
use crate::operation::Service;
use crate::records::{missed, only_holder};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::bulk::{Record, Unit};
use madoguchi_model::day::Timestamp;
use madoguchi_store::bulk::BulkJob;
use madoguchi_store::{Error, Tx};

impl Service {
    /// Registers a chunk; `false` when somebody else did.
    pub(super) async fn register_chunk(
        &self,
        job: &BulkJob,
        place: u32,
        records: Vec<Record>,
    ) -> Result<bool, Refusal> {
        let (job, now) = (job.clone(), self.now());
        let written = self.0.store.write("bulk.register", async move |tx| {
            let mut answered = Vec::with_capacity(records.len());
            for record in &records {
                answered.push(register(tx, &job, record, now).await?);
            }
            write_chunk(tx, &job, place, answered, now.plus_seconds(LEASE_SECONDS)).await
        });
        won(written.await)
    }
}

async fn register(tx: &mut Tx, job: &BulkJob, record: &Record, now: Timestamp) -> Result<Answered, Refusal> {
    let Record::Registration(registration) = record else {
        return Err(Refusal::new(Reason::Unavailable, "a record does not fit its upload"));
    };
    let (numbers, number) = (&registration.numbers, &registration.reference_number);
    let (subject, refused) = match only_holder(tx, numbers).await? {
        Err(reason) => (missed(numbers), Some(reason)),
        Ok(person) => {
            let refused = match tx.put_reference_number(person, &job.institution, number).await {
                Ok(()) => None,
                Err(Error::Conflict(_)) => Some(Reason::ReferenceNumberTaken),
                Err(error) => return Err(error.into()),
            };
            (person.to_hex(), refused)
        }
    };
    let (outcome, words) = match &refused {
        None => (Outcome::Done, String::new()),
        Some(reason) => (Outcome::Refused, format!("code={}", reason.code())),
    };
    let draft = job_draft(job, now, Action::RegisterReferenceNumber, outcome, &subject, words);
    let result = refused.map(|reason| (reason.code().to_owned(), reason.explanation()));
    Ok((Unit { normal: result.is_none(), result, validity: None, rows: Vec::new() }, draft))
}
