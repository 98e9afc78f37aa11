//! 監査ログの検証: whatever is done to the log beside the program is found and named.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Entry, Head};
use madoguchi_service::audit::{Verification, newest_entry_time, verify};
use madoguchi_service::test_support::{HOSPITAL, NOW, PROCESS, Patient, World};
use madoguchi_service::{Reason, on_every_engine};
use madoguchi_trust::NoteSigner;

on_every_engine!(
    a_whole_log_verifies,
    each_harm_is_found_and_named,
    a_forged_continuation_does_not_fit_the_signed_head,
    an_entry_put_between_others_is_found,
    the_head_file_outlives_the_rows,
    a_shorter_log_is_not_signed_over_its_former_head,
    a_foreign_key_proves_nothing,
    a_restart_continues_the_chain,
    the_last_word_of_a_process_is_signed,
);

/// The sequence of the last signed head, two entries before the end.
const SIGNED: i64 = 10;

/// A log of twelve entries with heads at the sequences 8 and 10.
async fn world_with_log(world: &World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    assert_eq!(world.audit().await.len(), 8, "four institutions, log-in, card, eligibility, consent");
    world.service.sign_head(&world.signer()).await.unwrap();
    for (kind, sign) in [
        (AccountKind::Viewer, false),
        (AccountKind::General, true),
        (AccountKind::Master, false),
        (AccountKind::Administrator, false),
    ] {
        world.session(HOSPITAL, kind, NOW).await;
        if sign {
            world.service.sign_head(&world.signer()).await.unwrap();
        }
    }
    assert_eq!(world.audit().await.len(), 12);
}

async fn verified(world: &World) -> Verification {
    verify(world.service.store(), world.verifier(), &world.heads()).await.unwrap()
}

async fn a_whole_log_verifies(world: World) {
    world_with_log(&world).await;
    // Two rows of heads and the file, which repeats the newer one.
    let expected = Verification { chains: 1, entries: 12, heads: 3, findings: Vec::new() };
    assert_eq!(verified(&world).await, expected);
    world.service.sign_head(&world.signer()).await.unwrap();
    world.service.sign_head(&world.signer()).await.unwrap();
    assert_eq!(verified(&world).await, Verification { heads: 4, ..expected }, "the same head is signed once");
}

async fn each_harm_is_found_and_named(world: World) {
    world_with_log(&world).await;
    let copy = "INSERT INTO audit_entries SELECT process, 13, at, institution_code, user_id, terminal, action, outcome,
                    subject, detail, previous_hash, hash FROM audit_entries WHERE sequence = 12";
    let backup =
        "CREATE TABLE kept AS SELECT * FROM audit_entries; CREATE TABLE kept_heads AS SELECT * FROM audit_heads";
    let restore = "DELETE FROM audit_entries; INSERT INTO audit_entries SELECT * FROM kept;
                   DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM kept_heads";
    world.tamper(backup);
    for (harm, finding) in [
        ("UPDATE audit_entries SET detail = 'kind=general' WHERE sequence = 9", "9番の記録が書き換えられています"),
        ("UPDATE audit_entries SET user_id = 'nobody01' WHERE sequence = 1", "1番の記録が書き換えられています"),
        ("UPDATE audit_entries SET at = at + 1 WHERE sequence = 12", "12番の記録が書き換えられています"),
        ("UPDATE audit_entries SET outcome = 'refused' WHERE sequence = 6", "6番の記録が書き換えられています"),
        ("UPDATE audit_entries SET action = 'nothing' WHERE sequence = 6", "6番の記録を読めません"),
        ("UPDATE audit_entries SET institution_code = '' WHERE sequence = 7", "7番の記録が書き換えられています"),
        ("DELETE FROM audit_entries WHERE sequence = 5", "5番の記録がありません"),
        ("DELETE FROM audit_entries WHERE sequence = 1", "1番の記録がありません"),
        ("DELETE FROM audit_entries WHERE sequence BETWEEN 3 AND 11", "3番の記録がありません"),
        (copy, "13番の記録が前の記録につながりません"),
        ("DELETE FROM audit_entries WHERE sequence >= 10", "10番までが署名されていますが、記録は9番で終わっています"),
        ("DELETE FROM audit_entries", "10番までが署名されていますが、記録は0番で終わっています"),
        ("UPDATE audit_heads SET note = 'x' WHERE sequence = 8", "署名された先頭を確認できません"),
        ("UPDATE audit_heads SET note = replace(note, '8', '7') WHERE sequence = 8", "署名された先頭を確認できません"),
        ("UPDATE audit_entries SET process = 'server-2' WHERE sequence >= 11", "1番の記録がありません"),
    ] {
        world.tamper(harm);
        let findings = verified(&world).await.findings;
        let process = if harm.contains("server-2") { "server-2" } else { PROCESS };
        assert_eq!(findings.len(), 1, "{harm}: {findings:?}");
        assert!(findings[0].starts_with(&format!("{process}：{finding}")), "{harm}: {findings:?}");
        world.tamper(restore);
        assert_eq!(verified(&world).await.findings, Vec::<String>::new());
    }
    // What was written after the last signature has no other witness: this is why heads are signed each minute.
    world.tamper(&format!("DELETE FROM audit_entries WHERE sequence > {SIGNED}"));
    assert_eq!(verified(&world).await.findings, Vec::<String>::new());
}

