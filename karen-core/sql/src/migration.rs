//! Schema versions, kept per component in the table `karen_schema`.

use sqlx::{AnyConnection, AssertSqlSafe, Executor, Row};

use crate::lock::lock;
use crate::{Database, Dialect, SqlError, SqlErrorKind, now_ms};

/// One step of a component's schema. Steps are applied in order, each in the same transaction as
/// its mark, and never edited once released.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub version: i64,
    /// Statements for SQLite, separated by `;`.
    pub sqlite: &'static str,
    /// The same for PostgreSQL.
    pub postgres: &'static str,
}

const SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS karen_schema (
    component TEXT NOT NULL,
    version BIGINT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (component, version))";

pub(crate) async fn migrate(
    database: &Database,
    component: &'static str,
    migrations: &[Migration],
) -> Result<(), SqlError> {
    let wanted = migrations.last().map_or(0, |m| m.version);
    if current_if_any(database, component).await? == Some(wanted) {
        return Ok(());
    }
    let mut tx = database.write().await?;
    // PostgreSQL lets two programs find a table missing, and fails one of them.
    lock(&mut tx, database.dialect(), "karen_schema").await?;
    tx.execute(SCHEMA_TABLE)
        .await
        .map_err(|e| SqlError::of("create", "karen_schema", e))?;
    let current = current(&mut tx, component).await?;
    if current > wanted {
        let subject = format!("{component} (schema {current}, this program knows {wanted})");
        return Err(SqlError::new(SqlErrorKind::TooNew, "open", subject));
    }
    for migration in migrations.iter().filter(|m| m.version > current) {
        apply(&mut tx, database.dialect(), component, migration).await?;
    }
    tx.commit().await
}

/// The version without taking the writer's lock; `None` where no table of versions exists yet.
async fn current_if_any(
    database: &Database,
    component: &'static str,
) -> Result<Option<i64>, SqlError> {
    let mut reader = database.read().await?;
    Ok(current(&mut reader, component).await.ok())
}

async fn current(connection: &mut AnyConnection, component: &'static str) -> Result<i64, SqlError> {
    let of = |e| SqlError::of("read", format!("schema version of {component}"), e);
    let row = sqlx::query(
        "SELECT COALESCE(MAX(version), 0) AS version FROM karen_schema WHERE component = $1",
    )
    .bind(component)
    .fetch_one(connection)
    .await
    .map_err(of)?;
    row.try_get("version").map_err(of)
}

async fn apply(
    tx: &mut AnyConnection,
    dialect: Dialect,
    component: &'static str,
    migration: &Migration,
) -> Result<(), SqlError> {
    let of = |e| {
        let subject = format!("schema {} of {component}", migration.version);
        SqlError::of("apply", subject, e)
    };
    let statements = match dialect {
        Dialect::Sqlite => migration.sqlite,
        Dialect::Postgres => migration.postgres,
    };
    for statement in statements.split(';').filter(|s| !s.trim().is_empty()) {
        tx.execute(AssertSqlSafe(statement)).await.map_err(of)?;
    }
    sqlx::query("INSERT INTO karen_schema (component, version, applied_at) VALUES ($1, $2, $3)")
        .bind(component)
        .bind(migration.version)
        .bind(now_ms())
        .execute(tx)
        .await
        .map_err(of)?;
    Ok(())
}
