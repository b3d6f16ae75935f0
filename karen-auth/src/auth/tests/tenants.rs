use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    Account, AuditAction, CustomRole, ForeignIdentity, NewApiKey, Page, Permission, Permissions,
    PlanName, Role, RoleChoice, RoleName, Tenant, TenantLimits, TenantState, UseLimits,
};

const NEW_KEY: NewApiKey = NewApiKey {
    name: String::new(),
    permissions: None,
    lifetime: None,
};

/// A house with a second tenant, whose owner is `founder`.
struct Two {
    house: House,
    operator: Principal,
    tenant: Tenant,
    founder: SignedIn,
}

async fn two() -> Two {
    let (house, owner) = owned().await;
    let operator = house.principal(&owner).await;
    let made = house
        .auth
        .create_tenant(&operator, "Engines", person("founder"))
        .await;
    let (tenant, owner) = made.expect("a tenant");
    assert_eq!((owner.role, &owner.tenant), (Role::Owner, &tenant.id));
    let founder = house.log_in("founder").await;
    Two {
        house,
        operator,
        tenant,
        founder,
    }
}

impl Two {
    fn auth(&self) -> &Auth {
        &self.house.auth
    }

    async fn founder(&self) -> Principal {
        self.house.principal(&self.founder).await
    }

    async fn member(&self, by: &Principal, name: &str, role: Role) -> Account {
        self.auth()
            .create_account(by, person(name), role)
            .await
            .expect("create")
    }
}

fn role(name: &str, permissions: &[Permission]) -> CustomRole {
    CustomRole {
        name: RoleName::parse(name).expect("a name"),
        permissions: Permissions::of(permissions),
    }
}

#[tokio::test]
async fn an_owner_elsewhere_owns_nothing_of_the_installation() {
    let two = two().await;
    let founder = two.founder().await;
    assert_eq!(
        (founder.role(), founder.tenant()),
        (Role::Owner, &two.tenant.id)
    );
    for permission in [
        Permission::TenantsRead,
        Permission::TenantsWrite,
        Permission::ModelsWrite,
        Permission::SystemRead,
        Permission::SystemWrite,
    ] {
        assert_kind(founder.require(permission), AuthErrorKind::Denied);
    }
    let auth = two.auth();
    assert_kind(
        auth.tenants(&founder, Page::default()).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        auth.suspend_tenant(&founder, &two.tenant.id).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        auth.delete_tenant(&founder, &two.tenant.id).await,
        AuthErrorKind::Denied,
    );
    let made = auth.create_tenant(&founder, "More", person("more")).await;
    assert_kind(made, AuthErrorKind::Denied);
    two.member(&founder, "peer", Role::Owner).await;
}

