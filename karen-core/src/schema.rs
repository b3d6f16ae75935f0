//! The tables of core: conversations, turns, what they used, and what was erased.

use karen_sql::Migration;

pub(crate) const MIGRATIONS: &[Migration] =
    &[FIRST, INSTANCES, ERASURES, CALLS, TENANT_USAGE, KEY_USAGE];

const FIRST: Migration = Migration {
    version: 1,
    sqlite: "
        CREATE TABLE core_conversations (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            title TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL);
        CREATE INDEX core_conversations_recent ON core_conversations (tenant, owner, updated_at);
        CREATE TABLE core_messages (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            conversation TEXT NOT NULL REFERENCES core_conversations (id) ON DELETE CASCADE,
            turn TEXT,
            role TEXT NOT NULL,
            content TEXT NOT NULL,
            state TEXT NOT NULL,
            model TEXT,
            created_at INTEGER NOT NULL,
            remembered INTEGER NOT NULL);
        CREATE INDEX core_messages_conversation ON core_messages (conversation, seq);
        CREATE INDEX core_messages_unremembered ON core_messages (seq) WHERE remembered = 0;
        CREATE TABLE core_turns (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            conversation TEXT NOT NULL,
            message TEXT NOT NULL,
            answer TEXT NOT NULL,
            prompt TEXT NOT NULL,
            remember INTEGER NOT NULL,
            state TEXT NOT NULL,
            created_at INTEGER NOT NULL);
        CREATE INDEX core_turns_running ON core_turns (state) WHERE state = 'running';
        CREATE INDEX core_turns_conversation ON core_turns (conversation);
        CREATE TABLE core_turn_events (
            turn TEXT NOT NULL REFERENCES core_turns (id) ON DELETE CASCADE,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            events TEXT NOT NULL,
            PRIMARY KEY (turn, first)) WITHOUT ROWID;
        CREATE TABLE core_usage (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            turn TEXT NOT NULL,
            at INTEGER NOT NULL,
            model TEXT,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            PRIMARY KEY (tenant, owner, turn));
        CREATE INDEX core_usage_time ON core_usage (tenant, owner, at)",
    postgres: "
        CREATE TABLE core_conversations (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            title TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL);
        CREATE INDEX core_conversations_recent ON core_conversations (tenant, owner, updated_at);
        CREATE TABLE core_messages (
            seq BIGSERIAL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            conversation TEXT NOT NULL REFERENCES core_conversations (id) ON DELETE CASCADE,
            turn TEXT,
            role TEXT NOT NULL,
            content TEXT NOT NULL,
            state TEXT NOT NULL,
            model TEXT,
            created_at BIGINT NOT NULL,
            remembered BIGINT NOT NULL);
        CREATE INDEX core_messages_conversation ON core_messages (conversation, seq);
        CREATE INDEX core_messages_unremembered ON core_messages (seq) WHERE remembered = 0;
        CREATE TABLE core_turns (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            conversation TEXT NOT NULL,
            message TEXT NOT NULL,
            answer TEXT NOT NULL,
            prompt TEXT NOT NULL,
            remember BIGINT NOT NULL,
            state TEXT NOT NULL,
            created_at BIGINT NOT NULL);
        CREATE INDEX core_turns_running ON core_turns (state) WHERE state = 'running';
        CREATE INDEX core_turns_conversation ON core_turns (conversation);
        CREATE TABLE core_turn_events (
            turn TEXT NOT NULL REFERENCES core_turns (id) ON DELETE CASCADE,
            first BIGINT NOT NULL,
            last BIGINT NOT NULL,
            events TEXT NOT NULL,
            PRIMARY KEY (turn, first));
        CREATE TABLE core_usage (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            turn TEXT NOT NULL,
            at BIGINT NOT NULL,
            model TEXT,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            PRIMARY KEY (tenant, owner, turn));
        CREATE INDEX core_usage_time ON core_usage (tenant, owner, at)",
};

/// Which programs share the database, and which of them runs a turn.
const INSTANCES: Migration = Migration {
    version: 2,
    sqlite: "
        CREATE TABLE core_instances (id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
        ALTER TABLE core_turns ADD COLUMN instance TEXT NOT NULL DEFAULT ''",
    postgres: "
        CREATE TABLE core_instances (id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL);
        ALTER TABLE core_turns ADD COLUMN instance TEXT NOT NULL DEFAULT ''",
};

/// What was asked to be erased, until it is, and the receipts.
const ERASURES: Migration = Migration {
    version: 3,
    sqlite: "
        CREATE TABLE core_erasures (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            account TEXT,
            home TEXT NOT NULL,
            asked_by TEXT NOT NULL,
            asked_at INTEGER NOT NULL,
            erased TEXT,
            receipt TEXT);
        CREATE INDEX core_erasures_home ON core_erasures (home, id);
        CREATE INDEX core_erasures_open ON core_erasures (id) WHERE receipt IS NULL",
    postgres: "
        CREATE TABLE core_erasures (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            account TEXT,
            home TEXT NOT NULL,
            asked_by TEXT NOT NULL,
            asked_at BIGINT NOT NULL,
            erased TEXT,
            receipt TEXT);
        CREATE INDEX core_erasures_home ON core_erasures (home, id);
        CREATE INDEX core_erasures_open ON core_erasures (id) WHERE receipt IS NULL",
};

/// Calls that are made once however often they are sent, and their answers, encrypted.
const CALLS: Migration = Migration {
    version: 4,
    sqlite: "
        CREATE TABLE core_calls (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            begun_at INTEGER NOT NULL,
            answer BLOB,
            PRIMARY KEY (tenant, owner, name));
        CREATE INDEX core_calls_time ON core_calls (begun_at)",
    postgres: "
        CREATE TABLE core_calls (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            begun_at BIGINT NOT NULL,
            answer BYTEA,
            PRIMARY KEY (tenant, owner, name));
        CREATE INDEX core_calls_time ON core_calls (begun_at)",
};

/// Sums of a whole tenant, without a look at what lies before them.
const TENANT_USAGE: Migration = Migration {
    version: 5,
    sqlite: "CREATE INDEX core_usage_tenant ON core_usage (tenant, at)",
    postgres: "CREATE INDEX core_usage_tenant ON core_usage (tenant, at)",
};

/// Sums of money, and of an API key.
const KEY_USAGE: Migration = Migration {
    version: 6,
    sqlite: "
        ALTER TABLE core_usage ADD COLUMN api_key TEXT;
        ALTER TABLE core_usage ADD COLUMN cost_micros INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX core_usage_key ON core_usage (tenant, api_key, at)",
    postgres: "
        ALTER TABLE core_usage ADD COLUMN api_key TEXT;
        ALTER TABLE core_usage ADD COLUMN cost_micros BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX core_usage_key ON core_usage (tenant, api_key, at)",
};
