//! The files that every CA of this crate keeps: certificate, key, revocation list, ledger.
//!
//! Changes run under a lock file, so that two processes never write two ledgers. The ledger is written before the
//! revocation list: after a crash in between, revoking again (or refreshing the list) completes the work.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::certificate::Authority;
use crate::file::{self, Access};
use crate::ledger::Ledger;
use crate::{RevokedSerials, TrustError};

/// About 300 bytes a certificate: room for every institution of the country, renewed.
const LEDGER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The directory of one CA.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityFiles {
    directory: PathBuf,
    ledger_name: &'static str,
}

impl AuthorityFiles {
    pub(crate) fn new(directory: &Path, ledger_name: &'static str) -> Self {
        Self { directory: directory.to_owned(), ledger_name }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("ca.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path("ca.key")
    }

    pub(crate) fn revocation_list(&self) -> PathBuf {
        self.path("crl.pem")
    }

    /// Taken around every change; reading needs no lock, because every file is replaced whole.
    pub(crate) fn lock(&self) -> Result<File, TrustError> {
        file::lock(&self.path(".lock"))
    }

    pub(crate) fn authority(&self) -> Result<Authority, TrustError> {
        Authority::load(&self.certificate(), &self.key())
    }

    /// Makes the directory for a new CA and takes its lock; an existing CA, even half of one, is refused.
    pub(crate) fn begin(&self) -> Result<File, TrustError> {
        file::create_directory(&self.directory)?;
        let lock = self.lock()?;
        for path in [self.certificate(), self.key()] {
            if path.exists() {
                return Err(TrustError::AuthorityExists { path });
            }
        }
        Ok(lock)
    }

    /// Stores a new CA with an empty ledger. The certificate comes last: where it stands, the CA is whole.
    pub(crate) fn store<Holder: Serialize>(
        &self,
        authority: &Authority,
        key_pem: &str,
        now: i64,
    ) -> Result<(), TrustError> {
        self.write_revocations(authority, &mut Ledger::<Holder>::new(), now)?;
        file::write(&self.key(), key_pem.as_bytes(), Access::Private)?;
        file::write(&self.certificate(), authority.certificate_pem.as_bytes(), Access::Public)
    }

    pub(crate) fn ledger<Holder: DeserializeOwned>(&self) -> Result<Ledger<Holder>, TrustError> {
        let path = self.path(self.ledger_name);
        let unreadable = |detail: String| {
            TrustError::content(&path, format!("発行台帳として読めません（{detail}）。控えから戻してください"))
        };
        let ledger: Ledger<Holder> = serde_json::from_slice(&file::read(&path, LEDGER_BYTES_MAX)?)
            .map_err(|error| unreadable(format!("{}行目", error.line())))?;
        if !ledger.is_readable() {
            return Err(unreadable("この版では扱えない形式".to_owned()));
        }
        Ok(ledger)
    }

    pub(crate) fn write_ledger<Holder: Serialize>(&self, ledger: &Ledger<Holder>) -> Result<(), TrustError> {
        let path = self.path(self.ledger_name);
        let mut text =
            serde_json::to_vec_pretty(ledger).map_err(|error| TrustError::crypto("発行台帳の作成", error))?;
        text.push(b'\n');
        file::write(&path, &text, Access::Private)
    }

    /// Writes the ledger, then the revocation list made from it under the next number.
    pub(crate) fn write_revocations<Holder: Serialize>(
        &self,
        authority: &Authority,
        ledger: &mut Ledger<Holder>,
        now: i64,
    ) -> Result<(), TrustError> {
        ledger.crl_number = ledger.crl_number.max(self.published_number()).saturating_add(1);
        let list = authority.revocation_list(&ledger.certificates, ledger.crl_number, now)?;
        self.write_ledger(ledger)?;
        file::write(&self.revocation_list(), list.as_bytes(), Access::Public)
    }

    /// The number of the list in the file, so that numbers grow even when the ledger came from a backup.
    fn published_number(&self) -> u64 {
        RevokedSerials::load(&self.revocation_list(), &self.certificate()).map_or(0, |list| list.number())
    }
}
