//! Log-ins of programs: the folder agent's and the Web API's.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::consent::InformationKind;
use madoguchi_model::login::{PROGRAM_LOG_INS_MAX, SESSION_SECONDS_MAX, TOKEN_SECONDS};
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::program::ApiLogIn;
use madoguchi_service::test_support::{HOSPITAL, NOW, PASSWORD, World, reason, terminal, user};
use madoguchi_service::{Operation, Reason, on_every_engine};

on_every_engine!(
    each_door_takes_its_own_kind,
    a_token_lives_for_an_hour_at_its_own_terminal,
    a_log_in_is_renewed_once_and_for_half_a_day,
    only_its_own_terminal_renews_a_log_in,
    a_stopped_account_renews_nothing,
    several_programs_work_with_one_account,
    settings_bind_at_the_next_token_and_the_next_request,
);

async fn api(world: &World, seconds: i64) -> ApiLogIn {
    world.service.log_in_api(&at(world, seconds), "api01", PASSWORD).await.unwrap()
}

fn at(world: &World, seconds: i64) -> Operation {
    world.at(HOSPITAL, NOW.plus_seconds(seconds))
}

/// Whether the token opens at this moment.
async fn opens(world: &World, token: &str, seconds: i64) -> bool {
    world.service.session(&at(world, seconds), token).await.is_ok()
}

async fn each_door_takes_its_own_kind(world: World) {
    for kind in AccountKind::ALL {
        let (operation, user) = (world.at(HOSPITAL, NOW), user(kind));
        let agent = world.service.log_in_agent(&operation, user.as_str(), PASSWORD).await;
        assert_eq!(agent.is_ok(), kind == AccountKind::Agent, "{kind:?} at the agent's door");
        let api = world.service.log_in_api(&operation, user.as_str(), PASSWORD).await;
        assert_eq!(api.is_ok(), kind == AccountKind::Api, "{kind:?} at the API");
        let entry = world.last_entry().await.draft;
        let outcome = if api.is_ok() { Outcome::Done } else { Outcome::Refused };
        assert_eq!((entry.action, entry.outcome), (Action::LogIn, outcome), "{kind:?}");
    }
    let wrong = world.service.log_in_api(&world.at(HOSPITAL, NOW), "api01", "Tsuki-no-hikari8").await;
    assert_eq!(reason(wrong), Reason::WrongPassword);
}

async fn a_token_lives_for_an_hour_at_its_own_terminal(world: World) {
    let token = api(&world, 0).await.entered.token;
    assert!(opens(&world, &token, TOKEN_SECONDS - 1).await, "also when nobody used it");
    assert!(!opens(&world, &token, TOKEN_SECONDS).await, "also when somebody used it");
    let elsewhere = Operation { terminal: terminal(HOSPITAL, 2), ..at(&world, 0) };
    assert_eq!(reason(world.service.session(&elsewhere, &token).await), Reason::NotLoggedIn);
}

async fn a_log_in_is_renewed_once_and_for_half_a_day(world: World) {
    let first = api(&world, 0).await;
    let second = world.service.refresh_api(&at(&world, 60), &first.refresh_token).await.unwrap();
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome, entry.user.as_str()), (Action::LogIn, Outcome::Done, "api01"));
    assert!(opens(&world, &first.entered.token, 61).await, "requests under way are not cut off");
    assert!(!opens(&world, &first.entered.token, TOKEN_SECONDS).await);
    assert!(opens(&world, &second.entered.token, TOKEN_SECONDS).await);
    let again = world.service.refresh_api(&at(&world, 61), &first.refresh_token).await;
    assert_eq!(reason(again), Reason::NotLoggedIn, "used up");
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::LogIn, Outcome::Refused));

    let third = world.service.refresh_api(&at(&world, SESSION_SECONDS_MAX - 1), &second.refresh_token).await.unwrap();
    let late = world.service.refresh_api(&at(&world, SESSION_SECONDS_MAX), &third.refresh_token).await;
    assert_eq!(reason(late), Reason::NotLoggedIn, "twelve hours after the password");
    for token in ["", "0", &first.entered.token, &"0".repeat(64), &"あ".repeat(64)] {
        assert_eq!(reason(world.service.refresh_api(&at(&world, 0), token).await), Reason::NotLoggedIn, "{token}");
    }
}

async fn only_its_own_terminal_renews_a_log_in(world: World) {
    let entered = api(&world, 0).await;
    let elsewhere = Operation { terminal: terminal(HOSPITAL, 2), ..at(&world, 1) };
    assert_eq!(reason(world.service.refresh_api(&elsewhere, &entered.refresh_token).await), Reason::NotLoggedIn);
    assert!(world.service.refresh_api(&at(&world, 1), &entered.refresh_token).await.is_ok());
}

async fn a_stopped_account_renews_nothing(world: World) {
    let entered = api(&world, 0).await;
    let agent = world.service.log_in_agent(&at(&world, 0), "agent01", PASSWORD).await.unwrap();
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    world.service.stop_account(&administrator, "api01").await.unwrap();
    assert!(!opens(&world, &entered.entered.token, 1).await);
    world.service.start_account(&administrator, "api01").await.unwrap();
    let refreshed = world.service.refresh_api(&at(&world, 1), &entered.refresh_token).await;
    assert_eq!(reason(refreshed), Reason::NotLoggedIn, "also when it was started again");
    assert!(opens(&world, &agent.token, 1).await, "another account");
}

async fn several_programs_work_with_one_account(world: World) {
    let oldest = api(&world, 0).await;
    let reader = world.log_in(HOSPITAL, AccountKind::Reader, NOW).await.token;
    let agents = [
        world.service.log_in_agent(&at(&world, 0), "agent01", PASSWORD).await.unwrap().token,
        world.service.log_in_agent(&at(&world, 0), "agent01", PASSWORD).await.unwrap().token,
    ];
    for second in 1..i64::from(PROGRAM_LOG_INS_MAX) {
        api(&world, second).await;
    }
    assert!(opens(&world, &oldest.entered.token, 100).await);
    let newest = api(&world, 101).await;
    assert!(!opens(&world, &oldest.entered.token, 102).await, "the oldest gives way");
    assert_eq!(reason(world.service.refresh_api(&at(&world, 102), &oldest.refresh_token).await), Reason::NotLoggedIn);
    for token in agents.iter().chain([&newest.entered.token, &reader]) {
        assert!(opens(&world, token, 102).await);
    }
    world.log_in(HOSPITAL, AccountKind::Reader, NOW).await;
    assert!(!opens(&world, &reader, 102).await, "a reader has one session");
}

async fn settings_bind_at_the_next_token_and_the_next_request(world: World) {
    let uses = async |token: &str| {
        let session = world.service.session(&at(&world, 5), token).await.unwrap();
        session.settings_at_login.uses(InformationKind::Surgery)
    };
    world.set(HOSPITAL, &[(Setting::Surgery, NOT_USED)], NOW).await;
    let entered = api(&world, 1).await;
    let agent = world.service.log_in_agent(&at(&world, 1), "agent01", PASSWORD).await.unwrap();
    world.set(HOSPITAL, &[(Setting::Surgery, USED)], NOW).await;
    assert!(!uses(&entered.entered.token).await, "a token keeps what was in use when it was made");
    assert!(uses(&agent.token).await, "the folder agent follows at once");
    let renewed = world.service.refresh_api(&at(&world, 5), &entered.refresh_token).await.unwrap();
    assert!(uses(&renewed.entered.token).await);
}
