//! What a statement or a table must be so that a store may be cut over many nodes, as functions that also see what is
//! wrong with a broken one.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::{Reach, Sql};

/// Where each table's rows lie.
pub(super) struct Layout<'a>(BTreeMap<&'a str, Place<'a>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Whole on every node.
    Everywhere,
    /// Cut by this column; beside the rows with the same value in all tables of the group.
    By { column: &'a str, group: &'a str },
}

type Held = Result<(), String>;

impl<'a> Layout<'a> {
    /// Reads the lines of `distribute.sql`; each table has one, and the same again when a migration makes it anew.
    pub(super) fn read(distribute: &'a str) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        for line in distribute.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--")) {
            let (table, place) = read_line(line, &places)?;
            if places.insert(table, place).is_some_and(|former| former != place) {
                return Err(format!("{table} has two places"));
            }
        }
        Ok(Self(places))
    }

    pub(super) fn of(&self, table: &str) -> Option<Place<'a>> {
        self.0.get(table).copied()
    }

    /// Each table has a place, and its primary key begins with the column by which it is cut.
    pub(super) fn covers(&self, keys: &BTreeMap<&str, Vec<&str>>) -> Held {
        // The store's own first table, which `migrate` makes.
        let mut strangers = self.0.keys().filter(|table| **table != "schema_migrations" && !keys.contains_key(*table));
        if let Some(table) = strangers.next() {
            return Err(format!("there is no table {table}"));
        }
        for (table, key) in keys {
            match self.of(table) {
                None => return Err(format!("{table} has no place")),
                Some(Place::Everywhere) => {}
                Some(Place::By { column, group }) => {
                    begins_with(table, key, column)?;
                    if (column == "person_id") != (group == "persons") {
                        return Err(format!("{table} is cut by {column} and must not lie with {group}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// A unique key of a table that is cut begins with the column by which it is.
    pub(super) fn allows_unique(&self, table: &str, columns: &[&str]) -> Held {
        match self.of(table) {
            None => Err(format!("{table} has no place")),
            Some(Place::Everywhere) => Ok(()),
            Some(Place::By { column, .. }) => begins_with(table, columns, column),
        }
    }

    /// A foreign key leads to a table that is everywhere, or to one beside by the column that both are cut by.
    pub(super) fn allows_foreign(&self, from: &str, columns: &[&str], to: &str, others: &[&str]) -> Held {
        let wrong = Err(format!("a foreign key from {from} to {to} crosses nodes"));
        match (self.of(from), self.of(to)) {
            (Some(_), Some(Place::Everywhere)) => Ok(()),
            (Some(Place::By { column: own, group: here }), Some(Place::By { column: its, group: there })) => {
                let together = columns.iter().zip(others).any(|(from, to)| (*from, *to) == (own, its));
                if here == there && together { Ok(()) } else { wrong }
            }
            _ => wrong,
        }
    }

    /// Whether the statement is what its mark says.
    pub(super) fn holds(&self, Sql { text, reach }: Sql) -> Held {
        let tables = tables_of(text);
        let table = *tables.first().unwrap_or(&"");
        let place = self.of(table);
        match (reach, place) {
            (Reach::Report, _) if tables.is_empty() => Err("it reads no table".to_owned()),
            (Reach::Report, _) => Ok(()),
            (Reach::Reference, _) if tables.iter().all(|table| is_catalogue(table)) => Ok(()),
            _ if tables.len() != 1 => Err(format!("it has {} tables", tables.len())),
            (Reach::Reference, Some(Place::Everywhere)) => Ok(()),
            (Reach::Person, Some(Place::By { column: column @ "person_id", .. })) => names(text, column),
            (Reach::Key, Some(Place::By { column, .. })) if column != "person_id" => names(text, column),
            _ => Err(format!("{table} has another place than its mark says")),
        }
    }
}

fn read_line<'a>(line: &'a str, before: &BTreeMap<&'a str, Place<'a>>) -> Result<(&'a str, Place<'a>), String> {
    let quoted: Vec<&str> = line.split('\'').skip(1).step_by(2).collect();
    let is = |form: &str| line == form;
    match quoted[..] {
        [table] if is(&format!("SELECT create_reference_table('{table}');")) => Ok((table, Place::Everywhere)),
        // Only the first table of all stands without a word about its neighbours.
        [table @ "persons", column] if is(&format!("SELECT create_distributed_table('{table}', '{column}');")) => {
            Ok((table, Place::By { column, group: table }))
        }
        [table, column, beside]
            if is(&format!("SELECT create_distributed_table('{table}', '{column}', colocate_with => '{beside}');")) =>
        {
            let group = match (beside, before.get(beside)) {
                ("none", _) => table,
                (_, Some(Place::By { group, .. })) => group,
                _ => return Err(format!("{table} lies with {beside}, which is not cut before")),
            };
            Ok((table, Place::By { column, group }))
        }
        _ => Err(format!("not a line of distribution: {line}")),
    }
}

fn begins_with(table: &str, columns: &[&str], column: &str) -> Held {
    match columns.first() {
        Some(first) if *first == column => Ok(()),
        first => Err(format!("a key of {table} begins with {}, not with {column}", first.unwrap_or(&"nothing"))),
    }
}

fn is_catalogue(table: &str) -> bool {
    table.starts_with("pg_") || table.starts_with("sqlite_")
}

fn tables_of(text: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let begins = |word: &str| matches!(word, "FROM" | "INTO" | "JOIN" | "UPDATE");
    let pairs = words.windows(2).filter(|pair| begins(pair[0]) && !matches!(pair[1], "SET" | "SELECT"));
    pairs.map(|pair| pair[1]).collect()
}

/// The statement says which shard: its condition, and that of each question within it, has `column = $n` for every row, or
/// it inserts rows that carry the column first (several at once are one process's entries). It never changes the column.
fn names(text: &str, column: &str) -> Held {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    for (place, question) in text.match_indices("(SELECT ") {
        names(inside_parentheses(&text[place + question.len() - "SELECT ".len()..]), column)?;
    }
    let sets = format!(" SET {column} = ");
    if let Some(insert) = text.strip_prefix("INSERT INTO ") {
        let first = insert.contains(&format!(" ({column}, ")) && insert.contains("VALUES ($1, ");
        return match (first, insert.contains(&sets)) {
            (false, _) => Err(format!("it does not insert {column} first, as $1")),
            (_, true) => Err(format!("it changes {column}")),
            _ => Ok(()),
        };
    }
    let outside = outside_parentheses(&text);
    let (changes, condition) = outside.split_once(" WHERE ").ok_or("it has no condition")?;
    if changes.split_once(" FROM ").is_some_and(|(_, tables)| tables.contains(',')) {
        return Err("it joins tables".to_owned());
    }
    let changed = changes.split_once(" SET ").map_or("", |(_, changed)| changed);
    if changed.split(", ").any(|change| change.starts_with(&format!("{column} = "))) {
        return Err(format!("it changes {column}"));
    }
    let end = [" GROUP BY ", " ORDER BY ", " LIMIT ", " RETURNING "];
    let condition = end.iter().filter_map(|word| condition.split_once(word)).map(|(before, _)| before);
    let condition = condition
        .min_by_key(|before| before.len())
        .unwrap_or_else(|| outside.split_once(" WHERE ").map_or("", |(_, condition)| condition));
    let equals = |part: &str| {
        let number = part.strip_prefix(&format!("{column} = $"));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match condition.contains(" OR ") || !condition.split(" AND ").any(equals) {
        true => Err(format!("its condition does not say {column} = $n")),
        false => Ok(()),
    }
}

/// The text up to the parenthesis that ends what it is in.
fn inside_parentheses(text: &str) -> &str {
    let mut depth = 0_u32;
    let ends = |c: char| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    };
    text.find(ends).map_or(text, |end| &text[..end])
}

/// The text with everything in parentheses left out: what is in there is only a part of a condition.
fn outside_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

const EXAMPLE: &str = "SELECT create_reference_table('institutions');
    SELECT create_distributed_table('persons', 'person_id');
    SELECT create_distributed_table('coverages', 'person_id', colocate_with => 'persons');
    SELECT create_distributed_table('number_keys', 'number_key', colocate_with => 'none');
    SELECT create_distributed_table('accounts', 'institution_code', colocate_with => 'none');
    SELECT create_distributed_table('sessions', 'institution_code', colocate_with => 'accounts');";

#[track_caller]
fn check_statement(sql: Sql, broken: Option<&str>) {
    match (Layout::read(EXAMPLE).unwrap().holds(sql), broken) {
        (Ok(()), None) => {}
        (Err(found), Some(part)) => assert!(found.contains(part), "{found}"),
        (found, _) => panic!("{found:?}"),
    }
}

#[test]
fn a_statement_that_needs_several_nodes_is_found() {
    let person = |text| check_statement(Sql::by_person(text), None);
    person("SELECT name FROM persons WHERE person_id = $1");
    person("UPDATE coverages SET valid_to = $1 WHERE person_id = $2 AND (valid_to IS NULL OR valid_to > $3)");
    person("INSERT INTO coverages (person_id, coverage_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    check_statement(Sql::by_key("DELETE FROM sessions WHERE institution_code = $1 AND ends < $2"), None);
    check_statement(Sql::reference("SELECT name FROM institutions ORDER BY code"), None);
    check_statement(Sql::report("SELECT count(*) FROM persons"), None);

    let broken = |text, part| check_statement(Sql::by_person(text), Some(part));
    broken("SELECT name FROM persons", "no condition");
    broken("SELECT name FROM persons WHERE kana = $1", "does not say person_id = $n");
    broken("SELECT name FROM persons WHERE kana = $1 OR person_id = $2", "does not say person_id = $n");
    broken("SELECT name FROM persons WHERE (kana = $1 OR person_id = $2)", "does not say person_id = $n");
    broken("SELECT name FROM persons WHERE person_id = $1 OR kana = $2", "does not say person_id = $n");
    broken("SELECT name FROM persons WHERE person_id > $1", "does not say person_id = $n");
    broken("SELECT 1 FROM persons WHERE person_id IN (SELECT person_id FROM coverages)", "2 tables");
    broken("SELECT 1 FROM persons JOIN coverages USING (person_id) WHERE person_id = $1", "2 tables");
    broken("UPDATE coverages SET person_id = $1 WHERE coverage_id = $2", "changes person_id");
    broken("UPDATE coverages SET note = $1, person_id = $2 WHERE person_id = $3", "changes person_id");
    broken("INSERT INTO coverages (coverage_id, person_id) VALUES ($1, $2)", "insert person_id first");
    broken("INSERT INTO coverages (person_id, coverage_id) SELECT $1, $2", "insert person_id first");
    broken("SELECT 1 FROM persons, persons AS p WHERE person_id = $1", "joins tables");
    broken(
        "DELETE FROM coverages WHERE person_id = $1 AND coverage_id IN (SELECT coverage_id FROM coverages)",
        "no condition",
    );
    broken(
        "SELECT 1 FROM coverages WHERE person_id = $1 AND n = (SELECT max(n) FROM coverages WHERE n < $2)",
        "person_id = $n",
    );
    broken(
        "INSERT INTO coverages (person_id, n) VALUES ($1, $2) ON CONFLICT (n) DO UPDATE SET person_id = excluded.person_id",
        "changes person_id",
    );
    person(
        "DELETE FROM coverages WHERE person_id = $1 AND n IN (SELECT n FROM coverages WHERE person_id = $1 LIMIT 3)",
    );
    broken("DELETE FROM coverages WHERE person_id = $1 AND n IN (\n    SELECT n FROM coverages)", "no condition");
    broken("SELECT 1 FROM sessions WHERE institution_code = $1", "another place");
    broken("SELECT 1 FROM strangers WHERE person_id = $1", "another place");
    check_statement(Sql::by_key("SELECT 1 FROM coverages WHERE person_id = $1"), Some("another place"));
    check_statement(Sql::by_key("SELECT 1 FROM sessions WHERE token = $1"), Some("institution_code = $n"));
    check_statement(Sql::reference("SELECT 1 FROM persons WHERE person_id = $1"), Some("another place"));
    check_statement(Sql::reference("SELECT 1 FROM institutions JOIN persons ON true"), Some("2 tables"));
    check_statement(Sql::report("SELECT 1"), Some("no table"));
}

#[test]
fn a_table_without_a_place_of_its_own_is_found() {
    let read = |more: &str| Layout::read(&format!("{EXAMPLE}\n{more}")).map(drop).unwrap_err();
    assert!(read("SELECT create_reference_table('persons');").contains("two places"));
    assert!(read("SELECT create_distributed_table('x', 'person_id');").contains("not a line"));
    assert!(read("SELECT create_distributed_table('x', 'k', colocate_with => 'y');").contains("not cut before"));
    assert!(read("SELECT create_distributed_table('x', 'k', colocate_with => 'institutions');").contains("not cut"));
    assert!(read("DROP TABLE persons;").contains("not a line"));

    let covers = |line: &str, column: &'static str| {
        let text = format!("{EXAMPLE}\n{line}");
        let mut keys = BTreeMap::from([("institutions", vec!["code"]), ("x", vec![column, "id"])]);
        keys.extend(["persons", "coverages"].map(|table| (table, vec!["person_id"])));
        keys.extend(["accounts", "sessions"].map(|table| (table, vec!["institution_code"])));
        keys.insert("number_keys", vec!["number_key"]);
        Layout::read(&text).unwrap().covers(&keys)
    };
    let line = |column: &str, beside: &str| {
        format!("SELECT create_distributed_table('x', '{column}', colocate_with => '{beside}');")
    };
    covers(&line("person_id", "persons"), "person_id").unwrap();
    assert!(covers(&line("person_id", "none"), "person_id").unwrap_err().contains("must not lie with x"));
    assert!(covers(&line("institution_code", "persons"), "institution_code").unwrap_err().contains("must not lie"));
    assert!(covers(&line("person_id", "persons"), "id").unwrap_err().contains("begins with id"));
}

#[test]
fn keys_that_cross_nodes_are_found() {
    let layout = Layout::read(EXAMPLE).unwrap();
    layout.allows_unique("coverages", &["person_id", "number"]).unwrap();
    layout.allows_unique("institutions", &["name"]).unwrap();
    assert!(layout.allows_unique("coverages", &["number"]).is_err());
    assert!(layout.allows_unique("coverages", &["number", "person_id"]).is_err());

    layout.allows_foreign("coverages", &["person_id"], "persons", &["person_id"]).unwrap();
    layout.allows_foreign("sessions", &["institution_code"], "institutions", &["code"]).unwrap();
    layout.allows_foreign("institutions", &["parent"], "institutions", &["code"]).unwrap();
    assert!(layout.allows_foreign("coverages", &["coverage_id"], "persons", &["person_id"]).is_err());
    assert!(layout.allows_foreign("number_keys", &["person_id"], "persons", &["person_id"]).is_err());
    assert!(layout.allows_foreign("institutions", &["owner"], "persons", &["person_id"]).is_err());
}
