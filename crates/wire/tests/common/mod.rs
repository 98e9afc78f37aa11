//! What the tests of this crate share.
#![allow(dead_code, unreachable_pub, clippy::print_stderr)]

pub mod sample;

use madoguchi_wire::Issue;
use madoguchi_wire::claims::{ClaimsReader, Header, Receipt, Summary};
use std::path::PathBuf;

/// The folder of real-shaped data, if the environment names it; says so when it does not.
pub fn shared_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MADOGUCHI_SHARED_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED {test}: MADOGUCHI_SHARED_DATA names no folder of claims and masters");
    }
    folder
}

/// A whole claims file, or why it was refused.
pub fn read(bytes: &[u8]) -> Result<(Header, Vec<Receipt>, Summary), Issue> {
    let mut reader = ClaimsReader::open(bytes)?;
    let mut receipts = Vec::new();
    while let Some(receipt) = reader.next_receipt()? {
        receipts.push(receipt);
    }
    Ok((reader.header().clone(), receipts, reader.summary().clone()))
}
