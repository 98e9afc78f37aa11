//! The institution's own things: settings, accounts, sessions, notices.

use madoguchi_model::{
    account::AccountKind,
    code::UrlKind,
    id::{ChangeId, NoticeId},
    institution::InstitutionKind,
    login::Tries,
    notice::{Audience, Notice},
    settings::{NOT_USED, Setting, SettingChange, Settings, USED},
};
use madoguchi_store::{Error, account::Account, session::StoredSession, settings::RecordedChange};

use super::samples::{code, day, hospital, institution, pharmacy, user};
use crate::{NOW, Place, put};

pub(crate) async fn institutions_are_registered_and_changed(place: &Place) {
    let mut clinic = institution(hospital());
    put(place, clinic.clone(), async |tx, it| tx.put_institution(&it).await).await;
    put(place, institution(pharmacy()), async |tx, it| tx.put_institution(&it).await).await;
    clinic.abolished_on = Some(day(20_250_331));
    clinic.hospital = false;
    put(place, clinic.clone(), async |tx, it| tx.put_institution(&it).await).await;
    let mut tx = place.store.read();
    assert_eq!(tx.institution(&hospital()).await.unwrap(), Some(clinic.clone()));
    assert_eq!(tx.institution(&code("1312345679")).await.unwrap(), None);
    assert_eq!(tx.institutions().await.unwrap(), [clinic, institution(pharmacy())]);
}

pub(crate) async fn an_address_for_patients_is_kept_for_each_kind(place: &Place) {
    let url = async |kind| place.store.read().access_url(&hospital(), kind).await.unwrap();
    for (kind, text) in [(UrlKind::HomeVisit, Some("https://a")), (UrlKind::HomeVisit, Some("https://b"))] {
        put(place, (kind, text), async |tx, it| tx.put_access_url(&hospital(), it.0, it.1).await).await;
        assert_eq!(url(kind).await.as_deref(), text);
    }
    assert_eq!(url(UrlKind::Online).await, None);
    put(place, UrlKind::HomeVisit, async |tx, it| tx.put_access_url(&hospital(), it, None).await).await;
    assert_eq!(url(UrlKind::HomeVisit).await, None);
}

fn change(number: u8, setting: Setting, from: &str, to: &str) -> RecordedChange {
    RecordedChange {
        id: ChangeId::new(NOW, [number; 10]),
        at: NOW.plus_seconds(number.into()),
        user: user("admin01"),
        change: SettingChange { setting, from: from.into(), to: to.into() },
    }
}

pub(crate) async fn settings_remember_who_changed_them(place: &Place) {
    let changes = [
        change(1, Setting::MedicalCare, NOT_USED, USED),
        change(2, Setting::Surgery, NOT_USED, USED),
        change(3, Setting::MedicalCare, USED, NOT_USED),
    ];
    for change in changes.clone() {
        put(place, change, async |tx, it| tx.change_setting(&hospital(), &it).await).await;
    }
    // Someone with an old screen: the setting is no longer what they saw.
    let late = change(4, Setting::Surgery, NOT_USED, USED);
    let late = place.store.write("late", async move |tx| tx.change_setting(&hospital(), &late).await).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let mut expected = Settings::default();
    expected.set(Setting::MedicalCare, NOT_USED).unwrap();
    expected.set(Setting::Surgery, USED).unwrap();
    let mut tx = place.store.read();
    assert_eq!(tx.settings(&hospital()).await.unwrap(), expected);
    assert_eq!(tx.settings(&pharmacy()).await.unwrap(), Settings::default());
    let newest_first: Vec<_> = changes.into_iter().rev().collect();
    assert_eq!(tx.setting_changes(&hospital(), 10).await.unwrap(), newest_first);
    assert_eq!(tx.setting_changes(&hospital(), 1).await.unwrap(), newest_first[..1]);
    assert_eq!(tx.setting_changes(&pharmacy(), 10).await.unwrap(), []);
}

fn account(name: &str) -> Account {
    Account {
        institution: hospital(),
        user: user(name),
        version: 1,
        kind: AccountKind::Viewer,
        stopped: false,
        password_hash: "$argon2id$one".into(),
        secret_hash: None,
        must_change_password: true,
        tries: Tries::default(),
        former_hashes: vec![],
        emergency_viewing: false,
        created_at: NOW,
    }
}

