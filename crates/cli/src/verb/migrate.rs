//! `madoguchi migrate`: makes the store or brings it to this program's version.

use super::{Place, kind};
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_service::Clock;
use madoguchi_store::Store;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Migrates and says what kind of database it is, from which version to which.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let url = arguments.place.database()?;
    let before = Store::schema_version(&url).await.unwrap_or(0);
    Store::migrate(&url, Clock::new(0, None).now()).await?;
    output::line(format!("スキーマ {before} → {}", Store::schema_version_expected()));
    let found = Store::kind(&url).await?;
    output::line(kind::described(&found));
    kind::fault(&found).map_or(Ok(()), |fault| Err(Failure::finding(fault)))
}
