//! `ingest masters`: published code masters, and the built-in small one.

use super::{FileOutcome, Findings};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_store::Tx;
use madoguchi_store::master::CodeName;
use madoguchi_wire::masters::{self, Rows, builtin};
use serde::Serialize;

/// What became of a master file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MasterReport {
    /// Whether it was taken. Taking the same file again changes nothing and is said as taken.
    pub outcome: FileOutcome,
    /// The letter of the master: Y 医薬品, S 診療行為, H 歯科診療行為, B 傷病名, Z 修飾語, T 特定器材, C コメント.
    pub letter: Option<char>,
    /// Rows that were taken.
    pub rows: u64,
    /// Findings with their lines.
    pub findings: Findings,
}

impl Service {
    /// Takes a published master (.zip or .csv).
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn ingest_master(&self, bytes: Vec<u8>) -> Result<MasterReport, Refusal> {
        let read = tokio::task::spawn_blocking(move || masters::read(&bytes)).await;
        let mut findings = Findings::default();
        let file = match read.map_err(|_| Refusal::new(Reason::Unavailable, "reading was broken off"))? {
            Ok(file) => file,
            Err(issue) => {
                let detail = format!("line={} field={}", issue.line, issue.field);
                let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestMaster, detail) };
                self.0.store.append(draft).await?;
                findings.push(issue);
                return Ok(MasterReport { outcome: FileOutcome::Refused, letter: None, rows: 0, findings });
            }
        };
        findings.extend(file.issues);
        let (letter, count) = (file.rows.letter(), file.rows.len() as u64);
        let draft = self.operator_draft(Action::IngestMaster, format!("master={letter} rows={count}"));
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            put(tx, file.rows).await?;
            tx.audit(draft).await?;
            Ok(())
        };
        self.0.store.write("master.ingest", write).await?;
        Ok(MasterReport { outcome: FileOutcome::Taken, letter: Some(letter), rows: count, findings })
    }

    /// Takes the built-in masters of drugs and procedures.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn ingest_builtin_masters(&self) -> Result<(), Refusal> {
        let master = builtin();
        let rows = master.drugs.len() + master.procedures.len();
        let draft = self.operator_draft(Action::IngestMaster, format!("master=builtin rows={rows}"));
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.put_drugs(&master.drugs).await?;
            tx.put_procedures(&master.procedures).await?;
            tx.audit(draft).await?;
            Ok(())
        };
        self.0.store.write("master.builtin", write).await
    }
}

async fn put(tx: &mut Tx, rows: Rows) -> Result<(), Refusal> {
    match rows {
        Rows::Drugs(drugs) => tx.put_drugs(&drugs).await?,
        Rows::Procedures(procedures) | Rows::DentalProcedures(procedures) => tx.put_procedures(&procedures).await?,
        Rows::Names { letter, names } => {
            let name = |name: masters::CodeName| CodeName {
                kind: letter.to_string(),
                code: name.code,
                name: name.name,
                valid_from: name.valid_from,
                valid_to: name.valid_to,
            };
            tx.put_code_names(&names.into_iter().map(name).collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}
