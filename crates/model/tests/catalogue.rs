//! The catalogue of codes beside the sources of all crates: what is said is in the table, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::catalogue::{Standing, entries};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The code in quotes, as sources and templates say it. Three digits are codes of the reader only in the files that
/// say those: elsewhere they are codes of usage and what not.
fn said_in(source: &str, reader: bool) -> BTreeSet<String> {
    let words = source.split('"').skip(1).step_by(2);
    let is_code = |word: &&str| {
        let digits = word.trim_start_matches(['E', 'P', 'L', 'W']);
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        all_digits && (word.len() == 5 && digits.len() == 4 || reader && word.len() == 3 && digits.len() == 3)
    };
    words.filter(is_code).map(str::to_owned).collect()
}

/// Everything below `directory` that is part of the product: no tests, and not this table.
fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "catalogue" {
                collect(&path, found);
            }
            continue;
        }
        if !name.ends_with(".rs") || name.contains("test") || name == "catalogue.rs" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        // A quotation mark as a character or within a literal would swap inside and outside.
        let product = product.replace("'\"'", "' '").replace("\\\"", "  ");
        let kiosk = path.components().any(|part| part.as_os_str() == "kiosk");
        let reader = kiosk || ["refusal.rs", "reader.rs"].contains(&name.as_str());
        found.extend(said_in(&product, reader));
    }
}

#[test]
fn the_table_has_every_code_that_is_said_and_no_other() {
    let mut said = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in fs::read_dir(crates).unwrap() {
        let sources = name.unwrap().path().join("src");
        if sources.is_dir() {
            collect(&sources, &mut said);
        }
    }
    let standing = |wanted| entries().filter(move |entry| entry.standing == wanted);
    let in_use: BTreeSet<String> = standing(Standing::InUse).map(|entry| entry.code.to_owned()).collect();
    let reserved: BTreeSet<String> = standing(Standing::Reserved).map(|entry| entry.code.to_owned()).collect();
    let missing: Vec<_> = said.difference(&in_use).collect();
    assert!(missing.is_empty(), "said, but not in use in the table: {missing:?}");
    let unsaid: Vec<_> = in_use.difference(&said).collect();
    assert!(unsaid.is_empty(), "in use in the table, but nobody says it: {unsaid:?}");
    assert_eq!(reserved.intersection(&said).count(), 0);
}
