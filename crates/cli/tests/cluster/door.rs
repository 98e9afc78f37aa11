//! The smallest client that a balancer's machines need: HTTP/1.1 over mutual TLS, one open line to each server, each request
//! to the next server that takes a connection.

use madoguchi_trust::pem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(30);

/// The ports of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) people: u16,
    pub(crate) machines: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    People,
    Machines,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        head: String,
        body: String,
    },
    /// No server took a connection: nothing was sent.
    NobodyThere,
    /// The line broke after the request was sent: it may have been done or not.
    BrokeOff,
}

/// A client with the certificate of an institution.
pub(crate) struct Client {
    tls: Arc<ClientConfig>,
    lines: HashMap<u16, StreamOwned<ClientConnection, TcpStream>>,
    next: usize,
    pub(crate) cookie: Option<String>,
}

impl Client {
    pub(crate) fn new(document: &Value, institution: &Value) -> Self {
        let path = |value: &Value| Path::new(value.as_str().unwrap()).to_owned();
        let mut roots = RootCertStore::empty();
        for certificate in pem::certificates(&path(&document["ca"])).unwrap() {
            roots.add(CertificateDer::from(certificate)).unwrap();
        }
        let chain = pem::certificates(&path(&institution["client_cert"])).unwrap();
        let key = PrivateKeyDer::try_from(pem::private_key(&path(&institution["client_key"])).unwrap()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.into_iter().map(CertificateDer::from).collect(), key)
            .unwrap();
        Self { tls: Arc::new(tls), lines: HashMap::new(), next: 0, cookie: None }
    }

    /// Sends a request to the next server, as a balancer does: one that takes no connection is passed over.
    pub(crate) fn send(&mut self, servers: &[Ports], port: Port, request: &[u8]) -> Reply {
        for _ in 0..servers.len() {
            self.next += 1;
            let reply = self.send_to(servers[self.next % servers.len()], port, request);
            if !matches!(reply, Reply::NobodyThere) {
                return reply;
            }
        }
        Reply::NobodyThere
    }

    /// Sends a request to this server.
    pub(crate) fn send_to(&mut self, server: Ports, port: Port, request: &[u8]) -> Reply {
        let number = if port == Port::People { server.people } else { server.machines };
        let kept = self.lines.remove(&number).filter(|line| is_open(&line.sock));
        let Some(mut line) = kept.or_else(|| self.connect(number).ok()) else { return Reply::NobodyThere };
        let Ok((status, head, body)) = exchange(&mut line, request) else { return Reply::BrokeOff };
        self.lines.insert(number, line);
        if let Some(set) = field(&head, "set-cookie") {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        Reply::Answer { status, head, body }
    }

    /// A page, with the client's cookie.
    pub(crate) fn get(&mut self, servers: &[Ports], path: &str) -> Reply {
        let request = self.request("GET", path, "");
        self.send(servers, Port::People, &request)
    }

    /// A form, with the client's cookie.
    pub(crate) fn post(&mut self, servers: &[Ports], path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.form(path, fields);
        self.send(servers, Port::People, &request)
    }

    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.request("POST", path, &body.join("&"))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        request(method, path, &format!("{cookie}{kind}"), body)
    }

    fn connect(&self, port: u16) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let socket = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        let mut line = StreamOwned::new(connection, socket);
        // The handshake, before anything is sent that may be done twice.
        line.conn.complete_io(&mut line.sock)?;
        Ok(line)
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The value of a header.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The value of the hidden field of this name.
pub(crate) fn hidden(body: &str, name: &str) -> Option<String> {
    let field = body.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")))?;
    Some(field.split("value=\"").nth(1)?.split('"').next()?.to_owned())
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A server that was killed has closed its end: the kept line then has an end of file to read.
fn is_open(socket: &TcpStream) -> bool {
    let mut byte = [0];
    let quiet = socket.set_nonblocking(true).is_ok()
        && socket.peek(&mut byte).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    socket.set_nonblocking(false).is_ok() && quiet
}

fn exchange(line: &mut StreamOwned<ClientConnection, TcpStream>, request: &[u8]) -> io::Result<(u16, String, String)> {
    line.write_all(request)?;
    line.flush()?;
    let mut answer = Vec::new();
    let head_end = loop {
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(line, &mut answer)?;
    };
    let head = String::from_utf8_lossy(&answer[..head_end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let length = field(&head, "content-length").and_then(|text| text.parse::<usize>().ok());
    let end = head_end + 4 + length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?;
    while answer.len() < end {
        more(line, &mut answer)?;
    }
    Ok((status, head, String::from_utf8_lossy(&answer[head_end + 4..end]).into_owned()))
}

fn more(line: &mut StreamOwned<ClientConnection, TcpStream>, into: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 16 * 1024];
    match line.read(&mut part)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            into.extend_from_slice(&part[..count]);
            Ok(())
        }
    }
}
