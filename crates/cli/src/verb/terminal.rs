//! `madoguchi terminal`: what stands on an institution's desk.

use super::until_told_to_stop;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_terminal::{ReaderAccount, Terminal, TerminalConfig};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `terminal`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// 医療機関コード
    #[arg(long)]
    institution: String,
    /// Where browsers of this machine find the terminal; loopback only
    #[arg(long, default_value = "127.0.0.1:8470")]
    listen: SocketAddr,
    /// The server for people, `host:port`
    #[arg(long)]
    server: String,
    /// The server for machines, `host:port`
    #[arg(long)]
    api: String,
    /// Certificate of the server's authority (PEM)
    #[arg(long)]
    ca: PathBuf,
    /// This terminal's certificate (PEM)
    #[arg(long)]
    cert: PathBuf,
    /// Its key (PEM)
    #[arg(long)]
    key: PathBuf,
    /// A viewer terminal: without card reader
    #[arg(long)]
    viewer: bool,
    /// Folder with virtual cards for the card reader page
    #[arg(long, required_unless_present = "viewer")]
    cards: Option<PathBuf>,
    /// User ID of the card reader's account (顔認証用アカウント)
    #[arg(long, required_unless_present = "viewer")]
    reader_user: Option<String>,
    /// File with its password in the first line
    #[arg(long, required_unless_present = "viewer")]
    reader_password_file: Option<PathBuf>,
}

/// Runs the terminal until told to stop.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let reader = reader(&arguments)?;
    let config = TerminalConfig {
        institution: arguments.institution,
        listen: arguments.listen,
        server: arguments.server,
        api: arguments.api,
        ca: arguments.ca,
        client_certificate: arguments.cert,
        client_key: arguments.key,
        viewer: arguments.viewer,
        cards: arguments.cards.filter(|_| !arguments.viewer),
        reader,
    };
    let terminal = Terminal::start(config).await.map_err(Failure::new)?;
    output::line(terminal.url());
    if let Some(kiosk) = terminal.kiosk_url() {
        output::line(kiosk);
    }
    until_told_to_stop().await?;
    terminal.shutdown().await;
    Ok(())
}

fn reader(arguments: &Arguments) -> Outcome<Option<ReaderAccount>> {
    let (Some(user_id), Some(path), false) =
        (&arguments.reader_user, &arguments.reader_password_file, arguments.viewer)
    else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    Ok(Some(ReaderAccount { user_id: user_id.clone(), password }))
}
