//! The text of a statement together with how it finds its rows.
//!
//! Every statement is marked, so that a test can prove that each one on the hot path names the distribution column of
//! its one table: what runs on one shard here runs on one shard of many.

/// One statement, written once for all engines: `$n` numbered by first appearance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    pub(crate) text: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests below prove with it that the mark is true"))]
    pub(crate) reach: Reach,
}

/// How a statement finds its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One person's rows of one table: `person_id = $n`, or an insert that carries it.
    Person,
    /// Rows of one table under its own leading key, such as a card's serial number or an institution's code.
    Key,
    /// A small table that every node holds as a whole.
    Reference,
    /// Reads every shard: lists for operators and verification, never within a request of an institution.
    Report,
}

impl Sql {
    pub(crate) const fn by_person(text: &'static str) -> Self {
        Self { text, reach: Reach::Person }
    }

    pub(crate) const fn by_key(text: &'static str) -> Self {
        Self { text, reach: Reach::Key }
    }

    pub(crate) const fn reference(text: &'static str) -> Self {
        Self { text, reach: Reach::Reference }
    }

    pub(crate) const fn report(text: &'static str) -> Self {
        Self { text, reach: Reach::Report }
    }

    /// Where the static text lies: the cheapest key for what was prepared from it.
    pub(crate) fn key(self) -> (usize, usize) {
        (self.text.as_ptr().addr(), self.text.len())
    }

    /// The statement's first table, for messages.
    pub(crate) fn table(self) -> &'static str {
        let mut words = self.text.split_whitespace();
        while let Some(word) = words.next() {
            if matches!(word, "FROM" | "INTO" | "UPDATE") {
                let name = words.next().unwrap_or_default();
                return name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
            }
        }
        self.text
    }
}

/// `$n` becomes `?n` outside string literals: SQLite would take `$2` for a name and number it by appearance.
pub(crate) fn for_sqlite(text: &str) -> String {
    let mut quoted = false;
    text.chars()
        .map(|c| {
            quoted ^= c == '\'';
            if c == '$' && !quoted { '?' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_rewritten_outside_literals_only() {
        assert_eq!(for_sqlite("SELECT $2 || '$1''$3' || $1"), "SELECT ?2 || '$1''$3' || ?1");
    }

    #[test]
    fn table_of_a_statement() {
        assert_eq!(Sql::by_key("INSERT INTO notices(id) VALUES ($1)").table(), "notices");
        assert_eq!(Sql::by_key("SELECT a\n FROM b WHERE c = $1").table(), "b");
        assert_eq!(Sql::by_key("UPDATE b SET c = $1").table(), "b");
    }
}
