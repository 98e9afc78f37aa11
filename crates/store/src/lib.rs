//! Everything that Madoguchi keeps: SQL, migrations and transactions over SQLite and PostgreSQL (also Citus).
//!
//! A question is a method of [`Tx`], named as the question, in the file of its subject. There is one text of SQL for all
//! engines, and one way to write: a named job that the writer of the process runs ([`Store::write`]).
//!
//! Deliberately not here: rules of the domain (they are in `madoguchi-model`), use-cases (in `madoguchi-service`), the
//! clock and randomness (they are arguments).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod account;
pub mod audit;
pub mod backup;
pub mod bulk;
pub mod card;
mod chain;
pub mod checkup;
pub mod claim_file;
pub mod claim_part;
pub mod consent;
pub mod coverage;
mod eligibility;
mod engine;
mod error;
mod institution;
mod kind;
pub mod master;
mod migration;
mod neighbour;
mod notice;
mod packing;
mod person;
pub mod prescription;
pub mod program;
pub mod raw;
pub mod receipt;
#[cfg(all(test, feature = "test-support"))]
mod registry;
pub mod session;
pub mod settings;
mod sql;
mod store;
#[cfg(feature = "test-support")]
pub mod test_support;
pub mod tidy;
mod tx;
mod url;
mod value;
mod writer;

pub use chain::ProcessName;
pub use consent::Consent;
pub use engine::Limits;
pub use error::{Error, Result};
pub use kind::Kind;
pub use migration::Migrated;
pub use store::Store;
pub use tx::Tx;
pub use url::DatabaseUrl;
