//! The ledger of a CA (発行台帳): every certificate it issued, and what became of it.
//!
//! The ledger is the record from which the revocation list is written; it holds no key and no patient's name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::TrustError;

/// The layout of the ledger file that this program reads and writes.
const VERSION: u32 = 1;

/// One issued certificate and its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued<Holder> {
    /// Serial number, lower-case hexadecimal without leading zeros.
    pub serial: String,
    /// Whom the certificate names.
    #[serde(flatten)]
    pub holder: Holder,
    /// First second of validity (Unix seconds).
    pub issued_at: i64,
    /// Last second of validity (Unix seconds).
    pub expires_at: i64,
    /// When and why it was revoked, if it was.
    pub revoked: Option<Revocation>,
}

/// A certificate of an institution's terminal.
pub type IssuedCertificate = Issued<Terminal>;

/// The terminal (資格確認端末) that a client certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Institution code (医療機関等コード), 10 digits.
    pub institution_code: String,
    /// Institution name (医療機関等名称).
    pub institution_name: String,
    /// The terminal within the institution, such as `01` or `viewer-01`.
    pub label: String,
}

/// The card that a card certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardHolder {
    /// The card's own identifier; it says nothing about the person.
    pub card_id: String,
}

/// A revocation (失効) and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Instant of the revocation (Unix seconds).
    pub at: i64,
    /// Why.
    pub reason: RevocationReason,
}

/// Reason of a revocation (失効理由, RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// No reason given.
    Unspecified,
    /// The private key is or may be known to others (鍵の危殆化): lost card, stolen terminal.
    KeyCompromise,
    /// The holder's name or code changed.
    AffiliationChanged,
    /// A newer certificate took its place (更新).
    Superseded,
    /// The holder stopped working (廃止).
    CessationOfOperation,
    /// The right to connect was withdrawn (利用停止).
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All reasons, in the order of RFC 5280.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The word for the command line and the ledger, such as `key_compromise`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key_compromise",
            Self::AffiliationChanged => "affiliation_changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation_of_operation",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
        }
    }

    pub(crate) fn in_crl(self) -> Option<rcgen::RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(rcgen::RevocationReason::KeyCompromise),
            Self::AffiliationChanged => Some(rcgen::RevocationReason::AffiliationChanged),
            Self::Superseded => Some(rcgen::RevocationReason::Superseded),
            Self::CessationOfOperation => Some(rcgen::RevocationReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(rcgen::RevocationReason::PrivilegeWithdrawn),
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for RevocationReason {
    type Err = TrustError;

    fn from_str(word: &str) -> Result<Self, TrustError> {
        // The command line also takes the hyphen that shells are used to.
        let wanted = word.replace('-', "_");
        Self::ALL.into_iter().find(|reason| reason.word() == wanted).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|reason| reason.word()).collect();
            TrustError::field("失効理由", format!("次のいずれかを指定してください: {}", known.join(", ")))
        })
    }
}

/// The whole ledger as it stands in its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ledger<Holder> {
    version: u32,
    /// Number of the newest revocation list; it only grows.
    pub(crate) crl_number: u64,
    pub(crate) certificates: Vec<Issued<Holder>>,
}

impl<Holder> Ledger<Holder> {
    pub(crate) fn new() -> Self {
        Self { version: VERSION, crl_number: 0, certificates: Vec::new() }
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.version == VERSION
    }

    /// Marks as revoked what `meant` picks and returns whether anything was picked. The first revocation of a
    /// certificate keeps its date and reason.
    pub(crate) fn revoke(
        &mut self,
        meant: impl Fn(&Issued<Holder>) -> bool,
        reason: RevocationReason,
        at: i64,
    ) -> bool {
        let mut found = false;
        for issued in self.certificates.iter_mut().filter(|issued| meant(issued)) {
            issued.revoked.get_or_insert(Revocation { at, reason });
            found = true;
        }
        found
    }

    pub(crate) fn position(&self, serial: &str) -> Option<usize> {
        self.certificates.iter().position(|certificate| certificate.serial == serial)
    }
}
