//! What every index of vectors owes.

use super::{facets, filters, scope, scopes};
use crate::{Filter, RecordId, RecordKind, Scope, SessionId, VectorChange, VectorIndex};

/// How far a dot product may be off: an index may keep eight bits a number.
const DOT_ERROR_MAX: f32 = 0.02;
/// More than a graph would look at before it met an answer that a filter admits.
const CROWD: usize = 500;

/// Runs the contract of [`VectorIndex`] with vectors of eight numbers. It ends by clearing the index,
/// everybody's part of it.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn vector_index(index: &dyn VectorIndex) {
    keeps_a_mark_for_each_user(index).await;
    gives_the_nearest_first(index).await;
    applies_the_same_twice_without_harm(index).await;
    filters_exactly(index).await;
    admits_what_filters_admit(index).await;
    lets_go_of_deleted_vectors(index).await;
    starts_again_when_it_followed_another_log(index).await;
    forgets_everything_when_cleared(index).await;
}

/// A vector of length 1 whose first number is `cosine`.
fn leaning(cosine: f32) -> Vec<f32> {
    let mut vector = vec![0.0; 8];
    vector[0] = cosine;
    vector[1] = (1.0 - cosine * cosine).sqrt();
    vector
}

fn put(id: &RecordId, vector: Vec<f32>) -> VectorChange {
    VectorChange::Put {
        id: id.clone(),
        facets: facets(RecordKind::Fact, None, None),
        vector,
    }
}

fn ids<const N: usize>() -> [RecordId; N] {
    [(); N].map(|()| RecordId::fresh())
}

async fn apply(index: &dyn VectorIndex, scope: &Scope, changes: Vec<VectorChange>, mark: i64) {
    index.apply(scope, changes, mark).await.expect("apply");
    let moved = index.mark(scope).await.expect("mark");
    assert_eq!(moved, mark, "applying moves the mark");
}

/// What is most like the first axis.
async fn nearest(
    index: &dyn VectorIndex,
    scope: &Scope,
    filter: &Filter,
    limit: usize,
) -> Vec<(RecordId, f32)> {
    let answer = index.search(scope, &leaning(1.0), filter, limit).await;
    answer.expect("search")
}

async fn found(index: &dyn VectorIndex, scope: &Scope) -> Vec<RecordId> {
    let answer = nearest(index, scope, &Filter::default(), 100).await;
    answer.into_iter().map(|(id, _)| id).collect()
}

async fn keeps_a_mark_for_each_user(index: &dyn VectorIndex) {
    let [owner, neighbour, namesake] = scopes();
    let [id] = ids();
    assert_eq!(index.mark(&owner).await.expect("mark"), 0, "nothing yet");
    apply(index, &owner, vec![put(&id, leaning(1.0))], 7).await;
    for other in [neighbour, namesake] {
        assert_eq!(index.mark(&other).await.expect("mark"), 0);
        assert!(found(index, &other).await.is_empty());
        apply(index, &other, vec![VectorChange::Delete(id.clone())], 3).await;
    }
    let session = owner.in_session(SessionId::new("any"));
    assert_eq!(index.mark(&session).await.expect("mark"), 7);
    let answer = found(index, &session).await;
    assert_eq!(answer, [id], "a session in the scope plays no part");
}

async fn starts_again_when_it_followed_another_log(index: &dyn VectorIndex) {
    let [scope, neighbour, _] = scopes();
    let [first, last, other] = ids();
    let changes = vec![put(&first, leaning(1.0)), put(&last, leaning(0.5))];
    apply(index, &neighbour, changes.clone(), 2).await;
    apply(index, &scope, changes, 2).await;
    index.confirm(&scope, Some(&last)).await.expect("confirm");
    assert_eq!(index.mark(&scope).await.expect("mark"), 2, "it is the same");
    index.confirm(&scope, Some(&other)).await.expect("confirm");
    assert_eq!(index.mark(&scope).await.expect("mark"), 0);
    assert!(found(index, &scope).await.is_empty());
    assert_eq!(index.mark(&neighbour).await.expect("mark"), 2);
    apply(index, &scope, vec![put(&other, leaning(1.0))], 1).await;
    index.confirm(&scope, None).await.expect("confirm");
    assert_eq!(
        index.mark(&scope).await.expect("mark"),
        0,
        "the log is gone"
    );
}

