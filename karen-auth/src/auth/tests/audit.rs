use async_trait::async_trait;

use super::*;
use crate::{AuditAction, AuditEntry, AuditEvent, Outcome};

/// A log that cannot be written.
struct Full;

#[async_trait]
impl AuditLog for Full {
    async fn append(&self, _: &AuditEvent) -> Result<AuditEntry, AuthError> {
        let reason = "the disk is full";
        Err(AuthError::new(
            AuthErrorKind::Full,
            "write the audit log",
            reason,
        ))
    }

    async fn list(&self, _: &TenantId, _: u64, _: u32) -> Result<Vec<AuditEntry>, AuthError> {
        Ok(Vec::new())
    }
}

/// The same house, whose audit log is full.
async fn with_full_log(house: &House) -> Auth {
    let config = config(&house.database, &house.clock);
    let ports = Ports {
        audit: Arc::new(Full),
        ..house.auth.shared.ports.clone()
    };
    Auth::start(&config, ports).await.expect("start")
}

#[tokio::test]
async fn without_an_entry_no_door_opens() {
    let (house, owner) = owned().await;
    let auth = with_full_log(&house).await;
    let principal = auth
        .authenticate(owner.access.expose())
        .await
        .expect("no event");
    let device = Device::default;
    assert_kind(
        auth.log_in("owner@example.com", PASSWORD, device()).await,
        AuthErrorKind::Full,
    );
    assert_eq!(
        auth.sessions(&principal).await.expect("list").len(),
        1,
        "no session was opened"
    );
    assert_kind(
        auth.register(person("member"), device()).await,
        AuthErrorKind::Full,
    );
    let change = auth
        .change_password(&principal, PASSWORD, "another handful of words")
        .await;
    assert_kind(change, AuthErrorKind::Full);
    house.log_in("owner").await;
    let unborn = house
        .auth
        .log_in("member@example.com", PASSWORD, device())
        .await;
    assert_kind(unborn, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn without_an_entry_a_door_closes_all_the_same() {
    let (house, owner) = owned().await;
    let auth = with_full_log(&house).await;
    let principal = auth
        .authenticate(owner.access.expose())
        .await
        .expect("alive");
    assert_kind(auth.log_out(&principal).await, AuthErrorKind::Full);
    let dead = auth.authenticate(owner.access.expose()).await;
    assert_kind(dead, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn what_happened_is_in_the_log_in_order() {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    let from = Device {
        name: None,
        address: Some("192.0.2.7".parse().expect("an address")),
    };
    let wrong = house
        .auth
        .log_in("owner@example.com", "a wrong guess", from.clone())
        .await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    let nobody = house
        .auth
        .log_in("nobody@example.com", PASSWORD, from.clone())
        .await;
    assert_kind(nobody, AuthErrorKind::Unauthenticated);
    let second = house
        .auth
        .log_in("owner@example.com", PASSWORD, from)
        .await
        .expect("in");
    let second = house.principal(&second).await;
    house.auth.log_out(&second).await.expect("log out");
    let log = house.auth.audit_log(&principal, 1, 100).await.expect("log");
    let what: Vec<_> = log
        .iter()
        .map(|e| (e.event.action, e.event.outcome, e.event.actor.is_some()))
        .collect();
    assert_eq!(
        what,
        [
            (AuditAction::LogIn, Outcome::Refused, true),
            (AuditAction::LogIn, Outcome::Refused, false),
            (AuditAction::LogIn, Outcome::Allowed, true),
            (AuditAction::LogOut, Outcome::Allowed, true),
        ]
    );
    assert!(log[..3].iter().all(|e| e.event.address.is_some()));
    let end = house
        .auth
        .verify_audit_log(&principal)
        .await
        .expect("intact");
    assert_eq!(end.head(), (5, log[3].hash));
}

#[tokio::test]
async fn every_change_to_the_log_is_found() {
    for (tamper, first_bad) in [
        ("UPDATE auth_audit SET outcome = 'allowed' WHERE seq = 3", 3),
        ("UPDATE auth_audit SET at = at + 1 WHERE seq = 2", 2),
        ("UPDATE auth_audit SET actor = NULL WHERE seq = 1", 1),
        (
            "UPDATE auth_audit SET address = '192.0.2.9' WHERE seq = 4",
            4,
        ),
        ("UPDATE auth_audit SET hash = zeroblob(32) WHERE seq = 2", 2),
        ("DELETE FROM auth_audit WHERE seq = 2", 3),
        (
            "UPDATE auth_audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)",
            4,
        ),
    ] {
        let (house, owner) = owned().await;
        let principal = house.principal(&owner).await;
        for _ in 0..4 {
            house.wait(Duration::from_secs(60));
            let device = Device::default();
            let wrong = house
                .auth
                .log_in("owner@example.com", "a wrong guess", device)
                .await;
            assert_kind(wrong, AuthErrorKind::Unauthenticated);
        }
        house
            .auth
            .verify_audit_log(&principal)
            .await
            .expect("intact");
        house.tamper(tamper).await;
        let found = house
            .auth
            .verify_audit_log(&principal)
            .await
            .expect_err(tamper);
        assert_eq!(found.kind(), AuthErrorKind::Corrupt);
        assert!(
            found.to_string().contains(&format!("entry {first_bad} ")),
            "{tamper}: {found}"
        );
    }
}
