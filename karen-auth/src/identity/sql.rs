//! Tenants and accounts in SQL.

mod read;
mod write;

use async_trait::async_trait;
use karen_sql::{Database, SqlError};

use read::{account, identity, members};
use write::{
    end_membership, insert, insert_membership, remember_password, require_no_account, take_setup,
    update_password,
};

use super::{Identity, IdentityStore, PasswordChange};
use crate::stored::{parsed, value};
use crate::{
    Account, AccountId, AccountState, AuthError, Email, Page, Role, RoleName, TenantId, TokenHash,
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
        let row = sqlx::query(members!(
            "WHERE a.email = $1 ORDER BY
               CASE WHEN m.state = 'active' AND COALESCE(t.state, 'active') = 'active'
               THEN 0 ELSE 1 END, m.created_at, m.tenant LIMIT 1"
        ))
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
        let row = sqlx::query(members!("WHERE m.tenant = $1 AND m.account = $2"))
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
        let rows = sqlx::query(members!(
            "WHERE m.tenant = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"
        ))
        .bind(tenant.as_str())
        .bind(page.after.map_or("", AccountId::as_str))
        .bind(page.rows())
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "accounts", e))?;
        rows.iter().map(account).collect()
    }

    async fn count(&self, tenant: &TenantId) -> Result<u64, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT COUNT(*) AS members FROM auth_memberships WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(&mut *reader)
            .await
            .map_err(|e| SqlError::of("count", "accounts", e))?;
        let members: i64 = value(&row, "members")?;
        Ok(u64::try_from(members).unwrap_or(0))
    }

    async fn list_from(
        &self,
        tenant: &TenantId,
        skipped: u32,
        limit: u32,
    ) -> Result<Vec<Account>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(members!(
            "WHERE m.tenant = $1 ORDER BY a.id LIMIT $2 OFFSET $3"
        ))
        .bind(tenant.as_str())
        .bind(i64::from(limit))
        .bind(i64::from(skipped))
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
        let is_set = update_password(&mut tx, tenant, account, from, to).await?;
        tx.commit().await?;
        Ok(is_set)
    }

    async fn replace_password(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        change: PasswordChange<'_>,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        if !update_password(&mut tx, tenant, account, change.from, change.to).await? {
            return Ok(false);
        }
        remember_password(&mut tx, account, change).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn earlier_passwords(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<String>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT hash FROM auth_passwords WHERE account = $1 ORDER BY replaced_at DESC LIMIT $2",
        )
        .bind(account.as_str())
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list passwords of", account.as_str(), e))?;
        rows.iter().map(|row| value(row, "hash")).collect()
    }

    async fn set_email(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        from: &Email,
        to: &Email,
        verified_at_ms: i64,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_accounts SET email = $1, email_verified_at = $2
             WHERE id = $3 AND email = $4
             AND EXISTS (SELECT 1 FROM auth_memberships m WHERE m.tenant = $5 AND m.account = $3)",
        )
        .bind(to.as_str())
        .bind(verified_at_ms)
        .bind(account.as_str())
        .bind(from.as_str())
        .bind(tenant.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("set email of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn rewrite(&self, seen: &Account, email: &Email, name: &str) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_accounts SET email = $1, name = $2,
               email_verified_at = CASE WHEN email = $1 THEN email_verified_at ELSE NULL END
             WHERE id = $3 AND email = $4 AND name = $5
             AND EXISTS (SELECT 1 FROM auth_memberships m WHERE m.tenant = $6 AND m.account = $3)",
        )
        .bind(email.as_str())
        .bind(name)
        .bind(seen.id.as_str())
        .bind(seen.email.as_str())
        .bind(seen.name.as_str())
        .bind(seen.tenant.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("rewrite", seen.id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn join(&self, account: &Account) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        insert_membership(&mut tx, account).await?;
        Ok(tx.commit().await?)
    }

    async fn tenants_of(&self, account: &AccountId) -> Result<Vec<TenantId>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT tenant FROM auth_memberships WHERE account = $1 ORDER BY created_at, tenant",
        )
        .bind(account.as_str())
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list tenants of", account.as_str(), e))?;
        let tenant = |row| parsed(row, "tenant", TenantId::parse);
        rows.iter().map(tenant).collect()
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

    async fn set_role(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        role: Role,
        custom: Option<&RoleName>,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_memberships SET role = $1, custom_role = $2
             WHERE tenant = $3 AND account = $4",
        )
        .bind(role.as_str())
        .bind(custom.map(RoleName::as_str))
        .bind(tenant.as_str())
        .bind(account.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("set role of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn change_role(
        &self,
        seen: &Account,
        role: Role,
        custom: Option<&RoleName>,
    ) -> Result<bool, AuthError> {
        let own_role = seen.custom_role.as_ref().map(|role| role.name.as_str());
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_memberships SET role = $1, custom_role = $2
             WHERE tenant = $3 AND account = $4 AND role = $5 AND COALESCE(custom_role, '') = $6
             AND state = $7 AND EXISTS (SELECT 1 FROM auth_accounts a
               WHERE a.id = $4 AND a.email = $8 AND a.name = $9)",
        )
        .bind(role.as_str())
        .bind(custom.map(RoleName::as_str))
        .bind(seen.tenant.as_str())
        .bind(seen.id.as_str())
        .bind(seen.role.as_str())
        .bind(own_role.unwrap_or_default())
        .bind(seen.state.as_str())
        .bind(seen.email.as_str())
        .bind(seen.name.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("change role of", seen.id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn leave(&self, tenant: &TenantId, account: &AccountId) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let has_left = end_membership(&mut tx, tenant, account).await?;
        tx.commit().await?;
        Ok(has_left)
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

#[cfg(test)]
mod tests;
