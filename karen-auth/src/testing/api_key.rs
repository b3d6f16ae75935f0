//! What every API key store owes.

use crate::{
    AccountId, ApiKey, ApiKeyId, ApiKeyStore, Permission, Permissions, TenantId, TokenHash,
    UseLimits,
};

/// Runs the contract of [`ApiKeyStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn api_key_store(store: &dyn ApiKeyStore) {
    keeps_what_it_is_given(store).await;
    ends_a_key_for_good(store).await;
    knows_no_other_tenant(store).await;
}

async fn inserted(
    store: &dyn ApiKeyStore,
    tenant: &TenantId,
    account: &AccountId,
    created_at_ms: i64,
) -> (ApiKey, TokenHash) {
    let key = ApiKey {
        id: ApiKeyId::random(),
        tenant: tenant.clone(),
        account: account.clone(),
        name: "script".to_owned(),
        prefix: "karen_sk_abc".to_owned(),
        permissions: Permissions::of(&[Permission::ChatUse, Permission::ModelsUse]),
        created_at_ms,
        last_used_at_ms: None,
        expires_at_ms: Some(99),
        limits: UseLimits {
            tokens_per_day: 1,
            tokens_per_month: 2,
            cost_micros_per_day: 3,
            cost_micros_per_month: 1 << 40,
        },
    };
    let hash = TokenHash::of(key.id.as_str());
    store.insert(&key, &hash).await.expect("insert");
    (key, hash)
}

async fn keeps_what_it_is_given(store: &dyn ApiKeyStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let (old, hash) = inserted(store, &tenant, &account, 1).await;
    let (new, _) = inserted(store, &tenant, &account, 2).await;
    assert_eq!(store.find(&hash).await.expect("find"), Some(old.clone()));
    assert_eq!(
        store.find(&TokenHash::of("unknown")).await.expect("find"),
        None
    );
    let listed = store.list(&tenant, &account).await.expect("list");
    assert_eq!(listed, [new, old.clone()], "newest first");
    store.touch(&tenant, &old.id, 7).await.expect("touch");
    let touched = store.find(&hash).await.expect("find").expect("alive");
    assert_eq!(touched.last_used_at_ms, Some(7), "the use is noted");
    let limits = async || store.limits(&tenant, &old.id).await.expect("limits");
    assert_eq!(limits().await, Some(old.limits));
    let none = UseLimits::default();
    let set = store.set_limits(&tenant, &account, &old.id, &none).await;
    assert!(set.expect("set"));
    assert_eq!(limits().await, Some(none), "the limits are replaced");
}

async fn ends_a_key_for_good(store: &dyn ApiKeyStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let (key, hash) = inserted(store, &tenant, &account, 1).await;
    assert!(
        store
            .delete(&tenant, &account, &key.id)
            .await
            .expect("delete")
    );
    assert!(
        !store
            .delete(&tenant, &account, &key.id)
            .await
            .expect("delete twice")
    );
    store
        .touch(&tenant, &key.id, 7)
        .await
        .expect("touch the dead");
    assert_eq!(store.find(&hash).await.expect("find"), None, "it is dead");
}

async fn knows_no_other_tenant(store: &dyn ApiKeyStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let (elsewhere, stranger) = (TenantId::random(), AccountId::random());
    let (key, hash) = inserted(store, &tenant, &account, 1).await;
    assert!(
        !store
            .delete(&elsewhere, &account, &key.id)
            .await
            .expect("delete"),
        "other tenant"
    );
    let limits = store.limits(&elsewhere, &key.id).await.expect("limits");
    assert_eq!(limits, None, "other tenant");
    let none = UseLimits::default();
    for (tenant, account) in [(&elsewhere, &account), (&tenant, &stranger)] {
        let set = store.set_limits(tenant, account, &key.id, &none).await;
        assert!(!set.expect("set"), "other tenant or account");
    }
    assert!(
        !store
            .delete(&tenant, &stranger, &key.id)
            .await
            .expect("delete"),
        "other account"
    );
    store.touch(&elsewhere, &key.id, 7).await.expect("touch");
    assert_eq!(store.list(&elsewhere, &account).await.expect("list"), []);
    assert_eq!(store.list(&tenant, &stranger).await.expect("list"), []);
    assert_eq!(
        store.find(&hash).await.expect("find"),
        Some(key),
        "it is untouched"
    );
}
