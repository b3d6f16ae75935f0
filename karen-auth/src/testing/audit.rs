//! What every audit log owes.

use std::sync::Arc;

use crate::audit::CheckpointSigner;
use crate::testing::at_once;
use crate::{
    AccountId, AuditAction, AuditChain, AuditEvent, AuditLog, Outcome, SigningSecret, TenantId,
};

/// Runs the contract of [`AuditLog`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn audit_log(log: Arc<dyn AuditLog>) {
    keeps_what_it_is_given(&*log).await;
    chains_what_comes_at_once(&log).await;
    keeps_tenants_apart(&*log).await;
    finds_what_is_about_an_account(&*log).await;
    goes_on_from_where_it_was_cut(&*log).await;
}

fn event(tenant: &TenantId, at_ms: i64) -> AuditEvent {
    AuditEvent {
        tenant: tenant.clone(),
        at_ms,
        action: AuditAction::LogIn,
        outcome: Outcome::Refused,
        actor: Some(AccountId::random()),
        subject: Some("ses_x".to_owned()),
        address: Some("192.0.2.7".parse().expect("an address")),
    }
}

async fn keeps_what_it_is_given(log: &dyn AuditLog) {
    let tenant = TenantId::random();
    let full = event(&tenant, 1);
    let bare = AuditEvent {
        actor: None,
        subject: None,
        address: None,
        ..event(&tenant, 2)
    };
    let first = log.append(&full).await.expect("append");
    let second = log.append(&bare).await.expect("append");
    assert_eq!((first.seq, second.seq), (1, 2), "numbered from 1");
    assert_eq!((&first.event, &second.event), (&full, &bare));
    let listed = log.list(&tenant, 0, 10).await.expect("list");
    assert_eq!(listed, [first, second.clone()]);
    assert_eq!(
        log.list(&tenant, 1, 10).await.expect("list"),
        [second],
        "after the first"
    );
    assert_eq!(
        log.list(&tenant, 0, 1).await.expect("list").len(),
        1,
        "no more than asked for"
    );
}

async fn chains_what_comes_at_once(log: &Arc<dyn AuditLog>) {
    let tenant = TenantId::random();
    at_once(16, || {
        let (log, event) = (Arc::clone(log), event(&tenant, 3));
        async move { log.append(&event).await.expect("append") }
    })
    .await;
    let entries = log.list(&tenant, 0, 100).await.expect("list");
    assert_eq!(entries.len(), 16);
    let mut chain = AuditChain::default();
    for entry in &entries {
        assert!(
            chain.step(entry),
            "entry {} follows the one before it",
            entry.seq
        );
    }
}

async fn keeps_tenants_apart(log: &dyn AuditLog) {
    let (tenant, elsewhere) = (TenantId::random(), TenantId::random());
    log.append(&event(&tenant, 1)).await.expect("append");
    let entry = log.append(&event(&elsewhere, 1)).await.expect("append");
    assert_eq!(entry.seq, 1, "a chain a tenant");
    assert_eq!(log.list(&elsewhere, 0, 10).await.expect("list"), [entry]);
}

async fn finds_what_is_about_an_account(log: &dyn AuditLog) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let by_them = AuditEvent {
        actor: Some(account.clone()),
        ..event(&tenant, 1)
    };
    let to_them = AuditEvent {
        subject: Some(account.to_string()),
        ..event(&tenant, 2)
    };
    let first = log.append(&by_them).await.expect("append");
    log.append(&event(&tenant, 3)).await.expect("append");
    let last = log.append(&to_them).await.expect("append");
    let about = async |tenant: &TenantId, after| {
        let found = log.about(tenant, &account, after, 10).await;
        found.expect("list")
    };
    assert_eq!(about(&tenant, 0).await, [first.clone(), last.clone()]);
    assert_eq!(about(&tenant, first.seq).await, [last], "after the first");
    assert!(about(&TenantId::random(), 0).await.is_empty());
}

async fn goes_on_from_where_it_was_cut(log: &dyn AuditLog) {
    let tenant = TenantId::random();
    let mut entries = Vec::new();
    for at_ms in [1, 2, 9, 4] {
        entries.push(log.append(&event(&tenant, at_ms)).await.expect("append"));
    }
    let old = async |before| log.last_before(&tenant, before).await.expect("asked");
    assert_eq!((old(1).await, old(3).await), (None, Some(2)));
    assert_eq!(old(5).await, Some(2), "what follows a younger one stays");
    assert_eq!(old(10).await, Some(4));
    let begins = async || log.begins_after(&tenant).await.expect("asked");
    assert_eq!(begins().await, None);
    let signer = CheckpointSigner::new(&SigningSecret::random(), &[]);
    for (cut, left) in [(1, 2..4), (3, 4..4)] {
        let at = &entries[cut];
        let checkpoint = signer.sign(&tenant, (at.seq, at.hash), 10);
        log.cut(&checkpoint).await.expect("cut");
        assert_eq!(begins().await, Some(checkpoint));
        assert_eq!(log.list(&tenant, 0, 10).await.expect("list"), entries[left]);
    }
    let next = log.append(&event(&tenant, 11)).await.expect("append");
    let mut chain = AuditChain::resume(4, entries[3].hash);
    assert!(chain.step(&next), "the chain goes on");
}
