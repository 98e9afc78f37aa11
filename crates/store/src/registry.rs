//! Proof, over every statement of this crate, that a large store can be cut: each one is found in the sources, prepared
//! on both engines, and held to what its mark says.

use std::collections::{BTreeMap, BTreeSet};

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
    let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
    for source in sources.map(|source| source.unwrap().path()) {
        // This file and the one of the type itself hold examples only.
        if source.is_dir() || ["registry.rs", "sql.rs"].iter().any(|name| source.ends_with(name)) {
            continue;
        }
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

fn tables_of(text: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let begins = |word: &str| matches!(word, "FROM" | "INTO" | "JOIN" | "UPDATE");
    let pairs = words.windows(2).filter(|pair| begins(pair[0]) && !matches!(pair[1], "SET" | "SELECT"));
    pairs.map(|pair| pair[1]).collect()
}

/// Whether the statement says which shard: `column = $n`, or an insert of one row that carries it first.
fn names(text: &str, column: &str) -> bool {
    let equals = text.split(&format!("{column} = $")).count() > 1;
    let inserts =
        text.starts_with("INSERT INTO") && text.contains(&format!(" ({column}, ")) && text.contains("VALUES ($1, ");
    equals || inserts
}

#[test]
fn every_statement_is_what_its_mark_says() {
    let keys = primary_keys();
    let (_, distribute) = migration::texts();
    let reference: BTreeSet<&str> = distribute
        .lines()
        .filter_map(|line| line.strip_prefix("SELECT create_reference_table('")?.strip_suffix("');"))
        .collect();
    for Sql { text, reach } in statements() {
        let tables = tables_of(text);
        let table = *tables.first().unwrap_or(&"");
        match reach {
            Reach::Person => {
                assert_eq!(tables.len(), 1, "{text}");
                assert_eq!(keys[table][0], "person_id", "{text}");
                assert!(names(text, "person_id"), "{text}");
            }
            Reach::Key => {
                assert_eq!(tables.len(), 1, "{text}");
                assert!(!reference.contains(table), "{text}");
                assert_ne!(keys[table][0], "person_id", "{text}");
                assert!(names(text, keys[table][0]), "{text}");
            }
            Reach::Reference => {
                let catalogue = tables.iter().all(|table| table.starts_with("pg_") || table.starts_with("sqlite_"));
                assert!(catalogue || (tables.len() == 1 && reference.contains(table)), "{text}");
            }
            Reach::Report => assert!(!tables.is_empty(), "{text}"),
        }
    }
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

#[tokio::test]
async fn every_statement_is_understood_by_both_engines() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
    Store::migrate(&url, NOW).await.unwrap();
    let session = sqlite::Session::to_write(url.path().unwrap(), &Limits::default(), false).unwrap();
    for sql in statements().into_iter().filter(|sql| !sql.text.contains("pg_")) {
        session.understands(sql).unwrap_or_else(|error| panic!("SQLite: {error}: {}", sql.text));
    }
    let Some(cluster) = test_support::cluster() else { return };
    let url = cluster.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    let Address::Postgres(config) = &url.0 else { panic!("not PostgreSQL") };
    let session = postgres::Session::open(config, &Limits::default(), Purpose::Write).await.unwrap();
    for sql in statements().into_iter().filter(|sql| !sql.text.contains("sqlite_")) {
        let types = session.parameter_types(sql).await;
        let types = types.unwrap_or_else(|error| panic!("PostgreSQL: {error}: {}", sql.text));
        // `$1 = 1` would make an INTEGER of it, which no value of ours is.
        let known = types.iter().all(|name| ["int8", "text", "bytea", "blob"].contains(&name.as_str()));
        assert!(known, "{types:?}: {}", sql.text);
    }
}

/// What a cut store forbids does not exist: unique keys without the first column of the primary key, foreign keys,
/// triggers, sequences, and types beyond the three.
#[tokio::test]
async fn the_catalogue_has_nothing_that_cannot_be_cut() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = cluster.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    let count = |text: &str| -> usize { cluster.run(&url, text).unwrap().trim().parse().unwrap() };
    let ours = "n.nspname = 'public'";
    assert_eq!(
        count(&format!(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND {ours}"
        )),
        0,
        "sequences"
    );
    assert_eq!(count("SELECT count(*) FROM pg_trigger"), 0, "triggers");
    assert_eq!(count("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), 0, "foreign keys");
    let uniques = cluster
        .run(
            &url,
            &format!(
                "SELECT t.relname || ':' || string_agg(a.attname, ',' ORDER BY k.place)
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace,
             unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place), pg_attribute a
         WHERE i.indisunique AND {ours} AND a.attrelid = t.oid AND a.attnum = k.number
         GROUP BY i.indexrelid, t.relname"
            ),
        )
        .unwrap();
    let keys = primary_keys();
    let mut seen = BTreeSet::new();
    for line in uniques.lines().filter(|line| !line.starts_with("schema_migrations:")) {
        let (table, columns) = line.split_once(':').unwrap();
        assert_eq!(columns.split(',').collect::<Vec<_>>(), keys[table], "{table}");
        seen.insert(table);
    }
    assert_eq!(seen, keys.keys().copied().collect(), "every table has a primary key");
    let types = cluster
        .run(
            &url,
            "SELECT DISTINCT COALESCE(domain_name, data_type) FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY 1",
        )
        .unwrap();
    assert_eq!(types.lines().collect::<Vec<_>>(), ["bigint", "blob", "text"]);
}

#[test]
fn every_table_has_its_place_in_a_cut_store() {
    let (_, distribute) = migration::texts();
    for (table, key) in primary_keys() {
        let reference = distribute.contains(&format!("create_reference_table('{table}')"));
        let distributed = distribute.contains(&format!("create_distributed_table('{table}', '{}'", key[0]));
        assert!(reference ^ distributed, "{table} by {}", key[0]);
    }
}
