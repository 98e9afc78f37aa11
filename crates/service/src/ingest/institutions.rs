//! `ingest institutions`: a list of institutions, registered or brought up to date.

use super::{FileOutcome, Findings};
use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_store::Tx;
use madoguchi_wire::institution_list;
use serde::Serialize;
use std::io::Read;

/// Institutions of one write.
const AT_A_TIME: usize = 500;

/// What became of a list of institutions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstitutionsReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// Institutions in the list.
    pub institutions: u64,
    /// Findings with their lines.
    pub findings: Findings,
}

impl Service {
    /// Registers the institutions of a list, or what has changed about them. A list with a wrong line is refused as a
    /// whole. A long one is written in pieces, each with its audit entry; repeating it is safe.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn ingest_institutions(&self, source: impl Read) -> Result<InstitutionsReport, Refusal> {
        let mut report =
            InstitutionsReport { outcome: FileOutcome::Refused, institutions: 0, findings: Findings::default() };
        let institutions = match institution_list::read(source) {
            Ok(institutions) => institutions,
            Err(issues) => {
                let detail = format!("institutions refused={}", issues.len());
                report.findings.extend(issues);
                let draft = self.operator_draft(Action::ChangeInstitution, detail);
                self.0.store.append(Draft { outcome: Outcome::Refused, ..draft }).await?;
                return Ok(report);
            }
        };
        for some in institutions.chunks(AT_A_TIME) {
            let (first, last) = (&some[0].code, &some[some.len() - 1].code);
            let detail = format!("institutions={} from={first} to={last}", some.len());
            let (some, draft) = (some.to_vec(), self.operator_draft(Action::ChangeInstitution, detail));
            let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
                for institution in &some {
                    tx.put_institution(institution).await?;
                }
                tx.audit(draft).await?;
                Ok(())
            };
            self.0.store.write("institutions.ingest", write).await?;
        }
        report.outcome = FileOutcome::Taken;
        report.institutions = institutions.len() as u64;
        Ok(report)
    }
}
