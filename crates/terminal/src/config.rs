//! What a terminal is told at its start: who it is, where the server is, and which files hold its certificate.
//!
//! It deliberately reads no configuration file: that is the business of whoever starts the terminal.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::uri::Authority;
use madoguchi_trust::TrustError;

use crate::folder::{FolderFault, PassPhrase};

/// Digits of an institution code (医療機関等コード).
const INSTITUTION_CODE_DIGITS: usize = 10;

/// How one terminal (資格確認端末) is set up.
#[derive(Debug, Clone)]
pub struct TerminalConfig {
    /// Institution code (医療機関等コード), 10 digits. It makes the host name `<code>.localhost`.
    pub institution: String,
    /// Where browsers of this machine connect. Loopback only; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The server's port for people, `host:port`.
    pub server: String,
    /// The server's port for machines, `host:port`.
    pub api: String,
    /// Certificate of the CA that signed the server's certificate (PEM).
    pub ca: PathBuf,
    /// The institution's client certificate chain (PEM).
    pub client_certificate: PathBuf,
    /// Its private key (PEM).
    pub client_key: PathBuf,
    /// A viewer terminal (閲覧用端末, the guide's pattern b): no reader, and `viewer-<code>.localhost`.
    pub viewer: bool,
    /// Folder with virtual cards (`*.json`), the drawer of the kiosk. A viewer terminal has none.
    pub cards: Option<PathBuf>,
    /// The account that the reader logs in with (顔認証用アカウント). Without one the kiosk says that it cannot be used.
    pub reader: Option<MachineAccount>,
    /// The folder agent (連携アプリケーション). A viewer terminal has none.
    pub folders: Option<FolderConfig>,
}

/// How the folder agent (連携アプリケーション) is set up.
#[derive(Debug, Clone)]
pub struct FolderConfig {
    /// Where `req`, `res`, `face` and `err` are, all on one file system.
    pub root: PathBuf,
    /// The account that the agent logs in with (連携アプリ用アカウント).
    pub account: MachineAccount,
    /// Folder with `UserDefinition.property` and its like; by default `conf` in the root.
    pub settings: Option<PathBuf>,
    /// The `encrypt.conf`; by default the one beside the other settings.
    pub encryption: Option<PathBuf>,
    /// The site's pass phrase for encrypted files.
    pub pass_phrase: Option<PassPhrase>,
    /// How often `req` is looked into.
    pub poll: Duration,
    /// How long an answer that nobody fetched may stay, unless the settings say otherwise.
    pub answers_stay: Duration,
    /// How long a result of the reader may stay.
    pub faces_stay: Duration,
}

/// Looks into `req`, unless said otherwise.
pub const POLL_DEFAULT: Duration = Duration::from_millis(200);
/// More often costs more than it brings.
const POLL_MIN: Duration = Duration::from_millis(20);
/// A file is taken two looks after its last change, and clients wait 30 seconds.
const POLL_MAX: Duration = Duration::from_secs(10);
/// A day, as vendors set it (ResponseFileStayTime=1440).
pub const STAY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);

impl FolderConfig {
    /// With the usual times, everything in the clear.
    #[must_use]
    pub fn new(root: PathBuf, account: MachineAccount) -> Self {
        Self {
            root,
            account,
            settings: None,
            encryption: None,
            pass_phrase: None,
            poll: POLL_DEFAULT,
            answers_stay: STAY_DEFAULT,
            faces_stay: STAY_DEFAULT,
        }
    }
}

/// User ID and password of an account that a machine logs in with (顔認証用アカウント, 連携アプリ用アカウント).
#[derive(Clone, PartialEq, Eq)]
pub struct MachineAccount {
    /// User ID (ユーザID).
    pub user_id: String,
    /// Password (パスワード).
    pub password: String,
}

