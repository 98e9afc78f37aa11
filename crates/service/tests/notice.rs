//! お知らせ: who gets which, and what is still unread.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::Action;
use madoguchi_model::institution::InstitutionKind;
use madoguchi_model::notice::{Audience, TITLE_CHARACTERS_MAX};
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PHARMACY, World, code, reason};
use madoguchi_service::{Reason, Session, on_every_engine};

on_every_engine!(a_notice_reaches_its_audience, a_read_notice_stays_read_for_its_reader, a_notice_needs_title_and_text);

async fn titles(world: &World, session: &Session) -> Vec<String> {
    world.service.notices(session).await.unwrap().into_iter().map(|listed| listed.notice.title).collect()
}

async fn a_notice_reaches_its_audience(world: World) {
    let mut published = Vec::new();
    for (audience, title) in [
        (Audience::All, "全員"),
        (Audience::Kind(InstitutionKind::Pharmacy), "薬局"),
        (Audience::Institution(code(CLINIC)), "診療所"),
    ] {
        published.push(world.service.publish_notice(audience, title, "本文").await.unwrap());
        assert_eq!(world.last_entry().await.draft.action, Action::ChangeNotice);
    }
    for (institution, expected) in
        [(HOSPITAL, vec!["全員"]), (PHARMACY, vec!["薬局", "全員"]), (CLINIC, vec!["診療所", "全員"])]
    {
        let session = world.session(institution, AccountKind::General, NOW).await;
        assert_eq!(titles(&world, &session).await, expected, "{institution}, newest first");
    }
    world.service.withdraw_notice(published[0].id).await.unwrap();
    assert_eq!(reason(world.service.withdraw_notice(published[0].id).await), Reason::NotFound("このお知らせ"));
    let session = world.session(HOSPITAL, AccountKind::General, NOW).await;
    assert_eq!(titles(&world, &session).await, Vec::<String>::new());
    assert_eq!(world.service.all_notices().await.unwrap().len(), 3, "the operator still sees it");
}

async fn a_read_notice_stays_read_for_its_reader(world: World) {
    let first = world.service.publish_notice(Audience::All, "一", "本文").await.unwrap();
    let foreign = world.service.publish_notice(Audience::Institution(code(CLINIC)), "二", "本文").await.unwrap();
    let general = world.session(HOSPITAL, AccountKind::General, NOW).await;
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    assert!(world.service.has_unread_notices(&general).await.unwrap());
    world.service.mark_notices_read(&general, &[foreign.id]).await.unwrap();
    assert!(world.service.has_unread_notices(&general).await.unwrap(), "another institution's notice");
    world.service.mark_notices_read(&general, &[first.id, first.id]).await.unwrap();
    world.service.mark_notices_read(&general, &[first.id]).await.unwrap();
    assert!(!world.service.has_unread_notices(&general).await.unwrap());
    assert!(world.service.has_unread_notices(&viewer).await.unwrap(), "another account");
    let clinic = world.session(CLINIC, AccountKind::General, NOW).await;
    assert_eq!(world.service.notices(&clinic).await.unwrap().iter().filter(|listed| listed.read).count(), 0);
    world.service.publish_notice(Audience::All, "三", "本文").await.unwrap();
    assert!(world.service.has_unread_notices(&general).await.unwrap(), "a new one");
}

async fn a_notice_needs_title_and_text(world: World) {
    let longest = "あ".repeat(TITLE_CHARACTERS_MAX);
    for (title, text, right) in [
        ("件名", "本文", true),
        (longest.as_str(), "本文", true),
        (&format!("{longest}あ"), "本文", false),
        (" ", "本文", false),
        ("件名", "\n", false),
    ] {
        assert_eq!(world.service.publish_notice(Audience::All, title, text).await.is_ok(), right, "{title}");
    }
    assert_eq!(world.service.all_notices().await.unwrap().len(), 2);
}
