//! Which records a question brings back.

use karen_memory::{Channel, Memory, NewRecord, Query, Recalled, RecordKind, SessionId, Turn};

use crate::{DAY_MS, MONDAY_NOON, ada, memory, recall, texts, turn};

/// A conversation of some days, a few turns each.
const SAID: [(&str, &str, i64); 12] = [
    (
        "Caroline",
        "I went to a support group yesterday, it was powerful.",
        0,
    ),
    ("Melanie", "That's cool! What happened there?", 0),
    ("Caroline", "The stories were so inspiring.", 0),
    ("Melanie", "I painted a lake sunrise last year.", 1),
    ("Caroline", "Wow, the colours really blend nicely!", 1),
    ("Melanie", "Painting is how I relax after a long day.", 1),
    ("Caroline", "I'm researching adoption agencies.", 9),
    ("Melanie", "You'll be an awesome mom.", 9),
    ("Melanie", "Off to go swimming with the kids.", 9),
    (
        "Caroline",
        "My grandma in Sweden gave me this necklace.",
        20,
    ),
    ("Melanie", "Did she teach you any recipes?", 20),
    ("Caroline", "Her cinnamon buns, and nothing else.", 20),
];

fn said() -> Vec<Turn> {
    let turn = |(i, (speaker, text, day)): (usize, &(&str, &str, i64))| Turn {
        session: SessionId::new(format!("day {day}")),
        at: MONDAY_NOON + day * DAY_MS + i as i64,
        ..turn(&format!("msg_{i}"), speaker, text, 0)
    };
    SAID.iter().enumerate().map(turn).collect()
}

async fn conversation() -> Memory {
    let memory = memory().await;
    memory.ingest(&ada(), said()).await.expect("ingest");
    memory
}

/// The first answer to each question.
async fn check(questions: &[(&str, &str)]) {
    let memory = conversation().await;
    for (question, expect) in questions {
        let recall = recall(&memory, &ada(), question).await;
        assert_eq!(texts(&recall).first(), Some(expect), "{question}");
    }
}

