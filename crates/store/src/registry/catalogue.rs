//! What a cut store forbids does not exist in a migrated database, and would be found.

use std::collections::BTreeSet;

use super::{NOW, layout, primary_keys};
use crate::{DatabaseUrl, Store, test_support, test_support::ThrowAwayCluster};

const SEQUENCES: &str = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND n.nspname = 'public'";
const TRIGGERS: &str = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal";
const DEFAULTS: &str = "SELECT table_name || '.' || column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND (is_identity = 'YES' OR is_generated <> 'NEVER' OR column_default LIKE '%(%')";
/// `table:column,column`.
const UNIQUES: &str = "SELECT t.relname || ':' || string_agg(a.attname, ',' ORDER BY k.place)
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace,
        unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place), pg_attribute a
    WHERE i.indisunique AND n.nspname = 'public' AND a.attrelid = t.oid AND a.attnum = k.number
    GROUP BY i.indexrelid, t.relname";
/// `table:columns:table:columns`.
const FOREIGN: &str = "SELECT (conrelid::regclass)::text || ':' ||
        (SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number) || ':' ||
        (confrelid::regclass)::text || ':' ||
        (SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS k(number, place)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = number)
    FROM pg_constraint WHERE contype = 'f'";
const TYPES: &str = "SELECT table_name || '.' || column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND COALESCE(domain_name, data_type) NOT IN ('bigint', 'blob', 'text')";

/// Everything in this database that could not be cut.
fn findings(cluster: &ThrowAwayCluster, url: &DatabaseUrl) -> Vec<String> {
    let lines = |text: &str| -> Vec<String> { cluster.run(url, text).unwrap().lines().map(str::to_owned).collect() };
    let mut found = Vec::new();
    for (what, query) in [("sequence", SEQUENCES), ("trigger", TRIGGERS), ("default", DEFAULTS), ("type", TYPES)] {
        found.extend(lines(query).into_iter().map(|name| format!("{what} {name}")));
    }
    let layout = layout();
    for line in lines(UNIQUES) {
        let (table, columns) = line.split_once(':').unwrap();
        let columns: Vec<&str> = columns.split(',').collect();
        found.extend(layout.allows_unique(table, &columns).err());
    }
    for line in lines(FOREIGN) {
        let parts: Vec<Vec<&str>> = line.split(':').map(|part| part.split(',').collect()).collect();
        found.extend(layout.allows_foreign(parts[0][0], &parts[1], parts[2][0], &parts[3]).err());
    }
    found
}

#[tokio::test]
async fn nothing_that_cannot_be_cut_exists() {
    let Some(cluster) = test_support::cluster() else { return };
    let url = cluster.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    assert_eq!(findings(cluster, &url), Vec::<String>::new());

    let uniques = cluster.run(&url, UNIQUES).unwrap();
    let keyed: BTreeSet<&str> = uniques.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert!(primary_keys().keys().all(|table| keyed.contains(table)), "every table has a primary key");
}

#[tokio::test]
async fn what_cannot_be_cut_would_be_found() {
    let Some(cluster) = test_support::cluster() else { return };
    for (change, finding) in [
        ("CREATE UNIQUE INDEX x ON coverages (coverage_id)", "a key of coverages begins with coverage_id"),
        ("CREATE TABLE x (person_id blob, CONSTRAINT x_key UNIQUE (person_id))", "x has no place"),
        ("ALTER TABLE persons ADD COLUMN x BIGSERIAL", "sequence persons_x_seq"),
        ("ALTER TABLE persons ADD COLUMN x BIGINT GENERATED ALWAYS AS IDENTITY", "default persons.x"),
        ("ALTER TABLE persons ADD COLUMN x BIGINT DEFAULT (extract(epoch FROM now()))", "default persons.x"),
        ("ALTER TABLE persons ADD COLUMN x JSONB", "type persons.x"),
        (
            "CREATE FUNCTION x() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER x BEFORE INSERT ON persons FOR EACH ROW EXECUTE FUNCTION x()",
            "trigger x",
        ),
        (
            "ALTER TABLE number_keys ADD FOREIGN KEY (person_id) REFERENCES persons (person_id)",
            "a foreign key from number_keys to persons crosses nodes",
        ),
    ] {
        let url = cluster.database().unwrap();
        Store::migrate(&url, NOW).await.unwrap();
        cluster.run(&url, change).unwrap();
        let found = findings(cluster, &url);
        assert!(found.iter().any(|line| line.starts_with(finding)), "{change}: {found:?}");
    }
    let url = cluster.database().unwrap();
    Store::migrate(&url, NOW).await.unwrap();
    cluster.run(&url, "ALTER TABLE coverages ADD FOREIGN KEY (person_id) REFERENCES persons (person_id)").unwrap();
    assert_eq!(findings(cluster, &url), Vec::<String>::new(), "a person's tables lie together");
}
