//! The first start of a demo directory: certificates, institutions, people, claims, cards.
//!
//! Everything goes the way that anyone's data goes: insured persons through the coverage file,
//! care through claims files, drugs through the master. A directory that was left half made is made
//! anew; a directory that is something else is never touched.

use crate::demo::secrets::{Secrets, given};
use crate::demo::state::{DemoCard, DemoInstitution, State};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::verb::{database_url, machine_seconds, open_service};
use indicatif::ProgressBar;
use madoguchi_model::day::{Day, Month};
use madoguchi_model::notice::Audience;
use madoguchi_model::release::ReleaseRule;
use madoguchi_model::shown::shown;
use madoguchi_service::ingest::{ClaimsOptions, ClaimsSource, Reported};
use madoguchi_service::{Clock, Service};
use madoguchi_store::{ProcessName, Store};
use madoguchi_synth::{CardPlan, World, WorldPlan};
use madoguchi_trust::authority::{CertificateDirectory, IssueRequest};
use madoguchi_trust::card_authority::{CardAuthority, CardRequest};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Marks a directory whose first start has not ended.
const UNFINISHED_FILE: &str = "unfinished";
/// Months of claims before today.
const MONTHS: u32 = 24;
/// Institutions that have a viewer terminal as well (viewing pattern b).
const VIEWERS_MAX: usize = 5;
/// Name of the audit chain of the set-up.
const PROCESS: &str = "setup";
/// Label of the terminal's certificate.
pub(crate) const TERMINAL_LABEL: &str = "01";
/// Label of the viewer terminal's certificate.
pub(crate) const VIEWER_LABEL: &str = "viewer-01";

/// What the first start is asked for.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The directory.
    pub(crate) directory: PathBuf,
    /// Persons.
    pub(crate) persons: u32,
    /// Seed of world, passwords and PINs.
    pub(crate) seed: Option<u64>,
    /// Institutions.
    pub(crate) institutions: usize,
    /// The demo's date.
    pub(crate) today: Option<Day>,
    /// An empty PostgreSQL database instead of SQLite.
    pub(crate) database: Option<String>,
}

/// The state of the directory, made now if it has none.
pub(crate) async fn prepare(wish: &Wish, quiet: bool) -> Outcome<State> {
    if wish.directory.exists() && !wish.directory.is_dir() {
        return Err(Failure::usage(format!(
            "{}：ディレクトリではありません。空のディレクトリか、まだないディレクトリを--dirに指定してください",
            wish.directory.display()
        )));
    }
    if let Some(state) = State::load(&wish.directory)? {
        if !quiet && (wish.today.is_some() || wish.seed.is_some_and(|seed| seed != state.seed)) {
            output::note(
                "このディレクトリは作成済みのため、--todayと--seedは使いません。変えるときは別の--dirを指定してください。",
            );
        }
        return Ok(state);
    }
    clear(&wish.directory)?;
    let bar = if quiet { ProgressBar::hidden() } else { output::bar(100, "デモの準備") };
    let state = make(wish, &bar).await?;
    state.save(&wish.directory)?;
    fs::remove_file(wish.directory.join(UNFINISHED_FILE))?;
    bar.finish_and_clear();
    Ok(state)
}

/// Makes the directory empty, but only if it is new, empty, or was left unfinished by us.
fn clear(directory: &Path) -> Outcome<()> {
    let unfinished = directory.join(UNFINISHED_FILE);
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !unfinished.exists() {
        return Err(Failure::usage(format!(
            "{}：デモ以外のファイルがあります。空のディレクトリか、まだないディレクトリを--dirに指定してください",
            directory.display()
        )));
    }
    fs::create_dir_all(directory).map_err(|error| Failure::file(directory, error))?;
    fs::write(&unfinished, b"").map_err(|error| Failure::file(&unfinished, error))?;
    remove_all_but(directory, &unfinished).map_err(|error| Failure::file(directory, error))
}

/// The mark stays throughout: clearing that was cut off must be recognised, too.
fn remove_all_but(directory: &Path, kept: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        match kind.is_dir() {
            true => fs::remove_dir_all(path)?,
            false if path != kept => fs::remove_file(path)?,
            false => {}
        }
    }
    Ok(())
}

