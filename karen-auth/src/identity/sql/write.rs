//! The steps of changes, within their transaction.

use karen_sql::{SqlError, Tx};

use crate::stored::value;
use crate::tenant::no_room;
use crate::{
    Account, AccountId, AuthError, AuthErrorKind, Identity, PasswordChange, TenantId, TokenHash,
};

/// What a member leaves behind in a tenant; the membership last, whose end is the answer.
const LEAVE: &[&str] = &[
    "DELETE FROM auth_sessions WHERE tenant = $1 AND account = $2",
    "DELETE FROM auth_api_keys WHERE tenant = $1 AND account = $2",
    "DELETE FROM auth_one_time WHERE tenant = $1 AND account = $2",
    "DELETE FROM auth_memberships WHERE tenant = $1 AND account = $2",
];
/// What goes with an account that has no tenant left; the account last, which the others ask for.
const FORGET: &[&str] = &[
    "DELETE FROM auth_totp WHERE account = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
    "DELETE FROM auth_recovery_codes WHERE account = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
    "DELETE FROM auth_passwords WHERE account = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
    "DELETE FROM auth_links WHERE account = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
    "DELETE FROM auth_passkeys WHERE account = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
    "DELETE FROM auth_accounts WHERE id = $1
     AND NOT EXISTS (SELECT 1 FROM auth_memberships WHERE account = $1)",
];

pub(super) async fn require_no_account(tx: &mut Tx) -> Result<(), AuthError> {
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
pub(super) async fn take_setup(tx: &mut Tx, hash: &TokenHash) -> Result<(), AuthError> {
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

pub(super) async fn insert(tx: &mut Tx, identity: &Identity) -> Result<(), AuthError> {
    let account = &identity.account;
    let done = sqlx::query(
        "INSERT INTO auth_accounts (id, email, email_verified_at, name, password, epoch, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING",
    )
    .bind(account.id.as_str())
    .bind(account.email.as_str())
    .bind(account.email_verified_at_ms)
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

pub(super) async fn update_password(
    tx: &mut Tx,
    tenant: &TenantId,
    account: &AccountId,
    from: &str,
    to: &str,
) -> Result<bool, AuthError> {
    let done = sqlx::query(
        "UPDATE auth_accounts SET password = $1 WHERE id = $2 AND password = $3
         AND EXISTS (SELECT 1 FROM auth_memberships m WHERE m.tenant = $4 AND m.account = $2)",
    )
    .bind(to)
    .bind(account.as_str())
    .bind(from)
    .bind(tenant.as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("set password of", account.as_str(), e))?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn remember_password(
    tx: &mut Tx,
    account: &AccountId,
    change: PasswordChange<'_>,
) -> Result<(), AuthError> {
    sqlx::query("INSERT INTO auth_passwords (account, hash, replaced_at) VALUES ($1, $2, $3)")
        .bind(account.as_str())
        .bind(change.from)
        .bind(change.at_ms)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("remember password of", account.as_str(), e))?;
    sqlx::query(
        "DELETE FROM auth_passwords WHERE account = $1 AND hash NOT IN (
           SELECT hash FROM auth_passwords WHERE account = $1
           ORDER BY replaced_at DESC LIMIT $2)",
    )
    .bind(account.as_str())
    .bind(i64::from(change.remembered))
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("forget passwords of", account.as_str(), e))?;
    Ok(())
}

pub(super) async fn insert_membership(tx: &mut Tx, account: &Account) -> Result<(), AuthError> {
    require_room(tx, &account.tenant).await?;
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

/// Passes while the tenant's limit has room for one more member.
///
/// The update that changes nothing takes the tenant's row, so that callers at the same time count
/// one after another, on PostgreSQL too.
async fn require_room(tx: &mut Tx, tenant: &TenantId) -> Result<(), AuthError> {
    let of = |e| SqlError::of("count members of", tenant.as_str(), e);
    sqlx::query("UPDATE auth_tenants SET users_max = users_max WHERE id = $1 AND users_max > 0")
        .bind(tenant.as_str())
        .execute(&mut **tx)
        .await
        .map_err(of)?;
    let full = sqlx::query(
        "SELECT t.users_max AS users_max FROM auth_tenants t WHERE t.id = $1 AND t.users_max > 0
         AND (SELECT COUNT(*) FROM auth_memberships m WHERE m.tenant = t.id) >= t.users_max",
    )
    .bind(tenant.as_str())
    .fetch_optional(&mut **tx)
    .await
    .map_err(of)?;
    let Some(full) = full else { return Ok(()) };
    Err(no_room(value(&full, "users_max")?))
}

/// Ends a membership; `false` when it is absent.
pub(super) async fn end_membership(
    tx: &mut Tx,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<bool, AuthError> {
    let mut ended = 0;
    for statement in LEAVE {
        let done = sqlx::query(*statement)
            .bind(tenant.as_str())
            .bind(account.as_str())
            .execute(&mut **tx)
            .await;
        let done = done.map_err(|e| SqlError::of("remove", account.as_str(), e))?;
        ended = done.rows_affected();
    }
    if ended == 1 {
        forget(tx, account).await?;
    }
    Ok(ended == 1)
}

/// Deletes the account if it has no tenant left.
async fn forget(tx: &mut Tx, account: &AccountId) -> Result<(), AuthError> {
    for statement in FORGET {
        let done = sqlx::query(*statement)
            .bind(account.as_str())
            .execute(&mut **tx)
            .await;
        done.map_err(|e| SqlError::of("delete", account.as_str(), e))?;
    }
    Ok(())
}
