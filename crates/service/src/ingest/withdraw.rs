//! `ingest claims --withdraw`: receipts that were taken back (取下げ・返戻) are shown no more.

use super::{FileOutcome, Findings, attach};
use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_model::id::PersonId;
use madoguchi_store::Tx;
use madoguchi_store::receipt::Ended;
use madoguchi_wire::Issue;
use madoguchi_wire::withdrawal::{self, WithdrawalRow};
use serde::Serialize;
use std::collections::BTreeSet;

/// What became of a list of withdrawn receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawalReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// Lines in the list.
    pub lines: u64,
    /// Receipts that were taken out of force.
    pub withdrawn: u64,
    /// Findings with their lines; a line that means no receipt is a warning.
    pub findings: Findings,
}

impl Service {
    /// Takes a list of withdrawn receipts.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn withdraw_claims(&self, bytes: Vec<u8>) -> Result<WithdrawalReport, Refusal> {
        let mut report =
            WithdrawalReport { outcome: FileOutcome::Refused, lines: 0, withdrawn: 0, findings: Findings::default() };
        let rows = match withdrawal::read(bytes.as_slice()) {
            Ok(rows) => rows,
            Err(issues) => {
                let detail = format!("withdrawals refused={}", issues.len());
                report.findings.extend(issues);
                let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestClaims, detail) };
                self.0.store.append(draft).await?;
                return Ok(report);
            }
        };
        let service = self.clone();
        let write = async move |tx: &mut Tx| -> Result<WithdrawalReport, Refusal> {
            let now = service.now();
            for row in &rows {
                let withdrawn = withdraw(tx, row, now).await?;
                report.withdrawn += withdrawn;
                if withdrawn == 0 {
                    let message = "該当するレセプトが見つかりません。番号と年月を確認してください";
                    report.findings.push(Issue::warning(row.line, "取下げ", message));
                }
            }
            report.outcome = FileOutcome::Taken;
            report.lines = rows.len() as u64;
            let detail = format!("withdrawals={} withdrawn={}", report.lines, report.withdrawn);
            tx.audit(service.operator_draft(Action::IngestClaims, detail)).await?;
            Ok(report)
        };
        self.0.store.write("claims.withdraw", write).await
    }
}

/// Takes the receipts out of force that a line means, of everyone with the numbers, and those that still wait for
/// somebody with them.
async fn withdraw(tx: &mut Tx, row: &WithdrawalRow, now: Timestamp) -> Result<u64, Refusal> {
    let holders = tx.holders_of_number(&row.numbers.key()).await?;
    let persons: BTreeSet<PersonId> = holders.iter().map(|holder| holder.person).collect();
    let care_month = row.withdrawal.care_month;
    let mut ended = Vec::new();
    for person in persons {
        let stored = tx.receipts_of_month(person, care_month, &row.institution).await?;
        let meant = stored.iter().filter(|stored| row.withdrawal.means(attach::version(stored)));
        ended.extend(meant.map(|stored| Ended { person, care_month, receipt: stored.id, by: None }));
    }
    let mut withdrawn = tx.end_receipts(&ended, now).await?;
    for waiting in tx.unattached_with_numbers(&[row.numbers.key()], attach::WAITING_MAX).await? {
        if waiting.institution == row.institution && attach::is_meant(&waiting, &row.withdrawal) {
            withdrawn += u64::from(tx.remove_unattached(&waiting.institution, waiting.id).await?);
        }
    }
    Ok(withdrawn)
}
