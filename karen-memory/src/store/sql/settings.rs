//! What a user decided about keeping, and how far jobs have come.

use karen_sql::SqlError;
use sqlx::AnyConnection;

use super::row;
use crate::{MemoryError, Retention, Scope};

pub(super) async fn retention(
    connection: &mut AnyConnection,
    scope: &Scope,
) -> Result<Retention, MemoryError> {
    let row = sqlx::query("SELECT policy FROM memory_retention WHERE tenant = $1 AND user_id = $2")
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .fetch_optional(connection)
        .await
        .map_err(|e| SqlError::of("read", "a retention", e))?;
    let retention = row
        .as_ref()
        .map(|row| row::json(row, "policy"))
        .transpose()?;
    Ok(retention.unwrap_or_default())
}

pub(super) async fn put_retention(
    connection: &mut AnyConnection,
    scope: &Scope,
    retention: Retention,
) -> Result<(), SqlError> {
    let policy = serde_json::to_string(&retention).expect("numbers are plain data");
    sqlx::query(
        "INSERT INTO memory_retention (tenant, user_id, policy) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, user_id) DO UPDATE SET policy = excluded.policy",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(policy)
    .execute(connection)
    .await
    .map_err(|e| SqlError::of("put", "a retention", e))?;
    Ok(())
}

pub(super) async fn job_mark(
    connection: &mut AnyConnection,
    scope: &Scope,
    job: &str,
) -> Result<i64, MemoryError> {
    let row =
        sqlx::query("SELECT mark FROM memory_jobs WHERE tenant = $1 AND user_id = $2 AND job = $3")
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str())
            .bind(job)
            .fetch_optional(connection)
            .await
            .map_err(|e| SqlError::of("read", "a job's mark", e))?;
    row.as_ref().map_or(Ok(0), |row| row::number(row, "mark"))
}

pub(super) async fn put_job_mark(
    connection: &mut AnyConnection,
    scope: &Scope,
    job: &str,
    mark: i64,
) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO memory_jobs (tenant, user_id, job, mark) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, user_id, job) DO UPDATE SET mark = excluded.mark",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(job)
    .bind(mark)
    .execute(connection)
    .await
    .map_err(|e| SqlError::of("put", "a job's mark", e))?;
    Ok(())
}