#[tokio::test]
async fn a_suspended_tenant_is_shut_at_once_and_opens_again() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let new = NewApiKey {
        name: "script".to_owned(),
        ..NEW_KEY
    };
    let (_, key) = auth.create_api_key(&founder, new).await.expect("key");
    auth.authenticate(key.expose()).await.expect("it works");
    auth.suspend_tenant(&two.operator, &two.tenant.id)
        .await
        .expect("suspend");
    let access = auth.authenticate(two.founder.access.expose()).await;
    assert_kind(access, AuthErrorKind::Unauthenticated);
    assert_kind(
        auth.authenticate(key.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    let refresh = auth.refresh(two.founder.refresh.expose()).await;
    assert_kind(refresh, AuthErrorKind::Unauthenticated);
    let log_in = auth
        .log_in("founder@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(log_in, AuthErrorKind::Unauthenticated);
    let listed = auth
        .tenants(&two.operator, Page::default())
        .await
        .expect("list");
    let states: Vec<_> = listed.iter().map(|tenant| tenant.state).collect();
    assert_eq!(states, [TenantState::Active, TenantState::Suspended]);
    auth.resume_tenant(&two.operator, &two.tenant.id)
        .await
        .expect("resume");
    auth.authenticate(key.expose())
        .await
        .expect("it works again");
    two.founder().await;
}

#[tokio::test]
async fn a_deleted_tenant_leaves_nothing_behind() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let peer = two.member(&founder, "peer", Role::Member).await;
    auth.put_custom_role(&founder, &role("auditor", &[Permission::AuditRead]))
        .await
        .expect("role");
    auth.delete_tenant(&two.operator, &two.tenant.id)
        .await
        .expect("delete");
    assert!(two.house.is_dead(&two.founder).await);
    for table in [
        "auth_sessions",
        "auth_api_keys",
        "auth_memberships",
        "auth_audit",
        "auth_roles",
        "auth_one_time",
    ] {
        let mut reader = two.house.database.read().await.expect("read");
        let query = format!("SELECT COUNT(*) FROM {table} WHERE tenant <> 'default'");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut *reader)
            .await
            .expect("count");
        assert_eq!(rows, 0, "{table}");
    }
    let again = auth
        .create_account(&two.operator, person("peer"), Role::Member)
        .await;
    assert_ne!(again.expect("the email is free").id, peer.id);
    let again = auth.delete_tenant(&two.operator, &two.tenant.id).await;
    assert_kind(again, AuthErrorKind::NotFound);
    let log = auth.audit_log(&two.operator, 0, 100).await.expect("log");
    let deleted = log
        .iter()
        .find(|e| e.event.action == AuditAction::TenantDeleted);
    let subject = deleted
        .expect("it is written down")
        .event
        .subject
        .as_deref();
    assert_eq!(subject, Some(two.tenant.id.as_str()));
}

#[tokio::test]
async fn the_default_tenant_stays_and_deleting_takes_a_recent_login() {
    let two = two().await;
    let auth = two.auth();
    let default = TenantId::default();
    assert_kind(
        auth.suspend_tenant(&two.operator, &default).await,
        AuthErrorKind::Conflict,
    );
    assert_kind(
        auth.delete_tenant(&two.operator, &default).await,
        AuthErrorKind::Conflict,
    );
    let absent = TenantId::random();
    assert_kind(
        auth.suspend_tenant(&two.operator, &absent).await,
        AuthErrorKind::NotFound,
    );
    two.house.wait(Duration::from_secs(600));
    let late = auth.delete_tenant(&two.operator, &two.tenant.id).await;
    assert_kind(late, AuthErrorKind::LoginNotRecent);
    let taken = auth
        .create_tenant(&two.operator, "More", person("owner"))
        .await;
    assert_kind(taken, AuthErrorKind::Conflict);
    let listed = auth
        .tenants(&two.operator, Page::default())
        .await
        .expect("list");
    assert_eq!(listed.len(), 2, "no tenant without an owner is left");
}

#[tokio::test]
async fn a_member_of_two_tenants_moves_between_them() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let elsewhere = auth
        .switch_tenant(&founder, &TenantId::default(), Device::default())
        .await;
    assert_kind(elsewhere, AuthErrorKind::NotFound);
    let joined = Account {
        tenant: TenantId::default(),
        role: Role::Viewer,
        ..auth.own_account(&founder).await.expect("own")
    };
    auth.shared
        .ports
        .identities
        .join(&joined)
        .await
        .expect("join");
    let ids: Vec<_> = auth.own_tenants(&founder).await.expect("list");
    assert_eq!(ids.len(), 2);
    two.house.wait(Duration::from_secs(299));
    let switched = auth
        .switch_tenant(&founder, &TenantId::default(), Device::default())
        .await;
    let there = two.house.principal(&switched.expect("a member")).await;
    assert_eq!(
        (there.role(), there.tenant()),
        (Role::Viewer, &TenantId::default())
    );
    auth.require_recent(&there)
        .await
        .expect("as recent as before");
    two.house.wait(Duration::from_secs(301));
    assert_kind(
        auth.require_recent(&there).await,
        AuthErrorKind::LoginNotRecent,
    );
    auth.suspend_tenant(&two.operator, &two.tenant.id)
        .await
        .expect("suspend");
    let signed_in = two.house.log_in("founder").await;
    assert_eq!(
        signed_in.account.tenant,
        TenantId::default(),
        "where it may come in"
    );
}

