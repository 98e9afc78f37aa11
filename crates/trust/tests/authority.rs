//! The certificate directory from the outside: what is issued verifies, what is revoked is published, nothing is
//! overwritten.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use madoguchi_trust::{
    CertificateDirectory, IssueRequest, IssuedFiles, PeerFault, PeerIdentity, RevocationReason, RevokeTarget,
    RevokedSerials, TrustError, pem,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// 2026-11-23T00:00:00Z.
const NOW: i64 = 1_795_392_000;
const DAY: i64 = 86_400;

fn directory() -> (tempfile::TempDir, CertificateDirectory) {
    let home = tempfile::tempdir().unwrap();
    let names = ["localhost".to_owned(), "madoguchi.example".to_owned(), "127.0.0.1".to_owned()];
    let directory = CertificateDirectory::init(&home.path().join("ca"), &names, NOW).unwrap();
    (home, directory)
}

fn request() -> IssueRequest {
    IssueRequest {
        institution_code: "1312345678".to_owned(),
        institution_name: "日本橋テスト診療所".to_owned(),
        label: "01".to_owned(),
        days: 365,
        p12_password: None,
        now: NOW,
    }
}

fn identity(files: &IssuedFiles) -> PeerIdentity {
    PeerIdentity::from_der(&pem::certificates(&files.certificate).unwrap()[0]).unwrap()
}

fn is_signed_by(der: &[u8], authority: &[u8]) -> bool {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let (_, authority) = X509Certificate::from_der(authority).unwrap();
    certificate.issuer() == authority.subject() && certificate.verify_signature(Some(authority.public_key())).is_ok()
}

#[test]
fn an_issued_certificate_names_the_institution_and_chains_to_the_ca() {
    let (_home, directory) = directory();
    let files = directory.issue(&request()).unwrap();
    let found = identity(&files);
    assert_eq!(
        found,
        PeerIdentity {
            serial: files.serial.clone(),
            institution_code: "1312345678".to_owned(),
            institution_name: "日本橋テスト診療所".to_owned(),
            label: "01".to_owned(),
            expires_at: NOW + 365 * DAY,
        }
    );
    let chain = pem::certificates(&files.certificate).unwrap();
    let authority = pem::certificates(&directory.ca_pem()).unwrap();
    assert_eq!(chain[1], authority[0]);
    assert!(is_signed_by(&chain[0], &authority[0]));
    assert!(files.certificate.ends_with("clients/1312345678-01.pem"));
    let listed = directory.list().unwrap();
    assert_eq!((listed[0].serial.as_str(), listed[0].expires_at), (files.serial.as_str(), NOW + 365 * DAY));
}

#[test]
fn another_ca_of_the_same_kind_did_not_sign_it() {
    let ((_one, ours), (_two, theirs)) = (directory(), directory());
    let files = ours.issue(&request()).unwrap();
    let certificate = &pem::certificates(&files.certificate).unwrap()[0];
    assert!(!is_signed_by(certificate, &pem::certificates(&theirs.ca_pem()).unwrap()[0]));
}

#[test]
fn the_server_certificate_has_every_name_and_is_no_client() {
    let (_home, directory) = directory();
    let chain = pem::certificates(&directory.server_pem()).unwrap();
    assert!(is_signed_by(&chain[0], &chain[1]));
    let (_, certificate) = X509Certificate::from_der(&chain[0]).unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    let expected = [
        GeneralName::DNSName("localhost"),
        GeneralName::DNSName("madoguchi.example"),
        GeneralName::IPAddress(&[127, 0, 0, 1]),
    ];
    assert_eq!(names.value.general_names, expected);
    assert_eq!(PeerIdentity::from_der(&chain[0]), Err(PeerFault::Purpose));
    assert_eq!(PeerIdentity::from_der(&chain[1]), Err(PeerFault::Purpose));
    assert!(!pem::private_key(&directory.server_key()).unwrap().is_empty());
}

#[test]
fn a_renewed_server_certificate_takes_the_place_of_the_old() {
    let (_home, directory) = directory();
    let (certificate, key) = (fs::read(directory.server_pem()).unwrap(), fs::read(directory.server_key()).unwrap());
    directory.renew_server(&["window.example".to_owned()], NOW + DAY).unwrap();
    assert_ne!(fs::read(directory.server_pem()).unwrap(), certificate);
    assert_ne!(fs::read(directory.server_key()).unwrap(), key);
    assert!(is_signed_by(
        &pem::certificates(&directory.server_pem()).unwrap()[0],
        &pem::certificates(&directory.ca_pem()).unwrap()[0]
    ));
}

