//! Messages from bytes to bytes: golden files, round trips, hostile input, documents.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bulk;
mod convert;
mod documents;
mod golden;
mod hostile;
mod people;
mod roundtrip;
