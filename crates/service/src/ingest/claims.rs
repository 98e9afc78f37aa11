//! `ingest claims`: one claims file, read, derived, attached to persons, stored.

use super::attach::{self, Arrival};
use super::enrol::{self, Enrolled};
use super::prepare::{self, Prepared};
use super::{FileOutcome, Findings, Step};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::care::CareReceipt;
use madoguchi_model::claim::Masters;
use madoguchi_model::day::{Month, Timestamp};
use madoguchi_model::id::FileId;
use madoguchi_model::institution::Institution;
use madoguchi_model::resolution::Unattached;
use madoguchi_store::Tx;
use madoguchi_store::claim_file::ClaimFile;
use madoguchi_wire::Issue;
use madoguchi_wire::claims::Header;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

/// How a claims file is to be taken.
#[derive(Debug, Clone, Default)]
pub struct ClaimsOptions {
    /// Register the persons that the file names, and the institution that sent it. For demonstrations only.
    pub enrol: bool,
    /// The masters, when they were loaded before with [`Service::load_masters`] for several files.
    pub masters: Option<Arc<Masters>>,
}

/// What became of a claims file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimsReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// 医療機関コード of the sender, as far as it was read.
    pub institution: Option<String>,
    /// 請求年月, as far as it was read.
    pub request_month: Option<Month>,
    /// 医科, DPC, 歯科 or 調剤.
    pub table: Option<&'static str>,
    /// Receipts in the file.
    pub receipts: u64,
    /// Receipts that were attached to a person and can be seen once their month is released.
    pub taken: u64,
    /// Earlier receipts that these replaced.
    pub replaced: u64,
    /// Receipts that were not taken because a later version is stored.
    pub outdated: u64,
    /// Receipts that are kept until their person is known.
    pub unattached: u64,
    /// How many of them for which reason.
    pub unattached_reasons: BTreeMap<&'static str, u64>,
    /// Receipts that could not be read.
    pub refused: u64,
    /// Rows that the taken receipts show.
    pub rows: Rows,
    /// The file's own totals against what was counted; `None` when it states none.
    pub totals: Option<TotalsCheck>,
    /// Records of unknown kinds, which were skipped.
    pub unknown_records: BTreeMap<String, u64>,
    /// Records with more fields than specified.
    pub extra_fields: u64,
    /// Parts of organ donors (TI), which are no care of the patient and are left out.
    pub donors: u64,
    /// Lines of the distribution form in whose place their correction (履歴) was read.
    pub replaced_lines: u64,
    /// Codes without a master, and how many receipts have them.
    pub unknown_codes: BTreeMap<String, u64>,
    /// Whether the sender was registered because of `enrol`.
    pub institution_enrolled: bool,
    /// How many persons were registered because of `enrol`.
    pub persons_enrolled: u64,
    /// Findings with their lines.
    pub findings: Findings,
    /// The persons that were registered because of `enrol`; never serialised.
    #[serde(skip)]
    pub enrolled: Vec<Enrolled>,
}

/// Rows by the consent that they need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// 診療情報.
    pub acts: u64,
    /// 薬剤情報.
    pub medications: u64,
    /// 手術情報.
    pub operations: u64,
}

/// GO against our own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TotalsCheck {
    /// 総件数 as stated: payers, not receipts.
    pub payers_stated: u64,
    /// Payers as counted.
    pub payers_counted: u64,
    /// 総合計点数 as stated.
    pub points_stated: i64,
    /// Points as counted.
    pub points_counted: i64,
    /// Whether both agree.
    pub agree: bool,
}

impl Service {
    /// Takes a claims file that is in memory. See [`Service::ingest_claims_from`].
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_claims(
        &self,
        bytes: Vec<u8>,
        options: ClaimsOptions,
        progress: impl Fn(Step) + Send + 'static,
    ) -> Result<ClaimsReport, Refusal> {
        self.ingest_claims_from(std::io::Cursor::new(bytes), options, progress).await
    }

