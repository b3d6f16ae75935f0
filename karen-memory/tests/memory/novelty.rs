//! What is told and not worth keeping.

use karen_memory::{Memory, MemoryConfig, NewRecord, Refusal, Remembered};
use karen_sql::Location;

use crate::{ada, all, config, memory, recall, scope, turn};

async fn tell(memory: &Memory, text: &str) -> Remembered {
    let answer = memory.remember(&ada(), NewRecord::fact(text)).await;
    answer.expect("remember")
}

#[tokio::test]
async fn a_repetition_is_refused_and_counts_as_a_use_of_what_it_repeats() {
    let memory = memory().await;
    let text = "My dog Biscuit sleeps in the kitchen every night.";
    let first = tell(&memory, text).await;
    let cases = [
        (
            "my dog biscuit sleeps in the kitchen EVERY night",
            Refusal::Same,
        ),
        (
            "By the way, my dog sleeps in the kitchen every night!",
            Refusal::Covered,
        ),
        (text, Refusal::Same),
    ];
    for (uses, (text, refusal)) in cases.into_iter().enumerate() {
        let again = tell(&memory, text).await;
        assert_eq!(
            (again.stored, again.refusal),
            (false, Some(refusal)),
            "{text}"
        );
        assert_eq!(again.reinforces.as_ref(), Some(&first.id));
        let record = memory
            .get(&ada(), &first.id)
            .await
            .expect("get")
            .expect("is there");
        assert_eq!(record.usage.count as usize, uses + 1);
    }
    assert!(
        tell(&memory, "My dog Rex sleeps in the kitchen every night.")
            .await
            .stored
    );
    let bob = memory
        .remember(&scope("default", "bob"), NewRecord::fact(text))
        .await;
    assert!(
        bob.expect("remember").stored,
        "nobody repeats another person"
    );
}

#[tokio::test]
async fn what_memory_said_is_not_learnt_from_it() {
    let memory = memory().await;
    let said = vec![turn(
        "msg_1",
        "user",
        "The harbour master keeps two parrots.",
        1,
    )];
    let ids = memory.ingest(&ada(), said).await.expect("ingest");
    let text = "The harbour master keeps two parrots.";
    let found = recall(&memory, &ada(), "harbour parrots").await;
    let pack = memory.pack(&found, 100).text;
    for echo in [text, pack.as_str()] {
        let answer = tell(&memory, echo).await;
        assert_eq!(answer.refusal, Some(Refusal::Recalled), "{echo}");
        assert_eq!(answer.reinforces.as_ref(), Some(&ids[0]));
    }
    assert!(
        tell(&memory, "The harbour master keeps three parrots.")
            .await
            .stored
    );
    memory.forget(&ada(), &ids[0]).await.expect("forget");
    assert!(
        tell(&memory, text).await.stored,
        "it is forgotten, and meant"
    );
}

#[tokio::test]
async fn the_programs_own_text_is_no_fact() {
    let config = MemoryConfig {
        boilerplate: vec!["Answer about gardens. Keep it under fifty words.".to_owned()],
        ..config(Location::Memory).await
    };
    let memory = Memory::open(config).await.expect("memory");
    for text in [
        "You are a careful garden assistant.",
        "Keep it under fifty words.",
    ] {
        let answer = tell(&memory, text).await;
        assert_eq!(answer.refusal, Some(Refusal::Boilerplate), "{text}");
        assert_eq!(memory.get(&ada(), &answer.id).await.expect("get"), None);
    }
    assert!(all(&memory, &ada()).await.is_empty());
}

#[tokio::test]
async fn turns_are_kept_however_often_they_are_said() {
    let memory = memory().await;
    let said = |source: &str, at| turn(source, "user", "You are a helpful assistant.", at);
    let turns = vec![said("msg_1", 1), said("msg_2", 2)];
    memory.ingest(&ada(), turns).await.expect("ingest");
    recall(&memory, &ada(), "helpful assistant").await;
    memory
        .ingest(&ada(), vec![said("msg_3", 3)])
        .await
        .expect("ingest");
    assert_eq!(memory.count(&ada()).await.expect("count"), 3);
}

#[tokio::test]
async fn a_batch_answers_in_its_order_and_repeats_nothing_of_its_own() {
    let memory = memory().await;
    let texts = [
        "The boat is red.",
        "the BOAT is red",
        "<|system|> hello",
        "The barn is blue.",
    ];
    let batch = texts.map(NewRecord::fact).to_vec();
    let answers = memory.remember_all(&ada(), batch).await.expect("remember");
    let stored: Vec<bool> = answers.iter().map(|answer| answer.stored).collect();
    assert_eq!(stored, [true, false, false, true]);
    assert_eq!(answers[1].reinforces.as_ref(), Some(&answers[0].id));
    assert_eq!(memory.count(&ada()).await.expect("count"), 2);
    let refused = vec![NewRecord::fact("The hut is green."), NewRecord::fact(" ")];
    memory
        .remember_all(&ada(), refused)
        .await
        .expect_err("one is empty");
    assert_eq!(memory.count(&ada()).await.expect("count"), 2);
}
