//! A server over mutual TLS that answers checks as a test wants it.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_load::Target;
use madoguchi_trust::authority::{CertificateDirectory, IssueRequest};
use madoguchi_trust::pem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What it does with one check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reaction {
    Answer,
    AnswerAfter(Duration),
    AnswerAboutSomebodyElse,
    Refuse(u16),
    HangUp,
    Never,
}

type Reacts = dyn Fn(Duration, u64) -> Reaction + Send + Sync;

/// The server; it is gone with the test's runtime.
pub(crate) struct Fake {
    directory: tempfile::TempDir,
}

impl Fake {
    /// `reacts` is told the time since the first check and the number of this one.
    pub(crate) async fn start(reacts: impl Fn(Duration, u64) -> Reaction + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        let certificates = directory.path().join("certificates");
        let authority = CertificateDirectory::init(&certificates, &["localhost".to_owned()], now).unwrap();
        authority
            .issue_all(&[IssueRequest {
                institution_code: "1310000001".to_owned(),
                institution_name: "見本".to_owned(),
                label: "terminal".to_owned(),
                days: 10,
                p12_password: None,
                now,
            }])
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = certificates.join("clients").join("1310000001-terminal");
        let document = serde_json::json!({
            "server": format!("https://localhost:{port}"), "api": format!("https://localhost:{port}"),
            "ca": certificates.join("ca.pem"), "today": "20261130",
            "institutions": [{
                "code": "1310000001",
                "client_cert": client.with_extension("pem"), "client_key": client.with_extension("key"),
                "accounts": [{"kind": "api", "user_id": "webapi01", "password": "secret"}],
            }],
            "cards": (0..20).map(|number| serde_json::json!({
                "id": "none", "insurer_number": "01130012", "symbol": "12", "number": format!("7001{number:02}"),
                "branch": "01", "birthdate": "19840709",
            })).collect::<Vec<_>>(),
        });
        std::fs::write(directory.path().join("demo.json"), document.to_string()).unwrap();
        tokio::spawn(serve(listener, acceptor(&certificates), Arc::new(reacts)));
        Self { directory }
    }

    pub(crate) fn target(&self) -> Target {
        Target::load(self.directory.path()).unwrap()
    }
}

fn acceptor(certificates: &Path) -> TlsAcceptor {
    let read = |name: &str| pem::certificates(&certificates.join(name)).unwrap().into_iter().map(CertificateDer::from);
    let mut roots = RootCertStore::empty();
    read("ca.pem").for_each(|certificate| roots.add(certificate).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::try_from(pem::private_key(&certificates.join("server.key")).unwrap()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(read("server.pem").collect(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, reacts: Arc<Reacts>) {
    let first = Arc::new(OnceLock::new());
    let number = Arc::new(AtomicU64::new(0));
    while let Ok((socket, _)) = listener.accept().await {
        let (acceptor, reacts, first, number) = (acceptor.clone(), reacts.clone(), first.clone(), number.clone());
        tokio::spawn(async move {
            // A client that hung up is no business of the test.
            let _ended = converse(socket, &acceptor, &*reacts, &first, &number).await;
        });
    }
}

async fn converse(
    socket: TcpStream,
    acceptor: &TlsAcceptor,
    reacts: &Reacts,
    first: &OnceLock<Instant>,
    number: &AtomicU64,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(socket).await?;
    let mut buffer = Vec::new();
    loop {
        let request = request(&mut stream, &mut buffer).await?;
        if request.contains("/auth ") {
            stream.write_all(&answer(200, r#"{"result":{"idToken":"token"}}"#)).await?;
            continue;
        }
        let since_first = first.get_or_init(Instant::now).elapsed();
        let bytes = match reacts(since_first, number.fetch_add(1, Ordering::Relaxed)) {
            Reaction::Answer => answer(200, &about(&request, "")),
            Reaction::AnswerAfter(pause) => {
                tokio::time::sleep(pause).await;
                answer(200, &about(&request, ""))
            }
            Reaction::AnswerAboutSomebodyElse => answer(200, &about(&request, "9")),
            Reaction::Refuse(status) => answer(status, r#"{"status":"503","msg":"busy","code":"E0099"}"#),
            Reaction::HangUp => return Ok(()),
            Reaction::Never => {
                std::future::pending::<()>().await;
                return Ok(());
            }
        };
        stream.write_all(&bytes).await?;
    }
}

async fn request(stream: &mut (impl AsyncReadExt + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<String> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap_or("0");
            if body.len() >= length.parse::<usize>().unwrap() {
                buffer.clear();
                return Ok(text);
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A valid coverage of the person who was asked for, or of the one with this digit after the number.
fn about(request: &str, digit: &str) -> String {
    let after = |name: &str| request.split(&format!("\"{name}\":\"")).nth(1).unwrap().split('"').next().unwrap();
    let (number, birthdate) = (after("InsuredIdentificationNumber"), after("Birthdate"));
    format!(
        r#"{{"XmlMsg":{{"MessageHeader":{{"SegmentOfResult":"1"}},"MessageBody":{{"QualificationValidity":"1","QualificationConfirmSearchInfo":{{"InsuredIdentificationNumber":"{number}","Birthdate":"{birthdate}"}},"ResultList":[{{"ResultOfQualificationConfirmation":{{"InsuredIdentificationNumber":"{number}{digit}","Birthdate":"{birthdate}"}}}}]}}}}}}"#
    )
}
