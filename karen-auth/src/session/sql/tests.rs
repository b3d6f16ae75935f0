use std::sync::Arc;

use super::*;
use crate::testing::session_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    session_store(Arc::new(SqlSessionStore::new(database().await))).await;
    let (_folder, database) = file_database().await;
    session_store(Arc::new(SqlSessionStore::new(database))).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A counter that does not move: everybody wins the race.
        "CREATE TRIGGER broken AFTER UPDATE ON auth_sessions BEGIN
         UPDATE auth_sessions SET counter = OLD.counter WHERE id = NEW.id; END",
        // A name that is not kept.
        "CREATE TRIGGER broken AFTER UPDATE ON auth_sessions BEGIN
         UPDATE auth_sessions SET device = OLD.device WHERE id = NEW.id; END",
        // A session that comes back.
        "CREATE TRIGGER broken AFTER DELETE ON auth_sessions BEGIN
         INSERT INTO auth_sessions VALUES (OLD.id, OLD.tenant, OLD.account, OLD.key, OLD.counter,
         OLD.device, OLD.address, OLD.created_at, OLD.refreshed_at, OLD.expires_at,
         OLD.authenticated_at); END",
        // One account's end is everybody's.
        "CREATE TRIGGER broken AFTER DELETE ON auth_sessions BEGIN DELETE FROM auth_sessions; END",
    ] {
        let store = SqlSessionStore::new(sabotaged(trigger).await);
        assert!(fails(session_store(Arc::new(store))).await, "{trigger}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_corrupt_and_not_a_session() {
    let database = database().await;
    let store = SqlSessionStore::new(database.clone());
    let id = SessionId::random();
    let mut tx = database.write().await.expect("write");
    sqlx::query(
        "INSERT INTO auth_sessions VALUES ($1, 'default', 'nobody', X'00', 0, NULL, NULL, 1, 1, 1, 1)",
    )
    .bind(id.as_str())
    .execute(&mut *tx)
    .await
    .expect("insert");
    tx.commit().await.expect("commit");
    let refused = store.find(&id).await.expect_err("damage");
    assert_eq!(refused.kind(), crate::AuthErrorKind::Corrupt);
}
