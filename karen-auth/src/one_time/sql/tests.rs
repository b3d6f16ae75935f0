use std::sync::Arc;

use super::*;
use crate::testing::one_time_token_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    one_time_token_store(Arc::new(SqlOneTimeTokenStore::new(database().await))).await;
    let (_folder, database) = file_database().await;
    one_time_token_store(Arc::new(SqlOneTimeTokenStore::new(database))).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A token that is good twice.
        "CREATE TRIGGER broken AFTER DELETE ON auth_one_time BEGIN
         INSERT INTO auth_one_time VALUES (OLD.id, OLD.hash, OLD.purpose, OLD.tenant, OLD.account,
         OLD.detail, OLD.tries, OLD.created_at, OLD.expires_at); END",
        // Tries that are not counted.
        "CREATE TRIGGER broken AFTER UPDATE ON auth_one_time BEGIN
         UPDATE auth_one_time SET tries = 0 WHERE id = NEW.id; END",
        // The end of one is the end of all.
        "CREATE TRIGGER broken AFTER DELETE ON auth_one_time BEGIN DELETE FROM auth_one_time; END",
    ] {
        let store = SqlOneTimeTokenStore::new(sabotaged(trigger).await);
        assert!(
            fails(one_time_token_store(Arc::new(store))).await,
            "{trigger}"
        );
    }
}
