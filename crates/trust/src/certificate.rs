//! Making X.509 certificates and revocation lists: one profile for CAs, one for what they issue.
//!
//! Keys are P-256, signatures ECDSA with SHA-256, serial numbers 127 random bits. Who may get a certificate is decided
//! by the callers.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams,
    SerialNumber,
};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::ledger::Issued;
use crate::{TrustError, file, pem};

/// Seconds in a day.
pub(crate) const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The list is read from a local file, so that its age protects nothing; a year lets strict tools read it too.
const CRL_DAYS: i64 = 366;
/// 2100-01-01T00:00:00Z: later instants are a mistake of the caller's, not a validity.
const INSTANT_MAX: i64 = 4_102_444_800;
const AUTHORITY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// A CA that is ready to sign.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate_pem: String,
    pub(crate) certificate_der: Vec<u8>,
    pub(crate) not_after: i64,
}

/// First and last second of a certificate (Unix seconds), in bounds and in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

/// What an end certificate is for.
pub(crate) enum Purpose<'a> {
    /// A server under these DNS names and IP addresses.
    Server(&'a [String]),
    /// A client: an institution's terminal or a card.
    Client,
}

/// A new end certificate with its key.
pub(crate) struct Leaf {
    pub(crate) serial: String,
    pub(crate) certificate_pem: String,
    pub(crate) certificate_der: Vec<u8>,
    pub(crate) key_pem: String,
    pub(crate) key_der: Vec<u8>,
}

impl Validity {
    pub(crate) fn new(not_before: i64, not_after: i64) -> Result<Self, TrustError> {
        let in_bounds = |instant| (0..=INSTANT_MAX).contains(&instant);
        if !in_bounds(not_before) || !in_bounds(not_after) || not_before >= not_after {
            let problem = format!(
                "{not_before}から{not_after}までは有効期間になりません（1970年から2100年まで、始まりは終わりより前）"
            );
            return Err(TrustError::field("有効期間", problem));
        }
        Ok(Self { not_before, not_after })
    }
}

