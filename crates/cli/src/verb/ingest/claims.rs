//! `madoguchi ingest claims`: files, ZIPs and directories of claims, several at a time, beside a server or without one.

use super::found::{self, Found, TakenZips};
use super::{COUNTS_PRINTED_MAX, Files, Reported, file_name, outcome, tell_counts, tell_findings};
use crate::demo::enrol;
use crate::demo::state::State;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_service::Service;
use madoguchi_service::ingest::{self, ClaimsOptions, ClaimsReport, FileOutcome, Rows};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for a running demo to take up what was enrolled.
const TAKE_UP: Duration = Duration::from_secs(20);
/// Up to so many files, each is told about even if there is nothing to say.
const TOLD_ONE_BY_ONE: usize = 50;
/// How much less of a core a reading thread wants than a server's.
const NICENESS: i32 = 19;
/// Threads for each core: some wait for the store while the others read.
const THREADS_PER_CORE: usize = 3;

/// Arguments of `ingest claims`.
#[derive(Debug, Args)]
pub(crate) struct Claims {
    #[command(flatten)]
    pub(super) files: Files,
    /// Demo directories only: register the persons that the files name, with cards, and their
    /// institutions with terminal and accounts
    #[arg(long, conflicts_with_all = ["withdraw", "remove"])]
    enrol: bool,
    /// The files are lists of withdrawn receipts (docs/formats/withdrawal-csv.md)
    #[arg(long)]
    pub(super) withdraw: bool,
    /// Remove each file once it is taken (also if it had been taken before); a file of which anything was refused
    /// stays
    #[arg(long, conflicts_with = "withdraw")]
    remove: bool,
    /// Threads that read files; by default three for each core
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// What all files together came to.
#[derive(Default)]
struct Sum {
    files: u64,
    taken_before: u64,
    refused_files: u64,
    receipts: u64,
    taken: u64,
    replaced: u64,
    unattached: u64,
    refused: u64,
    rows: Rows,
    unknown_codes: BTreeMap<String, u64>,
    bytes: u64,
}

/// Takes all files. The exit code is 3 when one of them or one of their receipts was refused.
pub(crate) async fn run(arguments: Claims) -> Outcome<()> {
    let place = &arguments.files.place;
    if arguments.enrol && State::load(&place.directory)?.is_none() {
        return Err(Failure::usage(
            "--enrolはデモのディレクトリでだけ使えます。--dirでデモのディレクトリを指定してください",
        ));
    }
    let service = super::service(place).await?;
    let taken = take(&service, &arguments).await;
    service.store().close().await;
    let new_institutions = taken?;
    if arguments.enrol {
        enrol::until_taken_up(&place.directory, &new_institutions, TAKE_UP).await?;
    }
    Ok(())
}

/// Takes the files; gives the institutions that were added to the demo.
async fn take(service: &Service, arguments: &Claims) -> Outcome<Vec<String>> {
    let files = found::all(&arguments.files.files)?;
    match arguments.enrol {
        true => take_and_enrol(service, arguments, files).await,
        false => take_many(service, arguments, files).await.map(|()| Vec::new()),
    }
}

async fn take_many(service: &Service, arguments: &Claims, files: Vec<Found>) -> Outcome<()> {
    let (one_by_one, total, begun) = (files.len() <= TOLD_ONE_BY_ONE, files.len(), Instant::now());
    let bar = output::bytes_bar(files.iter().map(|file| file.bytes).sum(), "レセプト");
    let progress = bar.clone();
    let options =
        ClaimsOptions { progress: Some(Arc::new(move |bytes| progress.inc(bytes))), ..ClaimsOptions::default() };
    let (mut sum, mut failure) = (Sum::default(), None);
    let (unreadable, failures) = std::sync::mpsc::channel();
    let mut zips = TakenZips::new(&files, arguments.remove);
    let mut left = files.into_iter();
    let next = move || {
        left.by_ref().find_map(|file| match file.source() {
            Ok(source) => Some((file, source)),
            Err(failure) => {
                let _nobody_listens = unreadable.send(failure);
                None
            }
        })
    };
    let report = |file: ingest::Reported<Found>| {
        let told = match file.report {
            Ok(report) => {
                sum.add(&report, file.key.bytes);
                if report.outcome == FileOutcome::TakenBefore {
                    bar.inc(file.key.bytes);
                }
                zips.note(&file.key, &report);
                bar.suspend(|| tell_one(&file.key, &report, arguments, one_by_one))
            }
            Err(refusal) => Err(refusal.into()),
        };
        if let Err(error) = told {
            failure.get_or_insert(error);
        }
    };
    let threads = arguments.threads.map_or_else(threads_by_default, usize::from);
    service.ingest_claims_files(next, options, threads, be_nice, report).await?;
    bar.finish_and_clear();
    zips.remove()?;
    if !arguments.files.json && !one_by_one {
        tell_sum(&sum, total, begun.elapsed());
    }
    match (failure.or_else(|| failures.try_iter().next()), sum.refused + sum.refused_files) {
        (Some(failure), _) => Err(failure),
        (None, 0) => Ok(()),
        (None, _) => Err(refused()),
    }
}

/// One file after the other, because cards and institutions are made in between.
async fn take_and_enrol(service: &Service, arguments: &Claims, files: Vec<Found>) -> Outcome<Vec<String>> {
    let masters = service.load_masters().await?;
    let (mut new_institutions, mut all_taken) = (Vec::new(), true);
    for file in files {
        let options = ClaimsOptions { enrol: true, masters: Some(masters.clone()), ..ClaimsOptions::default() };
        let report = service.ingest_claims(file.source()?, options).await?;
        let directory = &arguments.files.place.directory;
        new_institutions.extend(enrol::take_up(service, directory, &file.shown(), &report).await?);
        all_taken &= !report.is_refused() && refused_now(&report) == 0;
        tell_one(&file, &report, arguments, true)?;
    }
    match all_taken {
        true => Ok(new_institutions),
        false => Err(refused()),
    }
}

/// Receipts that were refused; those of a file that was taken before are told of again, but fail nothing.
fn refused_now(report: &ClaimsReport) -> u64 {
    if report.outcome == FileOutcome::TakenBefore { 0 } else { report.refused }
}

fn refused() -> Failure {
    Failure::finding("受け付けられなかったファイルまたはレセプトがあります。")
}

fn threads_by_default() -> usize {
    THREADS_PER_CORE * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A server on this machine goes first.
fn be_nice() {
    let _refused = rustix::process::nice(NICENESS);
}

/// Tells about a file, and removes it if that was asked for.
fn tell_one(file: &Found, report: &ClaimsReport, arguments: &Claims, one_by_one: bool) -> Outcome<()> {
    let shown = file.shown();
    if arguments.files.json {
        output::json(&Reported { file: shown.display().to_string(), report })?;
    } else if one_by_one || report.is_refused() || report.refused > 0 {
        tell(&shown, report);
    }
    if arguments.remove && found::may_go(report) && !file.is_packed() {
        fs::remove_file(&file.path).map_err(|error| Failure::io(&file.path, &error))?;
    }
    Ok(())
}

fn tell(path: &Path, report: &ClaimsReport) {
    let table = report.table.map_or_else(String::new, |table| format!("（{table}）"));
    output::line(format!("{}{table}：{}", file_name(path), outcome(report.outcome)));
    if report.is_refused() {
        return tell_findings(&report.findings);
    }
    if report.outcome == FileOutcome::TakenBefore {
        if report.refused > 0 {
            output::line(format!("  そのとき受け付けられなかったレセプト {}件：", report.refused));
            tell_findings(&report.findings);
        }
        return;
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

fn tell_sum(sum: &Sum, files: usize, time: Duration) {
    let seconds = time.as_secs_f64().max(0.001);
    output::line(format!(
        "ファイル {}／{files}件（取込済み {}、受付不可 {}）　レセプト {}件（取込 {}、差替え {}、未結合 {}、受付不可 {}）",
        sum.files,
        sum.taken_before,
        sum.refused_files,
        sum.receipts,
        sum.taken,
        sum.replaced,
        sum.unattached,
        sum.refused,
    ));
    output::line(format!(
        "診療 {}行、薬剤 {}行、手術 {}行　{seconds:.1}秒（{:.0}件／秒、{:.1}MB／秒）",
        sum.rows.acts,
        sum.rows.medications,
        sum.rows.operations,
        sum.receipts as f64 / seconds,
        sum.bytes as f64 / 1e6 / seconds,
    ));
    tell_counts("マスターにないコード（名称なしで表示します）", &sum.unknown_codes);
}

impl Sum {
    fn add(&mut self, report: &ClaimsReport, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
        self.taken_before += u64::from(report.outcome == FileOutcome::TakenBefore);
        self.refused_files += u64::from(report.is_refused());
        self.receipts += report.receipts;
        self.taken += report.taken;
        self.replaced += report.replaced;
        self.unattached += report.unattached;
        self.refused += refused_now(report);
        self.rows.acts += report.rows.acts;
        self.rows.medications += report.rows.medications;
        self.rows.operations += report.rows.operations;
        for (code, count) in &report.unknown_codes {
            if self.unknown_codes.len() <= COUNTS_PRINTED_MAX || self.unknown_codes.contains_key(code) {
                *self.unknown_codes.entry(code.clone()).or_default() += count;
            }
        }
    }
}
