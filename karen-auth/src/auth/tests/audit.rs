use async_trait::async_trait;

use super::*;
use crate::audit::CheckpointSigner;
use crate::{AccountId, AuditAction, AuditChain, AuditCheckpoint, AuditEntry, AuditEvent, Outcome};

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

    async fn about(
        &self,
        _: &TenantId,
        _: &AccountId,
        _: u64,
        _: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        Ok(Vec::new())
    }

    async fn last_before(&self, _: &TenantId, _: i64) -> Result<Option<u64>, AuthError> {
        Ok(None)
    }

    async fn cut(&self, _: &AuditCheckpoint) -> Result<(), AuthError> {
        Ok(())
    }

    async fn begins_after(&self, _: &TenantId) -> Result<Option<AuditCheckpoint>, AuthError> {
        Ok(None)
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
        known: None,
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
        .verify_audit_log(&principal, &[])
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
            .verify_audit_log(&principal, &[])
            .await
            .expect("intact");
        house.tamper(tamper).await;
        let found = house
            .auth
            .verify_audit_log(&principal, &[])
            .await
            .expect_err(tamper);
        assert_eq!(found.kind(), AuthErrorKind::Corrupt);
        assert!(
            found.to_string().contains(&format!("entry {first_bad} ")),
            "{tamper}: {found}"
        );
    }
}

/// A house in whose log something has happened `events` times since it was set up.
async fn eventful(events: usize) -> (House, Principal) {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    for _ in 0..events {
        house.log_in("owner").await;
        house.wait(Duration::from_secs(60));
    }
    (house, principal)
}

#[tokio::test]
async fn a_log_that_was_cut_off_is_found_by_a_checkpoint_that_was_kept() {
    let (house, principal) = eventful(3).await;
    let kept = house
        .auth
        .audit_checkpoint(&principal)
        .await
        .expect("signed");
    let verify = async |kept: &[AuditCheckpoint]| {
        let verified = house.auth.verify_audit_log(&principal, kept).await;
        verified
            .map(|chain| chain.head())
            .map_err(|e| (e.kind(), e.to_string()))
    };
    let kept = [kept];
    verify(&kept).await.expect("whole");
    house.log_in("owner").await;
    verify(&kept).await.expect("it went on");
    house.tamper("DELETE FROM auth_audit WHERE seq > 3").await;
    verify(&[]).await.expect("alone, a log cannot tell");
    let (kind, why) = verify(&kept).await.expect_err("cut off");
    assert_eq!(kind, AuthErrorKind::Corrupt);
    assert!(why.contains("entry 4 was signed and is gone"), "{why}");
    house.log_in("owner").await;
    let (_, why) = verify(&kept).await.expect_err("written anew");
    assert!(
        why.contains("entry 4 is not the one that was signed"),
        "{why}"
    );
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_rest_is_still_verified() {
    let (house, principal) = eventful(5).await;
    let kept = house
        .auth
        .audit_checkpoint(&principal)
        .await
        .expect("signed");
    let config = AuthConfig {
        audit_retention: Some(Duration::from_secs(150)),
        ..config(&house.database, &house.clock)
    };
    let auth = Auth::open(config).await.expect("open");
    auth.tend().await.expect("tended");
    let left = auth.audit_log(&principal, 0, 100).await.expect("log");
    let numbers: Vec<u64> = left.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, [5, 6], "of the last 150 seconds");
    let verified = auth.verify_audit_log(&principal, &[kept]).await;
    assert_eq!(verified.expect("whole").head().0, 6);
    house.wait(Duration::from_secs(3600));
    auth.tend().await.expect("tended");
    house.log_in("owner").await;
    let verified = auth.verify_audit_log(&principal, &[]).await;
    assert_eq!(verified.expect("whole").head().0, 7, "numbers go on");
    house.tamper("DELETE FROM auth_audit_cuts").await;
    let cut = auth.verify_audit_log(&principal, &[]).await;
    assert_kind(cut, AuthErrorKind::Corrupt);
}

#[tokio::test]
async fn a_log_that_was_tampered_with_is_not_shortened() {
    let (house, _) = eventful(3).await;
    let config = AuthConfig {
        audit_retention: Some(Duration::from_secs(1)),
        ..config(&house.database, &house.clock)
    };
    let auth = Auth::open(config).await.expect("open");
    house
        .tamper("UPDATE auth_audit SET at = at - 1 WHERE seq = 2")
        .await;
    assert_kind(auth.tend().await, AuthErrorKind::Corrupt);
    let left = auth.audit_log(&Principal::local(), 0, 100).await;
    assert_eq!(left.expect("log").len(), 4);
}

#[tokio::test]
async fn a_log_that_begins_at_a_forged_checkpoint_is_found() {
    let (house, principal) = eventful(3).await;
    let entries = house.auth.audit_log(&principal, 0, 10).await.expect("log");
    let forger = CheckpointSigner::new(&SigningSecret::random(), &[]);
    let head = (entries[1].seq, entries[1].hash);
    let forged = forger.sign(principal.tenant(), head, 0);
    house
        .auth
        .shared
        .ports
        .audit
        .cut(&forged)
        .await
        .expect("cut");
    let found = house.auth.verify_audit_log(&principal, &[]).await;
    assert_kind(found, AuthErrorKind::Corrupt);
}

/// Changes to a log of so many rows, each of which is to be found.
const ROWS: u64 = 500;
const CHANGES: u64 = 60;
const ROWS_TO_PROVE: u64 = 10_000;
const CHANGES_TO_PROVE: u64 = 10_000;

/// A random change of one entry, or of the order of two.
fn change(entries: &mut Vec<AuditEntry>, random: &mut impl rand::RngExt) {
    let place = random.random_range(0..entries.len() - 1);
    let entry = &mut entries[place];
    match random.random_range(0..9) {
        0 => entry.event.at_ms ^= 1 << random.random_range(0..40),
        1 => entry.event.action = AuditAction::SetUp,
        2 => entry.event.outcome = Outcome::Refused,
        3 => entry.event.actor = Some(AccountId::random()),
        4 => entry.event.subject = None,
        5 => entry.event.address = Some(std::net::IpAddr::from([192, 0, 2, random.random()])),
        6 => entry.hash[random.random_range(0..32)] ^= 1 << random.random_range(0..8),
        7 => drop(entries.remove(place)),
        _ => entries.swap(place, place + 1),
    }
}

#[test]
fn each_of_many_random_changes_is_found() {
    use rand::SeedableRng;

    let (rows, changes) = match std::env::var_os("KAREN_PROVE") {
        Some(_) => (ROWS_TO_PROVE, CHANGES_TO_PROVE),
        None => (ROWS, CHANGES),
    };
    let (mut chain, mut entries) = (AuditChain::default(), Vec::new());
    for at in 0..rows {
        let entry = chain.link(AuditEvent {
            tenant: TenantId::default(),
            at_ms: i64::try_from(at).expect("few"),
            action: AuditAction::LogIn,
            outcome: Outcome::Allowed,
            actor: None,
            subject: Some(format!("ses_{at}")),
            address: None,
        });
        assert!(chain.step(&entry));
        entries.push(entry);
    }
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    for number in 0..changes {
        let mut changed = entries.clone();
        change(&mut changed, &mut random);
        let mut walk = AuditChain::default();
        let is_whole = changed.iter().all(|entry| walk.step(entry));
        assert!(!is_whole, "change {number} is found");
    }
}