#[test]
fn an_existing_ca_is_never_overwritten() {
    let (home, directory) = directory();
    let key = fs::read(home.path().join("ca/ca.key")).unwrap();
    let again = CertificateDirectory::init(&home.path().join("ca"), &["localhost".to_owned()], NOW);
    assert!(matches!(again, Err(TrustError::AuthorityExists { .. })));
    // Also when the certificate alone is lost: the key may have signed.
    fs::remove_file(directory.ca_pem()).unwrap();
    let again = CertificateDirectory::init(&home.path().join("ca"), &["localhost".to_owned()], NOW);
    assert!(matches!(again, Err(TrustError::AuthorityExists { .. })));
    assert_eq!(fs::read(home.path().join("ca/ca.key")).unwrap(), key);
}

#[test]
fn a_revoked_certificate_is_published_and_its_neighbour_is_not() {
    let (_home, directory) = directory();
    let first = directory.issue(&request()).unwrap();
    let second = directory.issue(&IssueRequest { label: "viewer-01".to_owned(), ..request() }).unwrap();
    let before = RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap();
    assert!(before.is_empty());

    let target = RevokeTarget::Serial(&first.serial);
    let revoked = directory.revoke(target, RevocationReason::KeyCompromise, NOW + 60).unwrap();
    assert_eq!(revoked.revoked.map(|revocation| revocation.at), Some(NOW + 60));
    let after = RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap();
    assert!(after.contains(&first.serial) && !after.contains(&second.serial));
    assert!(after.number() > before.number());

    let again = directory.revoke(target, RevocationReason::Superseded, NOW + 120).unwrap();
    assert_eq!(again, revoked, "the first revocation keeps its date and reason");
    let last = RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap();
    assert!(last.number() > after.number() && last.len() == 1);
}

#[test]
fn a_serial_may_be_typed_as_other_tools_show_it() {
    let (_home, directory) = directory();
    let serial = directory.issue(&request()).unwrap().serial;
    let pairs: Vec<String> =
        serial.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_uppercase()).collect();
    let typed = format!("00:{}", pairs.join(":"));
    directory.revoke(RevokeTarget::Serial(&typed), RevocationReason::Unspecified, NOW).unwrap();
    assert!(RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap().contains(&serial));
}

#[test]
fn an_unknown_serial_or_a_foreign_file_revokes_nothing() {
    let ((_one, ours), (_two, theirs)) = (directory(), directory());
    let foreign = theirs.issue(&request()).unwrap();
    let by_serial = ours.revoke(RevokeTarget::Serial(&foreign.serial), RevocationReason::Unspecified, NOW);
    assert!(matches!(by_serial, Err(TrustError::UnknownSerial { .. })));
    let by_file = ours.revoke(RevokeTarget::File(&foreign.certificate), RevocationReason::Unspecified, NOW);
    assert!(matches!(by_file, Err(TrustError::Content { .. })));
    assert!(RevokedSerials::load(&ours.crl_pem(), &ours.ca_pem()).unwrap().is_empty());
}

#[test]
fn a_certificate_that_the_ledger_lost_can_be_revoked_by_its_file() {
    let (home, directory) = directory();
    let ledger = home.path().join("ca/issued.json");
    let backup = fs::read(&ledger).unwrap();
    let files = directory.issue(&request()).unwrap();
    directory.refresh_crl(NOW).unwrap();
    let number = RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap().number();
    fs::write(&ledger, backup).unwrap();
    directory.revoke(RevokeTarget::File(&files.certificate), RevocationReason::KeyCompromise, NOW).unwrap();
    let revoked = RevokedSerials::load(&directory.crl_pem(), &directory.ca_pem()).unwrap();
    assert!(revoked.contains(&files.serial));
    assert!(revoked.number() > number, "numbers grow even after an old ledger came back");
}

#[test]
fn a_list_of_another_ca_or_a_changed_one_does_not_count() {
    let ((_one, ours), (_two, theirs)) = (directory(), directory());
    assert!(RevokedSerials::load(&theirs.crl_pem(), &ours.ca_pem()).is_err());
    let authority = pem::certificates(&ours.ca_pem()).unwrap().swap_remove(0);
    let mut list = pem::revocation_list(&ours.crl_pem()).unwrap();
    assert!(RevokedSerials::from_der(&list, &authority).is_some());
    let last = list.len() - 1;
    list[last] ^= 1;
    assert!(RevokedSerials::from_der(&list, &authority).is_none());
}

#[test]
fn a_terminal_has_one_certificate_until_the_renewal_period() {
    let (_home, directory) = directory();
    let first = directory.issue(&IssueRequest { days: 100, ..request() }).unwrap();
    let on_day = |days: i64| IssueRequest { now: NOW + days * DAY, ..request() };
    assert!(
        matches!(directory.issue(&on_day(9)), Err(TrustError::StillValid { serial, .. }) if serial == first.serial)
    );
    let second = directory.issue(&on_day(10)).unwrap();
    assert_ne!(second.serial, first.serial);
    directory.revoke(RevokeTarget::Serial(&second.serial), RevocationReason::Superseded, NOW).unwrap();
    directory.issue(&on_day(11)).unwrap();
}

