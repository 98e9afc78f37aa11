//! PKCS#12 files (.p12) that browsers and Windows import, and their passwords.
//!
//! AES-256 with PBES2 and an HMAC-SHA-256 seal: read by OpenSSL 1.1 and later, NSS and Chromium, and Windows 10 1709
//! and later.

use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use ring::digest::{SHA256, digest};

use crate::certificate::{Authority, Leaf};
use crate::{TrustError, file};

/// OpenSSL's own figure. The passwords made here have 100 random bits, which no iteration count needs to stretch.
const ITERATIONS: u64 = 2048;
const PASSWORD_CHARACTERS: usize = 20;
const PASSWORD_CHARACTERS_MIN: usize = 8;
const PASSWORD_CHARACTERS_MAX: usize = 64;
/// 32 signs that are not mistaken for each other when read from paper (no 0, 1, l, o).
const PASSWORD_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Key, certificate and CA certificate under one password.
pub(crate) fn pkcs12(leaf: &Leaf, authority: &Authority, alias: &str, password: &str) -> Result<Vec<u8>, TrustError> {
    let unwritable = |error: p12_keystore::error::Error| TrustError::crypto("PKCS#12の作成", error);
    let chain = [&leaf.certificate_der, &authority.certificate_der]
        .into_iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unwritable)?;
    let key_id = digest(&SHA256, &leaf.certificate_der);
    let mut store = KeyStore::new();
    let entry = PrivateKeyChain::new(&leaf.key_der, &key_id.as_ref()[..20], chain);
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(entry));
    store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ITERATIONS)
        .write()
        .map_err(unwritable)
}

/// Checks a password that the operator chose.
pub(crate) fn check_password(password: &str) -> Result<(), TrustError> {
    let length_fits = (PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&password.len());
    if length_fits && password.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let problem = format!(
        "{PASSWORD_CHARACTERS_MIN}〜{PASSWORD_CHARACTERS_MAX}文字の英数字と記号で指定してください（空白と日本語は使えません）"
    );
    Err(TrustError::field("PKCS#12のパスワード", problem))
}

/// A new random password.
pub(crate) fn random_password() -> Result<String, TrustError> {
    let bytes = file::random_bytes::<PASSWORD_CHARACTERS>()?;
    // 256 is a multiple of 32, so that every sign is equally likely.
    Ok(bytes.iter().map(|byte| char::from(PASSWORD_ALPHABET[usize::from(byte % 32)])).collect())
}
