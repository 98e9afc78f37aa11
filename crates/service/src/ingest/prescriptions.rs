//! `ingest prescriptions`: prescriptions and dispensings of the e-prescription service from the operator's list.
//!
//! Ids follow from the list's own numbers, so the same list again changes nothing. A slip whose person is not known is
//! reported and not kept: the list is taken again when the person is registered. What nobody can see any more is neither
//! taken nor kept.

use super::coverage::{derived_id, person_id};
use super::{FileOutcome, Findings};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::claim::Masters;
use madoguchi_model::day::Day;
use madoguchi_model::eligibility::{Holder, whose};
use madoguchi_model::id::{PersonId, PrescriptionId};
use madoguchi_model::prescription::{Prescription, VisibleDays};
use madoguchi_model::resolution::Unattached;
use madoguchi_store::Tx;
use madoguchi_store::prescription::NewPrescription;
use madoguchi_wire::prescription::{self, Content, PersonReference, PrescriptionFile, Registered, Slip};
use madoguchi_wire::{Issue, Severity};
use serde::Serialize;
use std::collections::HashMap;
use std::io::Read;

/// What became of a list of prescriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrescriptionReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// Prescriptions that were registered.
    pub prescriptions: u64,
    /// Dispensings that were registered.
    pub dispensings: u64,
    /// Records that were taken back.
    pub cancelled: u64,
    /// Slips whose persons could not be told; they were not taken.
    pub unattached: u64,
    /// Slips that are too old to be seen; they were not taken.
    pub expired: u64,
    /// Lines or slips with a fault; with any, nothing was taken.
    pub refused: u64,
    /// Findings with their lines.
    pub findings: Findings,
}

impl Service {
    /// Takes a list of prescriptions that is in memory. See [`Service::ingest_prescriptions_from`].
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_prescriptions(&self, bytes: Vec<u8>) -> Result<PrescriptionReport, Refusal> {
        self.ingest_prescriptions_from(std::io::Cursor::new(bytes)).await
    }

    /// Takes a list of prescriptions and dispensings, all of it or nothing.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_prescriptions_from(
        &self,
        source: impl Read + Send + 'static,
    ) -> Result<PrescriptionReport, Refusal> {
        let read = tokio::task::spawn_blocking(move || prescription::read(source)).await;
        let read = read.map_err(|_| Refusal::new(Reason::Unavailable, "reading was broken off"))?;
        let mut report = PrescriptionReport::empty();
        let PrescriptionFile { mut slips, issues, refused } = match read {
            Ok(file) => file,
            Err(issue) => {
                report.findings.push(issue);
                return self.refuse_prescriptions(report).await;
            }
        };
        report.findings.extend(issues);
        report.refused = refused;
        let masters = self.load_masters().await?;
        let today = self.now().day();
        for slip in &mut slips {
            complete(slip, &masters, today, &mut report);
        }
        if report.refused > 0 {
            return self.refuse_prescriptions(report).await;
        }
        let service = self.clone();
        let write = async move |tx: &mut Tx| -> Result<PrescriptionReport, Refusal> {
            store(tx, slips, today, &mut report).await?;
            report.outcome = FileOutcome::Taken;
            tx.audit(service.operator_draft(Action::IngestPrescriptions, report.words())).await?;
            Ok(report)
        };
        self.0.store.write("prescriptions.ingest", write).await
    }

    async fn refuse_prescriptions(&self, report: PrescriptionReport) -> Result<PrescriptionReport, Refusal> {
        let detail = format!("refused={}", report.refused);
        let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestPrescriptions, detail) };
        self.0.store.append(draft).await?;
        Ok(report)
    }
}

/// Adds what the masters know about the drugs, and finds what no list can know: a day in the future, a drug without name.
fn complete(slip: &mut Slip, masters: &Masters, today: Day, report: &mut PrescriptionReport) {
    let Content::Registered(registered) = &mut slip.content else { return };
    let mut wrong = Vec::new();
    let on = registered.dispensing.as_ref().map(|dispensing| dispensing.on);
    for (column, day) in [("prescribed_on", Some(registered.prescribed_on)), ("dispensed_on", on)] {
        if day.is_some_and(|day| day > today) {
            wrong.push(Issue::row(slip.line, column, "今日以前の日を入力してください"));
        }
    }
    let day = on.unwrap_or(registered.prescribed_on);
    for drug in &mut registered.drugs {
        let known = masters.drug(&drug.code, day);
        if drug.name.is_empty() {
            match known {
                Some(known) => drug.name.clone_from(&known.name),
                None => wrong.push(Issue::row(
                    slip.line,
                    "drug_name",
                    format!("医薬品コード{}は医薬品マスターにありません。医薬品名を入力してください", drug.code),
                )),
            }
        }
        if drug.ingredient.is_none() {
            drug.ingredient = known.and_then(|known| known.ingredient.clone());
        }
        if let (true, Some(known)) = (drug.unit.is_empty(), known) {
            drug.unit.clone_from(&known.unit);
        }
    }
    report.refused += u64::from(wrong.iter().any(|issue| issue.severity > Severity::Warning));
    report.findings.extend(wrong);
}

