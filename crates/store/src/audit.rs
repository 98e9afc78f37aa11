//! The audit log (監査ログ): one chain a process, appended by its writer, read for verification.
//!
//! Deliberately not here: what an entry says, how its hash is made and how a chain is checked (in the model).

use madoguchi_model::{
    audit::{Action, Draft, Entry, Head, Outcome},
    day::Timestamp,
};

use crate::{
    ProcessName, Result, Tx,
    sql::Sql,
    value::{Row, Value, values},
};

/// A chain and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its last entry.
    pub head: Head,
}

/// A head that was signed at some moment, so that a tail cut later shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// The chain.
    pub process: String,
    /// The last entry that the note covers.
    pub sequence: i64,
    /// The signed note (C2SP checkpoint), as text.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

const INSERT: Sql = Sql::by_key(
    "INSERT INTO audit_entries (process, sequence, at, institution_code, user_id, terminal, action, outcome, subject,
         detail, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

/// As [`INSERT`], for eight entries at once: a database server begins and ends each statement anew, which is most of
/// what a single entry costs it.
const INSERT_EIGHT: Sql = Sql::by_key(
    "INSERT INTO audit_entries (process, sequence, at, institution_code, user_id, terminal, action, outcome, subject,
         detail, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12),
         ($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24),
         ($25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36),
         ($37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48),
         ($49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60),
         ($61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72),
         ($73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84),
         ($85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96)",
);
const EIGHT: usize = 8;
/// So many entries are worth a COPY where there is one.
const COPIED: usize = 12;

/// PostgreSQL only: a session holds the name as long as it lives. SQLite holds a lock on a file instead.
pub(crate) const TAKE_NAME: Sql =
    Sql::reference("SELECT CAST(CAST(pg_try_advisory_lock(7162015, hashtext($1)) AS INTEGER) AS BIGINT)");

/// PostgreSQL only: the lock of an entry's row changes nothing, but a standby has to confirm it like a change.
pub(crate) const TOUCH: Sql =
    Sql::by_key("SELECT sequence FROM audit_entries WHERE process = $1 AND sequence = $2 FOR UPDATE");

pub(crate) fn parameters(entry: &Entry) -> Vec<Value> {
    let draft = &entry.draft;
    values![
        entry.process.as_str(),
        entry.sequence,
        draft.at.micros(),
        draft.institution.as_str(),
        draft.user.as_str(),
        draft.terminal.as_str(),
        draft.action.word(),
        draft.outcome.word(),
        draft.subject.as_str(),
        draft.detail.as_str(),
        entry.previous,
        entry.hash,
    ]
    .into()
}

impl Tx {
    /// Appends an entry to this process's chain, inside a write: it stands and falls with the write.
    ///
    /// # Errors
    /// [`crate::Error::NotWritable`] outside of a write.
    pub async fn audit(&mut self, draft: Draft) -> Result<Entry> {
        let entry = self.chain()?.seal(draft);
        self.execute(INSERT, &parameters(&entry)).await?;
        Ok(entry)
    }

    /// As [`Tx::audit`], for many entries of one write.
    ///
    /// # Errors
    /// [`crate::Error::NotWritable`] outside of a write.
    pub async fn audit_each(&mut self, drafts: Vec<Draft>) -> Result<()> {
        let sealed: Vec<_> = {
            let mut chain = self.chain()?;
            drafts.into_iter().map(|draft| parameters(&chain.seal(draft))).collect()
        };
        self.insert_entries(sealed).await
    }

