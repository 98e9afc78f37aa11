//! A stand-in for the server: TLS 1.3 with mandatory client certificates, answers by a function, requests kept.
//! And a browser of a few lines that shows what really goes over the loopback wire.

pub mod office;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use madoguchi_terminal::{RunningTerminal, Terminal, TerminalConfig};
use madoguchi_trust::{
    CardAuthority, CardRequest, CertificateDirectory, IssueRequest, RevocationReason, RevokeTarget, pem,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub const CODE: &str = "1312345678";

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    /// The same, as it came.
    pub bytes: Bytes,
}

pub type Answer = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

/// One directory with everything that a terminal needs.
pub struct World {
    pub folder: tempfile::TempDir,
    certificates: CertificateDirectory,
    client: (PathBuf, PathBuf),
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

/// An answer as the browser saw it.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificates = CertificateDirectory::init(&folder.path().join("ca"), &["localhost".into()], now()).unwrap();
        let client = issue(&certificates);
        Self { folder, certificates, client, seen: Arc::default() }
    }

    pub fn revoke_client(&self) {
        self.certificates.revoke(RevokeTarget::File(&self.client.0), RevocationReason::KeyCompromise, now()).unwrap();
    }

    /// A client certificate of somebody else's CA.
    pub fn with_foreign_client(&mut self) {
        let foreign =
            CertificateDirectory::init(&self.folder.path().join("foreign"), &["localhost".into()], now()).unwrap();
        self.client = issue(&foreign);
    }

    pub fn card(&self, id: &str, name: &str, pin: &str) -> PathBuf {
        let ca = self.folder.path().join("card-ca");
        let authority =
            if CardAuthority::exists(&ca) { CardAuthority::open(&ca) } else { CardAuthority::init(&ca, now()) };
        let request = CardRequest {
            card_id: id.into(),
            name: name.into(),
            pin: pin.into(),
            not_before: now() - 60,
            not_after: now() + 86_400,
            story: "試験用".into(),
        };
        let path = self.cards().join(format!("{id}.json"));
        authority.unwrap().issue_card(&request).unwrap().save(&path).unwrap();
        path
    }

    pub fn cards(&self) -> PathBuf {
        let folder = self.folder.path().join("cards");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub fn config(&self, server: SocketAddr) -> TerminalConfig {
        let server = format!("localhost:{}", server.port());
        TerminalConfig {
            institution: CODE.into(),
            listen: "127.0.0.1:0".parse().unwrap(),
            server: server.clone(),
            api: server,
            ca: self.certificates.ca_pem(),
            client_certificate: self.client.0.clone(),
            client_key: self.client.1.clone(),
            viewer: false,
            cards: Some(self.cards()),
            reader: None,
            folders: None,
        }
    }

    pub async fn terminal(&self, server: SocketAddr) -> RunningTerminal {
        Terminal::start(self.config(server)).await.unwrap()
    }

    /// Serves with the revocation list as it is now.
    pub async fn serve(&self, answer: impl Fn(Seen) -> Answer + Send + Sync + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(self.tls()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&self.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, seen) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                        async move {
                            let request = taken(request).await;
                            seen.lock().unwrap().push(request.clone());
                            Ok::<_, std::convert::Infallible>(answer(request).await)
                        }
                    });
                    let _ =
                        auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        address
    }

    fn tls(&self) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in chain(&self.certificates.ca_pem()) {
            roots.add(certificate).unwrap();
        }
        let revoked = CertificateRevocationListDer::from(pem::revocation_list(&self.certificates.crl_pem()).unwrap());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .with_crls([revoked])
            .build()
            .unwrap();
        let key = PrivateKeyDer::try_from(pem::private_key(&self.certificates.server_key()).unwrap()).unwrap();
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain(&self.certificates.server_pem()), key)
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        tls
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn chain(path: &Path) -> Vec<CertificateDer<'static>> {
    pem::certificates(path).unwrap().into_iter().map(CertificateDer::from).collect()
}

fn issue(directory: &CertificateDirectory) -> (PathBuf, PathBuf) {
    let request = IssueRequest {
        institution_code: CODE.into(),
        institution_name: "見本病院".into(),
        label: "01".into(),
        days: 30,
        p12_password: None,
        now: now(),
    };
    let files = directory.issue(&request).unwrap();
    (files.certificate, files.key)
}

async fn taken(request: Request<Incoming>) -> Seen {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    }
}

pub fn answered(response: http::response::Builder, body: impl Into<Bytes>) -> Answer {
    let response = response.body(Full::new(body.into())).unwrap();
    Box::pin(async move { response })
}

pub fn json(status: u16, body: &serde_json::Value) -> Answer {
    answered(Response::builder().status(status), body.to_string())
}

/// One request over a connection of its own.
pub async fn fetch(at: SocketAddr, request: http::request::Builder, body: impl Into<Bytes>) -> Page {
    let stream = TcpStream::connect(at).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    Page { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&text).into_owned() }
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
