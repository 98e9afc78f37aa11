//! Where the store is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`, also with several hosts of which the one
//! that takes writes is used, and with `sslmode` and `sslrootcert`.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::{Error, Result, engine::postgres::tls::Trust};

/// The address of a store. `Display` and `Debug` never show the password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Address);

#[derive(Clone)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<Server>),
}

/// A PostgreSQL server, or several of which one takes writes.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) trust: Trust,
    /// Also a database whose restore is not proved yet is opened: by whoever proves it.
    pub(crate) takes_half_restored: bool,
}

impl DatabaseUrl {
    /// A SQLite file at this path.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self(Address::Sqlite(path.into()))
    }

    /// Whether this names a SQLite file (and not a server).
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0, Address::Sqlite(_))
    }

    /// The file of a SQLite store.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.0 {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") || path.contains('\0') {
                return Err(Error::Url("sqlite: needs the path of a file".into()));
            }
            return Ok(Self::sqlite(path));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(Error::Url("it begins neither with sqlite: nor with postgres://".into()));
        }
        server(text).map(|server| Self(Address::Postgres(Box::new(server))))
    }
}

/// The driver knows neither `verify-full` nor `sslrootcert`, so both are taken out before it reads the rest.
fn server(text: &str) -> Result<Server> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut mode, mut authority, mut others) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            Some(("sslrootcert", value)) => authority = Some(PathBuf::from(decoded(value)?)),
            _ => others.push(pair),
        }
    }
    let address = format!("{address}?{}", others.join("&"));
    // The parser's own message may quote the password, so it is not passed on.
    let parsed = address.trim_end_matches('?').parse();
    let mut config: tokio_postgres::Config =
        parsed.map_err(|_| Error::Url("the postgres:// part can't be read".into()))?;
    config.ssl_mode(match (mode, &authority) {
        (Some("disable"), _) => SslMode::Disable,
        (Some("prefer") | None, None) => SslMode::Prefer,
        (Some("require"), _) | (Some("verify-full") | None, Some(_)) => SslMode::Require,
        (Some("verify-full"), None) => {
            return Err(Error::Url("sslmode=verify-full needs sslrootcert=PATH, the authority's certificate".into()));
        }
        (Some("prefer"), Some(_)) => {
            return Err(Error::Url("sslrootcert needs sslmode=verify-full; prefer would go on without TLS".into()));
        }
        _ => return Err(Error::Url("sslmode is one of disable, prefer, require and verify-full".into())),
    });
    // No network, no TLS: as psql does.
    if config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_))) && config.get_hostaddrs().is_empty() {
        config.ssl_mode(SslMode::Disable);
    }
    let trust = authority.map_or(Trust::Anyone, Trust::Authority);
    Ok(Server { config: with_limits(config)?, trust, takes_half_restored: false })
}

fn decoded(value: &str) -> Result<String> {
    let unreadable = || Error::Url("sslrootcert can't be read: write other bytes than letters as %XX".into());
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or_else(unreadable)?;
                bytes.extend(hex::decode(digits).map_err(|_| unreadable())?);
                rest = after;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}

/// A lost server is noticed within seconds instead of the system's two hours, and of several the one is used that takes
/// writes: a standby's answers may be old.
fn with_limits(mut config: tokio_postgres::Config) -> Result<tokio_postgres::Config> {
    if config.get_dbname().is_none() {
        return Err(Error::Url("the name of the database is missing after the host".into()));
    }
    let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts {
        return Err(Error::Url(format!("{hosts} hosts have {ports} ports: write host:port for each").into()));
    }
    match config.get_target_session_attrs() {
        TargetSessionAttrs::Any if hosts > 1 => {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        TargetSessionAttrs::Any | TargetSessionAttrs::ReadWrite => {}
        _ => return Err(Error::Url("target_session_attrs must be read-write: a standby takes no writes".into())),
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(3));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(10));
    }
    config.keepalives_idle(Duration::from_secs(10));
    Ok(config)
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Address::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Address::Postgres(server) => {
                let host = |host: &Host| match host {
                    Host::Tcp(host) => host.clone(),
                    #[cfg(unix)]
                    Host::Unix(path) => path.display().to_string(),
                };
                let hosts: Vec<String> = server.config.get_hosts().iter().map(host).collect();
                write!(out, "postgres://{}/{}", hosts.join(","), server.config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: Result<&str, &str>) {
        let found = text.parse::<DatabaseUrl>().map(|url| url.to_string()).map_err(|error| error.to_string());
        match (found, shown) {
            (Ok(found), Ok(shown)) => assert_eq!(found, shown),
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, shown) => panic!("{found:?} instead of {shown:?}"),
        }
    }

    #[test]
    fn urls() {
        check("sqlite:a/b.db", Ok("sqlite:a/b.db"));
        check("sqlite:///a/b.db", Ok("sqlite:/a/b.db"));
        check("sqlite:", Err("path of a file"));
        check("sqlite::memory:", Err("path of a file"));
        check("postgres://user:secret@db.example/madoguchi", Ok("postgres://db.example/madoguchi"));
        check("postgresql://user@%2Frun%2Fpg/m", Ok("postgres:///run/pg/m"));
        check("postgres://user@host", Err("name of the database"));
        check("postgres://user@a:1,b:2/m?target_session_attrs=read-write", Ok("postgres://a,b/m"));
        check("postgres://user@a:1,b:2,c:3/m?sslmode=require", Ok("postgres://a,b,c/m"));
        check("postgres://user@a,b/m?target_session_attrs=read-only", Err("takes no writes"));
        check("postgres://user@host/m?nonsense=1", Err("can't be read"));
        check("postgres://user:secret@host:abc/m", Err("can't be read"));
        check("mysql://x", Err("neither"));
    }

    #[track_caller]
    fn check_tls(query: &str, expected: Result<(SslMode, Trust), &str>) {
        match (server(&format!("postgres://user@host/m?connect_timeout=2&{query}")), expected) {
            (Ok(found), Ok((mode, trust))) => {
                assert_eq!((found.config.get_ssl_mode(), found.trust), (mode, trust), "{query}");
                assert_eq!(found.config.get_connect_timeout(), Some(&Duration::from_secs(2)));
            }
            (Err(found), Err(part)) => assert!(found.to_string().contains(part), "{found}"),
            (_, expected) => panic!("{query}: not {expected:?}"),
        }
    }

    #[test]
    fn tls_is_asked_for_as_psql_would() {
        let authority = |path: &str| Trust::Authority(path.into());
        check_tls("", Ok((SslMode::Prefer, Trust::Anyone)));
        check_tls("sslmode=disable", Ok((SslMode::Disable, Trust::Anyone)));
        check_tls("sslmode=require", Ok((SslMode::Require, Trust::Anyone)));
        check_tls("sslmode=verify-full&sslrootcert=/a%20b/ca.pem", Ok((SslMode::Require, authority("/a b/ca.pem"))));
        check_tls("sslrootcert=ca.pem", Ok((SslMode::Require, authority("ca.pem"))));
        check_tls("sslmode=verify-full", Err("needs sslrootcert"));
        check_tls("sslmode=prefer&sslrootcert=ca.pem", Err("without TLS"));
        check_tls("sslmode=verify-ca", Err("is one of disable"));
        check_tls("sslrootcert=%f", Err("%XX"));
        let socket = server("postgres://user@%2Frun%2Fpg/m?sslmode=require").unwrap();
        assert_eq!(socket.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl = "postgres://user:secret@host/m".parse().unwrap();
        assert!(!format!("{url} {url:?}").contains("secret"));
    }
}
