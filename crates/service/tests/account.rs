//! アカウント管理: who manages whom, and the reset of the master.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::Action;
use madoguchi_model::login::WRONG_TRIES_MAX;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PASSWORD, SECRET_NUMBER, World, reason, user};
use madoguchi_service::{Reason, on_every_engine};

on_every_engine!(
    each_manager_makes_its_own_kinds_only,
    each_manager_sees_and_changes_its_own_kinds_only,
    a_user_id_is_taken_once_in_an_institution,
    an_institution_has_five_hundred_accounts_at_most,
    another_institutions_accounts_do_not_exist,
    the_secret_number_resets_the_master,
    guessing_the_secret_number_locks_the_account,
);

const fn manages(manager: AccountKind, kind: AccountKind) -> bool {
    use AccountKind as K;
    match manager {
        K::Master => matches!(kind, K::Administrator),
        K::Administrator => matches!(kind, K::Viewer | K::General | K::Agent | K::Api | K::Reader),
        _ => false,
    }
}

async fn each_manager_makes_its_own_kinds_only(world: World) {
    for manager in AccountKind::ALL {
        let session = world.session(HOSPITAL, manager, NOW).await;
        for kind in AccountKind::ALL {
            let name = format!("{}-by-{}", kind.code().replace('_', "-"), manager.code().replace('_', "-"));
            let result = world.service.create_account(&session, kind, &name).await;
            assert_eq!(result.is_ok(), manages(manager, kind), "{manager:?} makes {kind:?}");
            let entry = world.last_entry().await.draft;
            let action = if result.is_ok() { Action::CreateAccount } else { Action::Refuse };
            assert_eq!((entry.action, entry.user.as_str()), (action, session.user.as_str()));
            let Ok(issued) = result else { continue };
            assert!(!entry.detail.contains(&issued.password));
            let account = world.account(HOSPITAL, &name).await;
            assert_eq!(account.must_change_password, kind.uses_screens(), "{kind:?}: programs have no screen for it");
            let logs_in = world.service.log_in(&world.at(HOSPITAL, NOW), &name, &issued.password).await;
            assert_eq!(logs_in.is_ok(), kind.uses_screens(), "{kind:?}");
        }
    }
}

async fn each_manager_sees_and_changes_its_own_kinds_only(world: World) {
    let master = world.session(HOSPITAL, AccountKind::Master, NOW).await;
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    for session in [master, administrator] {
        let manager = session.kind;
        let listed = world.service.accounts(&session).await.unwrap();
        for kind in AccountKind::ALL {
            let expected = manages(manager, kind);
            assert_eq!(listed.iter().any(|account| account.kind == kind), expected, "{manager:?} sees {kind:?}");
            let user = user(kind);
            let before = world.account(HOSPITAL, user.as_str()).await.version;
            let results = [
                world.service.stop_account(&session, user.as_str()).await,
                world.service.start_account(&session, user.as_str()).await,
                world.service.unlock_account(&session, user.as_str()).await,
                world.service.initialise_password(&session, user.as_str()).await.map(drop),
            ];
            for result in results {
                assert_eq!(result.is_ok(), expected, "{manager:?} changes {kind:?}");
                if let Err(refusal) = result {
                    assert_eq!(refusal.reason, Reason::NotFound("このアカウント"));
                }
            }
            let changes = world.account(HOSPITAL, user.as_str()).await.version - before;
            assert_eq!(changes, if expected { 4 } else { 0 }, "{manager:?} and {kind:?}");
            assert_eq!(world.account(CLINIC, user.as_str()).await.version, 1, "{kind:?} of another institution");
        }
    }
}

