//! The server's outside: TLS, the table of routes, the staff screens and the reader's endpoints.
//!
//! One request goes connection → [`router`] → access check → a function of `screen` or `reader` →
//! one use-case of `madoguchi-service` → a template or JSON. Nothing here decides what may be seen:
//! rules and audit live in the service.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod access;
mod agent;
mod api;
mod asset;
mod call;
mod connection;
mod cookie;
mod frame;
mod header;
pub mod home;
pub mod inspector;
mod message;
mod multipart;
mod openapi;
mod origin;
mod problem;
mod rate;
mod reader;
pub mod router;
mod screen;
mod server;
mod tls;

pub use rate::{Rate, RateLimits};
pub use server::{RunningServer, Server, ServerParts, StartFault};
