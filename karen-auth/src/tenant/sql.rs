//! Tenants in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError, Tx};
use sqlx::Any;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;

use super::{CustomRole, PlanName, RoleName, Tenant, TenantLimits, TenantState, TenantStore};
use crate::stored::{parsed, parsed_if_any, stored_count, use_limits, value};
use crate::{AuthError, AuthErrorKind, Page, Permissions, TenantId};

type Statement<'q> = Query<'q, Any, AnyArguments>;

/// Sets limits to what [`bind_limits`] gives.
macro_rules! set_limits {
    ($rest:literal) => {
        concat!(
            "UPDATE auth_tenants SET users_max = $1, tokens_per_day = $2, tokens_per_month = $3,
             cost_per_day = $4, cost_per_month = $5, requests_per_minute = $6, storage_mib = $7",
            $rest
        )
    };
}

/// Deletes the rows of accounts that have no other tenant.
macro_rules! of_its_own {
    ($table:literal, $account:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $account,
            " IN (SELECT account FROM auth_memberships m
             WHERE m.tenant = $1 AND NOT EXISTS (SELECT 1 FROM auth_memberships o
             WHERE o.account = m.account AND o.tenant <> $1))"
        )
    };
}

/// What goes with a tenant, in this order: who has no other tenant goes before the memberships.
const DELETE: &[&str] = &[
    "DELETE FROM auth_sessions WHERE tenant = $1",
    "DELETE FROM auth_api_keys WHERE tenant = $1",
    "DELETE FROM auth_one_time WHERE tenant = $1",
    "DELETE FROM auth_audit WHERE tenant = $1",
    "DELETE FROM auth_audit_cuts WHERE tenant = $1",
    "DELETE FROM auth_roles WHERE tenant = $1",
    of_its_own!("auth_totp", "account"),
    of_its_own!("auth_recovery_codes", "account"),
    of_its_own!("auth_passwords", "account"),
    of_its_own!("auth_links", "account"),
    of_its_own!("auth_passkeys", "account"),
    of_its_own!("auth_accounts", "id"),
    "DELETE FROM auth_memberships WHERE tenant = $1",
];

/// Tenants and their roles, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlTenantStore(Database);

impl SqlTenantStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl TenantStore for SqlTenantStore {
    async fn create(&self, tenant: &Tenant) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        let insert = sqlx::query(
            "INSERT INTO auth_tenants
             (users_max, tokens_per_day, tokens_per_month, cost_per_day, cost_per_month,
              requests_per_minute, storage_mib, id, name, state, created_at, plan)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        );
        bind_limits(insert, &tenant.limits)
            .bind(tenant.id.as_str())
            .bind(tenant.name.as_str())
            .bind(tenant.state.as_str())
            .bind(tenant.created_at_ms)
            .bind(tenant.plan.as_ref().map(PlanName::as_str))
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("create", tenant.id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn get(&self, tenant: &TenantId) -> Result<Option<Tenant>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT * FROM auth_tenants WHERE id = $1")
            .bind(tenant.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("get", tenant.as_str(), e))?;
        row.as_ref().map(read).transpose()
    }

