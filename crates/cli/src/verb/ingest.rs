//! `madoguchi ingest`: claims, insured persons, prescriptions and code masters come in as files.

mod claims;
mod found;

use self::claims::Claims;
use super::Place;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_service::Service;
use madoguchi_service::ingest::{CheckupsReport, FileOutcome, Findings};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the audit chain under which these verbs write.
const PROCESS: &str = "ingest";
/// Warnings printed for people; JSON has all.
const WARNINGS_PRINTED_MAX: usize = 50;
/// Refusals printed for people: each has to be mended.
const REFUSALS_PRINTED_MAX: usize = 1_000;
/// Unknown codes and records printed for people.
const COUNTS_PRINTED_MAX: usize = 20;
/// Largest master or withdrawal list: far more than any that is published, and it is read into memory.
const FILE_BYTES_MAX: u64 = 1 << 26;

/// What to take in.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Claims files (レセプト電算処理 UKE) of 医科, DPC, 歯科 and 調剤, several at a time
    Claims(Claims),
    /// Check-ups (特定健診): HL7 CDA documents or packages (.zip), described in docs/formats/checkup-cda.md
    Checkups(Files),
    /// Institutions (CSV, described in docs/formats/institution-csv.md)
    Institutions(Files),
    /// Insured persons (CSV, described in docs/formats/coverage-csv.md)
    Coverage(Files),
    /// Prescriptions and dispensings of the e-prescription service (CSV, described in
    /// docs/formats/prescription-csv.md)
    Prescriptions(Files),
    /// Code masters as published (.zip or .csv)
    Masters(Masters),
}

/// Arguments of `ingest masters`.
#[derive(Debug, Args)]
pub(crate) struct Masters {
    #[command(flatten)]
    place: Place,
    /// Files, taken one after the other
    #[arg(required_unless_present = "builtin")]
    files: Vec<PathBuf>,
    /// The codes that synthetic claims use, which the program brings with it; without names of published masters
    #[arg(long)]
    builtin: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Files to take.
#[derive(Debug, Args)]
pub(crate) struct Files {
    #[command(flatten)]
    place: Place,
    /// Files, taken one after the other
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// One file with its report.
#[derive(Serialize)]
struct Reported<'a, R> {
    file: String,
    #[serde(flatten)]
    report: &'a R,
}

/// The service for one of these verbs. What a broken-off ingestion of claims has left is taken back first: whoever came
/// between would attach, end or show receipts of half a file.
async fn service(place: &Place) -> Outcome<Service> {
    let service = place.service(PROCESS).await?;
    let broken_off = service.take_back_broken_off().await?;
    if broken_off > 0 {
        output::note(format!(
            "前回の取込みが途中で終わったレセプトのファイル{broken_off}件を取り消しました。改めて取り込んでください。"
        ));
    }
    Ok(service)
}

/// Runs the verb; exit code 3 when a file or a receipt was refused.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Claims(arguments) if arguments.withdraw => withdraw(arguments.files).await,
        Verb::Claims(arguments) => claims::run(arguments).await,
        Verb::Checkups(files) => checkups(files).await,
        Verb::Institutions(files) => institutions(files).await,
        Verb::Coverage(files) => coverage(files).await,
        Verb::Prescriptions(files) => prescriptions(files).await,
        Verb::Masters(arguments) => masters(arguments).await,
    }
}

async fn checkups(arguments: Files) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    for path in &arguments.files {
        let report = service.ingest_checkups_from(open(path)?.0).await?;
        refused += report.refused.max(u64::from(report.is_refused()));
        match arguments.json {
            true => output::json(&Reported { file: path.display().to_string(), report: &report })?,
            false => tell_checkups(path, &report),
        }
    }
    service.store().close().await;
    ended(refused)
}

fn tell_checkups(path: &Path, report: &CheckupsReport) {
    output::line(format!("{}：{}", file_name(path), outcome(report.outcome)));
    if !report.is_refused() {
        output::line(format!(
            "  健診 {}件（取込 {}、うち差替え {}、旧版 {}、削除 {}、未結合 {}、受付不可 {}）　検査項目 {}件",
            report.documents,
            report.taken,
            report.replaced,
            report.outdated,
            report.deleted,
            report.unattached,
            report.refused,
            report.results
        ));
        tell_counts("表にない項目コード（末尾に表示します）", &report.unknown_items);
    }
    tell_findings(&report.findings);
}

async fn institutions(arguments: Files) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    for path in &arguments.files {
        let report = service.ingest_institutions(open(path)?.0).await?;
        refused += u64::from(report.outcome == FileOutcome::Refused);
        if arguments.json {
            output::json(&Reported { file: path.display().to_string(), report: &report })?;
            continue;
        }
        output::line(format!("{}：{}　{}件", file_name(path), outcome(report.outcome), report.institutions));
        tell_findings(&report.findings);
    }
    service.store().close().await;
    ended(refused)
}

