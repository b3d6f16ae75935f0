//! Tables of the records and of their log.

use karen_sql::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[RECORDS, FORGOTTEN];

const RECORDS: Migration = Migration {
    version: 1,
    sqlite: "
        CREATE TABLE memory_heads (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, sequence INTEGER NOT NULL,
            PRIMARY KEY (tenant, user_id)) WITHOUT ROWID;
        CREATE TABLE memory_records (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, id TEXT NOT NULL,
            kind TEXT NOT NULL, session TEXT, speaker TEXT NOT NULL, text TEXT NOT NULL,
            caption TEXT, tags TEXT NOT NULL, source TEXT, at INTEGER NOT NULL,
            identity TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, id));
        CREATE UNIQUE INDEX memory_records_identity ON memory_records (tenant, user_id, identity);
        CREATE INDEX memory_records_at ON memory_records (tenant, user_id, at, id);
        CREATE TABLE memory_log (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, sequence INTEGER NOT NULL,
            record_id TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, sequence)) WITHOUT ROWID",
    postgres: "
        CREATE TABLE memory_heads (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, sequence BIGINT NOT NULL,
            PRIMARY KEY (tenant, user_id));
        CREATE TABLE memory_records (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, id TEXT NOT NULL,
            kind TEXT NOT NULL, session TEXT, speaker TEXT NOT NULL, text TEXT NOT NULL,
            caption TEXT, tags TEXT NOT NULL, source TEXT, at BIGINT NOT NULL,
            identity TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, id));
        CREATE UNIQUE INDEX memory_records_identity ON memory_records (tenant, user_id, identity);
        CREATE INDEX memory_records_at ON memory_records (tenant, user_id, at, id);
        CREATE TABLE memory_log (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, sequence BIGINT NOT NULL,
            record_id TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, sequence))",
};

/// Turns that were forgotten, by identity: a source's name, never a word of the text.
const FORGOTTEN: Migration = Migration {
    version: 2,
    sqlite: "
        CREATE TABLE memory_forgotten (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, identity TEXT NOT NULL,
            record_id TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, identity)) WITHOUT ROWID",
    postgres: "
        CREATE TABLE memory_forgotten (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, identity TEXT NOT NULL,
            record_id TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, identity))",
};