pub(crate) async fn an_account_is_changed_by_who_saw_it_last(place: &Place) {
    put(place, account("viewer01"), async |tx, it| tx.insert_account(&it).await).await;
    let twice = place.store.write("twice", async |tx| tx.insert_account(&account("viewer01")).await).await;
    assert!(matches!(twice, Err(Error::Conflict(_))));
    let other = Account { institution: pharmacy(), ..account("viewer01") };
    put(place, other, async |tx, it| tx.insert_account(&it).await).await;

    let changed = Account {
        tries: Tries { failed: 5, locked_until: Some(NOW.plus_seconds(1800)) },
        former_hashes: vec!["$argon2id$zero".into(), "前".into()],
        must_change_password: false,
        secret_hash: Some("$argon2id$secret".into()),
        ..account("viewer01")
    };
    put(place, changed.clone(), async |tx, it| tx.update_account(&it).await).await;
    let stale = changed.clone();
    let stale = place.store.write("stale", async move |tx| tx.update_account(&stale).await).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));

    let mut tx = place.store.read();
    let found = tx.account(&hospital(), &user("VIEWER01")).await.unwrap();
    assert_eq!(found, Some(Account { version: 2, ..changed.clone() }));
    let standing = tx.account_standing(&hospital(), &user("viewer01")).await.unwrap();
    assert_eq!(standing, found.as_ref().map(Account::standing));
    assert_eq!(tx.account_standing(&hospital(), &user("viewer02")).await.unwrap(), None);
    assert_eq!(tx.account(&hospital(), &user("viewer02")).await.unwrap(), None);
    assert_eq!(tx.accounts(&hospital()).await.unwrap().len(), 1);
    assert!(!format!("{changed:?}").contains("argon2"));
}

fn session(token: u8, name: &str) -> StoredSession {
    let mut settings = Settings::default();
    settings.set(Setting::Surgery, USED).unwrap();
    StoredSession {
        token_hash: [token; 32],
        institution: hospital(),
        user: user(name),
        certificate_serial: "0a1b".into(),
        form_token: "form".into(),
        settings,
        created_at: NOW,
        last_seen_at: NOW,
    }
}

pub(crate) async fn a_session_is_found_at_its_own_institution_only(place: &Place) {
    for (token, name) in [(1, "viewer01"), (2, "viewer01"), (3, "viewer02")] {
        put(place, session(token, name), async |tx, it| tx.insert_session(&it).await).await;
    }
    let mut tx = place.store.read();
    assert_eq!(tx.session(&hospital(), &[1; 32]).await.unwrap(), Some(session(1, "viewer01")));
    assert_eq!(tx.session(&pharmacy(), &[1; 32]).await.unwrap(), None);
    assert_eq!(tx.session(&hospital(), &[9; 32]).await.unwrap(), None);

    for seconds in [60, -60] {
        let now = NOW.plus_seconds(seconds);
        put(place, now, async |tx, it| tx.touch_session(&hospital(), &[1; 32], it).await).await;
    }
    let seen = tx.session(&hospital(), &[1; 32]).await.unwrap().unwrap().last_seen_at;
    assert_eq!(seen, NOW.plus_seconds(60), "a clock that steps back takes nothing away");

    assert_eq!(put(place, (), async |tx, ()| tx.end_sessions_of(&hospital(), &user("viewer01")).await).await, 2);
    assert!(put(place, (), async |tx, ()| tx.end_session(&hospital(), &[3; 32]).await).await);
    assert!(!put(place, (), async |tx, ()| tx.end_session(&hospital(), &[3; 32]).await).await);
    put(place, session(4, "viewer01"), async |tx, it| tx.insert_session(&it).await).await;
    assert_eq!(put(place, NOW, async |tx, it| tx.remove_old_sessions(it, it).await).await, 0);
    let later = NOW.plus_seconds(1);
    assert_eq!(put(place, later, async |tx, it| tx.remove_old_sessions(it, NOW).await).await, 1);
}

pub(crate) async fn notices_reach_their_audience(place: &Place) {
    let notice = |number: u8, audience| {
        let now = NOW.plus_seconds(number.into());
        Notice::new(NoticeId::new(now, [number; 10]), now, audience, "件名", "本文\n二行目").unwrap()
    };
    let notices = [
        notice(1, Audience::All),
        notice(2, Audience::Kind(InstitutionKind::Pharmacy)),
        notice(3, Audience::Institution(hospital())),
        notice(4, Audience::All),
    ];
    for notice in notices.clone() {
        put(place, notice, async |tx, it| tx.insert_notice(&it).await).await;
    }
    assert!(put(place, notices[3].id, async |tx, it| tx.withdraw_notice(it, NOW).await).await);
    assert!(!put(place, notices[3].id, async |tx, it| tx.withdraw_notice(it, NOW).await).await);
    let mut tx = place.store.read();
    let for_hospital = tx.notices_for(&institution(hospital()), 10).await.unwrap();
    assert_eq!(for_hospital, [notices[2].clone(), notices[0].clone()]);
    let for_pharmacy = tx.notices_for(&institution(pharmacy()), 10).await.unwrap();
    assert_eq!(for_pharmacy, [notices[1].clone(), notices[0].clone()]);
    assert_eq!(tx.notices(10).await.unwrap().len(), 4);

    for _ in 0..2 {
        let id = notices[0].id;
        put(place, id, async |tx, it| tx.mark_notice_read(&hospital(), &user("viewer01"), it, NOW).await).await;
    }
    assert_eq!(tx.notices_read_by(&hospital(), &user("viewer01")).await.unwrap(), [notices[0].id]);
    assert_eq!(tx.notices_read_by(&hospital(), &user("viewer02")).await.unwrap(), []);
    assert_eq!(tx.notices_read_by(&pharmacy(), &user("viewer01")).await.unwrap(), []);
}
