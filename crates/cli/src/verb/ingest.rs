//! `madoguchi ingest`: claims, insured persons, prescriptions and code masters come in as files.

use super::Place;
use crate::demo::enrol;
use crate::demo::state::State;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_service::Service;
use madoguchi_service::ingest::{CheckupsReport, ClaimsOptions, ClaimsReport, FileOutcome, Findings, Step};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the audit chain under which these verbs write.
const PROCESS: &str = "ingest";
/// Findings printed for people; JSON has all.
const PRINTED_MAX: usize = 50;
/// Unknown codes and records printed for people.
const COUNTS_PRINTED_MAX: usize = 20;
/// Largest master or withdrawal list: far more than any that is published, and it is read into memory.
const FILE_BYTES_MAX: u64 = 1 << 26;
/// Longest wait for a running demo to take up what was enrolled.
const TAKE_UP: Duration = Duration::from_secs(20);

/// What to take in.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Claims files (レセプト電算処理 UKE) of 医科, DPC, 歯科 and 調剤
    Claims(Claims),
    /// Check-ups (特定健診): HL7 CDA documents or packages (.zip), described in docs/formats/checkup-cda.md
    Checkups(Files),
    /// Insured persons (CSV, described in docs/formats/coverage-csv.md)
    Coverage(Files),
    /// Prescriptions and dispensings of the e-prescription service (CSV, described in
    /// docs/formats/prescription-csv.md)
    Prescriptions(Files),
    /// Code masters as published (.zip or .csv)
    Masters(Files),
}

/// Arguments of `ingest claims`.
#[derive(Debug, Args)]
pub(crate) struct Claims {
    #[command(flatten)]
    files: Files,
    /// Demo directories only: register the persons that the file names, with cards, and its
    /// institution with terminal and accounts
    #[arg(long, conflicts_with = "withdraw")]
    enrol: bool,
    /// The files are lists of withdrawn receipts (docs/formats/withdrawal-csv.md)
    #[arg(long)]
    withdraw: bool,
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

/// Runs the verb; exit code 3 when a file or a receipt was refused.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Claims(arguments) if arguments.withdraw => withdraw(arguments.files).await,
        Verb::Claims(arguments) => claims(arguments).await,
        Verb::Checkups(files) => checkups(files).await,
        Verb::Coverage(files) => coverage(files).await,
        Verb::Prescriptions(files) => prescriptions(files).await,
        Verb::Masters(files) => masters(files).await,
    }
}

async fn claims(arguments: Claims) -> Outcome<()> {
    let place = &arguments.files.place;
    if arguments.enrol && State::load(&place.directory)?.is_none() {
        return Err(Failure::usage(
            "--enrolはデモのディレクトリでだけ使えます。--dirでデモのディレクトリを指定してください",
        ));
    }
    let service = place.service(PROCESS).await?;
    let taken = take_claims(&service, &arguments).await;
    service.store().close().await;
    let new_institutions = taken?;
    if arguments.enrol {
        enrol::until_taken_up(&place.directory, &new_institutions, TAKE_UP).await?;
    }
    Ok(())
}

/// Takes the files; gives the institutions that were added to the demo.
async fn take_claims(service: &Service, arguments: &Claims) -> Outcome<Vec<String>> {
    let masters = service.load_masters().await?;
    let (mut new_institutions, mut refused) = (Vec::new(), 0);
    for path in &arguments.files.files {
        let (file, length) = open(path)?;
        let bar = output::bar(length, &file_name(path));
        let progress = bar.clone();
        let options = ClaimsOptions { enrol: arguments.enrol, masters: Some(masters.clone()) };
        let step = move |step| match step {
            Step::Read(bytes) => progress.set_position(bytes),
            Step::Storing => progress.set_message("保存中"),
        };
        let report = service.ingest_claims_from(file, options, step).await?;
        bar.finish_and_clear();
        if arguments.enrol {
            new_institutions.extend(enrol::take_up(service, &arguments.files.place.directory, path, &report).await?);
        }
        refused += u64::from(report.is_refused()) + report.refused;
        match arguments.files.json {
            true => output::json(&Reported { file: path.display().to_string(), report: &report })?,
            false => tell_claims(path, &report),
        }
    }
    match refused {
        0 => Ok(new_institutions),
        _ => Err(Failure::finding("受け付けられなかったファイルまたはレセプトがあります。")),
    }
}

fn tell_claims(path: &Path, report: &ClaimsReport) {
    let table = report.table.map_or_else(String::new, |table| format!("（{table}）"));
    output::line(format!("{}{table}：{}", file_name(path), outcome(report.outcome)));
    if report.is_refused() {
        return tell_findings(&report.findings);
    }
    output::line(format!(
        "  レセプト {}件（取込 {}、差替え {}、未結合 {}、受付不可 {}）　診療 {}行、薬剤 {}行、手術 {}行",
        report.receipts,
        report.taken,
        report.replaced,
        report.unattached,
        report.refused,
        report.rows.acts,
        report.rows.medications,
        report.rows.operations
    ));
    if let Some(totals) = &report.totals {
        let agree = if totals.agree { "一致" } else { "不一致" };
        output::line(format!(
            "  GOレコードとの照合：{agree}（件数 {}／{}、点数 {}／{}）",
            totals.payers_counted, totals.payers_stated, totals.points_counted, totals.points_stated
        ));
    }
    if report.donors > 0 {
        output::line(format!("  臓器提供者の記録 {}件（患者の診療ではないため除きました）", report.donors));
    }
    if report.replaced_lines > 0 {
        output::line(format!("  履歴により訂正された行 {}行", report.replaced_lines));
    }
    if report.persons_enrolled > 0 {
        output::line(format!("  登録した患者 {}人（カードを作成しました）", report.persons_enrolled));
    }
    tell_counts("仕様にないレコード（読み飛ばしました）", &report.unknown_records);
    tell_counts("マスターにないコード（名称なしで表示します）", &report.unknown_codes);
    tell_findings(&report.findings);
}

async fn checkups(arguments: Files) -> Outcome<()> {
    let service = arguments.place.service(PROCESS).await?;
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

async fn coverage(arguments: Files) -> Outcome<()> {
    let service = arguments.place.service(PROCESS).await?;
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
    let service = arguments.place.service(PROCESS).await?;
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

async fn masters(arguments: Files) -> Outcome<()> {
    let service = arguments.place.service(PROCESS).await?;
    let mut refused = 0;
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
    let service = arguments.place.service(PROCESS).await?;
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

fn tell_findings(findings: &Findings) {
    for issue in findings.issues.iter().take(PRINTED_MAX) {
        output::line(format!("  {issue}"));
    }
    let more = findings.issues.len().saturating_sub(PRINTED_MAX) as u64 + findings.not_listed;
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
