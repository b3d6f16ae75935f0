//! What every queue of mails owes.

use std::sync::Arc;

use uuid::Uuid;

use crate::testing::at_once;
use crate::{MailQueue, QueuedMail};

const MINUTE_MS: i64 = 60_000;

/// Runs the contract of [`MailQueue`], which must be empty.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn mail_queue(queue: Arc<dyn MailQueue>) {
    assert_eq!(queue.claim(0).await.expect("claim"), None, "it is empty");
    gives_each_mail_to_one(&queue).await;
    comes_back_in_growing_steps(&*queue).await;
    forgets_what_expired(&*queue).await;
}

/// A mail that expires after a day.
async fn put(queue: &dyn MailQueue, due_at_ms: i64) -> Uuid {
    let mail = QueuedMail {
        id: Uuid::now_v7(),
        sealed: vec![7; 90],
        due_at_ms,
        expires_at_ms: due_at_ms + 24 * 60 * MINUTE_MS,
    };
    queue.put(&mail).await.expect("put");
    mail.id
}

async fn claim(queue: &dyn MailQueue, now_ms: i64) -> Option<Uuid> {
    let mail = queue.claim(now_ms).await.expect("claim")?;
    assert_eq!(mail.sealed, [7; 90], "as it was given");
    Some(mail.id)
}

async fn gives_each_mail_to_one(queue: &Arc<dyn MailQueue>) {
    let (second, first) = (put(&**queue, 2).await, put(&**queue, 1).await);
    let third = put(&**queue, 3).await;
    assert_eq!(claim(&**queue, 0).await, None, "none is due");
    assert_eq!(claim(&**queue, 3).await, Some(first), "the first due");
    let claimed = at_once(4, || {
        let queue = Arc::clone(queue);
        async move { claim(&*queue, 3).await }
    });
    let mut claimed: Vec<Uuid> = claimed.await.into_iter().flatten().collect();
    claimed.sort();
    let mut expect = [second, third];
    expect.sort();
    assert_eq!(claimed, expect, "each mail to one caller");
    for id in [first, second, third] {
        queue.delete(id).await.expect("delete");
        queue.delete(id).await.expect("delete twice");
    }
    assert_eq!(
        claim(&**queue, 10 * MINUTE_MS).await,
        None,
        "they were sent"
    );
}

async fn comes_back_in_growing_steps(queue: &dyn MailQueue) {
    let id = put(queue, 0).await;
    let mut now_ms = 0;
    for minutes in [1, 4, 9] {
        assert_eq!(claim(queue, now_ms).await, Some(id));
        now_ms += minutes * MINUTE_MS;
        assert_eq!(claim(queue, now_ms - 1).await, None, "not yet");
    }
    assert_eq!(claim(queue, now_ms).await, Some(id));
    queue.delete(id).await.expect("delete");
}

async fn forgets_what_expired(queue: &dyn MailQueue) {
    put(queue, 0).await;
    let end_ms = 24 * 60 * MINUTE_MS;
    assert_eq!(claim(queue, end_ms).await, None, "expired");
    assert_eq!(queue.delete_expired(end_ms - 1).await.expect("delete"), 0);
    assert_eq!(queue.delete_expired(end_ms).await.expect("delete"), 1);
}
