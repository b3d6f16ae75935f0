//! Counting a scope.

use karen_sql::{Database, SqlError};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::list::condition;
use super::{row, session};
use crate::{MemoryError, Scope, Stats, When};

pub(super) async fn read(
    database: &Database,
    scope: &Scope,
    now: i64,
) -> Result<Stats, MemoryError> {
    let present = condition(When::Present(now));
    let mut reader = database.read_much().await?;
    let counted = sqlx::query(AssertSqlSafe(format!(
        "SELECT {} FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)",
        [
            count("records", "1 = 1"),
            count("facts", "kind = 'fact'"),
            count("turns", "kind = 'turn'"),
            count("instructions", "kind = 'instruction'"),
            count("summaries", "kind = 'summary'"),
            count("present", &present),
            count("pinned", "pinned = 1"),
            count("superseded", "superseded_by IS NOT NULL"),
            count("archived", "archived_at IS NOT NULL"),
            "MIN(at) AS first_at, MAX(at) AS last_at".to_owned(),
        ]
        .join(", ")
    )))
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .fetch_one(&mut *reader)
    .await
    .map_err(|e| SqlError::of("count", "records", e))?;
    stats(&counted)
}

fn count(name: &str, condition: &str) -> String {
    format!("COUNT(CASE WHEN {condition} THEN 1 END) AS {name}")
}

fn stats(counted: &AnyRow) -> Result<Stats, MemoryError> {
    let count = |name| row::number(counted, name).map(i64::unsigned_abs);
    Ok(Stats {
        records: count("records")?,
        facts: count("facts")?,
        turns: count("turns")?,
        instructions: count("instructions")?,
        summaries: count("summaries")?,
        present: count("present")?,
        pinned: count("pinned")?,
        superseded: count("superseded")?,
        archived: count("archived")?,
        first_at: row::time(counted, "first_at")?,
        last_at: row::time(counted, "last_at")?,
    })
}
