//! No statement of a request reads a whole table: each engine says how it would find the rows, and an index must lead
//! there.

use super::{is_for_postgres, is_for_sqlite, on_postgres, on_sqlite, statements};
use crate::{
    engine::postgres::Session,
    sql::{Reach, Sql},
    test_support,
};

/// A few rows, read whole when a process starts.
const LISTED: &[&str] = &["schema_migrations", "sqlite_master"];

fn is_of_a_request(sql: &Sql) -> bool {
    sql.reach != Reach::Report && !LISTED.contains(&sql.table())
}

#[tokio::test]
async fn sqlite_scans_no_table() {
    let directory = tempfile::tempdir().unwrap();
    let session = on_sqlite(directory.path()).await;
    let mut scans = Vec::new();
    for sql in statements().into_iter().filter(is_of_a_request).filter(is_for_sqlite) {
        let plan = session.plan(sql).unwrap();
        let of_a_table =
            |step: &String| step.starts_with("SCAN ") && !step.contains("-ROW ") && !step.ends_with(" ROW");
        if plan.iter().any(of_a_table) {
            scans.push(format!("{plan:?}: {}", sql.text));
        }
    }
    assert!(scans.is_empty(), "{}", scans.join("\n"));
    let whole = session.plan(Sql::by_person("SELECT name FROM persons WHERE kana = $1"));
    assert!(whole.unwrap().iter().any(|step| step.starts_with("SCAN persons")), "a scan would be seen");
}

#[tokio::test]
async fn postgresql_finds_every_row_by_an_index() {
    let Some(cluster) = test_support::cluster() else { return };
    let session = on_postgres(&cluster.database().unwrap()).await;
    // On empty tables every plan costs nothing: an index is only passed over where none fits.
    session.command("SET enable_seqscan = off").await.unwrap();
    let mut scans = Vec::new();
    for sql in statements().into_iter().filter(is_of_a_request).filter(is_for_postgres) {
        if sql.text.contains("pg_") {
            continue;
        }
        let plan = explained(&session, sql).await;
        if without_index(&plan).is_some() {
            scans.push(format!("{}: {}", plan.join("\n"), sql.text));
        }
    }
    assert!(scans.is_empty(), "{}", scans.join("\n\n"));
    let whole = explained(&session, Sql::by_person("SELECT name FROM persons WHERE kana = $1")).await;
    assert!(without_index(&whole).is_some(), "{whole:?}");
}

/// Statements that look for few among many rows of an institution, by words of theirs, with the index that finds them.
const FEW_AMONG_MANY: &[(&str, &str)] = &[
    ("SET state = 'superseded'", "passes_unfinished"),
    ("ORDER BY made_at, face_id LIMIT $3", "face_results_by_age"),
    ("FROM prescriptions WHERE day <", "prescriptions_by_day"),
    ("FROM unattached_receipts WHERE taken_at <", "unattached_receipts_by_age"),
    ("FROM unattached_checkups WHERE taken_at <", "unattached_checkups_by_age"),
];

#[tokio::test]
async fn few_rows_among_many_of_an_institution_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = on_sqlite(directory.path()).await;
    for (words, index) in FEW_AMONG_MANY {
        let mut found = 0;
        for sql in statements().into_iter().filter(|sql| sql.text.contains(words)) {
            let plan = sqlite.plan(sql).unwrap();
            let sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(plan.iter().any(|step| step.contains(index)) && !sorted, "{plan:?}: {}", sql.text);
            found += 1;
        }
        assert_ne!(found, 0, "{words}");
    }
}

#[tokio::test]
async fn citus_asks_one_node() {
    let Some(url) = test_support::citus_place() else { return };
    let session = on_postgres(&url).await;
    for sql in statements().into_iter().filter(|sql| matches!(sql.reach, Reach::Person | Reach::Key)) {
        let plan = explained(&session, sql).await;
        assert!(plan.iter().any(|line| line.trim() == "Task Count: 1"), "{plan:#?}: {}", sql.text);
    }
    let many = explained(&session, Sql::report("SELECT count(*) FROM persons WHERE kana = $1")).await;
    assert!(many.iter().any(|line| line.trim() == "Task Count: 4"), "{many:#?}");
}

/// The plan, a line a step, with some value for each parameter.
async fn explained(session: &Session, sql: Sql) -> Vec<String> {
    let values = session.parameter_types(sql).await.unwrap().into_iter().map(|kind| match kind.as_str() {
        "int8" => "1",
        "text" => "'x'",
        _ => "'\\x00'",
    });
    let values = values.collect::<Vec<_>>().join(", ");
    session.command(&format!("PREPARE asked AS {}", sql.text)).await.unwrap();
    let call = if values.is_empty() { values } else { format!("({values})") };
    // Each text has a place of its own, by which the session would find what was prepared from it.
    let text: &'static str = format!("EXPLAIN (COSTS OFF) EXECUTE asked{call}").leak();
    let plan = session.rows(Sql::report(text), &[], |row| Ok(row.text(0)?.to_owned())).await.unwrap();
    session.command("DEALLOCATE asked").await.unwrap();
    plan
}

/// The first step that reads a table or an index from one end to the other.
fn without_index(plan: &[String]) -> Option<&String> {
    let is_scan = |step: &String| {
        ["Seq Scan on", "Index Scan", "Index Only Scan", "Bitmap Index Scan"].iter().any(|kind| step.contains(kind))
    };
    let steps = plan.iter().enumerate().filter(|(_, step)| is_scan(step));
    let mut whole = steps.filter(|(place, step)| {
        let below = plan[place + 1..].iter().take_while(|line| !line.contains("->"));
        step.contains("Seq Scan on") || !below.into_iter().any(|line| line.trim_start().starts_with("Index Cond:"))
    });
    whole.next().map(|(_, step)| step)
}