impl fmt::Debug for MachineAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MachineAccount").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Why a terminal did not start. The message is Japanese and names the setting and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// The institution code is not 10 digits.
    #[error("医療機関等コード「{found}」が正しくありません。10桁の数字で指定してください")]
    Institution {
        /// What was given.
        found: String,
    },
    /// The listening address can be reached from other machines.
    #[error(
        "待ち受けアドレス {found} は使えません。この端末の中だけで使うため、127.0.0.1 または [::1] を指定してください"
    )]
    NotLoopback {
        /// What was given.
        found: SocketAddr,
    },
    /// An address of the server is not `host:port`.
    #[error("サーバのアドレス「{found}」が正しくありません。「ホスト名:ポート番号」で指定してください")]
    Server {
        /// What was given.
        found: String,
    },
    /// The folder is looked into too often or too rarely.
    #[error("連携フォルダを見る間隔 {}ミリ秒 は使えません。20から10000までのミリ秒で指定してください", found.as_millis())]
    Poll {
        /// What was given.
        found: Duration,
    },
    /// The folder agent cannot begin.
    #[error(transparent)]
    Folder(#[from] FolderFault),
    /// A certificate or key file cannot be used.
    #[error(transparent)]
    File(#[from] TrustError),
    /// The CA's certificate, the client certificate and its key cannot be used together.
    #[error(
        "認証局の証明書、クライアント証明書、秘密鍵を使えません（{detail}）。同じ端末に発行された組か確認してください"
    )]
    Identity {
        /// What the TLS library said.
        detail: String,
    },
    /// The listening address is taken or not allowed.
    #[error("{address} で待ち受けできません（{source}）。同じ端末が既に動いていないか確認してください")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

impl TerminalConfig {
    /// The host name under which browsers reach the server's screens.
    #[must_use]
    pub fn screen_host(&self) -> String {
        let prefix = if self.viewer { "viewer-" } else { "" };
        format!("{prefix}{}.localhost", self.institution)
    }

    /// The host name of the kiosk; a viewer terminal has none.
    #[must_use]
    pub fn kiosk_host(&self) -> Option<String> {
        (!self.viewer).then(|| format!("kiosk-{}.localhost", self.institution))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigFault> {
        let code = &self.institution;
        if code.len() != INSTITUTION_CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ConfigFault::Institution { found: code.clone() });
        }
        if !self.listen.ip().is_loopback() {
            return Err(ConfigFault::NotLoopback { found: self.listen });
        }
        if let Some(folders) = &self.folders
            && !(POLL_MIN..=POLL_MAX).contains(&folders.poll)
        {
            return Err(ConfigFault::Poll { found: folders.poll });
        }
        Ok(())
    }
}

/// `host:port` of the server, both present.
pub(crate) fn server_authority(text: &str) -> Result<Authority, ConfigFault> {
    let fault = || ConfigFault::Server { found: text.to_owned() };
    let authority: Authority = text.parse().map_err(|_| fault())?;
    let usable =
        authority.port_u16().is_some_and(|port| port != 0) && !text.contains('@') && !authority.host().is_empty();
    if usable { Ok(authority) } else { Err(fault()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TerminalConfig {
        TerminalConfig {
            institution: "1312345678".into(),
            listen: "127.0.0.1:0".parse().unwrap(),
            server: "localhost:8443".into(),
            api: "localhost:8444".into(),
            ca: "ca.pem".into(),
            client_certificate: "client.pem".into(),
            client_key: "client.key".into(),
            viewer: false,
            cards: None,
            reader: Some(MachineAccount { user_id: "reader".into(), password: "secret-password".into() }),
            folders: None,
        }
    }

    #[test]
    fn only_loopback_is_taken() {
        for (address, taken) in [
            ("127.0.0.1:80", true),
            ("127.8.8.8:80", true),
            ("[::1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("192.0.2.1:80", false),
        ] {
            let config = TerminalConfig { listen: address.parse().unwrap(), ..config() };
            assert_eq!(config.check().is_ok(), taken, "{address}");
        }
    }

    #[test]
    fn institution_codes_are_ten_digits() {
        for (code, taken) in
            [("1312345678", true), ("131234567", false), ("13123456789", false), ("131234567x", false), ("", false)]
        {
            let config = TerminalConfig { institution: code.into(), ..config() };
            assert_eq!(config.check().is_ok(), taken, "{code}");
        }
    }

    #[test]
    fn server_addresses_need_host_and_port() {
        for (text, taken) in [
            ("localhost:8443", true),
            ("192.0.2.1:443", true),
            ("[::1]:443", true),
            ("localhost", false),
            ("localhost:0", false),
            (":443", false),
            ("user@localhost:443", false),
            ("https://localhost:443", false),
        ] {
            assert_eq!(server_authority(text).is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn each_kind_of_terminal_has_host_names_of_its_own() {
        let desk = config();
        assert_eq!(
            (desk.screen_host().as_str(), desk.kiosk_host().as_deref()),
            ("1312345678.localhost", Some("kiosk-1312345678.localhost"))
        );
        let viewer = TerminalConfig { viewer: true, ..config() };
        assert_eq!((viewer.screen_host().as_str(), viewer.kiosk_host()), ("viewer-1312345678.localhost", None));
    }

    #[test]
    fn the_password_is_not_in_the_debug_output() {
        let text = format!("{:?}", config());
        assert!(text.contains("reader") && !text.contains("secret-password"));
    }
}
