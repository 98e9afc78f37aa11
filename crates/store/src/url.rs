//! Where the store is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use crate::{Error, Result};

/// The address of a store. `Display` and `Debug` never show the password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Address);

#[derive(Clone)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<tokio_postgres::Config>),
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
        // The parser's own message may quote the password, so it is not passed on.
        let config = text.parse().map_err(|_| Error::Url("the postgres:// part can't be read".into()))?;
        with_limits(config).map(|config| Self(Address::Postgres(Box::new(config))))
    }
}

/// A lost server is noticed within seconds instead of the system's two hours.
fn with_limits(mut config: tokio_postgres::Config) -> Result<tokio_postgres::Config> {
    if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
        let text = "sslmode=require is not supported: reach the server by a socket, a private line or a tunnel";
        return Err(Error::Url(text.into()));
    }
    if config.get_dbname().is_none() {
        return Err(Error::Url("the name of the database is missing after the host".into()));
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
            Address::Postgres(config) => {
                let host = match config.get_hosts().first() {
                    Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
                    #[cfg(unix)]
                    Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
                    None => String::new(),
                };
                write!(out, "postgres://{host}/{}", config.get_dbname().unwrap_or_default())
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
        check("postgres://user@host/m?sslmode=require", Err("sslmode"));
        check("postgres://user:secret@host:abc/m", Err("can't be read"));
        check("mysql://x", Err("neither"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl = "postgres://user:secret@host/m".parse().unwrap();
        assert!(!format!("{url} {url:?}").contains("secret"));
    }
}