#[test]
fn wrong_requests_are_refused_by_the_name_of_the_field() {
    let (_home, directory) = directory();
    let check = |request: IssueRequest, expected: &str| match directory.issue(&request) {
        Err(TrustError::Field { field, .. }) => assert_eq!(field, expected),
        other => panic!("{expected}: {other:?}"),
    };
    check(IssueRequest { institution_code: "131234567".to_owned(), ..request() }, "医療機関等コード");
    check(IssueRequest { institution_code: "131234567８".to_owned(), ..request() }, "医療機関等コード");
    check(IssueRequest { institution_name: String::new(), ..request() }, "医療機関等名称");
    check(IssueRequest { institution_name: "診".repeat(65), ..request() }, "医療機関等名称");
    check(IssueRequest { institution_name: "診療所\n".to_owned(), ..request() }, "医療機関等名称");
    check(IssueRequest { label: "../01".to_owned(), ..request() }, "端末名");
    check(IssueRequest { label: "a".repeat(33), ..request() }, "端末名");
    check(IssueRequest { days: 0, ..request() }, "有効日数");
    check(IssueRequest { days: 3651, ..request() }, "有効日数");
    check(IssueRequest { now: i64::MAX, ..request() }, "有効期間");
    check(IssueRequest { p12_password: Some("短い".to_owned()), ..request() }, "PKCS#12のパスワード");
    assert!(directory.list().unwrap().is_empty());
    directory.issue(&IssueRequest { institution_name: "診".repeat(64), label: "a".repeat(32), ..request() }).unwrap();
}

#[test]
fn one_wrong_request_among_many_issues_none() {
    let (_home, directory) = directory();
    let repeated = directory.issue_all(&[request(), request()]);
    assert!(matches!(repeated, Err(TrustError::Field { field: "端末名", .. })));
    assert!(directory.list().unwrap().is_empty());
}

#[test]
fn a_certificate_does_not_outlive_its_ca() {
    let (_home, directory) = directory();
    let late = IssueRequest { now: NOW + 20 * 365 * DAY, ..request() };
    assert!(matches!(directory.issue(&late), Err(TrustError::Field { field: "有効期間", .. })));
}

#[test]
fn the_key_store_opens_with_its_password_only() {
    let (_home, directory) = directory();
    let files = directory.issue(&request()).unwrap();
    let store = fs::read(&files.p12).unwrap();
    assert!(p12_keystore::KeyStore::from_pkcs12(&store, "wrong").is_err());
    let opened = p12_keystore::KeyStore::from_pkcs12(&store, &files.p12_password).unwrap();
    let (_, chain) = opened.private_key_chain().unwrap();
    assert_eq!(chain.key(), pem::private_key(&files.key).unwrap());
    assert_eq!(chain.chain()[0].as_der(), pem::certificates(&files.certificate).unwrap()[0]);
    let given = IssueRequest { label: "02".to_owned(), p12_password: Some("chosen-by-hand".to_owned()), ..request() };
    assert_eq!(directory.issue(&given).unwrap().p12_password, "chosen-by-hand");
    assert_eq!(files.p12_password.len(), 20);
    let shown = format!("{files:?} {given:?}");
    assert!(!shown.contains(&files.p12_password) && !shown.contains("chosen"), "{shown}");
}

#[cfg(unix)]
#[test]
fn private_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (home, directory) = directory();
    let files = directory.issue(&request()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let private = [home.path().join("ca/ca.key"), directory.server_key(), files.key.clone(), files.p12.clone()];
    for path in private {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let left: Vec<_> = fs::read_dir(home.path().join("ca")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn damaged_files_are_named() {
    let check = |name: &str, content: &str| {
        let (home, directory) = directory();
        let path = home.path().join("ca").join(name);
        fs::write(&path, content).unwrap();
        let error = directory.issue(&request()).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
    };
    check("ca.pem", "");
    check("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    check("ca.key", "-----BEGIN PRIVATE KEY-----\n");
    check("issued.json", "{\"version\": 1, \"crl_number\": 1, \"certificates\": [{\"serial\"");
    check("issued.json", "{\"version\": 2, \"crl_number\": 1, \"certificates\": []}");
}

#[test]
fn the_key_of_another_ca_is_refused() {
    let ((one, ours), (two, _theirs)) = (directory(), directory());
    fs::copy(two.path().join("ca/ca.key"), one.path().join("ca/ca.key")).unwrap();
    assert!(matches!(ours.issue(&request()), Err(TrustError::Content { path, .. }) if path.ends_with("ca.key")));
    assert!(CertificateDirectory::open(&one.path().join("ca")).is_err());
}

#[test]
fn two_operators_at_once_lose_no_certificate() {
    let (_home, directory) = directory();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let directory = directory.clone();
            scope.spawn(move || {
                for number in 0..5 {
                    directory.issue(&IssueRequest { label: format!("{worker}-{number}"), ..request() }).unwrap();
                }
            });
        }
    });
    assert_eq!(directory.list().unwrap().len(), 20);
}
