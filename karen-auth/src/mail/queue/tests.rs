use std::sync::Arc;

use super::*;
use crate::testing::mail_queue;
use crate::testing::stores::{database, fails, file_database, sabotaged};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    mail_queue(Arc::new(SqlMailQueue::new(database().await))).await;
    let (_folder, database) = file_database().await;
    mail_queue(Arc::new(SqlMailQueue::new(database))).await;
}

#[tokio::test]
async fn a_queue_that_breaks_a_promise_fails_the_suite() {
    for trigger in [
        // A mail that everybody claims.
        "CREATE TRIGGER broken AFTER UPDATE ON auth_mail BEGIN
         UPDATE auth_mail SET due_at = OLD.due_at WHERE id = NEW.id; END",
        // A mail that is lost when it is claimed.
        "CREATE TRIGGER broken AFTER UPDATE ON auth_mail BEGIN
         DELETE FROM auth_mail WHERE id = NEW.id; END",
        // A mail that is sent for ever.
        "CREATE TRIGGER broken AFTER DELETE ON auth_mail BEGIN
         INSERT INTO auth_mail VALUES (OLD.id, OLD.sealed, OLD.claims, OLD.due_at, OLD.expires_at);
         END",
    ] {
        let queue = SqlMailQueue::new(sabotaged(trigger).await);
        assert!(fails(mail_queue(Arc::new(queue))).await, "{trigger}");
    }
}
