//! What every store of signing keys owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{SealedSigningKey, SigningKeyStore};

/// Runs the contract of [`SigningKeyStore`], which must hold no key yet.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn signing_key_store(store: Arc<dyn SigningKeyStore>) {
    assert_eq!(store.list().await.expect("list"), [], "it is empty");
    let first = key(1, "first");
    assert!(store.append(&first, 50).await.expect("append"));
    assert_eq!(
        store.list().await.expect("list"),
        std::slice::from_ref(&first)
    );
    appends_one_of_many(&store).await;
    let keys = store.list().await.expect("list");
    assert_eq!(keys.iter().map(|k| k.seq).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(keys[0].until_ms, None, "the newest signs");
    assert_eq!(keys[1].until_ms, Some(100), "the one before it has an end");
    keeps_what_is_resealed(&*store).await;
    forgets_what_ended(&*store).await;
}

fn key(seq: i64, kid: &str) -> SealedSigningKey {
    SealedSigningKey {
        seq,
        kid: kid.to_owned(),
        sealed: vec![7; 40],
        created_at_ms: seq,
        until_ms: None,
    }
}

async fn appends_one_of_many(store: &Arc<dyn SigningKeyStore>) {
    let appended = at_once(4, || {
        let (store, key) = (Arc::clone(store), key(2, &uuid::Uuid::now_v7().to_string()));
        async move { store.append(&key, 100).await.expect("append") }
    });
    let won = appended.await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1, "one successor");
}

async fn keeps_what_is_resealed(store: &dyn SigningKeyStore) {
    assert!(store.reseal("first", &[8; 40]).await.expect("reseal"));
    assert!(!store.reseal("nobody", &[8; 40]).await.expect("reseal"));
    let keys = store.list().await.expect("list");
    let sealed: Vec<u8> = keys.iter().map(|key| key.sealed[0]).collect();
    assert_eq!(sealed, [7, 8], "the other is untouched");
}

async fn forgets_what_ended(store: &dyn SigningKeyStore) {
    assert_eq!(store.delete_ended(99).await.expect("delete"), 0);
    assert_eq!(store.delete_ended(100).await.expect("delete"), 1);
    let left = store.list().await.expect("list");
    assert_eq!(left.iter().map(|k| k.seq).collect::<Vec<_>>(), [2]);
}
