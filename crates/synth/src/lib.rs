//! A synthetic world from a seed: institutions, insured persons with families and insurers, cards
//! and months of claims files that hold together.
//!
//! Nobody in it is real, and nothing is fetched: names, institutions and most insurers are invented,
//! codes and prices are facts of the public masters. The same plan gives the same bytes, in any order
//! and on any number of threads. What comes out are files that the product takes like anyone's;
//! this crate stores nothing and makes no keys.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod card;
mod coverage;
mod dice;
mod household;
mod institution;
mod insurer;
mod names;
mod neighbourhood;
mod person;
mod share;
mod story;
mod world;

pub use card::CardPlan;
pub use coverage::{COLUMNS, CoverageRow};
pub use institution::{INSTITUTIONS_MAX, INSTITUTIONS_MIN};
pub use person::{CoverageSpan, Inhabitant};
pub use story::NamedPatient;
pub use world::{MONTHS_MAX, PERSONS_MAX, PERSONS_MIN, World, WorldPlan};
