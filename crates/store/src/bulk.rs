//! Bulk messages (一括照会): uploads, their chunks, and the leases under which processes work through them.
//!
//! A chunk is answered once: its answers, the counts of its upload and its audit entries are one write, and of two
//! processes that worked on it the second finds it answered. So the lease only saves work, it guards nothing.
//!
//! Deliberately not here: what a question or an answer says. Both are packed text to the store.

use madoguchi_model::{
    account::UserId,
    bulk::{BulkKind, Progress, ReceptionNumber, RequestId},
    day::Timestamp,
    institution::InstitutionCode,
};

use crate::{
    ProcessName, Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// An upload as it was accepted, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkJob {
    /// Whose it is.
    pub institution: InstitutionCode,
    /// 受付番号.
    pub number: ReceptionNumber,
    /// The request that brought it.
    pub request: RequestId,
    /// What it is about.
    pub kind: BulkKind,
    /// What is asked of all its records, packed.
    pub question: String,
    /// Which account sent it.
    pub user: UserId,
    /// Serial of the client certificate that sent it.
    pub terminal: String,
    /// 受付日時.
    pub received_at: Timestamp,
    /// From this instant on nobody can fetch it.
    pub kept_until: Timestamp,
    /// Records in it (処理結果件数).
    pub records: u32,
    /// Records that ended normally so far.
    pub normal: u32,
    /// Records that ended with an error so far.
    pub wrong: u32,
    /// Chunks in it.
    pub chunks: u32,
    /// Chunks that wait for their answers.
    pub chunks_left: u32,
    /// How far it has come.
    pub progress: Progress,
}

/// Some records of an upload that are answered together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkChunk {
    /// Its place, from 0.
    pub place: u32,
    /// What is asked, packed.
    pub questions: String,
    /// What was answered, packed, once it was.
    pub answers: Option<String>,
}

/// An upload that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkWork {
    /// Whose it is.
    pub institution: InstitutionCode,
    /// 受付番号.
    pub number: ReceptionNumber,
    /// Until when somebody works on it; over when nobody does.
    pub lease_until: Timestamp,
    /// Leases since the last answered chunk.
    pub attempts: u32,
}

/// What became of one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredChunk {
    /// Its place.
    pub place: u32,
    /// The answers, packed.
    pub answers: String,
    /// Records that ended normally.
    pub normal: u32,
    /// Records that ended with an error.
    pub wrong: u32,
}

/// What became of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored.
    New,
    /// The same request was accepted before, under this number.
    Before(ReceptionNumber),
    /// The institution has another upload of this number: draw again.
    NumberTaken,
}

