//! Reading rows that this crate wrote: whatever does not read back is damage, not bad input.

use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

use karen_sql::SqlError;

use crate::{AuthError, AuthErrorKind};

/// The value of `column`.
pub(crate) fn value<'r, T>(row: &'r AnyRow, column: &'static str) -> Result<T, AuthError>
where
    T: Decode<'r, Any> + Type<Any>,
{
    let value = row.try_get(column);
    Ok(value.map_err(|e| SqlError::of("read column", column, e))?)
}

/// The value of a text column, read as a `T`.
pub(crate) fn parsed<T>(
    row: &AnyRow,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, AuthError>,
) -> Result<T, AuthError> {
    let text: String = value(row, column)?;
    parse(&text).map_err(|e| damaged(column).caused_by(e))
}

/// The value of a text column that may be empty of one.
pub(crate) fn parsed_if_any<T>(
    row: &AnyRow,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, AuthError>,
) -> Result<Option<T>, AuthError> {
    let text: Option<String> = value(row, column)?;
    let parsed = text.as_deref().map(parse).transpose();
    parsed.map_err(|e| damaged(column).caused_by(e))
}

/// A row that this crate cannot have written.
pub(crate) fn damaged(column: &'static str) -> AuthError {
    let reason = format!("the column {column} is damaged: restore a backup");
    AuthError::new(AuthErrorKind::Corrupt, "read the account database", reason)
}
