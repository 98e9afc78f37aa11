//! Every route of the product, refused to everyone who may not use it.

use crate::client::{Client, request};
use crate::html::{assert_headers, assert_page};
use crate::site::{Site, filled, form, with_token};
use http::{Method, StatusCode};
use madoguchi_model::account::{AccountKind, Right};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_web::router::{self, Access, Port, Route};

const PORTS: [Port; 2] = [Port::People, Port::Machine];

fn routes() -> impl Iterator<Item = (Port, &'static Route)> {
    PORTS.into_iter().flat_map(|port| port.routes().iter().map(move |route| (port, route)))
}

fn needs_session(route: &Route) -> bool {
    !matches!(route.access(), Access::NoCertificate | Access::Certificate)
}

fn plain(route: &Route) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    match route.method {
        router::Method::Get => request(Method::GET, &filled(route.path)),
        router::Method::Post => form(&filled(route.path), String::new()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_certificate_every_path_explains_the_certificate_or_fails() {
    let site = Site::open().await;
    let nobody = Client::new(&site.certificates.ca_pem(), None);
    for (port, route) in routes() {
        let answer = nobody.send(site.address(port), plain(route)).await;
        let at = format!("{port:?} {}", route.path);
        if port == Port::Machine {
            assert!(answer.is_err(), "{at}");
            continue;
        }
        let answer = answer.unwrap();
        assert_headers(&answer, &at);
        if route.access() == Access::NoCertificate {
            assert_eq!(answer.status, StatusCode::OK, "{at}");
        } else {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{at}");
            assert!(answer.text().contains("W0001") && answer.text().contains("電子証明書"), "{at}");
            assert_page(answer.text(), &at);
        }
    }
    let unknown = nobody.send(site.server.people, request(Method::GET, "/nothing")).await.unwrap();
    assert_eq!(unknown.status, StatusCode::FORBIDDEN, "nothing is told about paths");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_log_in_every_route_is_refused() {
    let site = Site::open().await;
    for (port, route) in routes().filter(|(_, route)| needs_session(route)) {
        let at = format!("{port:?} {}", route.path);
        for token in [None, Some("0".repeat(64)), Some("'; DROP".to_owned())] {
            let request = match &token {
                None => plain(route),
                Some(token) => with_token(plain(route), port, token),
            };
            let answer = site.hospital.client.send(site.address(port), request).await.unwrap();
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{at}");
            assert!(answer.text().contains("L0001"), "{at}");
            assert_headers(&answer, &at);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_refused_to_every_kind_without_the_right_and_the_refusal_is_written_down() {
    let site = Site::open().await;
    let seats = site.seats().await;
    let mut refused = 0;
    for (port, route) in routes() {
        let Access::Right(right) = route.access() else { continue };
        for (kind, seat) in seats.iter().filter(|(kind, _)| !kind.may(right)) {
            let at = format!("{port:?} {} {kind:?}", route.path);
            let answer = seat.call(port, route, &seat.form_token).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{at}");
            assert!(answer.text().contains("E0011"), "{at}");
            let draft = site.last_entry().await.draft;
            assert_eq!((draft.action, draft.outcome), (Action::Refuse, Outcome::Refused), "{at}");
            assert!(draft.detail.contains(&format!("{right:?}")) && draft.detail.contains(kind.code()), "{at}");
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_one_terminal_are_useless_at_another() {
    let site = Site::open().await;
    let seats = site.seats().await;
    for (port, route) in routes().filter(|(_, route)| needs_session(route)) {
        let kind = match route.access() {
            Access::Right(right) => *seats.keys().find(|kind| kind.may(right)).unwrap(),
            _ => AccountKind::Viewer,
        };
        for desk in [&site.clinic, &site.second_desk] {
            let request = with_token(plain(route), port, &seats[&kind].token);
            let answer = desk.client.send(site.address(port), request).await.unwrap();
            let at = format!("{port:?} {} at {:?}", route.path, desk.terminal);
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_elsewhere_are_refused_and_written_down() {
    let site = Site::open().await;
    let seats = site.seats().await;
    let stranger = site.seat(&site.clinic, AccountKind::Administrator).await.form_token;
    for route in router::PEOPLE.iter().filter(|route| route.method == router::Method::Post && needs_session(route)) {
        let kind = match route.access() {
            Access::Right(right) => *seats.keys().find(|kind| kind.may(right)).unwrap(),
            _ => AccountKind::Viewer,
        };
        for token in ["", "0", &stranger] {
            let answer = seats[&kind].call(Port::People, route, token).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", route.path);
            assert!(answer.text().contains("W0003"), "{}", route.path);
            let draft = site.last_entry().await.draft;
            assert_eq!((draft.action, draft.detail.as_str()), (Action::Refuse, "form_token"), "{}", route.path);
        }
        let mut foreign = form(&filled(route.path), format!("form_token={}", seats[&kind].form_token));
        foreign.headers_mut().insert("origin", "https://elsewhere.example".parse().unwrap());
        let answer = seats[&kind].send(Port::People, foreign).await;
        assert!(answer.status == StatusCode::FORBIDDEN && answer.text().contains("W0003"), "{}", route.path);
        assert_eq!(site.last_entry().await.draft.detail, "origin", "{}", route.path);
    }
    let mut foreign = form("/login", "user_id=viewer01&password=x".to_owned());
    foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    let answer = site.hospital.client.send(site.server.people, foreign).await.unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issued_password_opens_nothing_but_its_change() {
    let site = Site::open().await;
    let administrator = site.seat(&site.hospital, AccountKind::Administrator).await;
    let issued = administrator.post("/accounts/viewer01/password", &[]).await;
    let password = crate::html::between(issued.text(), "id=\"issued-password\">", "<").to_owned();
    let operation = site.service.operation(site.hospital.terminal.clone());
    let entered = site.service.log_in(&operation, "viewer01", &password).await.unwrap();
    let seat = crate::site::Seat {
        site: &site,
        desk: &site.hospital,
        token: entered.token,
        form_token: entered.session.form_token,
    };
    for route in router::PEOPLE.iter().filter(|route| matches!(route.access(), Access::Session | Access::Right(_))) {
        let answer = seat.call(Port::People, route, &seat.form_token).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/password"), "{}", route.path);
    }
    assert_eq!(seat.get("/password").await.status, StatusCode::OK);
    let fields = [("current", password.as_str()), ("new", "Hoshi-no-kage8"), ("repeated", "Hoshi-no-kage8")];
    let changed = seat.post("/password", &fields).await;
    assert_eq!((changed.status, changed.header("location")), (StatusCode::SEE_OTHER, "/menu"));
    assert_eq!(seat.get("/patients").await.status, StatusCode::OK);
}

#[test]
fn every_right_that_a_route_names_is_somebodys() {
    for (_, route) in routes() {
        if let Access::Right(right) = route.access() {
            assert!(AccountKind::ALL.into_iter().any(|kind| kind.may(right)), "{right:?}");
        }
    }
    let reader: Vec<_> = router::MACHINE.iter().filter(|route| route.path.starts_with("/reader/pass")).collect();
    assert!(reader.iter().all(|route| route.access() == Access::Right(Right::PostCardResults)));
}
