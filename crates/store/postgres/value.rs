//! Values and cells as PostgreSQL's protocol carries them.

use crate::db::Value;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value that goes to another thread.
#[derive(Debug)]
pub(super) enum Owned {
    Null,
    Whole(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub(super) fn owned(values: &[Value<'_>]) -> Vec<Owned> {
    let own = |value: &Value<'_>| match *value {
        Value::Null => Owned::Null,
        Value::Whole(value) => Owned::Whole(value),
        // PostgreSQL's texts hold no NUL; an answer of a platform may.
        Value::Text(value) => Owned::Text(value.replace('\0', "\u{fffd}")),
        Value::Bytes(value) => Owned::Bytes(value.to_vec()),
    };
    values.iter().map(own).collect()
}

impl ToSql for Owned {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Whole(value) => value.to_sql_checked(kind, out),
            Self::Text(value) => value.to_sql_checked(kind, out),
            Self::Bytes(value) => value.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Asked again for the value that it holds.
        true
    }

    to_sql_checked!();
}
