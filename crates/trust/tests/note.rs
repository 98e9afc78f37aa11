//! Signed notes against the format's own example and against damage.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use madoguchi_trust::{Checkpoint, NoteFault, NoteSigner, NoteVerifier};

// The example of golang.org/x/mod/sumdb/note: key, text and signature come from its documentation.
const EXAMPLE_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
const EXAMPLE_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const EXAMPLE_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer() -> (tempfile::TempDir, NoteSigner) {
    let home = tempfile::tempdir().unwrap();
    let signer = NoteSigner::generate(&home.path().join("audit.key"), "madoguchi.example/audit").unwrap();
    (home, signer)
}

fn head() -> Checkpoint {
    Checkpoint {
        origin: "madoguchi.example/audit/1".to_owned(),
        size: 4711,
        root: vec![0xa5; 32],
        extensions: vec!["time 1795392000".to_owned()],
    }
}

#[test]
fn the_formats_example_is_written_and_read_byte_for_byte() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("example.key");
    fs::write(&path, EXAMPLE_SIGNER).unwrap();
    let signer = NoteSigner::load(&path).unwrap();
    assert_eq!(signer.verifier().to_string(), EXAMPLE_VERIFIER);
    let (text, _) = EXAMPLE_NOTE.split_once("\n\n").unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let origin = lines.next().unwrap();
    assert_eq!(signer.sign(&origin, &lines.collect::<Vec<_>>()).unwrap(), EXAMPLE_NOTE);
    let verifier = NoteVerifier::parse(EXAMPLE_VERIFIER).unwrap();
    assert_eq!(verifier.verify(EXAMPLE_NOTE), Ok(&EXAMPLE_NOTE[..=text.len()]));
}

#[test]
fn a_checkpoint_comes_back_through_a_key_file() {
    let (home, signer) = signer();
    let note = signer.sign_checkpoint(&head()).unwrap();
    let expected =
        "madoguchi.example/audit/1\n4711\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\ntime 1795392000\n\n— ";
    assert!(note.starts_with(expected), "{note}");
    let again = NoteSigner::load(&home.path().join("audit.key")).unwrap();
    assert_eq!(again.sign_checkpoint(&head()).unwrap(), note, "Ed25519 has one signature for one text");
    let verifier = NoteVerifier::parse(&again.verifier().to_string()).unwrap();
    assert_eq!(verifier.verify_checkpoint(&note), Ok(head()));
}

#[test]
fn every_changed_character_is_noticed() {
    let (_home, signer) = signer();
    let note = signer.sign_checkpoint(&head()).unwrap();
    let verifier = signer.verifier();
    for (position, character) in note.char_indices() {
        let replacement = if character == 'x' { "y" } else { "x" };
        let rest = &note[position + character.len_utf8()..];
        let changed = format!("{}{replacement}{rest}", &note[..position]);
        assert!(verifier.verify(&changed).is_err(), "{changed}");
        assert!(verifier.verify(&note[..position]).is_err(), "cut at {position}");
    }
}

#[test]
fn the_fault_says_what_happened() {
    let ((_one, ours), (_two, theirs)) = (signer(), signer());
    let note = ours.sign_checkpoint(&head()).unwrap();
    let check = |note: &str, expected: NoteFault| assert_eq!(ours.verifier().verify(note), Err(expected));
    check(&theirs.sign_checkpoint(&head()).unwrap(), NoteFault::NotSigned);
    check(&note.replace("4711", "4712"), NoteFault::BadSignature);
    check(&note.replace("\n\n", "\n"), NoteFault::MalformedNote);
    check(&note.replace('—', "-"), NoteFault::MalformedNote);
    check(note.trim_end(), NoteFault::MalformedNote);
    check(&note.replace("time", "time\t"), NoteFault::MalformedNote);
    check("", NoteFault::MalformedNote);
    let plain = ours.sign("just text", &[]).unwrap();
    assert_eq!(ours.verifier().verify_checkpoint(&plain), Err(NoteFault::MalformedCheckpoint));
}

