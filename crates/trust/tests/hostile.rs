//! Whatever bytes arrive, parsers answer with an error, never with a panic.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::sync::LazyLock;

use madoguchi_trust::{
    CardAuthority, CardRequest, CardTrust, CertificateDirectory, Checkpoint, IssueRequest, NoteSigner, NoteVerifier,
    PeerIdentity, RevocationReason, RevokeTarget, RevokedSerials, VirtualCard, pem,
};
use proptest::prelude::*;

/// Genuine specimens, which the tests then damage.
struct Specimens {
    home: tempfile::TempDir,
    client: Vec<u8>,
    authority: Vec<u8>,
    list: Vec<u8>,
    card: Vec<u8>,
    card_certificate: Vec<u8>,
    card_signature: Vec<u8>,
    trust: CardTrust,
}

const NOW: i64 = 1_795_392_000;

static SPECIMENS: LazyLock<Specimens> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    let directory = CertificateDirectory::init(&home.path().join("ca"), &["localhost".to_owned()], NOW).unwrap();
    let request = IssueRequest {
        institution_code: "1312345678".to_owned(),
        institution_name: "日本橋テスト診療所".to_owned(),
        label: "01".to_owned(),
        days: 30,
        p12_password: None,
        now: NOW,
    };
    let issued = directory.issue(&request).unwrap();
    directory.revoke(RevokeTarget::Serial(&issued.serial), RevocationReason::Superseded, NOW).unwrap();
    let cards = home.path().join("cards-ca");
    let request = CardRequest {
        card_id: "card-1".to_owned(),
        name: "窓口　花子".to_owned(),
        pin: "0000".to_owned(),
        not_before: NOW - 1,
        not_after: NOW + 1,
        story: String::new(),
    };
    let card = CardAuthority::init(&cards, NOW).unwrap().issue_card(&request).unwrap();
    let path = home.path().join("specimen.json");
    card.save(&path).unwrap();
    let opened = card.open_by_reader().unwrap();
    Specimens {
        client: pem::certificates(&issued.certificate).unwrap().swap_remove(0),
        authority: pem::certificates(&directory.ca_pem()).unwrap().swap_remove(0),
        list: pem::revocation_list(&directory.crl_pem()).unwrap(),
        card: fs::read(path).unwrap(),
        card_certificate: opened.certificate_der().to_vec(),
        card_signature: opened.sign(b"challenge").unwrap(),
        trust: CardTrust::load(&cards).unwrap(),
        home,
    }
});

fn damaged(original: &[u8], changes: &[(usize, u8)], length: usize) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for (position, value) in changes {
        let position = position % bytes.len();
        bytes[position] ^= value;
    }
    bytes.truncate(length % (bytes.len() + 1));
    bytes
}

/// One to three changed bytes, and a length that usually keeps the whole.
fn damage() -> impl Strategy<Value = (Vec<(usize, u8)>, usize)> {
    let changes = prop::collection::vec((any::<usize>(), 1..=255u8), 1..4);
    (changes, prop_oneof![3 => Just(usize::MAX), 1 => any::<usize>()])
}

fn cut(length: usize, whole: usize) -> usize {
    if length == usize::MAX { whole } else { length }
}

/// Gives the bytes to every parser of files and messages. Returns whether any took them.
fn parse_all(bytes: &[u8], name: &str) -> bool {
    let path = SPECIMENS.home.path().join(name);
    fs::write(&path, bytes).unwrap();
    let text = String::from_utf8_lossy(bytes);
    let example = NoteVerifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let taken = [
        pem::certificates(&path).is_ok(),
        pem::private_key(&path).is_ok(),
        pem::revocation_list(&path).is_ok(),
        PeerIdentity::from_der(bytes).is_ok(),
        RevokedSerials::from_der(bytes, &SPECIMENS.authority).is_some(),
        RevokedSerials::from_der(&SPECIMENS.list, bytes).is_some(),
        VirtualCard::load(&path).is_ok(),
        NoteSigner::load(&path).is_ok(),
        NoteVerifier::parse(&text).is_ok(),
        example.verify(&text).is_ok(),
        Checkpoint::parse(&text).is_ok(),
        SPECIMENS.trust.verify(bytes, b"challenge", &SPECIMENS.card_signature, NOW).is_ok(),
        SPECIMENS.trust.verify(&SPECIMENS.card_certificate, b"challenge", bytes, NOW).is_ok(),
    ];
    taken.contains(&true)
}

#[test]
fn the_specimens_are_genuine() {
    let specimens = &*SPECIMENS;
    assert!(PeerIdentity::from_der(&specimens.client).is_ok());
    assert_eq!(RevokedSerials::from_der(&specimens.list, &specimens.authority).unwrap().len(), 1);
    let (certificate, signature) = (&specimens.card_certificate, &specimens.card_signature);
    assert!(specimens.trust.verify(certificate, b"challenge", signature, NOW).is_ok());
}

/// Changes every bit of a signed structure and reads it again: what is read is what was signed, or nothing.
fn check_every_bit<Read: PartialEq + std::fmt::Debug>(original: &[u8], read: impl Fn(&[u8]) -> Option<Read>) {
    let genuine = read(original).unwrap();
    for position in 0..original.len() {
        for bit in 0..8 {
            let mut bytes = original.to_vec();
            bytes[position] ^= 1 << bit;
            // The parser overlooks a few bits of the wrapping around the signed part; they say nothing.
            if let Some(changed) = read(&bytes) {
                assert_eq!(changed, genuine, "byte {position}, bit {bit}");
            }
        }
        assert_eq!(read(&original[..position]), None, "cut at {position}");
    }
}

#[test]
fn no_bit_of_a_card_certificate_changes_what_it_says() {
    let trust = &SPECIMENS.trust;
    check_every_bit(&SPECIMENS.card_certificate, |bytes| {
        trust.verify(bytes, b"challenge", &SPECIMENS.card_signature, NOW).ok()
    });
}

#[test]
fn no_bit_of_a_revocation_list_changes_what_it_says() {
    check_every_bit(&SPECIMENS.list, |bytes| RevokedSerials::from_der(bytes, &SPECIMENS.authority));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!parse_all(&bytes, "random"));
    }

    #[test]
    fn random_text_is_refused(text in "[A-Za-z0-9+/=\\-— \n{}\":,]{0,300}") {
        // A checkpoint is the one format here that a person could type; three short lines are rare enough to skip.
        prop_assume!(Checkpoint::parse(&text).is_err());
        prop_assert!(!parse_all(text.as_bytes(), "text"));
    }

    #[test]
    fn a_damaged_client_certificate_does_not_panic((changes, length) in damage()) {
        let original = &SPECIMENS.client;
        let bytes = damaged(original, &changes, cut(length, original.len()));
        if let Ok(identity) = PeerIdentity::from_der(&bytes) {
            prop_assert!(identity.institution_code.len() == 10);
            prop_assert!(identity.institution_name.chars().count() <= 64);
        }
    }

    #[test]
    fn a_damaged_card_file_is_refused_or_whole((changes, length) in damage()) {
        let original = &SPECIMENS.card;
        let path = SPECIMENS.home.path().join("damaged.json");
        fs::write(&path, damaged(original, &changes, cut(length, original.len()))).unwrap();
        if let Ok(card) = VirtualCard::load(&path) {
            // A change in name, story or PIN is a valid card; key and certificate still belong together.
            prop_assert!(card.open_by_reader().is_ok());
        }
    }
}
