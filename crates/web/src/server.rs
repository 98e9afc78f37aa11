//! The server as a whole: two ports, the watcher of the certificates, and an orderly end.

use crate::call::App;
use crate::connection;
use crate::inspector::Exchanges;
use crate::rate::{RateLimits, Rates};
use crate::router::{Port, router};
use crate::tls::{LiveTrust, TlsFault};
use madoguchi_report::{NoJapaneseFont, Reports};
use madoguchi_service::Service;
use madoguchi_service::bulk::BulkWorkers;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Bulk files in memory at once: each is up to 30 MB as it comes, and more once it is read.
const LARGE_BODIES_MAX: usize = 8;

/// What a server is made of.
#[derive(Debug)]
pub struct ServerParts {
    /// The use-cases.
    pub service: Service,
    /// Maker of PDF files; without a Japanese font the PDF alone is refused.
    pub reports: Result<Reports, NoJapaneseFont>,
    /// Where the messages of institutions are kept to be looked at; only a demo has it.
    pub exchanges: Option<Exchanges>,
    /// Directory with `ca.pem`, `crl.pem`, `server.pem` and `server.key`; all are read again when they change.
    pub certificates: PathBuf,
    /// Where people connect; port 0 takes a free one.
    pub people: SocketAddr,
    /// Where programs connect; port 0 takes a free one.
    pub machine: SocketAddr,
    /// How much a program may ask.
    pub rates: RateLimits,
}

/// Starts servers.
#[derive(Debug)]
pub struct Server;

/// A server that answers.
#[derive(Debug)]
pub struct RunningServer {
    /// Where people connect.
    pub people: SocketAddr,
    /// Where programs connect.
    pub machine: SocketAddr,
    stop: watch::Sender<bool>,
    ports: Vec<JoinHandle<()>>,
    watcher: JoinHandle<()>,
    bulk: BulkWorkers,
}

/// Why a server does not start.
#[derive(Debug, Error)]
pub enum StartFault {
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// An address is in use or not ours.
    #[error("{address} で待ち受けできません（{error}）。使用中でないアドレスを指定してください")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        error: std::io::Error,
    },
}

impl Server {
    /// Reads the certificates, takes both addresses and answers from then on.
    ///
    /// # Errors
    /// [`StartFault`].
    pub async fn start(parts: ServerParts) -> Result<RunningServer, StartFault> {
        let trust = Arc::new(LiveTrust::load(&parts.certificates)?);
        let service = parts.service.clone();
        let app = App {
            service: parts.service,
            reports: parts.reports,
            exchanges: parts.exchanges,
            rates: Arc::new(Rates::new(parts.rates)),
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES_MAX)),
        };
        let (stop, stopped) = watch::channel(false);
        let mut addresses = Vec::with_capacity(2);
        let mut ports = Vec::with_capacity(2);
        for (port, address) in [(Port::People, parts.people), (Port::Machine, parts.machine)] {
            let fault = |error| StartFault::Address { address, error };
            let listener = TcpListener::bind(address).await.map_err(fault)?;
            addresses.push(listener.local_addr().map_err(fault)?);
            ports.push((listener, port));
        }
        let ports = ports
            .into_iter()
            .map(|(listener, port)| {
                tokio::spawn(connection::serve(listener, port, router(&app, port), trust.clone(), stopped.clone()))
            })
            .collect();
        let watcher = tokio::spawn(trust.watch());
        let bulk = service.start_bulk_workers();
        Ok(RunningServer { people: addresses[0], machine: addresses[1], stop, ports, watcher, bulk })
    }
}

impl RunningServer {
    /// Takes no more connections, lets running requests end (10 s at most), and returns.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        for port in self.ports {
            let _ = port.await;
        }
        self.watcher.abort();
        self.bulk.stop().await;
    }
}
