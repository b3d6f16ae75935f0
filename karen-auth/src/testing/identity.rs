//! What every identity store owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{
    Account, AccountId, AccountState, AuthErrorKind, Email, Identity, IdentityStore, Page,
    PasswordChange, Role, TenantId, TenantState, TokenHash,
};

/// Runs the contract of [`IdentityStore`], which must hold no account yet.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn identity_store(store: Arc<dyn IdentityStore>) {
    creates_the_first_account_once(&store).await;
    creates_one_account_an_email(&store).await;
    keeps_what_it_is_given(&*store).await;
    lists_in_pages(&*store).await;
    changes_a_known_password_once(&store).await;
    remembers_replaced_passwords(&*store).await;
    changes_an_address_that_nobody_has(&*store).await;
    rewrites_what_was_seen(&*store).await;
    counts_and_skips(&*store).await;
    joins_one_more_tenant(&*store).await;
    sets_roles_and_lets_members_go(&*store).await;
    knows_no_other_tenant(&*store).await;
}

fn identity(tenant: &TenantId, email: &str) -> Identity {
    Identity {
        account: Account {
            id: AccountId::random(),
            tenant: tenant.clone(),
            email: Email::parse(email).expect("an email"),
            email_verified_at_ms: None,
            name: "Ada".to_owned(),
            role: Role::Developer,
            custom_role: None,
            state: AccountState::Active,
            created_at_ms: 5,
        },
        tenant_state: TenantState::Active,
        password: "$argon2id$first".to_owned(),
        epoch: 0,
    }
}

fn fresh_email() -> String {
    format!("{}@example.com", AccountId::random())
}

async fn created(store: &dyn IdentityStore, tenant: &TenantId) -> Identity {
    let identity = identity(tenant, &fresh_email());
    store.create(&identity).await.expect("create");
    identity
}

async fn creates_the_first_account_once(store: &Arc<dyn IdentityStore>) {
    let tenant = TenantId::random();
    store
        .put_tenant(&tenant, "first", 1)
        .await
        .expect("put tenant");
    store
        .put_tenant(&tenant, "first", 2)
        .await
        .expect("put it again");
    assert!(store.is_empty().await.expect("is empty"));
    let (void, setup) = (TokenHash::of("void"), TokenHash::of("setup"));
    store.put_setup(&void, 1).await.expect("put setup");
    store.put_setup(&setup, 2).await.expect("put another");
    let first = identity(&tenant, &fresh_email());
    let refused = store
        .create_first(&void, &first)
        .await
        .expect_err("a void token");
    assert_eq!(refused.kind(), AuthErrorKind::Unauthenticated);
    assert!(
        store.is_empty().await.expect("is empty"),
        "a wrong token creates nothing"
    );
    let created = at_once(4, || {
        let (store, first) = (Arc::clone(store), identity(&tenant, &fresh_email()));
        async move { store.create_first(&setup, &first).await.is_ok() }
    });
    let won = created.await.into_iter().filter(|created| *created).count();
    assert_eq!(won, 1, "one first account");
    assert!(!store.is_empty().await.expect("is empty"));
    store.put_setup(&setup, 3).await.expect("put setup");
    let refused = store
        .create_first(&setup, &first)
        .await
        .expect_err("too late");
    assert_eq!(refused.kind(), AuthErrorKind::Conflict);
}

async fn creates_one_account_an_email(store: &Arc<dyn IdentityStore>) {
    let (tenant, email) = (TenantId::random(), fresh_email());
    let created = at_once(4, || {
        let (store, identity) = (Arc::clone(store), identity(&tenant, &email));
        async move { store.create(&identity).await.map_err(|e| e.kind()) }
    });
    let (won, lost): (Vec<_>, Vec<_>) = created.await.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "one account an email");
    assert!(
        lost.iter()
            .all(|lost| *lost == Err(AuthErrorKind::Conflict))
    );
    assert_eq!(
        store
            .list(&tenant, Page::default())
            .await
            .expect("list")
            .len(),
        1
    );
}

async fn keeps_what_it_is_given(store: &dyn IdentityStore) {
    let tenant = TenantId::random();
    let identity = created(store, &tenant).await;
    let Account { id, email, .. } = &identity.account;
    assert_eq!(
        store.get(&tenant, id).await.expect("get"),
        Some(identity.clone())
    );
    assert_eq!(
        store.find_by_email(email).await.expect("find"),
        Some(identity.clone())
    );
    let nobody = Email::parse(&fresh_email()).expect("an email");
    assert_eq!(store.find_by_email(&nobody).await.expect("find"), None);
    assert!(
        store
            .set_state(&tenant, id, AccountState::Disabled)
            .await
            .expect("disable")
    );
    assert!(store.raise_epoch(&tenant, id).await.expect("raise"));
    let changed = store
        .get(&tenant, id)
        .await
        .expect("get")
        .expect("it exists");
    assert_eq!(
        (changed.account.state, changed.epoch),
        (AccountState::Disabled, 1)
    );
}

