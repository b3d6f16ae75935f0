//! Verifying an audit log: every hash of a long log on disk, from its first entry to its last.

use std::time::Instant;

use karen_core::Principal;
use karen_core::auth::{
    AuditAction, AuditChain, AuditEntry, AuditEvent, Auth, AuthConfig, Outcome, SigningSecret,
    TenantId,
};
use karen_sql::{Database, Location};
use serde::Serialize;

use crate::{Result, load, print};

/// Entries in one transaction.
const BATCH: u64 = 50_000;

#[derive(Serialize)]
struct Row {
    entries: u64,
    seconds: f64,
    us_per_entry: f64,
    load: f64,
}

pub(crate) async fn run(entries: u64, rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = Location::File(folder.path().join("audit.db"));
    let database = Database::open(file).await?;
    let auth = Auth::open(AuthConfig::new(database.clone(), SigningSecret::random())).await?;
    write(&database, entries).await?;
    for _ in 0..rounds {
        let started = Instant::now();
        let chain = auth.verify_audit_log(&Principal::local(), &[]).await?;
        let seconds = started.elapsed().as_secs_f64();
        assert_eq!(chain.head().0, entries, "all of them");
        print(&Row {
            entries,
            seconds,
            us_per_entry: seconds * 1e6 / entries as f64,
            load: load(),
        });
    }
    Ok(())
}

/// As the log itself writes them, but for a sync after each.
async fn write(database: &Database, entries: u64) -> Result<()> {
    let mut chain = AuditChain::default();
    let mut written = 0;
    while written < entries {
        let mut tx = database.write().await?;
        for _ in 0..BATCH.min(entries - written) {
            let entry = chain.link(event(written));
            assert!(chain.step(&entry), "it was linked");
            insert(&mut tx, &entry).await?;
            written += 1;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn event(number: u64) -> AuditEvent {
    AuditEvent {
        tenant: TenantId::default(),
        at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap_or_default(),
        action: AuditAction::LogIn,
        outcome: Outcome::Allowed,
        actor: Some(karen_core::auth::AccountId::local()),
        subject: Some(format!("ses_{number:032x}")),
        address: Some(std::net::IpAddr::from([192, 0, 2, 7])),
    }
}

async fn insert(tx: &mut karen_sql::Tx, entry: &AuditEntry) -> Result<()> {
    let event = &entry.event;
    sqlx::query(
        "INSERT INTO auth_audit (tenant, seq, at, action, outcome, actor, subject, address, hash)
         VALUES ($1, $2, $3, $4, $5, 'local', $6, '192.0.2.7', $7)",
    )
    .bind(event.tenant.as_str())
    .bind(i64::try_from(entry.seq)?)
    .bind(event.at_ms)
    .bind(event.action.as_str())
    .bind(event.outcome.as_str())
    .bind(event.subject.as_deref())
    .bind(&entry.hash[..])
    .execute(&mut **tx)
    .await?;
    Ok(())
}