async fn make(wish: &Wish, bar: &ProgressBar) -> Outcome<State> {
    let directory = fs::canonicalize(&wish.directory)?;
    let mut secrets = Secrets::new(wish.seed);
    let seed = wish.seed.unwrap_or_else(|| secrets.number() >> 1);
    let now = Clock::new(0, None).now();
    let today = wish.today.unwrap_or_else(|| now.day());
    let offset_micros = today.midnight().micros() - now.day().midnight().micros();
    let plan = WorldPlan {
        persons: wish.persons,
        institutions: wish.institutions,
        months: MONTHS,
        ..WorldPlan::demo(seed, today)
    };
    let world = Arc::new(World::new(plan));
    bar.set_position(2);

    let institutions = institutions(&world, &mut secrets);
    make_certificates(&directory, &institutions)?;
    let plans = world.card_plans(wish.seed.unwrap_or_else(|| secrets.number()));
    let serials = make_cards(&directory, &plans)?;
    let cards = plans.iter().enumerate().map(|(index, plan)| demo_card(&world, index, plan)).collect();
    bar.set_position(5);

    let database =
        wish.database.clone().unwrap_or_else(|| format!("sqlite:{}", directory.join("madoguchi.db").display()));
    let url = database_url(&database)?;
    Store::migrate(&url, now).await?;
    let store = Store::open(&url, ProcessName::parse(PROCESS)?).await?;
    let service = open_service(store, &directory.join("cards-ca"), offset_micros, ReleaseRule::default()).await?;
    let filled = fill(&service, &world, &institutions, &serials, bar).await;
    service.store().close().await;
    filled?;
    Ok(State { seed, persons: wish.persons, offset_micros, database, institutions, cards })
}

fn institutions(world: &World, secrets: &mut Secrets) -> Vec<DemoInstitution> {
    let institution = |(index, institution): (usize, &madoguchi_model::institution::Institution)| DemoInstitution {
        code: institution.code.clone(),
        name: institution.name.clone(),
        accounts: secrets.accounts(),
        p12_password: secrets.digits(8),
        viewer: index < VIEWERS_MAX,
    };
    world.institutions().iter().enumerate().map(institution).collect()
}

fn make_certificates(directory: &Path, institutions: &[DemoInstitution]) -> Outcome<()> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificates = directory.join("certificates");
    let authority = CertificateDirectory::init(&certificates, &names, machine_seconds()).map_err(Failure::new)?;
    let mut requests = Vec::new();
    for institution in institutions {
        requests.extend(certificate_requests(institution));
    }
    authority.issue_all(&requests).map_err(Failure::new)?;
    Ok(())
}

/// The certificates of an institution's terminals.
pub(crate) fn certificate_requests(institution: &DemoInstitution) -> Vec<IssueRequest> {
    let request = |label: &str| IssueRequest {
        institution_code: institution.code.as_str().to_owned(),
        institution_name: institution.name.clone(),
        label: label.to_owned(),
        days: 1_095,
        p12_password: Some(institution.p12_password.clone()),
        now: machine_seconds(),
    };
    let mut requests = vec![request(TERMINAL_LABEL)];
    if institution.viewer {
        requests.push(request(VIEWER_LABEL));
    }
    requests
}

/// Makes the card files; gives the certificates' serial numbers by person.
fn make_cards(directory: &Path, plans: &[CardPlan]) -> Outcome<HashMap<String, String>> {
    let authority = CardAuthority::init(&directory.join("cards-ca"), machine_seconds()).map_err(Failure::new)?;
    let request = |(index, plan): (usize, &CardPlan)| CardRequest {
        card_id: card_id(index),
        name: shown(&plan.name),
        pin: plan.pin.clone(),
        not_before: plan.not_before.midnight().micros() / 1_000_000,
        not_after: plan.not_after.plus_days(1).midnight().micros() / 1_000_000 - 1,
        story: plan.story.to_owned(),
    };
    let requests: Vec<_> = plans.iter().enumerate().map(request).collect();
    let folder = directory.join("cards");
    fs::create_dir_all(&folder)?;
    for card in authority.issue_cards(&requests).map_err(Failure::new)? {
        card.save(&folder.join(format!("{}.json", card.card_id()))).map_err(Failure::new)?;
    }
    let issued = authority.list().map_err(Failure::new)?;
    let serials: HashMap<String, String> =
        issued.into_iter().map(|issued| (issued.holder.card_id, issued.serial)).collect();
    let by_person = |(index, plan): (usize, &CardPlan)| {
        serials.get(&card_id(index)).map(|serial| (plan.person_key.clone(), serial.clone()))
    };
    Ok(plans.iter().enumerate().filter_map(by_person).collect())
}

