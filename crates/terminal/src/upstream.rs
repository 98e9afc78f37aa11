//! Connections to the server: TLS 1.3 with the institution's certificate, kept alive in a pool.
//!
//! One [`Upstream`] leads to one port of the server. It deliberately knows nothing of paths, cookies and messages.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use madoguchi_trust::pem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{ConfigFault, TerminalConfig};

/// TCP connection and TLS handshake together; a clerk waits no longer for 「つながりません」.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a refusal of the certificate may take to arrive after the handshake.
const REFUSAL_WAIT_MAX: Duration = Duration::from_secs(1);
/// Idle connections are given up a little before servers commonly do so.
const IDLE_MAX: Duration = Duration::from_secs(50);
const IDLE_CONNECTIONS_MAX: usize = 8;

/// Why the server gave no answer. No variant holds anything about a patient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpstreamFault {
    /// Nobody answers at the address.
    #[error("サーバに接続できません（{0}）")]
    Unreachable(String),
    /// Somebody answers, but not with a certificate of our CA.
    #[error("サーバの証明書を確認できません（{0}）")]
    ServerNotTrusted(String),
    /// The server refused our certificate in the handshake.
    #[error("サーバがこの端末の証明書を拒否しました（{0:?}）")]
    CertificateRefused(AlertDescription),
    /// The connection broke before the answer was whole.
    #[error("通信が途中で切れました（{0}）")]
    Broken(String),
    /// No answer within the time.
    #[error("サーバから時間内に応答がありません")]
    TimedOut,
}

/// One port of the server.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    authority: Authority,
    answer_wait_max: Duration,
}

/// The institution's certificate and the CA of the server, ready for connections.
pub(crate) fn tls_of(config: &TerminalConfig) -> Result<Arc<ClientConfig>, ConfigFault> {
    let identity = |error: rustls::Error| ConfigFault::Identity { detail: error.to_string() };
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(&config.ca)? {
        roots.add(CertificateDer::from(certificate)).map_err(identity)?;
    }
    let chain = pem::certificates(&config.client_certificate)?.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(pem::private_key(&config.client_key)?)
        .map_err(|detail| ConfigFault::Identity { detail: detail.to_owned() })?;
    let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(identity)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(identity)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
}

impl Upstream {
    /// Nothing connects before the first request.
    pub(crate) fn new(
        authority: Authority,
        tls: Arc<ClientConfig>,
        answer_wait_max: Duration,
    ) -> Result<Self, ConfigFault> {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name =
            ServerName::try_from(host.clone()).map_err(|_| ConfigFault::Server { found: authority.to_string() })?;
        let port = authority.port_u16().unwrap_or(443);
        let connector = Connector { host: host.into(), port, name, tls: TlsConnector::from(tls) };
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector.clone());
        Ok(Self { client, connector, authority, answer_wait_max })
    }

    /// `host:port` of the server, as it stands in its own addresses.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The server's address for a path.
    pub(crate) fn uri(&self, path: PathAndQuery) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).unwrap_or_default()
    }

    /// Sends one request and waits for the head of its answer; the body follows as it comes.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, UpstreamFault> {
        match timeout(self.answer_wait_max, self.client.request(request)).await {
            Err(_) => Err(UpstreamFault::TimedOut),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(match in_chain::<UpstreamFault>(&error) {
                Some(fault) => fault.clone(),
                None => self.why(deepest(&error)).await,
            }),
        }
    }

    /// In TLS 1.3 the server looks at our certificate after our side of the handshake is done, and HTTP/2 hides the alert
    /// behind "connection closed": so this asks once more and listens for nothing but the alert.
    async fn why(&self, seen: String) -> UpstreamFault {
        self.connector.refusal().await.unwrap_or(UpstreamFault::Broken(seen))
    }
}

/// Opens connections to the one address that it was made for, whatever the request's address is.
#[derive(Clone)]
struct Connector {
    host: Arc<str>,
    port: u16,
    name: ServerName<'static>,
    tls: TlsConnector,
}

impl Connector {
    async fn connect(self) -> Result<TlsStream<TcpStream>, UpstreamFault> {
        let opened = timeout(CONNECT_WAIT_MAX, async {
            let tcp = TcpStream::connect((&*self.host, self.port))
                .await
                .map_err(|error| UpstreamFault::Unreachable(error.to_string()))?;
            // Small requests should not wait for each other's acknowledgement; without it they are only slower.
            let _ = tcp.set_nodelay(true);
            self.tls.connect(self.name.clone(), tcp).await.map_err(|error| tls_fault(&error))
        });
        opened.await.unwrap_or_else(|_| Err(UpstreamFault::Unreachable("時間切れ".into())))
    }

    /// Whether the server refuses our certificate.
    async fn refusal(&self) -> Option<UpstreamFault> {
        let mut stream = match self.clone().connect().await {
            Ok(stream) => stream,
            Err(fault) => return Some(fault),
        };
        let error = timeout(REFUSAL_WAIT_MAX, stream.read_u8()).await.ok()?.err()?;
        match tls_fault(&error) {
            refused @ UpstreamFault::CertificateRefused(_) => Some(refused),
            _ => None,
        }
    }
}

impl tower::Service<Uri> for Connector {
    type Response = Tls;
    type Error = UpstreamFault;
    type Future = Pin<Box<dyn Future<Output = Result<Tls, UpstreamFault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), UpstreamFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.clone().connect();
        Box::pin(async { connecting.await.map(|stream| Tls(TokioIo::new(stream))) })
    }
}

/// What went wrong in TLS, by the alert or the verifier's verdict.
fn tls_fault(error: &std::io::Error) -> UpstreamFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) if is_certificate_alert(*alert) => {
            UpstreamFault::CertificateRefused(*alert)
        }
        Some(verdict @ rustls::Error::InvalidCertificate(_)) => UpstreamFault::ServerNotTrusted(verdict.to_string()),
        Some(other) => UpstreamFault::Broken(other.to_string()),
        None => UpstreamFault::Broken(error.to_string()),
    }
}

fn is_certificate_alert(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate
    )
}

fn in_chain<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and what is behind it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// A TLS stream that tells the pool whether HTTP/2 was agreed.
struct Tls(TokioIo<TlsStream<TcpStream>>);

impl Connection for Tls {
    fn connected(&self) -> Connected {
        match self.0.inner().get_ref().1.alpn_protocol() {
            Some(b"h2") => Connected::new().negotiated_h2(),
            _ => Connected::new(),
        }
    }
}

impl hyper::rt::Read for Tls {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Tls {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
