//! What every identity store owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{
    Account, AccountId, AccountState, AuthErrorKind, Email, Identity, IdentityStore, Page, Role,
    TenantId, TokenHash,
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
    knows_no_other_tenant(&*store).await;
}

fn identity(tenant: &TenantId, email: &str) -> Identity {
    Identity {
        account: Account {
            id: AccountId::random(),
            tenant: tenant.clone(),
            email: Email::parse(email).expect("an email"),
            name: "Ada".to_owned(),
            role: Role::Developer,
            state: AccountState::Active,
            created_at_ms: 5,
        },
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
