//! The server's check of a card: is this a card of our CA, does it hold today, and did it sign our challenge?
//!
//! Whose card it is, is not known here; the store finds the person by the certificate's serial number.

use std::path::Path;

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use time::{Date, Month, OffsetDateTime, UtcOffset};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_SIG_ECDSA_WITH_SHA256, OID_X509_COMMON_NAME};

use crate::card::{is_card_id, signed_message};
use crate::certificate::{parse, serial_text};
use crate::peer::{is_client_certificate, only};
use crate::revocation::RevokedSerials;
use crate::{TrustError, pem};

/// A card's certificate is about 500 bytes.
const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
/// Months before the end in which the answer carries a notice (P0010), and after it in which eligibility still works.
const GRACE_MONTHS: u8 = 3;
/// Japan Standard Time, in which months are counted.
const JST_HOURS: i8 = 9;

/// The card CA and its revocation list, as the server trusts them. Load it again to see new revocations.
#[derive(Debug, Clone)]
pub struct CardTrust {
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    revoked: RevokedSerials,
}

/// A card that proved itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCard {
    /// Serial number of the certificate (電子証明書のシリアル番号), lower-case hexadecimal: the key to the person.
    pub serial: String,
    /// The card's own identifier.
    pub card_id: String,
    /// Last second of validity (Unix seconds).
    pub not_after_unix: i64,
    /// Whether the end is 3 months away or less, and the answer should carry the notice.
    pub near_end: bool,
}

/// Why a card is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardFault {
    /// The certificate cannot be read or is not a card's.
    #[error("カードの電子証明書を読めません。カードを置き直してください")]
    Malformed,
    /// Another CA issued the certificate.
    #[error("このシステムで使えるカードではありません")]
    ForeignIssuer,
    /// The challenge was not signed by this card.
    #[error("カードの署名を確認できません。カードを置き直してください")]
    BadSignature,
    /// The certificate was revoked (lost or replaced card).
    #[error("カードの電子証明書は失効しています。住民票のある市区町村の窓口にご相談ください")]
    Revoked,
    /// The certificate's first day is still to come.
    #[error("カードの電子証明書の有効期間がまだ始まっていません")]
    NotYetValid,
    /// The certificate is past its end. Everything else about the card was proved before this is said, so that the
    /// caller may still answer eligibility (資格確認) within the grace period, and no medical information.
    #[error("カードの電子証明書の有効期限が切れています。住民票のある市区町村の窓口で更新してください")]
    Expired {
        /// Last second of validity (Unix seconds).
        since: i64,
        /// Whether the end lies 3 months back or less.
        within_grace_3_months: bool,
        /// The card that proved itself but for its date.
        card: VerifiedCard,
    },
}

impl CardTrust {
    /// Reads `ca.pem` and `crl.pem` of a card CA's directory; the key is not needed.
    pub fn load(directory: &Path) -> Result<Self, TrustError> {
        let authority_path = directory.join("ca.pem");
        let authority = pem::certificates(&authority_path)?.swap_remove(0);
        let unusable = || {
            TrustError::content(&authority_path, "カード用の認証局の証明書ではありません。正しいca.pemを置いてください")
        };
        let certificate = parse(&authority).filter(|certificate| certificate.is_ca()).ok_or_else(unusable)?;
        Ok(Self {
            issuer_name: certificate.subject().as_raw().to_vec(),
            issuer_key: certificate.public_key().subject_public_key.data.to_vec(),
            revoked: RevokedSerials::load(&directory.join("crl.pem"), &authority_path)?,
        })
    }

    /// Checks a card's certificate and its signature over `challenge` at the instant `now` (Unix seconds).
    ///
    /// The order of the checks tells a stranger nothing: who cannot sign learns neither revocation nor dates.
    pub fn verify(
        &self,
        certificate_der: &[u8],
        challenge: &[u8],
        signature: &[u8],
        now: i64,
    ) -> Result<VerifiedCard, CardFault> {
        if certificate_der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CardFault::Malformed);
        }
        let certificate = parse(certificate_der).ok_or(CardFault::Malformed)?;
        self.check_issuer(&certificate)?;
        let card_id = card_id_of(&certificate).ok_or(CardFault::Malformed)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &certificate.public_key().subject_public_key.data);
        key.verify(&signed_message(challenge), signature).map_err(|_| CardFault::BadSignature)?;
        let serial = serial_text(certificate.raw_serial());
        if self.revoked.contains(&serial) {
            return Err(CardFault::Revoked);
        }
        let not_before = certificate.validity().not_before.timestamp();
        let not_after = certificate.validity().not_after.timestamp();
        if now < not_before {
            return Err(CardFault::NotYetValid);
        }
        let near_end = not_after <= months_later(now, GRACE_MONTHS);
        let card = VerifiedCard { serial, card_id: card_id.to_owned(), not_after_unix: not_after, near_end };
        if now > not_after {
            let within_grace_3_months = now <= months_later(not_after, GRACE_MONTHS);
            return Err(CardFault::Expired { since: not_after, within_grace_3_months, card });
        }
        Ok(card)
    }

    fn check_issuer(&self, certificate: &X509Certificate<'_>) -> Result<(), CardFault> {
        let ours = certificate.issuer().as_raw() == self.issuer_name
            && certificate.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.issuer_key);
        let signed = certificate.tbs_certificate.as_ref();
        if !ours || key.verify(signed, &certificate.signature_value.data).is_err() {
            return Err(CardFault::ForeignIssuer);
        }
        if certificate.is_ca() || !is_client_certificate(certificate) {
            return Err(CardFault::Malformed);
        }
        Ok(())
    }
}

/// The identifier in the subject of a card's certificate.
pub(crate) fn card_id_of<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a str> {
    only(certificate, &OID_X509_COMMON_NAME).filter(|card_id| is_card_id(card_id))
}

/// The same time of day some months later in Japan, on the month's last day where it has no such day. An instant
/// outside the calendar stays as it is.
fn months_later(unix_seconds: i64, months: u8) -> i64 {
    shifted(unix_seconds, months).unwrap_or(unix_seconds)
}

fn shifted(unix_seconds: i64, months: u8) -> Option<i64> {
    let offset = UtcOffset::from_hms(JST_HOURS, 0, 0).ok()?;
    let instant = OffsetDateTime::from_unix_timestamp(unix_seconds).ok()?.checked_to_offset(offset)?;
    let month_index = u8::from(instant.month()) - 1 + months;
    let year = instant.year() + i32::from(month_index / 12);
    let month = Month::try_from(month_index % 12 + 1).ok()?;
    let day = instant.day().min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(instant.replace_date(date).unix_timestamp())
}
