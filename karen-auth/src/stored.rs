//! Reading rows that this crate wrote: whatever does not read back is damage, not bad input.

use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

use karen_sql::SqlError;

use crate::{AuthError, AuthErrorKind, UseLimits};

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

/// The limits in the columns that tenants and API keys have of the same names.
pub(crate) fn use_limits(row: &AnyRow) -> Result<UseLimits, AuthError> {
    let count = |column| Ok::<_, AuthError>(value::<i64>(row, column)?.unsigned_abs());
    Ok(UseLimits {
        tokens_per_day: count("tokens_per_day")?,
        tokens_per_month: count("tokens_per_month")?,
        cost_micros_per_day: count("cost_per_day")?,
        cost_micros_per_month: count("cost_per_month")?,
    })
}

/// A limit as its column has it: what is let through fits.
pub(crate) fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A row that this crate cannot have written.
pub(crate) fn damaged(column: &'static str) -> AuthError {
    let reason = format!("the column {column} is damaged: restore a backup");
    AuthError::new(AuthErrorKind::Corrupt, "read the account database", reason)
}
