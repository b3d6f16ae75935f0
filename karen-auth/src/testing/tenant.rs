//! What every store of tenants owes.

use std::sync::Arc;

use crate::{
    Account, AccountId, AccountState, AuthErrorKind, CustomRole, Email, Identity, IdentityStore,
    Page, Permission, Permissions, PlanName, Role, RoleName, Tenant, TenantId, TenantLimits,
    TenantState, TenantStore, UseLimits,
};

/// Runs the contract of [`TenantStore`], with the accounts in `identities`.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn tenant_store(store: Arc<dyn TenantStore>, identities: Arc<dyn IdentityStore>) {
    keeps_what_it_is_given(&*store).await;
    lists_in_pages(&*store).await;
    keeps_to_plans(&*store).await;
    keeps_roles_apart(&*store).await;
    deletes_no_role_that_is_held(&*store, &*identities).await;
    shuts_a_suspended_tenant(&*store, &*identities).await;
    lets_no_more_in_than_there_is_room_for(&*store, &identities).await;
    deletes_one_tenant_and_its_people(&*store, &*identities).await;
}

async fn created(store: &dyn TenantStore) -> Tenant {
    let tenant = Tenant {
        id: TenantId::random(),
        name: "Analytical Engines".to_owned(),
        state: TenantState::Active,
        limits: TenantLimits {
            users: 7,
            uses: UseLimits {
                tokens_per_day: 1 << 40,
                cost_micros_per_month: 9,
                ..UseLimits::default()
            },
            requests_per_minute: 600,
            storage_mib: 3,
        },
        plan: Some(plan("pro")),
        created_at_ms: 5,
    };
    store.create(&tenant).await.expect("create");
    tenant
}

fn plan(name: &str) -> PlanName {
    PlanName::parse(name).expect("a name")
}

async fn member(identities: &dyn IdentityStore, tenant: &TenantId) -> Account {
    let email = format!("{}@example.com", AccountId::random());
    member_with(identities, tenant, Email::parse(&email).expect("an email")).await
}

async fn member_with(identities: &dyn IdentityStore, tenant: &TenantId, email: Email) -> Account {
    let identity = identity_with(tenant, email);
    identities.create(&identity).await.expect("create");
    identity.account
}

fn identity_with(tenant: &TenantId, email: Email) -> Identity {
    let account = Account {
        email,
        id: AccountId::random(),
        tenant: tenant.clone(),
        email_verified_at_ms: None,
        name: "Ada".to_owned(),
        role: Role::Member,
        custom_role: None,
        state: AccountState::Active,
        created_at_ms: 5,
    };
    Identity {
        account,
        tenant_state: TenantState::Active,
        password: "$argon2id$first".to_owned(),
        epoch: 0,
    }
}

fn role(name: &str) -> CustomRole {
    CustomRole {
        name: RoleName::parse(name).expect("a name"),
        permissions: Permissions::of(&[Permission::ChatUse, Permission::AuditRead]),
    }
}

async fn keeps_what_it_is_given(store: &dyn TenantStore) {
    let tenant = created(store).await;
    assert_eq!(
        store.get(&tenant.id).await.expect("get"),
        Some(tenant.clone())
    );
    let again = store.create(&tenant).await.expect_err("taken");
    assert_eq!(again.kind(), AuthErrorKind::Conflict);
    let absent = TenantId::random();
    assert_eq!(store.get(&absent).await.expect("get"), None);
    let set = store.set_state(&absent, TenantState::Suspended).await;
    assert!(!set.expect("set"), "it is absent");
    assert!(!store.delete(&absent).await.expect("delete"));
}

/// Sixty-four at the same time, of whom five find room.
async fn lets_no_more_in_than_there_is_room_for(
    store: &dyn TenantStore,
    identities: &Arc<dyn IdentityStore>,
) {
    let tenant = created(store).await.id;
    let limits = TenantLimits {
        users: 5,
        uses: UseLimits {
            tokens_per_month: 8,
            cost_micros_per_day: 7,
            ..UseLimits::default()
        },
        ..TenantLimits::default()
    };
    assert!(store.set_limits(&tenant, &limits, None).await.expect("set"));
    let found = store.get(&tenant).await.expect("get").expect("it exists");
    assert_eq!(found.limits, limits);
    let callers = (0..64).map(|_| {
        let email = format!("{}@example.com", AccountId::random());
        let identity = identity_with(&tenant, Email::parse(&email).expect("an email"));
        let identities = Arc::clone(identities);
        tokio::spawn(async move { identities.create(&identity).await })
    });
    let mut refused = 0;
    for caller in callers.collect::<Vec<_>>() {
        if let Err(error) = caller.await.expect("no panic") {
            assert_eq!(error.kind(), AuthErrorKind::Quota);
            refused += 1;
        }
    }
    assert_eq!(refused, 64 - 5);
    assert_eq!(store.members(&tenant).await.expect("count"), 5);
    let none = TenantLimits::default();
    assert!(store.set_limits(&tenant, &none, None).await.expect("set"));
    member(&**identities, &tenant).await;
    let absent = TenantId::random();
    assert!(!store.set_limits(&absent, &none, None).await.expect("set"));
}

/// A plan that is changed changes its tenants, and nobody who has left it.
async fn keeps_to_plans(store: &dyn TenantStore) {
    let (on_it, left_it) = (created(store).await, created(store).await);
    let own = TenantLimits {
        requests_per_minute: 3,
        ..TenantLimits::default()
    };
    assert!(
        store
            .set_limits(&left_it.id, &own, None)
            .await
            .expect("set")
    );
    let changed = TenantLimits {
        users: 70,
        ..on_it.limits
    };
    store.set_plan(&plan("pro"), &changed).await.expect("set");
    store
        .set_plan(&plan("other"), &own)
        .await
        .expect("nobody has it");
    let limits = async |tenant: &Tenant| {
        let found = store.get(&tenant.id).await.expect("get");
        let found = found.expect("it exists");
        (found.limits, found.plan)
    };
    assert_eq!(limits(&on_it).await, (changed, Some(plan("pro"))));
    assert_eq!(limits(&left_it).await, (own, None));
}

