//! Audit before answer: what each route writes, and that nothing is answered when it cannot be written.

use crate::client::Answer;
use crate::site::{Seat, Site, filled};
use http::StatusCode;
use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_service::test_support::{PASSWORD, SECRET_NUMBER};
use madoguchi_web::router::{MACHINE, Method, PEOPLE, Route};

/// What an answered request of the route leaves; a new route must be named here.
fn expected(route: &Route) -> Option<Action> {
    match (route.method, route.path) {
        (Method::Post, "/login" | "/reader/session" | "/agent/session") => Some(Action::LogIn),
        (Method::Post, "/oqs-api-pro/MSA12020/ILI12020SV01/auth") => Some(Action::LogIn),
        (Method::Post, "/oqs-api-pro/MSA01030/ILI01030SV01/search") => Some(Action::CheckEligibility),
        (Method::Post, "/oqs-api-pro/MSA01040/ILI01040SV01/register") => Some(Action::RegisterReferenceNumber),
        (Method::Post, "/oqs-api-pro/MSA02010/ILI02010SV01/search") => Some(Action::FetchRecords),
        (Method::Post, "/oqs-api-pro/MSA02020/ILI02020SV01/search") => Some(Action::FetchRecords),
        (Method::Post, "/oqs-api-pro/MSA01050/ILI01050SV01/upload") => Some(Action::AcceptBulk),
        (Method::Post, "/oqs-api-pro/MSA01050/ILI01050SV02/download") => Some(Action::FetchBulk),
        (Method::Post, "/oqs-api-pro/MSA03010/ILI03010SV02/update") => Some(Action::Refuse),
        // What a file leaves is its message's business.
        (Method::Post, "/agent/exchange/{file}" | "/oqs-api-pro/MSA03010/ILI03010SV01/inquire") => None,
        // Each result that is handed over leaves its entry.
        (Method::Get, "/agent/faces") | (Method::Post, "/agent/faces/{id}/taken") => None,
        (Method::Post, "/logout") => Some(Action::LogOut),
        (Method::Post, "/password") => Some(Action::ChangePassword),
        (Method::Post, "/eligibility") => Some(Action::CheckEligibility),
        (Method::Get, "/eligibility/results" | "/eligibility/results/{check}") => Some(Action::ListChecks),
        (Method::Post, "/bulk") => Some(Action::AcceptBulk),
        (Method::Get, "/bulk/{reception}/results.xml" | "/bulk/{reception}/results.csv") => Some(Action::FetchBulk),
        (Method::Post, "/reference-numbers") => Some(Action::RegisterReferenceNumber),
        (_, "/patients") => Some(Action::ListConsents),
        (Method::Get, "/patients/{person}" | "/patients/{person}/withdrawal") => Some(Action::OpenPatient),
        (Method::Post, "/patients/{person}/withdrawal") => Some(Action::WithdrawConsent),
        (_, "/patients/{person}/records" | "/patients/{person}/checkups") => Some(Action::ViewRecords),
        (_, "/patients/{person}/records.pdf" | "/patients/{person}/checkups.pdf") => Some(Action::PrintRecords),
        (Method::Post, "/settings") => Some(Action::UpdateSettings),
        (Method::Post, "/accounts" | "/master/accounts") => Some(Action::CreateAccount),
        (Method::Post, path) if path.ends_with("{user}/password") => Some(Action::InitialisePassword),
        (Method::Post, path) if path.contains("accounts/{user}/") => Some(Action::ChangeAccount),
        (Method::Post, "/master/password") => Some(Action::ResetMaster),
        (Method::Post, "/reader/pass/{pass}/card") => Some(Action::CheckEligibility),
        (Method::Post, "/reader/pass/{pass}/answers") => Some(Action::GrantConsent),
        // Screens that show no person and change nothing that is audited.
        (Method::Get, "/" | "/login" | "/password" | "/menu" | "/notices" | "/settings" | "/settings/done") => None,
        (Method::Get, "/settings/history" | "/accounts" | "/master/accounts" | "/master/password") => None,
        (Method::Get, "/eligibility" | "/bulk" | "/bulk/{reception}" | "/reference-numbers") => None,
        (Method::Get, "/errors" | "/errors/{code}" | "/openapi.json" | "/docs/api") => None,
        (Method::Get, path) if path.starts_with("/static/") || path.ends_with("{user}/password") => None,
        (Method::Post, "/notices/close" | "/settings/confirm" | "/reader/pass") => None,
        (method, path) => panic!("{method:?} {path}: say what it writes"),
    }
}

