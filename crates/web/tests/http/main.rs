//! The server from outside: HTTP over real mutual TLS, with a SQLite store behind it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod api;
mod audit;
mod bounds;
mod bulk;
mod client;
mod consent;
mod documents;
mod eligibility;
mod exchange;
mod html;
mod reader;
mod screens;
mod site;
mod trust;
