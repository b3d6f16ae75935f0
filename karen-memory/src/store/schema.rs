//! Tables of the records and of their log.

use karen_sql::Migration;

pub(super) const MIGRATIONS: &[Migration] =
    &[RECORDS, FORGOTTEN, LIFETIMES, INSTRUCTIONS, EMBEDDERS];

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

/// When records hold and what became of them; what was said of one another; what a person wants kept.
const LIFETIMES: Migration = Migration {
    version: 3,
    sqlite: "
        ALTER TABLE memory_records ADD COLUMN agent TEXT;
        ALTER TABLE memory_records ADD COLUMN importance REAL NOT NULL DEFAULT 0.5;
        ALTER TABLE memory_records ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN valid_to INTEGER;
        ALTER TABLE memory_records ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN retired_at INTEGER;
        ALTER TABLE memory_records ADD COLUMN archived_at INTEGER;
        ALTER TABLE memory_records ADD COLUMN superseded_by TEXT;
        ALTER TABLE memory_records ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN used_at INTEGER;
        ALTER TABLE memory_records ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE memory_records ADD COLUMN slot TEXT;
        UPDATE memory_records SET valid_from = at, recorded_at = at;
        CREATE INDEX memory_records_slot ON memory_records (tenant, user_id, slot)
            WHERE slot IS NOT NULL;
        CREATE INDEX memory_records_instruction ON memory_records (tenant, user_id)
            WHERE kind = 'instruction';
        CREATE TABLE memory_versions (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, record_id TEXT NOT NULL,
            version INTEGER NOT NULL, changed_at INTEGER NOT NULL, change TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, record_id, version)) WITHOUT ROWID;
        CREATE TABLE memory_links (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, from_id TEXT NOT NULL,
            to_id TEXT NOT NULL, relation TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, from_id, to_id, relation)) WITHOUT ROWID;
        CREATE INDEX memory_links_to ON memory_links (tenant, user_id, to_id);
        CREATE TABLE memory_consents (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, session TEXT NOT NULL,
            may_remember INTEGER NOT NULL, changed_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, user_id, session)) WITHOUT ROWID;
        CREATE TABLE memory_retention (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, policy TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id)) WITHOUT ROWID;
        CREATE TABLE memory_jobs (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, job TEXT NOT NULL, mark INTEGER NOT NULL,
            PRIMARY KEY (tenant, user_id, job)) WITHOUT ROWID",
    postgres: "
        ALTER TABLE memory_records ADD COLUMN agent TEXT;
        ALTER TABLE memory_records ADD COLUMN importance DOUBLE PRECISION NOT NULL DEFAULT 0.5;
        ALTER TABLE memory_records ADD COLUMN pinned BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN valid_from BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN valid_to BIGINT;
        ALTER TABLE memory_records ADD COLUMN recorded_at BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN retired_at BIGINT;
        ALTER TABLE memory_records ADD COLUMN archived_at BIGINT;
        ALTER TABLE memory_records ADD COLUMN superseded_by TEXT;
        ALTER TABLE memory_records ADD COLUMN uses BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE memory_records ADD COLUMN used_at BIGINT;
        ALTER TABLE memory_records ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE memory_records ADD COLUMN slot TEXT;
        UPDATE memory_records SET valid_from = at, recorded_at = at;
        CREATE INDEX memory_records_slot ON memory_records (tenant, user_id, slot)
            WHERE slot IS NOT NULL;
        CREATE INDEX memory_records_instruction ON memory_records (tenant, user_id)
            WHERE kind = 'instruction';
        CREATE TABLE memory_versions (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, record_id TEXT NOT NULL,
            version BIGINT NOT NULL, changed_at BIGINT NOT NULL, change TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, record_id, version));
        CREATE TABLE memory_links (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, from_id TEXT NOT NULL,
            to_id TEXT NOT NULL, relation TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, from_id, to_id, relation));
        CREATE INDEX memory_links_to ON memory_links (tenant, user_id, to_id);
        CREATE TABLE memory_consents (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, session TEXT NOT NULL,
            may_remember BIGINT NOT NULL, changed_at BIGINT NOT NULL,
            PRIMARY KEY (tenant, user_id, session));
        CREATE TABLE memory_retention (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, policy TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id));
        CREATE TABLE memory_jobs (
            tenant TEXT NOT NULL, user_id TEXT NOT NULL, job TEXT NOT NULL, mark BIGINT NOT NULL,
            PRIMARY KEY (tenant, user_id, job))",
};

/// Instructions in their order: by an index without it SQLite would rather read every record.
const INSTRUCTIONS: Migration = Migration {
    version: 4,
    sqlite: "
        DROP INDEX memory_records_instruction;
        CREATE INDEX memory_records_instruction ON memory_records (tenant, user_id, at, id)
            WHERE kind = 'instruction'",
    postgres: "
        DROP INDEX memory_records_instruction;
        CREATE INDEX memory_records_instruction ON memory_records (tenant, user_id, at, id)
            WHERE kind = 'instruction'",
};

/// What vectors were made with, so that a change of it is noticed.
const EMBEDDERS: Migration = Migration {
    version: 5,
    sqlite: "
        CREATE TABLE memory_embedders (
            id TEXT PRIMARY KEY, dim INTEGER NOT NULL, is_settled INTEGER NOT NULL) WITHOUT ROWID",
    postgres: "
        CREATE TABLE memory_embedders (
            id TEXT PRIMARY KEY, dim BIGINT NOT NULL, is_settled BIGINT NOT NULL)",
};