/// An INSERT of this entry that both engines take.
fn insert(world: &World, entry: &Entry) -> String {
    let blob = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if world.url.is_sqlite() { format!("X'{digits}'") } else { format!("'\\x{digits}'") }
    };
    let draft = &entry.draft;
    format!(
        "INSERT INTO audit_entries VALUES ('{}', {}, {}, '{}', '{}', '{}', '{}', '{}', '{}', '{}', {}, {})",
        entry.process,
        entry.sequence,
        draft.at.micros(),
        draft.institution,
        draft.user,
        draft.terminal,
        draft.action.word(),
        draft.outcome.word(),
        draft.subject,
        draft.detail,
        blob(&entry.previous),
        blob(&entry.hash),
    )
}

/// Writes the entries from this sequence on again as `forge` says, with hashes that fit each other.
async fn forge(world: &World, from: i64, mut forge: impl FnMut(&mut Entry)) {
    let entries = world.audit().await;
    let before = &entries[usize::try_from(from - 2).unwrap()];
    let mut head = Head { sequence: before.sequence, hash: before.hash };
    world.tamper(&format!("DELETE FROM audit_entries WHERE sequence >= {from}"));
    for mut entry in entries.into_iter().filter(|entry| entry.sequence >= from) {
        forge(&mut entry);
        world.tamper(&insert(world, &head.seal(PROCESS, entry.draft)));
    }
}

async fn a_forged_continuation_does_not_fit_the_signed_head(world: World) {
    world_with_log(&world).await;
    forge(&world, 9, |_| {}).await;
    assert_eq!(verified(&world).await.findings, Vec::<String>::new(), "the same entries again are the same log");
    forge(&world, 9, |entry| entry.draft.user = "someone-else".to_owned()).await;
    let findings = verified(&world).await.findings;
    assert_eq!(findings, [format!("{PROCESS}：{SIGNED}番の記録が、署名された先頭と一致しません")]);
    world.tamper("DELETE FROM audit_heads");
    let findings = verified(&world).await.findings;
    assert_eq!(findings, [format!("{PROCESS}：{SIGNED}番の記録が、署名された先頭と一致しません")], "the file is left");
}

async fn an_entry_put_between_others_is_found(world: World) {
    world_with_log(&world).await;
    let stolen = world.audit().await.swap_remove(4);
    world.tamper("UPDATE audit_entries SET sequence = sequence + 1000 WHERE sequence > 5");
    world.tamper("UPDATE audit_entries SET sequence = sequence - 999 WHERE sequence > 1000");
    world.tamper(&insert(&world, &Entry { sequence: 6, ..stolen }));
    let findings = verified(&world).await.findings;
    assert_eq!(findings, [format!("{PROCESS}：6番の記録が前の記録につながりません（挿入または差し替え）")]);
}

async fn the_head_file_outlives_the_rows(world: World) {
    world_with_log(&world).await;
    world.tamper("DELETE FROM audit_heads");
    assert_eq!(verified(&world).await.findings, Vec::<String>::new());
    world.tamper("DELETE FROM audit_entries WHERE sequence >= 10");
    assert_eq!(verified(&world).await.findings.len(), 1);
    world.tamper("DELETE FROM audit_entries");
    let all_gone = verified(&world).await;
    assert_eq!((all_gone.chains, all_gone.findings.len()), (1, 1), "a chain of which only the file is left");
    std::fs::write(world.heads().join(format!("{PROCESS}.note")), "not a note").unwrap();
    let damaged = verified(&world).await.findings;
    assert!(damaged[0].contains("署名された先頭を確認できません"), "{damaged:?}");
}

async fn a_shorter_log_is_not_signed_over_its_former_head(mut world: World) {
    world_with_log(&world).await;
    world.service.store().close().await;
    world.tamper("DELETE FROM audit_heads; DELETE FROM audit_entries WHERE sequence >= 6");
    world.restart().await;
    world.service.note_start().await.unwrap();
    for length in [6, 12] {
        while world.last_entry().await.sequence < length {
            world.service.note_start().await.unwrap();
        }
        let refused = world.service.sign_head(&world.signer()).await.unwrap_err();
        assert_eq!(refused.reason, Reason::Unavailable, "also when the log has become longer than it was signed");
        let findings = verified(&world).await.findings;
        assert_eq!(findings.len(), 1, "the file with the former head is still there: {findings:?}");
    }
    std::fs::remove_file(world.heads().join(format!("{PROCESS}.note"))).unwrap();
    world.service.sign_head(&world.signer()).await.unwrap();
}

async fn a_foreign_key_proves_nothing(world: World) {
    world_with_log(&world).await;
    let foreign = NoteSigner::generate(&world.directory().join("foreign.key"), "audit.example").unwrap();
    let result = verify(world.service.store(), foreign.verifier(), &world.heads()).await.unwrap();
    assert!(result.findings[0].contains("署名された先頭を確認できません"), "{:?}", result.findings);
}

async fn a_restart_continues_the_chain(mut world: World) {
    world_with_log(&world).await;
    world.restart().await;
    world.service.note_start().await.unwrap();
    world.session(HOSPITAL, AccountKind::Viewer, NOW.plus_seconds(3_600)).await;
    world.service.sign_head(&world.signer()).await.unwrap();
    let result = verified(&world).await;
    assert_eq!((result.entries, result.findings), (14, Vec::new()));
    let newest = newest_entry_time(world.service.store()).await.unwrap();
    assert_eq!(newest, Some(NOW.plus_seconds(3_600)), "the clock of the next start begins no earlier");
}

async fn the_last_word_of_a_process_is_signed(world: World) {
    world_with_log(&world).await;
    world.service.stop(Some(&world.signer())).await.unwrap();
    let last = world.last_entry().await;
    assert_eq!((last.sequence, last.draft.action), (13, Action::Stop));
    assert_eq!(verified(&world).await.findings, Vec::<String>::new());
    world.tamper("DELETE FROM audit_entries WHERE sequence = 13");
    assert_eq!(verified(&world).await.findings.len(), 1);
}
