use super::*;
use crate::{Account, AccountId, AuditAction, NewApiKey, Page, Permission, Role};

impl House {
    async fn account(&self, by: &Principal, name: &str, role: Role) -> Account {
        self.auth
            .create_account(by, person(name), role)
            .await
            .expect("create")
    }

    /// A tenant of its own, made as an operator of several would: `tenant` gets `name` as owner.
    async fn tenant(&self, name: &str) -> (SignedIn, Principal) {
        let tenant = TenantId::random();
        let identities = &self.auth.shared.ports.identities;
        identities
            .put_tenant(&tenant, name, 1)
            .await
            .expect("tenant");
        let identity = self
            .auth
            .new_identity(person(name), tenant, Role::Owner)
            .await;
        identities
            .create(&identity.expect("valid"))
            .await
            .expect("create");
        let signed_in = self.log_in(name).await;
        let principal = self.principal(&signed_in).await;
        (signed_in, principal)
    }
}

#[tokio::test]
async fn a_disabled_account_is_shut_out_everywhere_at_once() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let member = house.member("member").await;
    let principal = house.principal(&member).await;
    let key = NewApiKey {
        name: "script".to_owned(),
        permissions: None,
        lifetime: None,
    };
    let (_, secret) = house
        .auth
        .create_api_key(&principal, key)
        .await
        .expect("key");
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("the key works");
    house
        .auth
        .disable_account(&owner, &member.account.id)
        .await
        .expect("disable");
    assert!(house.is_dead(&member).await, "access and refresh");
    let by_key = house.auth.authenticate(secret.expose()).await;
    assert_kind(by_key, AuthErrorKind::Unauthenticated);
    let login = house
        .auth
        .log_in("member@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(login, AuthErrorKind::Unauthenticated);
    house
        .auth
        .enable_account(&owner, &member.account.id)
        .await
        .expect("enable");
    assert!(house.is_dead(&member).await, "old sessions stay ended");
    house.log_in("member").await;
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("the key works again");
}

#[tokio::test]
async fn nobody_manages_without_the_permission() {
    let (house, owner) = owned().await;
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    let create = house
        .auth
        .create_account(&member, person("friend"), Role::Viewer)
        .await;
    assert_kind(create, AuthErrorKind::Denied);
    assert_kind(
        house.auth.accounts(&member, Page::default()).await,
        AuthErrorKind::Denied,
    );
    let disable = house.auth.disable_account(&member, &owner.account.id).await;
    assert_kind(disable, AuthErrorKind::Denied);
    assert_kind(
        house.auth.audit_log(&member, 0, 10).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        house.auth.verify_audit_log(&member, &[]).await,
        AuthErrorKind::Denied,
    );
}

#[tokio::test]
async fn nobody_makes_or_unmakes_somebody_more_powerful() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    house.account(&owner, "admin", Role::Admin).await;
    let admin = house.principal(&house.log_in("admin").await).await;
    let rise = house
        .auth
        .create_account(&admin, person("crony"), Role::Owner)
        .await;
    assert_kind(rise, AuthErrorKind::Denied);
    let revolt = house.auth.disable_account(&admin, owner.account()).await;
    assert_kind(revolt, AuthErrorKind::Denied);
    let viewer = house.account(&admin, "viewer", Role::Viewer).await;
    house
        .auth
        .disable_account(&admin, &viewer.id)
        .await
        .expect("a lesser one");
    let own = house.auth.disable_account(&owner, owner.account()).await;
    assert_kind(own, AuthErrorKind::Conflict);
    let absent = house
        .auth
        .disable_account(&owner, &AccountId::random())
        .await;
    assert_kind(absent, AuthErrorKind::NotFound);
}

#[tokio::test]
async fn a_role_is_read_from_the_truth_and_not_from_the_token() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let account = house.account(&owner, "dev", Role::Developer).await;
    let dev = house.log_in("dev").await;
    house
        .principal(&dev)
        .await
        .require(Permission::ModelsWrite)
        .expect("a developer");
    house
        .tamper("UPDATE auth_memberships SET role = 'viewer' WHERE role = 'developer'")
        .await;
    house.wait(Duration::from_secs(2));
    let principal = house.principal(&dev).await;
    assert_eq!(principal.role(), Role::Viewer);
    assert_kind(
        principal.require(Permission::ModelsWrite),
        AuthErrorKind::Denied,
    );
    assert_eq!(principal.account(), &account.id);
}

#[tokio::test]
async fn tenants_do_not_see_one_another() {
    let (house, owner) = owned().await;
    let (_, stranger) = house.tenant("stranger").await;
    let home = house.principal(&owner).await;
    assert_ne!(stranger.tenant(), home.tenant());
    let seen = house
        .auth
        .accounts(&stranger, Page::default())
        .await
        .expect("list");
    assert_eq!(
        seen.iter().map(|a| &a.id).collect::<Vec<_>>(),
        [stranger.account()]
    );
    for (by, whom) in [(&stranger, home.account()), (&home, stranger.account())] {
        assert_kind(
            house.auth.disable_account(by, whom).await,
            AuthErrorKind::NotFound,
        );
        assert_kind(
            house.auth.enable_account(by, whom).await,
            AuthErrorKind::NotFound,
        );
    }
    let session = home.session().expect("a session");
    let revoke = house.auth.revoke_session(&stranger, session).await;
    assert_kind(revoke, AuthErrorKind::NotFound);
    let log = house.auth.audit_log(&stranger, 0, 100).await.expect("log");
    assert!(
        log.iter()
            .all(|entry| &entry.event.tenant == stranger.tenant())
    );
    assert_eq!(log.len(), 1, "its own login");
    house.principal(&owner).await;
}

#[tokio::test]
async fn the_owner_of_the_data_acts_for_an_account_and_the_log_says_so() {
    let (house, owner) = owned().await;
    let member = house.member("member").await;
    let local = Principal::local();
    let acting = house.auth.act_for(&local, "member@example.com").await;
    let acting = acting.expect("an account");
    assert_eq!(acting.account(), &member.account.id);
    assert_eq!(acting.permissions(), Role::Member.permissions());
    let log = house
        .auth
        .audit_log(&local, 0, 100)
        .await
        .expect("readable");
    let last = &log.last().expect("entries").event;
    assert_eq!(last.action, AuditAction::ActedFor);
    assert_eq!(last.subject.as_deref(), Some(member.account.id.as_str()));

    let owner = house.principal(&owner).await;
    for not_local in [&owner, &acting] {
        let refused = house.auth.act_for(not_local, "member@example.com").await;
        assert_kind(refused, AuthErrorKind::Denied);
    }
    let absent = house.auth.act_for(&local, "nobody@example.com").await;
    assert_kind(absent, AuthErrorKind::NotFound);
    let disabled = house.auth.disable_account(&owner, &member.account.id);
    disabled.await.expect("disabled");
    let shut_out = house.auth.act_for(&local, "member@example.com").await;
    assert_kind(shut_out, AuthErrorKind::Conflict);
}