    /// Inserts sealed entries, given as [`parameters`].
    pub(crate) async fn insert_entries(&mut self, entries: Vec<Vec<Value>>) -> Result<()> {
        if entries.len() >= COPIED && self.copies() {
            return self.load(INSERT, &entries.iter().map(Vec::as_slice).collect::<Vec<_>>()).await;
        }
        let mut entries = entries.into_iter();
        let mut eights = Vec::with_capacity(entries.len() / EIGHT);
        while entries.len() >= EIGHT {
            eights.push(entries.by_ref().take(EIGHT).flatten().collect::<Vec<_>>());
        }
        if !eights.is_empty() {
            self.execute_each(INSERT_EIGHT, &eights).await?;
        }
        self.execute_each(INSERT, &entries.collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Where the chain of this process stands; [`Head::EMPTY`] if it has none yet.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn audit_head(&mut self, process: &ProcessName) -> Result<Head> {
        self.head_of(process.as_str()).await
    }

    async fn head_of(&mut self, process: &str) -> Result<Head> {
        const SQL: Sql =
            Sql::by_key("SELECT sequence, hash FROM audit_entries WHERE process = $1 ORDER BY sequence DESC LIMIT 1");
        let head = self.row(SQL, &values![process], |row| head(row, 0)).await?;
        Ok(head.unwrap_or(Head::EMPTY))
    }

    /// The entries of a chain from this sequence on, in order, at most `limit`.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when an entry can't be read.
    pub async fn audit_entries(&mut self, process: &str, from_sequence: i64, limit: u32) -> Result<Vec<Entry>> {
        const SQL: Sql = Sql::by_key(
            "SELECT process, sequence, at, institution_code, user_id, terminal, action, outcome, subject, detail,
                 previous_hash, hash
             FROM audit_entries WHERE process = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
        );
        self.rows(SQL, &values![process, from_sequence, limit], entry).await
    }

    /// As [`Tx::audit_entries`], for verification: an entry that can't be read is its sequence alone.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn audit_entries_if_readable(
        &mut self,
        process: &str,
        from_sequence: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Option<Entry>)>> {
        const SQL: Sql = Sql::by_key(
            "SELECT process, sequence, at, institution_code, user_id, terminal, action, outcome, subject, detail,
                 previous_hash, hash
             FROM audit_entries WHERE process = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
        );
        self.rows(SQL, &values![process, from_sequence, limit], |row| Ok((row.int(1)?, entry(row).ok()))).await
    }

    /// All chains with their last entries.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn audit_processes(&mut self) -> Result<Vec<Process>> {
        // From name to name by the index: a GROUP BY would read every entry there is.
        const NEXT: Sql = Sql::report("SELECT min(process) FROM audit_entries WHERE process > $1");
        let mut processes: Vec<Process> = Vec::new();
        loop {
            let last = processes.last().map_or("", |process| process.name.as_str());
            let next = self.row(NEXT, &values![last], |row| row.opt_string(0)).await?.flatten();
            let Some(name) = next else { return Ok(processes) };
            let head = self.head_of(&name).await?;
            processes.push(Process { name, head });
        }
    }

    /// Keeps a signed head. The same head may be signed again.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn keep_signed_head(&mut self, signed: &SignedHead) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO audit_heads (process, sequence, note, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (process, sequence) DO UPDATE SET note = excluded.note, at = excluded.at",
        );
        let parameters = values![signed.process.as_str(), signed.sequence, signed.note.as_str(), signed.at.micros()];
        self.execute(SQL, &parameters).await?;
        Ok(())
    }

    /// The newest signed head of a chain.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn last_signed_head(&mut self, process: &str) -> Result<Option<SignedHead>> {
        const SQL: Sql = Sql::by_key(
            "SELECT process, sequence, note, at FROM audit_heads WHERE process = $1 ORDER BY sequence DESC LIMIT 1",
        );
        self.row(SQL, &values![process], signed_head).await
    }

    /// All signed heads of a chain from this sequence on, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn signed_heads(&mut self, process: &str, from_sequence: i64, limit: u32) -> Result<Vec<SignedHead>> {
        const SQL: Sql = Sql::by_key(
            "SELECT process, sequence, note, at FROM audit_heads WHERE process = $1 AND sequence >= $2
             ORDER BY sequence LIMIT $3",
        );
        self.rows(SQL, &values![process, from_sequence, limit], signed_head).await
    }

    /// The chains that have signed heads, also those whose entries have all gone.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn processes_with_signed_heads(&mut self) -> Result<Vec<String>> {
        const SQL: Sql = Sql::report("SELECT DISTINCT process FROM audit_heads ORDER BY process");
        self.rows(SQL, &[], |row| row.string(0)).await
    }
}

fn head(row: &Row<'_>, first: usize) -> Result<Head> {
    Ok(Head { sequence: row.int(first)?, hash: row.hash(first + 1)? })
}

fn signed_head(row: &Row<'_>) -> Result<SignedHead> {
    Ok(SignedHead {
        process: row.string(0)?.to_owned(),
        sequence: row.int(1)?,
        note: row.string(2)?.to_owned(),
        at: row.instant(3)?,
    })
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    let draft = Draft {
        at: row.instant(2)?,
        institution: row.string(3)?,
        user: row.string(4)?,
        terminal: row.string(5)?,
        action: row.known(6, Action::from_word(row.text(6)?))?,
        outcome: row.known(7, Outcome::from_word(row.text(7)?))?,
        subject: row.string(8)?,
        detail: row.string(9)?,
    };
    Ok(Entry { process: row.string(0)?, sequence: row.int(1)?, draft, previous: row.hash(10)?, hash: row.hash(11)? })
}