#[tokio::test]
async fn a_removed_member_is_out_at_once() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let peer = two.member(&founder, "peer", Role::Member).await;
    let signed_in = two.house.log_in("peer").await;
    let member = two.house.principal(&signed_in).await;
    assert_kind(
        auth.remove_member(&member, founder.account()).await,
        AuthErrorKind::Denied,
    );
    assert_kind(
        auth.remove_member(&two.operator, &peer.id).await,
        AuthErrorKind::NotFound,
    );
    auth.remove_member(&founder, &peer.id)
        .await
        .expect("remove");
    assert!(two.house.is_dead(&signed_in).await);
    assert_kind(
        auth.remove_member(&founder, &peer.id).await,
        AuthErrorKind::NotFound,
    );
    let own = auth.remove_member(&founder, founder.account()).await;
    assert_kind(own, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn a_custom_role_allows_what_it_says_from_the_next_request_on() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let peer = two.member(&founder, "peer", Role::Member).await;
    let signed_in = two.house.log_in("peer").await;
    let auditor = role("auditor", &[Permission::AuditRead]);
    auth.put_custom_role(&founder, &auditor).await.expect("put");
    let choice = RoleChoice::Custom(auditor.name.clone());
    auth.set_role(&founder, &peer.id, &choice)
        .await
        .expect("assign");
    let principal = two.house.principal(&signed_in).await;
    assert_eq!(principal.role(), Role::Custom);
    principal
        .require(Permission::AuditRead)
        .expect("it says so");
    assert_kind(
        principal.require(Permission::ChatUse),
        AuthErrorKind::Denied,
    );
    let more = role("auditor", &[Permission::AuditRead, Permission::ChatUse]);
    auth.put_custom_role(&founder, &more).await.expect("change");
    let principal = two.house.principal(&signed_in).await;
    principal
        .require(Permission::ChatUse)
        .expect("at the next request");
    let own = auth.own_account(&principal).await.expect("own");
    assert_eq!(own.custom_role, Some(more.clone()));
    let held = auth.delete_custom_role(&founder, &more.name).await;
    assert_kind(held, AuthErrorKind::Conflict);
    let viewer = RoleChoice::BuiltIn(Role::Viewer);
    auth.set_role(&founder, &peer.id, &viewer)
        .await
        .expect("assign");
    assert_kind(
        two.house
            .principal(&signed_in)
            .await
            .require(Permission::ChatUse),
        AuthErrorKind::Denied,
    );
    auth.delete_custom_role(&founder, &more.name)
        .await
        .expect("nobody holds it");
    assert!(auth.custom_roles(&founder).await.expect("list").is_empty());
}

#[tokio::test]
async fn nobody_rises_by_way_of_a_custom_role() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let system = role("root", &[Permission::SystemWrite]);
    assert_kind(
        auth.put_custom_role(&founder, &system).await,
        AuthErrorKind::Denied,
    );
    let helper = role("helper", &[Permission::UsersRead, Permission::UsersWrite]);
    auth.put_custom_role(&founder, &helper).await.expect("put");
    let strong = role("strong", &[Permission::AuditRead]);
    auth.put_custom_role(&founder, &strong).await.expect("put");
    let peer = two.member(&founder, "peer", Role::Member).await;
    let choice = RoleChoice::Custom(helper.name.clone());
    auth.set_role(&founder, &peer.id, &choice)
        .await
        .expect("assign");
    let other = two.member(&founder, "other", Role::Viewer).await;
    let signed_in = two.house.log_in("peer").await;
    let helper = two.house.principal(&signed_in).await;
    let rise = role("helper", &[Permission::UsersWrite, Permission::AuditRead]);
    assert_kind(
        auth.put_custom_role(&helper, &rise).await,
        AuthErrorKind::Denied,
    );
    let weaken = role("strong", &[]);
    assert_kind(
        auth.put_custom_role(&helper, &weaken).await,
        AuthErrorKind::Denied,
    );
    let empty = role("nothing", &[]);
    auth.put_custom_role(&helper, &empty)
        .await
        .expect("no more than it has");
    for choice in [
        RoleChoice::Custom(strong.name),
        RoleChoice::BuiltIn(Role::Owner),
    ] {
        let refused = auth.set_role(&helper, &other.id, &choice).await;
        assert_kind(refused, AuthErrorKind::Denied);
    }
    for choice in [
        RoleChoice::BuiltIn(Role::Custom),
        RoleChoice::Custom(RoleName::parse("absent").expect("a name")),
    ] {
        let refused = auth.set_role(&founder, &other.id, &choice).await;
        assert_kind(refused, AuthErrorKind::NotFound);
    }
    for name in [
        "",
        "Owner",
        "owner",
        "custom",
        "a b",
        "x'; --",
        &"a".repeat(41),
    ] {
        assert_kind(RoleName::parse(name), AuthErrorKind::Invalid);
    }
    assert_kind("custom".parse::<Role>(), AuthErrorKind::Invalid);
}