impl Authority {
    /// A new CA with the PEM of its private key (PKCS#8).
    pub(crate) fn create(common_name: &str, validity: Validity) -> Result<(Self, String), TrustError> {
        let key = KeyPair::generate().map_err(|error| TrustError::crypto("認証局の鍵の生成", error))?;
        let key_pem = key.serialize_pem();
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(&[(DnType::CommonName, common_name)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (instant(validity.not_before)?, instant(validity.not_after)?);
        params.serial_number = Some(SerialNumber::from_slice(&random_serial()?));
        let certificate = params.self_signed(&key).map_err(|error| TrustError::crypto("認証局証明書の作成", error))?;
        let authority = Self {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            not_after: validity.not_after,
            issuer: Issuer::new(params, key),
        };
        Ok((authority, key_pem))
    }

    /// Reads a CA and proves that key and certificate belong together.
    pub(crate) fn load(certificate_path: &Path, key_path: &Path) -> Result<Self, TrustError> {
        let certificate_pem = file::read_text(certificate_path, AUTHORITY_FILE_BYTES_MAX)?;
        let certificate_der = pem::certificates(certificate_path)?.swap_remove(0);
        let unusable = || {
            TrustError::content(certificate_path, "認証局の証明書ではありません。initで作ったca.pemを置いてください")
        };
        let (public_key, not_after) = {
            let certificate = parse(&certificate_der).ok_or_else(unusable)?;
            if !certificate.is_ca() {
                return Err(unusable());
            }
            (certificate.public_key().raw.to_vec(), certificate.validity().not_after.timestamp())
        };
        let key = KeyPair::from_pem(&file::read_text(key_path, AUTHORITY_FILE_BYTES_MAX)?)
            .map_err(|_| TrustError::content(key_path, "秘密鍵として読めません。initで作ったca.keyを置いてください"))?;
        if key.subject_public_key_info() != public_key {
            return Err(TrustError::content(
                key_path,
                "ca.pemと対になる鍵ではありません。同じinitで作った組を置いてください",
            ));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate_der.as_slice().into(), key).map_err(|_| unusable())?;
        Ok(Self { issuer, certificate_pem, certificate_der, not_after })
    }

    /// Issues an end certificate over a new key.
    pub(crate) fn issue(
        &self,
        subject: DistinguishedName,
        purpose: &Purpose<'_>,
        validity: Validity,
    ) -> Result<Leaf, TrustError> {
        if validity.not_after > self.not_after {
            return Err(TrustError::field(
                "有効期間",
                "認証局の有効期間を超えます。期間を短くするか、新しい認証局を作ってください",
            ));
        }
        let mut params = leaf_params(purpose)?;
        params.distinguished_name = subject;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (instant(validity.not_before)?, instant(validity.not_after)?);
        let serial = random_serial()?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let key = KeyPair::generate().map_err(|error| TrustError::crypto("鍵の生成", error))?;
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(|error| TrustError::crypto("証明書の作成", error))?;
        Ok(Leaf {
            serial: hex::encode(serial),
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            key_pem: key.serialize_pem(),
            key_der: key.serialize_der(),
        })
    }

    /// The revocation list (PEM) of everything revoked in the ledger.
    pub(crate) fn revocation_list<Holder>(
        &self,
        issued: &[Issued<Holder>],
        number: u64,
        now: i64,
    ) -> Result<String, TrustError> {
        let params = CertificateRevocationListParams {
            this_update: instant(now)?,
            next_update: instant(now.saturating_add(CRL_DAYS * DAY_SECONDS))?,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: issued.iter().filter_map(revoked_entry).collect::<Result<_, _>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = params.signed_by(&self.issuer).map_err(|error| TrustError::crypto("失効リストの署名", error))?;
        signed.pem().map_err(|error| TrustError::crypto("失効リストの作成", error))
    }
}

/// A subject of this system: country JP and the given parts in their order.
pub(crate) fn subject(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "JP");
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}

/// Parses one whole certificate; trailing bytes are refused.
pub(crate) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// A serial number as this crate writes it everywhere: lower-case hexadecimal without leading zeros.
pub(crate) fn serial_text(raw: &[u8]) -> String {
    let first = raw.iter().position(|byte| *byte != 0).unwrap_or(raw.len());
    hex::encode(&raw[first..])
}

fn leaf_params(purpose: &Purpose<'_>) -> Result<CertificateParams, TrustError> {
    match purpose {
        Purpose::Client => {
            let mut params = CertificateParams::default();
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            Ok(params)
        }
        Purpose::Server(names) => {
            let mut params = CertificateParams::new(names.to_vec()).map_err(|_| {
                TrustError::field("サーバ名", "ホスト名（英数字、ハイフン、点）またはIPアドレスを指定してください")
            })?;
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            Ok(params)
        }
    }
}

fn revoked_entry<Holder>(issued: &Issued<Holder>) -> Option<Result<RevokedCertParams, TrustError>> {
    let revocation = issued.revoked?;
    let entry = || {
        let serial = hex::decode(&issued.serial).map_err(|_| {
            TrustError::field("シリアル番号", "発行台帳の番号が16進数ではありません。台帳を控えから戻してください")
        })?;
        Ok(RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial),
            revocation_time: instant(revocation.at)?,
            reason_code: revocation.reason.in_crl(),
            invalidity_date: None,
        })
    };
    Some(entry())
}

fn instant(unix_seconds: i64) -> Result<OffsetDateTime, TrustError> {
    OffsetDateTime::from_unix_timestamp(unix_seconds)
        .map_err(|_| TrustError::field("日時", format!("{unix_seconds}は扱える範囲の日時ではありません")))
}

/// 16 bytes, positive and without a leading zero, so that its text has one form (RFC 5280 §4.1.2.2 allows 20).
fn random_serial() -> Result<[u8; 16], TrustError> {
    let mut serial = file::random_bytes::<16>()?;
    serial[0] = (serial[0] & 0x7f) | 0x40;
    Ok(serial)
}
