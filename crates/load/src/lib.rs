//! Load of a whole nation from one machine: requests of many institutions over mutual TLS, sent when they are due.
//!
//! * [`Plan`]: what is asked, how often and for how long, from a TOML file.
//! * [`Target`]: the server, its institutions, certificates and accounts, from a `demo.json` or a file of that form.
//! * [`People`]: whom the checks ask for, drawn uniformly from a whole population.
//! * [`Scene`]: everybody logged in, consents given through the reader's messages, answers looked at once.
//! * [`run`]: an open loop (due times, whatever the answers do), a closed loop, the search for the highest multiple.
//! * [`Report`]: what came of it, as a table, as Markdown, as JSON and as a picture.
//! * [`limits`]: what stands beside the product: nginx with the same bytes over the same certificates.
//!
//! It imitates foreign clients, so it shares no code with the terminal. It never quotes an answer: a failure is counted
//! under its class (status and code), because an answer may be about a patient. It deliberately opens no database.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod ask;
mod cards;
mod chart;

mod client;
mod desk;
mod dice;
mod fault;
mod histogram;
mod judge;
mod kind;
mod lane;
pub mod limits;
mod machine;
mod nginx;
mod passing;
mod people;
mod plan;
mod report;
pub mod run;
mod scene;
mod schedule;
pub mod table;
mod tally;
mod target;
mod visitor;

pub use cards::{LoadCard, write_cards};
pub use chart::chart;
pub use fault::LoadFault;
pub use kind::Kind;
pub use machine::Machine;
pub use people::{PEOPLE_MAX, People, Person};
pub use plan::{Arrivals, Plan};
pub use report::{KindFigures, Report, Search, Step, Times};
pub use scene::Scene;

pub use target::Target;
