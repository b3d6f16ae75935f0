//! Writing again what may have been written.

use karen_memory::{Edit, MemoryErrorKind, NewRecord};

use crate::{ada, all, memory, scope};

fn keyed(text: &str, key: &str) -> NewRecord {
    NewRecord::fact(text).idempotency_key(key)
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_writes_once() {
    let memory = memory().await;
    let write = async || {
        memory
            .remember(&ada(), keyed("The boat is red.", "k1"))
            .await
    };
    let first = write().await.expect("first");
    assert!(first.stored);
    assert_eq!(write().await.expect("again"), first);
    let edit = Edit {
        text: Some("The boat is green.".to_owned()),
        ..Edit::default()
    };
    memory
        .update(&ada(), &first.id, edit)
        .await
        .expect("update");
    assert_eq!(write().await.expect("corrected meanwhile"), first);
    assert_eq!(all(&memory, &ada()).await.len(), 1);
    let theirs = memory
        .remember(&scope("default", "bob"), keyed("My boat is blue.", "k1"))
        .await
        .expect("another user");
    assert!(
        theirs.stored && theirs.id != first.id,
        "keys are a user's own"
    );
}

#[tokio::test]
async fn a_key_names_one_writing() {
    let memory = memory().await;
    let first = memory
        .remember(&ada(), keyed("The boat is red.", "k1"))
        .await;
    let first = first.expect("first");
    let other = memory
        .remember(&ada(), keyed("Ships carry grain.", "k1"))
        .await;
    assert_eq!(
        other.expect_err("other words").kind(),
        MemoryErrorKind::Conflict
    );
    let instruction = NewRecord::instruction("The boat is red.").idempotency_key("k1");
    let other = memory.remember(&ada(), instruction).await;
    assert_eq!(
        other.expect_err("other kind").kind(),
        MemoryErrorKind::Conflict
    );
    let twice = vec![keyed("One.", "k2"), keyed("Two.", "k2")];
    let refused = memory.remember_all(&ada(), twice).await.expect_err("twice");
    assert_eq!(refused.kind(), MemoryErrorKind::Invalid);
    for key in [String::new(), "k".repeat(NewRecord::KEY_BYTES_MAX + 1)] {
        let refused = memory.remember(&ada(), keyed("Three.", &key)).await;
        assert_eq!(
            refused.expect_err("a bad key").kind(),
            MemoryErrorKind::Invalid
        );
    }
    assert_eq!(all(&memory, &ada()).await.len(), 1);
    memory.forget(&ada(), &first.id).await.expect("forget");
    let again = memory
        .remember(&ada(), keyed("The boat is red.", "k1"))
        .await;
    assert!(
        again.expect("anew").stored,
        "what is forgotten can be told again"
    );
}

#[tokio::test]
async fn a_batch_that_is_sent_again_answers_as_before() {
    let memory = memory().await;
    let batch = || {
        vec![
            keyed("The boat is red.", "b#0"),
            keyed("The mast is tall.", "b#1"),
        ]
    };
    let first = memory.remember_all(&ada(), batch()).await.expect("first");
    assert!(first.iter().all(|one| one.stored));
    let mut longer = batch();
    longer.push(keyed("The anchor weighs 900 kilos.", "b#2"));
    let second = memory.remember_all(&ada(), longer).await.expect("again");
    assert_eq!(second[..2], first);
    assert!(second[2].stored);
}