#[tokio::test]
async fn a_full_tenant_takes_nobody_in_until_its_limit_is_raised() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let users = |users| TenantLimits {
        users,
        ..TenantLimits::default()
    };
    let limited = auth.limit_tenant(&two.operator, &two.tenant.id, users(1));
    assert_eq!(limited.await.expect("limit").limits, users(1));
    let more = auth.create_account(&founder, person("more"), Role::Member);
    assert_kind(more.await, AuthErrorKind::Quota);
    let (tenant, members) = auth.own_tenant(&founder).await.expect("own");
    assert_eq!((tenant.limits, members), (users(1), 1));
    two.member(&two.operator, "elsewhere", Role::Member).await;
    let limited = auth.limit_tenant(&two.operator, &two.tenant.id, users(2));
    limited.await.expect("limit");
    two.member(&founder, "more", Role::Member).await;
}

#[tokio::test]
async fn only_the_installation_says_what_a_tenant_may_use() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let none = TenantLimits::default();
    let by_founder = auth.limit_tenant(&founder, &two.tenant.id, none).await;
    assert_kind(by_founder, AuthErrorKind::Denied);
    let absent = TenantId::random();
    let absent = auth.limit_tenant(&two.operator, &absent, none).await;
    assert_kind(absent, AuthErrorKind::NotFound);
    let endless = TenantLimits {
        uses: UseLimits {
            cost_micros_per_month: u64::MAX,
            ..UseLimits::default()
        },
        ..none
    };
    let endless = auth.limit_tenant(&two.operator, &two.tenant.id, endless);
    assert_kind(endless.await, AuthErrorKind::Invalid);
    let log = auth.audit_log(&two.operator, 0, 100).await.expect("log");
    let written = log
        .iter()
        .filter(|e| e.event.action == AuditAction::TenantLimited);
    assert_eq!(written.count(), 0, "nothing was changed");
}