impl Tx {
    /// Stores an upload with its chunks. Three statements and one for each chunk.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn accept_bulk(&mut self, job: &BulkJob, chunks: &[BulkChunk]) -> Result<Accepted> {
        const REQUEST: Sql = Sql::by_key(
            "INSERT INTO bulk_requests (institution_code, request_id, reception_number) VALUES ($1, $2, $3)
             ON CONFLICT (institution_code, request_id) DO NOTHING",
        );
        const BEFORE: Sql =
            Sql::by_key("SELECT reception_number FROM bulk_requests WHERE institution_code = $1 AND request_id = $2");
        const CHUNK: Sql = Sql::by_key(
            "INSERT INTO bulk_chunks (institution_code, reception_number, chunk, questions) VALUES ($1, $2, $3, $4)",
        );
        const WORK: Sql = Sql::by_key(
            "INSERT INTO bulk_work (institution_code, reception_number, lease_until, holder, attempts)
             VALUES ($1, $2, $3, '', 0)",
        );
        let (institution, number) = (&job.institution, job.number.as_str());
        if let Some(before) =
            self.row(BEFORE, &values![institution, *job.request.as_bytes()], |row| reception(row, 0)).await?
        {
            return Ok(Accepted::Before(before));
        }
        if !self.insert_bulk_job(job).await? {
            return Ok(Accepted::NumberTaken);
        }
        if self.execute(REQUEST, &values![institution, *job.request.as_bytes(), number]).await? == 0 {
            // Another process accepted the same request while this one asked; this write is given up.
            return Err(crate::Error::Conflict("the request was accepted by another process".into()));
        }
        let sets: Vec<_> =
            chunks.iter().map(|chunk| values![institution, number, chunk.place, &chunk.questions].into()).collect();
        self.execute_each(CHUNK, &sets).await?;
        if !chunks.is_empty() {
            self.execute(WORK, &values![institution, number, job.received_at]).await?;
        }
        Ok(Accepted::New)
    }

    async fn insert_bulk_job(&mut self, job: &BulkJob) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO bulk_jobs (institution_code, reception_number, request_id, kind, question, user_id, terminal,
                 received_at, kept_until, records, normal, wrong, chunks, chunks_left, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (institution_code, reception_number) DO NOTHING",
        );
        let parameters = values![
            &job.institution,
            job.number.as_str(),
            *job.request.as_bytes(),
            job.kind.word(),
            &job.question,
            &job.user,
            &job.terminal,
            job.received_at,
            job.kept_until,
            job.records,
            job.normal,
            job.wrong,
            job.chunks,
            job.chunks_left,
            job.progress.word(),
        ];
        Ok(self.execute(SQL, &parameters).await? > 0)
    }

    /// The upload of this number at this institution, while it is kept.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_job(
        &mut self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
        now: Timestamp,
    ) -> Result<Option<BulkJob>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, reception_number, request_id, kind, question, user_id, terminal, received_at,
                 kept_until, records, normal, wrong, chunks, chunks_left, state
             FROM bulk_jobs WHERE institution_code = $1 AND reception_number = $2 AND kept_until > $3",
        );
        self.row(SQL, &values![institution, number.as_str(), now], job).await
    }

    /// The number under which this request was accepted, if it was.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_request(
        &mut self,
        institution: &InstitutionCode,
        request: RequestId,
    ) -> Result<Option<ReceptionNumber>> {
        const SQL: Sql =
            Sql::by_key("SELECT reception_number FROM bulk_requests WHERE institution_code = $1 AND request_id = $2");
        self.row(SQL, &values![institution, *request.as_bytes()], |row| reception(row, 0)).await
    }

    /// The uploads of an institution that are kept, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_jobs(
        &mut self,
        institution: &InstitutionCode,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<BulkJob>> {
        const SQL: Sql = Sql::by_key(
            "SELECT institution_code, reception_number, request_id, kind, question, user_id, terminal, received_at,
                 kept_until, records, normal, wrong, chunks, chunks_left, state
             FROM bulk_jobs WHERE institution_code = $1 AND kept_until > $2
             ORDER BY received_at DESC, reception_number LIMIT $3",
        );
        self.rows(SQL, &values![institution, now, limit], job).await
    }

    /// How many uploads of an institution are kept, and how many of them are not finished.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_load(&mut self, institution: &InstitutionCode) -> Result<(i64, i64)> {
        const KEPT: Sql = Sql::by_key("SELECT count(*) FROM bulk_jobs WHERE institution_code = $1");
        const OPEN: Sql = Sql::by_key("SELECT count(*) FROM bulk_work WHERE institution_code = $1");
        let kept = self.row(KEPT, &values![institution], |row| row.int(0)).await?;
        let open = self.row(OPEN, &values![institution], |row| row.int(0)).await?;
        Ok((kept.unwrap_or(0), open.unwrap_or(0)))
    }

    /// One chunk of an upload.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_chunk(
        &mut self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
        place: u32,
    ) -> Result<Option<BulkChunk>> {
        const SQL: Sql = Sql::by_key(
            "SELECT chunk, questions, answers FROM bulk_chunks
             WHERE institution_code = $1 AND reception_number = $2 AND chunk = $3",
        );
        self.row(SQL, &values![institution, number.as_str(), place], chunk).await
    }

    /// The first chunk of an upload that waits for its answers.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn next_bulk_chunk(
        &mut self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
    ) -> Result<Option<BulkChunk>> {
        const SQL: Sql = Sql::by_key(
            "SELECT chunk, questions, answers FROM bulk_chunks
             WHERE institution_code = $1 AND reception_number = $2 AND answers IS NULL ORDER BY chunk LIMIT 1",
        );
        self.row(SQL, &values![institution, number.as_str()], chunk).await
    }

    /// Stores the answers of a chunk and counts them; the lease goes on until `lease_until`, or ends with the last
    /// chunk. `false` when somebody else answered it before: then this write must be given up. Three statements.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn answer_bulk_chunk(
        &mut self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
        answered: &AnsweredChunk,
        lease_until: Timestamp,
    ) -> Result<bool> {
        const ANSWER: Sql = Sql::by_key(
            "UPDATE bulk_chunks SET answers = $1
             WHERE institution_code = $2 AND reception_number = $3 AND chunk = $4 AND answers IS NULL",
        );
        const COUNT: Sql = Sql::by_key(
            "UPDATE bulk_jobs SET normal = normal + $1, wrong = wrong + $2, chunks_left = chunks_left - 1,
                 state = CASE WHEN chunks_left <= 1 THEN 'done' ELSE state END
             WHERE institution_code = $3 AND reception_number = $4 AND state = 'working' AND chunks_left > 0
             RETURNING chunks_left",
        );
        const LEASE: Sql = Sql::by_key(
            "UPDATE bulk_work SET lease_until = $1, attempts = 0
             WHERE institution_code = $2 AND reception_number = $3",
        );
        let AnsweredChunk { place, answers, normal, wrong } = answered;
        let key = number.as_str();
        if self.execute(ANSWER, &values![answers, institution, key, *place]).await? == 0 {
            return Ok(false);
        }
        let left = self.row(COUNT, &values![*normal, *wrong, institution, key], |row| row.int(0)).await?;
        match left {
            None => return Ok(false),
            Some(0) => self.end_bulk_work(institution, number).await?,
            Some(_) => {
                self.execute(LEASE, &values![lease_until, institution, key]).await?;
            }
        }
        Ok(true)
    }

    /// Uploads that nobody works on at `now`, those first that have waited longest.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn open_bulk_work(&mut self, now: Timestamp, limit: u32) -> Result<Vec<BulkWork>> {
        const SQL: Sql = Sql::report(
            "SELECT institution_code, reception_number, lease_until, attempts FROM bulk_work
             WHERE lease_until <= $1 ORDER BY lease_until, reception_number LIMIT $2",
        );
        self.rows(SQL, &values![now, limit], work).await
    }

    /// Takes the lease of an upload as it was seen; `false` when somebody else was faster or it is finished.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn lease_bulk_work(&mut self, seen: &BulkWork, holder: &ProcessName, until: Timestamp) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "UPDATE bulk_work SET lease_until = $1, holder = $2, attempts = attempts + 1
             WHERE institution_code = $3 AND reception_number = $4 AND lease_until = $5",
        );
        let parameters = values![until, holder.as_str(), &seen.institution, seen.number.as_str(), seen.lease_until];
        Ok(self.execute(SQL, &parameters).await? > 0)
    }

    /// Gives a process's lease of an upload back: anyone may take it from `from` on.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn release_bulk_work(
        &mut self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
        holder: &ProcessName,
        from: Timestamp,
    ) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "UPDATE bulk_work SET lease_until = $1, holder = ''
             WHERE institution_code = $2 AND reception_number = $3 AND holder = $4",
        );
        self.execute(SQL, &values![from, institution, number.as_str(), holder.as_str()]).await?;
        Ok(())
    }

    /// Gives all leases of a process back, which has just started and so holds none; how many there were.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn release_bulk_work_of(&mut self, holder: &ProcessName, from: Timestamp) -> Result<u64> {
        const SQL: Sql = Sql::report("UPDATE bulk_work SET lease_until = $1, holder = '' WHERE holder = $2");
        self.execute(SQL, &values![from, holder.as_str()]).await
    }

    /// Gives an upload up: what it has answered is not given out. `false` when it was finished before.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn fail_bulk_job(&mut self, institution: &InstitutionCode, number: &ReceptionNumber) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "UPDATE bulk_jobs SET state = 'failed'
             WHERE institution_code = $1 AND reception_number = $2 AND state = 'working'",
        );
        let failed = self.execute(SQL, &values![institution, number.as_str()]).await? > 0;
        self.end_bulk_work(institution, number).await?;
        Ok(failed)
    }

    /// Uploads that are no longer kept at `now`.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn bulk_jobs_over(&mut self, now: Timestamp, limit: u32) -> Result<Vec<BulkJob>> {
        const SQL: Sql = Sql::report(
            "SELECT institution_code, reception_number, request_id, kind, question, user_id, terminal, received_at,
                 kept_until, records, normal, wrong, chunks, chunks_left, state
             FROM bulk_jobs WHERE kept_until <= $1 ORDER BY kept_until LIMIT $2",
        );
        self.rows(SQL, &values![now, limit], job).await
    }

    /// Removes an upload with all that belongs to it. Four statements.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_bulk_job(&mut self, job: &BulkJob) -> Result<()> {
        const CHUNKS: Sql =
            Sql::by_key("DELETE FROM bulk_chunks WHERE institution_code = $1 AND reception_number = $2");
        const REQUEST: Sql = Sql::by_key("DELETE FROM bulk_requests WHERE institution_code = $1 AND request_id = $2");
        const JOB: Sql = Sql::by_key("DELETE FROM bulk_jobs WHERE institution_code = $1 AND reception_number = $2");
        let (institution, number) = (&job.institution, job.number.as_str());
        self.execute(CHUNKS, &values![institution, number]).await?;
        self.execute(REQUEST, &values![institution, *job.request.as_bytes()]).await?;
        self.end_bulk_work(institution, &job.number).await?;
        self.execute(JOB, &values![institution, number]).await?;
        Ok(())
    }

    async fn end_bulk_work(&mut self, institution: &InstitutionCode, number: &ReceptionNumber) -> Result<()> {
        const SQL: Sql = Sql::by_key("DELETE FROM bulk_work WHERE institution_code = $1 AND reception_number = $2");
        self.execute(SQL, &values![institution, number.as_str()]).await?;
        Ok(())
    }
}

