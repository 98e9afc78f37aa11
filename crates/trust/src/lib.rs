//! Trust: who may connect, and which card lies on the reader.
//!
//! * [`authority`]: the certificate directory of the institutions' CA (医療機関等の電子証明書): issue, revoke, list.
//! * [`peer`]: what a client certificate says about the institution behind a connection.
//! * [`revocation`]: the revocation list (失効リスト, CRL), checked against the CA that signed it.
//! * [`card`], [`card_authority`], [`card_trust`]: the virtual マイナンバーカード, its demo CA, and the server's check.
//! * [`note`]: C2SP signed notes and checkpoints for the heads of the audit chain (監査記録).
//! * [`pem`]: PEM files as DER bytes for whoever configures TLS.
//!
//! It deliberately speaks no TLS and knows no clock: every decision about validity takes the time as an argument, in
//! seconds since 1970-01-01 UTC. Keys come from the operating system's random source and never from a seed.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod authority;
pub mod card;
pub mod card_authority;
pub mod card_trust;
mod certificate;
mod directory;
mod error;
mod file;
mod keystore;
pub mod ledger;
pub mod note;
pub mod peer;
pub mod pem;
pub mod revocation;

pub use authority::{CertificateDirectory, IssueRequest, IssuedFiles, RevokeTarget};
pub use card::{PinFault, UnlockedCard, VirtualCard};
pub use card_authority::{CardAuthority, CardRequest};
pub use card_trust::{CardFault, CardTrust, VerifiedCard};
pub use error::TrustError;
pub use ledger::{CardHolder, Issued, IssuedCertificate, Revocation, RevocationReason, Terminal};
pub use note::{Checkpoint, NoteFault, NoteSigner, NoteVerifier};
pub use peer::{PeerFault, PeerIdentity};
pub use revocation::RevokedSerials;
