use super::*;
use crate::{
    Account, AccountState, AuditAction, DirectoryEntry, Email, NewApiKey, Permission, Permissions,
    Role,
};

/// A house whose owner has given a directory a key for it and nothing else.
struct Kept {
    house: House,
    owner: Principal,
    directory: Principal,
}

async fn kept() -> Kept {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let directory = key_of(&house, &owner).await;
    Kept {
        house,
        owner,
        directory,
    }
}

async fn key_of(house: &House, owner: &Principal) -> Principal {
    let key = NewApiKey {
        name: "directory".to_owned(),
        permissions: Some(Permissions::of(&[Permission::UsersProvision])),
        lifetime: None,
    };
    let (_, secret) = house.auth.create_api_key(owner, key).await.expect("a key");
    let principal = house.auth.authenticate(secret.expose()).await;
    principal.expect("it is alive")
}

fn entry(name: &str) -> DirectoryEntry {
    DirectoryEntry {
        email: Email::parse(&format!("{name}@example.com")).expect("an address"),
        name: name.to_owned(),
        state: AccountState::Active,
    }
}

impl Kept {
    async fn create(&self, name: &str) -> Account {
        let directory = self.house.auth.directory(&self.directory).await;
        let made = directory.expect("allowed").create(entry(name)).await;
        made.expect("made")
    }

    async fn change(&self, seen: &Account, entry: DirectoryEntry) -> Result<Account, AuthError> {
        let directory = self.house.auth.directory(&self.directory).await?;
        directory.change(seen, entry).await
    }
}

#[tokio::test]
async fn a_directory_makes_members_whose_password_nobody_knows() {
    let kept = kept().await;
    let grace = kept.create("grace").await;
    assert_eq!(
        (grace.role, grace.email_verified_at_ms),
        (Role::Member, None)
    );
    for guess in ["", "grace@example.com", PASSWORD] {
        let auth = &kept.house.auth;
        let login = auth.log_in("grace@example.com", guess, Device::default());
        assert_kind(login.await, AuthErrorKind::Unauthenticated);
    }
    let auth = &kept.house.auth;
    let directory = auth.directory(&kept.directory).await.expect("allowed");
    let again = directory.create(entry("grace")).await;
    assert_kind(again, AuthErrorKind::Conflict);
    let found = directory.find(&grace.email).await.expect("found");
    assert_eq!(found, Some(grace.clone()));
    let (all, total) = directory.list(1, 200).await.expect("listed");
    assert_eq!((all, total), (vec![grace], 2));
    assert_eq!(directory.list(2, 9).await.expect("listed").0, []);
}

#[tokio::test]
async fn whom_a_directory_disables_is_out_at_once() {
    let kept = kept().await;
    let eve = kept.house.member("eve").await;
    let disabled = DirectoryEntry {
        state: AccountState::Disabled,
        ..entry("eve")
    };
    let changed = kept.change(&eve.account, disabled).await.expect("changed");
    assert_eq!(changed.state, AccountState::Disabled);
    assert!(kept.house.is_dead(&eve).await);
    let again = kept.change(&changed, entry("eve")).await.expect("changed");
    assert_eq!(again.state, AccountState::Active);
    kept.house.log_in("eve").await;
    let log = kept.house.auth.audit_log(&kept.owner, 0, 50).await;
    let actions: Vec<_> = log
        .expect("log")
        .into_iter()
        .map(|e| e.event.action)
        .collect();
    assert!(actions.contains(&AuditAction::AccountDisabled));
    assert!(actions.contains(&AuditAction::AccountEnabled));
}

#[tokio::test]
async fn a_change_meets_what_its_author_saw_and_asks_for_the_address_anew() {
    let kept = kept().await;
    let grace = kept.create("grace").await;
    let renamed = kept.change(&grace, entry("hopper")).await.expect("changed");
    assert_eq!(
        (renamed.email.as_str(), &*renamed.name),
        ("hopper@example.com", "hopper")
    );
    let stale = kept.change(&grace, entry("murray")).await;
    assert_kind(stale, AuthErrorKind::Stale);
    let eve = kept.create("eve").await;
    let taken = kept.change(&eve, entry("hopper")).await;
    assert_kind(taken, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn a_directory_reaches_nobody_who_may_do_more_than_its_owner() {
    let kept = kept().await;
    let auth = &kept.house.auth;
    let own = auth.own_account(&kept.owner).await.expect("an account");
    assert_kind(
        kept.change(&own, entry("owner")).await,
        AuthErrorKind::Conflict,
    );
    let admin = auth.create_account(&kept.owner, person("admin"), Role::Admin);
    admin.await.expect("made");
    let admin = kept
        .house
        .principal(&kept.house.log_in("admin").await)
        .await;
    let key = key_of(&kept.house, &admin).await;
    let directory = auth.directory(&key).await.expect("allowed");
    assert_kind(
        directory.change(&own, entry("owner")).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        directory.require_erasable(&own.id).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        directory.require_erasable(admin.account()).await,
        AuthErrorKind::Conflict,
    );
    let member = kept.house.principal(&kept.house.member("eve").await).await;
    assert_kind(
        auth.directory(&member).await.map(drop),
        AuthErrorKind::Denied,
    );
}

#[tokio::test]
async fn one_tenant_renames_nobody_whom_another_knows() {
    let kept = kept().await;
    let auth = &kept.house.auth;
    let made = auth.create_tenant(&kept.owner, "Engines", person("founder"));
    let (tenant, founder) = made.await.expect("a tenant");
    let joined = Account {
        tenant: kept.owner.tenant().clone(),
        role: Role::Member,
        ..founder.clone()
    };
    let identities = &auth.shared.ports.identities;
    identities.join(&joined).await.expect("a member of both");
    let taken_over = kept.change(&joined, entry("mallory")).await;
    assert_kind(taken_over, AuthErrorKind::Conflict);
    let disabled = DirectoryEntry {
        state: AccountState::Disabled,
        ..entry("founder")
    };
    kept.change(&joined, disabled)
        .await
        .expect("its own membership");
    let elsewhere = identities.get(&tenant.id, &founder.id).await;
    assert!(elsewhere.expect("got").expect("a member").is_active());
}
