//! The revocation list (失効リスト, CRL) as the set of revoked serial numbers.
//!
//! A list counts only when the CA signed it. Its age is not judged: it is a local file that the same operator writes,
//! and a server that stops at a date protects nobody.

use std::collections::HashSet;
use std::path::Path;

use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{parse, serial_text};
use crate::{TrustError, pem};

/// The serial numbers that a CA has revoked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevokedSerials {
    serials: HashSet<String>,
    number: u64,
}

impl RevokedSerials {
    /// Reads the list of `revocation_list_path` and verifies that the CA in `authority_path` signed it.
    pub fn load(revocation_list_path: &Path, authority_path: &Path) -> Result<Self, TrustError> {
        let list = pem::revocation_list(revocation_list_path)?;
        let authority = pem::certificates(authority_path)?;
        Self::from_der(&list, &authority[0]).ok_or_else(|| {
            let authority = authority_path.display();
            let problem =
                format!("{authority} が署名した失効リストではありません。同じ認証局のcrl.pemを置いてください");
            TrustError::content(revocation_list_path, problem)
        })
    }

    /// The same from DER bytes; `None` when a part is malformed or the signature does not hold.
    pub fn from_der(revocation_list: &[u8], authority: &[u8]) -> Option<Self> {
        let authority = parse(authority)?;
        let (rest, list) = CertificateRevocationList::from_der(revocation_list).ok()?;
        if !rest.is_empty() || list.issuer().as_raw() != authority.subject().as_raw() {
            return None;
        }
        list.verify_signature(authority.public_key()).ok()?;
        let serials = list.iter_revoked_certificates().map(|entry| serial_text(entry.raw_serial())).collect();
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok())?;
        Some(Self { serials, number })
    }

    /// Whether the certificate with this serial number (lower-case hexadecimal, as in
    /// [`PeerIdentity`](crate::PeerIdentity)) is revoked.
    pub fn contains(&self, serial: &str) -> bool {
        self.serials.contains(serial)
    }

    /// The list's number. It only grows: a lower one than before means that an old file was put back.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many certificates are revoked.
    pub fn len(&self) -> usize {
        self.serials.len()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.serials.is_empty()
    }
}
