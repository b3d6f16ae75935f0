//! The tables, all prefixed `auth_`.

use karen_sql::Migration;

/// The component's name in the table of schema versions.
pub(crate) const COMPONENT: &str = "auth";

pub(crate) const MIGRATIONS: &[Migration] = &[
    ACCOUNTS,
    SIGNING_KEYS,
    SECOND_FACTORS,
    MAIL,
    PASSWORDS,
    TENANTS,
    AUDIT_CUTS,
    LINKS,
    TENANT_LIMITS,
    PASSKEYS,
    USE_LIMITS,
    PLANS,
];

const ACCOUNTS: Migration = Migration {
    version: 1,
    sqlite: "
        CREATE TABLE auth_tenants (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL);
        CREATE TABLE auth_accounts (
            id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            password TEXT NOT NULL, epoch INTEGER NOT NULL, created_at INTEGER NOT NULL);
        CREATE TABLE auth_memberships (
            tenant TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL,
            created_at INTEGER NOT NULL, PRIMARY KEY (tenant, account));
        CREATE INDEX auth_memberships_account ON auth_memberships (account, created_at);
        CREATE TABLE auth_setup (
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL, created_at INTEGER NOT NULL);
        CREATE TABLE auth_sessions (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, key BLOB NOT NULL,
            counter INTEGER NOT NULL, device TEXT, address TEXT, created_at INTEGER NOT NULL,
            refreshed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
        CREATE INDEX auth_sessions_account ON auth_sessions (tenant, account, created_at);
        CREATE TABLE auth_api_keys (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL,
            prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, permissions TEXT NOT NULL,
            created_at INTEGER NOT NULL, last_used_at INTEGER, expires_at INTEGER);
        CREATE INDEX auth_api_keys_account ON auth_api_keys (tenant, account, created_at);
        CREATE TABLE auth_audit (
            tenant TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, action TEXT NOT NULL,
            outcome TEXT NOT NULL, actor TEXT, subject TEXT, address TEXT, hash BLOB NOT NULL,
            PRIMARY KEY (tenant, seq))",
    postgres: "
        CREATE TABLE auth_tenants (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at BIGINT NOT NULL);
        CREATE TABLE auth_accounts (
            id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            password TEXT NOT NULL, epoch BIGINT NOT NULL, created_at BIGINT NOT NULL);
        CREATE TABLE auth_memberships (
            tenant TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL,
            created_at BIGINT NOT NULL, PRIMARY KEY (tenant, account));
        CREATE INDEX auth_memberships_account ON auth_memberships (account, created_at);
        CREATE TABLE auth_setup (
            id BIGINT PRIMARY KEY, hash BYTEA NOT NULL, created_at BIGINT NOT NULL);
        CREATE TABLE auth_sessions (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, key BYTEA NOT NULL,
            counter BIGINT NOT NULL, device TEXT, address TEXT, created_at BIGINT NOT NULL,
            refreshed_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
        CREATE INDEX auth_sessions_account ON auth_sessions (tenant, account, created_at);
        CREATE TABLE auth_api_keys (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL,
            prefix TEXT NOT NULL, hash BYTEA NOT NULL UNIQUE, permissions TEXT NOT NULL,
            created_at BIGINT NOT NULL, last_used_at BIGINT, expires_at BIGINT);
        CREATE INDEX auth_api_keys_account ON auth_api_keys (tenant, account, created_at);
        CREATE TABLE auth_audit (
            tenant TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, action TEXT NOT NULL,
            outcome TEXT NOT NULL, actor TEXT, subject TEXT, address TEXT, hash BYTEA NOT NULL,
            PRIMARY KEY (tenant, seq))",
};

const SIGNING_KEYS: Migration = Migration {
    version: 2,
    sqlite: "
        CREATE TABLE auth_signing_keys (
            seq INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL,
            created_at INTEGER NOT NULL, until INTEGER)",
    postgres: "
        CREATE TABLE auth_signing_keys (
            seq BIGINT PRIMARY KEY, kid TEXT NOT NULL UNIQUE, sealed BYTEA NOT NULL,
            created_at BIGINT NOT NULL, until BIGINT)",
};

const SECOND_FACTORS: Migration = Migration {
    version: 3,
    sqlite: "
        ALTER TABLE auth_sessions ADD COLUMN authenticated_at INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE auth_totp (
            account TEXT PRIMARY KEY, sealed BLOB NOT NULL, created_at INTEGER NOT NULL,
            confirmed_at INTEGER, last_step INTEGER NOT NULL);
        CREATE TABLE auth_recovery_codes (
            account TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (account, hash));
        CREATE TABLE auth_one_time (
            id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, purpose TEXT NOT NULL,
            tenant TEXT NOT NULL, account TEXT, detail TEXT NOT NULL, tries INTEGER NOT NULL,
            created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
        CREATE INDEX auth_one_time_tenant ON auth_one_time (tenant, purpose, id);
        CREATE INDEX auth_one_time_account ON auth_one_time (account, purpose)",
    postgres: "
        ALTER TABLE auth_sessions ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0;
        CREATE TABLE auth_totp (
            account TEXT PRIMARY KEY, sealed BYTEA NOT NULL, created_at BIGINT NOT NULL,
            confirmed_at BIGINT, last_step BIGINT NOT NULL);
        CREATE TABLE auth_recovery_codes (
            account TEXT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (account, hash));
        CREATE TABLE auth_one_time (
            id TEXT PRIMARY KEY, hash BYTEA NOT NULL UNIQUE, purpose TEXT NOT NULL,
            tenant TEXT NOT NULL, account TEXT, detail TEXT NOT NULL, tries BIGINT NOT NULL,
            created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
        CREATE INDEX auth_one_time_tenant ON auth_one_time (tenant, purpose, id);
        CREATE INDEX auth_one_time_account ON auth_one_time (account, purpose)",
};

const MAIL: Migration = Migration {
    version: 4,
    sqlite: "
        ALTER TABLE auth_accounts ADD COLUMN email_verified_at INTEGER;
        CREATE TABLE auth_mail (
            id TEXT PRIMARY KEY, sealed BLOB NOT NULL, claims INTEGER NOT NULL,
            due_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
        CREATE INDEX auth_mail_due ON auth_mail (due_at, id)",
    postgres: "
        ALTER TABLE auth_accounts ADD COLUMN email_verified_at BIGINT;
        CREATE TABLE auth_mail (
            id TEXT PRIMARY KEY, sealed BYTEA NOT NULL, claims BIGINT NOT NULL,
            due_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
        CREATE INDEX auth_mail_due ON auth_mail (due_at, id)",
};

const PASSWORDS: Migration = Migration {
    version: 5,
    sqlite: "
        CREATE TABLE auth_passwords (
            account TEXT NOT NULL, hash TEXT NOT NULL, replaced_at INTEGER NOT NULL,
            PRIMARY KEY (account, hash))",
    postgres: "
        CREATE TABLE auth_passwords (
            account TEXT NOT NULL, hash TEXT NOT NULL, replaced_at BIGINT NOT NULL,
            PRIMARY KEY (account, hash))",
};

const TENANTS: Migration = Migration {
    version: 6,
    sqlite: "
        ALTER TABLE auth_tenants ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
        ALTER TABLE auth_memberships ADD COLUMN custom_role TEXT;
        CREATE TABLE auth_roles (
            tenant TEXT NOT NULL, name TEXT NOT NULL, permissions TEXT NOT NULL,
            PRIMARY KEY (tenant, name))",
    postgres: "
        ALTER TABLE auth_tenants ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
        ALTER TABLE auth_memberships ADD COLUMN custom_role TEXT;
        CREATE TABLE auth_roles (
            tenant TEXT NOT NULL, name TEXT NOT NULL, permissions TEXT NOT NULL,
            PRIMARY KEY (tenant, name))",
};

const AUDIT_CUTS: Migration = Migration {
    version: 7,
    sqlite: "
        CREATE TABLE auth_audit_cuts (tenant TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)",
    postgres: "
        CREATE TABLE auth_audit_cuts (tenant TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)",
};

const LINKS: Migration = Migration {
    version: 8,
    sqlite: "
        CREATE TABLE auth_links (
            issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
            created_at INTEGER NOT NULL, PRIMARY KEY (issuer, subject), UNIQUE (account, issuer))",
    postgres: "
        CREATE TABLE auth_links (
            issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
            created_at BIGINT NOT NULL, PRIMARY KEY (issuer, subject), UNIQUE (account, issuer))",
};

const TENANT_LIMITS: Migration = Migration {
    version: 9,
    sqlite: "
        ALTER TABLE auth_tenants ADD COLUMN users_max INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN tokens_per_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN tokens_per_month INTEGER NOT NULL DEFAULT 0",
    postgres: "
        ALTER TABLE auth_tenants ADD COLUMN users_max BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN tokens_per_day BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN tokens_per_month BIGINT NOT NULL DEFAULT 0",
};

const PASSKEYS: Migration = Migration {
    version: 10,
    sqlite: "
        CREATE TABLE auth_passkeys (
            id TEXT PRIMARY KEY, account TEXT NOT NULL, credential BLOB NOT NULL UNIQUE,
            public_key BLOB NOT NULL, counter INTEGER NOT NULL, name TEXT NOT NULL,
            transports TEXT NOT NULL, backup_eligible INTEGER NOT NULL,
            backed_up INTEGER NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER);
        CREATE INDEX auth_passkeys_account ON auth_passkeys (account, created_at)",
    postgres: "
        CREATE TABLE auth_passkeys (
            id TEXT PRIMARY KEY, account TEXT NOT NULL, credential BYTEA NOT NULL UNIQUE,
            public_key BYTEA NOT NULL, counter BIGINT NOT NULL, name TEXT NOT NULL,
            transports TEXT NOT NULL, backup_eligible BIGINT NOT NULL,
            backed_up BIGINT NOT NULL, created_at BIGINT NOT NULL, used_at BIGINT);
        CREATE INDEX auth_passkeys_account ON auth_passkeys (account, created_at)",
};

const USE_LIMITS: Migration = Migration {
    version: 11,
    sqlite: "
        ALTER TABLE auth_tenants ADD COLUMN cost_per_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN cost_per_month INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN tokens_per_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN tokens_per_month INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN cost_per_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN cost_per_month INTEGER NOT NULL DEFAULT 0",
    postgres: "
        ALTER TABLE auth_tenants ADD COLUMN cost_per_day BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN cost_per_month BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN tokens_per_day BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN tokens_per_month BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN cost_per_day BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_api_keys ADD COLUMN cost_per_month BIGINT NOT NULL DEFAULT 0",
};

const PLANS: Migration = Migration {
    version: 12,
    sqlite: "
        ALTER TABLE auth_tenants ADD COLUMN requests_per_minute INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN storage_mib INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN plan TEXT",
    postgres: "
        ALTER TABLE auth_tenants ADD COLUMN requests_per_minute BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN storage_mib BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE auth_tenants ADD COLUMN plan TEXT",
};

#[cfg(test)]
mod tests {
    use karen_sql::{Database, Location};

    use super::*;
    use crate::{
        Email, IdentityStore, Role, SessionId, SessionStore, SqlIdentityStore, SqlSessionStore,
    };

    /// What the first version wrote, as it wrote it.
    const FIRST: &[&str] = &[
        "INSERT INTO auth_tenants (id, name, created_at) VALUES ('default', 'default', 1)",
        "INSERT INTO auth_accounts (id, email, name, password, epoch, created_at)
         VALUES ('usr_00000000000000000000000000000001', 'ada@example.com', 'Ada', '$a', 3, 1)",
        "INSERT INTO auth_memberships (tenant, account, role, state, created_at)
         VALUES ('default', 'usr_00000000000000000000000000000001', 'owner', 'active', 1)",
        "INSERT INTO auth_sessions (id, tenant, account, key, counter, created_at, refreshed_at,
                                    expires_at)
         VALUES ('ses_00000000000000000000000000000002', 'default',
                 'usr_00000000000000000000000000000001', zeroblob(32), 7, 1, 2, 9)",
    ];

    #[tokio::test]
    async fn a_database_of_the_first_version_keeps_what_it_has() {
        let database = Database::open(Location::Memory).await.expect("memory");
        database
            .migrate(COMPONENT, &MIGRATIONS[..1])
            .await
            .expect("the first");
        let mut tx = database.write().await.expect("write");
        for statement in FIRST {
            sqlx::query(*statement)
                .execute(&mut *tx)
                .await
                .expect("a row");
        }
        tx.commit().await.expect("commit");
        crate::migrate(&database).await.expect("the others");
        let email = Email::parse("ada@example.com").expect("an address");
        let found = SqlIdentityStore::new(database.clone())
            .find_by_email(&email)
            .await;
        let identity = found.expect("find").expect("it exists");
        assert!(identity.is_active() && identity.account.email_verified_at_ms.is_none());
        assert_eq!((identity.account.role, identity.epoch), (Role::Owner, 3));
        let session = SessionId::parse("ses_00000000000000000000000000000002").expect("an id");
        let found = SqlSessionStore::new(database).find(&session).await;
        let session = found.expect("find").expect("it lives");
        assert_eq!((session.counter, session.authenticated_at_ms), (7, 0));
    }
}
