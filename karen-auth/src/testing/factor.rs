//! What every store of second factors owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{AccountId, FactorStore, TokenHash, TotpFactor};

/// Runs the contract of [`FactorStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn factor_store(store: Arc<dyn FactorStore>) {
    confirms_what_was_begun(&*store).await;
    uses_each_step_once(&store).await;
    uses_each_code_once(&store).await;
    deletes_one_accounts_factor(&*store).await;
    reseals_what_is_kept(&*store).await;
}

fn begun(sealed: u8) -> TotpFactor {
    TotpFactor {
        sealed: vec![sealed; 40],
        created_at_ms: 5,
        confirmed_at_ms: None,
        last_step: 0,
    }
}

fn codes(account: &AccountId) -> Vec<TokenHash> {
    let code = |i| TokenHash::of(&format!("{account} {i}"));
    (0..3).map(code).collect()
}

/// An account whose authenticator was confirmed with the code of step 10.
async fn confirmed(store: &dyn FactorStore) -> AccountId {
    let account = AccountId::random();
    assert!(store.begin_totp(&account, &begun(1)).await.expect("begin"));
    let (sealed, codes) = (begun(1).sealed, codes(&account));
    let done = store.confirm_totp(&account, &sealed, 10, 6, &codes).await;
    assert!(done.expect("confirm"));
    account
}

async fn confirms_what_was_begun(store: &dyn FactorStore) {
    let account = AccountId::random();
    assert_eq!(store.totp(&account).await.expect("get"), None);
    for sealed in [1, 2] {
        assert!(
            store
                .begin_totp(&account, &begun(sealed))
                .await
                .expect("begin")
        );
        let kept = store.totp(&account).await.expect("get");
        assert_eq!(kept, Some(begun(sealed)), "the last begun");
    }
    assert!(
        !store.use_step(&account, 9).await.expect("use"),
        "not confirmed"
    );
    let codes = codes(&account);
    let stale = store
        .confirm_totp(&account, &begun(1).sealed, 10, 6, &codes)
        .await;
    assert!(!stale.expect("confirm"), "it was begun anew");
    let sealed = begun(2).sealed;
    let done = store.confirm_totp(&account, &sealed, 10, 6, &codes).await;
    assert!(done.expect("confirm"));
    let kept = store.totp(&account).await.expect("get").expect("it exists");
    assert_eq!((kept.confirmed_at_ms, kept.last_step), (Some(6), 10));
    assert_eq!(store.codes_left(&account).await.expect("count"), 3);
    let again = store.confirm_totp(&account, &sealed, 11, 7, &codes).await;
    assert!(!again.expect("confirm"), "it is confirmed");
    assert!(
        !store.begin_totp(&account, &begun(3)).await.expect("begin"),
        "never replaced"
    );
    assert_eq!(store.totp(&account).await.expect("get"), Some(kept));
}

async fn uses_each_step_once(store: &Arc<dyn FactorStore>) {
    let account = confirmed(&**store).await;
    assert!(
        !store.use_step(&account, 10).await.expect("use"),
        "it confirmed"
    );
    let used = at_once(4, || {
        let (store, account) = (Arc::clone(store), account.clone());
        async move { store.use_step(&account, 12).await.expect("use") }
    });
    let won = used.await.into_iter().filter(|used| *used).count();
    assert_eq!(won, 1, "one use of one step");
    assert!(
        !store.use_step(&account, 11).await.expect("use"),
        "an earlier one"
    );
    assert!(
        store.use_step(&account, 13).await.expect("use"),
        "a later one"
    );
}

async fn uses_each_code_once(store: &Arc<dyn FactorStore>) {
    let (account, stranger) = (confirmed(&**store).await, confirmed(&**store).await);
    let code = codes(&account)[0];
    assert!(
        !store.use_code(&stranger, &code).await.expect("use"),
        "another's code"
    );
    let used = at_once(4, || {
        let (store, account) = (Arc::clone(store), account.clone());
        async move { store.use_code(&account, &code).await.expect("use") }
    });
    let won = used.await.into_iter().filter(|used| *used).count();
    assert_eq!(won, 1, "one use of one code");
    assert_eq!(store.codes_left(&account).await.expect("count"), 2);
    store.put_codes(&account, &[code]).await.expect("put");
    assert_eq!(
        store.codes_left(&account).await.expect("count"),
        1,
        "replaced"
    );
    assert_eq!(
        store.codes_left(&stranger).await.expect("count"),
        3,
        "untouched"
    );
}

async fn deletes_one_accounts_factor(store: &dyn FactorStore) {
    let (account, stranger) = (confirmed(store).await, confirmed(store).await);
    assert!(store.delete_totp(&account).await.expect("delete"));
    assert!(!store.delete_totp(&account).await.expect("delete twice"));
    assert_eq!(store.totp(&account).await.expect("get"), None);
    assert_eq!(store.codes_left(&account).await.expect("count"), 3, "kept");
    store.put_codes(&account, &[]).await.expect("put");
    assert_eq!(store.codes_left(&account).await.expect("count"), 0);
    assert!(
        store.totp(&stranger).await.expect("get").is_some(),
        "untouched"
    );
    assert!(
        store
            .begin_totp(&account, &begun(4))
            .await
            .expect("begin anew")
    );
}

async fn reseals_what_is_kept(store: &dyn FactorStore) {
    let account = confirmed(store).await;
    let (from, to) = (begun(1).sealed, vec![9; 50]);
    assert!(store.reseal(&account, &from, &to).await.expect("reseal"));
    assert!(
        !store.reseal(&account, &from, &to).await.expect("reseal"),
        "too late"
    );
    let mut listed = Vec::new();
    while let page = store.list(listed.last(), 2).await.expect("list")
        && !page.is_empty()
    {
        assert!(page.len() <= 2, "no more than asked for");
        for (id, totp) in page {
            assert_eq!(totp.sealed == to, id == account, "one was resealed");
            listed.push(id);
        }
    }
    assert!(
        listed.is_sorted() && listed.contains(&account),
        "ordered by id"
    );
}
