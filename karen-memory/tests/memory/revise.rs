//! What becomes of a record after it was written.

use karen_memory::{ChangeKind, Edit, Feedback, MemoryErrorKind, NewRecord, RecordId};
use serde_json::{Map, Value};

use crate::{ada, memory, recall, scope, texts, turn};

fn words(text: &str) -> Edit {
    Edit {
        text: Some(text.to_owned()),
        ..Edit::default()
    }
}

#[tokio::test]
async fn an_update_is_found_by_its_words_and_its_history_keeps_the_old_ones() {
    let memory = memory().await;
    let note = NewRecord::fact("The boat is red.").metadata("shelf", 3);
    let id = memory.remember(&ada(), note).await.expect("remember").id;
    assert_eq!(recall(&memory, &ada(), "red").await.items.len(), 1);
    let before = memory
        .get(&ada(), &id)
        .await
        .expect("get")
        .expect("is there");
    assert_eq!(before.metadata["shelf"], 3);
    let edit = Edit {
        tags: Some(vec!["paint".to_owned()]),
        importance: Some(1.0),
        metadata: Some(Map::from_iter([("shelf".to_owned(), Value::from(4))])),
        ..words("The boat is green.")
    };
    let after = memory
        .update(&ada(), &id, edit)
        .await
        .expect("update")
        .expect("is there");
    assert_eq!(
        memory.get(&ada(), &id).await.expect("get"),
        Some(after.clone())
    );
    assert_eq!(
        (after.text.as_str(), after.importance),
        ("The boat is green.", 1.0)
    );
    assert_eq!(
        texts(&recall(&memory, &ada(), "green").await),
        ["The boat is green."]
    );
    assert!(recall(&memory, &ada(), "red").await.items.is_empty());
    let history = memory.history(&ada(), &id).await.expect("history");
    assert_eq!(history.len(), 1);
    assert_eq!(
        (history[0].version, history[0].change),
        (1, ChangeKind::Edited)
    );
    assert_eq!(history[0].record, before);
    let stranger = scope("default", "bob");
    assert!(
        memory
            .history(&stranger, &id)
            .await
            .expect("history")
            .is_empty()
    );
    let theirs = memory
        .update(&stranger, &id, words("The boat is mine."))
        .await;
    assert_eq!(theirs.expect("update"), None);
    memory.forget(&ada(), &id).await.expect("forget");
    assert!(
        memory
            .history(&ada(), &id)
            .await
            .expect("history")
            .is_empty()
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let memory = memory().await;
    let said = vec![turn("msg_1", "user", "a boat", 1)];
    let spoken = memory.ingest(&ada(), said).await.expect("ingest").remove(0);
    let note = async |text: &str| {
        let answer = memory.remember(&ada(), NewRecord::fact(text)).await;
        answer.expect("remember").id
    };
    let (one, _) = (note("a red house").await, note("a blue barn").await);
    let rated = |importance| Edit {
        importance: Some(importance),
        ..Edit::default()
    };
    let over = Edit {
        valid_from: Some(2),
        valid_to: Some(1),
        ..Edit::default()
    };
    let cases: [(&RecordId, Edit); 6] = [
        (&spoken, words("another boat")),
        (&one, words("A blue BARN")),
        (&one, words(" ")),
        (&one, rated(1.5)),
        (&one, rated(f32::NAN)),
        (&one, over),
    ];
    let before = memory.get(&ada(), &one).await.expect("get");
    for (id, edit) in cases {
        let refused = memory.update(&ada(), id, edit.clone()).await;
        assert_eq!(
            refused.expect_err("refused").kind(),
            MemoryErrorKind::Invalid,
            "{edit:?}"
        );
    }
    assert_eq!(memory.get(&ada(), &one).await.expect("get"), before);
    assert!(
        memory
            .history(&ada(), &one)
            .await
            .expect("history")
            .is_empty()
    );
    let wide = memory
        .remember(&ada(), NewRecord::fact("a hut").importance(2.0))
        .await;
    assert_eq!(wide.expect_err("refused").kind(), MemoryErrorKind::Invalid);
}

#[tokio::test]
async fn feedback_counts_use_and_lowers_what_is_beside_the_point() {
    let memory = memory().await;
    let note = NewRecord::fact("a boat");
    let id = memory.remember(&ada(), note).await.expect("remember").id;
    let say = async |feedback| {
        let record = memory
            .feedback(&ada(), &id, feedback)
            .await
            .expect("feedback");
        record.expect("is there")
    };
    let used = say(Feedback::Used).await;
    assert_eq!(used.usage.count, 1);
    assert!(used.usage.last_at.is_some());
    let ignored = say(Feedback::Ignored).await;
    assert!(ignored.importance < used.importance && ignored.importance > 0.0);
    let pinned = memory
        .pin(&ada(), &id, true)
        .await
        .expect("pin")
        .expect("is there");
    assert!(pinned.pinned);
    let again = memory
        .pin(&ada(), &id, false)
        .await
        .expect("pin")
        .expect("is there");
    assert!(!again.pinned);
    let nobody = memory
        .feedback(&ada(), &RecordId::fresh(), Feedback::Used)
        .await;
    assert_eq!(nobody.expect("feedback"), None);
}

#[tokio::test]
async fn what_was_wrong_can_be_told_anew() {
    let memory = memory().await;
    let tell = async || {
        let answer = memory.remember(&ada(), NewRecord::fact("a boat")).await;
        answer.expect("remember")
    };
    let first = tell().await;
    memory
        .feedback(&ada(), &first.id, Feedback::Wrong)
        .await
        .expect("feedback");
    let second = tell().await;
    assert!(second.stored);
    assert_ne!(second.id, first.id);
}
