//! Virtual cards from the drawer to the server's check.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use madoguchi_trust::{
    CardAuthority, CardFault, CardRequest, CardTrust, PinFault, RevocationReason, TrustError, VirtualCard,
};

/// 2026-04-01T00:00:00+09:00.
const FIRST: i64 = 1_774_969_200;
/// 2026-11-30T23:59:59+09:00.
const LAST: i64 = 1_796_050_799;
/// 2027-02-28T23:59:59+09:00: three months later, February being shorter.
const GRACE_LAST: i64 = 1_803_826_799;
/// 2026-08-30T23:59:59+09:00: from here the end is three months away.
const NOTICE_FIRST: i64 = 1_788_101_999;
const CHALLENGE: &[u8] = b"challenge of the server";

struct Drawer {
    home: tempfile::TempDir,
    authority: CardAuthority,
}

impl Drawer {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let authority = CardAuthority::init(&home.path().join("cards-ca"), FIRST).unwrap();
        Self { home, authority }
    }

    fn trust(&self) -> CardTrust {
        CardTrust::load(&self.home.path().join("cards-ca")).unwrap()
    }

    fn card(&self) -> VirtualCard {
        self.authority.issue_card(&request()).unwrap()
    }

    fn saved(&self) -> PathBuf {
        let path = self.home.path().join("card.json");
        self.card().save(&path).unwrap();
        path
    }
}

fn request() -> CardRequest {
    CardRequest {
        card_id: "card-0001".to_owned(),
        name: "窓口　花子".to_owned(),
        pin: "4821".to_owned(),
        not_before: FIRST,
        not_after: LAST,
        story: "高血圧で通院中".to_owned(),
    }
}

fn verify(trust: &CardTrust, card: &VirtualCard, now: i64) -> Result<madoguchi_trust::VerifiedCard, CardFault> {
    let opened = card.clone().enter_pin("4821").unwrap();
    trust.verify(opened.certificate_der(), CHALLENGE, &opened.sign(CHALLENGE).unwrap(), now)
}

#[test]
fn a_card_proves_itself() {
    let drawer = Drawer::new();
    let card = drawer.card();
    let verified = verify(&drawer.trust(), &card, FIRST).unwrap();
    assert_eq!((verified.card_id.as_str(), verified.not_after_unix), ("card-0001", LAST));
    assert_eq!(verified.serial, drawer.authority.list().unwrap()[0].serial);
    let by_face = card.open_by_reader().unwrap();
    let signature = by_face.sign(CHALLENGE).unwrap();
    assert_eq!(drawer.trust().verify(by_face.certificate_der(), CHALLENGE, &signature, FIRST), Ok(verified));
}

