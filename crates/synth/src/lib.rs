//! A synthetic world from a seed: institutions, insured persons with families and insurers, cards
//! and months of claims files and years of check-ups that hold together.
//!
//! Nobody in it is real, and nothing is fetched: names, institutions and most insurers are invented,
//! codes and prices are facts of the public masters. The same plan gives the same bytes, in any order
//! and on any number of threads. What comes out are files that the product takes like anyone's;
//! this crate stores nothing and makes no keys.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod act;
mod bill;
mod card;
mod certificate;
mod chart;
mod checkup;
mod claim_file;
mod condition;
mod coverage;
mod dental;
mod dental_claim;
mod dice;
mod district;
mod dpc;
mod dpc_claim;
mod encode;
mod export;
mod file;
mod generation;
mod health;
mod household;
mod illness;
mod institution;
mod insurer;
mod journal;
mod life;
mod medical_claim;
mod medicine;
mod mortality;
mod names;
mod nation;
mod neighbourhood;
mod operation;
mod payer;
mod person;
mod pharmacy_claim;
mod places;
mod prefecture;
mod prescription;
mod report;
mod share;
mod story;
mod story_care;
mod ticket;
mod uke;
mod world;

pub use card::CardPlan;
pub use checkup::CheckupPackage;
pub use claim_file::{ClaimFile, ClaimFileText, Reviewer};
pub use coverage::{COLUMNS, CoverageRow};
pub use export::ExportError;
pub use generation::{Generation, Part, Progress, THREADS_MAX, Written};
pub use institution::{INSTITUTIONS_MAX, INSTITUTIONS_MIN};
pub use nation::{NATION_PERSONS_MAX, NATION_PERSONS_MIN, Nation, NationPlan, SMALL_WORLD_PERSONS_MAX};
pub use person::{CoverageSpan, Inhabitant};
pub use report::{Comparison, Report};
pub use story::NamedPatient;
pub use world::{MONTHS_MAX, PERSONS_MAX, PERSONS_MIN, World, WorldPlan};
