//! Connections: accept, TLS handshake, who is at the other end, then HTTP/1.1 or HTTP/2.
//!
//! The client certificate is read once per connection; whether it still counts is asked at every request. Every step has a bound: connections in all,
//! time for the handshake, time for a request's head, streams of one connection.

use crate::problem::Problem;
use crate::router::Port;
use crate::tls::LiveTrust;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::TryFutureExt;
use http::Version;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_service::Terminal;
use madoguchi_trust::PeerIdentity;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

/// Open connections of one port at most: each costs some tens of kilobytes.
const CONNECTIONS_MAX: usize = 8_192;
/// Those of them that showed no certificate: they get one page that says so, and no share of the others' places.
const UNCERTIFIED_MAX: usize = 256;
/// How long a connection without a certificate lives, whatever it does.
const UNCERTIFIED_TIME_MAX: Duration = Duration::from_secs(60);
/// A handshake is two round trips; whoever needs longer is not a terminal on this network.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for a request's head on HTTP/1.1; it also ends idle keep-alive connections.
const HEAD_TIME_MAX: Duration = Duration::from_secs(60);
/// Time that running requests have at a shutdown.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Bytes of a request's head.
const HEAD_BYTES_MAX: u32 = 16 * 1024;
/// Wait after a failed accept (out of file descriptors), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection, in the extensions of each of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    certified: Option<Certified>,
    trust: Arc<LiveTrust>,
}

/// What the certificate of a connection says.
#[derive(Debug, Clone)]
struct Certified {
    terminal: Terminal,
    /// Its last second (Unix seconds).
    expires_at: i64,
}

impl Peer {
    /// The terminal, unless it has no certificate or its certificate was revoked or ended in the meantime.
    pub(crate) fn terminal(&self) -> Result<Terminal, Problem> {
        let Certified { terminal, expires_at } = self.certified.clone().ok_or(Problem::NoCertificate)?;
        if self.trust.is_revoked(&terminal.serial) {
            return Err(Problem::RevokedCertificate);
        }
        if unix_now() > expires_at {
            return Err(Problem::ExpiredCertificate);
        }
        Ok(terminal)
    }
}

/// How long a connection may live, and the place that it takes among those without a certificate.
enum Limit {
    None,
    Uncertified { _place: OwnedSemaphorePermit, time_max: Duration },
}

impl Limit {
    /// `Err` when too many are here without a certificate: this one is closed at once.
    fn of(peer: &Peer, uncertified: &Arc<Semaphore>) -> Result<Self, TryAcquireError> {
        if peer.certified.is_some() {
            return Ok(Self::None);
        }
        let place = uncertified.clone().try_acquire_owned()?;
        Ok(Self::Uncertified { _place: place, time_max: UNCERTIFIED_TIME_MAX })
    }

    /// Runs a connection to its end, or `None` when its time is over first.
    async fn hold<T>(self, connection: impl Future<Output = T>) -> Option<T> {
        match self {
            Self::None => Some(connection.await),
            Self::Uncertified { _place, time_max } => tokio::time::timeout(time_max, connection).await.ok(),
        }
    }
}

/// Accepts connections until `stop` says so, then lets running requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    port: Port,
    router: Router,
    trust: Arc<LiveTrust>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let uncertified = Arc::new(Semaphore::new(UNCERTIFIED_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let (place, socket) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (router, trust, watcher) = (router.clone(), trust.clone(), graceful.watcher());
        let uncertified = uncertified.clone();
        tokio::spawn(async move {
            let _place = place;
            let Some(stream) = shake_hands(socket, port, &trust).await else { return };
            let Some(peer) = peer(&stream, trust) else { return };
            let Ok(limit) = Limit::of(&peer, &uncertified) else { return };
            let service = service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(peer.clone());
                let has_body = request.version() < Version::HTTP_2 && !request.body().is_end_stream();
                let answer = router.clone().oneshot(request.map(axum::body::Body::new) as Request);
                answer.map_ok(move |answer| closing(answer, has_body))
            });
            let builder = builder();
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            if let Some(Err(error)) = limit.hold(watcher.watch(connection)).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(SHUTDOWN_TIME_MAX, graceful.shutdown()).await;
}

/// A refusal may come before the body was read, and then the connection ends: the client must know that. HTTP/2 has a
/// word of its own for it.
fn closing(mut answer: Response, has_body: bool) -> Response {
    if has_body && answer.status().is_client_error() {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (Option<OwnedSemaphorePermit>, TcpStream) {
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((socket, _)) => return (place, socket),
            Err(error) => tracing::warn!(%error, "accept"),
        }
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn shake_hands(socket: TcpStream, port: Port, trust: &LiveTrust) -> Option<TlsStream<TcpStream>> {
    let _ = socket.set_nodelay(true);
    let acceptor = TlsAcceptor::from(trust.config(port));
    match tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::info!(?port, %error, "handshake refused");
            None
        }
        Err(_) => None,
    }
}

/// `None` for a certificate of our CA that names no institution: nothing can be said to its holder.
fn peer(stream: &TlsStream<TcpStream>, trust: Arc<LiveTrust>) -> Option<Peer> {
    let Some(certificate) = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()) else {
        return Some(Peer { certified: None, trust });
    };
    let identity = PeerIdentity::from_der(certificate)
        .map_err(|fault| tracing::warn!(%fault, "client certificate names no institution"))
        .ok()?;
    let institution = InstitutionCode::parse(&identity.institution_code)
        .map_err(|fault| tracing::warn!(%fault, "client certificate names no institution"))
        .ok()?;
    let terminal = Terminal { institution, serial: identity.serial };
    Some(Peer { certified: Some(Certified { terminal, expires_at: identity.expires_at }), trust })
}

/// The machine's clock, as the handshake asks it; a clock before 1970 counts as the end of all certificates.
fn unix_now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|passed| i64::try_from(passed.as_secs()).ok()).unwrap_or(i64::MAX)
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX as usize)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .keep_alive_interval(HEAD_TIME_MAX)
        .keep_alive_timeout(HANDSHAKE_TIME_MAX);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_connection_without_a_certificate_is_cut_off_and_gives_its_place_back() {
        let places = Arc::new(Semaphore::new(1));
        let time_max = Duration::from_millis(20);
        let longer = || tokio::time::sleep(time_max * 5);
        let uncertified = || Limit::Uncertified { _place: places.clone().try_acquire_owned().unwrap(), time_max };
        assert_eq!(uncertified().hold(longer()).await, None);
        assert_eq!(uncertified().hold(async {}).await, Some(()));
        assert_eq!(Limit::None.hold(longer()).await, Some(()));
        assert_eq!(places.available_permits(), 1);
    }
}
