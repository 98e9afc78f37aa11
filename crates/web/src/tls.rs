//! TLS of both ports: TLS 1.3 only, client certificates of one CA, revocation without a restart.
//!
//! A revoked or foreign certificate fails the handshake; sessions are never resumed, because a resumed
//! one would skip that check. Connections that are open already ask [`LiveTrust::is_revoked`] at every
//! request. Whether a revocation list is old is not judged: it is a local file of the same operator.

use crate::router::Port;
use madoguchi_trust::{RevokedSerials, TrustError, pem};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, ServerConfig, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, version::TLS13};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use thiserror::Error;

/// How often the files are looked at; a revocation counts within this time.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The files that TLS is made of.
#[derive(Debug, Clone)]
struct Files {
    authority: PathBuf,
    chain: PathBuf,
    key: PathBuf,
    revocation_list: PathBuf,
}

/// Why TLS cannot be set up from the files.
#[derive(Debug, Error)]
pub enum TlsFault {
    /// A file is missing, unreadable or not what it should be.
    #[error(transparent)]
    File(#[from] TrustError),
    /// Certificate and key do not fit, or cannot be used.
    #[error("サーバ証明書と秘密鍵を使えません（{0}）。server.pemとserver.keyを確認してください")]
    Certificate(#[from] rustls::Error),
    /// The CA or the revocation list cannot be used.
    #[error("認証局の証明書または失効リストを使えません（{0}）。ca.pemとcrl.pemを確認してください")]
    Verifier(#[from] VerifierBuilderError),
    /// The key's file holds no key that can be used.
    #[error("秘密鍵を使えません。server.keyを確認してください")]
    Key,
    /// An older revocation list was put back; it would let revoked certificates in again.
    #[error("失効リストの番号が{had}から{found}に戻っています。新しいcrl.pemを置いてください")]
    OlderRevocationList {
        /// Number in use.
        had: u64,
        /// Number of the file.
        found: u64,
    },
}

/// What the files said when they were last read without fault.
#[derive(Debug)]
struct Loaded {
    people: Arc<ServerConfig>,
    machine: Arc<ServerConfig>,
    revoked: RevokedSerials,
}

/// Certificates and revocations, kept up to date.
#[derive(Debug)]
pub(crate) struct LiveTrust {
    files: Files,
    loaded: RwLock<Arc<Loaded>>,
}

impl Files {
    fn in_directory(directory: &Path) -> Self {
        Self {
            authority: directory.join("ca.pem"),
            chain: directory.join("server.pem"),
            key: directory.join("server.key"),
            revocation_list: directory.join("crl.pem"),
        }
    }

    /// Changes whenever one of the files was replaced.
    fn stamp(&self) -> Vec<Option<(SystemTime, u64)>> {
        [&self.authority, &self.chain, &self.key, &self.revocation_list]
            .into_iter()
            .map(|path| std::fs::metadata(path).and_then(|data| Ok((data.modified()?, data.len()))).ok())
            .collect()
    }

    fn load(&self) -> Result<Loaded, TlsFault> {
        let revoked = RevokedSerials::load(&self.revocation_list, &self.authority)?;
        Ok(Loaded { people: self.config(Port::People)?, machine: self.config(Port::Machine)?, revoked })
    }

    fn config(&self, port: Port) -> Result<Arc<ServerConfig>, TlsFault> {
        let mut roots = RootCertStore::empty();
        for certificate in pem::certificates(&self.authority)? {
            roots.add(CertificateDer::from(certificate))?;
        }
        let list = CertificateRevocationListDer::from(pem::revocation_list(&self.revocation_list)?);
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).with_crls([list]);
        // A browser cannot show why a handshake failed: without a certificate it gets a page that explains it.
        let verifier = match port {
            Port::People => verifier.allow_unauthenticated(),
            Port::Machine => verifier,
        };
        let chain = pem::certificates(&self.chain)?.into_iter().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::try_from(pem::private_key(&self.key)?).map_err(|_| TlsFault::Key)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier.build()?)
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

impl LiveTrust {
    /// Reads the files of a certificate directory.
    pub(crate) fn load(directory: &Path) -> Result<Self, TlsFault> {
        let files = Files::in_directory(directory);
        let loaded = RwLock::new(Arc::new(files.load()?));
        Ok(Self { files, loaded })
    }

    pub(crate) fn config(&self, port: Port) -> Arc<ServerConfig> {
        let loaded = self.loaded();
        match port {
            Port::People => loaded.people.clone(),
            Port::Machine => loaded.machine.clone(),
        }
    }

    pub(crate) fn is_revoked(&self, serial: &str) -> bool {
        self.loaded().revoked.contains(serial)
    }

    /// Looks at the files again and again, until the task is dropped. A faulty file changes nothing and is logged.
    pub(crate) async fn watch(self: Arc<Self>) {
        // The files may have changed since they were loaded: begin with a stamp that fits nothing.
        let mut stamp = Vec::new();
        loop {
            let now = self.files.stamp();
            if now != stamp {
                match self.reload() {
                    Ok(revoked) => tracing::info!(revoked, "certificates and revocation list loaded"),
                    Err(fault) => tracing::error!(%fault, "certificates not reloaded; the former ones stay in use"),
                }
                stamp = now;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn reload(&self) -> Result<usize, TlsFault> {
        let loaded = self.files.load()?;
        let (had, found) = (self.loaded().revoked.number(), loaded.revoked.number());
        if found < had {
            return Err(TlsFault::OlderRevocationList { had, found });
        }
        let revoked = loaded.revoked.len();
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(revoked)
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
