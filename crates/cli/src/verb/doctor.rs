//! `madoguchi doctor`: looks at a machine and a store and says what is missing.

use super::{Place, kind};
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_report::{FontChoice, Reports};
use madoguchi_store::Store;
use madoguchi_trust::authority::CertificateDirectory;
use madoguchi_trust::card_trust::CardTrust;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Checks fonts, certificates, cards and the store; exit code 3 when something is missing.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let place = arguments.place;
    let fonts = Reports::new(&FontChoice::system()).map(|reports| reports.font_families().join("、"));
    let certificates = CertificateDirectory::open(&place.certificates()).and_then(|directory| directory.list());
    let store = database(&place).await;
    let findings = [
        ("帳票のフォント", fonts.map_err(|missing| missing.to_string())),
        ("証明書", certificates.map(|issued| format!("{}枚", issued.len())).map_err(|error| error.to_string())),
        (
            "カードの認証局",
            CardTrust::load(&place.cards()).map(|_| "あり".to_owned()).map_err(|error| error.to_string()),
        ),
        ("データベース", store.map_err(|failure| failure.message)),
    ];
    for (what, found) in &findings {
        match found {
            Ok(found) => output::line(format!("○ {what}：{found}")),
            Err(missing) => output::line(format!("× {what}：{missing}")),
        }
    }
    match findings.iter().all(|(_, found)| found.is_ok()) {
        true => Ok(()),
        false => Err(Failure::finding("足りないものがあります。")),
    }
}

/// What kind of database it is, with this program's schema.
async fn database(place: &Place) -> Outcome<String> {
    let url = place.database()?;
    Store::open_to_read(&url).await?;
    let found = Store::kind(&url).await?;
    match kind::fault(&found) {
        Some(fault) => Err(Failure::finding(format!("{}：{fault}", kind::described(&found)))),
        None => Ok(format!("{}、スキーマ {}", kind::described(&found), Store::schema_version_expected())),
    }
}