async fn store(tx: &mut Tx, slips: Vec<Slip>, today: Day, report: &mut PrescriptionReport) -> Result<(), Refusal> {
    let visible = VisibleDays::on(today);
    let (mut new, mut cancelled) = (Vec::new(), Vec::new());
    let mut persons = Persons { tx, by_number: HashMap::new() };
    for slip in slips {
        let person = match persons.person_of(&slip.person).await? {
            Ok(person) => person,
            Err(reason) => {
                report.unattached += 1;
                report.findings.push(Issue::warning(slip.line, "患者", unattached(reason)));
                continue;
            }
        };
        match slip.content {
            Content::Cancelled => cancelled.push((person, slip.prescription)),
            Content::Registered(registered) => {
                let prescription = prescription_of(person, &slip.prescription, registered);
                if prescription.day() < visible.from {
                    report.expired += 1;
                    continue;
                }
                let count =
                    if prescription.dispensing.is_some() { &mut report.dispensings } else { &mut report.prescriptions };
                *count += 1;
                new.push(NewPrescription { person, slip: slip.prescription, prescription });
            }
        }
    }
    tx.put_prescriptions(&new).await?;
    for (person, slip) in cancelled {
        report.cancelled += tx.cancel_prescription(person, &slip).await?;
    }
    Ok(())
}

/// The persons of a list, as far as they were asked for.
struct Persons<'a> {
    tx: &'a mut Tx,
    by_number: HashMap<String, Vec<Holder>>,
}

impl Persons<'_> {
    /// Whose slip it is. One statement for each key or number that was not asked before.
    async fn person_of(&mut self, reference: &PersonReference) -> Result<Result<PersonId, Unattached>, Refusal> {
        let (numbers, birthdate) = match reference {
            PersonReference::Key(key) => {
                let known = self.tx.person(person_id(key)).await?;
                return Ok(known.map(|person| person.id).ok_or(Unattached::NumberUnknown));
            }
            PersonReference::Numbers(numbers, birthdate) => (numbers, *birthdate),
        };
        let key = numbers.key();
        if !self.by_number.contains_key(key.as_str()) {
            let found = self.tx.holders_of_numbers(numbers).await?;
            self.by_number.insert(key.as_str().to_owned(), found);
        }
        let holders = self.by_number.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        let fitting: Vec<Holder> = holders.iter().filter(|holder| holder.birthdate == birthdate).cloned().collect();
        let mut persons = whose(numbers, &fitting).into_iter();
        Ok(match (persons.next(), persons.next()) {
            (Some(person), None) => Ok(person),
            (None, _) if holders.is_empty() => Err(Unattached::NumberUnknown),
            (None, _) => Err(Unattached::BirthdateOrSexDiffers),
            (Some(_), Some(_)) => Err(Unattached::Ambiguous),
        })
    }
}

fn prescription_of(person: PersonId, slip: &str, registered: Registered) -> Prescription {
    let Registered { prescriber, prescribed_on, dispensing, drugs } = registered;
    let supply = dispensing.as_ref().map(|dispensing| format!("{} {}", dispensing.pharmacy.code, dispensing.on));
    let parts = [&person.to_hex(), slip, supply.as_deref().unwrap_or_default()];
    let id = derived_id("prescription", &parts, PrescriptionId::from_bytes);
    Prescription { id, prescriber, prescribed_on, dispensing, drugs }
}

const fn unattached(reason: Unattached) -> &'static str {
    match reason {
        Unattached::Ambiguous => {
            "患者が1人に決まらないため登録しませんでした。枝番またはperson_keyを入力して、もう一度取り込んでください"
        }
        Unattached::BirthdateOrSexDiffers => {
            "番号は登録されていますが、生年月日または枝番が一致しないため登録しませんでした。確認してください"
        }
        _ => "患者が登録されていないため登録しませんでした。資格情報を取り込んでから、もう一度取り込んでください",
    }
}

impl PrescriptionReport {
    /// Whether nothing was taken.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.outcome == FileOutcome::Refused
    }

    fn empty() -> Self {
        Self {
            outcome: FileOutcome::Refused,
            prescriptions: 0,
            dispensings: 0,
            cancelled: 0,
            unattached: 0,
            expired: 0,
            refused: 0,
            findings: Findings::default(),
        }
    }

    fn words(&self) -> String {
        let Self { prescriptions, dispensings, cancelled, unattached, expired, .. } = self;
        format!(
            "prescriptions={prescriptions} dispensings={dispensings} cancelled={cancelled} unattached={unattached} \
             expired={expired}"
        )
    }
}
