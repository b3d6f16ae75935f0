//! Tenants and accounts in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError, Tx};
use sqlx::any::AnyRow;

use super::{Identity, IdentityStore};
use crate::stored::{damaged, parsed, value};
use crate::{
    Account, AccountId, AccountState, AuthError, AuthErrorKind, Email, Page, Role, TenantId,
    TokenHash,
};

/// The truth about accounts, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlIdentityStore(Database);

impl SqlIdentityStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl IdentityStore for SqlIdentityStore {
    async fn put_tenant(&self, tenant: &TenantId, name: &str, at_ms: i64) -> Result<(), AuthError> {
        if self.has_tenant(tenant).await? {
            return Ok(());
        }
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_tenants (id, name, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(tenant.as_str())
        .bind(name)
        .bind(at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("put", "tenant", e))?;
        Ok(tx.commit().await?)
    }

    async fn is_empty(&self) -> Result<bool, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT id FROM auth_accounts LIMIT 1")
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("count", "accounts", e))?;
        Ok(row.is_none())
    }

    async fn put_setup(&self, hash: &TokenHash, at_ms: i64) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_setup (id, hash, created_at) VALUES (1, $1, $2)
             ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at",
        )
        .bind(hash.as_bytes())
        .bind(at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("put", "setup token", e))?;
        Ok(tx.commit().await?)
    }

    async fn create_first(&self, setup: &TokenHash, identity: &Identity) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        require_no_account(&mut tx).await?;
        take_setup(&mut tx, setup).await?;
        insert(&mut tx, identity).await?;
        Ok(tx.commit().await?)
    }

    async fn create(&self, identity: &Identity) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        insert(&mut tx, identity).await?;
        Ok(tx.commit().await?)
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<Identity>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT m.tenant, m.role, m.state, a.id, a.email, a.name, a.password, a.epoch,
                    a.created_at
             FROM auth_accounts a JOIN auth_memberships m ON m.account = a.id
             WHERE a.email = $1 ORDER BY m.created_at, m.tenant LIMIT 1",
        )
        .bind(email.as_str())
        .fetch_optional(&mut *reader)
        .await
        .map_err(|e| SqlError::of("find", "account", e))?;
        row.as_ref().map(identity).transpose()
    }

    async fn get(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<Option<Identity>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT m.tenant, m.role, m.state, a.id, a.email, a.name, a.password, a.epoch,
                    a.created_at
             FROM auth_accounts a JOIN auth_memberships m ON m.account = a.id
             WHERE m.tenant = $1 AND m.account = $2",
        )
        .bind(tenant.as_str())
        .bind(account.as_str())
        .fetch_optional(&mut *reader)
        .await
        .map_err(|e| SqlError::of("get", account.as_str(), e))?;
        row.as_ref().map(identity).transpose()
    }

    async fn list(
        &self,
        tenant: &TenantId,
        page: Page<'_, AccountId>,
    ) -> Result<Vec<Account>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT m.tenant, m.role, m.state, a.id, a.email, a.name, a.created_at
             FROM auth_accounts a JOIN auth_memberships m ON m.account = a.id
             WHERE m.tenant = $1 AND a.id > $2 ORDER BY a.id LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(page.after.map_or("", AccountId::as_str))
        .bind(page.rows())
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "accounts", e))?;
        rows.iter().map(account).collect()
    }

    async fn set_password(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        from: &str,
        to: &str,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_accounts SET password = $1 WHERE id = $2 AND password = $3
             AND EXISTS (SELECT 1 FROM auth_memberships m WHERE m.tenant = $4 AND m.account = $2)",
        )
        .bind(to)
        .bind(account.as_str())
        .bind(from)
        .bind(tenant.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("set password of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_state(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        state: AccountState,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_memberships SET state = $1 WHERE tenant = $2 AND account = $3",
        )
        .bind(state.as_str())
        .bind(tenant.as_str())
        .bind(account.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("set state of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn raise_epoch(&self, tenant: &TenantId, account: &AccountId) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_accounts SET epoch = epoch + 1 WHERE id = $1
             AND EXISTS (SELECT 1 FROM auth_memberships m WHERE m.tenant = $2 AND m.account = $1)",
        )
        .bind(account.as_str())
        .bind(tenant.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("raise epoch of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

impl SqlIdentityStore {
    /// Asked first, so that opening a database that has everything writes nothing.
    async fn has_tenant(&self, tenant: &TenantId) -> Result<bool, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT id FROM auth_tenants WHERE id = $1")
            .bind(tenant.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("get", tenant.as_str(), e))?;
        Ok(row.is_some())
    }
}

async fn require_no_account(tx: &mut Tx) -> Result<(), AuthError> {
    let row = sqlx::query("SELECT id FROM auth_accounts LIMIT 1")
        .fetch_optional(&mut **tx)
        .await
        .map_err(|e| SqlError::of("count", "accounts", e))?;
    if row.is_none() {
        return Ok(());
    }
    let reason = "the first account exists already: log in with it";
    Err(AuthError::new(AuthErrorKind::Conflict, "set up", reason))
}

/// Deleting the row is what makes the token good for one use, also between two instances.
async fn take_setup(tx: &mut Tx, hash: &TokenHash) -> Result<(), AuthError> {
    let done = sqlx::query("DELETE FROM auth_setup WHERE hash = $1")
        .bind(hash.as_bytes())
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("take", "setup token", e))?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    let reason = "the setup token is wrong: use the link of the last start";
    Err(AuthError::new(
        AuthErrorKind::Unauthenticated,
        "set up",
        reason,
    ))
}

async fn insert(tx: &mut Tx, identity: &Identity) -> Result<(), AuthError> {
    let account = &identity.account;
    let done = sqlx::query(
        "INSERT INTO auth_accounts (id, email, name, password, epoch, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING",
    )
    .bind(account.id.as_str())
    .bind(account.email.as_str())
    .bind(account.name.as_str())
    .bind(identity.password.as_str())
    .bind(identity.epoch)
    .bind(account.created_at_ms)
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("insert", account.id.as_str(), e))?;
    if done.rows_affected() == 0 {
        let reason = "an account with this email exists";
        return Err(AuthError::new(
            AuthErrorKind::Conflict,
            "create the account",
            reason,
        ));
    }
    insert_membership(tx, account).await
}

async fn insert_membership(tx: &mut Tx, account: &Account) -> Result<(), AuthError> {
    sqlx::query(
        "INSERT INTO auth_memberships (tenant, account, role, state, created_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(account.tenant.as_str())
    .bind(account.id.as_str())
    .bind(account.role.as_str())
    .bind(account.state.as_str())
    .bind(account.created_at_ms)
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("insert membership of", account.id.as_str(), e))?;
    Ok(())
}

fn identity(row: &AnyRow) -> Result<Identity, AuthError> {
    Ok(Identity {
        account: account(row)?,
        password: value(row, "password")?,
        epoch: value(row, "epoch")?,
    })
}

fn account(row: &AnyRow) -> Result<Account, AuthError> {
    Ok(Account {
        id: parsed(row, "id", AccountId::parse)?,
        tenant: parsed(row, "tenant", TenantId::parse)?,
        email: Email::stored(value(row, "email")?),
        name: value(row, "name")?,
        role: parsed(row, "role", str::parse::<Role>)?,
        state: parsed(row, "state", state)?,
        created_at_ms: value(row, "created_at")?,
    })
}

fn state(text: &str) -> Result<AccountState, AuthError> {
    [AccountState::Active, AccountState::Disabled]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| damaged("state"))
}

#[cfg(test)]
mod tests;
