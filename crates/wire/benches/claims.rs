//! Reading claims files (UKE) beside splitting and decoding the same bytes: `cargo bench -p madoguchi-wire`.
#![allow(clippy::unwrap_used, missing_docs)]

use madoguchi_measure::{Board, Limit, Work};
use madoguchi_model::day::Day;
use madoguchi_synth::{World, WorldPlan};
use madoguchi_wire::claims::ClaimsReader;

const PERSONS: u32 = 2_000;

fn main() {
    let Some(board) = Board::open("claims") else { return };
    let files = month();
    let bytes: usize = files.iter().map(Vec::len).sum();
    let records: usize = files.iter().map(|file| split(file)).sum();
    let work = [
        Work { amount: bytes as f64 / 1e6, unit: "MB" },
        Work { amount: records as f64, unit: "records" },
        Work { amount: read_all(&files) as f64, unit: "receipts" },
    ];
    board.compare(
        "Claims files read into typed receipts",
        &work,
        &mut || assert_ne!(read_all(&files), 0),
        &mut [
            Limit {
                name: "Shift_JIS decoded whole, then split at its commas",
                run: &mut || {
                    for file in &files {
                        let (text, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(file);
                        assert_ne!(split(text.as_bytes()), 0);
                    }
                },
            },
            Limit {
                name: "bytes split at their commas",
                run: &mut || files.iter().for_each(|file| assert_ne!(split(file), 0)),
            },
        ],
    );
}

/// The files that a synthetic neighbourhood sends in one month.
fn month() -> Vec<Vec<u8>> {
    let today = Day::from_number(20_261_123).unwrap();
    let world = World::new(WorldPlan { persons: PERSONS, months: 2, ..WorldPlan::demo(1, today) });
    let month = world.request_months().next().unwrap();
    world.claim_texts_of(month).into_iter().map(|file| file.encoded().bytes).collect()
}

fn read_all(files: &[Vec<u8>]) -> usize {
    files.iter().map(|file| read(file)).sum()
}

fn read(file: &[u8]) -> usize {
    let mut reader = ClaimsReader::open(file).unwrap();
    let mut receipts = 0;
    while let Some(receipt) = reader.next_receipt().unwrap() {
        assert!(receipt.claim.is_some());
        receipts += 1;
    }
    receipts
}

/// The records, split by the `csv` crate without looking at them.
fn split(bytes: &[u8]) -> usize {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).quoting(false).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut records = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        records += 1;
    }
    records
}