    /// Takes a claims file, all of it in one transaction, or nothing. A file that can't be taken is no
    /// error but a report whose outcome says so; its refusal is in the audit log.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_claims_from(
        &self,
        source: impl Read + Send + 'static,
        options: ClaimsOptions,
        progress: impl Fn(Step) + Send + 'static,
    ) -> Result<ClaimsReport, Refusal> {
        let masters = match options.masters {
            Some(masters) => masters,
            None => self.load_masters().await?,
        };
        let now = self.now();
        let random = self.0.random.clone();
        let read = move || {
            let prepared = prepare::prepare(source, &masters, now, &random, &progress);
            progress(Step::Storing);
            prepared
        };
        let read = tokio::task::spawn_blocking(read).await;
        let prepared = match read.map_err(|_| Refusal::new(Reason::Unavailable, "reading was broken off"))?? {
            Ok(prepared) => prepared,
            Err(issue) => return self.refuse_claims(None, issue).await,
        };
        let header = prepared.header.clone();
        if header.request_month > now.day().month() {
            return self.refuse_claims(Some(&header), future_month(&header, now.day().month())).await;
        }
        let known = self.0.store.read().institution(&header.institution).await?;
        if known.is_none() && !options.enrol {
            return self.refuse_claims(Some(&header), unknown_institution(&header)).await;
        }
        self.store_claims(prepared, known, options.enrol, now).await
    }

    /// The masters of the store, for taking several files.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn load_masters(&self) -> Result<Arc<Masters>, Refusal> {
        prepare::load_masters(&mut self.0.store.read()).await
    }

    async fn store_claims(
        &self,
        prepared: Prepared,
        known: Option<Institution>,
        enrol: bool,
        now: Timestamp,
    ) -> Result<ClaimsReport, Refusal> {
        let file = FileId::new(now, self.random()?);
        let service = self.clone();
        let write = async move |tx: &mut Tx| -> Result<ClaimsReport, Refusal> {
            let mut report = ClaimsReport::of(&prepared);
            let Prepared { header, sha256, receipts, .. } = prepared;
            let former = tx.claim_file(&header.institution, header.request_month, &header.reviewer, &sha256).await?;
            if former.is_some() {
                return Ok(report.taken_before());
            }
            let institution = match known {
                Some(institution) => institution,
                None => {
                    report.institution_enrolled = true;
                    enrol::institution(tx, &header).await?
                }
            };
            let series = attach::series(tx, &header.institution, header.request_month, &header.reviewer).await?;
            let mut arrival =
                Arrival { tx, institution: &institution, file, series: &series, now, holders: BTreeMap::new() };
            let mut enrolment = enrol.then(|| enrol::Enrolment::new(&service, now));
            let mut stored = Vec::with_capacity(receipts.len());
            let mut waiting = Vec::new();
            for receipt in receipts {
                let mut found = arrival.person_of(&receipt.claim).await?;
                if let (Err(reason), Some(enrolment)) = (&found, &mut enrolment) {
                    found = enrolment.person(arrival.tx, &receipt.claim, *reason).await?;
                }
                match found {
                    Ok(person) => stored.extend(report.place(&mut arrival, person, receipt, &header).await?),
                    Err(reason) => waiting.push(report.keep(&arrival, receipt, &header, reason)),
                }
            }
            tx.insert_receipts(&stored).await?;
            tx.insert_unattached(&waiting).await?;
            if let Some(enrolment) = enrolment {
                report.enrolled = enrolment.enrolled();
                report.persons_enrolled = report.enrolled.len() as u64;
            }
            let text = serde_json::to_string(&report);
            let text = text.map_err(|error| Refusal::new(Reason::Unavailable, error.to_string()))?;
            let taken = ClaimFile {
                id: file,
                institution: header.institution.clone(),
                request_month: header.request_month,
                reviewer: header.reviewer.clone(),
                sha256,
                taken_at: now,
                report: text,
            };
            tx.insert_claim_file(&taken).await?;
            tx.audit(service.operator_draft(Action::IngestClaims, report.words(&taken))).await?;
            Ok(report)
        };
        self.0.store.write("claims.ingest", write).await
    }

    /// Notes that a file was refused and says so.
    async fn refuse_claims(&self, header: Option<&Header>, issue: Issue) -> Result<ClaimsReport, Refusal> {
        let sender = header.map(|header| header.institution.to_string()).unwrap_or_default();
        let detail = format!("institution={sender} line={} field={}", issue.line, issue.field);
        let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestClaims, detail) };
        self.0.store.append(draft).await?;
        Ok(ClaimsReport::refused(header, issue))
    }
}

fn unknown_institution(header: &Header) -> Issue {
    let message = format!(
        "{}は登録されていません。医療機関等を登録（madoguchi institution put）してから取り込んでください。デモでは--enrolを付けると登録します",
        header.institution
    );
    Issue::file(1, "医療機関コード", message)
}

/// A claim is made after the month of care: one of a month to come has a wrong month, or our clock is wrong.
fn future_month(header: &Header, this_month: Month) -> Issue {
    let message = format!(
        "{}は、まだ来ていない月です（現在は{}）。請求年月を確認してください。デモの日付は--todayで決まります",
        header.request_month.japanese(),
        this_month.japanese()
    );
    Issue::file(1, "請求年月", message)
}

