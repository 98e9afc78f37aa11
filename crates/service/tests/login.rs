//! ログイン: who gets in, for how long, and with which password.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::login::{IDLE_SECONDS_MAX, LOCK_SECONDS, SESSION_SECONDS_MAX, WRONG_TRIES_MAX};
use madoguchi_service::test_support::{
    CLINIC, CLOSED, CLOSED_FROM, CLOSED_TO, HOSPITAL, NOW, PASSWORD, World, day, later, reason, terminal, user,
};
use madoguchi_service::{Operation, Reason, on_every_engine};

on_every_engine!(
    only_the_right_name_and_password_open,
    five_wrong_tries_lock_for_thirty_minutes,
    a_program_is_not_locked_out_at_the_screens,
    the_manager_opens_a_lock,
    a_stopped_account_stays_outside,
    an_institution_works_from_its_first_to_its_last_day,
    an_account_has_one_session,
    a_token_is_good_at_its_own_terminal_only,
    a_session_ends_when_nobody_asks,
    a_session_ends_after_twelve_hours_of_work,
    a_new_password_follows_the_rules,
    the_last_three_passwords_do_not_come_back,
    guessing_the_current_password_locks_the_account,
    the_reset_account_has_no_password_of_its_own_to_change,
    an_initialised_password_ends_the_old_one,
);

const WRONG: &str = "Tsuki-no-hikari8";

async fn only_the_right_name_and_password_open(world: World) {
    let (viewer, long) = (user(AccountKind::Viewer), format!("{PASSWORD}{}", "x".repeat(65)));
    for (name, password, opens) in [
        (viewer.as_str(), PASSWORD, true),
        ("VIEWER01", PASSWORD, true),
        (viewer.as_str(), WRONG, false),
        (viewer.as_str(), "", false),
        (viewer.as_str(), long.as_str(), false),
        ("viewer02", PASSWORD, false),
        ("", PASSWORD, false),
        ("v'; --", PASSWORD, false),
        ("agent01", PASSWORD, false),
        ("api01", PASSWORD, false),
        ("reader01", PASSWORD, false),
    ] {
        let result = world.service.log_in(&world.at(HOSPITAL, NOW), name, password).await;
        assert_eq!(result.is_ok(), opens, "{name}");
        let entry = world.last_entry().await.draft;
        let outcome = if opens { Outcome::Done } else { Outcome::Refused };
        assert_eq!((entry.action, entry.outcome, entry.at), (Action::LogIn, outcome, NOW), "{name}");
        if let Err(refusal) = result {
            assert_eq!(refusal.reason, Reason::WrongPassword, "{name}: which of the two is wrong is not told");
        }
    }
    for kind in AccountKind::ALL {
        let result = world.service.log_in_reader(&world.at(CLINIC, NOW), user(kind).as_str(), PASSWORD).await;
        assert_eq!(result.is_ok(), kind == AccountKind::Reader, "{kind:?} at the reader");
    }
}

async fn five_wrong_tries_lock_for_thirty_minutes(world: World) {
    let at = |seconds| world.at(HOSPITAL, NOW.plus_seconds(seconds));
    let until = NOW.plus_seconds(LOCK_SECONDS);
    for round in 0..2 {
        for _ in 1..WRONG_TRIES_MAX {
            assert_eq!(reason(world.service.log_in(&at(0), "viewer01", WRONG).await), Reason::WrongPassword);
        }
        if round == 0 {
            assert!(world.service.log_in(&at(0), "viewer01", PASSWORD).await.is_ok(), "four wrong tries lock nothing");
        }
    }
    assert_eq!(reason(world.service.log_in(&at(0), "viewer01", WRONG).await), Reason::Locked { until });
    for seconds in [0, LOCK_SECONDS - 1] {
        assert_eq!(reason(world.service.log_in(&at(seconds), "viewer01", PASSWORD).await), Reason::Locked { until });
    }
    assert!(world.service.log_in(&at(0), "general01", PASSWORD).await.is_ok(), "another account");
    assert!(world.service.log_in(&world.at(CLINIC, NOW), "viewer01", PASSWORD).await.is_ok(), "another institution");
    assert!(world.service.log_in(&at(LOCK_SECONDS), "viewer01", PASSWORD).await.is_ok());
}

