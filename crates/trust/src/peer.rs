//! The institution behind a connection, as its client certificate (医療機関等の電子証明書) names it.
//!
//! Whether the certificate is genuine, in date and not revoked is the TLS verifier's business and is not asked here.

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT, Oid};

use crate::certificate::{parse, serial_text};

/// A P-256 certificate with a Japanese name is under a kilobyte.
const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;
/// RFC 5280 allows 20 bytes of serial number; one more for the sign.
const SERIAL_BYTES_MAX: usize = 21;
/// Upper bound of X.520 for an organisation's name (characters).
pub(crate) const INSTITUTION_NAME_CHARACTERS_MAX: usize = 64;
/// Long enough for `viewer-01` and a year; keeps the common name within X.520's 64 characters.
pub(crate) const LABEL_CHARACTERS_MAX: usize = 32;

/// Who is at the other end of a connection. It is read once per connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerIdentity {
    /// Serial number of the certificate, lower-case hexadecimal without leading zeros.
    pub serial: String,
    /// Institution code (医療機関等コード), 10 digits.
    pub institution_code: String,
    /// Institution name (医療機関等名称) at the time of issue.
    pub institution_name: String,
    /// The terminal within the institution, such as `01` or `viewer-01`.
    pub label: String,
    /// Last second of the certificate (Unix seconds); a connection may live longer than it.
    pub expires_at: i64,
}

/// Why a certificate does not name an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerFault {
    /// Not one whole X.509 certificate of a sensible size.
    #[error("電子証明書を読めません。発行されたファイルをそのまま使ってください")]
    Malformed,
    /// A certificate for another use: a server, a CA.
    #[error("医療機関等の端末用の電子証明書ではありません（クライアント認証用ではない）")]
    Purpose,
    /// Organisational unit (OU) is not one institution code.
    #[error("電子証明書のOUが10桁の医療機関等コードではありません。発行元に確認してください")]
    InstitutionCode,
    /// Organisation (O) is not one institution name.
    #[error("電子証明書のOが医療機関等名称ではありません（1〜64文字）。発行元に確認してください")]
    InstitutionName,
    /// Common name (CN) is not `<code>-<label>`.
    #[error("電子証明書のCNが「医療機関等コード-端末名」ではありません。発行元に確認してください")]
    Label,
}

impl PeerIdentity {
    /// Reads the identity from a certificate that a TLS verifier has accepted.
    pub fn from_der(der: &[u8]) -> Result<Self, PeerFault> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(PeerFault::Malformed);
        }
        let certificate = parse(der).ok_or(PeerFault::Malformed)?;
        if certificate.raw_serial().len() > SERIAL_BYTES_MAX {
            return Err(PeerFault::Malformed);
        }
        if certificate.is_ca() || !is_client_certificate(&certificate) {
            return Err(PeerFault::Purpose);
        }
        let institution_code = only(&certificate, &OID_X509_ORGANIZATIONAL_UNIT)
            .filter(|code| is_institution_code(code))
            .ok_or(PeerFault::InstitutionCode)?;
        let institution_name = only(&certificate, &OID_X509_ORGANIZATION_NAME)
            .filter(|name| is_institution_name(name))
            .ok_or(PeerFault::InstitutionName)?;
        let label = only(&certificate, &OID_X509_COMMON_NAME)
            .and_then(|name| name.strip_prefix(institution_code)?.strip_prefix('-'))
            .filter(|label| is_label(label))
            .ok_or(PeerFault::Label)?;
        Ok(Self {
            serial: serial_text(certificate.raw_serial()),
            institution_code: institution_code.to_owned(),
            institution_name: institution_name.to_owned(),
            label: label.to_owned(),
            expires_at: certificate.validity().not_after.timestamp(),
        })
    }
}

pub(crate) fn is_institution_code(code: &str) -> bool {
    code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_institution_name(name: &str) -> bool {
    (1..=INSTITUTION_NAME_CHARACTERS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

pub(crate) fn is_label(label: &str) -> bool {
    (1..=LABEL_CHARACTERS_MAX).contains(&label.len())
        && !label.starts_with('-')
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub(crate) fn is_client_certificate(certificate: &X509Certificate<'_>) -> bool {
    matches!(certificate.extended_key_usage(), Ok(Some(usage)) if usage.value.client_auth)
}

/// The value of a subject attribute that must occur exactly once.
pub(crate) fn only<'a>(certificate: &'a X509Certificate<'_>, kind: &Oid<'static>) -> Option<&'a str> {
    let mut values = certificate.subject().iter_by_oid(kind);
    let value = values.next()?.as_str().ok()?;
    values.next().is_none().then_some(value)
}
