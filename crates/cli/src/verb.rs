//! The verbs, one file each.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod capacity;
pub(crate) mod cert;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod ingest;
pub(crate) mod institution;
mod kind;
pub(crate) mod load;
pub(crate) mod migrate;
pub(crate) mod notice;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod synth;
pub(crate) mod terminal;

use crate::demo::state::State;
use crate::failure::{Failure, Outcome};
use clap::Args;
use madoguchi_model::release::ReleaseRule;
use madoguchi_service::{Clock, Service, ServiceParts, audit::newest_entry_time, tidy::TIDY_SECONDS};
use madoguchi_store::{DatabaseUrl, Limits as StoreLimits, ProcessName, Store};
use madoguchi_trust::card_trust::CardTrust;
use madoguchi_web::RateLimits;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;

/// Where a deployment keeps its files and its records.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Directory with `certificates/`, `cards-ca/` and `audit/`. A demo's directory works too, but not
    /// for `serve`
    #[arg(long = "dir", env = "MADOGUCHI_DIR", default_value = "demo")]
    pub(crate) directory: PathBuf,
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`; by default what the demo uses, or
    /// `madoguchi.db` in the directory
    #[arg(long, env = "MADOGUCHI_DATABASE")]
    pub(crate) database: Option<String>,
}

/// How much programs may ask.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Limits {
    /// Requests that one account's program may send in a second; an institution may send twice as many
    #[arg(long, env = "MADOGUCHI_REQUESTS_PER_SECOND", default_value_t = RateLimits::ACCOUNT_PER_SECOND, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests_per_second: u32,
}

impl Limits {
    pub(crate) fn rates(self) -> RateLimits {
        RateLimits::of_account(self.requests_per_second)
    }
}

impl Place {
    /// Certificates of the server and of institutions.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.directory.join("certificates")
    }

    /// The authority whose cards are accepted.
    pub(crate) fn cards(&self) -> PathBuf {
        self.directory.join("cards-ca")
    }

    /// The key and the newest heads of the audit log.
    pub(crate) fn audit(&self) -> PathBuf {
        self.directory.join("audit")
    }

    /// The database, from the option, the demo's state or the directory.
    pub(crate) fn database(&self) -> Outcome<DatabaseUrl> {
        let text = match (&self.database, State::load(&self.directory)?) {
            (Some(given), _) => given.clone(),
            (None, Some(state)) => state.database,
            (None, None) => format!("sqlite:{}", self.directory.join("madoguchi.db").display()),
        };
        database_url(&text)
    }

    /// A service for a verb beside a running server, writing as the process of this name. The server goes first.
    pub(crate) async fn service(&self, process: &str) -> Outcome<Service> {
        let state = State::load(&self.directory)?;
        let limits = StoreLimits { gives_way: true, writer_cache_mib: 128, ..StoreLimits::default() };
        let store = Store::open_with(&self.database()?, ProcessName::parse(process)?, limits).await?;
        open_service(store, &self.cards(), state.map_or(0, |state| state.offset_micros), ReleaseRule::default()).await
    }
}

/// Reads `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
pub(crate) fn database_url(text: &str) -> Outcome<DatabaseUrl> {
    Ok(text.parse::<DatabaseUrl>()?)
}

/// Puts a service together over an open store.
pub(crate) async fn open_service(
    store: Store,
    cards: &Path,
    offset_micros: i64,
    release: ReleaseRule,
) -> Outcome<Service> {
    let newest = newest_entry_time(&store).await?;
    let clock = Clock::new(offset_micros, newest);
    let cards = CardTrust::load(cards).map_err(Failure::new)?;
    Ok(Service::new(ServiceParts { store, clock, cards, release }))
}

/// Seconds since 1970 by the machine's clock, for TLS certificates.
pub(crate) fn machine_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Removes what is over, at once and then from time to time; it never ends.
pub(crate) async fn keep_tidy(service: &Service) -> Infallible {
    let mut every = tokio::time::interval(Duration::from_secs(TIDY_SECONDS));
    loop {
        every.tick().await;
        if let Err(refusal) = service.remove_over().await {
            warn!(code = refusal.reason.code(), detail = refusal.detail, "what is over was not removed");
        }
    }
}

/// Ctrl-C and the termination signal. They are heard from when this is made, so it is made before anybody is told that the
/// program is ready: else whoever stops it at once would break it off.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    pub(crate) fn listen() -> Outcome<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for one of them.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
