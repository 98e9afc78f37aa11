//! The raw limits of a deployment's database.

use crate::failure::Outcome;
use crate::verb::Place;
use madoguchi_load::People;
use madoguchi_load::limits::Limit;
use madoguchi_model::insurance::NumberKey;
use madoguchi_store::raw;
use std::sync::Arc;

/// Numbers that are looked up, one after the other, again and again.
const KEYS_MAX: usize = 200_000;
/// Threads of the look-up.
const THREADS: usize = 2;
/// Rows that share a commit: about what the product's writer collects under this load.
const ROWS_A_COMMIT: u32 = 32;

/// A bare look-up in the database and, where it is a file, bare durable rows on the same disk.
pub(crate) fn of_the_database(place: &Place, people: &People) -> Outcome<Vec<Limit>> {
    let url = place.database()?;
    let mut keys: Vec<NumberKey> = Vec::with_capacity(people.len().min(KEYS_MAX));
    for number in 0..people.len().min(KEYS_MAX) {
        keys.push(people.person(number).numbers()?.key());
    }
    let directory = url.path().map(|path| path.parent().unwrap_or(std::path::Path::new(".")).to_owned());
    let name = format!("the bare SELECT by number, prepared, {THREADS} threads, {url}");
    let look_ups = Limit {
        name,
        run: Arc::new(move |time| raw::look_ups(&url, &keys, THREADS, time).map_err(|error| error.to_string())),
    };
    let mut limits = vec![look_ups];
    if let Some(directory) = directory {
        limits.push(Limit {
            name: format!("bare durable rows of an audit entry's size on the same disk, {ROWS_A_COMMIT} a commit"),
            run: Arc::new(move |time| {
                raw::durable_rows(&directory, ROWS_A_COMMIT, time).map_err(|error| error.to_string())
            }),
        });
    }
    Ok(limits)
}
