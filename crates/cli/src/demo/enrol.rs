//! Enrolment into a demo: what a vendor's own claims file names becomes something to click on.
//!
//! The persons get virtual cards, the sending institution gets certificate, accounts and a terminal,
//! and a running demo takes both up by itself.

use crate::demo::secrets::{Secrets, given};
use crate::demo::setup::certificate_requests;
use crate::demo::state::{DEMO_FILE, DemoCard, DemoDocument, DemoInstitution, State};
use crate::failure::{Failure, Outcome};
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::shown::shown;
use madoguchi_service::Service;
use madoguchi_service::ingest::{ClaimsReport, Enrolled};
use madoguchi_trust::authority::CertificateDirectory;
use madoguchi_trust::card_authority::{CardAuthority, CardRequest};
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Days for which an enrolled person's card is valid, from a while ago on.
const CARD_DAYS: (i64, i64) = (-400, 1_400);

/// Gives cards to the persons that a file enrolled, and a terminal to its institution; tells the
/// institution when it is new to the demo.
pub(crate) async fn take_up(
    service: &Service,
    directory: &Path,
    file: &Path,
    report: &ClaimsReport,
) -> Outcome<Option<String>> {
    let mut state = State::load(directory)?.ok_or_else(|| Failure::usage("デモのディレクトリではありません"))?;
    let mut secrets = Secrets::new(None);
    let new_institution = match &report.institution {
        Some(code) if !state.institutions.iter().any(|known| known.code.as_str() == code) => {
            let institution = institution(service, code).await?;
            add_institution(service, directory, &mut state, &mut secrets, institution).await?;
            Some(code.clone())
        }
        _ => None,
    };
    add_cards(service, directory, &mut state, &mut secrets, file, &report.enrolled).await?;
    state.save(directory)?;
    Ok(new_institution)
}

/// Waits until a running demo shows the institutions; a demo that does not run shows them at its next start.
pub(crate) async fn until_taken_up(directory: &Path, institutions: &[String], at_most: Duration) -> Outcome<()> {
    let begun = Instant::now();
    while begun.elapsed() < at_most {
        let Ok(bytes) = std::fs::read(directory.join(DEMO_FILE)) else { return Ok(()) };
        let document: DemoDocument = serde_json::from_slice(&bytes).map_err(Failure::new)?;
        let shows = |code: &String| document.institutions.iter().any(|institution| institution.code == *code);
        if institutions.iter().all(shows) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err(Failure::new("動いているデモに反映されませんでした。デモを起動し直してください"))
}

async fn institution(service: &Service, code: &str) -> Outcome<Institution> {
    let code = InstitutionCode::parse(code).map_err(Failure::new)?;
    let found = service.store().read().institution(&code).await?;
    found.ok_or_else(|| Failure::new(format!("医療機関{code}は登録されていません")))
}

async fn add_institution(
    service: &Service,
    directory: &Path,
    state: &mut State,
    secrets: &mut Secrets,
    institution: Institution,
) -> Outcome<()> {
    let added = DemoInstitution {
        code: institution.code.clone(),
        name: institution.name,
        accounts: secrets.accounts(),
        p12_password: secrets.digits(8),
        viewer: false,
    };
    let authority = CertificateDirectory::open(&directory.join("certificates")).map_err(Failure::new)?;
    authority.issue_all(&certificate_requests(&added)).map_err(Failure::new)?;
    service.put_given_accounts(&institution.code, given(&added.accounts)?).await?;
    state.institutions.push(added);
    Ok(())
}

async fn add_cards(
    service: &Service,
    directory: &Path,
    state: &mut State,
    secrets: &mut Secrets,
    file: &Path,
    enrolled: &[Enrolled],
) -> Outcome<()> {
    let story = format!("{}から登録", file.file_name().unwrap_or_default().to_string_lossy());
    let today = service.now().day();
    let (not_before, not_after) = (today.plus_days(CARD_DAYS.0), today.plus_days(CARD_DAYS.1));
    let mut requests = Vec::with_capacity(enrolled.len());
    for (index, enrolled) in enrolled.iter().enumerate() {
        let request = CardRequest {
            card_id: format!("card-{:04}", state.cards.len() + index + 1),
            name: shown(&enrolled.person.name),
            pin: secrets.digits(4),
            not_before: not_before.midnight().micros() / 1_000_000,
            not_after: not_after.midnight().micros() / 1_000_000,
            story: story.clone(),
        };
        requests.push(request);
    }
    let authority = CardAuthority::open(&directory.join("cards-ca")).map_err(Failure::new)?;
    for card in authority.issue_cards(&requests).map_err(Failure::new)? {
        card.save(&directory.join("cards").join(format!("{}.json", card.card_id()))).map_err(Failure::new)?;
    }
    let issued = authority.list().map_err(Failure::new)?;
    let serials: HashMap<String, String> =
        issued.into_iter().map(|issued| (issued.holder.card_id, issued.serial)).collect();
    for (request, enrolled) in requests.into_iter().zip(enrolled) {
        if let Some(serial) = serials.get(&request.card_id) {
            service.register_card(serial, enrolled.person.id).await?;
        }
        state.cards.push(demo_card(request, enrolled));
    }
    Ok(())
}

fn demo_card(request: CardRequest, enrolled: &Enrolled) -> DemoCard {
    DemoCard {
        id: request.card_id,
        name: request.name,
        pin: request.pin,
        story: request.story,
        insurer_number: enrolled.numbers.insurer.padded(),
        symbol: enrolled.numbers.symbol.clone(),
        number: enrolled.numbers.number.clone(),
        branch: enrolled.numbers.branch.clone(),
        birthdate: enrolled.person.birthdate.to_string(),
    }
}