fn job(row: &Row<'_>) -> Result<BulkJob> {
    Ok(BulkJob {
        institution: row.institution(0)?,
        number: reception(row, 1)?,
        request: RequestId::from_bytes(row.parsed(2, row.blob(2)?.try_into())?),
        kind: row.known(3, BulkKind::from_word(row.text(3)?))?,
        question: row.string(4)?,
        user: row.user(5)?,
        terminal: row.string(6)?,
        received_at: row.instant(7)?,
        kept_until: row.instant(8)?,
        records: count(row, 9)?,
        normal: count(row, 10)?,
        wrong: count(row, 11)?,
        chunks: count(row, 12)?,
        chunks_left: count(row, 13)?,
        progress: row.known(14, Progress::from_word(row.text(14)?))?,
    })
}

fn chunk(row: &Row<'_>) -> Result<BulkChunk> {
    Ok(BulkChunk { place: count(row, 0)?, questions: row.string(1)?, answers: row.opt_string(2)? })
}

fn work(row: &Row<'_>) -> Result<BulkWork> {
    Ok(BulkWork {
        institution: row.institution(0)?,
        number: reception(row, 1)?,
        lease_until: row.instant(2)?,
        attempts: count(row, 3)?,
    })
}

fn reception(row: &Row<'_>, index: usize) -> Result<ReceptionNumber> {
    row.parsed(index, ReceptionNumber::parse(row.text(index)?))
}

fn count(row: &Row<'_>, index: usize) -> Result<u32> {
    row.parsed(index, u32::try_from(row.int(index)?))
}
