//! What every store of passkeys owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{AccountId, Passkey, PasskeyId, PasskeyStore, PasskeyUse};

/// Runs the contract of [`PasskeyStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn passkey_store(store: Arc<dyn PasskeyStore>) {
    keeps_what_was_inserted(&*store).await;
    gives_a_credential_to_one(&store).await;
    counts_forward_only(&store).await;
    lets_devices_not_count(&*store).await;
    touches_one_account(&*store).await;
}

fn passkey(account: &AccountId, at_ms: i64) -> Passkey {
    let id = PasskeyId::random();
    Passkey {
        credential: id.as_str().as_bytes().to_vec(),
        id,
        account: account.clone(),
        public_key: vec![7; 77],
        counter: 3,
        name: "laptop".to_owned(),
        transports: vec!["internal".to_owned(), "hybrid".to_owned()],
        backup_eligible: true,
        backed_up: false,
        created_at_ms: at_ms,
        used_at_ms: None,
    }
}

fn used(counter: u32) -> PasskeyUse {
    PasskeyUse {
        counter,
        backed_up: true,
        at_ms: 9,
    }
}

async fn inserted(store: &dyn PasskeyStore, passkey: Passkey) -> Passkey {
    assert!(store.insert(&passkey).await.expect("insert"));
    passkey
}

async fn keeps_what_was_inserted(store: &dyn PasskeyStore) {
    let account = AccountId::random();
    assert_eq!(store.list(&account).await.expect("list"), []);
    let later = inserted(store, passkey(&account, 6)).await;
    let first = inserted(store, passkey(&account, 5)).await;
    let found = store.find(&first.credential).await.expect("find");
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(store.find(b"unknown").await.expect("find"), None);
    let listed = store.list(&account).await.expect("list");
    assert_eq!(listed, [first, later], "the oldest first");
}

async fn gives_a_credential_to_one(store: &Arc<dyn PasskeyStore>) {
    let credential = PasskeyId::random().as_str().as_bytes().to_vec();
    let won = at_once(4, || {
        let (store, credential) = (Arc::clone(store), credential.clone());
        async move {
            let account = AccountId::random();
            let passkey = Passkey {
                credential,
                ..passkey(&account, 5)
            };
            let inserted = store.insert(&passkey).await.expect("insert");
            inserted.then_some(account)
        }
    });
    let won: Vec<_> = won.await.into_iter().flatten().collect();
    let kept = store.find(&credential).await.expect("find");
    let kept = kept.map(|passkey| passkey.account);
    assert_eq!(won, Vec::from_iter(kept), "one of them has it");
}

async fn counts_forward_only(store: &Arc<dyn PasskeyStore>) {
    let passkey = inserted(&**store, passkey(&AccountId::random(), 5)).await;
    for counter in [0, 2, 3] {
        let noted = store.note_use(&passkey.id, used(counter)).await;
        assert!(!noted.expect("note"), "{counter} is not above 3");
    }
    let kept = store.find(&passkey.credential).await.expect("find");
    assert_eq!(kept.as_ref(), Some(&passkey), "nothing was noted");
    let noted = at_once(4, || {
        let (store, id) = (Arc::clone(store), passkey.id.clone());
        async move { store.note_use(&id, used(4)).await.expect("note") }
    });
    let won = noted.await.into_iter().filter(|noted| *noted).count();
    assert_eq!(won, 1, "one use of one value");
    let kept = store.find(&passkey.credential).await.expect("find");
    let kept = kept.expect("it exists");
    assert_eq!(
        (kept.counter, kept.backed_up, kept.used_at_ms),
        (4, true, Some(9))
    );
}

async fn lets_devices_not_count(store: &dyn PasskeyStore) {
    let passkey = Passkey {
        counter: 0,
        ..passkey(&AccountId::random(), 5)
    };
    let passkey = inserted(store, passkey).await;
    for _ in 0..2 {
        let noted = store.note_use(&passkey.id, used(0)).await;
        assert!(noted.expect("note"), "it does not count");
    }
}

async fn touches_one_account(store: &dyn PasskeyStore) {
    let (account, stranger) = (AccountId::random(), AccountId::random());
    let passkey_of = |account| inserted(store, passkey(account, 5));
    let (mine, other) = (passkey_of(&account).await, passkey_of(&stranger).await);
    let renamed = store.rename(&stranger, &mine.id, "theirs").await;
    assert!(!renamed.expect("rename"), "another's");
    assert!(
        store
            .rename(&account, &mine.id, "phone")
            .await
            .expect("rename")
    );
    let names = |listed: Vec<Passkey>| Vec::from_iter(listed.into_iter().map(|p| p.name));
    assert_eq!(names(store.list(&account).await.expect("list")), ["phone"]);
    assert_eq!(
        names(store.list(&stranger).await.expect("list")),
        ["laptop"]
    );
    assert!(
        !store.delete(&stranger, &mine.id).await.expect("delete"),
        "another's"
    );
    assert!(store.delete(&account, &mine.id).await.expect("delete"));
    assert!(
        !store
            .delete(&account, &mine.id)
            .await
            .expect("delete twice")
    );
    inserted(store, passkey(&account, 5)).await;
    assert_eq!(store.delete_all(&account).await.expect("delete"), 1);
    assert_eq!(store.list(&account).await.expect("list"), []);
    assert_eq!(
        store.list(&stranger).await.expect("list"),
        [other],
        "untouched"
    );
}
