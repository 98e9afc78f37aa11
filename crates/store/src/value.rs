//! What goes into a statement and what comes out, the same for every engine.
//!
//! Four kinds of value are enough: BIGINT, TEXT, blob and NULL. Truth is 0 or 1, a day is 20260401, an instant is
//! microseconds UTC.

use bytes::BytesMut;
use madoguchi_model::{
    account::UserId,
    day::{Day, Month, Timestamp},
    id::{
        ChangeId, CheckId, CheckupId, ConsentId, CoverageId, FaceId, FileId, NoticeId, PassId, PersonId,
        PrescriptionId, ReceiptId, TicketId,
    },
    institution::InstitutionCode,
    person::Sex,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{Error, Result, sql::Sql};

/// A parameter of a statement.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
    Null,
}

impl std::fmt::Debug for Value {
    /// Only the kind: a value may be a patient's.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Int(_) => "Int",
            Self::Text(_) => "Text",
            Self::Blob(_) => "Blob",
            Self::Null => "Null",
        })
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Blob(value.to_vec())
    }
}

/// Domain types in the one form that they are stored in.
macro_rules! stored {
    ($($type:ty: $self:ident => $form:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($self: $type) -> Self {
                Self::from($form)
            }
        }
    )+};
}

stored! {
    Day: day => day.number();
    Month: month => month.number();
    Timestamp: instant => instant.micros();
    PersonId: id => *id.as_bytes();
    CoverageId: id => *id.as_bytes();
    ConsentId: id => *id.as_bytes();
    ReceiptId: id => *id.as_bytes();
    CheckupId: id => *id.as_bytes();
    FileId: id => *id.as_bytes();
    NoticeId: id => *id.as_bytes();
    ChangeId: id => *id.as_bytes();
    PassId: id => *id.as_bytes();
    PrescriptionId: id => *id.as_bytes();
    TicketId: id => *id.as_bytes();
    FaceId: id => *id.as_bytes();
    CheckId: id => *id.as_bytes();
    Sex: sex => sex.number();
    &InstitutionCode: code => code.as_str();
    &UserId: user => user.as_str();
    &String: text => text.as_str();
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A value in the packed form that one column keeps.
pub(crate) fn packed<T: serde::Serialize>(table: &'static str, column: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::corrupt(table, column, "of a new row", error))
}

/// Writes parameters as values: `values![person, day, name]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
            Self::Null => ValueRef::Null,
        }))
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(value) if *kind == Type::INT8 => value.to_sql(kind, out),
            Self::Int(_) => Err("an integer for a column that is none".into()),
            Self::Text(value) => value.as_str().to_sql(kind, out),
            Self::Blob(value) => value.as_slice().to_sql(kind, out),
            Self::Null => Ok(IsNull::Yes),
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row of an answer.
pub(crate) struct Row<'r> {
    pub(crate) sql: Sql,
    pub(crate) number: usize,
    pub(crate) cells: Cells<'r>,
}