#[tokio::test]
async fn a_tenant_uses_what_its_plan_says_also_when_that_changes() {
    let (database, clock) = (database().await, Arc::new(ManualClock::default()));
    let small = PlanName::parse("small").expect("a name");
    let opened = async |requests_per_minute: u32| {
        let limits = TenantLimits {
            requests_per_minute,
            ..TenantLimits::default()
        };
        let planned = AuthConfig {
            plans: BTreeMap::from([(small.clone(), limits)]),
            plan: Some(small.clone()),
            ..config(&database, &clock)
        };
        Auth::open(planned).await.expect("open")
    };
    let (auth, operator) = (opened(5).await, Principal::local());
    let made = auth.create_tenant(&operator, "Engines", person("eve"));
    let (tenant, _) = made.await.expect("made");
    assert_eq!(tenant.plan.as_ref(), Some(&small));
    let login = auth.log_in("eve@example.com", PASSWORD, Device::default());
    let token = login.await.expect("log in").access;
    let eve = auth.authenticate(token.expose()).await.expect("in");
    let allowed = async |auth: &Auth| auth.requests_per_minute(&eve).await.expect("asked");
    assert_eq!(allowed(&auth).await, 5);
    assert_eq!(allowed(&opened(9).await).await, 9, "the plan was changed");
    assert_eq!(allowed(&auth).await, 5, "a moment ago it was so");
    clock.advance(Duration::from_secs(2));
    assert_eq!(allowed(&auth).await, 9);
    let own = auth.limit_tenant(&operator, &tenant.id, TenantLimits::default());
    assert_eq!(own.await.expect("limit").plan, None);
    assert_eq!(allowed(&auth).await, 0, "here at once");
    let back = auth.plan_tenant(&operator, &tenant.id, &small).await;
    assert_eq!(back.expect("plan").limits.requests_per_minute, 5);
    let unknown = PlanName::parse("large").expect("a name");
    let refused = auth.plan_tenant(&operator, &tenant.id, &unknown).await;
    assert_kind(refused, AuthErrorKind::NotFound);
    let refused = auth.plan_tenant(&eve, &tenant.id, &small).await;
    assert_kind(refused, AuthErrorKind::Denied);
    assert_kind(auth.plans(&eve), AuthErrorKind::Denied);
    assert_eq!(auth.plans(&operator).expect("plans").len(), 1);
}

/// Every table with a column that names a tenant or an account.
#[tokio::test]
async fn nothing_of_a_deleted_tenant_is_in_any_table() {
    let two = two().await;
    let (auth, founder) = (two.auth(), two.founder().await);
    let account = founder.account().clone();
    let key = NewApiKey {
        name: "script".to_owned(),
        ..NEW_KEY
    };
    auth.create_api_key(&founder, key).await.expect("key");
    auth.begin_totp(&founder).await.expect("begin");
    let ports = &auth.shared.ports;
    let link = ForeignIdentity {
        issuer: "https://accounts.example.com".to_owned(),
        subject: "eve".to_owned(),
    };
    assert!(ports.links.insert(&link, &account, 1).await.expect("link"));
    for row in [
        "INSERT INTO auth_passkeys SELECT 'pk_1', account, x'01', x'02', 0, 'phone', '', 0, 0, 1, NULL
         FROM auth_memberships WHERE tenant <> 'default'",
        "INSERT INTO auth_passwords SELECT account, '$argon2id$', 1
         FROM auth_memberships WHERE tenant <> 'default'",
        "INSERT INTO auth_recovery_codes SELECT account, x'03'
         FROM auth_memberships WHERE tenant <> 'default'",
    ] {
        two.house.tamper(row).await;
    }
    let names = [two.tenant.id.as_str(), account.as_str()];
    let before = rows_with(&two.house.database, &names).await;
    for table in [
        "auth_links",
        "auth_passkeys",
        "auth_passwords",
        "auth_recovery_codes",
    ] {
        assert!(before.contains(table), "{table} has something: {before:?}");
    }
    let operator = Principal::local();
    let deleted = auth.delete_tenant(&operator, &two.tenant.id).await;
    deleted.expect("deleted");
    let mut left = rows_with(&two.house.database, &names).await;
    // The installation's own log tells what was done.
    left.remove("auth_audit");
    assert!(left.is_empty(), "{left:?}");
}

/// The tables that have any of these texts in a column.
async fn rows_with(database: &Database, texts: &[&str]) -> BTreeSet<String> {
    let mut reader = database.read().await.expect("read");
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name LIKE 'auth%' AND c.type = 'TEXT'",
    )
    .fetch_all(&mut *reader)
    .await
    .expect("columns");
    let mut found = BTreeSet::new();
    for (table, column) in columns {
        for text in texts {
            let query = format!("SELECT COUNT(*) FROM {table} WHERE {column} = $1");
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(*text)
                .fetch_one(&mut *reader)
                .await
                .expect("count");
            if rows > 0 {
                found.insert(table.clone());
            }
        }
    }
    found
}