fn demo_card(world: &World, index: usize, plan: &CardPlan) -> DemoCard {
    let person = world.people().iter().find(|person| person.key == plan.person_key);
    let span = person.and_then(|person| person.coverage_to_show(world.today()));
    let number = |read: fn(&madoguchi_model::insurance::InsuranceNumbers) -> String| {
        span.map_or_else(String::new, |span| read(&span.numbers))
    };
    DemoCard {
        id: card_id(index),
        name: shown(&plan.name),
        pin: plan.pin.clone(),
        story: plan.story.to_owned(),
        insurer_number: number(|numbers| numbers.insurer.padded()),
        symbol: number(|numbers| numbers.symbol.clone()),
        number: number(|numbers| numbers.number.clone()),
        branch: number(|numbers| numbers.branch.clone()),
        birthdate: person.map_or_else(String::new, |person| person.birthdate.to_string()),
    }
}

/// Cards are numbered in the drawer's order.
fn card_id(index: usize) -> String {
    format!("card-{:04}", index + 1)
}

async fn fill(
    service: &Service,
    world: &Arc<World>,
    institutions: &[DemoInstitution],
    serials: &HashMap<String, String>,
    bar: &ProgressBar,
) -> Outcome<()> {
    for institution in world.institutions() {
        service.put_institution(institution).await?;
    }
    // Hashing passwords is slow on purpose; on a second core it costs no time.
    tokio::try_join!(put_accounts(service, institutions), put_care(service, world, serials, bar))?;
    service.publish_notice(Audience::All, WELCOME_TITLE, WELCOME_TEXT).await?;
    Ok(())
}

async fn put_accounts(service: &Service, institutions: &[DemoInstitution]) -> Outcome<()> {
    for institution in institutions {
        service.put_given_accounts(&institution.code, given(&institution.accounts)?).await?;
    }
    Ok(())
}

/// The insured persons, then month by month what was done for them.
async fn put_care(
    service: &Service,
    world: &Arc<World>,
    serials: &HashMap<String, String>,
    bar: &ProgressBar,
) -> Outcome<()> {
    service.ingest_builtin_masters().await?;
    bar.set_position(10);
    let coverage = world.coverage_csv(|key| serials.get(key).cloned().unwrap_or_default());
    let report = service.ingest_coverage(coverage.into_bytes()).await?;
    if report.is_refused() || report.refused > 0 {
        return Err(Failure::new(format!("合成データの資格情報に誤りがあります：{}件", report.refused)));
    }
    let report = service.ingest_coverage(world.ticket_csv().into_bytes()).await?;
    if report.is_refused() {
        return Err(Failure::new(format!("合成データの医療券に誤りがあります：{}件", report.refused)));
    }
    bar.set_position(20);
    take_claims(service, world, bar).await?;
    let report = service.ingest_prescriptions(world.prescription_csv().into_bytes()).await?;
    if report.is_refused() || report.unattached > 0 {
        return Err(Failure::new(format!(
            "合成データの処方・調剤情報に誤りがあります：{}件",
            report.findings.issues.len()
        )));
    }
    put_checkups(service, world).await
}

/// All months of claims, on as many threads as there are cores: each file is known to be right.
async fn take_claims(service: &Service, world: &Arc<World>, bar: &ProgressBar) -> Outcome<()> {
    let months = u64::from(MONTHS.max(1));
    let made = Arc::clone(world);
    let files = world.request_months().collect::<Vec<_>>().into_iter();
    let mut files = files.flat_map(move |month| made.claim_texts_of(month));
    let next = move || {
        let file = files.next()?.encoded();
        Some(((file.file_name, file.request_month), ClaimsSource::Bytes(file.bytes)))
    };
    let (mut taken_months, mut failed) = (HashSet::new(), None);
    let report = |file: Reported<(String, Month)>| {
        let (name, month) = file.key;
        taken_months.insert(month);
        bar.set_position(20 + 75 * taken_months.len() as u64 / months);
        match file.report {
            Ok(report) if !report.is_refused() && report.refused == 0 => {}
            Ok(_) => failed = Some(Failure::new(format!("合成レセプト{name}が受け付けられませんでした"))),
            Err(refusal) => failed = Some(refusal.into()),
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    service.ingest_claims_files(next, ClaimsOptions::default(), threads, || {}, report).await?;
    failed.map_or(Ok(()), Err)
}

async fn put_checkups(service: &Service, world: &World) -> Outcome<()> {
    for package in world.checkup_packages() {
        let report = service.ingest_checkups(package.bytes).await?;
        if report.taken != package.documents as u64 {
            return Err(Failure::new(format!("合成した健診結果{}が受け付けられませんでした", package.file_name)));
        }
    }
    Ok(())
}

const WELCOME_TITLE: &str = "デモ環境のご案内";
const WELCOME_TEXT: &str = "このシステムの患者、医療機関等、保険者はすべて架空のものです。\n\
    「環境設定情報更新」で診療情報と手術情報を「利用する」に変更し、ログインし直すと、\
    カードリーダーで患者の同意を得てから、過去の診療・薬剤・手術情報を閲覧できます。";
