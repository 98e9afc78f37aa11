//! What a failure of PostgreSQL means to the caller.
//!
//! PostgreSQL's details quote values, so only code, constraint and the messages of our own mistakes are kept.

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::Error;

/// No connection came about: with the reason behind the reason, such as a certificate that is not trusted.
pub(super) fn unreachable(error: &tokio_postgres::Error) -> Error {
    if let Some(refusal) = error.as_db_error() {
        return Error::unavailable(format!("{} {}", refusal.code().code(), refusal.message()));
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    Error::unavailable(text)
}

/// A statement failed on this table.
pub(super) fn broken(table: &str, error: &tokio_postgres::Error) -> Error {
    let Some(refusal) = error.as_db_error() else {
        return if error.is_closed() || is_io(error) {
            Error::unavailable("the connection was lost")
        } else {
            Error::Refused { table: table.into(), detail: error.to_string().into() }
        };
    };
    let code = refusal.code();
    let place = || format!("{} {}", refusal.constraint().or(refusal.table()).unwrap_or(table), code.code());
    if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::EXCLUSION_VIOLATION {
        return Error::Conflict(place().into());
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Contended(place().into());
    }
    if *code == SqlState::QUERY_CANCELED {
        return Error::Deadline(table.into());
    }
    let told = || format!("{} {}", code.code(), refusal.message());
    match &code.code()[..2] {
        "08" | "57" => Error::unavailable(told()),
        "53" if *code == SqlState::DISK_FULL => Error::DiskFull(place().into()),
        "53" => Error::unavailable(told()),
        "55" => Error::Busy("another process holds a row"),
        "25" if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Error::unavailable("the server takes only reads now"),
        "25" if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Error::unavailable(told()),
        "42" => Error::Refused { table: table.into(), detail: told().into() },
        _ => Error::Refused { table: table.into(), detail: place().into() },
    }
}

/// The server answers, but could not reach another node that has the rows (Citus): the connection to it is still good.
pub(super) fn is_elsewhere(error: &tokio_postgres::Error) -> bool {
    let told = |refusal: &DbError| {
        refusal.parsed_severity() == Some(Severity::Error) && refusal.code().code().starts_with("08")
    };
    error.as_db_error().is_some_and(told)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
