//! What is kept, and how it is read back.

use karen_memory::{
    Cursor, Memory, MemoryConfig, MemoryErrorKind, NewRecord, Page, RecordId, SessionId, Turn,
};
use karen_sql::Location;

use crate::{ada, all, config, memory, memory_in, recall, scope, texts, turn};

#[tokio::test]
async fn a_fact_told_again_is_kept_once() {
    let memory = memory().await;
    let tell = async |text: &str| {
        let answer = memory.remember(&ada(), NewRecord::fact(text)).await;
        answer.expect("remember")
    };
    let first = tell("My dog is called Biscuit.").await;
    assert!(first.stored && first.reinforces.is_none());
    let again = tell("my dog  is called BISCUIT.").await;
    assert!(!again.stored);
    assert_eq!(
        (&again.id, &again.reinforces),
        (&first.id, &Some(first.id.clone()))
    );
    let other = tell("My cat is called Biscuit.").await;
    assert!(other.stored);
    assert_eq!(memory.count(&ada()).await.expect("count"), 2);
}

#[tokio::test]
async fn a_record_keeps_what_it_was_told() {
    let memory = memory().await;
    let session = ada().in_session(SessionId::new("conv_1"));
    let note = NewRecord::fact("Tea at five.")
        .speaker("Ada")
        .tags(["habit", "tea"])
        .source("note_1")
        .at(5);
    let id = memory.remember(&session, note).await.expect("remember").id;
    let record = memory
        .get(&ada(), &id)
        .await
        .expect("get")
        .expect("is there");
    assert_eq!(
        (record.text.as_str(), record.speaker.as_str()),
        ("Tea at five.", "Ada")
    );
    assert_eq!(
        (record.tags, record.at),
        (vec!["habit".into(), "tea".into()], 5)
    );
    assert_eq!(record.source.as_deref(), Some("note_1"));
    assert_eq!(record.session.as_ref(), session.session());
    let absent = memory.get(&ada(), &RecordId::fresh()).await.expect("get");
    assert_eq!(absent, None);
}

#[tokio::test]
async fn ingesting_the_same_turns_again_changes_nothing() {
    let memory = memory().await;
    let turns = || {
        vec![
            turn("msg_1", "user", "one", 1),
            turn("msg_2", "user", "one", 2),
        ]
    };
    let ids = memory.ingest(&ada(), turns()).await.expect("ingest");
    let before = all(&memory, &ada()).await;
    assert_eq!(
        before.len(),
        2,
        "the same words of two messages are two turns"
    );
    let mut more = turns();
    more.push(turn("msg_3", "user", "three", 3));
    let again = memory.ingest(&ada(), more).await.expect("ingest");
    assert_eq!(again[..2], ids, "in the order of the turns");
    let after = all(&memory, &ada()).await;
    assert_eq!(after[1..], before);
    assert!(
        memory
            .ingest(&ada(), Vec::new())
            .await
            .expect("nothing")
            .is_empty()
    );
}

#[tokio::test]
async fn what_is_not_valid_is_refused_and_nothing_of_it_kept() {
    let config = MemoryConfig {
        text_bytes_max: 10,
        ..config(Location::Memory).await
    };
    let memory = Memory::open(config).await.expect("memory");
    for text in ["", " \n\t"] {
        let refused = memory.remember(&ada(), NewRecord::fact(text)).await;
        assert_eq!(refused.expect_err("empty").kind(), MemoryErrorKind::Invalid);
    }
    let long = memory
        .remember(&ada(), NewRecord::fact("x".repeat(11)))
        .await;
    assert_eq!(long.expect_err("long").kind(), MemoryErrorKind::TooLarge);
    let turns = vec![
        turn("msg_1", "user", "short", 1),
        turn("msg_2", "user", "", 2),
    ];
    let refused = memory
        .ingest(&ada(), turns)
        .await
        .expect_err("one is empty");
    assert_eq!(refused.kind(), MemoryErrorKind::Invalid);
    let elsewhere = ada().in_session(SessionId::new("conv_2"));
    let refused = memory
        .ingest(&elsewhere, vec![turn("msg_1", "user", "short", 1)])
        .await;
    assert_eq!(
        refused.expect_err("of another session").kind(),
        MemoryErrorKind::Invalid
    );
    assert_eq!(memory.count(&ada()).await.expect("count"), 0);
    memory
        .remember(&ada(), NewRecord::fact("x".repeat(10)))
        .await
        .expect("fits");
}

#[tokio::test]
async fn a_picture_is_found_by_what_it_shows() {
    let memory = memory().await;
    let shown = Turn {
        caption: Some("a golden retriever on a beach".to_owned()),
        ..turn("msg_1", "user", "Look!", 1)
    };
    memory.ingest(&ada(), vec![shown]).await.expect("ingest");
    assert_eq!(
        texts(&recall(&memory, &ada(), "retrievers").await),
        ["Look!"]
    );
}

#[tokio::test]
async fn a_list_is_newest_first_and_its_pages_join() {
    let memory = memory().await;
    for i in 0..7 {
        let note = NewRecord::fact(format!("note {i}")).at(i % 3);
        memory.remember(&ada(), note).await.expect("remember");
    }
    let whole = all(&memory, &ada()).await;
    assert!(whole.is_sorted_by(|a, b| (a.at, &a.id) > (b.at, &b.id)));
    let (mut joined, mut after) = (Vec::new(), None);
    loop {
        let page = memory
            .list(
                &ada(),
                Page {
                    after,
                    limit: 3,
                    ..Page::default()
                },
            )
            .await;
        let page = page.expect("list");
        joined.extend(page.records);
        // A cursor travels as text.
        let Some(next) = page.next else { break };
        after = Some(Cursor::parse(&next.to_string()).expect("a cursor"));
    }
    assert_eq!(joined, whole);
    for forged in ["", "5", "5.", "x.mem_1", "5.mem_1"] {
        let refused = Cursor::parse(forged).expect_err(forged);
        assert_eq!(refused.kind(), MemoryErrorKind::Invalid);
    }
}

#[tokio::test]
async fn reopening_finds_everything() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, database) = memory_in(folder.path()).await;
    let turns = (0..600).map(|i| turn(&format!("msg_{i}"), "user", &format!("berth {i}"), i));
    memory
        .ingest(&ada(), turns.collect())
        .await
        .expect("ingest");
    let note = NewRecord::fact("The boat lies at berth 599.");
    memory.remember(&ada(), note).await.expect("remember");
    let before = (
        all(&memory, &ada()).await,
        recall(&memory, &ada(), "berth 599").await,
    );
    drop(memory);
    database.close().await;

    let (memory, _) = memory_in(folder.path()).await;
    assert_eq!(all(&memory, &ada()).await, before.0);
    let after = recall(&memory, &ada(), "berth 599").await;
    assert_eq!(texts(&after), texts(&before.1));
}

#[tokio::test]
async fn a_write_is_seen_by_the_next_recall_of_every_clone() {
    let memory = memory().await;
    let other = memory.clone();
    let nothing = recall(&other, &ada(), "boat").await;
    assert!(nothing.items.is_empty());
    for (i, text) in ["a boat", "another boat"].into_iter().enumerate() {
        memory
            .remember(&ada(), NewRecord::fact(text))
            .await
            .expect("remember");
        assert_eq!(recall(&other, &ada(), "boat").await.items.len(), i + 1);
    }
    let theirs = recall(&other, &scope("default", "bob"), "boat").await;
    assert!(theirs.items.is_empty());
}
