//! A client that costs as little as possible: HTTP/1.1 over mutual TLS on one open connection, bytes in, bytes out.

use crate::fault::LoadFault;
use madoguchi_trust::pem;
use memchr::memmem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Bytes of a head at most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a body at most: the largest is a page of a thousand patients.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A kept connection that has rested so long may have been closed in good order, as servers do after a minute or so. One
/// that closes sooner was hung up.
const RESTED: Duration = Duration::from_secs(5);

/// Where to connect, and with which certificate.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    name: ServerName<'static>,
    tls: TlsConnector,
}

/// A connection that is opened when it is needed, and again when it was lost.
pub(crate) struct Line {
    door: Door,
    open: Option<TlsStream<TcpStream>>,
    buffer: Vec<u8>,
    used: Instant,
    /// Times that a kept connection was found closed and the request went over a new one.
    pub(crate) renewed: u64,
}

/// Status and body of an answer; both live in the line's buffer.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

struct Place {
    status: u16,
    head: usize,
    end: usize,
    closes: bool,
}

impl Door {
    /// Reads the certificates; nothing connects yet.
    pub(crate) fn new(
        (host, port): (&str, u16),
        authority: &Path,
        certificate: &Path,
        key: &Path,
    ) -> Result<Self, LoadFault> {
        let wrong = |error: rustls::Error| LoadFault::file(certificate, error);
        let mut roots = RootCertStore::empty();
        for each in pem::certificates(authority).map_err(|error| LoadFault::Machine(error.to_string()))? {
            roots.add(CertificateDer::from(each)).map_err(|error| LoadFault::file(authority, error))?;
        }
        let chain = pem::certificates(certificate).map_err(|error| LoadFault::Machine(error.to_string()))?;
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let secret = pem::private_key(key).map_err(|error| LoadFault::Machine(error.to_string()))?;
        let secret = PrivateKeyDer::try_from(secret).map_err(|error| LoadFault::file(key, error))?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(wrong)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, secret)
            .map_err(wrong)?;
        let unknown = || LoadFault::Machine(format!("{host}:{port}：アドレスが分かりません。名前を確認してください"));
        let name = ServerName::try_from(host.to_owned()).map_err(|_| unknown())?;
        let address = (host, port).to_socket_addrs().ok().and_then(preferred).ok_or_else(unknown)?;
        Ok(Self { address, name, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// The same certificate at another address.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        self.tls.connect(self.name.clone(), socket).await
    }
}

/// `localhost` is often both ::1 and 127.0.0.1; a demo listens on the latter.
fn preferred(addresses: std::vec::IntoIter<SocketAddr>) -> Option<SocketAddr> {
    let addresses: Vec<SocketAddr> = addresses.collect();
    addresses.iter().find(|address| address.is_ipv4()).or(addresses.first()).copied()
}

impl Line {
    pub(crate) fn new(door: Door) -> Self {
        Self { door, open: None, buffer: Vec::with_capacity(16 * 1024), used: Instant::now(), renewed: 0 }
    }

    /// Forgets the connection, on which an answer may still be under way.
    pub(crate) fn drop_connection(&mut self) {
        self.open = None;
    }

    /// Sends the request's bytes and reads the whole answer. A kept connection that the server has closed while it rested is
    /// replaced once, as every client does; one that is hung up is a failure.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        let rested = self.used.elapsed() >= RESTED;
        let place = match self.open.take() {
            Some(stream) => match self.over(stream, request).await {
                Err(error) if rested && self.buffer.is_empty() && is_closed(&error) => {
                    self.renewed += 1;
                    let stream = self.door.connect().await?;
                    self.over(stream, request).await?
                }
                answered => answered?,
            },
            None => {
                let stream = self.door.connect().await?;
                self.over(stream, request).await?
            }
        };
        let head = std::str::from_utf8(&self.buffer[..place.head]).map_err(io::Error::other)?;
        Ok(Reply { status: place.status, head, body: &self.buffer[place.head..place.end] })
    }

    /// Keeps the connection only after a whole answer.
    async fn over(&mut self, mut stream: TlsStream<TcpStream>, request: &[u8]) -> io::Result<Place> {
        self.buffer.clear();
        stream.write_all(request).await?;
        stream.flush().await?;
        let place = self.read(&mut stream).await?;
        if !place.closes {
            self.open = Some(stream);
            self.used = Instant::now();
        }
        Ok(place)
    }

    async fn read(&mut self, stream: &mut TlsStream<TcpStream>) -> io::Result<Place> {
        let mut place = loop {
            more(stream, &mut self.buffer).await?;
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break head(&self.buffer[..end], end + 4)?;
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(io::Error::other("the head of the answer has no end"));
            }
        };
        while self.buffer.len() < place.end {
            more(stream, &mut self.buffer).await?;
        }
        place.closes |= self.buffer.len() > place.end;
        Ok(place)
    }
}

async fn more(stream: &mut TlsStream<TcpStream>, buffer: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::NotConnected
    )
}

fn head(bytes: &[u8], begin: usize) -> io::Result<Place> {
    let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer has no status"))?;
    let length = match field(text, "content-length") {
        Some(length) => length.parse::<usize>().ok().filter(|length| *length <= BODY_BYTES_MAX),
        None => matches!(status, 204 | 304).then_some(0),
    };
    let length = length.ok_or_else(|| io::Error::other("the answer has no Content-Length that can be taken"))?;
    let closes = field(text, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Place { status, head: begin, end: begin + length, closes })
}

/// A field of a head.
pub(crate) fn field<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_where_the_body_ends() {
        let place = head(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: close", 20).unwrap();
        assert_eq!((place.status, place.head, place.end, place.closes), (200, 20, 25, true));
        let place = head(b"HTTP/1.1 204 No Content\r\nx: y", 20).unwrap();
        assert_eq!((place.status, place.end, place.closes), (204, 20, false));
        for text in ["HTTP/1.1", "HTTP/1.1 200 OK\r\nx: y", "HTTP/1.1 200 OK\r\ncontent-length: 99999999999"] {
            assert!(head(text.as_bytes(), 1).is_err(), "{text}");
        }
    }
}
