//! `madoguchi load cards`: cards of the deployment's own authority for people of its population.
//!
//! Views of records need consents, and consents need cards. A demo has some twenty; a load needs thousands.

use crate::demo::state::State;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::verb::Place;
use clap::Args;
use madoguchi_load::{LoadCard, People, Plan, Target, write_cards};
use madoguchi_model::id::PersonId;
use madoguchi_service::Service;
use madoguchi_trust::VirtualCard;
use madoguchi_trust::card_authority::{CardAuthority, CardRequest};
use std::collections::HashMap;
use std::path::PathBuf;
use tokio::task::JoinSet;

/// Name of the audit chain under which cards are registered.
const PROCESS: &str = "load-cards";
/// Days for which a card is valid, from a while ago on.
const CARD_DAYS: (i64, i64) = (-30, 1_400);
/// The PIN of all of them: their keys lie open in the file anyway.
const PIN: &str = "0000";
/// Registrations under way at a time.
const AT_A_TIME: usize = 64;

/// Arguments of `load cards`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The file for the cards; it must not exist
    file: PathBuf,
    /// A file like demo.json, whose day the coverages must hold on; by default the directory's
    #[arg(long)]
    target: Option<PathBuf>,
    /// Lists of insured persons (CSV) to draw from
    #[arg(long, required = true, num_args = 1..)]
    people: Vec<PathBuf>,
    /// Cards
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Seed of the drawing
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Draws the people, issues the cards, registers them, writes the file.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    if arguments.file.exists() {
        return Err(Failure::usage(format!(
            "{}：すでにあります。別の名前を指定してください",
            arguments.file.display()
        )));
    }
    if State::load(&arguments.place.directory)?.is_none() {
        return Err(Failure::usage(
            "カードの鍵がそのまま残るため、load cardsはデモのディレクトリでだけ使えます。--dirでデモのディレクトリを指定してください",
        ));
    }
    let target = Target::load(arguments.target.as_deref().unwrap_or(&arguments.place.directory))?;
    let mut source = Plan::one_japan()?.people;
    (source.files, source.sample) = (arguments.people.clone(), Some(arguments.count));
    let people = People::draw(&source, &target, arguments.seed)?;
    let service = arguments.place.service(PROCESS).await?;
    let written = issue(&service, &arguments, &people).await;
    service.store().close().await;
    let count = written?;
    output::line(format!("{}枚のカードを{}に書きました。", count, arguments.file.display()));
    Ok(())
}

async fn issue(service: &Service, arguments: &Arguments, people: &People) -> Outcome<usize> {
    let authority = CardAuthority::open(&arguments.place.cards()).map_err(Failure::new)?;
    let known = authority.list().map_err(Failure::new)?.len();
    let today = service.now().day();
    let request = |place: usize| CardRequest {
        card_id: format!("load-{known}-{place}"),
        name: "負荷試験".to_owned(),
        pin: PIN.to_owned(),
        not_before: today.plus_days(CARD_DAYS.0).midnight().micros() / 1_000_000,
        not_after: today.plus_days(CARD_DAYS.1).midnight().micros() / 1_000_000,
        story: String::new(),
    };
    let requests: Vec<_> = (0..people.len()).map(request).collect();
    let issuing = tokio::task::spawn_blocking(move || {
        let cards = authority.issue_cards(&requests)?;
        Ok::<_, madoguchi_trust::TrustError>((cards, authority.list()?))
    });
    let (cards, issued) = issuing.await.map_err(Failure::new)?.map_err(Failure::new)?;
    let serials: HashMap<String, String> =
        issued.into_iter().map(|issued| (issued.holder.card_id, issued.serial)).collect();
    let registered = register(service, people, &cards, &serials).await?;
    let cards = cards.into_iter().enumerate().filter(|(place, _)| registered[*place]);
    let cards: Vec<LoadCard> = cards.map(|(place, card)| load_card(people, place, card)).collect();
    let count = cards.len();
    write_cards(&arguments.file, cards.into_iter())?;
    Ok(count)
}

/// Whether each of the cards belongs to somebody now; the list may name people whom the store does not have.
async fn register(
    service: &Service,
    people: &People,
    cards: &[VirtualCard],
    serials: &HashMap<String, String>,
) -> Outcome<Vec<bool>> {
    let bar = output::bar(cards.len() as u64, "カード");
    let mut registered = vec![false; cards.len()];
    let mut running = JoinSet::new();
    for (place, card) in cards.iter().enumerate() {
        let Some(serial) = serials.get(card.card_id()).cloned() else { continue };
        let Some(person) = holder(service, people, place).await? else { continue };
        let service = service.clone();
        running.spawn(async move { service.register_card(&serial, person).await.map(|()| place) });
        if running.len() >= AT_A_TIME {
            note(running.join_next().await, &mut registered)?;
        }
        bar.inc(1);
    }
    while let Some(done) = running.join_next().await {
        note(Some(done), &mut registered)?;
    }
    bar.finish_and_clear();
    Ok(registered)
}

fn note(
    done: Option<Result<Result<usize, madoguchi_service::Refusal>, tokio::task::JoinError>>,
    registered: &mut [bool],
) -> Outcome<()> {
    if let Some(done) = done {
        registered[done.map_err(Failure::new)??] = true;
    }
    Ok(())
}

/// The person whose numbers these are.
async fn holder(service: &Service, people: &People, place: usize) -> Outcome<Option<PersonId>> {
    let person = people.person(place);
    let holders = service.store().read().holders_of_numbers(&person.numbers()?).await?;
    let born = |day: madoguchi_model::day::Day| day.number().to_string() == person.birthdate;
    Ok(holders.iter().find(|holder| born(holder.birthdate)).map(|holder| holder.person))
}

fn load_card(people: &People, place: usize, card: VirtualCard) -> LoadCard {
    let person = people.person(place);
    LoadCard {
        card,
        insurer_number: person.insurer.to_owned(),
        symbol: person.symbol.to_owned(),
        number: person.number.to_owned(),
        branch: person.branch.to_owned(),
        birthdate: person.birthdate.to_owned(),
    }
}
