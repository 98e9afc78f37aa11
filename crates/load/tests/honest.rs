//! The harness tells the truth: against a server that stops, answers about somebody else, or refuses, every request that was
//! due is counted, and none of them as good that was not.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod fake;

use fake::{Fake, Reaction};
use madoguchi_load::{People, Plan, Report, Scene, run};
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn measured(fake: &Fake, plan: &str) -> Report {
    let plan = Plan::parse(&format!("{plan}\n[[mix]]\nkind = \"check\"\nper_second = 200")).unwrap();
    let target = fake.target();
    let people = People::draw(&plan.people, &target, plan.seed).unwrap();
    let scene = Arc::new(Scene::prepare(&target, &plan, people, None).await.unwrap());
    run::open(&scene, &plan, None).await.unwrap()
}

fn failed(report: &Report, class: &str) -> u64 {
    report.kinds[0].failed.get(class).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_stopped_server_is_counted_with_the_whole_wait() {
    // It stands still from 1 s to 2.5 s after its first check.
    let fake = Fake::start(|since_first, _| match since_first {
        at if (1.0..2.5).contains(&at.as_secs_f64()) => Reaction::AnswerAfter(Duration::from_millis(2_500) - at),
        _ => Reaction::Answer,
    })
    .await;
    let report = measured(&fake, "seconds = 4\nwarm_up_seconds = 0\nclients = 4\narrivals = \"constant\"").await;
    assert_eq!(report.failures(), 0);
    assert!((799..=800).contains(&report.good()), "every request that was due is counted: {}", report.good());
    // 200/s × 1.5 s had to wait. Four clients that ask, wait, and only then ask again would have told of four.
    let waited = |over: f64| -> u64 {
        report.histogram.iter().filter(|(from, ..)| *from >= over).map(|(_, _, count)| u64::from(*count)).sum()
    };
    assert!((250..450).contains(&waited(100.0)), "{}", waited(100.0));
    assert!((120..250).contains(&waited(750.0)), "{}", waited(750.0));
    let times = report.kinds[0].times.unwrap();
    assert!(times.max >= 1_400.0 && times.p95 >= 1_000.0, "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_for_good_gives_failures_and_no_good_times() {
    let fake = Fake::start(|since_first, _| match since_first.as_secs_f64() < 1.0 {
        true => Reaction::Answer,
        false => Reaction::Never,
    })
    .await;
    let begun = Instant::now();
    let plan = "seconds = 3\nwarm_up_seconds = 0\nclients = 4\nanswer_seconds_max = 1\nin_flight_max = 100\narrivals = \"constant\"";
    let report = measured(&fake, plan).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "a stopped server stops the harness too");
    let counted = report.good() + report.failures();
    assert!((599..=600).contains(&counted), "every request that was due is counted: {counted}");
    assert!((80..=260).contains(&report.good()), "{}", report.good());
    assert!(failed(&report, "no answer in time") >= 4, "{:?}", report.kinds);
    assert!(failed(&report, "not sent: too many under way") > 0, "{:?}", report.kinds);
    assert!(report.kinds[0].times.unwrap().max < 1_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_right_answers_are_good() {
    let fake = Fake::start(|_, number| match number % 4 {
        0 => Reaction::Answer,
        1 => Reaction::AnswerAboutSomebodyElse,
        2 => Reaction::Refuse(503),
        _ => Reaction::HangUp,
    })
    .await;
    let report = measured(&fake, "seconds = 2\nwarm_up_seconds = 1\nclients = 8\narrivals = \"constant\"").await;
    let counted = report.good() + report.failures();
    assert!((399..=401).contains(&counted), "{counted}");
    for (class, count) in [
        ("good", report.good()),
        ("another person, or none", failed(&report, "another person, or none")),
        ("HTTP 503 E0099", failed(&report, "HTTP 503 E0099")),
        ("connection closed", failed(&report, "connection closed")),
    ] {
        assert!((50..=150).contains(&count), "{class}: {count}: {:?}", report.kinds);
    }
}
