//! `madoguchi institution`: which institutions exist.

use super::Place;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand, ValueEnum};
use madoguchi_model::code::UrlKind;
use madoguchi_model::day::Day;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_store::Store;

/// Name of the audit chain under which these verbs write.
const PROCESS: &str = "operator";

/// What to do with institutions.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Register an institution, or change what is registered
    Put(Put),
    /// Register the address at which patients open the reception of 訪問診療等 or オンライン診療等, or forget it
    AccessUrl(AccessUrl),
    /// List all institutions
    List(List),
}

/// Arguments of `institution access-url`.
#[derive(Debug, Args)]
pub(crate) struct AccessUrl {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード
    #[arg(long)]
    code: String,
    /// For which patients
    #[arg(long, value_enum)]
    kind: Patients,
    /// The address, `https://…`; without it, the registered one is forgotten
    #[arg(long)]
    url: Option<String>,
}

/// Whose reception it is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Patients {
    /// 訪問診療等
    HomeVisit,
    /// オンライン診療等
    Online,
}

/// Arguments of `institution put`.
#[derive(Debug, Args)]
pub(crate) struct Put {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード
    #[arg(long)]
    code: String,
    /// 医療機関名
    #[arg(long)]
    name: String,
    /// It is a hospital (病院)
    #[arg(long)]
    hospital: bool,
    /// 開設年月日, YYYYMMDD
    #[arg(long)]
    opened: String,
    /// 廃止年月日, YYYYMMDD
    #[arg(long)]
    abolished: Option<String>,
}

/// Arguments of `institution list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
}

/// Runs the verb.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Put(arguments) => put(arguments).await,
        Verb::AccessUrl(arguments) => access_url(arguments).await,
        Verb::List(arguments) => list(arguments).await,
    }
}

async fn put(arguments: Put) -> Outcome<()> {
    let institution = Institution {
        code: InstitutionCode::parse(&arguments.code).map_err(Failure::usage)?,
        name: arguments.name,
        hospital: arguments.hospital,
        opened_on: Day::parse(&arguments.opened, "開設年月日").map_err(Failure::usage)?,
        abolished_on: match arguments.abolished {
            Some(text) => Some(Day::parse(&text, "廃止年月日").map_err(Failure::usage)?),
            None => None,
        },
    };
    if !institution.code.has_valid_check_digit() {
        output::note("注意：医療機関コードの検証番号が合いません。");
    }
    let service = arguments.place.service(PROCESS).await?;
    let put = service.put_institution(&institution).await;
    service.store().close().await;
    Ok(put?)
}

async fn access_url(arguments: AccessUrl) -> Outcome<()> {
    let code = InstitutionCode::parse(&arguments.code).map_err(Failure::usage)?;
    let kind = match arguments.kind {
        Patients::HomeVisit => UrlKind::HomeVisit,
        Patients::Online => UrlKind::Online,
    };
    let service = arguments.place.service(PROCESS).await?;
    let put = service.put_access_url(&code, kind, arguments.url).await;
    service.store().close().await;
    Ok(put?)
}

async fn list(arguments: List) -> Outcome<()> {
    let store = Store::open_to_read(&arguments.place.database()?).await?;
    for institution in store.read().institutions().await? {
        let closed = institution.abolished_on.map_or_else(|| "----/--/--".to_owned(), Day::slashed);
        let (code, kind) = (&institution.code, institution.kind().label());
        output::line(format!("{code} {kind} {}～{closed} {}", institution.opened_on.slashed(), institution.name));
    }
    Ok(())
}
