//! The institution's side of the wire (資格確認端末): what stands on its desk and holds its certificate.
//!
//! * [`config`]: what a terminal is told at its start.
//! * `terminal`: the loopback listener; it looks at the Host header and hands over to gateway or kiosk.
//! * `gateway`: gives the browser the server's screens over mutual TLS.
//! * `kiosk`: the card reader's touch page (顔認証付きカードリーダーの代役) with its drawer of virtual cards.
//! * `reader`: the messages between the kiosk and the server's machine port.
//! * `folder`: the folder agent (連携アプリケーション).
//! * `upstream`: TLS 1.3 connections to the server with the institution's certificate.
//!
//! It deliberately shares no store and no rules with the server: like anyone else's terminal it has the wire alone, and
//! what the server does not send it does not know. It listens on loopback only.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod config;
mod folder;
mod gateway;
mod kiosk;
mod notice;
mod reader;
mod same_origin;
mod terminal;
mod upstream;

pub use config::{ConfigFault, FolderConfig, MachineAccount, TerminalConfig};
pub use folder::{FolderFault, PassPhrase};
pub use terminal::{RunningTerminal, Terminal};
