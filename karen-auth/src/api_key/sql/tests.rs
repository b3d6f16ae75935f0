use super::*;
use crate::testing::api_key_store;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    api_key_store(&SqlApiKeyStore::new(database().await)).await;
    let (_folder, database) = file_database().await;
    api_key_store(&SqlApiKeyStore::new(database)).await;
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // Permissions that grow.
        "CREATE TRIGGER broken AFTER INSERT ON auth_api_keys BEGIN
         UPDATE auth_api_keys SET permissions = 'users:write' WHERE id = NEW.id; END",
        // A key that comes back.
        "CREATE TRIGGER broken AFTER DELETE ON auth_api_keys BEGIN
         INSERT INTO auth_api_keys VALUES (OLD.id, OLD.tenant, OLD.account, OLD.name, OLD.prefix,
         OLD.hash, OLD.permissions, OLD.created_at, OLD.last_used_at, OLD.expires_at); END",
    ] {
        let store = SqlApiKeyStore::new(sabotaged(trigger).await);
        assert!(
            fails(async move { api_key_store(&store).await }).await,
            "{trigger}"
        );
    }
}
