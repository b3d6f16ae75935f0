//! What every store of analytics owes.

use serde_json::{Value, json};

use super::{fact, scopes};
use crate::{
    Analytics, Answer, Batch, Breadth, Mark, MemoryErrorKind, RecallCount, Record, RecordId,
    Report, Row, RowChange, Scope,
};

/// What a question may not do: reach what lies outside its rows, or change anything.
const FORBIDDEN: &[&str] = &[
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd.csv'",
    "COPY memories TO '/tmp/karen-analytics.csv'",
    "ATTACH '/tmp/karen-analytics.duckdb' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "PRAGMA enable_profiling",
    "DELETE FROM memories",
    "DROP TABLE memories",
    "CREATE TABLE mine AS SELECT * FROM memories",
    "SELECT 1; DROP TABLE memories",
    "SELECT 1) LIMIT 1; COPY (SELECT 1) TO '/tmp/karen-analytics.csv'; SELECT * FROM (SELECT 1",
    "SELECT * FROM kept.memories",
    "SELECT tenant FROM memories",
    "SELECT nothing FROM memories",
    "EXPLAIN SELECT 1",
    "",
];

/// Runs the contract of [`Analytics`]. It ends by clearing the store, everybody's part of it.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn analytics(store: &dyn Analytics) {
    keeps_a_mark_for_each_user(store).await;
    tells_of_a_record_what_was_put(store).await;
    applies_the_same_twice_without_harm(store).await;
    lets_go_of_what_was_deleted(store).await;
    shows_the_rows_that_may_be_seen(store).await;
    lets_a_question_do_nothing_else(store).await;
    takes_any_time(store).await;
    adds_up_recalls(store).await;
    gives_so_many_rows_at_most(store).await;
    answers_every_report(store).await;
    forgets_a_user(store).await;
    forgets_everything_when_cleared(store).await;
}

fn put(record: &Record) -> RowChange {
    RowChange::Put(Row::from(record))
}

async fn mark(store: &dyn Analytics, scope: &Scope) -> Mark {
    let users = [scope.user().clone()];
    let marks = store.marks(scope.tenant(), &users).await.expect("marks");
    assert_eq!(marks.len(), 1, "a mark for each user");
    marks[0]
}

async fn apply(store: &dyn Analytics, scope: &Scope, changes: Vec<RowChange>, sequence: i64) {
    let batch = Batch {
        scope: scope.clone(),
        changes,
        mark: Mark::new(sequence, &RecordId::fresh()),
    };
    let moved = batch.mark;
    store.apply(vec![batch]).await.expect("apply");
    assert_eq!(mark(store, scope).await, moved, "applying moves the mark");
}

async fn ask(store: &dyn Analytics, scope: &Scope, breadth: Breadth, sql: &str) -> Answer {
    store.ask(scope, breadth, sql).await.expect("an answer")
}

/// The only value of the answer.
async fn value(store: &dyn Analytics, scope: &Scope, sql: &str) -> Value {
    let answer = ask(store, scope, Breadth::User, sql).await;
    assert_eq!(answer.rows.len(), 1, "{sql}");
    answer.rows[0][0].clone()
}

async fn ids(store: &dyn Analytics, scope: &Scope, breadth: Breadth) -> Vec<Value> {
    let answer = ask(store, scope, breadth, "SELECT id FROM memories ORDER BY id").await;
    answer.rows.into_iter().flatten().collect()
}

fn count(scope: &Scope, hour: i64, recalls: u64, hits: u64) -> RecallCount {
    RecallCount {
        scope: scope.clone(),
        hour,
        recalls,
        hits,
        items: 3 * hits,
        partial: 0,
    }
}

async fn keeps_a_mark_for_each_user(store: &dyn Analytics) {
    let [owner, neighbour, namesake] = scopes();
    for scope in [&owner, &neighbour, &namesake] {
        assert_eq!(mark(store, scope).await, Mark::default(), "nothing yet");
    }
    apply(store, &owner, vec![put(&fact("one", 1))], 7).await;
    for other in [&neighbour, &namesake] {
        assert_eq!(mark(store, other).await, Mark::default());
    }
    let (first, second) = (fact("two", 2), fact("three", 3));
    let batch = |scope: &Scope, record: &Record, sequence| Batch {
        scope: scope.clone(),
        changes: vec![put(record)],
        mark: Mark::new(sequence, &record.id),
    };
    let both = vec![batch(&neighbour, &first, 2), batch(&owner, &second, 9)];
    store.apply(both).await.expect("apply");
    assert_eq!(mark(store, &neighbour).await, Mark::new(2, &first.id));
    assert_eq!(mark(store, &owner).await, Mark::new(9, &second.id));
    assert_ne!(Mark::new(9, &second.id), Mark::new(9, &first.id));
}

