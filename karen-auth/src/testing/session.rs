//! What every session store owes.

use std::sync::Arc;

use crate::testing::at_once;
use crate::{AccountId, Device, Session, SessionId, SessionKey, SessionStore, TenantId};

/// Runs the contract of [`SessionStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn session_store(store: Arc<dyn SessionStore>) {
    keeps_what_it_is_given(&*store).await;
    steps_a_counter_once(&store).await;
    marks_who_showed_their_credentials(&*store).await;
    renames_the_device_of_its_owner(&*store).await;
    ends_sessions_for_good(&*store).await;
    knows_no_other_tenant(&*store).await;
    forgets_what_expired(&*store).await;
}

fn session(tenant: &TenantId, account: &AccountId, created_at_ms: i64) -> Session {
    Session {
        id: SessionId::random(),
        tenant: tenant.clone(),
        account: account.clone(),
        key: SessionKey::random(),
        counter: 0,
        device: Device {
            name: Some("a device".to_owned()),
            address: Some("2001:db8::7".parse().expect("an address")),
            known: None,
        },
        created_at_ms,
        authenticated_at_ms: created_at_ms,
        refreshed_at_ms: created_at_ms,
        expires_at_ms: created_at_ms + 1_000_000_000_000,
    }
}

async fn inserted(store: &dyn SessionStore, session: Session) -> Session {
    store.insert(&session).await.expect("insert");
    session
}

async fn keeps_what_it_is_given(store: &dyn SessionStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let old = inserted(store, session(&tenant, &account, 1)).await;
    let mut plain = session(&tenant, &account, 2);
    plain.device = Device::default();
    let new = inserted(store, plain).await;
    assert_eq!(store.find(&old.id).await.expect("find"), Some(old.clone()));
    assert_eq!(store.find(&SessionId::random()).await.expect("find"), None);
    let listed = store.list(&tenant, &account).await.expect("list");
    assert_eq!(listed, [new, old], "newest first");
}

async fn renames_the_device_of_its_owner(store: &dyn SessionStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let session = inserted(store, session(&tenant, &account, 1)).await;
    for (tenant, account) in [
        (&tenant, &AccountId::random()),
        (&TenantId::random(), &account),
    ] {
        let renamed = store.rename(tenant, account, &session.id, "stolen").await;
        assert!(!renamed.expect("rename"), "it is somebody else's");
    }
    let renamed = store.rename(&tenant, &account, &session.id, "the old laptop");
    assert!(renamed.await.expect("rename"));
    let found = store.find(&session.id).await.expect("find").expect("alive");
    assert_eq!(found.device.name.as_deref(), Some("the old laptop"));
    assert_eq!(found.device.address, session.device.address);
}

async fn steps_a_counter_once(store: &Arc<dyn SessionStore>) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let session = inserted(&**store, session(&tenant, &account, 1)).await;
    let steps = at_once(8, || {
        let (store, tenant, id) = (Arc::clone(store), tenant.clone(), session.id.clone());
        async move { store.advance(&tenant, &id, 0, 77).await.expect("advance") }
    });
    let won = steps.await.into_iter().filter(|moved| *moved).count();
    assert_eq!(won, 1, "one caller steps the counter");
    let stepped = store.find(&session.id).await.expect("find").expect("alive");
    assert_eq!((stepped.counter, stepped.refreshed_at_ms), (1, 77));
    assert!(
        !store
            .advance(&tenant, &session.id, 0, 78)
            .await
            .expect("advance")
    );
    assert!(
        store
            .advance(&tenant, &session.id, 1, 79)
            .await
            .expect("advance")
    );
}

async fn marks_who_showed_their_credentials(store: &dyn SessionStore) {
    let (tenant, elsewhere) = (TenantId::random(), TenantId::random());
    let session = inserted(store, session(&tenant, &AccountId::random(), 1)).await;
    let marked = store.set_authenticated(&elsewhere, &session.id, 50).await;
    assert!(!marked.expect("mark"), "other tenant");
    let marked = store.set_authenticated(&tenant, &session.id, 60).await;
    assert!(marked.expect("mark"));
    let kept = store.find(&session.id).await.expect("find").expect("alive");
    assert_eq!((kept.authenticated_at_ms, kept.counter), (60, 0));
}

async fn ends_sessions_for_good(store: &dyn SessionStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let mut ids = Vec::new();
    for at in 0..4 {
        ids.push(inserted(store, session(&tenant, &account, at)).await.id);
    }
    assert!(
        store
            .delete(&tenant, &account, &ids[0])
            .await
            .expect("delete")
    );
    assert!(
        !store
            .delete(&tenant, &account, &ids[0])
            .await
            .expect("delete twice")
    );
    assert_eq!(store.find(&ids[0]).await.expect("find"), None, "it is dead");
    assert!(
        !store
            .advance(&tenant, &ids[0], 0, 5)
            .await
            .expect("advance the dead")
    );
    let ended = store.delete_all(&tenant, &account, Some(&ids[2])).await;
    assert_eq!(ended.expect("delete others"), 2);
    let left = store.list(&tenant, &account).await.expect("list");
    assert_eq!(left.iter().map(|s| &s.id).collect::<Vec<_>>(), [&ids[2]]);
    assert_eq!(
        store
            .delete_all(&tenant, &account, None)
            .await
            .expect("delete all"),
        1
    );
    assert_eq!(store.find(&ids[2]).await.expect("find"), None);
}

async fn knows_no_other_tenant(store: &dyn SessionStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let (elsewhere, stranger) = (TenantId::random(), AccountId::random());
    let session = inserted(store, session(&tenant, &account, 1)).await;
    let id = &session.id;
    assert!(
        !store.advance(&elsewhere, id, 0, 9).await.expect("advance"),
        "other tenant"
    );
    assert!(
        !store
            .delete(&elsewhere, &account, id)
            .await
            .expect("delete"),
        "other tenant"
    );
    assert!(
        !store.delete(&tenant, &stranger, id).await.expect("delete"),
        "other account"
    );
    assert_eq!(
        store
            .delete_all(&elsewhere, &account, None)
            .await
            .expect("delete all"),
        0
    );
    assert_eq!(
        store
            .delete_all(&tenant, &stranger, None)
            .await
            .expect("delete all"),
        0
    );
    assert_eq!(store.list(&elsewhere, &account).await.expect("list"), []);
    assert_eq!(store.list(&tenant, &stranger).await.expect("list"), []);
    assert_eq!(
        store.find(id).await.expect("find"),
        Some(session),
        "it is untouched"
    );
}

async fn forgets_what_expired(store: &dyn SessionStore) {
    let (tenant, account) = (TenantId::random(), AccountId::random());
    let mut gone = session(&tenant, &account, 1);
    gone.expires_at_ms = 10;
    let gone = inserted(store, gone).await;
    let kept = inserted(store, session(&tenant, &account, 1)).await;
    assert!(store.delete_expired(10).await.expect("delete expired") >= 1);
    assert_eq!(
        store.find(&gone.id).await.expect("find"),
        None,
        "it expired"
    );
    assert!(
        store.find(&kept.id).await.expect("find").is_some(),
        "it lasts"
    );
}
