//! TLS to the database: the right authority opens, any other does not, and a server without TLS is said to be one.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use madoguchi_model::day::Timestamp;
use madoguchi_store::{Error, Store, test_support, test_support::ThrowAwayCluster};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

const NOW: Timestamp = Timestamp::from_micros(0);

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key of a server of this name, as PEM.
    fn server(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn file(&self, directory: &Path, name: &str) -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, self.0.pem()).unwrap();
        path
    }
}

/// Migrates as `host` with this query; the failure's text must not show the password.
async fn reached(cluster: &ThrowAwayCluster, host: &str, query: &str) -> Result<(), String> {
    let url = format!("postgres://madoguchi:geheim@{host}:{}/postgres?{query}", cluster.port());
    let done = Store::migrate(&url.parse().unwrap(), NOW).await.map(drop);
    done.map_err(|error| {
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("geheim"), "{text}");
        text
    })
}

#[track_caller]
fn refused(outcome: Result<(), String>, part: &str) {
    let text = outcome.unwrap_err();
    assert!(text.contains(part), "{text}");
}

#[tokio::test]
async fn the_right_authority_opens_and_no_other() {
    if test_support::cluster().is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (ours, foreign) = (Authority::new(), Authority::new());
    let path = |authority: &Authority, name| authority.file(directory.path(), name).display().to_string();
    let (right, wrong) = (path(&ours, "ca.pem"), path(&foreign, "other.pem"));
    let (certificate, key) = ours.server("localhost");
    let cluster = ThrowAwayCluster::start_with_tls(&certificate, &key).unwrap();

    reached(&cluster, "localhost", &format!("sslmode=verify-full&sslrootcert={right}")).await.unwrap();
    reached(&cluster, "localhost", "sslmode=require").await.unwrap();
    reached(&cluster, "localhost", "").await.unwrap();
    let encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'madoguchi'";
    let store = format!("postgres://madoguchi@localhost:{}/postgres?sslmode=require", cluster.port());
    let store = Store::open_to_read(&store.parse().unwrap()).await.unwrap();
    assert_eq!(store.read().count_persons().await.unwrap(), 0);
    let url = format!("postgres://madoguchi@{}/postgres", cluster.host()).parse().unwrap();
    assert_eq!(cluster.run(&url, encrypted).unwrap().trim(), "t");

    let query = format!("sslmode=verify-full&sslrootcert={wrong}");
    refused(reached(&cluster, "localhost", &query).await, "invalid peer certificate");
    // The same server under a name that its certificate does not have.
    let query = format!("sslmode=verify-full&sslrootcert={right}");
    refused(reached(&cluster, "127.0.0.1", &query).await, "certificate not valid for name");
    refused(reached(&cluster, "localhost", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem").await, "/nowhere/ca.pem");
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let query = format!("sslmode=verify-full&sslrootcert={}", empty.display());
    refused(reached(&cluster, "localhost", &query).await, "no certificate in PEM form");
}

#[tokio::test]
async fn a_server_without_tls_is_not_taken_where_tls_is_required() {
    if test_support::cluster().is_none() {
        return;
    }
    let cluster = ThrowAwayCluster::start_with_port().unwrap();
    refused(reached(&cluster, "localhost", "sslmode=require").await, "server does not support TLS");
    reached(&cluster, "localhost", "sslmode=prefer").await.unwrap();
    reached(&cluster, "localhost", "sslmode=disable").await.unwrap();
}
