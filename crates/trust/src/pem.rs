//! PEM files as DER bytes, for whoever configures TLS.
//!
//! Nothing is verified here beyond the armour: the caller hands the bytes to a verifier.

use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::{TrustError, file};

/// A chain of a few certificates is a few kilobytes; the limit only keeps a wrong file from filling memory.
const CERTIFICATE_BYTES_MAX: u64 = 256 * 1024;
/// A P-256 key is 250 bytes, an RSA key of 8192 bits 6 KiB.
const KEY_BYTES_MAX: u64 = 64 * 1024;
/// About 50 bytes an entry: room for more revoked certificates than Japan has institutions.
pub(crate) const CRL_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The certificates of a PEM file in their order (the end certificate first in a chain), DER. At least one.
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, TrustError> {
    let text = file::read(path, CERTIFICATE_BYTES_MAX)?;
    certificates_in(&text).ok_or_else(|| {
        TrustError::content(
            path,
            "証明書（-----BEGIN CERTIFICATE-----）として読めません。PEM形式の証明書を指定してください",
        )
    })
}

/// The first private key of a PEM file, DER (PKCS#8, SEC1 or PKCS#1 as the file has it; this crate writes PKCS#8).
pub fn private_key(path: &Path) -> Result<Vec<u8>, TrustError> {
    let text = file::read(path, KEY_BYTES_MAX)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        TrustError::content(
            path,
            "秘密鍵（-----BEGIN PRIVATE KEY-----）として読めません。PEM形式の秘密鍵を指定してください",
        )
    })?;
    Ok(key.secret_der().to_vec())
}

/// The certificate revocation list (失効リスト) of a PEM file, DER.
pub fn revocation_list(path: &Path) -> Result<Vec<u8>, TrustError> {
    let text = file::read(path, CRL_BYTES_MAX)?;
    revocation_list_in(&text).ok_or_else(|| {
        TrustError::content(
            path,
            "失効リスト（-----BEGIN X509 CRL-----）として読めません。PEM形式の失効リストを指定してください",
        )
    })
}

pub(crate) fn certificates_in(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let chain: Vec<Vec<u8>> =
        CertificateDer::pem_slice_iter(text).map(|der| Some(der.ok()?.to_vec())).collect::<Option<_>>()?;
    (!chain.is_empty()).then_some(chain)
}

pub(crate) fn revocation_list_in(text: &[u8]) -> Option<Vec<u8>> {
    Some(CertificateRevocationListDer::from_pem_slice(text).ok()?.to_vec())
}