#[test]
fn dates_count_to_the_second() {
    let drawer = Drawer::new();
    let (card, trust) = (drawer.card(), drawer.trust());
    let near_end = |now| verify(&trust, &card, now).map(|card| card.near_end);
    let in_grace = |now| match verify(&trust, &card, now) {
        Err(CardFault::Expired { since, within_grace_3_months, card }) => {
            assert_eq!((since, card.card_id.as_str()), (LAST, "card-0001"));
            within_grace_3_months
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(near_end(FIRST - 1), Err(CardFault::NotYetValid));
    assert_eq!(near_end(FIRST), Ok(false));
    assert_eq!(near_end(NOTICE_FIRST - 1), Ok(false));
    assert_eq!(near_end(NOTICE_FIRST), Ok(true));
    assert_eq!(near_end(LAST), Ok(true));
    assert!(in_grace(LAST + 1));
    assert!(in_grace(GRACE_LAST));
    assert!(!in_grace(GRACE_LAST + 1));
    assert!(!in_grace(i64::MAX));
    assert_eq!(near_end(i64::MIN), Err(CardFault::NotYetValid));
}

#[test]
fn a_foreign_card_is_refused_even_with_the_same_id() {
    let (ours, theirs) = (Drawer::new(), Drawer::new());
    assert_eq!(verify(&ours.trust(), &theirs.card(), FIRST), Err(CardFault::ForeignIssuer));
}

#[test]
fn a_ca_is_no_card() {
    let drawer = Drawer::new();
    let authority = madoguchi_trust::pem::certificates(&drawer.authority.ca_pem()).unwrap();
    assert_eq!(drawer.trust().verify(&authority[0], CHALLENGE, &[], FIRST), Err(CardFault::Malformed));
}

#[test]
fn a_signature_holds_for_its_challenge_and_its_card_only() {
    let drawer = Drawer::new();
    let (one, two, trust) = (drawer.card(), drawer.card(), drawer.trust());
    let (one, two) = (one.open_by_reader().unwrap(), two.open_by_reader().unwrap());
    let signature = one.sign(CHALLENGE).unwrap();
    let check = |certificate: &[u8], challenge: &[u8], signature: &[u8]| {
        assert_eq!(trust.verify(certificate, challenge, signature, FIRST), Err(CardFault::BadSignature));
    };
    check(one.certificate_der(), b"another challenge", &signature);
    check(two.certificate_der(), CHALLENGE, &signature);
    check(one.certificate_der(), CHALLENGE, &signature[..signature.len() - 1]);
    check(one.certificate_der(), CHALLENGE, &[]);
    // The domain is part of the message: signing the bytes of a message gives no signature for another use.
    check(one.certificate_der(), &[b"madoguchi-card-v1", CHALLENGE].concat(), &signature);
}

#[test]
fn a_revoked_card_is_refused_once_the_list_is_loaded_again() {
    let drawer = Drawer::new();
    let (lost, kept) = (
        drawer.card(),
        drawer.authority.issue_card(&CardRequest { card_id: "card-0002".to_owned(), ..request() }).unwrap(),
    );
    let before = drawer.trust();
    drawer.authority.revoke_card("card-0001", RevocationReason::KeyCompromise, FIRST + 1).unwrap();
    assert!(verify(&before, &lost, FIRST + 2).is_ok());
    let after = drawer.trust();
    assert_eq!(verify(&after, &lost, FIRST + 2), Err(CardFault::Revoked));
    // A revoked card says nothing about its dates.
    assert_eq!(verify(&after, &lost, LAST + 1), Err(CardFault::Revoked));
    assert!(verify(&after, &kept, FIRST + 2).is_ok());
    assert!(drawer.authority.revoke_card("card-0003", RevocationReason::Unspecified, FIRST).is_err());
}

#[test]
fn who_cannot_sign_learns_neither_dates_nor_revocation() {
    let drawer = Drawer::new();
    let certificate = drawer.card().certificate_der().unwrap();
    drawer.authority.revoke_card("card-0001", RevocationReason::KeyCompromise, FIRST).unwrap();
    for now in [FIRST - 1, FIRST, LAST + 1] {
        assert_eq!(drawer.trust().verify(&certificate, CHALLENGE, &[0; 70], now), Err(CardFault::BadSignature));
    }
}

#[test]
fn a_list_of_another_ca_is_not_trusted() {
    let (ours, theirs) = (Drawer::new(), Drawer::new());
    let path = ours.home.path().join("cards-ca/crl.pem");
    fs::copy(theirs.home.path().join("cards-ca/crl.pem"), path).unwrap();
    assert!(CardTrust::load(&ours.home.path().join("cards-ca")).is_err());
}

#[test]
fn the_pin_locks_after_three_wrong_in_a_row_and_no_sooner() {
    let drawer = Drawer::new();
    let mut card = drawer.card();
    let mut enter = |pin: &str| card.enter_pin(pin).map(|_| ());
    assert_eq!(enter("0000"), Err(PinFault::Wrong { tries_left: 2 }));
    assert_eq!(enter("0000"), Err(PinFault::Wrong { tries_left: 1 }));
    assert_eq!(enter("4821"), Ok(()), "the right one resets");
    assert_eq!(enter("0000"), Err(PinFault::Wrong { tries_left: 2 }));
    for not_a_try in ["", "482", "48210", "482a", "４８２１"] {
        assert_eq!(enter(not_a_try), Err(PinFault::NotFourDigits));
    }
    assert_eq!(enter("0000"), Err(PinFault::Wrong { tries_left: 1 }));
    assert_eq!(enter("0000"), Err(PinFault::Locked));
    assert_eq!(enter("4821"), Err(PinFault::Locked));
    assert!(card.open_by_reader().is_ok(), "face authentication works on a locked card");
}

#[test]
fn the_counter_is_stored_before_the_answer() {
    let path_of = Drawer::new();
    let path = path_of.saved();
    let enter = |pin: &str| VirtualCard::enter_pin_at(&path, pin).unwrap().map(|_| ());
    assert_eq!(enter("0000"), Err(PinFault::Wrong { tries_left: 2 }));
    assert_eq!(VirtualCard::load(&path).unwrap().tries_left(), 2);
    assert_eq!(enter("4821"), Ok(()));
    assert_eq!(VirtualCard::load(&path).unwrap().tries_left(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn no_answer_is_given_when_the_counter_cannot_be_stored() {
    let drawer = Drawer::new();
    // A name that leaves no room for a temporary file beside it: replacing it fails for every user, root included.
    let path = drawer.home.path().join(format!("{}.json", "c".repeat(236)));
    fs::rename(drawer.saved(), &path).unwrap();
    for _ in 0..4 {
        assert!(matches!(VirtualCard::enter_pin_at(&path, "0000"), Err(TrustError::Write { .. })));
    }
    assert_eq!(VirtualCard::load(&path).unwrap().tries_left(), 3);
    assert!(VirtualCard::enter_pin_at(&path, "4821").unwrap().is_ok(), "nothing to store, nothing to fail");
}

#[test]
fn twenty_guesses_at_once_are_still_three() {
    let drawer = Drawer::new();
    let path = drawer.saved();
    let wrong = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..20)
            .map(|number| {
                let path = &path;
                scope.spawn(move || VirtualCard::enter_pin_at(path, &format!("{number:04}")).unwrap().err())
            })
            .collect();
        let answers = guesses.into_iter().map(|guess| guess.join().unwrap());
        answers.filter(|answer| matches!(answer, Some(PinFault::Wrong { .. }))).count()
    });
    assert_eq!(wrong, 2, "the third and all later ones find it locked");
    assert_eq!(VirtualCard::enter_pin_at(&path, "4821").unwrap().err(), Some(PinFault::Locked));
}

#[test]
fn a_card_survives_its_file_and_shows_nothing_in_a_log() {
    let drawer = Drawer::new();
    let card = drawer.card();
    let path = drawer.home.path().join("one.json");
    card.save(&path).unwrap();
    let again = VirtualCard::load(&path).unwrap();
    assert!(again == card);
    assert_eq!((again.card_id(), again.name(), again.story()), ("card-0001", "窓口　花子", "高血圧で通院中"));
    let shown = format!("{card:?} {:?} {:?}", request(), card.open_by_reader().unwrap());
    assert!(!shown.contains("花子") && !shown.contains("4821") && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn a_tampered_card_is_refused_by_the_name_of_the_field() {
    let drawer = Drawer::new();
    let path = drawer.saved();
    let other: serde_json::Value = serde_json::to_value(drawer.card()).unwrap();
    let original = fs::read_to_string(&path).unwrap();
    let check = |field: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&original).unwrap();
        change(&mut value);
        fs::write(&path, value.to_string()).unwrap();
        let error = VirtualCard::load(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("仮想カードの{field}が")), "{error}");
    };
    check("version", &|card| card["version"] = 2.into());
    check("card_id", &|card| card["card_id"] = "card 1".into());
    check("certificate", &|card| card["card_id"] = "card-0002".into());
    check("certificate", &|card| card["certificate"] = other["certificate"].clone());
    check("certificate", &|card| card["private_key"] = other["private_key"].clone());
    check("private_key", &|card| card["private_key"] = "".into());
    check("name", &|card| card["name"] = "".into());
    check("story", &|card| card["story"] = "話".repeat(4001).into());
    check("pin", &|card| card["pin"]["tries_left"] = 4.into());
    check("pin", &|card| card["pin"]["hash"] = "00".into());
}

#[test]
fn a_truncated_or_swollen_card_file_is_refused() {
    let drawer = Drawer::new();
    let path = drawer.saved();
    let original = fs::read(&path).unwrap();
    for length in 0..original.len() - 1 {
        fs::write(&path, &original[..length]).unwrap();
        assert!(matches!(VirtualCard::load(&path), Err(TrustError::Content { .. })), "{length} bytes");
    }
    fs::write(&path, [original.clone(), vec![b' '; 64 * 1024]].concat()).unwrap();
    assert!(matches!(VirtualCard::load(&path), Err(TrustError::TooLarge { .. })));
    fs::write(&path, [&original[..original.len() - 2], br#","extra":1}"#].concat()).unwrap();
    assert!(matches!(VirtualCard::load(&path), Err(TrustError::Content { .. })));
}

#[cfg(unix)]
#[test]
fn card_and_ca_key_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let drawer = Drawer::new();
    for path in [drawer.saved(), drawer.home.path().join("cards-ca/ca.key")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn many_cards_come_in_the_order_of_their_requests() {
    let drawer = Drawer::new();
    let requests: Vec<_> =
        (0..200).map(|number| CardRequest { card_id: format!("card-{number}"), ..request() }).collect();
    let cards = drawer.authority.issue_cards(&requests).unwrap();
    assert!(cards.iter().zip(&requests).all(|(card, request)| card.card_id() == request.card_id));
    let serials: std::collections::HashSet<_> =
        drawer.authority.list().unwrap().into_iter().map(|issued| issued.serial).collect();
    assert_eq!(serials.len(), 200);
}

#[test]
fn wrong_requests_issue_no_card() {
    let drawer = Drawer::new();
    let check = |request: CardRequest| assert!(drawer.authority.issue_card(&request).is_err());
    check(CardRequest { card_id: String::new(), ..request() });
    check(CardRequest { card_id: "x".repeat(65), ..request() });
    check(CardRequest { card_id: "../card".to_owned(), ..request() });
    check(CardRequest { pin: "12345".to_owned(), ..request() });
    check(CardRequest { name: String::new(), ..request() });
    check(CardRequest { not_after: FIRST, ..request() });
    check(CardRequest { not_before: -1, ..request() });
    check(CardRequest { not_after: i64::MAX, ..request() });
    assert!(drawer.authority.list().unwrap().is_empty());
    assert!(matches!(
        CardAuthority::init(&drawer.home.path().join("cards-ca"), FIRST),
        Err(TrustError::AuthorityExists { .. })
    ));
}
