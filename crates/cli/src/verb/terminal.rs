//! `madoguchi terminal`: what stands on an institution's desk.

use super::StopSignals;
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use madoguchi_terminal::{FolderConfig, MachineAccount, PassPhrase, Terminal, TerminalConfig};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    #[command(flatten)]
    folders: FolderArguments,
}

/// Options of the folder agent (連携アプリケーション); without a root there is none.
#[derive(Debug, Args)]
struct FolderArguments {
    /// Root of the folders req, res, face and err, all on one file system
    #[arg(long = "folders", env = "MADOGUCHI_FOLDERS", conflicts_with = "viewer", requires_all = ["agent_user", "agent_password_file"])]
    root: Option<PathBuf>,
    /// User ID of the folder agent's account (連携アプリ用アカウント)
    #[arg(long, env = "MADOGUCHI_AGENT_USER")]
    agent_user: Option<String>,
    /// File with its password in the first line
    #[arg(long, env = "MADOGUCHI_AGENT_PASSWORD_FILE")]
    agent_password_file: Option<PathBuf>,
    /// Milliseconds between two looks into req
    #[arg(long, env = "MADOGUCHI_FOLDERS_POLL", default_value_t = 200)]
    folders_poll: u64,
    /// Minutes that an answer may stay in res; ResponseFileStayTime in UserDefinition.property comes first
    #[arg(long, env = "MADOGUCHI_ANSWERS_STAY", default_value_t = 1_440, value_parser = clap::value_parser!(u64).range(1..=527_040))]
    answers_stay: u64,
    /// Hours that a result of the card reader may stay in face
    #[arg(long, env = "MADOGUCHI_FACES_STAY", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=8_784))]
    faces_stay: u64,
    /// Folder with UserDefinition.property and the like; by default conf in the root
    #[arg(long, env = "MADOGUCHI_FOLDERS_SETTINGS")]
    folders_settings: Option<PathBuf>,
    /// The encrypt.conf, if it is not with the other settings
    #[arg(long, env = "MADOGUCHI_ENCRYPT_CONF")]
    encrypt_conf: Option<PathBuf>,
    /// File with the site's pass phrase for encrypted files in the first line
    #[arg(long, env = "MADOGUCHI_PASS_PHRASE_FILE")]
    pass_phrase_file: Option<PathBuf>,
}

/// Runs the terminal until told to stop.
pub(crate) async fn run(arguments: Arguments) -> Outcome<()> {
    let reader = reader(&arguments)?;
    let folders = arguments.folders.config()?;
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
        folders,
    };
    let mut signals = StopSignals::listen()?;
    let terminal = Terminal::start(config).await.map_err(Failure::new)?;
    output::line(terminal.url());
    if let Some(kiosk) = terminal.kiosk_url() {
        output::line(kiosk);
    }
    signals.told().await;
    terminal.shutdown().await;
    Ok(())
}

fn reader(arguments: &Arguments) -> Outcome<Option<MachineAccount>> {
    let (Some(user_id), Some(path), false) =
        (&arguments.reader_user, &arguments.reader_password_file, arguments.viewer)
    else {
        return Ok(None);
    };
    Ok(Some(MachineAccount { user_id: user_id.clone(), password: first_line(path)? }))
}

impl FolderArguments {
    fn config(&self) -> Outcome<Option<FolderConfig>> {
        let (Some(root), Some(user_id), Some(password)) = (&self.root, &self.agent_user, &self.agent_password_file)
        else {
            return Ok(None);
        };
        let account = MachineAccount { user_id: user_id.clone(), password: first_line(password)? };
        let pass_phrase = self.pass_phrase_file.as_deref().map(pass_phrase).transpose()?;
        Ok(Some(FolderConfig {
            settings: self.folders_settings.clone(),
            encryption: self.encrypt_conf.clone(),
            pass_phrase,
            poll: Duration::from_millis(self.folders_poll),
            answers_stay: Duration::from_secs(self.answers_stay * 60),
            faces_stay: Duration::from_secs(self.faces_stay * 60 * 60),
            ..FolderConfig::new(root.clone(), account)
        }))
    }
}

fn pass_phrase(path: &Path) -> Outcome<PassPhrase> {
    let text = first_line(path)?;
    PassPhrase::new(&text).ok_or_else(|| Failure::file(path, "1行目が空です。合言葉を書いてください"))
}

fn first_line(path: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
