//! How the kind of database is said to the operator.

use madoguchi_store::Kind;

/// Its name and version.
pub(crate) fn described(kind: &Kind) -> String {
    match kind {
        Kind::Sqlite { version } => format!("SQLite {version}"),
        Kind::Postgres { version, citus_offered: false } => format!("PostgreSQL {version}"),
        Kind::Postgres { version, citus_offered: true } => format!(
            "PostgreSQL {version}（Citusを導入できますが、このデータベースでは有効になっていません。使う場合は CREATE EXTENSION citus のあとで madoguchi migrate を実行してください）"
        ),
        Kind::Citus { version, postgres, workers, .. } => {
            format!("Citus {version}（PostgreSQL {postgres}、ワーカー{workers}台）")
        }
    }
}

/// What is wrong with it, if anything.
pub(crate) fn fault(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Citus { workers: 0, .. } => {
            Some("ワーカーがありません。コーディネータで citus_add_node を実行してください".to_owned())
        }
        Kind::Citus { undistributed, .. } if !undistributed.is_empty() => Some(format!(
            "分散されていない表があります（{}）。madoguchi migrate を実行してください",
            undistributed.join("、")
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn citus(workers: i64, undistributed: &[&str]) -> Kind {
        let undistributed = undistributed.iter().map(|table| (*table).to_owned()).collect();
        Kind::Citus { version: "14.0-1".to_owned(), postgres: "18.1".to_owned(), workers, undistributed }
    }

    #[test]
    fn a_cluster_is_counted_and_its_faults_are_named() {
        assert_eq!(described(&citus(4, &[])), "Citus 14.0-1（PostgreSQL 18.1、ワーカー4台）");
        assert_eq!(fault(&citus(4, &[])), None);
        assert!(fault(&citus(0, &[])).unwrap().contains("citus_add_node"));
        assert!(fault(&citus(2, &["persons", "coverages"])).unwrap().contains("persons、coverages"));
        let plain = |citus_offered| Kind::Postgres { version: "15.9".to_owned(), citus_offered };
        assert_eq!(described(&plain(false)), "PostgreSQL 15.9");
        assert!(described(&plain(true)).contains("CREATE EXTENSION citus"));
        assert_eq!(fault(&plain(true)), None);
    }
}
