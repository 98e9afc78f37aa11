//! Things that happen at the same moment: in one process, and in two that share a database.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::kiosk::ConsentPage as Page;
use madoguchi_model::login::WRONG_TRIES_MAX;
use madoguchi_model::settings::{Setting, USED};
use madoguchi_service::test_support::{HOSPITAL, NOW, PASSWORD, Patient, World};
use madoguchi_service::{Reason, Service, on_every_engine};
use std::future::Future;

on_every_engine!(
    every_wrong_try_counts,
    one_of_many_log_ins_keeps_the_session,
    a_pass_is_answered_once,
    one_of_two_administrators_is_told,
);

/// Holds each log-in open for a while after it has looked for former sessions.
const SLOW_SESSIONS: &str = "
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
    CREATE TRIGGER slowly BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION slowly()";

/// The world's service, and on PostgreSQL another process beside it.
async fn services(world: &World) -> Vec<Service> {
    let mut services = vec![world.service.clone()];
    if !world.url.is_sqlite() {
        services.push(world.another_process("server-2").await);
    }
    services
}

/// Starts `count` calls, spread over the services, and waits for all of them.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    services: &[Service],
    count: usize,
    call: impl Fn(Service) -> F,
) -> Vec<T> {
    let started: Vec<_> =
        services.iter().cycle().take(count).map(|service| tokio::spawn(call(service.clone()))).collect();
    let mut answers = Vec::new();
    for answer in started {
        answers.push(answer.await.unwrap());
    }
    answers
}

async fn every_wrong_try_counts(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    let tries = usize::try_from(WRONG_TRIES_MAX).unwrap();
    let answers = at_once(&services(&world).await, tries, |service| {
        let operation = operation.clone();
        async move { service.log_in(&operation, "viewer01", "wrong").await.map(drop) }
    })
    .await;
    for answer in answers {
        let reason = answer.unwrap_err().reason;
        assert!(matches!(reason, Reason::WrongPassword | Reason::Locked { .. }), "{reason:?}");
    }
    assert_eq!(world.account(HOSPITAL, "viewer01").await.tries.failed, WRONG_TRIES_MAX);
    assert!(world.service.log_in(&operation, "viewer01", PASSWORD).await.is_err());
}

async fn one_of_many_log_ins_keeps_the_session(world: World) {
    let operation = world.at(HOSPITAL, NOW);
    let services = services(&world).await;
    if !world.url.is_sqlite() {
        world.tamper(SLOW_SESSIONS);
    }
    let tokens = at_once(&services, 2 * services.len(), |service| {
        let operation = operation.clone();
        async move { service.log_in(&operation, "viewer01", PASSWORD).await.unwrap().token }
    })
    .await;
    let mut open = 0;
    for token in tokens {
        open += usize::from(world.service.session(&operation, &token).await.is_ok());
    }
    assert_eq!(open, 1);
}

async fn a_pass_is_answered_once(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, _) = world.identified(&reader, Patient::Ordinary).await.unwrap();
    let answers = at_once(&services(&world).await, 6, |service| {
        let reader = reader.clone();
        async move { service.answer_pass(&reader, pass, &[(Page::Medication, true), (Page::Checkup, true)]).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    for refusal in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.reason, Reason::PassReplaced);
    }
    let mut entries = world.audit().await;
    entries.extend(world.service.store().read().audit_entries("server-2", 1, 100).await.unwrap());
    let count = |outcome| {
        let fits = |draft: &Draft| draft.action == Action::GrantConsent && draft.outcome == outcome;
        entries.iter().filter(|entry| fits(&entry.draft)).count()
    };
    assert_eq!((count(Outcome::Done), count(Outcome::Refused)), (1, 5), "every answer has its entry");
}

async fn one_of_two_administrators_is_told(world: World) {
    let session = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let sheet = world.service.settings(&session).await.unwrap();
    let mut new = sheet.settings.clone();
    new.set(Setting::Surgery, USED).unwrap();
    let answers = at_once(&services(&world).await, 6, |service| {
        let (session, new, version) = (session.clone(), new.clone(), sheet.version);
        async move { service.update_settings(&session, &new, version).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    for refusal in answers.into_iter().filter_map(Result::err) {
        assert!(matches!(refusal.reason, Reason::Conflict(_)), "{refusal:?}");
    }
    assert_eq!(world.service.setting_history(&session).await.unwrap().len(), 1);
}