async fn tells_of_a_record_what_was_put(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    let mut record = fact("a harbour's end", 1_795_435_200_000);
    record.tags = vec!["one".to_owned(), "two".to_owned()];
    record.usage.count = 4;
    record.lifetime.retired_at = Some(1_795_435_201_500);
    apply(store, &scope, vec![put(&record)], 1).await;
    let sql = "SELECT id, user_id, kind, said_at, retired_at, archived_at, importance, pinned, uses, bytes,
        tags, session FROM memories";
    let answer = ask(store, &scope, Breadth::User, sql).await;
    assert_eq!(answer.columns[..3], ["id", "user_id", "kind"]);
    let expect = [
        json!(record.id.as_str()),
        json!(scope.user().as_str()),
        json!("fact"),
        json!("2026-11-23T12:00:00Z"),
        json!("2026-11-23T12:00:01.5Z"),
        Value::Null,
        json!(0.5),
        json!(false),
        json!(4),
        json!(15),
        json!(2),
        Value::Null,
    ];
    assert_eq!(answer.rows, [expect.to_vec()]);
    assert_eq!((answer.truncated, answer.behind), (false, 0));
}

async fn applies_the_same_twice_without_harm(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    let (mut one, two) = (fact("one", 1), fact("two", 2));
    let changes = vec![put(&one), put(&two)];
    apply(store, &scope, changes.clone(), 2).await;
    let before = ids(store, &scope, Breadth::User).await;
    assert_eq!(before.len(), 2);
    apply(store, &scope, changes, 2).await;
    assert_eq!(ids(store, &scope, Breadth::User).await, before);
    one.pinned = true;
    apply(store, &scope, vec![put(&one)], 3).await;
    let pinned = "SELECT count(*) FILTER (pinned) || ' of ' || count(*) FROM memories";
    assert_eq!(value(store, &scope, pinned).await, "1 of 2");
}

async fn lets_go_of_what_was_deleted(store: &dyn Analytics) {
    let [scope, neighbour, _] = scopes();
    let (one, two) = (fact("one", 1), fact("two", 2));
    let changes = vec![put(&one), put(&two)];
    apply(store, &scope, changes.clone(), 2).await;
    apply(store, &neighbour, changes, 2).await;
    let gone = vec![
        RowChange::Delete(one.id),
        RowChange::Delete(RecordId::fresh()),
    ];
    apply(store, &scope, gone, 4).await;
    assert_eq!(
        ids(store, &scope, Breadth::User).await,
        [json!(two.id.as_str())]
    );
    assert_eq!(ids(store, &neighbour, Breadth::User).await.len(), 2);
}

async fn shows_the_rows_that_may_be_seen(store: &dyn Analytics) {
    let [ada, bob, namesake] = scopes();
    for (scope, text) in [(&ada, "one"), (&bob, "two"), (&namesake, "three")] {
        apply(store, scope, vec![put(&fact(text, 1))], 1).await;
        store
            .count(vec![count(scope, 0, 1, 1)])
            .await
            .expect("count");
    }
    let session = ada.clone().in_session(crate::SessionId::new("any"));
    for (scope, breadth, expect) in [
        (&ada, Breadth::User, 1),
        (&session, Breadth::User, 1),
        (&ada, Breadth::Tenant, 2),
        (&bob, Breadth::Tenant, 2),
        (&namesake, Breadth::Tenant, 1),
    ] {
        for table in ["memories", "recalls"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows = ask(store, scope, breadth, &sql).await.rows;
            assert_eq!(rows, [[json!(expect)]], "{table} for {scope:?} {breadth:?}");
        }
    }
}

