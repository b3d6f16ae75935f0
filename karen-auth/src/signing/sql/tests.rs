use std::sync::Arc;

use super::*;
use crate::testing::signing_key_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    signing_key_store(Arc::new(SqlSigningKeyStore::new(database().await))).await;
    let (_folder, database) = file_database().await;
    signing_key_store(Arc::new(SqlSigningKeyStore::new(database))).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A key that goes on for ever beside its successor.
        "CREATE TRIGGER broken AFTER UPDATE OF until ON auth_signing_keys BEGIN
         UPDATE auth_signing_keys SET until = NULL WHERE kid = NEW.kid; END",
        // A key that is not kept.
        "CREATE TRIGGER broken AFTER INSERT ON auth_signing_keys BEGIN
         DELETE FROM auth_signing_keys WHERE kid = NEW.kid; END",
        // The end of one is the end of all.
        "CREATE TRIGGER broken AFTER DELETE ON auth_signing_keys BEGIN
         DELETE FROM auth_signing_keys; END",
    ] {
        let store = SqlSigningKeyStore::new(sabotaged(trigger).await);
        assert!(fails(signing_key_store(Arc::new(store))).await, "{trigger}");
    }
}
