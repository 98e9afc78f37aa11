//! Bytes from outside and the model: claims files, code masters, lists of insured persons.
//!
//! Readers are bounded, name the line and the field of what is wrong in Japanese, and never panic on
//! input. They conclude nothing: rules are in `madoguchi-model`, use-cases in `madoguchi-service`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod bulk;
pub mod checkup;
pub mod claims;
pub mod coverage;
pub mod institution_list;
pub mod issue;
pub mod masters;
pub mod message;
pub mod prescription;
mod table;
pub mod ticket;
pub mod withdrawal;

pub use issue::{Issue, Severity};