pub(crate) enum Cells<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    /// The integer in column `index`, counted from 0.
    pub(crate) fn int(&self, index: usize) -> Result<i64> {
        self.opt_int(index)?.ok_or_else(|| self.broken(index, "must not be empty"))
    }

    /// The text in column `index`.
    pub(crate) fn text(&self, index: usize) -> Result<&'r str> {
        self.opt_text(index)?.ok_or_else(|| self.broken(index, "must not be empty"))
    }

    /// The bytes in column `index`.
    pub(crate) fn blob(&self, index: usize) -> Result<&'r [u8]> {
        self.opt_blob(index)?.ok_or_else(|| self.broken(index, "must not be empty"))
    }

    /// The truth in column `index`: 0 or 1.
    pub(crate) fn truth(&self, index: usize) -> Result<bool> {
        match self.int(index)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.broken(index, "must be 0 or 1")),
        }
    }

    /// The integer in column `index`, or none.
    pub(crate) fn opt_int(&self, index: usize) -> Result<Option<i64>> {
        match &self.cells {
            Cells::Sqlite(row) => match row.get_ref(index) {
                Ok(ValueRef::Integer(value)) => Ok(Some(value)),
                Ok(ValueRef::Null) => Ok(None),
                _ => Err(self.broken(index, "must be an integer")),
            },
            Cells::Postgres(row) => row.try_get(index).map_err(|_| self.broken(index, "must be an integer")),
        }
    }

    /// The text in column `index`, or none.
    pub(crate) fn opt_text(&self, index: usize) -> Result<Option<&'r str>> {
        match &self.cells {
            Cells::Sqlite(row) => match row.get_ref(index) {
                Ok(ValueRef::Text(value)) => {
                    std::str::from_utf8(value).map(Some).map_err(|_| self.broken(index, "must be UTF-8"))
                }
                Ok(ValueRef::Null) => Ok(None),
                _ => Err(self.broken(index, "must be text")),
            },
            Cells::Postgres(row) => row.try_get(index).map_err(|_| self.broken(index, "must be text")),
        }
    }

    /// The bytes in column `index`, or none.
    pub(crate) fn opt_blob(&self, index: usize) -> Result<Option<&'r [u8]>> {
        match &self.cells {
            Cells::Sqlite(row) => match row.get_ref(index) {
                Ok(ValueRef::Blob(value)) => Ok(Some(value)),
                Ok(ValueRef::Null) => Ok(None),
                _ => Err(self.broken(index, "must be bytes")),
            },
            Cells::Postgres(row) => row.try_get(index).map_err(|_| self.broken(index, "must be bytes")),
        }
    }

    /// A text of one's own.
    pub(crate) fn string(&self, index: usize) -> Result<String> {
        self.text(index).map(str::to_owned)
    }

    /// A text of one's own, or none.
    pub(crate) fn opt_string(&self, index: usize) -> Result<Option<String>> {
        Ok(self.opt_text(index)?.map(str::to_owned))
    }

    /// The day in column `index`.
    pub(crate) fn day(&self, index: usize) -> Result<Day> {
        self.known(index, Day::from_number(self.int(index)?))
    }

    /// The day in column `index`, or none.
    pub(crate) fn opt_day(&self, index: usize) -> Result<Option<Day>> {
        self.opt_int(index)?.map(|number| self.known(index, Day::from_number(number))).transpose()
    }

    /// The month in column `index`.
    pub(crate) fn month(&self, index: usize) -> Result<Month> {
        self.known(index, Month::from_number(self.int(index)?))
    }

    /// The instant in column `index`.
    pub(crate) fn instant(&self, index: usize) -> Result<Timestamp> {
        self.int(index).map(Timestamp::from_micros)
    }

    /// The instant in column `index`, or none.
    pub(crate) fn opt_instant(&self, index: usize) -> Result<Option<Timestamp>> {
        Ok(self.opt_int(index)?.map(Timestamp::from_micros))
    }

    /// The bytes in column `index` as an array or an id.
    pub(crate) fn hash(&self, index: usize) -> Result<[u8; 32]> {
        self.parsed(index, self.blob(index)?.try_into())
    }

    /// The id in column `index`: `row.id(0, PersonId::from_bytes)`.
    pub(crate) fn id<T>(&self, index: usize, read: fn(&[u8]) -> Option<T>) -> Result<T> {
        self.known(index, read(self.blob(index)?))
    }

    /// The institution's code in column `index`.
    pub(crate) fn institution(&self, index: usize) -> Result<InstitutionCode> {
        self.parsed(index, InstitutionCode::parse(self.text(index)?))
    }

    /// The user ID in column `index`.
    pub(crate) fn user(&self, index: usize) -> Result<UserId> {
        self.parsed(index, UserId::parse(self.text(index)?))
    }

    /// The sex in column `index`.
    pub(crate) fn sex(&self, index: usize) -> Result<Sex> {
        self.known(index, Sex::from_number(self.int(index)?))
    }

    /// What was packed as JSON into column `index`.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, index: usize) -> Result<T> {
        self.parsed(index, serde_json::from_str(self.text(index)?))
    }

    /// What was packed as JSON into column `index` and is usually empty.
    pub(crate) fn json_or_default<T: serde::de::DeserializeOwned + Default>(&self, index: usize) -> Result<T> {
        if self.text(index)? == "{}" { Ok(T::default()) } else { self.json(index) }
    }

    /// What a domain type made of column `index`, or an error that names the place.
    pub(crate) fn parsed<T, E>(&self, index: usize, parsed: Result<T, E>) -> Result<T> {
        self.known(index, parsed.ok())
    }

    /// What a domain type knows for column `index`, or an error that names the place.
    pub(crate) fn known<T>(&self, index: usize, known: Option<T>) -> Result<T> {
        known.ok_or_else(|| self.broken(index, "must be a value that this program knows"))
    }

    /// An error that names table, column and row; never a value.
    pub(crate) fn broken(&self, index: usize, rule: &str) -> Error {
        let column = match &self.cells {
            Cells::Sqlite(row) => row.as_ref().column_name(index).ok().map(str::to_owned),
            Cells::Postgres(row) => row.columns().get(index).map(|column| column.name().to_owned()),
        };
        let column = column.unwrap_or_else(|| format!("column {index}"));
        Error::corrupt(self.sql.table(), &column, &format!("{} of the answer", self.number + 1), rule)
    }
}