/// Neither by its own password nor by guesses: the door of the screens does not even compare them.
async fn a_program_is_not_locked_out_at_the_screens(world: World) {
    let at = world.at(HOSPITAL, NOW);
    for password in [PASSWORD, "wrong", PASSWORD, "wrong", PASSWORD, "wrong", PASSWORD] {
        let refused = world.service.log_in(&at, "agent01", password).await.unwrap_err();
        assert_eq!(refused.reason, Reason::WrongPassword);
        let draft = world.last_entry().await.draft;
        assert_eq!((draft.action, draft.outcome), (Action::LogIn, Outcome::Refused));
    }
    assert!(world.service.log_in_agent(&at, "agent01", PASSWORD).await.is_ok());
}

async fn the_manager_opens_a_lock(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    for name in ["viewer01", "general01"] {
        for _ in 0..WRONG_TRIES_MAX {
            let _ = world.service.log_in(&operation, name, WRONG).await;
        }
    }
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let locked = |accounts: Vec<madoguchi_service::account::Account>| -> Vec<String> {
        accounts.into_iter().filter(|account| account.locked_until.is_some()).map(|it| it.user.to_string()).collect()
    };
    assert_eq!(locked(world.service.accounts(&administrator).await.unwrap()), ["general01", "viewer01"]);
    world.service.unlock_account(&administrator, "viewer01").await.unwrap();
    assert_eq!(locked(world.service.accounts(&administrator).await.unwrap()), ["general01"]);
    assert!(world.service.log_in(&operation, "viewer01", PASSWORD).await.is_ok());
    assert!(matches!(reason(world.service.log_in(&operation, "general01", PASSWORD).await), Reason::Locked { .. }));
}

async fn a_stopped_account_stays_outside(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    let open = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let neighbour = world.log_in(HOSPITAL, AccountKind::General, NOW).await;
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    world.service.stop_account(&administrator, "viewer01").await.unwrap();
    assert_eq!(reason(world.service.session(&operation, &open.token).await), Reason::NotLoggedIn);
    assert!(world.service.session(&operation, &neighbour.token).await.is_ok());
    assert_eq!(reason(world.service.log_in(&operation, "viewer01", PASSWORD).await), Reason::Stopped);
    assert_eq!(reason(world.service.log_in(&operation, "viewer01", WRONG).await), Reason::WrongPassword);
    world.service.start_account(&administrator, "viewer01").await.unwrap();
    assert_eq!(reason(world.service.session(&operation, &open.token).await), Reason::NotLoggedIn);
    assert!(world.service.log_in(&operation, "viewer01", PASSWORD).await.is_ok());
}

async fn an_institution_works_from_its_first_to_its_last_day(world: World) {
    let first = day(CLOSED_FROM).midnight();
    let over = day(CLOSED_TO).plus_days(1).midnight();
    for (now, open) in
        [(first.plus_seconds(-1), false), (first, true), (over.plus_seconds(-1), true), (over, false), (NOW, false)]
    {
        let result = world.service.log_in(&world.at(CLOSED, now), "viewer01", PASSWORD).await;
        assert_eq!(result.as_ref().err().map(|refusal| &refusal.reason), (!open).then_some(&Reason::ClosedInstitution));
        if let Ok(logged_in) = result {
            let at_end = world.service.session(&world.at(CLOSED, over), &logged_in.token).await;
            assert_eq!(reason(at_end), Reason::ClosedInstitution, "an open session ends with the institution");
        }
    }
    let unknown = Operation { terminal: terminal("1310000009", 1), now: NOW };
    assert_eq!(reason(world.service.log_in(&unknown, "viewer01", PASSWORD).await), Reason::UnknownInstitution);
}