    async fn list(&self, page: Page<'_, TenantId>) -> Result<Vec<Tenant>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query("SELECT * FROM auth_tenants WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(page.after.map_or("", TenantId::as_str))
            .bind(page.rows())
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| SqlError::of("list", "tenants", e))?;
        rows.iter().map(read).collect()
    }

    async fn set_state(&self, tenant: &TenantId, state: TenantState) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("UPDATE auth_tenants SET state = $1 WHERE id = $2")
            .bind(state.as_str())
            .bind(tenant.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("set state of", tenant.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_limits(
        &self,
        tenant: &TenantId,
        limits: &TenantLimits,
        plan: Option<&PlanName>,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let update = sqlx::query(set_limits!(", plan = $8 WHERE id = $9"));
        let done = bind_limits(update, limits)
            .bind(plan.map(PlanName::as_str))
            .bind(tenant.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("set limits of", tenant.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_plan(&self, plan: &PlanName, limits: &TenantLimits) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        bind_limits(sqlx::query(set_limits!(" WHERE plan = $8")), limits)
            .bind(plan.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("set limits of plan", plan.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn members(&self, tenant: &TenantId) -> Result<u64, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT COUNT(*) AS members FROM auth_memberships WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(&mut *reader)
            .await
            .map_err(|e| SqlError::of("count members of", tenant.as_str(), e))?;
        Ok(value::<i64>(&row, "members")?.unsigned_abs())
    }

    async fn delete(&self, tenant: &TenantId) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        for statement in DELETE {
            execute(&mut tx, statement, tenant).await?;
        }
        let deleted = execute(&mut tx, "DELETE FROM auth_tenants WHERE id = $1", tenant).await?;
        tx.commit().await?;
        Ok(deleted == 1)
    }

    async fn roles(&self, tenant: &TenantId) -> Result<Vec<CustomRole>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows =
            sqlx::query("SELECT name, permissions FROM auth_roles WHERE tenant = $1 ORDER BY name")
                .bind(tenant.as_str())
                .fetch_all(&mut *reader)
                .await
                .map_err(|e| SqlError::of("list roles of", tenant.as_str(), e))?;
        rows.iter().map(role).collect()
    }

    async fn put_role(&self, tenant: &TenantId, role: &CustomRole) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_roles (tenant, name, permissions) VALUES ($1, $2, $3)
             ON CONFLICT (tenant, name) DO UPDATE SET permissions = excluded.permissions",
        )
        .bind(tenant.as_str())
        .bind(role.name.as_str())
        .bind(role.permissions.to_string())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("put role of", tenant.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn replace_role(
        &self,
        tenant: &TenantId,
        seen: Option<&CustomRole>,
        role: &CustomRole,
    ) -> Result<bool, AuthError> {
        let statement = match seen {
            Some(_) => {
                "UPDATE auth_roles SET permissions = $3
                 WHERE tenant = $1 AND name = $2 AND permissions = $4"
            }
            None => {
                "INSERT INTO auth_roles (tenant, name, permissions) VALUES ($1, $2, $3)
                 ON CONFLICT (tenant, name) DO NOTHING"
            }
        };
        let mut tx = self.0.write().await?;
        let query = sqlx::query(statement)
            .bind(tenant.as_str())
            .bind(role.name.as_str())
            .bind(role.permissions.to_string());
        let query = match seen {
            Some(seen) => query.bind(seen.permissions.to_string()),
            None => query,
        };
        let done = query.execute(&mut *tx).await;
        let done = done.map_err(|e| SqlError::of("replace role of", tenant.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_role(&self, tenant: &TenantId, role: &RoleName) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        require_unheld(&mut tx, tenant, role).await?;
        let done = sqlx::query("DELETE FROM auth_roles WHERE tenant = $1 AND name = $2")
            .bind(tenant.as_str())
            .bind(role.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete role of", tenant.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn execute(
    tx: &mut Tx,
    statement: &'static str,
    tenant: &TenantId,
) -> Result<u64, AuthError> {
    let done = sqlx::query(statement)
        .bind(tenant.as_str())
        .execute(&mut **tx)
        .await;
    Ok(done
        .map_err(|e| SqlError::of("delete", tenant.as_str(), e))?
        .rows_affected())
}

async fn require_unheld(tx: &mut Tx, tenant: &TenantId, role: &RoleName) -> Result<(), AuthError> {
    let row = sqlx::query(
        "SELECT account FROM auth_memberships WHERE tenant = $1 AND custom_role = $2 LIMIT 1",
    )
    .bind(tenant.as_str())
    .bind(role.as_str())
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find holder of", "role", e))?;
    if row.is_none() {
        return Ok(());
    }
    let reason = "somebody holds it: give them another role first";
    Err(AuthError::new(
        AuthErrorKind::Conflict,
        "delete the role",
        reason,
    ))
}

fn read(row: &AnyRow) -> Result<Tenant, AuthError> {
    Ok(Tenant {
        id: parsed(row, "id", TenantId::parse)?,
        name: value(row, "name")?,
        state: parsed(row, "state", TenantState::parse)?,
        limits: TenantLimits {
            users: small(row, "users_max")?,
            uses: use_limits(row)?,
            requests_per_minute: small(row, "requests_per_minute")?,
            storage_mib: small(row, "storage_mib")?,
        },
        plan: parsed_if_any(row, "plan", PlanName::parse)?,
        created_at_ms: value(row, "created_at")?,
    })
}

/// The first seven values of a statement.
fn bind_limits<'q>(statement: Statement<'q>, limits: &TenantLimits) -> Statement<'q> {
    let values = [
        i64::from(limits.users),
        stored_count(limits.uses.tokens_per_day),
        stored_count(limits.uses.tokens_per_month),
        stored_count(limits.uses.cost_micros_per_day),
        stored_count(limits.uses.cost_micros_per_month),
        i64::from(limits.requests_per_minute),
        i64::from(limits.storage_mib),
    ];
    values.into_iter().fold(statement, Statement::bind)
}

fn small(row: &AnyRow, column: &'static str) -> Result<u32, AuthError> {
    Ok(u32::try_from(value::<i64>(row, column)?).unwrap_or(u32::MAX))
}

fn role(row: &AnyRow) -> Result<CustomRole, AuthError> {
    Ok(CustomRole {
        name: parsed(row, "name", RoleName::parse)?,
        permissions: parsed(row, "permissions", str::parse::<Permissions>)?,
    })
}

#[cfg(test)]
mod tests;
