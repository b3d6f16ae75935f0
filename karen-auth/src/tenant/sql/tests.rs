use std::sync::Arc;

use super::*;
use crate::SqlIdentityStore;
use crate::testing::stores::{database, fails, file_database, sabotaged};
use crate::testing::tenant_store;

fn suite(database: Database) -> impl Future<Output = ()> + Send {
    let identities = Arc::new(SqlIdentityStore::new(database.clone()));
    tenant_store(Arc::new(SqlTenantStore::new(database)), identities)
}

#[tokio::test]
async fn it_keeps_the_contract() {
    suite(database().await).await;
    let (_folder, database) = file_database().await;
    suite(database).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A tenant that takes the members of others along.
        "CREATE TRIGGER broken AFTER DELETE ON auth_tenants BEGIN
         DELETE FROM auth_memberships; END",
        // A tenant that leaves its people behind.
        "CREATE TRIGGER broken BEFORE DELETE ON auth_accounts BEGIN SELECT RAISE(IGNORE); END",
        // A suspension that does not last.
        "CREATE TRIGGER broken AFTER UPDATE OF state ON auth_tenants BEGIN
         UPDATE auth_tenants SET state = 'active' WHERE id = NEW.id; END",
        // A limit that does not last.
        "CREATE TRIGGER broken AFTER UPDATE OF users_max ON auth_tenants BEGIN
         UPDATE auth_tenants SET users_max = 6 WHERE id = NEW.id AND NEW.users_max = 5; END",
        // A role of one tenant that all have.
        "CREATE TRIGGER broken AFTER INSERT ON auth_roles BEGIN
         INSERT OR IGNORE INTO auth_roles SELECT id, NEW.name, NEW.permissions
         FROM auth_tenants; END",
    ] {
        assert!(fails(suite(sabotaged(trigger).await)).await, "{trigger}");
    }
}
