//! What every store of links owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{AccountId, ForeignIdentity, LinkStore};

/// Runs the contract of [`LinkStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn link_store(store: Arc<dyn LinkStore>) {
    keeps_what_was_linked(&*store).await;
    gives_an_identity_to_one_account(&store).await;
    ends_one_link_only(&*store).await;
}

fn foreign(issuer: &str) -> ForeignIdentity {
    ForeignIdentity {
        issuer: format!("https://{issuer}.example.com"),
        subject: AccountId::random().to_string(),
    }
}

async fn linked(store: &dyn LinkStore, identity: &ForeignIdentity, account: &AccountId) -> bool {
    store.insert(identity, account, 7).await.expect("insert")
}

async fn keeps_what_was_linked(store: &dyn LinkStore) {
    let (account, identity) = (AccountId::random(), foreign("b"));
    assert_eq!(store.find(&identity).await.expect("find"), None);
    assert!(linked(store, &identity, &account).await);
    assert!(linked(store, &foreign("a"), &account).await);
    let found = store.find(&identity).await.expect("find");
    assert_eq!(found.as_ref(), Some(&account));
    let links = store.list(&account).await.expect("list");
    let kept: Vec<_> = links
        .iter()
        .map(|l| (l.issuer.as_str(), l.since_ms))
        .collect();
    assert_eq!(
        kept,
        [("https://a.example.com", 7), ("https://b.example.com", 7)]
    );
    let again = foreign("b");
    assert!(
        !linked(store, &again, &account).await,
        "a second identity of an issuer"
    );
    assert_eq!(store.find(&again).await.expect("find"), None);
}

async fn gives_an_identity_to_one_account(store: &Arc<dyn LinkStore>) {
    let identity = foreign("c");
    let got = at_once(8, || {
        let (store, identity) = (Arc::clone(store), identity.clone());
        async move {
            let account = AccountId::random();
            linked(&*store, &identity, &account)
                .await
                .then_some(account)
        }
    });
    let winners: Vec<_> = got.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let found = store.find(&identity).await.expect("find");
    assert_eq!(found.as_ref(), winners.first());
}

async fn ends_one_link_only(store: &dyn LinkStore) {
    let (account, other) = (AccountId::random(), AccountId::random());
    let (first, second, others) = (foreign("d"), foreign("e"), foreign("d"));
    assert!(linked(store, &first, &account).await);
    assert!(linked(store, &second, &account).await);
    assert!(linked(store, &others, &other).await);
    assert!(store.delete(&account, &first.issuer).await.expect("delete"));
    assert!(!store.delete(&account, &first.issuer).await.expect("delete"));
    assert_eq!(store.find(&first).await.expect("find"), None);
    assert_eq!(store.find(&second).await.expect("find"), Some(account));
    assert_eq!(store.find(&others).await.expect("find"), Some(other));
}