async fn a_user_id_is_taken_once_in_an_institution(world: World) {
    let here = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let there = world.session(CLINIC, AccountKind::Administrator, NOW).await;
    for (session, name, free) in [
        (&here, "nurse01", true),
        (&here, "nurse01", false),
        (&here, "NURSE01", false),
        (&there, "nurse01", true),
        (&here, "master01", false),
        (&here, "abc", false),
        (&here, "", false),
        (&here, "看護師01", false),
        (&here, "nurse 02", false),
    ] {
        let result = world.service.create_account(session, AccountKind::Viewer, name).await;
        assert_eq!(result.is_ok(), free, "{name}");
        if let Err(refusal) = result {
            assert!(matches!(refusal.reason, Reason::Invalid(_)), "{name}");
        }
    }
}

async fn an_institution_has_five_hundred_accounts_at_most(world: World) {
    world.tamper(
        "INSERT INTO accounts SELECT institution_code, 'filler-' || number, 1, 'general', 0, 'x', NULL, 0, 0, NULL,
             '[]', 0, 0
         FROM accounts, (WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted
             WHERE number < 491) SELECT number FROM counted) AS numbers
         WHERE institution_code = '1310000001' AND user_id = 'master01'",
    );
    let session = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    assert!(world.service.create_account(&session, AccountKind::General, "number-500").await.is_ok());
    let beyond = world.service.create_account(&session, AccountKind::General, "number-501").await;
    assert!(matches!(reason(beyond), Reason::Invalid(_)));
}

async fn another_institutions_accounts_do_not_exist(world: World) {
    let there = world.session(CLINIC, AccountKind::Administrator, NOW).await;
    world.service.create_account(&there, AccountKind::Viewer, "only-there").await.unwrap();
    let here = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    for name in ["only-there", "nowhere"] {
        let result = world.service.initialise_password(&here, name).await.map(drop);
        assert_eq!(reason(result), Reason::NotFound("このアカウント"), "{name}");
    }
    assert!(!world.service.accounts(&here).await.unwrap().iter().any(|account| account.user.as_str() == "only-there"));
}

async fn the_secret_number_resets_the_master(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    let master = world.log_in(HOSPITAL, AccountKind::Master, NOW).await;
    let reset = world.session(HOSPITAL, AccountKind::MasterReset, NOW).await;
    let issued = world.service.reset_master(&reset, SECRET_NUMBER).await.unwrap();
    assert_eq!(issued.user, user(AccountKind::Master));
    assert_eq!(world.last_entry().await.draft.action, Action::ResetMaster);
    assert_eq!(reason(world.service.session(&operation, &master.token).await), Reason::NotLoggedIn);
    assert_eq!(reason(world.service.log_in(&operation, "master01", PASSWORD).await), Reason::WrongPassword);
    assert!(world.service.log_in(&operation, "master01", &issued.password).await.unwrap().session.must_change_password);
    assert!(world.service.log_in(&world.at(CLINIC, NOW), "master01", PASSWORD).await.is_ok(), "another institution");
}

async fn guessing_the_secret_number_locks_the_account(world: World) {
    let mut tries = 0;
    let mut guess = async |number: &str| {
        tries += 1;
        // Each try with a fresh log-in: that must not begin the count again.
        let reset = world.session(HOSPITAL, AccountKind::MasterReset, NOW).await;
        (tries, reason(world.service.reset_master(&reset, number).await))
    };
    for number in ["314159265359", "", "31415926535", &"3".repeat(10_000)] {
        let (tries, refused) = guess(number).await;
        assert!(matches!(refused, Reason::Invalid(_)), "try {tries}: {refused:?}");
    }
    let (tries, refused) = guess("000000000000").await;
    assert_eq!(tries, WRONG_TRIES_MAX);
    assert!(matches!(refused, Reason::Locked { .. }), "{refused:?}");
    let again = world.service.log_in(&world.at(HOSPITAL, NOW), "master-reset01", PASSWORD).await;
    assert!(matches!(reason(again), Reason::Locked { .. }));
    let entries = world.audit().await;
    assert_eq!(entries.iter().filter(|entry| entry.draft.action == Action::ResetMaster).count(), 5);
    assert!(world.service.log_in(&world.at(HOSPITAL, NOW), "master01", PASSWORD).await.is_ok(), "the master stays");
}
