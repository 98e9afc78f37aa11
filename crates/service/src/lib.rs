//! Use-cases of Madoguchi: what may be done, by whom, and what is written down about it.
//!
//! One [`Service`] per process. Every function takes the [`Operation`] (which terminal asks, when) or
//! the [`Session`] (who asks as well), checks the right, decides, writes the audit entry, and only
//! then answers. There is no HTTP, no XML and no SQL here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod access_url;
pub mod account;
pub mod audit;
pub mod bulk;
pub mod checkup;
pub mod clock;
pub mod consent;
pub mod eligibility;
pub mod face;
pub mod ingest;
pub mod login;
pub mod notice;
pub mod operation;
pub mod operator;
pub mod password;
pub mod program;
pub mod reader;
mod records;
pub mod refusal;
mod seat;
pub mod settings;
#[cfg(feature = "test-support")]
pub mod test_support;
pub mod tidy;
pub mod viewing;

pub use clock::Clock;
pub use operation::{Operation, Service, ServiceParts, Session, Terminal};
pub use refusal::{CardRefusal, Reason, Refusal, Status};
