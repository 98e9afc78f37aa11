//! Several `serve` processes over one PostgreSQL, behind a balancer that goes round: processes are killed and added, the
//! database fails over, and nothing that was acknowledged is lost or looks different.
//!
//! `MADOGUCHI_SECONDS` asks for more time than the ordinary tests have (`cargo xtask long servers`, `… failover`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "cluster/deployment.rs"]
mod deployment;
#[path = "cluster/door.rs"]
mod door;
#[path = "cluster/load.rs"]
mod load;
#[path = "cluster/patroni.rs"]
mod patroni;
mod support;

use deployment::{Deployment, Server};
use door::{Client, Reply, field};
use load::Load;
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_store::test_support::{ThrowAwayCluster, cluster};
use patroni::Patroni;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::{account, text, verb};

/// How long a disturbed load lasts, and how often something is killed meanwhile.
fn seconds(ordinary: u64) -> u64 {
    std::env::var("MADOGUCHI_SECONDS").map_or(ordinary, |text| text.parse().expect("MADOGUCHI_SECONDS is a number"))
}

#[test]
fn server_processes_are_killed_and_added() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let deployment = Deployment::set_up(folder.path(), &cluster.database_url().unwrap());
    let before = audit_counts(&deployment);
    let mut servers = Vec::from(["server-1", "server-2"].map(|name| deployment.server(name)));
    let load = Load::new(&deployment, servers.iter().map(|server| server.ports).collect());
    let (last, pause) = (seconds(9), if seconds(9) > 60 { 10 } else { 2 });
    let mut kills = 0;
    load.run(|| {
        let begun = Instant::now();
        std::thread::sleep(Duration::from_secs(1));
        while kills < 3 || begun.elapsed() < Duration::from_secs(last) {
            let count = servers.len();
            let server = &mut servers[kills % count];
            server.kill();
            kills += 1;
            std::thread::sleep(Duration::from_millis(300));
            server.start();
            if kills == 1 {
                let third = deployment.server("server-3");
                load.servers.write().unwrap().push(third.ports);
                servers.push(third);
            }
            std::thread::sleep(Duration::from_secs(pause));
        }
    });
    let refusal = servers[0].refusal_without_key();
    assert!(refusal.contains("signing-key") && refusal.contains("複写"), "{refusal}");
    println!("{kills} kills of {} servers; {}", servers.len(), told(&load));
    assert!(kills >= 3 && load.ledger.answers() > 100, "{kills} kills, {}", told(&load));
    check(&load, servers, &before);
}

