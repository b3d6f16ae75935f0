use std::sync::Arc;

use super::*;
use crate::testing::identity_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    identity_store(Arc::new(SqlIdentityStore::new(database().await))).await;
    let (_folder, database) = file_database().await;
    identity_store(Arc::new(SqlIdentityStore::new(database))).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // An account that is not kept.
        "CREATE TRIGGER broken AFTER INSERT ON auth_memberships BEGIN
         DELETE FROM auth_accounts WHERE id = NEW.account; END",
        // A password that is not changed.
        "CREATE TRIGGER broken AFTER UPDATE OF password ON auth_accounts BEGIN
         UPDATE auth_accounts SET password = OLD.password WHERE id = NEW.id; END",
        // A membership everywhere.
        "CREATE TRIGGER broken AFTER INSERT ON auth_memberships WHEN NEW.tenant <> 'ten_x' BEGIN
         INSERT INTO auth_memberships SELECT DISTINCT tenant, NEW.account, 'owner', 'active', 1
         FROM auth_memberships WHERE tenant <> NEW.tenant; END",
    ] {
        let store = SqlIdentityStore::new(sabotaged(trigger).await);
        assert!(fails(identity_store(Arc::new(store))).await, "{trigger}");
    }
}