async fn an_account_has_one_session(world: World) {
    let first = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let other = world.log_in(HOSPITAL, AccountKind::General, NOW).await;
    let elsewhere = world.log_in(CLINIC, AccountKind::Viewer, NOW).await;
    let second = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let operation = world.at(HOSPITAL, NOW);
    assert_eq!(reason(world.service.session(&operation, &first.token).await), Reason::NotLoggedIn);
    for token in [&second.token, &other.token] {
        assert!(world.service.session(&operation, token).await.is_ok());
    }
    assert!(world.service.session(&world.at(CLINIC, NOW), &elsewhere.token).await.is_ok());
    world.service.log_out(&second.session).await.unwrap();
    assert_eq!(world.last_entry().await.draft.action, Action::LogOut);
    assert_eq!(reason(world.service.session(&operation, &second.token).await), Reason::NotLoggedIn);
    assert!(world.service.session(&operation, &other.token).await.is_ok());
}

async fn a_token_is_good_at_its_own_terminal_only(world: World) {
    let token = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await.token;
    for (institution, number, token, works) in [
        (HOSPITAL, 1, token.clone(), true),
        (HOSPITAL, 2, token.clone(), false),
        (CLINIC, 1, token.clone(), false),
        (HOSPITAL, 1, token.to_uppercase(), false),
        (HOSPITAL, 1, format!("{token}0"), false),
        (HOSPITAL, 1, token[1..].to_owned(), false),
        (HOSPITAL, 1, "0".repeat(64), false),
        (HOSPITAL, 1, String::new(), false),
    ] {
        let operation = Operation { terminal: terminal(institution, number), now: NOW };
        let result = world.service.session(&operation, &token).await;
        assert_eq!(result.is_ok(), works, "{institution} {number}");
        if let Err(refusal) = result {
            assert_eq!(refusal.reason, Reason::NotLoggedIn);
        }
    }
}

async fn a_session_ends_when_nobody_asks(world: World) {
    let ask = async |token: &str, seconds| {
        world.service.session(&world.at(HOSPITAL, NOW.plus_seconds(seconds)), token).await.is_ok()
    };
    let idle = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await.token;
    assert!(!ask(&idle, IDLE_SECONDS_MAX).await);
    let used = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await.token;
    let last = IDLE_SECONDS_MAX - 1;
    assert!(ask(&used, last).await);
    assert!(ask(&used, last + IDLE_SECONDS_MAX - 1).await, "a request keeps the session open");
    assert!(!ask(&used, last + IDLE_SECONDS_MAX - 1 + IDLE_SECONDS_MAX).await);
}

async fn a_session_ends_after_twelve_hours_of_work(world: World) {
    let token = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await.token;
    let step = IDLE_SECONDS_MAX - 1;
    let times = (0..SESSION_SECONDS_MAX).step_by(usize::try_from(step).unwrap());
    for (seconds, open) in
        times.map(|at| (at, true)).chain([(SESSION_SECONDS_MAX - 1, true), (SESSION_SECONDS_MAX, false)])
    {
        let operation = world.at(HOSPITAL, NOW.plus_seconds(seconds));
        assert_eq!(world.service.session(&operation, &token).await.is_ok(), open, "after {seconds} seconds");
    }
}

async fn a_new_password_follows_the_rules(world: World) {
    let session = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let (current, new, repeated) = ("現在のパスワード", "新しいパスワード", "新しいパスワード（確認）");
    let good = "Kaze-no-oto-2026";
    for (given, wanted, again, wrong) in [
        (WRONG, good, good, vec![current]),
        (PASSWORD, "Short-one-12", "Short-one-12", vec![new]),
        (PASSWORD, "viewer01-is-here!", "viewer01-is-here!", vec![new]),
        (PASSWORD, good, "Kaze-no-oto-2027", vec![repeated]),
        (WRONG, "short", "other", vec![current, new, repeated]),
        (PASSWORD, PASSWORD, PASSWORD, vec![new]),
        (PASSWORD, good, good, vec![]),
    ] {
        let result = world.service.change_password(&session, given, wanted, again).await;
        let fields = match result {
            Ok(()) => Vec::new(),
            Err(refusal) => match refusal.reason {
                Reason::Invalid(fields) => fields.into_iter().map(|field| field.field).collect(),
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(fields, wrong, "{wanted}");
        let outcome = if wrong.is_empty() { Outcome::Done } else { Outcome::Refused };
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.outcome), (Action::ChangePassword, outcome));
        assert!(!entry.detail.contains(wanted));
    }
    let operation = world.at(HOSPITAL, NOW);
    assert_eq!(reason(world.service.log_in(&operation, "viewer01", PASSWORD).await), Reason::WrongPassword);
    assert!(world.service.log_in(&operation, "viewer01", good).await.is_ok());
}