async fn gives_the_nearest_first(index: &dyn VectorIndex) {
    let scope = scope();
    let ids = ids::<5>();
    let [best, twin, middle, nothing, opposite] = &ids;
    let changes = vec![
        put(opposite, leaning(-1.0)),
        put(nothing, vec![0.0; 8]),
        put(middle, leaning(0.6)),
        put(twin, leaning(0.9)),
        put(best, leaning(0.9)),
    ];
    apply(index, &scope, changes, 5).await;
    let answer = nearest(index, &scope, &Filter::default(), 100).await;
    let order: Vec<RecordId> = answer.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(order, ids, "best first; equal ones by id");
    for ((_, dot), expected) in answer.iter().zip([0.9, 0.9, 0.6, 0.0, -1.0]) {
        let error = (dot - expected).abs();
        assert!(error <= DOT_ERROR_MAX, "{dot} is not {expected}");
    }
    for limit in [0, 1, 3] {
        let some = nearest(index, &scope, &Filter::default(), limit).await;
        assert_eq!(some, answer[..limit], "no more than asked for, the best");
    }
}

async fn applies_the_same_twice_without_harm(index: &dyn VectorIndex) {
    let scope = scope();
    let [first, second] = ids();
    let changes = vec![put(&first, leaning(1.0)), put(&second, leaning(0.5))];
    apply(index, &scope, changes.clone(), 2).await;
    apply(index, &scope, changes, 2).await;
    assert_eq!(found(index, &scope).await, [first.clone(), second.clone()]);
    apply(index, &scope, vec![put(&first, leaning(0.0))], 3).await;
    let answer = found(index, &scope).await;
    assert_eq!(
        answer,
        [second, first],
        "a vector replaces the one before it"
    );
}

async fn filters_exactly(index: &dyn VectorIndex) {
    let scope = scope();
    let [told, here] = ids();
    let crowd = (0..CROWD).map(|_| VectorChange::Put {
        id: RecordId::fresh(),
        facets: facets(RecordKind::Turn, Some("crowd"), Some("msg_1")),
        vector: leaning(1.0),
    });
    let mut changes: Vec<VectorChange> = crowd.collect();
    changes.push(put(&told, leaning(-0.5)));
    changes.push(VectorChange::Put {
        id: here.clone(),
        facets: facets(RecordKind::Turn, Some("here"), Some("msg_2")),
        vector: leaning(-0.9),
    });
    apply(index, &scope, changes, 9).await;
    let facts = Filter {
        kinds: vec![RecordKind::Fact],
        ..Filter::default()
    };
    let session = Filter {
        session: Some(SessionId::new("here")),
        ..Filter::default()
    };
    let sources = Filter {
        exclude_sources: vec!["msg_1".to_owned()],
        ..Filter::default()
    };
    let cases = [
        (facts, vec![&told]),
        (session, vec![&here]),
        (sources, vec![&told, &here]),
    ];
    for (filter, admitted) in cases {
        let answer = nearest(index, &scope, &filter, admitted.len()).await;
        let answer: Vec<&RecordId> = answer.iter().map(|(id, _)| id).collect();
        assert_eq!(answer, admitted, "a filter costs no answer it admits");
    }
}

async fn admits_what_filters_admit(index: &dyn VectorIndex) {
    let (scope, crowd) = (scope(), filters::crowd());
    let changes = crowd.iter().cloned().map(|(id, facets)| VectorChange::Put {
        id,
        facets,
        vector: leaning(1.0),
    });
    apply(index, &scope, changes.collect(), 9).await;
    for filter in filters::filters() {
        let answer = nearest(index, &scope, &filter, 100).await.into_iter();
        filters::assert_admitted(&filter, &crowd, answer.map(|(id, _)| id));
    }
}

async fn lets_go_of_deleted_vectors(index: &dyn VectorIndex) {
    let scope = scope();
    let [first, second, third] = ids();
    let all = [&first, &second, &third];
    let changes = all.map(|id| put(id, leaning(1.0))).to_vec();
    apply(index, &scope, changes, 3).await;
    let gone = vec![
        VectorChange::Delete(first),
        VectorChange::Delete(RecordId::fresh()),
    ];
    apply(index, &scope, gone, 5).await;
    assert_eq!(found(index, &scope).await, [second.clone(), third.clone()]);
    apply(index, &scope, vec![VectorChange::Delete(third)], 6).await;
    assert_eq!(found(index, &scope).await, [second]);
}

async fn forgets_everything_when_cleared(index: &dyn VectorIndex) {
    let scopes = scopes();
    let [id] = ids();
    for scope in &scopes {
        apply(index, scope, vec![put(&id, leaning(1.0))], 1).await;
    }
    index.clear().await.expect("clear");
    for scope in &scopes {
        assert_eq!(index.mark(scope).await.expect("mark"), 0, "marks are 0");
        assert!(found(index, scope).await.is_empty());
    }
}
