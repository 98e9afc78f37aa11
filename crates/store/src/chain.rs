//! The end of this process's audit chain, as the writer holds it.
//!
//! Only the writer seals entries, so sequence and previous hash are known without asking the database.

use madoguchi_model::audit::{AuditDraft, AuditEntry, ProcessName};

#[derive(Clone)]
pub(crate) struct Chain {
    process: ProcessName,
    sequence: i64,
    hash: [u8; 32],
}
