use std::sync::Arc;

use super::*;
use crate::testing::factor_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    factor_store(Arc::new(SqlFactorStore::new(database().await))).await;
    let (_folder, database) = file_database().await;
    factor_store(Arc::new(SqlFactorStore::new(database))).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A step that can be used again.
        "CREATE TRIGGER broken AFTER UPDATE OF last_step ON auth_totp
         WHEN OLD.confirmed_at IS NOT NULL BEGIN
         UPDATE auth_totp SET last_step = OLD.last_step WHERE account = NEW.account; END",
        // A recovery code that comes back.
        "CREATE TRIGGER broken AFTER DELETE ON auth_recovery_codes BEGIN
         INSERT INTO auth_recovery_codes VALUES (OLD.account, OLD.hash); END",
        // Codes that are everybody's.
        "CREATE TRIGGER broken AFTER DELETE ON auth_recovery_codes BEGIN
         DELETE FROM auth_recovery_codes; END",
        // An authenticator that was never confirmed, and counts.
        "CREATE TRIGGER broken AFTER INSERT ON auth_totp BEGIN
         UPDATE auth_totp SET confirmed_at = 1 WHERE account = NEW.account; END",
    ] {
        let store = SqlFactorStore::new(sabotaged(trigger).await);
        assert!(fails(factor_store(Arc::new(store))).await, "{trigger}");
    }
}
