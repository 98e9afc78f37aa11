//! `madoguchi account`: the two accounts with which an institution begins.

use super::Place;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_model::institution::InstitutionCode;

/// Name of the audit chain under which these verbs write.
const PROCESS: &str = "operator";

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Issue マスタアカウント and マスタアカウントリセット用アカウント with its secret number
    IssueFirst(IssueFirst),
}

/// Arguments of `account issue-first`.
#[derive(Debug, Args)]
pub(crate) struct IssueFirst {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード
    #[arg(long)]
    institution: String,
}

/// Runs the verb.
pub(crate) async fn run(verb: Verb) -> Outcome<()> {
    let Verb::IssueFirst(arguments) = verb;
    let code = InstitutionCode::parse(&arguments.institution).map_err(Failure::usage)?;
    let service = arguments.place.service(PROCESS).await?;
    let issued = service.issue_first_accounts(&code).await;
    service.store().close().await;
    let issued = issued?;
    output::line("次の内容は、この一度だけ表示します。");
    output::line(format!("マスタアカウント　　　　　　　　　　{}　{}", issued.master.user, issued.master.password));
    output::line(format!("マスタアカウントリセット用アカウント　{}　{}", issued.reset.user, issued.reset.password));
    output::line(format!("秘密番号　　　　　　　　　　　　　　{}", issued.secret_number));
    Ok(())
}
