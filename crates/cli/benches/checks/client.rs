//! A client that costs as little as possible: HTTP/1.1 over mutual TLS on one open connection, bytes in, bytes out.

use madoguchi_trust::pem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where to connect, and with which certificate.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    tls: TlsConnector,
}

/// One open connection.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

/// Status and body of an answer; the body lives in the connection's buffer.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Door {
    pub(crate) fn new(address: SocketAddr, authority: &Path, certificate: &Path, key: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in pem::certificates(authority).unwrap() {
            roots.add(CertificateDer::from(certificate)).unwrap();
        }
        let chain = pem::certificates(certificate).unwrap().into_iter().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::try_from(pem::private_key(key).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        Self { address, tls: TlsConnector::from(Arc::new(config)) }
    }

    /// The same certificate at another address.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, tls: self.tls.clone() }
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let stream = self.tls.connect(name, socket).await?;
        Ok(Connection { stream, buffer: Vec::with_capacity(64 * 1024) })
    }
}

impl Connection {
    /// Sends the request's bytes and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let (status, head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let text = std::str::from_utf8(&self.buffer[..end]).map_err(io::Error::other)?;
                break (status(text), end + 4, content_length(text)?);
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Reply { status, body: &self.buffer[head..head + length] })
    }

    /// Sends the request's bytes and reads the head of the answer alone.
    pub(crate) async fn head(&mut self, request: &[u8]) -> io::Result<String> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        while self.stream.read_buf(&mut self.buffer).await? > 0 {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(String::from_utf8_lossy(&self.buffer[..end]).into_owned());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn content_length(head: &str) -> io::Result<usize> {
    let field = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    field.ok_or_else(|| io::Error::other("an answer without Content-Length"))
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}").into_bytes()
}
