//! `ingest claims`: one claims file, read, derived, attached to persons, stored; and the report of it.

use super::delivery::Delivery;
use super::enrol::Enrolled;
use super::prepare::{self, Reading};
use super::source::ClaimsSource;
use super::turn::Place;
use super::{FileOutcome, Findings};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::care::CareReceipt;
use madoguchi_model::claim::Masters;
use madoguchi_model::day::Month;
use madoguchi_model::resolution::Unattached;
use madoguchi_store::claim_file::ClaimFile;
use madoguchi_wire::claims::{Header, Summary};
use madoguchi_wire::{Issue, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How claims files are to be taken.
#[derive(Clone, Default)]
pub struct ClaimsOptions {
    /// Register the persons that the file names, and the institution that sent it. For demonstrations only.
    pub enrol: bool,
    /// The masters, when they were loaded before with [`Service::load_masters`] for several files.
    pub masters: Option<Arc<Masters>>,
    /// Hears how many bytes of claims were read since it heard last.
    pub progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
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
    /// Takes a claims file, all of it, or nothing: what is stored of it is shown once all of it is. A file that can't be
    /// taken is no error but a report whose outcome says so; its refusal is in the audit log.
    ///
    /// # Errors
    /// When the store cannot be read or written; nothing of the file is shown then, and taking it again is safe.
    pub async fn ingest_claims(
        &self,
        source: impl Into<ClaimsSource>,
        options: ClaimsOptions,
    ) -> Result<ClaimsReport, Refusal> {
        let masters = match &options.masters {
            Some(masters) => Arc::clone(masters),
            None => self.load_masters().await?,
        };
        let (service, source, runtime) = (self.clone(), source.into(), tokio::runtime::Handle::current());
        let take = move || {
            let place = service.0.turns.line_up();
            runtime.block_on(service.take_claims(source, place, &masters, &options))
        };
        let taken = tokio::task::spawn_blocking(take).await;
        taken.map_err(|_| Refusal::new(Reason::Unavailable, "taking the file was broken off"))?
    }

    /// The masters of the store, for taking several files.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn load_masters(&self) -> Result<Arc<Masters>, Refusal> {
        prepare::load_masters(&mut self.0.store.read()).await
    }

    /// One file, on a thread that may block.
    pub(super) async fn take_claims(
        &self,
        source: ClaimsSource,
        mut place: Place<'_>,
        masters: &Masters,
        options: &ClaimsOptions,
    ) -> Result<ClaimsReport, Refusal> {
        let reading = match Reading::open(source) {
            Ok(reading) => reading,
            Err(issue) => return self.refuse_claims(None, issue).await,
        };
        let header = reading.header.clone();
        // Versions of a receipt are found among what is stored, so an institution's files come one after the other.
        place.turn(&header.institution).await;
        let now = self.now();
        if header.request_month > now.day().month() {
            return self.refuse_claims(Some(&header), future_month(&header, now.day().month())).await;
        }
        let mut tx = self.0.store.read();
        let known = tx.institution(&header.institution).await?;
        if known.is_none() && !options.enrol {
            return self.refuse_claims(Some(&header), unknown_institution(&header)).await;
        }
        let former =
            tx.claim_file(&header.institution, header.request_month, &header.reviewer, &reading.sha256).await?;
        if let Some(former) = former {
            return Ok(ClaimsReport::taken_before(&header, &former));
        }
        let mut delivery = Delivery::new(self, &reading, now, options.enrol);
        match delivery.take(reading, masters, known, options.progress.as_deref()).await? {
            Ok(report) => Ok(report),
            Err(issue) => {
                delivery.take_back().await?;
                self.refuse_claims(Some(&header), issue).await
            }
        }
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

    /// A report that is filled while the file is read.
    pub(super) fn begun(header: &Header) -> Self {
        Self {
            outcome: FileOutcome::Taken,
            institution: Some(header.institution.to_string()),
            request_month: Some(header.request_month),
            table: Some(header.table.label()),
            ..Self::empty()
        }
    }

    /// What the file as a whole came to.
    pub(super) fn complete(&mut self, header: &Header, summary: &Summary) {
        let totals = summary.stated.map(|stated| TotalsCheck {
            payers_stated: stated.payers,
            payers_counted: summary.counted.payers,
            points_stated: stated.points,
            points_counted: summary.counted.points,
            agree: stated == summary.counted,
        });
        self.table = Some(summary.kind(header.table).label());
        self.totals = totals;
        self.receipts = summary.receipts;
        self.unknown_records.clone_from(&summary.unknown_records);
        self.extra_fields = summary.extra_fields;
        self.donors = summary.donors;
        self.replaced_lines = summary.replaced_lines;
        self.findings.extend(summary.issues.iter().cloned());
        self.findings.not_listed += summary.warnings_not_listed;
        self.findings.warnings += summary.warnings_not_listed;
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

    /// A file that was taken before: what was refused of it then is still refused, and told again.
    fn taken_before(header: &Header, former: &ClaimFile) -> Self {
        #[derive(Default, Deserialize)]
        struct Former {
            refused: u64,
            #[serde(default)]
            findings: Listed,
        }
        #[derive(Default, Deserialize)]
        struct Listed {
            issues: Vec<Issue>,
            not_listed: u64,
        }
        let former: Former = serde_json::from_str(&former.report).unwrap_or_default();
        let mut report = Self { outcome: FileOutcome::TakenBefore, refused: former.refused, ..Self::begun(header) };
        report.findings.not_listed = former.findings.not_listed;
        report.findings.extend(former.findings.issues.into_iter().filter(|issue| issue.severity != Severity::Warning));
        report
    }

    /// Counts a receipt that waits for its person.
    pub(super) fn note_unattached(&mut self, line: u64, reason: Unattached) {
        self.unattached += 1;
        *self.unattached_reasons.entry(reason.code()).or_default() += 1;
        self.findings.push(Issue::warning(line, "個人の特定", reason.message()));
    }

    /// For the audit log: counts and ids only.
    pub(super) fn words(&self, file: &ClaimFile) -> String {
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
