//! What every store of one-time tokens owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{
    AccountId, OneTimeToken, OneTimeTokenId, OneTimeTokenStore, Purpose, TenantId, TokenHash,
};

const PURPOSE: Purpose = Purpose::Challenge;

/// Runs the contract of [`OneTimeTokenStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn one_time_token_store(store: Arc<dyn OneTimeTokenStore>) {
    keeps_what_it_is_given(&*store).await;
    gives_a_token_to_one(&store).await;
    counts_every_try(&store).await;
    knows_no_other_tenant(&*store).await;
    forgets_what_expired(&*store).await;
}

/// A token that expires at 100.
async fn put(store: &dyn OneTimeTokenStore, tenant: &TenantId) -> (OneTimeToken, TokenHash) {
    let token = OneTimeToken {
        id: OneTimeTokenId::random(),
        purpose: PURPOSE,
        tenant: tenant.clone(),
        account: Some(AccountId::random()),
        detail: "{}".to_owned(),
        created_at_ms: 1,
        expires_at_ms: 100,
    };
    let hash = TokenHash::of(token.id.as_str());
    store.put(&token, &hash).await.expect("put");
    (token, hash)
}

async fn keeps_what_it_is_given(store: &dyn OneTimeTokenStore) {
    let tenant = TenantId::random();
    let (first, hash) = put(store, &tenant).await;
    let (second, _) = put(store, &tenant).await;
    let found = store.find(PURPOSE, &hash, 99).await.expect("find");
    assert_eq!(found, Some(first.clone()));
    let other = Purpose::Invitation;
    assert_eq!(store.find(other, &hash, 99).await.expect("find"), None);
    assert_eq!(
        store.count_try(other, &hash, 9, 99).await.expect("try"),
        None
    );
    assert_eq!(store.take(other, &hash, 99).await.expect("take"), None);
    assert_eq!(store.list(&tenant, other, 99).await.expect("list"), []);
    let listed = store.list(&tenant, PURPOSE, 99).await.expect("list");
    assert_eq!(listed, [first.clone(), second.clone()], "the oldest first");
    let account = first.account.as_ref().expect("it has one");
    assert_eq!(store.delete_of(account, PURPOSE).await.expect("delete"), 1);
    assert_eq!(store.find(PURPOSE, &hash, 99).await.expect("find"), None);
    assert_eq!(
        store.list(&tenant, PURPOSE, 99).await.expect("list"),
        [second]
    );
}

async fn gives_a_token_to_one(store: &Arc<dyn OneTimeTokenStore>) {
    let tenant = TenantId::random();
    let (token, hash) = put(&**store, &tenant).await;
    put(&**store, &tenant).await;
    let taken = at_once(4, || {
        let store = Arc::clone(store);
        async move { store.take(PURPOSE, &hash, 99).await.expect("take") }
    });
    let taken: Vec<_> = taken.await.into_iter().flatten().collect();
    assert_eq!(taken, [token], "one caller gets it");
    assert_eq!(store.find(PURPOSE, &hash, 99).await.expect("find"), None);
    let left = store.list(&tenant, PURPOSE, 99).await.expect("list");
    assert_eq!(left.len(), 1, "the other is untouched");
}

async fn counts_every_try(store: &Arc<dyn OneTimeTokenStore>) {
    let (token, hash) = put(&**store, &TenantId::random()).await;
    let tried = at_once(8, || {
        let store = Arc::clone(store);
        async move { store.count_try(PURPOSE, &hash, 3, 99).await.expect("try") }
    });
    let tried: Vec<_> = tried.await.into_iter().flatten().collect();
    assert_eq!(tried, vec![token; 3], "three tries and no more");
}

async fn knows_no_other_tenant(store: &dyn OneTimeTokenStore) {
    let (tenant, elsewhere) = (TenantId::random(), TenantId::random());
    let (token, hash) = put(store, &tenant).await;
    assert_eq!(store.list(&elsewhere, PURPOSE, 99).await.expect("list"), []);
    let deleted = store.delete(&elsewhere, PURPOSE, &token.id).await;
    assert!(!deleted.expect("delete"), "other tenant");
    let stranger = AccountId::random();
    assert_eq!(
        store.delete_of(&stranger, PURPOSE).await.expect("delete"),
        0
    );
    assert!(
        store
            .find(PURPOSE, &hash, 99)
            .await
            .expect("find")
            .is_some()
    );
    assert!(
        store
            .delete(&tenant, PURPOSE, &token.id)
            .await
            .expect("delete")
    );
    assert!(
        !store
            .delete(&tenant, PURPOSE, &token.id)
            .await
            .expect("delete twice")
    );
}

async fn forgets_what_expired(store: &dyn OneTimeTokenStore) {
    let tenant = TenantId::random();
    let (_, hash) = put(store, &tenant).await;
    assert_eq!(store.find(PURPOSE, &hash, 100).await.expect("find"), None);
    assert_eq!(
        store.count_try(PURPOSE, &hash, 9, 100).await.expect("try"),
        None
    );
    assert_eq!(store.take(PURPOSE, &hash, 100).await.expect("take"), None);
    assert_eq!(store.list(&tenant, PURPOSE, 100).await.expect("list"), []);
    assert!(
        store
            .find(PURPOSE, &hash, 99)
            .await
            .expect("find")
            .is_some()
    );
    assert!(store.delete_expired(100).await.expect("delete") >= 1);
    assert_eq!(store.find(PURPOSE, &hash, 99).await.expect("find"), None);
}
