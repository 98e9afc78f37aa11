//! The gateway between a browser and a stand-in for the server, over real TLS.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

mod support;

use std::net::SocketAddr;

use http::{Request, Response};
use madoguchi_terminal::{ConfigFault, RunningTerminal, Terminal, TerminalConfig};
use support::{CODE, Page, Seen, World, answered, fetch};

fn hello(_: Seen) -> support::Answer {
    answered(Response::builder().header("content-type", "text/html"), "<h1>こんにちは</h1>")
}

fn host(terminal: &RunningTerminal) -> String {
    format!("{CODE}.localhost:{}", terminal.address().port())
}

async fn get(terminal: &RunningTerminal, path: &str) -> Page {
    fetch(terminal.address(), Request::get(path).header("host", host(terminal)), "").await
}

async fn nowhere() -> SocketAddr {
    // Bound and dropped: nobody listens there.
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_screen_comes_through_whole_and_the_server_sees_only_its_own_address() {
    let world = World::new();
    let server = world
        .serve(|_| {
            let response = Response::builder()
                .header("content-security-policy", "default-src 'self'")
                .header("set-cookie", "__Host-madoguchi=new; Secure; HttpOnly; SameSite=Strict; Path=/")
                .header("set-cookie", "other=1");
            answered(response, "x".repeat(300_000))
        })
        .await;
    let terminal = world.terminal(server).await;
    let request = Request::post("/login?next=1")
        .header("host", host(&terminal))
        .header("origin", format!("http://{}", host(&terminal)))
        .header("cookie", format!("a=b; madoguchi-{CODE}=old"))
        .header("x-forwarded-for", "192.0.2.1")
        .header("content-type", "application/x-www-form-urlencoded");
    let page = fetch(terminal.address(), request, "user=1").await;

    assert_eq!((page.status.as_u16(), page.text.len()), (200, 300_000));
    assert_eq!(page.header("content-security-policy"), Some("default-src 'self'"));
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, [format!("madoguchi-{CODE}=new; Path=/; HttpOnly; SameSite=Strict").as_str()]);

    let [seen] = world.seen().try_into().unwrap();
    let header = |name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.body.as_str()), ("POST", "/login?next=1", "user=1"));
    assert_eq!(header("origin"), Some(format!("https://localhost:{}", server.port())));
    assert_eq!(header("cookie").as_deref(), Some("__Host-madoguchi=old"));
    assert_eq!(header("content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!((header("x-forwarded-for"), header("connection")), (None, None));
}

#[tokio::test]
async fn only_this_terminals_host_names_are_answered() {
    let world = World::new();
    let terminal = world.terminal(world.serve(hello).await).await;
    let port = terminal.address().port();
    for (host, answered) in [
        (format!("{CODE}.localhost:{port}"), true),
        (format!("{CODE}.LOCALHOST:{port}"), true),
        (format!("{CODE}.localhost"), true),
        (format!("kiosk-{CODE}.localhost:{port}"), true),
        (format!("{CODE}.localhost:1"), false),
        (format!("viewer-{CODE}.localhost:{port}"), false),
        (format!("1312345679.localhost:{port}"), false),
        (format!("evil.{CODE}.localhost:{port}"), false),
        (format!("{CODE}.localhost.evil.example:{port}"), false),
        (format!("127.0.0.1:{port}"), false),
        (format!("localhost:{port}"), false),
        (String::new(), false),
    ] {
        let page = fetch(terminal.address(), Request::get("/help").header("host", &host), "").await;
        assert_eq!(page.status != 421, answered, "{host}: {}", page.status);
    }
    let refused = fetch(terminal.address(), Request::get("/").header("host", "evil.example"), "").await;
    assert!(refused.text.contains("lang=\"ja\"") && refused.text.contains("このアドレスでは開けません"));
    let twice = Request::get("/").header("host", host(&terminal)).header("host", "evil.example");
    assert_ne!(fetch(terminal.address(), twice, "").await.status, 200);
}

#[tokio::test]
async fn a_viewer_terminal_has_a_name_of_its_own_and_no_kiosk() {
    let world = World::new();
    let config = TerminalConfig { viewer: true, ..world.config(world.serve(hello).await) };
    let terminal = Terminal::start(config).await.unwrap();
    let port = terminal.address().port();
    assert_eq!((terminal.url(), terminal.kiosk_url()), (format!("http://viewer-{CODE}.localhost:{port}/"), None));
    for (host, status) in [
        (format!("viewer-{CODE}.localhost:{port}"), 200),
        (format!("{CODE}.localhost:{port}"), 421),
        (format!("kiosk-{CODE}.localhost:{port}"), 421),
    ] {
        assert_eq!(
            fetch(terminal.address(), Request::get("/").header("host", &host), "").await.status,
            status,
            "{host}"
        );
    }
}

#[tokio::test]
async fn nothing_but_the_products_own_paths_and_methods_reaches_the_server() {
    let world = World::new();
    let terminal = world.terminal(world.serve(hello).await).await;
    for path in ["/reader/session", "/metrics", "/loginx", "/static/%2e%2e/reader", "//login"] {
        assert_eq!(get(&terminal, path).await.status, 404, "{path}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let request = Request::builder().method(method).uri("/login").header("host", host(&terminal));
        assert_eq!(fetch(terminal.address(), request, "").await.status, 405, "{method}");
    }
    assert!(world.seen().is_empty());
    assert_eq!(get(&terminal, "/patients/1").await.status, 200);
    assert_eq!(world.seen().len(), 1);
}

#[tokio::test]
async fn a_form_of_another_site_does_not_reach_the_server() {
    let world = World::new();
    let terminal = world.terminal(world.serve(hello).await).await;
    let kiosk = format!("http://kiosk-{}", host(&terminal));
    for origin in ["https://evil.example", "null", kiosk.as_str()] {
        let request = Request::post("/login").header("host", host(&terminal)).header("origin", origin);
        assert_eq!(fetch(terminal.address(), request, "a=1").await.status, 403, "{origin}");
    }
    assert!(world.seen().is_empty());
}

#[tokio::test]
async fn a_form_has_64_kibibytes_at_most() {
    let world = World::new();
    let terminal = world.terminal(world.serve(hello).await).await;
    for (bytes, status) in [(64 * 1024, 200), (64 * 1024 + 1, 413)] {
        let request = Request::post("/login").header("host", host(&terminal));
        assert_eq!(fetch(terminal.address(), request, "a".repeat(bytes)).await.status, status, "{bytes}");
    }
    assert_eq!(world.seen().len(), 1);
}

#[tokio::test]
async fn redirects_stay_at_the_terminal() {
    let world = World::new();
    // The test's address stands in the path, as the server knows its own only after it has begun to listen.
    let server = world
        .serve(|seen| {
            let to = seen.path.replace("/help/", "https://");
            answered(Response::builder().status(303).header("location", format!("{to}/menu")), "")
        })
        .await;
    let terminal = world.terminal(server).await;
    let own = get(&terminal, &format!("/help/localhost:{}", server.port())).await;
    assert_eq!((own.status.as_u16(), own.header("location")), (303, Some("/menu")));
    let other = get(&terminal, "/help/localhost:1").await;
    assert_eq!((other.status.as_u16(), other.header("location")), (303, None));
}

#[tokio::test]
async fn a_server_that_is_down_is_explained() {
    let world = World::new();
    let terminal = world.terminal(nowhere().await).await;
    let page = get(&terminal, "/").await;
    assert_eq!(page.status, 502);
    for text in ["lang=\"ja\"", "サーバにつながりません", "次にすること", "E0099"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let style = get(&terminal, "/terminal/style.css").await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, Some("text/css; charset=utf-8")));
}

#[tokio::test]
async fn a_revoked_certificate_is_explained() {
    let world = World::new();
    world.revoke_client();
    let terminal = world.terminal(world.serve(hello).await).await;
    let page = get(&terminal, "/").await;
    assert_eq!(page.status, 502);
    assert!(page.text.contains("電子証明書が失効しているため") && page.text.contains("E0099"), "{}", page.text);
    assert!(world.seen().is_empty());
}

#[tokio::test]
async fn a_foreign_certificate_is_explained() {
    let mut world = World::new();
    world.with_foreign_client();
    let terminal = world.terminal(world.serve(hello).await).await;
    let page = get(&terminal, "/").await;
    assert!(page.status == 502 && page.text.contains("この端末の証明書は使えません"), "{}", page.text);
}

#[tokio::test]
async fn a_server_of_another_authority_gets_nothing() {
    let (world, other) = (World::new(), World::new());
    let terminal = world.terminal(other.serve(hello).await).await;
    let page = get(&terminal, "/").await;
    assert!(page.status == 502 && page.text.contains("サーバを確認できません"), "{}", page.text);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_terminal_does_not_start_where_others_could_reach_it() {
    let world = World::new();
    let config = TerminalConfig { listen: "0.0.0.0:0".parse().unwrap(), ..world.config(nowhere().await) };
    assert!(matches!(Terminal::start(config).await, Err(ConfigFault::NotLoopback { .. })));
}

#[tokio::test]
async fn wrong_files_are_named() {
    let world = World::new();
    let config = world.config(nowhere().await);
    let missing = TerminalConfig { ca: "/nonexistent/ca.pem".into(), ..config.clone() };
    assert!(Terminal::start(missing).await.unwrap_err().to_string().contains("/nonexistent/ca.pem"));
    let swapped = TerminalConfig { client_key: config.client_certificate.clone(), ..config };
    assert!(Terminal::start(swapped).await.is_err());
}

#[tokio::test]
async fn after_shutdown_nobody_answers() {
    let world = World::new();
    let terminal = world.terminal(world.serve(hello).await).await;
    let address = terminal.address();
    assert_eq!(get(&terminal, "/").await.status, 200);
    terminal.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
