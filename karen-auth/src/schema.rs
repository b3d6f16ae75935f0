//! The tables, all prefixed `auth_`.

use karen_sql::Migration;

/// The component's name in the table of schema versions.
pub(crate) const COMPONENT: &str = "auth";

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
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
}];