async fn lets_a_question_do_nothing_else(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    apply(store, &scope, vec![put(&fact("one", 1))], 1).await;
    for question in FORBIDDEN {
        let answer = store.ask(&scope, Breadth::User, question).await;
        let kind = answer.map_err(|error| error.kind());
        assert_eq!(kind, Err(MemoryErrorKind::Invalid), "{question}");
    }
    assert_eq!(
        ids(store, &scope, Breadth::User).await.len(),
        1,
        "nothing changed"
    );
    let ordered = "SELECT * FROM (VALUES (2), (3), (1)) ORDER BY 1 DESC";
    for ending in ["", ";", " -- with a word"] {
        let sql = format!("{ordered}{ending}");
        let answer = ask(store, &scope, Breadth::User, &sql).await;
        assert_eq!(answer.rows, [[json!(3)], [json!(2)], [json!(1)]], "{sql}");
    }
}

async fn takes_any_time(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    let times = [i64::MIN, -1, i64::MAX].map(|at| put(&fact("one", at)));
    apply(store, &scope, times.to_vec(), 3).await;
    let years =
        "SELECT string_agg(CAST(year(said_at) AS TEXT), ' ' ORDER BY said_at) FROM memories";
    assert_eq!(value(store, &scope, years).await, "1 1969 9999");
}

async fn adds_up_recalls(store: &dyn Analytics) {
    let [scope, neighbour, _] = scopes();
    let hour = 3_600_000;
    let counts = vec![count(&scope, hour, 3, 2), count(&neighbour, hour, 9, 9)];
    store.count(counts).await.expect("count");
    let counts = vec![count(&scope, hour, 1, 0), count(&scope, 2 * hour, 1, 1)];
    store.count(counts).await.expect("count");
    let answer = ask(store, &scope, Breadth::User, "FROM recalls ORDER BY hour").await;
    let names = ["user_id", "hour", "recalls", "hits", "items", "partial"];
    assert_eq!(answer.columns, names);
    let user = scope.user().as_str();
    let expect = [
        [
            json!(user),
            json!("1970-01-01T01:00:00Z"),
            json!(4),
            json!(2),
            json!(6),
            json!(0),
        ],
        [
            json!(user),
            json!("1970-01-01T02:00:00Z"),
            json!(1),
            json!(1),
            json!(3),
            json!(0),
        ],
    ];
    assert_eq!(answer.rows, expect);
}

async fn gives_so_many_rows_at_most(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    for (rows, truncated) in [(Answer::ROWS_MAX, false), (Answer::ROWS_MAX + 1, true)] {
        let sql = format!("SELECT * FROM range({rows})");
        let answer = ask(store, &scope, Breadth::User, &sql).await;
        assert_eq!(
            (answer.rows.len(), answer.truncated),
            (Answer::ROWS_MAX, truncated)
        );
    }
}

async fn answers_every_report(store: &dyn Analytics) {
    let [scope, ..] = scopes();
    for report in Report::ALL {
        let answer = ask(store, &scope, Breadth::Tenant, report.sql).await;
        assert!(
            answer.rows.is_empty() && !answer.columns.is_empty(),
            "{}",
            report.name
        );
    }
}

async fn forgets_a_user(store: &dyn Analytics) {
    let [scope, neighbour, _] = scopes();
    for scope in [&scope, &neighbour] {
        apply(store, scope, vec![put(&fact("one", 1))], 1).await;
        store
            .count(vec![count(scope, 0, 1, 1)])
            .await
            .expect("count");
    }
    store.forget(&scope).await.expect("forget");
    store.forget(&scope).await.expect("twice does no harm");
    assert_eq!(mark(store, &scope).await, Mark::default());
    let left = "SELECT (SELECT count(*) FROM memories) + (SELECT count(*) FROM recalls)";
    assert_eq!(value(store, &scope, left).await, 0);
    assert_eq!(value(store, &neighbour, left).await, 2);
}

async fn forgets_everything_when_cleared(store: &dyn Analytics) {
    let scopes = scopes();
    for scope in &scopes {
        apply(store, scope, vec![put(&fact("one", 1))], 1).await;
    }
    store.clear().await.expect("clear");
    for scope in &scopes {
        assert_eq!(mark(store, scope).await, Mark::default(), "marks are 0");
        assert!(ids(store, scope, Breadth::Tenant).await.is_empty());
    }
}