async fn lists_in_pages(store: &dyn IdentityStore) {
    let tenant = TenantId::random();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(created(store, &tenant).await.account.id);
    }
    ids.sort();
    let mut listed: Vec<AccountId> = Vec::new();
    loop {
        let after = listed.last().cloned();
        let page = Page {
            limit: 2,
            after: after.as_ref(),
        };
        let rows = store.list(&tenant, page).await.expect("list");
        if rows.is_empty() {
            break;
        }
        assert!(rows.len() <= 2, "no more than asked for");
        listed.extend(rows.into_iter().map(|account| account.id));
    }
    assert_eq!(listed, ids, "every account once, ordered by id");
}

async fn changes_a_known_password_once(store: &Arc<dyn IdentityStore>) {
    let tenant = TenantId::random();
    let id = created(&**store, &tenant).await.account.id;
    let changes = at_once(4, || {
        let (store, tenant, id) = (Arc::clone(store), tenant.clone(), id.clone());
        async move {
            let to = format!("$argon2id${}", AccountId::random());
            store
                .set_password(&tenant, &id, "$argon2id$first", &to)
                .await
                .expect("set")
        }
    });
    let won = changes.await.into_iter().filter(|changed| *changed).count();
    assert_eq!(won, 1, "one change of one password");
    let kept = store
        .get(&tenant, &id)
        .await
        .expect("get")
        .expect("it exists")
        .password;
    assert!(kept.starts_with("$argon2id$usr_"), "the change is kept");
}

async fn remembers_replaced_passwords(store: &dyn IdentityStore) {
    let (tenant, elsewhere) = (TenantId::random(), TenantId::random());
    let id = created(store, &tenant).await.account.id;
    let hashes: Vec<String> = ["first", "b", "c", "d"]
        .map(|h| format!("$argon2id${h}"))
        .to_vec();
    let change = |from: usize, to: usize| PasswordChange {
        from: &hashes[from],
        to: &hashes[to],
        at_ms: i64::try_from(to).expect("small"),
        remembered: 2,
    };
    let foreign = store.replace_password(&elsewhere, &id, change(0, 1)).await;
    assert!(!foreign.expect("replace"), "other tenant");
    let stale = store.replace_password(&tenant, &id, change(1, 2)).await;
    assert!(!stale.expect("replace"), "it keeps another");
    assert!(
        store
            .earlier_passwords(&id, 9)
            .await
            .expect("list")
            .is_empty()
    );
    for step in 0..3 {
        let done = store
            .replace_password(&tenant, &id, change(step, step + 1))
            .await;
        assert!(done.expect("replace"));
    }
    let earlier = store.earlier_passwords(&id, 9).await.expect("list");
    assert_eq!(
        earlier,
        [hashes[2].clone(), hashes[1].clone()],
        "the last two, newest first"
    );
    assert_eq!(
        store.earlier_passwords(&id, 1).await.expect("list"),
        hashes[2..3]
    );
}

async fn changes_an_address_that_nobody_has(store: &dyn IdentityStore) {
    let tenant = TenantId::random();
    let (account, other) = (created(store, &tenant).await, created(store, &tenant).await);
    let Account { id, email, .. } = &account.account;
    let fresh = Email::parse(&fresh_email()).expect("an email");
    let taken = store
        .set_email(&tenant, id, email, &other.account.email, 9)
        .await;
    assert_eq!(taken.expect_err("taken").kind(), AuthErrorKind::Conflict);
    assert!(
        !store
            .set_email(&tenant, id, &fresh, &fresh, 9)
            .await
            .expect("set"),
        "not its own"
    );
    let elsewhere = TenantId::random();
    let set = store.set_email(&elsewhere, id, email, &fresh, 9).await;
    assert!(!set.expect("set"), "other tenant");
    assert!(
        store
            .set_email(&tenant, id, email, &fresh, 9)
            .await
            .expect("set")
    );
    let kept = store
        .get(&tenant, id)
        .await
        .expect("get")
        .expect("it exists")
        .account;
    assert_eq!((kept.email, kept.email_verified_at_ms), (fresh, Some(9)));
    assert_eq!(store.find_by_email(email).await.expect("find"), None);
}

async fn rewrites_what_was_seen(store: &dyn IdentityStore) {
    let tenant = TenantId::random();
    let (seen, other) = (created(store, &tenant).await, created(store, &tenant).await);
    let (seen, other) = (seen.account, other.account);
    let taken = store.rewrite(&seen, &other.email, "Eve").await;
    assert_eq!(taken.expect_err("taken").kind(), AuthErrorKind::Conflict);
    let elsewhere = Account {
        tenant: TenantId::random(),
        ..seen.clone()
    };
    let foreign = store.rewrite(&elsewhere, &seen.email, "Eve").await;
    assert!(!foreign.expect("rewrite"), "other tenant");
    let verified = store.set_email(&tenant, &seen.id, &seen.email, &seen.email, 9);
    assert!(verified.await.expect("set"));
    let renamed = store.rewrite(&seen, &seen.email, "Eve").await;
    assert!(renamed.expect("rewrite"));
    let kept = store.get(&tenant, &seen.id).await.expect("get");
    let kept = kept.expect("it exists").account;
    assert_eq!((&*kept.name, kept.email_verified_at_ms), ("Eve", Some(9)));
    let fresh = Email::parse(&fresh_email()).expect("an email");
    let stale = store.rewrite(&seen, &fresh, "Eve").await;
    assert!(!stale.expect("rewrite"), "it has another name");
    assert!(store.rewrite(&kept, &fresh, "Eve").await.expect("rewrite"));
    let kept = store.get(&tenant, &seen.id).await.expect("get");
    let kept = kept.expect("it exists").account;
    assert_eq!((kept.email, kept.email_verified_at_ms), (fresh, None));
}

