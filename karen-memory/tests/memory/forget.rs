//! What is forgotten is gone.

use karen_memory::{Memory, NewRecord, RecordId, SessionId};

use crate::{ada, all, files_with, memory, memory_in, recall, scope, texts, turn};

async fn remember(memory: &Memory, text: &str) -> RecordId {
    let answer = memory.remember(&ada(), NewRecord::fact(text)).await;
    answer.expect("remember").id
}

#[tokio::test]
async fn a_forgotten_record_is_gone_from_every_answer() {
    let memory = memory().await;
    let id = remember(&memory, "The boat is red.").await;
    remember(&memory, "The harbour is blue.").await;
    assert_eq!(recall(&memory, &ada(), "boat").await.items.len(), 1);
    assert!(memory.forget(&ada(), &id).await.expect("forget"));
    assert!(!memory.forget(&ada(), &id).await.expect("forget twice"));
    assert_eq!(memory.get(&ada(), &id).await.expect("get"), None);
    assert!(recall(&memory, &ada(), "boat").await.items.is_empty());
    assert_eq!(all(&memory, &ada()).await.len(), 1);
    let again = memory
        .remember(&ada(), NewRecord::fact("The boat is red."))
        .await;
    assert!(
        again.expect("remember").stored,
        "who tells it again means it"
    );
}

#[tokio::test]
async fn a_forgotten_turn_stays_forgotten_when_it_is_ingested_again() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, database) = memory_in(folder.path()).await;
    let turns = || {
        vec![
            turn("msg_1", "user", "The boat is red.", 1),
            turn("msg_2", "user", "The boat is blue.", 2),
        ]
    };
    let ids = memory.ingest(&ada(), turns()).await.expect("ingest");
    assert!(memory.forget(&ada(), &ids[0]).await.expect("forget"));
    assert_eq!(memory.ingest(&ada(), turns()).await.expect("ingest"), ids);
    assert_eq!(
        texts(&recall(&memory, &ada(), "boat").await),
        ["The boat is blue."]
    );
    assert_eq!(memory.forget_all(&ada()).await.expect("forget all"), 1);
    drop(memory);
    database.close().await;

    let (memory, _) = memory_in(folder.path()).await;
    assert_eq!(memory.ingest(&ada(), turns()).await.expect("ingest"), ids);
    assert_eq!(
        memory.count(&ada()).await.expect("count"),
        0,
        "after a restart too"
    );
    let bob = scope("default", "bob");
    memory.ingest(&bob, turns()).await.expect("ingest");
    assert_eq!(
        memory.count(&bob).await.expect("count"),
        2,
        "they are bob's still"
    );
}

#[tokio::test]
async fn forgetting_a_session_leaves_the_others() {
    let memory = memory().await;
    let mut turns = vec![
        turn("msg_1", "user", "one boat", 1),
        turn("msg_2", "user", "two boats", 2),
    ];
    turns[1].session = SessionId::new("conv_2");
    memory.ingest(&ada(), turns).await.expect("ingest");
    remember(&memory, "three boats").await;
    let session = ada().in_session(SessionId::new("conv_2"));
    assert_eq!(memory.forget_all(&session).await.expect("forget all"), 1);
    let mut left = recall(&memory, &ada(), "boat").await;
    left.items.sort_by_key(|item| item.record.at);
    assert_eq!(texts(&left), ["one boat", "three boats"]);
}

#[tokio::test]
async fn forgetting_leaves_no_byte_of_the_text_in_the_files() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, _database) = memory_in(folder.path()).await;
    let secret = "the passphrase is heliotrope";
    let kept = "the harbour is amaranthine";
    let mut turns = Vec::new();
    for i in 0..200 {
        let text = format!(
            "{} {i}. {}",
            if i % 3 == 0 { secret } else { kept },
            "word ".repeat(i)
        );
        turns.push(turn(&format!("msg_{i}"), "user", &text, i as i64));
    }
    let ids = memory.ingest(&ada(), turns).await.expect("ingest");
    let note = remember(&memory, secret).await;
    assert!(!recall(&memory, &ada(), "heliotrope").await.items.is_empty());
    assert!(
        !files_with(folder.path(), "heliotrope").is_empty(),
        "it was there"
    );

    for id in ids.iter().step_by(3) {
        assert!(memory.forget(&ada(), id).await.expect("forget"));
    }
    assert!(
        !files_with(folder.path(), "heliotrope").is_empty(),
        "one is left"
    );
    assert!(memory.forget(&ada(), &note).await.expect("forget"));
    assert_eq!(
        files_with(folder.path(), "heliotrope"),
        Vec::<String>::new()
    );

    assert!(
        !files_with(folder.path(), "amaranthine").is_empty(),
        "the rest stays"
    );
    memory.forget_all(&ada()).await.expect("forget all");
    assert_eq!(
        files_with(folder.path(), "amaranthine"),
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_at_once_succeeds_for_everyone() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, _database) = memory_in(folder.path()).await;
    let said = |i: i64| turn(&format!("msg_{i}"), "user", &format!("heliotrope {i}"), i);
    let turns = (0..32).map(said).collect();
    let ids = memory.ingest(&ada(), turns).await.expect("ingest");
    let forgetting = ids.into_iter().map(|id| {
        let memory = memory.clone();
        tokio::spawn(async move { memory.forget(&ada(), &id).await })
    });
    for (i, forgotten) in forgetting.collect::<Vec<_>>().into_iter().enumerate() {
        // Others write meanwhile.
        remember(&memory, &format!("note {i}")).await;
        let forgotten = forgotten.await.expect("it did not panic");
        assert!(forgotten.expect("forget"));
    }
    assert_eq!(
        files_with(folder.path(), "heliotrope"),
        Vec::<String>::new()
    );
    assert_eq!(memory.count(&ada()).await.expect("count"), 32);
}
