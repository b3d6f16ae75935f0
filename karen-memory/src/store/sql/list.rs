//! Listing a scope, newest first.

use karen_sql::{Database, SqlError};
use sqlx::AssertSqlSafe;

use super::row::{COLUMNS, record};
use super::session;
use crate::{MemoryError, Page, Record, RecordKind, Scope, When};

/// At most `limit` records of the page, in its order.
pub(super) async fn rows(
    database: &Database,
    scope: &Scope,
    page: &Page,
    limit: u32,
) -> Result<Vec<Record>, MemoryError> {
    let (at, id) = match &page.after {
        Some(cursor) => (cursor.at, cursor.id.as_str()),
        None => (i64::MAX, ""),
    };
    let kind = page.kind.map_or("", RecordKind::as_str);
    let mut reader = database.read_much().await?;
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)
           AND ($5 = '' OR kind = $6) AND (at < $7 OR (at = $8 AND id < $9)) AND {}
         ORDER BY at DESC, id DESC LIMIT $10",
        condition(page.when)
    )))
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .bind(kind)
    .bind(kind)
    .bind(at)
    .bind(at)
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(&mut *reader)
    .await
    .map_err(|e| SqlError::of("list", "records", e))?;
    rows.iter().map(record).collect()
}

/// [`When::admits`] in SQL.
pub(super) fn condition(when: When) -> String {
    match when {
        When::Ever => "1 = 1".to_owned(),
        When::Present(now) => format!(
            "retired_at IS NULL AND archived_at IS NULL AND (valid_to IS NULL OR valid_to > {now})"
        ),
        When::AsOf { valid, known } => format!(
            "recorded_at <= {known} AND valid_from <= {valid}
             AND (valid_to IS NULL OR valid_to > {valid} OR retired_at > {known})"
        ),
    }
}
