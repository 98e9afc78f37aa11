//! `madoguchi notice`: what opens by itself after the log-in.

use super::Place;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_model::id::NoticeId;
use madoguchi_model::notice::Audience;

/// Name of the audit chain under which these verbs write.
const PROCESS: &str = "operator";

/// What to do with notices.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Publish a notice
    Add(Add),
    /// List all notices
    List(List),
    /// Withdraw a notice
    Withdraw(Withdraw),
}

/// Arguments of `notice add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    place: Place,
    /// 件名
    #[arg(long)]
    title: String,
    /// 本文
    #[arg(long)]
    text: String,
    /// `all`, `kind:medical|dental|pharmacy|home_nursing` or `institution:CODE`
    #[arg(long = "for", default_value = "all")]
    audience: String,
}

/// Arguments of `notice list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `notice withdraw`.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    place: Place,
    /// Identity, as `notice list` prints it
    id: String,
}

/// Runs the verb.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Add(arguments) => add(arguments).await,
        Verb::List(arguments) => list(arguments).await,
        Verb::Withdraw(arguments) => withdraw(arguments).await,
    }
}

async fn add(arguments: Add) -> Outcome<()> {
    let audience = Audience::from_code(&arguments.audience).ok_or_else(|| {
        Failure::usage("--for: all, kind:medical, kind:dental, kind:pharmacy, kind:home_nursing, institution:CODE")
    })?;
    let service = arguments.place.service(PROCESS).await?;
    let published = service.publish_notice(audience, &arguments.title, &arguments.text).await;
    service.store().close().await;
    output::line(published?.id.to_hex());
    Ok(())
}

async fn list(arguments: List) -> Outcome<()> {
    let store = madoguchi_store::Store::open_to_read(&arguments.place.database()?).await?;
    for notice in store.read().notices(1_000).await? {
        let state = if notice.withdrawn_at.is_some() { "取下げ" } else { "掲載中" };
        let (id, audience) = (notice.id.to_hex(), notice.audience.code());
        output::line(format!("{id} {} {audience} {state} {}", notice.published_at.japanese(), notice.title));
    }
    Ok(())
}

async fn withdraw(arguments: Withdraw) -> Outcome<()> {
    let id = NoticeId::from_hex(&arguments.id).ok_or_else(|| Failure::usage("お知らせの番号が正しくありません"))?;
    let service = arguments.place.service(PROCESS).await?;
    let withdrawn = service.withdraw_notice(id).await;
    service.store().close().await;
    Ok(withdrawn?)
}
