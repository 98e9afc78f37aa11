//! `madoguchi serve`: the central server.

use super::audit::head_signer_beside;
use super::{Limits, Place, StopSignals, keep_tidy, open_service};
use crate::demo::state::STATE_FILE;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_model::release::ReleaseRule;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_service::Service;
use madoguchi_service::audit::{HeadSigner, SIGN_SECONDS};
use madoguchi_store::{ProcessName, Store};
use madoguchi_trust::card_trust::CardTrust;
use madoguchi_web::{Server, ServerParts};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing::{info, warn};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Address for people's browsers and terminals
    #[arg(long, env = "MADOGUCHI_PEOPLE", default_value = "0.0.0.0:8443")]
    people: SocketAddr,
    /// Address for machines
    #[arg(long, env = "MADOGUCHI_MACHINES", default_value = "0.0.0.0:8444")]
    machines: SocketAddr,
    /// Name of this process: its audit chain; each process over one database has its own
    #[arg(long, env = "MADOGUCHI_PROCESS", default_value = "server-1")]
    process: String,
    /// Day of the following month from which a month of care can be seen
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u8).range(1..=28))]
    release_day: u8,
    /// Months that a month of care stays visible
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i32).range(1..=120))]
    window_months: i32,
    /// Folder with the fonts of reports; by default the system's
    #[arg(long, env = "MADOGUCHI_FONTS")]
    fonts: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

/// Serves until told to stop.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let place = &arguments.place;
    if place.directory.join(STATE_FILE).exists() {
        return Err(Failure::usage(format!(
            "{}：デモのディレクトリです。パスワードと暗証番号が平文で置かれているため、serveでは使えません",
            place.directory.display()
        )));
    }
    let store = Store::open(&place.database()?, ProcessName::parse(&arguments.process)?).await?;
    let release = ReleaseRule { day_of_next_month: arguments.release_day, window_months: arguments.window_months };
    let signer = head_signer_beside(&store, &place.audit()).await?;
    let service = open_service(store, &place.cards(), 0, release).await?;
    service.note_start().await?;
    let fonts = arguments.fonts.clone().map_or_else(FontChoice::system, FontChoice::folder_first);
    let reports = Reports::new(&fonts);
    if let Err(missing) = &reports {
        warn!("{missing}");
    }
    let parts = ServerParts {
        service: service.clone(),
        reports,
        exchanges: None,
        certificates: place.certificates(),
        people: arguments.people,
        machine: arguments.machines,
        rates: arguments.limits.rates(),
    };
    let signals = StopSignals::listen()?;
    let server = Server::start(parts).await.map_err(Failure::new)?;
    info!(people = %server.people, machines = %server.machine, "serving");
    output::note(format!("受付を開始しました。画面：{}　機械：{}", server.people, server.machine));
    watch(&service, &signer, place.cards(), signals).await;
    server.shutdown().await;
    Ok(service.stop(Some(&signer)).await?)
}

/// Signs heads, takes card revocations up and removes what is kept for a day only, until a signal comes.
async fn watch(service: &Service, signer: &HeadSigner, cards: PathBuf, mut signals: StopSignals) {
    let mut every = tokio::time::interval(Duration::from_secs(SIGN_SECONDS));
    let mut tidying = std::pin::pin!(keep_tidy(service));
    loop {
        tokio::select! {
            () = signals.told() => return,
            never = &mut tidying => match never {},
            _ = every.tick() => {
                if let Err(refusal) = service.sign_head(signer).await {
                    warn!(code = refusal.reason.code(), detail = refusal.detail, "the audit head was not signed");
                }
                match CardTrust::load(&cards) {
                    Ok(cards) => service.replace_cards(cards),
                    Err(error) => warn!("the card authority could not be read again: {error}"),
                }
            }
        }
    }
}
