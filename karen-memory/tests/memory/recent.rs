//! What was just said in a session.

use karen_memory::{MemoryErrorKind, NewRecord, Scope, SessionId};

use super::*;

fn session() -> Scope {
    ada().in_session(SessionId::new("conv_1"))
}

async fn recent(memory: &Memory, limit: u32) -> Vec<String> {
    let records = memory.recent(&session(), limit).await.expect("recent");
    records.into_iter().map(|record| record.text).collect()
}

async fn say(memory: &Memory, turns: &[(&str, i64)]) {
    let turns = turns.iter().map(|(text, at)| turn(text, "Ada", text, *at));
    let kept = memory.ingest(&ada(), turns.collect()).await;
    kept.expect("ingest");
}

#[tokio::test]
async fn recent_records_are_those_of_the_session_newest_first() {
    let memory = memory().await;
    assert!(recent(&memory, 10).await.is_empty());
    say(&memory, &[("one", 1), ("three", 3)]).await;
    assert_eq!(recent(&memory, 10).await, ["three", "one"]);
    say(&memory, &[("two", 2)]).await;
    let elsewhere = ada().in_session(SessionId::new("conv_2"));
    for scope in [ada(), elsewhere] {
        let fact = memory.remember(&scope, NewRecord::fact("elsewhere")).await;
        fact.expect("remember");
    }
    let fact = NewRecord::fact("a note").at(4);
    memory.remember(&session(), fact).await.expect("remember");
    assert_eq!(recent(&memory, 10).await, ["a note", "three", "two", "one"]);
    assert_eq!(recent(&memory, 2).await, ["a note", "three"]);
    let others = scope("default", "bob").in_session(SessionId::new("conv_1"));
    assert!(memory.recent(&others, 10).await.expect("recent").is_empty());
}

#[tokio::test]
async fn recent_records_do_not_touch_the_database_while_they_are_known() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, database) = memory_in(folder.path()).await;
    say(&memory, &[("one", 1)]).await;
    assert_eq!(recent(&memory, 10).await, ["one"]);
    say(&memory, &[("two", 2)]).await;
    database.close().await;
    assert_eq!(recent(&memory, 10).await, ["two", "one"]);
}

#[tokio::test]
async fn what_is_forgotten_is_recent_no_more() {
    let memory = memory().await;
    say(&memory, &[("one", 1), ("two", 2)]).await;
    let newest = memory.recent(&session(), 1).await.expect("recent");
    assert!(memory.forget(&ada(), &newest[0].id).await.expect("forget"));
    assert_eq!(recent(&memory, 10).await, ["one"]);
    memory.forget_all(&ada()).await.expect("forget all");
    assert!(recent(&memory, 10).await.is_empty());
}

#[tokio::test]
async fn recent_records_need_a_session_and_a_limit_in_bounds() {
    let memory = memory().await;
    for (scope, limit) in [(ada(), 10), (session(), 0), (session(), 51)] {
        let refused = memory.recent(&scope, limit).await.expect_err("refused");
        assert_eq!(refused.kind(), MemoryErrorKind::Invalid);
    }
}