async fn coverage(arguments: Files) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    for path in &arguments.files {
        let report = service.ingest_coverage_from(open(path)?.0).await?;
        refused += u64::from(report.is_refused()) + report.refused;
        if arguments.json {
            output::json(&Reported { file: path.display().to_string(), report: &report })?;
            continue;
        }
        if report.tickets > 0 {
            let (persons, tickets) = (report.persons, report.tickets);
            let outcome = outcome(report.outcome);
            output::line(format!("{}：{outcome}　個人 {persons}人、医療券・調剤券 {tickets}件", file_name(path)));
            tell_findings(&report.findings);
            continue;
        }
        output::line(format!(
            "{}：{}　個人 {}人、資格 {}件、カード {}枚、結合したレセプト {}件、結合した健診 {}件",
            file_name(path),
            outcome(report.outcome),
            report.persons,
            report.coverages,
            report.cards,
            report.attached,
            report.attached_checkups
        ));
        tell_findings(&report.findings);
    }
    service.store().close().await;
    ended(refused)
}

async fn prescriptions(arguments: Files) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    for path in &arguments.files {
        let report = service.ingest_prescriptions_from(open(path)?.0).await?;
        refused += u64::from(report.is_refused()) + report.refused;
        if arguments.json {
            output::json(&Reported { file: path.display().to_string(), report: &report })?;
            continue;
        }
        output::line(format!(
            "{}：{}　処方 {}件、調剤 {}件、取消 {}件、患者不明 {}件、100日より前 {}件",
            file_name(path),
            outcome(report.outcome),
            report.prescriptions,
            report.dispensings,
            report.cancelled,
            report.unattached,
            report.expired
        ));
        tell_findings(&report.findings);
    }
    service.store().close().await;
    ended(refused)
}

async fn masters(arguments: Masters) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    if arguments.builtin {
        service.ingest_builtin_masters().await?;
        output::line("組込みのコード表を登録しました。");
    }
    for path in &arguments.files {
        let report = service.ingest_master(read(path)?).await?;
        refused += u64::from(report.outcome == FileOutcome::Refused);
        if arguments.json {
            output::json(&Reported { file: path.display().to_string(), report: &report })?;
            continue;
        }
        let letter = report.letter.map_or_else(String::new, |letter| format!("（{letter}）"));
        output::line(format!("{}{letter}：{}　{}行", file_name(path), outcome(report.outcome), report.rows));
        tell_findings(&report.findings);
    }
    service.store().close().await;
    ended(refused)
}

async fn withdraw(arguments: Files) -> Outcome<()> {
    let service = service(&arguments.place).await?;
    let mut refused = 0;
    for path in &arguments.files {
        let report = service.withdraw_claims(read(path)?).await?;
        refused += u64::from(report.outcome == FileOutcome::Refused);
        if arguments.json {
            output::json(&Reported { file: path.display().to_string(), report: &report })?;
            continue;
        }
        output::line(format!(
            "{}：{}　{}行中{}件を取り下げました",
            file_name(path),
            outcome(report.outcome),
            report.lines,
            report.withdrawn
        ));
        tell_findings(&report.findings);
    }
    service.store().close().await;
    ended(refused)
}

fn ended(refused: u64) -> Outcome<()> {
    match refused {
        0 => Ok(()),
        _ => Err(Failure::finding("受け付けられなかったファイルまたは行があります。")),
    }
}

fn tell_counts(what: &str, counts: &BTreeMap<String, u64>) {
    if counts.is_empty() {
        return;
    }
    let listed: Vec<_> =
        counts.iter().take(COUNTS_PRINTED_MAX).map(|(name, count)| format!("{name} {count}件")).collect();
    let more = counts.len().saturating_sub(COUNTS_PRINTED_MAX);
    let more = if more > 0 { format!("、ほか{more}種類") } else { String::new() };
    output::line(format!("  {what}：{}{more}", listed.join("、")));
}

/// What was refused comes first.
fn tell_findings(findings: &Findings) {
    let refusals = findings.refusals().take(REFUSALS_PRINTED_MAX);
    let warnings = findings.listed_warnings().take(WARNINGS_PRINTED_MAX);
    let mut told = 0;
    for issue in refusals.chain(warnings) {
        output::line(format!("  {issue}"));
        told += 1;
    }
    let more = findings.issues.len() as u64 - told + findings.not_listed;
    if more > 0 {
        output::line(format!("  ほかに{more}件あります。"));
    }
}

const fn outcome(outcome: FileOutcome) -> &'static str {
    match outcome {
        FileOutcome::Taken => "取り込みました",
        FileOutcome::TakenBefore => "取込済みです（変更なし）",
        FileOutcome::Refused => "受け付けられません",
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The open file and its length in bytes.
fn open(path: &Path) -> Outcome<(fs::File, u64)> {
    let file = fs::File::open(path).map_err(|error| Failure::io(path, &error))?;
    let metadata = file.metadata().map_err(|error| Failure::io(path, &error))?;
    match metadata.is_dir() {
        true => Err(Failure::io(path, &std::io::ErrorKind::IsADirectory.into())),
        false => Ok((file, metadata.len())),
    }
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let (file, _) = open(path)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| Failure::io(path, &error))?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err(Failure::file(path, "64MiBを超えています。正しいファイルか確認してください")),
        false => Ok(bytes),
    }
}