impl ClaimsReport {
    /// Whether nothing of the file was taken.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.outcome == FileOutcome::Refused
    }

    fn of(prepared: &Prepared) -> Self {
        let summary = &prepared.summary;
        let totals = summary.stated.map(|stated| TotalsCheck {
            payers_stated: stated.payers,
            payers_counted: summary.counted.payers,
            points_stated: stated.points,
            points_counted: summary.counted.points,
            agree: stated == summary.counted,
        });
        let mut findings = prepared.findings.clone();
        findings.not_listed += summary.warnings_not_listed;
        findings.warnings += summary.warnings_not_listed;
        Self {
            outcome: FileOutcome::Taken,
            institution: Some(prepared.header.institution.to_string()),
            request_month: Some(prepared.header.request_month),
            table: Some(summary.kind(prepared.header.table).label()),
            receipts: summary.receipts,
            refused: prepared.refused,
            rows: prepared.rows,
            totals,
            unknown_records: summary.unknown_records.clone(),
            extra_fields: summary.extra_fields,
            donors: summary.donors,
            replaced_lines: summary.replaced_lines,
            unknown_codes: prepared.unknown_codes.clone(),
            findings,
            ..Self::empty()
        }
    }

    fn refused(header: Option<&Header>, issue: Issue) -> Self {
        let mut report = Self {
            institution: header.map(|header| header.institution.to_string()),
            request_month: header.map(|header| header.request_month),
            table: header.map(|header| header.table.label()),
            ..Self::empty()
        };
        report.findings.push(issue);
        report
    }

    const fn empty() -> Self {
        Self {
            outcome: FileOutcome::Refused,
            institution: None,
            request_month: None,
            table: None,
            receipts: 0,
            taken: 0,
            replaced: 0,
            outdated: 0,
            unattached: 0,
            unattached_reasons: BTreeMap::new(),
            refused: 0,
            rows: Rows { acts: 0, medications: 0, operations: 0 },
            totals: None,
            unknown_records: BTreeMap::new(),
            extra_fields: 0,
            donors: 0,
            replaced_lines: 0,
            unknown_codes: BTreeMap::new(),
            institution_enrolled: false,
            persons_enrolled: 0,
            findings: Findings { issues: Vec::new(), not_listed: 0, warnings: 0 },
            enrolled: Vec::new(),
        }
    }

    fn taken_before(self) -> Self {
        Self { outcome: FileOutcome::TakenBefore, rows: Rows::default(), ..self }
    }

    /// Attaches a receipt, unless a later version is stored.
    async fn place(
        &mut self,
        arrival: &mut Arrival<'_>,
        person: madoguchi_model::id::PersonId,
        receipt: prepare::PreparedReceipt,
        header: &Header,
    ) -> Result<Option<madoguchi_store::receipt::NewReceipt>, Refusal> {
        let new = arrival.receipt(person, receipt, header.request_month);
        match arrival.replace(&new).await? {
            attach::Placed::Outdated => {
                self.outdated += 1;
                Ok(None)
            }
            attach::Placed::InForce { replaced } => {
                self.taken += 1;
                self.replaced += replaced;
                Ok(Some(new))
            }
        }
    }

    fn keep(
        &mut self,
        arrival: &Arrival<'_>,
        receipt: prepare::PreparedReceipt,
        header: &Header,
        reason: Unattached,
    ) -> madoguchi_store::receipt::UnattachedReceipt {
        self.unattached += 1;
        *self.unattached_reasons.entry(reason.code()).or_default() += 1;
        self.findings.push(Issue::warning(receipt.claim.line, "個人の特定", reason.message()));
        arrival.unattached(receipt, header.request_month, reason)
    }

    /// For the audit log: counts and ids only.
    fn words(&self, file: &ClaimFile) -> String {
        format!(
            "file={} institution={} month={} taken={} replaced={} outdated={} unattached={} refused={} enrolled={}",
            file.id.to_hex(),
            file.institution,
            file.request_month,
            self.taken,
            self.replaced,
            self.outdated,
            self.unattached,
            self.refused,
            self.persons_enrolled
        )
    }
}

impl Rows {
    pub(super) fn add(&mut self, care: &CareReceipt) {
        self.acts += care.acts.len() as u64;
        self.medications += care.medications.len() as u64;
        self.operations += care.operations.len() as u64;
    }
}