fn kind_for(route: &Route) -> AccountKind {
    match route.path {
        "/master/password" => AccountKind::MasterReset,
        path if path.starts_with("/master/") => AccountKind::Master,
        path if path.starts_with("/patients") => AccountKind::Viewer,
        _ => AccountKind::Administrator,
    }
}

fn fields(route: &Route) -> Vec<(&'static str, &'static str)> {
    match route.path {
        "/eligibility" => vec![("insurer_number", "138057"), ("number", "7001234"), ("birthdate", "S37.5.21")],
        "/reference-numbers" => {
            vec![("reference_number", "0001"), ("insurer_number", "138057"), ("number", "7001234")]
        }
        "/bulk" => {
            vec![("kind", "entrusted"), ("month", "202611"), ("request", "0123456789abcdef0123456789abcdef")]
        }
        "/login" => vec![("user_id", "administrator01"), ("password", PASSWORD)],
        "/password" => vec![("current", PASSWORD), ("new", "Hoshi-no-kage8"), ("repeated", "Hoshi-no-kage8")],
        "/accounts" => vec![("kind", "viewer"), ("user_id", "viewer02")],
        "/master/accounts" => vec![("kind", "administrator"), ("user_id", "administrator02")],
        "/master/password" => vec![("secret_number", SECRET_NUMBER)],
        _ => vec![],
    }
}

/// Whether an answered request leaves accounts or consents that the other requests need as they were.
fn spends_the_world(route: &Route) -> bool {
    route.method == Method::Post
        && matches!(
            route.path,
            "/password"
                | "/patients/{person}/withdrawal"
                | "/master/accounts/{user}/stop"
                | "/master/accounts/{user}/password"
        )
}

async fn call(site: &Site, route: &Route) -> Answer {
    let seat: Seat<'_> = site.seat(&site.hospital, kind_for(route)).await;
    if route.method == Method::Get {
        return seat.get(&filled(route.path)).await;
    }
    let mut fields = fields(route);
    let sheet = if route.path == "/settings" { Some(seat.get("/settings").await) } else { None };
    let confirmed = match &sheet {
        Some(_) => Some(seat.post("/settings/confirm", &[("surgery", "0")]).await),
        None => None,
    };
    if let Some(confirmed) = &confirmed {
        fields
            .push(("version", Box::leak(crate::html::hidden(confirmed.text(), "version").to_owned().into_boxed_str())));
        fields.push(("surgery", "0"));
    }
    seat.post(&filled(route.path), &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_leaves_its_entry() {
    let mut site = Site::open().await;
    for route in PEOPLE {
        let Some(action) = expected(route) else { continue };
        if route.path.ends_with(".pdf")
            && madoguchi_report::Reports::new(&madoguchi_report::FontChoice::system()).is_err()
        {
            continue;
        }
        let answer = call(&site, route).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{} {}", route.path, answer.status);
        let draft = site.last_entry().await.draft;
        assert_eq!((draft.action, draft.outcome), (action, Outcome::Done), "{}", route.path);
        assert_eq!(draft.terminal, site.hospital.terminal.serial, "{}", route.path);
        assert_eq!(draft.institution, site.hospital.terminal.institution.as_str(), "{}", route.path);
        if spends_the_world(route) {
            site.server.shutdown().await;
            site = Site::open().await;
        }
    }
}

/// The messages of programs are sent in `reader.rs` and `api.rs`; here only that none is forgotten.
#[test]
fn every_message_of_the_machine_port_has_an_expectation() {
    let written: Vec<_> = MACHINE.iter().filter_map(expected).collect();
    let reader = [Action::LogIn, Action::CheckEligibility, Action::GrantConsent];
    let programs = [
        Action::LogIn,
        Action::LogIn,
        Action::CheckEligibility,
        Action::RegisterReferenceNumber,
        Action::FetchRecords,
        Action::FetchRecords,
        Action::AcceptBulk,
        Action::FetchBulk,
        Action::Refuse,
    ];
    assert_eq!(written, [reader.as_slice(), &programs].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_when_the_entry_cannot_be_written() {
    let site = Site::open().await;
    let viewer = site.seat(&site.hospital, AccountKind::Viewer).await;
    site.world.refuse_audit_entries();
    for route in PEOPLE.iter().filter(|route| route.path.starts_with("/patients")) {
        let path = filled(route.path);
        let answer = match route.method {
            Method::Get => viewer.get(&path).await,
            Method::Post => viewer.post(&path, &[]).await,
        };
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", route.path);
        assert!(answer.text().contains("E0099") && !answer.text().contains("窓口　花子"), "{}", route.path);
    }
}
