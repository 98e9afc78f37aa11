//! What programs log in with.

use madoguchi_model::settings::Settings;
use madoguchi_store::program::StoredRefreshToken;
use madoguchi_store::session::StoredSession;

use super::samples::{hospital, pharmacy, user};
use crate::{NOW, Place, put};

fn session(token: u8, name: &str) -> StoredSession {
    let created_at = NOW.plus_seconds(token.into());
    StoredSession {
        token_hash: [token; 32],
        institution: hospital(),
        user: user(name),
        certificate_serial: "0a1b".into(),
        form_token: "form".into(),
        settings: Settings::default(),
        created_at,
        last_seen_at: created_at,
    }
}

fn refresh(token: u8, name: &str) -> StoredRefreshToken {
    StoredRefreshToken {
        token_hash: [token; 32],
        institution: hospital(),
        user: user(name),
        certificate_serial: "0a1b".into(),
        logged_in_at: NOW,
        issued_at: NOW.plus_seconds(token.into()),
    }
}

pub(crate) async fn the_newest_log_ins_stay(place: &Place) {
    for (token, name) in [(1, "api01"), (2, "api01"), (3, "api01"), (4, "agent01")] {
        put(place, session(token, name), async |tx, it| tx.insert_session(&it).await).await;
        put(place, refresh(token, name), async |tx, it| tx.insert_refresh_token(&it).await).await;
    }
    let (code, api) = (hospital(), user("api01"));
    let kept = async |kept: u32| {
        let ended = put(place, kept, async |tx, it| {
            let sessions = tx.keep_newest_sessions(&hospital(), &user("api01"), it).await?;
            Ok((sessions, tx.keep_newest_refresh_tokens(&hospital(), &user("api01"), it).await?))
        });
        ended.await
    };
    assert_eq!(kept(3).await, (0, 0));
    assert_eq!(kept(2).await, (1, 1), "the oldest of this account");
    let mut tx = place.store.read();
    for (token, stays) in [(1, false), (2, true), (3, true), (4, true)] {
        assert_eq!(tx.session(&code, &[token; 32]).await.unwrap().is_some(), stays, "{token}");
        assert_eq!(tx.refresh_token(&code, &[token; 32]).await.unwrap().is_some(), stays, "{token}");
    }
    assert_eq!(tx.refresh_token(&code, &[3; 32]).await.unwrap(), Some(refresh(3, api.as_str())));
    assert_eq!(kept(0).await, (2, 2));
}

pub(crate) async fn a_refresh_token_goes_with_its_account(place: &Place) {
    for (token, name) in [(1, "api01"), (2, "api02")] {
        put(place, refresh(token, name), async |tx, it| tx.insert_refresh_token(&it).await).await;
    }
    let mut tx = place.store.read();
    assert_eq!(tx.refresh_token(&pharmacy(), &[1; 32]).await.unwrap(), None, "another institution's");
    put(place, (), async |tx, ()| tx.end_sessions_of(&hospital(), &user("api01")).await).await;
    assert_eq!(tx.refresh_token(&hospital(), &[1; 32]).await.unwrap(), None);
    assert!(put(place, (), async |tx, ()| tx.end_refresh_token(&hospital(), &[2; 32]).await).await);
    assert!(!put(place, (), async |tx, ()| tx.end_refresh_token(&hospital(), &[2; 32]).await).await, "used once");
}
