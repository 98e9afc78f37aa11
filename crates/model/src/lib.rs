//! Domain types and rules of Madoguchi (窓口), an open オンライン資格確認等システム.
//!
//! Everything here is pure: no IO, no async, no clock and no randomness. The current time, the
//! day and fresh random bytes are arguments, so that a month's end can be tested on any day.
//! Bytes on the wire belong to `madoguchi-wire`, rows in a database to `madoguchi-store`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod account;
pub mod audit;
pub mod bulk;
pub mod care;
pub mod catalogue;
pub mod certificate;
pub mod check_digit;
pub mod checkup;
pub mod claim;
pub mod code;
pub mod consent;
pub mod coverage;
pub mod day;
pub mod decision;
pub mod eligibility;
pub mod field;
pub mod id;
pub mod institution;
pub mod insurance;
pub mod kiosk;
pub mod listing;
pub mod login;
pub mod master;
pub mod menu;
pub mod notice;
pub mod person;
pub mod prescription;
pub mod records;
pub mod release;
pub mod resolution;
pub mod settings;
pub mod shown;
pub mod ticket;
pub mod usage;
pub mod written;
