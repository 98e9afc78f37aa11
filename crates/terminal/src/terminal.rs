//! The terminal as a running thing: one loopback listener, told apart by the Host header.
//!
//! A page of another site can reach a loopback port under a name of its own (DNS rebinding); therefore every request whose
//! Host is not exactly one of this terminal's names is refused before anything else is looked at.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::config::{ConfigFault, TerminalConfig, server_authority};
use crate::folder::FolderAgent;
use crate::gateway::Gateway;
use crate::kiosk::Kiosk;
use crate::notice::Notice;
use crate::reader::Reader;
use crate::upstream::{Upstream, tls_of};

/// Browsers of one desk; each opens at most six connections per host name.
const CONNECTIONS_MAX: usize = 256;
/// A browser on the same machine sends its request's head at once.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long open answers may take to end at shutdown.
const SHUTDOWN_WAIT_MAX: Duration = Duration::from_secs(3);
/// A screen may contain a report that takes seconds to set.
const SCREEN_WAIT_MAX: Duration = Duration::from_secs(60);
/// A patient stands before the kiosk.
const READER_WAIT_MAX: Duration = Duration::from_secs(10);
/// A request of the folder agent may have a report set; the agent asks again after so long.
const AGENT_WAIT_MAX: Duration = Duration::from_secs(30);

/// The institution's terminal (資格確認端末).
#[derive(Debug)]
pub struct Terminal;

/// A terminal that serves until it is shut down or dropped.
#[derive(Debug)]
pub struct RunningTerminal {
    address: SocketAddr,
    screen_host: String,
    kiosk_host: Option<String>,
    agent: Option<FolderAgent>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Terminal {
    /// Reads the certificate files and begins to listen. The server is not needed yet.
    ///
    /// # Errors
    /// [`ConfigFault`] names the setting that does not work.
    pub async fn start(config: TerminalConfig) -> Result<RunningTerminal, ConfigFault> {
        config.check()?;
        let tls = tls_of(&config)?;
        let screens = Upstream::new(server_authority(&config.server)?, Arc::clone(&tls), SCREEN_WAIT_MAX)?;
        let machines = Upstream::new(server_authority(&config.api)?, Arc::clone(&tls), READER_WAIT_MAX)?;
        let agents = Upstream::new(server_authority(&config.api)?, tls, AGENT_WAIT_MAX)?;

        let listen_fault = |source| ConfigFault::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_fault)?;
        let address = listener.local_addr().map_err(listen_fault)?;

        // Rung when somebody has passed the reader, so that the result is in the folder at once.
        let bell = Arc::new(Notify::new());
        let folders = config.folders.as_ref().filter(|_| !config.viewer);
        let agent = folders.map(|folders| FolderAgent::start(folders, &config.institution, agents, Arc::clone(&bell)));
        let agent = agent.transpose()?;
        let desk = Arc::new(Desk {
            port: address.port(),
            screen_host: config.screen_host(),
            gateway: Gateway::new(screens, &config.institution),
            kiosk: config.kiosk_host().map(|host| {
                let reader = Reader::new(machines, config.reader.clone());
                KioskAt { host, kiosk: Kiosk::new(reader, config.cards.clone(), bell) }
            }),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, desk, stopped));
        let (screen_host, kiosk_host) = (config.screen_host(), config.kiosk_host());
        Ok(RunningTerminal { address, screen_host, kiosk_host, agent, stop, serving })
    }
}

impl RunningTerminal {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the server's screens, for the browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}/", self.screen_host, self.address.port())
    }

    /// The address of the kiosk page; a viewer terminal has none.
    #[must_use]
    pub fn kiosk_url(&self) -> Option<String> {
        self.kiosk_host.as_ref().map(|host| format!("http://{host}:{}/", self.address.port()))
    }

    /// Stops listening and waits a moment for open answers.
    pub async fn shutdown(self) {
        // A serving task that has ended already needs no stopping.
        let _ = self.stop.send(());
        let _ = self.serving.await;
        if let Some(agent) = self.agent {
            agent.shutdown().await;
        }
    }
}

/// What stands behind the listener.
struct Desk {
    port: u16,
    screen_host: String,
    gateway: Gateway,
    kiosk: Option<KioskAt>,
}

struct KioskAt {
    host: String,
    kiosk: Kiosk,
}

async fn serve(listener: TcpListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    let open = GracefulShutdown::new();
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: let some connections end first.
                tracing::warn!(%error, "no connection accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
        let connection = open.watch(connection(stream, Arc::clone(&desk)));
        tokio::spawn(async move {
            // A browser that goes away in the middle is no event.
            let _ = connection.await;
            drop(seat);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(SHUTDOWN_WAIT_MAX, open.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    desk: Arc<Desk>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let desk = Arc::clone(&desk);
                async move { Ok::<_, Infallible>(desk.answer(request).await) }
            }),
        )
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let Some(host) = only_host(&request) else { return self.wrong_host().page() };
        if self.is_named(&host, &self.screen_host) {
            return self.gateway.answer(request, &host).await;
        }
        match &self.kiosk {
            Some(at) if self.is_named(&host, &at.host) => at.kiosk.answer(request, &host).await,
            _ => self.wrong_host().page(),
        }
    }

    /// `name` or `name:port`; without a port browsers mean 80.
    fn is_named(&self, host: &str, name: &str) -> bool {
        match host.split_once(':') {
            Some((host, port)) => host == name && port == self.port.to_string(),
            None => host == name,
        }
    }

    fn wrong_host(&self) -> Notice {
        let names = std::iter::once(&self.screen_host).chain(self.kiosk.iter().map(|at| &at.host));
        Notice::WrongHost(names.map(|name| format!("http://{name}:{}/", self.port)).collect())
    }
}

/// The Host header in small letters, if there is exactly one.
fn only_host(request: &Request<Incoming>) -> Option<String> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?.to_ascii_lowercase();
    hosts.next().is_none().then_some(host)
}
