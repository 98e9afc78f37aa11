//! A small HTTP/1.1 client over TLS, with or without a client certificate.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use madoguchi_trust::{IssuedFiles, pem};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Whom the server is taken for and what is shown to it.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
}

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Certificate that the server showed.
    pub(crate) server_certificate: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(authority: &Path, identity: Option<&IssuedFiles>) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in pem::certificates(authority).unwrap() {
            roots.add(CertificateDer::from(certificate)).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(files) => builder.with_client_auth_cert(chain(&files.certificate), key(&files.key)).unwrap(),
        };
        Self { config: Arc::new(config) }
    }

    /// `Err` when the server refuses the handshake. With TLS 1.3 a client learns that at its first reading.
    pub(crate) async fn connect(&self, address: SocketAddr) -> std::io::Result<Connection> {
        let socket = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(self.config.clone()).connect(name, socket).await?;
        let server_certificate = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(Connection { sender, server_certificate })
    }

    /// One request over HTTP/2, as browsers send it.
    pub(crate) async fn send_by_http2(&self, address: SocketAddr, path: &str) -> (StatusCode, http::Version) {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let socket = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = request(Method::GET, &format!("https://localhost{path}"));
        let response: http::Response<hyper::body::Incoming> = sender.send_request(request).await.unwrap();
        (response.status(), response.version())
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, address: SocketAddr, request: Request<Full<Bytes>>) -> std::io::Result<Answer> {
        self.connect(address).await?.send(request).await
    }
}

impl Connection {
    pub(crate) async fn send(&mut self, mut request: Request<Full<Bytes>>) -> std::io::Result<Answer> {
        request.headers_mut().entry("host").or_insert("localhost".parse().unwrap());
        self.sender.ready().await.map_err(std::io::Error::other)?;
        let response = self.sender.send_request(request).await.map_err(std::io::Error::other)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes().to_vec();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request without a body.
pub(crate) fn request(method: Method, path: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(path).body(Full::default()).unwrap()
}

fn chain(path: &Path) -> Vec<CertificateDer<'static>> {
    pem::certificates(path).unwrap().into_iter().map(CertificateDer::from).collect()
}

fn key(path: &Path) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(pem::private_key(path).unwrap()).unwrap()
}
