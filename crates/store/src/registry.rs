//! Proof, over every statement of this crate, that a large store can be cut: each one is found in the sources, prepared
//! on both engines, and held to what its mark says.

mod catalogue;
mod plans;
mod rules;

use std::collections::BTreeMap;

use crate::{
    DatabaseUrl, Limits, Store,
    engine::{
        postgres::{self, Purpose},
        sqlite,
    },
    migration,
    sql::{Reach, Sql},
    test_support,
    url::Address,
};

use madoguchi_model::day::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(0);

/// Every `Sql::…("…")` of the sources.
fn statements() -> Vec<Sql> {
    let mut found = Vec::new();
    for source in sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text: &'static str = std::fs::read_to_string(&source).unwrap().leak();
        for (marker, reach) in [
            ("Sql::by_person(", Reach::Person),
            ("Sql::by_key(", Reach::Key),
            ("Sql::reference(", Reach::Reference),
            ("Sql::report(", Reach::Report),
        ] {
            for after in text.split(marker).skip(1) {
                let text = after.trim_start().strip_prefix('"').unwrap().split('"').next().unwrap();
                found.push(Sql { text, reach });
            }
        }
    }
    assert!(found.len() > 60, "only {} statements were found", found.len());
    found
}

/// All files, also in directories, but for those that hold examples only: this one, that of the type itself, and tests.
fn sources(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let examples = ["registry.rs", "registry", "sql.rs", "tests.rs", "test_support"];
    let is_example = |path: &std::path::PathBuf| examples.iter().any(|name| path.ends_with(name));
    let mut found: Vec<_> = files.into_iter().filter(|path| !is_example(path)).collect();
    found.extend(directories.iter().filter(|path| !is_example(path)).flat_map(|path| sources(path)));
    found
}

/// Each table's columns of its primary key, from the schema's text.
fn primary_keys() -> BTreeMap<&'static str, Vec<&'static str>> {
    let schema: &'static str = migration::texts().0.leak();
    let mut keys = BTreeMap::new();
    for table in schema.split("CREATE TABLE ").skip(1) {
        let (name, body) = table.split_once(" (").unwrap();
        let body = body.split("\n)").next().unwrap();
        let columns = match body.split_once("\n    PRIMARY KEY (") {
            Some((_, key)) => key.split(')').next().unwrap().split(", ").collect(),
            None => vec![body.trim_start().split(' ').next().unwrap()],
        };
        keys.insert(name, columns);
    }
    keys
}

fn layout() -> rules::Layout<'static> {
    rules::Layout::read(migration::texts().1.leak()).unwrap()
}

#[test]
fn every_statement_is_what_its_mark_says() {
    let layout = layout();
    for sql in statements() {
        layout.holds(sql).unwrap_or_else(|rule| panic!("{rule}: {}", sql.text));
    }
}

#[test]
fn every_table_has_its_place_in_a_cut_store() {
    let (layout, keys) = (layout(), primary_keys());
    layout.covers(&keys).unwrap();
    // A table that nobody placed, one with another key, and one that does not exist.
    let mut more = keys.clone();
    more.insert("forgotten", vec!["person_id"]);
    assert!(layout.covers(&more).unwrap_err().contains("forgotten has no place"));
    let mut other = keys.clone();
    other.insert("coverages", vec!["coverage_id", "person_id"]);
    assert!(layout.covers(&other).unwrap_err().contains("coverages begins with coverage_id"));
    let mut fewer = keys;
    fewer.remove("coverages");
    assert!(layout.covers(&fewer).unwrap_err().contains("there is no table coverages"));
}

#[test]
fn parameters_are_numbered_by_first_appearance() {
    for Sql { text, .. } in statements() {
        let mut highest = 0;
        for after in text.split('$').skip(1) {
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            let number: usize = digits.parse().unwrap();
            assert!(number <= highest + 1, "${number} after ${highest}: {text}");
            highest = highest.max(number);
        }
    }
}

/// The rule that no string can break: everything that runs is a marked statement, apart from the two engines' own.
#[test]
fn no_statement_is_unmarked() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() || ["registry.rs", "sql.rs"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for verb in ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "] {
            for (place, _) in text.match_indices(&format!("\"{verb}")) {
                let before = text[..place].trim_end();
                let session_only = path.ends_with("migration.rs") && text[place..].starts_with("\"SELECT pg_advisory");
                assert!(before.ends_with('(') || session_only, "{} at byte {place}", path.display());
            }
        }
    }
}

async fn on_sqlite(directory: &std::path::Path) -> sqlite::Session {
    let url = DatabaseUrl::sqlite(directory.join("store.db"));
    Store::migrate(&url, NOW).await.unwrap();
    sqlite::Session::to_write(url.path().unwrap(), &Limits::default(), false).unwrap()
}

async fn on_postgres(url: &DatabaseUrl) -> std::sync::Arc<postgres::Session> {
    Store::migrate(url, NOW).await.unwrap();
    let Address::Postgres(server) = &url.0 else { panic!("not PostgreSQL") };
    postgres::Session::open(server, &Limits::default(), Purpose::Write).await.unwrap()
}

fn is_for_sqlite(sql: &Sql) -> bool {
    !sql.text.contains("pg_") && !sql.text.ends_with(" FOR UPDATE")
}

fn is_for_postgres(sql: &Sql) -> bool {
    // Two catalogues are there with Citus only.
    !sql.text.contains("sqlite_") && !sql.text.contains("pg_dist_")
}

#[tokio::test]
async fn every_statement_is_understood_by_both_engines() {
    let directory = tempfile::tempdir().unwrap();
    let session = on_sqlite(directory.path()).await;
    for sql in statements().into_iter().filter(is_for_sqlite) {
        session.understands(sql).unwrap_or_else(|error| panic!("SQLite: {error}: {}", sql.text));
    }
    let Some(cluster) = test_support::cluster() else { return };
    let session = on_postgres(&cluster.database().unwrap()).await;
    for sql in statements().into_iter().filter(is_for_postgres) {
        let types = session.parameter_types(sql).await;
        let types = types.unwrap_or_else(|error| panic!("PostgreSQL: {error}: {}", sql.text));
        // `$1 = 1` would make an INTEGER of it, which no value of ours is.
        let known = types.iter().all(|name| ["int8", "text", "bytea", "blob"].contains(&name.as_str()));
        assert!(known, "{types:?}: {}", sql.text);
    }
}