/// What the operator takes away counts at every server, whichever was told: a closed institution within seconds, a revoked
/// certificate once the list is on the server's machine.
#[test]
fn what_is_taken_away_counts_at_every_server() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let deployment = Deployment::set_up(folder.path(), &cluster.database_url().unwrap());
    let servers = ["server-1", "server-2"].map(|name| deployment.server(name));
    let [closed, revoked] = [0, 1].map(|place| &deployment.document["institutions"][place]);
    let all = servers.each_ref().map(|server| server.ports);
    let mut clients = [closed, revoked].map(|institution| {
        let (mut client, (user, password)) =
            (Client::new(&deployment.document, institution), account(institution, "viewer"));
        let reply = client.post(&all, "/login", &[("user_id", &user), ("password", &password)]);
        assert!(
            matches!(reply, Reply::Answer { ref head, .. } if field(head, "location") == Some("/menu")),
            "{reply:?}"
        );
        client
    });
    let opens = |client: &mut Client, server: &Server| {
        let reply = client.get(&[server.ports], "/menu");
        matches!(reply, Reply::Answer { status: 200, body, .. } if body.contains("メニュー"))
    };
    let all_open = |client: &mut Client| servers.iter().filter(|server| opens(client, server)).count();
    assert_eq!(clients.each_mut().map(all_open), [2, 2]);

    let (code, name) = (text(&closed["code"]), text(&closed["name"]));
    let put = ["--code", &code, "--name", &name, "--opened", "20200101", "--abolished", "20210101"];
    let put = verb::run(
        &folder.path().join("demo"),
        &["institution", "put"],
        &[&put[..], &["--database", &deployment.database]].concat(),
    );
    assert_eq!(put.code, Some(0), "{}", put.text());
    let certificate = text(&revoked["client_cert"]);
    let told = verb::run(&folder.path().join("demo"), &["cert", "revoke", &certificate], &[]);
    assert_eq!(told.code, Some(0), "{}", told.text());
    for server in &servers {
        server.take_revocation_list(&deployment);
    }
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        // A line that is open already is not asked for its certificate again.
        let cookie = clients[1].cookie.clone();
        clients[1] = Client::new(&deployment.document, revoked);
        clients[1].cookie = cookie;
        match clients.each_mut().map(all_open) {
            [0, 0] => break,
            open => assert!(Instant::now() < until, "{open:?} servers still answer"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut other = Client::new(&deployment.document, &deployment.document["institutions"][2]);
    assert!(matches!(other.get(&all, "/login"), Reply::Answer { status: 200, .. }), "the others are served");
}

#[test]
fn the_primary_is_lost_under_load() {
    if cluster().is_none() {
        return;
    }
    let primary = ThrowAwayCluster::start().unwrap();
    let database = primary.database_url().unwrap().rsplit('/').next().unwrap().to_owned();
    let standby = primary.standby().unwrap();
    let url = format!("postgres://madoguchi@{},{}/{database}", primary.host(), standby.host());
    let folder = tempfile::tempdir().unwrap();
    let deployment = Deployment::set_up(folder.path(), &url);
    let before = audit_counts(&deployment);
    let servers = Vec::from(["server-1", "server-2"].map(|name| deployment.server(name)));
    let load = Load::new(&deployment, servers.iter().map(|server| server.ports).collect());
    let mut lost = Instant::now();
    load.run(|| {
        std::thread::sleep(Duration::from_secs(2));
        lost = Instant::now();
        primary.kill().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        standby.promote().unwrap();
        let answers = load.ledger.answers();
        goes_on(&load, answers, Duration::from_secs(10));
    });
    let gap = load.ledger.longest_gap(lost);
    println!("nobody had an answer for {} ms, of which the promotion waited 2000; {}", gap.as_millis(), told(&load));
    assert!(gap < Duration::from_secs(10), "{gap:?}");
    check(&load, servers, &before);
}

/// `cargo xtask long failover`.
#[test]
fn patroni_fails_over_under_load() {
    if std::env::var("MADOGUCHI_SECONDS").is_err() {
        println!("SKIPPED: Patroni fails over in `cargo xtask long failover`");
        return;
    }
    let folder = tempfile::Builder::new().prefix("mdg-").tempdir_in("/tmp").unwrap();
    let mut patroni = match Patroni::start(folder.path()) {
        Ok(patroni) => patroni,
        Err(missing) => return println!("SKIPPED: {missing}"),
    };
    let deployment = Deployment::set_up(folder.path(), &patroni.database_url());
    let before = audit_counts(&deployment);
    let servers = Vec::from(["server-1", "server-2"].map(|name| deployment.server(name)));
    let load = Load::new(&deployment, servers.iter().map(|server| server.ports).collect());
    load.run(|| {
        let begun = Instant::now();
        let mut round = 0;
        while begun.elapsed() < Duration::from_secs(seconds(60)) {
            std::thread::sleep(Duration::from_secs(5));
            patroni.wait_for_standby();
            let (answers, from) = (load.ledger.answers(), Instant::now());
            let what = if round % 2 == 0 { "kill -9 of the leader and its Patroni" } else { "planned switchover" };
            if round % 2 == 0 {
                patroni.kill_leader()
            } else {
                patroni.switch_over()
            };
            patroni.wait_for_other_leader();
            goes_on(&load, answers, Duration::from_secs(60));
            println!(
                "{what}: nobody had an answer for {} ms, refusals within {} ms",
                load.ledger.longest_gap(from).as_millis(),
                load.ledger.refused_for(from).as_millis()
            );
            patroni.start_what_is_down();
            round += 1;
        }
        assert!(round >= 2, "{round} rounds");
    });
    println!("{}", told(&load));
    check(&load, servers, &before);
}

/// Waits until a hundred more answers have come, over a second at least.
fn goes_on(load: &Load<'_>, answers: usize, within: Duration) {
    let begun = Instant::now();
    while load.ledger.answers() < answers + 100 || begun.elapsed() < Duration::from_secs(1) {
        assert!(begun.elapsed() < within, "nobody is answered any more: {}", told(load));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn told(load: &Load<'_>) -> String {
    format!("{} answers, {} refusals or broken lines", load.ledger.answers(), load.ledger.refusals())
}

/// Every acknowledged action is in the audit log, none that was not tried; the log verifies from every server's place.
fn check(load: &Load<'_>, servers: Vec<Server>, before: &BTreeMap<Key, usize>) {
    for server in servers {
        println!("{}", server.stop_and_verify());
    }
    let after = audit_counts(load.deployment);
    let counts = load.ledger.counts.lock().unwrap();
    for ((code, user, action), count) in counts.iter() {
        let key = (code.clone(), user.clone(), (*action).to_owned());
        let written = after.get(&key).unwrap_or(&0) - before.get(&key).unwrap_or(&0);
        println!("{action}: {} acknowledged, {written} written, {} tried", count.acknowledged, count.tried);
        assert!((count.acknowledged..=count.tried).contains(&written), "{key:?}: {written} written, {count:?}");
        assert!(count.acknowledged > 0, "{action} was never done");
    }
    let institution = &load.deployment.document["institutions"][2];
    load.check_setting(&stored_setting(load.deployment, institution));
}

fn stored_setting(deployment: &Deployment, institution: &Value) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = institution["code"].as_str().unwrap();
    let code = madoguchi_model::institution::InstitutionCode::parse(code).unwrap();
    let value = runtime.block_on(async {
        let store = madoguchi_store::Store::open_to_read(&deployment.database.parse().unwrap()).await.unwrap();
        store.read().settings(&code).await.unwrap().value(Setting::SpecificDisease).to_owned()
    });
    assert!(value == USED || value == NOT_USED, "{value}");
    value
}

/// Institution, account, action.
type Key = (String, String, String);

/// Done entries of the audit log.
fn audit_counts(deployment: &Deployment) -> BTreeMap<Key, usize> {
    let place = deployment.folder.join("demo");
    let exported = verb::run(&place, &["audit", "export"], &["--database", &deployment.database]);
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    let mut counts = BTreeMap::new();
    for line in exported.out.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        if entry["outcome"] == "done" {
            let word = |name: &str| entry[name].as_str().unwrap().to_owned();
            *counts.entry((word("institution"), word("user"), word("action"))).or_default() += 1;
        }
    }
    counts
}
