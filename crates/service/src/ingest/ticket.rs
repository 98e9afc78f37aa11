//! Medical tickets (医療券・調剤券) from the operator's list, which `ingest coverage` takes beside lists of insured persons.
//!
//! A ticket follows from person, month, institution, kind and 交付番号, so the same list again changes nothing.

use super::FileOutcome;
use super::coverage::{CoverageReport, derived_id, person_id};
use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::audit::Action;
use madoguchi_model::code::Code;
use madoguchi_model::id::TicketId;
use madoguchi_model::ticket::MedicalTicket;
use madoguchi_store::Tx;
use madoguchi_wire::Issue;
use madoguchi_wire::ticket::{TicketFile, TicketRow};
use std::collections::BTreeMap;

impl Service {
    pub(super) async fn take_tickets(
        &self,
        file: TicketFile,
        mut report: CoverageReport,
    ) -> Result<CoverageReport, Refusal> {
        report.findings.extend(file.issues);
        report.refused = file.refused;
        self.check_persons(&file.rows, &mut report).await?;
        if report.refused > 0 {
            return self.refuse_coverage(report).await;
        }
        let tickets: Vec<MedicalTicket> = file.rows.into_iter().map(ticket).collect();
        report.tickets = tickets.len() as u64;
        let service = self.clone();
        let write = async move |tx: &mut Tx| -> Result<CoverageReport, Refusal> {
            tx.put_tickets(&tickets).await?;
            report.outcome = FileOutcome::Taken;
            let detail = format!("persons={} tickets={}", report.persons, report.tickets);
            tx.audit(service.operator_draft(Action::IngestCoverage, detail)).await?;
            Ok(report)
        };
        self.0.store.write("ticket.ingest", write).await
    }

    /// A ticket is of somebody who is registered.
    async fn check_persons(&self, rows: &[TicketRow], report: &mut CoverageReport) -> Result<(), Refusal> {
        let mut known: BTreeMap<&str, bool> = BTreeMap::new();
        let mut read = self.0.store.read();
        for row in rows {
            let key = row.person_key.as_str();
            if !known.contains_key(key) {
                known.insert(key, read.person(person_id(key)).await?.is_some());
            }
            if known.get(key) == Some(&false) {
                report.refused += 1;
                let message = "この個人は登録されていません。先に資格情報CSVを取り込んでください";
                report.findings.push(Issue::row(row.line, "person_key", message));
            }
        }
        report.persons = known.values().filter(|is| **is).count() as u64;
        Ok(())
    }
}

fn ticket(row: TicketRow) -> MedicalTicket {
    let person = person_id(&row.person_key);
    let parts = [
        &person.to_hex(),
        &row.month.to_string(),
        row.institution.as_str(),
        row.kind.code(),
        row.treatment.code(),
        &row.issue_number,
    ];
    let [social_insurance, infection, elderly_care, prefectural_expenses] = row.marks;
    MedicalTicket {
        person,
        id: derived_id("ticket", &parts, TicketId::from_bytes),
        kind: row.kind,
        month: row.month,
        valid_from: row.valid.0,
        valid_to: row.valid.1,
        issue_number: row.issue_number,
        institution: row.institution,
        institution_name: row.institution_name,
        prescriber: row.prescriber,
        injuries: row.injuries,
        treatment: row.treatment,
        self_pay_yen: row.self_pay_yen,
        district_contact: row.district_contact,
        handling_contact: row.handling_contact,
        combination: row.combination,
        social_insurance,
        inconsistent: row.inconsistent,
        infection,
        elderly_care,
        prefectural_expenses,
        remarks: row.remarks,
    }
}
