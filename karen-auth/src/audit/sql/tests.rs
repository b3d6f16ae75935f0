use std::sync::Arc;

use super::*;
use crate::testing::audit_log;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    audit_log(Arc::new(SqlAuditLog::new(database().await))).await;
    let (_folder, database) = file_database().await;
    audit_log(Arc::new(SqlAuditLog::new(database))).await;
}

#[tokio::test]
async fn a_log_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // Entries that say something else.
        "CREATE TRIGGER broken AFTER INSERT ON auth_audit BEGIN
         UPDATE auth_audit SET outcome = 'allowed' WHERE seq = NEW.seq; END",
        // A log that forgets.
        "CREATE TRIGGER broken AFTER INSERT ON auth_audit WHEN NEW.seq > 1 BEGIN
         DELETE FROM auth_audit WHERE seq = 1; END",
    ] {
        let log = SqlAuditLog::new(sabotaged(trigger).await);
        assert!(fails(audit_log(Arc::new(log))).await, "{trigger}");
    }
}
