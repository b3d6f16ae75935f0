//! What every index of words owes.

mod ranking;

use super::{facets, filters, scope, scopes};
use crate::{
    Facets, Filter, RecordId, RecordKind, Scope, SessionId, TextChange, TextHit, TextIndex,
};

/// Runs the contract of [`TextIndex`]. It ends by clearing the index, everybody's part of it.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn text_index(index: &dyn TextIndex) {
    keeps_a_mark_for_each_user(index).await;
    applies_the_same_twice_without_harm(index).await;
    ranking::matches_words_by_their_stem(index).await;
    ranking::scores_at_four_scales(index).await;
    ranking::says_where_records_stand(index).await;
    ranking::orders_equal_scores_by_id(index).await;
    ranking::filters_answers_and_not_scores(index).await;
    admits_what_filters_admit(index).await;
    lets_go_of_deleted_words(index).await;
    starts_again_when_it_followed_another_log(index).await;
    forgets_everything_when_cleared(index).await;
}

fn put(id: &RecordId, facets: Facets, at: i64, text: &str) -> TextChange {
    TextChange::Put {
        id: id.clone(),
        facets,
        at,
        text: text.to_owned(),
    }
}

/// A fact of no session.
fn note(id: &RecordId, text: &str) -> TextChange {
    put(id, facets(RecordKind::Fact, None, None), 1, text)
}

/// Turns of one session, a moment apart.
fn session(name: &str, ids: &[RecordId], texts: &[&str]) -> Vec<TextChange> {
    let said = |(at, (id, text)): (i64, (&RecordId, &&str))| {
        put(id, facets(RecordKind::Turn, Some(name), None), at, text)
    };
    (1..).zip(ids.iter().zip(texts)).map(said).collect()
}

fn ids<const N: usize>() -> [RecordId; N] {
    [(); N].map(|()| RecordId::fresh())
}

async fn apply(index: &dyn TextIndex, scope: &Scope, changes: Vec<TextChange>, mark: i64) {
    index.apply(scope, changes, mark).await.expect("apply");
    let moved = index.mark(scope).await.expect("mark");
    assert_eq!(moved, mark, "applying moves the mark");
}

async fn search(index: &dyn TextIndex, scope: &Scope, query: &str) -> Vec<TextHit> {
    let hits = index.search(scope, query, &Filter::default(), 100).await;
    hits.expect("search")
}

async fn found(index: &dyn TextIndex, scope: &Scope, query: &str) -> Vec<RecordId> {
    let hits = search(index, scope, query).await;
    hits.into_iter().map(|hit| hit.id).collect()
}

async fn keeps_a_mark_for_each_user(index: &dyn TextIndex) {
    let [owner, neighbour, namesake] = scopes();
    let [id] = ids();
    assert_eq!(index.mark(&owner).await.expect("mark"), 0, "nothing yet");
    apply(index, &owner, vec![note(&id, "a secret harbour")], 7).await;
    for other in [neighbour, namesake] {
        assert_eq!(index.mark(&other).await.expect("mark"), 0);
        assert!(found(index, &other, "harbour").await.is_empty());
        apply(index, &other, vec![TextChange::Delete(id.clone())], 3).await;
    }
    let session = owner.clone().in_session(SessionId::new("any"));
    assert_eq!(index.mark(&session).await.expect("mark"), 7);
    let answer = found(index, &session, "harbour").await;
    assert_eq!(answer, [id], "a session in the scope plays no part");
}

async fn starts_again_when_it_followed_another_log(index: &dyn TextIndex) {
    let [scope, neighbour, _] = scopes();
    let [first, last, other] = ids();
    let changes = vec![note(&first, "a harbour"), note(&last, "a boat")];
    apply(index, &neighbour, changes.clone(), 2).await;
    apply(index, &scope, changes, 2).await;
    index.confirm(&scope, Some(&last)).await.expect("confirm");
    assert_eq!(index.mark(&scope).await.expect("mark"), 2, "it is the same");
    index.confirm(&scope, Some(&other)).await.expect("confirm");
    assert_eq!(index.mark(&scope).await.expect("mark"), 0);
    assert!(found(index, &scope, "harbour boat").await.is_empty());
    assert_eq!(index.mark(&neighbour).await.expect("mark"), 2);
    apply(index, &scope, vec![note(&other, "a kite")], 1).await;
    index.confirm(&scope, None).await.expect("confirm");
    assert_eq!(
        index.mark(&scope).await.expect("mark"),
        0,
        "the log is gone"
    );
}

async fn applies_the_same_twice_without_harm(index: &dyn TextIndex) {
    let scope = scope();
    let [first, second, note_id] = ids();
    let spoken = [first, second.clone()];
    let mut changes = session("s", &spoken, &["a red harbour", "a red boat"]);
    changes.push(note(&note_id, "a red kite"));
    apply(index, &scope, changes.clone(), 3).await;
    let before = search(index, &scope, "red boat").await;
    apply(index, &scope, changes, 3).await;
    assert_eq!(search(index, &scope, "red boat").await, before);
    apply(index, &scope, vec![note(&note_id, "a blue kite")], 4).await;
    let red = found(index, &scope, "red").await;
    assert!(!red.contains(&note_id), "what it said before is gone");
    assert_eq!(found(index, &scope, "blue").await, [note_id]);
}

async fn admits_what_filters_admit(index: &dyn TextIndex) {
    let (scope, crowd) = (scope(), filters::crowd());
    let changes = crowd.iter().cloned();
    let changes = changes.map(|(id, facets)| put(&id, facets.clone(), facets.at, "a harbour"));
    apply(index, &scope, changes.collect(), 9).await;
    for filter in filters::filters() {
        let hits = index.search(&scope, "harbour", &filter, 100).await;
        let hits = hits.expect("search").into_iter();
        filters::assert_admitted(&filter, &crowd, hits.map(|hit| hit.id));
    }
}

async fn lets_go_of_deleted_words(index: &dyn TextIndex) {
    let [scope, without, _] = scopes();
    let [one, two, three, lone] = ids();
    let texts = ["zebra and boat", "a harbour", "a boat"];
    let mut changes = session("s", &[one.clone(), two.clone(), three.clone()], &texts);
    changes.push(note(&lone, "zebra crossing"));
    apply(index, &scope, changes.clone(), 4).await;
    assert_eq!(found(index, &scope, "zebra").await.len(), 4);
    let gone = [one.clone(), lone.clone()].map(TextChange::Delete);
    apply(index, &scope, gone.to_vec(), 6).await;
    assert!(
        found(index, &scope, "zebra").await.is_empty(),
        "no word is held"
    );
    apply(index, &without, changes[1..3].to_vec(), 4).await;
    let never = search(index, &without, "harbour boat").await;
    let after = search(index, &scope, "harbour boat").await;
    ranking::assert_alike(&after, &never);
}

async fn forgets_everything_when_cleared(index: &dyn TextIndex) {
    let scopes = scopes();
    let [id] = ids();
    for scope in &scopes {
        apply(index, scope, vec![note(&id, "a harbour")], 1).await;
    }
    index.clear().await.expect("clear");
    for scope in &scopes {
        assert_eq!(index.mark(scope).await.expect("mark"), 0, "marks are 0");
        assert!(found(index, scope, "harbour").await.is_empty());
    }
}