async fn counts_and_skips(store: &dyn IdentityStore) {
    let tenant = TenantId::random();
    assert_eq!(store.count(&tenant).await.expect("count"), 0);
    for _ in 0..3 {
        created(store, &tenant).await;
    }
    assert_eq!(store.count(&tenant).await.expect("count"), 3);
    let all = store.list(&tenant, Page::default()).await.expect("list");
    for (skipped, limit) in [(0, 2), (1, 2), (2, 2), (3, 2)] {
        let page = store.list_from(&tenant, skipped, limit).await;
        let expect: Vec<Account> = all.iter().skip(skipped as usize).take(2).cloned().collect();
        assert_eq!(page.expect("list"), expect, "after {skipped}");
    }
}

async fn joins_one_more_tenant(store: &dyn IdentityStore) {
    let (first, second) = (TenantId::random(), TenantId::random());
    let identity = created(store, &first).await;
    let joined = Account {
        tenant: second.clone(),
        role: Role::Viewer,
        created_at_ms: 6,
        ..identity.account.clone()
    };
    store.join(&joined).await.expect("join");
    let again = store.join(&joined).await.expect_err("a member");
    assert_eq!(again.kind(), AuthErrorKind::Conflict);
    let id = &identity.account.id;
    assert_eq!(
        store.tenants_of(id).await.expect("list"),
        [first.clone(), second.clone()]
    );
    let roles = [(&first, Role::Developer), (&second, Role::Viewer)];
    for (tenant, role) in roles {
        let seen = store.get(tenant, id).await.expect("get").expect("a member");
        assert_eq!(seen.account.role, role, "a role a tenant");
    }
    let found = store
        .find_by_email(&identity.account.email)
        .await
        .expect("find");
    assert_eq!(
        found.expect("it exists").account.tenant,
        first,
        "the tenant joined first"
    );
}

async fn sets_roles_and_lets_members_go(store: &dyn IdentityStore) {
    let (first, second) = (TenantId::random(), TenantId::random());
    let identity = created(store, &first).await;
    let Account { id, email, .. } = &identity.account;
    let set = store.set_role(&second, id, Role::Viewer, None).await;
    assert!(!set.expect("set"), "other tenant");
    assert!(
        store
            .set_role(&first, id, Role::Viewer, None)
            .await
            .expect("set")
    );
    let seen = store.get(&first, id).await.expect("get").expect("a member");
    assert_eq!(seen.account.role, Role::Viewer);
    let change = async |role| store.change_role(&seen.account, role, None).await;
    assert!(change(Role::Admin).await.expect("change"), "as it was seen");
    assert!(
        !change(Role::Developer).await.expect("change"),
        "somebody else has changed it"
    );
    let kept = store.get(&first, id).await.expect("get").expect("a member");
    assert_eq!(kept.account.role, Role::Admin);
    let joined = Account {
        tenant: second.clone(),
        ..identity.account.clone()
    };
    store.join(&joined).await.expect("join");
    let elsewhere = TenantId::random();
    assert!(
        !store.leave(&elsewhere, id).await.expect("leave"),
        "other tenant"
    );
    assert!(store.leave(&first, id).await.expect("leave"));
    assert!(!store.leave(&first, id).await.expect("leave twice"));
    assert_eq!(store.get(&first, id).await.expect("get"), None);
    assert!(
        store.find_by_email(email).await.expect("find").is_some(),
        "it has another tenant"
    );
    assert!(store.leave(&second, id).await.expect("leave"));
    assert_eq!(
        store.find_by_email(email).await.expect("find"),
        None,
        "it had no other"
    );
}

async fn knows_no_other_tenant(store: &dyn IdentityStore) {
    let (tenant, elsewhere) = (TenantId::random(), TenantId::random());
    let identity = created(store, &tenant).await;
    let id = &identity.account.id;
    assert_eq!(
        store.get(&elsewhere, id).await.expect("get"),
        None,
        "other tenant"
    );
    assert_eq!(
        store.list(&elsewhere, Page::default()).await.expect("list"),
        []
    );
    let set = store
        .set_state(&elsewhere, id, AccountState::Disabled)
        .await;
    assert!(!set.expect("set state"), "other tenant");
    assert!(
        !store.raise_epoch(&elsewhere, id).await.expect("raise"),
        "other tenant"
    );
    let set = store
        .set_password(&elsewhere, id, &identity.password, "$other")
        .await;
    assert!(!set.expect("set password"), "other tenant");
    assert_eq!(
        store.get(&tenant, id).await.expect("get"),
        Some(identity),
        "it is untouched"
    );
}