#[test]
fn a_second_signature_by_another_key_is_passed_over() {
    let ((_one, ours), (_two, theirs)) = (signer(), signer());
    let note = ours.sign_checkpoint(&head()).unwrap();
    let other = theirs.sign_checkpoint(&head()).unwrap();
    let witnessed = format!("{note}{}", other.split_once("\n\n").unwrap().1);
    assert_eq!(ours.verifier().verify_checkpoint(&witnessed), Ok(head()));
    assert_eq!(theirs.verifier().verify_checkpoint(&witnessed), Ok(head()));
    let signature = note.split_once("\n\n").unwrap().1;
    assert!(ours.verifier().verify(&format!("{note}{}", signature.repeat(99))).is_ok());
    let flooded = format!("{note}{}", signature.repeat(100));
    assert_eq!(ours.verifier().verify(&flooded), Err(NoteFault::MalformedNote));
}

#[test]
fn text_that_would_break_the_format_is_not_signed() {
    let (_home, signer) = signer();
    let check = |origin: &str, line: &str| assert!(signer.sign(origin, &[line.to_owned()]).is_err());
    check("", "line");
    check("two\nlines", "line");
    check("origin", "two\nlines");
    check("origin", "a\u{7}bell");
    let checkpoint = |change: &dyn Fn(&mut Checkpoint)| {
        let mut changed = head();
        change(&mut changed);
        assert_eq!(signer.sign_checkpoint(&changed), Err(NoteFault::MalformedCheckpoint));
    };
    checkpoint(&|head| head.origin.clear());
    checkpoint(&|head| head.root.clear());
    checkpoint(&|head| head.extensions.push(String::new()));
    checkpoint(&|head| head.extensions.push("a\nb".to_owned()));
}

#[test]
fn a_checkpoint_has_one_way_to_be_written() {
    let check = |text: &str, expected: Result<u64, NoteFault>| {
        assert_eq!(Checkpoint::parse(text).map(|checkpoint| checkpoint.size), expected, "{text:?}");
    };
    check("log\n7\nAAAA\n", Ok(7));
    check("log\n18446744073709551615\nAAAA\nextra\n", Ok(u64::MAX));
    for wrong in [
        "log\n07\nAAAA\n",
        "log\n+7\nAAAA\n",
        "log\n-7\nAAAA\n",
        "log\n18446744073709551616\nAAAA\n",
        "log\n7\nAAA\n",
        "log\n7\n\n",
        "log\n7\nAAAA",
        "log\n7\nAAAA\n\n",
        "\n7\nAAAA\n",
        "log\n7\n",
        "",
    ] {
        check(wrong, Err(NoteFault::MalformedCheckpoint));
    }
}

#[test]
fn a_key_text_must_fit_its_own_hash() {
    let check = |text: String| assert_eq!(NoteVerifier::parse(&text), Err(NoteFault::MalformedKey), "{text}");
    check(EXAMPLE_VERIFIER.replace("c74f20a3", "c74f20a4"));
    check(EXAMPLE_VERIFIER.replace("PeterNeumann", "PeterNewman"));
    check(EXAMPLE_VERIFIER.replace("ARpc", "AhpC"));
    check(EXAMPLE_VERIFIER.replace("10TW", "10T"));
    check(format!("{EXAMPLE_VERIFIER}\n"));
    check(String::new());
}

#[test]
fn a_key_is_kept_and_private() {
    let (home, _signer) = signer();
    let path = home.path().join("audit.key");
    let before = fs::read(&path).unwrap();
    assert!(NoteSigner::generate(&path, "madoguchi.example/audit").is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
    for name in ["", "two words", "a+b", "a\nb"] {
        assert!(NoteSigner::generate(&home.path().join("other.key"), name).is_err(), "{name:?}");
    }
    fs::write(&path, &before[..before.len() - 4]).unwrap();
    assert!(NoteSigner::load(&path).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
