//! Which records an index of words finds, and in what order.

use super::{apply, found, ids, note, put, search, session};
use crate::testing::{facets, scope};
use crate::{Filter, RecordKind, SessionId, TextHit, TextIndex};

/// How far two sums of the same scores may lie apart: what f32 loses, and no more.
const SCORE_ERROR_MAX: f32 = 1e-3;

pub(super) fn assert_alike(hits: &[TextHit], expected: &[TextHit]) {
    let ids = |hits: &[TextHit]| hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(hits), ids(expected));
    for (hit, expected) in hits.iter().zip(expected) {
        assert_eq!(hit.terms, expected.terms);
        for (score, expected) in hit.scores.iter().zip(expected.scores) {
            let error = (score - expected).abs();
            assert!(error <= SCORE_ERROR_MAX, "{score} is not {expected}");
        }
    }
}

pub(super) async fn matches_words_by_their_stem(index: &dyn TextIndex) {
    let scope = scope();
    let [dogs, boats] = ids();
    let changes = vec![
        note(&dogs, "We adopted two PUPPIES, and walk them."),
        note(&boats, "The boats are sailing."),
    ];
    apply(index, &scope, changes, 2).await;
    let hits = search(index, &scope, "Walking the puppy? The puppy!").await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].id, dogs);
    assert_eq!(
        hits[0].terms,
        ["walk", "puppi"],
        "once each, in the query's order"
    );
    assert_eq!(found(index, &scope, "ＳＡＩＬ").await, [boats], "NFKC");
    for nothing in ["", "?!", "the", "what is it about", "giraffe"] {
        let answer = found(index, &scope, nothing).await;
        assert!(answer.is_empty(), "{nothing:?} shares no word");
    }
}

pub(super) async fn scores_at_four_scales(index: &dyn TextIndex) {
    let scope = scope();
    let said = ids::<5>();
    let [lone, other] = ids();
    let texts = ["a zebra", "an apple", "a brick", "a candle", "a door"];
    let mut changes = session("s", &said, &texts);
    changes.push(note(&lone, "an envelope"));
    changes.extend(session("t", std::slice::from_ref(&other), &["a fountain"]));
    // Neighbours follow one another in time, whatever the order of arrival.
    changes.reverse();
    apply(index, &scope, changes, 7).await;
    let hits = search(index, &scope, "zebra").await;
    assert_eq!(hits.len(), said.len(), "its whole session, and no other");
    assert_eq!(hits[0].id, said[0], "the word itself comes first");
    for hit in &hits {
        let position = said.iter().position(|id| *id == hit.id);
        let position = position.expect("a turn of the session");
        let scales = hit.scores.map(|score| score > 0.0);
        let reached = [position == 0, position <= 1, position <= 3, true];
        assert_eq!(scales, reached, "record, one beside, three beside, session");
        assert_eq!(hit.terms.is_empty(), position != 0);
    }
    let sums: Vec<f32> = hits.iter().map(|hit| hit.scores.iter().sum()).collect();
    assert!(sums.is_sorted_by(|a, b| a >= b), "highest sum first");
}

pub(super) async fn says_where_records_stand(index: &dyn TextIndex) {
    let scope = scope();
    let [first, second, lone, unknown] = ids();
    let mut changes = session("s", &[first.clone(), second.clone()], &["a boat", "a car"]);
    changes.push(note(&lone, "a door"));
    changes.reverse();
    apply(index, &scope, changes, 3).await;
    let ids = [second, lone, unknown, first];
    let places = index.places(&scope, &ids).await.expect("places");
    let [Some(second), Some(lone), None, Some(first)] = &places[..] else {
        panic!("places in the order of the ids, none for what is not held: {places:?}");
    };
    let positions = [first.position, second.position, lone.position];
    assert_eq!(positions, [0, 1, 0]);
    assert_eq!(first.session, second.session);
    assert_ne!(first.session, lone.session, "alone in a session of its own");
}

pub(super) async fn orders_equal_scores_by_id(index: &dyn TextIndex) {
    let scope = scope();
    let ids = ids::<4>();
    let changes = ids.iter().rev().map(|id| note(id, "a boat")).collect();
    apply(index, &scope, changes, 4).await;
    assert_eq!(found(index, &scope, "boat").await, ids);
    let best = index.search(&scope, "boat", &Filter::default(), 2).await;
    let best: Vec<_> = best.expect("search").into_iter().map(|h| h.id).collect();
    assert_eq!(best, ids[..2], "no more than asked for, the first of them");
}

pub(super) async fn filters_answers_and_not_scores(index: &dyn TextIndex) {
    let scope = scope();
    let [told, here, there] = ids();
    let said = |session, source| facets(RecordKind::Turn, Some(session), Some(source));
    let changes = vec![
        note(&told, "a red boat"),
        put(&here, said("a", "msg_1"), 1, "a blue boat"),
        put(&there, said("b", "msg_2"), 2, "a boat, a boat"),
    ];
    apply(index, &scope, changes, 3).await;
    let all = search(index, &scope, "boat").await;
    let session = Filter {
        session: Some(SessionId::new("a")),
        ..Filter::default()
    };
    let kinds = Filter {
        kinds: vec![RecordKind::Turn],
        ..Filter::default()
    };
    let sources = Filter {
        exclude_sources: vec!["msg_1".to_owned(), "msg_3".to_owned()],
        ..Filter::default()
    };
    let cases = [
        (session, vec![&here]),
        (kinds, vec![&here, &there]),
        (sources, vec![&told, &there]),
    ];
    for (filter, admitted) in cases {
        let hits = index.search(&scope, "boat", &filter, 100).await;
        let kept = |hit: &&TextHit| admitted.contains(&&hit.id);
        let expected: Vec<TextHit> = all.iter().filter(kept).cloned().collect();
        assert_eq!(expected.len(), admitted.len(), "each matches unfiltered");
        assert_alike(&hits.expect("search"), &expected);
    }
}