async fn the_last_three_passwords_do_not_come_back(world: World) {
    let session = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let mut current = PASSWORD;
    let mut change = async |to: &'static str, expected: bool| {
        let result = world.service.change_password(&session, current, to, to).await;
        assert_eq!(result.is_ok(), expected, "{current} to {to}");
        current = if expected { to } else { current };
    };
    let (second, third, fourth) = ("Niban-no-hikari7", "Sanban-no-hikari7", "Yonban-no-hikari7");
    change(second, true).await;
    change(third, true).await;
    for used in [PASSWORD, second, third] {
        change(used, false).await;
    }
    change(fourth, true).await;
    change(second, false).await;
    change(PASSWORD, true).await;
}

async fn guessing_the_current_password_locks_the_account(world: World) {
    let open = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let good = "Kaze-no-oto-2026";
    for _ in 1..WRONG_TRIES_MAX {
        let result = world.service.change_password(&open.session, WRONG, good, good).await;
        assert!(matches!(reason(result), Reason::Invalid(_)));
    }
    assert!(world.service.session(&world.at(HOSPITAL, NOW), &open.token).await.is_ok());
    let fifth = world.service.change_password(&open.session, WRONG, good, good).await;
    assert!(matches!(reason(fifth), Reason::Locked { .. }));
    assert_eq!(reason(world.service.session(&world.at(HOSPITAL, NOW), &open.token).await), Reason::NotLoggedIn);
    let right = world.service.change_password(&open.session, PASSWORD, good, good).await;
    assert!(matches!(reason(right), Reason::Locked { .. }), "a request that was already under way is too late");
    let again = world.service.log_in(&world.at(HOSPITAL, NOW), "viewer01", PASSWORD).await;
    assert!(matches!(reason(again), Reason::Locked { .. }));
}

async fn the_reset_account_has_no_password_of_its_own_to_change(world: World) {
    for (kind, allowed) in [(AccountKind::MasterReset, false), (AccountKind::Master, true)] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        let good = "Kaze-no-oto-2026";
        let result = world.service.change_password(&session, PASSWORD, good, good).await;
        assert_eq!(result.is_ok(), allowed, "{kind:?}");
        let action = if allowed { Action::ChangePassword } else { Action::Refuse };
        assert_eq!(world.last_entry().await.draft.action, action);
    }
}

async fn an_initialised_password_ends_the_old_one(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    let open = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let issued = world.service.initialise_password(&administrator, "viewer01").await.unwrap();
    assert_eq!(reason(world.service.session(&operation, &open.token).await), Reason::NotLoggedIn);
    assert_eq!(reason(world.service.log_in(&operation, "viewer01", PASSWORD).await), Reason::WrongPassword);

    let first = world.service.log_in(&operation, "viewer01", &issued.password).await.unwrap();
    assert!(first.session.must_change_password);
    let blocked = world.service.consented_patients(&first.session, &Default::default()).await;
    assert_eq!(reason(blocked), Reason::MustChangePassword);
    let good = "Kaze-no-oto-2026";
    let old = world.service.change_password(&first.session, &issued.password, PASSWORD, PASSWORD).await;
    assert!(
        matches!(reason(old), Reason::Invalid(_)),
        "the password before the initialised one is among the last three"
    );
    world.service.change_password(&first.session, &issued.password, good, good).await.unwrap();
    let session = world.service.session(&operation, &first.token).await.unwrap();
    assert!(!session.must_change_password);
    assert!(world.service.consented_patients(&later(&session, NOW), &Default::default()).await.is_ok());
}
