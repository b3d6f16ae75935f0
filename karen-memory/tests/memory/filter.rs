//! Which records a recall may look at.

use karen_memory::{
    AgentId, Channel, Edit, Feedback, Memory, NewRecord, Query, RecordId, Scope, SessionId, Turn,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{DAY_MS, MONDAY_NOON, ada, memory, texts, turn};

async fn remember(memory: &Memory, scope: &Scope, record: NewRecord) -> RecordId {
    memory.remember(scope, record).await.expect("remember").id
}

async fn check(memory: &Memory, query: Query, expect: &[&str]) {
    let recall = memory.recall(&ada(), query).await.expect("recall");
    let mut found = texts(&recall);
    found.sort_unstable();
    assert_eq!(found, expect);
}

fn ask() -> Query {
    Query::new("boat").at(MONDAY_NOON)
}

#[tokio::test]
async fn tags_sources_times_importance_and_agents_narrow_the_answer() {
    let memory = memory().await;
    let by_bee = ada().by_agent(AgentId::new("bee"));
    let red = NewRecord::fact("a red boat").tags(["sea", "toy"]).at(10);
    remember(&memory, &ada(), red.importance(0.9).source("note_1")).await;
    let blue = NewRecord::fact("a blue boat").tags(["sea"]).at(20);
    remember(&memory, &by_bee, blue.importance(0.1)).await;
    check(&memory, ask(), &["a blue boat", "a red boat"]).await;
    check(&memory, ask().tags(["sea", "toy"]), &["a red boat"]).await;
    check(
        &memory,
        ask().sources(["note_1", "note_2"]),
        &["a red boat"],
    )
    .await;
    check(&memory, ask().said(11..21), &["a blue boat"]).await;
    check(&memory, ask().said(10..20), &["a red boat"]).await;
    check(&memory, ask().importance_min(0.9), &["a red boat"]).await;
    check(&memory, ask().agent(AgentId::new("bee")), &["a blue boat"]).await;
    check(&memory, ask().agent(AgentId::new("wasp")), &[]).await;
}

#[tokio::test]
async fn scores_below_the_threshold_stay_out_whatever_their_age() {
    let memory = memory().await;
    for (i, text) in ["boat", "red boat", "boat of wood and tar"]
        .iter()
        .enumerate()
    {
        let note = NewRecord::fact(*text).at(MONDAY_NOON - i as i64 * DAY_MS);
        remember(&memory, &ada(), note).await;
    }
    let whole = memory
        .recall(&ada(), Query::new("red boat"))
        .await
        .expect("recall");
    let aging = |c: &Channel| matches!(c, Channel::Recency | Channel::Importance);
    let unaged = |item: &karen_memory::Recalled| -> f32 {
        let kept = item.why.channels.iter().filter(|(c, _)| !aging(c));
        kept.map(|(_, score)| score).sum()
    };
    let middle = unaged(&whole.items[1]);
    let query = Query::new("red boat").score_min(middle - 1e-4);
    let above = memory.recall(&ada(), query).await.expect("recall");
    assert_eq!(whole.items.len(), 3);
    assert_eq!(above.items.len(), 2);
    assert!(above.items.iter().all(|item| unaged(item) >= middle - 1e-4));
}

#[tokio::test]
async fn of_two_alike_the_newer_and_the_more_important_come_first() {
    let memory = memory().await;
    let alone = |source: &str, text: &str, at| Turn {
        session: SessionId::new(source),
        ..turn(source, "user", text, at)
    };
    let turns = vec![
        alone("old", "a boat", MONDAY_NOON - 60 * DAY_MS),
        alone("new", "a boat", MONDAY_NOON),
        alone(
            "far",
            "a boat, a harbour, a crew and a long list of goods",
            1,
        ),
    ];
    let ids = memory.ingest(&ada(), turns).await.expect("ingest");
    let first = async || {
        let recall = memory.recall(&ada(), ask()).await.expect("recall");
        recall.items[0].record.id.clone()
    };
    assert_eq!(first().await, ids[1], "the newer");
    let edit = Edit {
        importance: Some(1.0),
        pinned: Some(true),
        ..Edit::default()
    };
    memory.update(&ada(), &ids[0], edit).await.expect("update");
    assert_eq!(first().await, ids[0], "pinned and important");
    let past = ask().as_of(i64::MAX, i64::MAX);
    let recall = memory.recall(&ada(), past).await.expect("recall");
    let ages = |c: &Channel| *c == Channel::Recency || *c == Channel::Importance;
    let channels = recall.items.iter().flat_map(|item| &item.why.channels);
    assert!(
        channels.into_iter().all(|(c, _)| !ages(c)),
        "the past does not age"
    );
}

#[tokio::test]
async fn a_question_about_a_time_prefers_what_was_said_then() {
    let memory = memory().await;
    let mut turns = vec![
        turn("then", "user", "the boat sails", MONDAY_NOON - 7 * DAY_MS),
        turn("now", "user", "the boat sails", MONDAY_NOON),
    ];
    turns[0].session = SessionId::new("conv_2");
    let ids = memory.ingest(&ada(), turns).await.expect("ingest");
    let query = Query::new("Did the boat sail last week?").at(MONDAY_NOON);
    let recall = memory.recall(&ada(), query).await.expect("recall");
    assert_eq!(recall.items[0].record.id, ids[0]);
    let channels = &recall.items[0].why.channels;
    assert!(
        channels
            .iter()
            .any(|(c, score)| *c == Channel::Time && *score > 0.0)
    );
}

#[tokio::test]
async fn a_hop_follows_a_name_to_what_else_is_said_of_it() {
    let memory = memory().await;
    for (i, text) in [
        "My sister married Tomas in spring.",
        "It seems that Tomas repairs violins.",
    ]
    .into_iter()
    .enumerate()
    {
        let mut said = turn(&format!("msg_{i}"), "user", text, i as i64);
        said.session = SessionId::new(format!("conv_{i}"));
        memory.ingest(&ada(), vec![said]).await.expect("ingest");
    }
    let ask = || Query::new("What does my sister's husband do?").at(MONDAY_NOON);
    let near = memory.recall(&ada(), ask()).await.expect("recall");
    assert_eq!(near.items.len(), 1);
    let far = memory
        .recall(&ada(), ask().with_hop())
        .await
        .expect("recall");
    assert_eq!(far.items.len(), 2);
    let hop = &far.items[1].why.channels;
    assert!(hop.iter().any(|(channel, _)| *channel == Channel::Hop));
}

/// What a random history of one fact should answer, computed from its steps.
#[tokio::test]
async fn a_recall_as_of_answers_what_was_known_then() {
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..20 {
        let memory = memory().await;
        let from = random.random_range(0..100);
        let end = random.random_range(from..200);
        let note = NewRecord::fact("a boat").at(5).valid_from(from);
        let bounded = random.random_bool(0.5);
        let note = if bounded { note.valid_to(end) } else { note };
        let id = remember(&memory, &ada(), note).await;
        let recorded = memory
            .get(&ada(), &id)
            .await
            .expect("get")
            .expect("is there");
        let recorded = recorded.lifetime.recorded_at;
        for _ in 0..20 {
            let valid = random.random_range(-10..210);
            let known = recorded + random.random_range(-2..3);
            let query = Query::new("boat").as_of(valid, known);
            let found = memory.recall(&ada(), query).await.expect("recall");
            let holds = from <= valid && (!bounded || valid < end) && recorded <= known;
            assert_eq!(
                found.items.len(),
                usize::from(holds),
                "{from} {end} {valid}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_wrong_is_recalled_as_of_before_and_no_longer() {
    let memory = memory().await;
    let id = remember(&memory, &ada(), NewRecord::fact("a boat").at(5)).await;
    let before = memory
        .get(&ada(), &id)
        .await
        .expect("get")
        .expect("is there");
    let wrong = memory
        .feedback(&ada(), &id, Feedback::Wrong)
        .await
        .expect("feedback");
    let retired = wrong
        .expect("is there")
        .lifetime
        .retired_at
        .expect("retired");
    check(&memory, ask(), &[]).await;
    check(&memory, ask().include_superseded(), &["a boat"]).await;
    let known = before.lifetime.recorded_at;
    if known < retired {
        check(&memory, ask().as_of(6, known), &["a boat"]).await;
    }
    check(&memory, ask().as_of(6, retired), &[]).await;
}