#[tokio::test]
async fn pages_of_a_recall_follow_one_another() {
    let memory = memory().await;
    let notes = [
        "dog one bark",
        "dog two tail",
        "dog three paw",
        "dog four nose",
        "dog five ear",
    ];
    for note in notes {
        memory
            .remember(&ada(), NewRecord::fact(note))
            .await
            .expect("remember");
    }
    let page = async |skip, limit| {
        let query = Query::new("dog").skip(skip).limit(limit).at(MONDAY_NOON);
        let recall = memory.recall(&ada(), query).await.expect("recall");
        texts(&recall)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let whole = page(0, 10).await;
    assert_eq!(whole.len(), 5);
    let pages = [page(0, 2).await, page(2, 2).await, page(4, 2).await].concat();
    assert_eq!(pages, whole);
    assert!(page(5, 2).await.is_empty());
}

#[tokio::test]
async fn a_question_finds_the_turn_that_shares_its_words() {
    check(&[
        ("What did Caroline research?", SAID[6].1),
        ("Which necklace does she wear?", SAID[9].1),
        ("What did the stories do?", SAID[2].1),
    ])
    .await;
}

#[tokio::test]
async fn words_match_whatever_their_ending_and_case() {
    check(&[("ADOPTING", SAID[6].1), ("Who swims?", SAID[8].1)]).await;
}

#[tokio::test]
async fn a_question_finds_a_day_by_its_date() {
    // "Yesterday" was said on the 23rd; the necklace was shown on 13 December.
    check(&[
        ("What was there on 2026-11-22?", SAID[0].1),
        ("A gift seen in December from grandma", SAID[9].1),
    ])
    .await;
}

#[tokio::test]
async fn a_neighbour_of_the_words_is_found_too() {
    let memory = conversation().await;
    let recall = recall(&memory, &ada(), "necklace").await;
    let recipe = recall
        .items
        .iter()
        .find(|item| item.record.text == SAID[11].1);
    let recipe = recipe.expect("the same session, two turns on");
    assert!(recipe.why.terms.is_empty(), "it holds no word of the query");
    assert!(!texts(&recall).contains(&SAID[0].1), "another session");
}

#[tokio::test]
async fn who_is_named_ranks_above_who_is_not() {
    let memory = memory().await;
    let turns = vec![
        turn("msg_1", "Melanie", "I like hiking.", 1),
        turn("msg_2", "Caroline", "I like hiking.", 2),
    ];
    memory.ingest(&ada(), turns).await.expect("ingest");
    for name in ["Melanie", "Caroline"] {
        let question = format!("Does {name} like hiking?");
        let recall = recall(&memory, &ada(), &question).await;
        assert_eq!(recall.items[0].record.speaker, name);
        let why = &recall.items[0].why;
        assert!(
            why.channels
                .iter()
                .any(|(c, z)| *c == Channel::Speaker && *z > 0.0)
        );
    }
}

#[tokio::test]
async fn what_tells_ranks_above_what_asks() {
    let memory = memory().await;
    let turns = vec![
        turn("msg_1", "user", "Is the harbour open on Sunday?", 1),
        turn("msg_2", "user", "The harbour is open on Sunday.", 2),
    ];
    memory.ingest(&ada(), turns).await.expect("ingest");
    let recall = recall(&memory, &ada(), "harbour Sunday").await;
    assert_eq!(
        recall.items[0].record.text,
        "The harbour is open on Sunday."
    );
}

/// The times of what is found of a conversation of four turns, best first, and of those that reply.
async fn found_beside(second: &str) -> (Vec<i64>, Vec<i64>) {
    let memory = memory().await;
    let said = [
        "Nice, for once.",
        second,
        "At a market in Ghent.",
        "It rains.",
    ];
    let turns = (0..).zip(said);
    let turns = turns.map(|(i, text)| turn(&format!("msg_{i}"), "user", text, i));
    let ingested = memory.ingest(&ada(), turns.collect()).await;
    ingested.expect("ingest");
    let items = recall(&memory, &ada(), "brass lamp").await.items;
    let is_reply = |item: &&Recalled| item.why.channels.iter().any(|c| c.0 == Channel::Reply);
    let replies = items.iter().filter(is_reply);
    let replies = replies.map(|item| item.record.at).collect();
    (items.iter().map(|item| item.record.at).collect(), replies)
}

#[tokio::test]
async fn a_reply_shares_in_what_its_question_is_worth() {
    let (found, replies) = found_beside("Where did you get the brass lamp?").await;
    assert_eq!((found, replies), (vec![1, 2, 0, 3], vec![2]));
    let (found, replies) = found_beside("I like the brass lamp.").await;
    assert_eq!((found, replies), (vec![1, 0, 2, 3], vec![]));
}

#[tokio::test]
async fn nothing_relevant_gives_nothing() {
    let memory = conversation().await;
    for question in ["How tall is Mount Kenya?", "What is it?", "", "?!", "🦀"] {
        let recall = recall(&memory, &ada(), question).await;
        assert!(
            recall.items.is_empty(),
            "{question:?}: {:?}",
            texts(&recall)
        );
        assert!(recall.missing.is_empty(), "no channel failed");
    }
    let empty = recall(&memory, &crate::scope("default", "nobody"), "necklace").await;
    assert!(empty.items.is_empty());
}

#[tokio::test]
async fn without_a_floor_the_rest_of_a_session_comes_too() {
    let memory = memory().await;
    let turns = (0..8).map(|i| turn(&format!("msg_{i}"), "user", &format!("filler{i}"), i));
    memory
        .ingest(&ada(), turns.collect())
        .await
        .expect("ingest");
    let floored = recall(&memory, &ada(), "filler0").await;
    assert_eq!(floored.items.len(), 4, "itself and three beside it");
    let query = Query::new("filler0").without_floor();
    let whole = memory.recall(&ada(), query).await.expect("recall");
    assert_eq!(whole.items.len(), 8, "its session");
}

#[tokio::test]
async fn limits_kinds_sources_and_sessions_narrow_the_answer() {
    let memory = conversation().await;
    let note = NewRecord::fact("The necklace is silver.");
    memory.remember(&ada(), note).await.expect("remember");
    let check = async |scope, query: Query, expect: &[&str]| {
        let recall = memory.recall(&scope, query).await.expect("recall");
        let mut found = texts(&recall);
        found.sort_unstable();
        assert_eq!(found, expect);
    };
    let ask = || Query::new("necklace");
    let facts = [RecordKind::Fact];
    check(ada(), ask().kinds(facts), &["The necklace is silver."]).await;
    let excluded = ask().exclude_sources(["msg_9", "msg_10"]);
    let rest = [SAID[11].1, "The necklace is silver."];
    check(ada(), excluded, &rest).await;
    let session = ada().in_session(SessionId::new("day 20"));
    let turns = [SAID[10].1, SAID[11].1, SAID[9].1];
    check(session, ask(), &turns).await;
    check(ada(), ask().limit(0), &[]).await;
    let one = memory.recall(&ada(), ask().limit(1)).await.expect("recall");
    assert_eq!(one.items.len(), 1, "no more than asked for");
}

#[tokio::test]
async fn scores_are_the_sum_of_their_reasons_and_fall() {
    let memory = conversation().await;
    let recall = recall(&memory, &ada(), "What did Melanie paint?").await;
    assert!(recall.items.len() > 1);
    for item in &recall.items {
        let sum: f32 = item.why.channels.iter().map(|(_, score)| score).sum();
        assert!((sum - item.score).abs() < 1e-5);
    }
    assert!(recall.items.is_sorted_by(|a, b| a.score >= b.score));
}

#[tokio::test]
async fn equal_scores_order_newest_first() {
    let memory = memory().await;
    for (text, at) in [("a boat", 1), ("a  boat!", 3), ("a boat?!", 2)] {
        let said = Turn {
            session: SessionId::new(text),
            ..turn(text, "user", text, at)
        };
        memory.ingest(&ada(), vec![said]).await.expect("ingest");
    }
    let recall = recall(&memory, &ada(), "boat").await;
    assert_eq!(texts(&recall), ["a  boat!", "a boat?!", "a boat"]);
}

#[tokio::test]
async fn rebuilt_indexes_answer_the_same() {
    let memory = conversation().await;
    let question = "What did Melanie paint?";
    let before = recall(&memory, &ada(), question).await;
    memory.rebuild().await.expect("rebuild");
    memory.flush(&ada()).await.expect("flush");
    let after = recall(&memory, &ada(), question).await;
    assert_eq!(texts(&after), texts(&before));
}
