//! Every suite on PostgreSQL, which `make test` starts.

use std::sync::Arc;

use karen_sql::testing::fresh_postgres;
use karen_sql::{Database, Location};

use super::*;
use crate::{
    SqlApiKeyStore, SqlAuditLog, SqlFactorStore, SqlIdentityStore, SqlLinkStore, SqlMailQueue,
    SqlOneTimeTokenStore, SqlPasskeyStore, SqlSessionStore, SqlSigningKeyStore, SqlTenantStore,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_store_keeps_its_contract_on_postgresql() {
    let url = fresh_postgres("test_auth_suites").await;
    let database = Database::open(Location::Postgres(url)).await.expect("open");
    crate::migrate(&database).await.expect("migrate");
    let identities = Arc::new(SqlIdentityStore::new(database.clone()));
    identity_store(identities.clone()).await;
    tenant_store(Arc::new(SqlTenantStore::new(database.clone())), identities).await;
    session_store(Arc::new(SqlSessionStore::new(database.clone()))).await;
    api_key_store(&SqlApiKeyStore::new(database.clone())).await;
    audit_log(Arc::new(SqlAuditLog::new(database.clone()))).await;
    signing_key_store(Arc::new(SqlSigningKeyStore::new(database.clone()))).await;
    factor_store(Arc::new(SqlFactorStore::new(database.clone()))).await;
    link_store(Arc::new(SqlLinkStore::new(database.clone()))).await;
    passkey_store(Arc::new(SqlPasskeyStore::new(database.clone()))).await;
    one_time_token_store(Arc::new(SqlOneTimeTokenStore::new(database.clone()))).await;
    mail_queue(Arc::new(SqlMailQueue::new(database))).await;
}
