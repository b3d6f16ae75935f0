//! Facts that take the place of others.

use karen_memory::{ChangeKind, Link, Memory, NewRecord, Query, Relation, Remembered, SessionId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::{ada, memory, recall, scope, texts};

async fn tell(memory: &Memory, text: &str, at: i64) -> Remembered {
    let answer = memory.remember(&ada(), NewRecord::fact(text).at(at)).await;
    answer.expect("remember")
}

#[tokio::test]
async fn a_later_value_takes_the_place_of_the_earlier_and_the_past_stays_askable() {
    let memory = memory().await;
    let paris = tell(&memory, "I live in Paris.", 10).await;
    let berlin = tell(&memory, "I moved to Berlin.", 20).await;
    assert_eq!(berlin.supersedes, std::slice::from_ref(&paris.id));
    let old = memory
        .get(&ada(), &paris.id)
        .await
        .expect("get")
        .expect("is there");
    assert_eq!(
        (old.lifetime.valid_from, old.lifetime.valid_to),
        (10, Some(20))
    );
    assert_eq!(old.superseded_by.as_ref(), Some(&berlin.id));
    let history = memory.history(&ada(), &paris.id).await.expect("history");
    assert_eq!(history[0].change, ChangeKind::Superseded);
    assert_eq!(history[0].record.lifetime.valid_to, None);
    let link = Link {
        from: berlin.id.clone(),
        to: paris.id.clone(),
        relation: Relation::Supersedes,
    };
    assert_eq!(
        memory.links(&ada(), &paris.id).await.expect("links"),
        [link]
    );

    let ask = async |query: Query| {
        let found = memory.recall(&ada(), query.without_floor()).await;
        texts(&found.expect("recall"))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let question = || Query::new("Where do I live, in Paris or did I move to Berlin?");
    assert_eq!(ask(question()).await, ["I moved to Berlin."]);
    let known = i64::MAX;
    assert_eq!(ask(question().as_of(15, known)).await, ["I live in Paris."]);
    assert_eq!(
        ask(question().as_of(25, known)).await,
        ["I moved to Berlin."]
    );
    let before = old.lifetime.retired_at.expect("retired") - 1;
    if before >= old.lifetime.recorded_at {
        assert_eq!(
            ask(question().as_of(25, before)).await,
            ["I live in Paris."]
        );
    }
    let back = tell(&memory, "I live in Paris.", 30).await;
    assert!(back.stored, "it is true again");
    assert_eq!(back.supersedes, [berlin.id]);
}

#[tokio::test]
async fn what_cannot_be_decided_stays_and_is_linked() {
    let memory = memory().await;
    let rome = tell(&memory, "My brother lives in Rome.", 10).await;
    let oslo = tell(&memory, "My brother lives in Oslo.", 20).await;
    assert!(oslo.supersedes.is_empty());
    assert_eq!(oslo.conflicts, std::slice::from_ref(&rome.id));
    let found = recall(&memory, &ada(), "brother lives").await;
    assert_eq!(found.items.len(), 2);
    let links = memory.links(&ada(), &rome.id).await.expect("links");
    assert_eq!(links[0].relation, Relation::Conflicts);
    memory.forget(&ada(), &oslo.id).await.expect("forget");
    assert!(
        memory
            .links(&ada(), &rome.id)
            .await
            .expect("links")
            .is_empty()
    );
}

#[tokio::test]
async fn nobody_takes_the_place_of_what_another_person_said() {
    let memory = memory().await;
    let mine = tell(&memory, "I live in Paris.", 10).await;
    let session = scope("default", "bob").in_session(SessionId::new("conv_1"));
    let note = NewRecord::fact("I live in Berlin.").at(20);
    let theirs = memory.remember(&session, note).await.expect("remember");
    assert!(theirs.supersedes.is_empty() && theirs.conflicts.is_empty());
    let kept = memory
        .get(&ada(), &mine.id)
        .await
        .expect("get")
        .expect("is there");
    assert_eq!(kept.lifetime.retired_at, None);
}

/// Told in the order of time, of one slot the last value holds, and each other one held until the
/// next: whatever the values are.
#[tokio::test]
async fn at_each_moment_one_value_holds() {
    let cities = ["Paris", "Berlin", "Oslo", "Rome"];
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..10 {
        let memory = memory().await;
        let mut told: Vec<(i64, &str)> = Vec::new();
        for step in 1..8 {
            let city = *cities.choose(&mut random).expect("not empty");
            let answer = tell(&memory, &format!("I live in {city}."), step * 10).await;
            let is_news = told.last().is_none_or(|(_, last)| *last != city);
            assert_eq!(answer.stored, is_news, "{city} after {told:?}");
            if is_news {
                told.push((step * 10, city));
            }
        }
        for at in 5..85 {
            let query = Query::new("Where do I live?").as_of(at, i64::MAX);
            let found = memory.recall(&ada(), query).await.expect("recall");
            let expected = told.iter().rev().find(|(from, _)| *from <= at);
            let expected = expected.map(|(_, city)| format!("I live in {city}."));
            assert_eq!(texts(&found), expected.as_slice(), "at {at}: {told:?}");
        }
    }
}
