//! The ledger in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Usage, UsageLedger, UsageTotal};
use crate::id::TurnId;
use crate::{Result, Scope};

/// The sum of a tenant's rows of which a condition holds.
macro_rules! sum {
    ($condition:literal) => {
        concat!(
            "SELECT COUNT(*) AS turns,
             CAST(COALESCE(SUM(prompt_tokens + completion_tokens), 0) AS BIGINT) AS tokens,
             CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) AS cost_micros
             FROM core_usage WHERE tenant = $1 AND ",
            $condition
        )
    };
}

/// [`UsageLedger`] on SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct SqlUsageLedger {
    database: Database,
}

impl SqlUsageLedger {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl UsageLedger for SqlUsageLedger {
    async fn add(&self, scope: &Scope, usage: &Usage) -> Result<()> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO core_usage
             (tenant, owner, turn, at, model, prompt_tokens, completion_tokens, api_key, cost_micros)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (tenant, owner, turn) DO UPDATE SET
             model = COALESCE($5, core_usage.model),
             prompt_tokens = core_usage.prompt_tokens + $6,
             completion_tokens = core_usage.completion_tokens + $7,
             cost_micros = core_usage.cost_micros + $9",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(usage.turn.as_str())
        .bind(usage.at)
        .bind(usage.model.as_deref())
        .bind(i64::try_from(usage.prompt_tokens).unwrap_or(i64::MAX))
        .bind(i64::try_from(usage.completion_tokens).unwrap_or(i64::MAX))
        .bind(usage.key.as_deref())
        .bind(i64::try_from(usage.cost_micros).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("add usage of", usage.turn.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn has(&self, scope: &Scope, turn: &TurnId) -> Result<bool> {
        let mut reader = self.database.read().await?;
        let row = sqlx::query(
            "SELECT turn FROM core_usage WHERE tenant = $1 AND owner = $2 AND turn = $3",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(turn.as_str())
        .fetch_optional(&mut *reader)
        .await
        .map_err(|e| SqlError::of("find usage of", turn.as_str(), e))?;
        Ok(row.is_some())
    }

    async fn total(&self, scope: &Scope, since: i64) -> Result<UsageTotal> {
        let mut reader = self.database.read().await?;
        let row = sqlx::query(sum!("owner = $2 AND at >= $3"))
            .bind(scope.tenant())
            .bind(scope.user())
            .bind(since)
            .fetch_one(&mut *reader)
            .await;
        Ok(row.and_then(|row| total(&row)).map_err(not_summed)?)
    }

    async fn tenant_total(&self, tenant: &str, since: i64) -> Result<UsageTotal> {
        let mut reader = self.database.read().await?;
        let row = sqlx::query(sum!("at >= $2"))
            .bind(tenant)
            .bind(since)
            .fetch_one(&mut *reader)
            .await;
        Ok(row.and_then(|row| total(&row)).map_err(not_summed)?)
    }

    async fn key_total(&self, tenant: &str, key: &str, since: i64) -> Result<UsageTotal> {
        let mut reader = self.database.read().await?;
        let row = sqlx::query(sum!("api_key = $3 AND at >= $2"))
            .bind(tenant)
            .bind(since)
            .bind(key)
            .fetch_one(&mut *reader)
            .await;
        Ok(row.and_then(|row| total(&row)).map_err(not_summed)?)
    }

    async fn erase(&self, scope: &Scope) -> Result<()> {
        let mut tx = self.database.write().await?;
        sqlx::query("DELETE FROM core_usage WHERE tenant = $1 AND owner = $2")
            .bind(scope.tenant())
            .bind(scope.user())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("erase", "usage", e))?;
        Ok(tx.commit().await?)
    }

    async fn users(&self, tenant: &str) -> Result<Vec<String>> {
        let of = |e| SqlError::of("list", "users", e);
        let mut reader = self.database.read().await?;
        let rows =
            sqlx::query("SELECT DISTINCT owner FROM core_usage WHERE tenant = $1 ORDER BY owner")
                .bind(tenant)
                .fetch_all(&mut *reader)
                .await
                .map_err(of)?;
        let users = rows.iter().map(|row| row.try_get("owner"));
        Ok(users.collect::<Result<_, _>>().map_err(of)?)
    }
}

fn total(row: &AnyRow) -> Result<UsageTotal, sqlx::Error> {
    let count = |column| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
    Ok(UsageTotal {
        turns: count("turns")?,
        tokens: count("tokens")?,
        cost_micros: count("cost_micros")?,
    })
}

fn not_summed(error: sqlx::Error) -> SqlError {
    SqlError::of("sum", "usage", error)
}