async fn lists_in_pages(store: &dyn TenantStore) {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(created(store).await.id);
    }
    let mut listed: Vec<TenantId> = Vec::new();
    loop {
        let after = listed.last().cloned();
        let page = Page {
            limit: 2,
            after: after.as_ref(),
        };
        let rows = store.list(page).await.expect("list");
        if rows.is_empty() {
            break;
        }
        assert!(rows.len() <= 2, "no more than asked for");
        listed.extend(rows.into_iter().map(|tenant| tenant.id));
    }
    assert!(listed.is_sorted(), "ordered by id");
    assert!(ids.iter().all(|id| listed.contains(id)), "every one");
}

async fn keeps_roles_apart(store: &dyn TenantStore) {
    let (tenant, elsewhere) = (created(store).await.id, created(store).await.id);
    let (first, second) = (role("auditor"), role("writer"));
    store.put_role(&tenant, &second).await.expect("put");
    store.put_role(&tenant, &first).await.expect("put");
    assert_eq!(
        store.roles(&tenant).await.expect("list"),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.roles(&elsewhere).await.expect("list"),
        [],
        "other tenant"
    );
    assert!(
        !store
            .delete_role(&elsewhere, &first.name)
            .await
            .expect("delete"),
        "other tenant"
    );
    let changed = CustomRole {
        permissions: Permissions::default(),
        ..first.clone()
    };
    let replace = async |seen, role| store.replace_role(&tenant, seen, role).await;
    let third = role("reader");
    assert!(replace(Some(&first), &changed).await.expect("replace"));
    for (seen, role) in [
        (Some(&first), &first),
        (None, &changed),
        (Some(&third), &third),
    ] {
        let replaced = replace(seen, role).await.expect("replace");
        assert!(!replaced, "something else is there");
    }
    assert!(
        replace(None, &third).await.expect("replace"),
        "nothing was there"
    );
    assert!(
        store
            .delete_role(&tenant, &third.name)
            .await
            .expect("delete")
    );
    assert_eq!(
        store.roles(&tenant).await.expect("list"),
        [changed, second.clone()]
    );
    assert!(
        store
            .delete_role(&tenant, &second.name)
            .await
            .expect("delete")
    );
    assert!(
        !store
            .delete_role(&tenant, &second.name)
            .await
            .expect("delete twice")
    );
}

async fn deletes_no_role_that_is_held(store: &dyn TenantStore, identities: &dyn IdentityStore) {
    let tenant = created(store).await.id;
    let (account, held) = (member(identities, &tenant).await, role("auditor"));
    store.put_role(&tenant, &held).await.expect("put");
    let set = identities
        .set_role(&tenant, &account.id, Role::Custom, Some(&held.name))
        .await;
    assert!(set.expect("set"));
    let seen = identities
        .get(&tenant, &account.id)
        .await
        .expect("get")
        .expect("a member");
    assert_eq!(seen.account.custom_role, Some(held.clone()));
    let refused = store
        .delete_role(&tenant, &held.name)
        .await
        .expect_err("it is held");
    assert_eq!(refused.kind(), AuthErrorKind::Conflict);
    let set = identities
        .set_role(&tenant, &account.id, Role::Viewer, None)
        .await;
    assert!(set.expect("set"));
    assert!(
        store
            .delete_role(&tenant, &held.name)
            .await
            .expect("delete")
    );
}

async fn shuts_a_suspended_tenant(store: &dyn TenantStore, identities: &dyn IdentityStore) {
    let tenant = created(store).await.id;
    let account = member(identities, &tenant).await;
    for state in [TenantState::Suspended, TenantState::Active] {
        assert!(store.set_state(&tenant, state).await.expect("set"));
        assert_eq!(
            store
                .get(&tenant)
                .await
                .expect("get")
                .expect("it exists")
                .state,
            state
        );
        let seen = identities.get(&tenant, &account.id).await.expect("get");
        assert_eq!(seen.expect("a member").tenant_state, state);
    }
}

async fn deletes_one_tenant_and_its_people(
    store: &dyn TenantStore,
    identities: &dyn IdentityStore,
) {
    let (tenant, other) = (created(store).await.id, created(store).await.id);
    let (only, both) = (
        member(identities, &tenant).await,
        member(identities, &tenant).await,
    );
    let stranger = member(identities, &other).await;
    let joined = Account {
        tenant: other.clone(),
        ..both.clone()
    };
    identities.join(&joined).await.expect("join");
    store
        .put_role(&tenant, &role("auditor"))
        .await
        .expect("put");
    assert!(store.delete(&tenant).await.expect("delete"));
    assert!(!store.delete(&tenant).await.expect("delete twice"));
    assert_eq!(store.get(&tenant).await.expect("get"), None);
    assert_eq!(store.roles(&tenant).await.expect("list"), []);
    // Its address is free again, for it is gone.
    member_with(identities, &other, only.email).await;
    let left = identities.tenants_of(&both.id).await.expect("list");
    assert_eq!(left, std::slice::from_ref(&other));
    for account in [&both.id, &stranger.id] {
        let seen = identities.get(&other, account).await.expect("get");
        assert!(seen.is_some(), "the other tenant is untouched");
    }
}
